"""Saved searches in Chromium: read at both widths and in both themes, and a standing quote that is looked at first."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from properties.models import PropertyDatasetPermission, SavedSearch, SavedSearchRun, Watch
from properties.search.form import read_query
from properties.services import runs, searches, watches
from tests.browser.conftest import PHONE, WIDE
from tests.factories import PropertyDatasetPermissionFactory


@pytest.fixture
def search(carol):
    """A daily search of carol's with a second run that found something of each kind."""
    rows = [
        PropertyDatasetPermissionFactory(
            user=carol,
            property_id=f"p-{number}",
            address=f"{number} Main St",
            datasets=["BASIC", "VALUATION"],
            owner_name="Ann Able",
            estimated_value=200_000.0,
        )
        for number in range(4)
    ]
    now = timezone.now()
    query = read_query({"q": ["Phoenix, AZ"], "value_min": ["100000"]})
    search = searches.save_search(user=carol, name="Homes in Phoenix", query=query, now=now, cadence="daily")
    PropertyDatasetPermission.objects.filter(pk=rows[0].pk).update(owner_name="Bea Best", estimated_value=210_000.0)
    PropertyDatasetPermission.objects.filter(pk=rows[1].pk).update(estimated_value=90_000.0)
    PropertyDatasetPermissionFactory(
        user=carol,
        property_id="p-9",
        address="9 Oak St",
        datasets=["BASIC", "VALUATION"],
        estimated_value=300_000.0,
        revealed_at=now,
    )
    runs.run_saved_search(search=search, now=now + timedelta(minutes=1))
    search.refresh_from_db()
    return search


def test_the_pages_of_a_saved_search_read_well(search, carol, enter, page, live_server, assert_accessible, assert_fits):
    watches.arm_watch(
        search=search,
        reveals_new=True,
        refreshes_owned=True,
        cap_per_run=5,
        cap_per_month=20,
        ends_at=timezone.now() + timedelta(days=30),
        now=timezone.now(),
    )
    enter(page, carol)
    for path in ("/searches/", search.get_absolute_url(), f"{search.get_absolute_url()}runs/2/"):
        page.goto(live_server.url + path)
        assert_accessible(page)
        page.set_viewport_size(PHONE)
        assert_fits(page)
        page.set_viewport_size(WIDE)
    expect(page.get_by_role("row", name="0 Main St")).to_contain_text("Ann Able → Bea Best")
    expect(page.get_by_role("row", name="1 Main St")).to_contain_text("$90,000")
    page.get_by_label("Compare with").select_option("1")
    page.get_by_role("button", name="Compare").click()
    expect(page).to_have_url(f"{live_server.url}{search.get_absolute_url()}runs/2/?against=1")
    expect(page.get_by_role("link", name="9 Oak St")).to_be_visible()


def test_a_standing_quote_says_its_most_before_it_is_accepted(search, carol, enter, page, live_server):
    enter(page, carol).set_viewport_size(PHONE)
    page.goto(live_server.url + search.get_absolute_url())
    page.get_by_role("link", name="See what it can cost").click()
    page.get_by_label("Credits in one run, at most").fill("4")
    page.get_by_label("Credits in a calendar month, at most").fill("12")
    page.get_by_role("button", name="Show what it can cost").click()
    expect(page.get_by_role("heading", name="At most")).to_be_visible()
    assert Watch.objects.count() == 0

    page.get_by_role("button", name="Accept, at most").click()

    expect(page.get_by_role("heading", name="Watch: on")).to_be_visible()
    assert Watch.objects.get().cap_per_run == 4
    page.get_by_role("button", name="Turn it off").click()
    expect(page.get_by_role("heading", name="Watch: off")).to_be_visible()
    assert SavedSearchRun.objects.filter(saved_search=search).count() == 2


def test_a_saved_search_says_what_is_new_and_is_changed_or_saved_as_another(
    search, carol, enter, page, live_server, guard
):
    guard.allow("htmx:(afterRequest|sendAbort)")  # a newer question drops an older one, which htmx calls an error
    enter(page, carol).goto(f"{live_server.url}/searches/")
    row = page.get_by_role("row", name="Homes in Phoenix")
    expect(row).to_contain_text("Phoenix, AZ: Estimated value from $100,000")
    expect(row.get_by_role("cell").first).to_contain_text("1 new")
    expect(row.get_by_role("cell").nth(1)).to_have_text(re.compile(r"[1-9]\d*$"))
    row.get_by_role("link").click()
    page.get_by_role("link", name="Run 2").click()
    page.goto(f"{live_server.url}/searches/")
    expect(row.get_by_role("cell").first).not_to_contain_text("new")

    row.get_by_role("link").click()
    page.get_by_role("link", name="Open or change the search").click()
    expect(page.get_by_text("Saved as Homes in Phoenix")).to_be_visible()
    page.get_by_label("Estimated value from", exact=True).fill("150000")
    marked = page.get_by_text("Unsaved changes in Homes in Phoenix")
    expect(marked).to_be_visible()
    expect(page).to_have_url(re.compile(f"value_min=150000&saved={search.pk}$"))
    page.reload()
    expect(marked).to_be_visible()
    changed = page.url

    page.get_by_label("Or save it as new, called").fill("Dearer ones")
    page.get_by_role("button", name="Save as new").click()
    expect(page.get_by_role("heading", name="Had you saved this 30 days ago")).to_be_visible()
    saved = {each.name: each.filters["value_min"] for each in SavedSearch.objects.filter(user=carol)}
    assert saved == {"Homes in Phoenix": ["100000"], "Dearer ones": ["150000"]}
    page.goto(changed)
    page.get_by_role("button", name="Update “Homes in Phoenix”").click()
    expect(page.get_by_text("Changed “Homes in Phoenix”.")).to_be_visible()
    search.refresh_from_db()
    assert (search.filters["value_min"], search.version) == (["150000"], 2)
