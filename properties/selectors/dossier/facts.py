"""The shown values of a dataset, found by where they stand in the record."""

from collections.abc import Iterable
from typing import Any

from properties.datasets import ShownSection, ShownTable, ShownValue

Row = dict[str, ShownValue]


class Facts:
    """Looks up what the sections of a dataset show. What is not on file is None or "", and never a zero or a "no"."""

    def __init__(self, sections: Iterable[ShownSection]) -> None:
        sections = tuple(sections)
        self._values = {value.path: value for section in sections for value in section.values}
        self._tables = {table.path: table for section in sections for table in section.tables}

    def __bool__(self) -> bool:
        return bool(self._values or self._tables)

    def shown(self, path: str) -> ShownValue | None:
        """The value at a path of the record as it is shown, or None."""
        return self._values.get(path)

    def value(self, path: str) -> Any:
        """The value at a path of the record as data, or None."""
        found = self._values.get(path)
        return found.value if found else None

    def text(self, path: str) -> str:
        """The value at a path of the record as it is written, or ""."""
        found = self._values.get(path)
        return found.text if found else ""

    def pairs(self, *paths: str) -> list[tuple[str, str]]:
        """Label and text of those of the paths that are on file."""
        return [(found.label, found.text) for found in map(self.shown, paths) if found]

    def rows(self, path: str) -> list[Row]:
        """The rows of the list at a path, each by the paths of its columns; without what is not on file."""
        table = self._tables.get(path)
        return [_row(table, cells) for cells in table.rows] if table else []


def value_of(row: Row, path: str) -> Any:
    """The value of a row as data, or None."""
    return row[path].value if path in row else None


def text_of(row: Row, path: str) -> str:
    """The value of a row as it is written, or ""."""
    return row[path].text if path in row else ""


def _row(table: ShownTable, cells: tuple[ShownValue | None, ...]) -> Row:
    return {cell.path: cell for cell in cells if cell is not None}
