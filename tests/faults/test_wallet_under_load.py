"""A hot wallet, and many of them, under as much load as the machine gives; the figures are printed (C1 to C3, C5)."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from bson import ObjectId
from django.db import connection
from django.utils import timezone

from credits import services as credit_services
from credits.models import Credit, CreditLog
from tests.credits.conftest import *  # noqa: F403 -- its fixtures
from tests.credits.spenders import PROCESSES, spenders
from tests.failpoints import HANG_UP, fail_commands

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def crowd(unblocked_db):
    with spenders(connection.settings_dict["NAME"]) as crowd:
        yield crowd


@pytest.fixture
def show(capsys):
    """Print a line past pytest's capture."""

    def write(text: str) -> None:
        with capsys.disabled():
            print(f"\n{text}")  # noqa: T201

    return write


def assert_sound() -> None:
    assert credit_services.verify_books().breaches == []


def test_ten_thousand_spends_on_five_thousand_credits(alice, fund, many_quotes, crowd, show):
    fund(alice.pk, purchased=3000, subscription=2000)
    outcome = crowd.accept(many_quotes(alice.pk, 10_000))
    show(f"C1 one wallet, {PROCESSES} processes: {outcome}")
    assert (outcome.accepted, outcome.refused, outcome.errors) == (5000, 5000, [])
    wallet = Credit.objects.get(user_id=alice.pk)
    assert (wallet.credit_available, wallet.reserved) == (0, 5000)
    assert CreditLog.objects.filter(kind="reserve").count() == 5000
    assert_sound()
    assert outcome.percentile(0.99) < 2


def test_ten_thousand_spends_over_a_thousand_wallets(db, fund, many_quotes, crowd, show):
    users = [ObjectId() for _ in range(1000)]
    by_user = []
    for user_id in users:
        fund(user_id, purchased=8)
        by_user.append(many_quotes(user_id, 10))
    outcome = crowd.accept([quote for round_ in zip(*by_user, strict=True) for quote in round_])
    show(f"C2 1,000 wallets: {outcome}")
    assert (outcome.accepted, outcome.refused, outcome.errors) == (8000, 2000, [])
    assert not Credit.objects.exclude(credit_available=0, reserved=8).exists()
    assert_sound()


def test_each_of_five_hundred_spends_sent_sixteen_times_at_once(alice, fund, many_quotes, crowd, show):
    fund(alice.pk, purchased=600)
    quotes = many_quotes(alice.pk, 500)
    outcome = crowd.accept(quotes, each_by_all=True)
    show(f"C3 500 quotes, each 16 times at once: {outcome}")
    assert (outcome.accepted, outcome.refused, outcome.errors) == (500, 0, [])
    assert outcome.answers == {quote_id: [1] * 16 for _, quote_id in quotes}
    assert Credit.objects.get(user_id=alice.pk).credit_available == 100
    assert_sound()


def test_a_thousand_spends_while_connections_are_lost_at_the_commit(db, fund, many_quotes, show):
    users = [ObjectId() for _ in range(50)]
    quotes = []
    for user_id in users:
        fund(user_id, purchased=20)
        quotes += many_quotes(user_id, 20)

    def spend(quote: tuple[str, str]) -> int:
        user_id, quote_id = quote
        accepted = credit_services.accept_quote(quote_id=quote_id, user_id=ObjectId(user_id), now=timezone.now())
        return accepted.quote.reserved

    client = connection.database.client
    with fail_commands(client, "commitTransaction", share=0.1, **HANG_UP), ThreadPoolExecutor(16) as pool:
        held = list(pool.map(spend, quotes))
    assert held == [1] * 1000
    assert not Credit.objects.exclude(credit_available=0, reserved=20).exists()
    assert_sound()
    show("C5 1,000 spends, the connection lost at a tenth of all commits: 1,000 of 1,000 exact")
