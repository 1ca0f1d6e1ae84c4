"""Numbers of a sheet as the person who typed them sees them: days, percentages, and codes with leading zeros."""

import re
from datetime import datetime, time
from decimal import Decimal

from openpyxl.styles.numbers import is_date_format
from openpyxl.utils.datetime import from_excel

DAY = "day"
PERCENT = "%"
PADDED = re.compile(r"0[0-]+0")
DIGITS = re.compile(r"-?\d+")
NOT_SHOWN = re.compile(r'\\|"|\[[^\]]*\]')

EXACT_BELOW = 10**15
"""What a number of a sheet holds exactly: fifteen digits."""


def format_kind(code: str) -> str:
    """What a number format shows: `DAY`, `PERCENT`, a pattern of zeros ("00000"), or "" for the number itself."""
    if is_date_format(code):
        return DAY
    shown = NOT_SHOWN.sub("", code.split(";", maxsplit=1)[0]).strip()
    if shown.endswith(PERCENT):
        return PERCENT
    return shown if PADDED.fullmatch(shown) else ""


def number_text(value: str, kind: str, epoch: datetime) -> str:
    """The text of a number that is stored as `value`: days in ISO 8601, whole numbers without a point.

    :param kind: of its format, as `format_kind` tells it
    :param epoch: the day from which the workbook counts days
    """
    if not kind and DIGITS.fullmatch(value):
        return value
    try:
        number = float(value)
    except ValueError:
        return value
    if kind == DAY:
        return _moment_text(number, epoch) or _plain(number)
    if kind == PERCENT:
        return _plain(number * 100) + PERCENT
    if kind and number >= 0 and number.is_integer():
        return _padded(str(int(number)), kind)
    return _plain(number)


def _plain(number: float) -> str:
    """A number without an exponent, to the fifteen digits that a sheet shows."""
    if number.is_integer() and abs(number) < EXACT_BELOW:
        return str(int(number))
    text = format(number, ".15g")
    return format(Decimal(text), "f") if "e" in text else text


def _padded(digits: str, pattern: str) -> str:
    zeros = pattern.count("0")
    if len(digits) > zeros:
        return digits
    left = iter(digits.zfill(zeros))
    return "".join(next(left) if sign == "0" else sign for sign in pattern)


def _moment_text(number: float, epoch: datetime) -> str:
    """A day, a time of day, or both; empty when the calendar has no such day."""
    try:
        moment = from_excel(number, epoch)
    except (OverflowError, ValueError):
        return ""
    if isinstance(moment, datetime):
        if moment.time() == time():
            return moment.date().isoformat()
        return moment.isoformat(" ", "seconds" if moment.second else "minutes")
    return moment.isoformat("minutes") if isinstance(moment, time) else ""
