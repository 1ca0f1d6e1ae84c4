"""What happens to subscription credits when a period begins or ends (B9, B10, B11)."""

from datetime import timedelta

import pytest

from credits import services as credit_services
from credits.models import Credit, CreditLog
from tests.credits.conftest import NOW

MONTH = timedelta(days=30)


def wallet_of(user) -> Credit:
    return Credit.objects.get(user_id=user.pk)


def begin_period(user, *, started_at=NOW, amount=100, now=None, subscription_id="sub1"):
    return credit_services.reset_period(
        user_id=user.pk,
        subscription_id=subscription_id,
        started_at=started_at,
        ends_at=started_at + MONTH,
        amount=amount,
        now=now or started_at,
    )


@pytest.fixture
def hold(quote_for):
    """Accept a quote of so many search units for a user at a moment."""

    def accept(user, count, now):
        quote = quote_for(user.pk, SEARCH=count, now=now)
        return credit_services.accept_quote(quote_id=quote.id, user_id=user.pk, now=now).quote

    return accept


def test_a_period_that_changes_nothing_says_what_was_set_and_what_lapsed(alice):
    credit_services.claim_welcome_credits(user_id=alice.pk, email=alice.email, phone=None, now=NOW)
    first, second, third = (begin_period(alice, amount=420, started_at=NOW + number * MONTH) for number in range(3))
    assert first.reason == "New period of your plan: 420 set, 50 welcome credits lapsed"
    assert second.reason == "New period of your plan: 420 set, 420 of the period before lapsed"
    assert second.change_amount == 0
    spent = credit_services.adjust(
        user_id=alice.pk, amount=-420, bucket="subscription", adjustment_id="a", reason="Test", actor="sam", now=NOW
    )
    assert (third.reason, spent.subscription_after) == (second.reason, 0)
    assert begin_period(alice, amount=420, started_at=NOW + 3 * MONTH).reason == "New period of your plan"


def test_a_period_sets_subscription_credits_and_touches_nothing_else(alice, fund, hold):
    fund(alice.pk, purchased=7, subscription=10)
    hold(alice, 4, NOW)
    begin_period(alice, amount=100)
    wallet = wallet_of(alice)
    assert (wallet.subscription_credits, wallet.purchased_credits, wallet.reserved) == (100, 7, 4)
    entry = CreditLog.objects.get(kind="reset")
    assert (entry.subscription_change, entry.purchased_change, entry.reserved_change) == (94, 0, 0)


def test_a_period_is_granted_once(alice, fund):
    begin_period(alice)
    credit_services.adjust(
        user_id=alice.pk, amount=-40, bucket="subscription", adjustment_id="a", reason="Test", actor="sam", now=NOW
    )
    assert begin_period(alice).sequence == begin_period(alice, now=NOW + timedelta(days=2)).sequence == 1
    assert wallet_of(alice).subscription_credits == 60
    with pytest.raises(credit_services.KeyReused):
        begin_period(alice, amount=200)


def test_an_earlier_period_that_arrives_late_changes_nothing(alice):
    begin_period(alice, started_at=NOW)
    with pytest.raises(credit_services.PeriodIsOver):
        begin_period(alice, started_at=NOW - MONTH, now=NOW)
    assert wallet_of(alice).subscription_credits == 100


def test_a_later_period_of_another_subscription_stays(alice):
    begin_period(alice, started_at=NOW, subscription_id="new")
    with pytest.raises(credit_services.PeriodIsOver):
        begin_period(alice, started_at=NOW - MONTH, now=NOW, amount=50)
    assert (wallet_of(alice).subscription_credits, wallet_of(alice).period[:4]) == (100, "new:")
    begin_period(alice, started_at=NOW + MONTH, amount=50)
    assert wallet_of(alice).subscription_credits == 50


def test_an_earlier_period_grants_nothing_after_the_plan_has_ended_either(alice):
    begin_period(alice, started_at=NOW)
    credit_services.lapse(user_id=alice.pk, source="sub1:end", reason="Plan ended", now=NOW)
    with pytest.raises(credit_services.PeriodIsOver):
        begin_period(alice, started_at=NOW - MONTH, now=NOW)
    assert wallet_of(alice).subscription_credits == 0


def test_a_plan_may_begin_before_its_welcome_credits_were_given(alice):
    """The moments are of two clocks: Chargebee's, and ours."""
    credit_services.claim_welcome_credits(user_id=alice.pk, email=alice.email, phone=None, now=NOW)
    begin_period(alice, started_at=NOW - timedelta(minutes=1), now=NOW)
    assert wallet_of(alice).subscription_credits == 100


def test_an_upgrade_adds_to_the_period_that_it_was_paid_for_alone(alice):
    begin_period(alice)
    period = credit_services.period_name("sub1", NOW)
    upgrade = {"user_id": alice.pk, "amount": 50, "bucket": "subscription", "reason": "Upgrade", "now": NOW}
    entry = credit_services.grant(**upgrade, source="inv1:0", period=period)
    assert (entry.period, wallet_of(alice).period_grant, wallet_of(alice).subscription_credits) == (period, 150, 150)
    begin_period(alice, started_at=NOW + MONTH)
    with pytest.raises(credit_services.PeriodIsOver):
        credit_services.grant(**upgrade, source="inv2:0", period=period)
    assert credit_services.grant(**upgrade, source="inv1:0", period=period).pk == entry.pk
    assert wallet_of(alice).subscription_credits == 100


def test_which_effects_the_ledger_has_is_read_at_once(alice, fund):
    begin_period(alice)
    fund(alice.pk, purchased=5)
    keys = {entry.key for entry in CreditLog.objects.all()}
    assert credit_services.applied_keys([*keys, "grant:unheard"]) == keys
    assert credit_services.applied_keys([]) == set()


@pytest.mark.parametrize("cause", ["miss", "fault"])
def test_misses_and_faults_come_back_into_the_next_period(alice, hold, cause):
    begin_period(alice)
    quote = hold(alice, 15, NOW)
    begin_period(alice, started_at=NOW + MONTH)
    receipt = credit_services.release(quote_id=quote.id, cause=cause, now=NOW + MONTH + timedelta(days=7))
    assert (receipt.released, receipt.lapsed) == (15, 0)
    assert wallet_of(alice).subscription_credits == 115


def test_at_most_a_fifth_of_the_grant_comes_back_over_all_quotes_of_a_period(alice, hold):
    begin_period(alice)
    first, second = hold(alice, 15, NOW), hold(alice, 15, NOW)
    begin_period(alice, started_at=NOW + MONTH)
    receipts = [credit_services.release(quote_id=quote.id, now=NOW + MONTH) for quote in (first, second)]
    assert [(receipt.released, receipt.lapsed) for receipt in receipts] == [(15, 0), (5, 10)]
    wallet = wallet_of(alice)
    assert (wallet.subscription_credits, wallet.period_returned, wallet.reserved) == (120, 20, 0)
    assert CreditLog.objects.get(key=f"lapse:{second.id}").reserved_change == -10


@pytest.mark.parametrize(("cause", "days"), [("cancelled", 0), ("expired", 0), ("miss", 8)])
def test_what_was_cancelled_or_comes_too_late_lapses_with_an_entry(alice, hold, cause, days):
    begin_period(alice)
    quote = hold(alice, 5, NOW)
    begin_period(alice, started_at=NOW + MONTH)
    receipt = credit_services.release(quote_id=quote.id, cause=cause, now=NOW + MONTH + timedelta(days=days))
    assert (receipt.released, receipt.lapsed) == (0, 5)
    assert wallet_of(alice).subscription_credits == 100
    entry = CreditLog.objects.get(key=f"lapse:{quote.id}")
    assert (entry.change_amount, entry.reserved_change) == (0, -5)


def test_purchased_credits_come_back_whatever_happened_to_the_period(alice, fund, hold):
    fund(alice.pk, purchased=10)
    begin_period(alice, amount=3)
    quote = hold(alice, 8, NOW)
    credit_services.capture(quote_id=quote.id, step="1", units={"SEARCH": 4}, reason="Page 1", now=NOW)
    begin_period(alice, started_at=NOW + MONTH, amount=50)
    receipt = credit_services.release(quote_id=quote.id, cause="cancelled", now=NOW + MONTH)
    assert (receipt.captured, receipt.released, receipt.lapsed) == (4, 4, 0)
    assert (wallet_of(alice).subscription_credits, wallet_of(alice).purchased_credits) == (50, 9)


def test_within_the_period_even_what_was_cancelled_comes_back(alice, hold):
    begin_period(alice)
    quote = hold(alice, 5, NOW)
    assert credit_services.release(quote_id=quote.id, cause="cancelled", now=NOW).released == 5
    assert wallet_of(alice).subscription_credits == 100


def test_a_hold_never_outlives_the_period(alice, hold):
    begin_period(alice)
    ends_at = NOW + MONTH
    assert hold(alice, 1, NOW).hold_until == NOW + timedelta(hours=72)
    assert hold(alice, 1, ends_at - timedelta(hours=1)).hold_until == ends_at


def test_a_plan_that_ended_lets_its_credits_lapse_and_keeps_purchased_ones(alice, fund, hold):
    fund(alice.pk, purchased=7)
    begin_period(alice)
    quote = hold(alice, 5, NOW)
    entry = credit_services.lapse(user_id=alice.pk, source="sub1:ended", reason="Plan ended", now=NOW)
    assert entry.change_amount == -95
    again = credit_services.lapse(user_id=alice.pk, source="sub1:ended", reason="Plan ended", now=NOW)
    assert again.sequence == entry.sequence
    assert credit_services.release(quote_id=quote.id, cause="miss", now=NOW).lapsed == 5
    assert wallet_of(alice).credit_available == 7
    assert credit_services.verify_books().breaches == []
