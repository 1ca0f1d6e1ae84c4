"""The values of an owned row that runs of a saved search compare: a fixed list, each with the dataset that tells it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from properties.models import Dataset
from properties.search.diffs import LOCKED, FieldChange
from properties.search.filters import FILTERS_BY_NAME, Filter
from properties.search.signals import SIGNALS

UNKNOWN = "unknown"
SIGNALS_FIELD = "signals"

# What an event changes: a sale, a loan, a lien, a filing, a listing, a permit, a new owner or estimate. What changes by
# the calendar alone, such as days on the market, is not compared.
_NAMES = (
    *("owner_name", "owner_type", "owner_occupied", "mail_street", "mail_city", "mail_state", "mail_zip", "owns"),
    *("last_sale", "sold_for", "value", "equity", "propensity"),
    *("listing_status", "price", "rent", "listed", "listing_sold", "listing_failed"),
    *("foreclosure_status", "foreclosure_recorded", "auction", "minimum_bid", "past_due", "delinquent_year"),
    *("loans", "loan_balance", "last_loan_recorded", "lien_type", "lien_amount", "lien_recorded", "last_permit"),
)
# Where the label of a form does not read well before a value.
_LABELS = {"owner_name": "Owner"}


@dataclass(frozen=True)
class WatchedField:
    """One value that runs compare: its name in snapshots, what people call it, and the key of the row that holds it."""

    name: str
    label: str
    dataset: str
    key: str
    write: Callable[[Any], str]

    def show(self, value: Any) -> str:
        """The value as people read it; unknown is not "no"."""
        return UNKNOWN if value is None else self.write(value)


def _write_signals(slugs: list[str]) -> str:
    return ", ".join(SIGNALS[slug].label if slug in SIGNALS else slug for slug in slugs) or "none"


def _of_filter(each: Filter) -> WatchedField:
    return WatchedField(
        each.name, _LABELS.get(each.name, each.label), each.dataset, each.column or f"facts.{each.name}", each.show
    )


_FIELDS = (
    *(_of_filter(FILTERS_BY_NAME[name]) for name in _NAMES),
    WatchedField(SIGNALS_FIELD, "Signals", Dataset.QUICKLIST, "signals", _write_signals),
)
WATCHED: Mapping[str, WatchedField] = {field.name: field for field in _FIELDS}
ROW_KEYS = ("property_id", "datasets", *dict.fromkeys(field.key.split(".")[0] for field in _FIELDS))


def watched_values(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a run remembers of an owned row, which is given as the values of ROW_KEYS.

    Values of datasets that the user has not unlocked are left out; one that is unlocked and unknown is None.
    """
    owned = set(row["datasets"])
    return {name: storable(_read(row, field.key)) for name, field in WATCHED.items() if field.dataset in owned}


def label_of(name: str) -> str:
    """What people call a field of a snapshot, also one that is not compared any more."""
    return WATCHED[name].label if name in WATCHED else name.replace("_", " ").capitalize()


def show_value(name: str, value: Any) -> str:
    """A value of a snapshot as people read it."""
    return WATCHED[name].show(value) if name in WATCHED else UNKNOWN if value is None else str(value)


@dataclass(frozen=True)
class ShownChange:
    """A change of one field as people read it."""

    label: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.label}: {self.before} → {self.after}"


def show_change(change: FieldChange) -> ShownChange:
    """Write a change of one field; of signals only those that came or went."""
    before, after = change.before, change.after
    if isinstance(before, list) and isinstance(after, list):
        before, after = [each for each in before if each not in after], [each for each in after if each not in before]
    return ShownChange(label_of(change.field), _show_end(change.field, before), _show_end(change.field, after))


def _show_end(name: str, value: Any) -> str:
    return "not unlocked" if value is LOCKED else show_value(name, value)


def storable(value: Any) -> Any:
    """A value as JSON keeps it: days as text, sets of signals sorted."""
    if isinstance(value, date):
        return value.isoformat()
    return sorted(value) if isinstance(value, Iterable) and not isinstance(value, str) else value


def _read(row: Mapping[str, Any], key: str) -> Any:
    column, _, name = key.partition(".")
    held = row[column]
    return (held or {}).get(name) if name else held
