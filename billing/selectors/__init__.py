"""Every read of billing. Pages read what Atlas holds, never Chargebee, so that they show while it is away."""

from billing.selectors.accounts import billing_of, customer_id_of, is_in_term, is_to_end, payments_after_end
from billing.selectors.checkouts import count_checkouts_since, find_checkout, open_checkouts, open_plan_checkouts
from billing.selectors.offers import (
    OfferCard,
    OfferPage,
    PlansPage,
    find_offer,
    offer_by_id,
    offer_page,
    offers,
    packs,
    plans_page,
    reason_against_change,
    takes_effect_now,
    title_of,
)
from billing.selectors.overview import BillingPage, Dunning, billing_page
from billing.selectors.payments import PaymentLine, PaymentPage, is_settling, payment_of_invoice, payment_page
from billing.selectors.top_up import AutoTopUpSection, auto_top_up_section, cost_of_month, month_after, month_of
from billing.selectors.troubles import Troubles, count_troubles

__all__ = [
    "AutoTopUpSection",
    "BillingPage",
    "Dunning",
    "OfferCard",
    "OfferPage",
    "PaymentLine",
    "PaymentPage",
    "PlansPage",
    "Troubles",
    "auto_top_up_section",
    "billing_of",
    "billing_page",
    "cost_of_month",
    "count_checkouts_since",
    "count_troubles",
    "customer_id_of",
    "find_checkout",
    "find_offer",
    "is_in_term",
    "is_settling",
    "is_to_end",
    "month_after",
    "month_of",
    "offer_by_id",
    "offer_page",
    "offers",
    "open_checkouts",
    "open_plan_checkouts",
    "packs",
    "payment_of_invoice",
    "payment_page",
    "payments_after_end",
    "plans_page",
    "reason_against_change",
    "takes_effect_now",
    "title_of",
]
