"""Whom to trace: counted once for all choices, and of a long list after the page is shown."""

from html import unescape

import pytest
from bson import ObjectId
from django.test import Client
from django.urls import reverse

from leads.models import Contact, LeadGroup
from leads.services import trace_choices, traces
from tests.leads.traces.conftest import make_list, start_trace, work
from tests.leads.traces.test_query_plans import profiled

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_lane")]
COUNT_NOW = "Count them now"


@pytest.fixture
def hers(client, alice, sign_in) -> Client:
    """A browser in which alice is signed in."""
    return sign_in(client, alice)


@pytest.fixture
def long_list(alice, monkeypatch) -> LeadGroup:
    """A list of 30 contacts, of whom 7 have a number, that is too long to be counted with the page."""
    monkeypatch.setattr(trace_choices, "COUNTED_AT_ONCE", 20)
    group = make_list(alice, 30)
    give_phones(group, 0, 7)
    return group


def ids_of(group: LeadGroup) -> list[ObjectId]:
    return list(Contact.objects.filter(lead_group=group).order_by("pk").values_list("pk", flat=True))


def give_phones(group: LeadGroup, start: int, end: int) -> None:
    Contact.objects.filter(pk__in=ids_of(group)[start:end]).update(
        phone="6145550101", phones=[{"number": "6145550101"}]
    )


def read(answer) -> str:
    assert answer.status_code == 200
    return unescape(" ".join(answer.content.decode().split()))


def test_a_long_list_is_counted_after_its_page_is_shown_and_read_once(hers, long_list):
    address = reverse("leads:choose-trace", args=[long_list.pk])
    with profiled(Contact) as reads:
        page = read(hers.get(address))
    assert (COUNT_NOW in page, "All 23" in page, reads) == (True, False, [])

    with profiled(Contact) as reads:
        part = read(hers.post(address, {"count": "now"}, headers={"HX-Request": "true"}))
    assert sum(each.get("docsExamined", 0) for each in reads) == 30
    assert "<html" not in part and COUNT_NOW not in part
    for title, cost in (("All 23 without a number", "12 credits"), ("All 30, also with a number", "15 credits")):
        assert f"<strong>{title}</strong> <span>at most {cost}</span>" in part

    whole = read(hers.post(address, {"count": "now"}))
    assert "<html" in whole and "All 23 without a number" in whole


def test_all_that_match_on_a_long_list_are_counted_later_and_chosen_ones_at_once(hers, long_list):
    address = reverse("leads:choose-trace", args=[long_list.pk])
    ids = ids_of(long_list)[:6]
    Contact.objects.filter(pk__in=ids).update(stage="talking")
    matching = {"scope": "matching", "query": "stage=talking"}

    page = read(hers.post(address, matching))
    assert COUNT_NOW in page and 'name="query" value="stage=talking"' in page
    assert "<strong>The 6 selected</strong>" in read(hers.post(address, {**matching, "count": "now"}))
    assert "<strong>The 2 selected</strong>" in read(hers.post(address, {"ids": ids[:2]}))


def test_one_count_tells_of_everybody_and_of_those_without_a_number(alice, now, sandbox):
    """What the page shows of both is what either of them is quoted by."""
    group = make_list(alice, 60)
    work(start_trace(alice, make_list(alice, 25, name="Traced before"), now), now)
    Contact.objects.filter(pk__in=ids_of(group)[35:45]).update(address=None)
    give_phones(group, 10, 40)

    both = traces.count_traceable(user=alice, group=group, now=now)
    rest = traces.count_traceable(user=alice, group=group, skips_with_phone=True, now=now)

    assert both.skipping_phones() == rest
    assert (both.units, rest.units, rest.left_out, rest.untraceable) == (25, 15, 15, 5)
    assert rest.yours and rest.missed_lately
