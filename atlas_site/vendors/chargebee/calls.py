"""One question to Chargebee, asked again where that can help; one change, made once for each key.

Both end in a result or in a ``VendorError`` whose public message speaks of payments.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeAlias, TypeVar

from django.conf import settings
from django.utils import timezone
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from atlas_site.lib import http
from atlas_site.mongodb.documents import is_in_transaction
from atlas_site.vendors import lenient
from atlas_site.vendors.chargebee.connection import (
    CONNECT_SECONDS,
    TIMED_OUT,
    VENDOR,
    check_reply,
    connect,
    idempotent,
    perform,
    raise_in_words_of_payments,
)
from atlas_site.vendors.errors import (
    PaymentDeclined,
    VendorBadAnswer,
    VendorError,
    VendorMisconfigured,
    VendorOutcomeUnknown,
    VendorRejected,
    VendorUnavailable,
)
from atlas_site.vendors.models import CallState, VendorCall
from atlas_site.vendors.recording import Reading, hash_request, recorded_call

PAGE_SIZE = 100
MOST_PAGES = 10_000
# Chargebee answers a repeated key from memory for thirty minutes, counted from when it first saw the key; five of them
# are for clocks that differ and for requests that are slow on their way.
IDEMPOTENCY_WINDOW = timedelta(minutes=25)
# A Retry-After beyond this is left to the caller, who can come back later instead of holding a worker.
LONGEST_WAIT_SECONDS = 2.0
_ID = re.compile(r"[A-Za-z0-9_-]{1,70}")
_RESOURCES = {
    "subscription": "Subscription",
    "invoice": "Invoice",
    "transaction": "Transaction",
    "item_price": "ItemPrice",
    "event": "Event",
}

# Gets the client of the package and returns the package's answer.
Call: TypeAlias = Callable[[Any], Any]
Result = TypeVar("Result")
logger = logging.getLogger(__name__)


# ---------------------------------------------------------------- one question
def ask(operation: str, call: Call, noun: str) -> Mapping[str, Any]:
    """Ask, and ask again where that is safe and can help; return the JSON of ``noun``, or of a page of a list."""
    if is_in_transaction():
        raise RuntimeError("A vendor call does not belong into a transaction.")
    retrying = Retrying(
        retry=retry_if_exception(_may_repeat), stop=stop_after_attempt(2), wait=_seconds_to_wait, reraise=True
    )
    try:
        for attempt in retrying:
            with attempt:
                return _ask_once(call, noun)
    except VendorError as error:
        logger.log(_level_of(error), "%s %s: %s", VENDOR, operation, error)
        raise_in_words_of_payments(error)
    raise AssertionError("Retrying ends with a result or an exception.")


def _ask_once(call: Call, noun: str) -> Mapping[str, Any]:
    try:
        reply = perform(call, noun)
    except http.NotSent as error:
        raise VendorUnavailable("Chargebee cannot be reached.") from error
    except http.NoAnswer as error:
        if str(error) == TIMED_OUT:
            raise _TookTooLongError("Chargebee took too long.") from error
        raise VendorBadAnswer("Chargebee gave no whole answer.") from error
    check_reply(reply.status, reply.payload, reply.headers, is_change=False)
    found = reply.payload if "list" in reply.payload else reply.payload.get(noun)
    if not isinstance(found, Mapping):
        raise VendorBadAnswer(f"Chargebee's answer has no {noun}.", status=reply.status)
    return found


class _TookTooLongError(VendorUnavailable):
    """No answer within the limit: somebody has waited long enough, so it is not asked again."""


def _level_of(error: VendorError) -> int:
    if isinstance(error, VendorMisconfigured):
        return logging.ERROR  # which only the operator can mend
    return logging.INFO if isinstance(error, VendorRejected) else logging.WARNING


def _may_repeat(error: BaseException) -> bool:
    if not isinstance(error, VendorUnavailable) or isinstance(error, _TookTooLongError):
        return False
    return (error.retry_after_seconds or 0) <= LONGEST_WAIT_SECONDS


def _seconds_to_wait(state: RetryCallState) -> float:
    first = float(getattr(settings, "CHARGEBEE_RETRY_WAIT_SECONDS", 0.3))
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after_seconds if isinstance(error, VendorUnavailable) else None
    return (asked or 0.0) + wait_exponential_jitter(multiplier=first, max=LONGEST_WAIT_SECONDS, jitter=first)(state)


def walk(noun: str, read: Callable[[Mapping[str, Any]], Result | None], params: Mapping[str, Any]) -> Iterator[Result]:
    """Walk all pages of a list; an entry that cannot be read is left out and said in the log."""
    offset: Any = None
    for _ in range(MOST_PAGES):
        query = {**params, "limit": PAGE_SIZE, **({"offset": offset} if offset else {})}
        page = ask(f"{noun}_list", partial(_list, _RESOURCES[noun], query), noun)
        for entry in page["list"]:
            found = read(entry) if isinstance(entry, dict) else None
            if found is None:
                logger.error("%s %s_list: an entry without an id", VENDOR, noun)
            else:
                yield found
        following = page.get("next_offset")  # to be given back as it came
        if not following:
            return
        if following == offset:
            break
        offset = following
    raise_in_words_of_payments(VendorBadAnswer(f"The list of Chargebee's {noun}s does not end."))


def _list(resource: str, query: Mapping[str, Any], client: Any) -> Any:
    return getattr(client, resource).list(query)


def change(
    operation: str,
    call: Call,
    noun: str,
    read: Callable[[Mapping[str, Any]], Result | None],
    *,
    body: Mapping[str, Any],
    key: str,
    moves_money: bool,
) -> Result:
    """Have Chargebee change something, once for each key, and return what it has made of it.

    After a lost answer the same key asks again: within ``IDEMPOTENCY_WINDOW`` when it ``moves_money``, else at any
    time, since what is done already is refused or does no harm.
    """
    idempotent(key)  # refused before anything is recorded
    now = timezone.now()

    def send() -> http.Answer:
        reply = perform(call, noun)
        return http.Answer(reply.status, reply.headers, json.dumps(reply.payload).encode())

    def read_answer(answer: http.Answer) -> Reading[Result | PaymentDeclined]:
        payload = _load(answer.body)
        try:
            check_reply(answer.status, payload, answer.headers, is_change=True)
        except PaymentDeclined as declined:
            return Reading(declined, result_count=0)  # an answer like any other: the key has had its attempt
        result = read(lenient.group(payload, noun))
        if result is None:
            raise VendorOutcomeUnknown(f"Chargebee's answer has no {noun}.", status=answer.status)
        return Reading(result, result_count=1, vendor_request_id=lenient.text(lenient.dig(payload, f"{noun}.id")))

    try:
        connect()  # before the call counts as sent
        _check_key(key, hash_request(VENDOR, operation, body), now=now, moves_money=moves_money)
        recorded = recorded_call(
            vendor=VENDOR,
            operation=operation,
            reference=key,
            body=body,
            send=send,
            read=read_answer,
            now=now,
            repeat_unknown=True,  # by its key; _check_key has seen that Chargebee still knows it
            lease_seconds=CONNECT_SECONDS + 2 * float(settings.CHARGEBEE_TIMEOUT_SECONDS) + 15,
        )
        if isinstance(recorded.result, PaymentDeclined):
            recorded.result.call_id = recorded.call_id
            raise recorded.result
    except VendorError as error:
        raise_in_words_of_payments(error)
    return recorded.result


def _check_key(key: str, request_hash: str, *, now: datetime, moves_money: bool) -> None:
    """Refuse a key of another request, and one whose answer was lost for longer than Chargebee remembers keys.

    An answer that was taken away since is as good as lost. Raises ``VendorRejected`` and ``VendorOutcomeUnknown``.
    """
    attempts = list(VendorCall.objects.filter(vendor=VENDOR, reference=key).defer("raw", "request"))
    if any(call.request_hash != request_hash for call in attempts):
        raise VendorRejected("The key belongs to another request.", code="key_reused")
    if not moves_money or any(call.state == CallState.ANSWERED and call.raw_is_whole for call in attempts):
        return
    for call in attempts:
        may_have_moved = call.may_be_billed or call.state in (CallState.SENT, CallState.UNKNOWN, CallState.ANSWERED)
        if may_have_moved and now - (call.sent_at or call.created_at) > IDEMPOTENCY_WINDOW:
            raise VendorOutcomeUnknown("An earlier attempt may have moved money.", call_id=call.pk)


# ---------------------------------------------------------------- checks
def checked_id(value: str) -> str:
    """Return an id that is safe in a path. Raises ``VendorRejected`` for anything else."""
    if not _ID.fullmatch(value):
        raise_in_words_of_payments(VendorRejected("This cannot be an id.", code="invalid_id"))
    return value


def checked_url(value: Any) -> str:
    """Return an address that a browser may be sent to. Raises ``VendorBadAnswer``."""
    url = lenient.text(value) or ""
    try:
        http.check_url(url)
    except ValueError:
        raise_in_words_of_payments(VendorBadAnswer("Chargebee's answer has no address to go to."))
    return url


def read_whole(found: Mapping[str, Any], read: Callable[[Mapping[str, Any]], Result | None]) -> Result:
    result = read(found)
    if result is None:
        raise_in_words_of_payments(VendorBadAnswer("Chargebee's answer has no id."))
    return result


def _load(body: bytes) -> dict[str, Any]:
    payload = lenient.load_json(body)
    return payload if isinstance(payload, dict) else {}
