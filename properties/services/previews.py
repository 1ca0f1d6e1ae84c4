"""What the search page says before anything is bought: count, about how many are owned, signals, and the price."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from accounts.models import User
from atlas_site.vendors.batchdata import quicklist_warnings
from credits import selectors as credit_selectors
from credits.models import CreditType, Quote
from properties.exclusions import TooMuchExcluded
from properties.models.jobs import MOST_REVEALED
from properties.search.form import read_query
from properties.search.query import SearchQuery
from properties.search.signals import GROUPS, PRESETS, SIGNALS, Preset, Signal
from properties.selectors.owned import PENDING, CappedCount, count_capped, is_counted_later, owned_matches
from properties.services.budgets import CountsLeft, CountUnavailable, counts_left
from properties.services.counting import Count, count_matches, count_signals, singles_out, why_empty
from properties.services.reveals import NothingToReveal, TooNarrow, quote_reveal

CHOICES = (10, 25, 50, 100)
# What `offer_reveal` raises where nothing is offered; each says why in a sentence.
REFUSALS = (NothingToReveal, TooNarrow, TooMuchExcluded, CountUnavailable)


@dataclass(frozen=True)
class Choice:
    """A number of properties to reveal, with what it costs at most, and what would be left of the balance.

    `left` is negative where the balance is too small.
    """

    count: int
    cost: int
    left: int

    @property
    def missing(self) -> int:
        """How many credits the balance lacks, or 0."""
        return max(0, -self.left)


@dataclass(frozen=True)
class Preview:
    """The free answer to a search; `problem` says in a sentence why there is no count."""

    count: Count | None
    owned: CappedCount
    choices: list[Choice] = field(default_factory=list)
    # What may be asked for in another number.
    most: int = MOST_REVEALED
    balance: int = 0
    warnings: list[str] = field(default_factory=list)
    problem: str = ""
    # Why nothing may be revealed although something may match: a sentence.
    refusal: str = ""
    # Why it is certain that nothing matches, where that is known: a sentence.
    why_empty: str = ""
    counts_left: CountsLeft | None = None

    @property
    def unowned(self) -> Count | None:
        """About how many matches are new to the user, or None when it cannot be told."""
        if self.count is None or self.count.total is None or self.owned.is_pending:
            return None
        return Count(max(0, self.count.total - self.owned.number), is_exact=self.count.is_exact)

    @property
    def unowned_words(self) -> str:
        """The same as people read it; the caption says "about" already."""
        unowned = self.unowned
        if self.owned.is_pending:
            return str(self.owned)
        return str(self.count) if unowned is None else f"{unowned.total:,}"

    @property
    def is_empty(self) -> bool:
        """Whether nothing matches and that may be told."""
        return self.count is not None and self.count.is_zero

    @property
    def may_be_empty(self) -> bool:
        """Whether so few match that it may be none, which may not be told."""
        return self.count is not None and self.count.is_hidden


def preview_search(*, user: User, query: SearchQuery, now: datetime, counts_now: bool = True) -> Preview:
    """Count a search and price its next matches, free of charge; without the vendor there is a page and no count.

    Without a count the next matches are priced all the same: a reveal needs none. Nothing is offered where it is
    certain that nothing matches. Without `counts_now` what is owned of them is not counted for who owns much: that may
    take longer than the page.
    """
    preview = _preview(user, query, now, counts_now=counts_now)
    return replace(preview, counts_left=counts_left(user=user, now=now))


def _preview(user: User, query: SearchQuery, now: datetime, *, counts_now: bool = True) -> Preview:
    waits = not counts_now and is_counted_later(user)
    owned = PENDING if waits else count_capped(owned_matches(user, query))
    balance = credit_selectors.header_balance(user)
    try:
        count = count_matches(user=user, query=query, now=now)
        # The count has asked how large the base is already, so that this asks nothing of the vendor.
        is_too_narrow = singles_out(user=user, query=query, now=now)
        reason = why_empty(user=user, query=query, now=now) if count.may_be_zero else ""
    except CountUnavailable as problem:
        choices = _price(user, list(CHOICES), balance)
        return Preview(count=None, owned=owned, choices=choices, balance=balance, problem=str(problem))
    warnings = quicklist_warnings(query.criteria())
    if reason:
        return Preview(count=Count(0), owned=owned, balance=balance, warnings=warnings, why_empty=reason)
    if is_too_narrow:
        return Preview(count=count, owned=owned, balance=balance, warnings=warnings, refusal=str(TooNarrow()))
    # What is owned is told "about", so that only an exact count says how many others there can be.
    most = min(MOST_REVEALED, max(0, count.at_most - owned.number) if count.is_exact else count.at_most)
    return Preview(
        count=count,
        owned=owned,
        choices=_choices(user, most, balance),
        most=most,
        balance=balance,
        warnings=warnings,
    )


def price_reveal(*, user: User, count: int) -> Choice:
    """What revealing `count` properties costs at most, and what is left of the balance then."""
    return _price(user, [count], credit_selectors.header_balance(user))[0]


def offer_reveal(*, user: User, query: SearchQuery, count: int, back_url: str, now: datetime) -> Quote:
    """Offer to reveal the next `count` matches, and no more than there can be by the free count, if there is one.

    Raises NothingToReveal where it is certain that nothing matches, and as `reveals.quote_reveal` does.
    """
    preview = _preview(user, query, now)
    return quote_reveal(user=user, query=query, count=count, total=preview.count, back_url=back_url, now=now)


def _choices(user: User, most: int, balance: int) -> list[Choice]:
    """The numbers to choose from: no more than there can be, and all of those where they are few."""
    numbers = [number for number in CHOICES if number <= most]
    if 0 < most < CHOICES[-1] and most not in numbers:
        numbers.append(most)
    return _price(user, numbers, balance)


def _price(user: User, numbers: list[int], balance: int) -> list[Choice]:
    offers = [{CreditType.SEARCH.value: number} for number in numbers]
    costs = credit_selectors.price_each(user_id=user.pk, offers=offers)
    return [Choice(number, cost, balance - cost) for number, cost in zip(numbers, costs, strict=True)]


@dataclass(frozen=True)
class MarketSignals:
    """How many properties of a market carry each signal, and how many each preset finds (None when unknown)."""

    total: Count | None
    signals: dict[str, Count] = field(default_factory=dict)
    presets: list[tuple[Preset, Count | None]] = field(default_factory=lambda: [(each, None) for each in PRESETS])
    problem: str = ""

    def groups(self) -> list[tuple[str, list[tuple[Signal, Count]]]]:
        """The signals that were counted, by group, the most frequent of each first."""
        found: dict[str, list[tuple[Signal, Count]]] = {group: [] for group in GROUPS}
        for slug, count in sorted(self.signals.items(), key=lambda item: -item[1].at_most):
            found[SIGNALS[slug].group].append((SIGNALS[slug], count))
        return [(group, rows) for group, rows in found.items() if rows]


def preview_market(*, user: User, query: SearchQuery, now: datetime) -> MarketSignals:
    """Count a market and its signals, free of charge. `query` is the place alone."""
    try:
        total = count_matches(user=user, query=query, now=now)
    except CountUnavailable as reason:
        return MarketSignals(total=None, problem=str(reason))
    try:
        signals = count_signals(user=user, query=query, now=now)
        presets: list[tuple[Preset, Count | None]] = [
            (preset, _count_preset(user, query, preset, now)) for preset in PRESETS
        ]
    except CountUnavailable:
        return MarketSignals(total=total, problem="The signals cannot be counted at the moment.")
    return MarketSignals(total=total, signals=signals, presets=presets)


def _count_preset(user: User, query: SearchQuery, preset: Preset, now: datetime) -> Count:
    narrowed = read_query({**query.params(), **preset.params})
    return count_matches(user=user, query=narrowed, now=now)
