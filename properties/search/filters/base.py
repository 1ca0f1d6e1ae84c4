"""What all filters of the registry have in common, and how the value that one looks at is found in a record."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Protocol, cast

from django import forms
from django.db import models

from atlas_site.vendors import lenient
from atlas_site.vendors.batchdata import PropertyRecord
from properties.models.records import PropertyDatasetPermission

Values = Mapping[str, Any]
"""The values of a search by parameter name: numbers, days as ISO text, lists of choices, "yes" or "no", texts."""

# What the vendor writes where it knows nothing.
NOT_KNOWN = {"", "unknown", "to be determined"}


class HasFacts(Protocol):
    """A row of the owned list, however it was read; it has the columns of the filters too."""

    @property
    def facts(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Group:
    """Filters that belong together; the values that they look at come with one dataset."""

    key: str
    title: str
    dataset: str
    # Further words by which "find a filter" finds the whole group.
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chip:
    """A condition and the query string without it, or a change of the search and the query string with it."""

    label: str
    query: str


@dataclass(frozen=True)
class Filter:
    """One thing that properties are searched by: the one description that form, URL, vendor and owned rows follow.

    `at` is the vendor's field, as in "building.bedroomCount". `found_at` is where a record holds the value, if that is
    elsewhere; ``*`` stands for every element of a list, a number for one of them, and then one of several values is
    enough. `column` is the field of the owned row that holds the value; all others are kept in its `facts`.
    """

    name: str
    label: str
    group: Group
    at: str
    help: str = ""
    found_at: str = ""
    column: str = ""
    aliases: tuple[str, ...] = ()
    # Where the vendor writes zero for "not known".
    zero_is_unknown: bool = False
    # Where a record tells whether it knows anything here: the vendor also writes zeros and "no" where it does not.
    known_by: str = ""

    kind = ""

    # ------------------------------------------------------------ what it is
    @property
    def dataset(self) -> str:
        """The dataset whose unlock tells the value."""
        return self.group.dataset

    @property
    def is_public(self) -> bool:
        """Whether the value is part of BASIC: what anybody may look up at the county."""
        return self.group.dataset == "BASIC"

    @cached_property
    def path(self) -> tuple[str, str]:
        """Group and field of the vendor's criteria."""
        group, _, field = self.at.partition(".")
        return group, field

    @property
    def record_path(self) -> str:
        """Where a record holds the value."""
        return self.found_at or self.at

    @cached_property
    def is_list(self) -> bool:
        """Whether a property may have several values, of which one is enough."""
        return "*" in self.record_path

    @cached_property
    def row_key(self) -> str:
        """The key of the owned row's document that holds the value: a column, or ``facts.<name>``."""
        if not self.column:
            return f"facts.{self.name}"
        return str(cast(models.Field, PropertyDatasetPermission._meta.get_field(self.column)).column)

    @cached_property
    def params(self) -> tuple[str, ...]:
        """The names of its URL parameters."""
        return (self.name,)

    # ------------------------------------------------------------ values of properties
    def fact(self, record: PropertyRecord | Mapping[str, Any]) -> Any:
        """The value that a record tells, as JSON and MongoDB hold it, or None when it does not.

        A day is ISO text. Several values are a sorted list, which is empty when the record says that there are none.
        """
        raw = raw_of(record)
        if self.known_by and str(lenient.dig(raw, self.known_by) or "").lower() in NOT_KNOWN:
            return None
        found = list(_values_at(raw, self.record_path.split(".")))
        known = [value for value in map(self.read, found) if value is not None]
        if not self.is_list:
            return known[0] if known else None
        return sorted(set(known)) if known or _holds_list(raw, self.record_path) else None

    def read(self, value: Any) -> Any:
        """Read one value of the vendor; None when it tells nothing."""
        raise NotImplementedError

    def value_of(self, row: HasFacts) -> Any:
        """The value that an owned row holds, or None."""
        return getattr(row, self.column) if self.column else (row.facts or {}).get(self.name)

    def show(self, fact: Any) -> str:
        """A value as people read it; "" for none."""
        if fact is None:
            return ""
        if isinstance(fact, list):
            return ", ".join(map(self.show_one, fact)) or "none"
        return self.show_one(fact)

    def show_one(self, value: Any) -> str:
        """One value in words."""
        return str(value)

    # ------------------------------------------------------------ a search by it
    def form_fields(self) -> dict[str, forms.Field]:
        """The form's fields, by parameter name."""
        raise NotImplementedError

    def problem(self, values: Values) -> tuple[str, str] | None:
        """What is wrong with values that are each fine: the parameter, and a sentence."""
        return None

    def is_active(self, values: Values) -> bool:
        """Whether the search asks for anything here."""
        return any(values.get(name) not in (None, "", []) for name in self.params)

    def criteria(self, values: Values) -> dict[str, Any] | None:
        """The vendor's filter, or None when the search does not ask for anything here."""
        raise NotImplementedError

    def say(self, values: Values) -> str:
        """The condition in words, as chips and explanations name it."""
        raise NotImplementedError

    def say_for_good(self, values: Values, today: date) -> str:
        """The condition in words that mean the same on any later day: what a search of this day has proved."""
        return self.say(values)

    def condition(self, values: Values, today: date) -> dict[str, Any]:
        """The operators that the server puts on `row_key`; they never hold for an unknown value."""
        raise NotImplementedError

    def test(self, values: Values, fact: Any, today: date) -> bool | None:
        """Whether a value holds; None when it is unknown. Agrees with `condition`."""
        if fact is None:
            return None
        return any(self.holds(values, each, today) for each in (fact if isinstance(fact, list) else [fact]))

    def holds(self, values: Values, value: Any, today: date) -> bool:
        """Whether one known value holds."""
        raise NotImplementedError

    def nearest(self, values: Values, fact: Any, today: date) -> dict[str, Any] | None:
        """The values after the smallest change that lets `fact` in; None when only leaving the filter out does."""
        return None

    def distance(self, values: Values, fact: Any, today: date) -> float:
        """How far a value that fails is from holding, to compare values of this filter."""
        return 1.0


def raw_of(record: PropertyRecord | Mapping[str, Any]) -> Mapping[str, Any]:
    """The vendor's own keys and values of a record, however it is given."""
    return record.raw if isinstance(record, PropertyRecord) else record


def _values_at(value: Any, path: Sequence[str]) -> Iterator[Any]:
    """All values at a path; ``*`` stands for every element of a list, a number for one."""
    if not path:
        yield value
        return
    step, rest = path[0], path[1:]
    if step == "*":
        # One thing may come as itself instead of in a list.
        for item in value if isinstance(value, list) else [value] if value else []:
            yield from _values_at(item, rest)
    elif step.isdigit():
        items = value if isinstance(value, list) else [value]
        if int(step) < len(items):
            yield from _values_at(items[int(step)], rest)
    elif isinstance(value, Mapping) and step in value:
        yield from _values_at(value[step], rest)


def _holds_list(raw: Mapping[str, Any], path: str) -> bool:
    """Whether a record holds the list of a path, and holds nothing in it."""
    return any(value == [] for value in _values_at(raw, path.partition(".*")[0].split(".")))
