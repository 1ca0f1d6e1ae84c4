"""The conditions of a search, one object each: as the server's condition on an owned row, and as a look at one row.

The two agree: `server_condition` finds the rows for which `outcome_for` is `HOLDS` or `PROVED`. The truth of a
condition has more than two values, because a row holds values of unlocked datasets only, and not all of them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from atlas_site.lib.places import Place
from properties.models.records import Dataset, PropertyDatasetPermission
from properties.search.areas import Area, Circle
from properties.search.filters import Filter
from properties.search.signals import SIGNALS

if TYPE_CHECKING:
    from properties.search.query import SearchQuery

Row = PropertyDatasetPermission


class Outcome(StrEnum):
    """What can be said about a condition and an owned property."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"
    """The dataset is unlocked and does not tell the value."""
    LOCKED = "locked"
    """The dataset is not unlocked."""
    PROVED = "proved"
    """It is not unlocked either, but the search that revealed the property asked for the same."""


MATCHING = {Outcome.HOLDS, Outcome.PROVED}


@dataclass(frozen=True)
class Condition:
    """One condition. `words` names it in chips and explanations."""

    @property
    def name(self) -> str:
        """What tells it from the other conditions of a search."""
        raise NotImplementedError

    @property
    def words(self) -> str:
        raise NotImplementedError

    def proof(self, today: date) -> str:
        """What a search of this day proves by it, in words that stay true: `words`, with days instead of "last"."""
        return self.words

    @property
    def dataset(self) -> str:
        """The dataset that tells whether it holds."""
        return Dataset.BASIC

    def server_condition(self, today: date, proved: Collection[str] | None = None) -> dict[str, Any]:
        """The condition on owned rows: it holds by unlocked values, or it is locked and proved.

        `proved` holds the proofs that some row has, if that is known: what none has need not be looked for.
        """
        known, locked = self.on_unlocked(today), self.on_locked(today)
        if locked is None or (proved is not None and self.proof(today) not in proved):
            return known
        return {"$or": [known, locked]}

    def on_unlocked(self, today: date) -> dict[str, Any]:
        """The condition on owned rows whose values tell that it holds."""
        if self.dataset == Dataset.BASIC:  # every row of the owned list has it
            return self.on_values(today)
        return {"datasets": self.dataset, **self.on_values(today)}

    def on_locked(self, today: date) -> dict[str, Any] | None:
        """The condition on owned rows that are locked and of which it was proved; None when it is of nothing locked."""
        if self.dataset == Dataset.BASIC:
            return None
        return {"datasets": {"$ne": self.dataset}, "proofs": self.proof(today)}

    def miss_condition(self, today: date) -> dict[str, Any]:
        """The condition on rows whose unlocked values fail it, or do not tell."""
        unlocked = {} if self.dataset == Dataset.BASIC else {"datasets": self.dataset}
        return {**unlocked, "$nor": [self.on_values(today)]}

    def outcome_for(self, row: Row, today: date) -> Outcome:
        """What can be said about it and one owned row."""
        if self.dataset != Dataset.BASIC and self.dataset not in (row.datasets or ()):
            return Outcome.PROVED if self.proof(today) in (row.proofs or ()) else Outcome.LOCKED
        truth = self.test(row, today)
        return Outcome.UNKNOWN if truth is None else Outcome.HOLDS if truth else Outcome.FAILS

    def on_values(self, today: date) -> dict[str, Any]:
        """The condition on the values of a row, in the server's language; never true for what is unknown."""
        raise NotImplementedError

    def test(self, row: Row, today: date) -> bool | None:
        """Whether the values of a row fulfill it; None when they do not tell."""
        raise NotImplementedError

    def saw(self, row: Row) -> str:
        """The value that a row holds, in words; "" for none."""
        raise NotImplementedError

    def loosened(self, query: "SearchQuery", row: Row, today: date) -> "tuple[str, SearchQuery] | None":
        """The smallest change of this condition that a row then fulfills: in words, and the search with it."""
        raise NotImplementedError

    def distance(self, row: Row, today: date) -> float:
        """How far a row that fails is from fulfilling it, to compare rows."""
        return 1.0

    def left_out(self) -> str:
        """The words for a search without it."""
        return f"Without “{self.words}”"


@dataclass(frozen=True)
class PlaceCondition(Condition):
    """The property lies in the place."""

    place: Place

    name = "q"

    @property
    def words(self) -> str:
        return self.place.label

    @property
    def columns(self) -> dict[str, str]:
        """The columns of a row and what they have to be."""
        place = self.place
        if place.kind == "zip":
            return {"postal_code": place.zip}
        columns = {"state": place.state}
        if place.kind == "city":
            columns["city"] = place.city
        elif place.kind == "county":
            columns["county"] = place.county_name
        return columns

    def on_values(self, today: date) -> dict[str, Any]:
        return dict(self.columns)

    def test(self, row: Row, today: date) -> bool | None:
        found = [(getattr(row, column), wanted) for column, wanted in self.columns.items()]
        if any(value is not None and value != wanted for value, wanted in found):
            return False
        return None if any(value is None for value, _ in found) else True

    def saw(self, row: Row) -> str:
        county = f"{row.county} County" if row.county and self.place.kind == "county" else ""
        state = " ".join(part for part in (row.state, row.postal_code) if part)
        return ", ".join(part for part in (row.city, county, state) if part)

    def loosened(self, query: "SearchQuery", row: Row, today: date) -> "tuple[str, SearchQuery] | None":
        return None


@dataclass(frozen=True)
class AreaCondition(Condition):
    """The property lies in a shape on the map."""

    area: Area

    name = "map"  # "area" is the living area

    @property
    def words(self) -> str:
        return self.area.label

    def on_values(self, today: date) -> dict[str, Any]:
        return self.area.condition()

    def test(self, row: Row, today: date) -> bool | None:
        at = _position(row)
        return self.area.contains(*at) if at else None

    def saw(self, row: Row) -> str:
        at = _position(row)
        if at is None:
            return ""
        if isinstance(self.area, Circle):
            return f"{self.area.miles_to(*at):,.1f} miles away"
        return "inside" if self.area.contains(*at) else "outside"

    def loosened(self, query: "SearchQuery", row: Row, today: date) -> "tuple[str, SearchQuery] | None":
        at = _position(row)
        grown = self.area.grown_to(*at) if at else None
        if grown is not None:
            return ("A larger part of the map" if grown.label == self.words else grown.label), replace(
                query, area=grown
            )
        return (self.left_out(), replace(query, area=None)) if query.place else None


@dataclass(frozen=True)
class FilterCondition(Condition):
    """A filter of the registry with the values that were set."""

    filter: Filter
    values: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.filter.name

    @property
    def words(self) -> str:
        return self.filter.say(self.values)

    def proof(self, today: date) -> str:
        return self.filter.say_for_good(self.values, today)

    @property
    def dataset(self) -> str:
        return self.filter.dataset

    def on_values(self, today: date) -> dict[str, Any]:
        return {self.filter.row_key: self.filter.condition(self.values, today)}

    def test(self, row: Row, today: date) -> bool | None:
        return self.filter.test(self.values, self.filter.value_of(row), today)

    def saw(self, row: Row) -> str:
        return self.filter.show(self.filter.value_of(row))

    def loosened(self, query: "SearchQuery", row: Row, today: date) -> "tuple[str, SearchQuery] | None":
        fact = self.filter.value_of(row)
        changed = self.filter.nearest(self.values, fact, today) if fact is not None else None
        others = {name: value for name, value in query.values.items() if name not in self.filter.params}
        if changed is None:
            return self.left_out(), replace(query, values=others)
        kept = {name: value for name, value in changed.items() if value is not None}
        return self.filter.say(kept), replace(query, values={**others, **kept})

    def distance(self, row: Row, today: date) -> float:
        fact = self.filter.value_of(row)
        return float("inf") if fact is None else self.filter.distance(self.values, fact, today)


@dataclass(frozen=True)
class SignalCondition(Condition):
    """A signal that must hold, or must be known not to."""

    slug: str
    is_wanted: bool = True

    @property
    def name(self) -> str:
        return f"{'all' if self.is_wanted else 'none'}:{self.slug}"

    @property
    def words(self) -> str:
        return SIGNALS[self.slug].label if self.is_wanted else f"Not: {SIGNALS[self.slug].label}"

    @property
    def dataset(self) -> str:
        return Dataset.QUICKLIST

    def on_values(self, today: date) -> dict[str, Any]:
        return {"signals" if self.is_wanted else "absentSignals": self.slug}

    def test(self, row: Row, today: date) -> bool | None:
        holds = _knows(row, self.slug)
        return None if holds is None else holds is self.is_wanted

    def saw(self, row: Row) -> str:
        return {True: "yes", False: "no", None: ""}[_knows(row, self.slug)]

    def loosened(self, query: "SearchQuery", row: Row, today: date) -> "tuple[str, SearchQuery] | None":
        chosen = query.all_signals if self.is_wanted else query.none_signals
        rest = tuple(slug for slug in chosen if slug != self.slug)
        return self.left_out(), replace(query, all_signals=rest) if self.is_wanted else replace(
            query, none_signals=rest
        )


@dataclass(frozen=True)
class AnySignalCondition(Condition):
    """At least one of several signals holds."""

    slugs: tuple[str, ...]

    name = "any"

    @property
    def words(self) -> str:
        return " or ".join(SIGNALS[slug].label for slug in self.slugs)

    @property
    def dataset(self) -> str:
        return Dataset.QUICKLIST

    def on_values(self, today: date) -> dict[str, Any]:
        return {"signals": {"$in": list(self.slugs)}}

    def test(self, row: Row, today: date) -> bool | None:
        known = [_knows(row, slug) for slug in self.slugs]
        return True if True in known else None if None in known else False

    def saw(self, row: Row) -> str:
        held = [SIGNALS[slug].label for slug in self.slugs if _knows(row, slug)]
        is_told = all(_knows(row, slug) is not None for slug in self.slugs)
        return ", ".join(held) or ("none of them" if is_told else "")

    def loosened(self, query: "SearchQuery", row: Row, today: date) -> "tuple[str, SearchQuery] | None":
        return self.left_out(), replace(query, any_signals=())


def _knows(row: Row, slug: str) -> bool | None:
    """Whether a signal holds for a row, as far as it is known."""
    return True if slug in (row.signals or ()) else False if slug in (row.absent_signals or ()) else None


def _position(row: Row) -> tuple[float, float] | None:
    """Latitude and longitude of a row; None when it has none."""
    if not row.location or row.latitude is None or row.longitude is None:
        return None
    longitude, latitude = row.location
    return latitude, longitude
