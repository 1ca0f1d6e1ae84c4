"""Single-key shortcuts in Chromium."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.factories import PropertyDatasetPermissionFactory

ADDRESSES = ["1 First St", "2 Second St"]


@pytest.fixture
def list_page(page: Page, live_server, enter, alice) -> Page:
    """My properties of alice, with two rows."""
    for address in ADDRESSES:
        PropertyDatasetPermissionFactory(user=alice, address=address)
    enter(page, alice).goto(f"{live_server.url}/properties/")
    return page


def find_rows(page: Page) -> Locator:
    return page.locator("[data-property-id]").get_by_role("link")


def find_search(page: Page) -> Locator:
    return page.locator("main [data-search-box], main input[type=search]").first


def test_j_and_k_move_along_the_rows(list_page):
    first, second = find_rows(list_page).all()
    list_page.keyboard.press("j")
    expect(first).to_be_focused()
    list_page.keyboard.press("j")
    expect(second).to_be_focused()
    list_page.keyboard.press("j")
    expect(second).to_be_focused()
    list_page.keyboard.press("k")
    expect(first).to_be_focused()


def test_a_slash_leads_to_the_search(list_page, live_server):
    list_page.goto(f"{live_server.url}/credits/")
    list_page.keyboard.press("/")
    list_page.wait_for_url(f"{live_server.url}/search/")
    list_page.keyboard.press("/")
    expect(find_search(list_page)).to_be_focused()


def test_no_key_acts_while_somebody_types(list_page, live_server):
    list_page.goto(f"{live_server.url}/search/")
    find_search(list_page).focus()
    list_page.keyboard.type("j/?")
    expect(find_search(list_page)).to_have_value("j/?")
    expect(list_page.get_by_role("dialog")).to_be_hidden()


def test_the_keys_are_listed_and_can_be_turned_off(list_page, assert_accessible):
    list_page.keyboard.press("?")
    dialog = list_page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    assert_accessible(list_page)
    dialog.get_by_label("Use single-key shortcuts").uncheck()
    dialog.get_by_role("button", name="Close").click()
    list_page.keyboard.press("j")
    expect(find_rows(list_page).first).not_to_be_focused()
    list_page.reload()
    list_page.get_by_role("button", name="Account menu").click()
    list_page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(dialog.get_by_label("Use single-key shortcuts")).not_to_be_checked()
