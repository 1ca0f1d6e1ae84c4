"""The main job in a browser that runs no script: plain forms and links, and pages that refresh themselves."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, expect

from credits.models import Credit
from properties.models import PropertyDatasetPermission, SavedSearchRun
from tests.browser.steps import PATIENCE, empty_at_vendor, open_group, read_figure, sign_up
from tests.properties.conftest import Sandbox
from tests.worker import running_worker

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def worker(unblocked_db: None) -> Iterator[None]:
    with running_worker():
        yield


@pytest.mark.usefixtures("worker")
def test_the_main_job_without_javascript(plain_page: Page, live_server):
    page = plain_page
    sandbox = Sandbox(settings.BATCHDATA_BASE_URL)
    sandbox.reset()

    # Sign up, confirm, follow a market, see its counts.
    sign_up(page, live_server.url, "Maricopa County, AZ")
    page.get_by_role("link", name="Absentee owner", exact=True).click()

    # The link of a signal is a search; the form narrows it, and the address says so.
    expect(page.get_by_label("All: Absentee owner", exact=True)).to_be_checked()
    absentee = read_figure(page, 0)
    open_group(page, "building")
    page.get_by_label("Bedrooms from", exact=True).fill("3")
    page.get_by_role("button", name="Count matches").click()
    expect(page).to_have_url(re.compile("beds_min=3"))
    assert 10 < read_figure(page, 0) < absentee

    # Quote, acceptance, a page that refreshes itself until the receipt is there.
    page.get_by_role("button", name=re.compile("^Next 10 at most 10 credits")).click()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("heading", name="10 properties revealed")).to_be_visible(timeout=2 * PATIENCE)
    expect(page.get_by_role("region", name="Receipt")).to_contain_text("10 credits")
    expect(page.locator("#credit-balance")).to_have_text("40 credits")
    rows = page.locator("tr[data-property-id]")
    expect(rows).to_have_count(10)
    expect(page.get_by_text("The map needs JavaScript")).to_be_visible()

    # Two datasets, one of which has nothing to tell.
    empty_at_vendor(rows.first, "listing")
    rows.first.get_by_role("link").click()
    page.get_by_label("Signals").check()
    page.get_by_label("Listing").check()
    page.get_by_role("button", name="Get a quote").click()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("Unlocked: 1 credit charged of 2 credits quoted")).to_be_visible(timeout=2 * PATIENCE)
    expect(page.locator("#credit-balance")).to_have_text("39 credits")
    expect(page.get_by_role("heading", name="Signals")).to_be_visible()

    # The list by place, the search saved and run again, the ledger.
    page.get_by_role("link", name="My properties").first.click()
    page.get_by_label("Place").fill("Maricopa County, AZ")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(rows).to_have_count(10)
    page.goto(f"{live_server.url}/search/?q=Maricopa+County%2C+AZ&all=absentee-owner&beds_min=3")
    assert read_figure(page, 1) == 10
    page.get_by_label("Save this search as").fill("Absentee, three beds")
    page.get_by_role("button", name="Save search").click()
    expect(page.get_by_role("heading", name="Had you saved this 30 days ago")).to_be_visible()
    SavedSearchRun.objects.update(ran_at=timezone.now() - timedelta(hours=1))  # a repetition at once is the same run
    page.get_by_role("button", name="Run it again, free").click()
    expect(page.get_by_text("Run 2,")).to_be_visible()
    page.locator("#credit-balance").click()
    expect(page.get_by_role("row").filter(has_text="Charged: 10 credits")).to_have_count(1)

    assert PropertyDatasetPermission.objects.count() == 10
    wallet = Credit.objects.get()
    assert (wallet.credit_available, wallet.reserved) == (39, 0)
    sandbox.reset()
