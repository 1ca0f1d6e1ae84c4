"""Why an owned property matches a search or does not, and what just misses it; of unlocked values only."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from heapq import nsmallest
from typing import Any

from django.utils import timezone

from accounts.models import User
from atlas_site.mongodb.documents import collection_of, load
from properties.models import PropertyDatasetPermission
from properties.search.conditions import Outcome
from properties.search.filters import Chip
from properties.search.query import SearchQuery
from properties.search.why import Reason, explain, matches, misses

SCANNED = 3_000
"""How many owned rows of the place are looked at, the newest first."""

COUNTED = 1_000
"""How many near misses are read and counted."""


@dataclass(frozen=True)
class Why:
    """One search and one owned property: every condition, and whether together they let it in."""

    query: SearchQuery
    reasons: list[Reason]

    @property
    def is_match(self) -> bool:
        return matches(self.reasons)

    @property
    def held_count(self) -> int:
        """How many conditions hold, or were proved by the search that revealed it."""
        return sum(reason.matches for reason in self.reasons)

    @property
    def locked(self) -> list[Reason]:
        """The conditions that only an unlock would decide."""
        return [reason for reason in self.reasons if reason.outcome is Outcome.LOCKED]


def why_page(
    user: User, query: SearchQuery, permission: PropertyDatasetPermission, today: date | None = None
) -> Why | None:
    """What a search makes of a property that the user owns; None when the property is another user's."""
    if permission.user_id != user.pk or permission.revealed_at is None:
        return None
    return Why(query, explain(query, permission, today))


@dataclass
class NearMiss:
    """One condition that alone keeps owned properties out of a search: how many, and the nearest of them."""

    reason: Reason
    count: int = 0
    rows: list[tuple[PropertyDatasetPermission, Reason]] = field(default_factory=list)

    @property
    def label(self) -> str:
        return self.reason.label

    @property
    def change(self) -> Chip | None:
        """The smallest change that lets the nearest of them in."""
        return self.reason.change


@dataclass(frozen=True)
class NearMisses:
    """What just misses a search, the condition that keeps most out first. `is_partial` when not all was looked at."""

    groups: list[NearMiss]
    is_partial: bool

    def __bool__(self) -> bool:
        return bool(self.groups)


def near_misses(user: User, query: SearchQuery, limit: int = 5, today: date | None = None) -> NearMisses:
    """Owned properties of the search's place and area that fulfill all of its conditions but one.

    Grouped by that condition, with at most `limit` of the nearest of each. Locked conditions are no near miss: what is
    locked is not spoken of. Looks at the newest SCANNED properties of a city, county or ZIP, else of all that are
    owned, by an index.
    """
    today = today or timezone.now().date()
    pipeline, scanned = _pipelines(user, query, today)
    rows = _load(pipeline) if query.what_conditions() else []
    conditions = query.conditions()
    found: dict[str, list[tuple[float, str, PropertyDatasetPermission]]] = defaultdict(list)
    for row in rows:
        for name, distance in misses(conditions, row, today):
            found[name].append((distance, row.property_id, row))
    groups = []
    for name, missed in found.items():
        # To say what would let a property in takes much longer than to measure how far it is, so few are asked.
        nearest = [row for _, _, row in nsmallest(limit, missed, key=lambda each: each[:2])]
        told = [(row, next(each for each in explain(query, row, today) if each.name == name)) for row in nearest]
        groups.append(NearMiss(reason=told[0][1], count=len(missed), rows=told))
    return NearMisses(
        groups=sorted(groups, key=lambda group: -group.count),
        is_partial=len(rows) >= COUNTED or _is_cut(scanned),
    )


def _pipelines(user: User, query: SearchQuery, today: date) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The pipeline that finds near misses, and its first stages, which choose the rows to look at by an index."""
    owned = {"userId": user.pk, "revealedAt": {"$ne": None}}
    where = [each.server_condition(today) for each in query.where_conditions()]
    # A state has no index of its own, nor has a shape: there the newest of all are looked at.
    is_indexed = query.place is not None and query.place.kind != "state"
    scanned: list[dict[str, Any]] = [
        {"$match": {**owned, **where[0]} if is_indexed else owned},
        {"$sort": {"revealedAt": -1, "propertyId": -1}},
        {"$limit": SCANNED},
    ]
    conditions = query.what_conditions()
    near = [
        {
            "$and": [
                each.miss_condition(today) if each is missed else each.server_condition(today) for each in conditions
            ]
        }
        for missed in conditions
    ]
    return [*scanned, {"$match": {"$and": [*where, {"$or": near}]}}, {"$limit": COUNTED}], scanned


def _load(pipeline: list[dict[str, Any]]) -> list[PropertyDatasetPermission]:
    documents = collection_of(PropertyDatasetPermission).aggregate(pipeline)
    return [load(PropertyDatasetPermission, document) for document in documents]


def _is_cut(scanned: list[dict[str, Any]]) -> bool:
    """Whether there may be more rows than are looked at."""
    counted = list(collection_of(PropertyDatasetPermission).aggregate([*scanned, {"$count": "count"}]))
    return bool(counted) and counted[0]["count"] >= SCANNED
