"""The geometry of the charts of a property page: numbers in, positions out. Templates draw them as SVG.

Every chart carries a title, a description and the rows of a table that says the same in words. Positions are in the
units of a view box WIDTH wide, rounded to a tenth.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal
from math import floor, log10

from atlas_site.templatetags.atlas import money

WIDTH = 360
EDGE = 14
STEP_LEFT, STEP_TOP, STEP_BOTTOM = 46, 10, 118
STEPS = (1, 2, 2.5, 5, 10)

Rows = tuple[tuple[str, str], ...]
# A kind by which style sheets tell marks apart, a label, and a sum in dollars.
Other = tuple[str, str, float | None]


@dataclass(frozen=True)
class Tick:
    """A labeled place on an axis."""

    at: float
    label: str


@dataclass(frozen=True)
class Mark:
    """A sum of money on an axis: `kind` is a word by which style sheets tell marks apart."""

    at: float
    kind: str
    label: str
    text: str


@dataclass(frozen=True)
class RangeChart:
    """An estimate within its range, among other sums that tell of the same property."""

    title: str
    description: str
    low: float | None
    high: float | None
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    rows: Rows

    @property
    def band(self) -> float:
        """How wide the range is drawn."""
        return 0.0 if self.low is None or self.high is None else round(self.high - self.low, 1)


@dataclass(frozen=True)
class Point:
    """A price on a day."""

    on: date
    price: float
    label: str
    x: float = 0
    y: float = 0

    @property
    def text(self) -> str:
        return f"{self.label}: {money(self.price)}"


@dataclass(frozen=True)
class StepChart:
    """Prices that held until the next one."""

    title: str
    description: str
    path: str
    points: tuple[Point, ...]
    price_ticks: tuple[Tick, ...]
    first_day: date
    last_day: date


@dataclass(frozen=True)
class SplitBar:
    """A sum in two parts that together are 100 wide; `over` is what goes beyond the whole."""

    own: float
    owed: float
    over: float


def range_chart(
    *,
    estimate: float | None,
    low: float | None,
    high: float | None,
    others: Sequence[Other] = (),
) -> RangeChart | None:
    """Draw an estimate with its range; `others` are kind, label and sum of what stands beside it.

    None without an estimate. A range that is turned around or does not hold the estimate is not drawn, because it
    says nothing; its ends are then in the rows alone.
    """
    if not estimate or estimate <= 0:
        return None
    has_range = low is not None and high is not None and 0 <= low <= estimate <= high
    known = [(kind, label, float(amount)) for kind, label, amount in others if amount and amount > 0]
    sums = [float(estimate), *(amount for _, _, amount in known), *((low, high) if has_range else ())]
    scale = _Scale(min(sums), max(sums), EDGE, WIDTH - EDGE)
    marks = [Mark(scale.at(estimate), "estimate", "Estimated value", money(estimate))]
    marks += [Mark(scale.at(amount), kind, label, money(amount)) for kind, label, amount in known]
    ends = [(label, money(amount)) for label, amount in (("Low estimate", low), ("High estimate", high)) if amount]
    said = f"Estimated at {money(estimate)}"
    if has_range:
        said += f", most likely between {money(low)} and {money(high)}"
    others_said = "".join(f" {mark.label}: {mark.text}." for mark in marks[1:])
    return RangeChart(
        title="Estimated value and its range",
        description=f"{said}.{others_said}",
        low=scale.at(low) if has_range else None,
        high=scale.at(high) if has_range else None,
        marks=tuple(marks),
        ticks=tuple(Tick(scale.at(value), money(value, "short")) for value in scale.ticks(4)),
        rows=(
            *((mark.label, mark.text) for mark in marks[:1]),
            *ends,
            *((mark.label, mark.text) for mark in marks[1:]),
        ),
    )


def step_chart(points: Iterable[tuple[date, float, str]], *, until: date) -> StepChart | None:
    """Draw prices by the day from which they held, the last one until `until`; None for fewer than two days."""
    dated = [(on, float(price), label) for on, price, label in points if price and price > 0]
    known = sorted(dated, key=lambda each: each[0])
    if len({on for on, _, _ in known}) < 2:
        return None
    first, last = known[0][0], max(until, known[-1][0])
    prices = [price for _, price, _ in known]
    days = (last - first).days
    scale = _Scale(min(prices), max(prices), STEP_BOTTOM, STEP_TOP)
    drawn = tuple(
        Point(
            on, price, label, _tenth(STEP_LEFT + (WIDTH - EDGE - STEP_LEFT) * (on - first).days / days), scale.at(price)
        )
        for on, price, label in known
    )
    path = f"M{drawn[0].x} {drawn[0].y}" + "".join(f"H{point.x}V{point.y}" for point in drawn[1:]) + f"H{WIDTH - EDGE}"
    return StepChart(
        title="Price history",
        description="; ".join(f"{point.text} from {point.on:%B} {point.on.day}, {point.on.year}" for point in drawn)
        + ".",
        path=path,
        points=drawn,
        price_ticks=tuple(Tick(scale.at(value), money(value, "short")) for value in scale.ticks(4)),
        first_day=first,
        last_day=last,
    )


def split_bar(*, value: float, owed: float) -> SplitBar:
    """Divide a value into what is owed on it and what is the owner's; a debt above the value goes beyond it."""
    value, owed = max(0.0, value), max(0.0, owed)
    whole = max(value, owed) or 1
    own, covered, over = max(0.0, value - owed), min(owed, value), max(0.0, owed - value)
    return SplitBar(_share(own, whole), _share(covered, whole), _share(over, whole))


def bar_widths(amounts: Sequence[float | None], *, whole: float | None = None) -> list[float]:
    """How wide bars of these amounts are, of a hundred for `whole`, or for the largest of them."""
    largest = max([whole or 0, *(amount or 0 for amount in amounts)]) or 1
    return [_share(max(0, amount or 0), largest) for amount in amounts]


def nice_ticks(low: float, high: float, most: int) -> list[float]:
    """Round values from low to high, at most `most` of them, a step of 1, 2, 2.5 or 5 times a power of ten apart."""
    if high <= low:
        return [low]
    power = Decimal(10) ** floor(log10((high - low) / most))
    steps = (Decimal(str(step)) * power * scale for scale in (1, 10, 100) for step in STEPS)
    for step in steps:
        first = (Decimal(str(low)) / step).to_integral_value(ROUND_CEILING) * step
        values = []
        while first <= Decimal(str(high)):
            values.append(float(first))
            first += step
        if len(values) <= most:
            return values
    return [low]


class _Scale:
    """Places values between two positions, with some room around the lowest and the highest."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        room = (high - low) * 0.08 or abs(high) * 0.1 or 1
        self.low, self.high, self.start, self.end = max(0.0, low - room), high + room, start, end

    def at(self, value: float | None) -> float:
        share = ((value or 0) - self.low) / (self.high - self.low)
        return _tenth(self.start + (self.end - self.start) * share)

    def ticks(self, most: int) -> list[float]:
        return nice_ticks(self.low, self.high, most)


def _share(part: float, whole: float) -> float:
    return _tenth(100 * part / whole)


def _tenth(number: float) -> float:
    return round(float(number), 1)
