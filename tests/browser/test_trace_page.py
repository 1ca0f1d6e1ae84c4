"""A skip trace in Chromium: chosen, quoted, watched without a reload by hand, paused, and done."""

import re

from django.utils import timezone
from playwright.sync_api import Page, expect

from leads.models import Enrichment
from tests.browser.conftest import PHONE, WIDE
from tests.leads.traces.conftest import make_list, work


def test_a_skip_trace_is_watched_until_its_result_is_there(
    page: Page, live_server, enter, alice, settings, assert_accessible, assert_fits
):
    settings.TRACE_LANES = 1

    def look() -> None:
        assert_accessible(page)
        page.set_viewport_size(PHONE)
        assert_fits(page)
        page.set_viewport_size(WIDE)

    group = make_list(alice, 120)
    enter(page, alice).goto(f"{live_server.url}/leads/{group.pk}/trace/")
    look()
    page.get_by_role("button", name="All 120 at most 60 credits").click()
    page.get_by_role("button", name="Accept: at most 60 credits, 940 left after it").click()
    heading, status = page.get_by_role("heading", level=1), page.locator("#trace-status")
    expect(heading).to_have_text("Tracing")
    expect(page.get_by_role("progressbar", name="Contacts traced")).to_have_attribute("max", "120")
    look()

    # The page renews itself each second, but takes no button away from under a finger.
    page.get_by_role("button", name="Pause").hover()
    page.mouse.down()
    with page.expect_response(page.url):
        pass
    page.mouse.up()
    expect(heading).to_have_text("Paused")
    page.get_by_role("button", name="Go on").click()
    expect(heading).to_have_text("Tracing")

    # From here on nobody touches the page.
    work(Enrichment.objects.get(), timezone.now())
    done = re.compile(r"^\d+ of 120 contacts have a phone number$")
    expect(heading).to_have_text(done)
    expect(page).to_have_title(re.compile("contacts have a phone number: Probate list"))
    expect(status).to_have_text(re.compile(r"^Done: \d+ of 120 contacts have a phone number, \d+ credits charged\.$"))
    charged = page.get_by_role("region", name="Receipt").locator(".receipt-total dd").inner_text()
    left = 1_000 - int(charged.split()[0])
    expect(page.locator("#credit-balance")).to_have_text(f"{left} credits")
    look()
    page.get_by_role("link", name="Skip traces").click()
    expect(page.get_by_role("row", name="Probate list")).to_contain_text(charged)
    look()
