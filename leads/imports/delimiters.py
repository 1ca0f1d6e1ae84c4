"""What divides the cells of a text."""

import math
import re
from collections import Counter
from collections.abc import Sequence

from leads.imports.records import Dialect, records_of

USUAL = [",", ";", "\t", "|"]
UNUSUAL = ["^", "~", "\x1f", "¦", "§"]

SEPARATOR = re.compile(r"""sep=([^\w"\n])\n?""", re.IGNORECASE)
"""The first line by which a file tells Excel the delimiter."""

PROSE = 0.3
"""How much less a delimiter is worth that is mostly followed by a blank, as commas of sentences and places are."""

CLEAR = 0.5
VERY_CLEAR = 1.0


def find_dialect(lines: Sequence[str], *, name: str) -> Dialect:
    """Find out what divides the cells, from the first lines of a text.

    It is what divides most lines into the same number of cells, the more cells the better. A text that nothing
    divides has one column, and a comma as the delimiter.
    """
    stated = SEPARATOR.fullmatch(lines[0]) if lines else None
    if stated:
        return _with_habits(lines, stated[1], name)
    rating, dialect = _best([Dialect(mark) for mark in USUAL], lines, name)
    if rating < CLEAR:
        other, unusual = _best([Dialect(mark) for mark in UNUSUAL], lines, name)
        if other > max(rating, CLEAR):
            dialect = unusual
        wrapped, unwrapping = _best([Dialect(mark, is_wrapped=True) for mark in USUAL], lines, name)
        if wrapped > max(other, VERY_CLEAR):
            return unwrapping
    return _with_habits(lines, dialect.delimiter, name)


def _best(dialects: Sequence[Dialect], lines: Sequence[str], name: str) -> tuple[float, Dialect]:
    """The dialect that divides the lines best, the first of equal ones, and how well it does."""
    return max(((_rate(lines, dialect, name), dialect) for dialect in dialects), key=lambda pair: pair[0])


def has_separator_line(line: str, dialect: Dialect) -> bool:
    """Tell whether a first line only names the delimiter."""
    stated = SEPARATOR.fullmatch(line)
    return stated is not None and stated[1] == dialect.delimiter


def _with_habits(lines: Sequence[str], delimiter: str, name: str) -> Dialect:
    """The dialect of a delimiter: whether blanks follow it, and how quotation marks inside of a cell are written."""
    text = "".join(lines)
    spaced = text.count(f'{delimiter} "') > text.count(f'{delimiter}"')
    plain = Dialect(delimiter, skips_spaces=spaced)
    if '\\"' not in text:
        return plain
    escaped = Dialect(delimiter, skips_spaces=spaced, escape="\\")
    return escaped if _rate(lines, escaped, name) > _rate(lines, plain, name) else plain


def _rate(lines: Sequence[str], dialect: Dialect, name: str) -> float:
    """How well a dialect divides the lines: 0 when it does not at all."""
    rows = [cells for _, cells, problem in records_of(lines, dialect, name=name) if not problem and any(cells)]
    widths = Counter(len(cells) for cells in rows if len(cells) > 1)
    if not widths:
        return 0.0
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
    later = [cell for cells in rows for cell in cells[1:] if cell]
    is_prose = sum(cell[0] == " " for cell in later) * 2 > len(later)
    return count / len(rows) * math.log2(width) * (PROSE if is_prose else 1.0)
