"""Which record of a list names its columns, below titles and blank rows, or that none does."""

import re
from collections import Counter
from collections.abc import Sequence

from leads.imports.records import Record

FIRST_RECORDS = 40
"""Below so many records that are not blank, nothing is a header any more."""

TITLES = 6
"""Above a header whose words say nothing."""

WIDE_ENOUGH = 0.5
"""Of the filled cells of a usual row: titles fill fewer."""

MOSTLY = 0.5
FEW_VALUES = 0.2
LONGEST_NAME = 80

# What the headers of lists are made of. A cell all of whose words are here is no value of a lead.
HEADER_WORDS = frozenset(
    """
    absentee account acres active addr address addresses age agent amount amt apn apt area assessed assessor
    assignee attorney auction ba bal balance bath bathrooms baths bed bedrooms beds birth bldg block borrower br
    building built business buyer by call campaign case cash category cell cellphone city class client cnty code
    comment comments company contact contacts corporate cost count country county court created credit customer
    date day days debt deceased decedent deed defendant description direct disposition dist district dnc do dob
    document email emails entity equity est estimated executor extension feet file filed filing fips first
    firstname fn fname foreclosure formatted ft full fullname garage gender given group heir home house id index
    info initial is key land landline last lastname lat latitude lead legal lender length lien line linkedin
    list listing living ln lname loan location long longitude lot mail mailing manager map market mi middle mls
    mo mobile model modified month months mortgage muni municipality name nbr no not note notes num number
    occupancy occupied of office opt or other out own owned owner owners ownership parcel party percent person
    phone phones pin plaintiff plus position postal pre prefix price primary prop property province rate record
    recorded recording ref region rental rented result role sale sales sec secondary section site situs size
    skip source sq sqf sqft square st state status stories str street style subdivision suffix surname tag tags
    tax taxes tel telephone tenant term text time title to total town township trace tract trust type unit units
    updated url use user vacant valuation value verified website wireless work year years yr zip zip4 zipcode
    zoning
    """.split()
)
ANSWERS = frozenset({"yes", "no", "y", "n"})
WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
LETTERS = re.compile(r"[^\W\d_]")

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

    :param records: the first records of the file that are not blank
    """
    usual = _usual_fill(records)
    first = [record for record in records[:FIRST_RECORDS] if _is_wide(record, usual)]
    named = [(known, record) for record in first if (known := _named_columns(record[1]))]
    if named:
        return max(named, key=lambda pair: pair[0])[1]  # the first of equal ones
    unlike = [record for place, record in enumerate(first[:TITLES]) if _differs_from(record, first[place + 1 :])]
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


def _named_columns(cells: Sequence[str]) -> int:
    """How many cells are surely names of columns; 0 when the others are not names."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    known = sum(map(_is_name, filled))
    values = sum(map(_is_value, filled))
    return known if known >= len(filled) * MOSTLY and values <= len(filled) * FEW_VALUES else 0


def _is_name(cell: str) -> bool:
    if cell.lower() in ANSWERS:
        return False
    words = [word.lower() for word in WORDS.findall(cell)]
    spelled = [word for word in words if not word.isdigit()]
    return bool(spelled) and len(cell) <= LONGEST_NAME and all(word in HEADER_WORDS for word in spelled)


def _is_value(cell: str) -> bool:
    if len(cell) > LONGEST_NAME or cell.lower() in ANSWERS:
        return True
    return VALUE.fullmatch(cell) is not None and not _is_name(cell)


def _differs_from(record: Record, below: Sequence[Record]) -> bool:
    """Tell whether a record has names where the rows below have values."""
    filled = {column: cell.strip() for column, cell in enumerate(record[1]) if cell.strip()}
    values = sum(map(_is_value, filled.values()))
    if values > len(filled) * FEW_VALUES or not all(LETTERS.search(cell) for cell in filled.values()):
        return False
    columns = [[cells[column].strip() for _, cells, _ in below if column < len(cells)] for column in filled]
    contrasts = 0
    for cell, column in zip(filled.values(), columns, strict=True):
        if cell in column:
            return False  # names are not repeated below
        texts = [text for text in column if text]
        contrasts += bool(texts) and not _is_value(cell) and sum(map(_is_value, texts)) > len(texts) * MOSTLY
    return contrasts > values or (not contrasts and any(map(_is_name, filled.values())))
