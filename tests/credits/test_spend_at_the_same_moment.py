"""Four processes of eight threads spend from one wallet. `make faults` does it ten thousand times."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from bson import ObjectId
from django.db import connection

from atlas_site.mongodb.documents import collection_of
from credits import services as credit_services
from credits.models import Credit, CreditLog, Quote
from tests.credits.conftest import NOW
from tests.credits.spenders import spenders


@pytest.fixture(scope="module")
def crowd(unblocked_db):
    with spenders(connection.settings_dict["NAME"]) as crowd:
        yield crowd


@contextmanager
def sampled_balances(user_id: ObjectId) -> Iterator[set[tuple[int, ...]]]:
    """Read the wallet every few milliseconds while the block runs, and collect the balances that were seen."""
    columns = ("subscriptionCredits", "purchasedCredits", "creditAvailable", "reserved")
    samples: set[tuple[int, ...]] = set()
    is_over = threading.Event()

    def read() -> None:
        while not is_over.wait(0.02):
            wallet = collection_of(Credit).find_one({"userId": user_id})
            samples.add(tuple(wallet[column] for column in columns))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield samples
    finally:
        is_over.set()
        reader.join()


def test_four_hundred_spends_on_two_hundred_credits_take_exactly_two_hundred(alice, fund, many_quotes, crowd):
    fund(alice.pk, purchased=120, subscription=80)
    quotes = many_quotes(alice.pk, 400)
    with sampled_balances(alice.pk) as samples:
        outcome = crowd.accept(quotes)
    assert len(samples) > 3
    for subscription, purchased, available, reserved in samples:
        assert min(subscription, purchased, reserved) >= 0
        assert subscription + purchased == available == 200 - reserved
        assert subscription == 0 or purchased == 120
    assert (outcome.accepted, outcome.refused, outcome.errors) == (200, 200, [])
    wallet = Credit.objects.get(user_id=alice.pk)
    assert (wallet.credit_available, wallet.reserved) == (0, 200)
    assert CreditLog.objects.filter(kind="reserve").count() == 200
    assert credit_services.verify_books().breaches == []


def test_each_spend_sent_sixteen_times_at_once_happens_once(alice, fund, many_quotes, crowd):
    fund(alice.pk, purchased=50)
    quotes = many_quotes(alice.pk, 12)
    outcome = crowd.accept(quotes, each_by_all=True)
    assert (outcome.accepted, outcome.refused, outcome.errors) == (12, 0, [])
    assert outcome.answers == {quote_id: [1] * 16 for _, quote_id in quotes}
    assert Credit.objects.get(user_id=alice.pk).credit_available == 38
    assert credit_services.verify_books().breaches == []


def test_new_periods_race_spends_and_releases(alice, fund, quote_for):
    fund(alice.pk, purchased=30)
    begin = {"user_id": alice.pk, "subscription_id": "sub1", "amount": 20, "now": NOW}
    quotes = [quote_for(alice.pk, SEARCH=2).id for _ in range(20)]

    def spend(quote_id: str) -> None:
        try:
            credit_services.accept_quote(quote_id=quote_id, user_id=alice.pk, now=NOW)
        except credit_services.NotEnoughCredits:
            return
        credit_services.capture(quote_id=quote_id, step="1", units={"SEARCH": 1}, reason="Page 1", now=NOW)
        credit_services.release(quote_id=quote_id, cause="miss", now=NOW)

    def renew(number: int) -> None:
        started_at = NOW - timedelta(days=10 - number)
        credit_services.reset_period(started_at=started_at, ends_at=started_at + timedelta(days=30), **begin)

    with ThreadPoolExecutor(8) as pool:
        work = [pool.submit(spend, quote_id) for quote_id in quotes]
        for number in range(3):
            work += [pool.submit(renew, number)]
            work[-1].result()
        for each in work:
            each.result()
    assert CreditLog.objects.filter(kind="reset").count() == 3
    assert set(Quote.objects.values_list("status", flat=True)) <= {"settled", "offered"}
    assert credit_services.verify_books().breaches == []
