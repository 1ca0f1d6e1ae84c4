"""The user's own do-not-call list: numbers, and people with all of theirs. It outlives lists and contacts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from accounts.models import User
from atlas_site.mongodb.documents import as_utc, collection_of, current_session
from leads.imports.values.phones import read_phone
from leads.models import Contact, DoNotCall
from leads.services import standing
from leads.services.people import DUPLICATE_KEY, change_identities, keys_of

BATCH = 500
TRIES = 5
WHY_LENGTH = 200
HISTORY_KEPT = 50


@dataclass(frozen=True)
class DoNotCallChange:
    """How many numbers and people changed, how many were so already, and what is no number of the US."""

    numbers: int = 0
    people: int = 0
    already: int = 0
    unread: tuple[str, ...] = ()


def set_do_not_call(
    *, user: User, numbers: Iterable[str] = (), contacts: Iterable[Contact] = (), why: str = "", now: datetime
) -> DoNotCallChange:
    """Put numbers, as people write them, and people on the user's do-not-call list: on every list, now and later.

    A person is put there with all numbers that the user has of them, and has no next touch any more. Done again,
    nothing changes.
    """
    moment = as_utc(now)

    def bar(identity: dict[str, Any]) -> dict[str, Any]:
        return {} if identity.get("doNotCallAt") else {"doNotCallAt": moment, "nextTouchOn": None}

    keys = list(keys_of(contacts, user.pk))
    people = change_identities(user_id=user.pk, keys=keys, change=bar, now=now) if keys else 0
    read, unread = _read(numbers)
    wanted = [*read, *numbers_of_people(user.pk, keys)]
    added, already = _write(user.pk, wanted, is_on=True, why=why or ("Asked not to be called" if keys else ""), now=now)
    return DoNotCallChange(numbers=added, people=people, already=already, unread=tuple(unread))


def lift_do_not_call(
    *, user: User, numbers: Iterable[str] = (), contacts: Iterable[Contact] = (), why: str = "", now: datetime
) -> DoNotCallChange:
    """Take numbers, and people with all of theirs, off the user's list; that they were on it stays on record."""

    def free(identity: dict[str, Any]) -> dict[str, Any]:
        return {"doNotCallAt": None} if identity.get("doNotCallAt") else {}

    keys = list(keys_of(contacts, user.pk))
    people = change_identities(user_id=user.pk, keys=keys, change=free, now=now) if keys else 0
    read, unread = _read(numbers)
    wanted = [*read, *numbers_of_people(user.pk, keys)]
    lifted, already = _write(user.pk, wanted, is_on=False, why=why, now=now)
    return DoNotCallChange(numbers=lifted, people=people, already=already, unread=tuple(unread))


def numbers_of_people(user_id: ObjectId, keys: Iterable[str]) -> list[str]:
    """All numbers that the user has of these people."""
    asked = iter(keys)
    numbers: dict[str, None] = {}
    while batch := list(islice(asked, BATCH)):
        of_them = {"userId": user_id, "identityKey": {"$in": batch}}
        for contact in collection_of(Contact).find(
            of_them, {"phones.number": 1, "phone": 1}, session=current_session()
        ):
            listed = [phone.get("number") for phone in contact.get("phones") or ()]
            numbers |= dict.fromkeys(number for number in [*listed, contact.get("phone")] if _is_number(number))
    return list(numbers)


def bar_numbers(user_id: ObjectId, numbers: Iterable[str], *, why: str, now: datetime) -> None:
    """Put numbers on the list within the running transaction; who calls it brings the contacts up to it."""
    known = _known(user_id, set(numbers))
    writes = [_entry(user_id, number, known.get(number), is_on=True, why=why, now=now) for number in set(numbers)]
    if found := [write for write in writes if write]:
        collection_of(DoNotCall).bulk_write(found, session=current_session())


def _read(texts: Iterable[str]) -> tuple[list[str], list[str]]:
    numbers: dict[str, None] = {}
    unread = []
    for text in texts:
        number = read_phone(text)
        if number:
            numbers[number] = None
        elif text.strip():
            unread.append(text.strip()[:40])
    return list(numbers), unread


def _write(user_id: ObjectId, numbers: list[str], *, is_on: bool, why: str, now: datetime) -> tuple[int, int]:
    """Bring numbers onto the list or off it; return how many changed, and how many were so already."""
    asked, changed, already = iter(dict.fromkeys(numbers)), 0, 0
    while batch := list(islice(asked, BATCH)):
        for _ in range(TRIES):
            known = _known(user_id, set(batch))
            entries = [_entry(user_id, each, known.get(each), is_on=is_on, why=why, now=now) for each in batch]
            writes = [entry for entry in entries if entry]
            try:
                if writes:
                    collection_of(DoNotCall).bulk_write(writes, ordered=False)
                break
            except BulkWriteError as error:  # another process adds the same number at this moment
                if any(each["code"] != DUPLICATE_KEY for each in error.details["writeErrors"]):
                    raise
        changed += len(writes)
        already += len(batch) - len(writes)
        standing.refresh(user_id=user_id, identity_keys=_people_with(user_id, batch), now=now)
    return changed, already


def _entry(
    user_id: ObjectId, number: str, known: dict[str, Any] | None, *, is_on: bool, why: str, now: datetime
) -> UpdateOne | None:
    """The change of one number, with the record of it; None when it is so already."""
    is_barred = known is not None and not known.get("removedAt")
    if is_barred == is_on:
        return None
    moment, said = as_utc(now), why.strip()[:WHY_LENGTH]
    note = {"what": "added" if is_on else "lifted", "at": moment.isoformat(), "why": said}
    record = {"$push": {"history": {"$each": [note], "$slice": -HISTORY_KEPT}}}
    if known is None:
        it: dict[str, Any] = {"userId": user_id, "number": number}
        return UpdateOne(
            {**it, "addedAt": None},
            {"$set": {"why": said, "addedAt": moment, "removedAt": None}, **record},
            upsert=True,
        )
    values = {"why": said, "addedAt": moment, "removedAt": None} if is_on else {"removedAt": moment}
    return UpdateOne({"_id": known["_id"], "removedAt": known.get("removedAt")}, {"$set": values, **record})


def _known(user_id: ObjectId, numbers: set[str]) -> dict[str, dict[str, Any]]:
    asked = {"userId": user_id, "number": {"$in": list(numbers)}}
    return {found["number"]: found for found in collection_of(DoNotCall).find(asked, session=current_session())}


def _people_with(user_id: ObjectId, numbers: list[str]) -> Iterator[str]:
    """The identities of the contacts that have one of these numbers."""
    of_user = {"userId": user_id, "phones.number": {"$in": numbers}}
    for contact in collection_of(Contact).find(of_user, {"_id": 0, "identityKey": 1}):
        if contact.get("identityKey"):
            yield contact["identityKey"]


def _is_number(text: Any) -> bool:
    return isinstance(text, str) and len(text) == 10 and text.isdecimal()
