"""Orders of long lists, and the stretches of an index that make their pages."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q, QuerySet


@dataclass(frozen=True)
class Sort:
    """An order of documents: by one field, highest first or lowest first, and without a value last in both.

    Equals go by `tie`. Lists are paged by the row at the edge of a page. What lies beyond it is read in parts, one
    after the other, each of which is one stretch of an index that begins at the edge. A single query for all of it has
    to name several ranges, which the server may answer by walking the list from its top.
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
    # A field that no two documents have the same value of, by which equals go.
    tie: str = "pk"

    def after(self, rows: QuerySet, edge: Model | None) -> list[QuerySet]:
        """The parts of what follows `edge`, or of everything when there is no edge."""
        if edge is None:
            # Downwards the server has those without a value at the end, as wanted; upwards it has them first.
            return self._known_then_unknown(rows) if self.rises or self.bounds else [self._ordered(rows)]
        value: Any = getattr(edge, self.field)
        if value is None:
            return [self._unknown(rows, beyond=edge)]
        known = self._beyond(rows, edge, value)
        return [*known, self._unknown(rows)] if self.is_optional else known

    def before(self, rows: QuerySet, edge: Model) -> list[QuerySet]:
        """The parts of what precedes `edge`, nearest first."""
        value: Any = getattr(edge, self.field)
        if value is None:
            known = self._ordered(rows.filter(**{f"{self.field}__isnull": False}), backwards=True)
            return [self._unknown(rows, beyond=edge, backwards=True), known]
        return self._beyond(rows, edge, value, backwards=True)

    def _known_then_unknown(self, rows: QuerySet) -> list[QuerySet]:
        known = self._ordered(rows.filter(**{f"{self.field}__isnull": False}))
        return [known, self._unknown(rows)] if self.is_optional else [known]

    def _ordered(self, rows: QuerySet, *, backwards: bool = False) -> QuerySet:
        sign = "" if self.rises != backwards else "-"
        rows = rows.filter(self.bounds) if self.bounds else rows
        return rows.order_by(f"{sign}{self.field}", f"{sign}{self.tie}")

    def _unknown(self, rows: QuerySet, *, beyond: Model | None = None, backwards: bool = False) -> QuerySet:
        rises = self.rises != backwards
        rows = rows.filter(**{f"{self.field}__isnull": True})
        if beyond is not None:
            rows = rows.filter(**{f"{self.tie}__{'gt' if rises else 'lt'}": getattr(beyond, self.tie)})
        return rows.order_by(self.tie if rises else f"-{self.tie}")

    def _beyond(self, rows: QuerySet, edge: Model, value: Any, *, backwards: bool = False) -> list[QuerySet]:
        """The rows with a value that lie beyond the edge: those of the same value apart, if they are many."""
        further = "gt" if self.rises != backwards else "lt"
        has_further_value, has_further_id = (
            Q(**{f"{field}__{further}": each})
            for field, each in ((self.field, value), (self.tie, getattr(edge, self.tie)))
        )
        if self.has_many_equals:
            parts = [rows.filter(has_further_id, **{self.field: value}), rows.filter(has_further_value)]
        else:
            parts = [rows.filter(has_further_value | has_further_id, **{f"{self.field}__{further}e": value})]
        return [self._ordered(part, backwards=backwards) for part in parts]


def opposite(sort: str) -> str:
    """The name of the same order the other way round."""
    return sort.removesuffix("-up") if sort.endswith("-up") else f"{sort}-up"
