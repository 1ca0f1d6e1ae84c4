"""What of an account its owner is told by mail: each piece with a key of its own, so that it is told once."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from billing.entitlement import Entitlement, OfferLike
from billing.entitlement.money import moment_of_version
from billing.services.notices import NEWS_LIFE, News
from credits import services as credit_services

UNPAID_REASONS = {"not_paid", "no_card"}


def find_news(entitlement: Entitlement, offers: Mapping[str, OfferLike], *, now: datetime) -> Iterator[News]:
    """Yield what lately happened as (kind, key, details); the details are arguments of the mail of that kind.

    The same account gives the same news again and again: whoever mails keeps account of what was mailed.
    """
    since = now - NEWS_LIFE
    for kind, key, details in (*_of_plans(entitlement), *_of_state(entitlement, offers), *_of_payments(entitlement)):
        if details["at"] > since:
            yield kind, key, details


def _of_plans(entitlement: Entitlement) -> Iterator[News]:
    """Yield the first period of each subscription."""
    begun: set[str] = set()
    for effect in entitlement.effects:
        if effect.kind != "reset" or effect.period is None or effect.period.subscription_id in begun:
            continue
        begun.add(effect.period.subscription_id)
        paid = next((row for row in entitlement.payments if row.key == effect.payment), None)
        details = {
            "plan_name": paid.plan_name if paid and paid.plan_name else "",
            "credit_count": effect.amount,
            "renews_at": entitlement.state.next_billing_at if entitlement.state else None,
            "at": effect.at,
        }
        yield "plan_started", effect.period.subscription_id, details


def _of_state(entitlement: Entitlement, offers: Mapping[str, OfferLike]) -> Iterator[News]:
    """Yield a cancellation, once when it is ordered and once when it happens."""
    state = entitlement.state
    if state is None or state.cancelled_at is None:
        return
    offer = offers.get(state.plan_id or "")
    name = offer.name if offer else ""
    key = credit_services.period_name(state.subscription_id, state.cancelled_at)
    if state.status == "non_renewing":
        at = moment_of_version(state.resource_version) or state.cancelled_at
        overdue = state.total_dues_cents if state.due_invoices_count else 0
        details = {"plan_name": name, "ends_at": state.cancelled_at, "overdue_cents": overdue, "at": at}
        yield "plan_ends", key, details
    elif state.status == "cancelled":
        was_unpaid = state.cancel_reason in UNPAID_REASONS
        yield "plan_ended", key, {"plan_name": name, "was_unpaid": was_unpaid, "at": state.cancelled_at}


def _of_payments(entitlement: Entitlement) -> Iterator[News]:
    """Yield failed payments and refunds."""
    state = entitlement.state
    for row in entitlement.payments:
        if not row.key.startswith("transaction:"):
            continue
        key = row.transaction_id or row.key
        if row.status == "failed" and row.amount_cents > 0:
            is_plan = row.type == "subscription"
            details = {
                "amount_cents": row.amount_cents,
                "bank_said": row.error_text,
                "next_try_at": state.next_retry_at if state and is_plan else None,
                "is_plan": is_plan,
                "at": row.transaction_date,
            }
            yield "payment_failed", key, details
        elif row.status == "refunded":
            details = {
                "amount_cents": -row.amount_cents,
                "credits_taken": -row.credits_added,
                "debt": row.credits_owed,
                "at": row.transaction_date,
            }
            yield "refund", key, details
