"""Which contacts a skip trace is about: what is asked of the vendor, what is held already, and what is left out."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any

from bson import ObjectId
from django.conf import settings
from pymongo import UpdateOne

from accounts.models import User
from atlas_site.mongodb.documents import as_utc, collection_of
from leads.models import Contact, Enrichment, EnrichmentBatch, LeadGroup
from leads.services.people import values_of_person
from leads.services.traces.requests import (
    SHOWN_TO_VENDOR,
    asked_as,
    is_same_person,
    is_traceable,
    key_of_row,
    place_of,
)
from properties.models import PersonTrace, TraceOutcome, TracePurchase
from properties.services.traces import (
    Bought,
    buy_traces,
    held_traces,
    is_bought,
    purchases_of,
    store_traces,
    unlocked_contacts,
)

CONTACTS_AT_ONCE = 1_000
READ = dict.fromkeys((*SHOWN_TO_VENDOR, "identityKey", "propertyId", "tracedAt", "phone", "phones.number"), 1)


class Kind(StrEnum):
    """What a trace would do with a contact. The first three are its rows; only two of them can cost something."""

    ASK = "ask"
    COPY = "copy"
    ATTACH = "attach"
    YOURS = "yours"
    MISSED = "missed"
    UNTRACEABLE = "untraceable"
    DUPLICATE = "duplicate"
    UNDER_WAY = "under_way"
    HAS_PHONE = "has_phone"


ROWS = (Kind.ASK, Kind.COPY, Kind.ATTACH)
PRICED = (Kind.ASK, Kind.COPY)
# Who has a number is left out of these, if the choice says so.
SKIPPED = (*PRICED, Kind.UNTRACEABLE)
COUNTED_AS = {
    Kind.ASK: "to_ask",
    Kind.COPY: "from_copy",
    Kind.ATTACH: "yours",
    Kind.YOURS: "yours",
    Kind.MISSED: "missed_lately",
    Kind.UNTRACEABLE: "untraceable",
    Kind.DUPLICATE: "duplicates",
    Kind.UNDER_WAY: "under_way",
    Kind.HAS_PHONE: "left_out",
}


@dataclass
class TraceCount:
    """How many contacts of a choice there are of each kind. `to_ask` and `from_copy` cost a unit each, if they hit.

    `yours` are bought already, `known_free` told e-mails alone or a litigator lately, to somebody else: attached free.
    `old` are those of `yours` whose numbers are over 30 days old: they may be asked for anew, if the user says so.
    `has_phone` counts those who have a number, whatever else they are; they are `left_out` when the choice says so, and
    otherwise `skippable` has those of them who would be, by the name under which they are counted. `is_whole` is False
    when the counting stopped at a limit.
    """

    total: int = 0
    to_ask: int = 0
    from_copy: int = 0
    yours: int = 0
    old: int = 0
    known_free: int = 0
    missed_lately: int = 0
    untraceable: int = 0
    duplicates: int = 0
    under_way: int = 0
    has_phone: int = 0
    left_out: int = 0
    skippable: Counter[str] = field(default_factory=Counter)
    is_whole: bool = True

    @property
    def units(self) -> int:
        """The most that can be charged, in units."""
        return self.to_ask + self.from_copy

    def skipping_phones(self) -> "TraceCount":
        """The same contacts as they count when those who have a number are left out."""
        rest = {name: getattr(self, name) - count for name, count in self.skippable.items()}
        return replace(self, **rest, left_out=self.left_out + self.skippable.total(), skippable=Counter())


@dataclass(frozen=True)
class Candidate:
    """A contact of a choice, and what a trace would do with it."""

    contact: Mapping[str, Any]
    kind: Kind
    trace_key: str = ""
    person: str = ""
    # Whether the vendor is asked although Atlas holds an answer.
    is_anew: bool = False
    # When the user bought the numbers, over 30 days old by now, that asking anew would renew; "" for nothing to renew.
    renews: str = ""

    @property
    def key(self) -> str:
        return self.contact.get("identityKey") or ""

    @property
    def has_phone(self) -> bool:
        return _has_phone(self.contact)


@dataclass
class Choice:
    """Contacts of a user: all of a list, or those with these ids, in the order of the list or of the ids.

    `skips_with_phone` leaves out those who have a number already. `asks_anew` is for those alone who are the user's,
    free, with numbers over 30 days old: the vendor is asked again (the money rule: asking again for owned data).
    """

    user: User
    group: LeadGroup | None
    contact_ids: list[ObjectId] | None = None
    skips_with_phone: bool = False
    asks_anew: bool = False
    _seen: set[str] = field(default_factory=set, init=False)

    def walk(self, now: datetime, count: TraceCount) -> Iterator[Candidate]:
        """Every contact with its kind, counted on the way. Each identity is asked for once."""
        self._seen = set()
        under_way = keys_under_way(self.user.pk, now)
        contacts = iter(self._contacts())
        while some := list(islice(contacts, CONTACTS_AT_ONCE)):
            yield from self._candidates(some, under_way, now, count)

    def _contacts(self) -> Iterator[dict[str, Any]]:
        # Contacts of an earlier Atlas do not name their user; their list does.
        own: dict[str, Any] = {"userId": self.user.pk} if self.group is None else {"leadsId": self.group.pk}
        if self.contact_ids is None:
            yield from collection_of(Contact).find(own, READ, batch_size=CONTACTS_AT_ONCE).sort("_id", 1)
            return
        ids = iter(dict.fromkeys(self.contact_ids))
        while some := list(islice(ids, CONTACTS_AT_ONCE)):
            found = {each["_id"]: each for each in collection_of(Contact).find({**own, "_id": {"$in": some}}, READ)}
            yield from (found[each] for each in some if each in found)

    def _candidates(
        self, contacts: list[dict[str, Any]], under_way: set[str], now: datetime, count: TraceCount
    ) -> Iterator[Candidate]:
        _identify(self.user.pk, contacts)
        asked = {contact["_id"]: asked_as(contact) for contact in contacts}
        take_over_unlocks(self.user.pk, contacts, now)
        keys = {key for key, _ in asked.values()}
        held = held_traces(keys)
        known_as = {contact["identityKey"] for contact in contacts if contact.get("identityKey")}
        purchases = purchases_of(self.user.pk, keys | known_as, now)
        for contact in contacts:
            key, person = asked[contact["_id"]]
            names = (key, contact.get("identityKey") or "")
            bought = {name: purchases[name] for name in names if is_bought(purchases.get(name), person)}
            kind = self._kind_of_new(contact.get("identityKey") or "", key, under_way)
            if kind is None:
                kind = self._kind(contact, key, held.get(key), bought, now)
            if self.skips_with_phone and kind in SKIPPED and _has_phone(contact):
                kind = Kind.HAS_PHONE
            renews = _renewed(contact, key, held.get(key), bought, now) if kind in {Kind.YOURS, Kind.ATTACH} else ""
            if self.asks_anew:
                if not renews:
                    continue
                kind = Kind.ASK
            is_fresh = key in held and held[key].answered_at > now - settings.RECORD_FRESH_FOR
            is_anew = kind == Kind.ASK and is_fresh and not renews
            candidate = Candidate(contact, kind, key, person, is_anew=is_anew, renews=renews)
            _tally(count, candidate)
            yield candidate

    def _kind_of_new(self, identity: str, key: str, under_way: set[str]) -> Kind | None:
        """The kind of a contact that no answer has to be looked at for."""
        if not identity:
            return Kind.UNTRACEABLE
        names = {identity, key}
        if names & self._seen:
            return Kind.DUPLICATE
        self._seen |= names
        return Kind.UNDER_WAY if names & under_way else None

    def _kind(
        self,
        contact: Mapping[str, Any],
        key: str,
        held: PersonTrace | None,
        bought: Mapping[str, TracePurchase],
        now: datetime,
    ) -> Kind:
        identity = contact["identityKey"]
        if key not in bought and identity in bought and _has_result_of(contact, bought[identity]):
            return Kind.YOURS
        if held is not None:
            is_shown = is_up_to_date(contact, held)
            is_fresh = held.answered_at > now - settings.RECORD_FRESH_FOR
            if key in bought:
                return Kind.YOURS if is_shown else Kind.ATTACH
            if is_fresh and held.outcome != TraceOutcome.HIT:
                return Kind.MISSED if held.outcome == TraceOutcome.MISS or is_shown else Kind.ATTACH
        else:
            is_fresh = False
        # What was told of the contact under another name or address later than this copy would hide it.
        is_hidden = key != identity and held is not None and is_up_to_date(contact, held)
        if is_fresh and not is_hidden:
            return Kind.COPY
        return Kind.ASK if is_traceable(contact) else Kind.UNTRACEABLE


def _identify(user_id: ObjectId, contacts: list[dict[str, Any]]) -> None:
    """Give contacts of an earlier Atlas, or ones made by hand, their identities."""
    nameless = {contact["_id"]: contact for contact in contacts if not contact.get("identityKey")}
    if not nameless:
        return
    updates = []
    for document in collection_of(Contact).find({"_id": {"$in": list(nameless)}}):
        values = values_of_person(document, user_id)
        nameless[document["_id"]].update(values)
        updates.append(UpdateOne({"_id": document["_id"], "identityKey": None}, {"$set": values}))
    if updates:
        collection_of(Contact).bulk_write(updates, ordered=False)


def _has_phone(contact: Mapping[str, Any]) -> bool:
    return bool(contact.get("phone") or contact.get("phones"))


def is_up_to_date(contact: Mapping[str, Any], held: PersonTrace) -> bool:
    """Whether a contact shows this answer, or a later one."""
    traced_at = contact.get("tracedAt")
    return traced_at is not None and as_utc(traced_at) >= held.answered_at


def _renewed(
    contact: Mapping[str, Any],
    key: str,
    held: PersonTrace | None,
    bought: Mapping[str, TracePurchase],
    now: datetime,
) -> str:
    """When the user bought what is over 30 days old of a contact, and can be asked for; "" for nothing of that kind."""
    purchase = bought.get(key) or bought.get(contact["identityKey"])
    told = [as_utc(contact["tracedAt"])] if contact.get("tracedAt") else []
    if held is not None and key in bought:
        told.append(held.answered_at)
    if purchase is None or not told or max(told) > now - settings.RECORD_FRESH_FOR or not is_traceable(contact):
        return ""
    return purchase.bought_at.isoformat()


def _has_result_of(contact: Mapping[str, Any], bought: TracePurchase) -> bool:
    """Whether a contact that is written otherwise than who was bought is still at that place, and has what was told."""
    place = place_of(contact)
    return contact.get("tracedAt") is not None and (not place or not bought.place_key or place == bought.place_key)


def _tally(count: TraceCount, candidate: Candidate) -> None:
    count.total += 1
    count.has_phone += candidate.has_phone
    count.old += bool(candidate.renews) and candidate.kind != Kind.ASK
    name = COUNTED_AS[candidate.kind]
    setattr(count, name, getattr(count, name) + 1)
    if candidate.has_phone and candidate.kind in SKIPPED:
        count.skippable[name] += 1


def keys_under_way(user_id: ObjectId, now: datetime) -> set[str]:
    """The keys of whom jobs of the user are about to ask for, or wait for: their identities, and what is asked."""
    jobs = Enrichment.objects.filter(user_id=user_id, status=Enrichment.Status.PROCESSING, phase__isnull=False)
    query = {
        "enrichmentId": {"$in": list(jobs.values_list("pk", flat=True))},
        "status": EnrichmentBatch.Status.PENDING.value,
        "phase": {"$ne": None},
    }
    found = collection_of(EnrichmentBatch).find(query, {"rows.key": 1, "rows.traceKey": 1})
    return {key for batch in found for row in batch["rows"] for key in (row["key"], key_of_row(row))}


def take_over_unlocks(user_id: ObjectId, contacts: Iterable[Mapping[str, Any]], now: datetime) -> None:
    """Let a CONTACT unlock of a contact's property count as bought, when its owner is the contact: one purchase.

    What the unlock told is kept as a trace of that person, and the user has bought it; both may be done again.
    """
    linked: dict[str, list[Mapping[str, Any]]] = {}
    for contact in contacts:
        if contact.get("propertyId") and contact.get("identityKey"):
            linked.setdefault(contact["propertyId"], []).append(contact)
    if not linked:
        return
    unlocked = unlocked_contacts(user_id=user_id, property_ids=linked, now=now)
    # The user writes where a contact is: only at the property's own place is it the owner who was paid for.
    found = {
        asked_as(contact): (contact, trace)
        for property_id, trace in unlocked.items()
        for contact in linked[property_id]
        if trace.outcome == TraceOutcome.HIT
        and trace.place_key
        and place_of(contact) == trace.place_key
        and is_same_person(contact, trace.person["name"])
    }
    purchases = purchases_of(user_id, [key for key, _ in found], now)
    new = {(key, person): what for (key, person), what in found.items() if not is_bought(purchases.get(key), person)}
    store_traces(replace(trace, key=key) for (key, _), (_, trace) in new.items())
    for (key, person), (contact, trace) in new.items():
        bought = Bought(key, contact["identityKey"], trace.place_key, person)
        buy_traces(user_id=user_id, bought=[bought], now=trace.answered_at)
