"""What happened to a property, in the order of time: deeds, loans and liens of its unlocked datasets."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from properties.datasets import ShownSection, ShownTable, ShownValue

Row = dict[str, ShownValue]


@dataclass(frozen=True)
class Event:
    """One recorded event. `detail` says who with whom, "" when that is not on file; `amount` is already written."""

    on: date
    kind: str
    title: str
    amount: str
    detail: str


def history_of(sections: Iterable[ShownSection]) -> list[Event]:
    """Deeds, loans and liens that these sections show, newest first; what has no date is in the tables alone."""
    events = [event for section in sections for table in section.tables for event in _events_of(table)]
    return sorted(dict.fromkeys(events), key=lambda event: event.on, reverse=True)


def _events_of(table: ShownTable) -> Iterator[Event]:
    read = _READERS.get(table.label)
    if read is None:
        return
    for cells in table.rows:
        row = {heading: cell for heading, cell in zip(table.headings, cells, strict=True) if cell is not None}
        event = read(row)
        if event is not None:
            yield event


def _deed(row: Row) -> Event | None:
    on = _date(row, "Sold", "Recorded")
    sellers, buyers = _text(row, "Sellers"), _text(row, "Buyers")
    detail = f"{sellers} to {buyers}" if sellers and buyers else sellers or (f"to {buyers}" if buyers else "")
    return Event(on, "Deed", _text(row, "Document") or "Deed", _text(row, "Price"), detail) if on else None


def _loan(row: Row) -> Event | None:
    on = _date(row, "Recorded")
    kind = _text(row, "Type")
    title = f"{kind} loan" if kind and "loan" not in kind.lower() else kind or "Loan"
    return Event(on, "Loan", title, _text(row, "Amount"), _text(row, "Lender")) if on else None


def _lien(row: Row) -> Event | None:
    on = _date(row, "Recorded", "Filed")
    amount = _text(row, "Amount") or _text(row, "Judgment")
    return Event(on, "Lien", _text(row, "Type") or "Lien", amount, _text(row, "Document")) if on else None


_READERS = {"Deed history": _deed, "All recorded loans": _loan, "Liens": _lien}


def _text(row: Row, heading: str) -> str:
    return row[heading].text if heading in row else ""


def _date(row: Row, *headings: str) -> date | None:
    return next((row[heading].value for heading in headings if heading in row), None)
