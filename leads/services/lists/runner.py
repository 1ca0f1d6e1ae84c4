"""Carrying work on lists on, state by state, until it is over or waits for its user."""

import logging
from collections.abc import Callable

from leads.models import ListJob
from leads.services import workspaces
from leads.services.lists.adding import add_properties
from leads.services.lists.combining import copy_leads, count_lists, end_waiting
from leads.services.lists.leases import Clock, LeaseLost, State, claim_job, hand_on

logger = logging.getLogger(__name__)

# A job that kills its workers is not tried for ever.
ATTEMPTS_BEFORE_GIVING_UP = 50
GIVEN_UP = "Atlas could not finish this. What was added until then is on the list."

STEPS: dict[tuple[str, str], Callable[[ListJob, Clock], None]] = {
    (ListJob.Kind.COMBINE, State.COUNTING): count_lists,
    (ListJob.Kind.COMBINE, State.COUNTED): end_waiting,
    (ListJob.Kind.COMBINE, State.MAKING): copy_leads,
    (ListJob.Kind.ADD, State.MAKING): add_properties,
}


def run_list_job(*, job_id: str, now: Clock) -> ListJob | None:
    """Carry a due job on as far as it gets in one stint, and return it; None when it is not due or not ours.

    `now` is a clock. Killed at any line, the job goes on from its last part under the next lease, and ends as it would
    have ended without that.
    """
    job = claim_job(job_id=job_id, now=now())
    if job is None:
        return None
    try:
        if job.attempt > ATTEMPTS_BEFORE_GIVING_UP:
            _give_up(job, now)
        else:
            STEPS[job.kind, job.state](job, now)
    except LeaseLost:
        return None
    return job


def _give_up(job: ListJob, clock: Clock) -> None:
    logger.error("Work %s on lists was given up after %d attempts.", job.pk, job.attempt)
    workspaces.end_commit(user_id=job.user_id, import_id=str(job.pk))
    now = clock()
    hand_on(job, now=now, due_at=None, state=State.REFUSED, problem=GIVEN_UP, ended_at=now)
