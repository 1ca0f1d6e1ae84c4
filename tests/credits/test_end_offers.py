"""Offers that nobody accepts: at most fifty are open, and a week after their end they are gone."""

from datetime import timedelta

import pytest

from credits import services as credit_services
from credits.models import CreditLog, Quote
from tests.credits.conftest import NOW


def test_the_fifty_first_offer_ends_the_oldest(alice, bob, quote_for, settings):
    settings.OPEN_OFFERS_A_USER = 3
    others = quote_for(bob.pk)
    offers = [quote_for(alice.pk, now=NOW + timedelta(seconds=number)) for number in range(5)]
    states = dict(Quote.objects.values_list("id", "status"))
    assert [states[offer.id] for offer in offers] == ["expired", "expired", "offered", "offered", "offered"]
    assert states[others.id] == "offered"
    with pytest.raises(credit_services.QuoteExpired):
        credit_services.accept_quote(quote_id=offers[0].id, user_id=alice.pk, now=NOW)


def test_accepted_quotes_do_not_count(alice, fund, quote_for, settings):
    settings.OPEN_OFFERS_A_USER = 1
    fund(alice.pk, purchased=5)
    for number in range(3):
        quote = quote_for(alice.pk, now=NOW + timedelta(seconds=number))
        credit_services.accept_quote(quote_id=quote.id, user_id=alice.pk, now=NOW)
    assert set(Quote.objects.values_list("status", flat=True)) == {"accepted"}


def test_fifty_is_the_setting(settings):
    assert settings.OPEN_OFFERS_A_USER == 50


def test_an_offer_goes_a_week_after_its_end_and_a_receipt_stays(alice, fund, quote_for):
    fund(alice.pk, purchased=5)
    kept, forgotten, ran_out = (
        quote_for(alice.pk),
        quote_for(alice.pk),
        quote_for(alice.pk, now=NOW + timedelta(days=6)),
    )
    credit_services.accept_quote(quote_id=kept.id, user_id=alice.pk, now=NOW)
    credit_services.release(quote_id=kept.id, now=NOW)
    credit_services.expire_quotes(now=NOW + timedelta(days=7))
    assert credit_services.purge_quotes(now=forgotten.expires_at + timedelta(days=7, seconds=-1)) == 0
    assert credit_services.purge_quotes(now=forgotten.expires_at + timedelta(days=7)) == 1
    assert set(Quote.objects.values_list("id", flat=True)) == {kept.id, ran_out.id}
    assert credit_services.verify_books().breaches == []
    assert CreditLog.objects.count() == 3
