"""Four processes of eight threads spend from one wallet. `make faults` does it ten thousand times."""

import pytest
from django.db import connection

from credits import services as credit_services
from credits.models import Credit, CreditLog
from tests.credits.spenders import spenders


@pytest.fixture(scope="module")
def crowd(unblocked_db):
    with spenders(connection.settings_dict["NAME"]) as crowd:
        yield crowd


def test_four_hundred_spends_on_two_hundred_credits_take_exactly_two_hundred(alice, fund, many_quotes, crowd):
    fund(alice.pk, purchased=120, subscription=80)
    outcome = crowd.accept(many_quotes(alice.pk, 400))
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
