"""One way to call a vendor: recorded before it is sent, its raw answer stored before it is read.

A process may die at any line of this module. What it leaves tells the next one what to do: ``prepared`` was never
sent, ``sent`` may have been billed, ``answered`` is paid for and is read again instead of being bought again.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from bson import ObjectId
from django.conf import settings
from django.db import DatabaseError, IntegrityError
from django.db.models import Q
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from atlas_site.lib.crashing import crash_at
from atlas_site.lib.http import Answer, NoAnswer, NotSent
from atlas_site.mongodb.documents import is_in_transaction
from atlas_site.vendors.errors import (
    VendorBadAnswer,
    VendorCallInProgress,
    VendorError,
    VendorMisconfigured,
    VendorOutcomeUnknown,
    VendorUnavailable,
    VendorWalletEmpty,
)
from atlas_site.vendors.models import CallState, VendorCall

# A document of MongoDB holds 16 MB; an answer that does not fit is cut, and can then not be read.
RAW_LIMIT_BYTES = 12 * 1024 * 1024
RECORD_IDS_LIMIT = 500
LEASE_SECONDS = 120.0
ABANDONED = "Abandoned"
ENDED = (CallState.ANSWERED, CallState.FAILED, CallState.UNKNOWN)

Result = TypeVar("Result")
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reading(Generic[Result]):
    """What a reader made of a raw answer, with what the vendor says it billed for it, and under which id of its own."""

    result: Result
    result_count: int | None = None
    match_count: int | None = None
    record_ids: Sequence[str] = ()
    vendor_request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded(Generic[Result]):
    """The outcome of a recorded call; ``replayed`` when the answer was already stored and nothing was sent.

    ``answered_at`` is the moment at which the answer came, however much later it is read again.
    """

    result: Result
    call_id: str
    replayed: bool
    answered_at: datetime


def hash_request(vendor: str, operation: str, body: Any) -> str:
    """Return the fingerprint of a request: equal for equal bodies, whatever the order of their keys."""
    text = json.dumps([vendor, operation, body], sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def recorded_call(
    *,
    vendor: str,
    operation: str,
    reference: str | None,
    body: Any,
    send: Callable[[], Answer],
    read: Callable[[Answer], Reading[Result]],
    now: datetime,
    datasets: Iterable[str] = (),
    user_id: ObjectId | None = None,
    repeatable: bool = False,
    repeat_unknown: bool = False,
    lease_seconds: float = LEASE_SECONDS,
) -> Recorded[Result]:
    """Make one attempt at a vendor call, or read the stored answer of an earlier one to the same request.

    ``reference`` names the piece of work ("job:<id>:page:3"); the same reference with the same body is the same piece,
    and is paid for once. Without a reference the call stands alone. ``send`` does the HTTP, ``read`` makes a result of
    the answer and raises a ``VendorError`` for one that is a failure. ``repeatable`` says that the vendor does not bill
    the same request twice, so that a lost answer may be asked for again; ``repeat_unknown`` that the caller accepts the
    loss of an earlier one.

    Raises what ``read`` raises; ``VendorCallInProgress`` while another process is at it; ``VendorUnavailable`` when
    nothing was sent, or a repeatable call got no answer; ``VendorOutcomeUnknown`` when a call that is not repeatable
    got none, now or earlier.
    """
    if is_in_transaction():
        raise RuntimeError("A vendor call inside a transaction would lose its record when that is rolled back.")
    reference = reference or f"{operation}:{uuid.uuid4().hex}"
    request_hash = hash_request(vendor, operation, body)
    clock = _start_clock(now)

    stored = stored_answer(reference, request_hash)
    if stored is not None:
        call, answer = stored
        came_at = call.ended_at or call.created_at
        return Recorded(_read_stored(call, answer, read, clock), call.pk, replayed=True, answered_at=came_at)

    call = begin_call(
        vendor=vendor,
        operation=operation,
        reference=reference,
        body=body,
        datasets=datasets,
        user_id=user_id,
        now=now,
        may_follow_unknown=repeatable or repeat_unknown,
        lease_seconds=lease_seconds,
    )
    crash_at("call prepared")
    answer = _send(call, send, clock, repeatable=repeatable, lease_seconds=lease_seconds)
    came_at = clock()
    crash_at("answer came")
    store_answer(call, answer, now=came_at)
    crash_at("answer stored")
    return Recorded(_read_stored(call, answer, read, clock), call.pk, replayed=False, answered_at=came_at)


def stored_answer(reference: str, request_hash: str) -> tuple[VendorCall, Answer] | None:
    """Return the newest whole answer to this request that is on record, or None. Its headers are not kept."""
    call = (
        VendorCall.objects.filter(
            reference=reference, request_hash=request_hash, state=CallState.ANSWERED, raw_is_whole=True
        )
        .order_by("-attempt")
        .first()
    )
    if call is None or call.raw is None:
        return None
    return call, Answer(call.http_status or 0, {}, call.raw_answer or b"")


def begin_call(
    *,
    vendor: str,
    operation: str,
    reference: str,
    body: Any,
    now: datetime,
    datasets: Iterable[str] = (),
    user_id: ObjectId | None = None,
    may_follow_unknown: bool = False,
    lease_seconds: float = LEASE_SECONDS,
) -> VendorCall:
    """Write the record of the next attempt and return it, in state ``prepared``.

    The id is made of reference, request and attempt number, and the attempt before must have ended: so of any number of
    workers one gets the attempt, and the others get ``VendorCallInProgress``. An attempt whose worker has been silent
    until after its lease is ended first. Raises ``VendorOutcomeUnknown`` when the attempt before may have been billed,
    unless this one ``may_follow_unknown``.
    """
    request_hash = hash_request(vendor, operation, body)
    earlier = (
        VendorCall.objects.filter(reference=reference, request_hash=request_hash)
        .defer("raw", "request")
        .order_by("-attempt")
        .first()
    )
    if earlier is not None:
        _end_earlier(earlier, now=now, may_follow_unknown=may_follow_unknown)
    attempt = earlier.attempt + 1 if earlier else 1
    piece = hashlib.sha256(f"{reference}\n{request_hash}".encode()).hexdigest()[:40]
    try:
        return VendorCall.objects.create(
            id=f"{piece}-{attempt}",
            vendor=vendor,
            operation=operation,
            reference=reference,
            request_hash=request_hash,
            attempt=attempt,
            user_id=user_id,
            request=body,
            datasets=list(datasets),
            created_at=now,
            lease_ends_at=now + timedelta(seconds=lease_seconds),
        )
    except IntegrityError as error:
        raise VendorCallInProgress("Another worker has taken this attempt.", retry_after_seconds=1) from error


def move_call(call: VendorCall, *, of: Iterable[str], to: str, **values: Any) -> bool:
    """Move a call to another state if it is still in one of the states ``of``; say whether it was."""
    moved = VendorCall.objects.filter(pk=call.pk, state__in=list(of)).update(state=to, **values)
    return moved == 1


def store_answer(call: VendorCall, answer: Answer, *, now: datetime) -> None:
    """Keep the raw answer, before anyone reads it. An answer that comes after the call was given up counts as well.

    Tried again while the database is away, since the answer may have cost money. Raises ``VendorBadAnswer`` when it is
    too long to keep whole.
    """
    packed, is_whole = _pack(answer.body)
    for attempt in Retrying(
        retry=retry_if_exception_type(DatabaseError),
        stop=stop_after_attempt(5),
        wait=wait_exponential_jitter(multiplier=0.2, max=5),
        reraise=True,
    ):
        with attempt:
            move_call(
                call,
                of=(CallState.SENT, CallState.UNKNOWN),
                to=CallState.ANSWERED if is_whole else CallState.FAILED,
                http_status=answer.status,
                raw=packed,
                raw_bytes=len(answer.body),
                raw_is_whole=is_whole,
                may_be_billed=not is_whole,
                error="" if is_whole else VendorBadAnswer.__name__,
                ended_at=now,
            )
    if not is_whole:
        raise VendorBadAnswer(
            "The answer is too long to keep.", call_id=call.pk, status=answer.status, may_be_billed=True
        )


def purge_calls(now: datetime) -> int:
    """Remove what is older than ``VENDOR_CALL_KEEP_DAYS`` and return the number of records that were changed.

    Requests and raw answers hold personal data and go. The records of calls that cost something, or may have, stay as
    part of the books; those of free calls go as a whole.
    """
    before = now - timedelta(days=getattr(settings, "VENDOR_CALL_KEEP_DAYS", 90))
    old = VendorCall.objects.filter(created_at__lt=before, state__in=ENDED)
    deleted, _ = old.filter(may_be_billed=False).exclude(result_count__gt=0).delete()
    personal = Q(raw_bytes__gt=0) | Q(request__isnull=False)  # a lost call has a request and no answer
    return deleted + old.filter(personal).update(raw=None, request=None, raw_bytes=0, raw_is_whole=False)


def _send(
    call: VendorCall,
    send: Callable[[], Answer],
    clock: Callable[[], datetime],
    *,
    repeatable: bool,
    lease_seconds: float,
) -> Answer:
    """Mark the call as sent and send it; on a failure of the transport end the call and raise its ``VendorError``."""
    sent_at = clock()
    lease_ends_at = sent_at + timedelta(seconds=lease_seconds)
    if not move_call(call, of=(CallState.PREPARED,), to=CallState.SENT, sent_at=sent_at, lease_ends_at=lease_ends_at):
        raise VendorCallInProgress("The attempt was given up before it was sent.", call_id=call.pk)
    crash_at("call sent")
    try:
        return send()
    except NotSent as error:
        move_call(call, of=(CallState.SENT,), to=CallState.FAILED, error="NotSent", ended_at=clock())
        raise VendorUnavailable("The vendor cannot be reached.", call_id=call.pk) from error
    except NoAnswer as error:
        packed, _ = _pack(error.partial)
        move_call(
            call,
            of=(CallState.SENT,),
            to=CallState.UNKNOWN,
            error=str(error)[:60],
            http_status=error.status,
            raw=packed,
            raw_bytes=len(error.partial),
            may_be_billed=True,
            ended_at=clock(),
        )
        kind = VendorUnavailable if repeatable else VendorOutcomeUnknown
        raise kind(
            "The vendor gave no whole answer.", call_id=call.pk, status=error.status, may_be_billed=True
        ) from error


def _read_stored(
    call: VendorCall, answer: Answer, read: Callable[[Answer], Reading[Result]], clock: Callable[[], datetime]
) -> Result:
    """Read a stored answer and write down what it billed; an answer that is a failure ends the call as failed.

    Any other exception leaves the call answered: a reader that was mended finds the answer still there.
    """
    try:
        reading = read(answer)
    except VendorError as error:
        error.call_id = call.pk
        for_operator = isinstance(error, VendorMisconfigured | VendorWalletEmpty)
        logger.log(logging.ERROR if for_operator else logging.WARNING, "%s %s: %s", call.vendor, call.operation, error)
        move_call(
            call,
            of=(CallState.ANSWERED,),
            to=CallState.FAILED,
            error=type(error).__name__,
            may_be_billed=error.may_be_billed,
            ended_at=clock(),
        )
        raise
    VendorCall.objects.filter(pk=call.pk, state=CallState.ANSWERED).update(
        result_count=reading.result_count,
        match_count=reading.match_count,
        record_ids=list(reading.record_ids)[:RECORD_IDS_LIMIT],
        vendor_request_id=(reading.vendor_request_id or "")[:64],
    )
    return reading.result


def _end_earlier(call: VendorCall, *, now: datetime, may_follow_unknown: bool) -> None:
    """Make sure that the attempt before has ended, ending it when its worker is gone, or raise why there is no next."""
    if call.state not in ENDED:
        if call.lease_ends_at > now:
            wait = (call.lease_ends_at - now).total_seconds()
            raise VendorCallInProgress("The request is under way.", call_id=call.pk, retry_after_seconds=wait)
        was_sent = call.state == CallState.SENT
        to = CallState.UNKNOWN if was_sent else CallState.FAILED
        if not move_call(call, of=(call.state,), to=to, error=ABANDONED, may_be_billed=was_sent, ended_at=now):
            raise VendorCallInProgress("The request is under way.", call_id=call.pk, retry_after_seconds=1)
        call.may_be_billed = was_sent
    paid_and_purged = call.state == CallState.ANSWERED
    if (call.may_be_billed or paid_and_purged) and not may_follow_unknown:
        raise VendorOutcomeUnknown(
            "An earlier attempt may have been billed.", call_id=call.pk, status=call.http_status, may_be_billed=True
        )


def _pack(body: bytes) -> tuple[bytes, bool]:
    """Compress a body for storage, and say whether all of it fitted."""
    packed = gzip.compress(body, compresslevel=6)
    if len(packed) <= RAW_LIMIT_BYTES:
        return packed, True
    return gzip.compress(body[: RAW_LIMIT_BYTES // 2], compresslevel=6), False


def _start_clock(now: datetime) -> Callable[[], datetime]:
    """Return a clock that starts at ``now`` and runs on at the pace of the machine."""
    started = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - started)
