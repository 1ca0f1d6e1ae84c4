"""Reading skip-trace answers of both versions of the vendor's interface into one shape.

Version 1 gives one person per property in ``results.persons``, version 3 up to three in ``result.data``. Rows may be
null, missing or out of order, so a row carries the request id, its position and the echoed address, and whoever links
rows uses the id, then the address, and never the position alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from atlas_site.vendors import lenient
from atlas_site.vendors.batchdata.contacts import Email, Phone, emails_of, phones_of
from atlas_site.vendors.batchdata.records import Address, PersonName, read_address, read_name

NO_ADDRESS = Address()
NO_NAME = PersonName()
# When an answer came that has not come: the gateway says when it did.
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TraceRequest:
    """One row to trace: a property, and the person to find there, if known; else the vendor looks for its owner.

    The property is named by ``address`` (a street with a ZIP code, or with city and state) or by its parcel: ``apn``
    with ``county_fips``, or with county and state of ``address``. ``row_id`` comes back with the answer.
    """

    row_id: str
    address: Address = NO_ADDRESS
    name: PersonName = NO_NAME
    mailing_address: Address = NO_ADDRESS
    apn: str | None = None
    county_fips: str | None = None

    @property
    def is_traceable(self) -> bool:
        """Whether the vendor can find the property by what the row says."""
        place = self.address
        has_address = bool(place.street and (place.zip or (place.city and place.state)))
        return has_address or bool(self.apn and (self.county_fips or (place.county and place.state)))

    def body(self) -> dict[str, Any]:
        """Return the row as the vendor takes it, without what is unknown."""
        body: dict[str, Any] = {"requestId": self.row_id}
        if self.address.street:
            body["propertyAddress"] = _wire_address(self.address)
        if self.apn:
            where = (
                {"countyFipsCode": self.county_fips} if self.county_fips else _known(self.address, "county", "state")
            )
            body |= {"apn": self.apn, **where}
        if name := _known(self.name, "first", "last"):
            body["name"] = name
        if self.mailing_address.street:
            body["mailingAddress"] = _wire_address(self.mailing_address)
        return body


@dataclass(frozen=True, slots=True)
class TracedPerson:
    """A person found for a property. Flags are None when the vendor did not say.

    ``dnc_tcpa`` is the vendor's flag on the person; each phone has its own beside it.
    """

    name: PersonName
    phones: tuple[Phone, ...] = ()
    emails: tuple[Email, ...] = ()
    mailing_address: Address = NO_ADDRESS
    is_owner: bool | None = None
    is_litigator: bool | None = None
    is_deceased: bool | None = None
    is_bankrupt: bool | None = None
    dnc_tcpa: bool | None = None


@dataclass(frozen=True, slots=True)
class TraceRow:
    """The answer for one requested property. ``matched`` is what the vendor bills."""

    position: int
    request_id: str | None
    matched: bool
    failed: bool
    address: Address
    persons: tuple[TracedPerson, ...] = ()
    vendor_id: str | None = None

    @property
    def has_phone(self) -> bool:
        """Whether anybody was found with a phone number; a match may come with e-mails alone, or with nothing."""
        return any(person.phones for person in self.persons)


@dataclass(frozen=True, slots=True)
class TraceAnswer:
    """All rows of an answer, and the counts that the vendor bills by. A count that is missing is None.

    ``answered_at`` is when the answer came, also when it is read again later.
    """

    rows: tuple[TraceRow, ...]
    request_count: int | None = None
    match_count: int | None = None
    no_match_count: int | None = None
    error_count: int | None = None
    request_id: str | None = None
    call_id: str = ""
    replayed: bool = False
    answered_at: datetime = NEVER

    @property
    def billed_count(self) -> int:
        """The matches that the vendor bills: by its own count, else those among the rows."""
        matched = sum(row.matched for row in self.rows)
        return matched if self.match_count is None else max(0, self.match_count)


def read_trace(payload: Any) -> TraceAnswer:
    """Read the answer of a skip trace of either version; what cannot be read is left out, nothing is raised."""
    is_v3 = isinstance(lenient.dig(payload, "result.data"), list)
    items = lenient.dig(payload, "result.data" if is_v3 else "results.persons")
    read_row = _read_v3_row if is_v3 else _read_v1_row
    rows = [
        read_row(position, item)
        for position, item in enumerate(items if isinstance(items, list) else [])
        if isinstance(item, dict)
    ]
    meta = lenient.group(payload, "result.meta" if is_v3 else "results.meta")
    counts = lenient.group(meta, "results")
    return TraceAnswer(
        rows=tuple(rows),
        request_count=lenient.whole(counts.get("requestCount")),
        match_count=lenient.whole(counts.get("matchCount")),
        no_match_count=lenient.whole(counts.get("noMatchCount")),
        error_count=lenient.whole(counts.get("errorCount")),
        request_id=lenient.text(meta.get("requestId")),
    )


def _read_v1_row(position: int, item: dict[str, Any]) -> TraceRow:
    matched, failed = _outcome(item)
    person = TracedPerson(
        name=read_name(item.get("name")),
        phones=phones_of(item.get("phoneNumbers")),
        emails=emails_of(item.get("emails")),
        mailing_address=read_address(item.get("mailingAddress")),
        is_litigator=lenient.boolean(item.get("litigator")),
        is_deceased=_flag(item.get("death"), "deceased"),
        is_bankrupt=_flag(item.get("bankruptcy"), "bankruptcy"),
        dnc_tcpa=_flag(item.get("dnc"), "tcpa"),
    )
    return TraceRow(
        position=position,
        request_id=_first_text(item, "requestId", "meta.requestId", "input.requestId"),
        matched=matched,
        failed=failed,
        address=read_address(item.get("propertyAddress") or lenient.dig(item, "property.address")),
        persons=(person,) if matched else (),
        vendor_id=lenient.text(item.get("_id")),
    )


def _read_v3_row(position: int, item: dict[str, Any]) -> TraceRow:
    matched, failed = _outcome(item)
    persons = tuple(
        TracedPerson(
            name=read_name(raw.get("name")),
            phones=phones_of(_by_rank(raw.get("phones"))),
            emails=emails_of(_by_rank(raw.get("emails"))),
            mailing_address=_best_address(raw),
            is_owner=lenient.boolean(raw.get("propertyOwner")),
            is_litigator=lenient.boolean(raw.get("litigator")),
            is_deceased=_flag(raw.get("deceased"), "deceased"),
        )
        for raw in lenient.objects(item, "persons")
    )
    echoed = lenient.dig(item, "input.propertyAddress") or lenient.dig(item, "input.address")
    index = lenient.whole(item.get("inputIndex"))
    return TraceRow(
        position=position if index is None else index,
        request_id=_first_text(item, "input.requestId", "requestId", "meta.requestId"),
        matched=matched,
        failed=failed,
        address=read_address(echoed or lenient.dig(item, "property.address")),
        persons=persons if matched else (),
        vendor_id=lenient.text(lenient.dig(item, "property.id")),
    )


def _outcome(item: dict[str, Any]) -> tuple[bool, bool]:
    """Return whether a row matched and whether it failed; a row that does not say matched did not."""
    failed = lenient.boolean(lenient.dig(item, "meta.error")) is True
    return lenient.boolean(lenient.dig(item, "meta.matched")) is True and not failed, failed


def _flag(value: Any, key: str) -> bool | None:
    """Read a flag that comes alone or as a key of an object; an empty object is unknown."""
    return lenient.boolean(value.get(key) if isinstance(value, dict) else value)


def _first_text(item: dict[str, Any], *paths: str) -> str | None:
    return next((found for path in paths if (found := lenient.text(lenient.dig(item, path)))), None)


def _by_rank(items: Any) -> Any:
    """Put phones or e-mails in the order of their rank; those without one come last, in the order they came."""
    return sorted(items, key=_rank) if isinstance(items, list) else items


def _rank(item: Any) -> float:
    rank = lenient.number(item.get("rank")) if isinstance(item, dict) else None
    return math.inf if rank is None else rank


def _best_address(raw: dict[str, Any]) -> Address:
    """Return the address of the best rank, which is the lowest number."""
    addresses = list(lenient.objects(raw, "addresses"))
    return read_address(min(addresses, key=_rank)) if addresses else NO_ADDRESS


def _wire_address(address: Address) -> dict[str, str]:
    return _known(address, "street", "city", "state", "zip")


def _known(value: Address | PersonName, *parts: str) -> dict[str, str]:
    return {part: found for part in parts if (found := getattr(value, part))}
