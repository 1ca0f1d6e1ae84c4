"""Checks of skip traces, for `verify_books`: what must hold between jobs, their batches, quotes and vendor calls.

Each rule has a number, by which the report names it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from atlas_site.mongodb.documents import as_utc, collection_of
from atlas_site.vendors.models import VendorCall
from credits.models import Quote
from leads.models import Enrichment, EnrichmentBatch, RowState

Check = Callable[[str, bool, object, str | Callable[[], str]], None]
Stages = list[dict[str, Any]]
Phase = EnrichmentBatch.Phase
Status = EnrichmentBatch.Status

TRACE_RULES = {
    "B15": "A batch of a skip trace that is not over is due at some time, or held for a short while",
    "B16": "Each row of a skip trace is in one state, and the counts of its batch and of its job add up",
    "B17": "A skip trace is charged for its hits: those of its batches are those of its quotes, each row once",
    "B20": "Skip traces, their batches and rows are in states that go together",
}
SHOWN = 5
LONGEST_LEASE = timedelta(minutes=5)
FINAL_ROWS = [state.value for state in RowState if state not in {RowState.QUEUED, RowState.SENT, RowState.UNKNOWN}]


def verify_traces(*, check: Check, now: datetime) -> None:
    """Check TRACE_RULES and the calls of B18 over all skip traces: `check(rule, holds, subject, found)` notes each."""
    _check_leases(check, now)
    _check_counts(check)
    _check_charges(check)
    _check_calls(check)
    _check_states(check)


def _batches(stages: Stages) -> list[dict[str, Any]]:
    """Batches of accepted quotes for which something holds; those of an earlier Atlas have no phase."""
    first: Stages = [{"$match": {"phase": {"$ne": None}}}]
    return list(collection_of(EnrichmentBatch).aggregate([*first, *stages], allowDiskUse=True))


def _ids(found: list[dict[str, Any]]) -> list[str]:
    return [str(each["_id"]) for each in found]


def _check_leases(check: Check, now: datetime) -> None:
    forgotten = {"status": Status.PENDING.value, "dueAt": None}
    too_long = {"leaseUntil": {"$gt": as_utc(now) + LONGEST_LEASE}}
    ids = _ids(_batches([{"$match": {"$or": [forgotten, too_long]}}, {"$limit": SHOWN}]))
    check("B15", not ids, "batches", lambda: f"that nobody will go on with: {ids}")


def _check_counts(check: Check) -> None:
    counted = {
        state.value: {"$size": {"$filter": {"input": "$rows", "cond": {"$eq": ["$$this.state", state.value]}}}}
        for state in RowState
    }
    same = [{"$eq": [{"$ifNull": [f"$counts.{state.value}", 0]}, f"$counted.{state.value}"]} for state in RowState]
    whole = {"$eq": [{"$size": "$rows"}, "$totalContacts"]}
    known = {"$eq": [{"$sum": [f"$counted.{state.value}" for state in RowState]}, "$totalContacts"]}
    stages: Stages = [
        {"$set": {"counted": counted}},
        {"$match": {"$expr": {"$not": {"$and": [whole, known, *same]}}}},
        {"$project": {"_id": 1}},
        {"$limit": SHOWN},
    ]
    ids = _ids(_batches(stages))
    check("B16", not ids, "batches", lambda: f"whose rows and counts differ: {ids}")
    sums: Stages = [
        {"$group": {"_id": "$enrichmentId", "rows": {"$sum": "$totalContacts"}, "quotes": {"$addToSet": "$quoteId"}}},
        {"$lookup": {"from": Enrichment._meta.db_table, "localField": "_id", "foreignField": "_id", "as": "job"}},
        {"$set": {"job": {"$first": "$job"}}},
        {"$match": {"job.status": {"$ne": Enrichment.Status.PROCESSING.value}}},
        {"$match": {"$expr": {"$ne": ["$rows", "$job.totalLeads"]}}},
        {"$limit": SHOWN},
    ]
    jobs = _ids(_batches(sums))
    check("B16", not jobs, "skip traces", lambda: f"that have more or fewer rows than were quoted: {jobs}")


def _check_charges(check: Check) -> None:
    stages: Stages = [
        {"$unwind": "$rows"},
        {
            "$group": {
                "_id": "$quoteId",
                "hits": {"$sum": {"$cond": [{"$eq": ["$rows.state", RowState.HIT.value]}, 1, 0]}},
                "free": {"$sum": {"$cond": [{"$and": [_is_hit(), {"$eq": ["$rows.free", True]}]}, 1, 0]}},
                "contacts": {"$addToSet": "$rows.contactId"},
                "rows": {"$sum": 1},
            }
        },
        {"$set": {"contacts": {"$size": "$contacts"}}},
        {"$lookup": {"from": Quote._meta.db_table, "localField": "_id", "foreignField": "_id", "as": "quote"}},
        {"$set": {"units": {"$sum": {"$first": "$quote.lines.units_hit"}}}},
        {
            "$match": {
                "$expr": {"$or": [{"$ne": ["$hits", "$units"]}, {"$ne": ["$contacts", "$rows"]}, {"$gt": ["$free", 0]}]}
            }
        },
        {"$limit": SHOWN},
    ]
    quotes = _ids(_batches(stages))
    check("B17", not quotes, "quotes", lambda: f"whose charges are not the hits of their batches: {quotes}")
    spent: Stages = [
        {"$group": {"_id": "$quoteId", "spent": {"$sum": "$spent"}}},
        {"$lookup": {"from": Quote._meta.db_table, "localField": "_id", "foreignField": "_id", "as": "quote"}},
        {"$match": {"$expr": {"$ne": ["$spent", {"$first": "$quote.captured"}]}}},
        {"$limit": SHOWN},
    ]
    others = _ids(_batches(spent))
    check("B17", not others, "quotes", lambda: f"that charged other credits than their batches spent: {others}")


def _is_hit() -> dict[str, Any]:
    return {"$eq": ["$rows.state", RowState.HIT.value]}


def _check_calls(check: Check) -> None:
    # Records of calls that cost nothing are removed after a while; the others stay.
    asked = {"rows": {"$elemMatch": {"asked": True, "billed": True}}}
    missing: list[str] = []
    found = collection_of(EnrichmentBatch).find({"phase": {"$ne": None}, **asked}, {"failures": 1}, batch_size=500)
    ids: list[str] = []
    for batch in found:
        ids.append(str(batch["_id"]))
        if len(ids) == 500:
            missing += _without_call(ids)
            ids = []
    missing += _without_call(ids)
    check("B18", not missing, "batches", lambda: f"that were answered without a call on record: {missing[:SHOWN]}")


def _without_call(ids: list[str]) -> list[str]:
    references = [f"trace:{each}:{failures}" for each in ids for failures in range(10)]
    calls = VendorCall.objects.filter(reference__in=references).values_list("reference", flat=True)
    called = {reference.split(":")[1] for reference in calls}
    return [each for each in ids if each not in called]


def _check_states(check: Check) -> None:
    over = [Phase.DONE.value, Phase.FAILED.value, Phase.CANCELLED.value]
    open_rows = {"rows": {"$elemMatch": {"state": {"$nin": FINAL_ROWS}}}}
    half_done = {"phase": {"$in": over}, "$or": [{"status": Status.PENDING.value}, open_rows]}
    ids = _ids(_batches([{"$match": half_done}, {"$project": {"_id": 1}}, {"$limit": SHOWN}]))
    check("B20", not ids, "batches", lambda: f"that are over with rows that are not: {ids}")
    stages: Stages = [
        {"$match": {"status": Status.PENDING.value}},
        {"$group": {"_id": "$enrichmentId"}},
        {"$lookup": {"from": Enrichment._meta.db_table, "localField": "_id", "foreignField": "_id", "as": "job"}},
        {"$match": {"job.status": {"$ne": Enrichment.Status.PROCESSING.value}}},
        {"$limit": SHOWN},
    ]
    jobs = _ids(_batches(stages))
    check("B20", not jobs, "skip traces", lambda: f"that are over with batches that are not: {jobs}")
