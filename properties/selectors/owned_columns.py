"""The columns of the owned list and of its exports: one registry, with all that the search filters look at."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from accounts.models import User
from properties.models import Dataset, ViewPreference
from properties.search.filters import FILTERS, Filter
from properties.search.signals import SIGNALS
from properties.selectors.owned_rows import OwnedRow as Row

NUMBERS = {"number", "year", "money", "percent"}


class Locked:
    """What stands for a value of a dataset that the user has not unlocked."""

    def __str__(self) -> str:
        return "locked"


LOCKED = Locked()


@dataclass(frozen=True)
class Column:
    """One column: its name, its heading, and how a row's value is read.

    `kind` says how the value is written: text, list (of texts), number, year, money, percent, day, moment or flag.
    `dataset` is whose unlock tells it, "" for what is the user's own. `sort` is the name of the order by it that puts
    the highest first, "" where there is none. `is_fact` says that it is read from the row's facts.
    """

    name: str
    label: str
    group: str
    kind: str
    read: Callable[[Row], Any]
    dataset: str = Dataset.BASIC
    sort: str = ""
    help: str = ""
    is_fact: bool = False

    @property
    def is_number(self) -> bool:
        return self.kind in NUMBERS

    def value(self, row: Row) -> Any:
        """The value of a row: None when it is unknown, LOCKED when its dataset is not unlocked."""
        return LOCKED if self.dataset and self.dataset not in row.datasets else self.read(row)


def _field(
    name: str,
    label: str,
    kind: str,
    row_field: str,
    *,
    group: str = "Property",
    dataset: str = Dataset.BASIC,
    sort: str = "",
    help_text: str = "",
) -> Column:
    return Column(name, label, group, kind, lambda row: getattr(row, row_field), dataset, sort, help_text)


def stack_text(row: Row) -> str:
    """On how many lists, saved searches and filings a property is: "3 lists, 1 search"; "" for none."""
    names = (("lists", "list"), ("searches", "search"), ("filings", "filing"))
    counts = [(row.stacked or {}).get(source) or 0 for source, _ in names]
    return ", ".join(
        f"{count} {one if count == 1 else many}" for count, (many, one) in zip(counts, names, strict=True) if count
    )


def _signal_labels(slugs: Iterable[str]) -> list[str]:
    return [SIGNALS[slug].label for slug in slugs if slug in SIGNALS]


def _of_filter(each: Filter) -> Column:
    """The column of what a search filter looks at and that has no column of its own."""
    unit = getattr(each, "unit", "")
    kinds = {"days": "day", "yes_no": "flag", "number": {"$": "money", "%": "percent"}.get(unit, "number")}
    kind = "list" if each.is_list else kinds.get(each.kind, "text")
    if getattr(each, "is_year", False):
        kind = "year"

    def read(row: Row) -> Any:
        fact = each.value_of(row)
        if fact is None:
            return None
        if isinstance(fact, list):
            return [each.show_one(item) for item in fact]
        if kind == "day":
            return as_day(fact)
        return each.show(fact) if kind == "text" else fact

    return Column(each.name, each.label, each.group.title, kind, read, each.dataset, "", each.help, is_fact=True)


def as_day(value: Any) -> date | None:
    """A day that a fact holds as text, or None when it is none."""
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


VALUATION, LISTING, QUICKLIST = Dataset.VALUATION, Dataset.LISTING, Dataset.QUICKLIST

_OWN_COLUMNS = (
    _field("address", "Address", "text", "address", sort="address"),
    _field("city", "City", "text", "city"),
    _field("state", "State", "text", "state"),
    _field("zip", "ZIP", "text", "postal_code"),
    _field("county", "County", "text", "county"),
    _field("type", "Type", "text", "property_type"),
    _field("beds", "Beds", "number", "bedroom_count"),
    _field("baths", "Baths", "number", "bathroom_count"),
    _field("area", "Sq ft", "number", "living_area_square_feet", sort="area"),
    _field("built", "Built", "year", "year_built", sort="built"),
    _field("owner", "Owner", "text", "owner_name"),
    _field("owner_type", "Owner type", "text", "owner_type"),
    _field("owner_occupied", "Owner lives there", "flag", "owner_occupied"),
    _field("last_sale", "Last sale", "day", "last_sale_on", sort="sold"),
    # Where counties do not publish it, other writers keep a zero.
    Column("sold_for", "Sale price", "Property", "money", lambda row: row.last_sale_price or None, sort="price"),
    _field("value", "Value", "money", "estimated_value", dataset=VALUATION, sort="value"),
    _field("equity", "Equity", "percent", "equity_percent", dataset=VALUATION, sort="equity"),
    _field("listing", "Listing", "text", "listing_status", dataset=LISTING),
    Column("signals", "Signals", "Signals", "list", lambda row: _signal_labels(row.signals or ()), QUICKLIST),
    Column("stack", "Stack", "Yours", "text", lambda row: stack_text(row) or None, "", "stack"),
    _field("tags", "Tags", "list", "tags", group="Yours", dataset=""),
    _field("notes", "Notes", "text", "notes", group="Yours", dataset=""),
    _field("proofs", "Matched on reveal", "list", "proofs", group="Yours", dataset=""),
    _field("revealed", "Revealed", "moment", "revealed_at", group="Yours", dataset="", sort="newest"),
    Column("unlocked", "Unlocked", "Yours", "list", lambda row: [Dataset(each).label for each in row.datasets], ""),
    _field("latitude", "Latitude", "number", "latitude"),
    _field("longitude", "Longitude", "number", "longitude"),
    _field("property_id", "Property id", "text", "property_id", dataset=""),
)
# What a column of the row and a search filter both tell is one column.
_TAKEN = {column.name for column in _OWN_COLUMNS}
COLUMNS: Mapping[str, Column] = {
    column.name: column
    for column in (
        *_OWN_COLUMNS,
        *(_of_filter(each) for each in FILTERS if not each.column and each.name not in _TAKEN),
    )
}

# The address stands in every list; these may be chosen beside it.
SHOWN_ALWAYS = "address"
LIST_COLUMNS = ("type", "beds", "baths", "area", "built", "owner", "last_sale", "sold_for", "value", "equity", "stack")
EXPORT_COLUMNS = (
    *("address", "city", "state", "zip", "county", "type", "beds", "baths", "area", "built", "owner", "owner_type"),
    *("owner_occupied", "last_sale", "sold_for", "value", "equity", "listing", "signals", "stack", "tags", "notes"),
)
MOST_LIST_COLUMNS = 30
DENSITIES = ("compact", "comfortable")
FORMATS = ("csv", "xlsx")


@dataclass(frozen=True)
class ListView:
    """How a user wants to see and export the list; what they never chose has its default."""

    columns: tuple[str, ...] = LIST_COLUMNS
    density: str = DENSITIES[0]
    export_columns: tuple[str, ...] = EXPORT_COLUMNS
    export_format: str = FORMATS[0]

    @property
    def shown(self) -> list[Column]:
        """The columns of the list, the address first."""
        return [COLUMNS[name] for name in (SHOWN_ALWAYS, *self.columns)]


def view_of(user: User) -> ListView:
    """How the user wants the list; names of columns that there are no more are left out."""
    saved = ViewPreference.objects.filter(user=user).first()
    if saved is None:
        return ListView()
    return ListView(
        columns=known_columns(saved.columns, LIST_COLUMNS),
        density=saved.density if saved.density in DENSITIES else DENSITIES[0],
        export_columns=known_columns(saved.export_columns, EXPORT_COLUMNS),
        export_format=saved.export_format if saved.export_format in FORMATS else FORMATS[0],
    )


def known_columns(names: Iterable[str], default: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the names that are columns, each once and in their order; the default when none is."""
    return tuple(name for name in dict.fromkeys(names or ()) if name in COLUMNS) or default


@dataclass
class ColumnGroup:
    """Columns that belong together, each with whether it is chosen, for the form that chooses them."""

    title: str
    columns: list[tuple[Column, bool]] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether one of them is chosen: the others are folded."""
        return any(is_chosen for _, is_chosen in self.columns)


def column_groups(chosen: Iterable[str]) -> list[ColumnGroup]:
    """All columns by group."""
    picked = set(chosen)
    groups: dict[str, ColumnGroup] = {}
    for column in COLUMNS.values():
        group = groups.setdefault(column.group, ColumnGroup(column.group))
        group.columns.append((column, column.name in picked))
    return list(groups.values())
