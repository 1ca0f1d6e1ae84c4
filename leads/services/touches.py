"""Touches: each attempt to reach somebody, appended once, with what follows from it for the person on every list."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from bson import ObjectId
from pymongo.errors import BulkWriteError

from accounts.models import User
from atlas_site.lib.transactions import run_txn
from atlas_site.mongodb.documents import DUPLICATE_KEY, as_utc, collection_of, current_session
from leads.hours import today_of
from leads.imports.values.phones import read_phone
from leads.models import Contact, Identity, Outcome, Touch
from leads.services import standing
from leads.services.do_not_call import bar_people
from leads.services.people import ensure_identities, ensure_identity, write_identities
from leads.services.refunds import give_refunds, note_bad_hits

BATCH = 100
TRIES = 5
TEXT_LENGTH = 4000
HAND = "hand"
TRACE = "trace"
"""The source of phones that a trace brought."""

FOLLOW_UP_DAYS = {Outcome.NO_ANSWER: 1, Outcome.VOICEMAIL: 3, Outcome.CALL_BACK: 1, Outcome.INTERESTED: 1}
"""After how many days the next touch is due, where the user does not name the day; other outcomes have none."""

STAGES = [stage.value for stage in Contact.Stage]
BAD = {Outcome.WRONG_NUMBER, Outcome.DISCONNECTED}


@dataclass(frozen=True)
class NewTouch:
    """One attempt to be logged. `key` makes it one, however often it is sent: a form's token, a row of a file."""

    key: str
    identity_key: str
    outcome: str
    contact_id: str = ""
    number: str = ""
    text: str = ""
    call_back_on: date | None = None
    touched_at: datetime | None = None
    source: str = HAND


def log_touch(
    *,
    user: User,
    contact: Contact,
    outcome: str,
    number: str = "",
    text: str = "",
    call_back_on: date | None = None,
    key: str,
    now: datetime,
) -> Touch:
    """Log one attempt to reach a contact, now, and return it; with a key that was used before, return that one.

    What follows, for all contacts of the person, in one transaction:

    * a wrong or disconnected number is marked bad, and is good again after any other outcome with it;
    * "do not call" puts the person and all their numbers on the user's do-not-call list;
    * the next touch is due on `call_back_on`, else after FOLLOW_UP_DAYS; today while other numbers are left after a bad
      one; and not at all after "not interested" and "do not call";
    * when every number that a trace brought is bad within 30 days, its unit comes back (see `services.refunds`);
    * a new lead is being attempted, an interested one talked to; no stage ever goes back.

    Raises ValueError for an unknown outcome, and for a contact of somebody else.
    """
    identity_key = ensure_identity(contact)
    if contact.user_id != user.pk:
        raise ValueError("The contact is not the user's.")
    touch = NewTouch(
        key=key,
        identity_key=identity_key,
        outcome=outcome,
        contact_id=str(contact.pk),
        number=number,
        text=text,
        call_back_on=call_back_on,
        touched_at=now,
    )
    log_touches(user=user, touches=[touch], now=now)
    return Touch.objects.get(key=stored_key(user.pk, key))


def log_touches(*, user: User, touches: Sequence[NewTouch], now: datetime) -> int:
    """Log many attempts, a hundred in one transaction, and return how many were new.

    The latest one of a person says how it stands, whatever their order. Interrupted and done again, the rest is logged.
    """
    new = 0
    for start in range(0, len(touches), BATCH):
        new += _log_batch(user, touches[start : start + BATCH], now)
    return new


def stored_key(user_id: ObjectId, key: str) -> str:
    """The key under which a touch is kept: keys of two users never meet."""
    return sha256(f"{user_id}:{key}".encode()).hexdigest()


def _log_batch(user: User, touches: Sequence[NewTouch], now: datetime) -> int:
    documents: dict[str, dict[str, Any]] = {}
    for touch in touches:
        document = _document(user.pk, touch, now)
        documents.setdefault(document["key"], document)
    ensure_identities(user.pk, {document["identityKey"] for document in documents.values()})
    for attempt in range(TRIES):
        there = collection_of(Touch).find({"key": {"$in": list(documents)}}, {"_id": 0, "key": 1})
        for found in there:
            del documents[found["key"]]
        if not documents:
            return 0
        new = list(documents.values())
        try:
            if run_txn(partial(_log, user, new, now)):
                give_refunds(user_id=user.pk, now=now)
            return len(new)
        except BulkWriteError as error:  # another process logs the same one, or bars the same number
            is_race = all(each["code"] == DUPLICATE_KEY for each in error.details["writeErrors"])
            if not is_race or attempt == TRIES - 1:
                raise
    raise AssertionError("unreachable")


def _document(user_id: ObjectId, touch: NewTouch, now: datetime) -> dict[str, Any]:
    return {
        "_id": ObjectId(),
        "userId": user_id,
        "key": stored_key(user_id, touch.key),
        "identityKey": touch.identity_key,
        "contactId": touch.contact_id,
        "outcome": Outcome(touch.outcome).value,
        "number": read_phone(touch.number) or "" if touch.number else "",
        "text": touch.text.strip()[:TEXT_LENGTH],
        "callBackOn": _midnight(touch.call_back_on),
        "source": touch.source,
        "touchedAt": as_utc(touch.touched_at or now),
        "createdAt": as_utc(now),
    }


@dataclass
class _Person:
    """An identity while touches are added to it."""

    identity: Mapping[str, Any]
    numbers: set[str]
    traced: set[str]
    stage: str
    values: dict[str, Any] = field(default_factory=dict)
    is_barred: bool = False

    def get(self, name: str) -> Any:
        return self.values.get(name, self.identity.get(name))

    @property
    def is_lost(self) -> bool:
        """Whether a trace brought numbers, and every one of them is wrong or disconnected."""
        return bool(self.traced) and self.traced <= (self.get("badNumbers") or {}).keys()

    def add(self, touch: Mapping[str, Any], today: date) -> None:
        """What one touch changes. Touches come in the order of their time."""
        outcome, number = Outcome(touch["outcome"]), touch["number"]
        before = self.get("lastTouchedAt")
        is_latest = before is None or as_utc(before) <= touch["touchedAt"]
        self.values["touchCount"] = (self.get("touchCount") or 0) + 1
        if number:
            bad = {key: value for key, value in (self.get("badNumbers") or {}).items() if key != number}
            self.values["badNumbers"] = {**bad, number: outcome.value} if outcome in BAD else bad
        if outcome == Outcome.DO_NOT_CALL:
            self.is_barred = True
            if not self.get("doNotCallAt"):
                self.values["doNotCallAt"] = touch["touchedAt"]
        if is_latest:
            self.values |= {"lastOutcome": outcome.value, "lastTouchedAt": touch["touchedAt"]}
            self.values["nextTouchOn"] = self._next_touch(touch, outcome, today)
        self._move_on(outcome, touch["touchedAt"])

    def _next_touch(self, touch: Mapping[str, Any], outcome: Outcome, today: date) -> datetime | None:
        if outcome == Outcome.DO_NOT_CALL or self.get("doNotCallAt"):
            return None
        if touch["callBackOn"]:
            return touch["callBackOn"]
        if outcome in BAD:
            left = self.numbers - (self.get("badNumbers") or {}).keys()
            return _midnight(today) if left else None
        days = FOLLOW_UP_DAYS.get(outcome)
        return _midnight(today + timedelta(days=days)) if days else None

    def _move_on(self, outcome: Outcome, moment: datetime) -> None:
        wanted = Contact.Stage.TALKING if outcome == Outcome.INTERESTED else Contact.Stage.ATTEMPTING
        if STAGES.index(wanted) > STAGES.index(self.stage):
            self.stage = wanted.value
            self.values |= {"stage": self.stage, "stageAt": moment}


def _log(user: User, documents: list[dict[str, Any]], now: datetime) -> int:
    """Add touches to people, in the running transaction, and return how many traced ones have no number left."""
    session = current_session()
    keys = list({document["identityKey"] for document in documents})
    of_them = {"userId": user.pk, "identityKey": {"$in": keys}}
    contacts: dict[str, list[dict[str, Any]]] = {}
    read = {"identityKey": 1, "phones.number": 1, "phones.source": 1, "stage": 1}
    for contact in collection_of(Contact).find(of_them, read, session=session):
        contacts.setdefault(contact["identityKey"], []).append(contact)
    found = collection_of(Identity).find({"userId": user.pk, "key": {"$in": keys}}, session=session)
    people = {identity["key"]: _person(identity, contacts.get(identity["key"], [])) for identity in found}
    collection_of(Touch).insert_many(documents, session=session)
    for document in sorted(documents, key=lambda each: each["touchedAt"]):
        people[document["identityKey"]].add(document, today_of(user, document["touchedAt"]))
    write_identities([(person.identity["_id"], person.values) for person in people.values()])
    _bar(user.pk, people, documents, now)
    standing.refresh(user_id=user.pk, identity_keys=keys, now=now)
    touched = {document["identityKey"] for document in documents if document["outcome"] in BAD}
    return note_bad_hits(user_id=user.pk, keys=[key for key in touched if people[key].is_lost], now=now)


def _person(identity: Mapping[str, Any], contacts: Iterable[Mapping[str, Any]]) -> _Person:
    contacts = list(contacts)
    stages = [contact.get("stage") for contact in contacts]
    furthest = max((STAGES.index(stage) for stage in stages if stage in STAGES), default=0)
    phones = [phone for contact in contacts for phone in contact.get("phones") or ()]
    numbers = {phone["number"] for phone in phones if phone.get("number")}
    traced = {phone["number"] for phone in phones if phone.get("number") and phone.get("source") == TRACE}
    return _Person(identity, numbers, traced, identity.get("stage") or STAGES[furthest])


def _bar(user_id: ObjectId, people: Mapping[str, _Person], documents: list[dict[str, Any]], now: datetime) -> None:
    dialed: dict[str, list[str]] = {key: [] for key, person in people.items() if person.is_barred}
    for each in documents:
        if each["outcome"] == Outcome.DO_NOT_CALL and each["number"]:
            dialed[each["identityKey"]].append(each["number"])
    if dialed:
        bar_people(user_id, dialed, why="Asked not to be called", now=now)


def _midnight(day: date | None) -> datetime | None:
    """A day as MongoDB keeps it."""
    return datetime.combine(day, time()) if day else None
