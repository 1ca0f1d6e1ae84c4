"""The server refuses negative balances and unknown states from any writer, and accepts what other writers leave."""

import pytest
from bson import Int64
from django.db import connection
from pymongo.errors import WriteError

from tests.architecture.contract import CONTRACT, insert_foreign
from tests.factories import CreditFactory

DOCUMENT_FAILED_VALIDATION = 121

BALANCES = ["subscriptionCredits", "purchasedCredits", "creditAvailable", "reserved", "sequence", "debt"]
AMOUNTS = [
    *(("Credit", key) for key in BALANCES),
    *(("CreditUsage", key) for key in ("creditReserved", "creditUsed")),
    *(("CreditLog", key) for key in ("creditBefore", "creditAfter", "subscriptionAfter", "reservedAfter")),
    *(("Quote", key) for key in ("maxCost", "reserved", "captured", "released", "lapsed", "heldPurchased")),
    ("PropertyJob", "hitCount"),
    ("Enrichment", "totalLeads"),
    ("EnrichmentBatchs", "skippedCount"),
    ("HelpCenterArticle", "views"),
]
WHOLE = [
    *AMOUNTS,
    ("CreditLog", "changeAmount"),
    ("CreditLog", "reservedChange"),
    ("PaymentTransaction", "creditsAdded"),
]
STATES = [
    *((collection, key.name, key.values[0]) for collection, keys in CONTRACT.items() for key in keys if key.values),
    ("Quote", "status", "accepted"),
    ("PropertyJob", "state", "running"),
    ("VendorCall", "state", "sent"),
    ("FollowedMarket", "kind", "zip"),
]


def refuses(collection: str, document: dict) -> bool:
    """Say whether the server refuses to insert the document because of its validator; one it takes is removed."""
    try:
        inserted = connection.database[collection].insert_one(document)
    except WriteError as error:
        assert error.code == DOCUMENT_FAILED_VALIDATION
        return True
    connection.database[collection].delete_one({"_id": inserted.inserted_id})
    return False


@pytest.mark.parametrize(("collection", "key"), AMOUNTS)
def test_a_negative_amount_is_refused(db, collection, key):
    assert refuses(collection, {key: -1})
    assert refuses(collection, {key: Int64(-1)})
    assert not refuses(collection, {key: 3})


@pytest.mark.parametrize(("collection", "key"), WHOLE)
def test_an_amount_that_is_not_a_whole_number_is_refused(db, collection, key):
    assert refuses(collection, {key: 2.5})
    assert refuses(collection, {key: "3"})
    assert not refuses(collection, {key: Int64(3)})
    assert not refuses(collection, {key: None})


@pytest.mark.parametrize(("collection", "key", "value"), STATES)
def test_a_state_that_there_is_not_is_refused(db, collection, key, value):
    assert refuses(collection, {key: "nonsense"})
    assert refuses(collection, {key: value.swapcase()})
    assert not refuses(collection, {key: value})
    assert not refuses(collection, {key: None})


@pytest.mark.parametrize("collection", CONTRACT)
def test_a_document_without_optional_keys_is_accepted(db, collection):
    for shape in ("missing", "null"):
        document = insert_foreign(connection.database, collection, optional=shape)
        assert connection.database[collection].count_documents({"_id": document["_id"]}) == 1
        connection.database[collection].delete_one({"_id": document["_id"]})


def test_an_update_below_zero_is_refused_too(db):
    wallet = CreditFactory.create(credit_available=5)
    with pytest.raises(WriteError):
        connection.database["Credit"].update_one({"_id": wallet.pk}, {"$inc": {"creditAvailable": -6}})
    wallet.refresh_from_db()
    assert wallet.credit_available == 5


def test_a_document_that_was_wrong_before_may_still_be_changed(db):
    """Validation is moderate: an earlier mistake does not make a document read-only."""
    wallets = connection.database["Credit"]
    connection.database.command("collMod", "Credit", validationLevel="off")
    try:
        wallets.insert_one({"_id": 1, "creditAvailable": -3})
    finally:
        connection.database.command("collMod", "Credit", validationLevel="moderate")
    wallets.update_one({"_id": 1}, {"$set": {"note": "by hand"}})
    assert wallets.find_one({"_id": 1})["note"] == "by hand"
    assert refuses("Credit", {"creditAvailable": -3})
