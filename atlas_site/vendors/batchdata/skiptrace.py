"""Reading skip-trace answers of both versions of the vendor's interface into one shape.

Version 1 gives one person per property in ``results.persons``, version 3 up to three in ``result.data``. Rows may be
null, missing or out of order, so a row carries the request id, its position and the echoed address, and whoever links
rows uses the id, then the address, and never the position alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from atlas_site.vendors import lenient
from atlas_site.vendors.batchdata.contacts import Email, Phone, emails_of, phones_of
from atlas_site.vendors.batchdata.records import Address, PersonName, read_address, read_name

NO_ADDRESS = Address()


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


@dataclass(frozen=True, slots=True)
class TraceAnswer:
    """All rows of an answer, and the counts that the vendor bills by. A count that is missing is None."""

    rows: tuple[TraceRow, ...]
    request_count: int | None = None
    match_count: int | None = None
    no_match_count: int | None = None
    error_count: int | None = None
    request_id: str | None = None


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
            phones=_by_rank(phones_of(raw.get("phones"))),
            emails=emails_of(raw.get("emails")),
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


def _by_rank(phones: tuple[Phone, ...]) -> tuple[Phone, ...]:
    """Put phones in the order of their rank; those without one come last, in the order they came."""
    return tuple(sorted(phones, key=lambda phone: (phone.rank is None, phone.rank or 0)))


def _best_address(raw: dict[str, Any]) -> Address:
    """Return the address of the best rank, which is the lowest number."""
    ranked = [
        (rank if (rank := lenient.number(item.get("rank"))) is not None else 10**9, position, item)
        for position, item in enumerate(lenient.objects(raw, "addresses"))
    ]
    return read_address(min(ranked)[2]) if ranked else NO_ADDRESS
