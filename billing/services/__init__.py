"""Every write of billing and every call of Chargebee.

State and credits follow from what Chargebee says now (`sync_customer`), whatever gave the occasion to ask: an event,
a payer who comes back, an order of a user, the nightly check.
"""

from billing.services.checkout import (
    CheckoutNotFound,
    CheckoutOutcome,
    finish_checkout,
    open_invoice,
    open_payment_methods,
    open_portal,
    start_checkout,
)
from billing.services.refusals import BillingRefused, OutcomeUnknown, ProviderAway
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

__all__ = [
    "BillingRefused",
    "ChangeQuote",
    "CheckoutNotFound",
    "CheckoutOutcome",
    "OutcomeUnknown",
    "ProviderAway",
    "cancel_plan",
    "change_plan",
    "finish_checkout",
    "keep_plan",
    "open_invoice",
    "open_payment_methods",
    "open_portal",
    "pause_plan",
    "quote_change",
    "reason_against_pause",
    "resume_plan",
    "start_checkout",
]
