"""A file of leads as a table: its columns, and its rows one after the other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import NamedTuple, Self

from leads.imports.delimiters import find_dialect, has_separator_line
from leads.imports.encodings import Text, lines_of, survey_text
from leads.imports.headers import find_header, name_columns, number_columns, usual_width
from leads.imports.kinds import is_workbook
from leads.imports.limits import COLUMNS, CSV_ROWS, SAMPLE_ROWS, WORKBOOK_ROWS
from leads.imports.problems import FileRefused, too_many_rows, too_many_rows_in_workbook
from leads.imports.records import MANY_CELLS, Dialect, Record, records_of
from leads.imports.workbooks import Sheet, convert_workbook

SAMPLE_CHARACTERS = 1_000_000
REPEATED_HEADER = "The row repeats the names of the columns."


class Row(NamedTuple):
    """A record of the file that is not blank."""

    number: int
    """Counted from 1 below the header, without blank records."""

    line: int
    """The line of the file at which the record begins, or its row in the sheet, counted from 1."""

    cells: list[str]
    """As they are in the file: a short row has fewer cells than the table has headers, a shifted one has more.

    Without the signs by which spreadsheets are told that a cell is a text: ="01109" is "01109", '=A1 is "=A1".
    """

    problem: str | None
    """A sentence that says why the record itself cannot be read: then its cells are not to be trusted.

    More cells than headers is no such problem, because the cells beyond may be empty.
    """


@dataclass(frozen=True)
class Table:
    """A file that can be read: its form, and its rows as often as wanted, with the same result each time.

    A context manager: leaving it deletes what was made for reading a workbook.
    """

    name: str
    encoding: str
    """As Python calls it: "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252" and older ones; "xlsx" for
    a workbook."""

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

    most_rows: int
    """There are no more rows than this, and mostly about as many: to show how far reading is."""

    sheet: str | None = None
    """The name of the sheet of a workbook."""

    _source: "_Source" = field(kw_only=True, repr=False)

    def rows(self, after: int = 0) -> Iterator[Row]:
        """Yield the rows after the row number `after`, in memory that does not grow with the file.

        :raises FileRefused: when the file turns out to have too many rows, or quotation marks that mean nothing
        """
        return self._source.rows(self.header_row, len(self.headers), after)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Delete what was made for reading a workbook. Nothing can be read any more then."""
        if self._source.folder:
            self._source.folder.cleanup()


def open_table(path: Path, *, name: str, on_wait: Callable[[], None] | None = None) -> Table:
    """Find out how a file is to be read.

    :param path: the file, which is never changed
    :param name: what the user calls it; advice names it, and nothing is concluded from its ending
    :param on_wait: called about every second while a workbook is being converted
    :raises FileRefused: when it is no table, damaged or protected, or has more than an import may have
    """
    if not is_workbook(path, name=name):
        return _open_text(path, name)
    folder = TemporaryDirectory(prefix="atlas-workbook-")
    try:
        text = Path(folder.name) / "sheet.csv"
        return _open_sheet(text, convert_workbook(path, text, name=name, on_wait=on_wait), folder, name)
    except BaseException:
        folder.cleanup()
        raise


@dataclass(frozen=True)
class _Source:
    """The text that a table is read from."""

    path: Path
    name: str
    encoding: str
    dialect: Dialect
    top: int = 0
    """The lines above the first one that counts."""

    is_sheet: bool = False
    """Whether every record is a row of a sheet, whatever lines it has."""

    folder: "TemporaryDirectory[str] | None" = None

    def records(self, width: int = 0) -> Iterator[Record]:
        """Every record, the blank ones as well; `width` is the number of columns, once it is known."""
        if self.is_sheet:
            rows = self.dialect.reader(self.lines())
            return ((number, cells, None) for number, cells in enumerate(rows, start=1))
        return records_of(self.lines(), self.dialect, name=self.name, width=width)

    def lines(self) -> Iterator[str]:
        return lines_of(self.path, self.encoding, name=self.name)

    def first_records(self) -> list[Record]:
        """The first ones that are not blank, enough to find the header in them and the columns."""
        found: list[Record] = []
        size = 0
        for record in self.records():
            if record[0] <= self.top or _is_blank(record[1]):
                continue
            found.append(record)
            size += sum(map(len, record[1])) + len(record[1])
            if len(found) == SAMPLE_ROWS or (size > SAMPLE_CHARACTERS and len(found) > 1):
                break
        return found

    def rows(self, header_row: int, width: int, after: int = 0) -> Iterator[Row]:
        top = max(header_row, self.top)
        header: list[str] | None = None
        number = 0
        for line, cells, problem in self.records(width):
            if line <= top:
                header = cells if line == header_row else header
                continue
            if _is_blank(cells):
                continue
            number += 1
            if number <= after:
                continue
            if number > CSV_ROWS:
                raise too_many_rows(self.name)
            if cells == header:
                yield Row(number, line, cells, problem or REPEATED_HEADER)
            elif len(cells) > COLUMNS:
                yield Row(number, line, cells[:COLUMNS], problem or MANY_CELLS)
            else:
                yield Row(number, line, cells, problem)


def _is_blank(cells: list[str]) -> bool:
    return not (cells and (cells[0].strip() or "".join(cells).strip()))


def _open_text(path: Path, name: str) -> Table:
    text = survey_text(path, name=name)
    lines = _first_lines(path, text, name)
    dialect = find_dialect(lines, name=name)
    top = 1 if lines and has_separator_line(lines[0], dialect) else 0
    source = _Source(path, name, text.encoding, dialect, top=top)
    table = _table(source, text.encoding, dialect.delimiter, text.line_count + 1)
    if text.line_count > CSV_ROWS:
        _refuse_many_rows(source, table.header_row)
    return table


def _first_lines(path: Path, text: Text, name: str) -> list[str]:
    """Lines from which to find out what divides the cells."""
    found: list[str] = []
    size = 0
    for line in islice(lines_of(path, text.encoding, name=name), SAMPLE_ROWS):
        found.append(line)
        size += len(line)
        if size > SAMPLE_CHARACTERS:
            break
    return found


def _refuse_many_rows(source: _Source, header_row: int) -> None:
    """Count the rows as fast as lines can be read, so that nobody waits for a refusal until all rows are read.

    :raises FileRefused: when there are more than a text may have
    """
    nothing = f'{source.dialect.delimiter}" \n'
    count, is_inside = 0, False
    for line in islice(source.lines(), header_row, None):
        if '"' in line and line.count('"') % 2:
            is_inside = not is_inside
        if not is_inside and line.strip(nothing):
            count += 1
            if count > CSV_ROWS:
                raise too_many_rows(source.name)


def _trimmed(names: list[str], rows: list[list[str]]) -> list[str]:
    """A header without the thousands of empty columns at its end that some programs write."""
    if len(names) <= COLUMNS:
        return names
    last = max((column for cells in [names, *rows] for column, cell in enumerate(cells) if cell.strip()), default=0)
    return names[: last + 1]


def _open_sheet(text: Path, sheet: Sheet, folder: "TemporaryDirectory[str]", name: str) -> Table:
    source = _Source(text, name, "utf-8", Dialect(","), is_sheet=True, folder=folder)
    table = _table(source, "xlsx", None, sheet.row_count, sheet)
    above = sum(record[0] <= table.header_row for record in source.first_records())
    if sheet.row_count - above > WORKBOOK_ROWS:
        raise too_many_rows_in_workbook(name, sheet.row_count - above)
    return table


def _table(
    source: _Source, encoding: str, delimiter: str | None, record_count: int, sheet: Sheet | None = None
) -> Table:
    records = source.first_records()
    if not records:
        raise FileRefused(f"{source.name} has no rows. Upload a list with a row for each lead.")
    found = find_header([(line, cells[:COLUMNS], problem) for line, cells, problem in records])
    header = next(record for record in records if record[0] == found[0]) if found else None
    if header and header is records[-1]:
        raise FileRefused(
            f"{source.name} has the names of columns and no row below them, so there is nothing to import."
        )
    header_row = header[0] if header else 0
    rows = [record[1] for record in records if record[0] > header_row]
    names = _trimmed(header[1], rows) if header else [""] * usual_width(rows)
    names += [""] * (sheet.width - len(names) if sheet else 0)  # the cells of a sheet are never shifted
    if len(names) > COLUMNS:
        raise FileRefused(
            f"{source.name} has {len(names):,} columns; Atlas reads {COLUMNS}. Delete the columns that are not needed."
        )
    headers = name_columns(names) if header else number_columns(len(names))
    sample = [row.cells for row in islice(source.rows(header_row, len(headers)), SAMPLE_ROWS) if not row.problem]
    return Table(
        name=source.name,
        encoding=encoding,
        delimiter=delimiter,
        header_row=header_row,
        headers=headers,
        sample_rows=sample,
        most_rows=record_count - sum(record[0] <= header_row for record in records),
        sheet=sheet.name if sheet else None,
        _source=source,
    )
