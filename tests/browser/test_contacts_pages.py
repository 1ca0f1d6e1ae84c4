"""The contacts of a list in Chromium: selected across pages, changed in place and all at once, and walked through."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from leads.models import Contact, LeadGroup
from tests.browser.conftest import PHONE, WIDE
from tests.factories import LeadGroupFactory
from tests.leads.contacts.people import make_contacts

SELECT = re.compile("^Select (?!this page)")
# As soon as the first contact's stage has come with its answer, it is changed to another.
CHANGE_AGAIN_AT_ONCE = """stage => {
  const cell = document.querySelector(".stage-cell");
  const observer = new MutationObserver(() => {
    observer.disconnect();
    const select = cell.querySelector("select");
    select.value = stage;
    select.dispatchEvent(new Event("change", { bubbles: true }));
  });
  observer.observe(cell, { childList: true });
}"""


@pytest.fixture
def group(alice: User) -> LeadGroup:
    group = LeadGroupFactory.create(user=alice, name="Probate")
    make_contacts(group, 60)
    return group


@pytest.fixture
def hers(page: Page, alice: User, group: LeadGroup, enter, live_server) -> Page:
    """Alice at her list of 60 contacts."""
    enter(page, alice).goto(f"{live_server.url}/leads/{group.pk}/")
    return page


@pytest.fixture
def look(assert_accessible, assert_fits) -> Callable[[Page], None]:
    def see(page: Page) -> None:
        for size in (PHONE, WIDE):
            page.set_viewport_size(size)
            assert_fits(page)
        assert_accessible(page)

    return see


def status(page: Page):
    return page.locator("[data-selection-status]")


def test_contacts_are_selected_across_pages_and_changed_at_once(hers: Page, group: LeadGroup, look):
    look(hers)
    for key, words in (("j", "Check rows"), ("x", "1 selected."), ("x", "Check rows")):
        hers.keyboard.press(key)
        expect(status(hers)).to_contain_text(words)
    boxes = hers.get_by_role("checkbox", name=SELECT)
    boxes.nth(1).check()
    boxes.nth(3).click(modifiers=["Shift"])
    hers.get_by_role("link", name="Next", exact=True).click()
    expect(status(hers)).to_have_text("3 selected, 3 on other pages.")
    hers.get_by_role("checkbox", name="Select this page").check()
    hers.get_by_role("button", name="Select all 60 of the list").click()
    expect(status(hers)).to_have_text("All 60 selected.")
    hers.get_by_role("link", name="Score", exact=True).click()
    expect(status(hers)).to_have_text("All 60 selected.")
    hers.get_by_label("Stage", exact=True).last.select_option("talking")
    hers.get_by_role("button", name="Set stage").click()
    expect(hers.get_by_text("now in the stage “Talking”")).to_be_visible()
    assert set(Contact.objects.filter(lead_group_id=group.pk).values_list("stage", flat=True)) == {"talking"}
    undo = hers.get_by_role("button", name="Undo")
    undo.focus()  # else the message leaves after ten seconds
    look(hers)
    undo.click()
    expect(hers.get_by_text("Undone.")).to_be_visible()
    assert len(set(Contact.objects.filter(lead_group_id=group.pk).values_list("stage", flat=True))) > 3


def test_who_was_removed_is_selected_no_more(hers: Page, group: LeadGroup):
    boxes = hers.get_by_role("checkbox", name=SELECT)
    for place in range(3):
        boxes.nth(place).check()
    removed = boxes.nth(1).get_attribute("value")
    hers.get_by_role("link", name="Next", exact=True).click()
    expect(status(hers)).to_have_text("3 selected, 3 on other pages.")
    Contact.objects.get(pk=removed).delete()
    hers.reload()
    expect(status(hers)).to_have_text("2 selected, 2 on other pages.")

    boxes.first.check()
    hers.get_by_text("More", exact=True).click()
    hers.get_by_role("button", name="Remove from list").click()
    expect(hers.get_by_text("3 contacts are taken off this list.")).to_be_visible()
    expect(status(hers)).to_have_text("Check rows to work on them.")


def test_a_stage_is_set_in_place_and_contacts_are_walked_through(hers: Page, group: LeadGroup, look):
    Contact.objects.filter(lead_group_id=group.pk).update(stage="new")
    hers.goto(f"{hers.url}?stage=new&sort=score")
    first = hers.locator("tr[data-contact-id]").first
    contact_id = first.get_attribute("data-contact-id")
    first.get_by_label(re.compile("^Stage of")).select_option("nurture")
    expect(hers.get_by_text("1 contact is now in the stage “Nurture”.")).to_be_visible()
    assert Contact.objects.get(pk=contact_id).stage == "nurture"
    first.get_by_label(re.compile("^Stage of")).select_option("talking")
    expect(hers.get_by_text("1 contact is now in the stage “Talking”.")).to_be_visible()
    hers.evaluate(CHANGE_AGAIN_AT_ONCE, "closed")
    first.get_by_label(re.compile("^Stage of")).select_option("dead")
    expect(hers.get_by_text("1 contact is now in the stage “Closed”.")).to_be_visible()
    assert Contact.objects.get(pk=contact_id).stage == "closed"

    hers.keyboard.press("Escape")
    first.get_by_role("link").click()
    expect(hers.get_by_role("heading", level=1)).to_be_visible()
    look(hers)
    hers.get_by_role("link", name="Next").click()
    expect(hers).to_have_url(re.compile("stage=new&sort=score"))
    hers.get_by_role("link", name="Edit", exact=True).click()
    hers.get_by_label("ZIP", exact=True).fill("12")
    hers.get_by_role("button", name="Save").click()
    expect(hers.get_by_role("alert")).to_contain_text("five digits")
    look(hers)


def test_without_scripts_everything_is_a_form(plain_page: Page, alice: User, group: LeadGroup, enter, live_server):
    Contact.objects.filter(lead_group_id=group.pk).update(stage="new")
    enter(plain_page, alice).goto(f"{live_server.url}/leads/{group.pk}/")
    row = plain_page.locator("tr[data-contact-id]").nth(2)
    contact_id = row.get_attribute("data-contact-id")
    row.get_by_label(re.compile("^Stage of")).select_option("dead")
    row.get_by_role("button", name="Set").click()
    expect(plain_page.get_by_text("1 contact is now in the stage “Dead”.")).to_be_visible()
    assert Contact.objects.get(pk=contact_id).stage == "dead"
    assert Contact.objects.filter(lead_group_id=group.pk, stage="new").count() == 59
    plain_page.locator("tr[data-contact-id]").nth(4).get_by_role("checkbox").check()
    plain_page.get_by_text("More", exact=True).click()
    plain_page.get_by_role("button", name="Remove from list").click()
    expect(plain_page.get_by_text("1 contact is taken off this list.")).to_be_visible()
    plain_page.get_by_role("button", name="Undo").first.click()
    expect(plain_page.get_by_text("Undone.")).to_be_visible()
    assert Contact.objects.filter(lead_group_id=group.pk).count() == 60
