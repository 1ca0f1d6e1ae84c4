"""Linking contacts to the properties that their users own, by address, and noting on how many lists a property is.

It is done after an import, after lists were deleted or restored, and after properties were revealed. All of it may be
repeated: a worker that dies in between leaves the list to the next one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import groupby, islice
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne

from atlas_site.mongodb.documents import as_utc, collection_of, current_session
from leads.imports.rows import Lead
from leads.imports.values.addresses import place_keys
from leads.models import Contact, LeadGroup, LeadWorkspace
from leads.services import standing
from leads.services.people import COLUMNS, READER
from properties.models import Dataset, PropertyDatasetPermission
from properties.services.rows import set_stack

LEASE = timedelta(minutes=5)
BATCH = 1_000
# Rows of one transaction may be read by others a while after the moment that they bear.
OVERLAP = timedelta(minutes=10)
LOOKED_AT_ONCE = 200

PLACE = {"address": 1, "city": 1, "state": 1, "zip": 1, "placeKey": 1, "identityKey": 1}
WHOLE = {**PLACE, **dict.fromkeys((key for _, key in COLUMNS), 1)}
OWNED_PLACE = {"propertyId": 1, "address": 1, "city": 1, "state": 1, "postal_code": 1, "revealedAt": 1}

Clock = Callable[[], datetime]
Document = Mapping[str, Any]


def due_user_ids(*, now: datetime, limit: int = 50) -> list[str]:
    """Ids of users whose lists wait to be linked, longest waiting first."""
    due = LeadWorkspace.objects.filter(link_due_at__lte=now).order_by("link_due_at")
    return [str(pk) for pk in due.values_list("user_id", flat=True)[:limit]]


class LeaseLost(Exception):
    """Another worker links the lists of this user, or they have changed: this one writes nothing off."""


class _Lease:
    """The right to link the lists of a user, which is the moment that stands in the workspace; it is renewed by use."""

    def __init__(self, user_id: ObjectId, now: Clock) -> None:
        self._user_id, self._now = user_id, now
        self._until = as_utc(now()) + LEASE

    def take(self) -> Mapping[str, Any] | None:
        """The workspace, if its lists wait and nobody links them."""
        waiting = {"userId": self._user_id, "linkDueAt": {"$lte": as_utc(self._now())}}
        return collection_of(LeadWorkspace).find_one_and_update(waiting, {"$set": {"linkDueAt": self._until}})

    def hold_on(self, change: Mapping[str, Any] | None = None) -> None:
        """Hold it for another while, with a change of the workspace. Raises LeaseLost."""
        self._set(as_utc(self._now()) + LEASE, change or {})

    def end(self) -> None:
        """Say that nothing waits any more. Raises LeaseLost: a list that came meanwhile waits on."""
        self._set(None, {})

    def _set(self, until: datetime | None, change: Mapping[str, Any]) -> None:
        held = {"userId": self._user_id, "linkDueAt": self._until}
        changed = {"$set": {"linkDueAt": until}, **change}
        if not collection_of(LeadWorkspace).update_one(held, changed).matched_count:
            raise LeaseLost
        self._until = until or self._until


def link_due_lists(*, user_id: ObjectId, now: Clock) -> int:
    """Link the lists of a user that wait for it, and return how many contacts were linked. `now` is a clock.

    A list that changes meanwhile ends the work, of which nothing counts then, and waits on.
    """
    lease, linked = _Lease(user_id, now), 0
    workspace = lease.take()
    if workspace is None:
        return 0
    try:
        for group in workspace.get("linkGroups") or ():
            linked += link_contacts(user_id=user_id, group_id=ObjectId(group), now=now(), hold_on=lease.hold_on)
            restack(user_id=user_id, property_ids=_properties_of(user_id, ObjectId(group)), hold_on=lease.hold_on)
            lease.hold_on({"$pull": {"linkGroups": group}})
        lease.end()
    except LeaseLost:
        pass
    return linked


def link_contacts(
    *,
    user_id: ObjectId,
    now: datetime,
    group_id: ObjectId | None = None,
    contact_ids: Iterable[ObjectId] | None = None,
    hold_on: Callable[[], object] = bool,
) -> int:
    """Link contacts of a list, or these ones, that have no property yet, and return how many were linked.

    They are gone through by ZIP code, so that what the user owns in one is read once. `hold_on` is called now and then.
    Within `run_txn` it is part of the transaction.
    """
    chosen: dict[str, Any] = {"userId": user_id, "propertyId": None}
    if group_id is not None:
        chosen["leadsId"] = group_id
    if contact_ids is not None:
        chosen["_id"] = {"$in": list(contact_ids)}
    contacts = collection_of(Contact).find(chosen, WHOLE, batch_size=BATCH, session=current_session())
    linked = 0
    by_code = contacts.sort("zip", 1).allow_disk_use(True)
    for code, there in groupby(by_code, lambda contact: str(contact.get("zip") or "")[:5]):
        owned: dict[str, str] | None = None
        while batch := list(islice(there, BATCH)):
            if owned is None or not code:
                owned = _owned_at(user_id, code, batch)
            linked += _link(user_id, batch, owned, now)
            hold_on()
    return linked


def look_at_reveals(*, now: datetime, limit: int = LOOKED_AT_ONCE) -> int:
    """Link contacts of users who have revealed properties since they were last looked at; return how many were linked.

    The users with lists are gone round, those who were not looked at for the longest time first.
    """
    moment, linked = as_utc(now), 0
    for workspace in LeadWorkspace.objects.order_by("looked_at")[:limit]:
        linked += _link_reveals(workspace, moment)
        LeadWorkspace.objects.filter(pk=workspace.pk).update(looked_at=moment)
    return linked


def restack(*, user_id: ObjectId, property_ids: Iterable[str], hold_on: Callable[[], object] = bool) -> None:
    """Note on how many of the user's lists, deleted ones left out, each of these properties is.

    `hold_on` is called now and then. Within `run_txn` it is part of the transaction.
    """
    ids = iter(property_ids)
    live = set(LeadGroup.objects.filter(user_id=user_id, is_deleted=False).values_list("pk", flat=True))
    while batch := list(dict.fromkeys(islice(ids, BATCH))):
        on_lists: list[dict[str, Any]] = [
            {"$match": {"userId": user_id, "propertyId": {"$in": batch}}},
            {"$group": {"_id": "$propertyId", "lists": {"$addToSet": "$leadsId"}}},
        ]
        found = collection_of(Contact).aggregate(on_lists, session=current_session())
        counts = {each["_id"]: len(live.intersection(each["lists"])) for each in found}
        set_stack(user_id, "lists", {**dict.fromkeys(batch, 0), **counts})
        hold_on()


def _link(user_id: ObjectId, contacts: list[dict[str, Any]], owned: Mapping[str, str], now: datetime) -> int:
    """Link contacts by the keys of their places; those that have no key yet get it. A link counts in their scores."""
    changes, linked, identity_keys = [], [], []
    for contact in contacts:
        key = contact.get("placeKey")
        values: dict[str, str] = {}
        if key is None:
            key = values["placeKey"] = _place_key_of(contact)
        if property_id := owned.get(key):
            values["propertyId"] = property_id
            linked.append(property_id)
            identity_keys.append(contact.get("identityKey") or "")
        if values:
            changes.append(UpdateOne({"_id": contact["_id"], "propertyId": None}, {"$set": values}))
    if changes:
        collection_of(Contact).bulk_write(changes, ordered=False, session=current_session())
    restack(user_id=user_id, property_ids=linked)
    standing.refresh(user_id=user_id, identity_keys=identity_keys, now=now)
    return len(linked)


def _place_key_of(contact: Document) -> str:
    lead = READER.read([str(contact.get(key) or "") for _, key in COLUMNS])
    return lead.place_key if isinstance(lead, Lead) else ""


def _owned_at(user_id: ObjectId, code: str, contacts: Iterable[Document]) -> dict[str, str]:
    """What the user owns in a ZIP code, by the keys of its place; without a code, in the cities of these contacts."""
    where: dict[str, Any] = {"userId": user_id, "datasets": Dataset.BASIC.value}
    if code:
        where["postal_code"] = {"$gte": code, "$lt": f"{code}~"}
    else:
        cities = {(str(each.get("state") or ""), str(each.get("city") or "")) for each in contacts if each.get("city")}
        if not cities:
            return {}
        where["$or"] = [
            {"state": state, "city": {"$in": [city, city.title(), city.upper()]}} for state, city in sorted(cities)
        ]
    owned = collection_of(PropertyDatasetPermission)
    return _by_place(owned.find(where, OWNED_PLACE, batch_size=BATCH, session=current_session()))


def _by_place(rows: Iterable[Document]) -> dict[str, str]:
    """The property ids of rows by the keys of their places; of several at one place it is always the same one."""
    found: dict[str, str] = {}
    for row in rows:
        for key in place_keys(row.get("address"), row.get("city"), row.get("state"), row.get("postal_code")):
            found[key] = min(row["propertyId"], found.get(key, row["propertyId"]))
    return found


def _properties_of(user_id: ObjectId, group_id: ObjectId) -> Iterator[str]:
    there = {"userId": user_id, "leadsId": group_id, "propertyId": {"$ne": None}}
    for contact in collection_of(Contact).find(there, {"propertyId": 1}, batch_size=BATCH):
        yield contact["propertyId"]


def _link_reveals(workspace: LeadWorkspace, moment: datetime) -> int:
    """Link contacts to the properties of a user that were revealed since the user was looked at.

    What was there when a list came was linked with the list, so the first look goes back a few minutes only.
    """
    until = as_utc(workspace.linked_until) if workspace.linked_until else moment - OVERLAP
    rows, contacts = collection_of(PropertyDatasetPermission), collection_of(Contact)
    newest_first = [("revealedAt", -1), ("propertyId", -1)]
    newest = rows.find_one({"userId": workspace.user_id}, {"revealedAt": 1}, sort=newest_first)
    newest_at = as_utc(newest["revealedAt"]) if newest and newest.get("revealedAt") else until
    if newest_at <= until and workspace.looked_at and as_utc(workspace.looked_at) > until + OVERLAP:
        return 0
    linked = 0
    revealed = {"userId": workspace.user_id, "revealedAt": {"$gt": until - OVERLAP}}
    ordered = iter(rows.find(revealed, OWNED_PLACE, batch_size=BATCH).sort(newest_first))
    while batch := list(islice(ordered, BATCH)):
        owned = _by_place(batch)
        waiting = {"userId": workspace.user_id, "placeKey": {"$in": list(owned)}, "propertyId": None}
        linked += _link(workspace.user_id, list(contacts.find(waiting, WHOLE)), owned, moment)
    LeadWorkspace.objects.filter(pk=workspace.pk).update(linked_until=max(until, newest_at))
    return linked
