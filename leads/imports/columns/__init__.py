"""Which field each column of a list fills, decided by its header, its values and the columns around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from leads.imports.columns.blocks import assign_addresses, settle_numbers
from leads.imports.columns.headers import read_header
from leads.imports.columns.kinds import ADDRESS_KINDS, Kind
from leads.imports.columns.looks import Column, look_at
from leads.imports.columns.nameless import tell_by_values
from leads.imports.columns.people import (
    assign_people,
    is_of_lead,
    lead_party,
    set_repeated_names_aside,
    set_second_people_aside,
    take_buyers_for_leads,
)
from leads.imports.columns.words import words_of
from leads.imports.fields import Field
from leads.imports.profiles import profile
from leads.imports.vocabulary import ROLL_WORDS

__all__ = ["ColumnGuess", "Sureness", "guess_columns"]

Sureness = Literal["sure", "likely", "unsure"]

MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """The field of one column.

    `header` is the column's name as the table gives it, `samples` are up to three different non-blank values, and
    `why` is a sentence for the mapping page. `has_lost_zeros` says that ZIP codes of this column lost leading zeros
    (a spreadsheet took them for numbers), so that a value of three or four digits is a ZIP code too.
    """

    header: str
    field: Field
    sureness: Sureness
    samples: list[str]
    why: str
    has_lost_zeros: bool = False


def guess_columns(headers: Sequence[str], sample_rows: Sequence[Sequence[str]]) -> list[ColumnGuess]:
    """Guess the field of every column, in order: one guess for each header.

    `headers` are the table's names of its columns (`[column 1]`… when the file has no header, `Name [2]` and `[blank]`
    for repeated and empty ones); `sample_rows` are cells of a few hundred rows, which may be shorter or longer than
    the header; the first 200 are looked at, without those whose cells are shifted beyond the header.
    """
    rows = [row for row in sample_rows[:MOST_ROWS] if not any(row[len(headers) :])]
    columns = [
        look_at(at, header, read_header(header), profile([row[at] for row in rows if at < len(row)]))
        for at, header in enumerate(headers)
    ]
    set_repeated_names_aside(columns)
    tell_by_values(columns)
    settle_numbers(columns)
    take_buyers_for_leads(columns)
    set_second_people_aside(columns)
    lead = lead_party(columns)
    assign_people(columns, lead)
    assign_addresses(columns, lead)
    _assign_parcel(columns)
    return [_guess(column, lead) for column in columns]


def _assign_parcel(columns: Sequence[Column]) -> None:
    of_roll = sum(not ROLL_WORDS.isdisjoint(words_of(column.header)) for column in columns)
    parcels = [
        column
        for column in columns
        if column.kind is Kind.APN and (column.reading.rank or column.is_by_values or of_roll)
    ]
    if parcels:
        best = min(
            parcels, key=lambda column: (column.is_empty, -column.reading.rank, column.reading.number, column.at)
        )
        best.field = Field.APN


def _guess(column: Column, lead: str) -> ColumnGuess:
    zips = column.field in {Field.ZIP, Field.MAILING_ZIP} and column.profile.has_lost_zeros
    return ColumnGuess(
        header=column.header,
        field=column.field,
        sureness=_sureness(column),
        samples=column.profile.samples,
        why=_why(column, lead),
        has_lost_zeros=zips,
    )


def _sureness(column: Column) -> Sureness:
    """How far header and values agree."""
    if column.kind is Kind.NOTHING:
        return "likely" if column.is_by_values else "sure"
    if column.kind is None:
        return "sure" if column.is_empty else "likely"
    if column.reading.kind is None:
        return "likely" if column.kind in {Kind.EMAIL, Kind.PHONE, Kind.LINKEDIN} else "unsure"
    if column.is_by_values and not {column.kind, column.reading.kind} <= ADDRESS_KINDS:
        return "unsure"
    if column.is_empty or column.reading.rank < 2 or column.fit < 0.7:
        return "likely"
    return "sure"


def _why(column: Column, lead: str) -> str:  # noqa: PLR0911 -- one line for each case
    if column.why:
        return column.why
    kind = column.kind
    if kind is None:
        return "Neither the header nor the values name something a lead has."
    if kind is Kind.NOTHING:
        return "The values contradict the header." if column.is_by_values else "The header names nothing a lead has."
    if column.field is Field.IGNORE:
        if not is_of_lead(column, lead):
            return f"This is {_one(kind)} of somebody other than the lead."
        return f"A further {kind}; another column fills the field."
    if column.reading.kind is None:
        return f"The values look like {_one(kind)}."
    if column.is_by_values and column.reading.kind is not kind:
        return f"The header says {column.reading.kind}, the values look like {_one(kind)}."
    if column.is_empty:
        return f"The header says {kind}; there are no values."
    return f"The header says {kind}, and {round(100 * min(1.0, column.fit))} % of the values look so."


def _one(kind: Kind) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
