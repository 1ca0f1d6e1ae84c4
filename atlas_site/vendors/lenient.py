"""Readers that take a value as the vendor sends it and never fail: what cannot be read is None, which means unknown.

Dates come as a day or as a date-time, numbers as numbers or text, one thing as itself or in a list, and any key may be
missing, null or of another type.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

# What fits into a 64-bit integer of the database, and more than any amount in dollars.
LARGEST_INTEGER = 2**63 - 1
_LARGEST_NUMBER = 10**15
_LONGEST_NUMBER = 40
_DEEPEST = 40
_LONGEST_WAIT_SECONDS = 3600.0
_TRUE_WORDS = frozenset({"true", "yes", "y", "t", "1"})
_FALSE_WORDS = frozenset({"false", "no", "n", "f", "0"})
_YEARS = range(1600, 2201)
_AS_IT_IS = frozenset({bool, int, type(None)})


def load_json(body: bytes) -> Any:
    """Read JSON into values that the database can store as they are. Raises ``ValueError`` when it is not JSON.

    Integers beyond 64 bits become floats, NaN and infinities become None, broken Unicode becomes a question mark, and
    what is nested more than forty levels deep is left out.
    """
    try:
        value = json.loads(body, parse_int=_whole_or_float, parse_constant=lambda _name: None)
        return _storable(value, _DEEPEST)
    except RecursionError as error:
        raise ValueError("The JSON is nested too deeply.") from error


def dig(value: Any, path: str) -> Any:
    """Follow a dotted path through nested objects; None where it ends early."""
    for key in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def group(value: Any, path: str) -> dict[str, Any]:
    """Return the object at a path, or an empty one."""
    found = dig(value, path)
    return found if isinstance(found, dict) else {}


def objects(value: Any, path: str) -> Iterator[dict[str, Any]]:
    """Walk the objects of the list at a path. A single object counts as a list of one; anything else is skipped."""
    found = dig(value, path)
    for item in found if isinstance(found, list) else [found]:
        if isinstance(item, dict) and item:
            yield item


def text(value: Any) -> str | None:
    """Return text without spaces around it; a number as its digits; None for anything else, or nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        return None
    return str(value).strip() or None


def texts(value: Any) -> tuple[str, ...]:
    """Return the texts of a list, of an object of yes/no flags (the names of those set), or of a single text."""
    if isinstance(value, dict):
        return tuple(str(name) for name, flag in value.items() if boolean(flag) is True)
    found = (text(item) for item in (value if isinstance(value, list) else [value]))
    return tuple(dict.fromkeys(item for item in found if item))


def number(value: Any) -> int | float | None:
    """Return a number, also from text such as "$1,250.50" or "6.25%"; whole ones as int; None for nonsense."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, str):
        plain = value.strip().replace(",", "").removeprefix("$").removesuffix("%").strip()
        if len(plain) > _LONGEST_NUMBER or "_" in plain:
            return None
        try:
            value = float(plain)
        except ValueError:
            return None
    # Comparing comes first: an integer beyond the floats cannot be asked whether it is finite, and NaN is never <=.
    if not abs(value) <= _LARGEST_NUMBER:
        return None
    return int(value) if value == int(value) else value


def whole(value: Any) -> int | None:
    """Return a number rounded to a whole one, or None."""
    found = number(value)
    return None if found is None else round(found)


def boolean(value: Any) -> bool | None:
    """Return yes or no in any of the vendor's spellings. None, which is unknown, is never read as no."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value in (0, 1):
        return value == 1
    word = value.strip().lower() if isinstance(value, str) else ""
    if word in _TRUE_WORDS:
        return True
    return False if word in _FALSE_WORDS else None


def day(value: Any) -> date | None:
    """Return the day of an ISO date or date-time, whatever follows the day, or None."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        return None
    start = value.strip()[:10]
    try:
        found = date.fromisoformat(start) if len(start) == 10 else None
    except ValueError:
        return None
    return found if found and found.year in _YEARS else None


def year(value: Any) -> int | None:
    """Return a year of four digits that can be one, or None."""
    found = number(value)
    return found if isinstance(found, int) and found in _YEARS else None


def seconds_to_wait(value: str | None) -> float | None:
    """Return the seconds of a Retry-After header, given as a number or as a date; at most an hour, None if unclear."""
    if not value:
        return None
    seconds = number(value)
    if seconds is None:
        try:
            until = parsedate_to_datetime(value)
        except ValueError:
            return None
        seconds = (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(float(seconds), 0.0), _LONGEST_WAIT_SECONDS)


def _whole_or_float(digits: str) -> int | float | None:
    """Read an integer of JSON that may be longer than the database, or Python, takes."""
    if len(digits) < 19 or (len(digits) <= 20 and abs(int(digits)) <= LARGEST_INTEGER):
        return int(digits)
    found = float(digits)
    return found if math.isfinite(found) else None


def _storable(value: Any, depth: int) -> Any:
    """Copy a value of JSON, changing only what a document of the database cannot hold."""
    kind = value.__class__
    if kind is str:
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if kind is float:
        return value if math.isfinite(value) else None
    if kind is not dict and kind is not list:
        return value
    if depth == 0:
        return None
    depth -= 1
    # An answer has ten thousand values: those that are as they should be cost no call each.
    if kind is list:
        return [item if item.__class__ in _AS_IT_IS else _storable(item, depth) for item in value]
    return {
        _storable_key(key): item
        if item.__class__ in _AS_IT_IS or (item.__class__ is str and item.isascii())
        else _storable(item, depth)
        for key, item in value.items()
    }


@lru_cache(maxsize=4096)
def _storable_key(key: str) -> str:
    return str(_storable(key, 1)).replace("\0", "")
