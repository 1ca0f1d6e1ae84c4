"""Orders of long lists, and the stretches of an index that make their pages."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet


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
    # What a search asks of the field itself: of the rows that have a value, where the walk then begins and ends, and of
    # those that have none, which may be in the search all the same.
    known: Q | None = None
    unknown: Q | None = None
    # A field that no two documents have the same value of, by which equals go.
    tie: str = "pk"

    def after(self, rows: QuerySet, edge: Any) -> Iterator[QuerySet]:
        """The parts of what follows `edge`, or of everything when there is no edge."""
        value: Any = edge and getattr(edge, self.field)
        if edge is None and not (self.rises or self.known):
            # Downwards the server has those without a value at the end, as wanted; upwards it has them first.
            yield self._ordered(rows)
        elif edge is not None and value is None:
            yield self._unknown(rows, beyond=edge)
        else:
            yield from [self._ordered(self._known(rows))] if edge is None else self._beyond(rows, edge, value)
            if self.is_optional:
                yield self._unknown(rows)

    def before(self, rows: QuerySet, edge: Any) -> Iterator[QuerySet]:
        """The parts of what precedes `edge`, nearest first."""
        value: Any = getattr(edge, self.field)
        if value is None:
            yield self._unknown(rows, beyond=edge, backwards=True)
            yield self._ordered(self._known(rows), backwards=True)
        else:
            yield from self._beyond(rows, edge, value, backwards=True)

    def _ordered(self, rows: QuerySet, *, backwards: bool = False) -> QuerySet:
        sign = "" if self.rises != backwards else "-"
        return rows.order_by(f"{sign}{self.field}", f"{sign}{self.tie}")

    def _known(self, rows: QuerySet) -> QuerySet:
        return rows.filter(self.known or Q(**{f"{self.field}__isnull": False}))

    def _unknown(self, rows: QuerySet, *, beyond: Any = None, backwards: bool = False) -> QuerySet:
        rises = self.rises != backwards
        rows = rows.filter(self.unknown or Q(), **{f"{self.field}__isnull": True})
        if beyond is not None:
            rows = rows.filter(**{f"{self.tie}__{'gt' if rises else 'lt'}": getattr(beyond, self.tie)})
        return rows.order_by(self.tie if rises else f"-{self.tie}")

    def _beyond(self, rows: QuerySet, edge: Any, value: Any, *, backwards: bool = False) -> list[QuerySet]:
        """The rows with a value that lie beyond the edge: those of the same value apart, if they are many."""
        further = "gt" if self.rises != backwards else "lt"
        has_further_value, has_further_id = (
            Q(**{f"{field}__{further}": each})
            for field, each in ((self.field, value), (self.tie, getattr(edge, self.tie)))
        )
        rows = rows.filter(self.known) if self.known else rows
        if self.has_many_equals:
            parts = [rows.filter(has_further_id, **{self.field: value}), rows.filter(has_further_value)]
        else:
            parts = [rows.filter(has_further_value | has_further_id, **{f"{self.field}__{further}e": value})]
        return [self._ordered(part, backwards=backwards) for part in parts]


def opposite(sort: str) -> str:
    """The name of the same order the other way round."""
    return sort.removesuffix("-up") if sort.endswith("-up") else f"{sort}-up"
