"""Which record of a list names its columns, below titles and blank rows, or that none does."""

import re
from collections import Counter
from collections.abc import Callable, Sequence

from leads.imports.records import Record
from leads.imports.vocabulary import NOUN_OF, PARTY_OF, PLACE_OF

FIRST_RECORDS = 40
"""Below so many records that are not blank, nothing is a header any more."""

TITLES = 6
"""Above a header whose words say nothing."""

WIDE_ENOUGH = 0.5
"""Of the filled cells of a usual row: titles fill fewer."""

MOSTLY = 0.5
FEW_VALUES = 0.2
LONGEST_NAME = 80

# What columns hold, whose, and of which address. The words of statuses and amounts are values as often as names.
NAME_WORDS = frozenset({*NOUN_OF, *PARTY_OF, *PLACE_OF})
ANSWERS = frozenset({"yes", "no", "y", "n"})
BESIDES = re.compile(r"\b\d+(?:st|nd|rd|th)\b|\be-(?=mail)", re.IGNORECASE)
WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
EMAIL = re.compile(r"\S+@\S+\.\S+")
LETTER_OR_NUMBER_SIGN = re.compile(r"[^\W\d_]|^#$")

VALUE = re.compile(
    r"""
      [$(]*[-+]?[$]?[\d.,]+\)?\s?%?                     # 12, -1,250.00, $40
    | (?=.*\d)[\d\s()+./:x#-]{3,}                       # dates, phones, ZIP+4, times
    | \S+@\S+\.\S+                                      # e-mail
    | (?:https?://|www\.)\S+
    | \d+\S*\s.*[^\W\d_]{2}.*                           # 12 Main St
    | (?:p\.?\s*o\.?\s+box|rr|hc)\s+\#?\d.*             # PO Box 12
    | (?=.*\d)[A-Z\d]+(?:[-./][A-Z\d]+)+                # 224-85-964
    | true|false|null|none|n/a|unknown
    | \d{4}-\d\d-\d\d[T\s].*                            # a moment
    | .*,\s*[A-Z]{2}\.?\s+\d{5}(?:-\d{4})?              # Columbus, OH 43211
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)


def find_header(records: Sequence[Record]) -> Record | None:
    """Return the record that names the columns, or None when the first rows are leads already.

    It is the one with the most words that headers are made of; without such words, the fullest of the first ones that
    have no value where the rows below them have some.

    :param records: the first records of the file that are not blank, with no more cells than a list has columns
    """
    usual = _usual_fill(records)
    repeated = _repeated_cells(records)
    first = [record for record in records[:FIRST_RECORDS] if _is_wide(record, usual)]
    named = [(known, record) for record in first if (known := _named_columns(record[1], repeated(record[1])))]
    if named:
        return max(named, key=lambda pair: pair[0])[1]  # the first of equal ones
    unlike = [
        record
        for place, record in enumerate(first[:TITLES])
        if not repeated(record[1]) and _differs_from(record, first[place + 1 :])
    ]
    return max(unlike, key=lambda record: _filled(record[1]), default=None)


def name_columns(cells: Sequence[str]) -> list[str]:
    """Make the cells of a header names of columns: unique, and none of them empty."""
    names: dict[str, None] = {}
    for cell in cells:
        wanted = name = cell if cell.strip() else "[blank]"
        number = 1
        while name in names:
            number += 1
            name = f"{wanted} [{number}]"
        names[name] = None
    return list(names)


def number_columns(count: int) -> list[str]:
    """The names of columns that have none."""
    return [f"[column {number}]" for number in range(1, count + 1)]


def usual_width(rows: Sequence[Sequence[str]]) -> int:
    """How many cells rows have: the most that at least a tenth of them have."""
    widths = Counter(map(len, rows))
    return max((width for width, count in widths.items() if count * 10 >= len(rows)), default=0)


def _usual_fill(records: Sequence[Record]) -> int:
    filled = sorted(_filled(cells) for _, cells, _ in records)
    return filled[len(filled) // 2] if filled else 0


def _is_wide(record: Record, usual: int) -> bool:
    _, cells, problem = record
    return not problem and _filled(cells) >= max(min(usual, 2), usual * WIDE_ENOUGH)


def _filled(cells: Sequence[str]) -> int:
    return sum(1 for cell in cells if cell.strip())


def _repeated_cells(records: Sequence[Record]) -> Callable[[Sequence[str]], int]:
    """A count of the cells of a record that other records have in the same column, as names of columns are not."""
    seen = Counter((column, cell) for _, cells, _ in records for column, cell in enumerate(cells) if cell.strip())
    copies = Counter(tuple(cells) for _, cells, _ in records)  # a header may be repeated as a whole

    def repeated(cells: Sequence[str]) -> int:
        return sum(seen[column, cell] > copies[tuple(cells)] for column, cell in enumerate(cells) if cell.strip())

    return repeated


def _named_columns(cells: Sequence[str], repeated: int) -> int:
    """How many cells are surely names of columns; 0 when the others, or those that are repeated, are not names."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    known = sum(map(_is_name, filled))
    values = sum(map(_is_value, filled))
    return known if known >= len(filled) * MOSTLY and max(values, repeated) <= len(filled) * FEW_VALUES else 0


def _is_name(cell: str) -> bool:
    if cell.lower() in ANSWERS:
        return False
    words = [word.lower() for word in WORDS.findall(BESIDES.sub("", cell))]
    spelled = [word for word in words if not word.isdigit()]
    return bool(spelled) and len(cell) <= LONGEST_NAME and all(word in NAME_WORDS for word in spelled)


def _is_value(cell: str) -> bool:
    if len(cell) > LONGEST_NAME or cell.lower() in ANSWERS:
        return True
    return VALUE.fullmatch(cell) is not None and not _is_name(cell)


def _differs_from(record: Record, below: Sequence[Record]) -> bool:
    """Tell whether a record has names where the rows below have values."""
    filled = {column: cell.strip() for column, cell in enumerate(record[1]) if cell.strip()}
    values = sum(_is_value(cell) or not LETTER_OR_NUMBER_SIGN.search(cell) for cell in filled.values())
    if values > len(filled) * FEW_VALUES or any(EMAIL.fullmatch(cell) for cell in filled.values()):
        return False
    columns = [[cells[column].strip() for _, cells, _ in below if column < len(cells)] for column in filled]
    contrasts = 0
    for cell, column in zip(filled.values(), columns, strict=True):
        texts = [text for text in column if text]
        contrasts += bool(texts) and not _is_value(cell) and sum(map(_is_value, texts)) > len(texts) * MOSTLY
    return contrasts > values or (not contrasts and any(map(_is_name, filled.values())))
