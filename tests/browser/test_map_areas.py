"""Areas of the map, in Chromium: drawn by mouse and by keyboard, taken from the view, kept in the address."""

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from properties.models import PropertyDatasetPermission
from properties.services.cells import rebuild_cells
from tests.browser import steps  # noqa: F401 -- its patience
from tests.browser.conftest import PHONE, WIDE
from tests.factories import PropertyDatasetPermissionFactory as Owned

CENTER, NORTH, EAST = (33.45, -112.07), (33.62, -112.07), (33.45, -111.85)
HOMES = {"1 Center St": CENTER, "2 North St": NORTH, "3 East St": EAST}
SEARCH = "/search/?q=Phoenix%2C+AZ"


@pytest.fixture
def phoenix_page(page: Page, live_server, enter, alice) -> Page:
    """The search of Phoenix, where alice owns three homes, and one far away."""
    rows = [
        Owned.build(
            user=alice, property_id=f"home-{number}", address=address, latitude=lat, longitude=lng, location=[lng, lat]
        )
        for number, (address, (lat, lng)) in enumerate(HOMES.items())
    ]
    rows.append(
        Owned.build(
            user=alice, address="4 Far St", city="Tucson", latitude=32.2, longitude=-110.9, location=[-110.9, 32.2]
        )
    )
    PropertyDatasetPermission.objects.bulk_create(rows)
    rebuild_cells(alice.pk)
    enter(page, alice).goto(live_server.url + SEARCH)
    wait_for_marks(page)
    return page


def find_map(page: Page) -> Locator:
    return page.get_by_role("region", name="Map of these properties")


def wait_for_marks(page: Page) -> None:
    expect(find_map(page)).to_have_attribute("data-loaded-for", re.compile("/properties/cells/"))


def spot_of(page: Page, address: str) -> tuple[float, float]:
    """Where on the screen the mark of a home is, once the map is at rest."""
    mark, before, box = find_map(page).get_by_role("link", name=address), None, None
    while box is None or box != before:
        before = box
        page.wait_for_timeout(100)
        expect(mark).to_be_visible()
        box = mark.bounding_box()  # None while marks are drawn anew
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def start(page: Page, tool: str, address: str) -> tuple[float, float]:
    """Take a tool, and say where the mark of a home is once the map has made room for its panel."""
    page.get_by_role("button", name=tool, exact=True).click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    find_map(page).locator(".map-canvas").evaluate("map => map.scrollIntoView({block: 'center'})")
    return spot_of(page, address)


def draw_around(page: Page, address: str, *, reach: int = 40) -> None:
    """Click the corners of a square around a home, and its first corner again."""
    x, y = start(page, "Draw", address)
    for right, down in ((-reach, -reach), (reach, -reach), (reach, reach), (-reach, reach), (-reach, -reach)):
        page.mouse.click(x + right, y + down)


def listed(page: Page) -> Locator:
    return page.locator("tr[data-property-id]")


def expect_only(page: Page, address: str) -> None:
    expect(listed(page)).to_have_count(1)
    expect(listed(page)).to_contain_text(address)


def test_a_drawn_shape_is_a_chip_an_address_and_the_same_list_elsewhere(phoenix_page, new_context, guard, enter, alice):
    draw_around(phoenix_page, "1 Center St")

    chip = phoenix_page.get_by_role("link", name="Remove filter Drawn area, 4 corners")
    expect(chip).to_be_visible()
    expect(phoenix_page).to_have_url(re.compile(r"area=polygon%3A"))
    assert "q=" not in phoenix_page.url
    expect_only(phoenix_page, "1 Center St")
    wait_for_marks(phoenix_page)
    expect(find_map(phoenix_page).locator("path.map-area")).to_have_count(1)

    other = new_context()
    guard.watch(other)
    elsewhere = enter(other.new_page(), alice)
    elsewhere.goto(phoenix_page.url)
    expect_only(elsewhere, "1 Center St")
    expect(elsewhere.get_by_role("link", name="Remove filter Drawn area, 4 corners")).to_be_visible()
    expect(find_map(elsewhere).locator("path.map-area")).to_have_count(1)


def test_going_back_restores_list_map_and_form(phoenix_page, live_server):
    draw_around(phoenix_page, "1 Center St")
    expect_only(phoenix_page, "1 Center St")
    phoenix_page.go_back()
    expect(phoenix_page).to_have_url(live_server.url + SEARCH)
    expect(listed(phoenix_page)).to_have_count(3)
    expect(phoenix_page.locator("#id_q")).to_have_value("Phoenix, AZ")
    expect(phoenix_page.locator("#id_area")).to_have_value("")
    wait_for_marks(phoenix_page)
    expect(find_map(phoenix_page).locator("path.map-area")).to_have_count(0)
    phoenix_page.go_forward()
    expect_only(phoenix_page, "1 Center St")


def test_a_shape_is_drawn_by_keyboard_alone(phoenix_page):
    phoenix_page.get_by_role("button", name="Draw", exact=True).focus()
    press = phoenix_page.keyboard.press
    press("Enter")
    expect(find_map(phoenix_page)).to_contain_text("Arrow keys move a cross-hair")
    x, y = spot_of(phoenix_page, "1 Center St")
    size = find_map(phoenix_page).locator(".map-canvas").bounding_box()
    # The cross-hair begins in the middle; go to the home first, in steps of 12 pixels.
    across, down = round((x - size["x"] - size["width"] / 2) / 12), round((y - size["y"] - size["height"] / 2) / 12)
    walk(phoenix_page, across - 3, down - 3)
    press("Space")
    walk(phoenix_page, 6, 0)
    press("Space")
    walk(phoenix_page, 20, 0)
    press("Space")
    expect(find_map(phoenix_page).get_by_role("status")).to_have_text("3 corners.")
    press("Backspace")
    expect(find_map(phoenix_page).get_by_role("status")).to_have_text("2 corners.")
    walk(phoenix_page, -20, 6)
    press("Space")
    walk(phoenix_page, -6, 0)
    press("Space")
    press("Enter")
    expect(phoenix_page.get_by_role("link", name="Remove filter Drawn area, 4 corners")).to_be_visible()
    expect_only(phoenix_page, "1 Center St")


def walk(page: Page, across: int, down: int) -> None:
    for steps_to_go, keys in ((across, ("ArrowLeft", "ArrowRight")), (down, ("ArrowUp", "ArrowDown"))):
        for _ in range(abs(steps_to_go)):
            page.keyboard.press(keys[steps_to_go > 0])


def test_escape_leaves_the_drawing_and_the_search_alone(phoenix_page):
    before = phoenix_page.url
    button = phoenix_page.get_by_role("button", name="Draw", exact=True)
    x, y = start(phoenix_page, "Draw", "1 Center St")
    expect(button).to_have_attribute("aria-pressed", "true")
    phoenix_page.mouse.click(x - 40, y - 40)
    expect(find_map(phoenix_page).locator("path.map-corner")).to_have_count(1)
    phoenix_page.keyboard.press("Escape")
    expect(find_map(phoenix_page).locator("path.map-corner")).to_have_count(0)
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(button).to_be_focused()
    assert phoenix_page.url == before


def test_a_shape_that_crosses_itself_is_not_taken(phoenix_page):
    x, y = start(phoenix_page, "Draw", "1 Center St")
    for right, down in ((-40, -40), (40, 40), (40, -40), (-40, 40)):
        phoenix_page.mouse.click(x + right, y + down)
    phoenix_page.get_by_role("button", name="Finish").click()
    expect(find_map(phoenix_page).get_by_role("status")).to_contain_text("cross each other")
    phoenix_page.get_by_role("button", name="Undo corner").click()
    phoenix_page.get_by_role("button", name="Finish").click()
    expect(phoenix_page.get_by_role("link", name="Remove filter Drawn area, 3 corners")).to_be_visible()


def test_a_rectangle_is_two_corners(phoenix_page):
    x, y = start(phoenix_page, "Rectangle", "2 North St")
    phoenix_page.mouse.click(x + 30, y + 30)
    phoenix_page.mouse.click(x - 30, y - 30)
    expect(phoenix_page).to_have_url(re.compile("area=box%3A"))
    expect_only(phoenix_page, "2 North St")
    phoenix_page.get_by_role("link", name="Remove filter Map view").click()
    expect(phoenix_page.get_by_role("heading", name="Start from a preset")).to_be_visible()


def test_a_rectangle_is_dragged_open(phoenix_page):
    x, y = start(phoenix_page, "Rectangle", "2 North St")
    phoenix_page.mouse.move(x + 30, y + 30)
    phoenix_page.mouse.down()
    phoenix_page.mouse.move(x - 30, y - 30, steps=3)
    expect(phoenix_page.locator("path.map-drawn")).to_be_visible()
    phoenix_page.mouse.up()
    expect(phoenix_page).to_have_url(re.compile("area=box%3A"))
    expect_only(phoenix_page, "2 North St")


def test_a_radius_is_a_center_and_miles(phoenix_page):
    x, y = start(phoenix_page, "Radius", "1 Center St")
    phoenix_page.mouse.click(x, y)
    miles = phoenix_page.get_by_label("Miles")
    miles.fill("13.5")
    miles.press("Enter")
    expect(phoenix_page.get_by_role("link", name=re.compile("Remove filter Within 13.5 miles of 33.4"))).to_be_visible()
    expect(listed(phoenix_page)).to_have_count(3)
    assert re.search(r"area=circle%3A33\.\d{1,5}%2C-112\.\d{1,5}%2C13\.5", phoenix_page.url)


def test_the_view_is_searched_only_when_asked(phoenix_page):
    area = find_map(phoenix_page)
    area.scroll_into_view_if_needed()
    here = phoenix_page.get_by_role("button", name="Search this area")
    expect(here).to_be_hidden()
    before = phoenix_page.url
    x, y = spot_of(phoenix_page, "3 East St")
    middle, _ = spot_of(phoenix_page, "1 Center St")
    box = area.bounding_box()
    phoenix_page.mouse.move(x + 60, y - 60)
    phoenix_page.mouse.down()
    phoenix_page.mouse.move(x + 60 - (middle - box["x"]) - 30, y - 60, steps=4)  # until the others are out of view
    phoenix_page.wait_for_timeout(200)  # at rest, the map does not glide on
    phoenix_page.mouse.up()
    expect(here).to_be_visible()
    assert phoenix_page.url == before
    expect(listed(phoenix_page)).to_have_count(3)
    here.click()
    expect(phoenix_page).to_have_url(re.compile("area=box%3A"))
    expect(phoenix_page.get_by_role("link", name="Remove filter Map view")).to_be_visible()
    expect_only(phoenix_page, "3 East St")
    expect(here).to_be_hidden()


def test_my_properties_are_narrowed_to_a_drawn_area_too(phoenix_page, live_server):
    phoenix_page.goto(f"{live_server.url}/properties/")
    wait_for_marks(phoenix_page)
    expect(listed(phoenix_page)).to_have_count(4)
    phoenix_page.goto(f"{live_server.url}/properties/?q=Phoenix%2C+AZ")
    wait_for_marks(phoenix_page)
    draw_around(phoenix_page, "1 Center St", reach=25)
    expect(phoenix_page).to_have_url(re.compile("area=polygon%3A"))
    expect_only(phoenix_page, "1 Center St")
    expect(find_map(phoenix_page).locator("path.map-area")).to_have_count(1)


def test_an_area_is_cleared_on_the_map(phoenix_page, live_server):
    phoenix_page.goto(f"{live_server.url}{SEARCH}&area=circle:33.45,-112.07,3")
    wait_for_marks(phoenix_page)
    expect_only(phoenix_page, "1 Center St")
    phoenix_page.get_by_role("button", name="Clear area").click()
    expect(listed(phoenix_page)).to_have_count(3)
    assert "area=" not in phoenix_page.url


def test_what_else_is_owned_is_on_the_map_and_told_apart(phoenix_page, live_server):
    """Within 12.2 miles of the center are two homes; the third one is 12.7 miles away, in view and not a match."""
    phoenix_page.goto(f"{live_server.url}/search/?area=circle:33.45,-112.07,12.2")
    wait_for_marks(phoenix_page)
    area = find_map(phoenix_page)
    expect(area.locator(".map-point:not(.is-other)")).to_have_count(2)
    expect(area.get_by_role("link", name="3 East St (not in this search)")).to_be_visible()
    expect(area.get_by_text("others of yours")).to_be_visible()


def test_a_click_on_a_point_goes_to_its_row_and_then_to_its_page(phoenix_page, live_server, guard):
    guard.allow("404")  # nothing is on file of these homes
    area = find_map(phoenix_page)
    area.scroll_into_view_if_needed()
    point = area.get_by_role("link", name="2 North St")
    row = phoenix_page.locator("tr[data-property-id='home-1']")
    expect(row).not_to_be_in_viewport()
    point.click()
    expect(row).to_contain_class("is-highlighted")
    expect(area.locator(".map-point.is-highlighted")).to_have_count(1)
    expect(row.get_by_role("link").first).to_be_focused()
    expect(row).to_be_in_viewport()
    point.click()
    expect(phoenix_page).to_have_url(f"{live_server.url}/properties/home-1/")


def test_an_older_answer_never_replaces_a_newer_one(phoenix_page):
    """The first answer to a move is held back until the second has been drawn."""
    area = find_map(phoenix_page)
    area.scroll_into_view_if_needed()
    held: list[Route] = []
    answers: list[str] = []

    def hold_first(route: Route) -> None:
        answers.append(route.request.url)
        held.append(route) if len(answers) == 1 else route.continue_()

    phoenix_page.route("**/properties/cells/?*bbox*", hold_first)
    area.get_by_role("button", name="Zoom out").click()
    expect(area).not_to_have_attribute("data-loaded-for", re.compile("."))
    area.get_by_role("button", name="Zoom in").click()
    wait_for_marks(phoenix_page)
    expect(area.get_by_role("link", name="1 Center St")).to_be_visible()
    try:
        held[0].fulfill(
            json={
                "points": [],
                "cells": [{"lat": 33, "lng": -112, "count": 9}],
                "others": None,
                "note": "old",
                "total": 9,
            }
        )
    except Exception as gone:
        assert "abort" in str(gone).lower() or "closed" in str(gone).lower() or "handled" in str(gone).lower()
    phoenix_page.wait_for_timeout(200)
    expect(area).not_to_contain_text("old")
    expect(area.get_by_role("link", name="1 Center St")).to_be_visible()


def test_drawing_is_accessible(phoenix_page, assert_accessible, assert_fits):
    phoenix_page.get_by_role("button", name="Radius").click()
    expect(phoenix_page.get_by_label("Miles")).to_be_visible()
    for size in (WIDE, PHONE):
        phoenix_page.set_viewport_size(size)
        phoenix_page.evaluate("scrollTo(0, 0)")  # so that the sticky head covers half a button of nothing
        expect(phoenix_page.get_by_label("Miles")).to_be_visible()
        assert_fits(phoenix_page)
        assert_accessible(phoenix_page, in_dark=size is WIDE)
        for button in find_map(phoenix_page).get_by_role("button").all():
            box = button.bounding_box()
            assert min(box["width"], box["height"]) >= 24, button.inner_text()
