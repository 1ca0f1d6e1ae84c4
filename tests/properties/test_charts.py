"""Charts as facts: where the marks of a value stand, what bars divide, and which ticks an axis has."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from properties.selectors.charts import EDGE, WIDTH, bar_widths, nice_ticks, range_chart, split_bar, step_chart

sums = st.floats(min_value=0, max_value=1e9)


def test_an_estimate_stands_within_its_range_and_says_so_in_words():
    chart = range_chart(estimate=400_000, low=350_000, high=450_000, others=[("sold", "Last sale", 210_000)])

    assert chart.low < chart.marks[0].at < chart.high
    assert chart.marks[1].at < chart.low
    assert chart.description == (
        "Estimated at $400,000, most likely between $350,000 and $450,000. Last sale: $210,000."
    )
    assert chart.rows == (
        ("Estimated value", "$400,000"),
        ("Low estimate", "$350,000"),
        ("High estimate", "$450,000"),
        ("Last sale", "$210,000"),
    )
    assert [tick.label for tick in chart.ticks] == ["$200K", "$300K", "$400K"]


@pytest.mark.parametrize(("low", "high"), [(None, 450_000), (350_000, None), (500_000, 300_000), (410_000, 450_000)])
def test_a_range_that_says_nothing_is_not_drawn(low, high):
    chart = range_chart(estimate=400_000, low=low, high=high)

    assert chart.low is None and chart.high is None and chart.band == 0


@pytest.mark.parametrize("estimate", [None, 0, -1])
def test_without_an_estimate_there_is_no_chart(estimate):
    assert range_chart(estimate=estimate, low=1, high=2) is None


@given(st.floats(min_value=1, max_value=1e9), sums, sums, st.lists(sums, max_size=4))
def test_every_mark_is_on_the_paper(estimate, low, high, others):
    chart = range_chart(estimate=estimate, low=low, high=high, others=[("sold", "Other", each) for each in others])

    places = [mark.at for mark in chart.marks] + [tick.at for tick in chart.ticks]
    assert all(EDGE <= place <= WIDTH - EDGE for place in places + [each for each in (chart.low, chart.high) if each])


@given(sums, st.floats(min_value=-1e8, max_value=2e9))
def test_the_parts_of_a_bar_make_a_whole(value, owed):
    bar = split_bar(value=value, owed=owed)

    assert min(bar.own, bar.owed, bar.over) >= 0
    assert bar.own + bar.owed + bar.over <= 100.2
    assert bar.over == 0 or bar.own == 0


@pytest.mark.parametrize(
    ("value", "owed", "parts"),
    [
        (200, 50, (75, 25, 0)),
        (200, 200, (0, 100, 0)),
        (200, 250, (0, 80, 20)),
        (200, 0, (100, 0, 0)),
        (0, 0, (0, 0, 0)),
    ],
)
def test_what_is_owed_beyond_the_value_has_a_part_of_its_own(value, owed, parts):
    bar = split_bar(value=value, owed=owed)

    assert (bar.own, bar.owed, bar.over) == parts


def test_bars_are_drawn_against_the_whole_or_the_largest():
    assert bar_widths([50, None, 25], whole=100) == [50, 0, 25]
    assert bar_widths([50, 25]) == [100, 50]
    assert bar_widths([150], whole=100) == [100]
    assert bar_widths([None]) == [0]


@given(st.floats(min_value=0, max_value=1e8), st.floats(min_value=0.01, max_value=1e8), st.integers(2, 6))
def test_ticks_lie_on_the_axis_and_are_few(low, span, most):
    ticks = nice_ticks(low, low + span, most)

    assert len(ticks) <= most
    assert ticks == sorted(set(ticks))
    assert all(low - 1e-6 <= tick <= low + span + 1e-6 for tick in ticks)


def test_prices_hold_until_the_next_one():
    points = [(date(2025, 1, 1), 440_000, "Highest price asked"), (date(2025, 7, 2), 420_000, "Lowest price asked")]
    chart = step_chart(points, until=date(2025, 12, 31))

    first, second = chart.points
    assert first.x < second.x and first.y < second.y, "lower prices are further down"
    assert chart.path == f"M{first.x} {first.y}H{second.x}V{second.y}H{WIDTH - EDGE}"
    assert chart.description == (
        "Highest price asked: $440,000 from January 1, 2025; Lowest price asked: $420,000 from July 2, 2025."
    )
    assert step_chart(points[:1], until=date(2025, 12, 31)) is None
    assert step_chart([points[0], (date(2025, 1, 1), 1, "x")], until=date(2025, 12, 31)) is None
