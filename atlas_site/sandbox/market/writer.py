"""What all groups of a record share while they are written: chance, dates, and missing values."""

from datetime import date
from random import Random
from typing import Any

from atlas_site.sandbox.market.facts import Facts

Group = dict[str, Any]

STREAMS_FROM = 1 << 96
"""Where the numbers of the groups' streams begin, far from those that the facts are drawn with."""


class Writer:
    """The facts of one property with the tools to write one group of its record the vendor's way.

    ``today`` is the ordinal of the sandbox's day. Each group draws its details from a stream of its own, so that a
    group is the same whichever others are written. Unknown values are left out, or null in one group of ten.
    """

    def __init__(self, facts: Facts, today: int, stream: int) -> None:
        self.facts = facts
        self.today = today
        self.rnd = Random(STREAMS_FROM * (1 + stream) + (facts["seed"] << 32) + facts["i"]).random  # noqa: S311
        self.keeps_nulls = self.rnd() < 0.1

    def known(self, group: Group) -> Group:
        """Return the group without its unknown values, which the vendor usually leaves out and sometimes nulls."""
        if self.keeps_nulls:
            return group
        return {key: value for key, value in group.items() if value is not None}

    def empty(self, blank: Group) -> Group | None:
        """Return what stands for "nothing to tell": no group at all, ``{}``, or keys without a value."""
        share = self.rnd()
        if share < 0.4:
            return None
        return {} if share < 0.7 else blank

    def happened(self, day: int | None) -> bool:
        """Tell whether an event has come to light by the sandbox's day."""
        return day is not None and day <= self.today


def iso(day: int | None) -> str | None:
    """Return a day as ``YYYY-MM-DD``."""
    return None if day is None else date.fromordinal(day).isoformat()


def iso_time(day: int | None) -> str | None:
    """Return a day in the vendor's other form, ``YYYY-MM-DDT00:00:00.000Z``; both forms meet in one record."""
    return None if day is None else f"{date.fromordinal(day).isoformat()}T00:00:00.000Z"


def as_bool(value: int | None) -> bool | None:
    """Return a stored 0 or 1 as a boolean, and unknown as unknown."""
    return None if value is None else bool(value)
