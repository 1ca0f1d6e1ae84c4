"""The day's work in Chromium: keys from one person to the next, the same by plain forms, and the do-not-call list."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from atlas_site.mongodb.documents import as_utc
from leads.models import DoNotCall, Touch
from leads.services import standing
from leads.services.do_not_call import set_do_not_call
from leads.services.people import set_next_touch
from tests.browser.conftest import PHONE, WIDE
from tests.browser.steps import press_key
from tests.leads.work.people import checked, make_contact

PEOPLE = [("Ada", "Berchon", "43211", "OH"), ("Bruno", "Dall", "37402", "TN"), ("Clara", "Fengard", None, "TX")]


@pytest.fixture
def week(alice):
    """Three people to call: one is due, two were never called."""
    now = as_utc(timezone.now())
    contacts = []
    for number, (first, last, code, state) in enumerate(PEOPLE):
        phones = [
            checked(f"614555010{number}", at=now - timedelta(days=2), type="Mobile", score=95 - number),
            checked(f"614555020{number}", at=now - timedelta(days=2), dnc=True, type="Land Line", score=80),
            {"number": f"614555030{number}"},
        ]
        place = {"address": f"{12 + number} Oak St", "city": "Springfield", "state": state, "zip": code}
        values = {"phones": phones, "trace_outcome": "hit", "traced_at": now, "first_name": first, "last_name": last}
        contacts.append(make_contact(alice, key=f"{number:032x}", **values, **place))
    standing.refresh(user_id=alice.pk, identity_keys=[contact.identity_key for contact in contacts], now=now)
    set_next_touch(user=alice, contacts=contacts[:1], on=now.date(), now=now)
    return contacts


def shoot(page: Page, name: str) -> None:
    """Keep pictures of a page in both sizes and themes, where a folder for them is named."""
    folder = os.environ.get("ATLAS_PICTURES")
    if not folder:
        return
    for theme in ("light", "dark"):
        page.evaluate(f"document.documentElement.dataset.bsTheme = '{theme}'")
        for size, view in (("1440", WIDE), ("390", PHONE)):
            page.set_viewport_size(view)
            page.screenshot(path=f"{folder}/{name}-{size}-{theme}.png", full_page=True)
    page.evaluate("document.documentElement.dataset.bsTheme = 'light'")
    page.set_viewport_size(WIDE)


def test_the_day_is_worked_by_single_keys(page: Page, live_server, enter, alice, week, assert_accessible, assert_fits):
    def look(name: str) -> None:
        assert_accessible(page)
        for view in (PHONE, WIDE):
            page.set_viewport_size(view)
            assert_fits(page)
        shoot(page, name)

    enter(page, alice).goto(f"{live_server.url}/today/")
    expect(page.get_by_role("link", name="Today", exact=True)).to_have_attribute("aria-current", "page")
    look("today")
    page.set_viewport_size(PHONE)
    expect(page.locator("td.number").first).to_be_in_viewport()
    page.set_viewport_size(WIDE)
    page.get_by_role("link", name="Start with Ada Berchon").click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Ada Berchon")
    expect(page.get_by_text("Due, 1 of 3")).to_be_visible()
    look("turn")

    press_key(page, "j")
    expect(heading).to_have_text("Bruno Dall")
    press_key(page, "k")
    expect(heading).to_have_text("Ada Berchon")

    note = page.get_by_label("Note")
    note.fill("rang out 1 2 3")  # keys are letters while somebody types
    page.get_by_role("heading", name="Phones").click()
    press_key(page, "1")
    expect(page.get_by_text("Ada Berchon: no answer. Next touch")).to_be_visible()
    expect(heading).to_have_text("Bruno Dall")
    touch = Touch.objects.get()
    assert (touch.outcome, touch.number, touch.text) == ("no_answer", "6145550100", "rang out 1 2 3")

    press_key(page, "8")
    expect(page.get_by_text("Bruno Dall: do not call.")).to_be_visible()
    assert DoNotCall.objects.filter(user=alice).count() == 3

    press_key(page, "?")
    page.get_by_label("Use single-key shortcuts in this browser").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("1")
    expect(heading).to_have_text("Clara Fengard")
    assert Touch.objects.count() == 2
    page.goto(f"{live_server.url}/today/{week[1].pk}/")
    expect(page.get_by_text("Do not dial: your do-not-call list").first).to_be_visible()
    look("barred")


def test_the_day_is_worked_without_scripts(browser, browser_context_args, live_server, enter, alice, week):
    context = browser.new_context(**{**browser_context_args, "java_script_enabled": False})
    page = context.new_page()
    enter(page, alice).goto(f"{live_server.url}/today/")
    page.get_by_role("link", name="Start with Ada Berchon").click()
    page.get_by_role("radio", name="(614) 555-0300").check()
    page.get_by_role("button", name="Disconnected").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bruno Dall")
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Clara Fengard")
    page.get_by_role("button", name="Interested", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Today")
    assert dict(Touch.objects.values_list("outcome", "number")) == {
        "disconnected": "6145550300",
        "interested": "6145550102",
    }
    context.close()


def test_numbers_are_put_on_the_do_not_call_list(
    page: Page, live_server, enter, alice, week, assert_accessible, assert_fits, tmp_path
):
    set_do_not_call(user=alice, numbers=["6145550999"], why="letter of May 3", now=timezone.now())
    path = tmp_path / "dnc.csv"
    path.write_text("name,phone\nAda,(614) 555-0100\nBo,6145550998\n", encoding="utf-8")
    enter(page, alice).goto(f"{live_server.url}/leads/do-not-call/")
    page.get_by_role("button", name="Add to the list").click()
    expect(page.get_by_role("alert")).to_contain_text("There is no US phone number in what you wrote.")
    page.get_by_label("Or a file with numbers").set_input_files(path)
    page.get_by_role("button", name="Add to the list").click()
    expect(page.get_by_text("2 numbers added to your do-not-call list.")).to_be_visible()
    page.get_by_role("button", name="Take off (614) 555-0998").click()
    expect(page.locator(".tag", has_text="Lifted")).to_be_visible()
    assert_accessible(page)
    assert_fits(page)
    page.set_viewport_size(PHONE)
    assert_fits(page)
    shoot(page, "do-not-call")
