"""The ledger: entries never change, keys mean one thing, corrections name what they correct (B5 to B8)."""

import pytest
from bson import Int64, ObjectId
from pymongo.errors import WriteError

from atlas_site.mongodb.documents import collection_of
from credits import references
from credits import services as credit_services
from credits.chain import canonical_json, entry_hash
from credits.models import Credit, CreditLog, LedgerIsImmutable
from tests.credits.conftest import NOW


def test_an_entry_is_never_edited_or_deleted(alice, fund):
    fund(alice.pk, purchased=5)
    entry = CreditLog.objects.get()
    entry.reason = "Gift"
    for change in (
        entry.save,
        entry.delete,
        CreditLog.objects.all().delete,
        lambda: CreditLog.objects.update(reason="Gift"),
        lambda: CreditLog.objects.bulk_update([entry], ["reason"]),
    ):
        with pytest.raises(LedgerIsImmutable):
            change()
    assert CreditLog.objects.get().reason == "Credits for a test"


def test_a_grant_happens_once_for_its_source_and_never_with_another_amount(alice):
    details = {"user_id": alice.pk, "bucket": "purchased", "source": "inv1:0", "reason": "Pack", "now": NOW}
    first = credit_services.grant(amount=100, **details)
    assert credit_services.grant(amount=100, **details).pk == first.pk
    with pytest.raises(credit_services.KeyReused):
        credit_services.grant(amount=101, **details)
    with pytest.raises(credit_services.KeyReused):
        credit_services.grant(amount=100, **{**details, "user_id": ObjectId()})
    with pytest.raises(ValueError, match="at least one"):
        credit_services.grant(amount=0, **{**details, "source": "inv1:1"})
    assert Credit.objects.get(user_id=alice.pk).purchased_credits == 100


def test_an_adjustment_says_who_and_why_and_never_goes_below_zero(alice, fund):
    fund(alice.pk, purchased=5)
    details = {"user_id": alice.pk, "bucket": "purchased", "adjustment_id": "a1", "actor": "user:sam", "now": NOW}
    with pytest.raises(ValueError, match="reason"):
        credit_services.adjust(amount=-2, reason=" ", **details)
    with pytest.raises(credit_services.NotEnoughCredits):
        credit_services.adjust(amount=-6, reason="Wrong pack", **details)
    granted = CreditLog.objects.get()
    entry = credit_services.adjust(amount=-2, reason="Wrong pack", corrects=granted.key, **details)
    assert (entry.actor, entry.reference_kind, entry.reference_id) == ("user:sam", "entry", granted.key)


def test_each_entry_holds_the_hash_of_the_one_before(alice, fund):
    for _ in range(3):
        fund(alice.pk, purchased=1)
    documents = list(collection_of(CreditLog).find().sort("sequence", 1))
    assert [document["previousHash"] for document in documents] == ["", documents[0]["hash"], documents[1]["hash"]]
    assert all(entry_hash(document) == document["hash"] for document in documents)
    assert collection_of(Credit).find_one()["lastHash"] == documents[2]["hash"]


def test_canonical_json_has_one_form():
    assert canonical_json({"b": NOW, "a": Int64(1), "é": ["x", None]}) == (
        '{"a":1,"b":"2026-11-22T12:00:00.000Z","é":["x",null]}'
    )


@pytest.mark.parametrize("column", ["subscriptionCredits", "purchasedCredits", "creditAvailable", "reserved"])
def test_the_server_refuses_a_negative_balance(alice, fund, column):
    fund(alice.pk, purchased=5)
    with pytest.raises(WriteError):
        collection_of(Credit).update_one({"userId": alice.pk}, {"$set": {column: Int64(-1)}})


def test_balances_are_stored_as_64_bit_integers(alice, fund, quote_for):
    fund(alice.pk, purchased=5)
    quote = quote_for(alice.pk, SEARCH=2)
    credit_services.accept_quote(quote_id=quote.id, user_id=alice.pk, now=NOW)
    columns = ("subscriptionCredits", "purchasedCredits", "creditAvailable", "reserved", "sequence", "debt")
    kinds = {column: {"$type": f"${column}"} for column in columns}
    (wallet,) = collection_of(Credit).aggregate([{"$project": kinds}])
    assert {wallet[column] for column in columns} == {"long"}


def test_upper_apps_say_what_caused_an_entry():
    references.register("test", lambda reference_id: references.Cause(f"Thing {reference_id}"))
    assert references.cause_of("test", "7") == references.Cause("Thing 7", None)
    assert references.cause_of("unheard of", "7") is None
    assert references.cause_of("test", None) is None
