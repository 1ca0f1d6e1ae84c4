"""What changes of plan and yearly plans entitle to. Nothing here needs a database."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.entitlement.grants import credits_for_the_rest
from tests.billing.account_builder import (
    DAY,
    PRO,
    PRO_YEARLY,
    SCALE,
    START,
    STARTER,
    STARTER_YEARLY,
    Account,
    add_months,
    days,
    months,
)
from tests.billing.derived import kinds, lapse, look, reset, steps, upgrade


@pytest.fixture
def account() -> Account:
    """A customer who subscribed to Starter, monthly, and paid at once."""
    account = Account()
    account.subscribe(current_term_start=START, current_term_end=months(1))
    account.bill(paid_at=START)
    return account


# ---------------------------------------------------------------- changes of plan


def test_an_upgrade_within_a_period_brings_the_difference_for_the_rest_of_it(account):
    change = account.bill(PRO, days(10), months(1), cents=3_300, paid_at=days(10))
    assert steps(account, days(10)) == [reset(START, 200), upgrade(account, change, 149)]  # 220 × 21 of 31 days


def test_an_upgrade_in_the_last_hour_brings_next_to_nothing(account):
    last_hour = months(1) - timedelta(hours=1)
    change = account.bill(SCALE, last_hour, months(1), cents=28, paid_at=last_hour)
    assert steps(account, last_hour) == [reset(START, 200), upgrade(account, change, 1)]  # 850 × 1 of 744 hours


@given(
    hours=st.integers(0, 744),
    plans=st.sampled_from([(200, 4_900, 420, 9_900), (420, 9_900, 1_050, 24_900), (200, 4_900, 1_050, 24_900)]),
)
def test_a_credit_of_an_upgrade_never_sells_below_what_it_must_cost(hours, plans):
    few, low_price, many, high_price = plans
    start, end = START, START + timedelta(hours=744)
    at = start + timedelta(hours=hours)
    brought = credits_for_the_rest(many - few, at=at, period_start=start, period_end=end)
    paid = (high_price - low_price) * (744 - hours) / 744
    half_a_credit = 0.5
    assert paid >= (brought - half_a_credit) * 19.6


def test_an_upgrade_in_the_second_of_the_purchase_brings_the_difference(account):
    change = account.bill(PRO, START, months(1), cents=5_000, paid_at=START)
    assert steps(account, START) == [reset(START, 200), upgrade(account, change, 220)]


def test_going_up_and_down_within_a_period_brings_the_difference_once(account):
    account.bill(PRO, days(5), months(1), cents=3_300, paid_at=days(5))
    account.bill(STARTER, days(6), months(1), cents=1_000, paid_at=days(6))
    account.bill(PRO, days(7), months(1), cents=3_000, paid_at=days(7))
    highest = account.bill(SCALE, days(8), months(1), cents=9_000, paid_at=days(8))
    assert steps(account, days(8))[2:] == [upgrade(account, highest, 467)]
    assert kinds(account, days(8)) == []


def test_a_second_invoice_for_a_term_whose_payment_was_lost_is_listed(account):
    account.charge_back(account.payment_of("1"), days(3))
    account.bill(paid_at=days(5))
    assert kinds(account, days(5)) == ["paid_for_nothing"]


def test_an_upgrade_that_is_not_paid_brings_nothing(account):
    account.bill(PRO, days(10), months(1), cents=3_300)
    assert steps(account, days(12)) == [reset(START, 200)]


def test_an_upgrade_is_granted_after_the_period_that_it_is_in():
    account = Account()
    account.subscribe()
    base = account.bill()
    change = account.bill(PRO, days(3), months(1), cents=4_000, paid_at=days(3))
    assert (steps(account, days(4)), kinds(account, days(4))) == ([], ["paid_for_nothing"])
    account.pay(base, days(5))
    assert steps(account, days(5)) == [reset(START, 200), upgrade(account, change, 199)]
    assert kinds(account, days(5)) == []


def test_a_downgrade_counts_from_the_next_renewal(account):
    account.bill(PRO, START, months(1), cents=5_000, paid_at=START)
    account.bill(STARTER, months(1), paid_at=months(1))
    assert steps(account, months(1))[-1] == reset(months(1), 200)


def test_changing_from_monthly_to_yearly_begins_a_new_period(account):
    switch = days(10)
    account.bill(STARTER_YEARLY, switch, add_months(switch, 12), cents=49_000, paid_at=switch)
    assert steps(account, switch) == [reset(START, 200), reset(switch, 200)]
    assert look(account, switch).next_effect_at == add_months(switch, 1)


def test_changing_from_yearly_to_monthly_ends_the_months_of_the_year():
    account = Account()
    account.subscribe(STARTER_YEARLY)
    account.bill(STARTER_YEARLY, START, months(12), cents=49_000, paid_at=START)
    switch = months(2) + DAY
    account.bill(PRO, switch, paid_at=switch, cents=9_900)
    now = switch + 20 * DAY
    assert steps(account, now) == [
        reset(START, 200),
        reset(months(1), 200),
        reset(months(2), 200),
        reset(switch, 420),
    ]
    assert look(account, now).next_effect_at is None


# ---------------------------------------------------------------- yearly plans


@pytest.fixture
def yearly() -> Account:
    """A customer who paid Starter for a year."""
    account = Account()
    account.subscribe(STARTER_YEARLY, current_term_start=START, current_term_end=months(12))
    account.bill(STARTER_YEARLY, START, months(12), cents=49_000, paid_at=START)
    return account


def test_a_yearly_plan_grants_each_month_when_it_begins(yearly):
    assert steps(yearly, START) == [reset(START, 200)]
    assert look(yearly, START).next_effect_at == months(1)
    assert steps(yearly, months(2)) == [reset(months(number), 200) for number in range(3)]
    assert steps(yearly, months(12)) == [reset(months(number), 200) for number in range(12)]
    assert look(yearly, months(12)).next_effect_at is None


@pytest.mark.parametrize(
    ("start", "second", "third"),
    [
        (datetime(2026, 1, 31, 8, tzinfo=START.tzinfo), (2026, 2, 28), (2026, 3, 31)),
        (datetime(2028, 1, 30, 8, tzinfo=START.tzinfo), (2028, 2, 29), (2028, 3, 30)),
        (datetime(2028, 2, 29, 8, tzinfo=START.tzinfo), (2028, 3, 29), (2028, 4, 29)),
    ],
)
def test_months_of_a_year_begin_on_the_anniversary_or_the_last_day_before_it(start, second, third):
    account = Account()
    account.subscribe(STARTER_YEARLY, start)
    account.bill(STARTER_YEARLY, start, add_months(start, 12), cents=49_000, paid_at=start)
    begins = [effect.at for effect in look(account, add_months(start, 24)).effects]
    assert len(begins) == 12
    assert [(at.year, at.month, at.day) for at in begins[1:3]] == [second, third]


def test_a_year_that_is_paid_late_grants_the_months_that_are_not_over(yearly):
    late = Account()
    late.subscribe(STARTER_YEARLY)
    invoice = late.bill(STARTER_YEARLY, START, months(12), cents=49_000)
    late.pay(invoice, months(1) + DAY)
    assert steps(late, months(1) + DAY) == [reset(months(1), 200)]
    assert kinds(late, months(1) + DAY) == ["period_over"]


def test_an_upgrade_within_a_year_brings_the_difference_now_and_the_new_grant_later(yearly):
    change = yearly.bill(PRO_YEARLY, months(2) + DAY, months(12), cents=40_000, paid_at=months(2) + DAY)
    assert steps(yearly, months(4))[2:] == [
        reset(months(2), 200),
        upgrade(yearly, change, 213),
        reset(months(3), 420),
        reset(months(4), 420),
    ]


def test_a_year_that_is_cancelled_at_once_grants_no_more_months(yearly):
    yearly.cancel(months(3) + DAY)
    found = look(yearly, months(6))
    assert [effect.key for effect in found.effects] == [reset(months(number), 0)[0] for number in range(4)]
    assert (found.frozen, found.next_effect_at) == (True, months(12))
    assert steps(yearly, months(12))[-1] == lapse(months(12))


def test_a_paused_year_goes_on_frozen_since_it_was_paid(yearly):
    yearly.change_subscription(status="paused", pause_date=months(1) + DAY)
    found = look(yearly, months(4))
    assert (len(found.effects), found.frozen) == (5, True)
