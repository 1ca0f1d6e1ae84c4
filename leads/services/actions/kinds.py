"""What each kind of action does with the contacts of one step, and how that is undone. Done twice, it is done once.

A row of a step is {"id", "was"}: the contact's id as text, and of how it was what undoing needs.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from bson import ObjectId
from django.db.models import QuerySet
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from accounts.models import User
from atlas_site.mongodb.documents import as_utc, collection_of
from leads.models import Contact, ContactAction, RemovedContact
from leads.services import linking, people, standing
from leads.services.do_not_call import set_do_not_call

DUPLICATE_KEY = 11000

Row = dict[str, Any]
Document = Mapping[str, Any]


@dataclass(frozen=True)
class Kind:
    """A kind of action. `was` reads a contact, `changes` says whether it changes one that was so."""

    was: Callable[[Document], Any]
    changes: Callable[[ContactAction, Any], bool]
    apply: Callable[[ContactAction, list[Row], datetime], None]
    undo: Callable[[ContactAction, list[Row], datetime], None] | None = None
    # Whether it adds contacts to lists or takes them away.
    moves_contacts: bool = False


def _contacts(action: ContactAction, rows: Iterable[Row]) -> QuerySet[Contact]:
    """The contacts of these rows that are still on the list."""
    ids = [ObjectId(row["id"]) for row in rows]
    return Contact.objects.filter(pk__in=ids, lead_group_id=action.lead_group_id)


def _user(action: ContactAction) -> User:
    return User(pk=action.user_id)


# ---------------------------------------------------------------------------------------------------- stage


def _set_stage(action: ContactAction, rows: list[Row], now: datetime) -> None:
    people.set_stage(
        user=_user(action),
        contacts=_contacts(action, rows),
        stage=action.what["stage"],
        reason=action.what.get("reason", ""),
        now=now,
    )


def _reset_stage(action: ContactAction, rows: list[Row], now: datetime) -> None:
    """Give contacts that are still in the stage that they were set to the one that they had, with its next touch."""
    changed = sorted((row for row in rows if _changes_stage(action, row["was"])), key=lambda row: str(row["was"]))
    for _, same in groupby(changed, key=lambda row: row["was"]):
        together = list(same)
        stage, reason, on = together[0]["was"]
        still = _contacts(action, together).filter(stage=action.what["stage"])
        contacts = list(still)
        people.set_stage(user=_user(action), contacts=contacts, stage=stage, reason=reason or "", now=now)
        if on:
            people.set_next_touch(user=_user(action), contacts=contacts, on=_day_of(on), now=now)


def _changes_stage(action: ContactAction, was: Any) -> bool:
    return was[0] != action.what["stage"]


# ---------------------------------------------------------------------------------------------------- next touch


def _set_next_touch(action: ContactAction, rows: list[Row], now: datetime) -> None:
    on = _day_of(action.what["on"])
    people.set_next_touch(user=_user(action), contacts=_contacts(action, rows), on=on, now=now)


def _reset_next_touch(action: ContactAction, rows: list[Row], now: datetime) -> None:
    changed = sorted((row for row in rows if row["was"] != action.what["on"]), key=lambda row: str(row["was"]))
    for was, same in groupby(changed, key=lambda row: row["was"]):
        still = _contacts(action, same).filter(next_touch_on=_day_of(action.what["on"]))
        people.set_next_touch(user=_user(action), contacts=list(still), on=_day_of(was), now=now)


def _day_of(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _text_of(moment: datetime | None) -> str | None:
    return moment.date().isoformat() if moment else None


# ---------------------------------------------------------------------------------------------------- do not call


def _bar(action: ContactAction, rows: list[Row], now: datetime) -> None:
    set_do_not_call(user=_user(action), contacts=_contacts(action, rows), now=now)


# ---------------------------------------------------------------------------------------------------- taking off


def _remove(action: ContactAction, rows: list[Row], now: datetime) -> None:
    """Lay the contacts aside, whole, and then take them off the list."""
    contacts, removed = collection_of(Contact), collection_of(RemovedContact)
    there = {"_id": {"$in": [ObjectId(row["id"]) for row in rows]}, "leadsId": action.lead_group_id}
    kept = {"userId": action.user_id, "actionId": action.pk, "removedAt": as_utc(now)}
    writes = [
        UpdateOne({"_id": contact["_id"]}, {"$set": {**kept, "contact": contact}}, upsert=True)
        for contact in contacts.find(there)
    ]
    if writes:
        removed.bulk_write(writes, ordered=False)
        contacts.delete_many(there)
    of_it = {"_id": there["_id"], "actionId": action.pk}
    _restack(action, [found["contact"] for found in removed.find(of_it, {"contact.propertyId": 1})])


def _restore(action: ContactAction, rows: list[Row], now: datetime) -> None:
    """Put contacts back as they were, and bring them up to what became known of their people meanwhile."""
    removed = collection_of(RemovedContact)
    of_it = {"_id": {"$in": [ObjectId(row["id"]) for row in rows]}, "actionId": action.pk}
    contacts = [found["contact"] for found in removed.find(of_it)]
    if not contacts:
        return
    _insert(contacts)
    removed.delete_many(of_it)
    _restack(action, contacts)
    keys = [contact["identityKey"] for contact in contacts if contact.get("identityKey")]
    standing.refresh(user_id=action.user_id, identity_keys=keys, now=now)


def _restack(action: ContactAction, contacts: Iterable[Document]) -> None:
    """Note on how many lists the properties of contacts are now."""
    linking.restack(
        user_id=action.user_id,
        property_ids=[place for each in contacts if (place := each.get("propertyId") or each.get("property_id"))],
    )


def _insert(contacts: list[dict[str, Any]]) -> None:
    """Insert documents; those that are there already stay as they are."""
    try:
        collection_of(Contact).insert_many(contacts, ordered=False)
    except BulkWriteError as error:
        if any(each["code"] != DUPLICATE_KEY for each in error.details["writeErrors"]):
            raise


# ---------------------------------------------------------------------------------------------------- copying


def _copy_id(action: ContactAction, contact_id: str) -> ObjectId:
    """The id of a contact's copy: the same one however often it is asked for. It begins with the time of the action."""
    return ObjectId(action.pk.binary[:4] + hashlib.sha256(f"{action.pk}:{contact_id}".encode()).digest()[:8])


def _copy(action: ContactAction, rows: list[Row], now: datetime) -> None:
    """Copy contacts, with all that is known of them, to another list, but for people who are on it already."""
    contacts = collection_of(Contact)
    target = ObjectId(action.what["group"])
    found = list(
        contacts.find({"_id": {"$in": [ObjectId(row["id"]) for row in rows]}, "leadsId": action.lead_group_id})
    )
    keys = [contact["identityKey"] for contact in found if contact.get("identityKey")]
    on_target = contacts.find(
        {"userId": action.user_id, "identityKey": {"$in": keys}, "leadsId": target}, {"_id": 0, "identityKey": 1}
    )
    known = {contact["identityKey"] for contact in on_target}
    made = []
    for contact in found:
        key = contact.get("identityKey")
        if key in known:
            continue
        known |= {key} - {None}
        made.append(
            {**contact, "_id": _copy_id(action, str(contact["_id"])), "leadsId": target, "createdAt": as_utc(now)}
        )
    if made:
        _insert(made)
    _restack(action, found)


def _take_copies_away(action: ContactAction, rows: list[Row], now: datetime) -> None:
    copies = {"_id": {"$in": [_copy_id(action, row["id"]) for row in rows]}, "leadsId": ObjectId(action.what["group"])}
    contacts = collection_of(Contact)
    away = list(contacts.find(copies, {"propertyId": 1}))
    contacts.delete_many(copies)
    _restack(action, [*away, *_contacts(action, rows).values("property_id")])


KINDS: Mapping[str, Kind] = {
    ContactAction.Kind.STAGE: Kind(
        was=lambda contact: [
            contact.get("stage") or "new",
            contact.get("deadReason"),
            _text_of(contact.get("nextTouchOn")),
        ],
        changes=_changes_stage,
        apply=_set_stage,
        undo=_reset_stage,
    ),
    ContactAction.Kind.NEXT_TOUCH: Kind(
        was=lambda contact: _text_of(contact.get("nextTouchOn")),
        changes=lambda action, was: was != action.what["on"],
        apply=_set_next_touch,
        undo=_reset_next_touch,
    ),
    # Not undone as a whole: among the numbers are some that were on the list before, and they stay there.
    ContactAction.Kind.DO_NOT_CALL: Kind(
        was=lambda contact: bool(contact.get("doNotCall")), changes=lambda _, was: not was, apply=_bar
    ),
    ContactAction.Kind.REMOVE: Kind(
        was=lambda _: None, changes=lambda *_: True, apply=_remove, undo=_restore, moves_contacts=True
    ),
    ContactAction.Kind.COPY: Kind(
        was=lambda _: None, changes=lambda *_: True, apply=_copy, undo=_take_copies_away, moves_contacts=True
    ),
}
