"""Changes of a subscription's plan: prorated now, or scheduled for the end of the term; and what they would cost."""

from dataclasses import dataclass, field

from atlas_site.sandbox.chargebee import credit_notes, invoices, payments, subscriptions
from atlas_site.sandbox.chargebee.books import Books, public
from atlas_site.sandbox.chargebee.errors import InvalidState
from atlas_site.sandbox.chargebee.periods import share
from atlas_site.sandbox.chargebee.store import Document


@dataclass
class Change:
    """What a change made: the subscription, its invoice where there was something to charge, and credit notes."""

    subscription: Document
    invoice: Document | None = None
    credit_notes: list[Document] = field(default_factory=list)


def change_now(
    books: Books, subscription_id: str, price: Document, quantity: int = 1, *, on_session: bool,
    restart_term: bool = False, prorate: bool = True,
) -> Change:  # fmt: skip
    """Change the plan at this moment.

    The rest of the old plan is credited and the rest of the new one charged, on one invoice that costs the
    difference. Another billing period, or ``restart_term``, begins a new term now. A cancelled subscription is
    reactivated with the new plan.

    Raises ``Declined`` (the change around it is undone then) or ``InvalidState`` for a paused subscription.
    """
    subscription = books.get("subscription", subscription_id)
    if subscription["status"] == "cancelled":
        return _restart(books, subscription, price, quantity, on_session=on_session)
    if subscription["status"] not in subscriptions.RUNNING:
        raise InvalidState(f"Cannot update the subscription: it is {subscription['status']}.")
    subscriptions.drop_scheduled_changes(books, subscription)
    old, now = subscriptions.plan(subscription), books.now()
    same_period = (price["period"], price["period_unit"]) == (old["billing_period"], old["billing_period_unit"])
    restart_term = restart_term or not same_period
    change = Change(subscription)
    if (old["item_price_id"], old["quantity"]) == (price["id"], quantity) and not restart_term:
        return change
    if prorate or restart_term:
        note = credit_notes.credit_rest(books, subscription)
        change.credit_notes += [note] if note else []
    subscriptions.set_plan(subscription, price, quantity)
    if restart_term:
        subscription |= {"status": "active", "cancelled_at": None, "remaining_billing_cycles": None}
        subscriptions.start_term(books, subscription, now)
        change.invoice = subscriptions.charge_term(books, subscription)
    else:
        books.put("subscription", subscription)
        change.invoice = _charge_rest(books, subscription, price, quantity) if prorate else None
    _tell(books, "subscription_changed", change)
    if change.invoice:
        payments.require_success(payments.collect(books, change.invoice, on_session=on_session))
    return change


def _restart(books: Books, subscription: Document, price: Document, quantity: int, *, on_session: bool) -> Change:
    subscriptions.set_plan(subscription, price, quantity)
    subscription |= {"status": "active", "cancelled_at": None, "cancel_reason": None}
    subscriptions.start_term(books, subscription, books.now())
    change = Change(subscription, subscriptions.charge_term(books, subscription))
    _tell(books, "subscription_reactivated", change)
    payments.require_success(payments.collect(books, change.invoice or {}, on_session=on_session))
    return change


def _charge_rest(books: Books, subscription: Document, price: Document, quantity: int) -> Document | None:
    now, start, end = books.now(), subscription["current_term_start"], subscription["current_term_end"]
    amount = share(subscriptions.plan(subscription)["amount"], end - now, end - start)
    if amount <= 0:
        return None
    line = invoices.price_line(
        books, price, quantity=quantity, customer_id=subscription["customer_id"], amount=amount,
        subscription_id=subscription["id"], term=(now, end),
    )  # fmt: skip
    return invoices.issue(books, customer_id=subscription["customer_id"], lines=[line], subscription=subscription)


def _tell(books: Books, event_type: str, change: Change) -> None:
    books.note(
        event_type, subscription=change.subscription["id"], invoice=change.invoice["id"] if change.invoice else "",
        credit_notes=[note["id"] for note in change.credit_notes],
    )  # fmt: skip


# Scheduled for the end of the term


def schedule(books: Books, subscription_id: str, price: Document, quantity: int = 1) -> Change:
    """Change the plan when the term ends, in place of what was scheduled before. Raises ``InvalidState``."""
    subscription = books.get("subscription", subscription_id)
    if subscription["status"] != "active":
        raise InvalidState(f"Cannot schedule a change: the subscription is {subscription['status']}.")
    subscription |= {
        "_scheduled": {"item_price_id": price["id"], "quantity": quantity}, "has_scheduled_changes": True,
        "changes_scheduled_at": subscription["current_term_end"],
    }  # fmt: skip
    books.put("subscription", subscription)
    books.note("subscription_changes_scheduled", subscription=subscription_id)
    return Change(subscription)


def apply_scheduled(books: Books, subscription: Document) -> None:
    """Make the scheduled plan the plan; the caller begins the new term."""
    scheduled = subscription["_scheduled"]
    subscription |= {"has_scheduled_changes": False, "changes_scheduled_at": None, "_scheduled": None}
    price = books.get("item_price", scheduled["item_price_id"])
    subscriptions.set_plan(subscription, price, scheduled["quantity"])
    books.note("subscription_changed", subscription=subscription["id"])


def with_scheduled_changes(books: Books, subscription_id: str) -> Document:
    """Return the subscription as it will be. Raises ``InvalidState`` where nothing is scheduled."""
    with books.lock:
        subscription = books.get("subscription", subscription_id)
        if not subscription["has_scheduled_changes"]:
            raise InvalidState("The subscription has no scheduled changes.")
        scheduled, future = subscription["_scheduled"], dict(subscription)
        price = books.get("item_price", scheduled["item_price_id"])
        subscriptions.set_plan(future, price, scheduled["quantity"])
        return future


def remove_scheduled(books: Books, subscription_id: str) -> Document:
    """Forget what was scheduled. Raises ``InvalidState`` where nothing is."""
    subscription = books.get("subscription", subscription_id)
    if not subscription["has_scheduled_changes"]:
        raise InvalidState("The subscription has no scheduled changes.")
    subscriptions.drop_scheduled_changes(books, subscription)
    return subscription


# Estimates


def estimate(
    books: Books, subscription_id: str, price: Document, quantity: int = 1, *, at_term_end: bool,
    restart_term: bool = False, prorate: bool = True,
) -> Document:  # fmt: skip
    """Return what a change would cost now and at the next renewal, by making it and undoing it."""
    with books.rehearsal():
        if at_term_end:
            change = schedule(books, subscription_id, price, quantity)
        else:
            change = change_now(
                books, subscription_id, price, quantity, on_session=True, restart_term=restart_term, prorate=prorate
            )
        notes = [public(_note_estimate(books.get("credit_note", note["id"]))) for note in change.credit_notes]
        return public({
            "object": "estimate", "created_at": books.now(),
            "subscription_estimate": _subscription_estimate(change.subscription),
            "invoice_estimate": public(_invoice_estimate(change.invoice)) if change.invoice else None,
            "credit_note_estimates": notes, "next_invoice_estimate": _next_invoice(books, change.subscription),
        })  # fmt: skip


def renewal_estimate(books: Books, subscription_id: str) -> Document:
    """Return what the next renewal will cost."""
    with books.rehearsal():
        subscription = books.get("subscription", subscription_id)
        if not subscription.get("next_billing_at"):
            raise InvalidState("The subscription will not renew.")
        return public({
            "object": "estimate", "created_at": books.now(),
            "subscription_estimate": _subscription_estimate(subscription),
            "invoice_estimate": _next_invoice(books, subscription),
        })  # fmt: skip


def _subscription_estimate(subscription: Document) -> Document:
    names = ("id", "currency_code", "status", "next_billing_at")
    return {"object": "subscription_estimate"} | {name: subscription[name] for name in names if subscription.get(name)}


def _invoice_estimate(invoice: Document) -> Document:
    names = ("recurring", "price_type", "currency_code", "sub_total", "total", "credits_applied", "amount_paid",
             "amount_due", "line_items", "round_off_amount", "customer_id")  # fmt: skip
    return {"object": "invoice_estimate", "date": invoice["date"]} | {name: invoice[name] for name in names}


def _note_estimate(note: Document) -> Document:
    names = ("reference_invoice_id", "type", "price_type", "currency_code", "sub_total", "total", "amount_allocated",
             "amount_available", "line_items", "round_off_amount", "customer_id")  # fmt: skip
    return {"object": "credit_note_estimate"} | {name: note[name] for name in names}


def _next_invoice(books: Books, subscription: Document) -> Document | None:
    """Return the invoice of the next renewal, with the credit that will be left by then."""
    if not subscription.get("next_billing_at"):
        return None
    if subscription["has_scheduled_changes"]:
        apply_scheduled(books, subscription)
    subscriptions.start_term(
        books, subscription, subscription["current_term_end"], anchor_day=subscription["_anchor_day"]
    )  # fmt: skip
    invoice = subscriptions.charge_term(books, subscription) | {"date": subscription["current_term_start"]}
    return public(_invoice_estimate(invoice))
