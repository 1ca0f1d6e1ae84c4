"""Chargebee's books against ours: what is mended, what is listed, and when a difference is gone."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from bson import ObjectId
from django.core.management import CommandError, call_command

from atlas_site.mongodb.documents import collection_of
from billing import services as billing_services
from billing.models import Billing, BillingDifference, PaymentTransaction, WebhookEvent
from credits import services as credit_services
from credits.models import Credit, CreditLog
from tests.billing.shopper import PACK_100, PRO, STARTER, Shopper


@pytest.fixture
def shopper(site, bob, now) -> Shopper:
    """Bob at the sandbox."""
    billing_services.copy_offers(now=now)
    return Shopper(site, bob)


def kinds() -> list[str]:
    """Return the kinds of the differences that are open."""
    return sorted(BillingDifference.objects.filter(closed_at=None).values_list("kind", flat=True))


def test_what_was_paid_and_never_booked_is_mended(shopper, now):
    shopper.subscribe(STARTER)
    shopper.buy()
    report = billing_services.reconcile(now=now)
    assert [key.partition(":")[0] for key in report.mended] or WebhookEvent.objects.filter(state="applied").exists()
    assert Credit.objects.get(user=shopper.user).credit_available == 300
    assert (report.is_clean, kinds()) == (True, [])


def test_events_that_never_arrived_are_stored_and_applied(shopper, now):
    shopper.buy()
    report = billing_services.reconcile(now=now)
    assert report.events_stored > 3
    states = set(WebhookEvent.objects.filter(customer_id=shopper.id).values_list("state", flat=True))
    assert states == {"applied"}
    assert billing_services.reconcile(now=now).events_stored == 0


def test_books_that_agree_bring_no_difference(shopper, now):
    shopper.subscribe(STARTER)
    billing_services.sync_customer(customer_id=shopper.id, now=now)
    report = billing_services.reconcile(now=now)
    assert (report.is_clean, report.mended, report.opened) == (True, [], [])
    assert report.customers == 1


def test_a_grant_that_chargebee_knows_no_payment_for_is_listed(shopper, now):
    shopper.buy()
    billing_services.reconcile(now=now)
    credit_services.grant(
        user_id=shopper.user.pk,
        amount=50,
        bucket="purchased",
        source="999:li_1",
        reason="Credit pack",
        reference=("invoice", "999"),
        now=now,
    )
    report = billing_services.reconcile(now=now)
    assert report.opened == ["granted_unpaid:grant:999:li_1"]
    assert not report.is_clean


def test_a_payment_of_an_earlier_state_of_chargebee_is_listed(shopper, now):
    shopper.buy()
    PaymentTransaction.objects.create(
        user=shopper.user, key="invoice:gone", type="subscription", status="success", amount=1.0, transaction_date=now
    )
    report = billing_services.reconcile(now=now)
    assert report.opened == ["unknown_payment:invoice:gone"]


def test_a_grant_of_another_amount_is_listed(shopper, now):
    invoice = shopper.buy()
    credit_services.grant(
        user_id=shopper.user.pk,
        amount=90,
        bucket="purchased",
        source=f"{invoice.id}:{invoice.lines[0].id}",
        reason="Credit pack",
        reference=("invoice", invoice.id),
        now=now + timedelta(minutes=5),
    )
    report = billing_services.reconcile(now=now)
    assert [name.partition(":")[0] for name in report.opened] == ["amount_differs"]


def test_a_state_that_stands_above_chargebees_is_listed(shopper, now):
    shopper.subscribe(STARTER)
    billing_services.reconcile(now=now)
    ahead = {"resourceVersion": 9_000_000_000_000, "subscriptionStatus": "paused"}
    collection_of(Billing).update_one({"userId": shopper.user.pk}, {"$set": ahead})
    report = billing_services.reconcile(now=now)
    assert [name.partition(":")[0] for name in report.opened] == ["state_differs"]


def test_a_second_live_subscription_is_listed_until_one_of_them_ends(shopper, now):
    shopper.subscribe(STARTER)
    shopper.subscribe(PRO)
    report = billing_services.reconcile(now=now)
    assert [name.partition(":")[0] for name in report.opened] == ["second_subscription"]
    shopper.ask(f"subscriptions/{report.opened[0].partition(':')[2]}/cancel_for_items", {"end_of_term": "false"})
    later = now + timedelta(hours=1)
    closing = billing_services.reconcile(now=later)
    assert (closing.closed, closing.is_clean) == (report.opened, True)
    assert BillingDifference.objects.get(pk=report.opened[0]).closed_at == later


def test_a_difference_that_stays_is_seen_again_and_not_opened_twice(shopper, now):
    shopper.subscribe(STARTER)
    shopper.subscribe(PRO)
    first = billing_services.reconcile(now=now)
    later = now + timedelta(days=1)
    second = billing_services.reconcile(now=later)
    assert (len(first.opened), second.opened) == (1, [])
    difference = BillingDifference.objects.get()
    assert (difference.found_at, difference.seen_at, difference.user_id) == (now, later, shopper.user.pk)


def test_a_difference_that_comes_back_is_opened_again(shopper, now):
    shopper.subscribe(STARTER)
    shopper.subscribe(PRO)
    opened = billing_services.reconcile(now=now).opened
    BillingDifference.objects.update(closed_at=now)
    assert billing_services.reconcile(now=now + timedelta(days=1)).opened == opened
    assert BillingDifference.objects.get().closed_at is None


def test_somebody_who_pays_and_is_no_user_is_listed(site, now):
    billing_services.copy_offers(now=now)
    stranger = Shopper.__new__(Shopper)
    stranger.site, stranger.id, stranger._calls = site, str(ObjectId()), 0
    stranger.ask("customers", {"id": stranger.id})
    stranger.buy(PACK_100)
    report = billing_services.reconcile(now=now)
    assert report.opened == [f"unknown_customer:{stranger.id}"]


def test_a_customer_that_cannot_be_read_is_not_clean_and_closes_nothing(shopper, now):
    shopper.subscribe(STARTER)
    shopper.subscribe(PRO)
    billing_services.reconcile(now=now)
    shopper.site.fail("500", endpoint="customer.retrieve", times=20)
    waits: list[float] = []
    report = billing_services.reconcile(now=now, sleep=waits.append)
    assert (report.unread, report.closed, waits) == ([shopper.id], [], [60, 60])
    assert len(report.open_now) == 1


def test_the_command_prints_what_it_found_and_fails_while_differences_are_open(shopper):
    shopper.subscribe(STARTER)
    out = StringIO()
    call_command("reconcile_billing", stdout=out)
    assert "Compared 1 customers" in out.getvalue()
    shopper.subscribe(PRO)
    out = StringIO()
    with pytest.raises(CommandError, match="1 differences are open"):
        call_command("reconcile_billing", "--json", "--all", stdout=out)
    told = json.loads(out.getvalue())
    assert [name.partition(":")[0] for name in told["open_now"]] == ["second_subscription"]
    assert CreditLog.objects.filter(kind="reset").count() == 2
