"""What Atlas holds of people at addresses, and who has paid for which of it: kept, found again, and sold once."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bson import ObjectId
from django.conf import settings
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from atlas_site.mongodb.documents import DUPLICATE_KEY, as_utc, collection_of, current_session, load
from atlas_site.vendors.batchdata import Email, PersonName, Phone, PropertyRecord
from properties.models import Dataset, PersonTrace, Property, PropertyDatasetPermission, TraceOutcome, TracePurchase
from properties.models.records import BEFORE_ALL
from properties.services.records import storable

ABBREVIATIONS = {
    **{"STREET": "ST", "AVENUE": "AVE", "AV": "AVE", "ROAD": "RD", "DRIVE": "DR", "LANE": "LN", "COURT": "CT"},
    **{"BOULEVARD": "BLVD", "PLACE": "PL", "CIRCLE": "CIR", "TERRACE": "TER", "TRAIL": "TRL", "PARKWAY": "PKWY"},
    **{"HIGHWAY": "HWY", "SQUARE": "SQ", "COVE": "CV", "POINT": "PT", "RIDGE": "RDG", "CROSSING": "XING"},
    **{"NORTH": "N", "SOUTH": "S", "EAST": "E", "WEST": "W"},
    **{"NORTHEAST": "NE", "NORTHWEST": "NW", "SOUTHEAST": "SE", "SOUTHWEST": "SW"},
}
UNITS = re.compile(r"\s*(?:\b(?:APT|APARTMENT|UNIT|STE|SUITE|LOT|SPC|TRLR|BLDG|FL|RM)\b\.?\s*#?|#)\s*([\w-]+)$")


@dataclass(frozen=True)
class Traced:
    """What an answer, or a copy, says of a person at an address; `key` is the identity, `place_key` where it is.

    `phones`, `emails` and `person` are as `PersonTrace` keeps them.
    """

    key: str
    place_key: str
    outcome: str
    answered_at: datetime
    phones: Sequence[Mapping[str, Any]] = ()
    emails: Sequence[Mapping[str, Any]] = ()
    person: Mapping[str, Any] = field(default_factory=dict)
    call_id: str = ""


@dataclass(frozen=True)
class Bought:
    """Whom a user buys: `key` is who was asked, `identity` how the user knows them, `person` a digest of the name."""

    key: str
    identity: str
    place_key: str
    person: str = ""


def place_key(street: str | None, zip_code: str | None) -> str:
    """What compares the places of properties and of traced people: street with unit and ZIP code; "" without either.

    Words are compared in their usual abbreviations, wherever in a street they stand.
    """
    plain = re.sub(r"[^\w#/-]+", " ", (street or "").upper()).split()
    words = " ".join(ABBREVIATIONS.get(word, word) for word in plain)
    zip5 = (zip_code or "").strip()[:5]
    if not words or not zip5:
        return ""
    return f"{UNITS.sub(_unit, words)}|{zip5}"


def _unit(found: re.Match[str]) -> str:
    return f"#{found[1]}"


def known_traces(keys: Iterable[str], now: datetime) -> dict[str, PersonTrace]:
    """What Atlas holds of these identities that is younger than 30 days: nobody is asked for it again."""
    since = now - settings.RECORD_FRESH_FOR
    return {key: found for key, found in held_traces(keys).items() if found.answered_at > since}


def held_traces(keys: Iterable[str]) -> dict[str, PersonTrace]:
    """All that Atlas holds of these identities, however old."""
    if not (wanted := list(keys)):
        return {}
    found = collection_of(PersonTrace).find({"key": {"$in": wanted}}, session=current_session())
    return {each["key"]: load(PersonTrace, each) for each in found}


def purchases_of(user_id: ObjectId, keys: Iterable[str], now: datetime) -> dict[str, TracePurchase]:
    """Which of these identities the user has bought within the last 90 days: asking for them again is free."""
    since = now - settings.CONTACT_BOUGHT_FOR
    query = {"userId": user_id, "key": {"$in": list(keys)}, "boughtAt": {"$gt": since}}
    found = collection_of(TracePurchase).find(query, session=current_session())
    return {each["key"]: load(TracePurchase, each) for each in found}


def store_traces(traces: Iterable[Traced]) -> None:
    """Keep answers, whose raw form is on record already. Storing one twice changes nothing; the newest one stays."""
    by_key = {each.key: each for each in traces}
    if not by_key:
        return
    # Of most people nothing is held: to insert them all costs a third of looking for each.
    collection = collection_of(PersonTrace)
    try:
        collection.insert_many(({"_id": ObjectId(), **_document_of(each)} for each in by_key.values()), ordered=False)
    except BulkWriteError as error:
        failed = error.details["writeErrors"]
        if any(each["code"] != DUPLICATE_KEY for each in failed):
            raise
        collection.bulk_write([_update_of(by_key[each["op"]["key"]]) for each in failed], ordered=False)


def _document_of(trace: Traced) -> dict[str, Any]:
    return {
        "key": trace.key,
        "placeKey": trace.place_key[:120],
        "outcome": str(trace.outcome),
        "phones": [dict(phone) for phone in trace.phones],
        "emails": [dict(email) for email in trace.emails],
        "person": storable(dict(trace.person)),
        "callId": trace.call_id,
        "answeredAt": as_utc(trace.answered_at),
    }


def _update_of(trace: Traced) -> UpdateOne:
    answered_at = as_utc(trace.answered_at)
    is_newer = {
        "$or": [
            {"$gt": ["$answeredAt", answered_at]},
            {"$and": [{"$eq": ["$answeredAt", answered_at]}, {"$gt": ["$callId", trace.call_id]}]},
        ]
    }
    changed = {"$mergeObjects": ["$$ROOT", {"$literal": _document_of(trace)}]}
    return UpdateOne({"key": trace.key}, [{"$replaceWith": {"$cond": [is_newer, "$$ROOT", changed]}}])


def buy_traces(*, user_id: ObjectId, bought: Iterable[Bought], now: datetime) -> None:
    """Note that a user has bought what is known of these people, in what runs.

    Two that buy the same at once cannot both succeed: one transaction runs again, and finds it bought.
    """
    people = list(bought)
    same_as = {each.identity: each for each in people}
    updates = [
        UpdateOne(
            {"userId": user_id, "key": key},
            {"$set": _purchase_of(each, key, now), "$setOnInsert": {"_id": ObjectId()}},
            upsert=True,
        )
        for key, each in (same_as | {each.key: each for each in people}).items()
    ]
    if updates:
        collection_of(TracePurchase).bulk_write(updates, ordered=False, session=current_session())


def listed_numbers(trace: PersonTrace) -> str:
    """A digest of what is compared when numbers are asked for anew: which there are, and whether one is not to be
    called, as `properties.datasets.changes` lists them of a property.
    """
    listed = sorted(f"{phone['number']} {bool(phone.get('dnc'))}" for phone in trace.phones)
    return hashlib.sha256("; ".join(listed).encode()).hexdigest()


def _purchase_of(bought: Bought, key: str, now: datetime) -> dict[str, Any]:
    return {
        "boughtAt": as_utc(now),
        "placeKey": bought.place_key[:120],
        "person": bought.person or None,
        "sameAs": None if key == bought.key else bought.key,
    }


def is_bought(purchase: TracePurchase | None, person: str) -> bool:
    """Whether a purchase is of this person; of nobody by name, and of those that do not say of whom, the place tells.

    An identity is a person and an address: who lives there after them was not bought.
    """
    return purchase is not None and person in {"", purchase.person or person}


def is_traced_at(*, user_id: ObjectId, place: str, owners: Iterable[PersonName], now: datetime) -> bool:
    """Whether the user has bought, within the last 90 days, the trace of one of these owners at this place."""
    names = [words for owner in owners if (words := _words(owner.last or owner.full))]
    if not place or not names:
        return False
    since, session = now - settings.CONTACT_BOUGHT_FOR, current_session()
    query = {"userId": user_id, "placeKey": place, "boughtAt": {"$gt": since}}
    keys = [each["key"] for each in collection_of(TracePurchase).find(query, {"key": 1}, session=session)]
    there = {"key": {"$in": keys}, "placeKey": place}
    traced = [
        _words((each.get("person") or {}).get("name"))
        for each in collection_of(PersonTrace).find(there, {"person.name": 1}, session=session)
    ]
    return any(name <= person for name in names for person in traced)


def _words(text: str | None) -> set[str]:
    return set(re.findall(r"\w+", (text or "").lower()))


def unlocked_contacts(*, user_id: ObjectId, property_ids: Iterable[str], now: datetime) -> dict[str, Traced]:
    """What the CONTACT unlocks of the last 90 days told of the owners of these properties, by property id.

    `key` is empty: the caller knows who at that place is meant, and `person["name"]` is the owner's.
    """
    since = now - settings.CONTACT_BOUGHT_FOR
    rows = PropertyDatasetPermission.objects.filter(
        user_id=user_id, property_id__in=list(property_ids), datasets__contains=[Dataset.CONTACT]
    ).only("property_id", "unlocked")
    bought = [row.property_id for row in rows if _unlocked_after(row.unlocked, since)]
    return {copy.property_id: _trace_of(copy) for copy in Property.objects.filter(property_id__in=bought)}


def _unlocked_after(unlocked: Mapping[str, str], since: datetime) -> bool:
    try:
        return as_utc(datetime.fromisoformat(unlocked.get(Dataset.CONTACT) or "")) > since
    except ValueError:
        return False


def _trace_of(copy: Property) -> Traced:
    record = PropertyRecord(copy.data or {})
    answer = copy.answer_of(Dataset.CONTACT)
    checked_at = answer.at if answer else copy.updated_at or BEFORE_ALL
    phones = () if record.is_litigator else record.phones
    return Traced(
        key="",
        place_key=place_key(record.address.street, record.address.zip),
        outcome=outcome_of(has_phone=bool(phones), has_email=bool(record.emails), is_litigator=record.is_litigator),
        answered_at=checked_at,
        phones=[phone_as_kept(phone, checked_at) for phone in phones],
        emails=[email_as_kept(email) for email in record.emails],
        person={"name": record.owner_name or "", "isLitigator": record.is_litigator},
    )


def outcome_of(*, has_phone: bool, has_email: bool, is_litigator: bool | None) -> TraceOutcome:
    """What a matched row told: a litigator's numbers are withheld, and only a phone number is charged."""
    if is_litigator:
        return TraceOutcome.LITIGATOR
    if has_phone:
        return TraceOutcome.HIT
    return TraceOutcome.NO_PHONE if has_email else TraceOutcome.MISS


def phone_as_kept(phone: Phone, checked_at: datetime | None) -> dict[str, Any]:
    """A number with what the vendor said of it and when; what it did not say is null, and null is not "no"."""
    return {
        "number": phone.number,
        "type": phone.type,
        "carrier": phone.carrier,
        "score": phone.score,
        "tested": phone.tested,
        "reachable": phone.reachable,
        "dnc": phone.dnc,
        "tcpa": phone.tcpa,
        "firstReportedOn": phone.first_reported_on.isoformat() if phone.first_reported_on else None,
        "lastReportedOn": phone.last_reported_on.isoformat() if phone.last_reported_on else None,
        "checkedAt": as_utc(checked_at).isoformat() if checked_at else None,
    }


def email_as_kept(email: Email) -> dict[str, Any]:
    """An e-mail address, and whether it was tested."""
    return {"address": email.address, "tested": email.tested}
