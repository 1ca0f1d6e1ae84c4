"""Changing, ending, pausing and resuming a plan by the buttons of its pages, against the sandbox Chargebee."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from accounts.models import User
from billing import services
from billing.models import Billing
from billing.services.sync import sync_customer
from credits.models import Credit, CreditLog
from tests.billing.chargebee_site import ChargebeeSite
from tests.billing.test_pages import read
from tests.billing.test_pages_checkout import BANK_ACCOUNT, buckets, come_back, hosted_address, pay, press

FAILS_LATER = "4000000000000341"


@pytest.fixture
def shop(site: ChargebeeSite, db) -> ChargebeeSite:
    """The sandbox Chargebee, with its prices copied."""
    services.copy_offers(now=timezone.now())
    return site


@pytest.fixture
def as_carol(client, carol):
    client.force_login(carol)
    return client


@pytest.fixture
def subscriber(as_carol, carol, shop):
    """Carol with the monthly plan Pro, bought on Chargebee's page: 420 credits."""
    subscribe(as_carol, "pro-USD-Monthly")
    return carol


def subscribe(client: Client, offer_id: str, **card: str) -> None:
    come_back(client, pay(hosted_address(client, press(client, offer_id)), **card))
    client.get("/billing/")  # reads the message


def order_form(client: Client, address: str) -> dict[str, str]:
    """The hidden fields of the order on a page, as its button sends them."""
    page = client.get(address).content.decode().partition("<main")[2]
    form = re.search(r'<form method="post" action="/billing/(?!auto|portal|payment)[^"]*">(.*?)</form>', page, re.S)
    assert form, "The page has no order."
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[1]))


def order(client: Client, address: str, *, confirm_at: str = "") -> str:
    """Press the button of a page that says what an order does, and return the words of the page after it."""
    response = client.post(address, order_form(client, confirm_at or address), follow=True)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def state_of(user: User) -> tuple[str | None, str | None, str | None]:
    billing = Billing.objects.get(user=user)
    return billing.subscription_status, billing.subscription_plan_id, billing.scheduled_plan_id


def cents_in(text: str) -> int:
    return round(float(text.replace(",", "")) * 100)


# ---------------------------------------------------------------- changing


def test_an_upgrade_costs_what_the_page_said_and_adds_the_difference(as_carol, subscriber, shop):
    page = read(as_carol, "/billing/plans/scale-USD-Monthly/")
    said = cents_in(re.search(r"You pay now \$([\d,.]+)", page)[1])
    assert "420 now, about 630 more once it is paid: of the 630 more a month" in page
    after = order(as_carol, "/billing/plans/scale-USD-Monthly/change/", confirm_at="/billing/plans/scale-USD-Monthly/")
    assert "Your plan is Scale" in after
    assert state_of(subscriber) == ("active", "scale-USD-Monthly", None)
    assert buckets(subscriber) == (1_050, 0)
    first, second = sorted(shop.charges_of(subscriber))
    assert {first, second} == {9_900, second}
    assert f"${second / 100:,.2f}" in after.partition("How it stands")[2]
    assert 0 <= said - second <= 2  # the rest of the month is a little shorter by now
    assert 14_900 <= second <= 15_000


def test_a_downgrade_costs_nothing_now_and_can_be_taken_back(as_carol, subscriber, shop):
    address = "/billing/plans/starter-USD-Monthly/"
    after = order(as_carol, f"{address}change/", confirm_at=address)
    assert "Nothing was charged" in after
    assert state_of(subscriber) == ("active", "pro-USD-Monthly", "starter-USD-Monthly")
    assert (buckets(subscriber), shop.charges_of(subscriber)) == ((420, 0), [9_900])
    assert "This is planned already" in as_carol.get(address).content.decode()
    assert "Your present plan goes on" in order(as_carol, "/billing/keep/", confirm_at="/billing/")
    assert state_of(subscriber) == ("active", "pro-USD-Monthly", None)


def test_from_monthly_to_yearly_a_new_period_begins_now(as_carol, subscriber, shop):
    an_hour_later(shop)
    address = "/billing/plans/pro-USD-Yearly/"
    page = read(as_carol, address)
    assert "they are set to 420 credits, and the 420 that you have there now lapse then" in page
    after = order(as_carol, f"{address}change/", confirm_at=address)
    assert "What was charged is listed below" in after
    assert state_of(subscriber) == ("active", "pro-USD-Yearly", None)
    assert buckets(subscriber) == (420, 0)
    assert [entry.kind for entry in CreditLog.objects.order_by("sequence")] == ["reset", "reset"]
    assert 89_000 <= sorted(shop.charges_of(subscriber))[1] <= 89_200


def test_a_declined_card_changes_nothing_and_the_bank_is_quoted(as_carol, carol, shop):
    subscribe(as_carol, "starter-USD-Monthly", card=FAILS_LATER)
    address = "/billing/plans/pro-USD-Monthly/"
    fields = order_form(as_carol, address)
    shop.fail("declined", endpoint="subscription.update_for_items")
    response = as_carol.post(f"{address}change/", fields, follow=True).content.decode()
    assert "Your bank declined" in response
    assert "Your card was declined." in response
    assert "Nothing was changed and nothing was charged" in response
    assert state_of(carol) == ("active", "starter-USD-Monthly", None)
    assert (buckets(carol), shop.charges_of(carol)) == ((200, 0), [4_900])


def test_a_price_that_rose_after_the_page_was_read_is_refused(as_carol, subscriber, shop):
    address = "/billing/plans/scale-USD-Monthly/"
    fields = order_form(as_carol, address) | {"most_cents": "100"}
    response = as_carol.post(f"{address}change/", fields, follow=True).content.decode()
    assert "has risen meanwhile. Nothing was changed or charged" in response
    assert (buckets(subscriber), shop.charges_of(subscriber)) == ((420, 0), [9_900])


def test_a_double_click_changes_and_charges_once(as_carol, subscriber, shop):
    address = "/billing/plans/scale-USD-Monthly/"
    fields = order_form(as_carol, address)
    for _ in range(2):
        assert as_carol.post(f"{address}change/", fields).status_code == 302
    assert buckets(subscriber) == (1_050, 0)
    assert len(shop.charges_of(subscriber)) == 2


def test_two_clicks_in_the_same_moment_change_and_charge_once(as_carol, subscriber, shop):
    address = "/billing/plans/scale-USD-Monthly/"
    fields = order_form(as_carol, address)

    def click(_number: int) -> int:
        client = Client()
        client.cookies = as_carol.cookies
        try:
            return client.post(f"{address}change/", fields).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(click, range(4))) == [302] * 4
    sync_customer(customer_id=str(subscriber.pk), now=timezone.now())
    assert buckets(subscriber) == (1_050, 0)
    assert len(shop.charges_of(subscriber)) == 2


def test_an_order_that_was_carried_out_is_never_said_to_have_changed_nothing(as_carol, subscriber, shop):
    address = "/billing/plans/scale-USD-Monthly/"
    fields = order_form(as_carol, address)
    shop.fail("503", endpoint="invoice.list", times=10)
    response = as_carol.post(f"{address}change/", fields, follow=True).content.decode()
    assert "This was done" in response
    assert "Do not do it again" in response
    assert "Nothing was changed" not in response
    shop.control("faults", {}, method="DELETE")
    sync_customer(customer_id=str(subscriber.pk), now=timezone.now())
    assert buckets(subscriber) == (1_050, 0)
    assert len(shop.charges_of(subscriber)) == 2


def test_an_answer_that_was_lost_is_not_asked_for_again(as_carol, subscriber, shop, settings):
    settings.CHARGEBEE_TIMEOUT_SECONDS = 1
    address = "/billing/plans/scale-USD-Monthly/"
    fields = order_form(as_carol, address)
    shop.fail("timeout-after-work", endpoint="subscription.update_for_items", seconds=1.5)
    response = as_carol.post(f"{address}change/", fields, follow=True).content.decode()
    assert "Your plan is Scale" in response or "Do not do it again" in response
    sync_customer(customer_id=str(subscriber.pk), now=timezone.now())
    assert buckets(subscriber) == (1_050, 0)
    assert len(shop.charges_of(subscriber)) == 2


def test_while_the_bank_settles_the_plan_it_cannot_be_changed_at_full_price(as_carol, carol, shop):
    subscribe(as_carol, "pro-USD-Monthly", card=BANK_ACCOUNT)
    assert "Your bank is settling the payment for this plan" in read(as_carol, "/billing/")
    assert "Until then a change would be charged in full" in read(as_carol, "/billing/plans/scale-USD-Monthly/")
    order = {"token": "0" * 32, "most_cents": "24900"}
    answer = as_carol.post("/billing/plans/scale-USD-Monthly/change/", order, follow=True)
    assert "still settling the payment" in answer.content.decode()
    assert state_of(carol) == ("active", "pro-USD-Monthly", None)
    shop.control("chargebee/settle", {"transaction_id": shop.account_of(carol).transactions[0].id})
    sync_customer(customer_id=str(carol.pk), now=timezone.now())
    assert buckets(carol) == (420, 0)
    assert "You pay now" in read(as_carol, "/billing/plans/scale-USD-Monthly/")


# ---------------------------------------------------------------- ending


def test_a_plan_is_cancelled_in_two_clicks_and_taken_back(as_carol, subscriber, shop):
    assert 'href="/billing/cancel/"' in as_carol.get("/billing/").content.decode()
    after = order(as_carol, "/billing/cancel/")
    assert "No further payment is taken" in after
    assert state_of(subscriber)[0] == "non_renewing"
    assert buckets(subscriber) == (420, 0)
    assert "It is cancelled already" in as_carol.get("/billing/cancel/").content.decode()
    assert "Your present plan goes on" in order(as_carol, "/billing/keep/", confirm_at="/billing/")
    assert state_of(subscriber)[0] == "active"


def test_canceling_while_a_payment_is_overdue_promises_no_end_of_payments(as_carol, carol, shop):
    subscribe(as_carol, "starter-USD-Monthly", card=FAILS_LATER)
    renew(shop, carol)
    stays = "The $49.00 that is overdue stays due and is tried again; nothing after it."
    assert stays in read(as_carol, "/billing/cancel/")
    after = order(as_carol, "/billing/cancel/")
    assert "Your card is tried again on" in after
    assert after.count(stays) == 2  # the message and the plan
    assert "Next payment $49.00 now overdue" in after
    assert stays in read(as_carol, "/billing/cancel/")
    assert "No further payment" not in after + read(as_carol, "/billing/cancel/")


def test_canceling_twice_is_canceling_once(as_carol, subscriber, shop):
    fields = order_form(as_carol, "/billing/cancel/")
    for _ in range(2):
        assert "cancelled and ends on" in as_carol.post("/billing/cancel/", fields, follow=True).content.decode()
    assert state_of(subscriber)[0] == "non_renewing"


# ---------------------------------------------------------------- pausing


def test_a_paused_plan_freezes_and_resumes_at_no_cost(as_carol, subscriber, shop):
    assert "Nothing will be charged until you resume it" in order(as_carol, "/billing/pause/")
    assert state_of(subscriber)[0] == "paused"
    wallet = Credit.objects.get(user_id=subscriber.pk)
    assert (wallet.subscription_credits, wallet.spendable) == (420, 0)
    assert "Your plan runs again" in order(as_carol, "/billing/resume/")
    wallet.refresh_from_db()
    assert (state_of(subscriber)[0], wallet.spendable) == ("active", 420)
    assert shop.charges_of(subscriber) == [9_900]
    assert CreditLog.objects.filter(kind="reset").count() == 1


def test_resuming_charges_nothing_if_the_term_ended_after_the_page_said_nothing(as_carol, subscriber, shop):
    order(as_carol, "/billing/pause/")
    fields = order_form(as_carol, "/billing/resume/")
    assert fields["most_cents"] == "0"
    Billing.objects.filter(user=subscriber).update(current_term_end=timezone.now() - timedelta(seconds=1))
    answer = as_carol.post("/billing/resume/", fields, follow=True).content.decode()
    assert "What resuming costs has risen meanwhile" in answer
    assert (state_of(subscriber)[0], shop.charges_of(subscriber)) == ("paused", [9_900])
    page = order_form(as_carol, "/billing/resume/")
    assert page["most_cents"] == "9900"
    answer = as_carol.post("/billing/resume/", page, follow=True).content.decode()
    assert "Your plan runs again" in answer


def test_a_paused_plan_can_be_cancelled_and_kept(as_carol, subscriber, shop):
    order(as_carol, "/billing/pause/")
    order(as_carol, "/billing/cancel/")
    page = read(as_carol, "/billing/")
    assert "the frozen credits lapse then" in page
    order(as_carol, "/billing/keep/", confirm_at="/billing/")
    assert "the frozen credits lapse then" not in read(as_carol, "/billing/")


def test_pausing_is_refused_with_the_reason_while_a_change_is_planned(as_carol, subscriber, shop):
    address = "/billing/plans/starter-USD-Monthly/"
    order(as_carol, f"{address}change/", confirm_at=address)
    assert "Keep the present plan first, then pause it" in as_carol.get("/billing/pause/").content.decode()
    answer = as_carol.post("/billing/pause/", {"token": "0" * 32}, follow=True)
    assert "Keep the present plan first, then pause it" in answer.content.decode()
    assert state_of(subscriber)[0] == "active"


# ---------------------------------------------------------------- dunning, and after the end


def test_a_renewal_that_fails_says_what_to_do(as_carol, carol, shop):
    subscribe(as_carol, "pro-USD-Monthly", card=FAILS_LATER)
    renew(shop, carol)
    page = read(as_carol, "/billing/")
    assert "Payment failed on" in page
    assert "$99.00 is due" in page
    assert "The bank said:" in page
    assert "Your card is tried again on" in page
    assert "Not paid yet. Its credits come when it is" in page
    assert buckets(carol) == (420, 0)


def test_after_the_end_a_plan_can_be_bought_again(as_carol, subscriber, shop):
    order(as_carol, "/billing/cancel/")
    renew(shop, subscriber)
    assert state_of(subscriber)[0] == "cancelled"
    assert "Choose a plan" in as_carol.get("/billing/").content.decode()
    subscribe(as_carol, "starter-USD-Monthly")
    assert state_of(subscriber)[:2] == ("active", "starter-USD-Monthly")
    assert buckets(subscriber) == (200, 0)


def test_a_refund_is_shown_with_the_credits_that_it_took(as_carol, carol, shop):
    subscribe(as_carol, "pack-100-USD")
    invoice = shop.account_of(carol).invoices[0]
    shop.control("chargebee/refund", {"invoice_id": invoice.id})
    sync_customer(customer_id=str(carol.pk), now=timezone.now())
    page = read(as_carol, "/billing/")
    assert "Refunded" in page
    assert "−$29.00 −100" in page
    assert buckets(carol) == (0, 0)


def test_an_order_after_the_plan_was_ended_elsewhere_says_how_it_stands(as_carol, subscriber, shop):
    fields = order_form(as_carol, "/billing/pause/")
    subscription = shop.account_of(subscriber).subscriptions[0]
    an_hour_later(shop)
    order(as_carol, "/billing/cancel/")
    Billing.objects.filter(user=subscriber).update(subscription_status="active", cancelled_at=None)
    shop.control("chargebee/renew", {"subscription_id": subscription.id})
    response = as_carol.post("/billing/pause/", fields, follow=True).content.decode()
    assert "did not accept this. Nothing was changed and nothing was charged" in response
    assert state_of(subscriber)[0] == "cancelled"


def an_hour_later(shop: ChargebeeSite) -> None:
    """Let an hour pass at Chargebee: no term begins and ends in the same second there."""
    shop.control("clock", {"now": (timezone.now() + timedelta(hours=1)).isoformat()})


def renew(shop: ChargebeeSite, user: User) -> None:
    """End the paid term at Chargebee now, and book what follows."""
    subscription = shop.account_of(user).subscriptions[0]
    an_hour_later(shop)
    shop.control("chargebee/renew", {"subscription_id": subscription.id})
    sync_customer(customer_id=str(user.pk), now=timezone.now() + timedelta(seconds=1))
