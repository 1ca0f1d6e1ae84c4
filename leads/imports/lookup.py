"""By what people order and find contacts: words in lower case. They are stored: their values must not change."""

import re
from collections.abc import Iterable

LONGEST_KEY = 200

WORD = re.compile(r"[^\W_]+(?:['’&/#.-][^\W_]+)*|#[^\W_]+")
NOT_DIGITS = re.compile(r"\D")


def words_of(text: str | None) -> str:
    """Return a name or an address as it is looked up: lower case, its words with one space between them."""
    return " ".join(WORD.findall((text or "").lower()))[:LONGEST_KEY]


def name_key(
    *,
    first: str | None = None,
    middle: str | None = None,
    last: str | None = None,
    suffix: str | None = None,
    company: str | None = None,
) -> str | None:
    """Return by what a contact is ordered: last, first and middle name, or its company; None without any."""
    parts = (last, first, middle, suffix) if first or last else (company,)
    return " ".join(filter(None, map(words_of, parts)))[:LONGEST_KEY] or None


def find_keys(
    *,
    first: str | None = None,
    middle: str | None = None,
    last: str | None = None,
    company: str | None = None,
    address: str | None = None,
) -> list[str]:
    """Return by the beginnings of which a contact is found: its names in both orders, its company, its address."""
    keys: Iterable[str] = (
        " ".join(filter(None, map(words_of, (last, first)))),
        " ".join(filter(None, map(words_of, (first, last)))),
        " ".join(filter(None, map(words_of, (first, middle, last)))) if middle else "",
        words_of(company),
        words_of(address),
    )
    return list(dict.fromkeys(key[:LONGEST_KEY] for key in keys if key))


def digits_of(text: str) -> str:
    """Return the beginning of a phone number that somebody typed, without the country code; "" for another text."""
    if re.search(r"[^\d\s().+-]", text):
        return ""
    digits = NOT_DIGITS.sub("", text)
    return digits[1:] if len(digits) == 11 and digits.startswith("1") else digits
