"""Phone numbers of a cell, as ten digits.

`phonenumbers` reads what people write; numbers of the plain shapes are read by one expression, which answers only
where the library would answer the same.
"""

import re

import phonenumbers

from leads.imports.values.placeholders import clean

PLAIN = re.compile(
    r"(?:\+?1[ .-]?)?(?:\(([2-9]\d\d)\) ?|([2-9]\d\d)[ .-]?)([2-9]\d\d)[ .-]?(\d{4})(?:(?: ?x| ext\.? ?| x ?)\d{1,5})?",
    re.IGNORECASE | re.ASCII,
)
DIGITS = re.compile(r"1?([2-9]\d\d[2-9]\d{6})", re.ASCII)
A_NUMBER = re.compile(r"\d{10,11}\.0+|\d(?:\.\d+)?[eE]\+?\d{1,2}", re.ASCII)
BETWEEN_NUMBERS = re.compile(r"[,;|/\n]|\s(?:and|or|&)\s", re.IGNORECASE)
CALLING_CODE = 1
TEXT_MAX_LENGTH = 500
"""A longer text is a remark, of which the beginning is searched."""


def read_phone(text: str) -> str | None:
    """Return the first phone number of a cell as ten digits, or None if it holds none. See `read_phones`."""
    phones = read_phones(text)
    return phones[0] if phones else None


def read_phones(text: str) -> tuple[str, ...]:
    """Return the phone numbers of a cell as ten digits each, in their order, without repetitions.

    Numbers of the North American plan count: area code and exchange begin with 2 to 9. Extensions and the calling
    code +1 are left off; "6145550194.0" and "6.145550194E9" are what a spreadsheet made of a number. Seven digits, one
    digit ten times and numbers of other countries are none.
    """
    digits = DIGITS.fullmatch(text)
    if digits:
        return known(digits[1])
    return read_any_phones(text)


def read_any_phones(text: str) -> tuple[str, ...]:
    """`read_phones` for a text of any shape."""
    fast = read_phones_fast(text)
    return read_phones_by_library(text) if fast is None else fast


def read_phones_fast(text: str) -> tuple[str, ...] | None:
    """Return what `read_phones_by_library` returns for a number of a plain shape, or None where that is not sure."""
    plain = PLAIN.fullmatch(text)
    if plain is None:
        return None
    return known(f"{plain[1] or plain[2]}{plain[3]}{plain[4]}")


def read_phones_by_library(text: str) -> tuple[str, ...]:
    """Return the phone numbers that `phonenumbers` finds in a text, cut where several may stand in one cell."""
    text = clean(text[:TEXT_MAX_LENGTH])
    if A_NUMBER.fullmatch(text):
        text = whole_number(text)
    found: dict[str, None] = {}
    for part in BETWEEN_NUMBERS.split(text):
        for number in numbers_of(part):
            digits = str(number.national_number)
            if number.country_code == CALLING_CODE and DIGITS.fullmatch(digits):
                found.update(dict.fromkeys(known(digits[-10:])))
    return tuple(found)


def numbers_of(text: str) -> list[phonenumbers.PhoneNumber]:
    """Return what the library reads in a text: the one number that it is, else all numbers that it holds."""
    if sum(character.isdigit() for character in text) < 10:
        return one_number(text) if any(letter.isalpha() for letter in text) else []
    matches = phonenumbers.PhoneNumberMatcher(text, "US", leniency=phonenumbers.Leniency.POSSIBLE)
    return [match.number for match in matches] or one_number(text)


def one_number(text: str) -> list[phonenumbers.PhoneNumber]:
    """Return the number that a whole text is ("1-800-FLOWERS"), or nothing."""
    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException:
        return []
    return [number] if phonenumbers.is_possible_number(number) else []


def whole_number(text: str) -> str:
    """Return a number that a spreadsheet wrote ("6145550194.0", "6.145550194E9") in digits alone, "" if broken."""
    value = float(text)
    return str(int(value)) if value < 1e15 and value == int(value) else ""


def known(digits: str) -> tuple[str, ...]:
    """Return ten digits as the one phone number of a cell, or nothing if they are one digit repeated."""
    return () if digits == digits[0] * 10 else (digits,)
