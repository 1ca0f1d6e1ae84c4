"""The states of work on lists, changed by compare-and-set only, and the lease of the worker that carries it on."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from bson import Int64, ObjectId
from django.db import models
from django.db.models import Q
from pymongo import ReturnDocument

from accounts.models import User
from atlas_site.mongodb.documents import collection_of, current_session, load
from leads.models import ListJob

LEASE = timedelta(seconds=60)
# A big job hands itself on after this time, within the time limit of tasks.
STINT = timedelta(seconds=75)
TURN_WAIT = timedelta(seconds=5)

Clock = Callable[[], datetime]
State = ListJob.State
COLUMNS = {field.attname: field for field in ListJob._meta.concrete_fields}


class LeaseLost(Exception):
    """Another worker has taken the job over, or its user stopped it: this one changes nothing more."""


class JobNotFound(Exception):
    """The user has no such job."""


class WrongState(Exception):
    """The job is in a state in which this cannot be done, or not any more."""


def find_job(*, user: User, job_id: str) -> ListJob:
    """The user's job of this id. Raises JobNotFound."""
    found = ListJob.objects.filter(pk=ObjectId(job_id), user_id=user.pk).first() if ObjectId.is_valid(job_id) else None
    if found is None:
        raise JobNotFound(job_id)
    return found


def claim_job(*, job_id: str, now: datetime) -> ListJob | None:
    """Take the lease of a job that is due, or return None when there is nothing to do or another worker does it."""
    due = {
        "_id": ObjectId(job_id),
        "dueAt": {"$lte": now},
        "$or": [{"leaseUntil": None}, {"leaseUntil": {"$lte": now}}],
    }
    taken = {"$set": {"leaseUntil": now + LEASE}, "$inc": {"attempt": 1}}
    found = collection_of(ListJob).find_one_and_update(due, taken, return_document=ReturnDocument.AFTER)
    return load(ListJob, found) if found else None


def due_job_ids(*, now: datetime, limit: int = 100) -> list[str]:
    """Ids of jobs that are due and that no worker holds, longest waiting first."""
    is_free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    due = ListJob.objects.filter(is_free, state__in=State.values, due_at__lte=now).order_by("due_at")
    return [str(pk) for pk in due.values_list("pk", flat=True)[:limit]]


def save_progress(job: ListJob, *, now: datetime, **values: Any) -> None:
    """Write values of a job that this worker holds, and hold it for another while.

    Raises LeaseLost, which undoes a surrounding transaction.
    """
    values.setdefault("lease_until", now + LEASE)
    if not _set({"_id": job.pk, "attempt": job.attempt, "state": job.state}, values):
        raise LeaseLost
    for name, value in values.items():
        setattr(job, name, value)


def hand_on(job: ListJob, *, now: datetime, due_at: datetime | None, **values: Any) -> None:
    """Write values and give the lease back: a worker goes on when it is due, if ever. Raises LeaseLost."""
    save_progress(job, now=now, due_at=due_at, lease_until=None, **values)


def change_state(job: ListJob, *, states: set[str], **values: Any) -> None:
    """Write values for the user, who does not hold the job, if it is in one of these states. Raises WrongState."""
    if not _set({"_id": job.pk, "state": {"$in": [str(state) for state in states]}}, values):
        raise WrongState(job.pk)
    for name, value in values.items():
        setattr(job, name, value)


def _set(condition: dict[str, Any], values: dict[str, Any]) -> bool:
    """Write values by the names of their fields where the condition holds; whole numbers in 64 bits."""
    document = {}
    for name, value in values.items():
        field = COLUMNS[name]
        is_number = isinstance(field, models.BigIntegerField | models.IntegerField)
        document[field.column] = Int64(value) if is_number else value
    changed = collection_of(ListJob).update_one(condition, {"$set": document}, session=current_session())
    return bool(changed.matched_count)
