"""Measuring in turns: the variants of a case run one after the other in every round, under the same noise."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

from atlas_site.management.benchmarks.cases import Case, identify
from atlas_site.management.benchmarks.databases import ATLAS, STOCK, database_of, serving

WARM_UP_ROUNDS = 3
# The fastest of the calls of a turn counts: whatever else the machine does only ever adds to the time.
CALLS_A_TURN = 3
MARKS = {True: "met", False: "not met", None: "-"}

Run = Callable[[int], Any]


class ResultsDiffer(Exception):
    """The variants of a case did not find the same, so their times cannot be compared."""


@dataclass(frozen=True)
class Measurement:
    """The seconds that each variant of a case took, round by round."""

    case: Case
    pymongo: list[float]
    atlas: list[float]
    stock: list[float]

    @property
    def over_pymongo(self) -> float:
        """How many times as long as PyMongo Atlas takes: the median of the rounds."""
        return ratio(self.atlas, self.pymongo)

    @property
    def lead_over_stock(self) -> float:
        """How many times as long as Atlas the stock backend takes: the median of the rounds."""
        return ratio(self.stock, self.atlas)

    @property
    def is_met(self) -> bool | None:
        """Whether all that is expected of the case holds, None if nothing is."""
        most, least = self.case.most_over_pymongo, self.case.least_lead_over_stock
        results = [self.over_pymongo <= most] if most is not None else []
        results += [self.lead_over_stock >= least] if least is not None else []
        return all(results) if results else None


def measure(case: Case, *, rounds: int) -> Measurement:
    """Measure a case in this many rounds, after a warm-up. Raises ResultsDiffer."""
    runs: dict[str, Run] = {
        "pymongo": lambda number: case.pymongo(database_of(ATLAS), number),
        "atlas": lambda number: _run_on(ATLAS, case, number),
        "stock": lambda number: _run_on(STOCK, case, number),
    }
    require_same_results(case.name, runs, identify)
    return Measurement(case, **time_in_turns(runs, rounds=rounds))


def require_same_results(name: str, runs: Mapping[str, Run], identify: Callable[[Any], Any]) -> None:
    """Run every variant a few times, so that what it reads is in memory and not waited for.

    Raises ResultsDiffer unless all find the same in the end, and something.
    """
    for number in range(WARM_UP_ROUNDS):
        found = {variant: identify(run(number)) for variant, run in runs.items()}
    first, *others = found.values()
    if not first or any(each != first for each in others):
        raise ResultsDiffer(f"{name}: {', '.join(runs)} do not find the same.")


def time_in_turns(runs: Mapping[str, Run], *, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each run, round by round: all of them take turns under the same noise."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds):
        for name in _turned(runs, number):
            seconds[name].append(_time_turn(runs[name], number))
    return seconds


def ratio(over: Sequence[float], under: Sequence[float]) -> float:
    """How many times as long the first takes as the second: the median of the rounds."""
    return median(one / other for one, other in zip(over, under, strict=True))


def _run_on(alias: str, case: Case, number: int) -> object:
    with serving(alias):
        return case.atlas(number)


def _turned(names: Iterable[str], number: int) -> list[str]:
    """The names with another one first in every round, so that none always runs in the wake of the same."""
    listed = list(names)
    start = number % len(listed)
    return listed[start:] + listed[:start]


def _time_turn(run: Run, number: int) -> float:
    """Return the seconds of the fastest call; all calls of all rounds have numbers of their own."""
    first = WARM_UP_ROUNDS + number * CALLS_A_TURN
    return min(_time(run, first + call) for call in range(CALLS_A_TURN))


def _time(run: Run, number: int) -> float:
    begin = perf_counter()
    run(number)
    return perf_counter() - begin
