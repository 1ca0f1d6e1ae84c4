"""The orders of the owned list, and the stretches of an index that make its pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from properties.models import PropertyDatasetPermission

Rows = QuerySet[PropertyDatasetPermission]


@dataclass(frozen=True)
class Sort:
    """An order of owned rows: by one field, highest first or lowest first, and without a value last in both.

    Equals go by property id. Lists are paged by the row at the edge of a page. What lies beyond it is read in parts,
    one after the other, each of which is one stretch of an index that begins at the edge. A single query for all of
    it has to name several ranges, which the server may answer by walking the list from its top.
    """

    label: str
    field: str
    # Whether there are rows without the value.
    is_optional: bool = True
    rises: bool = False

    def after(self, rows: Rows, edge: PropertyDatasetPermission | None) -> list[Rows]:
        """The parts of what follows `edge`, or of everything when there is no edge."""
        if edge is None:
            # Downwards the server has those without a value at the end, as wanted; upwards it has them first.
            return self._known_then_unknown(rows) if self.rises else [self._ordered(rows)]
        value: Any = getattr(edge, self.field)
        if value is None:
            return [self._unknown(rows, beyond=edge)]
        known = self._ordered(rows.filter(*self._beyond(edge, value)))
        return [known, self._unknown(rows)] if self.is_optional else [known]

    def before(self, rows: Rows, edge: PropertyDatasetPermission) -> list[Rows]:
        """The parts of what precedes `edge`, nearest first."""
        value: Any = getattr(edge, self.field)
        if value is None:
            known = self._ordered(rows.filter(**{f"{self.field}__isnull": False}), backwards=True)
            return [self._unknown(rows, beyond=edge, backwards=True), known]
        return [self._ordered(rows.filter(*self._beyond(edge, value, backwards=True)), backwards=True)]

    def _known_then_unknown(self, rows: Rows) -> list[Rows]:
        known = self._ordered(rows.filter(**{f"{self.field}__isnull": False}))
        return [known, self._unknown(rows)] if self.is_optional else [known]

    def _ordered(self, rows: Rows, *, backwards: bool = False) -> Rows:
        sign = "" if self.rises != backwards else "-"
        return rows.order_by(f"{sign}{self.field}", f"{sign}property_id")

    def _unknown(self, rows: Rows, *, beyond: PropertyDatasetPermission | None = None, backwards: bool = False) -> Rows:
        rises = self.rises != backwards
        rows = rows.filter(**{f"{self.field}__isnull": True})
        if beyond is not None:
            rows = rows.filter(**{f"property_id__{'gt' if rises else 'lt'}": beyond.property_id})
        return rows.order_by("property_id" if rises else "-property_id")

    def _beyond(self, edge: PropertyDatasetPermission, value: Any, *, backwards: bool = False) -> tuple[Q, Q]:
        """The condition in two: where in the index it begins, and that the edge itself is not meant."""
        further = "gt" if self.rises != backwards else "lt"
        is_past = Q(**{f"{self.field}__{further}": value}) | Q(**{f"property_id__{further}": edge.property_id})
        return Q(**{f"{self.field}__{further}e": value}), is_past


def _both_ways(name: str, field: str, highest: str, lowest: str) -> dict[str, Sort]:
    return {name: Sort(highest, field), f"{name}-up": Sort(lowest, field, rises=True)}


SORTS: Mapping[str, Sort] = {
    "newest": Sort("Newest first", "revealed_at", is_optional=False),
    "newest-up": Sort("Oldest first", "revealed_at", is_optional=False, rises=True),
    "address-up": Sort("Address, from A", "address_key", rises=True),
    "address": Sort("Address, from Z", "address_key"),
    **_both_ways("value", "estimated_value", "Value, highest first", "Value, lowest first"),
    **_both_ways("equity", "equity_percent", "Equity, highest first", "Equity, lowest first"),
    **_both_ways("sold", "last_sale_on", "Last sale, latest first", "Last sale, earliest first"),
    **_both_ways("price", "last_sale_price", "Sale price, highest first", "Sale price, lowest first"),
    **_both_ways("built", "year_built", "Newest buildings first", "Oldest buildings first"),
    **_both_ways("area", "living_area_square_feet", "Largest first", "Smallest first"),
    **_both_ways("stack", "stack_count", "On most lists first", "On fewest lists first"),
}

# What one job brought was revealed at about the same time; it is listed in the order in which it is looked up.
BY_ID = "id"
ORDERS: Mapping[str, Sort] = {**SORTS, BY_ID: Sort("By property id", "property_id", is_optional=False)}


def opposite(sort: str) -> str:
    """The name of the same order the other way round."""
    return sort.removesuffix("-up") if sort.endswith("-up") else f"{sort}-up"
