"""What is known of a person: numbers and why they may not be dialed, hours, touches, and the score with its receipt."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId

from accounts.models import User
from atlas_site.mongodb.documents import collection_of, current_session
from leads.calling import Number, numbers_of
from leads.hours import Hours, hours_of
from leads.models import Contact, DoNotCall, Identity, Touch
from leads.scoring import Facts, Score, score

TOUCHES_SHOWN = 50


@dataclass(frozen=True)
class Person:
    """A contact with what is known of the person. `numbers` are in the order in which to dial them."""

    contact: Contact
    numbers: list[Number]
    hours: Hours
    score: Score
    touches: list[Touch]
    local_times: list[str]
    """What time it is where they may live, the westernmost first: pages show it as it is, and not in their own zone."""
    may_call: bool | None
    """Whether it is between 8 am and 9 pm where they live; None when nothing tells where that is."""

    @property
    def is_split(self) -> bool:
        """Whether they may live in one of several time zones."""
        return len(self.local_times) > 1


def person_of(user: User, contact: Contact, now: datetime) -> Person:
    """What is known of a contact of the user."""
    numbers = numbers_of(contact, dnc_numbers_of(user.pk, _listed(contact)), now)
    hours = hours_of(contact)
    return Person(
        contact=contact,
        numbers=numbers,
        hours=hours,
        score=score_of(contact, numbers),
        touches=touches_of(user, contact),
        local_times=[clock_time(moment) for moment in hours.times(now)],
        may_call=hours.may_call(now),
    )


def clock_time(moment: datetime) -> str:
    """A local time as a clock there shows it: 5:29 pm."""
    return f"{moment.hour % 12 or 12}:{moment:%M} {'am' if moment.hour < 12 else 'pm'}"


def score_of(contact: Contact, numbers: list[Number]) -> Score:
    """The score of a contact now, with its receipt."""
    found = Identity.objects.filter(user_id=contact.user_id, key=contact.identity_key or "").first() or Identity()
    known = {
        "touchCount": found.touch_count,
        "lastOutcome": found.last_outcome,
        "stage": found.stage,
        "doNotCallAt": found.do_not_call_at,
    }
    values = {
        "emails": contact.emails,
        "mailingAddress": contact.mailing_address,
        "propertyId": contact.property_id,
        "stage": contact.stage,
        "isLitigator": contact.is_litigator,
        "isDeceased": contact.is_deceased,
    }
    return score(facts_of(values, known, numbers))


def touches_of(user: User, contact: Contact, limit: int = TOUCHES_SHOWN) -> list[Touch]:
    """The last attempts to reach a person, the newest first, whichever list they were made from."""
    if not contact.identity_key:
        return []
    found = Touch.objects.filter(user_id=user.pk, identity_key=contact.identity_key)
    return list(found.order_by("-touched_at")[:limit])


def dnc_numbers_of(user_id: ObjectId, numbers: Iterable[str]) -> set[str]:
    """Those of these numbers that are on the user's own do-not-call list."""
    asked = list(numbers)
    if not asked:
        return set()
    barred = {"userId": user_id, "number": {"$in": asked}, "removedAt": None}
    found = collection_of(DoNotCall).find(barred, {"_id": 0, "number": 1}, session=current_session())
    return {entry["number"] for entry in found}


def facts_of(contact: Mapping[str, Any], identity: Mapping[str, Any], numbers: list[Number]) -> Facts:
    """What counts for the score of a contact."""
    best = numbers[0] if numbers and numbers[0].is_callable else None
    return Facts(
        callable_count=sum(number.is_callable for number in numbers),
        has_phone=any(not number.is_bad for number in numbers),
        best_score=best.score if best else None,
        best_is_mobile=bool(best and best.is_mobile),
        has_email=bool(contact.get("emails")),
        has_mailing_address=bool(contact.get("mailingAddress")),
        has_property=bool(contact.get("propertyId")),
        touches=identity.get("touchCount") or 0,
        last_outcome=identity.get("lastOutcome"),
        stage=identity.get("stage") or contact.get("stage") or "new",
        must_not_be_called=bool(identity.get("doNotCallAt") or contact.get("isLitigator") or contact.get("isDeceased")),
    )


def _listed(contact: Contact) -> list[str]:
    return [number for number in [*(phone.get("number") for phone in contact.phones), contact.phone] if number]
