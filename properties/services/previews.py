"""What the search page says before anything is bought: count, about how many are owned, signals, and the price."""

import logging
from dataclasses import dataclass, field
from datetime import datetime

from accounts.models import User
from atlas_site.vendors.errors import VendorError
from credits import selectors as credit_selectors
from credits.models import CreditType
from properties.search.query import SearchQuery
from properties.selectors.owned import CappedCount, count_capped, owned_matches
from properties.services.counting import Count, CountBudgetSpent, count_matches, count_signals

logger = logging.getLogger(__name__)

CHOICES = (10, 25, 50, 100)


@dataclass(frozen=True)
class Choice:
    """A number of properties to reveal, with what it costs at most."""

    count: int
    cost: int


@dataclass(frozen=True)
class Preview:
    """The free answer to a search; `problem` says in a sentence why there is no count."""

    count: Count | None
    owned: CappedCount
    choices: list[Choice] = field(default_factory=list)
    problem: str = ""

    @property
    def is_empty(self) -> bool:
        return self.count is not None and self.count.total == 0


def preview_search(*, user: User, query: SearchQuery, now: datetime) -> Preview:
    """Count a search and price its next matches, free of charge; without the vendor there is a page and no count."""
    owned = count_capped(owned_matches(user, query))
    try:
        count = count_matches(user=user, query=query, now=now)
    except CountBudgetSpent:
        problem = "You have used all free counts of today. Searches you have already counted still answer."
        return Preview(count=None, owned=owned, problem=problem)
    except VendorError as error:
        logger.warning("Count failed: %s", type(error).__name__)
        problem = "The data vendor does not answer at the moment, so there is no count. Nothing was charged."
        return Preview(count=None, owned=owned, problem=problem)
    return Preview(count=count, owned=owned, choices=_choices(user, count, owned))


def _choices(user: User, count: Count, owned: CappedCount) -> list[Choice]:
    left = CHOICES[-1] if count.total is None else max(0, count.total - owned.number)
    numbers = [number for number in CHOICES if number <= left]
    if 0 < left < CHOICES[-1] and left not in numbers:
        numbers.append(left)
    return [
        Choice(number, credit_selectors.price_units(user_id=user.pk, units={CreditType.SEARCH: number}))
        for number in numbers
    ]


@dataclass(frozen=True)
class MarketSignals:
    """How many properties of a market carry each signal."""

    total: Count | None
    signals: dict[str, int]
    problem: str = ""


def preview_market(*, user: User, query: SearchQuery, now: datetime) -> MarketSignals:
    """Count a market and its signals, free of charge."""
    preview = preview_search(user=user, query=query, now=now)
    if preview.count is None:
        return MarketSignals(total=None, signals={}, problem=preview.problem)
    try:
        signals = count_signals(user=user, query=query, now=now)
    except (CountBudgetSpent, VendorError):
        return MarketSignals(total=preview.count, signals={}, problem="The signals cannot be counted at the moment.")
    return MarketSignals(total=preview.count, signals=signals)
