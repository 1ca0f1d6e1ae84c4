"""Why a row is no lead: a total, values that a delimiter shifted, or nothing."""

import re
from collections.abc import Callable, Mapping, Sequence

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

PLACES = frozenset({Field.STATE, Field.ZIP, Field.MAILING_STATE, Field.MAILING_ZIP})


class Doubts:
    """What makes a row of one table no lead, under one mapping."""

    def __init__(self, mapping: Mapping[int, Field]) -> None:
        self.fields = mapping
        self.typed = [(column, mapping[column]) for column in sorted(mapping) if mapping[column] in VALUE_TESTS]

    def why(self, cells: Sequence[str], site: Address, mail: Address, *, has_contact: bool) -> str:
        """Return why a row that has an address or the like is no lead after all, or ""."""
        if self.is_shifted(cells):
            return SHIFTED_RIGHT
        if not has_contact and not (site.place.zip5 or mail.place.zip5):
            words = [text for cell in cells if (text := cell.strip()) and not FIGURE.fullmatch(text)]
            if len(words) == 1 and is_total(words[0]):
                return IS_A_TOTAL
        return ""

    def is_shifted(self, cells: Sequence[str]) -> bool:
        """True if values contradict their columns and each fits the column on its left: the row is shifted.

        A state or ZIP code and a further value must be one column too far to the right, and no value behind them may
        fit its own column.
        """
        moved, is_place_moved = 0, False
        for column, name in self.typed:
            fits = VALUE_TESTS[name]
            value = clean(cells[column])
            if not value:
                continue
            if fits(value):
                if moved:
                    return False
                continue
            right = clean(cells[column + 1]) if column + 1 < len(cells) else ""
            if right and fits(right) and self.fields.get(column + 1) is not name:
                moved += 1
                is_place_moved = is_place_moved or name in PLACES
        return moved > 1 and is_place_moved


def is_doubtful(place: Place) -> bool:
    """True if a place has a state or a ZIP code that is none."""
    return (len(place.state) != 2 and place.state != "") or (place.zip5 == "" and place.zip_text != "")


def is_total(text: str) -> bool:
    """True for "TOTAL", "Subtotal: 4,812,000", "16 records" and the like."""
    return len(text) <= TOTAL_MAX_LENGTH and TOTAL.fullmatch(text.strip()) is not None


def why_nothing(cells: Sequence[str]) -> str:
    """Return why a row without address, parcel, e-mail, phone and LinkedIn profile is none."""
    words = [text for cell in cells if (text := cell.strip()) and not FIGURE.fullmatch(text)]
    return IS_A_TOTAL if words and is_total(words[0]) else HAS_NOTHING


def too_many_cells(count: int) -> str:
    """Return why a row with more cells than the header is none."""
    return f"{COUNTS.get(count, f'{count} cells')} more than the header: an unquoted delimiter shifted the values"
