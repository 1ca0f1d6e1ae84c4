"""Lists in Chromium: found, combined, filled from My properties, deleted, and brought back by the message about it."""

import re

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from leads.models import Contact, LeadGroup
from tests.browser.conftest import PHONE, WIDE
from tests.factories import LeadGroupFactory, PropertyDatasetPermissionFactory, PropertyFactory


def person(user: User, group: LeadGroup, number: int) -> Contact:
    """A contact who is the same person at the same place on every list."""
    return Contact(
        user=user,
        lead_group=group,
        first_name="Ada",
        last_name=f"Berchon {number}",
        address=f"{number} Oak St",
        city="Phoenix",
        state="AZ",
        zip="85007",
        identity_key=f"{number:032x}",
        match_keys=[f"{number:012d}"],
        place_key_count=1,
        phones=[{"number": "6025550101"}] if number % 3 == 0 else [],
        phone="6025550101" if number % 3 == 0 else None,
    )


@pytest.fixture
def lists(alice: User) -> list[LeadGroup]:
    """Two lists of Alice that have some people in common, and one of tired landlords."""
    made = []
    texts = ["From the county court, every month", "", None]
    people_of = {"Probate 2026": range(1, 40), "Vacant": range(30, 60), "Tired": ()}
    for (name, people), text in zip(people_of.items(), texts, strict=True):
        group = LeadGroupFactory(user=alice, name=name, tags=["ohio", name.split()[0].lower()], description=text)
        Contact.objects.bulk_create([person(alice, group, number) for number in people])
        LeadGroup.objects.filter(pk=group.pk).update(total_contacts=len(people))
        made.append(group)
    return made


def see(page: Page, assert_fits, assert_accessible) -> None:
    """See that a page fits a phone and a desk, and that it is accessible in both themes."""
    for size in (PHONE, WIDE):
        page.set_viewport_size(size)
        assert_fits(page)
    assert_accessible(page)


def test_lists_are_combined_and_what_is_deleted_comes_back(
    page: Page, alice: User, enter, live_server, lists, assert_fits, assert_accessible
):
    enter(page, alice).goto(f"{live_server.url}/leads/?tag=ohio")
    see(page, assert_fits, assert_accessible)
    page.get_by_label("Choose Probate 2026").check()
    page.get_by_label("Choose Vacant").check()
    page.get_by_role("button", name="Combine the checked lists").click()
    page.get_by_label("Those of one list").check()
    page.get_by_label("Those of", exact=True).select_option("Vacant")
    page.get_by_label("Name of the new list").fill("Vacant, no probate")
    see(page, assert_fits, assert_accessible)
    page.get_by_role("button", name="Count 69 contacts").click()
    expect(page.get_by_text("at most 7 credits")).to_be_visible()
    see(page, assert_fits, assert_accessible)
    page.get_by_role("button", name="Make a list of 20, free").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Vacant, no probate")
    expect(page.get_by_text("With a phone", exact=True)).to_be_visible()
    see(page, assert_fits, assert_accessible)
    page.get_by_role("button", name="Delete", exact=True).click()
    undo = page.get_by_role("button", name="Undo")
    undo.focus()  # before the message leaves
    expect(page.get_by_role("link", name="Vacant, no probate")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/leads/\w{24}/$"))
    assert LeadGroup.objects.get(name="Vacant, no probate").total_contacts == 20

    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("link", name="1 deleted list").click()
    see(page, assert_fits, assert_accessible)
    page.set_viewport_size(PHONE)
    expect(page.get_by_role("button", name="Bring back Vacant, no probate")).to_be_in_viewport(ratio=1)


def test_the_owners_of_my_properties_are_put_on_a_list(
    page: Page, alice: User, enter, live_server, assert_fits, assert_accessible
):
    for number in range(30):
        copy = PropertyFactory(address=f"{number} Main St", data={"owner": {"fullName": f"Jo Doe {number}"}})
        PropertyDatasetPermissionFactory(
            user=alice, property_id=copy.property_id, address=f"{number} Main St", row_version=1
        )
    enter(page, alice).goto(f"{live_server.url}/properties/")
    page.get_by_label("Select this page").check()
    page.get_by_role("link", name="Next").click()
    page.get_by_role("checkbox", name=re.compile("^Select .* Main St")).first.check()
    page.get_by_role("button", name="Add to list").click()
    expect(page.get_by_text("26 chosen properties. Their owners")).to_be_visible()
    page.get_by_label("Name of the new list").fill("Owners in Phoenix")
    see(page, assert_fits, assert_accessible)
    page.get_by_role("button", name="Add to the list").click()
    expect(page.get_by_text("26 added to “Owners in Phoenix”")).to_be_visible()
    assert Contact.objects.filter(lead_group__name="Owners in Phoenix").count() == 26
