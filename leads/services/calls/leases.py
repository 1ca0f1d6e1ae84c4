"""The states of a dialer's file, changed by compare-and-set only, and the lease of the worker that carries it on."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from bson import Int64, ObjectId
from django.db import models
from django.db.models import Q
from pymongo import ReturnDocument

from accounts.models import User
from atlas_site.mongodb.documents import collection_of, current_session, load
from leads.models import DialerFile

LEASE = timedelta(seconds=60)
State = DialerFile.State
COLUMNS = {field.attname: field for field in DialerFile._meta.concrete_fields}


class LeaseLost(Exception):
    """Another worker has taken the file over, or its user stopped it: this one changes nothing more."""


class CallsNotFound(Exception):
    """The user has no such file."""


class WrongState(Exception):
    """The file is in a state in which this cannot be done, or not any more."""


def find_file(*, user: User, file_id: str) -> DialerFile:
    """The user's file of this id. Raises CallsNotFound."""
    found = None
    if ObjectId.is_valid(file_id):
        found = DialerFile.objects.filter(pk=ObjectId(file_id), user_id=user.pk).first()
    if found is None:
        raise CallsNotFound(file_id)
    return found


def claim_file(*, file_id: str, now: datetime) -> DialerFile | None:
    """Take the lease of a file that is due, or return None when there is nothing to do or another worker does it."""
    due = {
        "_id": ObjectId(file_id),
        "dueAt": {"$lte": now},
        "$or": [{"leaseUntil": None}, {"leaseUntil": {"$lte": now}}],
    }
    taken = {"$set": {"leaseUntil": now + LEASE}, "$inc": {"attempt": 1}}
    found = collection_of(DialerFile).find_one_and_update(due, taken, return_document=ReturnDocument.AFTER)
    return load(DialerFile, found) if found else None


def due_file_ids(*, now: datetime, limit: int = 100) -> list[str]:
    """Ids of files that are due and that no worker holds, longest waiting first."""
    is_free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    due = DialerFile.objects.filter(is_free, state__in=State.values, due_at__lte=now).order_by("due_at")
    return [str(pk) for pk in due.values_list("pk", flat=True)[:limit]]


def save_progress(dialer_file: DialerFile, *, now: datetime, **values: Any) -> None:
    """Write values of a file that this worker holds, and hold it for another while. Raises LeaseLost."""
    values.setdefault("lease_until", now + LEASE)
    held = {"_id": dialer_file.pk, "attempt": dialer_file.attempt, "state": dialer_file.state}
    if not _set(held, values):
        raise LeaseLost
    for name, value in values.items():
        setattr(dialer_file, name, value)


def hand_on(dialer_file: DialerFile, *, now: datetime, due_at: datetime | None, **values: Any) -> None:
    """Write values and give the lease back: a worker goes on when it is due, if ever. Raises LeaseLost."""
    save_progress(dialer_file, now=now, due_at=due_at, lease_until=None, **values)


def change_state(dialer_file: DialerFile, *, states: Iterable[str], **values: Any) -> None:
    """Write values for the user, who does not hold the file, if it is in one of these states. Raises WrongState."""
    if not _set({"_id": dialer_file.pk, "state": {"$in": list(states)}}, values):
        raise WrongState(dialer_file.pk)
    for name, value in values.items():
        setattr(dialer_file, name, value)


def _set(condition: dict[str, Any], values: dict[str, Any]) -> bool:
    document = {}
    for name, value in values.items():
        field = COLUMNS[name]
        is_number = isinstance(field, models.BigIntegerField | models.IntegerField)
        document[field.column] = Int64(value) if is_number else value
    changed = collection_of(DialerFile).update_one(condition, {"$set": document}, session=current_session())
    return bool(changed.matched_count)
