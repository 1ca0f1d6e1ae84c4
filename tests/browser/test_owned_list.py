"""My properties in Chromium: what is selected survives paging, and is tagged, exported and shown as its user likes."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from properties.models import Dataset, PropertyDatasetPermission
from tests.browser.conftest import PHONE, WIDE
from tests.browser.steps import script_on_its_way
from tests.factories import PropertyDatasetPermissionFactory

OWNED = 60
SELECT = re.compile(r"^Select \d+ Main St$")
Look = Callable[[Page], None]


@pytest.fixture
def hers(page: Page, alice: User, enter, live_server) -> Page:
    """Alice in her list of 60 properties, 20 of them with a value."""
    PropertyDatasetPermission.objects.bulk_create(
        PropertyDatasetPermissionFactory.build(
            user=alice,
            property_id=f"p{number:03}",
            datasets=[Dataset.BASIC, Dataset.VALUATION] if number % 3 == 0 else [Dataset.BASIC],
            estimated_value=200_000.0 + 5_000 * number if number % 3 == 0 else None,
            equity_percent=float(number) if number % 3 == 0 else None,
            address=f"{number} Main St",
            address_key=f"{number:03} main st",
            bedroom_count=float(number % 5),
            owner_name="Jo Doe",
            property_type="Single Family",
            tags=["call first"] if number % 7 == 0 else [],
            stacked={"lists": 2} if number % 4 == 0 else {},
            stack_count=2 if number % 4 == 0 else 0,
            latitude=33.4 + number / 500,
            longitude=-112.07,
            location=[-112.07, 33.4 + number / 500],
            row_version=1,
        )
        for number in range(OWNED)
    )
    enter(page, alice).goto(f"{live_server.url}/properties/")
    return page


@pytest.fixture
def look(assert_accessible, assert_fits) -> Look:
    """See that a page fits a phone and a desk, and that it is accessible in both themes."""

    def see(page: Page) -> None:
        for size in (PHONE, WIDE):
            page.set_viewport_size(size)
            assert_fits(page)
        assert_accessible(page)

    return see


def boxes(page: Page):
    return page.get_by_role("checkbox", name=SELECT)


def status(page: Page):
    return page.locator("[data-selection-status]")


def test_a_selection_survives_paging_and_ranges_are_taken_with_shift(hers: Page, look: Look):
    expect(status(hers)).to_have_text("Check rows to export or tag them.")
    expect(hers.get_by_role("button", name="Export")).to_be_hidden()
    top = hers.locator(".owned-list tbody tr").first.bounding_box()
    boxes(hers).nth(1).check()
    boxes(hers).nth(5).click(modifiers=["Shift"])
    expect(status(hers)).to_have_text("5 selected.")
    assert hers.locator(".owned-list tbody tr").first.bounding_box() == top, "the list has jumped"

    hers.get_by_role("link", name="Next").click()
    expect(status(hers)).to_have_text("5 selected, 5 on other pages.")
    boxes(hers).first.check()
    hers.get_by_role("link", name="Value", exact=True).click()
    expect(hers.locator("th[aria-sort=descending]")).to_contain_text("Value")
    expect(status(hers)).to_contain_text("6 selected")

    hers.get_by_role("textbox", name="Tag").last.fill("Hot")
    hers.get_by_role("button", name="Add tag").click()
    expect(hers.get_by_text("6 properties got the tag")).to_be_visible()
    assert PropertyDatasetPermission.objects.filter(tags__contains=["hot"]).count() == 6
    expect(status(hers)).to_contain_text("6 selected")
    hers.get_by_role("button", name="Clear").click()
    expect(status(hers)).to_have_text("Check rows to export or tag them.")
    hers.reload()
    expect(status(hers)).to_have_text("Check rows to export or tag them.")
    look(hers)


def test_rows_that_are_ticked_before_the_script_has_come_are_selected_too(hers: Page):
    boxes(hers).first.check()
    hers.get_by_role("link", name="Next").click()
    expect(status(hers)).to_have_text("1 selected, 1 on other pages.")

    with script_on_its_way(hers, "selection"):
        boxes(hers).nth(1).check()
        expect(status(hers)).to_have_text("Check rows to export or tag them.")
        expect(hers.get_by_role("button", name="Export")).to_be_hidden()

    expect(hers.get_by_role("button", name="Export")).to_be_visible()
    expect(status(hers)).to_have_text("2 selected, 1 on other pages.")
    expect(boxes(hers).nth(1)).to_be_checked()


def test_all_that_match_are_selected_at_once_and_exported(hers: Page, live_server, tmp_path: Path, look: Look):
    hers.goto(f"{live_server.url}/properties/?beds_min=1")
    hers.get_by_role("checkbox", name="Select this page").check()
    expect(status(hers)).to_have_text("25 selected.")
    hers.get_by_role("button", name="Select all 48 matching").click()
    expect(status(hers)).to_have_text("All 48 selected.")
    hers.get_by_role("link", name="Next").click()
    expect(status(hers)).to_have_text("All 48 selected.")
    hers.get_by_role("button", name="Export").click()

    expect(hers.get_by_role("heading", name="Export", level=1)).to_be_visible()
    look(hers)
    for _ in range(2):  # the form stays, and may be sent again
        with hers.expect_download() as waiting:
            hers.get_by_role("button", name="Download").click()
        file = tmp_path / "file.csv"
        waiting.value.save_as(file)
        assert len(file.read_text("utf-8-sig").splitlines()) == 49
    hers.get_by_role("link", name="Earlier exports").click()
    expect(hers.get_by_role("link", name=re.compile("Bedrooms from 1"))).to_have_count(2)
    look(hers)
    hers.get_by_role("link", name=re.compile("Bedrooms from 1")).first.click()
    look(hers)


def test_keys_select_and_columns_are_chosen(hers: Page, look: Look):
    PropertyDatasetPermission.objects.update(owner_name="Monarch Family Properties 810 LP")
    hers.reload()
    hidden = hers.locator(".owned-scroll").evaluate("region => region.scrollWidth - region.clientWidth")
    assert hidden == 0, "the map hides columns of the usual list"
    hers.keyboard.press("j")
    hers.keyboard.press("x")
    expect(status(hers)).to_have_text("1 selected.")

    hers.get_by_role("link", name="Columns").click()
    look(hers)
    hers.get_by_role("checkbox", name="Owner", exact=True).uncheck()
    hers.get_by_role("checkbox", name="County", exact=True).check()
    hers.get_by_role("radio", name="Comfortable").check()
    hers.get_by_role("button", name="Keep this view").click()
    expect(hers.get_by_role("columnheader", name="County")).to_be_visible()
    expect(hers.get_by_role("columnheader", name="Owner")).to_have_count(0)
    expect(hers.locator(".owned-list")).to_have_class(re.compile("is-comfortable"))
    expect(status(hers)).to_have_text("1 selected.")

    edges = "region => [region, region.querySelector('thead th + th'), region.querySelector('tbody th')]"
    edges += ".map(each => each.getBoundingClientRect()).map(box => [box.left, box.top])"
    hers.set_viewport_size({"width": 1024, "height": 700})
    scroll = hers.locator(".owned-scroll")
    moved = scroll.evaluate("region => { region.scrollTo(9999, 9999); return [region.scrollLeft, region.scrollTop]; }")
    assert min(moved) > 20, "there is nothing to scroll"
    region, heading, address = scroll.evaluate(edges)
    assert abs(heading[1] - region[1]) <= 2, "the heading has left"
    assert abs(address[0] - region[0]) <= 2, "the addresses have left"


def test_order_page_and_columns_are_the_same_in_another_session(
    hers: Page, alice: User, enter, live_server, new_context, guard
):
    alice_sees = "rows => rows.map(row => row.dataset.propertyId)"
    rows = hers.locator("tr[data-property-id]")
    hers.goto(f"{live_server.url}/properties/?beds_min=1&sort=value")
    first = rows.evaluate_all(alice_sees)
    hers.get_by_role("link", name="Next").click()
    expect(hers.get_by_role("link", name="Previous")).to_be_visible()
    second = rows.evaluate_all(alice_sees)
    assert len({*first, *second}) == len(first) + len(second) == 48
    other = new_context()
    guard.watch(other)

    elsewhere = enter(other.new_page(), alice)
    elsewhere.goto(hers.url)
    assert elsewhere.locator("tr[data-property-id]").evaluate_all(alice_sees) == second
    expect(elsewhere.locator("th[aria-sort=descending]")).to_contain_text("Value")
    elsewhere.goto(f"{hers.url}&show=columns")
    elsewhere.get_by_role("checkbox", name="County", exact=True).check()
    elsewhere.get_by_role("button", name="Keep this view").click()
    expect(elsewhere.get_by_role("columnheader", name="County")).to_be_visible()

    hers.go_back()
    expect(hers.get_by_role("link", name="Previous")).to_have_count(0)
    assert rows.evaluate_all(alice_sees) == first
    hers.reload()
    expect(hers.get_by_role("columnheader", name="County")).to_be_visible()


def test_filters_open_beside_the_list_and_become_chips(hers: Page, look: Look):
    hers.get_by_role("link", name="Filters").click()
    hers.get_by_placeholder("Find a filter").fill("bedrooms")
    hers.get_by_role("textbox", name="Bedrooms from").fill("4")
    hers.get_by_role("button", name="Show the matches").click()
    expect(hers.get_by_role("link", name="Remove filter Bedrooms from 4")).to_be_visible()
    expect(boxes(hers)).to_have_count(12)

    hers.goto(f"{hers.url}&tag=nothing")
    expect(hers.get_by_role("heading", name="Nothing of yours fits")).to_be_visible()
    look(hers)
    hers.get_by_role("link", name="Without Tag: nothing").click()
    expect(boxes(hers)).to_have_count(12)


def test_without_scripting_the_boxes_of_the_page_count(plain_page: Page, hers: Page, alice: User, enter, live_server):
    enter(plain_page, alice).goto(f"{live_server.url}/properties/")
    boxes(plain_page).nth(2).check()
    plain_page.get_by_role("textbox", name="Tag").last.fill("plain")
    plain_page.get_by_role("button", name="Add tag").click()
    expect(plain_page.get_by_text("1 property got the tag")).to_be_visible()
    assert PropertyDatasetPermission.objects.filter(tags__contains=["plain"]).count() == 1

    plain_page.get_by_role("checkbox", name="All that match").check()
    plain_page.get_by_role("button", name="Export").click()
    expect(plain_page.get_by_text(f"Everything owned: {OWNED} properties")).to_be_visible()
