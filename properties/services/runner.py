"""Carrying jobs out: one step after the other, and what happens when the vendor fails."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from atlas_site.vendors.errors import (
    VendorCallInProgress,
    VendorError,
    VendorMisconfigured,
    VendorRejected,
    VendorUnavailable,
)
from properties.models import PropertyJob
from properties.services.jobs import LeaseLost, State, claim_job, end_job, save_progress
from properties.services.reveals import reveal_next_page
from properties.services.unlocks import unlock_datasets

logger = logging.getLogger(__name__)

FIRST_DELAY = timedelta(seconds=10)
FAILURES_BEFORE_GIVING_UP = 5
STEPS = {PropertyJob.Kind.REVEAL: reveal_next_page, PropertyJob.Kind.UNLOCK: unlock_datasets}


def run_job(*, job_id: str, now: Callable[[], datetime]) -> PropertyJob | None:
    """Carry a due job out until it is over or has to wait. `now` is a clock, read before each step.

    Killed at any line, the job goes on from its last finished step under the next lease: an answer that was paid for is
    read from its record, and no step is captured twice.
    """
    job = claim_job(job_id=job_id, now=now())
    while job is not None and not job.is_over:
        try:
            job = STEPS[PropertyJob.Kind(job.kind)](job=job, now=now())
        except LeaseLost:
            return None
        except VendorError as error:
            return _handle_vendor_error(job=job, error=error, now=now())
    return job


def _handle_vendor_error(*, job: PropertyJob, error: VendorError, now: datetime) -> PropertyJob:
    """Wait and try again, or stop the job and give back what is held; nothing is charged for a vendor's fault."""
    logger.warning("Job %s: %s", job.pk, type(error).__name__)
    if isinstance(error, VendorCallInProgress):
        return save_progress(job=job, due_at=now + FIRST_DELAY, state=State.QUEUED, lease_until=None)
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
