"""One page for a plan at a time: two that are open in two tabs could both be paid."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from billing import services
from billing.models import Checkout
from tests.billing.test_pages_checkout import come_back, hosted_address, pay, press
from tests.factories import CheckoutFactory

STARTER, PRO = "starter-USD-Monthly", "pro-USD-Monthly"

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_carol(client, carol):
    client.force_login(carol)
    return client


def order(client, offer_id: str):
    """Press the button of an offer's page that was opened before."""
    return client.post(f"/billing/plans/{offer_id}/checkout/", {"token": "0" * 32})


def start(user, offer_id: str) -> Checkout:
    """Start a checkout as the page does, from a form of its own."""
    return services.start_checkout(
        user=user, offer_id=offer_id, back_url="/billing/", token=uuid4().hex, now=timezone.now()
    )


def test_a_second_tab_gets_no_page_for_another_plan_and_is_led_to_the_open_one(as_carol, carol, shop):
    location = press(as_carol, PRO)
    answer = order(as_carol, STARTER)
    page = answer.content.decode()
    assert answer.status_code == 409
    closes_at = Checkout.objects.get(user_id=carol.pk).expires_at
    for words in ("Your checkout for Pro", "Nothing was charged", f'href="{location}"', closes_at.isoformat()[:19]):
        assert words in page
    assert Checkout.objects.filter(user_id=carol.pk).count() == 1
    come_back(as_carol, pay(hosted_address(as_carol, location)))
    assert shop.charges_of(carol) == [9_900]


def test_the_yearly_plan_is_another_plan_and_is_named_as_such(as_carol, shop):
    press(as_carol, "pro-USD-Yearly")
    assert "Your checkout for Pro, paid yearly" in order(as_carol, PRO).content.decode()


def test_a_page_that_was_cancelled_at_chargebee_is_in_nobodys_way(as_carol, carol, shop):
    pay(hosted_address(as_carol, press(as_carol, PRO)), action="cancel")  # and the tab was closed
    pay(hosted_address(as_carol, press(as_carol, STARTER)))
    assert shop.charges_of(carol) == [4_900]


def test_a_page_that_expired_is_in_nobodys_way(as_carol, carol, shop):
    press(as_carol, PRO)
    Checkout.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert press(as_carol, STARTER).startswith("/billing/checkout/")


def test_a_page_for_another_plan_that_was_paid_is_booked_first(as_carol, carol, shop):
    pay(hosted_address(as_carol, press(as_carol, PRO)))
    answer = as_carol.post(f"/billing/plans/{STARTER}/checkout/", {"token": "0" * 32}, follow=True)
    assert "An earlier checkout of yours was paid" in answer.content.decode()
    assert shop.charges_of(carol) == [9_900]


def test_packs_are_sold_beside_an_open_plan_and_plans_beside_open_packs(as_carol, carol, shop):
    press(as_carol, PRO)
    for pack in ("pack-100-USD", "pack-500-USD"):
        assert press(as_carol, pack).startswith("/billing/checkout/")
    assert press(as_carol, PRO) == f"/billing/checkout/{Checkout.objects.get(offer_id=PRO).pk}/"
    assert Checkout.objects.filter(user_id=carol.pk).count() == 3


def test_many_pages_since_do_not_hide_the_open_one(as_carol, carol, shop):
    press(as_carol, PRO)
    CheckoutFactory.create_batch(21, user_id=carol.pk, offer_id=None, created_at=timezone.now() + timedelta(minutes=1))
    with pytest.raises(services.PlanPageIsOpen):
        start(carol, STARTER)


def test_the_same_plan_leads_to_the_same_page_until_it_expires(as_carol, carol, shop):
    location = press(as_carol, PRO)
    Checkout.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    assert press(as_carol, PRO) == location


def test_of_clicks_at_the_same_moment_one_page_is_left_at_most(carol, shop):
    def work(number: int) -> str | None:
        try:
            return start(carol, (STARTER, PRO)[number % 2]).pk
        except services.BillingRefused:
            return None
        finally:
            connection.close()

    for _ in range(3):
        with ThreadPoolExecutor(4) as pool:
            handed_out = {page for page in pool.map(work, range(4)) if page}
        still_open = Checkout.objects.filter(user_id=carol.pk, returned_at=None)
        assert {checkout.pk for checkout in still_open} == handed_out
        assert len(handed_out) <= 1
        still_open.update(returned_at=timezone.now())
