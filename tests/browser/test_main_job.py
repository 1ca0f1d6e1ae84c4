"""From signing up to a saved search, in Chromium against real servers, and what happens when something goes wrong."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from credits.models import Credit, Quote
from properties.models import PropertyDatasetPermission, PropertyJob, SavedSearchRun
from properties.search.form import read_query
from properties.services import jobs, reveals, runner
from tests.browser.conftest import PHONE, WIDE
from tests.browser.steps import PATIENCE, empty_at_vendor, open_group, read_figure, sign_up
from tests.properties.conftest import Sandbox
from tests.worker import running_worker

SEARCH = "/search/?q=Phoenix%2C+AZ&beds_min=2"
PLACE = "Place, address or parcel number"
NEXT_TEN = re.compile("^Next 10 at most 10 credits")


@pytest.fixture(scope="module")
def worker(unblocked_db: None) -> Iterator[None]:
    """A Celery worker beside the live server."""
    with running_worker():
        yield


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """The vendor sandbox with an empty bill and no faults, before and after."""
    control = Sandbox(settings.BATCHDATA_BASE_URL)
    control.reset()
    yield control
    control.reset()


@pytest.fixture
def reveal(transactional_db: None, sandbox: Sandbox) -> Callable[[User, int], PropertyJob]:
    """Make a user own some properties of Phoenix."""

    def run(user: User, count: int) -> PropertyJob:
        now = timezone.now()
        query = read_query({"q": ["Phoenix, AZ"]})
        quote = reveals.quote_reveal(user=user, query=query, count=count, total=None, back_url="/search/", now=now)
        job = jobs.accept_quote(user=user, quote_id=quote.pk, now=now)
        return runner.run_job(job_id=str(job.pk), now=timezone.now) or job

    return run


def make_quote(page: Page, base_url: str) -> str:
    """Search, and ask for a quote of the next 10; returns its address."""
    page.goto(base_url + SEARCH)
    page.get_by_role("button", name=NEXT_TEN).click()
    expect(page.get_by_role("heading", name="Quote", level=1)).to_be_visible()
    return page.url


Look = Callable[[Page], None]


@pytest.fixture
def look(assert_accessible, assert_fits) -> Look:
    """See that a page fits a phone and a desk, and that it is accessible in both themes."""

    def see(page: Page) -> None:
        for size in (PHONE, WIDE):
            page.set_viewport_size(size)
            assert_fits(page)
        assert_accessible(page)

    return see


@pytest.mark.usefixtures("worker")
def test_the_main_job(page: Page, live_server, guard, sandbox, look):
    """Quotes, the ledger and the page of a property are looked at by their own tests."""
    guard.allow("htmx:(afterRequest|sendAbort)")  # a newer question drops an older one, which htmx calls an error
    sign_up(page, live_server.url, "Phoenix, AZ")
    see_the_county_before_paying(page, look)
    search_url = narrow_a_search(page, live_server.url, look)
    quote_is_free(page, sandbox)
    reveal_ten(page, look)
    unlock_two_datasets_of_which_one_is_empty(page)
    read_the_reason_in_the_ledger(page)
    page.goto(search_url)
    expect(page.locator(".figures dd").nth(1)).to_have_text("10")
    save_the_search_and_run_it_again(page, look)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="My properties").click()
    expect(page.locator("tr[data-property-id]")).to_have_count(10)
    look(page)


def see_the_county_before_paying(page: Page, look: Look) -> None:
    expect(page.get_by_role("heading", name=re.compile(r"^\d+ properties in Phoenix, AZ"))).to_be_visible()
    expect(page.get_by_role("link", name="Pre-foreclosure")).to_be_visible()
    expect(page.locator("#credit-balance")).to_have_text("50 credits")
    look(page)


def narrow_a_search(page: Page, base_url: str, look: Look) -> str:
    """A real city, then one filter after the other, each counted at once; returns the address of the search."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Search", exact=True).click()
    page.get_by_label(PLACE).press_sequentially("Phoeni")
    expect(page.get_by_role("option", name="Phoenix, AZ")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".figures dd").first).to_have_text(re.compile(r"^\d{3}$"))
    everything = read_figure(page, 0)

    open_group(page, "value")
    page.get_by_label("Estimated value from", exact=True).fill("100000")
    page.get_by_label("Equity from", exact=True).fill("20")
    open_group(page, "building")
    page.get_by_label("Bedrooms from", exact=True).fill("2")
    open_group(page, "owner")
    page.get_by_label("Individual", exact=True).check()
    open_group(page, "equity-signals")
    page.get_by_label("All: High equity", exact=True).check()
    open_group(page, "owner-signals")
    page.get_by_label("Any: Absentee owner", exact=True).check()
    page.get_by_label("Any: Owner-occupied", exact=True).check()
    expect(page).to_have_url(
        f"{base_url}/search/?q=Phoenix%2C+AZ&value_min=100000&equity_min=20&beds_min=2&owner_type=Individual"
        "&all=high-equity&any=absentee-owner&any=owner-occupied"
    )
    expect(page.get_by_role("link", name="Remove filter Must be: High equity")).to_be_visible()
    expect(page.locator("#active-owner-signals")).to_have_text("2 active")
    expect(page.locator("#search-status")).to_contain_text("already yours")
    expect(page.locator(".figures dd").nth(1)).to_have_text("0")
    assert 10 < read_figure(page, 0) < everything
    look(page)
    return page.url


def quote_is_free(page: Page, sandbox: Sandbox) -> None:
    page.get_by_role("button", name=NEXT_TEN).click()
    expect(page.get_by_text("Your balance is 50 credits")).to_be_visible()
    assert sandbox.bill()["results_billed"] == 0


def reveal_ten(page: Page, look: Look) -> None:
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("heading", name="10 properties revealed")).to_be_visible(timeout=2 * PATIENCE)
    sums = re.compile(r"Quoted at most\s*10 credits.*Charged\s*10 credits", re.DOTALL)
    expect(page.get_by_role("region", name="Receipt")).to_contain_text(sums)
    expect(page.locator("#credit-balance")).to_have_text("40 credits")
    expect(page.locator("tr[data-property-id]")).to_have_count(10)
    expect(page.locator("[data-map]")).to_have_attribute("data-loaded-for", re.compile("cells"))
    look(page)


def unlock_two_datasets_of_which_one_is_empty(page: Page) -> None:
    first = page.locator("tr[data-property-id]").first
    empty_at_vendor(first, "foreclosure")
    first.get_by_role("link").click()
    expect(page.get_by_role("heading", name="Property and owner")).to_be_visible()
    page.get_by_label("Signals").check()
    page.get_by_label("Foreclosure").check()
    page.get_by_role("button", name="Get a quote: 2 for at most 2 credits").click()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("Unlocked: 1 credit charged of 2 credits quoted")).to_be_visible(timeout=2 * PATIENCE)
    outcomes = page.locator(".fresh-receipt li")
    expect(outcomes.filter(has_text="Signals")).to_contain_text("unlocked")
    expect(outcomes.filter(has_text="Foreclosure")).to_contain_text("nothing on file")
    expect(page.locator("#credit-balance")).to_have_text("39 credits")


def read_the_reason_in_the_ledger(page: Page) -> None:
    page.locator("#credit-balance").click()
    charged = page.get_by_role("row").filter(has_text="Charged: 1 credit").first
    expect(charged).to_contain_text("Unlock Foreclosure, Signals of")


def save_the_search_and_run_it_again(page: Page, look: Look) -> None:
    page.get_by_role("button", name="Save search").click()
    expect(page.get_by_role("heading", name="Had you saved this 30 days ago")).to_be_visible()
    expect(page.locator(".past li")).to_have_count(3)
    look(page)
    SavedSearchRun.objects.update(ran_at=timezone.now() - timedelta(hours=1))  # a repetition at once is the same run
    page.get_by_role("button", name="Run it again, free").click()
    expect(page.get_by_role("heading", name="Since run 1")).to_be_visible()
    look(page)


@pytest.mark.usefixtures("worker")
def test_a_vendor_that_is_down_costs_nothing_and_is_said(
    page: Page, live_server, guard, sandbox, enter, alice, assert_accessible
):
    guard.allow("htmx:(afterRequest|sendError|sendAbort)")  # the page is left while it asks how far the job is
    before = Credit.objects.get(user=alice).credit_available
    make_quote(enter(page, alice), live_server.url)
    sandbox.fail("500", times=1000)
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("The data vendor does not answer at the moment.")).to_be_visible(timeout=2 * PATIENCE)
    expect(page.get_by_text("Charged so far").locator("..")).to_contain_text("0 credits")
    assert_accessible(page)

    page.goto(f"{live_server.url}/search/?q=Tucson%2C+AZ")
    expect(page.get_by_text("there is no count")).to_be_visible()
    assert_accessible(page)
    wallet = Credit.objects.get(user=alice)
    assert (wallet.credit_available, wallet.reserved) == (before - 10, 10)


@pytest.mark.usefixtures("worker")
def test_a_double_click_accepts_once(page: Page, live_server, sandbox, enter, alice):
    before = Credit.objects.get(user=alice).credit_available
    make_quote(enter(page, alice), live_server.url)

    page.get_by_role("button", name="Accept").dblclick()

    expect(page.get_by_role("heading", name="10 properties revealed")).to_be_visible(timeout=2 * PATIENCE)
    assert PropertyJob.objects.count() == 1
    assert Credit.objects.get(user=alice).credit_available == before - 10


@pytest.mark.usefixtures("worker")
def test_going_back_and_reloading_after_accepting_change_nothing(page: Page, live_server, sandbox, enter, alice):
    before = Credit.objects.get(user=alice).credit_available
    quote_url = make_quote(enter(page, alice), live_server.url)
    page.get_by_role("button", name="Accept").click()
    done = page.get_by_role("heading", name="10 properties revealed")
    expect(done).to_be_visible(timeout=2 * PATIENCE)
    job_url = page.url

    page.reload()
    expect(page).to_have_url(job_url)
    expect(done).to_be_visible()
    page.go_back()
    expect(page).to_have_url(quote_url)
    expect(page.get_by_role("heading", name="Receipt", level=1)).to_be_visible()
    expect(page.get_by_role("button", name="Accept")).to_have_count(0)
    page.get_by_role("link", name="See the result").click()

    expect(page).to_have_url(job_url)
    assert (PropertyJob.objects.count(), Quote.objects.count()) == (1, 1)
    assert Credit.objects.get(user=alice).credit_available == before - 10


def test_searches_without_an_answer_are_accessible(page: Page, live_server, sandbox, enter, alice, look):
    enter(page, alice)
    for asked in ("q=Springfield&beds_min=5&beds_max=2", "q=Phoenix%2C+AZ&beds_min=40", ""):
        page.goto(f"{live_server.url}/search/?{asked}")
        expect(page.get_by_role("heading", name="Search", level=1)).to_be_visible()
        look(page)


def test_the_property_of_somebody_else_does_not_exist(page: Page, live_server, guard, reveal, enter, alice, bob):
    reveal(alice, 1)
    address = PropertyDatasetPermission.objects.get(user=alice).get_absolute_url()
    guard.allow("404")

    answer = enter(page, bob).goto(live_server.url + address)

    assert answer is not None and answer.status == 404
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
