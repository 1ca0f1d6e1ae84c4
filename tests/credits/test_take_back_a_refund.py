"""A refund takes back what it paid for, and no more: the rest is a debt that the next purchase pays (B31)."""

from datetime import timedelta

import pytest
from django.db import connection

from atlas_site.mongodb.documents import collection_of
from credits import services as credit_services
from credits.models import Credit, CreditLog
from tests.credits.conftest import NOW
from tests.failpoints import fail_commands

MONTH = timedelta(days=30)
FIRST, SECOND = (credit_services.period_name("sub", NOW + MONTH * number) for number in (0, 1))


def begin_period(user, number=0, *, amount=100) -> CreditLog:
    started_at = NOW + MONTH * number
    return credit_services.reset_period(
        user_id=user.pk,
        subscription_id="sub",
        started_at=started_at,
        ends_at=started_at + MONTH,
        amount=amount,
        now=started_at,
    )


def refund(user, amount, refund_id="r1", *, bucket="subscription", period=FIRST) -> CreditLog | None:
    return credit_services.claw_back(
        user_id=user.pk,
        amount=amount,
        refund_id=refund_id,
        reason="Refund of your plan",
        now=NOW + MONTH,
        bucket=bucket,
        period=period,
    )


@pytest.fixture
def spend(quote_for):
    """Spend search credits of a user at NOW: accept, hit all, settle."""

    def use(user, count: int) -> None:
        quote = quote_for(user.pk, SEARCH=count)
        credit_services.accept_quote(quote_id=quote.id, user_id=user.pk, now=NOW)
        credit_services.capture(quote_id=quote.id, step="1", units={"SEARCH": count}, reason="A page", now=NOW)
        credit_services.release(quote_id=quote.id, now=NOW)

    return use


def state_of(user) -> tuple[int, int, int]:
    wallet = Credit.objects.get(user_id=user.pk)
    return wallet.subscription_credits, wallet.purchased_credits, wallet.debt


def assert_sound() -> None:
    assert credit_services.verify_books().breaches == []


def test_a_refunded_pack_is_taken_from_purchased_credits(alice, fund, spend):
    fund(alice.pk, purchased=100)
    spend(alice, 30)
    entry = refund(alice, 100, bucket="purchased", period=None)
    assert (entry.purchased_change, entry.debt_change) == (-70, 30)
    assert refund(alice, 100, bucket="purchased", period=None).pk == entry.pk
    assert state_of(alice) == (0, 0, 30)
    assert_sound()


def test_a_refund_in_its_period_takes_what_is_left_and_the_rest_is_owed(alice, spend):
    begin_period(alice)
    spend(alice, 60)
    entry = refund(alice, 100)
    assert (entry.subscription_change, entry.debt_change, entry.period) == (-40, 60, FIRST)
    assert state_of(alice) == (0, 0, 60)
    assert_sound()


def test_a_refund_of_a_period_that_is_over_leaves_the_present_one_alone(alice, fund, spend):
    begin_period(alice)
    spend(alice, 60)
    begin_period(alice, 1)
    entry = refund(alice, 100)
    assert (entry.subscription_change, entry.debt_change) == (0, 60)
    assert state_of(alice) == (100, 0, 60)
    assert_sound()


def test_a_refund_of_an_unused_period_that_is_over_takes_nothing(alice):
    begin_period(alice)
    begin_period(alice, 1)
    assert refund(alice, 100) is None
    assert refund(alice, 100) is None
    assert state_of(alice) == (100, 0, 0)
    assert CreditLog.objects.count() == 2


def test_two_refunds_of_a_period_owe_what_was_used_once(alice, spend):
    begin_period(alice)
    spend(alice, 60)
    begin_period(alice, 1)
    assert [refund(alice, 50, f"r{number}").debt_change for number in (1, 2)] == [50, 10]
    assert refund(alice, 50, "r3") is None
    assert state_of(alice) == (100, 0, 60)


def test_a_refund_before_and_one_after_the_end_of_a_period_add_up_to_its_grant(alice, spend):
    begin_period(alice)
    spend(alice, 60)
    assert refund(alice, 50, "r1").debt_change == 10
    begin_period(alice, 1, amount=200)
    assert state_of(alice) == (190, 0, 0)
    assert refund(alice, 50, "r2").debt_change == 50
    assert_sound()


def test_what_came_back_within_the_period_was_not_used(alice, quote_for):
    begin_period(alice)
    quote = quote_for(alice.pk, SEARCH=60)
    credit_services.accept_quote(quote_id=quote.id, user_id=alice.pk, now=NOW)
    credit_services.release(quote_id=quote.id, now=NOW)
    begin_period(alice, 1)
    assert refund(alice, 100) is None


def test_purchased_credits_that_were_spent_meanwhile_are_not_owed(alice, fund, spend):
    begin_period(alice, amount=10)
    fund(alice.pk, purchased=50)
    spend(alice, 40)
    begin_period(alice, 1)
    assert refund(alice, 100).debt_change == 10


def test_an_ended_plan_owes_what_it_used(alice, spend):
    begin_period(alice)
    spend(alice, 60)
    credit_services.lapse(user_id=alice.pk, source="sub:end", reason="Plan ended", now=NOW)
    assert refund(alice, 100).debt_change == 60
    assert state_of(alice) == (0, 0, 60)
    assert_sound()


def test_a_period_that_was_never_granted_owes_nothing(alice):
    assert refund(alice, 100, period=credit_services.period_name("other", NOW)) is None
    assert not CreditLog.objects.exists()


def test_lines_of_one_refund_are_taken_back_each_once(alice, fund):
    fund(alice.pk, purchased=10)
    begin_period(alice)
    assert refund(alice, 100, "r1:plan").key == "clawback:r1:plan"
    assert refund(alice, 10, "r1:pack", bucket="purchased", period=None).key == "clawback:r1:pack"
    assert state_of(alice) == (0, 0, 0)
    with pytest.raises(credit_services.KeyReused):
        refund(alice, 99, "r1:plan")


def test_the_next_pack_pays_the_debt_first(alice, fund, spend):
    fund(alice.pk, purchased=50)
    spend(alice, 40)
    refund(alice, 50, bucket="purchased", period=None)
    fund(alice.pk, purchased=30)
    assert state_of(alice) == (0, 0, 10)
    fund(alice.pk, purchased=30)
    assert state_of(alice) == (0, 20, 0)
    assert_sound()


def test_a_new_period_pays_the_debt_first_and_says_so(alice, spend):
    begin_period(alice)
    spend(alice, 60)
    refund(alice, 100)
    entry = begin_period(alice, 1)
    assert (entry.subscription_change, entry.debt_change, entry.subscription_after) == (40, -60, 40)
    assert entry.reason == "New period of your plan (60 of it paid what was owed after a refund)"
    assert state_of(alice) == (40, 0, 0)
    assert Credit.objects.get().period_grant == 100
    assert_sound()


def test_a_refund_of_a_period_that_paid_a_debt_brings_the_debt_back(alice, spend):
    begin_period(alice)
    spend(alice, 60)
    refund(alice, 100)
    begin_period(alice, 1)
    begin_period(alice, 2)
    assert refund(alice, 100, "r2", period=SECOND).debt_change == 60
    assert_sound()


def test_an_upgrade_pays_a_debt_too(alice, fund, spend):
    fund(alice.pk, purchased=20)
    begin_period(alice, amount=10)
    spend(alice, 30)
    refund(alice, 20, bucket="purchased", period=None)
    credit_services.grant(
        user_id=alice.pk, amount=50, bucket="subscription", source="inv:1", reason="Upgrade", period=FIRST, now=NOW
    )
    assert state_of(alice) == (30, 0, 0)
    assert refund(alice, 60, "r2").debt_change == 30


def test_a_debt_larger_than_the_grant_is_paid_in_part(alice, fund, spend):
    fund(alice.pk, purchased=150)
    spend(alice, 150)
    refund(alice, 150, bucket="purchased", period=None)
    begin_period(alice)
    assert state_of(alice) == (0, 0, 50)
    assert_sound()


# ---------------------------------------------------------------- while credits are held


@pytest.fixture
def hold(quote_for):
    """Hold search credits of a user at NOW, and return how to settle the hold with no hit."""

    def begin(user, count: int):
        quote = quote_for(user.pk, SEARCH=count)
        credit_services.accept_quote(quote_id=quote.id, user_id=user.pk, now=NOW)

        def settle(*, hits: int = 0, cause: str = "miss", now=NOW) -> CreditLog:
            units = {"SEARCH": hits}
            credit_services.capture(quote_id=quote.id, step="1", units=units, reason="A page", now=now)
            credit_services.release(quote_id=quote.id, cause=cause, now=now)
            return CreditLog.objects.filter(reference_id=quote.id).latest("sequence")

        return settle

    return begin


def test_credits_that_were_held_and_not_used_leave_no_debt_of_a_refunded_pack(alice, fund, hold):
    fund(alice.pk, purchased=100)
    settle = hold(alice, 80)
    refund(alice, 100, bucket="purchased", period=None)
    assert state_of(alice) == (0, 0, 80)
    entry = settle()
    assert (entry.purchased_change, entry.reserved_change, entry.debt_change) == (0, -80, -80)
    assert entry.reason == "Not everything had a result (80 of it paid what was owed after a refund)"
    assert state_of(alice) == (0, 0, 0)
    assert_sound()


def test_what_was_used_of_a_hold_is_owed_and_what_comes_back_beyond_the_debt_is_kept(alice, fund, hold):
    fund(alice.pk, purchased=100)
    settle = hold(alice, 80)
    refund(alice, 50, bucket="purchased", period=None)
    assert state_of(alice) == (0, 0, 30)
    settle(hits=20)
    assert state_of(alice) == (0, 30, 0)
    refund(alice, 50, "r2", bucket="purchased", period=None)
    assert state_of(alice) == (0, 0, 20)
    assert_sound()


def test_subscription_credits_that_come_back_pay_before_purchased_ones(alice, fund, hold):
    fund(alice.pk, purchased=100)
    begin_period(alice, amount=30)
    settle = hold(alice, 90)
    refund(alice, 100, bucket="purchased", period=None)
    assert state_of(alice) == (0, 0, 60)
    entry = settle()
    assert (entry.subscription_change, entry.purchased_change, entry.debt_change) == (0, 30, -60)
    assert_sound()


def test_a_refund_of_a_running_period_whose_credits_are_held_comes_to_what_was_used(alice, hold):
    begin_period(alice)
    settle = hold(alice, 80)
    refund(alice, 100)
    assert state_of(alice) == (0, 0, 80)
    settle(hits=30)
    assert state_of(alice) == (0, 0, 30)
    begin_period(alice, 1)
    assert refund(alice, 100, "r2") is None
    assert state_of(alice) == (70, 0, 0)
    assert_sound()


@pytest.mark.parametrize("refund_is_first", [True, False])
@pytest.mark.parametrize("cause", ["miss", "cancelled"])
def test_what_was_held_over_the_end_of_a_period_and_not_used_is_not_owed(alice, hold, cause, refund_is_first):
    begin_period(alice)
    settle = hold(alice, 60)
    begin_period(alice, 1)
    if refund_is_first:
        assert refund(alice, 100).debt_change == 60
    settle(hits=10, cause=cause, now=NOW + MONTH)
    if not refund_is_first:
        assert refund(alice, 100).debt_change == 10
    assert state_of(alice)[2] == 10
    assert_sound()


def test_lapsing_credits_forgive_no_debt_of_another_purchase(alice, fund, hold, spend):
    fund(alice.pk, purchased=50)
    begin_period(alice, amount=10)
    spend(alice, 60)
    fund(alice.pk, subscription=20)
    settle = hold(alice, 20)
    begin_period(alice, 1)
    refund(alice, 50, bucket="purchased", period=None)
    entry = settle(cause="cancelled", now=NOW + MONTH)
    assert (entry.kind, entry.debt_change) == ("lapse", 0)
    assert state_of(alice) == (10 + 90, 0, 50)
    assert_sound()


def test_credits_that_came_back_from_the_period_before_are_not_used_of_the_next(alice, hold, spend):
    begin_period(alice)
    settle = hold(alice, 60)
    begin_period(alice, 1)
    settle(now=NOW + MONTH)
    assert state_of(alice) == (120, 0, 0)
    spend(alice, 50)
    begin_period(alice, 2)
    assert refund(alice, 100, "r1") is None
    assert refund(alice, 100, "r2", period=SECOND).debt_change == 30
    assert_sound()


def test_a_refund_that_takes_nothing_is_decided_without_a_write(alice, spend):
    begin_period(alice)
    spend(alice, 60)
    begin_period(alice, 1)
    assert refund(alice, 60, "r1").debt_change == 60
    before = collection_of(Credit).find_one({"userId": alice.pk})
    client = connection.database.client
    with fail_commands(client, "findAndModify", "insert", "update", errorCode=20) as fault:
        assert [refund(alice, 100, "r2") for _ in range(3)] == [None, None, None]
        assert refund(alice, 60, "r1").debt_change == 60
    assert fault.count == 0
    assert collection_of(Credit).find_one({"userId": alice.pk}) == before
    with pytest.raises(credit_services.KeyReused):
        refund(alice, 61, "r1")
