"""The plain shape of a contact that exports are made of, named as the fields of `leads.models.Contact`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

KEYS = {
    "first_name": "firstName",
    "middle_name": "middleName",
    "last_name": "lastName",
    "suffix": "suffix",
    "company": "company",
    "email": "email",
    "phone": "phone",
    "phones": "phones",
    "emails": "emails",
    "linkedin": "linkedin",
    "address": "address",
    "city": "city",
    "state": "state",
    "zip": "zip",
    "county": "county",
    "apn": "apn",
    "mailing_address": "mailingAddress",
    "mailing_city": "mailingCity",
    "mailing_state": "mailingState",
    "mailing_zip": "mailingZip",
    "other_owners": "otherOwners",
    "stage": "stage",
    "dead_reason": "deadReason",
    "origin": "origin",
    "trace_outcome": "traceOutcome",
    "traced_at": "tracedAt",
    "is_litigator": "isLitigator",
    "is_deceased": "isDeceased",
    "do_not_call": "doNotCall",
    "do_not_mail": "doNotMail",
    "last_outcome": "lastOutcome",
    "last_touched_at": "lastTouchedAt",
    "next_touch_on": "nextTouchOn",
    "engagement_score": "engagementScore",
}
"""The keys of a contact's document, by the names here."""


@dataclass(slots=True)
class Person:
    """A contact. What is not known is None, as in its document."""

    id: str
    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    suffix: str | None = None
    company: str | None = None
    email: str | None = None
    phone: str | None = None
    phones: Sequence[Mapping[str, Any]] = ()
    emails: Sequence[Mapping[str, Any]] = ()
    linkedin: str | None = None
    address: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    county: str | None = None
    apn: str | None = None
    mailing_address: str | None = None
    mailing_city: str | None = None
    mailing_state: str | None = None
    mailing_zip: str | None = None
    other_owners: Sequence[str] = ()
    stage: str | None = None
    dead_reason: str | None = None
    origin: Mapping[str, Any] | None = None
    trace_outcome: str | None = None
    traced_at: datetime | None = None
    is_litigator: bool | None = None
    is_deceased: bool | None = None
    do_not_call: bool | None = None
    do_not_mail: bool | None = None
    last_outcome: str | None = None
    last_touched_at: datetime | None = None
    next_touch_on: datetime | date | None = None
    engagement_score: int | None = None

    @property
    def name(self) -> str:
        """The whole name of the person, "" for a company."""
        parts = (self.first_name, self.middle_name, self.last_name, self.suffix)
        return " ".join(part for part in parts if part)

    @property
    def numbers(self) -> Sequence[str]:
        """All numbers, as the document has them."""
        return [phone["number"] for phone in self.phones if phone.get("number")]


def person_of(document: Mapping[str, Any]) -> Person:
    """The person of a contact's document; lists that an earlier Atlas did not know are made of the single values."""
    get = document.get
    values: dict[str, Any] = {name: get(key) for name, key in KEYS.items()}
    for name in ("phones", "emails", "other_owners"):
        values[name] = values[name] or ()
    if not values["emails"] and values["email"]:
        values["emails"] = ({"address": values["email"]},)
    if not values["phones"] and values["phone"]:
        values["phones"] = ({"number": values["phone"]},)
    for name in ("traced_at", "last_touched_at"):
        moment = values[name]
        if moment is not None and moment.tzinfo is None:
            values[name] = moment.replace(tzinfo=UTC)
    return Person(id=str(document["_id"]), **values)
