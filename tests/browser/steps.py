"""Steps of the main job that its tests with and without JavaScript share."""

from collections.abc import Iterator
from contextlib import contextmanager

import requests
from django.conf import settings
from playwright.sync_api import Locator, Page, Route, expect

from tests.accounts.helpers import mailed_code

PATIENCE = 30_000  # milliseconds, for a slow machine

expect.set_options(timeout=PATIENCE)


def sign_up(page: Page, base_url: str, market: str) -> None:
    """Sign up, confirm by the mailed code and follow a first market."""
    page.goto(f"{base_url}/accounts/signup/")
    page.get_by_label("Email").fill("fresh@example.test")
    page.get_by_label("Password").fill("a long and quiet sentence")
    page.get_by_role("button", name="Create account").click()
    page.get_by_label("Code").fill(mailed_code())
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Market").fill(market)
    page.get_by_role("button", name="Show my market").click()


def open_group(page: Page, key: str) -> None:
    """Unfold a group of filters."""
    page.locator("summary", has=page.locator(f"#active-{key}")).click()


def read_figure(page: Page, position: int) -> int:
    """One of the three figures of an answer: matches, owned, new. A rounded one reads "about 120"."""
    return int(page.locator(".figures dd").nth(position).inner_text().removeprefix("about ").replace(",", ""))


def press_key(page: Page, key: str) -> None:
    """Press a single key once the page listens for it, which the switch in its list of keys tells."""
    expect(page.locator("[data-keys-switch]")).to_be_checked()
    page.keyboard.press(key)


@contextmanager
def script_on_its_way(page: Page, name: str) -> Iterator[None]:
    """Load the page anew, and hold back one of its scripts in the block, as a slow line does.

    Scripts that the page names after it wait as well, and so does htmx, which begins once all of them ran.
    """
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    address = f"**/js/{name}.js"
    page.route(address, hold)
    with page.expect_request(address):
        page.reload(wait_until="commit")
    yield
    for route in held:
        route.continue_()


def empty_at_vendor(row: Locator, group: str) -> None:
    """Take a group of values out of the vendor's record of the property in this row of a list."""
    address = f"{settings.BATCHDATA_BASE_URL}/_sandbox/records/{row.get_attribute('data-property-id')}"
    requests.post(address, json={group: None}, timeout=10).raise_for_status()
