"""The one subscription that counts, and how it stands in the words of Atlas."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from atlas_site.vendors.chargebee.objects import CustomerAccount, Subscription
from billing.entitlement.results import Problem, State
from billing.entitlement.terms import LONG_AGO, OVER, RUNNING

FUTURE = "future"
DUE = {"payment_due", "posted"}


def mapped_status(subscription: Subscription, *, is_gone: bool, now: datetime) -> str | None:
    """Return the status of a subscription in the four words of Atlas, None where the stored one has to stay.

    A trial is active, or ends with the period once it will be cancelled. Dunning changes nothing. What was deleted,
    or moved to another business entity, is cancelled. A future one has not begun, and nobody knows other words.
    """
    if is_gone or subscription.status in OVER:
        return "cancelled"
    if subscription.status == "in_trial":
        is_ending = subscription.cancelled_at is not None and subscription.cancelled_at > now
        return "non_renewing" if is_ending else "active"
    return subscription.status if subscription.status in RUNNING else None


def read_state(account: CustomerAccount, now: datetime) -> State | None:
    """Return the state of the newest live subscription, else of the newest one, None without any.

    Its version is the highest of all subscriptions: they are told of together, so a snapshot with a lower one is older.
    """
    one = the_subscription(account)
    if one is None:
        return None
    retries = [
        invoice.next_retry_at
        for invoice in account.invoices
        if invoice.status in DUE and invoice.next_retry_at is not None
    ]
    return State(
        subscription_id=one.id,
        status=mapped_status(one, is_gone=_is_gone(account, one), now=now),
        chargebee_status=one.status,
        plan_id=one.plan_price_id,
        resource_version=max(subscription.resource_version for subscription in account.subscriptions),
        current_term_start=one.current_term_start,
        current_term_end=one.current_term_end,
        next_billing_at=one.next_billing_at,
        trial_end=one.trial_end,
        cancelled_at=one.cancelled_at,
        cancel_reason=one.cancel_reason,
        pause_date=one.pause_date,
        resume_date=one.resume_date,
        scheduled_plan_id=one.scheduled_plan_price_id,
        due_invoices_count=one.due_invoices_count,
        due_since=one.due_since,
        total_dues_cents=one.total_dues_cents,
        next_retry_at=min(retries, default=None),
        card_status=account.customer.card_status if account.customer else None,
    )


def the_subscription(account: CustomerAccount) -> Subscription | None:
    """Return the newest subscription that is live, else the newest that has begun, else the newest."""
    newest_last = sorted(account.subscriptions, key=_age)
    live = [one for one in newest_last if _is_live(account, one)]
    begun = [one for one in newest_last if one.status != FUTURE]
    return next(iter([*reversed(live), *reversed(begun), *reversed(newest_last)]), None)


def find_problems(account: CustomerAccount) -> Iterator[Problem]:
    """Yield second live subscriptions, which somebody pays for twice, and states that nobody has words for."""
    the_one = the_subscription(account)
    for subscription in account.subscriptions:
        if _is_live(account, subscription) and subscription is not the_one:
            detail = f"Subscription {subscription.id} is {subscription.status} beside {the_one.id if the_one else ''}."
            yield Problem("second_subscription", subscription.id, detail)
        if subscription.status not in RUNNING | OVER | {FUTURE}:
            detail = f"Subscription {subscription.id} has the unknown status {subscription.status!r:.40}."
            yield Problem("unknown_status", subscription.id, detail)


def _is_gone(account: CustomerAccount, subscription: Subscription) -> bool:
    return subscription.deleted or (account.customer is not None and account.customer.deleted)


def _is_live(account: CustomerAccount, subscription: Subscription) -> bool:
    """Whether it is neither over nor to begin; one whose status nobody knows counts as live."""
    return not _is_gone(account, subscription) and subscription.status not in OVER | {FUTURE}


def _age(subscription: Subscription) -> tuple[datetime, str]:
    return subscription.created_at or subscription.started_at or LONG_AGO, subscription.id
