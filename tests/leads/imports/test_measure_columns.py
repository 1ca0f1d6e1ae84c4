"""How many columns are guessed right on lists of other products, of public rolls, and put together at random."""

import time
from collections.abc import Iterable

import pytest

from leads.imports.columns import guess_columns
from leads.imports.profiles import shape_of
from tests.leads.imports.header_sets import CORPUS, Filler, HeaderSet, read_sets
from tests.leads.imports.recombined import recombined

EXPECTED = 0.99
NAMES = [
    "tuned",
    "rolls",
    "programs",
    "states",
    "folders",
    "listings",
    "services",
    "registers",
    "courts",
    "trades",
    "mixed",
    "plain",
    "offices",
    "oddities",
    "handouts",
    "callings",
    "leftovers",
    "held_out",
    "exports",
]


def measured(sets: Iterable[HeaderSet], *, rows: int, seed: int = 1) -> tuple[int, list[str]]:
    """The number of columns, and those guessed wrong, each with what it was taken for."""
    total, wrong = 0, []
    for header_set in sets:
        filler = Filler(header_set, seed)
        guesses = guess_columns(filler.headers(), filler.rows(rows))
        for column, guess in zip(header_set.columns, guesses, strict=True):
            total += 1
            if guess.field.value not in column.right:
                wrong.append(f"{header_set.name}: {guess.header} as {guess.field.value}: {guess.why}")
    return total, wrong


@pytest.mark.parametrize("corpus", NAMES)
def test_nearly_every_column_of_known_lists_is_right(corpus: str) -> None:
    total, wrong = measured(read_sets(CORPUS / f"{corpus}.txt"), rows=25)
    assert total > 150
    assert len(wrong) <= (1 - EXPECTED) * total, wrong


def test_nearly_every_column_of_lists_put_together_at_random_is_right() -> None:
    total, wrong = measured((recombined(seed) for seed in range(40)), rows=15)
    assert total > 600
    assert len(wrong) <= (1 - EXPECTED) * total, wrong


@pytest.mark.faults
def test_print_the_share_of_columns_guessed_right() -> None:
    corpora = {name: list(read_sets(CORPUS / f"{name}.txt")) for name in NAMES}
    corpora["recombined"] = [recombined(seed) for seed in range(1_000)]
    for name, sets in corpora.items():
        counted = wrong = 0
        for seed in range(1 if name == "recombined" else 5):
            total, mistakes = measured(sets, rows=40, seed=seed)
            counted, wrong = counted + total, wrong + len(mistakes)
        print(f"\n{name}: {len(sets)} header sets, {counted} columns, {1 - wrong / counted:.2%} right")  # noqa: T201
        assert wrong <= (1 - EXPECTED) * counted
    wide = [Filler(sets, 7) for sets in corpora["tuned"][:4]]
    headers = [header for filler in wide for header in filler.headers()][:100]
    rows = [
        [cell for cells in parts for cell in cells][:100]
        for parts in zip(*(filler.rows(200) for filler in wide), strict=True)
    ]
    shape_of.cache_clear()
    started = time.perf_counter()
    guesses = guess_columns(headers, rows)
    print(f"{len(headers)} columns of 200 rows in {time.perf_counter() - started:.2f} s")  # noqa: T201
    assert len(guesses) == len(headers)
