"""Billing periods by the calendar: a term that began on the 31st renews on the last day of shorter months."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta

DAY_SECONDS = 86_400


def day_of_month(moment: int) -> int:
    """Return the UTC day of the month of a unix time."""
    return datetime.fromtimestamp(moment, UTC).day


def end_of_term(start: int, period: int, unit: str, *, anchor_day: int) -> int:
    """Return when a term that starts at this unix time ends.

    ``unit`` is day, week, month or year. Months and years end on ``anchor_day`` at the same time of day, or on the
    last day of a month that is too short for it.
    """
    begin = datetime.fromtimestamp(start, UTC)
    if unit in ("day", "week"):
        return int((begin + timedelta(days=period * (7 if unit == "week" else 1))).timestamp())
    months = begin.year * 12 + begin.month - 1 + period * (12 if unit == "year" else 1)
    year, month = months // 12, months % 12 + 1
    day = min(anchor_day, monthrange(year, month)[1])
    return int(begin.replace(year=year, month=month, day=day).timestamp())


def share(amount: int, part: int, whole: int) -> int:
    """Return the part of an amount of cents that belongs to a part of a period, rounded half up."""
    return (2 * amount * part + whole) // (2 * whole) if whole else 0
