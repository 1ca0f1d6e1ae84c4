"""The page of a property in Chromium: unlock, ask again, comparables to an offer, notes, print, at both widths."""

import re
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from properties.models import Dataset, PropertyDatasetPermission, PropertySheet, SavedSearch
from properties.search.form import read_query
from properties.services import jobs, reveals, runner
from tests.browser.conftest import PHONE, WIDE
from tests.browser.steps import PATIENCE, script_on_its_way
from tests.factories import PropertyDatasetPermissionFactory, PropertyFactory
from tests.properties.conftest import Sandbox
from tests.vendors.trees import whole_record
from tests.worker import running_worker

WIDE_LIMITS = "miles=25&bedrooms=&bathrooms=&area_percent=&years=&months="


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
def reveal(transactional_db: None, sandbox: Sandbox) -> Callable[[User, int], None]:
    """Make a user own some properties of Phoenix."""

    def run(user: User, count: int) -> None:
        now = timezone.now()
        query = read_query({"q": ["Phoenix, AZ"]})
        quote = reveals.quote_reveal(user=user, query=query, count=count, total=None, back_url="/search/", now=now)
        job = jobs.accept_quote(user=user, quote_id=quote.pk, now=now)
        runner.run_job(job_id=str(job.pk), now=timezone.now)

    return run


@pytest.fixture
def look(assert_accessible, assert_fits) -> Callable[[Page], None]:
    """See that a page fits a phone and a desk, and that it is accessible at both widths and in both themes."""

    def see(page: Page) -> None:
        for size in (PHONE, WIDE):
            page.set_viewport_size(size)
            assert_fits(page)
            assert_accessible(page, in_dark=size is WIDE)

    return see


@pytest.mark.usefixtures("worker")
def test_from_unlocking_several_to_an_offer(page: Page, live_server, reveal, enter, alice, look):
    reveal(alice, 25)
    permission = PropertyDatasetPermission.objects.filter(user=alice, living_area_square_feet__gt=0).first()
    address = live_server.url + permission.get_absolute_url()
    enter(page, alice).goto(address)

    come_to_unlocking_on_a_phone(page)
    unlock_several(page)
    ask_again(page)
    make_an_offer(page, address)
    write_notes(page, live_server.url)
    look(page)
    print_it(page, look)

    sheet = PropertySheet.objects.get(user=alice)
    assert len(sheet.pinned_ids) == 2
    assert (sheet.percent, sheet.repairs, sheet.fee, sheet.arv) == (65, 40_000, 10_000, None)


def come_to_unlocking_on_a_phone(page: Page) -> None:
    """The form is far down there; ways to it are on the first screen, and in the bar that stays."""
    page.set_viewport_size(PHONE)
    expect(page.get_by_role("link", name="Unlock more")).to_be_in_viewport()
    expect(page.locator("#unlock")).not_to_be_in_viewport()
    page.locator("#notes").scroll_into_view_if_needed()
    way = page.get_by_role("navigation", name="On this page").get_by_role("link", name="locked")
    expect(way).to_be_in_viewport(ratio=1)

    way.focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Unlock more")).to_be_in_viewport()
    page.keyboard.press("Tab")
    expect(page.locator("#unlock input[type=checkbox]").first).to_be_focused()
    page.set_viewport_size(WIDE)


def unlock_several(page: Page) -> None:
    unlock = page.locator("#unlock")
    unlock.get_by_label("Value and equity").check()
    unlock.get_by_label("Deed history").check()
    unlock.get_by_label("Signals").check()
    expect(unlock).to_contain_text("At least 972 credits are left after it.")
    unlock.get_by_role("button", name="Get a quote: 3 for at most 3 credits").click()
    page.get_by_role("button", name="Accept").click()
    expect(page.locator(".fresh-receipt")).to_contain_text(
        re.compile(r"Unlocked: [23] credits charged of 3 credits quoted"), timeout=2 * PATIENCE
    )
    expect(page.get_by_role("heading", name="Signals", exact=True)).to_be_visible()
    expect(page.locator("#neighbors .map-point").first).to_be_visible()


def ask_again(page: Page) -> None:
    before = page.locator("#credit-balance").inner_text()
    page.get_by_role("button", name="Ask again for Property and owner").click()
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("link", name="Back to the property").click(timeout=2 * PATIENCE)
    expect(page.locator(".fresh-receipt")).to_contain_text("Asked again: 0 credits charged of 1 credit quoted")
    expect(page.locator(".fresh-receipt li").first).to_contain_text("unchanged")
    expect(page.locator("#credit-balance")).to_have_text(before)
    expect(page.locator("#basic")).to_contain_text("free if not (49 left this month)")


def make_an_offer(page: Page, address: str) -> None:
    page.goto(f"{address}?{WIDE_LIMITS}&outliers=1#comparables")
    rows = page.get_by_role("region", name="Comparables").get_by_role("row")
    priced = rows.filter(has_text=re.compile(r"\$[\d,]+\s+\$[\d.]+"))
    for _ in range(2):
        priced.filter(has=page.locator(".pin[aria-pressed=false]")).first.get_by_role("button").click()
        expect(page.locator(".pin[aria-pressed=true]").first).to_be_visible()
    expect(page.locator(".pin[aria-pressed=true]")).to_have_count(2)
    expect(page.locator(".arithmetic")).to_contain_text(
        re.compile(r"Median of 2 pinned: \$[\d.]+ per sq ft × [\d,]+ sq ft")
    )

    page.get_by_label("Share of it, in percent").fill("65")
    page.get_by_label("Repairs").fill("40000")
    page.get_by_label("Your fee").fill("10000")
    offer = page.locator("[data-offer]")
    expect(offer).to_contain_text("× 65 % − $40,000 repairs − $10,000 fee =")
    calculated = offer.inner_text()
    page.get_by_role("button", name="Save the sheet").click()
    expect(page.get_by_label("Repairs")).to_have_value("40000")
    assert re.sub(r"\s+", " ", offer.inner_text()) == re.sub(r"\s+", " ", calculated)

    page.get_by_label("Repairs").fill("90000000")
    expect(offer).to_contain_text("At these figures the deal loses money.")
    expect(offer).to_contain_text("−$")


def write_notes(page: Page, base_url: str) -> None:
    page.get_by_role("textbox", name=re.compile("^Notes")).fill("Blue door.\nCall after five.")
    page.get_by_role("textbox", name=re.compile("^Tags")).fill("Driven By, corner  lot, driven by")
    page.get_by_role("button", name="Save notes").click()
    expect(page.get_by_role("textbox", name=re.compile("^Notes"))).to_have_value("Blue door.\nCall after five.")
    tags = page.get_by_role("list", name="Tags").get_by_role("link")
    expect(tags).to_have_text(["driven by", "corner lot"])
    expect(tags.first).to_have_attribute("href", f"{reverse('properties:list-properties')}?tag=driven%20by")


def print_it(page: Page, look: Callable[[Page], None]) -> None:
    page.get_by_role("link", name="Print view").click()
    expect(page.get_by_role("heading", name="Comparables and offer")).to_be_visible()
    expect(page.locator("form, button, nav")).to_have_count(0)
    expect(page.locator("article")).to_contain_text("Blue door.")
    expect(page.locator(".print-page")).to_contain_text("× 65 %")
    look(page)


def everything(user: User) -> PropertyDatasetPermission:
    """A property of which the user has unlocked everything, and the record has it all."""
    record = whole_record()
    record["owner"]["phoneNumbers"].append({"number": "6025550177", "type": "Land Line", "dnc": True, "tcpa": False})
    record["listing"] |= {"maxListPrice": 439000, "maxListPriceDate": "2025-03-01", "minListPrice": 415000,
                          "minListPriceDate": "2025-06-01"}  # fmt: skip
    moment = timezone.now().isoformat()
    asked = {dataset: {"at": moment, "hit": True} for dataset in Dataset.values}
    held = PropertyFactory.create(data=record, asked=asked, address="1420 W Palm Ln")
    values = {"latitude": 33.4672, "longitude": -112.0891, "living_area_square_feet": 1640, "bedroom_count": 3,
              "bathroom_count": 2.5, "year_built": 1978, "property_type": "Single Family",
              "last_sale_on": timezone.now().date()}  # fmt: skip
    for number in range(7):
        near = {**values, "latitude": 33.4672 + (number + 1) / 900, "last_sale_price": 300_000 + 9_000 * number}
        PropertyDatasetPermissionFactory.create(user=user, address=f"{number + 1} Near St", **near)
    return PropertyDatasetPermissionFactory.create(
        user=user, property_id=held.property_id, datasets=list(Dataset.values), address=held.address, **values,
        proofs=["Vacant"], owner_name="Jane Doe", owner_type="Individual", owner_occupied=False,
    )  # fmt: skip


def test_everything_unlocked_is_accessible_and_fits(page: Page, live_server, enter, alice, look):
    permission = everything(alice)
    SavedSearch.objects.create(
        user=alice, name="Larger ones", filters={"q": ["Phoenix, AZ"], "area_min": ["1700"]}, created_at=timezone.now()
    )
    enter(page, alice).goto(live_server.url + permission.get_absolute_url())

    expect(page.get_by_role("img", name="Estimated value and its range")).to_be_visible()
    expect(page.get_by_role("img", name="Price history")).to_be_visible()
    expect(page.get_by_role("list", name="Phones").get_by_role("listitem")).to_have_count(4)
    page.locator("#searches summary").first.click()
    expect(page.locator("#searches")).to_contain_text("Larger ones")
    expect(page.locator("#neighbors [data-map]")).to_have_attribute("data-loaded-for", re.compile("area=circle"))
    expect(page.locator("#neighbors .neighbor-list a")).to_have_count(6)
    look(page)


def test_what_is_done_before_the_scripts_have_come_counts(page: Page, live_server, enter, alice):
    permission = everything(alice)
    SavedSearch.objects.create(
        user=alice, name="Larger ones", filters={"q": ["Phoenix, AZ"], "area_min": ["1700"]}, created_at=timezone.now()
    )
    enter(page, alice).goto(live_server.url + permission.get_absolute_url())

    with script_on_its_way(page, "sheet"):
        page.get_by_label("Repairs").fill("25000")
        page.get_by_label("After-repair value (ARV)").fill("300000")
        page.locator("#searches-summary").click()

    expect(page.locator("[data-offer]")).to_contain_text("− $25,000 repairs")
    expect(page.locator("#searches")).to_contain_text("Larger ones")


def test_sections_fold_and_the_jump_bar_leads_to_them_by_keyboard(page: Page, live_server, enter, alice):
    permission = everything(alice)
    enter(page, alice).goto(live_server.url + permission.get_absolute_url())
    section = page.locator("#permit")

    section.locator("summary").first.focus()
    page.keyboard.press("Enter")
    expect(section).not_to_have_attribute("open", "")
    page.get_by_role("navigation", name="On this page").get_by_role("link", name="Phones and e-mails").focus()
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("#contact$"))
    expect(page.locator("#contact")).to_be_in_viewport()


def test_the_exact_time_is_read_on_focus(page: Page, live_server, enter, alice):
    permission = everything(alice)
    enter(page, alice).goto(live_server.url + permission.get_absolute_url())
    moment = page.locator("#valuation .when")
    exact = moment.locator(".when-exact")
    assert exact.bounding_box()["width"] <= 1

    moment.focus()

    assert exact.bounding_box()["width"] > 100
    expect(exact).to_have_text(re.compile(r"^\w+ \d+, \d{4}, \d+:\d\d [AP]M \w+$"))


def test_without_javascript_a_comparable_is_pinned_and_the_sheet_saved(plain_page: Page, live_server, enter, alice):
    permission = everything(alice)
    enter(plain_page, alice).goto(live_server.url + permission.get_absolute_url())

    plain_page.get_by_role("button", name="Pin 1 Near St").click()
    plain_page.get_by_label("Repairs").fill("25000")
    plain_page.get_by_role("button", name="Save the sheet").click()

    # $300,000 / 1,640 sq ft = $182.93; × 1,640 = $300,005; × 70 % = $210,004.
    expect(plain_page.locator(".arithmetic")).to_contain_text("$182.93 per sq ft × 1,640 sq ft = $300,005")
    expect(plain_page.locator("[data-offer]")).to_contain_text("$185,004")
