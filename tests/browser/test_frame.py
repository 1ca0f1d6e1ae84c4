"""The frame around every page, in Chromium: both themes, both widths, with and without JavaScript."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from credits.selectors import header_balance
from tests.browser.conftest import PHONE, WIDE

DARK_PAPER = "rgb(15, 20, 22)"
LIGHT_PAPER = "rgb(246, 246, 242)"


@pytest.fixture
def look(assert_accessible, assert_fits) -> Callable[[Page], None]:
    """See that a page fits a phone and a desk, and that it is accessible at both widths and in both themes."""

    def see(page: Page) -> None:
        for size in (WIDE, PHONE):
            page.set_viewport_size(size)
            assert_fits(page)
            assert_accessible(page, in_dark=size is WIDE)

    return see


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"])
def test_a_page_for_visitors_is_accessible(page: Page, live_server, look, path):
    page.goto(live_server.url + path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    look(page)


def test_a_missing_page_is_accessible_and_leads_on(page: Page, live_server, guard, enter, alice, look):
    guard.allow("404")
    enter(page, alice).goto(f"{live_server.url}/no/such/page/")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    expect(page.get_by_role("link", name="Search properties")).to_have_attribute("href", "/search/")
    look(page)


def test_the_header_shows_the_balance_and_the_way_around(page: Page, live_server, guard, enter, alice):
    guard.allow("404")
    enter(page, alice).goto(f"{live_server.url}/no/such/page/")
    expect(page.locator("#credit-balance")).to_have_text(f"{header_balance(alice):,} credits")
    navigation = page.get_by_role("navigation", name="Main")
    expect(navigation.get_by_role("link")).to_have_text(
        ["Search", "My properties", "Saved searches", "Lists", "Today", "Credits", "Billing"]
    )


@pytest.mark.parametrize("kind", ["page", "plain_page"])
def test_the_account_menu_opens_without_a_script_of_ours(request, kind, live_server, guard, enter, alice):
    guard.allow("404")
    page: Page = request.getfixturevalue(kind)
    enter(page, alice).goto(f"{live_server.url}/no/such/page/")
    expect(page.get_by_text(alice.email)).to_be_hidden()
    page.get_by_role("button", name="Account menu").click()
    expect(page.get_by_text(alice.email)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text(alice.email)).to_be_hidden()


def test_on_a_phone_the_navigation_is_behind_a_button(page: Page, live_server, guard, enter, alice, assert_accessible):
    guard.allow("404")
    page.set_viewport_size(PHONE)
    enter(page, alice).goto(f"{live_server.url}/no/such/page/")
    link = page.get_by_role("link", name="Saved searches")
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Main menu").click()
    expect(link).to_be_visible()
    assert_accessible(page)


def test_logging_out_from_the_menu_ends_the_session(page: Page, live_server, guard, enter, alice):
    guard.allow("404")
    enter(page, alice).goto(f"{live_server.url}/no/such/page/")
    page.get_by_role("button", name="Account menu").click()
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(f"{live_server.url}/")
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()


@pytest.mark.parametrize("system", ["light", "dark"])
def test_without_a_choice_the_theme_is_that_of_the_system(plain_page: Page, live_server, system):
    plain_page.emulate_media(color_scheme=system)
    plain_page.goto(live_server.url)
    paper = {"light": LIGHT_PAPER, "dark": DARK_PAPER}[system]
    expect(plain_page.locator("body")).to_have_css("background-color", paper)


def test_the_theme_switch_works_without_javascript(plain_page: Page, live_server):
    plain_page.goto(f"{live_server.url}/accounts/login/?next=/search/")
    plain_page.get_by_role("button", name="Dark").click()
    expect(plain_page).to_have_url(f"{live_server.url}/accounts/login/?next=/search/")
    expect(plain_page.locator("body")).to_have_css("background-color", DARK_PAPER)
    expect(plain_page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    plain_page.get_by_role("button", name="Auto").click()
    expect(plain_page.locator("body")).to_have_css("background-color", LIGHT_PAPER)


def test_the_theme_switch_acts_at_once_and_is_remembered(page: Page, live_server):
    page.goto(f"{live_server.url}/accounts/login/")
    page.get_by_label("Email").fill("half typed")
    with page.expect_response("**/theme/"):
        page.get_by_role("button", name="Dark").click()
        expect(page.locator("body")).to_have_css("background-color", DARK_PAPER)
    expect(page.get_by_label("Email")).to_have_value("half typed")
    page.goto(live_server.url)
    expect(page.locator("body")).to_have_css("background-color", DARK_PAPER)


def test_the_first_tab_stop_skips_to_the_content(page: Page, live_server):
    page.goto(live_server.url)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_the_browser_refuses_what_the_policy_forbids(page: Page, live_server, guard):
    guard.allow("Content Security Policy")
    page.goto(live_server.url)
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "document.body.dataset.broken = 'yes'";
        document.body.append(script);
    }""")
    expect(page.locator("body")).not_to_have_attribute("data-broken", "yes")
