"""What is left of a plan that ends, pauses, or has another beside it. Nothing here needs a database."""

import pytest

from tests.billing.account_builder import (
    DAY,
    PRO,
    START,
    Account,
    days,
    months,
)
from tests.billing.derived import lapse, look, reset, steps


@pytest.fixture
def account() -> Account:
    """A customer who subscribed to Starter, monthly, and paid at once."""
    account = Account()
    account.subscribe(current_term_start=START, current_term_end=months(1))
    account.bill(paid_at=START)
    return account


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
