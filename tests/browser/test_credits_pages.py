"""Quotes in each state, and the credits page: fit for a phone and a desk, and accessible in both themes."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from credits import services as credit_services
from credits.models import Credit, Quote
from properties.search.form import read_query
from properties.services import reveals
from tests.browser.conftest import PHONE, WIDE


@pytest.fixture
def show(page: Page, live_server, enter, assert_accessible, assert_fits) -> Callable[[User, str], Page]:
    """Open an address as a user, and look at it at both widths and in both themes."""

    def look(user: User, address: str) -> Page:
        enter(page, user).goto(live_server.url + address)
        for size in (WIDE, PHONE):
            page.set_viewport_size(size)
            assert_fits(page)
            assert_accessible(page)
        return page

    return look


def offer(user: User, count: int, *, now: datetime | None = None) -> Quote:
    """A quote for the next properties of Phoenix."""
    query = read_query({"q": ["Phoenix, AZ"], "beds_min": ["2"]})
    back = "/search/?q=Phoenix%2C+AZ&beds_min=2"
    now = now or timezone.now()
    return reveals.quote_reveal(user=user, query=query, count=count, total=None, back_url=back, now=now)


def page_of(quote: Quote) -> str:
    """The address of a quote."""
    return reverse("credits:show-quote", args=[quote.pk])


def give(user: User, amount: int) -> None:
    """Credits for somebody who has none."""
    credit_services.grant(
        user_id=user.pk,
        amount=amount,
        bucket="purchased",
        source=f"invoice-of-{user.pk}:1",
        reason="Credit pack",
        now=timezone.now(),
    )


def accept(quote: Quote) -> None:
    """Hold what the quote may cost, without a job that carries it out."""
    credit_services.accept_quote(quote_id=quote.pk, user_id=quote.user_id, now=timezone.now())


def text_in_sight(page: Page, text: str) -> bool:
    """Whether a phone shows this text without scrolling sideways."""
    box = page.get_by_text(text).first.bounding_box()
    return box is not None and box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]


def test_an_offer_says_its_price_on_the_button(show, alice):
    page = show(alice, page_of(offer(alice, 25)))
    expect(page.get_by_role("button", name="Accept: at most 25 credits, 975 left after it")).to_be_in_viewport()
    assert text_in_sight(page, "Charged only when:")
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("heading", name="Search", level=1)).to_be_visible()


def test_the_part_that_fits_is_one_click_away(show, bob):
    give(bob, 14)
    page = show(bob, page_of(offer(bob, 25)))
    expect(page.get_by_role("heading", name="11 credits too few")).to_be_visible()
    expect(page.get_by_role("button", name="Accept: at most 25 credits")).to_be_disabled()
    page.get_by_role("button", name="Get a quote for 14").click()
    expect(page.get_by_role("button", name="Accept: at most 14 credits, 0 left after it")).to_be_enabled()
    expect(page.get_by_text("Reveal the next 14 properties")).to_be_visible()


def test_without_any_credit_no_part_is_offered(show, carol):
    page = show(carol, page_of(offer(carol, 5)))
    expect(page.get_by_role("heading", name="5 credits too few")).to_be_visible()
    expect(page.get_by_role("button", name="Get a quote")).to_have_count(0)


def test_a_debt_stops_spending_and_says_how_much(show, bob):
    give(bob, 14)
    Credit.objects.filter(user_id=bob.pk).update(debt=7)
    page = show(bob, page_of(offer(bob, 5)))
    expect(page.get_by_role("heading", name="Spending is stopped")).to_be_visible()
    expect(page.get_by_text("7 credits of a refunded purchase")).to_be_visible()
    expect(page.get_by_role("button", name="Accept")).to_have_count(0)


def test_an_offer_that_is_over_leads_to_a_new_one(show, alice):
    page = show(alice, page_of(offer(alice, 5, now=timezone.now() - timedelta(hours=1))))
    expect(page.get_by_role("link", name="Make a new quote")).to_be_visible()
    expect(page.get_by_role("button", name="Accept")).to_have_count(0)


def test_an_accepted_quote_says_what_is_held(show, alice):
    quote = offer(alice, 5)
    accept(quote)
    page = show(alice, page_of(quote))
    expect(page.get_by_text("5 credits held, 0 credits charged so far")).to_be_visible()


def test_a_receipt_and_its_lines_in_the_ledger_fit_a_phone(show, alice):
    quote = offer(alice, 5)
    accept(quote)
    now = timezone.now()
    credit_services.capture(quote_id=quote.pk, step="page:1", units={"SEARCH": 3}, reason="Page 1", now=now)
    credit_services.release(quote_id=quote.pk, not_charged=[{"why": "already yours", "count": 2}], now=now)
    page = show(alice, page_of(quote))
    expect(page.get_by_role("region", name="Receipt")).to_contain_text("already yours")

    page.get_by_role("link", name="No. 3").click()
    show(alice, page.url.removeprefix(page.evaluate("location.origin")))
    charged = page.get_by_role("row").filter(has_text="Charged: 3 credits")
    expect(charged).to_contain_text("Page 1")
    assert text_in_sight(page, "Charged: 3 credits")
    expect(charged.locator(".entry-balance")).to_be_in_viewport()
