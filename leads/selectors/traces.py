"""How far a skip trace is: one question for all of its batches."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from django.utils import timezone

from accounts.models import User
from atlas_site.mongodb.documents import as_utc, collection_of
from credits.models import Quote
from leads.models import Enrichment, EnrichmentBatch, RowState

OPEN_STATES = {RowState.QUEUED, RowState.SENT, RowState.UNKNOWN}
# A forecast needs a beginning to go by, and goes by what was done lately, not by what a pause cost.
FORECAST_FROM = 0.05
PACE = timedelta(seconds=60)
MOST_RETRIES = 3
"""How often a batch that failed is asked again: the vendor may bill an answer that is a fault."""
JOINED_WITHIN = timedelta(days=30)
"""For how long other quotes may join a job. It lives no longer: credits are held for three days, and lost answers are
waited for a day."""
Phase = Enrichment.Phase


@dataclass(frozen=True)
class TraceProgress:
    """How far a job is. `counts` are its rows by `RowState`; `spent` and `held` are credits.

    A contact that a later quote asks for again counts there alone. `done` counts rows that are over; those whose answer
    was lost are over when their day is. `eta_seconds` is None while nobody can tell.
    """

    phase: str
    status: str
    total: int
    done: int
    counts: dict[str, int] = field(default_factory=dict)
    spent: int = 0
    held: int = 0
    eta_seconds: float | None = None
    problem: str = ""
    can_pause: bool = False
    can_resume: bool = False
    can_cancel: bool = False
    can_retry: bool = False
    can_be_joined: bool = False


def trace_progress(user: User, enrichment_id: Any, *, now: datetime | None = None) -> TraceProgress | None:
    """How far the user's job of this id is now, or None for a job that the user does not have."""
    if not ObjectId.is_valid(str(enrichment_id)):
        return None
    job = Enrichment.objects.filter(pk=ObjectId(str(enrichment_id)), user_id=user.pk).first()
    return progress_of(job, now=now) if job else None


def progress_of(job: Enrichment, *, now: datetime | None = None) -> TraceProgress:
    """How far a job is now."""
    moment = now or timezone.now()
    parts = _parts(job, moment)
    counts: dict[str, int] = {}
    for part in parts:
        for state, count in part["counts"].items():
            counts[state] = counts.get(state, 0) + count
    counts = {state: count for state, count in counts.items() if count}
    waiting = sum(count for state, count in counts.items() if state in {RowState.QUEUED, RowState.SENT})
    unknown = sum(part["unknown"] for part in parts)
    total = sum(counts.values())
    done = total - waiting - unknown
    lately = sum(part["ended"] for part in parts)
    runs = job.status == Enrichment.Status.PROCESSING
    quotes = Quote.objects.filter(pk__in=job.quote_ids, status=Quote.Status.ACCEPTED)
    return TraceProgress(
        phase=job.phase or Phase.DONE,
        status=job.status,
        total=total,
        done=done,
        counts=counts,
        spent=sum(part["spent"] for part in parts),
        held=sum(quote.reserved - quote.captured for quote in quotes),
        eta_seconds=_seconds_left(job, lately, waiting, moment) if done >= total * FORECAST_FROM else None,
        problem=job.problem,
        can_pause=runs and job.phase in {Phase.RUNNING, Phase.DELAYED} and waiting > 0,
        can_resume=runs and job.phase == Phase.PAUSED,
        can_cancel=runs and job.phase in {Phase.RUNNING, Phase.DELAYED, Phase.PAUSED} and waiting > 0,
        can_retry=any(part["failed"] for part in parts) and job.phase != Phase.PAUSED,
        can_be_joined=may_be_joined(job, moment),
    )


def may_be_joined(job: Enrichment, now: datetime) -> bool:
    """Whether a job is young enough for another quote: workers look for jobs of some weeks alone."""
    return job.created_at is not None and job.created_at > now - JOINED_WITHIN


def _parts(job: Enrichment, now: datetime) -> list[dict[str, Any]]:
    """The batches of a job summed up, those that ended lately and the others, each with its rows by state."""
    is_open = {"$and": [{"$eq": ["$status", "pending"]}, {"$eq": ["$phase", "unknown"]}]}
    again = {"$ifNull": ["$metadata.askedAgain", 0]}
    has_failed = {
        "$and": [
            {"$eq": ["$phase", EnrichmentBatch.Phase.FAILED.value]},
            {"$gt": [{"$ifNull": [f"$counts.{RowState.ERROR.value}", 0]}, again]},
            {"$lt": [{"$ifNull": ["$metadata.retries", 0]}, MOST_RETRIES]},
        ]
    }
    is_late = {"$gt": [{"$ifNull": ["$endedAt", None]}, as_utc(now) - PACE]}
    unknown = {"$ifNull": [f"$counts.{RowState.UNKNOWN.value}", 0]}
    sums: dict[str, Any] = {state: {"$sum": {"$ifNull": [f"$counts.{state}", 0]}} for state in RowState.values}
    sums[RowState.ERROR.value] = {"$sum": {"$subtract": [{"$ifNull": [f"$counts.{RowState.ERROR.value}", 0]}, again]}}
    found = collection_of(EnrichmentBatch).aggregate(
        [
            {"$match": {"enrichmentId": job.pk, "quoteId": {"$in": job.quote_ids}}},
            {"$project": {"rows": 0, "metadata.unlinked": 0}},
            {
                "$group": {
                    "_id": is_late,
                    **sums,
                    "spentSum": {"$sum": "$spent"},
                    "unknownOpen": {"$sum": {"$cond": [is_open, unknown, 0]}},
                    "failedSum": {"$sum": {"$cond": [has_failed, 1, 0]}},
                    "ended": {"$sum": {"$cond": [is_late, "$totalContacts", 0]}},
                }
            },
        ]
    )
    return [
        {
            "counts": {state: each[state] for state in RowState.values},
            "spent": each["spentSum"],
            "unknown": each["unknownOpen"],
            "failed": each["failedSum"],
            "ended": each["ended"],
        }
        for each in found
    ]


def _seconds_left(job: Enrichment, lately: int, waiting: int, now: datetime) -> float | None:
    """How long the rest takes at the pace of the last minute."""
    if not waiting or not lately or job.phase != Phase.RUNNING:
        return None
    since = (now - job.created_at).total_seconds() if job.created_at else PACE.total_seconds()
    return waiting * max(0.1, min(PACE.total_seconds(), since)) / lately
