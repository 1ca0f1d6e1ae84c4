"""Carrying a plan out: exactly its rows, chunk by chunk, each of which may be carried out again to the same effect."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from bson import ObjectId
from django.db import IntegrityError
from pymongo import UpdateOne

from accounts.models import User
from atlas_site.lib.transactions import run_txn
from atlas_site.mongodb.documents import collection_of, insert_missing
from leads.imports.rows import Lead
from leads.models import Contact, ImportChunk, LeadGroup, LeadImport
from leads.services import linking, standing, workspaces
from leads.services.find_keys import NAMED_BY, fill_find_keys, keys_of
from leads.services.imports.leases import State, change_state, find_import, hand_on, save_progress
from leads.services.imports.mapping import STARTS_ANEW, remember_mapping
from leads.services.imports.origins import new_origins, note_imports, origin_of
from leads.services.imports.planning import STINT
from leads.services.imports.plans import Kind, PlanRow, contact_id_of
from leads.services.imports.reading import Clock
from leads.services.imports.uploads import waits_until
from leads.services.people import COLUMNS, READER

PLACED_BY = frozenset({"address", "city", "state", "zip", "apn"})
PLACED = {"placeKey": 1, "propertyId": 1, **dict.fromkeys((key for _, key in COLUMNS), 1)}


class PlanOutdated(Exception):
    """The lists changed since the plan was made, or it is not the plan that was shown: a new one is to be shown."""


def commit_import(*, user: User, import_id: str, plan_hash: str, now: datetime) -> LeadImport:
    """Have the plan that the user was shown carried out; `plan_hash` says which one that was.

    :raises ImportNotFound: when the user has no such import
    :raises WrongState: unless it waits for this decision; accepting twice is once
    :raises PlanOutdated: when the lists changed since; a new plan is being made then
    :raises AnotherImport: while another import of the user is being carried out
    """
    lead_import = find_import(user=user, import_id=import_id)
    if lead_import.plan_hash != plan_hash:
        raise PlanOutdated

    def begin() -> None:
        change_state(lead_import, states=[State.PLANNED], state=State.COMMITTING, due_at=now, lease_until=None)
        workspaces.begin_commit(user_id=user.pk, import_id=str(lead_import.pk), version=lead_import.workspace_version)

    try:
        run_txn(begin)
    except workspaces.ListsChanged:
        change_state(lead_import, states=[State.PLANNED], state=State.PLANNING, due_at=now, **STARTS_ANEW)
        raise PlanOutdated from None
    remember_mapping(lead_import, now=now)
    return lead_import


def carry_out(lead_import: LeadImport, clock: Clock) -> None:
    """Carry the plan out, or the rest of it, until it is done or the stint is over. Raises LeaseLost."""
    began = clock()
    note_imports(_make_list(lead_import, began), [str(lead_import.pk)])
    for number, rows in _chunks(lead_import):
        _write(lead_import, rows, clock())
        now = clock()
        save_progress(lead_import, now=now, chunks_committed=number)
        if now - began >= STINT and number < lead_import.chunks_planned:
            hand_on(lead_import, now=now, due_at=now)
            return
    _finish(lead_import, clock())


def _make_list(lead_import: LeadImport, now: datetime) -> ObjectId:
    """Make the list that the contacts go into, unless there is one, and return its id: one so made has the import's."""
    if lead_import.lead_group_id:
        return lead_import.lead_group_id
    try:
        LeadGroup.objects.create(
            id=lead_import.pk,
            user_id=lead_import.user_id,
            name=lead_import.group_name,
            file_name=lead_import.file_name,
            created_at=lead_import.created_at,
        )
    except IntegrityError:
        pass  # an earlier worker made it and was killed
    save_progress(lead_import, now=now, lead_group_id=lead_import.pk)
    return lead_import.pk


def _chunks(lead_import: LeadImport) -> Iterator[tuple[int, list[PlanRow]]]:
    """The chunks that are still to be carried out."""
    left = {"$gt": lead_import.chunks_committed, "$lte": lead_import.chunks_planned}
    found = collection_of(ImportChunk).find({"importId": lead_import.pk, "number": left}, batch_size=2)
    for chunk in found.sort("number", 1):
        yield chunk["number"], chunk["rows"]


def _write(lead_import: LeadImport, rows: list[PlanRow], now: datetime) -> None:
    """Carry the rows of one chunk out. What an earlier worker did of it before it was killed is not done twice."""
    made = [_document(lead_import, row) for row in rows if row["kind"] == Kind.CREATE]
    insert_missing(Contact, made)
    changed = [row for row in rows if row["kind"] in {Kind.UPDATE, Kind.DUPLICATE}]
    changes = [change for row in changed for change in _changes(lead_import, row)]
    changes += new_origins(lead_import, [row for row in changed if row["kind"] == Kind.UPDATE and "cells" in row])
    if changes:
        collection_of(Contact).bulk_write(changes)
        fill_find_keys(_contact_of(lead_import, row) for row in changed if NAMED_BY.intersection(row.get("set") or ()))
        _unlink_moved(
            lead_import,
            [_contact_of(lead_import, row) for row in changed if PLACED_BY.intersection(row.get("set") or ())],
        )
    _hand_on_what_is_known(lead_import, made, changed, now)


def _unlink_moved(lead_import: LeadImport, placed: list[ObjectId]) -> None:
    """Let those of these contacts that lie at another place now lose their property.

    They are linked by that place when the import is done. One that is only written otherwise stays as it is.
    """
    changes, left = [], []
    for contact in collection_of(Contact).find({"_id": {"$in": placed}}, PLACED) if placed else ():
        lead = READER.read([str(contact.get(key) or "") for _, key in COLUMNS])
        place_key = lead.place_key if isinstance(lead, Lead) else ""
        if contact.get("placeKey") != place_key:
            moved = {"placeKey": place_key, "propertyId": None}
            changes.append(UpdateOne({"_id": contact["_id"], "userId": lead_import.user_id}, {"$set": moved}))
            left.append(contact.get("propertyId"))
    if changes:
        collection_of(Contact).bulk_write(changes)
        linking.restack(user_id=lead_import.user_id, property_ids=[each for each in left if each])


def _hand_on_what_is_known(
    lead_import: LeadImport, made: list[dict[str, Any]], changed: list[PlanRow], now: datetime
) -> None:
    """Let new contacts have what is known of their people (do-not-call, stage, traces), and count what was added.

    Most people of a list are new, and are not looked at: their contacts are made with the score that they have.
    """
    user_id = lead_import.user_id
    keys = standing.known_keys(user_id, [document["identityKey"] for document in made])
    added_to = [_contact_of(lead_import, row) for row in changed if row["add"]["phones"] or row["add"]["emails"]]
    if added_to:
        found = collection_of(Contact).find({"_id": {"$in": added_to}}, {"identityKey": 1})
        keys += [contact["identityKey"] for contact in found if contact.get("identityKey")]
    standing.refresh(user_id=user_id, identity_keys=keys, now=now)


def _document(lead_import: LeadImport, row: PlanRow) -> dict[str, Any]:
    """The document of a row's new contact: the same one however often it is asked for."""
    return {
        "_id": contact_id_of(lead_import.pk, row["n"]),
        "userId": lead_import.user_id,
        "leadsId": lead_import.lead_group_id,
        **row["doc"],
        **keys_of(row["doc"]),
        "stage": Contact.Stage.NEW.value,
        "isEnriched": False,
        "isDivorceLead": False,
        "engagementScore": standing.score_of_new(row["doc"]),
        "origin": origin_of(lead_import, row),
        "createdAt": lead_import.created_at,
    }


def _changes(lead_import: LeadImport, row: PlanRow) -> Iterator[UpdateOne]:
    """The changes of a contact that a row brings up to date or adds to; done twice, they are done once.

    What a user decided (stage, touches, do-not-call) and what a trace found is never among them.
    """
    it = {"_id": _contact_of(lead_import, row), "userId": lead_import.user_id}
    values = dict(row.get("set") or {})
    change: dict[str, Any] = {"$addToSet": {"matchKeys": {"$each": row["keys"]}}}
    yield UpdateOne(it, {**change, "$set": values} if values else change)
    phones, emails = row["add"]["phones"], row["add"]["emails"]
    for number in phones:
        yield UpdateOne({**it, "phones.number": {"$ne": number}}, {"$push": {"phones": {"number": number}}})
    for address in emails:
        yield UpdateOne({**it, "emails.address": {"$ne": address}}, {"$push": {"emails": {"address": address}}})
    if phones:
        yield UpdateOne({**it, "phone": None}, {"$set": {"phone": phones[0]}})
    if emails:
        yield UpdateOne({**it, "email": None}, {"$set": {"email": emails[0]}})


def _contact_of(lead_import: LeadImport, row: PlanRow) -> ObjectId:
    """The contact that a row brings up to date or adds to."""
    return ObjectId(row["id"]) if "id" in row else contact_id_of(lead_import.pk, row["of"])


def _finish(lead_import: LeadImport, now: datetime) -> None:
    """Count the list, and let the import be done: then others may change the lists."""
    group_id = lead_import.lead_group_id
    total = collection_of(Contact).count_documents({"leadsId": group_id})

    def finish() -> None:
        LeadGroup.objects.filter(pk=group_id).update(total_contacts=total, file_name=lead_import.file_name)
        workspaces.end_commit(
            user_id=lead_import.user_id, import_id=str(lead_import.pk), to_link=[group_id] if group_id else []
        )
        hand_on(lead_import, now=now, state=State.DONE, due_at=waits_until(now), ended_at=now)

    run_txn(finish)
