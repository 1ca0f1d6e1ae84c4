"""Any order of operations on one wallet: in memory against the rules, and on MongoDB against the model in memory."""

import copy
import math
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from django.db import DatabaseError, connection
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from pymongo.errors import PyMongoError

from credits import services as credit_services
from tests.credits.model import TYPES, MemoryBooks, Period
from tests.credits.mongo_books import MongoBooks
from tests.failpoints import HANG_UP, fail_commands

START = datetime(2026, 1, 1, tzinfo=UTC)
WEIGHTS = [Decimal(text) for text in ("1", "0.5", "0.25", "0.3333", "1.5")]
CAUSES = ("miss", "fault", "cancelled")
CRASHED = object()

few = st.integers(0, 6)
pick = st.integers(0, 30)
FOUND = DirectoryBasedExampleDatabase(Path(__file__).with_name("found_examples"))


def machine_settings(*, examples: int, steps: int) -> settings:
    """Settings of a run: what it finds is kept beside the tests, and printed as a reproducible blob."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=False,  # each run goes another way, and begins with those on which one has failed
        database=FOUND,
        suppress_health_check=list(HealthCheck),
    )


class MemoryMachine(RuleBasedStateMachine):
    """Runs operations on the model and checks the rules of the books after each."""

    def __init__(self) -> None:
        super().__init__()
        self.books = MemoryBooks()
        self.now = START
        self.serial = 0
        self.done: list[tuple[str, dict[str, Any], Any]] = []
        self.periods: list[Period] = [("never", START)]

    # ------------------------------------------------------------ how an operation is run

    def run(self, name: str, **details: Any) -> Any:
        """Run an operation and return its answer, or the class of its refusal; a refusal changes nothing."""
        before = self.summary()
        answer = self.apply(name, details)
        if isinstance(answer, type):
            assert self.summary() == before, f"{name} was refused with {answer.__name__} and changed something"
        else:
            self.done.append((name, details, answer))
        return answer

    def apply(self, name: str, details: dict[str, Any]) -> Any:
        needs = MemoryBooks.__dict__[name].__code__.co_varnames
        known = {key: value for key, value in details.items() if key in needs}
        return answer_of(self.books, name, known)

    def summary(self) -> dict[str, Any]:
        books = self.books
        return {
            "subscription": books.subscription,
            "purchased": books.purchased,
            "available": books.available,
            "reserved": books.reserved,
            "debt": books.debt,
            "entries": len(books.entries),
            "returned": books.period_returned,
            "used": {name: books.used[name] for name in TYPES},
            "prepaid": dict(books.prepaid),
        }

    def fresh(self, prefix: str) -> str:
        self.serial += 1
        return f"{prefix}{self.serial}"

    def some_quote(self, number: int) -> int:
        return number % len(self.books.quotes)

    def some_period(self, number: int) -> Period:
        return self.periods[number % len(self.periods)]

    def has_quotes(self) -> bool:
        return bool(self.books.quotes)

    # ------------------------------------------------------------ operations

    @rule(amount=st.integers(1, 12))
    def buy(self, amount):
        source = self.fresh("buy")
        self.run("grant", bucket="purchased", amount=amount, source=source, period=None, now=self.now)

    @rule(amount=st.integers(1, 12), number=st.none() | pick)
    def upgrade(self, amount, number):
        """Add to the running period, whichever it is, or to one that may be over."""
        source, period = self.fresh("upgrade"), None if number is None else self.some_period(number)
        self.run("grant", bucket="subscription", amount=amount, source=source, period=period, now=self.now)

    @rule(amount=st.integers(0, 40), subscription=st.sampled_from(["sub", "other"]))
    def renew(self, amount, subscription):
        debt = self.books.debt
        answer = self.run("reset", subscription=subscription, amount=amount, started_at=self.now, now=self.now)
        if self.books.period == (subscription, self.now) and self.books.period not in self.periods:
            self.periods.append(self.books.period)
            assert not isinstance(answer, type)
            assert self.books.debt == max(0, debt - amount)
            assert self.books.subscription == max(0, amount - debt)

    @rule(subscription=st.sampled_from(["sub", "other"]), days=st.sampled_from([-30, 1]))
    def reset_of_an_earlier_period(self, subscription, days):
        started_at = START + timedelta(days=days, minutes=7)  # the clock never shows this minute, so no renewal has it
        if started_at <= self.now:
            self.run("reset", subscription=subscription, amount=7, started_at=started_at, now=self.now)

    @rule(search=few, trace=few, weights=st.tuples(st.sampled_from(WEIGHTS), st.sampled_from(WEIGHTS)))
    def quote(self, search, trace, weights):
        units = {name: count for name, count in zip(TYPES, (search, trace), strict=True) if count}
        if units:
            priced = dict(zip(TYPES, weights, strict=True))
            self.run("make_quote", units=units, weights=priced, now=self.now)

    @precondition(has_quotes)
    @rule(number=pick)
    def reserve(self, number):
        self.run("accept", number=self.some_quote(number), now=self.now)

    @precondition(has_quotes)
    @rule(number=pick, hits=st.tuples(few, few))
    def capture(self, number, hits):
        number = self.some_quote(number)
        lines = self.books.quotes[number].lines
        units = {
            name: min(count, lines[name].units - lines[name].hits)
            for name, count in zip(TYPES, hits, strict=True)
            if name in lines
        }
        answer = self.run("capture", number=number, step=self.fresh("step"), units=units, now=self.now)
        assert answer in (0, "late", credit_services.LedgerConflict) or answer > 0

    @precondition(has_quotes)
    @rule(number=pick)
    def capture_too_much(self, number):
        number = self.some_quote(number)
        units = {name: line.units - line.hits + 1 for name, line in self.books.quotes[number].lines.items()}
        answer = self.run("capture", number=number, step=self.fresh("step"), units=units, now=self.now)
        assert answer in ("late", credit_services.LedgerConflict)

    @precondition(has_quotes)
    @rule(number=pick, cause=st.sampled_from(CAUSES))
    def release(self, number, cause):
        self.run("release", number=self.some_quote(number), cause=cause, now=self.now)

    @precondition(has_quotes)
    @rule(number=pick)
    def spend_at_once(self, number):
        """Accept a quote, hit all of it, and settle: the books must move by exactly its price."""
        number = self.some_quote(number)
        quote, before = self.books.quotes[number], self.books.available
        if quote.status != "offered" or isinstance(self.run("accept", number=number, now=self.now), type):
            return
        units = {name: line.units for name, line in quote.lines.items()}
        self.run("capture", number=number, step=self.fresh("step"), units=units, now=self.now)
        self.run("release", number=number, cause="miss", now=self.now)
        rejoined = sum(line.rejoined for line in quote.lines.values())
        assert self.books.available == before - quote.captured + rejoined

    @rule()
    def expire(self):
        self.run("expire", now=self.now)

    @rule()
    def end_plan(self):
        self.run("lapse", source=self.fresh("end"), now=self.now)

    @rule()
    def claim_welcome(self):
        self.run("welcome", now=self.now)

    @rule()
    def lapse_welcome(self):
        self.run("lapse_welcome", now=self.now)

    @rule(amount=st.integers(1, 15))
    def refund(self, amount):
        self.run("claw_back", amount=amount, refund=self.fresh("refund"), period=None, now=self.now)

    @rule(amount=st.integers(1, 40), number=pick)
    def refund_a_period(self, amount, number):
        """What is refunded of a period that is over takes nothing from the bucket."""
        period, before = self.some_period(number), self.books.subscription
        self.run("claw_back", amount=amount, refund=self.fresh("refund"), period=period, now=self.now)
        assert period == self.books.period or self.books.subscription == before

    @rule(frozen=st.booleans())
    def freeze(self, frozen):
        self.run("freeze", frozen=frozen, now=self.now)

    @rule(amount=st.integers(-9, 9).filter(bool), bucket=st.sampled_from(["subscription", "purchased"]))
    def adjust(self, amount, bucket):
        self.run("adjust", bucket=bucket, amount=amount, adjustment=self.fresh("adjust"), now=self.now)

    @rule(banned=st.booleans())
    def ban(self, banned):
        self.run("ban", banned=banned)

    @rule(hours=st.sampled_from([0.1, 1, 24, 80, 200, 800]))
    def advance_clock(self, hours):
        self.now += timedelta(hours=hours)

    @precondition(lambda self: self.done)
    @rule(index=pick)
    def duplicate_any_previous(self, index):
        """The same operation again: the same answer, and nothing changes."""
        name, details, first = self.done[index % len(self.done)]
        if name in ("make_quote", "ban", "freeze", "expire", "lapse_welcome", "welcome"):
            return  # these have no key of their own, or do what the present moment asks for
        before = self.summary()
        again = self.apply(name, details)
        if name == "release" or first == "late":
            assert not isinstance(again, type)
        else:
            assert again == first
        assert self.summary() == before

    @precondition(lambda self: self.done)
    @rule(index=pick)
    def reuse_a_key(self, index):
        """The same key for something else is refused."""
        name, details, first = self.done[index % len(self.done)]
        if name in ("grant", "claw_back", "reset", "adjust") and first is not None:
            answer = self.apply(name, {**details, "amount": details["amount"] + 100})
            assert answer is credit_services.KeyReused

    # ------------------------------------------------------------ the rules

    @invariant()
    def b1_balances_are_whole_and_not_negative(self):
        books = self.books
        for amount in (books.subscription, books.purchased, books.reserved, books.debt):
            assert isinstance(amount, int)
            assert amount >= 0

    @invariant()
    def b2_b4_balances_are_what_came_in_less_what_went_out(self):
        entries = self.books.entries
        assert sum(entry.subscription for entry in entries) == self.books.subscription
        assert sum(entry.purchased for entry in entries) == self.books.purchased
        assert sum(entry.reserved for entry in entries) == self.books.reserved
        assert sum(entry.debt for entry in entries) == self.books.debt
        moved = sum(entry.change + entry.reserved for entry in entries if entry.kind == "reserve")
        # What comes back and pays a debt is not used by that: it was used when the debt was made.
        settled = [entry for entry in entries if entry.kind in ("capture", "release")]
        used = -sum(entry.change + entry.reserved - entry.debt for entry in settled)
        assert moved == 0
        assert used == sum(self.books.used.values())

    @invariant()
    def what_comes_back_pays_what_is_owed_first(self):
        owed = 0
        for entry in self.books.entries:
            owed += entry.debt
            if entry.kind == "release":
                assert entry.debt <= 0
                assert owed == 0 or entry.change == 0

    @invariant()
    def b5_no_key_is_used_twice(self):
        keys = Counter(entry.key for entry in self.books.entries)
        assert max(keys.values(), default=1) == 1

    @invariant()
    def b9_fractions_are_below_a_credit_and_add_up(self):
        for name, prepaid in self.books.prepaid.items():
            assert 0 <= prepaid < 1
            expected = Fraction(0)
            for quote in self.books.quotes:
                if (line := quote.lines.get(name)) and quote.status in ("accepted", "settled"):
                    expected -= Fraction(line.prepaid)
                    if quote.status == "settled":
                        left = Fraction(line.prepaid) + line.captured - line.hits * Fraction(line.weight)
                        expected += left - line.rejoined
            assert Fraction(prepaid) == expected

    @invariant()
    def b10_a_new_period_changes_subscription_credits_only(self):
        resets = [entry for entry in self.books.entries if entry.kind == "reset"]
        assert all((entry.purchased, entry.reserved) == (0, 0) for entry in resets)

    @invariant()
    def frozen_credits_are_not_held(self):
        for quote in self.books.quotes:
            assert not (quote.was_frozen and quote.parts.subscription)

    @invariant()
    def b11_no_more_than_a_fifth_of_a_grant_comes_back(self):
        assert self.books.period_returned * 5 <= self.books.period_grant

    @invariant()
    def b13_b14_quotes_add_up(self):
        held = 0
        for quote in self.books.quotes:
            assert quote.captured <= quote.held <= quote.cost
            for line in quote.lines.values():
                exact = line.hits * Fraction(line.weight) - Fraction(line.prepaid)
                if quote.status in ("accepted", "settled"):
                    assert line.captured == max(0, math.ceil(exact))
            if quote.status == "settled":
                assert quote.captured + quote.released + quote.lapsed == quote.held
            elif quote.status == "accepted":
                held += quote.held - quote.captured
            else:
                assert (quote.held, quote.captured) == (0, 0)
        assert self.books.reserved == held


class MongoMachine(MemoryMachine):
    """Runs each operation on MongoDB and on the model, and finds every difference."""

    def __init__(self) -> None:
        super().__init__()
        self.mongo = MongoBooks()
        self.crash: dict[str, Any] | None = None

    def apply(self, name: str, details: dict[str, Any]) -> Any:
        before = self.summary()
        if self.crash is not None:
            fault, self.crash = self.crash, None
            with fail_commands(connection.database.client, fault["command"], times=1, **fault["data"]):
                answer = answer_of(self.mongo, name, details)
            if answer is CRASHED:  # the server refused in the middle
                assert self.mongo.balances() == before, f"{name} crashed and left something behind"
            if answer is CRASHED or name == "expire":  # a sweep leaves what failed to the next one
                answer = answer_of(self.mongo, name, details)
        else:
            answer = answer_of(self.mongo, name, details)
        expected = super().apply(name, details)
        assert answer == expected, f"{name}: MongoDB answered {answer}, the model {expected}"
        assert self.mongo.balances() == self.summary()
        return answer

    @rule(
        command=st.sampled_from(["findAndModify", "update", "insert", "commitTransaction"]),
        kind=st.sampled_from(["refused", "hung up", "conflict"]),
    )
    def crash_between(self, command, kind):
        """Let a command of the next operation fail at the server."""
        data = {
            "refused": {"errorCode": 20},
            "hung up": HANG_UP,
            "conflict": {"errorCode": 112, "errorLabels": ["TransientTransactionError"]},
        }
        if command == "commitTransaction" and kind == "refused":
            kind = "hung up"
        self.crash = {"command": command, "data": data[kind]}

    def teardown(self) -> None:
        try:
            if self.mongo.entries() or self.books.entries:
                model = [
                    (entry.kind, entry.subscription, entry.purchased, entry.reserved, entry.debt)
                    for entry in self.books.entries
                ]
                assert self.mongo.entries() == model
            report = credit_services.verify_books()
            assert [breach for breach in report.breaches if breach.rule != "B12"] == []
        finally:
            self.mongo.remove()


def answer_of(books: Any, name: str, details: dict[str, Any]) -> Any:
    """Return what an operation answers, the class of its refusal, or CRASHED if the server refused."""
    details = copy.copy(details)
    try:
        return getattr(books, name)(**details)
    except credit_services.CreditsError as refusal:
        return type(refusal)
    except (PyMongoError, DatabaseError):
        return CRASHED
