"""The building blocks by which a dataset says what it shows: fields, tables and sets of flags, and how they read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from atlas_site.vendors import lenient
from atlas_site.vendors.batchdata.contacts import emails_of, phone_digits
from atlas_site.vendors.batchdata.records import read_address

# States whose counties do not publish what was paid: a missing price is "not public" there, and never $0.
NON_DISCLOSURE_STATES = frozenset("AK ID KS LA MS MO MT NM ND TX UT WY".split())
NOT_PUBLIC = "Not public"
# Words that the vendor writes where it knows nothing.
_EMPTY_WORDS = frozenset(
    {"unknown", "to be determined", "not applicable", "not available", "unavailable", "n/a", "na", "none", "null", "-"}
)
_TELLS_OF_A_MARRIAGE = re.compile(r"divorc|marriage|marital|spous|husband|wife", re.IGNORECASE)


class Kind(Enum):
    """How a value is read and written for people. Of a ``PRICE`` zero is unknown, of ``MONEY`` it is nothing.

    A ``DOCUMENT`` is the type of a recorded paper; one that tells of a marriage or its end is not shown.
    """

    TEXT = "text"
    DOCUMENT = "document"
    LIST = "list"
    NUMBER = "number"
    MONEY = "money"
    PRICE = "price"
    SALE_PRICE = "sale_price"
    PERCENT = "percent"
    YEAR = "year"
    DATE = "date"
    BOOL = "bool"
    ADDRESS = "address"
    PHONE = "phone"
    EMAILS = "emails"
    PARTIES = "parties"


@dataclass(frozen=True, slots=True)
class Field:
    """One shown value: where it stands in a record, what it is called, how it reads.

    ``counts`` is False for what makes nobody wiser alone, such as document numbers and check dates: it is shown, but
    a dataset that holds nothing else is a miss, and free.
    """

    path: str
    label: str
    kind: Kind = Kind.TEXT
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """A list of objects, shown as rows. The paths of ``columns`` start at the object."""

    path: str
    label: str
    columns: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Flags:
    """An object of yes/no flags, shown as the labels of those that are set; keys without a label are not shown."""

    path: str
    label: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part of a dataset."""

    title: str
    parts: tuple[Field | Table | Flags, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of everything that the section may show."""
        return tuple(dict.fromkeys(part.label for part in self.parts))


@dataclass(frozen=True, slots=True)
class ShownValue:
    """A value that is on file: as data, and as the text to show. ``value`` is None for a price that is not public.

    ``path`` is where it stands in the record, or in the object of a list.
    """

    label: str
    value: Any
    text: str
    kind: Kind
    counts: bool = True
    path: str = ""

    @property
    def tells_something(self) -> bool:
        """Whether the value alone is worth the price: no zero, no "no", no number of a document."""
        return self.counts and bool(self.value)


@dataclass(frozen=True, slots=True)
class ShownTable:
    """The rows of a list that are on file. A cell is None where nothing is known."""

    label: str
    headings: tuple[str, ...]
    rows: tuple[tuple[ShownValue | None, ...], ...]
    path: str = ""


@dataclass(frozen=True, slots=True)
class ShownSection:
    """What is on file for one section, and the names of what is not."""

    title: str
    values: tuple[ShownValue, ...] = ()
    tables: tuple[ShownTable, ...] = ()
    not_on_file: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.values or self.tables)

    def walk_values(self) -> Iterator[ShownValue]:
        """Walk every value of the section, those in tables as well."""
        yield from self.values
        for table in self.tables:
            for row in table.rows:
                yield from (cell for cell in row if cell is not None)


def show_field(data: Mapping[str, Any], field: Field, *, state: str | None) -> ShownValue | None:
    """Read a field of a record, or of an object in a list; None when nothing is on file. Never fails."""
    raw = lenient.dig(data, field.path)
    value = _READERS[field.kind](raw)
    if value is not None and value != ():
        text = _WRITERS.get(field.kind, str)(value)
        return ShownValue(field.label, value, text, field.kind, field.counts, field.path)
    if field.kind is Kind.SALE_PRICE and state in NON_DISCLOSURE_STATES and _has_parent(data, field.path):
        return ShownValue(field.label, None, NOT_PUBLIC, field.kind, counts=False, path=field.path)
    return None


def show_table(data: Mapping[str, Any], table: Table, *, state: str | None) -> ShownTable | None:
    """Read the rows of a list, leaving out those without a value and columns without any; None without rows."""
    rows = [
        [show_field(item, column, state=state) for column in table.columns]
        for item in lenient.objects(data, table.path)
    ]
    rows = [row for row in rows if any(cell is not None and cell.value is not None for cell in row)]
    if not rows:
        return None
    used = [index for index in range(len(table.columns)) if any(row[index] is not None for row in rows)]
    return ShownTable(
        table.label,
        tuple(table.columns[index].label for index in used),
        tuple(tuple(row[index] for index in used) for row in rows),
        table.path,
    )


def show_flags(data: Mapping[str, Any], flags: Flags) -> ShownValue | None:
    """Read a set of flags. All "no" is on file, and shown as none; no flag at all is unknown."""
    known = read_flags(data, flags)
    if all(flag is None for flag in known.values()):
        return None
    names = tuple(label for key, label in flags.labels.items() if known[key])
    return ShownValue(flags.label, names, ", ".join(names) or "None", Kind.LIST, path=flags.path)


def read_flags(data: Mapping[str, Any], flags: Flags) -> dict[str, bool | None]:
    """Say of each flag whether it is set, in the order of their labels; None is unknown, and not "no"."""
    known = lenient.group(data, flags.path)
    return {key: lenient.boolean(known.get(key)) for key in flags.labels}


def _words(value: Any) -> str | None:
    found = lenient.text(value)
    return None if found is None or found.casefold() in _EMPTY_WORDS else found


def _document(value: Any) -> str | None:
    found = _words(value)
    return None if found is None or _TELLS_OF_A_MARRIAGE.search(found) else found


def _word_list(value: Any) -> tuple[str, ...]:
    return tuple(item for item in lenient.texts(value) if item.casefold() not in _EMPTY_WORDS)


def _parties(value: Any) -> tuple[str, ...]:
    """Names with what each was in the paper: ("Internal Revenue Service (creditor)",)."""
    named = ((_words(item.get("fullName")), _words(item.get("roleType"))) for item in lenient.objects(value, "parties"))
    return tuple(f"{name} ({role.lower()})" if role else name for name, role in named if name)


def _price(value: Any) -> int | float | None:
    found = lenient.number(value)
    return found if found and found > 0 else None


_READERS: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: _words,
    Kind.DOCUMENT: _document,
    Kind.LIST: _word_list,
    Kind.NUMBER: lenient.number,
    Kind.MONEY: lenient.number,
    Kind.PRICE: _price,
    Kind.SALE_PRICE: _price,
    Kind.PERCENT: lenient.number,
    Kind.YEAR: lenient.year,
    Kind.DATE: lenient.day,
    Kind.BOOL: lenient.boolean,
    Kind.ADDRESS: lambda value: str(read_address(value)) or None,
    Kind.PHONE: phone_digits,
    Kind.EMAILS: lambda value: tuple(email.address for email in emails_of(value)),
    Kind.PARTIES: lambda value: _parties({"parties": value}),
}


def _write_day(value: date) -> str:
    return f"{value:%b} {value.day}, {value.year}"


def _write_dollars(value: float) -> str:
    return f"{'−' if value < 0 else ''}${abs(round(value)):,}"


def _write_percent(value: float) -> str:
    return f"{round(value, 2):,} %".replace("-", "−")


_WRITERS: Mapping[Kind, Callable[[Any], str]] = {
    Kind.LIST: ", ".join,
    Kind.NUMBER: lambda value: f"{round(value, 2):,}",
    Kind.MONEY: _write_dollars,
    Kind.PRICE: _write_dollars,
    Kind.SALE_PRICE: _write_dollars,
    Kind.PERCENT: _write_percent,
    Kind.DATE: _write_day,
    Kind.BOOL: lambda value: "Yes" if value else "No",
    Kind.PHONE: lambda value: f"({value[:3]}) {value[3:6]}-{value[6:]}",
    Kind.EMAILS: ", ".join,
    Kind.PARTIES: ", ".join,
}


def _has_parent(data: Mapping[str, Any], path: str) -> bool:
    """Say whether the object that would hold the value is there, with something in it."""
    parent, _, _ = path.rpartition(".")
    return bool(lenient.group(data, parent)) if parent else bool(data)
