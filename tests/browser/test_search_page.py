"""The search page in Chromium: its address, counts, filters, box and keys, and what it says when nothing is there."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
import requests
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Error, Page, Route, expect

from accounts.models import User
from properties.models import PropertyJob
from properties.search.form import read_query
from properties.services import jobs, reveals, runner
from tests.browser.conftest import PHONE, WIDE
from tests.browser.steps import open_group, script_on_its_way
from tests.factories import FollowedMarketFactory
from tests.properties.conftest import Sandbox

PLACE = "Place, address or parcel number"
PHOENIX = "/search/?q=Phoenix%2C+AZ"
ONLY_PHOENIX = re.compile(r"\?q=Phoenix%2C(\+|%20)AZ$")
# A newer question drops an older one, which htmx calls an error.
DROPPED = "htmx:(afterRequest|sendAbort)"


@pytest.fixture(autouse=True)
def sandbox() -> Iterator[Sandbox]:
    """The vendor sandbox with an empty bill and no faults, before and after."""
    control = Sandbox(settings.BATCHDATA_BASE_URL)
    control.reset()
    yield control
    control.reset()


@pytest.fixture
def search_page(page: Page, live_server, enter, alice, guard) -> Callable[[str], Page]:
    """The search page of alice at an address."""
    guard.allow(DROPPED)
    enter(page, alice)

    def visit(address: str = PHOENIX) -> Page:
        page.goto(live_server.url + address)
        return page

    return visit


@pytest.fixture
def reveal(transactional_db: None) -> Callable[[User, int], PropertyJob]:
    """Make a user own some properties of Phoenix."""

    def run(user: User, count: int) -> PropertyJob:
        now, query = timezone.now(), read_query({"q": ["Phoenix, AZ"]})
        quote = reveals.quote_reveal(user=user, query=query, count=count, total=None, back_url="/search/", now=now)
        job = jobs.accept_quote(user=user, quote_id=quote.pk, now=now)
        return runner.run_job(job_id=str(job.pk), now=timezone.now) or job

    return run


def figure(page: Page):
    return page.locator(".figures dd").first


# ---------------------------------------------------------------- 1: the address is the search


def test_the_address_gives_the_same_form_and_count_in_another_session(
    search_page, new_context, guard, live_server, enter, bob
):
    mine = search_page(f"{PHOENIX}&beds_min=2&all=high-equity&none=vacant&sort=-built")
    found = figure(mine).inner_text()
    context = new_context()
    guard.watch(context)

    his = enter(context.new_page(), bob)
    his.goto(mine.url)

    expect(figure(his)).to_have_text(found)
    expect(his.get_by_label("Bedrooms from", exact=True)).to_have_value("2")
    expect(his.get_by_label("All: High equity", exact=True)).to_be_checked()
    expect(his.get_by_label("None: Vacant", exact=True)).to_be_checked()
    expect(his.get_by_label("Order")).to_have_value("-built")
    expect(his.get_by_role("link", name="Remove filter")).to_have_count(4)


def test_back_restores_form_count_and_chips(search_page):
    page = search_page(f"{PHOENIX}&beds_min=2")
    before = figure(page).inner_text()
    page.get_by_label("Bedrooms from", exact=True).fill("5")
    expect(page).to_have_url(re.compile("beds_min=5"))
    expect(page.get_by_role("link", name="Remove filter Bedrooms from 5")).to_be_visible()

    page.go_back()

    expect(page).to_have_url(re.compile("beds_min=2"))
    expect(figure(page)).to_have_text(before)
    expect(page.get_by_label("Bedrooms from", exact=True)).to_have_value("2")


# ---------------------------------------------------------------- 2: counts keep step


def test_a_count_follows_what_is_typed_and_is_announced(search_page):
    page = search_page(f"{PHOENIX}&beds_min=2")
    before = figure(page).inner_text()
    beds = page.get_by_label("Bedrooms from", exact=True)

    beds.press("End")
    with page.expect_response(re.compile("beds_min=24")):
        beds.press_sequentially("4")

    expect(figure(page)).not_to_have_text(before)
    expect(page.get_by_role("status").filter(has_text="already yours")).to_contain_text("fewer than 10 match")
    expect(beds).to_be_focused()


def test_old_numbers_are_dimmed_and_an_older_answer_is_dropped(search_page):
    """The question for four bedrooms gets no answer before that for forty is there."""
    page = search_page(f"{PHOENIX}&beds_min=2")
    held: list[Route] = []
    page.route(re.compile(r"/search/.*beds_min=4(&|$)"), lambda route: held.append(route))  # noqa: PLW0108 -- Playwright takes no method of a list
    beds = page.get_by_label("Bedrooms from", exact=True)
    with page.expect_request(re.compile(r"beds_min=4(&|$)")):
        beds.fill("4")
    expect(page.locator("#results")).to_have_css("opacity", "0.55")

    beds.fill("40")

    expect(page).to_have_url(re.compile("beds_min=40"))
    expect(figure(page)).to_have_text("fewer than 10")
    assert len(held) == 1
    with suppress(Error):  # the browser may have given it up already
        held[0].continue_()
    page.wait_for_timeout(500)
    expect(figure(page)).to_have_text("fewer than 10")
    expect(page).to_have_url(re.compile("beds_min=40"))


def test_leaving_a_field_tells_nothing_twice(search_page):
    page = search_page()
    open_group(page, "building")
    asked: list[str] = []
    is_search = re.compile(r"/search/\?.*beds_min=3")
    page.on("request", lambda request: asked.append(request.url) if is_search.search(request.url) else None)
    page.get_by_label("Bedrooms from", exact=True).fill("3")
    expect(page).to_have_url(re.compile("beds_min=3"))

    page.keyboard.press("Tab")
    page.wait_for_timeout(800)

    assert len(asked) == 1


def test_what_is_changed_before_the_scripts_have_come_is_searched_for_too(search_page):
    page = search_page()

    with script_on_its_way(page, "filters"):
        open_group(page, "owner-signals")
        page.get_by_label("Any: Absentee owner", exact=True).check()
        page.get_by_role("searchbox", name="Find a filter").press_sequentially("bedrooms")

    expect(page.get_by_role("link", name="Remove filter Any of: Absentee owner")).to_be_visible()
    expect(page.locator("[data-found-filters]")).to_have_text(re.compile(r"^\d found$"))


def test_a_name_that_is_being_typed_outlasts_a_newer_answer(search_page):
    page = search_page()
    page.get_by_label("Save this search as").fill("Tired landlords")

    page.get_by_label("Bedrooms from", exact=True).evaluate("field => field.value = 2")
    page.get_by_label("Bedrooms from", exact=True).dispatch_event("change")

    expect(page.get_by_role("link", name="Remove filter Bedrooms from 2")).to_be_visible()
    expect(page.get_by_label("Save this search as")).to_have_value("Tired landlords")


# ---------------------------------------------------------------- 3: chips


def test_chips_are_removed_one_by_one_and_clear_all_comes_only_with_them(search_page):
    page = search_page(f"{PHOENIX}&beds_min=2&all=high-equity")
    page.get_by_role("link", name="Remove filter Bedrooms from 2").click()
    expect(page).to_have_url(re.compile(r"\?q=Phoenix%2C(\+|%20)AZ&all=high-equity$"))
    expect(page.get_by_label("All: High equity", exact=True)).to_be_checked()

    page.get_by_role("link", name="Clear all").click()

    expect(page).to_have_url(ONLY_PHOENIX)
    expect(page.get_by_role("link", name="Clear all")).to_have_count(0)
    expect(figure(page)).not_to_have_text(re.compile("about"))


def test_drawn_and_typed_areas_are_removable_chips_alike(search_page):
    page = search_page(f"{PHOENIX}&area=circle:33.45,-112.07,5&city=Phoenix&zip=85007")
    expect(page.locator("#id_area")).to_have_value(re.compile("^circle:33.45"))
    chips = page.get_by_role("list", name="Active filters").locator("a.chip")
    expect(chips).to_have_text(
        ["Phoenix, AZ", re.compile("^Within 5 miles of 33.45"), "ZIP codes: 85007", "Cities: Phoenix"]
    )
    page.get_by_role("link", name="Remove filter ZIP codes: 85007").click()
    page.get_by_role("link", name="Remove filter Cities: Phoenix").click()
    page.get_by_role("link", name=re.compile("Remove filter Within 5 miles")).click()
    expect(page).to_have_url(ONLY_PHOENIX)
    page.get_by_label(PLACE).fill("Maricopa County, AZ")
    page.get_by_label(PLACE).press("Enter")

    page.get_by_role("link", name="Remove filter Maricopa County, AZ").click()

    expect(page.get_by_role("heading", name="Start from a preset")).to_be_visible()
    expect(page.get_by_label(PLACE)).to_have_value("")


# ---------------------------------------------------------------- 4: many filters


def test_a_filter_is_found_by_another_name_and_the_others_come_back(search_page):
    page = search_page()
    assert page.locator("[data-filter-group] [data-filter]").count() > 40
    expect(page.locator("[data-filter]:visible")).to_have_count(0)  # their groups are folded
    box = page.get_by_label("Find a filter")
    box.fill("acreage")
    expect(page.get_by_label("Lot, acres from", exact=True)).to_be_visible()
    expect(page.get_by_label("Bedrooms from", exact=True)).to_be_hidden()
    expect(page.locator("[data-found-filters]")).to_contain_text("found")
    expect(page).to_have_url(ONLY_PHOENIX)

    box.press("Escape")

    expect(page.get_by_label("Lot, acres from", exact=True)).to_be_hidden()
    expect(page.get_by_text("Lot and zoning")).to_be_visible()
    box.fill("no such thing")
    expect(page.locator("[data-found-filters]")).to_have_text("No filter is called that")


def test_a_signal_is_in_one_set_and_its_group_says_how_many_are_set(search_page):
    page = search_page()
    open_group(page, "distress-signals")
    page.get_by_label("All: Vacant", exact=True).check()
    expect(page.locator("#active-distress-signals")).to_have_text("1 active")
    page.get_by_label("None: Vacant", exact=True).check()

    expect(page).to_have_url(re.compile(r"AZ&none=vacant$"))
    expect(page.get_by_label("All: Vacant", exact=True)).not_to_be_checked()
    expect(page.locator("#active-distress-signals")).to_have_text("1 active")
    expect(page.locator("#active-every")).to_have_text("1 active")


def test_figures_stand_beside_signals_and_follow_the_place(search_page):
    page = search_page()
    open_group(page, "distress-signals")
    heat = page.locator("#heat-vacant")
    expect(heat).to_have_text(re.compile(r"^\d+$"))
    before = heat.inner_text()
    page.get_by_label(PLACE).fill("Arizona")
    page.get_by_label(PLACE).press("Enter")

    expect(page).to_have_url(re.compile("q=Arizona"))
    expect(heat).not_to_have_text(before)
    page.locator("#heat-vacant").locator("xpath=ancestor::summary").click()
    expect(page.get_by_text("The postal service reports the property as vacant.")).to_be_visible()


def test_a_preset_keeps_the_place_and_prints_its_definition(search_page):
    page = search_page(f"{PHOENIX}&beds_min=3")
    page.get_by_text("Presets", exact=True).click()
    expect(page.get_by_text("Vacant, and no open loan is recorded.")).to_be_visible()

    page.get_by_role("link", name="Vacant, free and clear").click()

    expect(page).to_have_url(re.compile(r"\?q=Phoenix%2C(\+|%20)AZ&all=vacant&all=free-and-clear$"))
    expect(page.get_by_role("link", name="Remove filter")).to_have_count(3)  # the place is one


# ---------------------------------------------------------------- the box


def test_the_box_is_a_combobox_with_keys(search_page, assert_accessible):
    page = search_page("/search/")
    box = page.get_by_role("combobox", name=PLACE)
    box.press_sequentially("phoe")
    option = page.get_by_role("option", name="Phoenix, AZ")
    expect(option).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")
    box.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    assert_accessible(page)
    box.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(box).to_have_value("phoe")

    box.press("ArrowDown")
    box.press("Enter")

    expect(page).to_have_url(ONLY_PHOENIX)
    expect(box).to_have_value("Phoenix, AZ")
    expect(figure(page)).to_be_visible()


def test_what_is_typed_before_the_script_has_come_is_completed_too(search_page):
    page = search_page("/search/")

    with script_on_its_way(page, "combobox"):
        page.get_by_label(PLACE).press_sequentially("phoe")
        expect(page.get_by_label(PLACE)).not_to_have_attribute("role", "combobox")

    expect(page.get_by_role("option", name="Phoenix, AZ")).to_be_visible()


def test_options_stay_for_who_has_begun_to_choose(search_page):
    page = search_page("/search/")
    page.get_by_label(PLACE).press_sequentially("phoe")
    expect(page.get_by_role("option", name="Phoenix, AZ")).to_be_visible()
    suggestions = re.compile(r"/suggest/\?q=phoeni$")
    page.route(suggestions, lambda _route: None)  # it stays on its way
    with page.expect_request(suggestions):
        page.keyboard.type("ni")

    with page.expect_event("requestfailed", lambda request: suggestions.search(request.url)):
        page.keyboard.press("ArrowDown")

    expect(page.locator("[data-suggestions] [aria-selected=true]")).to_have_count(1)


def test_a_market_that_is_typed_before_the_scripts_have_come_is_completed_too(search_page):
    page = search_page("/accounts/profile/")

    with script_on_its_way(page, "theme"):
        page.get_by_role("combobox", name="Market").press_sequentially("phoe")

    expect(page.locator("#places option").first).to_have_attribute("value", "Phoenix, AZ")


def test_choosing_an_address_searches_its_place_and_street(search_page, sandbox):
    answer = requests.post(
        f"{settings.BATCHDATA_BASE_URL}/api/v1/property/search",
        json={"searchCriteria": {"query": "Phoenix, AZ"}, "options": {"take": 1, "datasets": ["basic"]}},
        headers={"Authorization": f"Bearer {settings.BATCHDATA_API_KEY}"},
        timeout=10,
    )
    address = answer.json()["results"]["properties"][0]["address"]
    page = search_page("/search/")

    page.get_by_label(PLACE).press_sequentially(address["street"])
    page.get_by_role("option", name=address["street"]).first.click()

    expect(page.get_by_role("link", name=f"Remove filter Street contains: {address['street']}")).to_be_visible()
    expect(page).to_have_url(re.compile(f"q={address['zip']}"))


def test_what_is_owned_is_one_key_away(search_page, reveal, alice):
    job = reveal(alice, 1)
    page = search_page("/search/")
    row = alice.property_permissions.get()
    assert job.hit_count == 1

    page.get_by_label(PLACE).press_sequentially(row.address[:12])
    page.get_by_role("group", name="Your properties").get_by_role("option").first.click()

    expect(page).to_have_url(re.compile(row.get_absolute_url()))
    page.get_by_role("link", name="My properties").first.click()
    page.get_by_role("combobox", name="Place").press_sequentially("tucson")
    page.get_by_role("option", name="Tucson, AZ").click()
    expect(page.get_by_role("link", name="Remove filter Tucson, AZ")).to_be_visible()


# ---------------------------------------------------------------- 10: keys


def test_keys_move_select_and_open_and_rest_while_typing(search_page, reveal, alice):
    reveal(alice, 3)
    page = search_page()
    rows = page.locator("tr[data-property-id]")
    expect(rows).to_have_count(3)
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(rows.nth(1).get_by_role("link").first).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_label(PLACE)).to_be_focused()
    page.keyboard.type("jx?")
    expect(page.get_by_label(PLACE)).to_have_value("jx?")
    expect(page.get_by_role("dialog")).to_be_hidden()

    page.get_by_label(PLACE).blur()
    page.keyboard.press("k")
    expect(rows.nth(2).get_by_role("link").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/properties/"))


# ---------------------------------------------------------------- 11, 13: prices


def test_buttons_say_price_and_what_is_left_and_another_number_is_priced(search_page):
    page = search_page()
    ten = page.get_by_role("button", name="Next 10 at most 10 credits leaves 990")
    expect(ten).to_be_visible()

    page.get_by_label(re.compile("Another number")).fill("40")

    expect(page.get_by_role("button", name="Get a quote at most 40 credits, leaves 960")).to_be_visible()


def test_too_few_credits_say_so_and_lead_back_to_the_place(page: Page, live_server, enter, carol, assert_accessible):
    enter(page, carol).goto(f"{live_server.url}{PHOENIX}&beds_min=2")
    page.get_by_role("button", name="Next 10 at most 10 credits 10 credits too few").click()
    expect(page.get_by_role("heading", name="10 credits too few")).to_be_visible()
    assert_accessible(page)

    page.get_by_role("link", name="Back").click()

    expect(page).to_have_url(f"{live_server.url}{PHOENIX}&beds_min=2")


# ---------------------------------------------------------------- 23, 24: nothing, and errors


def test_before_the_first_search_stand_the_market_and_the_presets(search_page, alice, assert_accessible):
    FollowedMarketFactory(user=alice, place="Phoenix, AZ", state="AZ")
    page = search_page("/search/")
    expect(page.get_by_role("link", name="Search Phoenix, AZ")).to_be_visible()
    expect(page.locator(".preset-list li")).to_have_count(6)
    assert_accessible(page)

    page.get_by_role("link", name="Inherited, absentee").last.click()

    expect(page).to_have_url(re.compile(r"q=Phoenix%2C(\+|%20)AZ&all=inherited&all=absentee-owner"))


def test_too_tight_a_search_says_so_and_offers_what_to_take_away(search_page, assert_accessible):
    page = search_page(f"{PHOENIX}&beds_min=40&baths_min=1")
    expect(figure(page)).to_have_text("fewer than 10")
    expect(page.get_by_text("So few match that it may be none")).to_be_visible()
    assert_accessible(page)

    page.get_by_role("link", name="Take away Bedrooms from 40").click()

    expect(page.get_by_role("link", name=re.compile("Take away"))).to_have_count(0)


def test_what_is_down_is_said_with_a_way_to_try_again(search_page, sandbox, guard):
    sandbox.fail("500", times=100)
    page = search_page("/search/?q=Tucson%2C+AZ")

    expect(page.get_by_text("No count at the moment")).to_be_visible()
    expect(page.get_by_role("link", name="Try again")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Next 10 "))).to_be_visible()

    guard.allow("ERR_FAILED|htmx:sendError")
    page.route("**/search/?*beds_min=3*", lambda route: route.abort(), times=1)
    open_group(page, "building")
    page.get_by_label("Bedrooms from", exact=True).fill("3")
    expect(page.get_by_text("Atlas could not be reached. Check your connection and try again.")).to_be_visible()
    sandbox.reset()
    page.get_by_role("button", name="Count matches").click()
    expect(figure(page)).to_be_visible()
    expect(page).to_have_url(re.compile("beds_min=3"))


def test_errors_are_summed_up_focused_named_in_the_title_and_keep_what_was_typed(search_page, assert_accessible):
    page = search_page("/search/?q=Nowhereville%2C+ZZ&beds_min=5&beds_max=2&value_min=lots")
    summary = page.get_by_role("alert").filter(has_text="Please check")
    expect(page).to_have_title(re.compile("^Error: "))
    expect(summary).to_be_focused()
    expect(page.get_by_label(PLACE)).to_have_value("Nowhereville, ZZ")
    expect(page.get_by_label("Estimated value from", exact=True)).to_have_value("lots")
    said = summary.get_by_role("link", name=re.compile("Bedrooms to")).inner_text()
    expect(page.locator("#id_beds_max_error")).to_have_text(said.removeprefix("Bedrooms to: "))
    assert_accessible(page)

    summary.get_by_role("link", name=re.compile("Bedrooms to")).click()

    expect(page.get_by_label("Bedrooms to", exact=True)).to_be_focused()
    expect(page.get_by_label("Bedrooms to", exact=True)).to_have_attribute("aria-invalid", "true")


def test_an_error_of_a_change_is_said_at_its_field_and_goes_with_the_next_one(search_page, assert_accessible):
    page = search_page(f"{PHOENIX}&beds_min=3")
    most = page.get_by_label("Bedrooms to", exact=True)
    most.fill("2")
    link = page.locator("#results").get_by_role("link", name="Bedrooms to: “To” must not be below “from”.")
    expect(link).to_be_visible()
    expect(page).to_have_title(re.compile("^Error: "))
    note = page.locator("#id_beds_max_error")
    expect(note).to_have_text("“To” must not be below “from”.")
    expect(most).to_have_attribute("aria-describedby", "id_beds_max_error")
    expect(most).to_have_attribute("aria-invalid", "true")
    expect(most).to_be_focused()
    assert_accessible(page)

    page.get_by_label("Bedrooms from", exact=True).fill("lots")
    expect(page.locator("#id_beds_min_error")).to_be_visible()
    expect(note).to_have_count(0)
    link = page.locator("#results").get_by_role("link", name=re.compile("^Bedrooms from: "))
    link.click()
    least = page.get_by_label("Bedrooms from", exact=True)
    expect(least).to_be_focused()
    least.fill("3")
    most.fill("4")

    expect(figure(page)).to_be_visible()
    expect(page).to_have_url(re.compile("beds_min=3&beds_max=4"))
    expect(page.locator("#search-form .field-error")).to_have_count(0)
    expect(most).not_to_have_attribute("aria-invalid", "true")


# ---------------------------------------------------------------- both widths, both themes, and no script


def test_the_page_fits_and_is_accessible_at_both_widths(search_page, assert_accessible, assert_fits):
    page = search_page(f"{PHOENIX}&beds_min=2&all=high-equity")
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)
        assert_fits(page)
        assert_accessible(page, in_dark=size is WIDE)


def test_on_a_phone_the_filters_are_a_sheet_that_closes(search_page, assert_accessible, assert_fits):
    page = search_page(f"{PHOENIX}&beds_min=2")
    page.set_viewport_size(PHONE)
    beds = page.get_by_label("Bedrooms from", exact=True)
    expect(beds).to_be_hidden()
    expect(figure(page)).to_be_visible()
    page.get_by_text("Filters", exact=False).first.click()
    expect(beds).to_be_visible()
    assert_fits(page)
    assert_accessible(page)
    beds.fill("3")

    page.get_by_role("button", name="Show the matches").click()

    expect(beds).to_be_hidden()
    expect(page).to_have_url(re.compile("beds_min=3"))


def test_everything_works_without_javascript(plain_page: Page, live_server, enter, alice):
    page = enter(plain_page, alice)
    page.goto(f"{live_server.url}{PHOENIX}")
    open_group(page, "building")
    page.get_by_label("Bedrooms from", exact=True).fill("3")
    open_group(page, "owner-signals")
    page.get_by_label("None: Owner-occupied", exact=True).check()
    page.get_by_role("button", name="Count matches").click()

    expect(page).to_have_url(re.compile("beds_min=3"))
    expect(page).to_have_url(re.compile("none=owner-occupied"))
    expect(figure(page)).to_be_visible()
    expect(page.get_by_role("link", name="Remove filter Not: Owner-occupied")).to_be_visible()
    page.goto(f"{live_server.url}/search/?q=Phoeni")
    page.get_by_role("list", name="Suggestions").get_by_role("link", name=re.compile("^Phoenix, AZ")).click()
    expect(page).to_have_url(re.compile("q=Phoenix"))
