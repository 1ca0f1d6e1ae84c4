"""What plans entitle to: their periods, paid or not, and what is not known. Nothing here needs a database."""

import pytest

from billing.entitlement import derive
from tests.billing.account_builder import (
    DAY,
    OFFERS,
    PRO,
    START,
    Account,
    days,
    months,
)
from tests.billing.derived import kinds, lapse, look, reset, steps


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
