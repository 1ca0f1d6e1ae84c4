"""One Chargebee site: its state and its rules, for the API, the hosted pages, the control routes and the tests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from atlas_site.sandbox.chargebee import (
    catalog,
    checkouts,
    credit_notes,
    customers,
    dunning,
    payments,
    portal_sessions,
    renewals,
    subscriptions,
)
from atlas_site.sandbox.chargebee.books import Books, public
from atlas_site.sandbox.chargebee.store import Document
from atlas_site.sandbox.clock import Clock


class Site:
    """A site of the vendor. Safe for many threads; kept in one SQLite file."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.books = Books(path, clock)
        self.clock = clock
        catalog.fill(self.books)

    def close(self) -> None:
        """Close the file."""
        with self.books.lock:
            self.books.store.close()

    def on_event(self, listener: Callable[[Document], None]) -> None:
        """Call this with every event, after it was stored."""
        self.books.listeners.append(listener)

    def note_delivery(self, event_id: str, statuses: list[dict[str, str]]) -> None:
        """Note on an event what became of its webhooks, one for each endpoint."""
        open_first = ("re_scheduled", "scheduled", "failed", "succeeded")
        found = {status["webhook_status"] for status in statuses}
        with self.books.lock:
            event = self.books.store.read("event", event_id)
            if event is not None:
                overall = next((status for status in open_first if status in found), "not_configured")
                event |= {"webhooks": statuses, "webhook_status": overall}
                self.books.store.write("event", event, moment=event["occurred_at"], due_at=None)

    def run_until_now(self) -> int:
        """Let everything happen that is due by the clock, each thing at its own time; returns how many things."""
        return renewals.run_until(self.books, int(self.clock.now().timestamp()))

    def reset(self) -> None:
        """Forget everything and fill the catalog anew; invoices are numbered on."""
        with self.books.lock:
            self.books.store.clear()
            catalog.fill(self.books)

    def put_item_price(self, **fields: Any) -> Document:
        """Add or change an item price (see ``catalog.put_item_price``)."""
        return public(catalog.put_item_price(self.books, **fields))

    # Hosted pages and portal (see ``checkouts`` and ``portal_sessions`` for what is returned and raised)

    def hosted_page(self, token: str) -> dict[str, Any]:
        """Return what a hosted page shows."""
        self.run_until_now()
        return checkouts.view(self.books, token)

    def complete_checkout(self, token: str, *, card: dict[str, Any] | None) -> dict[str, Any]:
        """Pay on a hosted page; returns ``{"redirect_url", "page"}``. Raises ``Declined``."""
        self.run_until_now()
        return checkouts.complete(self.books, token, card=card)

    def cancel_checkout(self, token: str) -> dict[str, Any]:
        """Give up on a hosted page; returns ``{"redirect_url", "page"}``."""
        return checkouts.cancel(self.books, token)

    def portal_session(self, token: str) -> Document:
        """Return a portal session by token or id."""
        return public(portal_sessions.find(self.books, token))

    def log_in_portal(self, token: str) -> Document:
        """Enter the portal by a single-use token. Raises ``InvalidState``."""
        return public(portal_sessions.log_in(self.books, token))

    def log_out_portal(self, token: str) -> Document:
        """End a portal session."""
        return public(portal_sessions.log_out(self.books, token))

    def account(self, customer_id: str) -> dict[str, Any]:
        """Return a customer with ``subscriptions``, ``invoices`` (newest first) and ``source``, for the portal."""
        self.run_until_now()
        books = self.books
        with books.lock:
            customer, source = books.get("customer", customer_id), customers.payment_source(books, customer_id)
            return {
                "customer": public(customer), "source": public(source) if source else None,
                "subscriptions": [public(body) for body in books.all("subscription", customer_id=customer_id)],
                "invoices": [public(body) for body in reversed(books.all("invoice", customer_id=customer_id))],
            }  # fmt: skip

    def replace_payment_source(self, customer_id: str, card: dict[str, Any], *, source: str = "portal") -> Document:
        """Pay with another card or account from now on, and what is due at once. Raises ``Declined``."""
        with self.books.change(source):
            added = customers.add_payment_source(self.books, customer_id, card)
            checkouts.pay_dues(self.books, customer_id)
            return public(added)

    def cancel_subscription(
        self, subscription_id: str, *, at_term_end: bool = True, source: str = "portal"
    ) -> Document:  # fmt: skip
        """Cancel a subscription. Raises ``InvalidState``."""
        with self.books.change(source):
            return public(subscriptions.cancel(self.books, subscription_id, at_term_end=at_term_end))

    def keep_subscription(self, subscription_id: str, *, source: str = "portal") -> Document:
        """Take back a scheduled cancellation. Raises ``InvalidState``."""
        with self.books.change(source):
            return public(subscriptions.keep(self.books, subscription_id))

    # What the vendor's staff and the banks do

    def refund(self, invoice_id: str, amount_cents: int | None = None) -> dict[str, Document]:
        """Refund an invoice, wholly or in part; returns ``{"invoice", "transaction", "credit_note"}``."""
        with self.books.change("admin_console"):
            made = credit_notes.refund(self.books, invoice_id, amount_cents, reason="product_unsatisfactory")
            return {name: public(body) for name, body in made.items()}

    def write_off(self, invoice_id: str) -> dict[str, Document]:
        """Give up what an invoice is due; returns ``{"invoice", "credit_note"}``."""
        with self.books.change("admin_console"):
            made = credit_notes.write_off(self.books, invoice_id)
            return {name: public(body) for name, body in made.items()}

    def settle(self, transaction_id: str) -> Document:
        """Let a bank debit in progress succeed."""
        with self.books.change("scheduled_job"):
            return public(payments.settle(self.books, transaction_id))

    def fail_late(self, transaction_id: str) -> Document:
        """Let a payment that had succeeded fail after all."""
        with self.books.change("scheduled_job"):
            return public(dunning.fail_late(self.books, transaction_id))

    def chargeback(self, invoice_id: str) -> Document:
        """Let the customer's bank take back the payment of an invoice; returns the payment reversal."""
        with self.books.change("scheduled_job"):
            return public(payments.chargeback(self.books, invoice_id))

    def renew(self, subscription_id: str) -> Document:
        """End the current term of a subscription now, so that it renews, or ends if it was to end with the term.

        Raises ``InvalidState`` for one that is neither active nor ending, or whose term began this very second.
        """
        with self.books.change("admin_console"):
            renewals.end_term_now(self.books, subscription_id)
        self.run_until_now()
        return public(self.books.get("subscription", subscription_id))
