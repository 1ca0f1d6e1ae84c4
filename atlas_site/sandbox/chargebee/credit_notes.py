"""Credit notes: refunds of what was paid, and credits for the rest of a term that a change gives up."""

from typing import Any

from atlas_site.sandbox.chargebee import invoices, payments
from atlas_site.sandbox.chargebee.books import Books
from atlas_site.sandbox.chargebee.catalog import CURRENCY
from atlas_site.sandbox.chargebee.errors import InvalidState, WrongParam
from atlas_site.sandbox.chargebee.periods import share
from atlas_site.sandbox.chargebee.store import Document


def refund(books: Books, invoice_id: str, amount: int | None = None, *, reason: str = "other") -> Document:
    """Return money of an invoice (cents; by default all that is left of what was paid).

    Makes a refundable credit note and a refund transaction and leaves the invoice's status as it is. Returns
    ``{"invoice", "transaction", "credit_note"}``. Raises ``InvalidState`` where nothing was paid, ``WrongParam`` for
    more than is left.
    """
    invoice = books.get("invoice", invoice_id)
    payment, left = _refundable_payment(books, invoice)
    if payment is None:
        raise InvalidState("The invoice has no payment that could be refunded.")
    cents = left if amount is None else amount
    if not 0 < cents <= left:
        raise WrongParam("refund_amount", f"must be from 1 to {left}, which is what is left of the payment")
    now = books.now()
    note = _new_note(books, invoice, "refundable", cents, reason=reason, lines=invoice["line_items"])
    note |= {"status": "refunded", "amount_refunded": cents, "amount_available": 0, "refunded_at": now}
    transaction = payments.new_refund(books, invoice, payment, cents)
    note["linked_refunds"].append({
        "object": "linked_refund", "txn_id": transaction["id"], "applied_amount": cents, "applied_at": now,
        "txn_status": "success", "txn_date": now, "txn_amount": cents, "refund_reason_code": reason,
    })  # fmt: skip
    transaction["linked_credit_notes"].append({
        "object": "linked_credit_note", "cn_id": note["id"], "applied_amount": cents, "applied_at": now,
        "cn_reason_code": reason, "cn_create_reason_code": note["create_reason_code"], "cn_date": now,
        "cn_total": cents, "cn_status": note["status"], "cn_reference_invoice_id": invoice_id,
    })  # fmt: skip
    payment["linked_refunds"].append({
        "object": "linked_refund", "txn_id": transaction["id"], "txn_status": "success", "txn_date": now,
        "txn_amount": cents,
    })  # fmt: skip
    _keep(books, invoice, note)
    payments.put_transaction(books, transaction, created=True)
    payments.put_transaction(books, payment)
    books.note("payment_refunded", credit_note=note["id"], **payments.told(invoice, transaction))
    return {"invoice": invoice, "transaction": transaction, "credit_note": note}


def _refundable_payment(books: Books, invoice: Document) -> tuple[Document | None, int]:
    """Return the newest payment of an invoice of which something is left, and how much."""
    creditable = invoice["total"] - sum(one["cn_total"] for one in invoice["issued_credit_notes"])
    for linked in reversed(invoice["linked_payments"]):
        payment = books.get("transaction", linked["txn_id"])
        left = min(creditable, payment["amount"] - sum(one["txn_amount"] for one in payment["linked_refunds"]))
        if payment["status"] == "success" and left > 0 and not payment.get("reversal_transaction_id"):
            return payment, left
    return None, 0


def credit_rest(books: Books, subscription: Document) -> Document | None:
    """Credit what is left of the plan's current term; returns the credit note, or ``None`` where nothing is left.

    What was paid becomes a refundable credit, which the next invoice uses up; what is still due is adjusted.
    """
    found = _line_in_force(books, subscription)
    if found is None:
        return None
    invoice, line = found
    now, whole = books.now(), line["date_to"] - line["date_from"]
    amount = share(line["amount"], line["date_to"] - now, whole)
    is_paid = invoice["status"] == "paid"
    creditable = invoice["amount_to_collect"]
    if is_paid:
        creditable = invoice["total"] - sum(one["cn_total"] for one in invoice["issued_credit_notes"])
    amount = min(amount, creditable)
    if amount <= 0:
        return None
    plan = line | {"id": books.new_id("line_item"), "date_from": now, "amount": amount, "unit_amount": amount,
                   "reference_line_item_id": line["id"]}  # fmt: skip
    kind = "refundable" if is_paid else "adjustment"
    note = _new_note(books, invoice, kind, amount, reason="subscription_change", lines=[plan])
    if is_paid:
        note |= {"status": "refund_due", "amount_available": amount}
    else:
        note |= {"status": "adjusted", "amount_allocated": amount}
        invoice["amount_adjusted"] += amount
    _keep(books, invoice, note)
    if not is_paid:
        invoices.refresh(books, invoice)
    return note


def write_off(books: Books, invoice_id: str) -> dict[str, Document]:
    """Give up what an invoice is due, which is paid by that; returns ``{"invoice", "credit_note"}``.

    Raises ``InvalidState`` for one that is not due, or of which a payment is in progress.
    """
    invoice = books.get("invoice", invoice_id)
    in_progress = any(payment["txn_status"] == "in_progress" for payment in invoice["linked_payments"])
    if invoice["status"] not in invoices.UNPAID or in_progress:
        raise InvalidState(f"The invoice is {invoice['status']}; only what is due can be written off.")
    amount = invoice["amount_due"]
    note = _new_note(books, invoice, "adjustment", amount, reason="write_off", lines=invoice["line_items"])
    note |= {"status": "adjusted", "amount_allocated": amount}
    invoice["write_off_amount"] += amount
    _keep(books, invoice, note)
    invoices.refresh(books, invoice)
    return {"invoice": invoice, "credit_note": note}


def _line_in_force(books: Books, subscription: Document) -> tuple[Document, Document] | None:
    """Return the invoice and the line by which the plan of the current term was charged last."""
    now, found = books.now(), None
    for invoice in books.mine("invoice", subscription):
        for line in invoice["line_items"]:
            if line["entity_type"] == "plan_item_price" and line["date_from"] <= now < line["date_to"]:
                found = invoice, line
    return found


def _new_note(
    books: Books, invoice: Document, kind: str, amount: int, *, reason: str, lines: list[Document]
) -> Document:  # fmt: skip
    now = books.now()
    return {
        "id": books.new_id("credit_note"), "customer_id": invoice["customer_id"], "type": kind, "date": now,
        "subscription_id": invoice["subscription_id"], "reference_invoice_id": invoice["id"], "reason_code": reason,
        "create_reason_code": reason.replace("_", " ").capitalize(), "price_type": "tax_exclusive",
        "currency_code": CURRENCY, "base_currency_code": CURRENCY, "exchange_rate": 1.0, "sub_total": amount,
        "total": amount, "amount_allocated": 0, "amount_refunded": 0, "amount_available": 0, "generated_at": now,
        "round_off_amount": 0, "deleted": False, "channel": "web", "line_items": lines, "allocations": [],
        "linked_refunds": [],
    }  # fmt: skip


def _keep(books: Books, invoice: Document, note: dict[str, Any]) -> None:
    name = "adjustment_credit_notes" if note["type"] == "adjustment" else "issued_credit_notes"
    invoice[name].append({
        "object": name.removesuffix("s"), "cn_id": note["id"], "cn_reason_code": note["reason_code"],
        "cn_create_reason_code": note["create_reason_code"], "cn_date": note["date"], "cn_total": note["total"],
        "cn_status": note["status"],
    })  # fmt: skip
    books.put("credit_note", note)
    books.put("invoice", invoice)
    books.note("credit_note_created", credit_note=note["id"])
    books.note("invoice_updated", invoice=invoice["id"])
    invoices.refresh_customer(books, invoice["customer_id"])
