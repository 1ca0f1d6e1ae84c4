"""How the parts of an unlocked dataset are laid out, and the names of what a locked one may hold."""

from collections.abc import Iterator
from dataclasses import dataclass

from properties.datasets import DatasetInfo, Kind, ShownSection, ShownTable, ShownValue, Table

NARROW_TABLE = 3
NUMBERS = {Kind.NUMBER, Kind.MONEY, Kind.PRICE, Kind.SALE_PRICE, Kind.PERCENT}
# A yes that forbids something stands out from other yeses.
FORBIDDING = {"Do not call", "TCPA list", "On a TCPA list", "Known litigator", "Opted out of mail", "Reported deceased"}


@dataclass(frozen=True)
class Cell:
    """One cell of a list; `value` is None where nothing is known."""

    value: ShownValue | None
    is_number: bool

    @property
    def forbids(self) -> bool:
        """Whether it says that this person or number must be left alone."""
        return self.value is not None and self.value.label in FORBIDDING and self.value.value is True


@dataclass(frozen=True)
class LaidTable:
    """A list as the page lays it out: numbers at the right, by column."""

    label: str
    headings: list[tuple[str, bool]]
    rows: list[list[Cell]]


@dataclass(frozen=True)
class SideBySide:
    """Values of the same kind next to each other, such as those of the last and the prior sale; None is unknown."""

    headings: list[str]
    rows: list[tuple[str, list[ShownValue | None]]]


@dataclass(frozen=True)
class Part:
    """One titled part as the page lays it out."""

    title: str
    values: list[ShownValue]
    side_by_side: SideBySide | None
    tables: list[LaidTable]
    not_on_file: tuple[str, ...]

    @property
    def is_wide(self) -> bool:
        """Whether it needs the whole width of the page."""
        return bool(self.side_by_side) or any(len(table.headings) > NARROW_TABLE for table in self.tables)


def lay_out(section: ShownSection) -> Part:
    """Lay a part out: "Last sale: price" and "Prior sale: price" stand side by side, and nothing is said twice."""
    plain = [value for value in section.values if ": " not in value.label]
    compared = [value for value in section.values if ": " in value.label]
    said = {value.text for value in plain}
    tables = [_lay_table(table) for table in section.tables if _only_cell(table) not in said]
    return Part(section.title, plain, _compare(compared) if compared else None, tables, section.not_on_file)


def field_names(info: DatasetInfo) -> list[str]:
    """The names of all that a dataset may hold, those of the columns of its lists too."""
    return list(dict.fromkeys(_names(info)))


def _names(info: DatasetInfo) -> Iterator[str]:
    for section in info.sections:
        for part in section.parts:
            if isinstance(part, Table):
                columns = ", ".join(column.label.lower() for column in part.columns)
                yield f"{part.label} ({columns})"
            else:
                yield part.label


def _lay_table(table: ShownTable) -> LaidTable:
    columns = list(zip(*table.rows, strict=True))
    numeric = [all(cell is None or cell.kind in NUMBERS for cell in column) for column in columns]
    rows = [[Cell(cell, is_number) for cell, is_number in zip(row, numeric, strict=True)] for row in table.rows]
    return LaidTable(table.label, list(zip(table.headings, numeric, strict=True)), rows)


def _only_cell(table: ShownTable) -> str | None:
    """The text of a list that holds one name and no more."""
    cells = [cell for row in table.rows for cell in row if cell is not None]
    return cells[0].text if len(table.rows) == 1 and cells and len(table.headings) == 1 else None


def _compare(values: list[ShownValue]) -> SideBySide:
    cells: dict[str, dict[str, ShownValue]] = {}
    headings: list[str] = []
    for value in values:
        heading, _, name = value.label.partition(": ")
        if heading not in headings:
            headings.append(heading)
        cells.setdefault(name, {})[heading] = value
    rows = [(name.capitalize(), [row.get(heading) for heading in headings]) for name, row in cells.items()]
    return SideBySide(headings, rows)
