"""Files of owned properties, row by row, so that a million need no more memory than a thousand."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import IO, Any

import xlsxwriter

from atlas_site.lib.spreadsheets import csv_lines
from properties.selectors.owned_columns import LOCKED, Column
from properties.selectors.owned_rows import OwnedRow as Row

Cell = str | int | float | bool | date | datetime | None

LINES_A_CHUNK = 200
BYTES_A_CHUNK = 1 << 16
# What a sheet of the format holds, its heading included. What is more goes to further sheets.
ROWS_A_SHEET = 1_048_576
LONGEST_TEXT = 32_767
# The format counts days from here; what is older is written as text.
FIRST_DAY = date(1900, 3, 1)

MIME_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def cells_of(row: Row, columns: Sequence[Column], zone: tzinfo) -> list[Cell]:
    """The cells of a row: a locked value is the word "locked", an unknown one is empty, a moment is that of `zone`."""
    return [_cell(column.value(row), column, zone) for column in columns]


def _cell(value: Any, column: Column, zone: tzinfo) -> Cell:
    if value is LOCKED:
        return str(LOCKED)
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(zone)
    if isinstance(value, list | tuple | set):
        return "; ".join(map(str, value)) or None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if column.is_number and isinstance(value, float) and value.is_integer():
        return int(value)
    return value if value is None or isinstance(value, str | int | float | date) else str(value)


def csv_file(rows: Iterable[Row], columns: Sequence[Column], zone: tzinfo) -> Iterator[str]:
    """The rows as CSV that spreadsheets read safely, many lines at a time. Numbers are plain, days are ISO."""
    lines = csv_lines(_table(rows, columns, zone))
    chunk: list[str] = []
    for line in lines:
        chunk.append(line)
        if len(chunk) == LINES_A_CHUNK:
            yield "".join(chunk)
            chunk.clear()
    yield "".join(chunk)


def _table(rows: Iterable[Row], columns: Sequence[Column], zone: tzinfo) -> Iterator[list[Cell]]:
    yield [column.label for column in columns]
    for row in rows:
        yield [_moment_text(cell) if isinstance(cell, datetime) else cell for cell in cells_of(row, columns, zone)]


def _moment_text(moment: datetime) -> str:
    """A moment in ISO 8601 to the minute, with the offset of its zone: "2026-03-04T09:05-07:00"."""
    return moment.isoformat(timespec="minutes")


def xlsx_file(rows: Iterable[Row], columns: Sequence[Column], zone: tzinfo) -> Iterator[bytes]:
    """The rows as a workbook: written to a file on disk first, row by row, and then read from there.

    Texts are written as texts, never as formulas or links; numbers and days are what they are.
    """
    with tempfile.TemporaryFile() as file:
        _write_workbook(file, rows, columns, zone)
        file.seek(0)
        while chunk := file.read(BYTES_A_CHUNK):
            yield chunk


def _write_workbook(file: IO[bytes], rows: Iterable[Row], columns: Sequence[Column], zone: tzinfo) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        styles = {
            "money": book.add_format({"num_format": "$#,##0"}),
            "day": book.add_format({"num_format": "yyyy-mm-dd"}),
            "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        }
        heading = book.add_format({"bold": True})
        sheet, line = None, 0
        for row in rows:
            if sheet is None or line == ROWS_A_SHEET:
                sheet, line = _add_sheet(book, columns, heading), 1
            for position, (cell, column) in enumerate(zip(cells_of(row, columns, zone), columns, strict=True)):
                _write_cell(sheet, line, position, cell, styles.get(column.kind))
            line += 1
        if sheet is None:
            _add_sheet(book, columns, heading)


def _add_sheet(book: Any, columns: Sequence[Column], heading: Any) -> Any:
    number = len(book.worksheets()) + 1
    sheet = book.add_worksheet("Properties" if number == 1 else f"Properties {number}")
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, max(0, len(columns) - 1), 16)
    for position, column in enumerate(columns):
        sheet.write_string(0, position, column.label, heading)
    return sheet


def _write_cell(sheet: Any, line: int, position: int, cell: Cell, style: Any) -> None:
    if cell is None:
        return
    if isinstance(cell, datetime):
        # A workbook knows no zones: it is the minute on the user's own clock.
        sheet.write_datetime(line, position, cell.replace(second=0, microsecond=0, tzinfo=None), style)
    elif isinstance(cell, date):
        if cell >= FIRST_DAY:
            sheet.write_datetime(line, position, cell, style)
        else:
            sheet.write_string(line, position, cell.isoformat())
    elif isinstance(cell, int | float):
        sheet.write_number(line, position, cell, style)
    else:
        sheet.write_string(line, position, cell[:LONGEST_TEXT])
