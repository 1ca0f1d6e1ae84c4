"""Work whose document is its own outbox: its state changes by compare-and-set only, and a lease says who carries it on.

A worker claims it when it is due and nobody holds its lease, and every write of that worker names its attempt, so that
one that lost the lease changes nothing.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from bson import Int64, ObjectId
from django.db import models
from django.db.models import Q
from pymongo import ReturnDocument

from atlas_site.mongodb.documents import collection_of, current_session, load
from leads.models import DialerFile, LeadImport, ListJob

LEASE = timedelta(seconds=60)

Work = TypeVar("Work", LeadImport, ListJob, DialerFile)


class LeaseLost(Exception):
    """Another worker has taken the work over, or its user stopped it: this one changes nothing more."""


class WrongState(Exception):
    """The work is in a state in which this cannot be done, or not any more."""


def claim(model: type[Work], pk: str, now: datetime) -> Work | None:
    """Take the lease of work that is due, or return None when there is nothing to do or another worker does it."""
    due = {
        "_id": ObjectId(pk),
        "dueAt": {"$lte": now},
        "$or": [{"leaseUntil": None}, {"leaseUntil": {"$lte": now}}],
    }
    taken = {"$set": {"leaseUntil": now + LEASE}, "$inc": {"attempt": 1}}
    found = collection_of(model).find_one_and_update(due, taken, return_document=ReturnDocument.AFTER)
    return load(model, found) if found else None


def due_ids(model: type[Work], now: datetime, limit: int) -> list[str]:
    """Ids of work that is due and that no worker holds, longest waiting first."""
    is_free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    due = model.objects.filter(is_free, state__in=model.State.values, due_at__lte=now).order_by("due_at")
    return [str(pk) for pk in due.values_list("pk", flat=True)[:limit]]


def save_progress(work: Work, *, now: datetime, **values: Any) -> None:
    """Write values of work that this worker holds, and hold it for another while.

    Raises LeaseLost, which undoes a surrounding transaction.
    """
    values.setdefault("lease_until", now + LEASE)
    if not _set(work, {"attempt": work.attempt, "state": work.state}, values):
        raise LeaseLost


def hand_on(work: Work, *, now: datetime, due_at: datetime | None, **values: Any) -> None:
    """Write values and give the lease back: a worker goes on when it is due, if ever. Raises LeaseLost."""
    save_progress(work, now=now, due_at=due_at, lease_until=None, **values)


def change_state(work: Work, *, states: Iterable[str], **values: Any) -> None:
    """Write values for the user, who does not hold the work, if it is in one of these states. Raises WrongState."""
    if not _set(work, {"state": {"$in": [str(state) for state in states]}}, values):
        raise WrongState(work.pk)


def _set(work: Work, condition: dict[str, Any], values: dict[str, Any]) -> bool:
    """Write values by the names of their fields, here and there, if the condition holds; whole numbers in 64 bits."""
    columns = {field.attname: field for field in work._meta.concrete_fields}
    document = {}
    for name, value in values.items():
        is_number = isinstance(columns[name], models.BigIntegerField | models.IntegerField)
        document[columns[name].column] = Int64(value) if is_number else value
    of_it, session = {"_id": work.pk, **condition}, current_session()
    if not collection_of(type(work)).update_one(of_it, {"$set": document}, session=session).matched_count:
        return False
    for name, value in values.items():
        setattr(work, name, value)
    return True
