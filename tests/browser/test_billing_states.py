"""The pages of billing in each state of a plan: they fit a phone, and axe finds nothing in either theme."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from billing.models import Billing
from tests.billing.price_list import give_plan, write_price_list
from tests.browser.conftest import PHONE, WIDE
from tests.factories import PaymentTransactionFactory

STATES: dict[str, dict[str, object]] = {
    "active": {},
    "cancelled, runs to its end": {"subscription_status": "non_renewing"},
    "paused": {"subscription_status": "paused"},
    "ended": {"subscription_status": "cancelled"},
    "change planned": {"scheduled_plan_id": "starter-USD-Monthly"},
    "payment overdue": {"due_invoices_count": 1, "total_dues_cents": 9_900},
}
PAGES = {
    "/billing/plans/": "Plans and credit packs",
    "/billing/plans/pack-500-USD/": "Buy 500 credits",
    "/billing/plans/starter-USD-Monthly/": "Change to Starter",
    "/billing/cancel/": "Cancel Pro",
    "/billing/pause/": "Pause Pro",
}


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def look(assert_fits, assert_accessible) -> Callable[[Page], None]:
    """Measure a page on a phone and on a wide window, and let axe look at it."""

    def measure(page: Page) -> None:
        for size in (PHONE, WIDE):
            page.set_viewport_size(size)
            assert_fits(page)
        assert_accessible(page)

    return measure


def write_payments(user: User, now: datetime) -> None:
    """Write a row of each kind."""
    rows = (
        {"status": "success"},
        {"status": "pending", "chargebee_transaction_id": "t1"},
        {"status": "pending"},
        {"status": "failed", "error_text": "Insufficient funds."},
        {"status": "refunded"},
        {"status": "refunded", "type": "credit_adjustment", "amount": -99.0, "credits_added": -420},
    )
    for days, row in enumerate(rows):
        PaymentTransactionFactory(user=user, plan_name="Pro", transaction_date=now - timedelta(days=days), **row)


def test_the_page_shows_each_state(page: Page, carol: User, enter, live_server, look, now) -> None:
    write_price_list()
    write_payments(carol, now)
    billing = give_plan(carol, now=now)
    enter(page, carol)
    for state, fields in STATES.items():
        standing = {"subscription_status": "active", "scheduled_plan_id": None, "due_invoices_count": 0, **fields}
        Billing.objects.filter(pk=billing.pk).update(**standing)
        page.goto(f"{live_server.url}/billing/")
        words = "Keep the present plan" if state == "change planned" else state
        expect(page.locator(".billing-plan").get_by_text(words).first).to_be_visible()
        look(page)


def test_the_words_before_a_click(page: Page, carol: User, enter, live_server, look, now) -> None:
    write_price_list()
    give_plan(carol, now=now)
    enter(page, carol)
    for address, title in PAGES.items():
        page.goto(live_server.url + address)
        expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
        look(page)


def test_the_pages_without_a_plan_and_without_an_account(page: Page, carol: User, enter, live_server, look) -> None:
    page.goto(f"{live_server.url}/billing/plans/")
    expect(page.get_by_text("Prices are being fetched")).to_be_visible()
    look(page)
    write_price_list()
    page.reload()
    expect(page.get_by_role("link", name="Sign up to choose Starter").first).to_be_visible()
    look(page)
    enter(page, carol).goto(f"{live_server.url}/billing/")
    expect(page.get_by_role("heading", name="No plan")).to_be_visible()
    look(page)


def test_links_in_small_print_can_be_touched(page: Page, carol: User, enter, live_server, now) -> None:
    write_price_list()
    give_plan(carol, now=now)
    enter(page, carol)
    page.set_viewport_size(PHONE)
    page.goto(f"{live_server.url}/billing/")
    for name in ("Where they went", "switch on the credits page"):
        link = page.locator(".billing-fine").get_by_role("link", name=name)
        link.scroll_into_view_if_needed()
        box = link.bounding_box()
        assert box is not None
        assert box["height"] >= 24, (name, box)  # WCAG 2.2, target size
        at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + 1}
        assert link.evaluate("(own, at) => own === document.elementFromPoint(at.x, at.y)", at), name
