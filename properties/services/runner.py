"""Carrying jobs out: one step after the other, and what happens when the vendor fails."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus

from django.conf import settings

from atlas_site.vendors.batchdata import CriteriaRefused
from atlas_site.vendors.errors import (
    VendorCallInProgress,
    VendorError,
    VendorMisconfigured,
    VendorOutcomeUnknown,
    VendorRejected,
    VendorUnavailable,
)
from properties.models import PropertyJob
from properties.services.comparables import reveal_comparables
from properties.services.jobs import LeaseLost, State, claim_job, end_job, is_held, is_under_way, save_progress
from properties.services.refreshes import refresh_datasets
from properties.services.reveals import reveal_next_page
from properties.services.unlocks import unlock_datasets

logger = logging.getLogger(__name__)

FIRST_DELAY = timedelta(seconds=10)
FAILURES_BEFORE_GIVING_UP = 5
# A job that kills its workers, or meets an error that nobody foresaw, is not tried for ever.
ATTEMPTS_BEFORE_GIVING_UP = 50
# A big job hands itself on after this time: well within the time limit of tasks, and others get their turn.
STINT = timedelta(minutes=2)
STEPS = {
    PropertyJob.Kind.REVEAL: reveal_next_page,
    PropertyJob.Kind.UNLOCK: unlock_datasets,
    PropertyJob.Kind.REFRESH: refresh_datasets,
    PropertyJob.Kind.COMPARABLES: reveal_comparables,
}


def run_job(*, job_id: str, now: Callable[[], datetime]) -> PropertyJob | None:
    """Carry a due job out until it is over or has to wait. `now` is a clock, read before each step.

    Killed at any line, the job goes on from its last finished step under the next lease: an answer that was paid for is
    read from its record, and no step is captured twice.
    """
    began = now()
    job = claim_job(job_id=job_id, now=began)
    try:
        while job is not None and job.state == State.RUNNING:
            moment = now()
            if moment - began >= STINT:
                return save_progress(job=job, state=State.QUEUED, due_at=moment, lease_until=None)
            job = _take_step(job, moment)
    except LeaseLost:
        return None
    return job


def _take_step(job: PropertyJob, now: datetime) -> PropertyJob:
    """Do the next step of a job, or end it when there is no point in one. Raises LeaseLost."""
    over = _why_over(job, now)
    if over:
        cause, problem = over
        return end_job(job=job, cause=cause, problem=problem, now=now)
    try:
        return STEPS[PropertyJob.Kind(job.kind)](job=job, now=now)
    except CriteriaRefused:
        logger.exception("Job %s asks for what may not be asked.", job.pk)
        return end_job(job=job, cause="fault", problem="This search cannot be asked for any more.", now=now)
    except VendorError as error:
        return _handle_vendor_error(job=job, error=error, now=now)


def _why_over(job: PropertyJob, now: datetime) -> tuple[str, str] | None:
    """The cause and the sentence with which a job ends before its next step, or None when that is to be done.

    What the vendor was asked already may be billed already: it is finished first, whoever stopped the job, and after
    the end of the hold it is delivered free.
    """
    if job.attempt > ATTEMPTS_BEFORE_GIVING_UP:
        logger.error("Job %s was given up after %d attempts.", job.pk, job.attempt)
        return "fault", "Atlas could not carry this out."
    if job.answer_lost:
        return "lost", "The data vendor's answer was lost. Nothing was charged."
    if job.cancelled_at and not is_under_way(job):
        return "cancelled", "You stopped it. What came before is yours, and nothing more was asked for."
    if not is_held(job=job, now=now) and not is_under_way(job):
        return "expired", "The time for which credits are held was over."
    return None


def is_lost(error: VendorError) -> bool:
    """Whether a question was sent and no answer came. One that was answered with a fault is asked again."""
    was_answered = error.status is not None and error.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return isinstance(error, VendorOutcomeUnknown) and not was_answered


def _handle_vendor_error(*, job: PropertyJob, error: VendorError, now: datetime) -> PropertyJob:
    """Wait and try again, or stop the job and give back what is held; nothing is charged for a vendor's fault."""
    logger.warning("Job %s: %s", job.pk, type(error).__name__)
    if isinstance(error, VendorCallInProgress):
        return save_progress(job=job, due_at=now + FIRST_DELAY, state=State.QUEUED, lease_until=None)
    if is_lost(error):
        # It may have been billed, and asking again blindly would be billed again: held for a day, then given back.
        return save_progress(
            job=job,
            state=State.DELAYED,
            due_at=now + settings.UNKNOWN_RESULT_HOLD,
            lease_until=None,
            answer_lost=True,
            problem="The data vendor took the question, and its answer was lost. Nothing is charged for it, and what "
            "is held for it comes back within a day. You may ask again with a new quote at any time.",
        )
    gives_up = isinstance(error, VendorRejected | VendorMisconfigured) or job.failures + 1 >= FAILURES_BEFORE_GIVING_UP
    if gives_up:
        return end_job(job=job, cause="fault", problem="The data vendor could not answer.", now=now)
    delay = FIRST_DELAY * 2**job.failures
    if isinstance(error, VendorUnavailable) and error.retry_after_seconds:
        delay = max(delay, timedelta(seconds=error.retry_after_seconds))
    return save_progress(
        job=job,
        state=State.DELAYED,
        due_at=now + delay,
        lease_until=None,
        failures=job.failures + 1,
        problem="The data vendor does not answer at the moment. Nothing was charged; Atlas tries again by itself.",
    )
