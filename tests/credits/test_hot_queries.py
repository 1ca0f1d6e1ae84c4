"""Every query on the way of a spend, of the header and of the pages of credits reads an index."""

from datetime import timedelta

import pytest
from bson import ObjectId

from atlas_site.mongodb.documents import collection_of
from atlas_site.mongodb.explain import assert_index_scan, assert_index_scan_of, explain_of, recorded_reads, stages_of
from credits import selectors
from credits import services as credit_services
from credits.models import Credit, CreditAdjustment, CreditLog, CreditUsage, Quote
from tests.credits.conftest import NOW

USER, WALLET = ObjectId(), ObjectId()
DIRECT = {
    "wallet of a user, to spend from": (
        Credit,
        {
            "userId": USER,
            "banned": {"$ne": True},
            "debt": {"$not": {"$gt": 0}},
            "$or": [
                {"subscriptionFrozen": {"$ne": True}, "creditAvailable": {"$gte": 1}},
                {"subscriptionFrozen": True, "purchasedCredits": {"$gte": 1}},
            ],
        },
    ),
    "usage of a type": (CreditUsage, {"creditId": WALLET, "creditType": "SEARCH", "prepaid": 0}),
    "entry by key": (CreditLog, {"key": "reserve:x"}),
    "quote by id": (Quote, {"_id": "x", "status": "offered"}),
    "offers that ran out": (
        Quote,
        [{"$match": {"status": "offered", "expiresAt": {"$lte": NOW}}}, {"$sort": {"expiresAt": 1}}],
    ),
    "holds that ran out": (
        Quote,
        [{"$match": {"status": "accepted", "holdUntil": {"$lte": NOW}}}, {"$sort": {"holdUntil": 1}}],
    ),
    "welcome credits that lapse": (Credit, [{"$match": {"lapsesAt": {"$lte": NOW}}}, {"$sort": {"lapsesAt": 1}}]),
    "mails that are due": (
        Credit,
        {
            "warningDue": {"$in": ["low", "empty"]},
            "$or": [{"warningLeasedUntil": None}, {"warningLeasedUntil": {"$lte": NOW}}],
        },
    ),
    "offers of a user, the oldest of many": (
        Quote,
        [{"$match": {"userId": USER, "status": "offered"}}, {"$sort": {"createdAt": -1}}, {"$skip": 50}],
    ),
    "offers to remove": (Quote, {"status": "expired", "expiresAt": {"$lte": NOW}}),
    "which effects were applied": (CreditLog, {"key": {"$in": ["reset:x", "grant:y"]}}),
    "end of a period": (
        CreditLog,
        [
            {
                "$match": {
                    "creditId": WALLET,
                    "sequence": {"$gt": 3},
                    "$or": [{"kind": "reset"}, {"kind": "lapse", "referenceKind": None}],
                }
            },
            {"$sort": {"sequence": 1}},
        ],
    ),
    "what one person has decided alone for one user": (
        CreditAdjustment,
        {
            "userId": USER,
            "proposedBy": WALLET,
            "createdAt": {"$gt": NOW},
            "state": "applied",
            "approvedBy": None,
        },
    ),
    "use of a period": (
        CreditLog,
        {
            "creditId": WALLET,
            "sequence": {"$gte": 3},
            "$or": [
                {"kind": {"$in": ["reserve", "release"]}, "sequence": {"$gte": 3, "$lt": 9}},
                {"kind": {"$in": ["reset", "grant", "clawback"]}, "period": "sub:x"},
            ],
        },
    ),
    "holds of a period that were settled after it": (
        CreditLog,
        {
            "kind": {"$in": ["release", "lapse"]},
            "referenceKind": "quote",
            "referenceId": {"$in": ["x", "y"]},
            "creditId": WALLET,
            "sequence": {"$gte": 9},
        },
    ),
    "entries of some wallets in order, for the books": (
        CreditLog,
        [{"$match": {"creditId": {"$in": [WALLET, USER]}}}, {"$sort": {"creditId": -1, "sequence": 1}}],
    ),
    "entries of some quotes, for the books": (
        CreditLog,
        {"referenceKind": "quote", "referenceId": {"$in": ["x", "y"]}},
    ),
    "quotes of some users in order, for the books": (
        Quote,
        [{"$match": {"userId": {"$in": [USER, WALLET]}}}, {"$sort": {"userId": 1, "createdAt": -1}}],
    ),
}
PAGES = {
    "balance of the header": selectors.header_balance,
    "prepaid fractions": lambda user: selectors.prepaid_fractions(user_id=user.pk),
    "wallet": lambda user: selectors.wallet_summary(user=user),
    "statement": lambda user: selectors.statement_page(wallet=selectors.wallet_of(user)),
    "older statement": lambda user: selectors.statement_page(wallet=selectors.wallet_of(user), before=3),
    "older filtered statement": lambda user: selectors.statement_page(
        wallet=selectors.wallet_of(user), before=1, only=selectors.StatementFilter(kind="grant")
    ),
    "entry": lambda user: selectors.entry_page(user=user, sequence=1),
    "balance at a moment": lambda user: selectors.balance_at(
        wallet_id=selectors.wallet_of(user).pk, at=NOW, now=NOW + timedelta(days=1)
    ),
    "pace": lambda user: selectors.pace_of(wallet=selectors.wallet_of(user), now=NOW),
    "usage by day": lambda user: selectors.usage_by_day(wallet_id=selectors.wallet_of(user).pk, day_count=90, now=NOW),
    "usage by source": lambda user: selectors.usage_by_source(
        wallet_id=selectors.wallet_of(user).pk, day_count=90, now=NOW
    ),
    "receipts": lambda user: selectors.list_receipts(user=user),
    "receipts of a kind": lambda user: selectors.list_receipts(user=user, kind="reveal"),
    "ledger to take away": lambda user: list(selectors.ledger_entries(wallet=selectors.wallet_of(user))),
}
FILTERS = {
    "everything": selectors.StatementFilter(),
    "a kind": selectors.StatementFilter(kind="capture"),
    "a type": selectors.StatementFilter(credit_type="SEARCH"),
    "a bucket": selectors.StatementFilter(bucket="purchased"),
    "days": selectors.StatementFilter(since=NOW.date(), until=NOW.date()),
    "a reason": selectors.StatementFilter(text="pack"),
    "all at once": selectors.StatementFilter("capture", "SEARCH", "held", NOW.date(), NOW.date(), "pack"),
}


@pytest.mark.parametrize("name", DIRECT)
def test_a_direct_query_reads_an_index(db, name):
    model, query = DIRECT[name]
    assert_index_scan_of(collection_of(model), query)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_reads_indexes(alice, fund, name):
    fund(alice.pk, purchased=3)
    assert_index_scan(lambda: PAGES[name](alice))


@pytest.mark.parametrize("name", FILTERS)
def test_a_filtered_statement_reads_an_index_and_is_never_sorted(alice, fund, name):
    wallet = fund(alice.pk, purchased=3)
    assert_index_scan(lambda: selectors.statement_page(wallet=wallet, only=FILTERS[name]))
    assert_index_scan(lambda: list(selectors.statement_entries(wallet=wallet, only=FILTERS[name])))


def test_older_receipts_are_read_from_an_index(alice, fund, quote_for):
    fund(alice.pk, purchased=3)
    quote = quote_for(alice.pk)
    credit_services.accept_quote(quote_id=quote.id, user_id=alice.pk, now=NOW)
    credit_services.release(quote_id=quote.id, now=NOW)
    assert_index_scan(lambda: selectors.list_receipts(user=alice, after=quote.id))


def test_the_burn_rate_is_read_from_the_index_alone(alice, fund):
    wallet = fund(alice.pk, purchased=3)
    with recorded_reads() as seen:
        selectors.pace_of(wallet=wallet, now=NOW)
    sums = [pipeline for collection, pipeline in seen if any("$group" in stage for stage in pipeline)]
    assert [("FETCH" in stages_of(explain_of(collection_of(CreditLog), pipeline))) for pipeline in sums] == [False]


def test_the_page_of_a_quote_reads_indexes(alice, fund, quote_for):
    fund(alice.pk, purchased=3)
    quote = quote_for(alice.pk)
    assert_index_scan(lambda: selectors.quote_page(user=alice, quote_id=quote.id, now=NOW))
