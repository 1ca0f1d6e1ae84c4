"""Days and times as dialers write them: ISO, American, with names of months, with or without a time or an offset."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache

MONTHS = {
    name: number
    for number, names in enumerate(
        "jan january|feb february|mar march|apr april|may|jun june|jul july|aug august|sep sept september|oct october"
        "|nov november|dec december".split("|"),
        start=1,
    )
    for name in names.split()
}
_WEEKDAY = re.compile(r"^(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+", re.IGNORECASE)
_ISO = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})")
_AMERICAN = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?!\d)")
_NAMED = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})")
_NAMED_LAST = re.compile(r"(\d{1,2})[- ]([A-Za-z]{3,9})\.?[- ,]+(\d{4}|\d{2})(?!\d)")
_CLOCK = re.compile(
    r"(?:T|,|@|\bat\b|-)?\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([AaPp])?\.?(?:[Mm]\.?)?"
    r"\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?(?:\s*\(?[A-Za-z /_]{2,40}\)?)?"
)
_HOUR = re.compile(r"(\d{1,2})\s*([AaPp])\.?[Mm]\.?")
FIRST_YEAR, LAST_YEAR = 1990, 2100


@lru_cache(maxsize=4096)
def read_moment(text: str) -> datetime | date | None:
    """The day of a text, or its moment where it has a time as well; with an offset only when it says one."""
    text = _WEEKDAY.sub("", " ".join(text.split()))
    found = _day_of(text) if len(text) <= 60 else None
    if found is None:
        return None
    day, rest = found
    if not rest:
        return day
    clock = read_clock(rest)
    if clock is None:
        return None
    return datetime.combine(day, clock)


def read_clock(text: str) -> time | None:
    """The time of day of a text, with an offset only when it says one; None when it is none."""
    text = text.strip()
    found = _CLOCK.fullmatch(text)
    if found is None:
        short = _HOUR.fullmatch(text)
        return _time(int(short[1]), 0, 0, short[2], None) if short else None
    return _time(int(found[1]), int(found[2]), int(found[3] or 0), found[4], found[5])


def is_clock(text: str) -> bool:
    """Whether a text is a time of day alone."""
    return read_clock(text) is not None


def _time(hour: int, minute: int, second: int, half: str | None, offset: str | None) -> time | None:
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half in "pP" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    return time(hour, minute, second, tzinfo=_zone(offset))


def _zone(offset: str | None) -> timezone | None:
    if not offset:
        return None
    if offset in {"Z", "UTC", "GMT"}:
        return UTC
    hours, minutes = int(offset[1:3]), int(offset[-2:])
    if hours > 14 or minutes > 59:
        return None
    return timezone((1 if offset[0] == "+" else -1) * timedelta(hours=hours, minutes=minutes))


def _day_of(text: str) -> tuple[date, str] | None:
    """The day at the start of a text, and what follows it."""
    if found := _ISO.match(text):
        parts = int(found[1]), int(found[2]), int(found[3])
    elif found := _AMERICAN.match(text):
        month, day = int(found[1]), int(found[2])
        if month > 12 >= day:
            month, day = day, month
        parts = _year(found[3]), month, day
    elif (found := _NAMED.match(text)) and found[1].lower() in MONTHS:
        parts = int(found[3]), MONTHS[found[1].lower()], int(found[2])
    elif (found := _NAMED_LAST.match(text)) and found[2].lower() in MONTHS:
        parts = _year(found[3]), MONTHS[found[2].lower()], int(found[1])
    else:
        return None
    if not FIRST_YEAR <= parts[0] <= LAST_YEAR:
        return None
    try:
        return date(*parts), text[found.end() :].strip()
    except ValueError:
        return None


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)
