"""Lead lists for tests: files as other products export them, and lists of any size with the faults of real ones."""

import csv
import io
import random
from collections.abc import Iterator
from pathlib import Path

SAMPLES = Path(__file__).parents[1] / "data" / "imports"

HEADERS = (
    "Owner First",
    "Owner Last",
    "Property Address",
    "City",
    "State",
    "Zip",
    "Phone 1",
    "Phone 2",
    "Email",
    "APN",
)
FIRST_NAMES = ("Ada", "Bruno", "Clara", "Dmitri", "Elena", "Felix", "Greta", "Hugo", "Irma", "Jonas")
STREETS = ("Oak St", "N Maple Ave", "W 3rd St", "Elm Dr", "Juniper Ln Apt 4", "Birchwood Ct", "S Vinewood Way")
PLACES = (("Springfield", "MA", "1109"), ("Columbus", "OH", "43211"), ("Orlando", "FL", "32808"))
LAST_SYLLABLES = ("ber", "chon", "dall", "fen", "gard", "hart", "kin", "lock", "mond", "ridge")


def sample_files() -> list[Path]:
    """The lists as other products export them."""
    return sorted(path for path in SAMPLES.iterdir() if path.suffix in {".csv", ".xlsx"})


def lead_rows(count: int, *, seed: int = 1, start: int = 0) -> Iterator[list[str]]:
    """Rows of a list: of twenty, one repeats a lead with another number, and one has nothing by which it is found."""
    chance = random.Random(seed)
    for number in range(start, start + count):
        first, last = person(number)
        city, state, code = PLACES[number % len(PLACES)]
        street = f"{100 + number} {STREETS[number % len(STREETS)]}"
        if number % 20 == 19:
            yield ["", "", "", city, state, "", "", "", "", ""]
        elif number % 20 == 18 and number > 20:
            earlier = chance.randrange(start + 1, number)
            earlier -= earlier % 20 in {18, 19} and 2
            yield lead_row(earlier, second=f"614{200 + number % 700}{number % 10_000:04d}")
        else:
            yield [
                first, last, street, city, state, code, f"614{200 + number % 700}{number % 10_000:04d}", "",
                f"{first}.{last}{number}@example.com".lower() if number % 3 else "", f"{number:08d}",
            ]  # fmt: skip


def lead_row(number: int, second: str = "") -> list[str]:
    """One row with a second number."""
    first, last = person(number)
    city, state, code = PLACES[number % len(PLACES)]
    street = f"{100 + number} {STREETS[number % len(STREETS)]}"
    return [first, last, street, city, state, code, "", second, "", f"{number:08d}"]


def person(number: int) -> tuple[str, str]:
    """A name of its own for each of a million numbers."""
    syllables = [LAST_SYLLABLES[int(digit)] for digit in f"{number // len(FIRST_NAMES):05d}"]
    return FIRST_NAMES[number % len(FIRST_NAMES)], "".join(syllables).capitalize()


def as_csv(rows: Iterator[list[str]] | list[list[str]], headers: tuple[str, ...] = HEADERS) -> bytes:
    """A file with these rows."""
    text = io.StringIO()
    csv.writer(text).writerows([headers, *rows])
    return text.getvalue().encode()
