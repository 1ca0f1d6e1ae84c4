"""A ledger in memory that follows the money rule: what the services are compared with, step by step.

It has one wallet, no database and no concurrency, and is written for reading. It shares the arithmetic of
`credits.money`, which tests of its own compare with fractions of the standard library.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from credits import services as credit_services
from credits.money import Parts, least_price, left_over, price, split_rest, split_spend

QUOTE_LIFE, HOLD_LIFE = timedelta(minutes=15), timedelta(hours=72)
RETURN_TIME, RETURN_PERCENT = timedelta(days=7), 20
WELCOME, WELCOME_LIFE = 50, timedelta(days=14)
TYPES = ("SEARCH", "SKIPTRACE")
Weights = Mapping[str, Decimal]
# A period of a plan: which subscription, and when it begins. Before the first, after the last, and beside a plan: None.
Period = tuple[str, datetime] | str | None


@dataclass
class Line:
    units: int
    weight: Decimal
    prepaid: Decimal
    cost: int
    held: int = 0
    hits: int = 0
    captured: int = 0
    leftover: Decimal = Decimal(0)
    rejoined: int = 0


@dataclass
class Offer:
    lines: dict[str, Line]
    expires_at: datetime
    status: str = "offered"
    period: Period = None
    hold_until: datetime | None = None
    parts: Parts = field(default_factory=Parts)
    was_frozen: bool = False
    released: int = 0
    lapsed: int = 0

    @property
    def cost(self) -> int:
        return sum(line.cost for line in self.lines.values())

    @property
    def held(self) -> int:
        return sum(line.held for line in self.lines.values())

    @property
    def captured(self) -> int:
        return sum(line.captured for line in self.lines.values())

    @property
    def least_cost(self) -> int:
        return sum(least_price(line.units, line.weight) for line in self.lines.values())


@dataclass(frozen=True)
class Entry:
    key: str
    kind: str
    subscription: int = 0
    purchased: int = 0
    reserved: int = 0
    debt: int = 0

    @property
    def change(self) -> int:
        return self.subscription + self.purchased


@dataclass
class MemoryBooks:
    """One wallet with its ledger and quotes. Each operation returns what the service of the same name answers."""

    subscription: int = 0
    purchased: int = 0
    reserved: int = 0
    debt: int = 0
    banned: bool = False
    frozen: bool = False
    period: Period = None
    latest_period_at: datetime | None = None
    used_of: Counter[Period] = field(default_factory=Counter)
    taken_of: Counter[Period] = field(default_factory=Counter)
    period_started_at: datetime | None = None
    period_ends_at: datetime | None = None
    lapses_at: datetime | None = None
    period_grant: int = 0
    period_returned: int = 0
    welcomed: bool = False
    prepaid: dict[str, Decimal] = field(default_factory=lambda: dict.fromkeys(TYPES, Decimal(0)))
    used: Counter[str] = field(default_factory=Counter)
    quotes: list[Offer] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    answers: dict[str, tuple[Any, Any]] = field(default_factory=dict)

    @property
    def available(self) -> int:
        return self.subscription + self.purchased

    @property
    def spendable(self) -> Parts:
        return Parts(0 if self.frozen else self.subscription, self.purchased)

    def make_quote(self, *, units: Mapping[str, int], weights: Weights, now: datetime) -> int:
        lines = {
            name: Line(count, weights[name], self.prepaid[name], price(count, weights[name], self.prepaid[name]))
            for name, count in units.items()
        }
        self.quotes.append(Offer(lines, now + QUOTE_LIFE))
        return self.quotes[-1].cost

    def accept(self, *, number: int, now: datetime) -> int:
        quote = self.quotes[number]
        if quote.status in ("accepted", "settled"):
            return quote.held
        if quote.status == "expired" or quote.expires_at <= now:
            raise credit_services.QuoteExpired
        if self.banned or self.debt:
            raise credit_services.AccountBlocked(banned=self.banned, debt=self.debt)
        costs = {name: price(line.units, line.weight, self.prepaid[name]) for name, line in quote.lines.items()}
        if self.spendable.total >= quote.least_cost and any(
            cost > quote.lines[name].cost for name, cost in costs.items()
        ):
            raise credit_services.QuoteChanged
        if self.spendable.total < sum(costs.values()):
            raise credit_services.NotEnoughCredits(needed=quote.cost, available=self.spendable.total)
        for name, line in quote.lines.items():
            line.held, line.prepaid, self.prepaid[name] = costs[name], self.prepaid[name], Decimal(0)
        quote.parts, quote.was_frozen = split_spend(quote.held, self.spendable), self.frozen
        self.used_of[self.period] += quote.parts.subscription
        ends = [end for end in (self.period_ends_at, self.lapses_at) if end and end > now]
        quote.status, quote.period, quote.hold_until = "accepted", self.period, min([now + HOLD_LIFE, *ends])
        self._write(f"reserve:{number}", "reserve", -quote.parts.subscription, -quote.parts.purchased, quote.held)
        return quote.held

    def capture(self, *, number: int, step: str, units: Mapping[str, int]) -> int | str:
        quote, key = self.quotes[number], f"capture:{number}:{step}"
        hits = {name: count for name, count in units.items() if count}
        if not hits:
            return 0
        if key in self.answers:
            return self._first(key, hits)
        if quote.status == "settled":
            return "late"
        if quote.status != "accepted":
            raise credit_services.LedgerConflict
        if any(
            name not in quote.lines or quote.lines[name].hits + n > quote.lines[name].units for name, n in hits.items()
        ):
            raise credit_services.LedgerConflict
        amount = 0
        for name, count in hits.items():
            line = quote.lines[name]
            line.hits += count
            charged = price(line.hits, line.weight, line.prepaid) - line.captured
            line.captured += charged
            self.used[name] += charged
            amount += charged
        self._write(key, "capture", 0, 0, -amount)
        self.answers[key] = (hits, amount)
        return amount

    def release(self, *, number: int, cause: str, now: datetime) -> tuple[int, int, int]:
        quote = self.quotes[number]
        if quote.status == "settled":
            return quote.captured, quote.released, quote.lapsed
        if quote.status != "accepted":
            raise credit_services.LedgerConflict
        for name, line in quote.lines.items():
            line.leftover = left_over(line.hits, line.weight, line.prepaid)
            total = self.prepaid[name] + line.leftover
            line.rejoined = int(total >= 1)
            self.prepaid[name] = total - line.rejoined
            self.used[name] -= line.rejoined
        rest = split_rest(quote.parts, quote.captured)
        to_subscription = self._returning(quote, rest.subscription, cause, now)
        quote.released = to_subscription + rest.purchased
        quote.lapsed = rest.total - quote.released
        rejoined = sum(line.rejoined for line in quote.lines.values())
        all_purchased = quote.parts.purchased > 0 and quote.parts.subscription == 0
        quote.status = "settled"
        if quote.released or rejoined:
            subscription = to_subscription + (0 if all_purchased else rejoined)
            purchased = rest.purchased + (rejoined if all_purchased else 0)
            paid = min(self.debt, subscription + purchased)
            from_subscription = min(paid, subscription)
            subscription, purchased = subscription - from_subscription, purchased - (paid - from_subscription)
            for period in {self.period, quote.period}:
                self.used_of[period] -= subscription
            self._write(f"release:{number}", "release", subscription, purchased, -quote.released, -paid)
        if quote.lapsed:
            self.used_of[quote.period] -= quote.lapsed
            owed_too_much = max(0, self.taken_of[quote.period] - max(0, self.used_of[quote.period]))
            paid = min(self.debt, quote.lapsed, owed_too_much)
            self.used_of[quote.period] += paid
            self._write(f"lapse:{number}", "lapse", 0, 0, -quote.lapsed, -paid)
        return quote.captured, quote.released, quote.lapsed

    def _returning(self, quote: Offer, amount: int, cause: str, now: datetime) -> int:
        if quote.period == self.period:
            return amount
        in_time = self.period_started_at is not None and now - self.period_started_at <= RETURN_TIME
        if cause not in ("miss", "fault") or not in_time:
            return 0
        room = self.period_grant * RETURN_PERCENT // 100 - self.period_returned
        returned = min(amount, max(0, room))
        self.period_returned += returned
        return returned

    def expire(self, *, now: datetime) -> None:
        for quote in self.quotes:
            if quote.status == "offered" and quote.expires_at <= now:
                quote.status = "expired"
        holds = [(quote.hold_until, n) for n, quote in enumerate(self.quotes) if quote.status == "accepted"]
        for hold_until, number in sorted(holds):
            if hold_until <= now:
                self.release(number=number, cause="expired", now=now)

    def grant(self, *, bucket: str, amount: int, source: str, period: Period) -> int:
        key = f"grant:{source}"
        if key in self.answers:
            return self._first(key, (bucket, amount))
        if period is not None and period != self.period:
            raise credit_services.PeriodIsOver
        paid = min(self.debt, amount)
        if bucket == "subscription":
            self.period_grant += amount
            if period is not None:
                self.used_of[period] += paid
            self._write(key, "grant", amount - paid, 0, 0, -paid)
        else:
            self._write(key, "grant", 0, amount - paid, 0, -paid)
        return self._answer(key, (bucket, amount))

    def reset(self, *, subscription: str, amount: int, started_at: datetime) -> int:
        key = f"reset:{subscription}:{started_at}"
        if key in self.answers:
            return self._first(key, amount)
        if self.latest_period_at and self.latest_period_at > started_at:
            raise credit_services.PeriodIsOver
        self.period, self.period_started_at = (subscription, started_at), started_at
        self.latest_period_at = started_at
        self.period_ends_at, self.lapses_at = started_at + timedelta(days=30), None
        self.period_grant, self.period_returned = amount, 0
        paid = min(self.debt, amount)
        self.used_of[self.period] += paid
        self._write(key, "reset", amount - paid - self.subscription, 0, 0, -paid)
        return self._answer(key, amount)

    def lapse(self, *, source: str) -> int:
        key = f"lapse:{source}"
        if key in self.answers:
            return self._first(key, None)
        self.period = self.period_started_at = self.period_ends_at = self.lapses_at = None
        self.period_grant = self.period_returned = 0
        self._write(key, "lapse", -self.subscription, 0, 0)
        return self._answer(key, None)

    def welcome(self, *, now: datetime) -> int | None:
        if self.welcomed:
            return WELCOME
        if self.period:
            return None
        self.welcomed, self.period, self.period_started_at = True, "welcome", now
        self.lapses_at, self.period_grant, self.period_returned = now + WELCOME_LIFE, WELCOME, 0
        self._write("welcome", "grant", WELCOME, 0, 0)
        return WELCOME

    def lapse_welcome(self, *, now: datetime) -> None:
        if self.lapses_at and self.lapses_at <= now:
            self.lapse(source="welcome")

    def adjust(self, *, bucket: str, amount: int, adjustment: str) -> int:
        key = f"adjust:{adjustment}"
        if key in self.answers:
            return self._first(key, (bucket, amount))
        held = self.subscription if bucket == "subscription" else self.purchased
        if held + amount < 0:
            raise credit_services.NotEnoughCredits(needed=-amount, available=held)
        paid = min(self.debt, max(0, amount))
        rest = amount - paid
        self._write(key, "adjust", *((rest, 0) if bucket == "subscription" else (0, rest)), 0, -paid)
        return self._answer(key, (bucket, amount))

    def claw_back(self, *, amount: int, refund: str, period: Period) -> int | None:
        """Take purchased credits back, or with `period` those of a plan."""
        key = f"clawback:{refund}"
        if key in self.answers:
            return self._first(key, amount)
        held = self.purchased if period is None else self.subscription
        taken = min(amount, held) if period in (None, self.period) else 0
        owed = amount - taken if period in (None, self.period) else min(amount, self._used_and_not_owed(period))
        if period is not None:
            self.taken_of[period] += owed
        if not (taken or owed):
            return None
        self._write(key, "clawback", *((0, -taken) if period is None else (-taken, 0)), 0, owed)
        return self._answer(key, amount)

    def _used_and_not_owed(self, period: Period) -> int:
        return max(0, max(0, self.used_of[period]) - self.taken_of[period])

    def freeze(self, *, frozen: bool) -> None:
        self.frozen = frozen

    def ban(self, *, banned: bool) -> None:
        self.banned = banned

    def _write(self, key: str, kind: str, subscription: int, purchased: int, reserved: int, debt: int = 0) -> None:
        self.subscription += subscription
        self.purchased += purchased
        self.reserved += reserved
        self.debt += debt
        self.entries.append(Entry(key, kind, subscription, purchased, reserved, debt))

    def _answer(self, key: str, inputs: Any) -> int:
        self.answers[key] = (inputs, self.entries[-1].change)
        return self.entries[-1].change

    def _first(self, key: str, inputs: Any) -> Any:
        first_inputs, answer = self.answers[key]
        if inputs != first_inputs:
            raise credit_services.KeyReused
        return answer
