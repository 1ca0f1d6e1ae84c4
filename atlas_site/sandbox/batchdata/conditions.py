"""One filter of the vendor's four kinds as an SQL condition, or as a test of the values in a record.

An unknown value never matches, and an operator or value of the wrong kind is ignored, as the vendor does.
"""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from atlas_site.sandbox.batchdata.fields import BOOL, DATE, NUMBER, STRING, Field
from atlas_site.sandbox.market.columns import day_of


class Parameters:
    """The values of an SQL query under names of their own."""

    def __init__(self, today: int) -> None:
        self.today = today
        self.values: dict[str, Any] = {"today": today}

    def add(self, value: Any) -> str:
        """Keep a value and return its placeholder."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f":{name}"


def sql_conditions(field: Field, wanted: Any, parameters: Parameters) -> list[str]:
    """Return the conditions, to be joined by AND, that a filter puts on a field with an SQL expression."""
    return [
        _sql_of(field.sql, name, value, parameters) for name, value in operations(field.kind, wanted, parameters.today)
    ]


def matches(values: list[Any], field: Field, wanted: Any, today: int) -> bool:
    """Tell whether the values that a record holds for a field satisfy a filter: one of several is enough, and for
    ``notInList`` there must be a value and none may be on the list."""
    wished = list(operations(field.kind, wanted, today))
    known = [value for value in values if value is not None]
    if field.kind == DATE:
        known = [day for day in map(day_of, known) if day is not None]
    forbidden = {item.lower() for name, items in wished if name == "notInList" for item in items}
    if forbidden & {str(value).lower() for value in known}:
        return False
    return not wished or any(all(_holds(value, name, item) for name, item in wished) for value in known)


def operations(kind: str, wanted: Any, today: int) -> Iterator[tuple[str, Any]]:
    """Yield the operators of a filter that its kind knows, with values ready to compare."""
    if not isinstance(wanted, dict):
        return
    if kind == STRING:
        yield from _string_operations(wanted)
    elif kind == NUMBER:
        for name in ("min", "max"):
            if isinstance(wanted.get(name), int | float) and not isinstance(wanted[name], bool):
                yield name, wanted[name]
    elif kind == DATE:
        for key, name in (("minDate", "min"), ("maxDate", "max")):
            day = day_of(wanted.get(key))
            if day is not None:
                yield name, day
        months = wanted.get("withinLastMonths")
        if isinstance(months, int) and not isinstance(months, bool) and months > 0:
            yield "min", months_before(today, months)
            yield "max", today
    elif kind == BOOL and isinstance(wanted.get("equals"), bool):
        yield "is", wanted["equals"]


def _string_operations(wanted: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in ("equals", "contains", "startsWith", "endsWith"):
        value = wanted.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool):
            yield name, str(value)
    for name in ("matches", "inList", "notInList"):
        if isinstance(wanted.get(name), list):
            yield name, [str(value) for value in wanted[name] if isinstance(value, str | int)]


def months_before(day: int, months: int) -> int:
    """Return the ordinal of the same day of the month so many months earlier (the 28th for later days)."""
    then = date.fromordinal(day)
    count = then.year * 12 + then.month - 1 - months
    return date(count // 12, count % 12 + 1, min(then.day, 28)).toordinal()


def _sql_of(column: str, name: str, value: Any, parameters: Parameters) -> str:
    add = parameters.add
    if name in LIKE_PATTERNS:
        return f"{column} LIKE {add(_like(name, value))} ESCAPE '\\'"
    if name == "matches":
        likes = [f"{column} LIKE {add(_like('contains', part))} ESCAPE '\\'" for part in value]
        return f"({' OR '.join(likes)})" if likes else "0"
    if name in ("inList", "notInList"):
        negation = "NOT " if name == "notInList" else ""
        # One parameter for the whole list, as SQLite limits their number.
        items = f"SELECT value FROM json_each({add(json.dumps(value))})"  # noqa: S608 -- a placeholder
        return f"{column} IS NOT NULL AND {column} COLLATE NOCASE {negation}IN ({items})"
    sign = {"equals": "=", "is": "=", "min": ">=", "max": "<="}[name]
    collation = " COLLATE NOCASE" if name == "equals" else ""
    return f"{column} {sign} {add(int(value) if name == 'is' else value)}{collation}"


LIKE_PATTERNS = {"contains": "%{}%", "startsWith": "{}%", "endsWith": "%{}"}


def _like(name: str, text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return LIKE_PATTERNS[name].format(escaped)


def _holds(value: Any, name: str, wanted: Any) -> bool:
    if name in ("min", "max"):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and (value >= wanted if name == "min" else value <= wanted)
    if name == "is":
        return value is wanted
    text = str(value).lower()
    if name in ("inList", "notInList"):
        return (text in {item.lower() for item in wanted}) is (name == "inList")
    if name == "matches":
        return any(item.lower() in text for item in wanted)
    tests = {"equals": str.__eq__, "contains": str.__contains__, "startsWith": str.startswith, "endsWith": str.endswith}
    return tests[name](text, wanted.lower())
