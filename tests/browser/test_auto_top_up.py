"""Auto top-up on the billing page, set up by hand on a desk and on a phone, and without JavaScript."""

import os
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from billing import services as billing_services
from billing.models import AutoTopUp
from tests.billing.chargebee_site import ChargebeeSite
from tests.browser.conftest import PHONE, WIDE


@pytest.fixture
def site(transactional_db: None) -> Iterator[ChargebeeSite]:
    """The sandbox Chargebee with its price list copied."""
    site = ChargebeeSite(settings.CHARGEBEE_BASE_URL)
    site.control("reset")
    billing_services.copy_offers(now=timezone.now())
    yield site
    site.control("reset")


def set_up(page: Page) -> None:
    """Fill the form in and press its button."""
    page.get_by_text("Set it up").click()
    page.get_by_label("Pack", exact=True).select_option("pack-500-USD")
    page.get_by_label("Buy it when fewer credits can be spent than").fill("100")
    page.get_by_label("At most in a calendar month, in dollars").fill("258")
    page.get_by_role("button", name="Turn auto top-up on").click()


def read(page: Page, user: User) -> None:
    """Expect that the page says what was ordered."""
    section = page.locator("#auto-top-up")
    for words in ("Auto top-up: on", "fewer than 100 credits", "$129.00", "500 credits", "$258.00"):
        expect(section).to_contain_text(words)
    assert AutoTopUp.objects.get(user_id=user.pk).monthly_cap_cents == 25_800


def test_a_user_turns_it_on_and_off(page, enter, live_server, carol, site, assert_accessible, assert_fits):
    def look(state: str) -> None:
        for size in (WIDE, PHONE):
            page.set_viewport_size(size)
            assert_fits(page)
            assert_accessible(page, in_dark=size is WIDE)
            shoot(page, f"{state}-{size['width']}")

    site.open_account(carol)
    enter(page, carol).goto(live_server.url + reverse("billing:show-billing"))
    page.get_by_text("Set it up").click()
    look("off")
    page.get_by_text("Set it up").click()
    set_up(page)
    read(page, carol)
    look("on")
    page.get_by_role("button", name="Turn auto top-up off").click()
    expect(page.locator("#auto-top-up")).to_contain_text("Auto top-up: off")
    assert not AutoTopUp.objects.get(user_id=carol.pk).is_enabled


def test_it_works_without_javascript(plain_page, enter, live_server, carol, site):
    site.open_account(carol)
    enter(plain_page, carol).goto(live_server.url + reverse("billing:show-billing"))
    set_up(plain_page)
    read(plain_page, carol)


def shoot(page: Page, name: str) -> None:
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
