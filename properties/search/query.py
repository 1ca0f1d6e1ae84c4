"""A search as a value: made from the form, written as URL and as vendor criteria, compared by its hash."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q

from atlas_site.lib.places import Place
from properties.search.filters import FILTERS, SORTS, Chip, Filter
from properties.search.signals import SIGNALS


@dataclass(frozen=True)
class SearchQuery:
    """One search: a place, conditions by parameter name, signals that must all or any hold, and an order.

    Only a look at what the user owns may go without a place.
    """

    place: Place | None
    values: Mapping[str, Any] = field(default_factory=dict)
    all_signals: tuple[str, ...] = ()
    any_signals: tuple[str, ...] = ()
    sort: str = ""

    @classmethod
    def from_cleaned(cls, cleaned: Mapping[str, Any]) -> "SearchQuery":
        """Make a query of a valid SearchForm's cleaned data."""
        names = [param for each in FILTERS for param in each.params]
        values = {name: cleaned[name] for name in names if cleaned.get(name) not in (None, "", [])}
        return cls(
            place=cleaned.get("place"),
            values=values,
            all_signals=tuple(cleaned.get("all") or ()),
            any_signals=tuple(cleaned.get("any") or ()),
            sort=cleaned.get("sort") or "",
        )

    @property
    def active_filters(self) -> list[Filter]:
        return [each for each in FILTERS if each.criteria(self.values) is not None]

    @property
    def has_conditions(self) -> bool:
        """Whether it asks for more than the place."""
        return bool(self.active_filters or self.all_signals or self.any_signals)

    def params(self) -> dict[str, list[str]]:
        """The canonical URL parameters: no empty ones, registry order."""
        params: dict[str, list[str]] = {"q": [self.place.label]} if self.place else {}
        for each in self.active_filters:
            for name in each.params:
                value = self.values.get(name)
                if value is not None:
                    params[name] = [str(item) for item in value] if isinstance(value, list) else [str(value)]
        if self.all_signals:
            params["all"] = list(self.all_signals)
        if self.any_signals:
            params["any"] = list(self.any_signals)
        if self.sort:
            params["sort"] = [self.sort]
        return params

    def urlencode(self) -> str:
        """The query string that pages link by."""
        return urlencode(self.params(), doseq=True)

    def criteria(self) -> dict[str, Any]:
        """The vendor's `searchCriteria` for this search."""
        criteria = self.place_criteria()
        for each in self.active_filters:
            group, name = each.path
            criteria.setdefault(group, {})[name] = each.criteria(self.values)
        if self.all_signals:
            criteria["quickLists"] = list(self.all_signals)
        if self.any_signals:
            criteria["orQuickLists"] = list(self.any_signals)
        return criteria

    def place_criteria(self) -> dict[str, Any]:
        """The vendor's criteria for the place alone. Raises ValueError without a place."""
        place = self.place
        if place is None:
            raise ValueError("A search of the vendor needs a place.")
        address = {"state": {"equals": place.state}}
        if place.kind == "zip":
            address = {"zip": {"equals": place.zip}}
        elif place.kind == "city":
            address["city"] = {"equals": place.city}
        elif place.kind == "county":
            address["county"] = {"equals": place.county_name}
        return {"query": place.query_text, "address": address}

    @property
    def vendor_sort(self) -> dict[str, str] | None:
        """The vendor's own sort, or None for the order it chooses."""
        chosen = SORTS[self.sort][1]
        return {"field": chosen[0], "sortOrder": chosen[1]} if chosen else None

    def hash(self) -> str:
        """The same for two searches that ask the vendor the same question."""
        text = json.dumps([self.criteria(), self.vendor_sort], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def chips(self) -> list[Chip]:
        """What is active, each removable on its own."""
        chips = [self._chip_without(each.say(self.values), each.params) for each in self.active_filters]
        for name, slugs, word in (("all", self.all_signals, "Must be"), ("any", self.any_signals, "Any of")):
            chips += [self._chip_without_signal(name, slug, f"{word}: {SIGNALS[slug].label}") for slug in slugs]
        return chips

    def describe(self) -> str:
        """The whole search in a sentence part, for titles of quotes and saved searches."""
        parts = self.proofs()
        place = self.place.label if self.place else "Everywhere"
        return f"{place}: {'; '.join(parts)}" if parts else place

    def proofs(self) -> list[str]:
        """What a record of the answer proves by being in it, in words."""
        proofs = [each.say(self.values) for each in self.active_filters]
        proofs += [SIGNALS[slug].label for slug in self.all_signals]
        if self.any_signals:
            proofs.append(" or ".join(SIGNALS[slug].label for slug in self.any_signals))
        return proofs

    def owned_condition(self) -> Q:
        """The search as a condition on the user's own rows.

        A row holds values of unlocked datasets only. Where it cannot tell, it counts if the search that revealed it
        proved the same condition, so the count is "about" and never tells what is locked.
        """
        condition = Q(**self._place_lookups())
        for each in self.active_filters:
            condition &= self._row_condition(each)
        signals = self.proofs()[len(self.active_filters) :]
        return condition & Q(proofs__contains=signals) if signals else condition

    def _row_condition(self, each: Filter) -> Q:
        values = each.owned_lookups(self.values)
        if values and each.dataset == "BASIC":
            return Q(**values)
        proved = Q(proofs__contains=[each.say(self.values)])
        return Q(**values) | proved if values else proved

    def _place_lookups(self) -> dict[str, str]:
        place = self.place
        if place is None:
            return {}
        if place.kind == "zip":
            return {"postal_code": place.zip}
        lookups = {"state": place.state}
        if place.kind == "city":
            lookups["city"] = place.city
        elif place.kind == "county":
            lookups["county"] = place.county_name
        return lookups

    def _chip_without(self, label: str, names: tuple[str, ...]) -> Chip:
        rest = {name: values for name, values in self.params().items() if name not in names}
        return Chip(label=label, query=urlencode(rest, doseq=True))

    def _chip_without_signal(self, name: str, slug: str, label: str) -> Chip:
        rest = self.params()
        rest[name] = [each for each in rest[name] if each != slug]
        return Chip(label=label, query=urlencode(rest, doseq=True))
