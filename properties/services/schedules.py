"""When saved searches run by themselves: in the morning of the user's own time zone, also when clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from accounts.middleware import zone_of
from accounts.models import User
from properties.models import SavedSearch

# Runs come before the mail that tells of them, so that it tells of all of them.
RUNS_AT = time(5)
DIGEST_AT = time(7)
MONDAY = 0
Cadence = SavedSearch.Cadence


def next_slot(*, user: User, cadence: str, after: datetime) -> datetime | None:
    """The first morning after a moment at which a search of this cadence runs; None when it only runs by hand.

    Weekly ones run on Mondays. A user without a time zone lives in UTC.
    """
    if cadence == Cadence.OFF:
        return None
    day = local_day(user=user, at=after)
    while True:
        slot = at_local_time(user=user, day=day, at=RUNS_AT)
        if slot > after and (cadence == Cadence.DAILY or day.weekday() == MONDAY):
            return slot
        day += timedelta(days=1)


def local_day(*, user: User, at: datetime) -> date:
    """The day that a moment has where the user lives."""
    return at.astimezone(_zone(user)).date()


def at_local_time(*, user: User, day: date, at: time) -> datetime:
    """The moment of a time of day where the user lives, in UTC. A time that clocks skip is the one just after it."""
    return datetime.combine(day, at, tzinfo=_zone(user)).astimezone(UTC)


def _zone(user: User) -> ZoneInfo:
    return zone_of(user) or ZoneInfo("UTC")
