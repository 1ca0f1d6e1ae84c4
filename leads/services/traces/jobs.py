"""Skip-trace jobs as their users steer them: accepted, paused, resumed, stopped, asked again."""

from datetime import datetime, timedelta
from typing import Any

from bson import Int64, ObjectId

from accounts.models import User
from atlas_site.lib.transactions import run_txn
from atlas_site.mongodb.documents import as_utc, collection_of, current_session
from credits import services as credit_services
from credits.models import Quote
from leads.models import Enrichment, EnrichmentBatch, LeadGroup, RowState
from leads.services.traces.quotes import KIND, TraceNotFound, find_job, may_be_retried, quote_failed

Phase = Enrichment.Phase
Status = Enrichment.Status
BatchPhase = EnrichmentBatch.Phase
BatchStatus = EnrichmentBatch.Status
# Longer than a job lives that quotes may join for thirty days (`selectors.traces.JOINED_WITHIN`).
LOOKED_FOR = timedelta(days=40)
WORKED_ON = [Phase.RUNNING, Phase.DELAYED]
OPEN = [*WORKED_ON, Phase.PAUSED]
# Of the largest job: 50,000 contacts in 500 batches.
SECONDS_OF_RETRY = 30


class TraceStopping(Exception):
    """The job that a quote would join is being stopped: it can be accepted when that is done."""


def accept_trace(*, user: User, quote_id: str, now: datetime) -> Enrichment:
    """Reserve the quote's credits and make its job, or let it join the one that it names; twice does it once.

    Raises what `credits.services.accept_quote` raises: QuoteNotFound, QuoteExpired, QuoteChanged, NotEnoughCredits,
    AccountBlocked; QuoteExpired also when the list was deleted. A job that was over goes on with the quote that joins
    it: a quote ends for good, not a job. Raises TraceStopping while it is being stopped.
    """
    quote = Quote.objects.filter(pk=quote_id, user_id=user.pk, kind=KIND).first()
    if quote is None:
        raise credit_services.QuoteNotFound(quote_id)
    job_id = ObjectId(quote.subject["enrichment"])
    if quote.status == Quote.Status.OFFERED:
        _require_batches(quote)

    def accept() -> None:
        accepted = credit_services.accept_quote(user_id=user.pk, quote_id=quote_id, job_id=str(job_id), now=now)
        if accepted.is_new:
            _make_or_join(user, accepted.quote, job_id, now)

    run_txn(accept, lock=user.pk)
    open_batches(job_id=job_id, quote_id=quote_id, now=now)
    return Enrichment.objects.get(pk=job_id)


def _require_batches(quote: Quote) -> None:
    """Raise QuoteExpired for an offer whose contacts were not kept, or not any more."""
    kept = {"enrichmentId": ObjectId(quote.subject["enrichment"]), "quoteId": quote.pk}
    if collection_of(EnrichmentBatch).count_documents(kept) != quote.subject["batches"]:
        raise credit_services.QuoteExpired(f"The contacts of quote {quote.pk} are not kept any more.")


def _make_or_join(user: User, quote: Quote, job_id: ObjectId, now: datetime) -> None:
    jobs, session = collection_of(Enrichment), current_session()
    subject = quote.subject
    group = LeadGroup.objects.filter(pk=ObjectId(subject["group"]), user_id=user.pk, is_deleted=False).first()
    if group is None:
        raise credit_services.QuoteExpired(f"The list of quote {quote.pk} was deleted.")
    more = {"totalBatches": Int64(subject["batches"]), "totalLeads": Int64(subject["rows"])}
    there = jobs.find_one({"_id": job_id, "userId": user.pk}, {"status": 1, "phase": 1}, session=session)
    if there is None:
        jobs.insert_one(
            {
                "_id": job_id,
                "leadId": group.pk,
                "userId": user.pk,
                "quoteIds": [quote.pk],
                "title": group.name,
                "status": Status.PROCESSING.value,
                "phase": Phase.RUNNING.value,
                "problem": "",
                **more,
                "createdAt": as_utc(now),
            },
            session=session,
        )
        return
    is_over = there["status"] != Status.PROCESSING
    if there["phase"] == Phase.CANCELLED and not is_over:
        raise TraceStopping(job_id)
    again = {
        "status": Status.PROCESSING.value,
        "phase": Phase.RUNNING.value,
        "endedAt": None,
        "cancelledAt": None,
        "mailedAt": None,
        "problem": "",
    }
    change: dict[str, Any] = {"$push": {"quoteIds": quote.pk}, "$inc": more}
    if is_over:
        change["$set"] = again
    jobs.update_one({"_id": job_id}, change, session=session)


def open_batches(*, job_id: ObjectId, quote_id: str, now: datetime) -> int:
    """Let workers begin with the batches of an accepted quote, and return how many they are; again changes nothing."""
    waiting = {
        "enrichmentId": job_id,
        "quoteId": quote_id,
        "status": BatchStatus.PENDING.value,
        "phase": None,
        "dueAt": None,
    }
    opened = {"$set": {"phase": BatchPhase.QUEUED.value, "dueAt": as_utc(now)}}
    batches = collection_of(EnrichmentBatch)
    if batches.find_one(waiting, {"_id": 1}) is None:
        return 0
    _note_asked_again(job_id, quote_id)
    return batches.update_many(waiting, opened).modified_count


def _note_asked_again(job_id: ObjectId, quote_id: str) -> None:
    """Mark the rows of failed batches whose contacts a quote that joined asks for again: they count there alone."""
    batches = collection_of(EnrichmentBatch)
    failed = {"enrichmentId": job_id, "phase": BatchPhase.FAILED.value, "quoteId": {"$ne": quote_id}}
    if batches.find_one(failed, {"_id": 1}) is None:
        return
    joined = batches.find({"enrichmentId": job_id, "quoteId": quote_id}, {"rows.contactId": 1})
    ids = {row["contactId"] for batch in joined for row in batch["rows"]}
    for batch in batches.find(failed, {"rows": 1, "attempt": 1}):
        rows = [{**row, "again": True} if _is_failed(row) and row["contactId"] in ids else row for row in batch["rows"]]
        if rows != batch["rows"]:
            it = {"_id": batch["_id"], "phase": BatchPhase.FAILED.value, "attempt": batch["attempt"]}
            asked_again = sum(row.get("again", False) for row in rows)
            batches.update_one(it, {"$set": {"rows": rows, "metadata.askedAgain": asked_again}})


def _is_failed(row: dict[str, Any]) -> bool:
    """Whether nobody could tell anything of a row, and it is not asked for again by another batch."""
    return row["state"] == RowState.ERROR and not row.get("again")


def pause_trace(*, user: User, enrichment_id: Any, now: datetime) -> bool:
    """Let nothing more be asked; what is under way is finished. Says whether that changes anything.

    Credits are held for 72 hours at most, and never past the period. Raises TraceNotFound.
    """
    job = find_job(user, enrichment_id)
    paused = {"phase": Phase.PAUSED.value, "pausedAt": as_utc(now), "problem": ""}
    return _change(job, WORKED_ON, {"$set": paused})


def resume_trace(*, user: User, enrichment_id: Any, now: datetime) -> bool:
    """Go on with a paused job, and say whether that changes anything. Raises TraceNotFound."""
    job = find_job(user, enrichment_id)
    return _change(job, [Phase.PAUSED], {"$set": {"phase": Phase.RUNNING.value, "pausedAt": None}})


def cancel_trace(*, user: User, enrichment_id: Any, now: datetime) -> bool:
    """Stop a job: what is under way is finished, nothing more is asked, the rest comes back. Raises TraceNotFound.

    Says whether that changes anything. The receipt comes when the last answer that was asked for is there.
    """
    job = find_job(user, enrichment_id)
    cancelled = {"phase": Phase.CANCELLED.value, "cancelledAt": as_utc(now), "problem": ""}
    is_new = _change(job, OPEN, {"$set": cancelled})
    if is_new:
        for quote_id in job.quote_ids:
            open_batches(job_id=job.pk, quote_id=quote_id, now=now)
        close_queued(job_id=job.pk, state=RowState.CANCELLED, now=now)
    return is_new


def retry_trace(*, user: User, enrichment_id: Any, now: datetime) -> Quote | None:
    """Ask the batches again that failed; never one whose answer was lost.

    None says that they are waiting for workers again, paid for by what is still held. When their credits have gone back
    already, this is a new quote for them, which joins the job when accepted. A batch is asked again MOST_RETRIES times
    at most: the vendor may bill answers that are faults. Raises TraceNotFound, and NothingToTrace when nothing failed,
    or nothing may be asked again.
    """
    job = find_job(user, enrichment_id)
    if run_txn(lambda: _ask_again(job.pk, now), seconds=SECONDS_OF_RETRY):
        return None
    return quote_failed(user=user, job=job, now=now)


def _ask_again(job_id: ObjectId, now: datetime) -> int:
    """Let the failed batches of a job that goes on wait again whose credits are held; return how many.

    In the running transaction: the end of a quote and of a job (`ending`) writes the batches that failed as well, so
    that of the two that come at once the later one is run again, and finds what the other did.
    """
    session = current_session()
    goes_on = {"_id": job_id, "status": Status.PROCESSING.value, "phase": {"$in": [phase.value for phase in OPEN]}}
    job = collection_of(Enrichment).find_one(goes_on, {"quoteIds": 1}, session=session)
    if job is None:
        return 0
    held = Quote.objects.filter(pk__in=job["quoteIds"], status=Quote.Status.ACCEPTED, hold_until__gt=now)
    failed = {
        "enrichmentId": job_id,
        "quoteId": {"$in": list(held.values_list("pk", flat=True))},
        **may_be_retried(),
    }
    batches, asked_again = collection_of(EnrichmentBatch), 0
    for batch in batches.find(failed, {"rows": 1, "attempt": 1}, session=session):
        rows = [_queued_again(row) if _is_failed(row) else row for row in batch["rows"]]
        if rows == batch["rows"]:
            continue
        again = {
            "rows": rows,
            "counts": counts_of(rows),
            "status": BatchStatus.PENDING.value,
            "phase": BatchPhase.QUEUED.value,
            "dueAt": as_utc(now),
            "endedAt": None,
            "problem": "",
            "metadata.failed": False,
            # Attempts fence workers off, so they go on from here and are not counted from 1 again.
            "metadata.attemptsBefore": batch["attempt"],
        }
        change = {"$set": again, "$inc": {"failures": 1, "metadata.retries": 1}}
        asked_again += batches.update_one({"_id": batch["_id"]}, change, session=session).modified_count
    return asked_again


def _queued_again(row: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in row.items() if key not in {"asked", "billed"}}
    return {**kept, "state": RowState.QUEUED.value}


def close_queued(*, job_id: ObjectId, state: RowState, now: datetime, quote_id: str | None = None) -> int:
    """Let the rows end in this state whose batches nobody has begun, and return how many batches they were."""
    query: dict[str, Any] = {
        "enrichmentId": job_id,
        "status": BatchStatus.PENDING.value,
        "phase": BatchPhase.QUEUED.value,
        "$or": [{"leaseUntil": None}, {"leaseUntil": {"$lte": as_utc(now)}}],
    }
    if quote_id:
        query["quoteId"] = quote_id
    rows = {"$map": {"input": "$rows", "in": {"$cond": [_is_queued(), _with_state(state), "$$this"]}}}
    # Rows that had ended before a retry keep their states.
    counted = {
        name: {"$size": {"$filter": {"input": "$rows", "cond": {"$eq": ["$$this.state", name]}}}}
        for name in RowState.values
    }
    ended: list[dict[str, Any]] = [
        {
            "$set": {
                "rows": rows,
                "status": BatchStatus.COMPLETED.value,
                "phase": BatchPhase.CANCELLED.value,
                "dueAt": None,
                "leaseUntil": None,
                "endedAt": as_utc(now),
                "attempt": {"$add": ["$attempt", 1]},
            }
        },
        {"$set": {"counts": counted, "skippedCount": {"$subtract": ["$totalContacts", "$enrichedCount"]}}},
    ]
    return collection_of(EnrichmentBatch).update_many(query, ended).modified_count


def _is_queued() -> dict[str, Any]:
    return {"$eq": ["$$this.state", RowState.QUEUED.value]}


def _with_state(state: RowState) -> dict[str, Any]:
    return {"$mergeObjects": ["$$this", {"state": state.value}]}


def owner_of(job: Enrichment) -> ObjectId:
    """Whose job it is. Raises TraceNotFound for one of an earlier Atlas that does not say; nobody works on these."""
    if job.user_id is None:
        raise TraceNotFound(job.pk)
    return job.user_id


def counts_of(rows: list[dict[str, Any]]) -> dict[str, int]:
    """How many rows are in each state."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["state"]] = counts.get(row["state"], 0) + 1
    return counts


def _change(job: Enrichment, phases: list[Phase], change: dict[str, Any]) -> bool:
    """Change a job that is in one of these phases, and say whether it was."""
    query = {"_id": job.pk, "status": Status.PROCESSING.value, "phase": {"$in": [phase.value for phase in phases]}}
    return bool(collection_of(Enrichment).update_one(query, change).modified_count)
