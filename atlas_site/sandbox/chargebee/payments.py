"""Payments: collecting what an invoice is due, settling bank debits, and chargebacks."""

from atlas_site.sandbox.chargebee import customers, invoices
from atlas_site.sandbox.chargebee.books import Books
from atlas_site.sandbox.chargebee.catalog import CURRENCY
from atlas_site.sandbox.chargebee.errors import ApiError, Declined, InvalidState
from atlas_site.sandbox.chargebee.periods import DAY_SECONDS
from atlas_site.sandbox.chargebee.store import Document

SETTLES_AFTER = 3 * DAY_SECONDS
FAILS_AFTER = 2 * DAY_SECONDS
"""A bank debit that fails late does so this long after it had settled."""
ERRORS = {
    "card_declined": "(2003) Your card was declined.",
    "no_payment_source": "There is no payment method to collect the payment with.",
}


def collect(books: Books, invoice: Document, *, on_session: bool) -> Document | None:
    """Collect what an invoice is due from the customer's payment source; returns the transaction of the attempt.

    ``on_session`` means that the customer is there: one card pays then and is declined later. Returns ``None`` where
    nothing is due, and in a rehearsal. The invoice is left as it was by a failure; what follows is the caller's.
    """
    amount = invoice["amount_to_collect"]
    if books.rehearsing or amount <= 0:
        return None
    source = customers.payment_source(books, invoice["customer_id"])
    error = _why_declined(source, on_session=on_session)
    is_debit = source is not None and source["type"] == "direct_debit"
    status = "failure" if error else "in_progress" if is_debit else "success"
    transaction = _new_transaction(books, invoice, "payment", amount=amount, status=status, source=source)
    if error:
        transaction["error_code"], transaction["error_text"] = error, ERRORS[error]
    elif is_debit:
        transaction["_settles_at"] = books.now() + SETTLES_AFTER
        invoice["next_retry_at"] = None  # what is in progress is waited for
    _link(books, invoice, transaction)
    if status == "success":
        invoice["amount_paid"] += amount
    invoices.refresh(books, invoice)
    put_transaction(books, transaction, created=True)
    names = {"failure": "payment_failed", "in_progress": "payment_initiated", "success": "payment_succeeded"}
    books.note(names[status], **told(invoice, transaction))
    return transaction


def require_success(transaction: Document | None) -> None:
    """Refuse the change around it after a declined attempt. Raises ``Declined``."""
    if transaction is not None and transaction["status"] == "failure":
        missing = transaction["error_code"] == "no_payment_source"
        code = "payment_method_not_present" if missing else "payment_processing_failed"
        raise Declined(transaction["error_text"], code)


def _why_declined(source: Document | None, *, on_session: bool) -> str | None:
    if source is None:
        return "no_payment_source"
    declines = {customers.DECLINES_ALWAYS} if on_session else {customers.DECLINES_ALWAYS, customers.DECLINES_LATER}
    return "card_declined" if source["_number"] in declines else None


def _new_transaction(
    books: Books, invoice: Document, kind: str, *, amount: int, status: str, source: Document | None
) -> Document:
    now = books.now()
    transaction: Document = {
        "id": books.new_id("transaction"), "customer_id": invoice["customer_id"], "type": kind, "status": status,
        "subscription_id": invoice["subscription_id"], "gateway": "chargebee", "gateway_account_id": "gw_sandbox",
        "payment_method": source["type"] if source else "card", "date": now, "amount": amount, "exchange_rate": 1.0,
        "currency_code": CURRENCY, "base_currency_code": CURRENCY, "id_at_gateway": books.new_id("token")[:20],
        "amount_unused": 0, "deleted": False, "linked_invoices": [], "linked_refunds": [], "linked_credit_notes": [],
        "linked_payments": [],
    }  # fmt: skip
    if source:
        details = source.get("card") or source["bank_account"]
        transaction |= {"payment_source_id": source["id"], "last4": details["last4"], "iin": details.get("iin")}
        transaction["masked_card_number"] = details.get("masked_number")
    if status == "success":
        transaction["settled_at"] = now
    return transaction


def new_refund(books: Books, invoice: Document, payment: Document, amount: int) -> Document:
    """Make the transaction that returns money of a payment; the caller links and keeps it."""
    source = books.find("payment_source", payment.get("payment_source_id") or "")
    return _new_transaction(books, invoice, "refund", amount=amount, status="success", source=source) | {
        "refunded_txn_id": payment["id"]
    }


def put_transaction(books: Books, transaction: Document, *, created: bool = False) -> None:
    """Keep a transaction and tell of it."""
    books.put("transaction", transaction)
    books.note("transaction_created" if created else "transaction_updated", transaction=transaction["id"])


def _link(books: Books, invoice: Document, transaction: Document) -> None:
    amount, now = transaction["amount"], books.now()
    invoice["linked_payments"].append({
        "object": "linked_payment", "txn_id": transaction["id"], "applied_amount": amount, "applied_at": now,
        "txn_status": transaction["status"], "txn_date": now, "txn_amount": amount,
    })  # fmt: skip
    transaction["linked_invoices"].append({
        "object": "linked_invoice", "invoice_id": invoice["id"], "applied_amount": amount, "applied_at": now,
        "invoice_date": invoice["date"], "invoice_total": invoice["total"], "invoice_status": invoice["status"],
    })  # fmt: skip


def relink(invoice: Document, transaction: Document) -> None:
    """Say on both sides of the link what became of the other."""
    for payment in invoice["linked_payments"]:
        if payment["txn_id"] == transaction["id"]:
            payment["txn_status"] = transaction["status"]
    for linked in transaction["linked_invoices"]:
        linked["invoice_status"] = invoice["status"]


def told(invoice: Document, transaction: Document) -> dict[str, str]:
    """Return what a payment event tells of; that of a one-time invoice has no subscription."""
    resources = {"transaction": transaction["id"], "invoice": invoice["id"], "customer": invoice["customer_id"]}
    return resources | ({"subscription": invoice["subscription_id"]} if invoice["subscription_id"] else {})


# What staff, banks and the calendar do to payments


def settle(books: Books, transaction_id: str) -> Document:
    """Let a bank debit in progress succeed; that of the account that fails late will fail two days later.

    Raises ``InvalidState`` unless it is in progress.
    """
    transaction = books.get("transaction", transaction_id)
    if transaction["status"] != "in_progress":
        raise InvalidState(f"The transaction is {transaction['status']}.")
    transaction |= {"status": "success", "settled_at": books.now(), "_settles_at": None}
    source = books.find("payment_source", transaction["payment_source_id"])
    if source and source["_number"] == customers.BANK_FAILS_LATE:
        transaction["_fails_at"] = books.now() + FAILS_AFTER
    invoice = invoice_of(books, transaction)
    relink(invoice, transaction)
    invoice["amount_paid"] += transaction["amount"]
    invoices.refresh(books, invoice)
    relink(invoice, transaction)
    put_transaction(books, transaction)
    books.note("payment_succeeded", **told(invoice, transaction))
    books.note("invoice_updated", invoice=invoice["id"])
    return transaction


def chargeback(books: Books, invoice_id: str) -> Document:
    """Let the customer's bank take back the last payment of an invoice, which is not paid then.

    Returns the ``payment_reversal``. Raises ``InvalidState`` where there is no payment to take back.
    """
    invoice = books.get("invoice", invoice_id)
    payments = [books.get("transaction", linked["txn_id"]) for linked in invoice["linked_payments"]]
    payment = next((p for p in reversed(payments) if p["status"] == "success" and not p.get("reversal_transaction_id")),
                   None)  # fmt: skip
    refunded = sum(one["txn_amount"] for one in payment["linked_refunds"]) if payment else 0
    amount = min(payment["amount"], invoice["amount_paid"]) - refunded if payment else 0
    if payment is None or amount <= 0:
        raise InvalidState("The invoice has no payment that could be taken back.")
    reversal = _new_transaction(books, invoice, "payment_reversal", amount=amount, status="success", source=None)
    reversal |= {"payment_method": payment["payment_method"], "reference_transaction_id": payment["id"]}
    reversal["linked_payments"] = [{
        "object": "linked_payment", "id": payment["id"], "status": "success", "amount": amount,
        "date": payment["date"],
    }]  # fmt: skip
    payment["reversal_transaction_id"] = reversal["id"]
    invoice["amount_paid"] -= amount
    invoices.refresh(books, invoice)
    invoice["status"] = "not_paid"
    books.put("invoice", invoice)
    relink(invoice, payment)
    put_transaction(books, reversal, created=True)
    put_transaction(books, payment)
    books.note("invoice_updated", invoice=invoice["id"])
    return reversal


def collect_again(books: Books, invoice_id: str, *, on_session: bool = False) -> Document:
    """Try once more to collect an invoice that is due; returns the transaction, which may be a failure.

    Raises ``InvalidState`` for an invoice on which nothing is to be collected.
    """
    invoice = books.get("invoice", invoice_id)
    if invoice["status"] not in invoices.UNPAID or invoice["amount_to_collect"] <= 0:
        raise InvalidState(f"The invoice is {invoice['status']}; there is nothing to collect.")
    transaction = collect(books, invoice, on_session=on_session)
    if transaction is None:
        raise InvalidState("There is nothing to collect.")
    books.note("invoice_updated", invoice=invoice_id)
    return transaction


def record_payment(books: Books, invoice_id: str, amount: int | None = None) -> Document:
    """Note money that staff received outside the gateway, such as a check (cents; by default all that is due)."""
    invoice = books.get("invoice", invoice_id)
    if invoice["status"] not in invoices.UNPAID:
        raise InvalidState(f"The invoice is {invoice['status']}.")
    if amount is not None and not 0 < amount <= invoice["amount_due"]:
        raise ApiError(400, "param_wrong_value", "The amount is not due.", param="transaction[amount]")
    transaction = _new_transaction(
        books, invoice, "payment", amount=amount or invoice["amount_due"], status="success", source=None
    )
    transaction |= {"payment_method": "check", "gateway": "not_applicable"}
    _link(books, invoice, transaction)
    invoice["amount_paid"] += transaction["amount"]
    invoices.refresh(books, invoice)
    put_transaction(books, transaction, created=True)
    books.note("payment_succeeded", **told(invoice, transaction))
    books.note("invoice_updated", invoice=invoice_id)
    return transaction


def invoice_of(books: Books, transaction: Document) -> Document:
    """Return the invoice that a payment was applied to. Raises ``InvalidState`` where there is none."""
    if not transaction["linked_invoices"]:
        raise InvalidState("The transaction was applied to no invoice.")
    return books.get("invoice", transaction["linked_invoices"][0]["invoice_id"])
