"""Free counts: cached for everybody, budgeted for each user, and never an oracle for what is sold.

**What the rule protects.** A count tells how many properties match, and whoever may ask often enough can turn "how
many" into "what about this one": single a house out by what anybody can look up of it (its street, its parcel number,
its exact living area, a shape drawn around it), and ask in addition for what only a purchase tells (its equity, its
signals). So a search is split into its *base*, which is the place, the drawn shape and the conditions on facts of
BASIC, which are public knowledge, and its *locked* conditions, which are all others and every signal:

* Nothing besides the place, or a single signal or a single window of dates in it, is counted exactly. It tells about a
  place, never about a house.
* A base of fewer than SMALL_PLACE properties answers every locked condition with "fewer than 50" (the money rule), and
  no reveal of it is offered: one that finds nothing costs nothing, and would tell as much (`singles_out`).
* The base is not all that singles a house out: the county publishes some of what is sold here (the day on which a loan
  was recorded), and exclusions, or owning all the others, narrow a reveal without narrowing its base. So a reveal with
  any locked condition that finds nothing new spends from an allowance: EMPTY_REVEALS_A_DAY for each user, claimed when
  its quote is accepted. Its receipt does not tell what was found and is the user's already, or on their list.
* Zero is said where it follows from exact figures of the place: it holds nothing, or nothing that carries a signal
  which is required (`why_empty`). Nothing is offered then.
* All other figures are rounded down: to 10 below 1,000, to 50 below 10,000, to 100 above. Below 10 they read "fewer
  than 10", and zero cannot be told from nine.
* Where a locked condition meets any other condition, two counts whose bases differ by one house would still differ
  whenever that house carries the total over the edge of a step. There the edges are moved: the total is changed by up
  to NOISE before it is rounded, always by the same amount for the same search, whoever asks and however often. What is
  below SMALLEST_MOVED then reads "fewer than 50", which is true of every total that can read so.
* A preset in a whole place is a question whose conditions nobody chose: it is rounded, and not moved.
* A count that is moved, on a base below NARROW_BASE spends from a budget of its own: NARROW_COUNTS_A_DAY for each user.

**What remains.** Slightly different searches move the edges differently. A patient attacker who asks hundreds of them
about the same houses with and without one, over many days or from many accounts, averages the movement away: after 60
counts such a guess at one yes or no is right in 57 of 100 cases instead of 50, after 500 in 70. Two places that differ
by one house (a town, and its only ZIP code) differ in their exact counts by that house. Ten empty reveals a day tell
ten times that something does not hold of a house that is singled out in one of the ways above; what holds of it is
told by a hit, which is paid for, and only once. The credit that buys the answer is cheaper than any of these.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils.crypto import salted_hmac

from accounts.models import User
from atlas_site.vendors import batchdata
from properties.search.filters import FILTERS
from properties.search.form import read_query
from properties.search.query import SearchQuery
from properties.search.signals import PRESETS, SIGNALS
from properties.services.budgets import (
    FRESH,
    NARROW,
    CountBudgetSpent,
    CountUnavailable,
    NarrowBudgetSpent,
    as_text,
    ask_once,
    budget_left,
    budgets_of_quotes,
)

# A base below this holds so few properties that a locked condition in it is budgeted more tightly.
NARROW_BASE = 1_000
# The largest total that reads as its step, by steps: below 1,000 in tens, below 10,000 in fifties, else in hundreds.
STEPS = ((1_000, 10), (10_000, 50))
LARGEST_STEP = 100
SMALLEST_FIGURE = 10
# The most that the total of a locked condition within other conditions is moved up or down: three throws of -10 to 10,
# so that the ends are rare and no single answer excludes a neighboring total for certain.
THROWS, THROW = 3, 10
NOISE = THROWS * THROW
# A moved total below this is at most SMALL_PLACE - 1 in truth, and says so.
SMALLEST_MOVED = 20


@dataclass(frozen=True)
class Count:
    """How many properties match, as far as it may be told.

    `total` is None where only an upper limit may be told, which is `below`. A total that is not exact is "about": it
    is rounded, and may be a little more or less than what a reveal finds.
    """

    total: int | None
    is_exact: bool = True
    below: int | None = None

    @property
    def is_hidden(self) -> bool:
        """Whether no figure may be told."""
        return self.total is None

    @property
    def is_zero(self) -> bool:
        """Whether it is certain, and may be told, that nothing matches."""
        return self.is_exact and self.total == 0

    @property
    def may_be_zero(self) -> bool:
        """Whether it may be that nothing matches, as far as this figure tells."""
        return self.total is None or self.total <= (0 if self.is_exact else NOISE)

    @property
    def at_most(self) -> int:
        """The largest number that the true total can be, as far as this figure tells."""
        if self.total is None:
            return (self.below or settings.SMALL_PLACE) - 1
        return self.total if self.is_exact else self.total + _step(self.total) - 1 + NOISE

    def __str__(self) -> str:
        if self.total is None:
            return f"fewer than {self.below or settings.SMALL_PLACE}"
        return f"{self.total:,}" if self.is_exact else f"about {self.total:,}"


def count_matches(*, user: User, query: SearchQuery, now: datetime) -> Count:
    """Count what matches a search by the rule of this module, without fetching or charging anything.

    Raises CountUnavailable.
    """
    return _figure(user, _Question.of(query), now)


def count_criteria(*, user: User, query: SearchQuery, extra: Mapping[str, Mapping[str, Any]], now: datetime) -> Count:
    """Count a search narrowed by `extra` windows of dates: ``{"sale": {"lastSaleDate": {"minDate": "2026-10-23"}}}``.

    Each window is a condition as any other, of the group and field of the vendor's criteria. Raises as
    `count_matches` does.
    """
    return _figure(user, _Question.of(query, extra), now)


def count_signals(*, user: User, query: SearchQuery, now: datetime) -> dict[str, Count]:
    """Count each signal among the matches of a search, by slug, in one question; empty where none may be told.

    Every figure follows the same rule as `count_matches` of the search with that signal added. Raises as it does.
    """
    question = _Question.of(query)
    base = _total(user, question.base, now)
    if base < settings.SMALL_PLACE:
        return {}

    def ask() -> dict[str, int]:
        answer = batchdata.count_properties(question.criteria, quicklist_counts=True, user_id=user.pk, now=now)
        return dict(answer.quicklist_counts)

    is_narrow = base < NARROW_BASE and question.condition_count > 0
    counts = ask_once(user, ["signals", question.criteria], ask, now, is_narrow=is_narrow)
    return {
        slug: question.with_signal(slug).told(counts[slug])
        for slug in SIGNALS
        if slug in counts and slug not in query.none_signals
    }


def check_budgets(
    *, user: User, query: SearchQuery, windows: Sequence[Mapping[str, Mapping[str, Any]]], now: datetime
) -> None:
    """Make sure that what is left of the day's budgets is enough for a whole run of a search before it spends any.

    A run counts the search, each of these windows in it, and its signals. The bases are counted here, which the run
    then finds in the cache. Raises CountBudgetSpent, and as `count_matches` does.
    """
    questions = [each for extra in (None, *windows) if not (each := _Question.of(query, extra)).is_void]
    asked = {as_text(criteria) for each in questions for criteria in (each.base, each.criteria)}
    if budget_left(user, FRESH, settings.FRESH_COUNTS_A_DAY, now) < len(asked) + 1:
        raise CountBudgetSpent
    narrow = sum(each.is_mixed and _is_narrow(user, each, now) for each in questions)
    narrow += questions[0].condition_count > 0 and _is_narrow(user, questions[0], now)  # the signals
    if budget_left(user, NARROW, settings.NARROW_COUNTS_A_DAY, now) < narrow:
        raise NarrowBudgetSpent


def why_empty(*, user: User, query: SearchQuery, now: datetime) -> str:
    """Why a search is certain to find nothing, in a sentence; "" when it may find something, or that cannot be told.

    Only figures decide that are exact and told of its place anyway: how many properties there are, and how many carry
    a signal that it requires.
    """
    if query.place is None:
        return ""
    whole, label = SearchQuery(place=query.place), query.place.label
    try:
        if not _total(user, whole.criteria(), now):
            return f"No property is known in {label}."
        required = query.all_signals or query.any_signals
        of_place = count_signals(user=user, query=whole, now=now) if required else {}
    except CountUnavailable:
        return ""
    missing = {slug for slug, count in of_place.items() if count.is_zero}
    nowhere = [slug for slug in query.all_signals if slug in missing]
    if not nowhere and query.any_signals and missing.issuperset(query.any_signals):
        nowhere = list(query.any_signals)
    names = " or ".join(f"“{SIGNALS[slug].label}”" for slug in nowhere)
    return f"No property in {label} carries {names}." if nowhere else ""


def _is_narrow(user: User, question: "_Question", now: datetime) -> bool:
    return settings.SMALL_PLACE <= _total(user, question.base, now) < NARROW_BASE


def singles_out(*, user: User, query: SearchQuery, now: datetime) -> bool:
    """Whether a search asks for locked values among fewer than SMALL_PLACE properties.

    A reveal of it would tell those values by what it does not find, and finding nothing is free. Raises
    CountUnavailable.
    """
    question = _Question.of(query)
    if not question.has_locked:
        return False
    with budgets_of_quotes():
        return _total(user, question.base, now) < settings.SMALL_PLACE


@dataclass(frozen=True)
class _Question:
    """A search as a count sees it: the vendor's criteria, those of its base, and how many conditions of which sort."""

    criteria: dict[str, Any]
    base: dict[str, Any]
    condition_count: int
    has_locked: bool
    # Whether all conditions are signals or windows of dates, which are told exactly when there is only one of them.
    is_plain: bool
    is_preset: bool = False
    # Whether a window ends before it begins: nothing lies in it, and the vendor does not take it.
    is_void: bool = False

    @classmethod
    def of(cls, query: SearchQuery, extra: Mapping[str, Mapping[str, Any]] | None = None) -> "_Question":
        filters = query.active_filters
        signals = [*query.all_signals, *query.any_signals, *query.none_signals]
        base = query.public_criteria()
        criteria = query.criteria()
        windows = [(group, name, window) for group, fields in (extra or {}).items() for name, window in fields.items()]
        for group, name, window in windows:
            _narrow(criteria, group, name, window)
            if (group, name) in _public_paths():
                _narrow(base, group, name, window)
        has_locked_window = any((group, name) not in _public_paths() for group, name, _ in windows)
        return cls(
            criteria=criteria,
            base=base,
            condition_count=len(filters) + len(signals) + len(windows) + bool(query.area),
            has_locked=query.asks_for_locked or has_locked_window,
            is_plain=not filters and query.area is None,
            is_preset=not windows and query.area is None and _conditions_of(query) in _presets(),
            is_void=any(_is_void(criteria[group][name]) for group, name, _ in windows),
        )

    @property
    def is_exact(self) -> bool:
        return self.condition_count == 0 or (self.condition_count == 1 and self.is_plain)

    @property
    def is_mixed(self) -> bool:
        """Whether a locked condition meets any other condition that somebody chose."""
        return self.has_locked and self.condition_count > 1 and not self.is_preset

    def with_signal(self, slug: str) -> "_Question":
        """The same question with one more signal that must hold."""
        slugs = self.criteria.get("quickLists", [])
        if slug in slugs:
            return self
        criteria = {**self.criteria, "quickLists": [*slugs, slug]}
        return replace(
            self, criteria=criteria, condition_count=self.condition_count + 1, has_locked=True, is_preset=False
        )

    def told(self, total: int) -> Count:
        """What may be told of a total whose base is large enough."""
        if self.is_exact:
            return Count(total)
        if self.is_mixed:
            return _about(total + _movement(self.criteria), smallest=SMALLEST_MOVED, below=SMALLEST_MOVED + NOISE)
        return _about(total, smallest=SMALLEST_FIGURE, below=SMALLEST_FIGURE)


def _figure(user: User, question: _Question, now: datetime) -> Count:
    if question.is_void:
        return Count(0)
    if not question.condition_count:
        return Count(_total(user, question.criteria, now))
    base = _total(user, question.base, now)
    if question.has_locked and base < settings.SMALL_PLACE:
        return Count(None, is_exact=False, below=settings.SMALL_PLACE)
    is_narrow = question.is_mixed and base < NARROW_BASE
    return question.told(_total(user, question.criteria, now, is_narrow=is_narrow))


def _about(total: int, *, smallest: int, below: int) -> Count:
    if total < smallest:
        return Count(None, is_exact=False, below=below)
    return Count(total - total % _step(total), is_exact=False)


def _step(total: int) -> int:
    return next((step for limit, step in STEPS if total < limit), LARGEST_STEP)


def _movement(criteria: Mapping[str, Any]) -> int:
    """By how much the total of these criteria is moved before it is rounded: -NOISE to NOISE, mostly little.

    It follows from the criteria and a secret alone, so asking again tells nothing more.
    """
    sides = 2 * THROW + 1
    digest = salted_hmac("properties.services.counting", as_text(_ordered(criteria)), algorithm="sha256").digest()
    # Four bytes for each throw make every side equally likely, as far as it could ever be noticed.
    throws = (int.from_bytes(digest[4 * at : 4 * at + 4]) % sides - THROW for at in range(THROWS))
    return sum(throws)


def _ordered(criteria: Mapping[str, Any]) -> dict[str, Any]:
    """The criteria with lists whose order does not matter in order, so that one search moves in one way."""
    ordered = dict(criteria)
    for key in ("quickLists", "orQuickLists"):
        if key in ordered:
            ordered[key] = sorted(ordered[key])
    return ordered


def _conditions_of(query: SearchQuery) -> str:
    """Everything that a search asks for besides where, to compare searches by."""
    return as_text([query.values, *map(sorted, (query.all_signals, query.any_signals, query.none_signals))])


@lru_cache(maxsize=1)
def _presets() -> frozenset[str]:
    return frozenset(_conditions_of(read_query({"q": ["Arizona"], **preset.params})) for preset in PRESETS)


def _narrow(criteria: dict[str, Any], group: str, name: str, window: Mapping[str, Any]) -> None:
    """Add a window of dates to criteria; where there is one already, both hold."""
    known = criteria.get(group, {}).get(name, {})
    narrowed = {**known, **window}
    for key, stricter in (("minDate", max), ("maxDate", min)):
        if key in known and key in window:
            narrowed[key] = stricter(str(known[key]), str(window[key]))
    criteria[group] = {**criteria.get(group, {}), name: narrowed}


def _is_void(window: Mapping[str, Any]) -> bool:
    return "minDate" in window and "maxDate" in window and str(window["minDate"]) > str(window["maxDate"])


def _public_paths() -> set[tuple[str, str]]:
    return {each.path for each in FILTERS if each.is_public}


def _total(user: User, criteria: dict, now: datetime, *, is_narrow: bool = False) -> int:
    def ask() -> int:
        return batchdata.count_properties(criteria, user_id=user.pk, now=now).total_count or 0

    return ask_once(user, ["count", criteria], ask, now, is_narrow=is_narrow)
