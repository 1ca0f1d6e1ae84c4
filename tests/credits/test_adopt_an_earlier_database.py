"""Wallets that an earlier Atlas filled enter the ledger once, with all that they held."""

import json
from datetime import UTC, datetime
from io import StringIO

import pytest
from bson import ObjectId
from django.core.management import CommandError, call_command
from django.db import connection

from credits import services as credit_services
from credits.models import Credit, CreditLog

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def make_wallet(*, subscription: int, purchased: int, held: int = 0, available: int | None = None, **user) -> ObjectId:
    """Insert what an earlier Atlas had of one user: the user, a wallet, its usage, and two entries without numbers."""
    database, user_id, wallet_id = connection.database, ObjectId(), ObjectId()
    database["User"].insert_one({"_id": user_id, "email": f"{user_id}@example.test", "role": "USER", **user})
    balances = {"subscriptionCredits": subscription, "purchasedCredits": purchased}
    total = subscription + purchased if available is None else available
    database["Credit"].insert_one(
        {"_id": wallet_id, "userId": user_id, **balances, "creditAvailable": total, "vip": True}
    )
    database["CreditUsage"].insert_one(
        {"creditId": wallet_id, "creditType": "SEARCH", "creditReserved": held, "creditUsed": 40}
    )
    database["CreditLog"].insert_many(
        {"creditId": wallet_id, "creditBefore": n, "creditAfter": n + 5, "changeAmount": 5, "timestamp": NOW}
        for n in (0, 5)
    )
    return user_id


def adopt() -> dict:
    """Run the command and return its report."""
    out = StringIO()
    call_command("adopt_database", "--json", stdout=out)
    return json.loads(out.getvalue())


def test_balances_are_brought_forward_by_one_entry_each(db):
    ann, ben = make_wallet(subscription=30, purchased=12), make_wallet(subscription=0, purchased=0)
    report = adopt()
    assert report == {
        "wallets": 2,
        "opened": 1,
        "brought_forward": 42,
        "holds_given_back": 0,
        "corrected": 0,
        "permissions": 0,
        "contacts": 0,
        "breaches": [],
    }
    wallet = Credit.objects.get(user_id=ann)
    assert (wallet.subscription_credits, wallet.purchased_credits, wallet.credit_available) == (30, 12, 42)
    entry = wallet.entries.get(sequence=1)
    assert (entry.key, entry.credit_before, entry.credit_after) == (f"opening:{wallet.pk}", 0, 42)
    assert CreditLog.objects.filter(credit__user_id=ben, sequence=1).count() == 0
    assert connection.database["Credit"].find_one({"userId": ann})["vip"] is True


def test_what_unfinished_jobs_held_is_given_back(db):
    user_id = make_wallet(subscription=10, purchased=5, held=7)
    assert adopt()["holds_given_back"] == 7
    wallet = Credit.objects.get(user_id=user_id)
    assert (wallet.subscription_credits, wallet.purchased_credits, wallet.reserved) == (10, 12, 0)
    assert wallet.usages.get(credit_type="SEARCH").credit_reserved == 0


def test_the_available_credits_become_the_sum_of_the_buckets(db):
    user_id = make_wallet(subscription=10, purchased=5, available=99)
    assert adopt()["corrected"] == 1
    assert Credit.objects.get(user_id=user_id).credit_available == 15


def test_a_ban_reaches_the_wallet(db):
    user_id = make_wallet(subscription=10, purchased=0, banned=True)
    adopt()
    assert Credit.objects.get(user_id=user_id).banned


def test_adopting_again_changes_nothing(db):
    make_wallet(subscription=10, purchased=5, held=7)
    adopt()
    before = list(connection.database["Credit"].find()), list(connection.database["CreditLog"].find())
    assert adopt()["brought_forward"] == 0
    assert (list(connection.database["Credit"].find()), list(connection.database["CreditLog"].find())) == before


def test_a_wallet_that_has_been_used_here_is_left_alone(db, alice):
    credit_services.grant(user_id=alice.pk, amount=9, bucket="purchased", source="i:1", reason="Pack", now=NOW)
    before = connection.database["Credit"].find_one({"userId": alice.pk})
    assert adopt()["wallets"] == 0
    assert connection.database["Credit"].find_one({"userId": alice.pk}) == before


def test_an_adopted_wallet_spends(db):
    user_id = make_wallet(subscription=2, purchased=5)
    adopt()
    quote = credit_services.make_quote(
        user_id=user_id,
        kind="reveal",
        title="Three properties",
        units={"SEARCH": 3},
        subject={},
        accept_view="properties:accept-quote",
        back_url="/search/",
        now=NOW,
    )
    credit_services.accept_quote(quote_id=quote.pk, user_id=user_id, now=NOW)
    assert Credit.objects.get(user_id=user_id).credit_available == 4
    assert credit_services.verify_books().breaches == []


def test_a_breach_is_told_by_the_exit_status(db):
    user_id = make_wallet(subscription=2, purchased=5)
    adopt()
    connection.database["Credit"].update_one({"userId": user_id}, {"$inc": {"purchasedCredits": 1}})
    with pytest.raises(CommandError, match="verify_books"):
        adopt()
