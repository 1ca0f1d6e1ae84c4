"""Messages in Chromium: toasts that can be dismissed, plain alerts without JavaScript."""

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User

SHOWN_FOR = 10_000


@pytest.fixture
def leave(live_server, enter, alice):
    """Log alice out, which leaves a message on the front page."""

    def log_out(page: Page, user: User = alice) -> Page:
        enter(page, user).goto(f"{live_server.url}/accounts/logout/")
        page.get_by_role("main").get_by_role("button", name="Log out").click()
        return page

    return log_out


def find_message(page: Page):
    return page.get_by_role("status").locator("[data-message]")


def test_a_message_can_be_dismissed(page: Page, leave, assert_accessible):
    message = find_message(leave(page))
    expect(message).to_contain_text("You are logged out")
    dismiss = message.get_by_role("button", name="Dismiss")
    dismiss.focus()  # else it leaves after ten seconds
    assert_accessible(page)
    dismiss.click()
    expect(message).to_have_count(0)


def test_good_news_leaves_by_itself_unless_somebody_is_in_it(page: Page, leave):
    page.clock.install()
    message = find_message(leave(page))
    message.get_by_role("button", name="Dismiss").focus()
    page.clock.run_for(2 * SHOWN_FOR)
    expect(message).to_have_count(1)
    message.get_by_role("button", name="Dismiss").blur()
    page.clock.run_for(SHOWN_FOR)
    expect(message).to_have_count(0)


def test_without_javascript_a_message_is_an_alert_above_the_page(plain_page: Page, leave):
    message = find_message(leave(plain_page))
    expect(message).to_be_visible()
    expect(message.get_by_role("button", name="Dismiss")).to_be_hidden()
    below = plain_page.get_by_role("main").bounding_box()["y"]
    box = message.bounding_box()
    assert box["y"] + box["height"] <= below
