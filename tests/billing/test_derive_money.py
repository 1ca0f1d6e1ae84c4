"""What packs, refunds, failures and chargebacks do to credits and payments. Nothing here needs a database."""

from dataclasses import replace
from datetime import datetime

import pytest

from atlas_site.vendors.chargebee.objects import LinkedCredit
from billing.entitlement import Effect, Entitlement, PaymentRow, derive
from tests.billing.account_builder import (
    DAY,
    OFFERS,
    PACK_100,
    PACK_500,
    PRO,
    START,
    STARTER,
    STARTER_YEARLY,
    SUB,
    Account,
    days,
    months,
)

PERIOD = f"reset:{SUB}:{START:%Y-%m-%dT%H:%M:%SZ}"


def look(account: Account, now: datetime = START) -> Entitlement:
    return derive(account.told(), OFFERS, now)


def signed(account: Account, now: datetime = START) -> list[tuple[str, int]]:
    """Return the keys with what they add, negative for what is taken back."""
    return [
        (effect.key, -effect.amount if effect.kind == "clawback" else effect.amount) for effect in effects(account, now)
    ]


def effects(account: Account, now: datetime = START) -> tuple[Effect, ...]:
    return look(account, now).effects


def row(account: Account, key: str, now: datetime = START) -> PaymentRow:
    """Return the row of this key."""
    return next(row for row in look(account, now).payments if row.key == key)


def pack_key(account: Account, invoice_id: str, line: int = 0) -> str:
    return f"grant:{invoice_id}:{account.line_of(invoice_id, line)}"


@pytest.fixture
def account() -> Account:
    return Account()


# ---------------------------------------------------------------- packs


def test_a_pack_brings_its_credits_as_often_as_it_was_bought(account):
    once, often = account.sell(), account.sell(PACK_500, quantity=3, cents=38_700)
    assert signed(account) == [(pack_key(account, once), 100), (pack_key(account, often), 1_500)]
    assert {effect.bucket for effect in effects(account)} == {"purchased"}


def test_a_pack_that_is_not_paid_brings_nothing(account):
    account.sell(paid=False)
    assert effects(account) == ()


def test_an_invoice_may_sell_a_plan_and_packs_together(account):
    account.subscribe()
    invoice = account.bill_lines(
        (STARTER, "plan_item_price", 4_900), (PACK_100, "charge_item_price", 2_900), ("fee", "adhoc", 500)
    )
    assert signed(account) == [(PERIOD, 200), (pack_key(account, invoice, 1), 100)]
    assert look(account).problems == ()


def test_what_nobody_sells_is_listed_and_brings_nothing(account):
    account.sell("pack-of-nothing")
    found = look(account)
    assert (found.effects, [problem.kind for problem in found.problems]) == ((), ["unknown_price"])


def test_a_plans_price_in_a_line_of_a_pack_is_no_pack(account):
    account.sell(STARTER)
    assert [problem.kind for problem in look(account).problems] == ["unknown_price"]


# ---------------------------------------------------------------- refunds


@pytest.mark.parametrize(
    ("refunds", "taken"),
    [
        ([2_900], [100]),
        ([1_450], [50]),
        ([1_000], [34]),
        ([1_000, 1_000], [34, 34]),
        ([1_000, 1_000, 900], [34, 34, 32]),
        ([1, 28, 2_871], [0, 1, 99]),
        ([2_900, 100], [100, 0]),
    ],
)
def test_refunds_take_back_their_share_rounded_down_over_all_of_them(account, refunds, taken):
    invoice = account.sell()
    made = [account.refund(invoice, cents, days(number + 1)) for number, cents in enumerate(refunds)]
    expected = [(f"clawback:{refund}", -share) for refund, share in zip(made, taken, strict=True) if share]
    assert signed(account, days(9))[1:] == expected


def test_refunds_of_one_second_count_in_the_order_in_which_they_were_made(account):
    invoice = account.sell()
    for _ in range(7):
        account.sell()
    first, second = account.refund(invoice, 1_000, START), account.refund(invoice, 1_900, START)
    assert second < first, "as texts their ids are in the other order"
    taken = [found for found in signed(account) if found[0].startswith("clawback")]
    assert sorted(taken) == [(f"clawback:{second}", -66), (f"clawback:{first}", -34)]


def test_a_refund_of_one_of_several_lines_takes_from_each_its_share_of_the_total(account):
    account.subscribe()
    invoice = account.bill_lines((STARTER, "plan_item_price", 5_000), (PACK_100, "charge_item_price", 5_000))
    refund = account.refund(invoice, 5_000, days(3))
    found = {
        effect.key: (effect.bucket, effect.amount) for effect in effects(account, days(3)) if effect.kind == "clawback"
    }
    assert sorted(found) == [f"clawback:{refund}", f"clawback:{refund}:2"]
    assert sorted(found.values()) == [("purchased", 50), ("subscription", 100)]


def test_a_refund_within_the_period_names_it(account):
    account.subscribe()
    invoice = account.bill(paid_at=START)
    account.refund(invoice, 4_900, days(3))
    taken = effects(account, days(3))[-1]
    assert (taken.kind, taken.amount, taken.bucket) == ("clawback", 200, "subscription")
    assert taken.period is not None
    assert f"reset:{taken.period.name}" == PERIOD


def test_a_refund_of_a_past_period_is_about_that_period(account):
    account.subscribe()
    first = account.bill(paid_at=START)
    account.bill(start=months(1), paid_at=months(1))
    account.refund(first, 4_900, months(1) + DAY)
    kinds = [effect.kind for effect in effects(account, months(1) + DAY)]
    assert kinds == ["reset", "reset", "clawback"]
    taken = effects(account, months(1) + DAY)[-1]
    assert taken.period is not None
    assert taken.period.start == START


def test_a_refund_after_the_end_of_a_paused_period_ends_what_was_left_of_it(account):
    account.subscribe()
    first = account.bill(paid_at=START)
    account.change_subscription(status="paused", pause_date=days(3))
    account.refund(first, 4_900, months(1) + DAY)
    assert [effect.kind for effect in effects(account, months(1) + DAY)] == ["reset", "lapse", "clawback"]


def test_a_refund_of_an_upgrade_takes_back_the_difference_alone(account):
    account.subscribe()
    account.bill(paid_at=START)
    upgrade = account.bill(PRO, days(3), months(1), cents=3_000, paid_at=days(3))
    refund = account.refund(upgrade, 3_000, days(4))
    assert signed(account, days(4))[-1] == (f"clawback:{refund}", -199)


def test_a_refund_of_all_that_an_upgrade_cost_takes_all_that_it_brought(account):
    account.subscribe()
    account.bill(paid_at=START)
    upgrade = account.bill(PRO, days(3), months(1), cents=9_000)
    account.set_invoice(
        upgrade, amount_due_cents=4_600, credits_applied_cents=4_400, credits=(LinkedCredit(4_400, days(3)),)
    )
    account.pay(upgrade, days(3))
    refund = account.refund(upgrade, 4_600, days(4))
    assert signed(account, days(4))[-1] == (f"clawback:{refund}", -199)


def test_a_payment_whose_invoice_is_not_listed_yet_has_no_row_of_its_own(account):
    account.sell()
    told = account.told()
    torn = replace(told, invoices=())
    assert [row.key for row in derive(torn, OFFERS, days(1)).payments] == []
    assert [row.key for row in derive(told, OFFERS, days(1)).payments] == ["invoice:1"]


def test_a_refund_of_a_year_takes_from_the_months_so_far_and_shrinks_those_to_come(account):
    account.subscribe(STARTER_YEARLY)
    invoice = account.bill(STARTER_YEARLY, START, months(12), cents=49_000, paid_at=START)
    refund = account.refund(invoice, 24_500, months(1) + DAY)
    found = signed(account, months(2))
    assert [amount for key, amount in found if key.startswith("reset")] == [200, 200, 100]
    assert [(key, amount) for key, amount in found if key.startswith("clawback")] == [
        (f"clawback:{refund}", -100),
        (f"clawback:{refund}:2", -100),
    ]


def test_a_refund_that_failed_or_is_under_way_takes_nothing(account):
    invoice = account.sell()
    refund = account.refund(invoice, 2_900, days(1))
    for status in ("failure", "in_progress"):
        account._change_transaction(refund, status=status)
        assert [effect.kind for effect in effects(account, days(2))] == ["grant"]


def test_a_refund_without_credit_notes_belongs_to_the_invoices_of_its_payment(account):
    invoice = account.sell()
    refund = account.refund(invoice, 2_900, days(1))
    account._change_transaction(refund, credited_invoice_ids=(), refunded_transaction_id=account.payment_of(invoice))
    assert signed(account, days(1))[-1] == (f"clawback:{refund}", -100)


# ---------------------------------------------------------------- payments that do not hold


def test_a_bank_debit_grants_when_it_settles(account):
    invoice = account.sell(paid=False)
    payment = account.pay(invoice, START, "in_progress")
    assert effects(account, days(1)) == ()
    assert row(account, f"invoice:{invoice}").status == "pending"
    account.settle(payment, days(3))
    assert [(effect.key, effect.at) for effect in effects(account, days(3))] == [(pack_key(account, invoice), days(3))]


def test_a_payment_that_fails_late_shows_as_grant_and_clawback(account):
    invoice = account.sell()
    before = signed(account)
    payment = account.payment_of(invoice)
    account.fail_late(payment, days(3))
    assert signed(account, days(3)) == [*before, (f"clawback:{payment}", -100)]


def test_a_payment_after_a_late_failure_grants_again_under_a_key_of_its_own(account):
    invoice = account.sell()
    first = account.payment_of(invoice)
    account.fail_late(first, days(3))
    second = account.pay(invoice, days(5))
    key = pack_key(account, invoice)
    expected = [(key, 100), (f"clawback:{first}", -100), (f"{key}:2", 100)]
    assert signed(account, days(5)) == expected
    account.fail_late(second, days(8))
    account.pay(invoice, days(9))
    assert signed(account, days(9)) == [*expected, (f"clawback:{second}", -100), (f"{key}:3", 100)]
    assert effects(account, days(9))[-1].restores == (f"clawback:{second}",)


def test_a_chargeback_takes_back_like_a_refund_and_a_new_payment_grants_again(account):
    invoice = account.sell()
    reversal = account.charge_back(account.payment_of(invoice), days(4))
    assert signed(account, days(4))[-1] == (f"clawback:{reversal}", -100)
    account.pay(invoice, days(6))
    assert signed(account, days(6))[-1] == (f"{pack_key(account, invoice)}:2", 100)


def test_a_period_whose_payment_failed_late_and_was_made_again_is_granted_within_itself(account):
    account.subscribe()
    invoice = account.bill(paid_at=START)
    account.fail_late(account.payment_of(invoice), days(3))
    account.pay(invoice, days(5))
    again = effects(account, days(5))[-1]
    assert (again.kind, again.amount, again.bucket) == ("grant", 200, "subscription")
    assert again.period is not None
    assert f"reset:{again.period.name}" == PERIOD


def test_months_of_a_year_are_not_granted_while_its_payment_is_lost(account):
    account.subscribe(STARTER_YEARLY)
    invoice = account.bill(STARTER_YEARLY, START, months(12), cents=49_000, paid_at=START)
    account.charge_back(account.payment_of(invoice), days(20))
    assert [effect.kind for effect in effects(account, months(3))] == ["reset", "clawback"]


def test_an_invoice_read_just_before_its_payment_failed_is_not_taken_for_paid_again(account):
    invoice = account.sell()
    before = account.invoices[invoice]
    account.fail_late(account.payment_of(invoice), days(3))
    account.invoices[invoice] = before
    assert [effect.kind for effect in effects(account, days(3))] == ["grant", "clawback"]


def test_a_chargeback_that_leaves_the_invoice_paid_takes_the_credits_all_the_same(account):
    invoice = account.sell()
    before = account.invoices[invoice]
    reversal = account.charge_back(account.payment_of(invoice), days(4))
    account.invoices[invoice] = before
    assert signed(account, days(4)) == [(pack_key(account, invoice), 100), (f"clawback:{reversal}", -100)]
    assert row(account, f"invoice:{invoice}", days(4)).status == "refunded"


def test_a_chargeback_of_a_plan_that_leaves_its_invoice_paid_grants_no_more_months(account):
    account.subscribe(STARTER_YEARLY)
    invoice = account.bill(STARTER_YEARLY, START, months(12), cents=49_000, paid_at=START)
    account.charge_back(account.payment_of(invoice), days(20))
    account.set_invoice(invoice, status="paid", paid_at=START, amount_due_cents=0)
    assert [effect.kind for effect in effects(account, months(3))] == ["reset", "clawback"]


# ---------------------------------------------------------------- invoices that are given up


GIVE_UP = {
    "written off": lambda account, invoice: account.write_off(invoice, days(25)),
    "reversed": lambda account, invoice: account.adjust(invoice, days(25)),
    "void": lambda account, invoice: account.void(invoice),
    "deleted": lambda account, invoice: account.set_invoice(invoice, deleted=True),
}


@pytest.mark.parametrize("give_up", GIVE_UP.values(), ids=GIVE_UP)
def test_a_pack_that_nobody_paid_and_that_is_given_up_brings_nothing(account, give_up):
    invoice = account.sell(paid=False)
    give_up(account, invoice)
    assert (effects(account, days(30)), look(account, days(30)).problems) == ((), ())
    assert row(account, f"invoice:{invoice}").status == "failed"


@pytest.mark.parametrize("give_up", GIVE_UP.values(), ids=GIVE_UP)
@pytest.mark.parametrize("lose", [Account.fail_late, Account.charge_back])
def test_what_was_paid_lost_and_then_given_up_still_shows_as_grant_and_clawback(account, lose, give_up):
    account.subscribe()
    for invoice in (account.sell(), account.bill(paid_at=START)):
        lose(account, account.payment_of(invoice), days(5))
        before = signed(account, days(30))
        give_up(account, invoice)
        assert signed(account, days(30)) == before
        assert row(account, f"invoice:{invoice}", days(30)).status == "failed"
    assert sum(change for _, change in before) == 0
    assert [key.partition(":")[0] for key, _ in before] == ["reset", "grant", "clawback", "clawback"]


def test_credits_that_paid_a_part_are_remembered_when_the_rest_was_lost_and_reversed(account):
    invoice = account.sell(paid=False)
    account.set_invoice(
        invoice, amount_due_cents=1_900, credits_applied_cents=1_000, credits=(LinkedCredit(1_000, START),)
    )
    payment = account.pay(invoice, days(1))
    account.fail_late(payment, days(5))
    before = signed(account, days(6))
    assert before == [(pack_key(account, invoice), 100), (f"clawback:{payment}", -65)]
    account.write_off(invoice, days(25))
    assert signed(account, days(30)) == before


def test_a_pack_that_was_paid_in_part_and_written_off_for_the_rest_brings_nothing(account):
    invoice = account.sell(paid=False)
    account.set_invoice(invoice, amount_due_cents=1_900, amount_paid_cents=1_000)
    account.write_off(invoice, days(25))
    assert effects(account, days(30)) == ()
    assert row(account, f"invoice:{invoice}", days(30)).status == "failed"


def test_a_write_off_is_none_the_less_one_where_it_counts_as_an_adjustment_too(account):
    invoice = account.sell(paid=False)
    account.set_invoice(invoice, amount_due_cents=1_900, amount_paid_cents=1_000)
    account.write_off(invoice, days(25))
    account.set_invoice(invoice, adjusted_cents=1_900)
    assert effects(account, days(30)) == ()


def test_a_payment_of_what_an_adjustment_left_is_remembered_when_it_is_lost(account):
    invoice = account.sell(paid=False)
    account.adjust(invoice, days(1), 900)
    payment = account.pay(invoice, days(2))
    paid = signed(account, days(3))
    account.fail_late(payment, days(5))
    assert paid == [(pack_key(account, invoice), 100)]
    assert signed(account, days(6))[: len(paid)] == paid
    assert effects(account, days(6))[-1].key == f"clawback:{payment}"


def test_credits_that_pay_an_invoice_whose_payment_was_lost_grant_again(account):
    invoice = account.sell()
    payment = account.payment_of(invoice)
    account.fail_late(payment, days(5))
    account.set_invoice(
        invoice,
        status="paid",
        paid_at=days(9),
        amount_due_cents=0,
        credits_applied_cents=2_900,
        credits=(LinkedCredit(2_900, days(9)),),
    )
    key = pack_key(account, invoice)
    assert signed(account, days(9)) == [(key, 100), (f"clawback:{payment}", -100), (f"{key}:2", 100)]


# ---------------------------------------------------------------- the payment history


def test_an_invoice_and_its_payment_share_a_row(account):
    account.subscribe()
    invoice = account.bill(paid_at=START)
    rows = look(account).payments
    assert [found.key for found in rows] == [f"invoice:{invoice}"]
    found = rows[0]
    assert (found.type, found.status, found.amount_cents) == ("subscription", "success", 4_900)
    assert [(effect.payment, effect.amount) for effect in effects(account)] == [(found.key, 200)]
    assert (found.plan_id, found.plan_name) == (STARTER, "Starter")
    assert found.billing_period == "Jan 15, 2026 – Feb 15, 2026"
    assert (found.invoice_id, found.transaction_id) == (invoice, account.payment_of(invoice))


@pytest.mark.parametrize("is_paid", [True, False])
def test_a_row_says_what_is_charged_and_not_what_credit_notes_pay(account, is_paid):
    fields = {"credits_applied_cents": 4_900, "amount_due_cents": 5_000, "credits": (LinkedCredit(4_900, START),)}
    invoice = account.bill(cents=9_900, paid_at=START if is_paid else None, **fields)
    found = row(account, f"invoice:{invoice}")
    assert (found.status, found.amount_cents) == ("success" if is_paid else "pending", 5_000)


def test_an_adjustment_lowers_what_the_row_says(account):
    invoice = account.bill(cents=9_900, adjusted_cents=2_000, amount_due_cents=7_900)
    assert row(account, f"invoice:{invoice}").amount_cents == 7_900


def test_a_failed_attempt_has_a_row_with_what_the_bank_said(account):
    invoice = account.sell(paid=False)
    payment = account.pay(invoice, START, "failure")
    account._change_transaction(payment, error_text="Your card was declined.")
    found = row(account, f"transaction:{payment}")
    assert (found.status, found.amount_cents, found.error_text) == ("failed", 2_900, "Your card was declined.")
    assert row(account, f"invoice:{invoice}").status == "pending"


def test_a_part_refund_leaves_the_invoice_paid_and_all_of_it_refunded(account):
    invoice = account.sell(PACK_500, cents=12_900, quantity=2)
    first = account.refund(invoice, 2_900, days(1))
    found, back = row(account, f"invoice:{invoice}", days(1)), row(account, f"transaction:{first}", days(1))
    assert (found.status, found.refunded_cents, found.plan_name) == ("success", 2_900, "500 credits × 2")
    assert (back.type, back.status, back.amount_cents) == ("credit_adjustment", "refunded", -2_900)
    taken = effects(account, days(1))[-1]
    assert (taken.payment, taken.amount) == (back.key, 1_000 * 2_900 // 12_900)
    account.refund(invoice, 10_000, days(2))
    assert row(account, f"invoice:{invoice}", days(2)).status == "refunded"
    assert sum(change for _, change in signed(account, days(2))) == 0


@pytest.mark.parametrize(
    ("status", "shown"),
    [("payment_due", "pending"), ("posted", "pending"), ("not_paid", "failed"), ("voided", "failed")],
)
def test_an_invoice_that_is_not_paid_says_how_it_stands(account, status, shown):
    invoice = account.bill(status=status)
    assert row(account, f"invoice:{invoice}").status == shown


def test_a_draft_and_an_authorization_have_no_row(account):
    account.bill(status="pending")
    account._transaction("authorization", "success", 100, START)
    assert look(account).payments == ()


def test_a_row_is_as_new_as_the_newest_thing_that_it_tells_of(account):
    invoice = account.sell()
    before = row(account, f"invoice:{invoice}").resource_version
    refund = account.refund(invoice, 100, days(1))
    after = row(account, f"invoice:{invoice}", days(1)).resource_version
    assert before < after == account.transactions[refund].resource_version
