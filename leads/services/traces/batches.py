"""Carrying one batch on: freezing what is asked, asking, linking the answer, charging for its hits, and the contacts.

A batch goes queued → sent → settled → done, or ends unknown, failed or cancelled. Killed between any two lines it is
gone on with by the next worker: the question is frozen before it is asked, an answer that is on record is read again
and never bought twice, and a step that was captured is not captured again.
"""

import logging
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from bson import ObjectId
from django.conf import settings

from atlas_site.lib.crashing import crash_at
from atlas_site.mongodb.documents import as_utc, collection_of
from atlas_site.vendors import batchdata
from atlas_site.vendors.errors import (
    VendorBadAnswer,
    VendorCallInProgress,
    VendorError,
    VendorMisconfigured,
    VendorOutcomeUnknown,
    VendorRejected,
    VendorUnavailable,
)
from atlas_site.vendors.models import CallState, VendorCall
from credits.models import Quote
from leads.models import Contact, Enrichment, RowState
from leads.selectors.trace_words import WITH_PHONE
from leads.services.traces import breaker
from leads.services.traces.answers import read_answer
from leads.services.traces.jobs import BatchPhase, BatchStatus, close_queued, counts_of, owner_of
from leads.services.traces.leases import LEASE_OF_CALL, Batch, claim_batch, has_room, save_batch
from leads.services.traces.projecting import show_traces
from leads.services.traces.requests import (
    SHOWN_TO_VENDOR,
    body_of,
    is_paid,
    key_of_row,
    request_from,
    request_of,
    trace_key,
)
from leads.services.traces.settling import settle
from properties.services.traces import held_traces, known_traces, listed_numbers, purchases_of, store_traces

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]

# What was frozen just now is held for as long as the call may take.
A_MOMENT = timedelta(seconds=1)
FIRST_DELAY = timedelta(seconds=5)
LONGEST_DELAY = timedelta(minutes=5)
PROBE_DELAY = timedelta(seconds=1)
# Answers that are faults may each have been billed.
FAULTS_BEFORE_GIVING_UP = 3
# A batch that kills its workers, or meets an error that nobody foresaw, is not tried for ever; a retry counts anew.
ATTEMPTS_BEFORE_GIVING_UP = 200
# An answer that was lost may still come: a worker that lost its lease puts it on record.
LOOK_AGAIN = timedelta(minutes=10)
LATE_LOOK = timedelta(days=1)
LOOKED_FOR_LATE = timedelta(days=7)
# What is held of the others is not theirs.
TOLD = {*WITH_PHONE, RowState.NO_PHONE, RowState.LITIGATOR, RowState.MISS}


class NoRoom(Exception):
    """As many batches are under way as may be."""


def run_batch(*, batch_id: ObjectId, job: Enrichment, now: Clock) -> bool:
    """Carry a due batch on as far as it gets; False when it is not due or not ours. Raises LeaseLost, and NoRoom."""
    if not has_room(user_id=owner_of(job), now=now()):
        raise NoRoom
    batch = claim_batch(batch_id=batch_id, now=now())
    if batch is None:
        return False
    crash_at("after claim")
    attempts = batch["attempt"] - (batch.get("metadata") or {}).get("attemptsBefore", 0)
    if attempts > ATTEMPTS_BEFORE_GIVING_UP and batch["phase"] == BatchPhase.QUEUED:
        logger.error("Batch %s was given up after %d attempts.", batch_id, attempts)
        _fail(batch, job, "Atlas could not carry this out.", now())
    if not has_room(user_id=owner_of(job), now=now(), claimed=1):
        save_batch(batch, now=now(), lease=None)
        raise NoRoom
    if batch["phase"] == BatchPhase.QUEUED:
        _freeze_question(batch, job, now())
    if batch["phase"] in {BatchPhase.SENT, BatchPhase.UNKNOWN}:
        _ask(batch, job, now)
    if batch["phase"] == BatchPhase.SETTLED:
        _finish(batch, job, now())
    return True


def _freeze_question(batch: Batch, job: Enrichment, now: datetime) -> None:
    """Note what the vendor is asked, for good: who is bought, held or has become so meanwhile is not."""
    if not _is_held(batch, now):
        # Nobody pays for it any more.
        save_batch(batch, now=now, lease=None)
        close_queued(job_id=job.pk, quote_id=batch["quoteId"], state=RowState.EXPIRED, now=now)
        batch["phase"] = BatchPhase.CANCELLED.value
        return
    keys = [key_of_row(row) for row in batch["rows"]]
    held, bought = known_traces(keys, now), purchases_of(owner_of(job), keys, now)
    renewed = held_traces(key_of_row(row) for row in batch["rows"] if "renews" in row)
    ids = [ObjectId(row["contactId"]) for row in batch["rows"]]
    shown = dict.fromkeys(SHOWN_TO_VENDOR, 1)
    contacts = {
        str(contact["_id"]): contact
        for contact in collection_of(Contact).find({"_id": {"$in": ids}, "userId": job.user_id}, shown)
    }
    rows = []
    for row in batch["rows"]:
        key = key_of_row(row)
        if row["state"] != RowState.QUEUED or row.get("free") or is_paid(row, bought):
            rows.append(row)
            continue
        contact = contacts.get(row["contactId"])
        if contact is None or ("traceKey" in row and trace_key(contact) != key):
            # Deleted, or changed since the quote, which was about whom it named then.
            rows.append({**row, "state": RowState.CANCELLED.value})
            continue
        request = request_of(contact)
        if key in held and not row.get("anew"):
            rows.append(row)
        elif request.is_traceable:
            # Kept before anything is asked: once the answer is stored, nobody can tell what it changed.
            was = {"was": listed_numbers(renewed[key])} if key in renewed else {}
            rows.append({**row, **was, "state": RowState.SENT.value, "asked": body_of(request)})
        else:
            rows.append({**row, "state": RowState.CANCELLED.value})
    crash_at("before question")
    save_batch(batch, now=now, lease=LEASE_OF_CALL, rows=rows, counts=counts_of(rows), phase=BatchPhase.SENT.value)
    crash_at("after question")


def _is_held(batch: Batch, now: datetime) -> bool:
    """Whether the credits for the batch are still held. Without them nothing is asked of the vendor, who bills it."""
    return Quote.objects.filter(pk=batch["quoteId"], status=Quote.Status.ACCEPTED, hold_until__gt=now).exists()


def _ask(batch: Batch, job: Enrichment, now: Clock) -> None:
    """Ask what was frozen, or read the answer that is on record, and settle the batch with it."""
    requests = [request_from(row["contactId"], row["asked"]) for row in batch["rows"] if _is_asked(row)]
    if not requests:
        settle(batch, job, now())
        return
    reference = f"trace:{batch['_id']}:{batch['failures']}"
    is_new = _would_be_sent(reference)
    moment = now()
    if is_new:
        if not _may_still_ask(batch, job, moment):
            return
        if not breaker.may_ask():
            _delay(batch, job, moment, PROBE_DELAY * random.uniform(1, 5))  # noqa: S311 -- spreads, no secret
            return
    if as_utc(batch["leaseUntil"]) < moment + LEASE_OF_CALL - A_MOMENT:
        save_batch(batch, now=moment, lease=LEASE_OF_CALL)
    crash_at("before call")
    try:
        answer = batchdata.trace_people(requests, reference=reference, user_id=owner_of(job), now=moment)
    except VendorError as error:
        _handle_error(batch, job, error, now(), is_new=is_new)
        return
    crash_at("after answer")
    if not answer.replayed:
        breaker.note_answer()
        _note_running(job)
    reading = read_answer(batch["rows"], requests, answer)
    store_traces(reading.traces)
    crash_at("after traces")
    settle(batch, job, now(), reading=reading)


def _would_be_sent(reference: str) -> bool:
    """Whether the vendor would be asked now: neither has it been, nor may an earlier attempt have been billed."""
    last = VendorCall.objects.filter(reference=reference).order_by("-attempt").only("state", "may_be_billed").first()
    if last is None or last.state == CallState.PREPARED:
        return True
    return last.state == CallState.FAILED and not last.may_be_billed


def _is_asked(row: dict) -> bool:
    return row["state"] in {RowState.SENT, RowState.UNKNOWN} and isinstance(row.get("asked"), dict)


def _may_still_ask(batch: Batch, job: Enrichment, now: datetime) -> bool:
    """Whether the job still runs, read right before the vendor is asked; else the batch waits or ends unasked."""
    phase = Enrichment.objects.filter(pk=job.pk).values_list("phase", flat=True).first()
    if phase in {Enrichment.Phase.RUNNING, Enrichment.Phase.DELAYED} and _is_held(batch, now):
        return True
    rows = [_unasked(row) if row["state"] == RowState.SENT else row for row in batch["rows"]]
    save_batch(batch, now=now, lease=None, rows=rows, counts=counts_of(rows), phase=BatchPhase.QUEUED.value)
    if phase == Enrichment.Phase.CANCELLED:
        close_queued(job_id=job.pk, state=RowState.CANCELLED, now=now)
    return False


def _unasked(row: dict) -> dict:
    return {**{key: value for key, value in row.items() if key != "asked"}, "state": RowState.QUEUED.value}


def _note_running(job: Enrichment) -> None:
    Enrichment.objects.filter(pk=job.pk, phase=Enrichment.Phase.DELAYED).update(
        phase=Enrichment.Phase.RUNNING, problem=""
    )


def _delay(batch: Batch, job: Enrichment, now: datetime, delay: timedelta, **values) -> None:
    """Let the batch wait, and say that the job is delayed."""
    save_batch(batch, now=now, lease=None, dueAt=as_utc(now + delay), **values)
    Enrichment.objects.filter(pk=job.pk, phase=Enrichment.Phase.RUNNING).update(
        phase=Enrichment.Phase.DELAYED,
        problem="The data vendor does not answer at the moment. Nothing was charged; Atlas tries again by itself.",
    )


def _handle_error(batch: Batch, job: Enrichment, error: VendorError, now: datetime, *, is_new: bool) -> None:
    """Wait, give up, or take the answer for lost; nothing is charged for what the vendor did not tell.

    Only a question that was asked now (`is_new`) says something of how the vendor is.
    """
    logger.log(
        logging.DEBUG if batch["phase"] == BatchPhase.UNKNOWN else logging.WARNING,
        "Batch %s: %s",
        batch["_id"],
        type(error).__name__,
    )
    if isinstance(error, VendorCallInProgress):
        wait = timedelta(seconds=min(90.0, max(1.0, error.retry_after_seconds or 1.0)))
        save_batch(batch, now=now, lease=None, dueAt=as_utc(now + wait))
        return
    if isinstance(error, VendorOutcomeUnknown) and _is_lost(error):
        if is_new:
            breaker.note_failure()
        _wait_for_lost(batch, job, now)
        return
    if isinstance(error, VendorBadAnswer | VendorRejected) or error.status == HTTPStatus.OK:
        _fail(batch, job, "The data vendor's answer could not be read.", now)
        return
    if is_new:
        breaker.note_failure()
    if isinstance(error, VendorOutcomeUnknown):
        if batch["failures"] + 1 >= FAULTS_BEFORE_GIVING_UP:
            _fail(batch, job, "The data vendor could not answer.", now)
        else:
            # Another question on record: the one that was answered with a fault may have been billed.
            _delay(batch, job, now, _backoff(batch["failures"]), failures=batch["failures"] + 1)
        return
    delays = (batch.get("metadata") or {}).get("delays", 0)
    delay = _backoff(delays)
    if isinstance(error, VendorUnavailable) and error.retry_after_seconds:
        delay = max(delay, timedelta(seconds=min(error.retry_after_seconds, 3_600)))
    if isinstance(error, VendorMisconfigured):
        delay = LONGEST_DELAY
    _delay(batch, job, now, delay, metadata={**(batch.get("metadata") or {}), "delays": delays + 1})


def _backoff(times: int) -> timedelta:
    """Longer each time; the jitter keeps batches from returning in step."""
    delay = min(FIRST_DELAY * 2 ** min(times, 10), LONGEST_DELAY)
    return delay * random.uniform(0.75, 1.25)  # noqa: S311 -- spreads, no secret


def _is_lost(error: VendorOutcomeUnknown) -> bool:
    """Whether no whole answer came. One that was answered, with a fault or with junk, is on record as failed."""
    return VendorCall.objects.filter(pk=error.call_id, state=CallState.UNKNOWN).exists()


def _wait_for_lost(batch: Batch, job: Enrichment, now: datetime) -> None:
    """Hold the credits for a day: the answer may have been billed, and may still come; asking again would be blind.

    What is held or bought need not wait for it. After the day the credits go back, and what comes then is free.
    """
    noted = (batch.get("metadata") or {}).get("lostAt")
    lost_at = as_utc(datetime.fromisoformat(noted)) if noted else as_utc(now)
    ends = lost_at + settings.UNKNOWN_RESULT_HOLD
    later = now + LATE_LOOK
    if now < ends:
        values: dict[str, Any] = {"dueAt": as_utc(min(now + LOOK_AGAIN, ends))}
    else:
        values = {
            "status": BatchStatus.COMPLETED.value,
            "dueAt": as_utc(later) if later < ends + LOOKED_FOR_LATE else None,
            "endedAt": batch.get("endedAt") or as_utc(now),
            "problem": "The data vendor took the question, and its answer was lost.",
        }
    settle(
        batch,
        job,
        now,
        unread=RowState.UNKNOWN,
        phase=BatchPhase.UNKNOWN.value,
        metadata={"lostAt": lost_at.isoformat()},
    )
    show_traces(user_id=owner_of(job), rows=[row for row in batch["rows"] if row["state"] in TOLD], now=now)
    save_batch(batch, now=now, lease=None, **values)


def _fail(batch: Batch, job: Enrichment, problem: str, now: datetime) -> None:
    """Give the batch up: its rows are free, and can be asked again when the user says so."""
    settle(batch, job, now, metadata={"failed": True}, problem=problem)


def _finish(batch: Batch, job: Enrichment, now: datetime) -> None:
    """Bring the contacts up to the results, and let the batch be done."""
    crash_at("before contacts")
    show_traces(user_id=owner_of(job), rows=[row for row in batch["rows"] if row["state"] in TOLD], now=now)
    crash_at("after contacts")
    has_failed = batch["metadata"].get("failed", False)
    save_batch(
        batch,
        now=now,
        lease=None,
        status=(BatchStatus.FAILED if has_failed else BatchStatus.COMPLETED).value,
        phase=(BatchPhase.FAILED if has_failed else BatchPhase.DONE).value,
        dueAt=None,
        endedAt=batch.get("endedAt") or as_utc(now),
    )
    crash_at("after batch")
