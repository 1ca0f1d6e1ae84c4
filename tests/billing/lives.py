"""Random lives of a customer, by Chargebee's rules, and a wallet of plain integers that credits are booked into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import strategies as st

from atlas_site.vendors.chargebee.objects import Invoice
from billing.entitlement import Effect, Entitlement, derive
from tests.billing.account_builder import OFFERS, PACK_100, PACK_500, START, Account, add_months

PLANS = ["starter-USD-Monthly", "pro-USD-Monthly", "scale-USD-Monthly", "starter-USD-Yearly", "pro-USD-Yearly"]
PRICES = {
    "starter-USD-Monthly": 4_900,
    "pro-USD-Monthly": 9_900,
    "scale-USD-Monthly": 24_900,
    "starter-USD-Yearly": 49_000,
    "pro-USD-Yearly": 99_000,
    PACK_100: 2_900,
    PACK_500: 12_900,
}
ACTS = [
    *("wait", "wait", "wait", "subscribe", "change", "cancel at end", "keep", "cancel now", "reactivate"),
    *("pause", "resume", "buy", "refund", "fail late", "charge back", "pay dues", "card fails", "card pays"),
    *("write off", "reverse", "void", "bill again"),
]
DUNNING = timedelta(days=6)

Step = tuple[str, int, int]
steps = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 60), st.integers(0, 1_000)), min_size=1, max_size=25)


@dataclass
class CustomerLife:
    """A customer to whom things happen one after the other. At each moment `account` is what Chargebee would tell."""

    account: Account = field(default_factory=Account)
    now: datetime = START
    card_pays: bool = True
    count: int = 0
    sub: str = ""
    status: str = ""
    plan: str = ""
    term: tuple[datetime, datetime] = (START, START)
    anchor: datetime = START

    def live(self, step: Step) -> None:
        """Let one thing happen, if it can: what, so many days and minutes later, and a number to choose by."""
        act, days, number = step
        self.pass_time(self.now + timedelta(days=days if act == "wait" else 0, minutes=1 + number % 97))
        {
            "wait": lambda _: None,
            "subscribe": self.subscribe,
            "change": self.change,
            "cancel at end": lambda _: self.schedule_end(),
            "keep": lambda _: self.keep(),
            "cancel now": lambda _: self.cancel(self.now) if self.is_live else None,
            "reactivate": lambda _: self.reactivate(),
            "pause": lambda _: self.pause(),
            "resume": lambda _: self.resume(),
            "buy": self.buy,
            "refund": self.refund,
            "fail late": self.fail_late,
            "charge back": self.charge_back,
            "pay dues": lambda _: self.pay_dues(),
            "write off": lambda _: self.give_up_dues(lambda one: self.account.write_off(one, self.now)),
            "reverse": lambda _: self.give_up_dues(lambda one: self.account.adjust(one, self.now)),
            "void": lambda _: self.give_up_dues(self.account.void),
            "bill again": self.bill_again,
            "card fails": lambda _: setattr(self, "card_pays", False),
            "card pays": lambda _: setattr(self, "card_pays", True),
        }[act](number)

    @property
    def is_live(self) -> bool:
        return self.status in {"active", "non_renewing", "paused"}

    # ------------------------------------------------------------ time

    def pass_time(self, until: datetime) -> None:
        """Let renewals, ends and the last failed attempts of dunning happen at their own times."""
        while True:
            due = self.next_due()
            if due is None or due[0] > until:
                break
            self.now = max(self.now, due[0])
            due[1]()
        self.now = until

    def next_due(self):
        """Return what comes next by itself, with its moment."""
        found = []
        if self.status == "active":
            found.append((self.term[1], self.renew))
        if self.status == "non_renewing":
            found.append((self.term[1], lambda: self.cancel(self.term[1])))
        if self.status in {"active", "non_renewing"} and (unpaid := self.unpaid()):
            found.append((self.account.invoices[unpaid[0]].date + DUNNING, lambda: self.give_up(unpaid[0])))
        return min(found, key=lambda one: one[0], default=None)

    def renew(self) -> None:
        start = self.term[1]
        number = 1
        step = 12 if "Yearly" in self.plan else 1
        while add_months(self.anchor, number * step) <= start:
            number += 1
        self.begin_term(start, add_months(self.anchor, number * step))

    def give_up(self, invoice_id: str) -> None:
        self.account.set_invoice(invoice_id, status="not_paid")
        self.cancel(self.now, reason="not_paid")

    def unpaid(self) -> list[str]:
        """Return the plan's invoices that dunning still tries to collect."""
        due = [one for one in self.account.invoices.values() if one.status == "payment_due" and one.recurring]
        return [one.id for one in due if one.subscription_id == self.sub]

    # ------------------------------------------------------------ plans

    def begin_term(self, start: datetime, end: datetime) -> None:
        self.term = (start, end)
        self.account.change_subscription(self.sub, current_term_start=start, current_term_end=end)
        paid = max(start, self.now) if self.card_pays else None
        self.account.bill(self.plan, start, end, cents=PRICES[self.plan], sub=self.sub, paid_at=paid)

    def begin_at_now(self) -> None:
        self.anchor = self.now
        self.begin_term(self.now, add_months(self.now, 12 if "Yearly" in self.plan else 1))

    def subscribe(self, number: int) -> None:
        if self.is_live or not self.card_pays:
            return
        self.count += 1
        self.sub, self.status, self.plan = f"sub{self.count}", "active", PLANS[number % len(PLANS)]
        self.account.subscribe(self.plan, self.now, self.sub)
        self.begin_at_now()

    def change(self, number: int) -> None:
        plan = PLANS[number % len(PLANS)]
        if self.status != "active" or plan == self.plan or self.unpaid() or not self.card_pays:
            return
        same_unit = ("Yearly" in plan) == ("Yearly" in self.plan)
        self.plan = plan
        if not same_unit:
            self.begin_at_now()
            return
        start, end = self.now, self.term[1]
        if start < end:
            cents = max(1, int(PRICES[plan] * ((end - start) / (end - self.term[0]))))
            self.account.bill(plan, start, end, cents=cents, sub=self.sub, paid_at=self.now)

    def schedule_end(self) -> None:
        if self.status == "active":
            self.status = "non_renewing"
            self.account.change_subscription(self.sub, status="non_renewing", cancelled_at=self.term[1])

    def keep(self) -> None:
        if self.status == "non_renewing":
            self.go_on()

    def go_on(self) -> None:
        self.status = "active"
        self.account.change_subscription(
            self.sub, status="active", cancelled_at=None, cancel_reason=None, pause_date=None
        )

    def cancel(self, at: datetime, reason: str | None = None) -> None:
        self.status = "cancelled"
        self.account.cancel(at, self.sub, reason)

    def reactivate(self) -> None:
        # A year that was ended, or a term that was given up unpaid, and that staff take up again within itself, leaves
        # no trace of when it was over: whoever looks only afterwards cannot know what had lapsed or waited meanwhile.
        within = self.now < self.term[1]
        leaves_no_trace = within and ("Yearly" in self.plan or not self.is_paid_up())
        if self.status == "cancelled" and self.card_pays and not self.unpaid() and not leaves_no_trace:
            self.continue_or_begin()

    def is_paid_up(self) -> bool:
        """Whether the present term was paid while the plan was not over."""
        own = [one for one in self.account.invoices.values() if one.recurring and one.subscription_id == self.sub]
        over_at, paid_at = self.account.subscriptions[self.sub].cancelled_at, own[-1].paid_at
        return self.is_paid(own[-1]) and over_at is not None and paid_at is not None and paid_at <= over_at

    def is_paid(self, invoice: Invoice) -> bool:
        """Whether it was paid for, and not given up."""
        return invoice.status == "paid" and not invoice.adjustments

    def pause(self) -> None:
        if self.status == "active":
            self.status = "paused"
            self.account.change_subscription(self.sub, status="paused", pause_date=self.now)

    def resume(self) -> None:
        if self.status == "paused" and self.card_pays:
            self.continue_or_begin()

    def continue_or_begin(self) -> None:
        self.go_on()
        if self.now >= self.term[1]:
            self.begin_at_now()

    # ------------------------------------------------------------ money

    def buy(self, number: int) -> None:
        pack = [PACK_100, PACK_500][number % 2]
        self.account.sell(pack, self.now, cents=PRICES[pack] * (1 + number % 3), quantity=1 + number % 3)

    def choose(self, number: int) -> str | None:
        """Return a paid invoice with a payment that holds."""
        held = [
            one.id
            for one in self.account.invoices.values()
            if self.is_paid(one) and one.payments and not self.is_refunded(one.id)
        ]
        return held[number % len(held)] if held else None

    def is_refunded(self, invoice_id: str) -> bool:
        return any(invoice_id in one.credited_invoice_ids for one in self.account.transactions.values())

    def refund(self, number: int) -> None:
        paid = [one for one in self.account.invoices.values() if self.is_paid(one) and one.payments]
        if not paid:
            return
        invoice = paid[number % len(paid)]
        back = [one for one in self.account.transactions.values() if invoice.id in one.credited_invoice_ids]
        left = invoice.total_cents - sum(one.amount_cents for one in back)
        cents = left if number % 3 == 0 else left * (number % 100) // 100
        if cents > 0:
            self.account.refund(invoice.id, cents, self.now)

    def fail_late(self, number: int) -> None:
        invoice_id = self.choose(number)
        if invoice_id:
            self.account.fail_late(self.account.payment_of(invoice_id), self.now)

    def charge_back(self, number: int) -> None:
        invoice_id = self.choose(number)
        if invoice_id:
            self.account.charge_back(self.account.payment_of(invoice_id), self.now)

    def pay_dues(self) -> None:
        for invoice in list(self.account.invoices.values()):
            if invoice.status in {"payment_due", "not_paid"} and self.card_pays:
                self.account.pay(invoice.id, self.now)

    def give_up_dues(self, how: Callable[[str], None]) -> None:
        """Let staff give up what is owed, in one of the ways there are."""
        for invoice in list(self.account.invoices.values()):
            if invoice.status in {"payment_due", "not_paid"}:
                how(invoice.id)

    def bill_again(self, number: int) -> None:
        """Let staff bill what dunning still tries to collect by another invoice, which is paid at once."""
        for invoice_id in self.unpaid() if self.card_pays else []:
            line = self.account.invoices[invoice_id].lines[0]
            self.account.set_invoice(invoice_id, status="not_paid")
            if number % 2:
                self.account.void(invoice_id)
            span = {"start": line.date_from, "end": line.date_to}
            again = self.account.bill(line.entity_id, **span, cents=line.amount_cents, sub=self.sub)
            self.account.pay(again, self.now)

    def look(self) -> Entitlement:
        """Return what follows from the account now."""
        return derive(self.account.told(), OFFERS, self.now)


@dataclass
class PlainWallet:
    """A wallet of plain integers by the rules of the services of credits, for accounts on which nothing is spent."""

    subscription: int = 0
    purchased: int = 0
    debt: int = 0
    period: str = ""
    latest: datetime | None = None
    entries: dict[str, tuple[int, int, int]] = field(default_factory=dict)

    def book(self, effects: tuple[Effect, ...]) -> None:
        """Apply the effects that have no entry yet, in their order."""
        for effect in effects:
            if effect.key not in self.entries:
                self._apply(effect)

    def _apply(self, effect: Effect) -> None:
        name = effect.period.name if effect.period else ""
        if effect.kind == "lapse":
            if name == self.period:
                self._enter(effect.key, subscription=-self.subscription)
                self.period = ""
        elif effect.kind == "reset":
            assert effect.period is not None
            if self.latest is not None and self.latest > effect.period.start:
                return
            paid = min(self.debt, effect.amount)
            self.period, self.latest = name, effect.period.start
            self._enter(effect.key, subscription=effect.amount - paid - self.subscription, debt=-paid)
        elif effect.kind == "grant":
            if effect.only_debt or (effect.bucket == "subscription" and name != self.period):
                return  # nothing was used, so nothing is owed that it could pay
            paid = min(self.debt, effect.amount)
            self._enter(effect.key, debt=-paid, **{effect.bucket: effect.amount - paid})
        elif not name or name == self.period:
            taken = min(effect.amount, self.subscription if name else self.purchased)
            self._enter(effect.key, debt=effect.amount - taken, **{effect.bucket: -taken})

    def _enter(self, key: str, *, subscription: int = 0, purchased: int = 0, debt: int = 0) -> None:
        self.subscription += subscription
        self.purchased += purchased
        self.debt += debt
        assert min(self.subscription, self.purchased, self.debt) >= 0, key
        self.entries[key] = (subscription, purchased, debt)
