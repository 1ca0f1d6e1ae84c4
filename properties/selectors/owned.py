"""What a user owns, straight from the owned-list rows."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import User
from properties.models import Dataset, PropertyDatasetPermission, PropertyJob
from properties.search.query import SearchQuery

ROWS_A_PAGE = 25
COUNTED_UP_TO = 10_000
POINTS_SHOWN = 2_000


@dataclass(frozen=True)
class Sort:
    """An order of the owned list, highest first: its label, and the row field; ties go by property id."""

    label: str
    field: str

    @property
    def ordering(self) -> tuple[str, str]:
        return f"-{self.field}", "-property_id"


SORTS = {
    "newest": Sort("Newest first", "revealed_at"),
    "value": Sort("Value, highest first", "estimated_value"),
    "equity": Sort("Equity, highest first", "equity_percent"),
}


@dataclass(frozen=True)
class OwnedPage:
    """One page of owned rows; `following` is the key of the next page, "" on the last."""

    rows: list[PropertyDatasetPermission]
    total: "CappedCount"
    following: str
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


def owned_by(user: User) -> QuerySet[PropertyDatasetPermission]:
    """All properties of which the user owns BASIC."""
    return PropertyDatasetPermission.objects.filter(user=user, revealed_at__isnull=False)


def owned_matches(user: User, query: SearchQuery) -> QuerySet[PropertyDatasetPermission]:
    """Owned properties that match a search, as far as the user's own unlocked values tell."""
    return owned_by(user).filter(**query.owned_lookups())


def count_capped(rows: QuerySet) -> CappedCount:
    """Count rows on their index, at most one more than COUNTED_UP_TO."""
    return CappedCount(len(rows.order_by().values_list("pk", flat=True)[: COUNTED_UP_TO + 1]))


def list_owned(rows: QuerySet[PropertyDatasetPermission], *, sort: str = "newest", after: str = "") -> OwnedPage:
    """One page of `rows` in one of SORTS, beginning after the row whose property id is `after`."""
    sort = sort if sort in SORTS else "newest"
    order = SORTS[sort]
    page = rows.order_by(*order.ordering)
    last = rows.filter(property_id=after).first() if after else None
    if last is not None:
        page = page.filter(_beyond(order, last))
    found = list(page[: ROWS_A_PAGE + 1])
    following = found[ROWS_A_PAGE - 1].property_id if len(found) > ROWS_A_PAGE else ""
    return OwnedPage(rows=found[:ROWS_A_PAGE], total=count_capped(rows), following=following, sort=sort)


def _beyond(order: Sort, last: PropertyDatasetPermission) -> Q:
    """What follows `last`. All orders are descending, so rows without the value come at the end."""
    value: Any = getattr(last, order.field)
    tie = Q(**{order.field: value, "property_id__lt": last.property_id})
    if value is None:
        return tie
    return Q(**{f"{order.field}__lt": value}) | tie | Q(**{f"{order.field}__isnull": True})


def map_points(rows: QuerySet[PropertyDatasetPermission]) -> list[dict[str, Any]]:
    """Newest owned rows as map points, at most POINTS_SHOWN, without those whose place is unknown."""
    found = rows.filter(latitude__isnull=False).order_by("-revealed_at", "-property_id")[:POINTS_SHOWN]
    return [
        {
            "id": row.property_id,
            "lat": row.latitude,
            "lng": row.longitude,
            "title": str(row),
            "url": row.get_absolute_url(),
        }
        for row in found
    ]


def revealed_by(job: PropertyJob) -> QuerySet[PropertyDatasetPermission]:
    """The rows of the properties that a job touched and that its user owns."""
    ids = list({row["propertyId"] for row in job.rows})
    return PropertyDatasetPermission.objects.filter(
        user_id=job.user_id, property_id__in=ids, datasets__contains=[Dataset.BASIC]
    )
