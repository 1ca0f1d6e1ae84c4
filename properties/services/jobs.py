"""Paid work: accepting a quote makes a job, and a worker carries it out step by step under a lease."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from django.conf import settings
from django.db.models import Q
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from accounts.models import User
from atlas_site.lib.transactions import run_txn
from atlas_site.mongodb.documents import collection_of, current_session
from atlas_site.vendors.models import CallState, VendorCall
from credits import services as credit_services
from credits.models import Quote
from properties.models import PropertyDatasetPermission, PropertyJob
from properties.models.jobs import CHARGED, LATE
from properties.services.allowances import EMPTY_REVEAL, EmptyRevealsSpent, give_back, open_allowance, take

LEASE = timedelta(minutes=5)
# How long a job waits before it looks again whether another one of the same user is over.
TURN_WAIT = timedelta(seconds=5)
State = PropertyJob.State
UNFINISHED = [State.QUEUED, State.RUNNING, State.DELAYED]

# Why units of a job were not charged, by the cause of its end, beyond what the job itself has counted.
REASONS = {
    "miss": "no more matches were found",
    "fault": "the data vendor did not answer",
    "lost": "sent to the data vendor, and no answer came",
    "expired": "not done in the time for which credits are held",
    "cancelled": "stopped by you",
    "owned": "stopped, since too many that are yours came back",
}
# Ends in which nobody learns anything by what a job did not find.
TELLS_NOTHING = {"fault", "lost"}
# What the ledger calls those causes that it has no words for.
LEDGER_CAUSES = {"lost": "fault", "owned": "miss"}


class LeaseLost(Exception):
    """Another worker has taken the job over; this one changes nothing more."""


def source_of(permission: PropertyDatasetPermission) -> credit_services.QuoteSource:
    """What a quote names as its cause when it is about one property."""
    return credit_services.QuoteSource(
        kind="property",
        id=permission.property_id,
        label=permission.address or "A property",
        url=permission.get_absolute_url(),
    )


def accept_quote(*, user: User, quote_id: str, now: datetime) -> PropertyJob:
    """Reserve the quote's credits and make its job, in one transaction; accepting twice answers with the same job.

    Raises what `credits.services.accept_quote` raises: QuoteNotFound, QuoteExpired, QuoteChanged, NotEnoughCredits,
    AccountBlocked; and EmptyRevealsSpent for a reveal with conditions on locked data (see `counting`). A quote of
    another domain is not found here: its own service accepts it.
    """
    quote = Quote.objects.filter(pk=quote_id, user_id=user.pk, kind__in=PropertyJob.Kind.values).first()
    if quote is None:
        raise credit_services.QuoteNotFound(quote_id)
    if asks_for_locked(quote):
        open_allowance(user.pk, EMPTY_REVEAL, now)

    def accept() -> PropertyJob:
        job_id = ObjectId()
        accepted = credit_services.accept_quote(user_id=user.pk, quote_id=quote_id, job_id=str(job_id), now=now)
        if accepted.is_new:
            # It counts as one that finds nothing new, until it has found something.
            may_find_nothing = asks_for_locked(accepted.quote)
            if may_find_nothing and not take(user.pk, EMPTY_REVEAL, 1, now, limit=settings.EMPTY_REVEALS_A_DAY):
                raise EmptyRevealsSpent
            return _make_job(user, accepted.quote, job_id, now)
        return PropertyJob.objects.get(quote_id=quote_id)

    return run_txn(accept, lock=user.pk)


def asks_for_locked(work: Quote | PropertyJob) -> bool:
    """Whether a quote or its job reveals by conditions on locked data: what it does not find tells something then."""
    return bool(work.subject.get("asks_for_locked"))


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


def cancel_job(*, user: User, job_id: ObjectId, now: datetime) -> bool:
    """Ask a job of this user to stop, and say whether that changes anything.

    What the vendor was asked already is still delivered and charged, which is at most one page; nothing more is asked,
    and the rest of what is held comes back with the receipt.
    """
    job = PropertyJob.objects.filter(pk=job_id, user_id=user.pk, state__in=UNFINISHED, answer_lost=False)
    is_new = bool(job.filter(cancelled_at=None).update(cancelled_at=now))
    if is_new:
        job.filter(state__in=[State.QUEUED, State.DELAYED]).update(due_at=now)
    return is_new


def claim_job(*, job_id: str, now: datetime) -> PropertyJob | None:
    """Take the lease of a due job and return it, or None when it is over, not due, or has to wait.

    It waits for the worker that holds it, and for its turn: of all jobs of a user that would fetch the same, one is
    carried out at a time, since the vendor bills each fetch. A unique index decides whose turn it is.
    """
    job = PropertyJob.objects.filter(pk=ObjectId(job_id)).only("user_id", "kind", "property_id", "cancelled_at").first()
    if job is None:
        return None
    due = {
        "_id": job.pk,
        "state": {"$in": UNFINISHED},
        "dueAt": {"$lte": now},
        "$or": [{"leaseUntil": None}, {"leaseUntil": {"$lte": now}}],
    }
    # One that was stopped asks for nothing new, so it need not wait for its end.
    turn = None if job.cancelled_at else job.turn_key
    taken = {"leaseUntil": now + LEASE, "state": State.RUNNING, "turn": turn}
    try:
        claimed = collection_of(PropertyJob).find_one_and_update(
            due,
            {"$set": taken, "$inc": {"attempt": 1}},
            projection={"_id": 1},
            return_document=ReturnDocument.AFTER,
        )
    except DuplicateKeyError:
        collection_of(PropertyJob).update_one(due, {"$set": {"dueAt": now + TURN_WAIT}})
        return None
    return _read_job(claimed["_id"]) if claimed else None


def _read_job(job_id: ObjectId) -> PropertyJob:
    """A job without the outcomes of its rows, which are read when somebody looks at them: a big job has thousands."""
    return PropertyJob.objects.defer("rows").get(pk=job_id)


def due_job_ids(*, now: datetime, limit: int = 100) -> list[str]:
    """Ids of jobs that are due and that no worker holds, longest waiting first."""
    is_free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    due = PropertyJob.objects.filter(is_free, state__in=UNFINISHED, due_at__lte=now).order_by("due_at")
    return [str(pk) for pk in due.values_list("pk", flat=True)[:limit]]


def is_held(*, job: PropertyJob, now: datetime) -> bool:
    """Whether the credits of the job are still held. Without them nothing more is asked of the vendor, who bills it."""
    return Quote.objects.filter(pk=job.quote_id, status=Quote.Status.ACCEPTED, hold_until__gt=now).exists()


def is_under_way(job: PropertyJob) -> bool:
    """Whether the vendor was asked for the next step already, and may have billed it: then it is still finished."""
    if not job.cursor:
        return False
    asked = VendorCall.objects.filter(reference=job.reference(job.step))
    return asked.filter(state__in=[CallState.SENT, CallState.ANSWERED, CallState.UNKNOWN]).exists()


def save_progress(*, job: PropertyJob, added_rows: Sequence[Mapping[str, Any]] = (), **values) -> PropertyJob:
    """Write `values` if this worker still holds the job, and add outcomes of rows, in the transaction that runs.

    A job that ends, or waits for nothing but the end of its hold, gives its turn to the next. Raises LeaseLost, which
    undoes a surrounding transaction.
    """
    if values.get("state") in {State.DONE, State.FAILED} or values.get("answer_lost"):
        values["turn"] = None
    changed = PropertyJob.objects.filter(pk=job.pk, attempt=job.attempt, state=State.RUNNING).update(**values)
    if not changed:
        raise LeaseLost
    if added_rows:
        # Added by the server: writing all of them again with each page grows with the square of the pages.
        added = {"$push": {"rows": {"$each": list(added_rows)}}}
        collection_of(PropertyJob).update_one({"_id": job.pk}, added, session=current_session())
    return _read_job(job.pk)


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
        # A reveal that was never begun tells nothing either.
        if asks_for_locked(job) and (hits or cause in TELLS_NOTHING or not job.cursor):
            give_back(job.user_id, EMPTY_REVEAL, job.created_at)
        credit_services.release(
            quote_id=job.quote_id,
            cause=LEDGER_CAUSES.get(cause, cause),
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
