"""Every write of billing and every call of Chargebee.

State and credits follow from what Chargebee says now (`sync_customer`), whatever gave the occasion to ask: an event,
a payer who comes back, an order of a user, the nightly check.
"""

from billing.services.booking import SyncResult
from billing.services.books import BILLING_RULES, verify_billing
from billing.services.checkout import (
    CheckoutNotFound,
    CheckoutOutcome,
    finish_checkout,
    open_invoice,
    open_payment_methods,
    open_portal,
    start_checkout,
)
from billing.services.events import (
    BadEvent,
    Processed,
    Received,
    process_due_events,
    process_event,
    receive_event,
    replay_event,
)
from billing.services.notices import send_notices
from billing.services.offers import Copied, copy_offers, floor_cents_per_credit, sells_below_cost
from billing.services.reconciliation import (
    BEGINNING,
    Report,
    begin_reconciliation,
    continue_reconciliation,
    reconcile,
)
from billing.services.refusals import BillingRefused, OutcomeUnknown, PlanPageIsOpen, ProviderAway
from billing.services.subscriptions import (
    ChangeQuote,
    cancel_plan,
    change_plan,
    keep_plan,
    pause_plan,
    quote_change,
    reason_against_pause,
    resume_plan,
)
from billing.services.sync import UnknownCustomer, sync_customer, sync_due_customers
from billing.services.top_up import LimitsDoNotFit, NoCard, set_auto_top_up, stop_auto_top_up, top_up_wallets

__all__ = [
    "BEGINNING",
    "BILLING_RULES",
    "BadEvent",
    "BillingRefused",
    "ChangeQuote",
    "CheckoutNotFound",
    "CheckoutOutcome",
    "Copied",
    "LimitsDoNotFit",
    "NoCard",
    "OutcomeUnknown",
    "PlanPageIsOpen",
    "Processed",
    "ProviderAway",
    "Received",
    "Report",
    "SyncResult",
    "UnknownCustomer",
    "begin_reconciliation",
    "cancel_plan",
    "change_plan",
    "continue_reconciliation",
    "copy_offers",
    "finish_checkout",
    "floor_cents_per_credit",
    "keep_plan",
    "open_invoice",
    "open_payment_methods",
    "open_portal",
    "pause_plan",
    "process_due_events",
    "process_event",
    "quote_change",
    "reason_against_pause",
    "receive_event",
    "reconcile",
    "replay_event",
    "resume_plan",
    "sells_below_cost",
    "send_notices",
    "set_auto_top_up",
    "start_checkout",
    "stop_auto_top_up",
    "sync_customer",
    "sync_due_customers",
    "top_up_wallets",
    "verify_billing",
]
