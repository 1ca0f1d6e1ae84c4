"""Free counts: cached, budgeted, and never precise enough in a small place to name anyone."""

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

from accounts.models import User
from atlas_site.vendors import batchdata
from atlas_site.vendors.errors import VendorError
from properties.search.query import SearchQuery
from properties.search.signals import SIGNALS

# Longer than the day that it counts, so that it cannot end between being made and being counted up.
BUDGET_KEPT_SECONDS = 2 * 24 * 3600

Counted = TypeVar("Counted", int, dict[str, int])
logger = logging.getLogger(__name__)


class CountUnavailable(Exception):
    """There is no count now: the vendor, or the cache with the budgets, does not answer, or refuses the search.

    Its text is a sentence for the page.
    """


class CountBudgetSpent(CountUnavailable):
    """The user has asked for all fresh counts of the day; cached ones still answer."""

    def __init__(self) -> None:
        super().__init__("You have used all free counts of today. Searches you have already counted still answer.")


@dataclass(frozen=True)
class Count:
    """How many properties match. `total` is None in a place so small that a figure could point at a person."""

    total: int | None

    @property
    def is_hidden(self) -> bool:
        return self.total is None

    def __str__(self) -> str:
        return f"fewer than {settings.SMALL_PLACE}" if self.total is None else f"{self.total:,}"


def count_matches(*, user: User, query: SearchQuery, now: datetime) -> Count:
    """Count what matches a search, without fetching or charging anything.

    A place that holds fewer than SMALL_PLACE properties answers further conditions with "fewer than 50" (the money
    rule). Raises CountUnavailable.
    """
    in_place = _count(user, query.place_criteria(), now)
    if not query.has_conditions:
        return Count(in_place)
    if in_place < settings.SMALL_PLACE:
        return Count(None)
    return Count(_count(user, query.criteria(), now))


def count_criteria(*, user: User, query: SearchQuery, extra: dict, now: datetime) -> Count:
    """Count a search narrowed by `extra` criteria, such as a window of dates. Raises as `count_matches` does."""
    if _count(user, query.place_criteria(), now) < settings.SMALL_PLACE:
        return Count(None)
    criteria = query.criteria()
    for group, fields in extra.items():
        criteria[group] = {**criteria.get(group, {}), **fields}
    return Count(_count(user, criteria, now))


def count_signals(*, user: User, query: SearchQuery, now: datetime) -> dict[str, int]:
    """Count each signal among the matches of a search, by slug; empty in a place that is too small.

    Raises as `count_matches` does.
    """
    if count_matches(user=user, query=query, now=now).is_hidden or count_place(user, query, now) < settings.SMALL_PLACE:
        return {}
    criteria = query.criteria()

    def ask() -> dict[str, int]:
        answer = batchdata.count_properties(criteria, quicklist_counts=True, user_id=user.pk, now=now)
        return dict(answer.quicklist_counts)

    counts = _cached(user, ["signals", criteria], ask, now)
    return {slug: counts[slug] for slug in SIGNALS if slug in counts}


def count_place(user: User, query: SearchQuery, now: datetime) -> int:
    """Count all properties of the search's place. Raises as `count_matches` does."""
    return _count(user, query.place_criteria(), now)


def _count(user: User, criteria: dict, now: datetime) -> int:
    def ask() -> int:
        return batchdata.count_properties(criteria, user_id=user.pk, now=now).total_count or 0

    return _cached(user, ["count", criteria], ask, now)


def _cached(user: User, question: list, ask: Callable[[], Counted], now: datetime) -> Counted:
    """Return the answer to a question of the last minutes, whoever asked it, or ask at the user's expense of budget."""
    text = json.dumps(question, sort_keys=True, default=str)
    key = f"count:{hashlib.sha256(text.encode()).hexdigest()}"
    try:
        known = cache.get(key)
        if known is None:
            _spend_fresh_count(user, now)
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


def _spend_fresh_count(user: User, now: datetime) -> None:
    key = f"fresh-counts:{user.pk}:{now:%Y-%m-%d}"
    cache.add(key, 0, BUDGET_KEPT_SECONDS)
    if cache.incr(key) > settings.FRESH_COUNTS_A_DAY:
        raise CountBudgetSpent
