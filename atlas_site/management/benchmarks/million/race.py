"""Measuring the cases of the big benchmark, and what is expected of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from atlas_site.management.benchmarks.million.cases import (
    MOST_GROWTH,
    MOST_OVER_POSTGRES,
    MOST_OVER_PYMONGO,
    BigCase,
    identify,
)
from atlas_site.management.benchmarks.million.dataset import BIG, SMALL
from atlas_site.management.benchmarks.million.servers import POSTGRES
from atlas_site.management.benchmarks.timing import Run, ratio, require_same_results, time_in_turns


@dataclass(frozen=True)
class BigMeasurement:
    """The seconds that each variant of a case took, round by round; ``small`` is Atlas for the user of few."""

    case: BigCase
    seconds: dict[str, list[float]]

    @property
    def over_pymongo(self) -> float | None:
        """How many times as long as PyMongo Atlas takes, None where that is not compared."""
        return self._ratio("atlas", "pymongo")

    @property
    def over_postgres(self) -> float | None:
        """How many times as long as Django on PostgreSQL Atlas takes, None where that is not compared."""
        return self._ratio("atlas", "postgres")

    @property
    def growth(self) -> float:
        """How many times as long Atlas takes for the user of many as for the user of few."""
        return ratio(self.seconds["atlas"], self.seconds["small"])

    @property
    def is_met(self) -> bool:
        """Whether all that is expected of the case holds."""
        limits = [(self.over_pymongo, MOST_OVER_PYMONGO), (self.over_postgres, MOST_OVER_POSTGRES)]
        limits += [] if self.case.grows else [(self.growth, MOST_GROWTH)]
        return all(value is None or value <= most for value, most in limits)

    def _ratio(self, over: str, under: str) -> float | None:
        return ratio(self.seconds[over], self.seconds[under]) if under in self.seconds else None


def measure_big(case: BigCase, *, aliases: Iterable[str], rounds: int) -> BigMeasurement:
    """Measure a case in this many rounds. Raises ResultsDiffer when the variants do not find the same."""
    runs: dict[str, Run] = {"atlas": partial(case.atlas, BIG)}
    if case.pymongo is not None:
        runs["pymongo"] = partial(case.pymongo, BIG)
    if case.plain is not None and POSTGRES in aliases:
        runs["postgres"] = partial(case.plain, BIG)
    require_same_results(case.name, runs, identify)
    small: Callable[[int], object] = partial(case.atlas, SMALL)
    require_same_results(f"{case.name}, of few", {"atlas": small}, identify)
    return BigMeasurement(case, time_in_turns({**runs, "small": small}, rounds=rounds))
