"""Dunning: what follows when a payment fails that Chargebee collected by itself."""

from atlas_site.sandbox.chargebee import invoices, payments, subscriptions
from atlas_site.sandbox.chargebee.books import Books
from atlas_site.sandbox.chargebee.errors import InvalidState
from atlas_site.sandbox.chargebee.periods import DAY_SECONDS
from atlas_site.sandbox.chargebee.store import Document

RETRY_AFTER = 2 * DAY_SECONDS
RETRIES = 3
"""It is tried again 2, 4 and 6 days after the first failure."""


def collect(books: Books, invoice: Document) -> None:
    """Collect an invoice from a customer who is not there; a failure begins dunning or goes on with it.

    The invoice of a customer without automatic collection waits to be paid.
    """
    if invoice["status"] == "payment_due" and _is_billed_by_hand(books, invoice):
        invoice["status"] = "posted"
        books.put("invoice", invoice)
        return
    transaction = payments.collect(books, invoice, on_session=False)
    if transaction is None:
        return
    if transaction["status"] == "failure":
        note_failure(books, invoice, transaction)
    payments.relink(invoice, transaction)
    payments.put_transaction(books, transaction, created=True)


def _is_billed_by_hand(books: Books, invoice: Document) -> bool:
    return bool(books.get("customer", invoice["customer_id"])["auto_collection"] == "off")


def retry(books: Books, invoice_id: str) -> None:
    """Try an invoice again whose time has come."""
    invoice = books.get("invoice", invoice_id)
    invoice["next_retry_at"] = None
    books.put("invoice", invoice)
    collect(books, invoice)
    books.note("invoice_updated", invoice=invoice_id)


def note_failure(books: Books, invoice: Document, transaction: Document) -> None:
    """Note a failed attempt on an invoice and plan the next.

    After the last the invoice is not paid, and its subscription is cancelled for that. An invoice without a
    subscription is not paid at once.
    """
    attempts, subscription_id = invoice["dunning_attempts"], invoice["subscription_id"]
    attempts.append({
        "object": "dunning_attempt", "attempt": len(attempts), "dunning_type": "auto_collect",
        "transaction_id": transaction["id"], "created_at": books.now(), "txn_status": transaction["status"],
        "txn_amount": transaction["amount"],
    })  # fmt: skip
    if subscription_id and len(attempts) <= RETRIES:
        invoice |= {
            "status": "payment_due",
            "dunning_status": "in_progress",
            "next_retry_at": books.now() + RETRY_AFTER,
        }
    else:
        invoice |= {"status": "not_paid", "dunning_status": "exhausted", "next_retry_at": None}
        subscription = books.find("subscription", subscription_id) if subscription_id else None
        if subscription and subscription["status"] in (*subscriptions.RUNNING, "paused"):
            subscriptions.end(books, subscription, reason="not_paid")
    books.put("invoice", invoice)


def fail_late(books: Books, transaction_id: str) -> Document:
    """Let a payment that succeeded fail after all, or one in progress fail; the invoice is due again.

    Raises ``InvalidState`` for anything but such a payment.
    """
    transaction = books.get("transaction", transaction_id)
    was = transaction["status"]
    if transaction["type"] != "payment" or was not in ("success", "in_progress"):
        raise InvalidState(f"The {transaction['type']} is {was}.")
    transaction |= {
        "status": "late_failure" if was == "success" else "failure", "_fails_at": None, "_settles_at": None,
        "error_code": "bank_returned", "error_text": "The bank returned the debit.",
    }  # fmt: skip
    invoice = payments.invoice_of(books, transaction)
    if was == "success":
        invoice["amount_paid"] -= transaction["amount"]
    payments.relink(invoice, transaction)
    invoices.refresh(books, invoice)
    note_failure(books, invoice, transaction)
    payments.relink(invoice, transaction)
    payments.put_transaction(books, transaction)
    books.note("payment_failed", **payments.told(invoice, transaction))
    books.note("invoice_updated", invoice=invoice["id"])
    return transaction
