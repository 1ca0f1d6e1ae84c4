"""What the values of a column look like, by light recognizers: thousands of cells in a fraction of a second."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from leads.imports.vocabulary import (
    AREA_CODES,
    COMPANY_WORDS,
    GIVEN_NAMES,
    LENDER_WORDS,
    STATE_CODES,
    STATE_NAMES,
    STREET_WORDS,
)


class Shape(StrEnum):
    """What one value looks like."""

    EMAIL = "e-mail address"
    LINKEDIN = "LinkedIn profile"
    URL = "web address"
    PHONE = "phone number"
    DIGITS10 = "ten digits"
    ZIP = "ZIP code"
    ZIP4 = "ZIP+4 code"
    SHORT_ZIP = "three or four digits"
    STATE = "state"
    STREET = "street address"
    ROAD = "street name"
    FULL_ADDRESS = "address in one cell"
    CITY_STATE = "city, state and ZIP"
    UNIT = "unit"
    COMPANY = "company name"
    PERSON = "several words"
    WORD = "one word"
    BOOL = "yes or no"
    DATE = "date"
    MONEY = "amount"
    INTEGER = "number"
    PARCEL = "number with letters or dashes"
    TEXT = "text"


WORDLIKE = frozenset({Shape.PERSON, Shape.WORD, Shape.COMPANY})

EMAIL = re.compile(r"\S+@\S+\.\w{2,}")
URL = re.compile(r"(?:https?://|www\.)\S+|[\w-]+\.(?:com|net|org|io)(?:/\S*)?", re.IGNORECASE)
LINKEDIN = re.compile(r"linkedin\.com/(?!company/|school/|showcase/)", re.IGNORECASE)
PHONE = re.compile(
    r"(?:['=\"]*\+?1?[\s.-]*)\(?([2-9]\d{2})\)?[\s./-]*\d{3}[\s.-]*\d{4}(?:\.0+)?\"?(?:\s*(?:x|ext\.?|#|,)\s*\d{1,6})?"
    r"(?:\s*\([A-Za-z ]+\))?",
    re.IGNORECASE,
)
BARE = re.compile(r"\+?1?[2-9]\d{9}(?:\.0+)?")
ZIP = re.compile(r"\d{5}(?:\.0)?")
ZIP4 = re.compile(r"\d{5}-\d{4}|\d{5}-")
INTEGER = re.compile(r"-?\d+(?:\.0+)?")
DATE = re.compile(
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2}))(?:[ T]\d{1,2}:\d{2}\S*)?(?: ?[AP]M)?|"
    r"(?:\d{1,2} )?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d{1,2}(?:,? \d{4})?\b.*|"
    r"\d{1,2}:\d{2}(?::\d{2})?(?: ?[AP]M)?",
    re.IGNORECASE,
)
MONEY = re.compile(r"[-(]?\$?\s*-?\d{1,3}(?:,\d{3})+(?:\.\d+)?\)?|-?\$\s*-?[\d,]*\.?\d+|-?\d*\.\d+|-?[\d.,]+ ?%")
PO_BOX = re.compile(r"P\.?\s*O\.?\s*(?:BOX|DRAWER)\b|BOX \d|RR \d|HC \d|GENERAL DELIVERY", re.IGNORECASE)
HOUSE_FIRST = re.compile(r"(\d+[A-Za-z]?(?:[-/]\d+[A-Za-z]?)?|[NSEW]\d+[NSEW]?\d*)\s+(?=.*[A-Za-z])")
DURATION = re.compile(
    r"\d+\+? ?(?:years?|yrs?|months?|mos?|weeks?|days?|hours?|hrs?|minutes?|mins?)\b.*", re.IGNORECASE
)
UNIT = re.compile(
    r"(?:(?:apt|apartment|unit|ste|suite|lot|trlr|bldg|building|rm|room|fl|floor|spc|space|no|ph)(?![a-z])\.?\s*#?|#)"
    r"\s*[\w-]{0,6}",
    re.IGNORECASE,
)
STATE_END = re.compile(
    r"[\s,]([A-Za-z]{2}|" + "|".join(sorted(STATE_NAMES, key=len, reverse=True)) + r")[.,]?"
    r"(?:[\s,]+(\d{3,5}(?:-?\d{4})?))?(?:[,\s]+(?:USA?|United States))?$",
    re.IGNORECASE,
)
PARCEL = re.compile(r"(?=.*\d)[A-Za-z0-9][A-Za-z0-9 ./*-]{2,40}")
GROUPS = re.compile(r"(?!\d{3}-\d{2,3}-\d{4}$)[A-Z]?\d{1,5}[A-Z]?(?:[-. ]\d{1,5}[A-Z]?){2,6}")
BOOLS = frozenset("y n yes no true false t f x".split())
WORDS = re.compile(r"[^\W\d_]+(?:['’.-][^\W\d_]+)*")
WORDY = re.compile(r"[^\d@/\\:;_]+")


@dataclass(slots=True)
class Profile:
    """The shapes of a column's values: how many of `count` non-blank ones (of `rows`) have each."""

    rows: int
    count: int
    shapes: Counter[Shape]
    values: list[str] = field(repr=False)

    def share(self, *shapes: Shape) -> float:
        """The part of the non-blank values that have one of these shapes, from 0 to 1."""
        return sum(self.shapes[shape] for shape in shapes) / self.count if self.count else 0.0

    @property
    def fill(self) -> float:
        """The part of the rows that have a value."""
        return self.count / self.rows if self.rows else 0.0

    @property
    def distinct(self) -> int:
        """How many different values there are."""
        return len(set(self.values))

    @property
    def samples(self) -> list[str]:
        """The first three different values."""
        return list(dict.fromkeys(self.values))[:3]

    @property
    def phones(self) -> float:
        """The part of the values that can be phone numbers."""
        return self.share(Shape.PHONE, Shape.DIGITS10)

    @property
    def zips(self) -> float:
        """The part of the values that can be ZIP codes, with those that lost leading zeros."""
        return self.share(Shape.ZIP, Shape.ZIP4, Shape.SHORT_ZIP)

    @property
    def has_lost_zeros(self) -> bool:
        """True when ZIP codes of three or four digits are among the values."""
        return self.shapes[Shape.SHORT_ZIP] > 0

    @property
    def streets(self) -> float:
        """The part of the values that can be street addresses."""
        return self.share(Shape.STREET, Shape.ROAD)

    @property
    def words(self) -> float:
        """The part of the values that are words without digits: names of people, companies and cities."""
        return self.share(*WORDLIKE)

    def given_names(self) -> float:
        """The part of the values that start with a common given name."""
        if not self.count:
            return 0.0
        return sum(value.split()[0].lower().strip(",.") in GIVEN_NAMES for value in self.values) / self.count

    def lenders(self) -> float:
        """The part of the values that name a bank or another lender."""
        if not self.count:
            return 0.0
        return sum(not LENDER_WORDS.isdisjoint(_plain_words(value)) for value in self.values) / self.count

    def many_digits(self) -> float:
        """The part of the values with at least seven digits and little else, as foreign and invented phones have."""
        if not self.count:
            return 0.0
        many = sum(sum(char.isdecimal() for char in value) >= 7 and len(value) <= 40 for value in self.values)
        return max(0, many - self.shapes[Shape.DATE]) / self.count

    def parcels(self) -> float:
        """The part of the values that only parcels' numbers look like: three groups of digits and more."""
        if not self.count:
            return 0.0
        likely = [value for value in self.values if GROUPS.fullmatch(value) and shape_of(value) is Shape.PARCEL]
        return len(likely) / self.count

    def ending_in_states(self) -> float:
        """The part of the values that are words before the code of a state: "SAINT PAUL MN"."""
        if not self.count:
            return 0.0
        return sum(" " in value and value.split()[-1].upper() in STATE_CODES for value in self.values) / self.count

    def with_digits(self) -> float:
        """The part of the values that hold a digit."""
        if not self.count:
            return 0.0
        return sum(any(char.isdecimal() for char in value) for value in self.values) / self.count

    def zip_like_numbers(self) -> float:
        """The part of the values that are eight or nine digits: ZIP+4 written without its dash, zeros lost or not."""
        if not self.count:
            return 0.0
        return sum(value.isdecimal() and len(value) in {8, 9} for value in self.values) / self.count

    def short_numbers(self) -> float:
        """The part of the values that are numbers of at most six digits, as house numbers are."""
        if not self.count:
            return 0.0
        return sum(len(value) <= 7 and value[:1].isdecimal() for value in self.values) / self.count


def profile(values: Sequence[str]) -> Profile:
    """Look at the values of one column, blank ones included."""
    filled = [stripped for value in values if (stripped := value.strip()) and stripped not in BLANKS]
    shapes = Counter(shape_of(value) if len(value) <= LONGEST else Shape.TEXT for value in filled)
    return Profile(len(values), len(filled), shapes, filled)


LONGEST = 200  # letters of a value that can be a name, an address or a way to reach somebody
BLANKS = frozenset({"-", "--", "N/A", "n/a", "NULL", "null", "None", "NaN", "nan", "#N/A", "."})


@lru_cache(maxsize=50_000)
def shape_of(value: str) -> Shape:  # noqa: PLR0911 -- one line for each shape
    """What a stripped, non-blank value looks like."""
    if "@" in value and EMAIL.search(value):
        return Shape.EMAIL
    digits = sum(char.isdecimal() for char in value)
    if digits == 0:
        return _shape_without_digits(value)
    if LINKEDIN.search(value):
        return Shape.LINKEDIN
    if digits >= 7 and (shape := _phone_shape(value)):
        return shape
    if INTEGER.fullmatch(value):
        length = len(value.partition(".")[0].lstrip("-"))
        if length == 5 and value[0] != "-":
            return Shape.ZIP
        return Shape.SHORT_ZIP if 3 <= length <= 4 and value[0] != "-" else Shape.INTEGER
    if ZIP4.fullmatch(value):
        return Shape.ZIP4
    if DURATION.fullmatch(value) and STREET_WORDS.isdisjoint(value.lower().split()):
        return Shape.TEXT
    if DATE.fullmatch(value):
        return Shape.DATE
    if MONEY.fullmatch(value):
        return Shape.MONEY
    return _shape_of_mixed(value)


def _phone_shape(value: str) -> Shape | None:
    found = PHONE.match(value)
    if found and found[1] in AREA_CODES:
        if found.end() == len(value):
            return Shape.DIGITS10 if BARE.fullmatch(value) else Shape.PHONE
        rest = value[found.end() :].lstrip(" ,;/|&")
        if rest and rest[0] in "(+0123456789" and PHONE.match(rest):
            return Shape.PHONE  # several in one cell
    return None


def _shape_without_digits(value: str) -> Shape:  # noqa: PLR0911 -- one line for each shape
    lowered = value.lower()
    if lowered in BOOLS:
        return Shape.BOOL
    if value.upper() in STATE_CODES or lowered in STATE_NAMES:
        return Shape.STATE
    if LINKEDIN.search(value):
        return Shape.LINKEDIN
    if URL.fullmatch(value):
        return Shape.URL
    ended = STATE_END.search(value)
    if ended and _is_state(ended[1]) and ("," in value or value.isupper()) and len(value) > 6:
        before = value[: ended.start()]
        if "," in value[ended.start() - 1 : ended.start() + 1] and len(before.split()) <= 4:
            return Shape.CITY_STATE
    words = WORDS.findall(value)
    if not words or not WORDY.fullmatch(value) or len(value) > 90:
        return Shape.TEXT
    if len(words) > 1 and not COMPANY_WORDS.isdisjoint(_plain_words(value)) and _is_company(value):
        return Shape.COMPANY
    if PO_BOX.match(value):
        return Shape.STREET
    if len(words) > 1 and words[-1].lower() in STREET_WORDS and words[-1].lower() not in {"city", "st", "tr", "us"}:
        return Shape.ROAD
    if len(words) == 1:
        return Shape.WORD
    return Shape.PERSON if len(words) <= 9 else Shape.TEXT


def _shape_of_mixed(value: str) -> Shape:  # noqa: PLR0911 -- one line for each shape
    ended = STATE_END.search(value)
    if ended and _is_state(ended[1]) and (ended[2] or "," in value):
        before = value[: ended.start()].strip(" ,")
        if HOUSE_FIRST.match(before) or PO_BOX.match(before):
            return Shape.FULL_ADDRESS if len(before.split()) >= 3 else Shape.STREET
        if ended[2] and before and not any(char.isdecimal() for char in before):
            return Shape.CITY_STATE
        if ended[2] and before:
            return Shape.FULL_ADDRESS
    if PO_BOX.match(value):
        return Shape.STREET
    if UNIT.fullmatch(value):
        return Shape.UNIT
    house = HOUSE_FIRST.match(value)
    words = [word.lower() for word in WORDS.findall(value)]
    if len(words) > 1 and words[-1] in {"llc", "inc", "corp", "lp", "llp", "ltd", "trust"}:
        return Shape.COMPANY
    on_a_street = not STREET_WORDS.isdisjoint(words)
    if house and words and (on_a_street or len(words) >= 2 or len(words[0]) > 3) and len(value) <= 120:
        return Shape.STREET
    if URL.fullmatch(value):
        return Shape.URL
    if PARCEL.fullmatch(value) and sum(char.isdecimal() for char in value) >= 3 and not on_a_street:
        return Shape.PARCEL
    if on_a_street and len(value) <= 60 and len(words) <= 6:
        return Shape.ROAD
    if len(words) > 1 and _is_company(value):
        return Shape.COMPANY
    return Shape.TEXT


def _is_state(text: str) -> bool:
    return text.upper() in STATE_CODES or text.lower() in STATE_NAMES


def _plain_words(value: str) -> list[str]:
    return [word.lower().replace(".", "") for word in WORDS.findall(value)]


def _is_company(value: str) -> bool:
    words = _plain_words(value)
    return not COMPANY_WORDS.isdisjoint(words[1:]) or words[0] in {"bank", "city", "estate", "trust", "church"}
