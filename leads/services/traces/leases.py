"""Batches and the lease of the worker that carries one: claimed when due, written only by who holds it."""

from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from django.conf import settings
from pymongo import ReturnDocument

from atlas_site.mongodb.documents import as_utc, collection_of, current_session
from leads.models import Enrichment, EnrichmentBatch
from leads.services.traces.jobs import LOOKED_FOR, OPEN, WORKED_ON, BatchPhase, BatchStatus, Phase, Status

LEASE = timedelta(seconds=45)
# While the vendor is asked: longer than its call may take, and short enough for what a dead worker left.
LEASE_OF_CALL = timedelta(seconds=60)
# In a job that nobody is to go on with, what was begun is still finished.
BEGUN = [BatchPhase.SENT, BatchPhase.SETTLED, BatchPhase.UNKNOWN]

Batch = dict[str, Any]
"""The document of an EnrichmentBatch, as PyMongo reads it."""


class LeaseLost(Exception):
    """Another worker has taken the batch over; this one changes nothing more."""


def active_jobs(now: datetime) -> list[Enrichment]:
    """The jobs that are not over, the oldest first."""
    phases = [*OPEN, Phase.CANCELLED]
    since = now - LOOKED_FOR
    found = Enrichment.objects.filter(phase__in=phases, created_at__gte=since, status=Status.PROCESSING)
    return list(found.order_by("created_at"))


def due_batch_ids(job: Enrichment, now: datetime) -> list[ObjectId]:
    """The batches of a job that a worker can go on with now: the longest due first, in their order."""
    # Completed ones are due whose answer was lost and may still come.
    states = [BatchStatus.PENDING.value, BatchStatus.COMPLETED.value]
    query: dict[str, Any] = {"enrichmentId": job.pk, "status": {"$in": states}, **_due(now)}
    if job.phase not in WORKED_ON:
        query["phase"] = {"$in": [phase.value for phase in BEGUN]}
    found = collection_of(EnrichmentBatch).find(query, {"_id": 1}).sort([("dueAt", 1), ("batchNumber", 1)])
    return [batch["_id"] for batch in found]


def _due(now: datetime) -> dict[str, Any]:
    moment = as_utc(now)
    return {"dueAt": {"$lte": moment}, "$or": [{"leaseUntil": None}, {"leaseUntil": {"$lte": moment}}]}


def claim_batch(*, batch_id: ObjectId, now: datetime) -> Batch | None:
    """Take the lease of a batch that is due, or return None when there is nothing to do or another worker does it."""
    taken = {"$set": {"leaseUntil": as_utc(now) + LEASE}, "$inc": {"attempt": 1}}
    return collection_of(EnrichmentBatch).find_one_and_update(
        {"_id": batch_id, **_due(now)}, taken, return_document=ReturnDocument.AFTER
    )


def save_batch(batch: Batch, *, now: datetime, lease: timedelta | None = LEASE, **values: Any) -> None:
    """Write values of a batch that this worker holds, by the keys of its document, and hold it on; None lets it go.

    Raises LeaseLost, which undoes a surrounding transaction.
    """
    changed = {**values, "leaseUntil": as_utc(now) + lease if lease else None}
    held = {"_id": batch["_id"], "attempt": batch["attempt"]}
    written = collection_of(EnrichmentBatch).update_one(held, {"$set": changed}, session=current_session())
    if not written.matched_count:
        raise LeaseLost
    batch.update(changed)


def has_room(*, user_id: ObjectId, now: datetime, claimed: int = 0) -> bool:
    """Whether one more batch may be under way, of this user and in all; `claimed` of them are the caller's own."""
    leased = {"status": BatchStatus.PENDING.value, "leaseUntil": {"$gt": as_utc(now)}}
    held = list(collection_of(EnrichmentBatch).find(leased, {"enrichmentId": 1}))
    if len(held) - claimed >= settings.TRACES_IN_FLIGHT:
        return False
    if len(held) - claimed < settings.TRACES_IN_FLIGHT_A_USER:
        return True
    jobs = Enrichment.objects.filter(pk__in={batch["enrichmentId"] for batch in held}, user_id=user_id)
    own = set(jobs.values_list("pk", flat=True))
    return sum(batch["enrichmentId"] in own for batch in held) - claimed < settings.TRACES_IN_FLIGHT_A_USER
