"""What a user owns, straight from the owned-list rows."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.db.models import Q, QuerySet
from django.urls import reverse

from accounts.models import User
from properties.models import Dataset, PropertyDatasetPermission, PropertyJob
from properties.search.query import SearchQuery

ROWS_A_PAGE = 25
COUNTED_UP_TO = 10_000
POINTS_SHOWN = 2_000


Rows = QuerySet[PropertyDatasetPermission]


@dataclass(frozen=True)
class Sort:
    """An order of owned rows: by one field, highest first, and without a value last; equals go by property id.

    Lists are paged by the row at the edge of a page. What lies beyond it is read in parts, one after the other, each
    of which is one stretch of an index that begins at the edge. A single query for all of it has to name several
    ranges, which the server may answer by walking the list from its top.
    """

    label: str
    field: str
    # Whether there are rows without the value.
    is_optional: bool = True

    def after(self, rows: Rows, edge: PropertyDatasetPermission | None) -> list[Rows]:
        """The parts of what follows `edge`, or of everything when there is no edge."""
        falling = rows.order_by(f"-{self.field}", "-property_id")
        if edge is None:
            return [falling]
        value: Any = getattr(edge, self.field)
        without_value = rows.filter(**{f"{self.field}__isnull": True}).order_by("-property_id")
        if value is None:
            return [without_value.filter(property_id__lt=edge.property_id)]
        is_beyond = Q(**{f"{self.field}__lt": value}) | Q(property_id__lt=edge.property_id)
        with_value = falling.filter(is_beyond, **{f"{self.field}__lte": value})
        return [with_value, without_value] if self.is_optional else [with_value]

    def before(self, rows: Rows, edge: PropertyDatasetPermission) -> list[Rows]:
        """The parts of what precedes `edge`, nearest first."""
        rising = rows.order_by(self.field, "property_id")
        value: Any = getattr(edge, self.field)
        if value is None:
            without_value = rows.filter(**{f"{self.field}__isnull": True}).order_by("property_id")
            beyond = without_value.filter(property_id__gt=edge.property_id)
            return [beyond, rising.filter(**{f"{self.field}__isnull": False})]
        is_beyond = Q(**{f"{self.field}__gt": value}) | Q(property_id__gt=edge.property_id)
        return [rising.filter(is_beyond, **{f"{self.field}__gte": value})]


SORTS = {
    "newest": Sort("Newest first", "revealed_at", is_optional=False),
    "value": Sort("Value, highest first", "estimated_value"),
    "equity": Sort("Equity, highest first", "equity_percent"),
}

# What one job brought was revealed at about the same time; it is listed in the order in which it is looked up.
BY_ID = "id"
_ORDERS = {**SORTS, BY_ID: Sort("By property id", "property_id", is_optional=False)}


@dataclass(frozen=True)
class OwnedPage:
    """One page of owned rows. `following` and `preceding` are the keys of the pages beside it, "" at an end."""

    rows: list[PropertyDatasetPermission]
    total: "CappedCount"
    following: str
    preceding: str
    sort: str


@dataclass(frozen=True)
class CappedCount:
    """A count that stops at COUNTED_UP_TO, so that it costs the same for 10,000 rows as for a million."""

    number: int

    @property
    def is_capped(self) -> bool:
        return self.number > COUNTED_UP_TO

    def __str__(self) -> str:
        return f"{COUNTED_UP_TO:,}+" if self.is_capped else f"{self.number:,}"


def owned_by(user: User) -> Rows:
    """All properties of which the user owns BASIC, newest first."""
    rows = PropertyDatasetPermission.objects.filter(user=user, revealed_at__isnull=False)
    return rows.order_by("-revealed_at", "-property_id")


def owned_matches(user: User, query: SearchQuery) -> Rows:
    """Owned properties that match a search, as far as the user's own unlocked values tell, newest first."""
    return owned_by(user).filter(query.owned_condition())


def count_capped(rows: QuerySet) -> CappedCount:
    """Count rows on their index, at most one more than COUNTED_UP_TO."""
    return CappedCount(rows[: COUNTED_UP_TO + 1].count())


def list_owned(rows: Rows, *, sort: str = "newest", after: str = "", before: str = "") -> OwnedPage:
    """One page of `rows`: what follows the row whose property id is `after`, or precedes `before`.

    `sort` is one of SORTS, or BY_ID for the rows of a job; any other text means the newest first.
    """
    sort = sort if sort in _ORDERS else "newest"
    order = _ORDERS[sort]
    edge = rows.filter(property_id=after or before).first() if after or before else None
    goes_back = edge is not None and not after
    found = _read(order.before(rows, edge) if edge and goes_back else order.after(rows, edge), ROWS_A_PAGE + 1)
    shown = found[:ROWS_A_PAGE][::-1] if goes_back else found[:ROWS_A_PAGE]
    has_more = len(found) > ROWS_A_PAGE
    return OwnedPage(
        rows=shown,
        total=count_capped(rows),
        following=shown[-1].property_id if shown and (has_more or goes_back) else "",
        preceding=shown[0].property_id if shown and (has_more if goes_back else edge is not None) else "",
        sort=sort,
    )


def _read(parts: list[Rows], count: int) -> list[PropertyDatasetPermission]:
    """The first `count` rows of the parts; a part is asked for only when those before it are too short."""
    found: list[PropertyDatasetPermission] = []
    for part in parts:
        if len(found) < count:
            found += part[: count - len(found)]
    return found


def map_points(rows: Rows) -> list[dict[str, Any]]:
    """The first of these rows as map points, at most POINTS_SHOWN, without those whose place is unknown."""
    # One address for all of them: to make each by reverse() takes longer than to read the rows.
    before_id, after_id = reverse("properties:show-property", args=["~"]).split("~")
    found = rows.filter(latitude__isnull=False).values_list("property_id", "address", "latitude", "longitude")
    return [
        {
            "id": property_id,
            "lat": latitude,
            "lng": longitude,
            "title": address or property_id,
            "url": f"{before_id}{quote(property_id, safe='')}{after_id}",
        }
        for property_id, address, latitude, longitude in found[:POINTS_SHOWN]
    ]


def revealed_by(job: PropertyJob) -> Rows:
    """The rows of the properties that a job touched and that its user owns, by property id."""
    ids = list({row["propertyId"] for row in job.rows})
    rows = PropertyDatasetPermission.objects.filter(
        user_id=job.user_id, property_id__in=ids, datasets__contains=[Dataset.BASIC]
    )
    return rows.order_by("-property_id")
