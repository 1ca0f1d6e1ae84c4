"""Finding the contacts of a dialer's calls: which touches are to be logged, and which rows are not, and why.

{"n", "line", "kind": "calls", "touches": [{"key", "identity", "contact", "outcome", "number", "text", "at", "back"}],
 "numbers"?}                            further numbers of the row that are to be barred when its touches are new
{"n", "line", "kind": "barred", "numbers", "cells"}    asked not to be called, and no contact has the number
{"n", "line", "kind": "unmatched", "cells", "why"}
{"n", "line", "kind": "ignored"}                       no call was made, or its wording is left out
{"n", "line", "kind": "faulty", "cells", "why"}
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain, islice
from operator import itemgetter
from typing import Any

from bson import ObjectId

from atlas_site.mongodb.documents import collection_of, load
from leads.dialers.calls import Call, NoCall
from leads.dialers.wordings import (
    CALL_BACK,
    DO_NOT_CALL,
    INTERESTED,
    NO_ANSWER,
    VOICEMAIL,
    plain_wording,
)
from leads.imports.tables import Row
from leads.models import Contact, DialerChunk, DialerFile, LeadGroup, Outcome, Touch
from leads.services.calls.leases import State, hand_on, save_progress
from leads.services.calls.reading import Clock, opened_table, reader_of
from leads.services.imports.uploads import waits_until
from leads.services.people import ensure_identity
from leads.services.touches import stored_key

ROWS_A_CHUNK = 500
MOST_PEOPLE = 10
"""A number that more people share than this is hardly one of theirs."""

CONTACTS_OF_ROWS = 10_000
CONTACTS_OF_A_NUMBER = 1_000
"""When the numbers of some rows have more contacts than CONTACTS_OF_ROWS, so many of each are looked at."""

CAUSES_KEPT = 20
UNMATCHED = "No contact of yours has this number."
SHARED = f"More than {MOST_PEOPLE} people have this number."
MAY_CALL_BACK = {CALL_BACK, INTERESTED, NO_ANSWER, VOICEMAIL}

PlanRow = dict[str, Any]


def plan_calls(dialer_file: DialerFile, clock: Clock) -> None:
    """Find the contacts of all rows. Killed, it begins anew, to the same result. Raises FileRefused and LeaseLost."""
    planner = Planner(dialer_file)
    number = 0
    with opened_table(dialer_file, clock) as table:
        rows = table.rows()
        while some := list(islice(rows, ROWS_A_CHUNK)):
            number += 1
            planned = planner.plan(some)
            save_progress(dialer_file, now=clock())  # only who still holds the file may write its chunk
            place = {"fileId": dialer_file.pk, "number": number}
            collection_of(DialerChunk).replace_one(place, {**place, "rows": planned}, upsert=True)
            save_progress(dialer_file, now=clock(), chunks_planned=number, rows_read=some[-1].number)
    DialerChunk.objects.filter(dialer_file_id=dialer_file.pk, number__gt=number).delete()
    now = clock()
    hand_on(
        dialer_file,
        now=now,
        state=State.PLANNED,
        due_at=waits_until(now),
        counts=dict(planner.counts),
        outcomes=dict(planner.outcomes),
        causes={"why": [list(pair) for pair in planner.causes.most_common(CAUSES_KEPT)]},
    )


class Planner:
    """Says what becomes of the rows of a file, in their order."""

    def __init__(self, dialer_file: DialerFile) -> None:
        self.file = dialer_file
        self.user = dialer_file.user
        self.reader = reader_of(dialer_file, self.user)
        self.live = set(LeadGroup.objects.filter(user_id=self.user.pk, is_deleted=False).values_list("pk", flat=True))
        self.counts: Counter[str] = Counter(
            dict.fromkeys(("rows", "touches", "known", "calls", "barred", "unmatched", "ignored", "faulty"), 0)
        )
        self.outcomes: Counter[str] = Counter()
        self.causes: Counter[str] = Counter()
        # How often the same call was there already: two calls of one day may say the same.
        self.met: Counter[bytes] = Counter()

    def plan(self, rows: list[Row]) -> list[PlanRow]:
        """The plan of the next rows."""
        read = [(row, self._read(row)) for row in rows]
        calls = [call for _, found in read for call in found if isinstance(call, Call)]
        by_number, by_id = self._contacts(calls)
        planned = [self._plan(row, found, by_number, by_id) for row, found in read]
        keys = [touch["key"] for row in planned for touch in row.get("touches", ())]
        there = {"key": {"$in": [stored_key(self.user.pk, key) for key in keys]}}
        self.counts["known"] += collection_of(Touch).count_documents(there) if keys else 0
        return planned

    def _read(self, row: Row) -> list[Call | NoCall]:
        return [NoCall(row.problem)] if row.problem else self.reader.read(row.cells)

    def _plan(
        self,
        row: Row,
        found: list[Call | NoCall],
        by_number: dict[str, list[dict[str, Any]]],
        by_id: dict[str, dict[str, Any]],
    ) -> PlanRow:
        plan: PlanRow = {"n": row.number, "line": row.line}
        touches: list[dict[str, Any]] = []
        barred: list[str] = []
        why: dict[str, None] = {}
        for call in found:
            if isinstance(call, NoCall):
                if call.is_fault:
                    why.setdefault(call.why)
                continue
            people = self._people(call, by_number, by_id)
            is_found = 0 < len(people) <= MOST_PEOPLE
            made = [self._touch(row, call, contact) for contact in people] if is_found else []
            touches += made
            if call.outcome == DO_NOT_CALL:
                theirs = set().union(*map(_numbers_of, people)) if is_found else set()
                theirs.update(touch["number"] for touch in made)  # what logging the touches bars
                barred += [number for number in call.numbers if number not in theirs]
            elif not is_found:
                why.setdefault(SHARED if people else UNMATCHED)
        self.counts["rows"] += 1
        if touches:
            plan |= {"kind": "calls", "touches": touches}
            self.counts["touches"] += len(touches)
            self.outcomes.update(touch["outcome"] for touch in touches)
            plan |= {"numbers": barred} if barred else {}
        elif barred:
            plan |= {"kind": "barred", "numbers": barred, "cells": row.cells}
        elif not why:
            plan["kind"] = "ignored"
        else:
            is_unmatched = not {UNMATCHED, SHARED}.isdisjoint(why)
            plan |= {"kind": "unmatched" if is_unmatched else "faulty", "why": " ".join(why), "cells": row.cells}
            self.causes[plan["why"]] += 1
        self.counts[plan["kind"]] += 1
        return plan

    def _people(
        self, call: Call, by_number: dict[str, list[dict[str, Any]]], by_id: dict[str, dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """One contact of each person who was called: whom the file names by the id, or all who have the number."""
        named = by_id.get(call.contact_id)
        if named:
            return [named]
        found = [contact for number in call.numbers for contact in by_number.get(number, ())]
        alive = [contact for contact in found if contact["leadsId"] in self.live]
        return list({contact["identityKey"]: contact for contact in reversed(alive or found)}.values())[::-1]

    def _touch(self, row: Row, call: Call, contact: dict[str, Any]) -> dict[str, Any]:
        has = _numbers_of(contact)
        numbers = [number for number in call.numbers if number in has] or list(call.numbers)
        says_more = plain_wording(call.wording) != plain_wording(str(Outcome(call.outcome).label))
        text = ": ".join(part for part in (call.wording if says_more else "", call.note) if part)
        moment = min(call.moment or self.file.created_at, self.file.created_at)
        back = call.call_back_on if call.outcome in MAY_CALL_BACK else None
        return {
            "key": self._key(row, call, contact["identityKey"]),
            "identity": contact["identityKey"],
            "contact": str(contact["_id"]),
            "outcome": call.outcome,
            "number": numbers[0] if len(numbers) == 1 else "",
            "text": text,
            "at": moment.astimezone(UTC).isoformat(),
            "back": back.isoformat() if back else "",
        }

    def _key(self, row: Row, call: Call, identity: str) -> str:
        """What makes a call one, in whichever file it comes again.

        Dialers write all calls of a campaign anew every week, so a call that says when it was is known by that, by its
        numbers and its disposition. Another one is known by its file and its row.
        """
        told = f"{'+'.join(call.numbers)}|{call.when}|{plain_wording(call.wording)}|{identity}"
        if not call.when:
            told = f"{self.file.content_hash}|{row.number}|{told}"
        digest = hashlib.sha256(told.encode("utf-8", "surrogatepass")).digest()[:12]
        self.met[digest] += 1
        times = self.met[digest]
        return "dialer:" + hashlib.sha256(f"{told}|{times}".encode("utf-8", "surrogatepass")).hexdigest()[:48]

    def _contacts(self, calls: Iterable[Call]) -> tuple[dict[str, list[dict[str, Any]]], dict[str, dict[str, Any]]]:
        """The user's contacts by their numbers, and those that the file names by their ids."""
        calls = list(calls)
        numbers = {number for call in calls for number in call.numbers}
        ids = [ObjectId(call.contact_id) for call in calls if ObjectId.is_valid(call.contact_id)]
        by_number: dict[str, list[dict[str, Any]]] = {}
        for contact in self._having(numbers):
            for number in _numbers_of(contact) & numbers:
                by_number.setdefault(number, []).append(contact)
        by_id = {str(contact["_id"]): contact for contact in self._find({"_id": {"$in": ids}})} if ids else {}
        return by_number, by_id

    def _having(self, numbers: set[str]) -> list[dict[str, Any]]:
        """The contacts that have one of these numbers, the oldest first; of a number that very many have, some."""
        found = list(self._find({"phones.number": {"$in": list(numbers)}}, limit=CONTACTS_OF_ROWS + 1))
        if len(found) > CONTACTS_OF_ROWS:
            some = [self._find({"phones.number": number}, limit=CONTACTS_OF_A_NUMBER) for number in numbers]
            found = list({contact["_id"]: contact for contact in chain(*some)}.values())
        return sorted(found, key=itemgetter("_id"))

    def _find(self, condition: dict[str, Any], limit: int = 0) -> Iterator[dict[str, Any]]:
        wanted = {"identityKey": 1, "leadsId": 1, "phones.number": 1}
        contacts = collection_of(Contact)
        for contact in contacts.find({"userId": self.user.pk, **condition}, wanted, limit=limit):
            if not contact.get("identityKey"):
                whole = contacts.find_one({"_id": contact["_id"]})
                contact["identityKey"] = ensure_identity(load(Contact, whole or contact))
            yield contact


def _numbers_of(contact: dict[str, Any]) -> set[str]:
    return {phone["number"] for phone in contact.get("phones") or () if phone.get("number")}


def moment_of(text: str) -> datetime:
    """The moment of a planned touch."""
    return datetime.fromisoformat(text)
