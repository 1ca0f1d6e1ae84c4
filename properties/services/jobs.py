"""Paid work: accepting a quote makes a job, and a worker carries it out step by step under a lease."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from bson import ObjectId
from django.db.models import Q
from pymongo import ReturnDocument

from accounts.models import User
from atlas_site.lib.transactions import run_txn
from atlas_site.mongodb.documents import collection_of
from credits import services as credit_services
from credits.models import Quote
from properties.models import PropertyJob
from properties.models.jobs import CHARGED, LATE

LEASE = timedelta(minutes=5)
State = PropertyJob.State
UNFINISHED = [State.QUEUED, State.RUNNING, State.DELAYED]

# Why units of a job were not charged, by the cause of its end, beyond what the job itself has counted.
REASONS = {
    "miss": "no more matches were found",
    "fault": "the data vendor did not answer",
    "lost": "sent to the data vendor, and no answer came",
    "expired": "not done in the time for which credits are held",
}


class LeaseLost(Exception):
    """Another worker has taken the job over; this one changes nothing more."""


def accept_quote(*, user: User, quote_id: str, now: datetime) -> PropertyJob:
    """Reserve the quote's credits and make its job, in one transaction; accepting twice answers with the same job.

    Raises what `credits.services.accept_quote` raises: QuoteNotFound, QuoteExpired, QuoteChanged, NotEnoughCredits,
    AccountBlocked. A quote of another domain is not found here: its own service accepts it.
    """
    if not Quote.objects.filter(pk=quote_id, user_id=user.pk, kind__in=PropertyJob.Kind.values).exists():
        raise credit_services.QuoteNotFound(quote_id)

    def accept() -> PropertyJob:
        job_id = ObjectId()
        accepted = credit_services.accept_quote(user_id=user.pk, quote_id=quote_id, job_id=str(job_id), now=now)
        if accepted.is_new:
            return _make_job(user, accepted.quote, job_id, now)
        return PropertyJob.objects.get(quote_id=quote_id)

    return run_txn(accept, lock=user.pk)


def _make_job(user: User, quote: Quote, job_id: ObjectId, now: datetime) -> PropertyJob:
    return PropertyJob.objects.create(
        id=job_id,
        user=user,
        quote_id=quote.pk,
        kind=quote.kind,
        title=quote.title,
        subject=quote.subject,
        search_hash=quote.subject.get("search_hash"),
        property_id=quote.subject.get("property_id"),
        wanted=sum(line["units"] for line in quote.lines),
        due_at=now,
        created_at=now,
    )


def claim_job(*, job_id: str, now: datetime) -> PropertyJob | None:
    """Take the lease of a due job and return it, or None when it is over, not due, or has to wait.

    It waits for the worker that holds it, and a reveal for another reveal of the same user: two at once would both
    fetch the same next properties, and the vendor bills each fetch.
    """
    job = PropertyJob.objects.filter(pk=ObjectId(job_id)).only("user_id", "kind").first()
    if job is None or (job.kind == PropertyJob.Kind.REVEAL and _is_revealing(job.user_id, now, but=job.pk)):
        return None
    claimed = collection_of(PropertyJob).find_one_and_update(
        {
            "_id": ObjectId(job_id),
            "state": {"$in": UNFINISHED},
            "dueAt": {"$lte": now},
            "$or": [{"leaseUntil": None}, {"leaseUntil": {"$lte": now}}],
        },
        {"$set": {"leaseUntil": now + LEASE, "state": State.RUNNING}, "$inc": {"attempt": 1}},
        projection={"_id": 1},
        return_document=ReturnDocument.AFTER,
    )
    return PropertyJob.objects.get(pk=claimed["_id"]) if claimed else None


def _is_revealing(user_id: ObjectId, now: datetime, *, but: ObjectId) -> bool:
    running = PropertyJob.objects.filter(user_id=user_id, state=State.RUNNING, lease_until__gt=now)
    return running.filter(kind=PropertyJob.Kind.REVEAL).exclude(pk=but).exists()


def due_job_ids(*, now: datetime, limit: int = 100) -> list[str]:
    """Ids of jobs that are due and that no worker holds, longest waiting first."""
    is_free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    due = PropertyJob.objects.filter(is_free, state__in=UNFINISHED, due_at__lte=now).order_by("due_at")
    return [str(pk) for pk in due.values_list("pk", flat=True)[:limit]]


def is_held(*, job: PropertyJob, now: datetime) -> bool:
    """Whether the credits of the job are still held. Without them nothing more is asked of the vendor, who bills it."""
    return Quote.objects.filter(pk=job.quote_id, status=Quote.Status.ACCEPTED, hold_until__gt=now).exists()


def save_progress(*, job: PropertyJob, **values) -> PropertyJob:
    """Write `values` if this worker still holds the job. Raises LeaseLost, which undoes a surrounding transaction."""
    changed = PropertyJob.objects.filter(pk=job.pk, attempt=job.attempt, state=State.RUNNING).update(**values)
    if not changed:
        raise LeaseLost
    return PropertyJob.objects.get(pk=job.pk)


def end_job(*, job: PropertyJob, cause: str, now: datetime, problem: str = "", **values) -> PropertyJob:
    """End a job and settle its quote in one transaction; what was not captured goes back.

    `cause`, a key of REASONS, says why the rest was not charged. `values` are fields to write with it; `not_charged`
    among them counts units by reason, and units that it leaves out are named by the cause. Raises LeaseLost.
    """

    def end() -> PropertyJob:
        reasons = values.get("not_charged", job.not_charged)
        hits = values.get("hit_count", job.hit_count)
        missing = job.wanted - hits - sum(reasons.values())
        if missing > 0:
            reasons = {**reasons, REASONS[cause]: reasons.get(REASONS[cause], 0) + missing}
        credit_services.release(
            quote_id=job.quote_id,
            cause="fault" if cause == "lost" else cause,
            not_charged=[{"why": why, "count": count} for why, count in reasons.items()],
            now=now,
        )
        return save_progress(
            job=job,
            **{**values, "not_charged": reasons},
            state=State.DONE if cause == "miss" else State.FAILED,
            problem=problem,
            ended_at=now,
            lease_until=None,
        )

    return run_txn(end, lock=job.user_id)


def capture_units(*, job: PropertyJob, step: str, units: Mapping[str, int], now: datetime) -> str:
    """Charge the units that hit in this step, and return their outcome; none is no entry.

    What comes after the hold has ended is delivered free (the money rule), which is another outcome.
    """
    captured = credit_services.capture(quote_id=job.quote_id, step=step, units=units, reason=job.title, now=now)
    return LATE if captured.is_late else CHARGED
