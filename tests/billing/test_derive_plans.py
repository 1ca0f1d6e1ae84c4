"""What plans entitle to: periods, upgrades, ends, pauses. Nothing here needs a database."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.entitlement import Entitlement, derive
from billing.entitlement.grants import credits_for_the_rest
from tests.billing.account_builder import (
    DAY,
    OFFERS,
    PRO,
    PRO_YEARLY,
    SCALE,
    START,
    STARTER,
    STARTER_YEARLY,
    SUB,
    Account,
    add_months,
    days,
    months,
)


def look(account: Account, now: datetime) -> Entitlement:
    return derive(account.told(), OFFERS, now)


def steps(account: Account, now: datetime) -> list[tuple[str, int]]:
    """Return the keys and amounts of what is due, in order."""
    return [(effect.key, effect.amount) for effect in look(account, now).effects]


def kinds(account: Account, now: datetime) -> list[str]:
    return [problem.kind for problem in look(account, now).problems]


def reset(start: datetime, amount: int, sub: str = SUB) -> tuple[str, int]:
    return f"reset:{sub}:{start:%Y-%m-%dT%H:%M:%SZ}", amount


def lapse(end: datetime, sub: str = SUB) -> tuple[str, int]:
    return f"lapse:{sub}:{end:%Y-%m-%dT%H:%M:%SZ}", 0


def upgrade(account: Account, invoice_id: str, amount: int) -> tuple[str, int]:
    return f"grant:{invoice_id}:{account.line_of(invoice_id)}", amount


@pytest.fixture
def account() -> Account:
    """A customer who subscribed to Starter, monthly, and paid at once."""
    account = Account()
    account.subscribe(current_term_start=START, current_term_end=months(1))
    account.bill(paid_at=START)
    return account


def test_a_paid_term_is_one_period_with_the_plans_credits(account):
    assert steps(account, START) == [reset(START, 200)]


def test_a_term_that_is_not_paid_grants_nothing():
    account = Account()
    account.subscribe()
    account.bill()
    assert steps(account, days(10)) == []
    assert look(account, days(10)).problems == ()


def test_two_renewals_seen_at_once_are_applied_in_their_order(account):
    account.bill(start=months(1), paid_at=months(1))
    account.bill(start=months(2), paid_at=months(2))
    assert steps(account, months(2)) == [reset(START, 200), reset(months(1), 200), reset(months(2), 200)]


def test_a_renewal_that_is_paid_late_is_granted_when_it_is_paid(account):
    invoice = account.bill(start=months(1))
    assert steps(account, months(1) + 10 * DAY) == [reset(START, 200)]
    account.pay(invoice, months(1) + 12 * DAY)
    effects = look(account, months(1) + 12 * DAY).effects
    assert [(effect.key, effect.amount) for effect in effects][1] == reset(months(1), 200)
    assert effects[1].at == months(1) + 12 * DAY


def test_a_renewal_that_is_paid_after_a_later_one_grants_nothing_and_is_listed(account):
    late = account.bill(start=months(1))
    account.bill(start=months(2), paid_at=months(2))
    account.pay(late, months(2) + DAY)
    assert steps(account, months(2) + DAY) == [reset(START, 200), reset(months(2), 200)]
    assert kinds(account, months(2) + DAY) == ["period_over"]


def test_dunning_takes_nothing_away(account):
    account.bill(start=months(1))
    account.change_subscription(due_invoices_count=1, due_since=months(1), total_dues_cents=4_900)
    found = look(account, months(1) + 20 * DAY)
    assert [effect.kind for effect in found.effects] == ["reset"]
    assert found.state is not None
    assert (found.state.status, found.state.due_invoices_count, found.frozen) == ("active", 1, False)


def test_what_is_left_lapses_when_dunning_ends_in_a_cancellation(account):
    account.bill(start=months(1), status="not_paid")
    account.cancel(months(1) + 20 * DAY, reason="not_paid")
    assert steps(account, months(1) + 20 * DAY) == [reset(START, 200), lapse(months(1))]


def test_a_trial_gives_access_and_no_credits():
    account = Account()
    account.subscribe(status="in_trial", trial_end=days(14))
    found = look(account, days(1))
    assert (found.effects, found.frozen) == ((), False)
    assert found.state is not None
    assert (found.state.status, found.state.trial_end) == ("active", days(14))


def test_a_trial_that_will_be_cancelled_ends_with_the_period():
    account = Account()
    account.subscribe(status="in_trial", trial_end=days(14), cancelled_at=days(14))
    state = look(account, days(1)).state
    assert state is not None
    assert state.status == "non_renewing"


def test_an_invoice_of_nothing_is_paid_without_a_transaction():
    account = Account()
    account.subscribe()
    account.bill(paid_at=START, total_cents=0, amount_due_cents=0)
    assert steps(account, START) == [reset(START, 200)]
    assert account.transactions == {}


def test_an_invoice_that_credits_paid_has_no_transaction(account):
    account.bill(start=months(1), paid_at=months(1), amount_due_cents=0, credits_applied_cents=4_900)
    assert steps(account, months(1)) == [reset(START, 200), reset(months(1), 200)]


@pytest.mark.parametrize("status", ["voided", "pending"])
def test_voided_invoices_and_drafts_grant_nothing(status):
    account = Account()
    account.subscribe()
    account.bill(status=status)
    assert steps(account, days(1)) == []


@pytest.mark.parametrize("forgive", [Account.write_off, Account.adjust])
def test_a_renewal_that_was_given_up_grants_nothing_though_chargebee_calls_it_paid(account, forgive):
    renewal = account.bill(start=months(1))
    account.cancel(months(1) + 20 * DAY, reason="not_paid")
    owed = steps(account, months(1) + 21 * DAY)
    forgive(account, renewal, months(1) + 20 * DAY)
    assert account.invoices[renewal].status == "paid"
    assert steps(account, months(1) + 21 * DAY) == owed == [reset(START, 200), lapse(months(1))]
    assert kinds(account, months(1) + 21 * DAY) == []


def test_a_term_of_which_a_part_was_adjusted_is_granted_once_the_rest_is_paid(account):
    renewal = account.bill(start=months(1))
    account.adjust(renewal, months(1) + DAY, 2_000)
    assert steps(account, months(1) + 2 * DAY) == [reset(START, 200)]
    account.pay(renewal, months(1) + 3 * DAY)
    assert steps(account, months(1) + 3 * DAY) == [reset(START, 200), reset(months(1), 200)]


def test_an_invoice_that_takes_the_place_of_one_that_was_never_paid_begins_the_term():
    account = Account()
    account.subscribe()
    account.bill(status="not_paid")
    account.bill(paid_at=days(2))
    assert steps(account, days(2)) == [reset(START, 200)]
    assert kinds(account, days(2)) == []


def test_it_stays_the_one_that_began_the_term_when_the_other_is_paid_after_all():
    account = Account()
    account.subscribe()
    first = account.bill(status="not_paid")
    account.bill(PRO, cents=9_900, paid_at=days(2))
    before = steps(account, days(2))
    account.pay(first, days(4))
    assert steps(account, days(4)) == before == [reset(START, 420)]


def test_an_invoice_that_takes_the_place_of_a_void_one_begins_the_term():
    account = Account()
    account.subscribe()
    account.void(account.bill())
    account.bill(paid_at=days(2))
    assert steps(account, days(2)) == [reset(START, 200)]


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


# ---------------------------------------------------------------- the end of a plan


def test_a_plan_that_ends_with_its_period_lapses_then(account):
    account.change_subscription(status="non_renewing", cancelled_at=months(1))
    found = look(account, days(20))
    assert found.state is not None
    assert (found.state.status, found.frozen, len(found.effects)) == ("non_renewing", False, 1)
    account.cancel(months(1))
    assert steps(account, months(1)) == [reset(START, 200), lapse(months(1))]


def test_a_plan_that_is_cancelled_at_once_is_frozen_to_the_end_of_what_was_paid(account):
    account.cancel(days(10))
    found = look(account, days(11))
    assert ([effect.kind for effect in found.effects], found.frozen) == (["reset"], True)
    assert found.next_effect_at == months(1)
    over = look(account, months(1))
    assert ([effect.kind for effect in over.effects], over.frozen) == (["reset", "lapse"], False)


def test_a_plan_that_is_reactivated_within_its_period_goes_on(account):
    account.cancel(days(10))
    account.change_subscription(status="active", cancelled_at=None)
    found = look(account, months(1) + DAY)
    assert ([effect.kind for effect in found.effects], found.frozen) == (["reset"], False)


def test_a_plan_that_is_reactivated_after_a_gap_had_lapsed_before(account):
    account.cancel(months(1))
    again = months(1) + 10 * DAY
    before = steps(account, again)
    account.change_subscription(status="active", cancelled_at=None)
    account.bill(start=again, paid_at=again)
    assert steps(account, again) == [*before, reset(again, 200)]
    assert before[-1] == lapse(months(1))


def test_a_plan_that_dunning_ended_had_lapsed_before_it_is_reactivated(account):
    account.bill(start=months(1), status="not_paid")
    account.cancel(months(1) + 12 * DAY, reason="not_paid")
    again = months(1) + 15 * DAY
    before = steps(account, again)
    account.change_subscription(status="active", cancelled_at=None)
    account.bill(start=again, paid_at=again)
    assert steps(account, again) == [*before, reset(again, 200)]
    assert before[-1] == lapse(months(1))


def test_an_unpaid_period_that_is_paid_after_the_cancellation_is_frozen_to_its_end(account):
    invoice = account.bill(start=months(1))
    account.cancel(months(1) + 5 * DAY, reason="not_paid")
    account.pay(invoice, months(1) + 8 * DAY)
    found = look(account, months(1) + 8 * DAY)
    assert [(effect.key, effect.amount) for effect in found.effects] == [
        reset(START, 200),
        lapse(months(1)),
        reset(months(1), 200),
    ]
    assert (found.frozen, found.next_effect_at) == (True, months(2))


def test_a_deleted_subscription_is_over_whatever_its_status_says(account):
    account.change_subscription(deleted=True)
    found = look(account, days(1))
    assert found.state is not None
    assert (found.state.status, found.state.chargebee_status, found.frozen) == ("cancelled", "active", True)
    assert steps(account, months(1))[-1] == lapse(months(1))


def test_a_transferred_subscription_is_over(account):
    account.change_subscription(status="transferred")
    found = look(account, days(1))
    assert found.state is not None
    assert (found.state.status, found.frozen) == ("cancelled", True)


def test_an_unknown_status_changes_nothing_and_is_listed(account):
    account.change_subscription(status="hibernating")
    found = look(account, months(1) + DAY)
    assert found.state is not None
    assert (found.state.status, found.state.chargebee_status, found.frozen) == (None, "hibernating", None)
    assert [problem.kind for problem in found.problems] == ["unknown_status"]
    assert [effect.kind for effect in found.effects] == ["reset"]


def test_a_future_subscription_has_no_state_yet():
    account = Account()
    account.subscribe(status="future")
    state = look(account, START).state
    assert state is not None
    assert (state.status, state.chargebee_status) == (None, "future")


# ---------------------------------------------------------------- pauses


def test_a_paused_plan_is_frozen_and_keeps_its_credits_beyond_its_period(account):
    account.change_subscription(status="paused", pause_date=days(10))
    found = look(account, months(2))
    assert ([effect.kind for effect in found.effects], found.frozen) == (["reset"], True)
    assert found.state is not None
    assert found.state.status == "paused"


def test_a_plan_that_will_be_paused_is_not_frozen_yet(account):
    account.change_subscription(pause_date=months(1), resume_date=months(3))
    found = look(account, days(5))
    assert found.state is not None
    assert (found.state.status, found.frozen) == ("active", False)


def test_resuming_within_the_period_grants_nothing(account):
    account.change_subscription(status="paused", pause_date=days(10))
    account.change_subscription(status="active", pause_date=None)
    found = look(account, days(12))
    assert ([effect.kind for effect in found.effects], found.frozen) == (["reset"], False)


def test_resuming_after_the_period_begins_a_new_one(account):
    account.change_subscription(status="paused", pause_date=days(10))
    again = months(2)
    account.change_subscription(status="active", pause_date=None)
    account.bill(start=again, paid_at=again)
    assert steps(account, again) == [reset(START, 200), lapse(months(1)), reset(again, 200)]


# ---------------------------------------------------------------- several subscriptions


def test_a_second_plan_after_the_first_one_was_cancelled_replaces_its_credits(account):
    account.cancel(days(5))
    account.subscribe(PRO, days(6), "sub2")
    account.bill(PRO, days(6), cents=9_900, sub="sub2", paid_at=days(6))
    found = look(account, months(1) + DAY)
    assert [(effect.key, effect.amount) for effect in found.effects] == [
        reset(START, 200),
        reset(days(6), 420, "sub2"),
    ]
    assert found.frozen is False
    assert found.state is not None
    assert (found.state.subscription_id, found.state.status) == ("sub2", "active")


def test_a_second_live_plan_is_listed_and_the_newer_one_counts(account):
    account.subscribe(PRO, days(6), "sub2")
    account.bill(PRO, days(6), cents=9_900, sub="sub2", paid_at=days(6))
    account.bill(start=months(1), paid_at=months(1))
    found = look(account, months(1) + DAY)
    assert [(effect.key, effect.amount) for effect in found.effects][1:] == [reset(days(6), 420, "sub2")]
    assert sorted(problem.kind for problem in found.problems) == ["second_subscription", "second_subscription"]
    assert found.state is not None
    assert found.state.subscription_id == "sub2"


def test_the_older_plan_counts_again_once_the_newer_one_is_over(account):
    account.subscribe(PRO, days(6), "sub2")
    account.bill(PRO, days(6), cents=9_900, sub="sub2", paid_at=days(6))
    account.cancel(days(8), "sub2")
    account.bill(start=months(1), paid_at=months(1))
    assert steps(account, months(1))[-1] == reset(months(1), 200)


# ---------------------------------------------------------------- what is not known


def test_a_plan_that_nobody_knows_grants_nothing_and_is_listed():
    account = Account()
    account.subscribe("gold-USD-Monthly")
    account.bill("gold-USD-Monthly", paid_at=START)
    assert steps(account, START) == []
    assert kinds(account, START) == ["unknown_price"]


def test_what_was_granted_stands_when_an_offer_says_something_else_by_now(account):
    key = reset(START, 200)[0]
    found = derive(account.told(), OFFERS, START, granted={key: 150})
    assert [(effect.key, effect.amount) for effect in found.effects] == [(key, 150)]


def test_what_chargebee_says_was_paid_is_paid_also_by_a_clock_that_is_ahead(account):
    account.bill(start=months(1), paid_at=months(1))
    account.version = int(months(1).timestamp() * 1000)
    account.change_subscription(current_term_end=months(2))
    assert steps(account, START) == [reset(START, 200), reset(months(1), 200)]


def test_without_a_subscription_there_is_no_state():
    account = Account()
    found = look(account, START)
    assert (found.state, found.effects, found.payments, found.frozen) == (None, (), (), False)
