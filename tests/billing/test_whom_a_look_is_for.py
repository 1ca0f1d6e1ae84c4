"""Whose purchases a look books, when it comes again, and when it asks for the price list."""

import logging
from datetime import timedelta

import pytest
from bson import Int64

from atlas_site.mongodb.documents import collection_of
from billing import services as billing_services
from billing.models import Billing, Offer
from billing.services.sync import RETRY_DUE_AFTER
from credits.models import Credit
from tests.billing.shopper import STARTER_YEARLY, Shopper
from tests.factories import BillingFactory


@pytest.fixture
def shopper(site, bob, now) -> Shopper:
    """Bob at the sandbox."""
    billing_services.copy_offers(now=now)
    return Shopper(site, bob)


# ---------------------------------------------------------------- whose


def test_nobody_gets_what_the_id_of_another_user_has_paid_for(shopper, bob, carol, now, caplog):
    BillingFactory(user=carol, chargebee_customer_id=shopper.id)
    shopper.buy()
    with caplog.at_level(logging.ERROR), pytest.raises(billing_services.UnknownCustomer):
        billing_services.sync_customer(customer_id=shopper.id, now=now)
    assert not Credit.objects.filter(user__in=[bob, carol]).exists()
    assert any(str(carol.pk) in record.getMessage() for record in caplog.records)


def test_nobody_gets_what_a_customer_of_two_users_has_paid_for(shopper, bob, carol, now):
    for user in (bob, carol):
        BillingFactory(user=user, chargebee_customer_id="legacy-7")
    with pytest.raises(billing_services.UnknownCustomer):
        billing_services.sync_customer(customer_id="legacy-7", now=now)


def test_a_customer_of_two_users_is_a_difference_until_it_is_one_users(shopper, bob, carol, now):
    billing = BillingFactory(user=carol, chargebee_customer_id=shopper.id)
    shopper.buy()
    report = billing_services.reconcile(now=now)
    assert report.opened == [f"unknown_customer:{shopper.id}"]
    Billing.objects.filter(pk=billing.pk).update(chargebee_customer_id=None)
    assert billing_services.reconcile(now=now).closed == report.opened
    assert Credit.objects.get(user=bob).purchased_credits == 100


# ---------------------------------------------------------------- when again


def test_a_customer_whose_look_changes_nothing_comes_again_later_and_not_at_once(shopper, now):
    shopper.subscribe(STARTER_YEARLY)
    billing_services.sync_customer(customer_id=shopper.id, now=now)
    newer = {"$set": {"resourceVersion": Int64(9_000_000_000_000)}}  # as of a subscription that was moved away
    collection_of(Billing).update_one({"userId": shopper.user.pk}, newer)
    due = Billing.objects.get(user=shopper.user).next_effect_at
    assert billing_services.sync_due_customers(now=due) == 1
    assert Billing.objects.get(user=shopper.user).next_effect_at == due + RETRY_DUE_AFTER
    assert billing_services.sync_due_customers(now=due + timedelta(minutes=1)) == 0


def test_a_customer_without_any_subscription_comes_again_later(shopper, now):
    BillingFactory(user=shopper.user, chargebee_subscription_id="gone", next_effect_at=now)
    assert billing_services.sync_due_customers(now=now) == 1
    assert billing_services.sync_due_customers(now=now) == 0


def test_while_chargebee_is_away_the_others_stay_due(site, bob, carol, now):
    for user in (bob, carol):
        BillingFactory(user=user, next_effect_at=now)
    site.fail("429", endpoint="customer.retrieve", times=4, seconds=60)
    assert billing_services.sync_due_customers(now=now) == 0
    assert sorted(Billing.objects.values_list("next_effect_at", flat=True)) == [now, now + RETRY_DUE_AFTER]


# ---------------------------------------------------------------- the price list


def last_copy() -> object:
    return Offer.objects.order_by("-copied_at").values_list("copied_at", flat=True).first()


def test_a_price_that_is_no_offer_is_copied_once_and_not_at_every_look(shopper, now):
    shopper.site.set_price("pack-eu-EUR", item_id="pack-100", item_type="charge", price=1_900, currency_code="EUR")
    shopper.buy("pack-eu-EUR")
    Offer.objects.update(copied_at=now + timedelta(minutes=2))  # two minutes after it was sold
    moments = [now + timedelta(minutes=minutes) for minutes in (5, 20, 40)]
    for moment in moments:
        billing_services.sync_customer(customer_id=shopper.id, now=moment)
    assert last_copy() == now + timedelta(minutes=2)


def test_a_clock_that_runs_ahead_asks_for_the_list_every_ten_minutes(shopper, now):
    shopper.site.set_price("pack-x-USD", item_id="pack-100", item_type="charge", price=1_900)
    shopper.buy("pack-x-USD")
    early = now - timedelta(days=1)
    Offer.objects.update(copied_at=early)
    copies = set()
    for minutes in (20, 21, 25, 28, 33):
        billing_services.sync_customer(customer_id=shopper.id, now=early + timedelta(minutes=minutes))
        copies.add(last_copy())
    assert copies == {early + timedelta(minutes=20), early + timedelta(minutes=33)}
