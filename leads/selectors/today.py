"""What is to be done today: due touches, people who can be called and never were, and checks that run out."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import islice
from typing import Any

from bson import ObjectId
from pymongo.cursor import Cursor
from pymongo.errors import ExecutionTimeout

from accounts.models import User
from atlas_site.mongodb.documents import as_utc, collection_of, load
from leads.hours import today_of
from leads.models import Contact, LeadGroup
from leads.selectors.people import Person, person_of

SHOWN = 50
"""So many people a section: the next ones come when these are done."""

EXPIRES_WITHIN = timedelta(days=7)
BEFORE_ALL = datetime(1970, 1, 1)
CALL_ORDER = [("userId", 1), ("lastTouchedAt", 1), ("nextTouchOn", 1), ("engagementScore", -1), ("callableUntil", 1)]
"""The index by which those who were never called are read: the planner may hold another one for the better."""
OVER = [Contact.Stage.DEAD.value, Contact.Stage.CLOSED.value]
LONGEST_MILLISECONDS = 5_000
UNSHOWN = {"origin": 0, "matchKeys": 0, "findKeys": 0}

TOO_SLOW = "This took too long to find. Load the page again in a minute."

DUE, FRESH, EXPIRING = "due", "fresh", "expiring"


@dataclass(frozen=True)
class Section:
    """People with one reason to be called today."""

    key: str
    title: str
    text: str
    nothing: str
    contacts: list[Contact]
    has_more: bool


@dataclass(frozen=True)
class Today:
    """The day's work; a person is in the first section that they belong to, once, however many lists they are on."""

    sections: list[Section]

    @property
    def queue(self) -> list[Contact]:
        """All of it in the order of working."""
        return [contact for section in self.sections for contact in section.contacts]


@dataclass(frozen=True)
class Turn:
    """One person of the day's work, with those before and after."""

    person: Person
    group_name: str
    why: str
    position: int
    total: int
    previous_id: str
    next_id: str


def todays_work(user: User, now: datetime) -> Today:
    """What the user has to do today."""
    seen: set[str] = set()
    gone = _deleted_lists(user)
    sections = []
    for key, title, text, nothing, condition, order in sections_of(user, now):
        found: list[dict[str, Any]] = []
        try:
            found.extend(islice(_people(condition, order, gone, seen), SHOWN + 1))
            empty = nothing
        except ExecutionTimeout:  # what was found until then is shown
            empty = TOO_SLOW
        shown = [load(Contact, document) for document in found[:SHOWN]]
        if len(found) > SHOWN:
            seen.discard(found[SHOWN]["identityKey"])
        sections.append(Section(key, title, text, empty, shown, has_more=len(found) > SHOWN))
    return Today(sections)


def find_turn(user: User, contact_id: str, now: datetime) -> Turn | None:
    """A contact of the user with its place in the day's work; one that is not part of it has only the first after it.

    None for a contact that is not the user's, or whose list is deleted.
    """
    contact = find_own(user, contact_id)
    if contact is None:
        return None
    sections = todays_work(user, now).sections
    queue = [(str(each.pk), section.title) for section in sections for each in section.contacts]
    ids = [pk for pk, _ in queue]
    at = ids.index(contact_id) if contact_id in ids else -1
    return Turn(
        person=person_of(user, contact, now),
        group_name=contact.lead_group.name,
        why=queue[at][1] if at >= 0 else "",
        position=at + 1,
        total=len(ids),
        previous_id=ids[at - 1] if at > 0 else "",
        next_id=next(iter(ids[at + 1 :]), ""),
    )


def find_own(user: User, contact_id: str) -> Contact | None:
    """A contact of the user on a list that is not deleted, or None."""
    if not ObjectId.is_valid(contact_id):
        return None
    contact = Contact.objects.select_related("lead_group").filter(pk=ObjectId(contact_id)).first()
    if contact is None or contact.lead_group.user_id != user.pk or contact.lead_group.is_deleted:
        return None
    return contact


def sections_of(user: User, now: datetime) -> Iterator[tuple[str, str, str, str, dict[str, Any], tuple[str, int]]]:
    today = datetime.combine(today_of(user, now), time())
    moment = as_utc(now)
    of_user = {"userId": user.pk}
    yield (
        DUE,
        "Due",
        "Their next touch is today or overdue.",
        "Nobody is due. Log how a call ended, or set a next touch on a list, and people come up here on their day.",
        {**of_user, "nextTouchOn": {"$gte": BEFORE_ALL, "$lte": today}},
        ("nextTouchOn", 1),
    )
    yield (
        FRESH,
        "Fresh hits",
        "They have a number that may be dialed, and nobody has called yet: the highest score first.",
        "No traced person waits for a first call. Trace a list to find numbers.",
        {**of_user, "lastTouchedAt": None, "callableUntil": {"$gt": moment}, "nextTouchOn": None},
        ("engagementScore", -1),
    )
    yield (
        EXPIRING,
        "Checks that run out",
        "Within seven days the check of their numbers is 31 days old: then they may not be dialed until checked anew.",
        "No check runs out within seven days.",
        {**of_user, "callableUntil": {"$gt": moment, "$lte": as_utc(now + EXPIRES_WITHIN)}},
        ("callableUntil", 1),
    )


def _people(
    condition: dict[str, Any], order: tuple[str, int], gone: list[ObjectId], seen: set[str]
) -> Iterator[dict[str, Any]]:
    """The contacts of a condition, one a person, without those of deleted lists and leads that are over."""
    with read_section(condition, order, gone) as cursor:
        for document in cursor:
            key = document.get("identityKey") or str(document["_id"])
            if key not in seen:
                seen.add(key)
                yield {**document, "identityKey": document.get("identityKey") or key}


def read_section(condition: dict[str, Any], order: tuple[str, int], gone: list[ObjectId]) -> Cursor[dict[str, Any]]:
    """A cursor over the contacts of a section, by an index that has its order."""
    wanted = {**condition, "stage": {"$nin": OVER}}
    if gone:
        wanted["leadsId"] = {"$nin": gone}
    cursor = collection_of(Contact).find(wanted, UNSHOWN, batch_size=SHOWN * 2)
    cursor.sort([order]).max_time_ms(LONGEST_MILLISECONDS)
    return cursor.hint(CALL_ORDER) if order[0] == "engagementScore" else cursor


def _deleted_lists(user: User) -> list[ObjectId]:
    return list(LeadGroup.objects.filter(user_id=user.pk, is_deleted=True).values_list("pk", flat=True))
