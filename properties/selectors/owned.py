"""What a user owns, straight from the owned-list rows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from django.db.models import QuerySet

from accounts.models import User
from atlas_site.mongodb.conditions import Matches
from atlas_site.mongodb.counting import count_up_to
from atlas_site.mongodb.patience import TooSlow, no_longer_than
from atlas_site.mongodb.reading import read_rows
from properties.models import Dataset, OwnedCell, PropertyDatasetPermission, PropertyJob
from properties.models.jobs import CHARGED, LATE
from properties.models.records import BEFORE_ALL
from properties.search.query import SearchQuery
from properties.selectors.owned_orders import BY_ID, ORDERS, SORTS, Rows, Sort
from properties.selectors.owned_rows import OwnedRow

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
    "matches_among",
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

    rows: list[OwnedRow]
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


@dataclass(frozen=True)
class Counter:
    """The counter of everything that a user owns."""

    count: int


PENDING = CappedCount(0, is_known=False, is_pending=True)


def owned_by(user: User) -> Rows:
    """All properties of which the user owns BASIC, newest first."""
    rows = PropertyDatasetPermission.objects.filter(user=user, revealed_at__gt=BEFORE_ALL)
    return rows.order_by("-revealed_at", "-property_id")


def owned_matches(user: User, query: SearchQuery) -> Rows:
    """Owned properties that match a search, as far as the user's own unlocked values tell, newest first."""
    return matches_among(owned_by(user), query)


def matches_among(rows: Rows, query: SearchQuery) -> Rows:
    """Those of a user's rows that match a search, as far as the user's own unlocked values tell."""
    proved = {proof for proof in query.locked_proofs() if rows.filter(Matches({"proofs": proof})).exists()}
    return rows.filter(query.owned_condition(proved=proved))


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
    counted = read_rows(counters, Counter, most=1)
    return counted[0].count if counted else None


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
    """One page of those of a user's `rows` that match `query`, or of all of them: what follows the row whose property
    id is `after`, or precedes `before`.

    `total` is how many there are, if that is known; they are counted otherwise. `sort` is one of SORTS, or BY_ID for
    the rows of a job; any other text means the newest first. Without `with_facts` rows tell their columns alone.
    """
    sort = sort if sort in ORDERS else "newest"
    try:
        with no_longer_than(SECONDS_FOR_A_PAGE):
            edge = _find(rows, after or before)
            goes_back = edge is not None and not after
            listed, order = _matches_in(ORDERS[sort], rows, query) if query else (rows, ORDERS[sort])
            parts = order.before(listed, edge) if goes_back else order.after(listed, edge)
            found = _read(parts, ROWS_A_PAGE + 1, with_facts=with_facts)
    except TooSlow:
        unknown = CappedCount(0, is_known=False)
        return OwnedPage(rows=[], total=unknown, following="", preceding="", sort=sort, is_too_broad=True)
    shown = found[:ROWS_A_PAGE][::-1] if goes_back else found[:ROWS_A_PAGE]
    has_more = len(found) > ROWS_A_PAGE
    if edge is None and not has_more:
        total = total or CappedCount(len(shown))
    return OwnedPage(
        rows=shown,
        total=total or count_capped(matches_among(rows, query) if query else rows),
        following=shown[-1].property_id if shown and (has_more or goes_back) else "",
        preceding=shown[0].property_id if shown and (has_more if goes_back else edge is not None) else "",
        sort=sort,
    )


def _matches_in(order: Sort, rows: Rows, query: SearchQuery) -> tuple[Rows, Sort]:
    """The rows that match, and the order in which they are to be read.

    What is asked of the field that they are ordered by is left to the order. It is read in parts, and in each part
    such a condition is simple: who has the value shows whether it holds, who has none can only have it proved.
    """
    rest, on_column = query.split_on(order.field)
    return matches_among(rows, rest), replace(order, known=on_column.known, unknown=on_column.unknown)


def _find(rows: Rows, property_id: str) -> OwnedRow | None:
    """The row of this property, None when it is not among the rows."""
    found = read_rows(rows.filter(property_id=property_id).order_by(), OwnedRow, most=1) if property_id else []
    return found[0] if found else None


def _read(parts: Iterable[Rows], count: int, *, with_facts: bool) -> list[OwnedRow]:
    """The first `count` rows of the parts; a part is asked for only when those before it are too short."""
    left_out = () if with_facts else ("facts",)
    found: list[OwnedRow] = []
    for part in parts:
        found += read_rows(part, OwnedRow, most=count - len(found), left_out=left_out)
        if len(found) == count:
            break
    return found


def read_batches(rows: Rows, *, size: int = ROWS_A_BATCH, with_facts: bool = True) -> Iterator[list[OwnedRow]]:
    """All of `rows`, the newest first and each once, in batches that are read by the key of the last row.

    A row that changes meanwhile stays where it is: nothing changes the moment at which it was revealed. Without
    `with_facts` rows tell their columns alone.
    """
    newest = SORTS["newest"]
    batch = _read(newest.after(rows, None), size, with_facts=with_facts)
    while batch:
        yield batch
        batch = _read(newest.after(rows, batch[-1]), size, with_facts=with_facts) if len(batch) == size else []


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
