"""A file of leads as a table: its columns, and its rows one after the other."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self


class Row(NamedTuple):
    """A record of the file that is not blank."""

    number: int
    """Counted from 1 below the header, without blank records."""

    line: int
    """The line of the file at which the record begins, or its row in the sheet, counted from 1."""

    cells: list[str]
    """As they are in the file: a short row has fewer cells than the table has headers, a shifted one has more."""

    problem: str | None
    """A sentence that says why the record itself cannot be read: then its cells are not to be trusted.

    More cells than headers is no such problem, because the cells beyond may be empty.
    """


@dataclass(frozen=True)
class Table:
    """A file that can be read: its form, and its rows as often as wanted, with the same result each time.

    A context manager: leaving it deletes what was made for reading a workbook.
    """

    path: Path
    encoding: str
    """As Python calls it: "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"; "xlsx" for a workbook."""

    delimiter: str | None
    """What is between two cells; None for a workbook."""

    header_row: int
    """The line of the file, or the row of the sheet, where the header begins, counted from 1; 0 if there is none."""

    headers: list[str]
    """The names of the columns, as in the file and unique.

    A repeated one is "Name [2]", an empty one "[blank]" and then "[blank] [2]"; without a header row they are
    "[column 1]", "[column 2]", and so on.
    """

    sample_rows: list[list[str]] = field(repr=False)
    """The cells of the first rows (at most `SAMPLE_ROWS`), to guess the columns from; a short row has fewer cells."""

    sheet: str | None = None
    """The name of the sheet of a workbook."""

    def rows(self, after: int = 0) -> Iterator[Row]:
        """Yield the rows after the row number `after`, in memory that does not grow with the file.

        :raises FileRefused: when the file turns out to have too many rows or a line of enormous length
        """
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Delete what was made for reading a workbook. Nothing can be read any more then."""


def open_table(path: Path, *, name: str) -> Table:
    """Find out how a file is to be read.

    :param path: the file, which is never changed
    :param name: what the user calls it; advice names it, and nothing is concluded from its ending alone
    :raises FileRefused: when it is no table, damaged or protected, or has more than an import may have
    """
    raise NotImplementedError
