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
    # Whether so many rows have the same value that walking over them to the edge would take long.
    has_many_equals: bool = False
    # What a search asks of the field itself, said once more: with it the walk begins and ends where it holds. A row
    # without the value may be in the search too, since it is locked and was proved, and is read in a part of its own.
    bounds: Q | None = None

    def after(self, rows: Rows, edge: PropertyDatasetPermission | None) -> list[Rows]:
        """The parts of what follows `edge`, or of everything when there is no edge."""
        if edge is None:
            # Downwards the server has those without a value at the end, as wanted; upwards it has them first.
            return self._known_then_unknown(rows) if self.rises or self.bounds else [self._ordered(rows)]
        value: Any = getattr(edge, self.field)
        if value is None:
            return [self._unknown(rows, beyond=edge)]
        known = self._beyond(rows, edge, value)
        return [*known, self._unknown(rows)] if self.is_optional else known

    def before(self, rows: Rows, edge: PropertyDatasetPermission) -> list[Rows]:
        """The parts of what precedes `edge`, nearest first."""
        value: Any = getattr(edge, self.field)
        if value is None:
            known = self._ordered(rows.filter(**{f"{self.field}__isnull": False}), backwards=True)
            return [self._unknown(rows, beyond=edge, backwards=True), known]
        return self._beyond(rows, edge, value, backwards=True)

    def _known_then_unknown(self, rows: Rows) -> list[Rows]:
        known = self._ordered(rows.filter(**{f"{self.field}__isnull": False}))
        return [known, self._unknown(rows)] if self.is_optional else [known]

    def _ordered(self, rows: Rows, *, backwards: bool = False) -> Rows:
        sign = "" if self.rises != backwards else "-"
        rows = rows.filter(self.bounds) if self.bounds else rows
        return rows.order_by(f"{sign}{self.field}", f"{sign}property_id")

    def _unknown(self, rows: Rows, *, beyond: PropertyDatasetPermission | None = None, backwards: bool = False) -> Rows:
        rises = self.rises != backwards
        rows = rows.filter(**{f"{self.field}__isnull": True})
        if beyond is not None:
            rows = rows.filter(**{f"property_id__{'gt' if rises else 'lt'}": beyond.property_id})
        return rows.order_by("property_id" if rises else "-property_id")

    def _beyond(
        self, rows: Rows, edge: PropertyDatasetPermission, value: Any, *, backwards: bool = False
    ) -> list[Rows]:
        """The rows with a value that lie beyond the edge: those of the same value apart, if they are many."""
        further = "gt" if self.rises != backwards else "lt"
        has_further_value, has_further_id = (
            Q(**{f"{field}__{further}": each})
            for field, each in ((self.field, value), ("property_id", edge.property_id))
        )
        if self.has_many_equals:
            parts = [rows.filter(has_further_id, **{self.field: value}), rows.filter(has_further_value)]
        else:
            parts = [rows.filter(has_further_value | has_further_id, **{f"{self.field}__{further}e": value})]
        return [self._ordered(part, backwards=backwards) for part in parts]


def _both_ways(name: str, field: str, highest: str, lowest: str, *, has_many_equals: bool = False) -> dict[str, Sort]:
    return {
        name: Sort(highest, field, has_many_equals=has_many_equals),
        f"{name}-up": Sort(lowest, field, rises=True, has_many_equals=has_many_equals),
    }


SORTS: Mapping[str, Sort] = {
    "newest": Sort("Newest first", "revealed_at", is_optional=False),
    "newest-up": Sort("Oldest first", "revealed_at", is_optional=False, rises=True),
    "address-up": Sort("Address, from A", "address_key", rises=True),
    "address": Sort("Address, from Z", "address_key"),
    **_both_ways("value", "estimated_value", "Value, highest first", "Value, lowest first"),
    **_both_ways("equity", "equity_percent", "Equity, highest first", "Equity, lowest first", has_many_equals=True),
    **_both_ways("sold", "last_sale_on", "Last sale, latest first", "Last sale, earliest first"),
    **_both_ways("price", "last_sale_price", "Sale price, highest first", "Sale price, lowest first"),
    **_both_ways("built", "year_built", "Newest buildings first", "Oldest buildings first", has_many_equals=True),
    **_both_ways("area", "living_area_square_feet", "Largest first", "Smallest first"),
    **_both_ways("stack", "stack_count", "On most lists first", "On fewest lists first", has_many_equals=True),
}

# What one job brought was revealed at about the same time; it is listed in the order in which it is looked up.
BY_ID = "id"
ORDERS: Mapping[str, Sort] = {**SORTS, BY_ID: Sort("By property id", "property_id", is_optional=False)}


def opposite(sort: str) -> str:
    """The name of the same order the other way round."""
    return sort.removesuffix("-up") if sort.endswith("-up") else f"{sort}-up"
