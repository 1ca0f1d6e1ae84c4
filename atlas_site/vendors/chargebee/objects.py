"""What Chargebee tells, as frozen dataclasses: whole cents, aware datetimes in UTC, and texts as Chargebee spells them.

The meaning of each field is Chargebee's (Product Catalog 2.0). Fields that Atlas has no use for are left out, and what
a document lacks is None, so that a new or missing key never breaks reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer. `card_status` is valid, expiring, expired, no_card ...

    `payment_method_status` is that of what pays first, which may be a bank account: valid, expiring, expired, invalid
    or pending_verification. Who has a bank account alone has no card.
    """

    id: str
    email: str | None = None
    deleted: bool = False
    card_status: str | None = None
    resource_version: int = 0
    payment_method_status: str | None = None

    @property
    def can_be_charged(self) -> bool:
        """Whether there is a card or a bank account on file with which a payment may succeed."""
        return not {self.card_status, self.payment_method_status}.isdisjoint({"valid", "expiring"})


@dataclass(frozen=True, slots=True)
class SubscriptionItem:
    """One item of a subscription; its plan is the one whose `item_type` is "plan"."""

    item_price_id: str
    item_type: str
    quantity: int = 1
    amount_cents: int = 0


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription as it is now. `cancelled_at` may lie in the future: it was or will be cancelled then."""

    id: str
    customer_id: str
    status: str
    resource_version: int
    items: tuple[SubscriptionItem, ...] = ()
    deleted: bool = False
    created_at: datetime | None = None
    started_at: datetime | None = None
    current_term_start: datetime | None = None
    current_term_end: datetime | None = None
    next_billing_at: datetime | None = None
    trial_end: datetime | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    pause_date: datetime | None = None
    resume_date: datetime | None = None
    due_invoices_count: int = 0
    due_since: datetime | None = None
    total_dues_cents: int = 0
    has_scheduled_changes: bool = False
    # The plan it changes to at the next renewal; only `fetch_account` asks for it.
    scheduled_plan_price_id: str | None = None

    @property
    def plan_price_id(self) -> str | None:
        """The item price of the plan, None for a subscription without one."""
        return next((item.item_price_id for item in self.items if item.item_type == "plan"), None)


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """A line of an invoice. `entity_type` is plan_item_price, charge_item_price, adhoc ...; the period is its own."""

    id: str
    entity_type: str
    entity_id: str | None = None
    subscription_id: str | None = None
    date_from: datetime | None = None
    date_to: datetime | None = None
    quantity: int = 1
    amount_cents: int = 0
    description: str = ""


@dataclass(frozen=True, slots=True)
class LinkedPayment:
    """A payment that was applied to an invoice; `status` is that of its transaction."""

    transaction_id: str
    status: str
    applied_cents: int = 0
    date: datetime | None = None


@dataclass(frozen=True, slots=True)
class LinkedCredit:
    """What a credit note took off an invoice, and when."""

    cents: int
    date: datetime | None = None


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice: paid, posted, payment_due, not_paid, voided or pending. A refund does not change its status.

    Paid is also one of which the rest was adjusted or written off. `credits` are those that paid for it, as money
    does; `adjustments` let the customer off what they name, and so do write-offs.
    """

    id: str
    customer_id: str
    status: str
    resource_version: int
    date: datetime
    subscription_id: str | None = None
    recurring: bool = False
    currency_code: str = "USD"
    total_cents: int = 0
    amount_paid_cents: int = 0
    amount_due_cents: int = 0
    credits_applied_cents: int = 0
    adjusted_cents: int = 0
    written_off_cents: int = 0
    paid_at: datetime | None = None
    due_date: datetime | None = None
    next_retry_at: datetime | None = None
    # What was given along when it was made: of an automatic top-up, its key.
    po_number: str | None = None
    deleted: bool = False
    lines: tuple[InvoiceLine, ...] = ()
    payments: tuple[LinkedPayment, ...] = ()
    credits: tuple[LinkedCredit, ...] = ()
    adjustments: tuple[LinkedCredit, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkedInvoice:
    """An invoice that a payment was applied to."""

    invoice_id: str
    applied_cents: int = 0


@dataclass(frozen=True, slots=True)
class Transaction:
    """Money that moved or should have: payment, refund, payment_reversal or authorization.

    `status` is in_progress, success, voided, failure, timeout, needs_attention or late_failure. Of a refund,
    `refunded_transaction_id` is the payment and `credited_invoice_ids` are the invoices of its credit notes.
    """

    id: str
    customer_id: str
    type: str
    status: str
    resource_version: int
    date: datetime
    amount_cents: int = 0
    subscription_id: str | None = None
    currency_code: str = "USD"
    updated_at: datetime | None = None
    error_text: str | None = None
    refunded_transaction_id: str | None = None
    linked_invoices: tuple[LinkedInvoice, ...] = ()
    credited_invoice_ids: tuple[str, ...] = ()
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class ItemPrice:
    """A price of the catalog. `item_type` is plan, addon or charge; `metadata` says which credits it grants."""

    id: str
    name: str
    item_type: str
    status: str
    price_cents: int
    resource_version: int
    item_id: str | None = None
    currency_code: str = "USD"
    period: int | None = None
    period_unit: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CustomerAccount:
    """All that Chargebee holds of one customer, fetched together. `customer` is None when it knows none of this id.

    `fetched_at` is a moment before the first of the reads, by Atlas's clock.
    """

    customer: Customer | None
    fetched_at: datetime
    subscriptions: tuple[Subscription, ...] = ()
    invoices: tuple[Invoice, ...] = ()
    transactions: tuple[Transaction, ...] = ()


@dataclass(frozen=True, slots=True)
class HostedPage:
    """A page of Chargebee to send the browser to. `state` is created, requested, succeeded, cancelled, acknowledged."""

    id: str
    type: str
    url: str
    state: str
    expires_at: datetime | None = None
    customer_id: str | None = None
    # The invoice that was made by it, known once it has succeeded.
    invoice_id: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeEstimate:
    """What a change of plan costs: now (after credit for the rest of the present plan), and at the next renewal."""

    due_now_cents: int
    credited_cents: int
    next_amount_cents: int | None
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Event:
    """An event of Chargebee, as its list of events tells it. `content` is what it said at that moment."""

    id: str
    event_type: str
    occurred_at: datetime
    content: Mapping[str, Any] = field(default_factory=dict)
