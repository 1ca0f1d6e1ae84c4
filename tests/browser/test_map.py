"""The map of owned properties, in Chromium: points, groups, outlines, and its bond with the list."""

import pytest
from playwright.sync_api import Locator, Page, expect

from atlas_site.lib.places import find_cities
from properties.services.cells import rebuild_cells
from tests.browser import steps  # noqa: F401 -- its patience
from tests.browser.conftest import PHONE, WIDE
from tests.factories import PropertyDatasetPermissionFactory

NORTH, SOUTH = "12 North St", "9 South St"
DOWNTOWN = "1 Central Ave"
ONE_BUILDING = ("7 Tower Pl Unit 1", "7 Tower Pl Unit 2")


@pytest.fixture
def owned_page(page: Page, live_server, enter, alice) -> Page:
    """My properties of alice: two homes far apart, two units of one building, and one where a city has its name."""
    phoenix = find_cities((33.0, -113.0, 34.0, -111.5))[0]
    places = {NORTH: (33.7, -112.1), SOUTH: (33.3, -111.9), DOWNTOWN: (phoenix.latitude, phoenix.longitude)}
    places |= dict.fromkeys(ONE_BUILDING, (33.5, -112.0))
    for address, (latitude, longitude) in places.items():
        PropertyDatasetPermissionFactory(user=alice, address=address, latitude=latitude, longitude=longitude)
    rebuild_cells(alice.pk)
    enter(page, alice).goto(f"{live_server.url}/properties/")
    expect(find_map(page)).to_have_attribute("data-loaded-for", f"{live_server.url}/properties/cells/?")
    return page


def find_map(page: Page) -> Locator:
    return page.get_by_role("region", name="Map of these properties")


def test_the_map_is_accessible_with_points_and_outlines(owned_page, assert_accessible, assert_fits):
    area = find_map(owned_page)
    for outline in ("land", "states", "counties"):
        expect(area.locator(f"path.map-{outline}")).to_have_count(1)
    for size in (WIDE, PHONE):
        owned_page.set_viewport_size(size)
        expect(area.get_by_role("link", name=NORTH)).to_be_visible()
        assert_fits(owned_page)
        assert_accessible(owned_page, in_dark=size is WIDE)


def test_a_point_leads_to_its_property(owned_page, live_server):
    row = owned_page.get_by_role("row", name=NORTH).get_by_role("link")
    point = find_map(owned_page).get_by_role("link", name=NORTH)
    expect(point).to_have_attribute("href", row.get_attribute("href"))


def test_the_list_and_the_map_are_one_selection(owned_page):
    row = owned_page.locator("tr[data-property-id]", has_text=NORTH)
    marker = find_map(owned_page).locator(".map-point", has=owned_page.get_by_role("link", name=NORTH))
    row.hover()
    expect(marker).to_contain_class("is-highlighted")
    owned_page.mouse.move(0, 0)
    expect(marker).not_to_contain_class("is-highlighted")
    marker.get_by_role("link").focus()
    expect(row).to_contain_class("is-highlighted")
    marker.get_by_role("link").blur()
    expect(row).not_to_contain_class("is-highlighted")
    marker.get_by_role("link").hover()
    expect(row).to_contain_class("is-highlighted")


def test_homes_at_one_place_are_a_group_that_lists_them(owned_page):
    area = find_map(owned_page)
    group = area.get_by_role("button", name="2 properties, look closer")
    group.click()  # as near as the map goes
    group.click()
    for unit in ONE_BUILDING:
        expect(area.get_by_role("link", name=unit)).to_be_visible()


def test_the_map_follows_the_theme_without_a_redraw(owned_page):
    land = find_map(owned_page).locator("path.map-land")
    expect(land).to_have_css("fill", "rgb(251, 250, 245)")
    owned_page.emulate_media(color_scheme="dark")
    expect(land).to_have_css("fill", "rgb(26, 34, 38)")


def test_cities_are_named_where_streets_are_not(owned_page):
    cities = find_map(owned_page).locator(".map-name.is-city")
    expect(cities.filter(has_text="Phoenix")).to_have_count(1)
    expect(find_map(owned_page).get_by_role("status")).to_be_empty()
    for _ in range(6):
        find_map(owned_page).get_by_role("button", name="Zoom in").click()
    expect(find_map(owned_page).get_by_role("status")).to_have_text("Street map off: outlines only.")


def test_nothing_covers_the_name_of_a_city(owned_page):
    area = find_map(owned_page)
    boxes = (
        "all => all.map(each => each.getBoundingClientRect()).map(box => [box.left, box.top, box.right, box.bottom])"
    )
    expect(area.locator(".map-name.is-city").filter(has_text="Phoenix")).to_have_count(1)

    names = area.locator(".map-name span").evaluate_all(boxes)
    marks = area.locator(":is(.map-point, .map-group) :is(a, button)").evaluate_all(boxes)
    assert len(marks) == 4
    marks += area.locator(".map-tools button:visible, .leaflet-bar").evaluate_all(boxes)
    covered = [
        (name, mark)
        for name in names
        for mark in marks
        if name[0] < mark[2] and mark[0] < name[2] and name[1] < mark[3] and mark[1] < name[3]
    ]
    assert covered == []


def test_without_javascript_the_list_says_the_same(plain_page, live_server, enter, alice):
    PropertyDatasetPermissionFactory(user=alice, address=NORTH, latitude=33.7, longitude=-112.1)
    enter(plain_page, alice).goto(f"{live_server.url}/properties/")
    expect(find_map(plain_page)).to_be_hidden()
    expect(plain_page.get_by_text("The map needs JavaScript")).to_be_visible()
    expect(plain_page.get_by_role("link", name=NORTH)).to_be_visible()


def test_a_tile_server_of_the_operator_draws_the_streets(owned_page, live_server, settings):
    settings.MAP_TILE_URL = f"{live_server.url}/static/img/apple-touch-icon.png?tile={{z}}/{{x}}/{{y}}"
    settings.MAP_TILE_ATTRIBUTION = "Streets by somebody"
    owned_page.reload()

    area = find_map(owned_page)
    expect(area.locator("img.leaflet-tile-loaded").first).to_be_visible()
    expect(area).to_contain_text("Streets by somebody")
    expect(area.locator("path.map-states")).to_have_count(1)
    expect(area.locator("path.map-land")).to_be_hidden()  # else it covers the streets
    for _ in range(6):
        area.get_by_role("button", name="Zoom in").click()
    expect(area.get_by_role("status")).to_be_empty()
