"""The states of an import, changed by compare-and-set only, and the lease of the worker that carries it on."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from bson import Int64, ObjectId
from bson.errors import InvalidId
from django.db import models
from django.db.models import Q
from pymongo import ReturnDocument

from accounts.models import User
from atlas_site.mongodb.documents import collection_of, current_session, load
from leads.models import LeadImport

LEASE = timedelta(seconds=60)
State = LeadImport.State
COLUMNS = {field.attname: field for field in LeadImport._meta.concrete_fields}


class LeaseLost(Exception):
    """Another worker has taken the import over, or its user stopped it: this one changes nothing more."""


class ImportNotFound(Exception):
    """The user has no such import."""


class WrongState(Exception):
    """The import is in a state in which this cannot be done, or not any more."""


def find_import(*, user: User, import_id: str) -> LeadImport:
    """The user's import of this id. Raises ImportNotFound."""
    try:
        found = LeadImport.objects.filter(pk=ObjectId(import_id), user_id=user.pk).first()
    except InvalidId:
        found = None
    if found is None:
        raise ImportNotFound(import_id)
    return found


def claim_import(*, import_id: str, now: datetime) -> LeadImport | None:
    """Take the lease of an import that is due, or return None when there is nothing to do or another worker does it."""
    due = {
        "_id": ObjectId(import_id),
        "dueAt": {"$lte": now},
        "$or": [{"leaseUntil": None}, {"leaseUntil": {"$lte": now}}],
    }
    taken = {"$set": {"leaseUntil": now + LEASE}, "$inc": {"attempt": 1}}
    found = collection_of(LeadImport).find_one_and_update(due, taken, return_document=ReturnDocument.AFTER)
    return load(LeadImport, found) if found else None


def due_import_ids(*, now: datetime, limit: int = 100) -> list[str]:
    """Ids of imports that are due and that no worker holds, longest waiting first."""
    is_free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    due = LeadImport.objects.filter(is_free, state__in=State.values, due_at__lte=now).order_by("due_at")
    return [str(pk) for pk in due.values_list("pk", flat=True)[:limit]]


def save_progress(lead_import: LeadImport, *, now: datetime, **values: Any) -> None:
    """Write values of an import that this worker holds, and hold it for another while.

    Raises LeaseLost, which undoes a surrounding transaction.
    """
    values.setdefault("lease_until", now + LEASE)
    held = {"_id": lead_import.pk, "attempt": lead_import.attempt, "state": lead_import.state}
    if not _set(held, values):
        raise LeaseLost
    for name, value in values.items():
        setattr(lead_import, name, value)


def hand_on(lead_import: LeadImport, *, now: datetime, due_at: datetime | None, **values: Any) -> None:
    """Write values and give the lease back: a worker goes on when it is due, if ever. Raises LeaseLost."""
    save_progress(lead_import, now=now, due_at=due_at, lease_until=None, **values)


def change_state(lead_import: LeadImport, *, states: Iterable[str], **values: Any) -> None:
    """Write values for the user, who does not hold the import, if it is in one of these states. Raises WrongState."""
    if not _set({"_id": lead_import.pk, "state": {"$in": list(states)}}, values):
        raise WrongState(lead_import.pk)
    for name, value in values.items():
        setattr(lead_import, name, value)


def _set(condition: dict[str, Any], values: dict[str, Any]) -> bool:
    """Write values by the names of their fields where the condition holds; whole numbers in 64 bits."""
    document = {}
    for name, value in values.items():
        field = COLUMNS[name]
        is_number = isinstance(field, models.BigIntegerField | models.IntegerField)
        document[field.column] = Int64(value) if is_number else value
    changed = collection_of(LeadImport).update_one(condition, {"$set": document}, session=current_session())
    return bool(changed.matched_count)
