"""Budgets of free questions to the vendor: each user has so many a day, and the answers serve everybody for a while."""

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

from accounts.models import User
from atlas_site.vendors import batchdata
from atlas_site.vendors.errors import VendorError

# Longer than the day that it counts, so that it cannot end between being made and being counted up.
BUDGET_KEPT_SECONDS = 2 * 24 * 3600
# All fresh counts, and those that look closely at few properties.
FRESH, NARROW = "fresh-counts", "narrow-counts"

# Whose budgets pay for fresh counts: "" for the user at a page, SCHEDULE for their searches that run by themselves,
# QUOTES for the one look that an offer takes.
SCHEDULE, QUOTES = "scheduled-", "quotes-"
_payer: ContextVar[str] = ContextVar("payer", default="")

Counted = TypeVar("Counted")
logger = logging.getLogger(__name__)


class CountUnavailable(Exception):
    """There is no count now: the vendor, or the cache with the budgets, does not answer, or refuses the search.

    Its text is a sentence for the page.
    """


class CountBudgetSpent(CountUnavailable):
    """The user has asked for all fresh counts of the day; cached ones still answer."""

    def __init__(self) -> None:
        super().__init__("You have used all free counts of today. Searches you have already counted still answer.")


class NarrowBudgetSpent(CountBudgetSpent):
    """The user has asked for all fresh counts of the day that look closely at few properties."""

    def __init__(self) -> None:
        CountUnavailable.__init__(
            self,
            "You have used today's free counts of several conditions in places this small. A larger place, or one "
            "condition at a time, is still counted, and revealing needs no count.",
        )


@dataclass(frozen=True)
class CountsLeft:
    """How many free counts a user has left on this day: of all, and of those that look closely at few properties."""

    counts: int
    narrow: int
    # When all of them come back.
    renewed_at: datetime

    @property
    def words(self) -> list[str]:
        """What there is to say of it, in sentences: nothing as long as a quarter of both is left."""
        budgets = (
            (self.counts, settings.FRESH_COUNTS_A_DAY, "free counts"),
            (self.narrow, settings.NARROW_COUNTS_A_DAY, "free counts of several conditions in small places"),
        )
        return [
            f"{left:,} of today's {limit:,} {noun} left." if left else f"Today's {limit:,} {noun} are used up."
            for left, limit, noun in budgets
            if 4 * left < limit
        ]


def counts_left(*, user: User, now: datetime) -> CountsLeft | None:
    """What is left of the user's budgets of the day, which ends at midnight UTC; None when that is not known now."""
    tomorrow = now.astimezone(UTC).date() + timedelta(days=1)
    try:
        return CountsLeft(
            counts=max(0, budget_left(user, FRESH, settings.FRESH_COUNTS_A_DAY, now)),
            narrow=max(0, budget_left(user, NARROW, settings.NARROW_COUNTS_A_DAY, now)),
            renewed_at=datetime.combine(tomorrow, time(0), tzinfo=UTC),
        )
    except CountUnavailable:
        return None


def budgets_of_schedule() -> AbstractContextManager[None]:
    """Let the fresh counts of this block be paid for by budgets of scheduled runs, which are as large as the user's
    own and apart from them: nobody finds the counts of the day used up by their own saved searches.
    """
    return _paid_by(SCHEDULE)


def budgets_of_quotes() -> AbstractContextManager[None]:
    """Let the fresh counts of this block be paid for by budgets of quotes, which are as large as the user's own and
    apart from them: whoever has used up the counts of the day may still buy.
    """
    return _paid_by(QUOTES)


@contextmanager
def _paid_by(payer: str) -> Iterator[None]:
    token = _payer.set(payer)
    try:
        yield
    finally:
        _payer.reset(token)


def ask_once(
    user: User, question: list, ask: Callable[[], Counted], now: datetime, *, is_narrow: bool = False
) -> Counted:
    """Answer a free question of the vendor from the last minutes' answers, whoever asked, or at the user's budget.

    `question` is what tells it from all others, as JSON; `is_narrow` looks closely at few properties, which has a
    budget of its own. Raises CountUnavailable.
    """
    key = f"count:{hashlib.sha256(as_text(question).encode()).hexdigest()}"
    try:
        known = cache.get(key)
        if known is None:
            if is_narrow and not _spend(user, NARROW, settings.NARROW_COUNTS_A_DAY, now):
                raise NarrowBudgetSpent
            if not _spend(user, FRESH, settings.FRESH_COUNTS_A_DAY, now):
                raise CountBudgetSpent
            known = ask()
            cache.set(key, known, settings.COUNT_CACHE_SECONDS)
    except RedisError as error:  # without the budgets nothing is asked, since the vendor may bill it
        logger.warning("No cache for counts: %s", type(error).__name__)
        raise CountUnavailable("Atlas cannot count at the moment. Nothing was charged.") from error
    except VendorError as error:
        logger.warning("Count failed: %s", type(error).__name__)
        sentence = "The data vendor does not answer at the moment, so there is no count. Nothing was charged."
        raise CountUnavailable(sentence) from error
    except batchdata.CriteriaRefused as error:
        sentence = "This combination cannot be asked for. Take a condition away; nothing was charged."
        raise CountUnavailable(sentence) from error
    return known


def budget_left(user: User, budget: str, limit: int, now: datetime) -> int:
    """How much is left of a budget of the day. Raises CountUnavailable."""
    try:
        return limit - int(cache.get(_budget_key(user, budget, now), 0))
    except RedisError as error:
        logger.warning("No cache for counts: %s", type(error).__name__)
        raise CountUnavailable("Atlas cannot count at the moment. Nothing was charged.") from error


def _budget_key(user: User, budget: str, now: datetime) -> str:
    return f"{_payer.get()}{budget}:{user.pk}:{now:%Y-%m-%d}"


def _spend(user: User, budget: str, limit: int, now: datetime) -> bool:
    """Take one from a budget of the day; False when there is none left."""
    key = _budget_key(user, budget, now)
    cache.add(key, 0, BUDGET_KEPT_SECONDS)
    return cache.incr(key) <= limit


def as_text(value: Any) -> str:
    """A question as one text, whatever the order of its keys."""
    return json.dumps(value, sort_keys=True, default=str)
