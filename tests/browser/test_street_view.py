"""The street before a property, in Chromium: on a click, with its date and whose it is, and what happens without."""

import re

import pytest
import requests
from django.conf import settings as live_settings
from playwright.sync_api import Page, expect

from atlas_site.sandbox.streetview import status_at
from properties.models import Property
from tests.browser.conftest import PHONE, WIDE
from tests.factories import PropertyDatasetPermissionFactory, PropertyFactory


@pytest.fixture(autouse=True)
def sandbox_without_faults():
    """What a test lets fail concerns no other."""
    yield
    requests.delete(f"{live_settings.STREETVIEW_BASE_URL}/_sandbox/faults", timeout=10).raise_for_status()


def fail_next(endpoint: str, mode: str) -> None:
    url = f"{live_settings.STREETVIEW_BASE_URL}/_sandbox/faults"
    requests.post(url, json={"endpoint": endpoint, "mode": mode}, timeout=10).raise_for_status()


def own(user, status: str) -> Property:
    """A property of the user at a place for which the sandbox has this status."""
    latitudes = (33.4 + number / 1000 for number in range(1000))
    latitude = next(each for each in latitudes if status_at(f"{each:.6f},-112.000000") == status)
    held = PropertyFactory(data={"address": {"latitude": latitude, "longitude": -112.0}})
    PropertyDatasetPermissionFactory(user=user, property_id=held.property_id, latitude=latitude, longitude=-112.0)
    return held


@pytest.fixture
def opened(page: Page, live_server, enter, alice):
    """Open the page of a property of alice for which Google has this status."""

    def go(status: str = "OK") -> Page:
        enter(page, alice).goto(live_server.url + own(alice, status).get_absolute_url())
        return page

    return go


def look_at_street(page: Page) -> None:
    page.get_by_role("link", name="Look at the street").click()


def test_nothing_is_loaded_before_the_click_and_then_the_picture_with_date_and_owner(
    opened, assert_accessible, assert_fits
):
    asked: list[str] = []
    page = opened()
    page.on("request", lambda request: asked.append(request.url))
    picture = page.get_by_role("img", name=re.compile("The property seen from the street in "))
    expect(page.get_by_role("heading", name="The street")).to_be_visible()
    assert picture.count() == 0

    look_at_street(page)

    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("naturalWidth", 640)
    section = page.locator("#street-view")
    expect(section).to_contain_text("© Google")
    expect(section.locator("time")).to_have_text(re.compile(r"^[A-Z][a-z]+ 20\d\d$"))
    expect(section.locator("figure")).to_be_focused()
    assert [url.rsplit("/", 3)[-2] for url in asked if "street-view" in url] == ["street-view", "image"]
    for size in (PHONE, WIDE):
        page.set_viewport_size(size)
        assert_fits(page)
    assert_accessible(page)


def test_a_street_without_a_picture_says_so(opened):
    page = opened("ZERO_RESULTS")
    look_at_street(page)
    expect(page.get_by_text("No picture on file")).to_be_visible()
    assert page.locator("#street-view img").count() == 0


@pytest.mark.parametrize("endpoint", ["streetview/metadata", "streetview"])
def test_what_went_wrong_is_said_and_can_be_tried_again(opened, guard, endpoint):
    guard.allow("503")
    page = opened()
    fail_next(endpoint, "500")

    look_at_street(page)
    expect(page.locator("#street-view").get_by_role("status")).to_be_visible()
    page.get_by_role("link", name="Try again").click()

    expect(page.locator("#street-view img")).to_have_js_property("naturalWidth", 640)
    expect(page.locator("#street-view img")).to_be_visible()


def test_it_works_without_javascript(plain_page: Page, live_server, enter, alice):
    held = own(alice, "OK")
    enter(plain_page, alice).goto(live_server.url + held.get_absolute_url())

    look_at_street(plain_page)

    expect(plain_page.get_by_role("heading", name="1 Main St", level=1)).to_be_visible()
    expect(plain_page.get_by_role("img", name=re.compile("The property seen"))).to_be_visible()
    expect(plain_page.get_by_text("© Google")).to_be_visible()
    plain_page.get_by_role("link", name="1 Main St").click()
    expect(plain_page).to_have_url(live_server.url + held.get_absolute_url())
