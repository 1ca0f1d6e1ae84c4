"""What the page "My properties" shows: the rows, their columns, and the ways on from here."""

from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.encoding import iri_to_uri

from accounts.models import User
from properties.selectors.owned import PENDING, OwnedPage, count_owned, is_counted_later, list_owned
from properties.selectors.owned_choice import ListChip, OwnedChoice
from properties.selectors.owned_columns import Column, ListView, view_of
from properties.selectors.owned_orders import SORTS, Sort, opposite
from properties.selectors.owned_rows import OwnedRow

# Browsers and servers take no longer address.
LONGEST_URL = 8_000


def list_url(query: str) -> str:
    """The address of the list with these conditions, order and page; without them when they do not fit into one."""
    address = reverse("properties:list-properties")
    with_query = f"{address}?{query}" if query else address
    return with_query if len(iri_to_uri(with_query)) <= LONGEST_URL else address


@dataclass(frozen=True)
class Heading:
    """One heading of the list: with the address of the list in its order, if there is one."""

    column: Column
    url: str = ""
    # "ascending" or "descending" for the order that is shown, else "".
    direction: str = ""


@dataclass(frozen=True)
class ListPage:
    """One page of the list. `query` is the query string of its conditions, `state` that of conditions and order."""

    choice: OwnedChoice
    owned: OwnedPage
    view: ListView
    headings: list[Heading] = field(default_factory=list)

    @property
    def columns(self) -> list[Column]:
        """The columns beside the address."""
        return [heading.column for heading in self.headings[1:]]

    @property
    def chips(self) -> list[ListChip]:
        return self.choice.chips()

    @property
    def query(self) -> str:
        return self.choice.urlencode()

    @property
    def state(self) -> str:
        """The query string of this list in this order, without the page."""
        return urlencode({**self.choice.params(), **self.order_params}, doseq=True)

    @property
    def order_params(self) -> dict[str, list[str]]:
        """The order as a URL parameter; the usual one needs none."""
        return {} if self.owned.sort == "newest" else {"sort": [self.owned.sort]}

    @property
    def paging(self) -> str:
        """What a link to another page of this list begins with, after the question mark."""
        return f"{self.state}&" if self.state else ""

    @property
    def search(self) -> str:
        """The query string by which the search page looks for more of the same, "" without a place."""
        query = self.choice.query
        return query.urlencode() if query and (query.place or query.area) else ""

    @property
    def sorts(self) -> dict[str, Sort]:
        return dict(SORTS)

    @property
    def kept(self) -> dict[str, list[str]]:
        """The conditions that a form with place, area, tag and address keeps beside them."""
        own = {"q", "area", "tag", "find"}
        return {name: values for name, values in self.choice.params().items() if name not in own}

    @property
    def rows(self) -> list[OwnedRow]:
        return self.owned.rows

    @property
    def has_any(self) -> bool:
        """Whether the user owns anything at all: then an empty list is one that is narrowed too much."""
        return bool(self.owned.rows or self.choice.params())


def list_page(
    *,
    user: User,
    choice: OwnedChoice | None,
    sort: str = "",
    after: str = "",
    before: str = "",
    counts_now: bool = False,
) -> ListPage:
    """One page of what the user owns and `choice` holds, everything without one.

    `sort` is one of SORTS, anything else means the newest first; `after` and `before` are property ids. Where much is
    owned, what `choice` holds is counted after the page is shown, or with it if `counts_now`.
    """
    chosen = choice or OwnedChoice()
    view = view_of(user)
    if chosen.params():
        total = PENDING if not counts_now and is_counted_later(user) else None
    else:
        total = count_owned(user)
    order = sort if sort in SORTS else "newest"
    owned = list_owned(
        chosen.rows_beside_query(user),
        sort=order,
        after=after,
        before=before,
        total=total,
        query=chosen.query,
        with_facts=any(column.is_fact for column in view.shown),
    )
    headings = [_heading(column, owned.sort, chosen) for column in view.shown]
    return ListPage(choice=chosen, owned=owned, view=view, headings=headings)


def _heading(column: Column, sort: str, choice: OwnedChoice) -> Heading:
    if not column.sort:
        return Heading(column)
    is_shown = sort.removesuffix("-up") == column.sort
    # Texts begin with A, everything else with the highest; the order that is shown turns round.
    first = f"{column.sort}-up" if column.kind == "text" and column.sort != "stack" else column.sort
    wanted = opposite(sort) if is_shown else first
    direction = ("ascending" if sort.endswith("-up") else "descending") if is_shown else ""
    return Heading(column, f"?{urlencode({**choice.params(), 'sort': [wanted]}, doseq=True)}", direction)
