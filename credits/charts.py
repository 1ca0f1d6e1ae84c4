"""The usage chart: stacked bars by day, laid out here and written as SVG by templates/credits/_usage_chart.html."""

from dataclasses import dataclass

from django.utils.dateformat import format as format_date

from credits.selectors import Usage, UsageDay

# The units of the drawing, which is scaled to its place on the page.
WIDTH, HEIGHT = 720, 240
LEFT, RIGHT, TOP, BOTTOM = 64, 8, 14, 44
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
BASE = TOP + PLOT_HEIGHT
WIDEST_BAR = 40
MOST_TICKS, MOST_LABELS = 4, 6


@dataclass(frozen=True)
class Segment:
    """The part of a bar that belongs to one type, drawn with the class chart-series-`number`."""

    number: int
    y: float
    height: float


@dataclass(frozen=True)
class Bar:
    """A day. `text` says its figures, `label` stands below it where there is room."""

    x: float
    width: float
    middle: float
    segments: tuple[Segment, ...]
    text: str
    label: str


@dataclass(frozen=True)
class Tick:
    """A line across the chart, with the amount of credits that it stands for."""

    y: float
    amount: int


@dataclass(frozen=True)
class Chart:
    """All that the drawing needs. `series` are the labels of the types, in the order of their numbers."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    series: tuple[tuple[int, str], ...]
    title: str
    description: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    base: int = BASE
    label_y: int = HEIGHT - 12


def usage_chart(usage: Usage) -> Chart:
    """Lay out what was charged by day and type. The axis begins at zero and ends at a round figure."""
    step = _step(usage.busiest.total)
    tick_count = max(1, -(-usage.busiest.total // step))
    top = step * tick_count
    slot = PLOT_WIDTH / len(usage.days)
    every = -(-len(usage.days) // MOST_LABELS)
    labels = [label for _, label, _ in usage.types]
    busiest = usage.busiest
    return Chart(
        bars=tuple(
            _bar(day, labels, x=LEFT + number * slot, slot=slot, top=top, is_labeled=number % every == 0)
            for number, day in enumerate(usage.days)
        ),
        ticks=tuple(Tick(_round(BASE - PLOT_HEIGHT * n / tick_count), step * n) for n in range(tick_count + 1)),
        series=tuple(enumerate(labels, start=1)),
        title=f"Credits charged by day, last {len(usage.days)} days",
        description=(
            f"{usage.total:,} credits in all, most on {_date(busiest)} with {busiest.total:,}. "
            "The table below has every figure."
        ),
    )


def _bar(day: UsageDay, labels: list[str], *, x: float, slot: float, top: int, is_labeled: bool) -> Bar:
    width = min(WIDEST_BAR, slot * 0.72)
    segments: list[Segment] = []
    y: float = BASE
    for number, amount in enumerate(day.by_type, start=1):
        height = PLOT_HEIGHT * amount / top
        y -= height
        if amount:
            segments.append(Segment(number, _round(y), _round(height)))
    figures = ", ".join(f"{label} {amount:,}" for label, amount in zip(labels, day.by_type, strict=True))
    return Bar(
        x=_round(x + (slot - width) / 2),
        width=_round(width),
        middle=_round(x + slot / 2),
        segments=tuple(segments),
        text=f"{_date(day)}: {figures}",
        label=_date(day) if is_labeled else "",
    )


def _step(most: int) -> int:
    """The distance of two ticks: 1, 2 or 5 of a power of ten, so that few of them reach beyond the largest bar."""
    scale = 1
    while True:
        for step in (scale, 2 * scale, 5 * scale):
            if step * MOST_TICKS >= most:
                return step
        scale *= 10


def _date(day: UsageDay) -> str:
    return format_date(day.day, "M j")


def _round(number: float) -> float:
    return round(number, 2)
