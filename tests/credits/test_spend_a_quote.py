"""A quote from offer to receipt: what is held, charged and given back."""

from datetime import timedelta

import pytest

from credits import services as credit_services
from credits.models import Credit, CreditLog, CreditUsage, Quote
from tests.credits.conftest import NOW


def wallet_of(user) -> Credit:
    return Credit.objects.get(user_id=user.pk)


def accept(quote, user, **details):
    return credit_services.accept_quote(quote_id=quote.id, user_id=user.pk, now=NOW, **details)


def capture(quote, step="1", **units):
    return credit_services.capture(quote_id=quote.id, step=step, units=units, reason="Page 1", now=NOW)


def test_accepting_holds_the_most_that_it_can_cost_and_each_hit_is_charged(alice, fund, quote_for):
    fund(alice.pk, purchased=10)
    quote = quote_for(alice.pk, SEARCH=5)
    assert quote.max_cost == 5
    assert accept(quote, alice).is_new
    wallet = wallet_of(alice)
    assert (wallet.credit_available, wallet.reserved) == (5, 5)

    assert capture(quote, SEARCH=3).amount == 3
    receipt = credit_services.release(quote_id=quote.id, now=NOW)
    wallet = wallet_of(alice)
    assert (wallet.credit_available, wallet.purchased_credits, wallet.reserved) == (7, 7, 0)
    assert (receipt.status, receipt.captured, receipt.released) == (Quote.Status.SETTLED, 3, 2)
    assert receipt.not_charged == [{"why": "not found", "count": 2}]
    assert CreditUsage.objects.get(credit=wallet, credit_type="SEARCH").credit_used == 3
    assert list(CreditLog.objects.order_by("sequence").values_list("kind", "sequence", "change_amount")) == [
        ("grant", 1, 10),
        ("reserve", 2, -5),
        ("capture", 3, 0),
        ("release", 4, 2),
    ]


def test_repeating_each_step_changes_nothing_and_answers_alike(alice, fund, quote_for):
    fund(alice.pk, purchased=10)
    quote = quote_for(alice.pk, SEARCH=5)
    first = accept(quote, alice, job_id="first")
    again = accept(quote, alice, job_id="second")
    assert (first.is_new, again.is_new, again.quote.job_id) == (True, False, "first")
    assert [capture(quote, SEARCH=2).amount for _ in range(3)] == [2, 2, 2]
    receipts = [credit_services.release(quote_id=quote.id, now=NOW) for _ in range(3)]
    assert {(receipt.captured, receipt.released) for receipt in receipts} == {(2, 3)}
    assert CreditLog.objects.count() == 4
    assert wallet_of(alice).credit_available == 8


def test_a_key_with_another_input_is_refused(alice, fund, quote_for):
    fund(alice.pk, purchased=10)
    quote = quote_for(alice.pk, SEARCH=5)
    accept(quote, alice)
    capture(quote, SEARCH=2)
    with pytest.raises(credit_services.KeyReused):
        capture(quote, SEARCH=3)
    assert wallet_of(alice).reserved == 3


def test_more_hits_than_quoted_are_refused(alice, fund, quote_for):
    fund(alice.pk, purchased=10)
    quote = quote_for(alice.pk, SEARCH=2)
    accept(quote, alice)
    with pytest.raises(credit_services.LedgerConflict):
        capture(quote, SEARCH=3)
    with pytest.raises(credit_services.LedgerConflict):
        capture(quote, SKIPTRACE=1)
    assert wallet_of(alice).reserved == 2


def test_an_offer_ends_after_its_time(alice, fund, quote_for):
    fund(alice.pk, purchased=10)
    quote = quote_for(alice.pk, SEARCH=2)
    with pytest.raises(credit_services.QuoteExpired):
        credit_services.accept_quote(quote_id=quote.id, user_id=alice.pk, now=NOW + timedelta(minutes=15))
    assert credit_services.expire_quotes(now=NOW + timedelta(minutes=15)) == credit_services.Expired(offers=1, holds=0)
    with pytest.raises(credit_services.QuoteExpired):
        accept(quote, alice)


def test_another_users_quote_does_not_exist(alice, bob, fund, quote_for):
    fund(bob.pk, purchased=10)
    quote = quote_for(alice.pk, SEARCH=2)
    with pytest.raises(credit_services.QuoteNotFound):
        accept(quote, bob)
    with pytest.raises(credit_services.QuoteNotFound):
        credit_services.accept_quote(quote_id="missing", user_id=bob.pk, now=NOW)


def test_too_few_credits_say_what_is_needed_and_what_fits(carol, fund, quote_for):
    fund(carol.pk, purchased=3)
    quote = quote_for(carol.pk, SEARCH=2, SKIPTRACE=5)
    with pytest.raises(credit_services.NotEnoughCredits) as refusal:
        accept(quote, carol)
    assert (refusal.value.needed, refusal.value.available) == (5, 3)
    assert refusal.value.fits == {"SEARCH": 2, "SKIPTRACE": 2}
    assert wallet_of(carol).reserved == 0
    assert CreditLog.objects.filter(kind="reserve").count() == 0


def test_an_empty_wallet_is_refused_even_what_a_fraction_might_have_paid(carol, quote_for):
    quote = quote_for(carol.pk, SKIPTRACE=1)
    with pytest.raises(credit_services.NotEnoughCredits) as refusal:
        accept(quote, carol)
    assert (refusal.value.needed, refusal.value.available, refusal.value.fits) == (1, 0, {"SKIPTRACE": 0})
    assert wallet_of(carol).sequence == 0


def test_a_user_without_a_wallet_is_refused_like_an_empty_one(carol, quote_for):
    quote = quote_for(carol.pk, SEARCH=2)
    with pytest.raises(credit_services.NotEnoughCredits):
        accept(quote, carol)


def test_two_types_make_one_entry(alice, fund, quote_for):
    fund(alice.pk, purchased=10)
    quote = quote_for(alice.pk, SEARCH=1, SKIPTRACE=1)
    accept(quote, alice)
    entry = CreditLog.objects.get(key=f"reserve:{quote.id}")
    assert (entry.credit_type, entry.by_type) == (None, {"SEARCH": 1, "SKIPTRACE": 1})


def test_half_credits_add_up_over_quotes(alice, fund, quote_for):
    fund(alice.pk, purchased=10)
    for expected_cost in (1, 0, 1, 0):
        quote = quote_for(alice.pk, SKIPTRACE=1)
        assert quote.max_cost == expected_cost
        accept(quote, alice)
        capture(quote, SKIPTRACE=1)
        credit_services.release(quote_id=quote.id, now=NOW)
    assert wallet_of(alice).credit_available == 8


def test_a_quote_whose_fraction_was_taken_meanwhile_holds_nothing(alice, fund, quote_for):
    fund(alice.pk, purchased=10)
    first = quote_for(alice.pk, SKIPTRACE=1)
    accept(first, alice)
    capture(first, SKIPTRACE=1)
    credit_services.release(quote_id=first.id, now=NOW)
    one, other = quote_for(alice.pk, SKIPTRACE=1), quote_for(alice.pk, SKIPTRACE=1)
    assert one.max_cost == other.max_cost == 0
    accept(one, alice)
    with pytest.raises(credit_services.QuoteChanged):
        accept(other, alice)
    assert wallet_of(alice).reserved == 0


def test_fractions_that_add_up_to_a_credit_are_given_back_as_one(alice, fund, quote_for):
    fund(alice.pk, purchased=10)
    first = quote_for(alice.pk, SKIPTRACE=1)
    accept(first, alice)
    capture(first, SKIPTRACE=1)
    credit_services.release(quote_id=first.id, now=NOW)
    takes_the_half = quote_for(alice.pk, SKIPTRACE=1)
    accept(takes_the_half, alice)
    pays_a_whole = quote_for(alice.pk, SKIPTRACE=1)
    accept(pays_a_whole, alice)
    capture(pays_a_whole, SKIPTRACE=1)
    credit_services.release(quote_id=takes_the_half.id, now=NOW)
    assert wallet_of(alice).credit_available == 8
    credit_services.release(quote_id=pays_a_whole.id, now=NOW)
    assert (wallet_of(alice).purchased_credits, wallet_of(alice).subscription_credits) == (9, 0)
    assert CreditUsage.objects.get(credit_type="SKIPTRACE").prepaid == 0
    assert CreditUsage.objects.get(credit_type="SKIPTRACE").credit_used == 1


def test_a_result_after_the_release_is_free(alice, fund, quote_for):
    fund(alice.pk, purchased=10)
    quote = quote_for(alice.pk, SEARCH=2)
    accept(quote, alice)
    credit_services.release(quote_id=quote.id, cause="fault", now=NOW)
    late = capture(quote, SEARCH=1)
    assert (late.amount, late.is_late) == (0, True)
    assert wallet_of(alice).credit_available == 10


def test_a_hold_is_given_back_after_its_time(alice, fund, quote_for):
    fund(alice.pk, purchased=10)
    quote = quote_for(alice.pk, SEARCH=2)
    accept(quote, alice)
    later = NOW + timedelta(hours=72)
    assert credit_services.expire_quotes(now=later - timedelta(seconds=1)).holds == 0
    assert credit_services.expire_quotes(now=later).holds == 1
    assert wallet_of(alice).credit_available == 10
