"""Checks of billing's side of the books, for `verify_books`: what must hold between events, payments and the ledger.

Each rule has a number, by which the report names it. Chargebee itself is not asked: `reconcile` does that.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Model

from accounts.models import User
from atlas_site.mongodb.documents import as_utc, collection_of
from billing.models import Billing, PaymentTransaction, WebhookEvent
from billing.services.booking import GRANTED
from credits.models import Credit, CreditLog

Check = Callable[[str, bool, object, str | Callable[[], str]], None]

BILLING_RULES = {
    "B26": "Every event that was received has been applied, ignored or given up in time",
    "B27": "Every credit of a payment names a payment of the same user that Atlas has",
    "B28": "A subscription and a customer belong to one user, and the state is one that Atlas knows",
    "B30": "The credits of a user's payments are those of the ledger",
    "B31": "Refunds took back no more than payments had brought",
}
# Longer than the longest wait between two attempts at an event.
PATIENCE = timedelta(hours=13)
# A look at an account writes the ledger first and its payments right after.
SETTLES_WITHIN = timedelta(minutes=5)
OF_PAYMENTS = ["invoice", "period", "refund"]
SHOWN = 5

Stages = list[dict[str, Any]]


def verify_billing(*, check: Check, now: datetime) -> None:
    """Check BILLING_RULES over all events, payments and entries: `check(rule, holds, subject, found)` notes each."""
    _check_events(check, now)
    _check_references(check)
    _check_subscriptions(check)
    _check_sums(check, now)


def _check_events(check: Check, now: datetime) -> None:
    stuck = collection_of(WebhookEvent).find(
        {"state": str(WebhookEvent.State.RECEIVED), "receivedAt": {"$lt": as_utc(now - PATIENCE)}, "attempts": 0},
        {"_id": 1},
    )
    ids = [event["_id"] for event in stuck.limit(SHOWN)]
    check("B26", not ids, "events", lambda: f"received and never looked at: {ids}")
    nowhere = collection_of(WebhookEvent).find({"state": {"$nin": WebhookEvent.State.values}}, {"_id": 1})
    strays = [event["_id"] for event in nowhere.limit(SHOWN)]
    check("B26", not strays, "events", lambda: f"in no known state: {strays}")


def _check_references(check: Check) -> None:
    """Check that invoices and refunds that entries name are in the payment history of the wallet's owner."""
    for kind, prefix in (("invoice", "invoice:"), ("refund", "transaction:")):
        # A refund that touches several grants has a number behind its transaction.
        named: Any = {"$arrayElemAt": [{"$split": ["$referenceId", ":"]}, 0]}
        stages: Stages = [
            {"$match": {"referenceKind": kind}},
            {"$lookup": _from(Credit, "creditId", "_id", "wallet")},
            {"$set": {"payment": {"$concat": [prefix, named]}, "owner": {"$first": "$wallet.userId"}}},
            {"$lookup": _from(PaymentTransaction, "payment", "key", "payments")},
            {"$match": {"$expr": {"$not": {"$in": ["$owner", "$payments.userId"]}}}},
            {"$limit": SHOWN},
            {"$project": {"key": 1}},
        ]
        unknown = [entry["key"] for entry in collection_of(CreditLog).aggregate(stages, allowDiskUse=True)]
        check("B27", not unknown, f"{kind}s", f"not in the payment history: {unknown}")


def _check_subscriptions(check: Check) -> None:
    for column, name in (("chargebeeSubscriptionId", "subscriptions"), ("chargebeeCustomerId", "customers")):
        shared: Stages = [
            {"$match": {column: {"$type": "string"}}},
            {"$group": {"_id": f"${column}", "users": {"$sum": 1}}},
            {"$match": {"users": {"$gt": 1}}},
            {"$limit": SHOWN},
        ]
        twice = [row["_id"] for row in collection_of(Billing).aggregate(shared, allowDiskUse=True)]
        check("B28", not twice, name, f"of several users: {twice}")
    # Without a billing that says something else, the id of a user is the id of the customer.
    user_id: Any = {"$convert": {"input": "$chargebeeCustomerId", "to": "objectId", "onError": None, "onNull": None}}
    of_others: Stages = [
        {"$set": {"named": user_id}},
        {"$match": {"named": {"$ne": None}, "$expr": {"$ne": ["$named", "$userId"]}}},
        {"$lookup": _from(User, "named", "_id", "users")},
        {"$match": {"users": {"$ne": []}}},
        {"$limit": SHOWN},
    ]
    taken = [row["chargebeeCustomerId"] for row in collection_of(Billing).aggregate(of_others, allowDiskUse=True)]
    check("B28", not taken, "customers", f"ids of other users: {taken}")
    known = [None, *Billing.Status.values]
    strange = collection_of(Billing).find({"subscriptionStatus": {"$nin": known}}, {"userId": 1}).limit(SHOWN)
    users = [str(row["userId"]) for row in strange]
    check("B28", not users, "subscriptions", lambda: f"in a state of their own: {users}")


def _check_sums(check: Check, now: datetime) -> None:
    """Check for each user what payments brought and took against the ledger, but for those that are written now."""
    # Payments of an earlier Atlas have no key, and no entries.
    ours: Any = {"$filter": {"input": "$payments", "cond": {"$eq": [{"$type": "$$this.key"}, "string"]}}}
    stages: Stages = [
        {"$match": {"referenceKind": {"$in": OF_PAYMENTS}}},
        {"$group": {"_id": "$creditId", "sum": {"$sum": GRANTED}, "newest": {"$max": "$timestamp"}}},
        {"$match": {"newest": {"$lt": as_utc(now - SETTLES_WITHIN)}}},
        {"$lookup": _from(Credit, "_id", "_id", "wallet")},
        {"$set": {"owner": {"$first": "$wallet.userId"}}},
        {"$lookup": _from(PaymentTransaction, "owner", "userId", "payments")},
        {"$project": {"owner": 1, "sum": 1, "paid": {"$sum": {"$map": {"input": ours, "in": "$$this.creditsAdded"}}}}},
    ]
    for row in collection_of(CreditLog).aggregate(stages, allowDiskUse=True):
        found = f"payments say {row['paid']} credits, the ledger {row['sum']}"
        check("B30", row["sum"] == row["paid"], row["owner"], found)
        check("B31", row["sum"] >= 0, row["owner"], f"{-row['sum']} more were taken back than had come")


def _from(model: type[Model], local: str, foreign: str, name: str) -> dict[str, Any]:
    return {"from": model._meta.db_table, "localField": local, "foreignField": foreign, "as": name}
