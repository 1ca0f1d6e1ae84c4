"""``manage.py bench``: Atlas as ratios: hot reads against PyMongo, the stock backend and PostgreSQL; lead lists."""

import json
from argparse import ArgumentTypeError
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bson import ObjectId
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from atlas_site.lib.home import get_home
from atlas_site.management.benchmarks import imports, traces
from atlas_site.management.benchmarks.cases import LEAST_LEAD_OVER_STOCK, MOST_OVER_PYMONGO, make_cases
from atlas_site.management.benchmarks.databases import ATLAS, bench_databases, database_of, fill
from atlas_site.management.benchmarks.timing import MARKS, Measurement, measure

OWNER_ID, OTHER_ID = ObjectId("0" * 23 + "a"), ObjectId("0" * 23 + "b")
SEED = 7
SMALLEST = 1_000
IMPORT_ROUNDS = 3
HEADINGS = ("", "PyMongo", "Atlas", "stock", "Atlas / PyMongo", "stock / Atlas", "expected")
EXPECTED = (
    f"expected: Atlas within {MOST_OVER_PYMONGO:g}× of PyMongo; "
    f"the stock backend at least {LEAST_LEAD_OVER_STOCK:g}× slower on unique look-up and sorted lists"
)


def _size(text: str) -> int:
    if not text.isdecimal() or int(text) < SMALLEST:
        raise ArgumentTypeError(f"a whole number from {SMALLEST:,} on is needed")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError("a whole number from 1 on is needed")
    return int(text)


class Command(BaseCommand):
    help = (
        "Measure hot reads through Atlas, plain PyMongo and the stock backend, in turns, in databases of their own "
        "that are dropped in the end; then those of a user who owns a million properties, against PyMongo and Django "
        "on PostgreSQL, in a data set that is made once and kept; then the import of a lead list, against the least "
        "that any import must do, and the pages of a list of a million contacts, against an empty page; then skip "
        "traces with a slow vendor, against the best that a process can do. Ratios depend little on the machine; times "
        "do."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--size", type=_size, default=100_000, help="properties that one user owns (100,000)")
        parser.add_argument("--owned", type=_size, default=1_000_000, help="properties of the big user (1,000,000)")
        parser.add_argument("--keep", type=Path, help="folder of the big data set ($ATLAS_HOME/bench)")
        parser.add_argument("--rows", type=_size, default=50_000, help="rows of the list that is imported (50,000)")
        parser.add_argument("--largest", type=_size, default=1_000_000, help="rows of the largest list (1,000,000)")
        parser.add_argument("--contacts", type=_size, default=1_000_000, help="contacts of one list (1,000,000)")
        parser.add_argument("--traced", type=_size, help="contacts that are traced in each run (6,000 and 12,000)")
        parser.add_argument(
            "--only", choices=["engines", "owned", "imports", "contacts", "traces"], help="leave the other parts out"
        )
        parser.add_argument("--repeats", type=_positive, default=10, help="rounds that are measured (10)")
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Measure and report; exits 1 in production or when the variants do not find the same."""
        if settings.PRODUCTION:
            raise CommandError("The benchmark never runs in production: its load would slow users down.")
        report: dict[str, Any] = {"rounds": options["repeats"]}
        parts = {
            "engines": self._measure_engines,
            "owned": self._measure_owned,
            "imports": self._measure_imports,
            "contacts": self._measure_contacts,
            "traces": self._measure_traces,
        }
        for name, measure_part in parts.items():
            if options["only"] in {None, name}:
                report |= measure_part(options)
        if options["json"]:
            self.stdout.write(json.dumps(report, indent=2))

    def _measure_engines(self, options: dict[str, Any]) -> dict[str, Any]:
        size, rounds = options["size"], options["repeats"]
        with bench_databases():
            counts = fill(size=size, owner_id=OWNER_ID, other_id=OTHER_ID, seed=SEED, progress=self._show_progress)
            self.stderr.write("")
            cases = make_cases(owner_id=OWNER_ID, size=size, database=database_of(ATLAS))
            measured = []
            for case in cases:
                self.stderr.write(f"measuring: {case.name}")
                measured.append(measure(case, rounds=rounds))
        if not options["json"]:
            documents = ", ".join(f"{count:,} {name}" for name, count in counts.items())
            self._print(f"{documents}; medians of {rounds} rounds", HEADINGS, map(_as_line, measured), EXPECTED)
        return {"documents": counts, "rows": [_as_json(each) for each in measured]}

    def _measure_owned(self, options: dict[str, Any]) -> dict[str, Any]:
        from atlas_site.management.benchmarks import million  # noqa: PLC0415 -- needs a development package

        home = (options["keep"] or get_home() / "bench").resolve()
        report = million.measure(
            home=home, size=options["owned"], rounds=options["repeats"], progress=self.stderr.write
        )
        if not options["json"]:
            for table in report.tables():
                self._print(table.title, table.headings, table.lines, table.expected)
        return report.as_json()

    def _measure_imports(self, options: dict[str, Any]) -> dict[str, Any]:
        report = imports.measure(
            rows=options["rows"], largest=options["largest"], rounds=IMPORT_ROUNDS, progress=self.stderr.write
        )
        if not options["json"]:
            expected = ", ".join(f"{what}: {MARKS[is_met]}" for what, is_met in report.marks.items())
            self._print(f"import of {report.rows:,} rows", ("", "measured"), report.lines(), f"expected: {expected}")
        return {"imports": report.as_json()}

    def _measure_contacts(self, options: dict[str, Any]) -> dict[str, Any]:
        from atlas_site.management.benchmarks import contacts  # noqa: PLC0415 -- needs the addresses of all pages

        report = contacts.measure(size=options["contacts"], rounds=options["repeats"], progress=self.stderr.write)
        if not options["json"]:
            lines = [
                (name, f"{median(each) * 1000:,.1f} ms", f"{report.over_empty(name):.1f}×", MARKS[report.is_met(name)])
                for name, each in report.seconds.items()
            ]
            title = f"pages of a list of {report.size:,} contacts; medians of {options['repeats']} rounds"
            self._print(title, ("", "page", "over the empty page", "expected"), lines, "expected: at most 6×")
        return {"contacts": report.as_json()}

    def _measure_traces(self, options: dict[str, Any]) -> dict[str, Any]:
        runs = traces.measure(contacts=options["traced"], progress=self.stderr.write)
        if not options["json"]:
            lines = [line for run in runs for line in run.lines()]
            expected = ", ".join(
                f"{traces.LEAST_SHARES[run.processes]:.0%} with {run.processes}: {MARKS[run.is_met]}" for run in runs
            )
            self._print(
                f"skip traces, {traces.LATENCY_SECONDS} s a call", ("", "measured"), lines, f"expected: {expected}"
            )
        return {"traces": [run.as_json() for run in runs]}

    def _show_progress(self, count: int) -> None:
        self.stderr.write(f"\rfilling: {count:,} properties", ending="")
        self.stderr.flush()

    def _print(self, title: str, headings: Sequence[str], rows: Iterable[Sequence[str]], expected: str) -> None:
        self.stdout.write(title)
        lines = [headings, *rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for first, *rest in lines:
            cells = [first.ljust(widths[0])]
            cells += [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
            self.stdout.write("  ".join(cells))
        self.stdout.write(expected)


def _as_line(measurement: Measurement) -> tuple[str, ...]:
    times = (measurement.pymongo, measurement.atlas, measurement.stock)
    return (
        measurement.case.name,
        *(f"{median(seconds) * 1000:,.2f} ms" for seconds in times),
        f"{measurement.over_pymongo:.1f}×",
        f"{measurement.lead_over_stock:,.1f}×",
        MARKS[measurement.is_met],
    )


def _as_json(measurement: Measurement) -> dict[str, Any]:
    return {
        "name": measurement.case.name,
        "pymongo_ms": median(measurement.pymongo) * 1000,
        "atlas_ms": median(measurement.atlas) * 1000,
        "stock_ms": median(measurement.stock) * 1000,
        "atlas_over_pymongo": measurement.over_pymongo,
        "stock_over_atlas": measurement.lead_over_stock,
        "is_met": measurement.is_met,
    }
