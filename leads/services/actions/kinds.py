"""What each kind of action does with the contacts of one step, and how that is undone. Done twice, it is done once.

A row of a step is {"id", "was"}: the contact's id as text, and of how it was what undoing needs.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from bson import ObjectId
from django.db.models import QuerySet
from pymongo import UpdateOne

from accounts.models import User
from atlas_site.mongodb.documents import as_utc, collection_of, insert_missing
from leads.models import Contact, ContactAction, ContactActionStep, RemovedContact
from leads.services import linking, people, standing
from leads.services.do_not_call import set_do_not_call
from leads.services.imports.origins import imports_of, note_imports
from leads.services.imports.plans import COLUMNS_OF_LEADS

Row = dict[str, Any]
Document = Mapping[str, Any]


@dataclass(frozen=True)
class Kind:
    """A kind of action. `was` reads contacts that have `reads`, `changes` says whether it changes one that was so.

    `undo` returns how many contacts it left as they are, as far as that is told.
    """

    was: Callable[[ContactAction, list[Document]], list[Any]]
    changes: Callable[[ContactAction, Any], bool]
    apply: Callable[[ContactAction, list[Row], datetime], None]
    undo: Callable[[ContactAction, list[Row], datetime], int] | None = None
    reads: tuple[str, ...] = ()
    # Whether it adds contacts to lists or takes them away.
    moves_contacts: bool = False


def _contacts(action: ContactAction, rows: Iterable[Row]) -> QuerySet[Contact]:
    """The contacts of these rows that are still on the list."""
    ids = [ObjectId(row["id"]) for row in rows]
    return Contact.objects.filter(pk__in=ids, lead_group_id=action.lead_group_id)


def _each(was: Callable[[Document], Any]) -> Callable[[ContactAction, list[Document]], list[Any]]:
    """Read contacts one by one."""
    return lambda _, contacts: [was(contact) for contact in contacts]


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


def _reset_stage(action: ContactAction, rows: list[Row], now: datetime) -> int:
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
    return 0


def _changes_stage(action: ContactAction, was: Any) -> bool:
    return was[0] != action.what["stage"]


# ---------------------------------------------------------------------------------------------------- next touch


def _set_next_touch(action: ContactAction, rows: list[Row], now: datetime) -> None:
    on = _day_of(action.what["on"])
    people.set_next_touch(user=_user(action), contacts=_contacts(action, rows), on=on, now=now)


def _reset_next_touch(action: ContactAction, rows: list[Row], now: datetime) -> int:
    changed = sorted((row for row in rows if row["was"] != action.what["on"]), key=lambda row: str(row["was"]))
    for was, same in groupby(changed, key=lambda row: row["was"]):
        still = _contacts(action, same).filter(next_touch_on=_day_of(action.what["on"]))
        people.set_next_touch(user=_user(action), contacts=list(still), on=_day_of(was), now=now)
    return 0


def _day_of(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _text_of(moment: datetime | None) -> str | None:
    return moment.date().isoformat() if moment else None


# ---------------------------------------------------------------------------------------------------- do not call


def _bar(action: ContactAction, rows: list[Row], now: datetime) -> None:
    set_do_not_call(user=_user(action), contacts=_contacts(action, rows), now=now)


# ---------------------------------------------------------------------------------------------------- do not mail


def _set_do_not_mail(action: ContactAction, rows: Iterable[Row], now: datetime) -> None:
    is_on = action.what["is_on"]
    people.set_do_not_mail(user=_user(action), contacts=_contacts(action, rows), is_on=is_on, now=now)


def _reset_do_not_mail(action: ContactAction, rows: list[Row], now: datetime) -> int:
    is_on = action.what["is_on"]
    contacts = _contacts(action, [row for row in rows if row["was"] != is_on])
    people.set_do_not_mail(user=_user(action), contacts=contacts, is_on=not is_on, now=now)
    return 0


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


def _restore(action: ContactAction, rows: list[Row], now: datetime) -> int:
    """Put contacts back as they were, and bring them up to what became known of their people meanwhile.

    People who came back by another way, as with an import, are not put on the list a second time.
    """
    removed = collection_of(RemovedContact)
    of_it = {"_id": {"$in": [ObjectId(row["id"]) for row in rows]}, "actionId": action.pk}
    found = [each["contact"] for each in removed.find(of_it)]
    had_twin = {ObjectId(row["id"]) for row in rows if row["was"]}
    back = _on_list_again(action, [each for each in found if each["_id"] not in had_twin])
    contacts = [each for each in found if each["_id"] not in back]
    if contacts:
        note_imports(action.lead_group_id, imports_of(contacts))
        insert_missing(Contact, contacts)
        removed.delete_many({"_id": {"$in": [each["_id"] for each in contacts]}, "actionId": action.pk})
        _restack(action, contacts)
        keys = [contact["identityKey"] for contact in contacts if contact.get("identityKey")]
        standing.refresh(user_id=action.user_id, identity_keys=keys, now=now)
    return len(back)


def _twins(action: ContactAction, contacts: list[Document]) -> list[bool]:
    """Which contacts have others of the same person beside them, who stay on the list when these are taken off."""
    twins = _on_list_again(action, contacts)
    return [contact["_id"] in twins for contact in contacts]


def _on_list_again(action: ContactAction, contacts: list[Document]) -> set[ObjectId]:
    """The ids of those of these contacts whose person is on the list with another contact than these."""
    if not contacts:
        return set()
    recognized_by = {contact["_id"]: _recognized_by(contact) for contact in contacts}
    keys = list({key for own in recognized_by.values() for key in own})
    identities = [contact["identityKey"] for contact in contacts if contact.get("identityKey")]
    on_list = {"userId": action.user_id, "leadsId": action.lead_group_id}
    others: dict[ObjectId, Document] = {}
    for name, values in (("identityKey", identities), ("matchKeys", keys)):
        found = collection_of(Contact).find({**on_list, name: {"$in": values}}, {"identityKey": 1, "matchKeys": 1})
        others |= {each["_id"]: each for each in found if each["_id"] not in recognized_by}
    for own in _of_action(action, others):
        del others[own]
    there = {key for each in others.values() for key in (each.get("identityKey"), *(each.get("matchKeys") or ()))}
    there.discard(None)
    return {
        contact["_id"]
        for contact in contacts
        if contact.get("identityKey") in there or not there.isdisjoint(recognized_by[contact["_id"]])
    }


def _of_action(action: ContactAction, ids: Iterable[ObjectId]) -> set[ObjectId]:
    """Those of these contacts that the action is about."""
    asked, own = set(ids), set[ObjectId]()
    steps = collection_of(ContactActionStep).find({"actionId": action.pk}, {"rows.id": 1}) if asked else ()
    for step in steps:
        own |= asked & {ObjectId(row["id"]) for row in step["rows"]}
    return own


def _recognized_by(contact: Document) -> list[str]:
    """Those of its match keys by which imports tell that a lead is there: what names its property, if it has one."""
    keys: list[str] = contact.get("matchKeys") or []
    return keys[: contact.get("placeKeyCount") or None]


def _restack(action: ContactAction, contacts: Iterable[Document]) -> None:
    """Note on how many lists the properties of contacts are now."""
    linking.restack(
        user_id=action.user_id,
        property_ids=[place for each in contacts if (place := each.get("propertyId") or each.get("property_id"))],
    )


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
    note_imports(target, imports_of(made))
    insert_missing(Contact, made)
    _restack(action, found)


def _take_copies_away(action: ContactAction, rows: list[Row], now: datetime) -> int:
    """Take copies away, but for those of which something was written since."""
    was = {_copy_id(action, row["id"]): row["was"] for row in rows}
    contacts = collection_of(Contact)
    copies = {"_id": {"$in": list(was)}, "leadsId": ObjectId(action.what["group"])}
    found = list(contacts.find(copies, dict.fromkeys(WRITTEN, 1) | {"propertyId": 1}))
    away = [copy for copy in found if _is_as_copied(copy, was[copy["_id"]])]
    contacts.delete_many({**copies, "_id": {"$in": [copy["_id"] for copy in away]}})
    _restack(action, [*away, *_contacts(action, rows).values("property_id")])
    return len(found) - len(away)


OF_FILES = (*COLUMNS_OF_LEADS, "otherOwners", "origin")
WRITTEN = (*OF_FILES, "phones", "emails")
"""What users and files write of a contact; what the rest says is known of the person wherever it is listed."""


def _written(contact: Document) -> list[Any]:
    """What was written of a contact: its values as a digest, its phones and e-mail addresses."""
    values = [contact.get(name) or None for name in OF_FILES]
    digest = hashlib.sha256(json.dumps(values, default=str, sort_keys=True).encode()).hexdigest()[:16]
    return [digest, *(_told(contact, *where) for where in (("phones", "number"), ("emails", "address")))]


def _told(contact: Document, name: str, key: str) -> list[str]:
    return [entry[key] for entry in contact.get(name) or () if entry.get(key)]


def _is_as_copied(copy: Document, was: Any) -> bool:
    """Whether nothing was written of a copy since. What a trace adds is no writing: the person keeps it."""
    if was is None:  # copied before this was noted
        return True
    own = {
        "phones": [
            each for each in copy.get("phones") or () if not each.get("checkedAt") and each.get("source") != "trace"
        ],
        "emails": [each for each in copy.get("emails") or () if "tested" not in each],
    }
    digest, numbers, addresses = _written({**copy, **own})
    return bool(digest == was[0] and {*numbers} <= {*was[1]} and {*addresses} <= {*was[2]})


KINDS: Mapping[str, Kind] = {
    ContactAction.Kind.STAGE: Kind(
        was=_each(
            lambda contact: [
                contact.get("stage") or "new",
                contact.get("deadReason"),
                _text_of(contact.get("nextTouchOn")),
            ]
        ),
        reads=("stage", "deadReason", "nextTouchOn"),
        changes=_changes_stage,
        apply=_set_stage,
        undo=_reset_stage,
    ),
    ContactAction.Kind.NEXT_TOUCH: Kind(
        was=_each(lambda contact: _text_of(contact.get("nextTouchOn"))),
        reads=("nextTouchOn",),
        changes=lambda action, was: was != action.what["on"],
        apply=_set_next_touch,
        undo=_reset_next_touch,
    ),
    # Not undone as a whole: among the numbers are some that were on the list before, and they stay there.
    ContactAction.Kind.DO_NOT_CALL: Kind(
        was=_each(lambda contact: bool(contact.get("doNotCall"))),
        reads=("doNotCall",),
        changes=lambda _, was: not was,
        apply=_bar,
    ),
    ContactAction.Kind.DO_NOT_MAIL: Kind(
        was=_each(lambda contact: bool(contact.get("doNotMail"))),
        reads=("doNotMail",),
        changes=lambda action, was: was != action.what["is_on"],
        apply=_set_do_not_mail,
        undo=_reset_do_not_mail,
    ),
    ContactAction.Kind.REMOVE: Kind(
        was=_twins,
        reads=("identityKey", "matchKeys", "placeKeyCount"),
        changes=lambda *_: True,
        apply=_remove,
        undo=_restore,
        moves_contacts=True,
    ),
    ContactAction.Kind.COPY: Kind(
        was=_each(_written),
        reads=WRITTEN,
        changes=lambda *_: True,
        apply=_copy,
        undo=_take_copies_away,
        moves_contacts=True,
    ),
}
