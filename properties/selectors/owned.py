"""What a user owns, straight from the owned-list rows."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.db.models import QuerySet

from accounts.models import User
from atlas_site.mongodb.conditions import Matches
from atlas_site.mongodb.counting import count_up_to
from atlas_site.mongodb.patience import TooSlow, no_longer_than
from properties.models import Dataset, OwnedCell, PropertyDatasetPermission, PropertyJob
from properties.models.jobs import CHARGED, LATE
from properties.models.records import BEFORE_ALL
from properties.search.query import SearchQuery
from properties.selectors.owned_orders import BY_ID, ORDERS, SORTS, Rows, Sort

__all__ = [
    "BY_ID",
    "COUNTED_UP_TO",
    "PENDING",
    "ROWS_A_PAGE",
    "SORTS",
    "CappedCount",
    "OwnedPage",
    "Rows",
    "Sort",
    "count_capped",
    "is_counted_later",
    "list_owned",
    "owned_by",
    "owned_matches",
    "read_batches",
    "revealed_by",
    "revealed_ids",
]

ROWS_A_PAGE = 25
ROWS_A_BATCH = 1_000
COUNTED_UP_TO = 10_000

# A condition that no index knows reads rows until a page is full. What takes longer than this is not waited for.
SECONDS_FOR_A_PAGE = 4.0
SECONDS_FOR_A_COUNT = 2.0


@dataclass(frozen=True)
class OwnedPage:
    """One page of owned rows. `following` and `preceding` are the keys of the pages beside it, "" at an end.

    A list that takes too long to read has no rows and `is_too_broad`.
    """

    rows: list[PropertyDatasetPermission]
    total: "CappedCount"
    following: str
    preceding: str
    sort: str
    is_too_broad: bool = False


@dataclass(frozen=True)
class CappedCount:
    """A count that stops at COUNTED_UP_TO, so that it costs the same for 10,000 rows as for a million.

    One that took too long is not known, and its number is 0. One that `is_pending` is made after the page is shown.
    """

    number: int
    is_known: bool = True
    is_pending: bool = False

    @property
    def is_capped(self) -> bool:
        return self.number > COUNTED_UP_TO

    def __str__(self) -> str:
        if self.is_pending:
            return "…"
        if not self.is_known:
            return "too broad to count"
        return f"{COUNTED_UP_TO:,}+" if self.is_capped else f"{self.number:,}"


PENDING = CappedCount(0, is_known=False, is_pending=True)


def owned_by(user: User) -> Rows:
    """All properties of which the user owns BASIC, newest first."""
    rows = PropertyDatasetPermission.objects.filter(user=user, revealed_at__gt=BEFORE_ALL)
    return rows.order_by("-revealed_at", "-property_id")


def owned_matches(user: User, query: SearchQuery) -> Rows:
    """Owned properties that match a search, as far as the user's own unlocked values tell, newest first."""
    rows = PropertyDatasetPermission.objects.filter(user=user)
    proved = {proof for proof in query.locked_proofs() if rows.filter(Matches({"proofs": proof})).exists()}
    return owned_by(user).filter(query.owned_condition(proved=proved))


def count_capped(rows: QuerySet) -> CappedCount:
    """Count rows on their index, at most one more than COUNTED_UP_TO; what takes too long is not known."""
    try:
        with no_longer_than(SECONDS_FOR_A_COUNT):
            return CappedCount(count_up_to(rows, COUNTED_UP_TO + 1))
    except TooSlow:
        return CappedCount(0, is_known=False)


def count_owned(user: User) -> CappedCount:
    """Count everything that a user owns, from the counter that is kept of it."""
    total = _counter_of(user)
    return count_capped(owned_by(user)) if total is None else CappedCount(min(total, COUNTED_UP_TO + 1))


def is_counted_later(user: User) -> bool:
    """Whether a user owns so much that to count what fits a search may take longer than the page it is counted for."""
    return (_counter_of(user) or 0) > COUNTED_UP_TO


def _counter_of(user: User) -> int | None:
    counters = OwnedCell.objects.filter(user=user, zoom=OwnedCell.EVERYTHING, x=0, y=0)
    return counters.values_list("count", flat=True).first()


def list_owned(
    rows: Rows,
    *,
    sort: str = "newest",
    after: str = "",
    before: str = "",
    total: CappedCount | None = None,
    query: SearchQuery | None = None,
    with_facts: bool = False,
) -> OwnedPage:
    """One page of `rows`: what follows the row whose property id is `after`, or precedes `before`.

    `total` is how many rows there are, if that is known; they are counted otherwise. `query` is the search that
    narrowed the rows, if one did. `sort` is one of SORTS, or BY_ID for the rows of a job; any other text means the
    newest first. Without `with_facts`, what a row tells beyond its columns is read only when somebody asks for it.
    """
    sort = sort if sort in ORDERS else "newest"
    order = ORDERS[sort]
    if not with_facts:
        rows = rows.defer("facts")
    if query is not None:
        order = replace(order, bounds=query.bounds_on(order.field))
    try:
        with no_longer_than(SECONDS_FOR_A_PAGE):
            edge = rows.filter(property_id=after or before).first() if after or before else None
            goes_back = edge is not None and not after
            parts = order.before(rows, edge) if edge and goes_back else order.after(rows, edge)
            found = _read(parts, ROWS_A_PAGE + 1)
    except TooSlow:
        unknown = CappedCount(0, is_known=False)
        return OwnedPage(rows=[], total=unknown, following="", preceding="", sort=sort, is_too_broad=True)
    shown = found[:ROWS_A_PAGE][::-1] if goes_back else found[:ROWS_A_PAGE]
    has_more = len(found) > ROWS_A_PAGE
    if edge is None and not has_more:
        total = total or CappedCount(len(shown))
    return OwnedPage(
        rows=shown,
        total=total or count_capped(rows),
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


def read_batches(rows: Rows, *, size: int = ROWS_A_BATCH) -> Iterator[list[PropertyDatasetPermission]]:
    """All of `rows`, the newest first and each once, in batches that are read by the key of the last row.

    A row that changes meanwhile stays where it is: nothing changes the moment at which it was revealed.
    """
    newest = SORTS["newest"]
    batch = _read(newest.after(rows, None), size)
    while batch:
        yield batch
        batch = _read(newest.after(rows, batch[-1]), size) if len(batch) == size else []


def revealed_by(job: PropertyJob) -> Rows:
    """The rows of the properties that a job made its user's, by property id.

    Not of those that it met and that were theirs before: they meet its conditions, which may be on locked data.
    """
    rows = PropertyDatasetPermission.objects.filter(
        user_id=job.user_id, property_id__in=list(revealed_ids(job)), datasets__contains=[Dataset.BASIC]
    )
    return rows.order_by("-property_id")


def revealed_ids(job: PropertyJob) -> set[str]:
    """The ids of the properties that a job made its user's."""
    return {row["propertyId"] for row in job.rows if row["outcome"] in (CHARGED, LATE)}
