"""What free counts tell somebody who wants to know what is sold: the attacks, carried out against the market itself.

Each attack is run twice: on the true totals, where it must succeed (so it is an attack), and on what Atlas tells.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import pytest
from django.core.cache import cache

from atlas_site.vendors import batchdata
from atlas_site.vendors.batchdata import PropertyRecord
from credits.models import Quote
from properties.models import PropertyDatasetPermission
from properties.search.filters import FILTERS
from properties.search.form import read_query
from properties.search.signals import SIGNALS
from properties.services import counting, reveals
from properties.services.counting import NARROW_BASE, NOISE, Count, NarrowBudgetSpent

pytestmark = pytest.mark.django_db

PLACE = {"q": ["Phoenix, AZ"]}
EVERYTHING = ["BASIC", "VALUATION", "QUICKLIST", "LISTING", "FORECLOSURE", "MORTGAGE_LIENS"]
MANY = 500
# What a total can be, as far as a figure tells: from, to.
Span = tuple[int, int]
Ask = Callable[[dict], Span]


@dataclass(frozen=True)
class House:
    """The house that the attacker is after: what anybody can look up, and what is sold."""

    record: PropertyRecord

    @property
    def street(self) -> str:
        return self.record.address.street

    def holds(self, slug: str) -> bool:
        return bool(self.record.signals.get(SIGNALS[slug].key))

    def singled_out(self) -> list[dict]:
        """Conditions on public facts that leave this house, or hardly another one."""
        latitude, longitude = self.record.coordinates
        area, built = self.record.living_area_square_feet, self.record.year_built
        return [
            {"street": [self.street]},
            {"apn": [self.record.apn]},
            {"area_min": [area], "area_max": [area], "built_min": [built], "built_max": [built]},
            {"area": [f"circle:{latitude:.5f},{longitude:.5f},0.05"]},
        ]


@pytest.fixture
def houses(sandbox) -> list[House]:
    """Houses of Phoenix whose value, equity and signals the vendor knows."""
    query = read_query({**PLACE, "equity_min": ["-100"], "area_min": ["500"]})
    page = batchdata.search_properties(query.criteria(), take=60, datasets=EVERYTHING, reference=None)
    found = [House(record) for record in page.records if record.coordinates and record.apn and record.year_built]
    assert len(found) >= 20
    return found


@pytest.fixture
def told(alice, now) -> Ask:
    """What Atlas tells alice, as the span in which the total must then lie."""

    def ask(params: dict) -> Span:
        return span_of(counting.count_matches(user=alice, query=search(params), now=now))

    return ask


def true_total(params: dict) -> Span:
    """What the vendor counts: the answer of a count without a rule."""
    total = batchdata.count_properties(search(params).criteria()).total_count
    return total, total


def search(params: dict):
    return read_query({**PLACE, **{name: [str(value) for value in values] for name, values in params.items()}})


def span_of(count: Count) -> Span:
    if count.total is None or count.is_exact:
        return (count.total or 0), count.at_most
    return max(0, count.total - NOISE), count.at_most


# ---------------------------------------------------------------- one house singled out


def bisect(ask: Ask, base: dict, name: str, low: int, high: int) -> tuple[int, int]:
    """Narrow a locked number of a singled-out house by halves, as long as the answers tell the halves apart."""
    while low < high:
        middle = (low + high + 1) // 2
        above = ask({**base, f"{name}_min": [middle]})
        below = ask({**base, f"{name}_max": [middle - 1]})
        if above[0] > 0 >= below[1]:
            low = middle
        elif below[0] > 0 >= above[1]:
            high = middle - 1
        else:
            break
    return low, high


def test_bisecting_value_and_equity_of_one_house_tells_nothing(houses, told, settings):
    settings.NARROW_COUNTS_A_DAY = settings.FRESH_COUNTS_A_DAY = 10 * MANY
    house = houses[0]
    value = house.record.estimated_value
    assert bisect(true_total, {"street": [house.street]}, "value", 1, 2**22) == (value, value), "the attack works"

    for base in house.singled_out():
        assert bisect(told, base, "value", 1, 2**22) == (1, 2**22)
        assert bisect(told, base, "equity", -100, 100) == (-100, 100)


@pytest.mark.parametrize("count", [100, pytest.param(MANY, marks=pytest.mark.faults)])
def test_close_counts_of_houses_are_one_and_the_same_answer(houses, alice, now, settings, count):
    settings.NARROW_COUNTS_A_DAY = settings.FRESH_COUNTS_A_DAY = 10 * MANY
    dice = random.Random(7)
    locked = [each for each in FILTERS if not each.is_public and each.kind == "number"]
    answers = set()
    for _ in range(count):
        base = dice.choice(dice.choice(houses).singled_out())
        each = dice.choice(locked)
        asked = dice.choice(
            [
                {f"{each.name}_min": [dice.randint(1, 10**6)]},
                {f"{each.name}_max": [dice.randint(1, 10**6)]},
                {dice.choice(["all", "any", "none"]): [dice.choice(list(SIGNALS))]},
            ]
        )
        answers.add(str(counting.count_matches(user=alice, query=search({**base, **asked}), now=now)))
    assert answers == {"fewer than 50"}
    assert counting.count_signals(user=alice, query=search(houses[0].singled_out()[0]), now=now) == {}


# ---------------------------------------------------------------- two bases that differ by one house


def pairs(house: House) -> Iterable[tuple[dict, dict]]:
    """Bases without and with the house: what is built to its living area, from ever another one."""
    area = house.record.living_area_square_feet
    for low in range(0, area - 400):
        yield {"area_min": [low], "area_max": [area - 1]}, {"area_min": [low], "area_max": [area]}


def possible_answers(ask: Ask, house: House, slug: str, most: int) -> tuple[set[bool], int]:
    """Which answers to "does the signal hold?" remain after as many pairs as may be asked, and how many counts it took.

    Every pair whose bases really differ by one house, and by no other, is used.
    """
    remaining, asked = {True, False}, 0
    for without, with_it in pairs(house):
        if asked >= most or len(remaining) == 1:
            break
        try:
            low, high = ask({**without, "all": [slug]}), ask({**with_it, "all": [slug]})
        except NarrowBudgetSpent:
            break
        asked += 2
        if high[1] < low[0] + 1:
            remaining.discard(True)
        if low[1] < high[0]:
            remaining.discard(False)
    return remaining, asked


def alone_at_its_size(houses: list[House]) -> Iterator[House]:
    """Houses that no other one of the place equals in living area."""
    return (
        house
        for house in houses
        if true_total({name: [house.record.living_area_square_feet] for name in ("area_min", "area_max")}) == (1, 1)
        and house.record.living_area_square_feet > 1_200
    )


def test_two_bases_that_differ_by_one_house_leave_both_answers_open(houses, told, alice, settings):
    assert counting.settings.NARROW_COUNTS_A_DAY == 60, "the real budget"
    settings.FRESH_COUNTS_A_DAY = 10 * MANY
    house = next(alone_at_its_size(houses))
    truth = {house.holds("high-equity")}
    assert possible_answers(true_total, house, "high-equity", 60)[0] == truth, "the attack works"

    remaining, asked = possible_answers(told, house, "high-equity", MANY)

    assert remaining == {True, False}
    assert asked <= 60


@pytest.mark.faults
def test_the_budgets_of_several_days_do_not_leave_one_answer_either(houses, told, settings):
    settings.NARROW_COUNTS_A_DAY = settings.FRESH_COUNTS_A_DAY = 10 * MANY
    house = next(alone_at_its_size(houses))

    remaining, asked = possible_answers(told, house, "vacant", 180)

    assert (remaining, asked) == ({True, False}, 180)


def guess_by_mean(holds: bool, count: int, dice: random.Random) -> bool:
    """What the mean of many differences suggests, when every base is another one."""
    difference = 0
    for _ in range(count // 2):
        others = dice.randint(100, 900)
        without, with_it = (
            counting._Question({"x": dice.random()}, {}, condition_count=2, has_locked=True, is_plain=False).told(total)
            for total in (others, others + holds)
        )
        difference += (with_it.total or 0) - (without.total or 0)
    return difference / (count // 2) > 0.5


@pytest.mark.parametrize(("count", "at_most"), [(60, 0.66), (MANY, 0.80)])
def test_averaging_the_movement_away_is_hardly_better_than_a_coin(count, at_most):
    dice = random.Random(count)
    tries = 300
    right = 0
    for _ in range(tries):
        holds = dice.random() < 0.5
        right += guess_by_mean(holds, count, dice) == holds

    assert right / tries < at_most


def test_nobody_counts_differently_after_somebody_else_has_paid(alice, bob, fund, reveal, phoenix, now, settings):
    settings.NARROW_COUNTS_A_DAY = settings.FRESH_COUNTS_A_DAY = 10 * MANY
    asked = [{}, {"beds_min": [3]}, {"equity_min": [40]}, {"beds_min": [2], "equity_min": [40]}, {"all": ["vacant"]}]

    def see() -> list:
        cache.clear()
        figures = [str(counting.count_matches(user=bob, query=search(params), now=now)) for params in asked]
        return [*figures, counting.count_signals(user=bob, query=search({"beds_min": [2]}), now=now)]

    before = see()
    reveal(alice, phoenix, 20)

    assert see() == before
    assert PropertyDatasetPermission.objects.filter(user=alice).count() == 20
    total = counting.count_matches(user=bob, query=phoenix, now=now).at_most
    assert total < NARROW_BASE, "the place is small enough to be watched closely"


# ---------------------------------------------------------------- reveals that find nothing are free
def offer(user, params: dict, now) -> Quote:
    return reveals.quote_reveal(user=user, query=search(params), count=1, total=None, back_url="/search/", now=now)


@pytest.mark.parametrize("way", range(4))
def test_no_reveal_asks_one_house_for_what_is_sold(alice, now, houses, way):
    singled_out = {**PLACE, **houses[0].singled_out()[way]}
    for locked in ({"equity_min": ["10"]}, {"all": ["high-equity"]}, {"none": ["vacant"]}):
        with pytest.raises(reveals.TooNarrow, match="fewer than 50"):
            offer(alice, {**singled_out, **locked}, now)
    assert Quote.objects.filter(user_id=alice.pk).count() == 0


def test_a_house_is_revealed_by_what_anybody_can_look_up(alice, now, houses):
    for singled_out in houses[0].singled_out():
        assert offer(alice, {**PLACE, **singled_out}, now).max_cost == 1


def test_locked_data_narrow_a_reveal_among_many(alice, now, sandbox):
    assert offer(alice, {**PLACE, "equity_min": ["40"], "all": ["absentee-owner"]}, now).max_cost == 1


def test_who_has_used_up_the_counts_of_the_day_may_still_reveal(alice, now, sandbox, settings):
    settings.FRESH_COUNTS_A_DAY = 1
    with pytest.raises(counting.CountBudgetSpent):
        for built in range(1950, 1960):
            counting.count_matches(user=alice, query=search({**PLACE, "built_min": [str(built)]}), now=now)
    assert offer(alice, {"q": ["Arizona"], "equity_min": ["40"]}, now).max_cost == 1
