"""Every query on the way of a spend, of the header and of the statement reads an index."""

import pytest
from bson import ObjectId

from atlas_site.mongodb.documents import collection_of
from atlas_site.mongodb.explain import assert_index_scan, assert_index_scan_of
from credits import selectors
from credits.models import Credit, CreditLog, CreditUsage, Quote
from tests.credits.conftest import NOW

USER, WALLET = ObjectId(), ObjectId()
DIRECT = {
    "wallet of a user, to spend from": (
        Credit,
        {"userId": USER, "banned": {"$ne": True}, "debt": {"$not": {"$gt": 0}}, "creditAvailable": {"$gte": 1}},
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
}
PAGES = {
    "balance of the header": selectors.header_balance,
    "prepaid fractions": lambda user: selectors.prepaid_fractions(user_id=user.pk),
    "wallet page": lambda user: selectors.wallet_page(user=user),
    "older statement": lambda user: selectors.wallet_page(user=user, before=3),
}


@pytest.mark.parametrize("name", DIRECT)
def test_a_direct_query_reads_an_index(db, name):
    model, query = DIRECT[name]
    assert_index_scan_of(collection_of(model), query)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_reads_indexes(alice, fund, name):
    fund(alice.pk, purchased=3)
    assert_index_scan(lambda: PAGES[name](alice))


def test_the_page_of_a_quote_reads_indexes(alice, fund, quote_for):
    fund(alice.pk, purchased=3)
    quote = quote_for(alice.pk)
    assert_index_scan(lambda: selectors.quote_page(user=alice, quote_id=quote.id, now=NOW))
