"""What the search page says before anything is bought: count, about how many are owned, signals, and the price."""

from dataclasses import dataclass, field
from datetime import datetime

from accounts.models import User
from atlas_site.vendors.batchdata import quicklist_warnings
from credits import selectors as credit_selectors
from credits.models import CreditType
from properties.search.form import read_query
from properties.search.query import SearchQuery
from properties.search.signals import PRESETS, Preset
from properties.selectors.owned import CappedCount, count_capped, owned_matches
from properties.services.counting import Count, CountUnavailable, count_matches, count_signals

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
    warnings: list[str] = field(default_factory=list)
    problem: str = ""

    @property
    def unowned(self) -> int | None:
        """About how many matches are new to the user, or None when it cannot be told."""
        if self.count is None or self.count.total is None:
            return None
        return max(0, self.count.total - self.owned.number)

    @property
    def is_empty(self) -> bool:
        return self.count is not None and self.count.total == 0


def preview_search(*, user: User, query: SearchQuery, now: datetime) -> Preview:
    """Count a search and price its next matches, free of charge; without the vendor there is a page and no count."""
    owned = count_capped(owned_matches(user, query))
    try:
        count = count_matches(user=user, query=query, now=now)
    except CountUnavailable as reason:
        return Preview(count=None, owned=owned, problem=str(reason))
    return Preview(
        count=count,
        owned=owned,
        choices=_choices(user, count, owned),
        warnings=quicklist_warnings(query.criteria()),
    )


def _choices(user: User, count: Count, owned: CappedCount) -> list[Choice]:
    left = CHOICES[-1] if count.total is None else max(0, count.total - owned.number)
    numbers = [number for number in CHOICES if number <= left]
    if 0 < left < CHOICES[-1] and left not in numbers:
        numbers.append(left)
    offers = [{CreditType.SEARCH.value: number} for number in numbers]
    costs = credit_selectors.price_each(user_id=user.pk, offers=offers)
    return [Choice(number, cost) for number, cost in zip(numbers, costs, strict=True)]


@dataclass(frozen=True)
class MarketSignals:
    """How many properties of a market carry each signal, and how many each preset finds (None when unknown)."""

    total: Count | None
    signals: dict[str, int] = field(default_factory=dict)
    presets: list[tuple[Preset, Count | None]] = field(default_factory=lambda: [(each, None) for each in PRESETS])
    problem: str = ""


def preview_market(*, user: User, query: SearchQuery, now: datetime) -> MarketSignals:
    """Count a market and its signals, free of charge."""
    preview = preview_search(user=user, query=query, now=now)
    if preview.count is None:
        return MarketSignals(total=None, problem=preview.problem)
    try:
        signals = count_signals(user=user, query=query, now=now)
        presets: list[tuple[Preset, Count | None]] = [
            (preset, _count_preset(user, query, preset, now)) for preset in PRESETS
        ]
    except CountUnavailable:
        return MarketSignals(total=preview.count, problem="The signals cannot be counted at the moment.")
    return MarketSignals(total=preview.count, signals=signals, presets=presets)


def _count_preset(user: User, query: SearchQuery, preset: Preset, now: datetime) -> Count:
    return count_matches(user=user, query=read_query({**query.params(), **preset.params}), now=now)
