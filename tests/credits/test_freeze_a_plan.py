"""While a plan is paused its credits stay and cannot be spent; purchased ones can."""

from datetime import timedelta

import pytest

from atlas_site.lib.transactions import run_txn
from credits import selectors
from credits import services as credit_services
from credits.models import Credit, CreditLog
from tests.credits.conftest import NOW


def freeze(user, frozen=True, now=NOW) -> None:
    credit_services.set_subscription_frozen(user_id=user.pk, frozen=frozen, now=now)


def accept(quote, user):
    return credit_services.accept_quote(quote_id=quote.id, user_id=user.pk, now=NOW)


def wallet_of(user) -> Credit:
    return Credit.objects.get(user_id=user.pk)


def test_a_frozen_plan_spends_purchased_credits_alone(alice, fund, quote_for):
    fund(alice.pk, purchased=10, subscription=50)
    freeze(alice)
    wallet = wallet_of(alice)
    assert (wallet.credit_available, wallet.spendable, selectors.header_balance(alice)) == (60, 10, 10)
    assert wallet.subscription_frozen_at == NOW
    quote = quote_for(alice.pk, SEARCH=8)
    accepted = accept(quote, alice).quote
    assert (accepted.held_subscription, accepted.held_purchased, accepted.subscription_frozen) == (0, 8, True)
    wallet = wallet_of(alice)
    assert (wallet.subscription_credits, wallet.purchased_credits, wallet.spendable) == (50, 2, 2)
    assert credit_services.verify_books().breaches == []
    assert CreditLog.objects.count() == 3


def test_frozen_credits_are_not_enough_and_what_fits_is_counted_without_them(alice, fund, quote_for):
    fund(alice.pk, purchased=3, subscription=50)
    freeze(alice)
    quote = quote_for(alice.pk, SEARCH=8)
    with pytest.raises(credit_services.NotEnoughCredits) as refusal:
        accept(quote, alice)
    assert (refusal.value.needed, refusal.value.available, refusal.value.fits) == (8, 3, {"SEARCH": 3})
    page = selectors.quote_page(user=alice, quote_id=quote.id, now=NOW)
    assert (page.state, page.available, page.missing, page.fits) == ("too_few", 3, 5, 3)
    assert wallet_of(alice).reserved == 0


def test_a_fraction_that_was_taken_does_not_let_frozen_credits_be_spent(alice, fund, quote_for):
    """The least that a quote may cost passes the first condition; the price with no fraction left does not."""
    fund(alice.pk, subscription=50)
    freeze(alice)
    quote = quote_for(alice.pk, SKIPTRACE=1)
    with pytest.raises(credit_services.NotEnoughCredits):
        accept(quote, alice)
    assert not CreditLog.objects.filter(kind="reserve").exists()


def test_a_resumed_plan_spends_its_credits_again(alice, fund, quote_for):
    fund(alice.pk, purchased=10, subscription=50)
    freeze(alice)
    freeze(alice, frozen=False)
    wallet = wallet_of(alice)
    assert (wallet.spendable, wallet.subscription_frozen_at) == (60, None)
    assert accept(quote_for(alice.pk, SEARCH=55), alice).quote.held_subscription == 50


def test_what_was_held_before_goes_on_and_comes_back(alice, fund, quote_for):
    fund(alice.pk, purchased=10, subscription=50)
    quote = quote_for(alice.pk, SEARCH=20)
    accept(quote, alice)
    freeze(alice)
    credit_services.capture(quote_id=quote.id, step="1", units={"SEARCH": 5}, reason="Page 1", now=NOW)
    receipt = credit_services.release(quote_id=quote.id, now=NOW)
    assert (receipt.captured, receipt.released) == (5, 15)
    assert (wallet_of(alice).subscription_credits, wallet_of(alice).spendable) == (45, 10)
    assert credit_services.verify_books().breaches == []


def test_a_plan_is_frozen_within_a_transaction_though_there_was_no_wallet(alice):
    run_txn(lambda: freeze(alice))
    assert wallet_of(alice).subscription_frozen


def test_freezing_twice_keeps_the_first_moment_and_needs_no_wallet(alice):
    freeze(alice)
    freeze(alice, now=NOW + timedelta(days=1))
    assert wallet_of(alice).subscription_frozen_at == NOW
    assert not CreditLog.objects.exists()


def test_one_switch_stops_what_spends_by_itself(alice, bob):
    assert selectors.may_spend_automatically(alice.pk)
    credit_services.set_automatic_spending(user_id=alice.pk, stopped=True, now=NOW)
    assert wallet_of(alice).automatic_spending_stopped_at == NOW
    assert not selectors.may_spend_automatically(alice.pk)
    assert selectors.may_spend_automatically(bob.pk)
    credit_services.set_automatic_spending(user_id=alice.pk, stopped=False, now=NOW)
    assert selectors.may_spend_automatically(alice.pk)
    credit_services.set_spending_ban(user_id=alice.pk, banned=True)
    assert not selectors.may_spend_automatically(alice.pk)


def test_the_books_know_which_holds_were_made_while_frozen(alice, fund, quote_for):
    fund(alice.pk, purchased=10, subscription=50)
    quote = quote_for(alice.pk, SEARCH=8)
    freeze(alice)
    accept(quote, alice)
    assert credit_services.verify_books().breaches == []
    type(quote).objects.filter(pk=quote.pk).update(subscription_frozen=False)
    assert {breach.rule for breach in credit_services.verify_books().breaches} == {"B9"}
