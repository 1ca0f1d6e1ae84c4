"""Carrying jobs out: a worker takes as many batches at once as it has lanes; the sweep finds what nobody told of."""

import logging
import random
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from bson import ObjectId
from django.conf import settings
from django.db import connections

from atlas_site.mongodb.documents import collection_of
from credits.models import Quote
from leads.models import Enrichment, EnrichmentBatch, RowState
from leads.services.traces.batches import Clock, NoRoom, run_batch
from leads.services.traces.ending import end_quotes, send_mail_of
from leads.services.traces.jobs import (
    LOOKED_FOR,
    WORKED_ON,
    BatchPhase,
    BatchStatus,
    Phase,
    Status,
    close_queued,
    open_batches,
)
from leads.services.traces.leases import LeaseLost, active_jobs, due_batch_ids

logger = logging.getLogger(__name__)

# A big job hands itself on after this time: well within the time limit of tasks, and others get their turn.
STINT = timedelta(minutes=2)


def run_trace(*, enrichment_id: str, now: Clock, call_help: Callable[[], None] | None = None) -> bool:
    """Carry a job on as far as it gets in one stint, and say whether more of it is due.

    `now` is a clock. `call_help` is called once when there are more batches than this worker has lanes. Killed at any
    line, or run by several workers at once, it comes to the same end.
    """
    began = now()
    job = Enrichment.objects.filter(pk=ObjectId(enrichment_id), phase__isnull=False).first()
    if job is None:
        return False
    _prepare(job, began)
    due = due_batch_ids(job, began)
    if call_help is not None and len(due) > settings.TRACE_LANES:
        call_help()
    while due and now() - began < STINT:
        done = _run_lanes(job, due, now, began)
        job.refresh_from_db()
        due = due_batch_ids(job, now()) if done else []
    if job.status == Status.PROCESSING:
        end_quotes(job=job, now=now())
    return bool(due)


def _prepare(job: Enrichment, now: datetime) -> None:
    """Do what an accepting, stopping or expiring worker or page left undone."""
    if job.status != Status.PROCESSING:
        return
    for quote in Quote.objects.filter(pk__in=job.quote_ids).only("status", "hold_until"):
        open_batches(job_id=job.pk, quote_id=quote.pk, now=now)
        is_held = quote.status == Quote.Status.ACCEPTED and quote.hold_until is not None and quote.hold_until > now
        if not is_held:
            close_queued(job_id=job.pk, quote_id=quote.pk, state=RowState.EXPIRED, now=now)
    if job.phase == Phase.CANCELLED:
        close_queued(job_id=job.pk, state=RowState.CANCELLED, now=now)


def _run_lanes(job: Enrichment, due: list[ObjectId], now: Clock, began: datetime) -> bool:
    """Carry these batches on in all lanes, and say whether any was; other workers take others of them."""
    start = random.randrange(len(due))  # noqa: S311 -- workers that begin apart do not wait for each other
    left = deque([*due[start:], *due[:start]])
    if settings.TRACE_LANES == 1 or len(due) == 1:
        return _run_lane(job, left, now, began)
    with ThreadPoolExecutor(max_workers=settings.TRACE_LANES, thread_name_prefix="trace") as lanes:
        running = [lanes.submit(_run_lane, job, left, now, began) for _ in range(settings.TRACE_LANES)]
    results = [lane.result() for lane in running]
    return any(results)


def _run_lane(job: Enrichment, left: deque[ObjectId], now: Clock, began: datetime) -> bool:
    done = False
    try:
        while now() - began < STINT:
            try:
                batch_id = left.popleft()
            except IndexError:
                break
            if not _may_go_on(job):
                break
            try:
                done = run_batch(batch_id=batch_id, job=job, now=now) or done
            except LeaseLost:
                logger.info("Batch %s was taken over.", batch_id)
            except NoRoom:
                break
    finally:
        for connection in connections.all(initialized_only=True):
            connection.close()
    return done


def _may_go_on(job: Enrichment) -> bool:
    """Whether the job may begin with another batch, read anew: pause and stop act within one batch."""
    phase = Enrichment.objects.filter(pk=job.pk).values_list("phase", flat=True).first()
    return phase in WORKED_ON or job.phase not in WORKED_ON


def due_trace_ids(*, now: datetime) -> list[str]:
    """Ids of jobs with a batch that is due and that no worker holds, or whose end nobody has noticed."""
    due = {job.pk: job for job in active_jobs(now)}
    ids = [str(job.pk) for job in due.values() if _needs_work(job, now)]
    # Answers that were lost may come after the end of their jobs.
    late = {"status": BatchStatus.COMPLETED.value, "dueAt": {"$lte": now}}
    found = collection_of(EnrichmentBatch).distinct("enrichmentId", late)
    return [*ids, *(str(pk) for pk in found if pk not in due)]


def _needs_work(job: Enrichment, now: datetime) -> bool:
    open_ones = {"enrichmentId": job.pk, "status": BatchStatus.PENDING.value}
    batches = collection_of(EnrichmentBatch)
    if batches.find_one({**open_ones, "quoteId": {"$in": job.quote_ids}}, {"_id": 1}) is None:
        return True
    if batches.find_one({**open_ones, "quoteId": {"$in": job.quote_ids}, "phase": None}, {"_id": 1}) is not None:
        return True
    if due_batch_ids(job, now):
        return True
    if job.phase in {Phase.PAUSED, Phase.CANCELLED}:
        queued = {**open_ones, "phase": BatchPhase.QUEUED.value}
        has_queued = batches.find_one(queued, {"_id": 1}) is not None
        held = Quote.objects.filter(pk__in=job.quote_ids, status=Quote.Status.ACCEPTED, hold_until__gt=now)
        return has_queued and (job.phase == Phase.CANCELLED or held.count() < len(job.quote_ids))
    return False


def send_due_mails(*, now: datetime) -> int:
    """Send the mails of jobs that ended and of which nobody has told yet, and return how many they were."""
    ended = Enrichment.objects.filter(
        phase__in=[Phase.DONE, Phase.CANCELLED],
        created_at__gte=now - LOOKED_FOR,
        ended_at__gte=now - timedelta(days=1),
        mailed_at__isnull=True,
    )
    return sum(send_mail_of(job_id=pk, now=now) for pk in ended.values_list("pk", flat=True)[:100])
