"""From a raw HTTP answer to what was asked for, or to the error that says who has to act (BatchData API reference)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from atlas_site.lib.http import Answer
from atlas_site.vendors import lenient
from atlas_site.vendors.batchdata.records import Address, PropertyRecord, read_address
from atlas_site.vendors.batchdata.skiptrace import NEVER, TraceAnswer, TraceRequest, read_trace
from atlas_site.vendors.batchdata.trace_links import link_rows
from atlas_site.vendors.errors import (
    VendorBadAnswer,
    VendorError,
    VendorMisconfigured,
    VendorOutcomeUnknown,
    VendorRejected,
    VendorUnavailable,
    VendorWalletEmpty,
)
from atlas_site.vendors.recording import Reading

# The vendor's words for an empty prepaid account, which it sends as "forbidden".
_EMPTY_WALLET_WORDS = "insufficient balance"
# The length of an id in the record of a call.
LONGEST_RECORD_ID = 64


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of a search.

    ``total_count`` is the number of all matches, ``billed_count`` the records the vendor bills for this page, and
    ``unreadable_count`` those of them that had no id or no shape. ``session_delivered_count`` is how many records the
    search session has delivered so far. ``answered_at`` is when the answer came, also when it is read again later.
    """

    records: tuple[PropertyRecord, ...]
    total_count: int | None
    billed_count: int
    unreadable_count: int = 0
    next_cursor: str | None = None
    previous_cursor: str | None = None
    session_is_new: bool | None = None
    session_delivered_count: int | None = None
    warnings: tuple[str, ...] = ()
    vendor_request_id: str | None = None
    call_id: str = ""
    replayed: bool = False
    answered_at: datetime = NEVER


@dataclass(frozen=True, slots=True)
class SearchCount:
    """The number of matches and, when asked for, of each quicklist among them by its slug; None is unknown."""

    total_count: int | None
    quicklist_counts: Mapping[str, int] = field(default_factory=dict)
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class LookupAnswer:
    """The records of the properties that were found, by property id, and the ids of those that were not.

    ``answered_at`` is when the answer came, also when it is read again later.
    """

    records: Mapping[str, PropertyRecord]
    missing_ids: tuple[str, ...]
    billed_count: int
    match_count: int | None = None
    call_id: str = ""
    replayed: bool = False
    answered_at: datetime = NEVER


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One completion of what a user types: the text to show, and the address as far as the vendor gives it."""

    text: str
    address: Address
    property_id: str | None = None


@dataclass(frozen=True, slots=True)
class WalletBalance:
    """What is left in the operator's prepaid account."""

    balance: Decimal | None
    currency: str | None
    as_of: str | None = None


# ---------------------------------------------------------------- envelope
def open_envelope(answer: Answer, *, root: str, billable: bool, repeatable: bool) -> dict[str, Any]:
    """Return the object below ``root`` ("results" or "result") of a successful answer.

    Raises the ``VendorError`` that fits the HTTP status, the status in the envelope, or a shape that cannot be read.
    ``billable`` and ``repeatable``: whether a fault on the vendor's side may have cost money, and whether asking again
    is safe.
    """
    try:
        payload = lenient.load_json(answer.body) if answer.body.strip() else None
    except ValueError:
        payload = None
    code = lenient.whole(lenient.dig(payload, "status.code"))
    message = lenient.text(lenient.dig(payload, "status.message")) or lenient.text(lenient.dig(payload, "status.text"))
    if answer.status != 200:
        raise _failure(answer.status, message or "", answer.headers, billable=billable, repeatable=repeatable)
    if isinstance(payload, dict) and code not in (None, 200):
        raise _failure(code, message or "", answer.headers, billable=billable, repeatable=repeatable)
    found = payload.get(root) if isinstance(payload, dict) else None
    if not isinstance(found, dict):
        raise _bad_answer("The answer has no results.", billable=billable)
    return found


def _failure(status: int, message: str, headers: Mapping[str, str], *, billable: bool, repeatable: bool) -> VendorError:
    """Choose the error for a status other than 200."""
    if status == 402 or (status == 403 and _EMPTY_WALLET_WORDS in message.lower()):
        return VendorWalletEmpty("The prepaid account at BatchData is empty.", status=status)
    if status in (401, 403, 404, 405) or 300 <= status < 400:
        return VendorMisconfigured("BatchData knows no such address, key or permission.", status=status)
    if status in (408, 425, 429, 503):
        return VendorUnavailable(
            "BatchData asks to wait.",
            status=status,
            retry_after_seconds=lenient.seconds_to_wait(headers.get("Retry-After")),
        )
    if 400 <= status < 500:
        return VendorRejected("BatchData did not accept the request.", status=status)
    if status < 500:
        return VendorBadAnswer(f"BatchData answered with the status {status}.", status=status, may_be_billed=billable)
    kind = VendorUnavailable if repeatable or not billable else VendorOutcomeUnknown
    return kind("BatchData failed while it worked on the request.", status=status, may_be_billed=billable)


def _bad_answer(detail: str, *, billable: bool) -> VendorBadAnswer:
    return VendorBadAnswer(detail, status=200, may_be_billed=billable)


# ---------------------------------------------------------------- results
def read_search(results: Mapping[str, Any]) -> Reading[SearchPage]:
    """Read the results of a search that asked for records. Raises ``VendorBadAnswer`` for another shape."""
    records, unreadable, billed = _read_records(results)
    page = SearchPage(
        records=tuple(records),
        total_count=_total_count(results),
        billed_count=billed,
        unreadable_count=unreadable,
        next_cursor=lenient.text(results.get("nextPageCursor")),
        previous_cursor=lenient.text(results.get("previousPageCursor")),
        session_is_new=lenient.boolean(lenient.dig(results, "searchSessionMeta.isNewSession")),
        session_delivered_count=lenient.whole(lenient.dig(results, "searchSessionMeta.totalDelivered")),
        warnings=lenient.texts(results.get("warnings")),
        vendor_request_id=_request_id(results),
    )
    return Reading(page, billed, _match_count(results), _ids(records), _request_id(results))


def read_count(results: Mapping[str, Any]) -> Reading[SearchCount]:
    """Read the results of a search that asked for counts alone. Raises ``VendorBadAnswer`` when there is no total."""
    total = _total_count(results)
    if total is None:
        raise _bad_answer("The answer has no count.", billable=False)
    counts = {
        slug: count
        for item in lenient.objects(results, "quicklistCounts")
        if (slug := lenient.text(item.get("name"))) and (count := lenient.whole(item.get("count"))) is not None
    }
    billed = lenient.whole(lenient.dig(results, "meta.results.resultCount"))
    return Reading(SearchCount(total, counts), max(0, billed or 0), vendor_request_id=_request_id(results))


def read_lookup(results: Mapping[str, Any], asked_ids: Iterable[str]) -> Reading[LookupAnswer]:
    """Read the results of a lookup by property id, whatever their order.

    A record belongs to the request it echoes, else to its own id; a property without a record was not found, and a
    record that nobody asked for is billed but not handed on. Raises ``VendorBadAnswer`` for another shape.
    """
    records, _, billed = _read_records(results)
    asked = list(dict.fromkeys(asked_ids))
    found: dict[str, PropertyRecord] = {}
    for record in records:
        for key in (record.request_id, record.property_id):
            if key in asked:
                found.setdefault(key, record)
                break
    missing = tuple(property_id for property_id in asked if property_id not in found)
    match_count = _match_count(results)
    answer = LookupAnswer(found, missing, billed, match_count)
    return Reading(answer, billed, match_count, _ids(records), _request_id(results))


def read_skip_trace(results: Mapping[str, Any], requested: Sequence[TraceRequest]) -> Reading[TraceAnswer]:
    """Read the results of a skip trace of version 1; each match is billed.

    The billed records are named by the row that each match belongs to, or, where that is unclear, by what the match
    says of itself. Raises ``VendorBadAnswer`` for another shape.
    """
    if not isinstance(results.get("persons"), list):
        raise _bad_answer("The answer has no list of persons.", billable=True)
    answer = read_trace({"results": results})
    row_ids = {row.position: row_id for row_id, row in link_rows(requested, answer).rows.items()}
    billed_ids = [
        row_ids.get(row.position) or row.request_id or row.vendor_id or f"row {row.position}"
        for row in answer.rows
        if row.matched
    ]
    ids = [billed_id[:LONGEST_RECORD_ID] for billed_id in billed_ids]
    return Reading(answer, answer.billed_count, answer.match_count, ids, answer.request_id)


def read_suggestions(result: Mapping[str, Any]) -> Reading[tuple[Suggestion, ...]]:
    """Read the completions of a typed address: plain texts, or objects with the parts of the address."""
    items = result.get("suggestions")
    suggestions = []
    for item in items if isinstance(items, list) else []:
        raw = item if isinstance(item, dict) else {}
        parts = raw.get("address") if isinstance(raw.get("address"), dict) else raw
        address = read_address(parts)
        words = lenient.text(item) or lenient.text(raw.get("text")) or lenient.text(raw.get("formattedAddress"))
        if shown := words or str(address):
            suggestions.append(Suggestion(shown, address, lenient.text(raw.get("propertyId") or raw.get("_id"))))
    return Reading(tuple(suggestions))


def read_wallet(results: Mapping[str, Any]) -> Reading[WalletBalance]:
    """Read the balance of the operator's prepaid account."""
    try:
        balance = Decimal(lenient.text(results.get("balance")) or "")
    except InvalidOperation:
        balance = None
    return Reading(WalletBalance(balance, lenient.text(results.get("currency")), lenient.text(results.get("asOf"))))


def _read_records(results: Mapping[str, Any]) -> tuple[list[PropertyRecord], int, int]:
    """Return the records that have an id, the number of elements that have none, and the billed count."""
    items = results.get("properties")
    told = lenient.whole(lenient.dig(results, "meta.results.resultCount"))
    if items is None and not told:
        items = []
    if not isinstance(items, list):
        raise _bad_answer("The answer has no list of properties.", billable=True)
    records = [PropertyRecord(item) for item in items if isinstance(item, dict)]
    readable = [record for record in records if record.property_id]
    if items and not readable:
        raise _bad_answer("No property of the answer can be read.", billable=True)
    return readable, len(items) - len(readable), len(items) if told is None else max(0, told)


def _total_count(results: Mapping[str, Any]) -> int | None:
    total = lenient.whole(lenient.dig(results, "meta.results.resultsFound"))
    return total if total is None or total >= 0 else None


def _match_count(results: Mapping[str, Any]) -> int | None:
    return lenient.whole(lenient.dig(results, "meta.results.skipTraceMatchCount"))


def _request_id(results: Mapping[str, Any]) -> str | None:
    """Return the vendor's own id of the call, by which its bill is compared with our records."""
    return lenient.text(lenient.dig(results, "meta.requestId"))


def _ids(records: Iterable[PropertyRecord]) -> tuple[str, ...]:
    return tuple(record.property_id for record in records if record.property_id)
