"""CSV for spreadsheet programs, which take a text for a formula if it begins like one."""

import csv
from collections.abc import Iterable, Iterator
from itertools import islice

# Some programs read the signs of full width as the others.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
BYTE_ORDER_MARK = "\ufeff"  # by which Excel knows that the file is UTF-8
LINES_A_PART = 200


def safe_text(text: str) -> str:
    """Return a text as a cell may hold it: one that a spreadsheet would run as a formula gets an apostrophe before."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def csv_lines(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Yield rows as lines of CSV, the first one with a byte order mark. Texts are made safe, numbers stay numbers."""
    writer = csv.writer(_Line())
    mark = BYTE_ORDER_MARK
    for row in rows:
        cells = [safe_text(cell) if isinstance(cell, str) else cell for cell in row]
        yield mark + writer.writerow(cells)
        mark = ""


def csv_parts(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Yield the same lines, many at a time, for a file that is sent as it is made."""
    lines = csv_lines(rows)
    while part := list(islice(lines, LINES_A_PART)):
        yield "".join(part)


class _Line:
    """A file that hands back what is written to it."""

    def write(self, line: str) -> str:
        return line
