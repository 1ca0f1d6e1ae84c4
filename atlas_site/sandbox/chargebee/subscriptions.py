"""Subscriptions: made, cancelled, paused, resumed and reactivated."""

from atlas_site.sandbox.chargebee import invoices, payments
from atlas_site.sandbox.chargebee.books import Books
from atlas_site.sandbox.chargebee.errors import InvalidState, WrongParam
from atlas_site.sandbox.chargebee.periods import day_of_month, end_of_term
from atlas_site.sandbox.chargebee.store import Document

RUNNING = ("active", "non_renewing")


def create(
    books: Books, *, customer_id: str, price: Document, quantity: int = 1, subscription_id: str | None = None,
    on_session: bool,
) -> Document:  # fmt: skip
    """Begin a subscription now and collect its first invoice. Raises ``Declined``, and nothing was made then."""
    now = books.now()
    customers_own = books.get("customer", customer_id)
    subscription: Document = {
        "id": subscription_id or books.new_id("subscription"), "customer_id": customers_own["id"],
        "currency_code": price["currency_code"], "status": "active", "start_date": now, "started_at": now,
        "activated_at": now, "has_scheduled_advance_invoices": False, "has_scheduled_changes": False,
        "due_invoices_count": 0, "deleted": False, "channel": "web", "auto_close_invoices": True,
        "create_pending_invoices": False, "base_currency_code": price["currency_code"], "exchange_rate": 1.0,
    }  # fmt: skip
    set_plan(subscription, price, quantity)
    start_term(books, subscription, now)
    invoice = charge_term(books, subscription, first=True)
    books.note("subscription_created", subscription=subscription["id"], invoice=invoice["id"])
    payments.require_success(payments.collect(books, invoice, on_session=on_session))
    return subscription


def set_plan(subscription: Document, price: Document, quantity: int) -> None:
    """Make this item price the subscription's plan; the term is left as it is."""
    whole = price["price"] * (quantity if price["pricing_model"] == "per_unit" else 1)
    yearly = price["period_unit"] == "year"
    subscription |= {
        "billing_period": price["period"], "billing_period_unit": price["period_unit"],
        "mrr": whole // (12 * price["period"]) if yearly else whole // price["period"],
        "subscription_items": [{
            "object": "subscription_item", "item_price_id": price["id"], "item_type": "plan", "quantity": quantity,
            "unit_price": price["price"], "amount": whole, "free_quantity": 0,
            "billing_period": price["period"], "billing_period_unit": price["period_unit"],
        }],
    }  # fmt: skip


def plan(subscription: Document) -> Document:
    """Return the item of the subscription that is its plan."""
    return next(item for item in subscription["subscription_items"] if item["item_type"] == "plan")


def start_term(books: Books, subscription: Document, start: int, *, anchor_day: int | None = None) -> None:
    """Begin a term at this moment; it ends by the calendar, on the day of the month of the first one."""
    day = anchor_day or day_of_month(start)
    end = end_of_term(
        start, subscription["billing_period"], subscription["billing_period_unit"], anchor_day=day
    )  # fmt: skip
    subscription |= {
        "current_term_start": start, "current_term_end": end, "next_billing_at": end, "_anchor_day": day,
    }  # fmt: skip
    books.put("subscription", subscription)


def charge_term(books: Books, subscription: Document, *, first: bool = False) -> Document:
    """Make the invoice over the whole current term."""
    item = plan(subscription)
    line = invoices.price_line(
        books, books.get("item_price", item["item_price_id"]), quantity=item["quantity"],
        customer_id=subscription["customer_id"], subscription_id=subscription["id"],
        term=(subscription["current_term_start"], subscription["current_term_end"]),
    )  # fmt: skip
    return invoices.issue(
        books, customer_id=subscription["customer_id"], lines=[line], subscription=subscription, first=first
    )


# Cancelling


def cancel(books: Books, subscription_id: str, *, at_term_end: bool) -> Document:
    """Cancel now, or at the end of the term. Raises ``InvalidState`` for one that is cancelled already."""
    subscription = books.get("subscription", subscription_id)
    if subscription["status"] == "cancelled":
        raise InvalidState("Cannot cancel the subscription: it is cancelled already.")
    if not at_term_end or (subscription["status"] == "paused" and subscription["current_term_end"] <= books.now()):
        return end(books, subscription)
    if subscription.get("cancelled_at"):
        raise InvalidState("Cannot cancel the subscription: its cancellation is scheduled already.")
    drop_scheduled_changes(books, subscription)
    subscription |= {
        "cancelled_at": subscription["current_term_end"], "cancel_schedule_created_at": books.now(),
        "remaining_billing_cycles": 0, "next_billing_at": None,
    }  # fmt: skip
    if subscription["status"] != "paused":
        subscription["status"] = "non_renewing"
    books.put("subscription", subscription)
    books.note("subscription_cancellation_scheduled", subscription=subscription_id)
    return subscription


def end(books: Books, subscription: Document, *, reason: str | None = None) -> Document:
    """Cancel a subscription at this moment; the dates of its term stay (Chargebee API reference)."""
    drop_scheduled_changes(books, subscription)
    subscription |= {
        "status": "cancelled", "cancelled_at": books.now(), "cancel_reason": reason, "next_billing_at": None,
        "remaining_billing_cycles": None, "pause_date": None, "resume_date": None, "mrr": 0,
    }  # fmt: skip
    books.put("subscription", subscription)
    books.note("subscription_cancelled", subscription=subscription["id"])
    return subscription


def keep(books: Books, subscription_id: str) -> Document:
    """Take back a scheduled cancellation. Raises ``InvalidState`` where none is scheduled."""
    subscription = books.get("subscription", subscription_id)
    if subscription["status"] == "cancelled" or (subscription.get("cancelled_at") or 0) <= books.now():
        raise InvalidState("The subscription has no scheduled cancellation.")
    subscription |= {"cancelled_at": None, "cancel_schedule_created_at": None, "remaining_billing_cycles": None}
    if subscription["status"] == "non_renewing":
        subscription |= {"status": "active", "next_billing_at": subscription["current_term_end"]}
    books.put("subscription", subscription)
    books.note("subscription_scheduled_cancellation_removed", subscription=subscription_id)
    return subscription


def drop_scheduled_changes(books: Books, subscription: Document) -> None:
    """Forget scheduled changes, where there are any."""
    if subscription["has_scheduled_changes"]:
        subscription |= {"has_scheduled_changes": False, "changes_scheduled_at": None, "_scheduled": None}
        books.put("subscription", subscription)
        books.note("subscription_scheduled_changes_removed", subscription=subscription["id"])


# Pausing


def pause(
    books: Books, subscription_id: str, *, option: str = "immediately", pause_date: int | None = None,
    resume_date: int | None = None,
) -> Document:  # fmt: skip
    """Pause now, at the end of the term or on a day. Raises ``InvalidState`` or ``WrongParam``."""
    subscription = books.get("subscription", subscription_id)
    if subscription["status"] not in RUNNING:
        raise InvalidState(f"Cannot pause the subscription: it is {subscription['status']}.")
    if subscription["has_scheduled_changes"]:
        raise InvalidState("Cannot pause the subscription: it has scheduled changes.")
    moments = {"end_of_term": subscription["current_term_end"], "specific_date": pause_date, "immediately": books.now()}
    moment = moments.get(option)
    if moment is None or moment < books.now():
        raise WrongParam("pause_date" if option == "specific_date" else "pause_option", "is not a possible moment")
    if resume_date is not None and resume_date <= moment:
        raise WrongParam("resume_date", "must be after the pause")
    subscription |= {"pause_date": moment, "resume_date": resume_date}
    if option != "immediately":
        books.put("subscription", subscription)
        books.note("subscription_pause_scheduled", subscription=subscription_id)
        return subscription
    return begin_pause(books, subscription)


def begin_pause(books: Books, subscription: Document) -> Document:
    """Pause at this moment."""
    subscription |= {"status": "paused", "pause_date": books.now(), "next_billing_at": None}
    books.put("subscription", subscription)
    books.note("subscription_paused", subscription=subscription["id"])
    return subscription


def remove_scheduled_pause(books: Books, subscription_id: str) -> Document:
    """Take back a scheduled pause. Raises ``InvalidState`` where none is scheduled."""
    subscription = books.get("subscription", subscription_id)
    if subscription["status"] not in RUNNING or not subscription.get("pause_date"):
        raise InvalidState("The subscription has no scheduled pause.")
    subscription |= {"pause_date": None, "resume_date": None}
    books.put("subscription", subscription)
    books.note("subscription_scheduled_pause_removed", subscription=subscription_id)
    return subscription


def schedule_resumption(books: Books, subscription_id: str, resume_date: int | None) -> Document:
    """Let a paused subscription resume on a day, or with ``None`` not by itself."""
    subscription = books.get("subscription", subscription_id)
    if subscription["status"] != "paused" or (resume_date is None and not subscription.get("resume_date")):
        raise InvalidState("The subscription is not paused, or no resumption is scheduled.")
    if resume_date is not None and resume_date <= books.now():
        raise WrongParam("resume_date", "must be in the future")
    subscription["resume_date"] = resume_date
    books.put("subscription", subscription)
    name = "subscription_scheduled_resumption_removed" if resume_date is None else "subscription_resumption_scheduled"
    books.note(name, subscription=subscription_id)
    return subscription


def resume(books: Books, subscription_id: str) -> tuple[Document, Document | None]:
    """Resume a paused subscription; returns it and its invoice.

    In its term there is nothing to pay; after it a new term begins now, and its invoice is still to be collected.
    """
    subscription = books.get("subscription", subscription_id)
    if subscription["status"] != "paused":
        raise InvalidState(f"Cannot resume the subscription: it is {subscription['status']}.")
    subscription |= {"pause_date": None, "resume_date": None}
    invoice = _continue(books, subscription)
    books.note("subscription_resumed", subscription=subscription_id, invoice=invoice["id"] if invoice else "")
    return subscription, invoice


def reactivate(books: Books, subscription_id: str) -> tuple[Document, Document | None]:
    """Make a cancelled subscription active again, like ``resume``."""
    subscription = books.get("subscription", subscription_id)
    if subscription["status"] != "cancelled":
        raise InvalidState(f"Cannot reactivate the subscription: it is {subscription['status']}.")
    subscription |= {"cancelled_at": None, "cancel_reason": None, "cancel_schedule_created_at": None}
    invoice = _continue(books, subscription)
    books.note("subscription_reactivated", subscription=subscription_id, invoice=invoice["id"] if invoice else "")
    return subscription, invoice


def _continue(books: Books, subscription: Document) -> Document | None:
    now, term_end = books.now(), subscription["current_term_end"]
    item = plan(subscription)
    set_plan(subscription, books.get("item_price", item["item_price_id"]), item["quantity"])
    subscription["status"] = "active"
    if now < term_end:
        if subscription.get("cancelled_at"):
            subscription |= {"status": "non_renewing", "next_billing_at": None}
        else:
            subscription["next_billing_at"] = term_end
        books.put("subscription", subscription)
        return None
    start_term(books, subscription, now)
    return charge_term(books, subscription)
