"""The refund of a traced person whose numbers were all wrong or disconnected: the unit comes back by itself.

To 5 % of the hits of the last 30 days, counted when it is given; what is above waits for more hits, for 30 days. A unit
of half a credit comes back with the next one: the ledger knows whole credits.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne

from atlas_site.lib.transactions import run_txn
from atlas_site.mongodb.documents import as_utc, collection_of, current_session
from credits import services as credit_services
from credits.models import Credit, CreditType, Quote
from leads.models import Enrichment, EnrichmentBatch, RowState, TraceRefund
from properties.models import TracePurchase

WITHIN = timedelta(days=30)
SHARE = 20  # one of so many hits: 5 %
USERS_A_SWEEP = 500
REFUNDS = "bad-numbers"
"""What the keys of their adjustments begin with."""


def note_bad_hits(*, user_id: ObjectId, keys: Iterable[str], now: datetime) -> int:
    """Note, in the running transaction, the charged hits among people none of whose numbers is right.

    The caller knows that all of their traced numbers are bad. A hit that was bought more than 30 days ago, or was free,
    is none. Return how many there are; noted twice, it is noted once.
    """
    since, writes = as_utc(now - WITHIN), []
    for key in keys:
        bought = {"userId": user_id, "key": key, "boughtAt": {"$gt": since}}
        if collection_of(TracePurchase).find_one(bought, {"_id": 1}, session=current_session()) is None:
            continue
        quote = _quote_of(user_id, key)
        if quote is None:
            continue
        it = {"userId": user_id, "key": key, "quoteId": quote["_id"]}
        made = {"weight": _weight_of(quote), "notedAt": as_utc(now), "refundedAt": None}
        writes.append(UpdateOne(it, {"$setOnInsert": made}, upsert=True))
    if writes:
        collection_of(TraceRefund).bulk_write(writes, session=current_session())
    return len(writes)


def give_refunds(*, user_id: ObjectId, now: datetime) -> int:
    """Give back what is noted, as far as the hits of the last 30 days allow; return the whole credits that came."""

    def give() -> int:
        waiting = _waiting(user_id, now)
        if not waiting:
            return 0
        since = {"$gt": as_utc(now - WITHIN)}
        refunds, session = collection_of(TraceRefund), current_session()
        given = refunds.count_documents({"userId": user_id, "refundedAt": since}, session=session)
        enough = SHARE * (given + len(waiting))
        bought = {"userId": user_id, "boughtAt": since, "sameAs": None}
        hits = collection_of(TracePurchase).count_documents(bought, limit=enough, session=session)
        chosen = waiting[: max(0, hits // SHARE - given)]
        if not chosen:
            return 0
        before = _sum_of(user_id)
        # Two that give at once choose the same ones: one transaction runs again.
        ids = [each["_id"] for each in chosen]
        refunds.update_many({"_id": {"$in": ids}}, {"$set": {"refundedAt": as_utc(now)}}, session=session)
        after = before + sum(Decimal(each["weight"]) for each in chosen)
        amount = int(after) - int(before)
        if amount:
            credit_services.adjust(
                user_id=user_id,
                amount=amount,
                bucket=_bucket_of(user_id, chosen[-1]["quoteId"]),
                adjustment_id=f"{REFUNDS}:{user_id}:{int(after)}",
                reason="Refund of skip traces: every number was logged wrong or disconnected within 30 days",
                actor="system",
                now=now,
            )
        return amount

    if not _waiting(user_id, now):
        return 0
    return run_txn(give, lock=user_id)


def give_due_refunds(*, now: datetime) -> int:
    """Give back what waited for more hits, to all users; return the whole credits that came."""
    waiting = {"refundedAt": None, "notedAt": {"$gt": as_utc(now - WITHIN)}}
    found = collection_of(TraceRefund).aggregate(
        [{"$match": waiting}, {"$group": {"_id": "$userId"}}, {"$limit": USERS_A_SWEEP}]
    )
    return sum(give_refunds(user_id=each["_id"], now=now) for each in list(found))


def _quote_of(user_id: ObjectId, key: str) -> Mapping[str, Any] | None:
    """The quote that paid for the last trace of a person."""
    session = current_session()
    is_hit = {"rows": {"$elemMatch": {"key": key, "state": RowState.HIT.value}}, "rows.key": key}
    read = {"enrichmentId": 1, "quoteId": 1}
    batches = list(collection_of(EnrichmentBatch).find(is_hit, read, session=session).sort("_id", -1))
    of_user = {"_id": {"$in": [batch["enrichmentId"] for batch in batches]}, "userId": user_id}
    jobs = {job["_id"] for job in collection_of(Enrichment).find(of_user, {"_id": 1}, session=session)}
    ids = [batch["quoteId"] for batch in batches if batch["enrichmentId"] in jobs]
    return collection_of(Quote).find_one({"_id": ids[0], "userId": user_id}, session=session) if ids else None


def _weight_of(quote: Mapping[str, Any]) -> str:
    weights = [line["weight"] for line in quote["lines"] if line["type"] == CreditType.SKIPTRACE]
    return str(weights[0]) if weights else "0"


def _waiting(user_id: ObjectId, now: datetime) -> list[dict[str, Any]]:
    noted = {"userId": user_id, "refundedAt": None, "notedAt": {"$gt": as_utc(now - WITHIN)}}
    return list(collection_of(TraceRefund).find(noted, session=current_session()).sort("notedAt", 1))


def _sum_of(user_id: ObjectId) -> Decimal:
    """What was given back to a user so far, in credits and their fractions."""
    given = {"userId": user_id, "refundedAt": {"$gt": datetime(1970, 1, 1)}}
    found = collection_of(TraceRefund).find(given, {"weight": 1}, session=current_session())
    return sum((Decimal(each["weight"]) for each in found), Decimal(0))


def _bucket_of(user_id: ObjectId, quote_id: str) -> Any:
    """The bucket that paid, while its period runs; purchased credits otherwise, which do not lapse."""
    session = current_session()
    quote = collection_of(Quote).find_one({"_id": quote_id}, session=session) or {}
    wallet = collection_of(Credit).find_one({"userId": user_id}, {"period": 1}, session=session) or {}
    runs = bool(wallet.get("period")) and wallet.get("period") == quote.get("period")
    return "subscription" if runs and quote.get("heldSubscription") else "purchased"
