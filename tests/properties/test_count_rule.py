"""What a count tells: exact where it tells of a place, rounded where it could tell of a house, and never a lie."""

import pytest
from django.core.cache import cache

from atlas_site.vendors import batchdata
from properties.search.form import read_query
from properties.services import counting
from properties.services.counting import NOISE, Count

pytestmark = pytest.mark.django_db

PLACE = {"q": ["Phoenix, AZ"]}
WINDOW = {"foreclosure": {"recordingDate": {"minDate": "2026-01-01"}}}
# Searches of every sort: public and locked conditions by number, choice and text, and signals in all three sets.
SEARCHES = (
    {"beds_min": ["3"]},
    {"equity_min": ["40"]},
    {"beds_min": ["3"], "equity_min": ["40"]},
    {"value_max": ["300000"], "built_max": ["1980"], "all": ["absentee-owner"]},
    {"all": ["absentee-owner", "high-equity"]},
    {"any": ["vacant", "tax-default", "inherited"]},
    {"none": ["owner-occupied"], "any": ["high-equity"]},
    {"type": ["Condominium Unit", "Townhouse"], "all": ["owner-occupied"]},
)


def total_of(query) -> int:
    """What the vendor itself counts."""
    return batchdata.count_properties(query.criteria()).total_count


def search(**params: list[str]):
    return read_query({**PLACE, **params})


@pytest.fixture(autouse=True)
def _sandbox(sandbox):
    """Every test counts."""


@pytest.fixture
def small_zip() -> str:
    """A ZIP code of the market that holds some properties and fewer than 50."""
    records = batchdata.search_properties(search().criteria(), take=1, datasets=["BASIC"], reference=None).records
    code = records[0].address.zip
    assert 0 < total_of(read_query({"q": [code]})) < 50
    return code


@pytest.mark.parametrize("params", [{}, {"all": ["vacant"]}, {"any": ["high-equity"]}, {"none": ["absentee-owner"]}])
def test_a_place_with_one_signal_at_most_is_counted_exactly(params, alice, now):
    query = search(**params)

    count = counting.count_matches(user=alice, query=query, now=now)

    assert count == Count(total_of(query), is_exact=True)
    assert str(count) == f"{count.total:,}"


def test_one_window_of_dates_in_a_place_is_counted_exactly(alice, phoenix, now):
    count = counting.count_criteria(user=alice, query=phoenix, extra=WINDOW, now=now)

    total = batchdata.count_properties({**phoenix.criteria(), **WINDOW}).total_count
    assert count == Count(total, is_exact=True)


def test_a_window_within_a_search_is_not(alice, now):
    count = counting.count_criteria(user=alice, query=search(all=["high-equity"]), extra=WINDOW, now=now)

    assert not count.is_exact


@pytest.mark.parametrize("params", SEARCHES)
def test_no_figure_is_a_lie(params, alice, now):
    query = search(**params)
    total = total_of(query)

    count = counting.count_matches(user=alice, query=query, now=now)

    assert total <= count.at_most
    if count.total is None:
        assert total < count.below
        assert str(count) == f"fewer than {count.below}"
    else:
        assert str(count) == f"about {count.total:,}"
        assert not count.is_exact
        assert count.total - NOISE <= total < count.total + NOISE + 100


@pytest.mark.parametrize(
    ("total", "told"),
    [
        *((0, "fewer than 10"), (9, "fewer than 10"), (10, "about 10"), (129, "about 120"), (999, "about 990")),
        *((1_049, "about 1,000"), (9_999, "about 9,950"), (10_000, "about 10,000"), (123_456, "about 123,400")),
    ],
)
def test_figures_of_conditions_are_rounded_down(total, told):
    question = counting._Question({}, {}, condition_count=1, has_locked=False, is_plain=False)

    assert str(question.told(total)) == told


def test_nothing_is_not_told_from_nine(alice, now):
    count = counting.count_matches(user=alice, query=search(beds_min=["40"]), now=now)

    assert (count.total, count.below, count.is_zero) == (None, 10, False)


def test_a_small_base_answers_every_locked_condition_alike(alice, now, small_zip):
    for params in ({"all": ["absentee-owner"]}, {"equity_min": ["0"]}, {"value_min": ["1"], "none": ["vacant"]}):
        count = counting.count_matches(user=alice, query=read_query({"q": [small_zip], **params}), now=now)
        assert str(count) == "fewer than 50"
    assert counting.count_signals(user=alice, query=read_query({"q": [small_zip]}), now=now) == {}
    assert counting.count_matches(user=alice, query=read_query({"q": [small_zip]}), now=now).is_exact


def test_public_conditions_that_leave_few_houses_make_the_base_small(alice, now):
    query = search(built_min=["1901"], built_max=["1902"], all=["high-equity"])

    assert str(counting.count_matches(user=alice, query=query, now=now)) == "fewer than 50"


def test_the_same_search_is_always_moved_alike(alice, bob, now):
    query = search(beds_min=["3"], all=["high-equity", "absentee-owner"])
    again = search(beds_min=["3"], all=["absentee-owner", "high-equity"])
    first = counting.count_matches(user=alice, query=query, now=now)

    cache.clear()

    assert counting.count_matches(user=bob, query=again, now=now) == first


def test_close_looks_at_few_houses_have_a_budget_of_their_own(alice, bob, now, settings):
    settings.NARROW_COUNTS_A_DAY = 1
    counting.count_matches(user=alice, query=search(beds_min=["2"], equity_min=["20"]), now=now)

    with pytest.raises(counting.NarrowBudgetSpent, match="still counted"):
        counting.count_matches(user=alice, query=search(beds_min=["3"], equity_min=["20"]), now=now)

    assert counting.count_matches(user=alice, query=search(beds_min=["2"], equity_min=["20"]), now=now)
    assert counting.count_matches(user=alice, query=search(equity_min=["20"]), now=now)
    assert counting.count_matches(user=alice, query=search(all=["vacant"]), now=now)
    assert counting.count_matches(user=bob, query=search(beds_min=["4"], equity_min=["20"]), now=now)


def test_a_large_base_spends_nothing_of_that_budget(alice, now, settings, monkeypatch):
    settings.NARROW_COUNTS_A_DAY = 0
    monkeypatch.setattr(counting, "NARROW_BASE", settings.SMALL_PLACE)

    assert counting.count_matches(user=alice, query=search(beds_min=["2"], equity_min=["20"]), now=now)


def test_signals_of_a_place_are_exact_and_those_of_a_search_are_not(alice, phoenix, now):
    of_place = counting.count_signals(user=alice, query=phoenix, now=now)
    of_search = counting.count_signals(user=alice, query=search(beds_min=["2"]), now=now)

    assert of_place["vacant"] == Count(total_of(search(all=["vacant"])))
    assert all(count.is_exact for count in of_place.values())
    assert not any(count.is_exact for count in of_search.values())
    one = counting.count_matches(user=alice, query=search(beds_min=["2"], all=["high-equity"]), now=now)
    assert of_search["high-equity"] == one, "a signal's figure is that of the search with it"


def test_the_signals_of_a_place_are_one_question(alice, phoenix, now, sandbox):
    counting.count_matches(user=alice, query=phoenix, now=now)
    before = sandbox.bill()["count_calls"]

    counting.count_signals(user=alice, query=phoenix, now=now)

    assert sandbox.bill()["count_calls"] == before + 1
