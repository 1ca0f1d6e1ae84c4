"""What time it is where somebody lives, as far as their address tells, and whether it is a time to call. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import zipcodes
from phonenumbers import parse
from phonenumbers import timezone as number_zones
from phonenumbers.phonenumberutil import NumberParseException

from atlas_site.lib.places import STATE_NAMES

EARLIEST, LATEST = time(8), time(21)
"""Between these hours of their own time people may be called."""

UNKNOWN_ZONE = "Etc/Unknown"


class HasAddress(Protocol):
    """What of a contact is needed here."""

    zip: Any
    state: Any
    mailing_zip: Any
    mailing_state: Any
    phone: Any


@dataclass(frozen=True)
class Hours:
    """The time zones in which somebody may live, the westernmost first, and what they were told from."""

    zones: tuple[str, ...]
    told_by: str
    """"mailing ZIP", "property ZIP", "mailing state", "property state", "area code", or "" when nothing tells."""

    def is_split(self, now: datetime) -> bool:
        """Whether more than one time is possible: then it is a time to call when it is one in all of them."""
        return len(self.times(now)) > 1

    def times(self, now: datetime) -> list[datetime]:
        """The local times, one a zone, without repeating equal ones."""
        found = {moment.utcoffset(): moment for moment in (now.astimezone(ZoneInfo(zone)) for zone in self.zones)}
        return [found[offset] for offset in sorted(found, key=lambda offset: offset or timedelta())]

    def may_call(self, now: datetime) -> bool | None:
        """Whether it is between 8 am and 9 pm wherever they may live; None when nothing tells where that is."""
        moments = self.times(now)
        return all(EARLIEST <= moment.time() < LATEST for moment in moments) if moments else None


def hours_of(contact: HasAddress) -> Hours:
    """Where somebody is to be called: by their mailing address, where they live, else by that of the property.

    A ZIP code tells one zone. A state may tell several, as an area code may: then all of them count.
    """
    for told_by, code in (("mailing ZIP", contact.mailing_zip), ("property ZIP", contact.zip)):
        zone = zone_of_zip(code)
        if zone:
            return Hours((zone,), told_by)
        state = contact.mailing_state if told_by.startswith("mailing") else contact.state
        zones = zones_of_state(state)
        if zones:
            return Hours(zones, told_by.replace("ZIP", "state"))
    zones = zones_of_number(contact.phone)
    return Hours(zones, "area code" if zones else "")


def zone_of_zip(code: str | None) -> str:
    """The time zone of a ZIP code, "" for one that is not known."""
    digits = (code or "")[:5]
    return _zones_of_zips().get(digits, "")


def zones_of_state(state: str | None) -> tuple[str, ...]:
    """The time zones of a state by its two letters or its name, the westernmost first."""
    text = (state or "").strip()
    return _zones_of_states().get(text.upper()) or _zones_of_states().get(_codes_of_names().get(text.lower(), ""), ())


def zones_of_number(number: str | None) -> tuple[str, ...]:
    """The time zones of a number's area code."""
    if not number:
        return ()
    try:
        zones = number_zones.time_zones_for_number(parse(number, "US"))
    except NumberParseException:
        return ()
    return _in_order(zone for zone in zones if zone != UNKNOWN_ZONE) if len(zones) <= 6 else ()


def today_of(user: Any, now: datetime) -> date:
    """Which day it is for a user, by the time zone that he chose."""
    return now.astimezone(ZoneInfo(user.time_zone) if _is_zone(user.time_zone or "") else UTC).date()


@lru_cache(maxsize=1)
def _zones_of_zips() -> dict[str, str]:
    return {row["zip_code"]: row["timezone"] for row in zipcodes.list_all() if _is_zone(row["timezone"])}


@lru_cache(maxsize=1)
def _zones_of_states() -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for row in zipcodes.list_all():
        if row["active"] and _is_zone(row["timezone"]):
            found.setdefault(row["state"], set()).add(row["timezone"])
    return {state: _in_order(zones) for state, zones in found.items()}


@lru_cache(maxsize=1)
def _codes_of_names() -> dict[str, str]:
    return {name.lower(): code for code, name in STATE_NAMES.items()}


@lru_cache(maxsize=64)
def _is_zone(name: str) -> bool:
    """Whether there is such a time zone: the package has one row with a place in the stead of it."""
    try:
        return bool(name) and ZoneInfo(name) is not None
    except (ZoneInfoNotFoundError, ValueError):
        return False


def _in_order(zones: Iterable[str]) -> tuple[str, ...]:
    moment = datetime(2026, 1, 15, 12)
    return tuple(sorted(set(zones), key=lambda zone: (ZoneInfo(zone).utcoffset(moment), zone)))
