"""The report of the big benchmark: its reads, and its whole pages."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from atlas_site.management.benchmarks.million.cases import (
    MOST_GROWTH,
    MOST_OVER_PYMONGO,
    make_cases,
)
from atlas_site.management.benchmarks.million.dataset import SMALL_SIZE, fill
from atlas_site.management.benchmarks.million.pages import EMPTY, MOST_OVER_EMPTY, measure_pages
from atlas_site.management.benchmarks.million.race import BigMeasurement, measure_big
from atlas_site.management.benchmarks.million.servers import POSTGRES, kept_servers
from atlas_site.management.benchmarks.timing import MARKS, ratio

VARIANTS = ("pymongo", "postgres", "atlas", "small")
HEADINGS = (
    *("", "PyMongo", "PostgreSQL", "Atlas", "Atlas, of few"),
    *("Atlas / PyMongo", "Atlas / PostgreSQL", "many / few", "expected"),
)
EXPECTED = (
    f"expected: Atlas within {MOST_OVER_PYMONGO:g}× of PyMongo and no slower than Django on PostgreSQL; "
    f"what does not grow, at most {MOST_GROWTH:g}× from few to many"
)
PAGE_HEADINGS = ("", "server time", "over empty", "expected")
EXPECTED_OF_PAGES = f"expected: at most {MOST_OVER_EMPTY:g}× of the empty page"


@dataclass(frozen=True)
class Table:
    """One table as it is printed."""

    title: str
    headings: tuple[str, ...]
    lines: list[tuple[str, ...]]
    expected: str


@dataclass(frozen=True)
class BigReport:
    """What was measured: reads, and the seconds of whole pages by name."""

    size: int
    rounds: int
    has_postgres: bool
    reads: list[BigMeasurement]
    pages: dict[str, list[float]]

    def tables(self) -> list[Table]:
        """The report as people read it."""
        users = f"a user of {self.size:,} properties and one of {SMALL_SIZE:,}; medians of {self.rounds} rounds"
        missing = "" if self.has_postgres else "; PostgreSQL is not installed here, so it is not compared"
        page_lines = [
            (row["name"], f"{row['ms']:,.1f} ms", f"{row['over_empty']:.1f}×", MARKS[row["is_met"]])
            for row in self._page_rows()
        ]
        return [
            Table(users + missing, HEADINGS, [_line(each) for each in self.reads], EXPECTED),
            Table("whole pages of the user of many", PAGE_HEADINGS, page_lines, EXPECTED_OF_PAGES),
        ]

    def as_json(self) -> dict[str, Any]:
        """The report as programs read it."""
        return {"owned": self.size, "owned_rows": [_as_json(each) for each in self.reads], "pages": self._page_rows()}

    def _page_rows(self) -> list[dict[str, Any]]:
        overs = {name: ratio(seconds, self.pages[EMPTY]) for name, seconds in self.pages.items()}
        return [
            {
                "name": name,
                "ms": median(seconds) * 1000,
                "over_empty": overs[name],
                "is_met": overs[name] <= MOST_OVER_EMPTY,
            }
            for name, seconds in self.pages.items()
        ]


def measure(*, home: Path, size: int, rounds: int, progress: Callable[[str], None]) -> BigReport:
    """Measure a user of ``size`` properties in the data that are kept in ``home``, and made there if they are not.

    Raises ServerError when a server cannot start, and ResultsDiffer or PageFailed when there is nothing to compare.
    """
    with kept_servers(home) as aliases:
        fill(size=size, aliases=aliases, progress=progress)
        reads = []
        for case in make_cases(size):
            progress(f"measuring: {case.name}")
            reads.append(measure_big(case, aliases=aliases, rounds=rounds))
        progress("measuring: whole pages")
        pages = measure_pages(size=size, rounds=rounds)
        return BigReport(size=size, rounds=rounds, has_postgres=POSTGRES in aliases, reads=reads, pages=pages)


def _line(measurement: BigMeasurement) -> tuple[str, ...]:
    def time(name: str) -> str:
        seconds = measurement.seconds.get(name)
        return f"{median(seconds) * 1000:,.2f} ms" if seconds else "-"

    ratios = (measurement.over_pymongo, measurement.over_postgres, measurement.growth)
    return (
        measurement.case.name,
        *(time(name) for name in VARIANTS),
        *("-" if value is None else f"{value:.2f}×" for value in ratios),
        MARKS[measurement.is_met],
    )


def _as_json(measurement: BigMeasurement) -> dict[str, Any]:
    return {
        "name": measurement.case.name,
        **{f"{name}_ms": median(seconds) * 1000 for name, seconds in measurement.seconds.items()},
        "atlas_over_pymongo": measurement.over_pymongo,
        "atlas_over_postgres": measurement.over_postgres,
        "growth": measurement.growth,
        "is_met": measurement.is_met,
    }
