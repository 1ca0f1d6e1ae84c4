"""The moments in which people decide about money, in Chromium: pay once, buy what is missing, see what is locked."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
from django.conf import settings as live_settings
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as format_date
from playwright.sync_api import Page, Route, expect

from accounts.models import User
from atlas_site.vendors.batchdata import extract_dataset
from credits import services as credit_services
from credits.models import Credit, CreditLog, Quote
from properties.datasets import DATASET_INFOS, is_hit
from properties.models import Dataset, PropertyDatasetPermission, PropertyJob
from properties.search.form import read_query
from properties.services import jobs, reveals, runner, unlocks
from tests.browser.conftest import PHONE
from tests.browser.steps import PATIENCE
from tests.browser.test_billing_pages import PACK, Buyer, site
from tests.properties.conftest import Sandbox
from tests.worker import running_worker

__all__ = ["site"]

LOCKED = [str(each) for each in Dataset if each not in {Dataset.BASIC, Dataset.DIVORCE_INFO}]
ZOOMED = {"width": 720, "height": 430}
"""What is left of a window of 1440 by 860 at 200 percent."""


@pytest.fixture(scope="module", autouse=True)
def worker(unblocked_db: None) -> Iterator[None]:
    """A Celery worker beside the live server."""
    with running_worker():
        yield


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """The vendor sandbox with an empty bill and no faults, before and after."""
    control = Sandbox(live_settings.BATCHDATA_BASE_URL)
    control.reset()
    yield control
    control.reset()


def give(user: User, amount: int) -> None:
    credit_services.grant(
        user_id=user.pk, amount=amount, bucket="purchased", source=f"test:{user.pk}", reason="Test", now=timezone.now()
    )


def reveal(user: User, count: int = 1) -> list[PropertyDatasetPermission]:
    """Let the user own some properties of Phoenix."""
    query, now = read_query({"q": ["Phoenix, AZ"]}), timezone.now()
    quote = reveals.quote_reveal(user=user, query=query, count=count, total=None, back_url="/search/", now=now)
    runner.run_job(job_id=str(jobs.accept_quote(user=user, quote_id=quote.pk, now=now).pk), now=timezone.now)
    return list(PropertyDatasetPermission.objects.filter(user=user))


def offer(user: User, owned: PropertyDatasetPermission, *datasets: str) -> Quote:
    """A quote for datasets of an owned property."""
    back, now = owned.get_absolute_url(), timezone.now()
    return unlocks.quote_unlock(user=user, permission=owned, datasets=datasets, back_url=back, now=now)


def spendable(user: User) -> int:
    return Credit.objects.get(user=user).credit_available


def charges(user: User) -> int:
    return CreditLog.objects.filter(credit__user=user, kind=CreditLog.Kind.CAPTURE).count()


# ---------------------------------------------------------------- a charge is made once
def test_a_double_click_on_an_unlock_pays_once_and_the_receipt_leads_to_the_ledger(
    page: Page, live_server, sandbox, enter, alice
):
    (owned,) = reveal(alice)
    before, charged_before = spendable(alice), charges(alice)
    quote = offer(alice, owned, Dataset.VALUATION)
    enter(page, alice).goto(f"{live_server.url}/quotes/{quote.pk}/")

    page.get_by_role("button", name="Accept").dblclick()

    expect(page.get_by_text("Unlocked: 1 credit charged")).to_be_visible(timeout=2 * PATIENCE)
    page.reload()
    assert (spendable(alice), charges(alice)) == (before - 1, charged_before + 1)
    assert PropertyJob.objects.filter(user=alice, kind=PropertyJob.Kind.UNLOCK).count() == 1
    page.goto(f"{live_server.url}/quotes/{quote.pk}/")
    line = page.get_by_role("listitem").filter(has_text="Charged: 1 credit")
    line.get_by_role("link").click()
    expect(page.get_by_role("heading", name="Charged: 1 credit", level=1)).to_be_visible()


def test_accepting_again_after_the_answer_was_lost_on_the_way_pays_once(
    page: Page, live_server, sandbox, enter, alice, guard
):
    guard.allow("ERR_FAILED")
    before, (owned,) = spendable(alice), reveal(alice)
    quote = offer(alice, owned, Dataset.VALUATION)
    address = f"{live_server.url}/quotes/{quote.pk}/"

    def lose_the_answer(route: Route) -> None:
        assert route.fetch(max_redirects=0).status == 302  # Atlas has done it
        route.abort()

    enter(page, alice).goto(address)
    token = page.locator("form[action$='/accept/'] [name=csrfmiddlewaretoken]").input_value()
    page.route("**/accept/", lose_the_answer, times=1)
    page.get_by_role("button", name="Accept").click()
    page.wait_for_url("chrome-error://**")  # else it interrupts where we go next
    again = page.request.post(
        f"{address}accept/", form={"csrfmiddlewaretoken": token}, headers={"Referer": address}, max_redirects=0
    )
    page.goto(address)

    assert again.status == 302
    expect(page.get_by_role("link", name=re.compile("See (the result|how far it is)"))).to_be_visible()
    page.get_by_role("link", name=re.compile("See (the result|how far it is)")).click()
    expect(page.get_by_text("Unlocked: 1 credit charged")).to_be_visible(timeout=2 * PATIENCE)
    assert spendable(alice) == before - 2
    assert PropertyJob.objects.filter(user=alice, kind=PropertyJob.Kind.UNLOCK).count() == 1


# ---------------------------------------------------------------- too few credits
def test_who_has_too_few_buys_on_the_way_and_comes_back_to_the_same_choice(
    page: Page, live_server, sandbox, enter, carol, site, guard
):
    guard.allow("htmx:(afterRequest|sendAbort)")
    give(carol, 2)
    (owned,) = reveal(carol)
    enter(page, carol).goto(live_server.url + owned.get_absolute_url())
    for title in ("Value and equity", "Deed history"):
        page.get_by_role("checkbox", name=title).check()
    expect(page.locator("#unlock")).to_contain_text("Your balance is 1 credit. 1 credit more is needed.")
    page.get_by_role("button", name="Get a quote: 2 for at most 2 credits").click()
    expect(page.get_by_role("heading", name="1 credit too few")).to_be_visible()
    expect(page.get_by_role("button", name="Accept: at most 2 credits")).to_be_disabled()
    quote_url = page.url

    page.get_by_role("link", name="Get more credits").click()
    page.locator(f'a[href^="/billing/plans/{PACK}/"]').click()
    page.get_by_role("button", name="Go to Chargebee to pay").click()
    expect(page.get_by_role("heading", name="Checkout")).to_be_visible()
    Buyer(page, live_server.url).press("Pay $29.00")

    expect(page).to_have_url(quote_url)
    expect(page.get_by_text("Unlock Value and equity, Deed history of")).to_be_visible()
    page.get_by_role("button", name="Accept: at most 2 credits").click()
    expect(page.get_by_text(re.compile("Unlocked: [12] credits? charged"))).to_be_visible(timeout=2 * PATIENCE)
    owned.refresh_from_db()
    assert Dataset.VALUATION in owned.datasets


# ---------------------------------------------------------------- what is locked
def leaves_of(value: object) -> Iterator[str]:
    """Every text and number of a record, as it stands there."""
    if isinstance(value, dict):
        for item in value.values():
            yield from leaves_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves_of(item)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)


def test_a_locked_dataset_says_what_it_may_hold_and_its_price_and_nothing_that_it_holds(
    page: Page, live_server, sandbox, enter, alice, bob, assert_accessible
):
    (owned,) = reveal(alice)
    enter(page, alice).goto(live_server.url + owned.get_absolute_url())
    offers = page.locator("form[data-unlock]")
    before = offers.inner_html()
    value = offers.get_by_role("listitem").filter(has_text="Value and equity")
    expect(value).to_contain_text("at most 1 credit")
    value.get_by_text("What it may hold").click()
    expect(value).to_contain_text("Estimated value")
    expect(value).to_contain_text(DATASET_INFOS[Dataset.VALUATION].description)

    address = f"{sandbox.base_url}/_sandbox/records/{owned.property_id}"
    record = requests.get(address, timeout=10).json()
    known = set(leaves_of(extract_dataset(record, Dataset.BASIC)))
    locked = {
        text
        for text in leaves_of([extract_dataset(record, dataset) for dataset in LOCKED])
        if len(text) >= 5 and text not in known and any(character.isdigit() for character in text)
    }
    assert len(locked) >= 3, json.dumps(record)[:500]
    written = re.sub(r"[,$]", "", page.locator("main").inner_text())
    assert [text for text in locked if text in written] == []
    assert_accessible(page)

    give(bob, 50)
    (his,) = [each for each in reveal(bob) if each.property_id == owned.property_id]
    told = [each for each in LOCKED if is_hit(record, each)]  # that there is nothing, everybody is told
    assert len(told) >= 3
    job = jobs.accept_quote(user=bob, quote_id=offer(bob, his, *told).pk, now=timezone.now())
    runner.run_job(job_id=str(job.pk), now=timezone.now)
    page.reload()
    assert re.sub(r'value="\w{64}"', "", offers.inner_html()) == re.sub(r'value="\w{64}"', "", before)


# ---------------------------------------------------------------- time, theme, zoom
def test_times_are_those_of_the_readers_zone_with_the_distance_beside(page: Page, live_server, enter, alice):
    alice.time_zone = "Pacific/Kiritimati"  # 14 hours ahead of UTC
    alice.save()
    entry = CreditLog.objects.filter(credit__user=alice).latest("sequence")
    enter(page, alice).goto(live_server.url + reverse("credits:show-entry", args=[entry.sequence]))

    there = (entry.timestamp + timedelta(hours=14)).replace(tzinfo=None)
    exact = page.locator(f'time[datetime="{entry.timestamp.isoformat()}"]').first
    expect(exact).to_have_text(format_date(there, "M j, Y, g:i A"))
    expect(exact).to_have_attribute("title", re.compile("ago|now"))


@pytest.fixture
def everything_at_hand(page: Page, live_server, sandbox, enter, alice) -> list[str]:
    """Addresses of the pages on which money is decided about, of a user who has something on each."""
    (owned,) = reveal(alice)
    quote = offer(alice, owned, Dataset.VALUATION)
    job = PropertyJob.objects.get(user=alice)
    enter(page, alice)
    return [
        "/search/?q=Phoenix%2C+AZ",
        "/properties/",
        owned.get_absolute_url(),
        f"/quotes/{quote.pk}/",
        job.get_absolute_url(),
        "/credits/",
    ]


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.faults)])
def test_at_200_percent_nothing_is_cut_off_and_every_control_can_be_reached(
    page: Page, live_server, everything_at_hand, assert_fits, theme
):
    page.set_viewport_size(ZOOMED)
    page.emulate_media(color_scheme=theme)
    for address in everything_at_hand:
        page.goto(live_server.url + address)
        assert_fits(page)
        controls = page.locator("main").locator("a.btn, button.btn, input[type=submit]").all()
        for control in controls:
            if not control.is_visible():
                continue
            control.scroll_into_view_if_needed()
            box = control.bounding_box()
            assert box is not None
            assert box["x"] >= 0 and box["x"] + box["width"] <= ZOOMED["width"], f"{address}: {control.inner_text()}"
            assert box["height"] >= 24, f"{address}: {control.inner_text()} is too low to touch"


def test_what_is_known_says_from_when_it_is(page: Page, live_server, sandbox, enter, alice):
    (owned,) = reveal(alice)
    page.set_viewport_size(PHONE)
    enter(page, alice).goto(live_server.url + owned.get_absolute_url())

    freshness = page.locator("#basic .freshness, #basic time").first
    expect(freshness).to_be_visible()
    expect(freshness).to_contain_text(format_date(timezone.now(), "M j, Y"))
