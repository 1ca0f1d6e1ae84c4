"""The records of a text with delimiters, read by the csv module, with its open quotation marks mended."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from atlas_site.lib.spreadsheets import FORMULA_STARTS
from leads.imports.limits import CELL_CHARACTERS, COLUMNS, OPEN_QUOTES, RECORD_LINES
from leads.imports.problems import FileRefused

Record = tuple[int, list[str], str | None]
"""The line where it begins (from 1), its cells, and why it cannot be read."""

OPEN_QUOTE = "A quotation mark is opened here and never closed."
LONG_CELL = f"A cell has more than {CELL_CHARACTERS:,} characters."
MANY_CELLS = f"The row has more than {COLUMNS} cells."

TELLING_WIDTH = 3
"""So many commas in a line are hardly those of a text that somebody wrote over several lines."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the cells of a text are divided."""

    delimiter: str
    skips_spaces: bool = False
    """Whether blanks after a delimiter belong to it, so that a quotation mark after them is one."""

    escape: str | None = None
    """What is written before a quotation mark inside of a cell, where it is not doubled."""

    is_wrapped: bool = False
    """Whether each line is one cell in quotation marks, as a list becomes that was opened without its delimiter."""

    def reader(self, lines: Iterable[str]) -> Any:
        """A reader of the csv module."""
        return csv.reader(
            lines, delimiter=self.delimiter, skipinitialspace=self.skips_spaces, escapechar=self.escape, strict=False
        )


class _QuoteStaysOpen(Exception):
    """The record goes on for longer than a record can."""


class _Lines:
    """The lines of a text, for readers of the csv module. `held` are those of the record that is being read."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.source = iter(lines)
        self.given_back: deque[str] = deque()
        self.held: list[str] = []

    def __iter__(self) -> Iterator[str]:
        held = self.held
        while self.given_back:
            held.append(self.given_back.popleft())
            yield held[-1]
        for text in self.source:
            held.append(text)
            if len(held) > RECORD_LINES:
                raise _QuoteStaysOpen
            yield text
        if held:
            raise _QuoteStaysOpen

    def give_back(self) -> str:
        """Let the lines of the record but for the first one, which is returned, be read anew."""
        first, *others = self.held
        self.given_back.extendleft(reversed(others))
        self.held.clear()
        return first


def records_of(lines: Iterable[str], dialect: Dialect, *, name: str, width: int = 0) -> Iterator[Record]:
    """Yield every record, the blank ones as well.

    A record that goes on over lines which are records of their own (of `width` cells) has a quotation mark that is
    never closed: its first line alone becomes a record with a problem, and the others are read as if it were not there.

    :raises FileRefused: when that happens so often that the quotation marks of the file mean nothing
    """
    source = _Lines(lines)
    held = source.held
    line, opened = 1, 0
    is_over = False
    while not is_over:
        try:
            for cells in dialect.reader(source):
                if len(held) > 1 and _holds_records(cells, held, dialect, width):
                    raise _QuoteStaysOpen
                first = held[0]
                if dialect.is_wrapped and len(cells) == len(held) == 1:
                    yield line, *_cut(_split(cells[0], dialect))
                elif len(held) > 1 or len(first) > CELL_CHARACTERS:
                    yield line, *_cut(cells)
                elif "'" in first or '="' in first:
                    yield line, [_plain(cell) for cell in cells], None
                else:
                    yield line, cells, None
                line += len(held)
                held.clear()
            is_over = True
        except (_QuoteStaysOpen, csv.Error):
            opened += 1
            if opened > OPEN_QUOTES:
                raise _refusal(name, line) from None
            first = source.give_back()
            problem = OPEN_QUOTE if first.count('"') % 2 else LONG_CELL
            parts = first.rstrip("\n").split(dialect.delimiter, COLUMNS)[:COLUMNS]
            yield line, [cell[:CELL_CHARACTERS] for cell in parts], problem
            line += 1


def _holds_records(cells: list[str], held: list[str], dialect: Dialect, width: int) -> bool:
    """Tell whether a record of several lines is several records that an open quotation mark has swallowed."""
    if width < TELLING_WIDTH:
        return False
    if len(cells) != width and any(len(_split(line, dialect)) >= width for line in held[1:]):
        return True
    # Or two rows with an open quotation mark each, of which the second one has closed the first.
    first, last = held[0], held[-1]
    mark = last.find('"')
    opens_cell = mark == 0 or last[mark - 1] == dialect.delimiter
    closes_cell = last[mark + 1 : mark + 2] in {dialect.delimiter, '"', "\n", ""}
    are_rows = all(line.count(dialect.delimiter) >= width - 1 for line in (first, last))
    return opens_cell and not closes_cell and are_rows


def _split(line: str, dialect: Dialect) -> list[str]:
    """The cells of one line by itself."""
    try:
        return next(dialect.reader([line]), [])
    except csv.Error:
        return []


def _cut(cells: list[str]) -> tuple[list[str], str | None]:
    """Plain cells of a length that a cell may have, and a problem when one was longer."""
    cells = [_plain(cell) for cell in cells]
    if all(len(cell) <= CELL_CHARACTERS for cell in cells):
        return cells, None
    return [cell[:CELL_CHARACTERS] for cell in cells], LONG_CELL


def _refusal(name: str, line: int) -> FileRefused:
    return FileRefused(
        f"The quotation marks of {name} do not match, last seen at line {line:,}. Open it in a spreadsheet program, "
        "save it as CSV anew, and upload that."
    )


def _plain(cell: str) -> str:
    """A cell without the signs by which a spreadsheet is told that it is a text: ="01109", and '+1 614 555 0150."""
    if cell.startswith('="') and cell.endswith('"') and len(cell) > 2:
        return cell[2:-1]
    if cell.startswith("'") and cell[1:].startswith(FORMULA_STARTS):
        return cell[1:]
    return cell
