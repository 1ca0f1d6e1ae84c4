"""Work on lists as `leads.services.leases` has it carried on."""

from collections.abc import Callable
from datetime import datetime, timedelta

from accounts.models import User
from leads.models import ListJob
from leads.selectors import lists as selectors
from leads.services.leases import LeaseLost, WrongState, change_state, claim, due_ids, hand_on, save_progress

__all__ = [
    "STINT",
    "TURN_WAIT",
    "Clock",
    "JobNotFound",
    "LeaseLost",
    "State",
    "WrongState",
    "change_state",
    "claim_job",
    "due_job_ids",
    "find_job",
    "hand_on",
    "save_progress",
]

# A big job hands itself on after this time, within the time limit of tasks.
STINT = timedelta(seconds=75)
TURN_WAIT = timedelta(seconds=5)

Clock = Callable[[], datetime]
State = ListJob.State


class JobNotFound(Exception):
    """The user has no such job."""


def find_job(*, user: User, job_id: str) -> ListJob:
    """The user's job of this id. Raises JobNotFound."""
    found = selectors.find_job(user, job_id)
    if found is None:
        raise JobNotFound(job_id)
    return found


def claim_job(*, job_id: str, now: datetime) -> ListJob | None:
    """Take the lease of a job that is due, or return None when there is nothing to do or another worker does it."""
    return claim(ListJob, job_id, now)


def due_job_ids(*, now: datetime, limit: int = 100) -> list[str]:
    """Ids of jobs that are due and that no worker holds, longest waiting first."""
    return due_ids(ListJob, now, limit)
