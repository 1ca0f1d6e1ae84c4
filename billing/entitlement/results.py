"""What is derived from a customer's account: credit effects, rows of the payment history, the state, and problems."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from credits.services import period_name

EffectKind = Literal["lapse", "reset", "grant", "clawback"]
Bucket = Literal["subscription", "purchased"]

# The order of effects of one second: what ends, what begins, what is added, what is taken back.
RANKS: dict[EffectKind, int] = {"lapse": 0, "reset": 1, "grant": 2, "clawback": 3}


class OfferLike(Protocol):
    """What has to be known of an item price: a plan or a pack, and the credits that it brings (a plan each month)."""

    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def credits(self) -> int: ...
    @property
    def period_unit(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Period:
    """A span that one grant of a plan is for: a month of a subscription, both ends in UTC."""

    subscription_id: str
    start: datetime
    end: datetime

    @property
    def name(self) -> str:
        """The name of the period in the ledger."""
        return period_name(self.subscription_id, self.start)


@dataclass(frozen=True, slots=True)
class Effect:
    """One change of a wallet that the account calls for.

    `key` is the one of its ledger entry, `source` what follows the kind in it. `at` is the moment at which its cause
    was there, by Chargebee's clock. `amount` is in credits and positive, 0 for a lapse. `period` is the one of a plan
    that it is about. `payment` is the key of the PaymentRow that it belongs to. `of` is the key of the first grant
    that a clawback takes from, and `restores` are the clawbacks that a repeated payment undoes. Where `only_debt` is
    set its period is over, so that it pays what they had left owing and brings nothing else.
    """

    kind: EffectKind
    key: str
    at: datetime
    amount: int
    bucket: Bucket
    reason: str
    period: Period | None = None
    payment: str = ""
    of: str = ""
    restores: tuple[str, ...] = ()
    only_debt: bool = False

    @property
    def source(self) -> str:
        """What caused it, as the services of credits take it: the key without its kind."""
        return self.key.partition(":")[2]

    @property
    def order(self) -> tuple[datetime, int, str]:
        """By what effects are applied one after the other."""
        return self.at, RANKS[self.kind], self.key


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A row of the payment history, by the columns of PaymentTransaction. Amounts in cents, negative for money back.

    What it added to the credits, and what of the credits taken back had been used and is owed since, only the ledger
    knows: both are nothing here, and whoever books the row fills them in.
    """

    key: str
    type: str
    status: str
    amount_cents: int
    transaction_date: datetime
    resource_version: int
    invoice_id: str | None = None
    transaction_id: str | None = None
    credits_added: int = 0
    credits_owed: int = 0
    plan_id: str | None = None
    plan_name: str | None = None
    billing_period: str | None = None
    refunded_cents: int = 0
    error_text: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """The subscription, as Billing keeps it. `status` is None where the stored one must stay."""

    subscription_id: str
    status: str | None
    chargebee_status: str
    plan_id: str | None
    resource_version: int
    current_term_start: datetime | None = None
    current_term_end: datetime | None = None
    next_billing_at: datetime | None = None
    trial_end: datetime | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    pause_date: datetime | None = None
    resume_date: datetime | None = None
    scheduled_plan_id: str | None = None
    due_invoices_count: int = 0
    due_since: datetime | None = None
    total_dues_cents: int = 0
    next_retry_at: datetime | None = None
    card_status: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that a person has to look at. `subject` names what it is about and is the same each time."""

    kind: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class Entitlement:
    """All that follows from an account at a moment.

    `effects` are due by now, in the order in which they are applied. `frozen` says whether the subscription credits
    may not be spent, None where nobody can say. `next_effect_at` is when time alone brings the next effect.
    """

    effects: tuple[Effect, ...] = ()
    payments: tuple[PaymentRow, ...] = ()
    state: State | None = None
    frozen: bool | None = False
    next_effect_at: datetime | None = None
    problems: tuple[Problem, ...] = field(default=())
