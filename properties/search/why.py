"""Why an owned property is in a search, or is not: each condition with the value that it saw.

Only of unlocked values: a locked condition says no more than that it is locked.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from properties.models.records import Dataset, PropertyDatasetPermission
from properties.search.conditions import MATCHING, Condition, Outcome
from properties.search.filters import Chip
from properties.search.query import SearchQuery

_MAY_CHANGE = {Outcome.FAILS, Outcome.UNKNOWN}


@dataclass(frozen=True)
class Reason:
    """What can be said about one condition of a search and one owned property.

    `saw` is the value in words: "unknown" where the dataset is unlocked and does not tell it. `change` is the smallest
    change of this condition with which the property fulfills it, and `query` the search so changed.
    """

    name: str
    label: str
    dataset: str
    outcome: Outcome
    saw: str
    change: Chip | None = None
    query: SearchQuery | None = None
    distance: float = 0.0

    @property
    def matches(self) -> bool:
        """Whether it lets the property in."""
        return self.outcome in MATCHING

    @property
    def dataset_title(self) -> str:
        """The dataset that tells, as pages call it."""
        return str(Dataset(self.dataset).label)


def explain(query: SearchQuery, row: PropertyDatasetPermission, today: date | None = None) -> list[Reason]:
    """Say for each condition of a search what it makes of an owned property; reads nothing but the two.

    The property matches the search when every reason `matches`, which is what `owned_condition` finds. `today` is the
    day that "within the last months" ends on.
    """
    today = today or timezone.now().date()
    return [_reason(query, condition, row, today) for condition in query.conditions()]


def is_match(query: SearchQuery, row: PropertyDatasetPermission, today: date | None = None) -> bool:
    """Whether an owned property is in a search: the short answer to `explain`, for looking at many."""
    today = today or timezone.now().date()
    return all(condition.outcome_for(row, today) in MATCHING for condition in query.conditions())


def misses(conditions: Iterable[Condition], row: PropertyDatasetPermission, today: date) -> Iterator[tuple[str, float]]:
    """The name of each condition that keeps an owned property out, with how far it is from being in."""
    for condition in conditions:
        outcome = condition.outcome_for(row, today)
        if outcome not in MATCHING:
            yield condition.name, _distance(condition, row, outcome, today)


def matches(reasons: Iterable[Reason]) -> bool:
    """Whether a property with these reasons is in the search."""
    return all(reason.matches for reason in reasons)


def _reason(query: SearchQuery, condition: Condition, row: PropertyDatasetPermission, today: date) -> Reason:
    outcome = condition.outcome_for(row, today)
    loosened = condition.loosened(query, row, today) if outcome in _MAY_CHANGE else None
    return Reason(
        name=condition.name,
        label=condition.words,
        dataset=condition.dataset,
        outcome=outcome,
        saw=_saw(condition, row, outcome),
        change=Chip(loosened[0], loosened[1].urlencode()) if loosened else None,
        query=loosened[1] if loosened else None,
        distance=_distance(condition, row, outcome, today),
    )


def _distance(condition: Condition, row: PropertyDatasetPermission, outcome: Outcome, today: date) -> float:
    return condition.distance(row, today) if outcome in _MAY_CHANGE else 0.0


def _saw(condition: Condition, row: PropertyDatasetPermission, outcome: Outcome) -> str:
    if outcome is Outcome.LOCKED:
        return "locked"
    if outcome is Outcome.PROVED:
        day = f" on {row.revealed_at.day} {row.revealed_at:%b %Y}" if row.revealed_at else ""
        return f"matched{day}, by the search that revealed it"
    return condition.saw(row) or "unknown"
