"""The check of the books finds nothing in sound books, and every kind of breach in broken ones."""

import gc
import json
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from types import SimpleNamespace

import pytest
from bson import Decimal128, Int64, ObjectId
from django.core.management import CommandError, call_command

from accounts.models import User
from atlas_site.mongodb.documents import collection_of
from billing.models import PaymentTransaction
from credits import services as credit_services
from credits.chain import entry_hash
from credits.models import Credit, CreditLog, CreditUsage, Quote
from tests.credits.conftest import NOW
from tests.factories import CreditFactory, PaymentTransactionFactory

BOOKS = (User, Credit, CreditUsage, CreditLog, Quote, PaymentTransaction)


@pytest.fixture(scope="module")
def kept_books() -> dict[str, list]:
    """The documents of the sound books by collection, kept from the first test for all others of this module."""
    return {}


@pytest.fixture
def sound_books(alice, bob, fund, quote_for, kept_books) -> SimpleNamespace:
    """Books with every kind of entry: alice has one settled and one open quote, bob periods and an offer."""
    if not kept_books:
        write_books(alice.pk, bob.pk, fund, quote_for)
        kept_books.update({model._meta.db_table: list(collection_of(model).find()) for model in BOOKS})
    for model in BOOKS:
        collection_of(model).delete_many({})
        collection_of(model).insert_many(kept_books[model._meta.db_table])
    ids = {user.email.partition("@")[0]: user.pk for user in User.objects.all()}
    quotes = {quote.status: quote.id for quote in Quote.objects.all()}
    return SimpleNamespace(**ids, settled=quotes["settled"], running=quotes["accepted"])


def write_books(alice_id: ObjectId, bob_id: ObjectId, fund, quote_for) -> None:
    fund(alice_id, purchased=30, subscription=4)
    settled, running = quote_for(alice_id, SEARCH=6, SKIPTRACE=3), quote_for(alice_id, SEARCH=4)
    for quote in (settled, running):
        credit_services.accept_quote(quote_id=quote.id, user_id=alice_id, now=NOW)
        credit_services.capture(quote_id=quote.id, step="1", units={"SEARCH": 2}, reason="Page 1", now=NOW)
    credit_services.capture(quote_id=settled.id, step="2", units={"SKIPTRACE": 1}, reason="Page 2", now=NOW)
    credit_services.release(quote_id=settled.id, now=NOW)
    for days in (0, 30):
        started_at = NOW + timedelta(days=days)
        credit_services.reset_period(
            user_id=bob_id,
            subscription_id="sub1",
            started_at=started_at,
            ends_at=started_at + timedelta(days=30),
            amount=100,
            now=started_at,
        )
    correction = {"user_id": bob_id, "bucket": "subscription", "actor": "user:sam", "now": NOW}
    first = credit_services.adjust(amount=10, adjustment_id="a1", reason="Goodwill", **correction)
    credit_services.adjust(amount=-5, adjustment_id="a2", reason="Was 5", corrects=first.key, **correction)
    credit_services.claw_back(user_id=bob_id, amount=7, refund_id="r1", reason="Refund", now=NOW)
    credit_services.lapse(user_id=bob_id, source="sub1:end", reason="Plan ended", now=NOW)
    quote_for(bob_id, SEARCH=1)
    for key, added in (("invoice:i1", 100), ("invoice:i2", 100), ("transaction:r1", -7)):
        PaymentTransactionFactory.create(user=User.objects.get(pk=bob_id), key=key, credits_added=added)


def test_sound_books_have_no_breach_and_every_rule_is_checked(sound_books):
    report = credit_services.verify_books()
    assert report.breaches == []
    assert (report.wallets, report.quotes) == (2, 3)
    assert report.entries == CreditLog.objects.count() == 14
    assert min(report.checks.values()) > 0


def change(model: type, where: dict, update: dict) -> None:
    assert collection_of(model).update_one(where, update).modified_count == 1


def rewrite_last_entry(user_id: ObjectId, **changed) -> None:
    """Change the last entry of a wallet as a clever forger would: with its hash, and the wallet's copy of it."""
    wallet = collection_of(Credit).find_one({"userId": user_id})
    entry = collection_of(CreditLog).find_one({"creditId": wallet["_id"], "sequence": wallet["sequence"]})
    forged = {**entry, **changed}
    forged["hash"] = entry_hash(forged)
    collection_of(CreditLog).replace_one({"_id": entry["_id"]}, forged)
    collection_of(Credit).update_one({"_id": wallet["_id"]}, {"$set": {"lastHash": forged["hash"]}})


def copy_last_entry(**changed) -> None:
    entry = collection_of(CreditLog).find_one(sort=[("_id", -1)])
    collection_of(CreditLog).insert_one(
        {**entry, "_id": ObjectId(), "sequence": Int64(999), "key": "grant:x", **changed}
    )


Breaker = Callable[[SimpleNamespace], object]
BREAKERS: dict[str, tuple[str, Breaker]] = {
    "the available credits are not the sum": (
        "B1",
        lambda books: change(Credit, {"userId": books.alice}, {"$inc": {"creditAvailable": 1}}),
    ),
    "a balance was set by hand": (
        "B2",
        lambda books: change(Credit, {"userId": books.alice}, {"$inc": {"purchasedCredits": 5, "creditAvailable": 5}}),
    ),
    "an entry does not continue the one before": (
        "B2",
        lambda books: rewrite_last_entry(books.bob, creditBefore=Int64(1)),
    ),
    "an entry is missing": ("B3", lambda books: collection_of(CreditLog).delete_one({"sequence": 3})),
    "the last entry is missing": (
        "B3",
        lambda books: collection_of(CreditLog).delete_one({"key": f"release:{books.settled}"}),
    ),
    "a hold created credits": (
        "B4",
        lambda books: change(CreditLog, {"key": f"reserve:{books.running}"}, {"$inc": {"purchasedChange": 1}}),
    ),
    "a key is not the one of its cause": (
        "B5",
        lambda books: rewrite_last_entry(books.bob, key="something"),
    ),
    "a quote says another amount than the ledger": (
        "B6",
        lambda books: change(Quote, {"_id": books.settled}, {"$inc": {"captured": 1, "released": -1}}),
    ),
    "an entry belongs to a quote of another user": (
        "B6",
        lambda books: change(Quote, {"_id": books.running}, {"$set": {"userId": books.bob}}),
    ),
    "an accepted quote belongs to nobody": (
        "B6",
        lambda books: change(Quote, {"_id": books.running}, {"$set": {"userId": ObjectId()}}),
    ),
    "a reason was rewritten": (
        "B7",
        lambda books: change(CreditLog, {"sequence": 2, "kind": "grant"}, {"$set": {"reason": "Gift"}}),
    ),
    "an entry has no wallet": ("B7", lambda books: copy_last_entry(creditId=ObjectId())),
    "the wallet forgot its last hash": (
        "B7",
        lambda books: change(Credit, {"userId": books.alice}, {"$set": {"lastHash": "0" * 64}}),
    ),
    "an adjustment has no reason": (
        "B8",
        lambda books: change(CreditLog, {"key": "adjust:a1"}, {"$set": {"reason": ""}}),
    ),
    "a correction names an entry that is not there": (
        "B8",
        lambda books: change(CreditLog, {"key": "adjust:a2"}, {"$set": {"referenceId": "adjust:a0"}}),
    ),
    "purchased credits were spent first": (
        "B9",
        lambda books: change(
            CreditLog,
            {"key": f"reserve:{books.settled}"},
            {"$inc": {"subscriptionChange": 1, "purchasedChange": -1}},
        ),
    ),
    "a release went to the other bucket": (
        "B9",
        lambda books: change(
            CreditLog,
            {"key": f"release:{books.settled}"},
            {"$inc": {"subscriptionChange": 1, "purchasedChange": -1}},
        ),
    ),
    "what came back left a debt unpaid": (
        "B9",
        lambda books: change(CreditLog, {"key": f"release:{books.settled}"}, {"$set": {"debtAfter": Int64(5)}}),
    ),
    "a release paid a debt and went to its bucket as well": (
        "B9",
        lambda books: change(CreditLog, {"key": f"release:{books.settled}"}, {"$set": {"debtChange": Int64(-1)}}),
    ),
    "a prepaid fraction came from nowhere": (
        "B9",
        lambda books: collection_of(CreditUsage).update_many({}, {"$set": {"prepaid": Decimal128("0.25")}}),
    ),
    "a new period changed purchased credits": (
        "B10",
        lambda books: change(CreditLog, {"kind": "reset"}, {"$inc": {"purchasedChange": 1}}),
    ),
    "a new period made a debt": (
        "B10",
        lambda books: change(CreditLog, {"kind": "reset"}, {"$inc": {"debtChange": 1}}),
    ),
    "too much came back from the period before": (
        "B11",
        lambda books: change(
            Credit, {"userId": books.alice}, {"$set": {"periodGrant": Int64(100), "periodReturned": Int64(21)}}
        ),
    ),
    "a ban is not mirrored": (
        "B12",
        lambda books: change(Credit, {"userId": books.alice}, {"$set": {"banned": True}}),
    ),
    "a quote did not give all back": (
        "B13",
        lambda books: change(Quote, {"_id": books.settled}, {"$inc": {"released": -1}}),
    ),
    "a quote was never accepted and has entries": (
        "B13",
        lambda books: change(Quote, {"_id": books.running}, {"$set": {"status": "expired"}}),
    ),
    "more was charged than held": (
        "B14",
        lambda books: change(Quote, {"_id": books.running}, {"$set": {"captured": Int64(5)}}),
    ),
    "usage does not say what is held": (
        "B14",
        lambda books: change(
            CreditUsage, {"creditType": "SEARCH", "creditReserved": 2}, {"$inc": {"creditReserved": 1}}
        ),
    ),
    "usage does not say what was used": (
        "B14",
        lambda books: change(CreditUsage, {"creditType": "SEARCH", "creditUsed": 4}, {"$inc": {"creditUsed": 1}}),
    ),
    "the wallet holds what no quote holds": (
        "B14",
        lambda books: change(Credit, {"userId": books.alice}, {"$inc": {"reserved": 1}}),
    ),
}


@pytest.mark.parametrize("what", BREAKERS)
def test_a_breach_is_found(what, sound_books):
    rule, break_it = BREAKERS[what]
    break_it(sound_books)
    assert rule in {breach.rule for breach in credit_services.verify_books().breaches}


def test_negative_balances_are_a_breach_where_the_server_let_them_in(sound_books):
    wallets = collection_of(Credit)
    wallets.update_one({"userId": sound_books.alice}, {"$set": {"debt": Int64(-1)}}, bypass_document_validation=True)
    assert {breach.rule for breach in credit_services.verify_books().breaches} >= {"B1", "B2"}


def test_the_command_prints_what_it_checked(sound_books):
    printed = StringIO()
    call_command("verify_books", stdout=printed)
    assert "Read 2 wallets, 14 ledger entries and 3 quotes." in printed.getvalue()
    assert all(rule in printed.getvalue() for rule in credit_services.BOOK_RULES)


def test_the_command_fails_on_a_breach_and_writes_json(sound_books):
    change(Credit, {"userId": sound_books.alice}, {"$inc": {"reserved": 1}})
    printed = StringIO()
    with pytest.raises(CommandError):
        call_command("verify_books", "--json", stdout=printed)
    report = json.loads(printed.getvalue())
    assert {breach["rule"] for breach in report["breaches"]} == {"B2", "B4", "B14"}


def test_a_wallet_of_another_writer_is_adopted_by_its_first_entry(carol, quote_for):
    wallet = CreditFactory(user=carol, subscription_credits=3, purchased_credits=4, credit_available=7)
    collection_of(Credit).update_one(
        {"_id": wallet.pk},
        {
            "$unset": dict.fromkeys(("reserved", "sequence", "lastHash", "banned", "debt", "period"), ""),
            "$set": {"subscriptionCredits": 3, "purchasedCredits": 4, "creditAvailable": 7, "theirs": "kept"},
        },
    )
    assert credit_services.verify_books().breaches == []
    quote = quote_for(carol.pk, SEARCH=5)
    credit_services.accept_quote(quote_id=quote.id, user_id=carol.pk, now=NOW)
    assert list(CreditLog.objects.order_by("sequence").values_list("kind", "credit_before", "credit_after")) == [
        ("adjust", 0, 7),
        ("reserve", 7, 2),
    ]
    assert collection_of(Credit).find_one({"_id": wallet.pk})["theirs"] == "kept"
    assert credit_services.verify_books().breaches == []


def copy_entries(user_id: ObjectId, count: int) -> None:
    """Give a wallet that has one grant this many entries that continue it, each a credit more."""
    wallet = collection_of(Credit).find_one({"userId": user_id})
    entry = collection_of(CreditLog).find_one({"creditId": wallet["_id"]})
    entries = []
    for number in range(2, count + 1):
        entry = {
            **entry,
            "_id": ObjectId(),
            "sequence": Int64(number),
            "key": f"grant:{user_id}:{number}",
            "creditBefore": Int64(number - 1),
            "creditAfter": Int64(number),
            "purchasedAfter": Int64(number),
            "previousHash": entry["hash"],
        }
        entry["hash"] = entry_hash(entry)
        entries.append(entry)
    collection_of(CreditLog).insert_many(entries)
    held = {"purchasedCredits": Int64(count), "creditAvailable": Int64(count), "sequence": Int64(count)}
    collection_of(Credit).update_one({"_id": wallet["_id"]}, {"$set": held | {"lastHash": entry["hash"]}})


def memory_of_the_check(entries: int) -> int:
    """Verify the books, which must be sound, and return the bytes that it held at most beyond those of before."""
    gc.collect()
    tracemalloc.start()
    try:
        report = credit_services.verify_books()
        held = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (report.entries, report.breaches) == (entries, [])
    return held


@pytest.mark.parametrize("size", [5_000, pytest.param(100_000, marks=[pytest.mark.faults, pytest.mark.timeout(600)])])
def test_a_wallet_with_many_entries_takes_no_more_memory_than_a_small_one(alice, bob, fund, size):
    fund(alice.pk, purchased=1)
    copy_entries(alice.pk, 1_000)
    small = memory_of_the_check(1_000)
    fund(bob.pk, purchased=1)
    copy_entries(bob.pk, size)
    assert memory_of_the_check(1_000 + size) < small * 1.3
