"""Calls to BatchData: each recorded, with time limits, and repeated only where that cannot be billed twice."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from bson import ObjectId
from django.conf import settings
from django.utils import timezone
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from atlas_site.lib import http
from atlas_site.vendors.batchdata import answers
from atlas_site.vendors.batchdata import datasets as wire
from atlas_site.vendors.batchdata.answers import LookupAnswer, SearchCount, SearchPage, Suggestion, WalletBalance
from atlas_site.vendors.batchdata.comparables import Comparables
from atlas_site.vendors.batchdata.criteria import check_criteria, check_sort
from atlas_site.vendors.batchdata.skiptrace import TraceAnswer, TraceRequest
from atlas_site.vendors.errors import (
    VendorCallInProgress,
    VendorMisconfigured,
    VendorUnavailable,
    VendorWalletEmpty,
)
from atlas_site.vendors.recording import Reading, Recorded, recorded_call

VENDOR = "batchdata"
MOST_RECORDS = 100
LONGEST_QUERY = 120
# A Retry-After beyond this is left to the caller, who can come back later instead of holding a worker.
LONGEST_WAIT_SECONDS = 8.0
LONGEST_WAIT_OF_A_PERSON = 1.0
_SESSION_ID = re.compile(r"[a-zA-Z0-9_-]{1,128}")

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class SearchSession:
    """The vendor's memory of what a search has delivered.

    Within one ``session_id`` no record is delivered or billed twice, and the same ``idempotency_key`` gives the same
    page again without a second bill. Both are 1 to 128 letters, digits, dashes and underscores.
    """

    session_id: str
    idempotency_key: str

    def __post_init__(self) -> None:
        for value in (self.session_id, self.idempotency_key):
            if not _SESSION_ID.fullmatch(value):
                raise ValueError("A search session and its key are 1 to 128 letters, digits, dashes or underscores.")


@dataclass(frozen=True, slots=True)
class _Operation:
    """What the gateway has to know about one endpoint.

    ``billable``: a fault may have cost money. ``repeatable``: asking again is not billed again, or next to nothing.
    ``interactive``: a person is waiting, so limits are short and a slow answer is not waited for twice. ``attempts``:
    how often the gateway itself tries where trying again is safe. ``limit``: the setting that limits its seconds
    further.
    """

    name: str
    path: str
    root: str = "results"
    method: str = "POST"
    billable: bool = False
    repeatable: bool = True
    interactive: bool = False
    attempts: int = 4
    limit: str = ""


SEARCH = _Operation("property_search", "/api/v1/property/search", billable=True, repeatable=False)
COUNT = _Operation("property_count", "/api/v1/property/search", interactive=True, attempts=2)
LOOKUP = _Operation("property_lookup", "/api/v1/property/lookup/all-attributes", billable=True, repeatable=False)
AUTOCOMPLETE = _Operation("autocomplete", "/api/v1/address/autocomplete", root="result", interactive=True, attempts=2)
WALLET = _Operation("wallet_balance", "/api/v1/wallet/balance", method="GET", interactive=True, attempts=2)
# A job owns its pace: it may be paused or canceled between two attempts, and holds a lease that a wait would outlast.
SKIP_TRACE = _Operation(
    "skip_trace",
    "/api/v1/property/skip-trace",
    billable=True,
    repeatable=False,
    attempts=1,
    limit="TRACE_TIMEOUT_SECONDS",
)


def search_properties(
    criteria: Mapping[str, Any],
    *,
    take: int,
    datasets: Sequence[str],
    reference: str | None,
    skip: int = 0,
    cursor: str | None = None,
    session: SearchSession | None = None,
    sort: Mapping[str, str] | None = None,
    comparables: Comparables | None = None,
    user_id: ObjectId | None = None,
    now: datetime | None = None,
) -> SearchPage:
    """Fetch one page of at most 100 matching properties with the given datasets of Atlas. The vendor bills each record.

    ``reference`` names the piece of work: the same reference and request is answered from the stored answer and never
    bought twice. Pages follow each other by ``session`` (safest: nothing is delivered twice, and a lost answer is asked
    for again), by ``cursor`` ("" for the first page, then ``next_cursor``), or by ``skip``, which drifts beyond 1,000.
    ``sort`` is ``{"field", "sortOrder"}``. With ``comparables`` only properties that compare with a subject match.

    Raises ``CriteriaRefused`` and ``ValueError`` before anything is sent, and a ``VendorError``; with a session no
    outcome stays unknown, since it is safe to ask again.
    """
    if not 1 <= take <= MOST_RECORDS:
        raise ValueError(f"A page holds 1 to {MOST_RECORDS} properties.")
    if sum((skip > 0, cursor is not None, session is not None)) > 1:
        raise ValueError("Pages follow each other by skip, by cursor or by session.")
    options: dict[str, Any] = {"take": take, **_dataset_options(datasets)}
    if comparables:
        options |= comparables.options()
    if sort:
        options["sort"] = check_sort(sort.get("field", ""), sort.get("sortOrder", "asc"))
    if session:
        options["searchSession"] = {"id": session.session_id, "idempotencyKey": session.idempotency_key}
    elif cursor is not None:
        options |= {"useCursorPagination": True} | ({"pageCursor": cursor} if cursor else {})
    else:
        options["skip"] = skip
    recorded = _call(
        replace(SEARCH, repeatable=session is not None),
        {"searchCriteria": _search_criteria(criteria, comparables), "options": options},
        answers.read_search,
        reference=reference,
        datasets=datasets,
        user_id=user_id,
        now=now,
    )
    return replace(
        recorded.result,
        call_id=recorded.call_id,
        replayed=recorded.replayed,
        answered_at=recorded.answered_at,
    )


def count_properties(
    criteria: Mapping[str, Any],
    *,
    quicklist_counts: bool = False,
    comparables: Comparables | None = None,
    user_id: ObjectId | None = None,
    now: datetime | None = None,
) -> SearchCount:
    """Count matching properties and, if wanted, how many of them are on each quicklist, without fetching any.

    The vendor bills a count as nothing, or as about one record: whoever calls this keeps a budget and a cache. Raises
    ``CriteriaRefused`` and ``VendorError``.
    """
    # Named, since the vendor takes silence for "all datasets"; the cheapest one, in case the count is billed.
    options: dict[str, Any] = {"skip": 0, "take": 0, "datasets": ["basic"], "dateFormat": "iso-date"}
    if quicklist_counts:
        options["quicklistCounts"] = True
    if comparables:
        options |= comparables.options()
    body = {"searchCriteria": _search_criteria(criteria, comparables), "options": options}
    recorded = _call(COUNT, body, answers.read_count, user_id=user_id, now=now)
    return replace(recorded.result, call_id=recorded.call_id)


def lookup_properties(
    property_ids: Sequence[str],
    *,
    datasets: Sequence[str],
    reference: str | None,
    repeat_unknown: bool = False,
    user_id: ObjectId | None = None,
    now: datetime | None = None,
) -> LookupAnswer:
    """Fetch the given datasets of at most 100 known properties. The vendor bills each record found, times datasets.

    The vendor has no way to ask again without a second bill, so an answer that was lost raises ``VendorOutcomeUnknown``
    now and on each later call with the same ``reference``, until ``repeat_unknown`` says that the loss is accepted.
    Raises ``ValueError`` before anything is sent, and a ``VendorError``.
    """
    asked = list(dict.fromkeys(property_ids))
    if not 1 <= len(asked) <= MOST_RECORDS:
        raise ValueError(f"A lookup asks for 1 to {MOST_RECORDS} properties.")
    body = {
        "requests": [{"propertyId": property_id, "requestId": property_id} for property_id in asked],
        "options": _dataset_options(datasets),
    }
    recorded = _call(
        LOOKUP,
        body,
        partial(answers.read_lookup, asked_ids=asked),
        reference=reference,
        datasets=datasets,
        user_id=user_id,
        now=now,
        repeat_unknown=repeat_unknown,
    )
    return replace(
        recorded.result,
        call_id=recorded.call_id,
        replayed=recorded.replayed,
        answered_at=recorded.answered_at,
    )


def trace_people(
    rows: Sequence[TraceRequest],
    *,
    reference: str | None,
    user_id: ObjectId | None,
    now: datetime,
    repeat_unknown: bool = False,
) -> TraceAnswer:
    """Find the people, phones and e-mails of at most 100 properties. The vendor bills each match.

    Numbers on the vendor's list of people who sue over calls (TCPA) are left out by it; those on do-not-call lists come
    flagged. Which row of the answer is whose, ``link_rows`` says. One attempt is made: ``VendorUnavailable`` without
    ``may_be_billed`` (nothing was sent, or the vendor asks to wait) may be tried again with the same ``reference``,
    after ``retry_after_seconds``. The vendor has no way to ask again without a second bill, so an answer that was lost
    raises ``VendorOutcomeUnknown`` now and on each later call with the same rows and ``reference``, until
    ``repeat_unknown`` says that the loss is accepted; an answer that came is read again and never bought twice.

    Raises ``ValueError`` before anything is sent, for no rows or too many, ids that repeat, and rows that are not
    ``is_traceable``; and a ``VendorError``.
    """
    ids = [row.row_id for row in rows]
    if not 1 <= len(ids) <= MOST_RECORDS:
        raise ValueError(f"A skip trace asks for 1 to {MOST_RECORDS} rows.")
    if not all(ids) or len(set(ids)) < len(ids):
        raise ValueError("Each row of a skip trace has an id of its own.")
    if not all(row.is_traceable for row in rows):
        raise ValueError("Each row of a skip trace has an address or a parcel by which the property can be found.")
    body = {
        "requests": [row.body() for row in rows],
        "options": {"includeTCPABlacklistedPhones": False, "dateFormat": "iso-date"},
    }
    recorded = _call(
        SKIP_TRACE,
        body,
        partial(answers.read_skip_trace, requested=rows),
        reference=reference,
        user_id=user_id,
        now=now,
        repeat_unknown=repeat_unknown,
    )
    return replace(
        recorded.result,
        call_id=recorded.call_id,
        replayed=recorded.replayed,
        answered_at=recorded.answered_at,
    )


def autocomplete(
    query: str, *, take: int = 8, user_id: ObjectId | None = None, now: datetime | None = None
) -> tuple[Suggestion, ...]:
    """Complete a typed address. Costs about a third of a cent, so callers keep a budget. Raises ``VendorError``."""
    words = " ".join(query.split())[:LONGEST_QUERY]
    if not words:
        return ()
    body = {"searchCriteria": {"query": words}, "options": {"skip": 0, "take": max(1, min(take, 20))}}
    return _call(AUTOCOMPLETE, body, answers.read_suggestions, user_id=user_id, now=now).result


def wallet_balance(*, now: datetime | None = None) -> WalletBalance:
    """Ask what is left in the operator's prepaid account; free of charge. Raises ``VendorError``."""
    return _call(WALLET, None, answers.read_wallet, now=now).result


# ---------------------------------------------------------------- one call
def _call(
    operation: _Operation,
    body: dict[str, Any] | None,
    read: Callable[[Mapping[str, Any]], Reading[Result]],
    *,
    reference: str | None = None,
    datasets: Sequence[str] = (),
    user_id: ObjectId | None = None,
    now: datetime | None = None,
    repeat_unknown: bool = False,
) -> Recorded[Result]:
    """Make the call, and make it again while that is safe and helps; each attempt has its own record."""
    base_url, key = _address_and_key()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "Accept": "application/json"}
    payload = None if body is None else json.dumps(body, ensure_ascii=False).encode()
    started = now or timezone.now()
    began = timezone.now()

    def read_answer(answer: http.Answer) -> Reading[Result]:
        root = answers.open_envelope(
            answer, root=operation.root, billable=operation.billable, repeatable=operation.repeatable
        )
        return read(root)

    retrying = Retrying(
        retry=retry_if_exception(partial(_may_repeat, operation)),
        stop=stop_after_attempt(operation.attempts),
        wait=_seconds_to_wait,
        reraise=True,
    )
    for attempt in retrying:
        with attempt:
            limits = _time_limits(operation, began)
            return recorded_call(
                vendor=VENDOR,
                operation=operation.name,
                reference=reference,
                body=body,
                send=partial(
                    http.send, operation.method, base_url + operation.path, headers=headers, body=payload, limits=limits
                ),
                read=read_answer,
                now=started + (timezone.now() - began),
                datasets=datasets,
                user_id=user_id,
                repeatable=operation.repeatable,
                repeat_unknown=repeat_unknown,
                lease_seconds=limits.connect_seconds + limits.total_seconds + limits.read_seconds + 15,
            )
    raise AssertionError("Retrying ends with a result or an exception.")


def _may_repeat(operation: _Operation, error: BaseException) -> bool:
    """Say whether trying again at once is safe and can help."""
    if not isinstance(error, VendorUnavailable) or isinstance(error, VendorWalletEmpty | VendorCallInProgress):
        return False
    if error.may_be_billed and not operation.repeatable:
        return False
    if operation.interactive and error.status is None and error.may_be_billed:
        return False  # it timed out, and somebody is waiting
    longest_wait = LONGEST_WAIT_OF_A_PERSON if operation.interactive else LONGEST_WAIT_SECONDS
    return (error.retry_after_seconds or 0) <= longest_wait


def _seconds_to_wait(state: RetryCallState) -> float:
    """Wait as long as the vendor asked, else longer each time; the jitter keeps workers from returning in step."""
    first = float(getattr(settings, "BATCHDATA_RETRY_WAIT_SECONDS", 0.5))
    backoff = wait_exponential_jitter(multiplier=first, max=LONGEST_WAIT_SECONDS, jitter=first)(state)
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after_seconds if isinstance(error, VendorUnavailable) else None
    return backoff if asked is None else asked + min(backoff, 1.0)


def _search_criteria(criteria: Mapping[str, Any], comparables: Comparables | None) -> dict[str, Any]:
    return check_criteria(criteria) | (comparables.criteria() if comparables else {})


def _dataset_options(datasets: Iterable[str]) -> dict[str, Any]:
    names = list(datasets)
    if not names:
        raise ValueError("Name the datasets: the vendor takes silence for all of them, and bills each.")
    options: dict[str, Any] = {"datasets": wire.wire_names(names), "dateFormat": "iso-date"}
    if any(wire.DATASETS[name].needs_skip_trace for name in names):
        options["skipTrace"] = True
    return options


def _time_limits(operation: _Operation, began: datetime) -> http.TimeLimits:
    """The limits of the next attempt: where somebody is waiting, all attempts since ``began`` share one time."""
    read_seconds = float(getattr(settings, "BATCHDATA_TIMEOUT_SECONDS", 30))
    if operation.interactive:
        spent = (timezone.now() - began).total_seconds()
        return http.limits_within(max(0.1, min(read_seconds, http.INTERACTIVE_SECONDS - spent)))
    if operation.limit:
        read_seconds = min(read_seconds, float(getattr(settings, operation.limit, read_seconds)))
        return http.limits_within(read_seconds)
    return http.TimeLimits(
        connect_seconds=min(5.0, read_seconds), read_seconds=read_seconds, total_seconds=2 * read_seconds
    )


def _address_and_key() -> tuple[str, str]:
    """Return the base address and the key. Raises ``VendorMisconfigured`` when the operator has not set them."""
    base_url = getattr(settings, "BATCHDATA_BASE_URL", "").rstrip("/")
    key = getattr(settings, "BATCHDATA_API_KEY", "")
    if not base_url or not key:
        raise VendorMisconfigured("BATCHDATA_BASE_URL and BATCHDATA_API_KEY must be set.")
    try:
        http.check_url(base_url)
    except http.UrlRefused as error:
        raise VendorMisconfigured(f"BATCHDATA_BASE_URL: {error}") from error
    return base_url, key
