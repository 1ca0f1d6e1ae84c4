"""What happens by itself when its time has come: renewals, ends, pauses, resumptions, retries and settlements."""

import logging

from atlas_site.sandbox.chargebee import changes, dunning, payments, subscriptions
from atlas_site.sandbox.chargebee.books import Books
from atlas_site.sandbox.chargebee.errors import ApiError, InvalidState
from atlas_site.sandbox.chargebee.periods import day_of_month
from atlas_site.sandbox.chargebee.store import Document

logger = logging.getLogger("atlas.sandbox")


def run_until(books: Books, now: int) -> int:
    """Let everything happen that is due by now, each thing at its own time and in order; returns how many."""
    happened = 0
    while True:
        with books.lock:
            due = books.store.next_due(now)
            if due is None:
                return happened
            kind, resource_id, moment = due
            try:
                with books.change("scheduled_job", at=moment):
                    _happen(books, kind, resource_id, moment)
            except ApiError as error:  # such as for a customer who was deleted
                logger.warning("nothing happens to a %s: %s", kind, error.code)
            if books.store.next_due(now) == due:  # nothing may be due for ever
                books.store.forget_due(kind, resource_id)
        happened += 1


def _happen(books: Books, kind: str, resource_id: str, moment: int) -> None:
    if kind == "invoice":
        dunning.retry(books, resource_id)
    elif kind == "transaction":
        transaction = books.get("transaction", resource_id)
        if transaction["status"] == "in_progress":
            payments.settle(books, resource_id)
        else:
            dunning.fail_late(books, resource_id)
    else:
        _happen_to_subscription(books, books.get("subscription", resource_id), moment)


def _happen_to_subscription(books: Books, subscription: Document, moment: int) -> None:
    if _is_due(subscription, "cancelled_at", moment):
        subscriptions.end(books, subscription)
    elif subscription["status"] == "paused":
        _resume(books, subscription)
    elif _is_due(subscription, "pause_date", moment):
        subscriptions.begin_pause(books, subscription)
    else:
        renew(books, subscription)


def _is_due(subscription: Document, name: str, moment: int) -> bool:
    value = subscription.get(name)
    return value is not None and value <= moment


def _resume(books: Books, subscription: Document) -> None:
    _, invoice = subscriptions.resume(books, subscription["id"])
    if invoice:
        dunning.collect(books, invoice)


def renew(books: Books, subscription: Document) -> None:
    """Begin the next term, with the plan that was scheduled for it, and collect its invoice."""
    old_unit, start = subscription["billing_period_unit"], subscription["current_term_end"]
    if subscription["has_scheduled_changes"]:
        changes.apply_scheduled(books, subscription)
    same_unit = subscription["billing_period_unit"] == old_unit
    subscriptions.start_term(
        books, subscription, start, anchor_day=subscription["_anchor_day"] if same_unit else None
    )  # fmt: skip
    invoice = subscriptions.charge_term(books, subscription)
    books.note("subscription_renewed", subscription=subscription["id"], invoice=invoice["id"])
    dunning.collect(books, invoice)


def end_term_now(books: Books, subscription_id: str) -> None:
    """Let the current term end at this moment; what follows is due then. Raises ``InvalidState``."""
    subscription, now = books.get("subscription", subscription_id), books.now()
    if subscription["status"] not in subscriptions.RUNNING or subscription["current_term_start"] >= now:
        raise InvalidState("The subscription has no term that could end now.")
    subscription |= {"current_term_end": now, "_anchor_day": day_of_month(now)}
    subscription["cancelled_at" if subscription["status"] == "non_renewing" else "next_billing_at"] = now
    books.put("subscription", subscription)
