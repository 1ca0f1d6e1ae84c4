"""Bringing a customer's books in line with the sandbox Chargebee: once, often, at once, and after a crash anywhere."""

from datetime import datetime, timedelta

import pytest
from bson import ObjectId

from accounts.models import User
from billing import services as billing_services
from billing.entitlement.payments import billing_period
from billing.models import Billing, Offer, PaymentTransaction
from credits import services as credit_services
from credits.models import Credit, CreditLog
from tests.billing.chargebee_site import DECLINED_CARD, FAILS_LATER_CARD, ChargebeeSite
from tests.billing.shopper import GOOD_BANK, PRO, STARTER, STARTER_YEARLY, Shopper, travel


@pytest.fixture
def shopper(site: ChargebeeSite, bob: User, now: datetime) -> Shopper:
    """Bob, who has a card at the sandbox and nothing else."""
    billing_services.copy_offers(now=now)
    return Shopper(site, bob)


def sync(shopper: Shopper, now: datetime) -> billing_services.SyncResult:
    return billing_services.sync_customer(customer_id=shopper.id, now=now)


def wallet_of(shopper: Shopper) -> tuple[int, int, int]:
    """Return subscription credits, purchased credits and debt."""
    wallet = Credit.objects.get(user=shopper.user)
    return wallet.subscription_credits, wallet.purchased_credits, wallet.debt


def rows_of(shopper: Shopper) -> list[tuple[str, str, float, int]]:
    """Return type, status, dollars and credits of the payment history, oldest first."""
    rows = PaymentTransaction.objects.filter(user=shopper.user).order_by("transaction_date", "id")
    return [(row.type, row.status, row.amount, row.credits_added) for row in rows]


def test_a_plan_that_was_bought_is_booked(shopper, now):
    subscription_id = shopper.subscribe(STARTER)
    result = sync(shopper, now)
    assert [key.partition(":")[0] for key in result.applied] == ["reset"]
    billing = Billing.objects.get(user=shopper.user)
    assert (billing.subscription_status, billing.subscription_plan_id) == ("active", STARTER)
    assert (billing.chargebee_customer_id, billing.chargebee_subscription_id) == (shopper.id, subscription_id)
    assert billing.next_billing_at == shopper.subscription.next_billing_at
    assert wallet_of(shopper) == (200, 0, 0)
    assert rows_of(shopper) == [("subscription", "success", 49.0, 200)]
    row = PaymentTransaction.objects.get(user=shopper.user)
    assert (row.plan_id, row.plan_name) == (STARTER, Offer.objects.get(pk=STARTER).name)
    assert row.billing_period == billing_period(shopper.subscription.current_term_start, billing.current_term_end)
    assert row.chargebee_transaction_id == shopper.last_invoice.payments[0].transaction_id


def test_looking_again_changes_nothing(shopper, now):
    shopper.subscribe(STARTER)
    shopper.buy()
    sync(shopper, now)
    before = list(CreditLog.objects.order_by("sequence").values_list("hash", flat=True))
    again = sync(shopper, now + timedelta(minutes=1))
    assert again.applied == ()
    assert list(CreditLog.objects.order_by("sequence").values_list("hash", flat=True)) == before
    assert PaymentTransaction.objects.count() == 2


def test_a_pack_brings_purchased_credits_as_often_as_it_was_bought(shopper, now):
    shopper.buy(quantity=3)
    sync(shopper, now)
    assert wallet_of(shopper) == (0, 300, 0)
    assert rows_of(shopper) == [("one_time_purchase", "success", 87.0, 300)]
    assert not Billing.objects.filter(user=shopper.user).exists()


def test_an_upgrade_brings_the_difference(shopper, now):
    shopper.subscribe(STARTER)
    sync(shopper, now)
    shopper.change(PRO)
    sync(shopper, now)
    assert wallet_of(shopper) == (420, 0, 0)
    assert Billing.objects.get(user=shopper.user).subscription_plan_id == PRO


def test_a_renewal_sets_the_bucket_once_it_is_paid(shopper, now):
    shopper.subscribe(STARTER)
    sync(shopper, now)
    later = travel(shopper.site, now + timedelta(days=32))
    sync(shopper, later)
    assert wallet_of(shopper) == (200, 0, 0)
    assert CreditLog.objects.filter(kind="reset").count() == 2


def test_a_declined_renewal_keeps_access_and_tells_what_the_bank_said(shopper, now):
    shopper.subscribe(STARTER, card=FAILS_LATER_CARD)
    sync(shopper, now)
    later = travel(shopper.site, now + timedelta(days=32))
    result = sync(shopper, later)
    assert wallet_of(shopper) == (200, 0, 0)
    billing = Billing.objects.get(user=shopper.user)
    assert (billing.subscription_status, billing.due_invoices_count) == ("active", 1)
    failed = PaymentTransaction.objects.filter(user=shopper.user, status="failed").first()
    assert failed is not None
    assert "declined" in failed.error_text
    assert "payment_failed" in {kind for kind, _, _ in result.news}


def test_a_bank_debit_grants_when_it_settles_and_takes_back_when_it_fails_late(shopper, now):
    invoice = shopper.buy(card=GOOD_BANK)
    sync(shopper, now)
    assert not CreditLog.objects.filter(kind="grant").exists()
    assert rows_of(shopper) == [("one_time_purchase", "pending", 29.0, 0)]
    payment = invoice.payments[0].transaction_id
    shopper.settle(payment)
    sync(shopper, now)
    assert wallet_of(shopper) == (0, 100, 0)
    shopper.fail_late(payment)
    sync(shopper, now)
    assert wallet_of(shopper) == (0, 0, 0)
    invoice_row = ("one_time_purchase", "failed", 29.0, 100)
    assert sorted(rows_of(shopper)) == [("one_time_purchase", "failed", 29.0, -100), invoice_row]


def test_a_renewal_that_was_written_off_grants_nothing_though_chargebee_calls_it_paid(shopper, now):
    shopper.subscribe(STARTER, card=FAILS_LATER_CARD)
    later = travel(shopper.site, now + timedelta(days=40))
    renewal = shopper.last_invoice
    assert (renewal.status, shopper.subscription.status) == ("not_paid", "cancelled")
    shopper.write_off(renewal.id)
    assert shopper.last_invoice.status == "paid"
    result = sync(shopper, later)
    assert [key.partition(":")[0] for key in result.applied] == ["reset", "lapse"]
    assert result.problems == ()
    row = PaymentTransaction.objects.get(key=f"invoice:{renewal.id}")
    assert (row.status, row.credits_added) == ("failed", 0)


@pytest.mark.parametrize("looks", [True, False], ids=["looked at each time", "looked at once"])
@pytest.mark.parametrize("give_up", [Shopper.write_off, Shopper.void])
def test_what_failed_late_and_was_given_up_stays_visible_whenever_somebody_looks(shopper, now, looks, give_up):
    invoice = shopper.buy(card=GOOD_BANK)
    payment = invoice.payments[0].transaction_id
    for act in (lambda: shopper.settle(payment), lambda: shopper.fail_late(payment)):
        act()
        if looks:
            sync(shopper, now)
    give_up(shopper, invoice.id)
    assert sync(shopper, now).problems == ()
    assert list(CreditLog.objects.order_by("sequence").values_list("kind", flat=True)) == ["grant", "clawback"]
    assert wallet_of(shopper) == (0, 0, 0)
    lost, bought = sorted(rows_of(shopper), key=lambda row: row[3])
    assert (lost, bought) == (
        ("one_time_purchase", "failed", 29.0, -100),
        ("one_time_purchase", "failed", 29.0, 100),
    )


def test_a_refund_takes_back_its_share_and_the_whole_of_it_all(shopper, now):
    invoice = shopper.buy()
    sync(shopper, now)
    shopper.refund(invoice.id, 1_000)
    sync(shopper, now)
    assert wallet_of(shopper) == (0, 100 - 34, 0)
    shopper.refund(invoice.id)
    sync(shopper, now)
    assert wallet_of(shopper) == (0, 0, 0)
    assert PaymentTransaction.objects.get(key=f"invoice:{invoice.id}").status == "refunded"


def test_what_was_spent_before_a_refund_becomes_a_debt_that_the_next_purchase_pays(shopper, now):
    invoice = shopper.buy()
    sync(shopper, now)
    adjustment = {"actor": "test", "reason": "spent", "now": now, "adjustment_id": str(ObjectId())}
    credit_services.adjust(user_id=shopper.user.pk, amount=-80, bucket="purchased", **adjustment)
    shopper.refund(invoice.id)
    result = sync(shopper, now)
    assert wallet_of(shopper) == (0, 0, 80)
    refund = next(details for kind, _, details in result.news if kind == "refund")
    assert (refund["credits_taken"], refund["debt"]) == (100, 80)
    shopper.buy()
    sync(shopper, now)
    assert wallet_of(shopper) == (0, 20, 0)


def test_a_paused_plan_freezes_its_credits_until_it_is_resumed(shopper, now):
    shopper.subscribe(STARTER)
    shopper.pause()
    sync(shopper, now)
    assert Credit.objects.get(user=shopper.user).subscription_frozen is True
    assert Billing.objects.get(user=shopper.user).subscription_status == "paused"
    shopper.resume()
    sync(shopper, now)
    assert Credit.objects.get(user=shopper.user).subscription_frozen is False
    assert wallet_of(shopper) == (200, 0, 0)


def test_a_cancelled_plan_lapses_at_its_end(shopper, now):
    shopper.subscribe(STARTER)
    shopper.buy()
    shopper.cancel()
    sync(shopper, now)
    assert Billing.objects.get(user=shopper.user).subscription_status == "non_renewing"
    assert wallet_of(shopper) == (200, 100, 0)
    later = travel(shopper.site, now + timedelta(days=32))
    sync(shopper, later)
    assert Billing.objects.get(user=shopper.user).subscription_status == "cancelled"
    assert wallet_of(shopper) == (0, 100, 0)


def test_months_of_a_yearly_plan_come_by_time_alone(shopper, now):
    shopper.subscribe(STARTER_YEARLY)
    sync(shopper, now)
    for _ in range(3):
        due = Billing.objects.get(user=shopper.user).next_effect_at
        assert billing_services.sync_due_customers(now=due - timedelta(seconds=1)) == 0
        assert billing_services.sync_due_customers(now=due) == 1
    assert CreditLog.objects.filter(kind="reset").count() == 4
    assert wallet_of(shopper) == (200, 0, 0)


def test_a_customer_that_fails_comes_again_and_keeps_no_other_from_its_turn(shopper, now, carol):
    shopper.subscribe(STARTER_YEARLY)
    sync(shopper, now)
    due = Billing.objects.get(user=shopper.user).next_effect_at
    gone = Billing.objects.create(user=carol, chargebee_customer_id="not/an/id", next_effect_at=now)
    assert billing_services.sync_due_customers(now=due) == 1
    assert Billing.objects.get(pk=gone.pk).next_effect_at == due + timedelta(minutes=10)


def test_a_declined_checkout_leaves_nothing_behind(shopper, now):
    with pytest.raises(AssertionError):
        shopper.subscribe(STARTER, card=DECLINED_CARD)
    result = sync(shopper, now)
    assert result.applied == ()
    assert not CreditLog.objects.exists()


def test_a_customer_without_a_user_is_unknown(site, now):
    for customer_id in (str(ObjectId()), "somebody"):
        with pytest.raises(billing_services.UnknownCustomer):
            billing_services.sync_customer(customer_id=customer_id, now=now)


def test_a_user_may_have_another_customer_id_from_before(site, now, carol):
    billing_services.copy_offers(now=now)
    Billing.objects.create(user=carol, chargebee_customer_id="legacy-7")
    shopper = Shopper(site, carol)
    shopper.ask("customers", {"id": "legacy-7"})
    shopper.id = "legacy-7"
    shopper.subscribe(STARTER)
    result = billing_services.sync_customer(customer_id="legacy-7", now=now)
    assert result.user_id == carol.pk
    assert wallet_of(shopper) == (200, 0, 0)


def test_a_customer_that_chargebee_forgot_has_no_plan_and_frozen_credits(shopper, now):
    shopper.subscribe(STARTER)
    sync(shopper, now)
    shopper.site.control("reset")
    sync(shopper, now + timedelta(minutes=1))
    assert Billing.objects.get(user=shopper.user).subscription_status == "cancelled"
    assert Credit.objects.get(user=shopper.user).subscription_frozen is True
    assert wallet_of(shopper) == (200, 0, 0)


def test_a_price_that_is_new_at_chargebee_is_copied_when_it_was_sold(shopper, now):
    shopper.site.set_price("pack-50-USD", item_id="pack-50", item_type="charge", price=1_900, metadata={"credits": 50})
    shopper.buy("pack-50-USD")
    sync(shopper, now)
    assert wallet_of(shopper) == (0, 50, 0)
