"""Quotes in each state, and the credits page: fit for a phone and a desk, and accessible in both themes."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

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
from tests.credits.ledgers import load_script, spend


@pytest.fixture
def show(page: Page, live_server, enter, assert_accessible, assert_fits) -> Callable[[User, str], Page]:
    """Open an address as a user, and look at it at both widths and in both themes."""

    def look(user: User, address: str) -> Page:
        enter(page, user).goto(live_server.url + address)
        for size in (WIDE, PHONE):
            page.set_viewport_size(size)
            assert_fits(page)
            assert_accessible(page, in_dark=size is WIDE)
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


def address_of(page: Page) -> str:
    """Where a page is, on its own site."""
    return page.url.removeprefix(page.evaluate("location.origin"))


def work(user: User) -> None:
    """Some weeks of charges of both types, from a search and from nothing that has a name."""
    now = timezone.now()
    search = credit_services.QuoteSource(kind="search", id="1", label="Phoenix, AZ: Vacant", url="/search/?q=Phoenix")
    for days in (25, 24, 18, 11, 3):
        spend(user.pk, hits=days, units=30, now=now - timedelta(days=days), source=search)
        spend(user.pk, hits=9, units=9, now=now - timedelta(days=days), kind="skiptrace", credit_type="SKIPTRACE")


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
    expect(page.get_by_role("button", name="Quote the same again")).to_be_visible()
    expect(page.get_by_role("link", name="Choose anew")).to_be_visible()
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
    expect(page.get_by_role("heading", name="Charged: 3 credits", level=1)).to_be_visible()
    show(alice, address_of(page))
    page.get_by_role("link", name="See it in the statement").click()
    show(alice, address_of(page))
    charged = page.get_by_role("row").filter(has_text="Charged: 3 credits")
    expect(charged).to_contain_text("Page 1")
    assert text_in_sight(page, "Charged: 3 credits")
    expect(charged.locator(".entry-balance")).to_be_in_viewport()


# ---------------------------------------------------------------- the pages of credits


def test_every_page_of_credits_fits_and_is_accessible(show, alice):
    work(alice)
    for name in ("", "usage/", "receipts/", "prices/", "entries/3/"):
        page = show(alice, f"/credits/{name}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_empty_pages_of_credits_say_why_and_what_next(show, carol):
    for name in ("", "usage/", "receipts/"):
        page = show(carol, f"/credits/{name}")
        expect(page.get_by_role("link", name="Search properties")).to_have_attribute(
            "href", reverse("properties:search")
        )
    page.get_by_role("link", name="Search properties").click()
    expect(page.get_by_role("heading", name="Search", level=1)).to_be_visible()


def test_the_statement_is_filtered_from_the_page(page, live_server, enter, show, alice):
    work(alice)
    enter(page, alice).goto(f"{live_server.url}/credits/")
    page.get_by_text("Filter and export").click()
    page.get_by_label("What", exact=True).select_option("Charged")
    page.get_by_label("Operation").select_option("Skip trace")
    page.get_by_role("button", name="Show", exact=True).click()
    show(alice, address_of(page))
    expect(page.get_by_role("region", name="Statement").get_by_role("row")).to_have_count(6)
    expect(page.get_by_role("link", name="CSV of these")).to_be_visible()
    page.get_by_role("link", name="Show everything").click()
    expect(page.get_by_text("26 entries")).to_be_visible()


def test_the_pages_of_credits_work_without_javascript(plain_page, live_server, enter, alice):
    work(alice)
    page = enter(plain_page, alice)
    page.goto(f"{live_server.url}/credits/")
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_role("link", name="Newer")).to_be_visible()
    page.get_by_role("button", name="Stop all automatic spending").click()
    expect(page.get_by_role("heading", name="Automatic spending: stopped")).to_be_visible()
    page.get_by_role("button", name="Allow it again").click()
    expect(page.get_by_role("heading", name="Automatic spending: allowed")).to_be_visible()
    page.get_by_role("link", name="Usage").click()
    page.get_by_role("link", name="90 days").click()
    expect(page.get_by_role("img", name="Credits charged by day, last 90 days")).to_be_visible()
    page.get_by_text("The figures as a table").click()
    expect(page.get_by_role("region", name="Credits charged by day").get_by_role("row")).to_have_count(91)


def test_the_balance_of_a_moment_is_found_from_the_page(page, live_server, enter, show, alice):
    enter(page, alice).goto(f"{live_server.url}/credits/")
    page.get_by_label("Moment", exact=True).fill("2026-11-01T12:00")
    page.get_by_role("button", name="Show the balance").click()
    expect(page.get_by_role("status").filter(has_text="before the first entry")).to_contain_text("0 credits")
    show(alice, address_of(page))


def test_the_chart_is_drawn_in_the_colors_of_its_legend(page, live_server, enter, alice):
    work(alice)
    enter(page, alice).goto(f"{live_server.url}/credits/usage/")
    colors = {}
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        bars = page.locator(".chart-bar rect").evaluate_all("all => all.map(each => getComputedStyle(each).fill)")
        legend = page.locator(".chart-legend rect").evaluate_all("all => all.map(each => getComputedStyle(each).fill)")
        assert set(bars) == set(legend)
        assert len(set(legend)) == 2
        colors[theme] = legend
    assert colors["light"] != colors["dark"]


def test_a_ledger_taken_from_the_page_fits(page, live_server, enter, alice, tmp_path):
    work(alice)
    enter(page, alice).goto(f"{live_server.url}/credits/")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download your ledger with its hash chain").click()
    ledger = tmp_path / "ledger.jsonl"
    download.value.save_as(ledger)
    assert download.value.suggested_filename.startswith("atlas-ledger-")
    with ledger.open("rb") as lines:
        assert load_script().verify(lines)["entries"] == 26


def test_an_announced_raise_is_seen_on_the_price_page(show, alice):
    now = timezone.now()
    credit_services.set_weight(credit_type="SEARCH", weight=Decimal("1.5"), actor="sam@example.test", now=now)
    page = show(alice, "/credits/prices/")
    row = page.get_by_role("row").filter(has_text="Reveal a property from a search")
    expect(row).to_contain_text("1.5 from")


def test_what_is_missing_can_be_bought_on_the_way(page, live_server, enter, carol):
    enter(page, carol).goto(live_server.url + page_of(offer(carol, 5)))
    page.get_by_role("link", name="Get more credits").click()
    expect(page).to_have_url(re.compile(r"/billing/plans/\?next=/quotes/\w+/$"))
