"""Changing, ending, pausing and resuming a plan. Chargebee is told, and then asked how things stand.

Each order looks at the state first, so that a repeated click finds it done; and each carries a key that is made of
the user and the form's token, by which Chargebee answers a repeated order with the first answer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from atlas_site.vendors import chargebee
from atlas_site.vendors.chargebee.objects import ChangeEstimate
from atlas_site.vendors.errors import VendorError
from billing import selectors
from billing.models import Billing, Offer
from billing.services.offers import find_sellable
from billing.services.refusals import (
    BillingRefused,
    NotPossibleNow,
    OfferGone,
    OutcomeUnknown,
    PriceChanged,
    vendor_errors_in_words,
)
from billing.services.sync import sync_customer

AGAINST_CHANGE = {
    "paused": "Your plan is paused. Resume it first, then change it.",
    "ending": "Your plan is about to end. Keep it first, then change it.",
    "overdue": "A payment is overdue. Once it is paid, the plan can be changed.",
    "settling": "Your bank is still settling the payment for your plan. Once it has arrived, the plan can be changed.",
    "planned": "Another change is planned already. Keep the present plan first, then choose again.",
}


@dataclass(frozen=True)
class ChangeQuote:
    """What a change of plan does and costs, in cents: now, and at the next renewal (None: not known yet)."""

    page: selectors.OfferPage
    due_now_cents: int
    credited_cents: int
    next_cents: int | None
    next_at: datetime | None


def quote_change(*, user: User, offer_id: str, now: datetime) -> ChangeQuote:
    """Ask Chargebee what a change to this plan would cost today, without changing anything.

    Raises OfferGone, NotPossibleNow with the reason, or ProviderAway.
    """
    page = _change_page(user=user, offer_id=offer_id, now=now)
    if not page.needs_estimate:
        next_at = page.effective_at
        return ChangeQuote(page, due_now_cents=0, credited_cents=0, next_cents=page.offer.price_cents, next_at=next_at)
    with vendor_errors_in_words():
        estimate = _estimate(_live_billing(user), page.offer)
    return ChangeQuote(
        page,
        due_now_cents=estimate.due_now_cents,
        credited_cents=estimate.credited_cents,
        next_cents=estimate.next_amount_cents,
        next_at=estimate.next_at,
    )


def change_plan(
    *, user: User, offer_id: str, now: datetime, token: str, most_cents: int | None = None
) -> selectors.OfferPage:
    """Change the plan: at once for more credits, at the end of the paid term for fewer. Return what was done.

    `most_cents` is what the page said that it costs now: an order that would cost more is refused (PriceChanged).
    Repeated, it changes nothing. Raises OfferGone, NotPossibleNow, CardDeclined with the bank's words, ProviderAway.
    """
    page = _change_page(user=user, offer_id=offer_id, now=now)
    if page.kind == "present_plan" or (page.billing and page.billing.scheduled_plan_id == offer_id):
        return page
    billing = _live_billing(user)
    with vendor_errors_in_words():
        if page.needs_estimate and most_cents is not None:
            due_now = _estimate(billing, page.offer).due_now_cents
            if due_now > most_cents:
                raise PriceChanged("The price of this change has risen meanwhile. Nothing was changed or charged.")
    _order(
        user,
        now,
        lambda: chargebee.change_plan(
            subscription_id=_subscription_id(billing),
            item_price_id=page.offer.pk,
            at_term_end=not page.needs_estimate,
            key=_key("change", user, token),
        ),
    )
    return page


def cancel_plan(*, user: User, now: datetime, token: str) -> Billing:
    """Let the plan end with what is paid already; nothing is lost before. Repeated, it changes nothing."""
    billing = _live_billing(user)
    if selectors.is_to_end(billing):
        return billing
    return _order(
        user,
        now,
        lambda: chargebee.cancel_at_term_end(
            subscription_id=_subscription_id(billing), key=_key("cancel", user, token)
        ),
    )


def keep_plan(*, user: User, now: datetime, token: str) -> Billing:
    """Take back a cancellation or a change that is planned, so that the present plan goes on."""
    billing = _live_billing(user)
    if selectors.is_to_end(billing):
        take_back = chargebee.remove_scheduled_cancellation
    elif billing.scheduled_plan_id:
        take_back = chargebee.remove_scheduled_changes
    else:
        return billing
    subscription_id = _subscription_id(billing)
    return _order(user, now, lambda: take_back(subscription_id=subscription_id, key=_key("keep", user, token)))


def pause_plan(*, user: User, now: datetime, token: str) -> Billing:
    """Pause the plan at once: nothing is paid, and subscription credits freeze. Repeated, it changes nothing.

    Raises NotPossibleNow while a payment is overdue or a change or the end is planned.
    """
    billing = _live_billing(user)
    if billing.subscription_status == Billing.Status.PAUSED:
        return billing
    if reason := reason_against_pause(billing):
        raise NotPossibleNow(reason)
    return _order(
        user,
        now,
        lambda: chargebee.pause(subscription_id=_subscription_id(billing), key=_key("pause", user, token)),
    )


def resume_plan(*, user: User, now: datetime, token: str, most_cents: int | None = None) -> Billing:
    """Resume a paused plan at once. Within the paid term nothing is paid and nothing granted (the money rule).

    `most_cents` is what the page said that it costs now. If the paid term has ended since, so that a new one would be
    paid, nothing is ordered (PriceChanged).
    """
    billing = _live_billing(user)
    if billing.subscription_status != Billing.Status.PAUSED:
        return billing
    if most_cents is not None and not selectors.is_in_term(billing, now=now):
        offer = selectors.offer_by_id(billing.subscription_plan_id)
        if offer is None or offer.price_cents > most_cents:
            raise PriceChanged(
                "What resuming costs has risen meanwhile, for the paid term has ended or its price has changed. "
                "Nothing was changed or charged."
            )
    return _order(
        user,
        now,
        lambda: chargebee.resume(subscription_id=_subscription_id(billing), key=_key("resume", user, token)),
    )


def reason_against_pause(billing: Billing) -> str:
    """Return why a live plan cannot be paused now, "" if it can."""
    if selectors.is_to_end(billing):
        return "Your plan is about to end, so there is nothing to pause. Keep it first if you want to pause it."
    if billing.due_invoices_count:
        return "A payment is overdue. Once it is paid, the plan can be paused."
    if selectors.is_settling(billing.user_id):
        return "Your bank is still settling the payment for your plan. Once it has arrived, the plan can be paused."
    if billing.scheduled_plan_id:
        return "A change of plan is planned. Keep the present plan first, then pause it."
    return ""


# ---------------------------------------------------------------- inside


def _change_page(*, user: User, offer_id: str, now: datetime) -> selectors.OfferPage:
    """Return what the change does. Raises OfferGone, and NotPossibleNow unless there is a plan that can be changed."""
    try:
        page = selectors.offer_page(user=user, offer_id=offer_id, now=now)
    except Offer.DoesNotExist:
        raise OfferGone("This plan is not sold any more. Nothing was changed.") from None
    if page.kind in {"new_plan", "pack"}:
        raise NotPossibleNow("There is no plan to change. Nothing was charged.")
    is_planned_already = page.billing is not None and page.billing.scheduled_plan_id == offer_id
    if page.kind in AGAINST_CHANGE and not is_planned_already:
        raise NotPossibleNow(AGAINST_CHANGE[page.kind])
    if page.kind != "present_plan" and not is_planned_already and find_sellable(offer_id, now=now) is None:
        raise OfferGone("This plan is not sold any more. Nothing was changed.")
    return page


def _live_billing(user: User) -> Billing:
    billing = selectors.billing_of(user)
    if billing is None or not billing.is_live:
        raise NotPossibleNow("There is no plan now. Nothing was changed.")
    return billing


def _subscription_id(billing: Billing) -> str:
    if not billing.chargebee_subscription_id:
        raise NotPossibleNow("This plan is not known at our payment provider. Please write to support.")
    return billing.chargebee_subscription_id


def _estimate(billing: Billing, offer: Offer) -> ChangeEstimate:
    return chargebee.estimate_change(subscription_id=_subscription_id(billing), item_price_id=offer.pk)


def _key(action: str, user: User, token: str) -> str:
    return f"{action}:{user.pk}:{token}"[:100]


def _order(user: User, now: datetime, order: Callable[[], object]) -> Billing:
    """Give Chargebee an order and book how things stand afterwards, also when it refused what it was told."""
    customer_id = selectors.customer_id_of(user)
    try:
        with vendor_errors_in_words():
            order()
    except BillingRefused:
        _sync_quietly(customer_id, now)
        raise
    try:
        sync_customer(customer_id=customer_id, now=now)
    except VendorError as error:
        raise OutcomeUnknown(
            "This was done. Our payment provider does not answer at the moment, so this page will show it within "
            "minutes. Do not do it again."
        ) from error
    return Billing.objects.get(user_id=user.pk)


def _sync_quietly(customer_id: str, now: datetime) -> None:
    """Look how things stand, after a refusal that is reported anyway."""
    try:
        sync_customer(customer_id=customer_id, now=now)
    except VendorError:
        return
