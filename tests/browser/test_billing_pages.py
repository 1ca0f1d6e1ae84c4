"""Paying and what follows from it, in Chromium: Atlas, the sandbox's pages and webhooks, and a real worker."""

import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from billing import services as billing_services
from billing.models import Billing, PaymentTransaction, WebhookEvent
from credits import services as credit_services
from credits.models import Credit, CreditLog
from tests.billing.chargebee_site import ChargebeeSite
from tests.browser.conftest import PHONE, WIDE
from tests.browser.steps import PATIENCE
from tests.worker import running_worker

GOOD, DECLINED, DECLINED_LATER = "4111 1111 1111 1111", "4000 0000 0000 0002", "4000 0000 0000 0341"
STARTER, PACK = "starter-USD-Monthly", "pack-100-USD"
# The tests of tests/billing click through these with Django's client, so `make test` leaves the browser out.
WITHOUT_A_BROWSER_TOO = pytest.mark.faults
WAITING = [WebhookEvent.State.RECEIVED, WebhookEvent.State.FAILED]


@pytest.fixture(scope="module", autouse=True)
def worker(unblocked_db: None) -> Iterator[None]:
    """A Celery worker beside the live server, which processes the events that arrive."""
    with running_worker():
        yield


@pytest.fixture
def site(transactional_db: None, live_server, settings) -> Iterator[ChargebeeSite]:
    """The sandbox Chargebee, whose events reach the live server and whose pages lead back to it."""
    site = ChargebeeSite(settings.CHARGEBEE_BASE_URL)
    site.control("reset")
    settings.SITE_URL = live_server.url
    user, password = settings.CHARGEBEE_WEBHOOK_USERS[0]
    address = live_server.url + reverse("billing:webhook")
    site.control("webhooks", {"url": address, "user": user, "password": password})
    billing_services.copy_offers(now=timezone.now())
    yield site
    site.control("webhooks", {"url": None})
    wait_until(lambda: not WebhookEvent.objects.filter(state__in=WAITING).exists())
    site.control("reset")


def wait_until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 2 * PATIENCE / 1000
    while not is_true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def wait_for_credits(user: User, *, subscription: int = 0, purchased: int = 0) -> None:
    """Wait until the worker has brought the wallet to this."""

    def has_them() -> bool:
        wallet = Credit.objects.filter(user=user).first()
        return bool(wallet and (wallet.subscription_credits, wallet.purchased_credits) == (subscription, purchased))

    wait_until(has_them)


class Buyer:
    """A signed-in user's page, between Atlas and Chargebee."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.page, self.base_url = page, base_url

    def choose(self, offer: str) -> None:
        """Go from the list of plans and packs to the page on which this one is paid."""
        self.page.goto(f"{self.base_url}/billing/plans/")
        self.page.locator(f'a[href^="/billing/plans/{offer}/"]').click()
        self.page.get_by_role("button", name="Go to Chargebee to pay").click()
        expect(self.page.get_by_role("heading", name="Checkout")).to_be_visible()

    def press(self, button: str, *, card: str = GOOD) -> None:
        """Enter a card and press a button, on the page of Chargebee."""
        self.page.get_by_label("Card or account number").fill(card)
        self.page.get_by_role("button", name=button, exact=True).click()

    def buy(self, offer: str, price: str, *, card: str = GOOD) -> None:
        self.choose(offer)
        self.press(f"Pay {price}", card=card)
        expect(self.page.get_by_text("credits are yours")).to_be_visible()

    def open_billing(self) -> None:
        self.page.goto(f"{self.base_url}/billing/")

    def wait_for(self, text: str) -> None:
        """Open the page of billing until it says this: the worker may need a moment."""

        def says_so() -> bool:
            self.open_billing()
            return self.page.get_by_text(text).first.is_visible()

        wait_until(says_so)


@pytest.fixture
def buyer(page: Page, carol: User, enter, live_server, site: ChargebeeSite) -> Buyer:
    """Carol, who has no plan and no credits."""
    return Buyer(enter(page, carol), live_server.url)


def forward(site: ChargebeeSite, **step: float) -> None:
    """Move Chargebee's clock forward from the real time; what is due by then happens there."""
    site.control("clock", {"now": (timezone.now() + timedelta(**step)).isoformat()})


def keys_of(user: User) -> list[str]:
    entries = CreditLog.objects.filter(credit__user=user, kind=CreditLog.Kind.RESET).order_by("sequence")
    return [entry.key or "" for entry in entries]


def test_a_plan_is_paid_at_chargebee_and_its_credits_are_there_on_return(buyer: Buyer, carol: User) -> None:
    buyer.choose(STARTER)
    expect(buyer.page.get_by_text("carol@example.test")).to_be_visible()
    buyer.press("Pay $49.00")
    expect(buyer.page.get_by_text("Paid, and 200 credits are yours")).to_be_visible()
    assert buyer.page.url.startswith(buyer.base_url)
    wait_for_credits(carol, subscription=200)
    buyer.open_billing()
    expect(buyer.page.get_by_text("Active", exact=True)).to_be_visible()
    expect(buyer.page.locator(".payments tbody tr")).to_contain_text(["$49.00"])
    assert Billing.objects.get(user=carol).subscription_status == Billing.Status.ACTIVE


def test_the_credits_come_by_themselves_when_the_tab_was_closed_after_paying(
    buyer: Buyer, carol: User, enter, context: BrowserContext
) -> None:
    buyer.choose(STARTER)
    buyer.press("Pay, but close the tab")
    expect(buyer.page.get_by_text("You may close this page")).to_be_visible()
    buyer.page.close()
    wait_for_credits(carol, subscription=200)
    later = Buyer(enter(context.new_page(), carol), buyer.base_url)
    later.open_billing()
    expect(later.page.get_by_text("Active", exact=True)).to_be_visible()
    expect(later.page.locator(".payments tbody tr")).to_have_count(1)


def test_a_declined_card_costs_nothing_and_another_can_be_tried(buyer: Buyer, carol: User) -> None:
    buyer.choose(STARTER)
    buyer.press("Pay $49.00", card=DECLINED)
    expect(buyer.page.get_by_role("alert")).to_contain_text("Your card was declined")
    assert not PaymentTransaction.objects.filter(user=carol, status="success").exists()
    buyer.press("Pay $49.00", card=GOOD)
    expect(buyer.page.get_by_text("Paid, and 200 credits are yours")).to_be_visible()
    wait_for_credits(carol, subscription=200)


@WITHOUT_A_BROWSER_TOO
def test_who_gives_up_at_chargebee_comes_back_without_a_charge(buyer: Buyer, carol: User, site: ChargebeeSite) -> None:
    buyer.choose(STARTER)
    buyer.page.get_by_role("button", name="Cancel").click()
    expect(buyer.page.get_by_text("Checkout closed. Nothing was charged.")).to_be_visible()
    assert site.charges_of(carol) == []
    assert not CreditLog.objects.filter(credit__user=carol).exists()


@WITHOUT_A_BROWSER_TOO
def test_a_pack_adds_purchased_credits(buyer: Buyer, carol: User) -> None:
    buyer.choose(PACK)
    buyer.press("Pay $29.00")
    expect(buyer.page.get_by_text("Paid, and 100 credits are yours")).to_be_visible()
    wait_for_credits(carol, purchased=100)


@WITHOUT_A_BROWSER_TOO
def test_a_plan_is_cancelled_at_the_end_of_its_period_and_taken_back(buyer: Buyer, carol: User) -> None:
    buyer.buy(STARTER, "$49.00")
    buyer.open_billing()
    buyer.page.get_by_role("link", name="Cancel …").click()
    buyer.page.get_by_role("button", name=re.compile("^Cancel")).click()
    expect(buyer.page.get_by_text("No further payment is taken").first).to_be_visible()
    expect(buyer.page.get_by_text("Cancelled, runs to its end")).to_be_visible()
    wait_for_credits(carol, subscription=200)
    buyer.page.get_by_role("button", name="Take the cancellation back").click()
    expect(buyer.page.get_by_text("Your present plan goes on")).to_be_visible()
    expect(buyer.page.get_by_text("Active", exact=True)).to_be_visible()


@WITHOUT_A_BROWSER_TOO
def test_a_cancelled_plan_ends_with_its_period_and_its_credits_lapse(
    buyer: Buyer, carol: User, site: ChargebeeSite
) -> None:
    buyer.buy(STARTER, "$49.00")
    buyer.buy(PACK, "$29.00")
    buyer.open_billing()
    buyer.page.get_by_role("link", name="Cancel …").click()
    buyer.page.get_by_role("button", name=re.compile("^Cancel")).click()
    forward(site, days=32)
    wait_for_credits(carol, subscription=0, purchased=100)
    buyer.wait_for("Ended")


@WITHOUT_A_BROWSER_TOO
def test_what_is_cancelled_in_the_portal_is_seen_in_atlas(buyer: Buyer) -> None:
    buyer.buy(STARTER, "$49.00")
    buyer.open_billing()
    buyer.page.get_by_role("button", name="Open Chargebee's portal").click()
    buyer.page.get_by_role("button", name="Cancel at period end").click()
    expect(buyer.page.get_by_text("ends with its period")).to_be_visible()
    buyer.page.get_by_role("button", name="Back").click()
    expect(buyer.page.get_by_role("heading", name="Billing", level=1)).to_be_visible()
    buyer.wait_for("Cancelled, runs to its end")


def test_a_renewal_sets_the_subscription_credits_again_however_its_events_arrive(
    buyer: Buyer, carol: User, site: ChargebeeSite
) -> None:
    buyer.buy(STARTER, "$49.00")
    buyer.buy(PACK, "$29.00")
    credit_services.adjust(
        user_id=carol.pk, amount=-150, bucket="subscription", adjustment_id="spent", reason="Spent in the first month",
        actor="test", now=timezone.now(),
    )  # fmt: skip
    site.control("webhooks", {"mode": "shuffle", "times": 3})
    forward(site, days=32)
    wait_for_credits(carol, subscription=200, purchased=100)
    assert len(keys_of(carol)) == 2
    assert site.charges_of(carol) == [4_900, 2_900, 4_900]
    buyer.open_billing()
    expect(buyer.page.locator(".payments tbody tr")).to_have_count(3)


def test_a_failed_renewal_says_what_to_do_and_the_credits_come_with_the_new_card(
    buyer: Buyer, carol: User, site: ChargebeeSite
) -> None:
    buyer.buy(STARTER, "$49.00", card=DECLINED_LATER)
    forward(site, days=31, hours=1)
    buyer.wait_for("Payment failed")
    assert len(keys_of(carol)) == 1
    buyer.page.locator("#overdue").get_by_role("button", name="Change your card").click()
    buyer.press("Save")
    expect(buyer.page.get_by_role("heading", name="Billing", level=1)).to_be_visible()
    wait_until(lambda: len(keys_of(carol)) == 2)
    wait_for_credits(carol, subscription=200)
    buyer.open_billing()
    expect(buyer.page.locator("#overdue")).to_have_count(0)


@WITHOUT_A_BROWSER_TOO
def test_a_bigger_plan_costs_and_brings_the_difference_as_the_page_before_said(
    buyer: Buyer, carol: User, site: ChargebeeSite
) -> None:
    buyer.buy(STARTER, "$49.00")
    buyer.page.goto(f"{buyer.base_url}/billing/plans/")
    buyer.page.locator('a[href^="/billing/plans/pro-USD-Monthly/"]').click()
    expect(buyer.page.locator(".billing-now")).to_contain_text("$50.00")
    buyer.page.get_by_role("button", name="Change now and pay $50.00").click()
    expect(buyer.page.get_by_text("Your plan is Pro now")).to_be_visible()
    wait_for_credits(carol, subscription=420)
    assert site.charges_of(carol) == [4_900, 5_000]


@WITHOUT_A_BROWSER_TOO
def test_a_paused_plan_keeps_its_credits_frozen_until_it_is_resumed(buyer: Buyer, carol: User) -> None:
    buyer.buy(STARTER, "$49.00")
    for word, is_frozen in (("Pause", True), ("Resume", False)):
        buyer.open_billing()
        buyer.page.get_by_role("link", name=f"{word} …").click()
        buyer.page.get_by_role("main").get_by_role("button", name=re.compile(f"^{word}")).click()
        expect(buyer.page.get_by_text("Paused" if is_frozen else "Active", exact=True)).to_be_visible()
        wallet = Credit.objects.get(user=carol)
        assert (wallet.subscription_credits, wallet.subscription_frozen) == (200, is_frozen)


@WITHOUT_A_BROWSER_TOO
def test_a_refund_takes_the_credits_back_and_says_so(buyer: Buyer, carol: User, site: ChargebeeSite) -> None:
    buyer.buy(PACK, "$29.00")
    wait_for_credits(carol, purchased=100)
    paid = PaymentTransaction.objects.get(user=carol, type=PaymentTransaction.Type.ONE_TIME_PURCHASE)
    site.control("chargebee/refund", {"invoice_id": paid.chargebee_invoice_id})
    wait_for_credits(carol, purchased=0)
    buyer.open_billing()
    expect(buyer.page.get_by_text("Money back")).to_be_visible()
    assert CreditLog.objects.filter(credit__user=carol, kind=CreditLog.Kind.CLAWBACK).count() == 1


def test_paying_works_without_javascript(
    plain_page: Page, carol: User, enter, live_server, site: ChargebeeSite
) -> None:
    buyer = Buyer(enter(plain_page, carol), live_server.url)
    buyer.buy(STARTER, "$49.00")
    buyer.buy(PACK, "$29.00")
    wait_for_credits(carol, subscription=200, purchased=100)
    assert site.charges_of(carol) == [4_900, 2_900]


def test_the_page_of_chargebee_fits_and_is_accessible(buyer: Buyer, assert_fits, assert_accessible) -> None:
    buyer.choose(STARTER)
    for size in (PHONE, WIDE):
        buyer.page.set_viewport_size(size)
        assert_fits(buyer.page)
    buyer.press("Pay $49.00", card=DECLINED)
    expect(buyer.page.get_by_role("alert")).to_be_visible()
    expect(buyer.page.get_by_label("Card or account number")).to_be_focused()
    assert_accessible(buyer.page)
