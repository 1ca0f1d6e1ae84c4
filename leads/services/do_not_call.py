"""The user's own do-not-call list: numbers, and people with all of theirs. It outlives lists and contacts.

The record of a number says with whom it was put there: {"what": "added", …, "with": [identity, …]}. Without "with" it
was put there on its own, and then no person who is taken off the list takes it off, too.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from accounts.models import User
from atlas_site.mongodb.documents import as_utc, collection_of, current_session
from leads.imports.rows import Lead
from leads.imports.values.phones import read_phone
from leads.models import Contact, DoNotCall, Identity
from leads.services import standing
from leads.services.people import COLUMNS, DUPLICATE_KEY, READER, change_identities, keys_of

BATCH = 500
TRIES = 5
WHY_LENGTH = 200
HISTORY_KEPT = 50


@dataclass(frozen=True)
class DoNotCallChange:
    """How many numbers and people changed, how many were so already, and what is no number of the US.

    `left` are numbers of people who were taken off that stay: put there on their own, or with somebody who is still on.
    """

    numbers: int = 0
    people: int = 0
    already: int = 0
    unread: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


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
    wanted = numbers_of_people(user.pk, keys) | dict.fromkeys(read, frozenset())
    added, already = _write(user.pk, wanted, is_on=True, why=why or ("Asked not to be called" if keys else ""), now=now)
    return DoNotCallChange(numbers=added, people=people, already=already, unread=tuple(unread))


def lift_do_not_call(
    *, user: User, numbers: Iterable[str] = (), contacts: Iterable[Contact] = (), why: str = "", now: datetime
) -> DoNotCallChange:
    """Take numbers, and people with those that came with them, off the user's list; it stays on record.

    A number of theirs that was put there on its own, or with somebody else who is still on the list, is left.
    """

    def free(identity: dict[str, Any]) -> dict[str, Any]:
        return {"doNotCallAt": None} if identity.get("doNotCallAt") else {}

    keys = list(keys_of(contacts, user.pk))
    people = change_identities(user_id=user.pk, keys=keys, change=free, now=now) if keys else 0
    read, unread = _read(numbers)
    of_people = [number for number in numbers_of_people(user.pk, keys) if number not in read]
    left = _held(user.pk, of_people)
    wanted = dict.fromkeys([*read, *(number for number in of_people if number not in left)], frozenset[str]())
    lifted, already = _write(user.pk, wanted, is_on=False, why=why, now=now)
    return DoNotCallChange(numbers=lifted, people=people, already=already, unread=tuple(unread), left=tuple(left))


def bar_same_leads(*, now: datetime) -> int:
    """Bar those who are the same lead as somebody on the list, but another person there; return how many.

    Earlier the ZIP code alone made two people of one lead. They stay two: nothing is joined, and nobody is taken off.
    May be repeated, and interrupted.
    """
    on_list = collection_of(Identity).find({"doNotCallAt": {"$ne": None}}, {"userId": 1, "key": 1}).sort("userId", 1)
    changed = 0
    for user_id, identities in groupby(on_list, lambda identity: identity["userId"]):
        while keys := [identity["key"] for identity in islice(identities, BATCH)]:
            contacts = Contact.objects.filter(pk__in=_same_leads(user_id, keys))
            changed += set_do_not_call(
                user=User(pk=user_id), contacts=contacts, why="The same lead is not to be called", now=now
            ).people
    return changed


def _same_leads(user_id: ObjectId, keys: list[str]) -> list[ObjectId]:
    """The contacts that imports take for the same leads as those of these identities, and that have other ones."""
    contacts, matches = collection_of(Contact), set[str]()
    for contact in contacts.find({"userId": user_id, "identityKey": {"$in": keys}}):
        lead = READER.read([str(contact.get(key) or "") for _, key in COLUMNS])
        if isinstance(lead, Lead):
            matches.update(lead.recognized_by(lead.match_keys))
    same = {"userId": user_id, "matchKeys": {"$in": list(matches)}, "identityKey": {"$nin": keys}}
    return [contact["_id"] for contact in contacts.find(same, {"_id": 1})]


def numbers_of_people(user_id: ObjectId, keys: Iterable[str]) -> dict[str, frozenset[str]]:
    """All numbers that the user has of these people, with whose they are."""
    asked = iter(keys)
    numbers: dict[str, frozenset[str]] = {}
    while batch := list(islice(asked, BATCH)):
        of_them = {"userId": user_id, "identityKey": {"$in": batch}}
        read = {"phones.number": 1, "phone": 1, "identityKey": 1}
        for contact in collection_of(Contact).find(of_them, read, session=current_session()):
            for number in [*(phone.get("number") for phone in contact.get("phones") or ()), contact.get("phone")]:
                if _is_number(number):
                    numbers[number] = numbers.get(number, frozenset()) | {contact["identityKey"]}
    return numbers


def bar_people(user_id: ObjectId, people: Mapping[str, Iterable[str]], *, why: str, now: datetime) -> None:
    """Put all numbers of people on the list, with these ones of each, within the running transaction.

    Who calls it brings the contacts up to it.
    """
    wanted = numbers_of_people(user_id, people)
    for key, numbers in people.items():
        wanted |= {number: wanted.get(number, frozenset()) | {key} for number in numbers}
    known = _known(user_id, wanted)
    writes = [_entry(user_id, each, known.get(each), of, is_on=True, why=why, now=now) for each, of in wanted.items()]
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


def _write(
    user_id: ObjectId, numbers: Mapping[str, frozenset[str]], *, is_on: bool, why: str, now: datetime
) -> tuple[int, int]:
    """Bring numbers onto the list or off it; return how many changed, and how many were so already."""
    asked, changed, already = iter(numbers.items()), 0, 0
    while batch := dict(islice(asked, BATCH)):
        for _ in range(TRIES):
            known = _known(user_id, batch)
            entries = [
                _entry(user_id, each, known.get(each), of, is_on=is_on, why=why, now=now) for each, of in batch.items()
            ]
            writes = [entry for entry in entries if entry]
            try:
                if writes:
                    collection_of(DoNotCall).bulk_write(writes, ordered=False)
                break
            except BulkWriteError as error:  # another process adds the same number at this moment
                if any(each["code"] != DUPLICATE_KEY for each in error.details["writeErrors"]):
                    raise
        were_so = sum(_is_on(known.get(number)) == is_on for number in batch)
        changed += len(batch) - were_so
        already += were_so
        standing.refresh(user_id=user_id, identity_keys=_people_with(user_id, list(batch)), now=now)
    return changed, already


def _entry(
    user_id: ObjectId,
    number: str,
    known: Mapping[str, Any] | None,
    people: frozenset[str],
    *,
    is_on: bool,
    why: str,
    now: datetime,
) -> UpdateOne | None:
    """The change of one number, which goes with these people or on its own, with the record of it; None for none.

    For one that is on the list already it is noted, once, that it was put there also on its own, or with others.
    """
    moment, said = as_utc(now), why.strip()[:WHY_LENGTH]
    note: dict[str, Any] = {"what": "added" if is_on else "lifted", "at": moment.isoformat(), "why": said}
    if is_on and people:
        note["with"] = sorted(people)
    record = {"$push": {"history": {"$each": [note], "$slice": -HISTORY_KEPT}}}
    if known is not None and _is_on(known) == is_on:
        is_alone, with_whom = _put_there(known)
        is_noted = not is_on or is_alone or (people and people <= with_whom)
        return None if is_noted else UpdateOne({"_id": known["_id"], "removedAt": None}, record)
    if known is None:
        if not is_on:
            return None
        it: dict[str, Any] = {"userId": user_id, "number": number}
        return UpdateOne(
            {**it, "addedAt": None},
            {"$set": {"why": said, "addedAt": moment, "removedAt": None}, **record},
            upsert=True,
        )
    values = {"why": said, "addedAt": moment, "removedAt": None} if is_on else {"removedAt": moment}
    return UpdateOne({"_id": known["_id"], "removedAt": known.get("removedAt")}, {"$set": values, **record})


def _is_on(known: Mapping[str, Any] | None) -> bool:
    return known is not None and not known.get("removedAt")


def _put_there(known: Mapping[str, Any]) -> tuple[bool, frozenset[str]]:
    """Whether a number that is on the list was put there on its own, and with which people."""
    with_whom: frozenset[str] = frozenset()
    for note in reversed(known.get("history") or [{}]):
        if note.get("what") == "lifted":
            break
        if not note.get("with"):
            return True, with_whom
        with_whom |= frozenset(note["with"])
    return False, with_whom


def _held(user_id: ObjectId, numbers: Iterable[str]) -> list[str]:
    """Those of these numbers on the list that were put there on their own, or with people who are still on it."""
    put_there = {number: _put_there(known) for number, known in _known(user_id, numbers).items() if _is_on(known)}
    people = list({key for _, with_whom in put_there.values() for key in with_whom})
    on_list = {"userId": user_id, "key": {"$in": people}, "doNotCallAt": {"$ne": None}}
    barred = {found["key"] for found in collection_of(Identity).find(on_list, {"key": 1})}
    return [number for number, (is_alone, with_whom) in put_there.items() if is_alone or with_whom & barred]


def _known(user_id: ObjectId, numbers: Iterable[str]) -> dict[str, dict[str, Any]]:
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
