"""Why a row is no lead: a total, values that a delimiter shifted, or nothing."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from leads.imports.fields import Field
from leads.imports.values.addresses import Address, Place
from leads.imports.values.emails import read_emails
from leads.imports.values.phones import read_phones
from leads.imports.values.placeholders import clean
from leads.imports.values.places import read_zip, state_code

IS_A_TOTAL = "This is a total"
HAS_NOTHING = "No address, parcel, e-mail or phone"
SHIFTED_RIGHT = "The values stand one column too far to the right: an unquoted delimiter shifted them"

THINGS = r"(?:rows|records|leads|properties|results|items|contacts|owners)"
TOTAL = re.compile(
    r"(?:(?:grand|sub|report|list|page|county|city|overall|running)[ -]?)*"
    r"(?:totals?|subtotals?|sums?|averages?|avg|counts?|records?|rows?)\b"
    rf"(?: of| for)?(?: {THINGS}| count| value| amount)*[:=]?(?: ?[$]?\d[\d,.]*%?)?(?: {THINGS})?[.:]?"
    rf"|[\w.&'-]+(?: [\w.&'-]+){{0,3}} (?:sub-?)?totals?:?"
    rf"|\d[\d,.]* {THINGS}(?: found| total| listed)?\.?|end of (?:report|file|list)\.?",
    re.IGNORECASE,
)
TOTAL_MAX_LENGTH = 80
FIGURE = re.compile(r"[-($]*\d[\d,.]*[%)]*")
COUNTS = {1: "One cell", 2: "Two cells", 3: "Three cells"}

VALUE_TESTS: dict[Field, Callable[[str], object]] = {
    Field.STATE: state_code,
    Field.MAILING_STATE: state_code,
    Field.ZIP: read_zip,
    Field.MAILING_ZIP: read_zip,
    Field.PHONE: read_phones,
    Field.EMAIL: read_emails,
}
"""The fields whose values tell their kind, with what reads them."""

TELLING = frozenset({Field.PHONE, Field.EMAIL, Field.APN, Field.LINKEDIN})
"""The fields of which one usable value is enough."""

PLACES = frozenset({Field.STATE, Field.ZIP, Field.MAILING_STATE, Field.MAILING_ZIP})


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is no lead. `why` is a sentence for the list of rejected rows.

    `column` is the index of the column that is to blame, where it is a single one: that of the total, the first one
    whose value stands too far to the right, the only one with a value that a lead could be found by if it could be
    read, or the first one beyond the header.
    """

    why: str
    column: int | None = None


class Doubts:
    """What makes a row of one table no lead, under one mapping."""

    def __init__(self, mapping: Mapping[int, Field]) -> None:
        self.fields = mapping
        self.typed = [(column, mapping[column]) for column in sorted(mapping) if mapping[column] in VALUE_TESTS]

    def rejection(self, cells: Sequence[str], site: Address, mail: Address, *, has_contact: bool) -> Rejected | None:
        """Return why a row that has an address or the like is no lead after all, or None."""
        first = self.shifted_from(cells)
        if first is not None:
            return Rejected(SHIFTED_RIGHT, first)
        if not has_contact and not (site.place.zip5 or mail.place.zip5):
            words = words_of(cells)
            if len(words) == 1 and is_total(words[0][1]):
                return Rejected(IS_A_TOTAL, words[0][0])
        return None

    def no_lead(self, cells: Sequence[str]) -> Rejected:
        """Return why a row without address, parcel, e-mail, phone and LinkedIn profile is none."""
        words = words_of(cells)
        if words and is_total(words[0][1]):
            return Rejected(IS_A_TOTAL, words[0][0])
        unread = [column for column, name in self.fields.items() if name in TELLING and clean(cells[column])]
        return Rejected(HAS_NOTHING, unread[0] if len(unread) == 1 else None)

    def shifted_from(self, cells: Sequence[str]) -> int | None:
        """Return the first column whose value fits the column on its left, if the row is shifted.

        A state or ZIP code and a further value must be one column too far to the right, and no value behind them may
        fit its own column.
        """
        moved: list[int] = []
        is_place_moved = False
        for column, name in self.typed:
            fits = VALUE_TESTS[name]
            value = clean(cells[column])
            if not value:
                continue
            if fits(value):
                if moved:
                    return None
                continue
            right = clean(cells[column + 1]) if column + 1 < len(cells) else ""
            if right and fits(right) and self.fields.get(column + 1) is not name:
                moved.append(column)
                is_place_moved = is_place_moved or name in PLACES
        return moved[0] if len(moved) > 1 and is_place_moved else None


def is_doubtful(place: Place) -> bool:
    """True if a place has a state or a ZIP code that is none."""
    return (len(place.state) != 2 and place.state != "") or (place.zip5 == "" and place.zip_text != "")


def is_total(text: str) -> bool:
    """True for "TOTAL", "Subtotal: 4,812,000", "16 records" and the like."""
    return len(text) <= TOTAL_MAX_LENGTH and TOTAL.fullmatch(text.strip()) is not None


def words_of(cells: Sequence[str]) -> list[tuple[int, str]]:
    """Return the columns and cells of a row that hold more than figures."""
    return [
        (column, text) for column, cell in enumerate(cells) if (text := cell.strip()) and not FIGURE.fullmatch(text)
    ]


def too_many_cells(count: int) -> str:
    """Return why a row with more cells than the header is none."""
    return f"{COUNTS.get(count, f'{count} cells')} more than the header: an unquoted delimiter shifted the values"
