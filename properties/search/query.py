"""A search as a value: made from the form, written as URL and as vendor criteria, compared by its hash."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import Q
from django.utils import timezone

from atlas_site.lib.places import Place
from atlas_site.mongodb.conditions import Matches
from properties.models.records import Dataset
from properties.search.areas import Area
from properties.search.conditions import (
    AnySignalCondition,
    AreaCondition,
    Condition,
    FilterCondition,
    PlaceCondition,
    SignalCondition,
)
from properties.search.filters import FILTERS, POSITIONS, SORTS, Chip, Choice, Filter
from properties.search.signals import SIGNALS

NEGATION = "not-"
"""What the vendor writes before a signal that must not hold."""

NOTHING = Q(pk__in=[])


class OnColumn(NamedTuple):
    """What a search asks of one column: of the rows that have a value in it, and of those that have none."""

    known: Q | None = None
    unknown: Q | None = None


@dataclass(frozen=True)
class SearchQuery:
    """One search: where (a place, a shape on the map, or both), conditions by parameter name, signals of which all,
    any or none must hold, what is left out (keys of exclusions), and an order.

    Only a look at what the user owns may go without a place and an area.
    """

    place: Place | None
    values: Mapping[str, Any] = field(default_factory=dict)
    all_signals: tuple[str, ...] = ()
    any_signals: tuple[str, ...] = ()
    sort: str = ""
    area: Area | None = None
    none_signals: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    @classmethod
    def from_cleaned(cls, cleaned: Mapping[str, Any]) -> "SearchQuery":
        """Make a query of a valid SearchForm's cleaned data."""
        names = [param for each in FILTERS for param in each.params]
        values = {name: cleaned[name] for name in names if cleaned.get(name) not in (None, "", [])}
        for each in FILTERS:
            if isinstance(each, Choice) and each.name in values:
                values[each.name] = _in_order(each.labels, values[each.name])
        return cls(
            place=cleaned.get("place"),
            values=values,
            all_signals=tuple(_in_order(SIGNALS, cleaned.get("all"))),
            any_signals=tuple(_in_order(SIGNALS, cleaned.get("any"))),
            sort=cleaned.get("sort") or "",
            area=cleaned.get("area") or None,
            none_signals=tuple(_in_order(SIGNALS, cleaned.get("none"))),
            exclude=tuple(sorted(set(cleaned.get("exclude") or ()))),
        )

    # ------------------------------------------------------------ what it asks for
    @cached_property
    def active_filters(self) -> list[Filter]:
        """The filters that are set, in the registry's order."""
        named = sorted({POSITIONS[param] for param in self.values if param in POSITIONS})
        return [FILTERS[position] for position in named if FILTERS[position].is_active(self.values)]

    @property
    def asks_for_locked(self) -> bool:
        """Whether a condition is on data that have to be bought: a signal, or a filter that BASIC does not tell."""
        signals = self.all_signals or self.any_signals or self.none_signals
        return bool(signals) or not all(each.is_public for each in self.active_filters)

    def where_conditions(self) -> list[Condition]:
        """The conditions about the position: the place, the shape on the map."""
        place: list[Condition] = [PlaceCondition(self.place)] if self.place else []
        return [*place, AreaCondition(self.area)] if self.area else place

    def what_conditions(self) -> list[Condition]:
        """All other conditions, one for each filter that is set, each signal that must or must not hold, and the set
        of signals of which one must."""
        return [
            *(self._filter_condition(each) for each in self.active_filters),
            *(SignalCondition(slug) for slug in self.all_signals),
            *([AnySignalCondition(self.any_signals)] if self.any_signals else []),
            *(SignalCondition(slug, is_wanted=False) for slug in self.none_signals),
        ]

    def conditions(self) -> list[Condition]:
        """Every condition of the search."""
        return [*self.where_conditions(), *self.what_conditions()]

    def _filter_condition(self, each: Filter) -> FilterCondition:
        return FilterCondition(each, {name: self.values[name] for name in each.params if name in self.values})

    # ------------------------------------------------------------ as a URL
    def params(self) -> dict[str, list[str]]:
        """The canonical URL parameters: no empty ones, registry order."""
        params: dict[str, list[str]] = {"q": [self.place.label]} if self.place else {}
        if self.area:
            params["area"] = [self.area.text]
        for each in self.active_filters:
            for name in each.params:
                value = self.values.get(name)
                if value is not None:
                    params[name] = [str(item) for item in value] if isinstance(value, list) else [str(value)]
        lists = {"all": self.all_signals, "any": self.any_signals, "none": self.none_signals, "exclude": self.exclude}
        params |= {name: list(values) for name, values in lists.items() if values}
        if self.sort:
            params["sort"] = [self.sort]
        return params

    def urlencode(self) -> str:
        """The query string that pages link by."""
        return urlencode(self.params(), doseq=True)

    # ------------------------------------------------------------ as a question to the vendor
    def criteria(self) -> dict[str, Any]:
        """The vendor's `searchCriteria` for this search; what is excluded is not part of them."""
        criteria = self.place_criteria()
        _add_filters(criteria, self.active_filters, self.values)
        required = [*self.all_signals, *(NEGATION + slug for slug in self.none_signals)]
        if required:
            criteria["quickLists"] = required
        if self.any_signals:
            criteria["orQuickLists"] = list(self.any_signals)
        return criteria

    def place_criteria(self) -> dict[str, Any]:
        """The vendor's criteria for place and area alone. Raises ValueError without either."""
        place = self.place
        if place is None and self.area is None:
            raise ValueError("A search of the vendor needs a place or an area.")
        criteria: dict[str, Any] = {"query": place.query_text} if place else {}
        address: dict[str, Any] = {}
        if place:
            address = {"zip": {"equals": place.zip}} if place.kind == "zip" else {"state": {"equals": place.state}}
        if place and place.kind == "city":
            address["city"] = {"equals": place.city}
        elif place and place.kind == "county":
            address["county"] = {"equals": place.county_name}
        if self.area:
            address |= self.area.criteria()
        return {**criteria, "address": address}

    def public_criteria(self) -> dict[str, Any]:
        """The vendor's criteria for place, area and the conditions that BASIC tells, which are public knowledge."""
        criteria = self.place_criteria()
        _add_filters(criteria, [each for each in self.active_filters if each.is_public], self.values)
        return criteria

    @property
    def vendor_sort(self) -> dict[str, str] | None:
        """The vendor's own sort, or None for the order it chooses."""
        chosen = SORTS[self.sort][1]
        return {"field": chosen[0], "sortOrder": chosen[1]} if chosen else None

    def hash(self) -> str:
        """The same for two searches that ask the vendor the same question."""
        question = [self.criteria(), self.vendor_sort, *([self.exclude] if self.exclude else [])]
        return hashlib.sha256(json.dumps(question, sort_keys=True, default=str).encode()).hexdigest()

    # ------------------------------------------------------------ in words
    def chips(self, exclusions: Mapping[str, str] | None = None) -> list[Chip]:
        """What is active, each removable on its own. `exclusions` names what is left out, by key."""
        chips = [self._chip_without(self.area.label, ("area",))] if self.area else []
        chips += [self._chip_without(each.say(self.values), each.params) for each in self.active_filters]
        signals = (("all", self.all_signals, "Must be"), ("any", self.any_signals, "Any of"))
        for name, slugs, word in (*signals, ("none", self.none_signals, "Not")):
            chips += [self._chip_without_one(name, slug, f"{word}: {SIGNALS[slug].label}") for slug in slugs]
        names = exclusions or {}
        chips += [self._chip_without_one("exclude", key, f"Left out: {names.get(key, key)}") for key in self.exclude]
        return chips

    @property
    def place_chip(self) -> Chip | None:
        """The place as a chip like that of a drawn shape, which keeps everything else when it is removed."""
        return self._chip_without(self.place.label, ("q",)) if self.place else None

    @property
    def where(self) -> str:
        """Place and area in words."""
        return ", ".join(each.words for each in self.where_conditions()) or "Everywhere"

    def describe(self) -> str:
        """The whole search in a sentence part, for titles of quotes and saved searches."""
        parts = [each.words for each in self.what_conditions()]
        return f"{self.where}: {'; '.join(parts)}" if parts else self.where

    def proofs(self, today: date | None = None) -> list[str]:
        """What a record of the answer proves by being in it, in words that stay true: "last" ends on `today`."""
        today = today or timezone.now().date()
        return [each.proof(today) for each in self.what_conditions()]

    # ------------------------------------------------------------ as a condition on what is owned
    def locked_proofs(self, today: date | None = None) -> list[str]:
        """The proofs by which rows can match whose dataset is not unlocked."""
        today = today or timezone.now().date()
        return [each.proof(today) for each in self.conditions() if each.dataset != Dataset.BASIC]

    def owned_condition(self, today: date | None = None, proved: Collection[str] | None = None) -> Q:
        """The search as a condition on the user's own rows; `today` is the day that "within the last months" ends on.

        A row holds values of unlocked datasets only. Where one is locked, the row counts if the search that revealed
        it proved the same condition, so the count is "about" and never tells what is locked. `proved` holds those of
        `locked_proofs` that the user's rows have, if that is known: the condition is then one stretch of an index more
        often.
        """
        condition = self.owned_document(today, proved)
        return Q(Matches(condition)) if condition else Q()

    def owned_document(self, today: date | None = None, proved: Collection[str] | None = None) -> dict[str, Any]:
        """The same in the server's own language, for pipelines; {} when every row matches."""
        today = today or timezone.now().date()
        parts = [each.server_condition(today, proved) for each in self.conditions()]
        return {"$and": parts} if len(parts) > 1 else parts[0] if parts else {}

    def split_on(self, column: str, today: date | None = None) -> "tuple[SearchQuery, OnColumn]":
        """This search without what it asks of the values in one column of owned rows, and what it asks of them."""
        asked = [each for each in self.active_filters if column and each.column == column]
        if not asked:
            return self, OnColumn()
        today = today or timezone.now().date()
        condition = self._filter_condition(asked[0])
        locked = condition.on_locked(today)
        on_column = OnColumn(
            known=Q(Matches(condition.on_unlocked(today))), unknown=Q(Matches(locked)) if locked else NOTHING
        )
        rest = {name: value for name, value in self.values.items() if name not in asked[0].params}
        return replace(self, values=rest), on_column

    def _chip_without(self, label: str, names: Iterable[str]) -> Chip:
        rest = {name: values for name, values in self.params().items() if name not in names}
        return Chip(label=label, query=urlencode(rest, doseq=True))

    def _chip_without_one(self, name: str, value: str, label: str) -> Chip:
        rest = self.params()
        rest[name] = [each for each in rest[name] if each != value]
        return Chip(label=label, query=urlencode(rest, doseq=True))


def _in_order(known: Iterable[str], chosen: Iterable[str] | None) -> list[str]:
    """What was chosen, each once and in one order, so that the same search is always written the same way."""
    wanted = set(chosen or ())
    return [each for each in known if each in wanted]


def _add_filters(criteria: dict[str, Any], filters: Iterable[Filter], values: Mapping[str, Any]) -> None:
    """Add filters to criteria; a filter on a field that the place uses as well narrows it further."""
    for each in filters:
        group, name = each.path
        conditions = criteria.setdefault(group, {})
        conditions[name] = {**conditions.get(name, {}), **(each.criteria(values) or {})}
