"""How fast a lead list is imported, against the least that any import must do, and how much memory it takes.

The floor reads the same file with the csv module, reads the same values of each row, and inserts the same documents
with `insert_many`; it compares, plans and remembers nothing. Each measurement is a process of its own, in a database of
its own that is dropped in the end.
"""

import csv
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from atlas_site.lib.home import PROJECT_ROOT

LEAST_SHARE_OF_FLOOR = 0.5
LEAST_ROWS_A_CORE_SECOND = 6_000
MOST_MORE_MEBIBYTES = 100
SMALL = 10_000
SEED = 7
# Models can be imported only once Django is set up.
MEASURE_ONE = (
    "import sys, django; django.setup(); "
    "from atlas_site.management.benchmarks.import_runs import measure_one; measure_one(*sys.argv[1:])"
)

HEADERS = (
    "Owner 1 First Name", "Owner 1 Last Name", "Address", "City", "State", "Zip", "County", "APN",
    "Owner Mailing Address", "Owner Mailing City", "Owner Mailing State", "Owner Mailing Zip",
    "Phone 1", "Phone 2", "Email", "Year Built", "Estimated Value", "Last Sale Date",
)  # fmt: skip
FIRST_NAMES = (
    "Norbert", "Tamsin", "Jericho", "Marguerite", "Odalys", "Quentin", "Winifred", "Shanelle", "Imogen", "Amos",
    "Lavinia", "Rufus", "Cedric", "Tobias", "Ignacio", "Aiyana", "Zuleyka", "Wendell", "Greta", "Gideon",
)  # fmt: skip
LAST_NAMES = (
    "O'Malley", "Kowalczyk", "Pemberton", "Ostrowski", "Stallworth", "Van Houten", "Tremaine", "Pacheco", "Ashgrove",
    "Gallowglass", "Varela", "Saltzman", "Fitzwater", "Sandoval", "Carrasquillo", "Hathaway-Boone", "Goldthwaite",
)  # fmt: skip
SYLLABLES = ("ber", "chon", "dall", "fen", "gard", "hart", "kin", "lock", "mond", "ridge", "stead", "ton")
STREETS = (
    "Birchwood Rd", "Hawthorne Street", "W Sycamore Ln", "S Vinewood Ave", "N Oleander Blvd", "Quarry Ln", "3rd St",
    "Ridgeway Drive", "Thornbury Ct Apt 5", "Larkspur Ave # 12", "Ironwood Blvd Unit 3B", "County Road 114",
)  # fmt: skip
PLACES = (
    ("Brandon", "FL", "33511", "Hillsborough"),
    ("Decatur", "GA", "30032", "DeKalb"),
    ("Knoxville", "TN", "37917", "Knox"),
    ("Springfield", "MA", "1109", "Hampden"),
    ("Columbus", "OH", "43211", "Franklin"),
    ("Houston", "TX", "77036", "Harris"),
)


@dataclass(frozen=True)
class ImportReport:
    """Rows a second of the import and of the floor, and the memory that the import took at its peak, in MiB."""

    rows: int
    seconds: float
    floor_seconds: float
    core_seconds: float
    stages: dict[str, float]
    memory: dict[int, float]

    @property
    def share_of_floor(self) -> float:
        """The speed of the import as a share of the floor's."""
        return self.floor_seconds / self.seconds

    @property
    def rows_a_core_second(self) -> float:
        """Rows for each second in which a core worked on the import."""
        return self.rows / self.core_seconds

    @property
    def more_memory(self) -> float:
        """How much more the largest list took than the smallest, in MiB."""
        return self.memory[max(self.memory)] - self.memory[min(self.memory)]

    @property
    def marks(self) -> dict[str, bool]:
        """What is expected, and whether it was met."""
        return {
            f"at least {LEAST_SHARE_OF_FLOOR:.0%} of the floor": self.share_of_floor >= LEAST_SHARE_OF_FLOOR,
            f"at least {LEAST_ROWS_A_CORE_SECOND:,} rows a core second": self.rows_a_core_second
            >= LEAST_ROWS_A_CORE_SECOND,
            f"at most {MOST_MORE_MEBIBYTES} MiB more for the largest list": self.more_memory <= MOST_MORE_MEBIBYTES,
        }

    def lines(self) -> list[tuple[str, str]]:
        """The report as lines of a table."""
        stages = ", ".join(f"{name} {self.rows / seconds:,.0f}" for name, seconds in self.stages.items())
        memory = ", ".join(f"{mebibytes:,.0f} MiB at {rows:,}" for rows, mebibytes in self.memory.items())
        return [
            ("import", f"{self.rows / self.seconds:,.0f} rows/s"),
            ("floor", f"{self.rows / self.floor_seconds:,.0f} rows/s"),
            ("share of the floor", f"{self.share_of_floor:.0%}"),
            ("a core second", f"{self.rows_a_core_second:,.0f} rows"),
            ("rows/s of each part", stages),
            ("peak memory", memory),
        ]

    def as_json(self) -> dict[str, Any]:
        """The report as the command prints it."""
        return {
            "rows": self.rows,
            "import_rows_a_second": self.rows / self.seconds,
            "floor_rows_a_second": self.rows / self.floor_seconds,
            "share_of_floor": self.share_of_floor,
            "rows_a_core_second": self.rows_a_core_second,
            "stage_seconds": self.stages,
            "peak_mebibytes": {str(rows): mebibytes for rows, mebibytes in self.memory.items()},
            "marks": self.marks,
        }


def measure(*, rows: int, largest: int, rounds: int, progress: Callable[[str], None]) -> ImportReport:
    """Import a list of `rows` rows in turns with the floor, the fastest of each counts; then one of `largest` rows."""
    with TemporaryDirectory(prefix="atlas-bench-imports-") as folder:
        path = Path(folder) / "list.csv"
        write_list(path, rows=rows, seed=SEED)
        floors, imports = [], []
        for number in range(rounds):
            progress(f"importing {rows:,} rows, round {number + 1}")
            floors.append(_run("floor", path))
            imports.append(_run("import", path))
        fastest = min(imports, key=lambda found: found["seconds"])
        memory = {rows: fastest["peak_mebibytes"]}
        for size in sorted({SMALL, largest} - {rows}):
            progress(f"importing {size:,} rows for the memory that it takes")
            write_list(path, rows=size, seed=SEED)
            memory[size] = _run("import", path)["peak_mebibytes"]
    return ImportReport(
        rows=rows,
        seconds=fastest["seconds"],
        floor_seconds=min(found["seconds"] for found in floors),
        core_seconds=fastest["core_seconds"],
        stages=fastest["stages"],
        memory=dict(sorted(memory.items())),
    )


def write_list(path: Path, *, rows: int, seed: int) -> None:
    """Write a list as property programs export them: of a hundred rows, four repeat a lead and one is none."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS)
        writer.writerows(_rows(rows, seed))


def _rows(count: int, seed: int) -> Iterator[list[str]]:
    chance = random.Random(seed)  # noqa: S311 -- the same list for the same seed, and no secret
    earlier: list[list[str]] = []
    for number in range(count):
        if number % 100 == 99:
            yield ["", "", "", "", "FL", *[""] * 13]
        elif number % 25 == 24 and earlier:
            yield [*chance.choice(earlier)[:12], _phone(chance), *[""] * 5]
        else:
            row = _row(number, chance)
            if len(earlier) < 1_000:
                earlier.append(row)
            yield row


def _row(number: int, chance: random.Random) -> list[str]:
    city, state, code, county = chance.choice(PLACES)
    first = chance.choice(FIRST_NAMES)
    last = chance.choice(LAST_NAMES) if number % 3 else "".join(chance.choices(SYLLABLES, k=3)).capitalize()
    street = f"{chance.randrange(100, 9_999)} {chance.choice(STREETS)}"
    mailing = [street, city, state, code]
    if number % 4 == 0:
        other = chance.choice(PLACES)
        mailing = [f"{chance.randrange(100, 9_999)} {chance.choice(STREETS)}", *other[:3]]
    name = last.lower().replace("'", "").replace(" ", "")
    return [
        first, last, street, city, state, code, county, f"{chance.randrange(100, 999)}-{number:07d}", *mailing,
        _phone(chance) if number % 2 else "", _phone(chance) if number % 7 == 0 else "",
        f"{first.lower()}.{name}{number}@example.com" if number % 3 == 0 else "",
        str(chance.randrange(1920, 2024)), str(chance.randrange(80, 900) * 1_000), f"{number % 30 + 1990}-04-12",
    ]  # fmt: skip


def _phone(chance: random.Random) -> str:
    return f"({chance.choice((614, 407, 713))}) 555-{chance.randrange(10_000):04d}"


def _run(what: str, path: Path) -> dict[str, Any]:
    """What a process of its own measures."""
    address = urlsplit(os.environ["MONGODB_URI"])
    environment = {
        "DJANGO_SETTINGS_MODULE": "atlas_site.settings",
        **os.environ,
        "MONGODB_URI": urlunsplit(address._replace(path=f"{address.path}_bench_imports")),
    }
    command = [sys.executable, "-c", MEASURE_ONE, what, str(path)]
    done = subprocess.run(  # noqa: S603 -- the command is this project's own
        command, cwd=PROJECT_ROOT, env=environment, stdout=subprocess.PIPE, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found
