"""Which field each column of a list fills, decided by its header, its values and the columns around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from leads.imports.fields import Field

Sureness = Literal["sure", "likely", "unsure"]


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

    `headers` are the table's names of its columns (`column 1`… when the file has no header, `Name [2]` and `[blank]`
    for repeated and empty ones); `sample_rows` are cells of a few hundred rows, which may be shorter or longer than
    the header.
    """
    return [ColumnGuess(header, Field.IGNORE, "unsure", [], "Nothing is known of this column.") for header in headers]
