"""The end of a quote, whose rest goes back with its receipt, and of a job, of which a mail tells."""

import logging
import smtplib
from collections import Counter
from datetime import datetime
from typing import Any

from accounts.models import User
from atlas_site.lib.crashing import crash_at
from atlas_site.lib.mail import deliver_mail
from atlas_site.lib.transactions import run_txn
from atlas_site.mongodb.documents import as_utc, collection_of, current_session
from credits import services as credit_services
from credits.models import Quote
from leads.emails import trace_mail
from leads.models import Enrichment, EnrichmentBatch, RowState
from leads.selectors.traces import progress_of
from leads.services.traces.jobs import BatchStatus, Phase, Status

logger = logging.getLogger(__name__)

# Why a unit was not charged, for the receipt.
REASONS = {
    RowState.YOURS: "already yours",
    RowState.UNCHANGED: "asked anew, and nothing had changed",
    RowState.LATE: "delivered free, after the credits had come back",
    RowState.NO_PHONE: "e-mail only, delivered free",
    RowState.LITIGATOR: "known litigator, numbers withheld",
    RowState.MISS: "nothing on file",
    RowState.UNLINKED: "the answer could not be matched to the contact",
    RowState.UNKNOWN: "sent to the data vendor, and no answer came",
    RowState.ERROR: "the data vendor could not answer",
    RowState.CANCELLED: "stopped by you",
    RowState.EXPIRED: "not done in the time for which credits are held",
}
OF_VENDOR = {RowState.UNKNOWN, RowState.ERROR, RowState.UNLINKED}


def end_quotes(*, job: Enrichment, now: datetime) -> bool:
    """Settle the quotes of a job of which no batch is open, and end the job with its last one; say whether it ended.

    Done by several at once, or again after a crash, it is done once.
    """
    open_ones = {"enrichmentId": job.pk, "status": BatchStatus.PENDING.value}
    is_over = True
    for quote_id in Enrichment.objects.get(pk=job.pk).quote_ids:
        if collection_of(EnrichmentBatch).find_one({**open_ones, "quoteId": quote_id}, {"_id": 1}) is not None:
            is_over = False
        elif Quote.objects.filter(pk=quote_id, status=Quote.Status.ACCEPTED).exists():
            _settle_quote(job, quote_id, now)
    return is_over and _end_job(job, now)


def _settle_quote(job: Enrichment, quote_id: str, now: datetime) -> None:
    def settle() -> None:
        if _has_open_batches(job.pk, [quote_id]):
            return
        counts = _priced_counts(job, quote_id)
        reasons = [{"why": why, "count": counts[state]} for state, why in REASONS.items() if counts[state]]
        credit_services.release(quote_id=quote_id, cause=_cause(counts), not_charged=reasons, now=now)
        _hold_retries_off(job.pk, [quote_id])

    crash_at("before receipt")
    run_txn(settle, lock=job.user_id)
    crash_at("after receipt")


def _has_open_batches(job_id: Any, quote_ids: list[str]) -> bool:
    """Whether a batch of these quotes is open, in the running transaction: a retry may have come in between."""
    live = {"enrichmentId": job_id, "status": BatchStatus.PENDING.value, "quoteId": {"$in": quote_ids}}
    return collection_of(EnrichmentBatch).find_one(live, {"_id": 1}, session=current_session()) is not None


def _hold_retries_off(job_id: Any, quote_ids: list[str]) -> None:
    """Write the batches that failed, in the running transaction: a retry that has read them, or this, is run again."""
    batches, session = collection_of(EnrichmentBatch), current_session()
    failed = {"enrichmentId": job_id, "status": BatchStatus.FAILED.value, "quoteId": {"$in": quote_ids}}
    if batches.find_one(failed, {"_id": 1}, session=session) is not None:
        batches.update_many(failed, {"$inc": {"attempt": 1}}, session=session)


def _priced_counts(job: Enrichment, quote_id: str) -> Counter[str]:
    """How many rows that were quoted ended in each state."""
    stages: list[dict[str, Any]] = [
        {"$match": {"enrichmentId": job.pk, "quoteId": quote_id}},
        {"$unwind": "$rows"},
        {"$match": {"rows.free": {"$ne": True}}},
        {"$group": {"_id": "$rows.state", "count": {"$sum": 1}}},
    ]
    found = collection_of(EnrichmentBatch).aggregate(stages, session=current_session())
    return Counter({each["_id"]: each["count"] for each in found})


def _cause(counts: Counter[str]) -> str:
    """The cause that the ledger names: what a user stopped, and what was not done in time, lapses with its period."""
    if counts[RowState.CANCELLED]:
        return "cancelled"
    if counts[RowState.EXPIRED]:
        return "expired"
    return "fault" if any(counts[state] for state in OF_VENDOR) else "miss"


def _end_job(job: Enrichment, now: datetime) -> bool:
    """End a job whose batches and quotes are over, unless another quote has joined meanwhile."""
    progress = progress_of(Enrichment.objects.get(pk=job.pk), now=now)
    failed = progress.done > 0 and progress.counts.get(RowState.ERROR, 0) == progress.total

    def end() -> bool:
        jobs, session = collection_of(Enrichment), current_session()
        found = jobs.find_one({"_id": job.pk, "status": Status.PROCESSING.value}, session=session)
        if found is None:
            return False
        if _has_open_batches(job.pk, found["quoteIds"]):
            return False
        _hold_retries_off(job.pk, found["quoteIds"])
        ended = {
            "status": (Status.FAILED if failed else Status.COMPLETED).value,
            "phase": (Phase.CANCELLED if found.get("cancelledAt") else Phase.DONE).value,
            "endedAt": as_utc(now),
            "problem": "The data vendor could not answer. Nothing was charged." if failed else "",
        }
        it = {"_id": job.pk, "status": Status.PROCESSING.value, "quoteIds": found["quoteIds"]}
        return bool(jobs.update_one(it, {"$set": ended}, session=session).modified_count)

    has_ended = run_txn(end)
    if has_ended:
        crash_at("before mail")
        send_mail_of(job_id=job.pk, now=now)
    return has_ended


def send_mail_of(*, job_id: Any, now: datetime) -> bool:
    """Tell the user of a job that ended; once, also when a worker dies in between, which costs the mail.

    A mail server that did not take it is tried again by the sweep.
    """
    jobs = collection_of(Enrichment)
    unsaid = {"_id": job_id, "mailedAt": None, "endedAt": {"$ne": None}}
    if not jobs.update_one(unsaid, {"$set": {"mailedAt": as_utc(now)}}).modified_count:
        return False
    job = Enrichment.objects.get(pk=job_id)
    user = User.objects.filter(pk=job.user_id).first()
    if user is None or not user.email or user.banned:
        return False
    quotes = list(Quote.objects.filter(pk__in=job.quote_ids))
    mail = trace_mail(
        job,
        counts=progress_of(job, now=now).counts,
        reserved=sum(quote.reserved for quote in quotes),
        charged=sum(quote.captured for quote in quotes),
    )
    try:
        deliver_mail(mail, to=user.email)
    except (smtplib.SMTPException, OSError) as error:
        logger.error("The mail of trace %s was not sent: %s", job_id, type(error).__name__)
        if isinstance(error, ConnectionRefusedError | smtplib.SMTPConnectError):
            jobs.update_one({"_id": job_id}, {"$set": {"mailedAt": None}})
        return False
    return True
