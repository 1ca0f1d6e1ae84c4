"""Making the plan of an import, chunk by chunk: what becomes of every row, for the lists as they are now."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from atlas_site.mongodb.documents import collection_of
from leads.imports.fields import Field
from leads.imports.identity import match_key
from leads.imports.rows import Lead, LeadReader, Rejected, name_orders
from leads.imports.tables import Row, Table
from leads.models import Contact, ImportChunk, LeadGroup, LeadImport
from leads.services.identities import has_known_people, identity_of, known_people
from leads.services.imports.leases import State, hand_on, save_progress
from leads.services.imports.mapping import STARTS_ANEW
from leads.services.imports.plans import (
    COLUMNS_OF_LEADS,
    MOST_LISTS,
    Kind,
    PlanRow,
    Tally,
    additions_of,
    changes_of,
    digest_of,
    document_of,
    emails_of,
)
from leads.services.imports.reading import Clock, opened_table
from leads.services.imports.seen import SeenKeys
from leads.services.imports.uploads import waits_until
from leads.services.workspaces import read_workspace

# A big import hands itself on after this time, counted from where its file is open: within the time limit of tasks.
STINT = timedelta(seconds=75)
TURN_WAIT = timedelta(seconds=5)

ROWS_A_CHUNK = 1_000
# At most four bytes each, so that a chunk stays well below what a document may hold.
CHARACTERS_A_CHUNK = 1_000_000
CHARACTERS_A_ROW = 300_000
CHARACTERS_OF_A_LONG_CELL = 500
LONG_ROW = f"The row has more than {CHARACTERS_A_ROW:,} characters."

CHUNKS_AT_ONCE = 4
"""Read from the server at a time, because it would send sixteen megabytes, which are ten times that in memory."""

RECOGNIZED_BY = {"leadsId": 1, "matchKeys": 1, "isEnriched": 1, "identityKey": 1, "doNotCall": 1}
COMPARED = {**dict.fromkeys(COLUMNS_OF_LEADS, 1), "otherOwners": 1, "origin.cells": 1, "matchKeys": 1} | dict.fromkeys(
    ("phone", "phones.number", "email", "emails.address"), 1
)


def plan_import(lead_import: LeadImport, clock: Clock) -> None:
    """Make the plan, or the rest of it, until it is whole or the stint is over.

    It waits while another import of the user is being carried out, and begins anew when the lists changed meanwhile.
    Raises FileRefused, FileNotFoundError and LeaseLost.
    """
    if not lead_import.chunks_planned and not _begin(lead_import, clock()):
        return
    with opened_table(lead_import, clock) as table, SeenKeys() as seen:
        _see_again(lead_import, seen, clock)
        tally = Tally(lead_import.counts, lead_import.causes)
        planner = Planner(lead_import, table, seen)
        began = clock()
        for rows in _chunks(table.rows(after=lead_import.rows_read)):
            _write(lead_import, planner.plan(rows), tally, clock())
            now = clock()
            if now - began >= STINT:
                hand_on(lead_import, now=now, due_at=now)
                return
    _finish(lead_import, clock())


class Planner:
    """Says what becomes of the rows of a file, in their order."""

    def __init__(self, lead_import: LeadImport, table: Table, seen: SeenKeys) -> None:
        mapping = {column: Field(name) for column, name in enumerate(lead_import.mapping)}
        self.reader = LeadReader(mapping, table.headers, name_orders(mapping, table.sample_rows))
        self.seen = seen
        self.user_id, self.target = lead_import.user_id, lead_import.lead_group_id
        self.skips_known = lead_import.skips_known
        self.live = set(LeadGroup.objects.filter(user_id=self.user_id, is_deleted=False).values_list("pk", flat=True))
        self.contacts = collection_of(Contact)
        self.is_first_list = self.contacts.find_one({"userId": self.user_id}, {"_id": 1}) is None
        self.knows = has_known_people(self.user_id)

    def plan(self, rows: list[Row]) -> list[PlanRow]:
        """The plan of the next rows."""
        read = [(row, self._read(row)) for row in rows]
        leads = [(row, lead, lead.match_keys if isinstance(lead, Lead) else []) for row, lead in read]
        firsts = self.seen.first_rows({key for _, _, match_keys in leads for key in match_keys})
        asked = {key for _, lead, keys in leads if isinstance(lead, Lead) for key in lead.recognized_by(keys)}
        known = known_people(self.user_id, [lead for _, lead in read if isinstance(lead, Lead)]) if self.knows else {}
        chunk = _Chunk(self, firsts, self._matches(asked - firsts.keys()), known)
        planned = [chunk.plan(row, lead, match_keys) for row, lead, match_keys in leads]
        self.seen.add(chunk.new_keys, chunk.new_contacts)
        return planned

    def _read(self, row: Row) -> Lead | Rejected:
        if row.problem:
            return Rejected(row.problem)
        if sum(map(len, row.cells)) > CHARACTERS_A_ROW:
            return Rejected(LONG_ROW)
        return self.reader.read(row.cells)

    def _matches(self, keys: set[str]) -> dict[str, list[dict[str, Any]]]:
        """The user's contacts that have one of these keys, by key, on deleted lists, too; of the target in full."""
        if self.is_first_list or not keys:
            return {}
        matching = self.contacts.find({"userId": self.user_id, "matchKeys": {"$in": list(keys)}}, RECOGNIZED_BY)
        found = {contact["_id"]: contact for contact in matching}
        there = [key for key, contact in found.items() if self._is_there(contact)]
        for contact in self.contacts.find({"_id": {"$in": there}}, COMPARED):
            found[contact["_id"]] |= contact
        by_key: dict[str, list[dict[str, Any]]] = {}
        for key in sorted(found):
            for match in found[key]["matchKeys"]:
                if match in keys:
                    by_key.setdefault(match, []).append(found[key])
        return by_key

    def _is_there(self, contact: Mapping[str, Any]) -> bool:
        return self.target is not None and contact.get("leadsId") == self.target and self.target in self.live


class _Chunk:
    """The rows of one chunk: what was seen before them, and what they add to that."""

    def __init__(
        self,
        planner: Planner,
        firsts: Mapping[str, int],
        matches: Mapping[str, list[dict[str, Any]]],
        known: Mapping[str, bool],
    ) -> None:
        self.planner, self.firsts, self.matches, self.known = planner, firsts, matches, known
        self.new_keys: dict[str, int] = {}
        self.new_contacts: dict[int, str] = {}

    def plan(self, row: Row, lead: Lead | Rejected, keys: list[str]) -> PlanRow:
        """What becomes of a row."""
        plan: PlanRow = {"n": row.number, "line": row.line}
        if isinstance(lead, Rejected):
            plan |= {"kind": Kind.REJECTED.value, "why": lead.why, "cells": _short(row.cells)}
            return plan if lead.column is None else {**plan, "column": lead.column}
        recognized_by = lead.recognized_by(keys)
        rows = [found for key in recognized_by if (found := self._first_row(key)) is not None]
        if rows:
            return {**plan, **self._duplicate(min(rows), lead, keys), "cells": row.cells}
        same = [contact for key in recognized_by for contact in self.matches.get(key, ())]
        contacts = [contact for contact in same if contact.get("leadsId") in self.planner.live]
        there = [contact for contact in contacts if contact["leadsId"] == self.planner.target]
        if there:
            contact = min(there, key=lambda contact: contact["_id"])
            return {**plan, **self._update(row, lead, keys, contact)}
        self._see(keys, row.number)
        if contacts and self.planner.skips_known:
            return {**plan, "kind": Kind.KNOWN.value, "in": _lists_of(contacts), "keys": keys, "cells": row.cells}
        document = {**document_of(lead, keys), "identityKey": identity_of(lead, same, self.known)}
        plan |= {"kind": Kind.CREATE.value, "doc": document, "cells": row.cells}
        if contacts:
            plan["in"] = _lists_of(contacts)
            if any(contact.get("isEnriched") for contact in contacts):
                plan["traced"] = True
        return plan

    def _duplicate(self, of: int, lead: Lead, keys: list[str]) -> PlanRow:
        """A later row of the same lead: numbers and addresses that the first one lacks are not lost.

        The first one has those whose keys lead to it, because a key joins the person, who is the same, with the value.
        """
        person = lead.person_key
        added = {
            "phones": [value for value in lead.phones if self._first_row(match_key("phone", person, value)) != of],
            "emails": [value for value in emails_of(lead) if self._first_row(match_key("email", person, value)) != of],
        }
        self._see(keys, of)
        plan: PlanRow = {"kind": Kind.DUPLICATE.value, "of": of, "add": added, "keys": keys}
        contact = self.new_contacts.get(of) or self.planner.seen.contact_of(of)
        return {**plan, "id": contact} if contact else plan

    def _update(self, row: Row, lead: Lead, keys: list[str], contact: dict[str, Any]) -> PlanRow:
        # The contact's own keys too: a later row that shares one of them is the same lead.
        all_keys = list(dict.fromkeys([*keys, *contact["matchKeys"]]))
        self._see(all_keys, row.number)
        self.new_contacts[row.number] = str(contact["_id"])
        plan: PlanRow = {
            "kind": Kind.UPDATE.value,
            "id": str(contact["_id"]),
            "set": changes_of(lead, contact),
            "add": additions_of(lead, contact),
            "keys": all_keys,
        }
        if (contact.get("origin") or {}).get("cells") != row.cells:
            plan["cells"] = row.cells
        return plan

    def _first_row(self, key: str) -> int | None:
        found = self.firsts.get(key)
        return self.new_keys.get(key) if found is None else found

    def _see(self, keys: list[str], row: int) -> None:
        for key in keys:
            if key not in self.firsts:
                self.new_keys.setdefault(key, row)


def _lists_of(contacts: list[dict[str, Any]]) -> list[str]:
    """The ids of the lists that these contacts are on, as many as a plan names."""
    return sorted({str(contact["leadsId"]) for contact in contacts})[:MOST_LISTS]


def _begin(lead_import: LeadImport, now: datetime) -> bool:
    """Note for which version of the lists the plan is made; False while another import changes them."""
    workspace = read_workspace(lead_import.user_id)
    if workspace.committing:
        hand_on(lead_import, now=now, due_at=now + TURN_WAIT)
        return False
    group_id = lead_import.lead_group_id
    if group_id and not LeadGroup.objects.filter(pk=group_id, user_id=lead_import.user_id, is_deleted=False).exists():
        group_id = None  # the list was deleted: a new one of its name
    save_progress(lead_import, now=now, workspace_version=workspace.version, lead_group_id=group_id, **STARTS_ANEW)
    return True


def _finish(lead_import: LeadImport, now: datetime) -> None:
    if read_workspace(lead_import.user_id).version != lead_import.workspace_version:
        save_progress(lead_import, now=now, **STARTS_ANEW)
        return
    chunks = ImportChunk.objects.filter(lead_import_id=lead_import.pk, number__gt=lead_import.chunks_planned)
    chunks.delete()  # of an earlier plan
    hand_on(lead_import, now=now, state=State.PLANNED, due_at=waits_until(now))


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Rows in chunks of one thousand, of fewer when they are long. The same rows always make the same chunks."""
    chunk: list[Row] = []
    size = 0
    for row in rows:
        length = min(sum(map(len, row.cells)), CHARACTERS_A_ROW)
        if chunk and (len(chunk) == ROWS_A_CHUNK or size + length > CHARACTERS_A_CHUNK):
            yield chunk
            chunk, size = [], 0
        chunk.append(row)
        size += length
    if chunk:
        yield chunk


def _short(cells: list[str]) -> list[str]:
    """The cells of a rejected row: in full, unless the row is too long to be kept."""
    if sum(map(len, cells)) <= CHARACTERS_A_ROW:
        return cells
    return [cell[:CHARACTERS_OF_A_LONG_CELL] for cell in cells]


def _write(lead_import: LeadImport, rows: list[PlanRow], tally: Tally, now: datetime) -> None:
    """Write a chunk, and then that it is there. One that an earlier worker wrote there is replaced: it did not count.

    Raises LeaseLost.
    """
    number = lead_import.chunks_planned + 1
    for row in rows:
        tally.add(row, number)
    place = {"importId": lead_import.pk, "number": number}
    chunks = collection_of(ImportChunk)
    try:
        chunks.insert_one({"_id": ObjectId(), **place, "rows": rows})
    except DuplicateKeyError:
        save_progress(lead_import, now=now)  # only who still holds the import may replace it
        chunks.replace_one(place, {**place, "rows": rows})
    save_progress(
        lead_import,
        now=now,
        chunks_planned=number,
        rows_read=rows[-1]["n"],
        counts=tally.counts,
        causes=tally.causes,
        plan_hash=digest_of(rows, lead_import.plan_hash),
    )


def _see_again(lead_import: LeadImport, seen: SeenKeys, clock: Clock) -> None:
    """Fill what was seen from the chunks that are there, when an earlier worker wrote some."""
    planned = {"importId": lead_import.pk, "number": {"$lte": lead_import.chunks_planned}}
    parts = {"rows.n": 1, "rows.kind": 1, "rows.of": 1, "rows.id": 1, "rows.keys": 1, "rows.doc.matchKeys": 1}
    if not lead_import.chunks_planned:
        return
    for chunk in collection_of(ImportChunk).find(planned, parts, batch_size=CHUNKS_AT_ONCE).sort("number", 1):
        keys: dict[str, int] = {}
        contacts: dict[int, str] = {}
        for row in chunk["rows"]:
            first = row.get("of", row["n"])
            for key in row.get("keys") or row.get("doc", {}).get("matchKeys", ()):
                keys.setdefault(key, first)
            if row["kind"] == Kind.UPDATE:
                contacts[row["n"]] = row["id"]
        seen.add(keys, contacts)
        save_progress(lead_import, now=clock())
