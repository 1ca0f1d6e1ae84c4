"""Invoices: their lines, the credits applied to them, and what is due."""

from typing import Any

from atlas_site.sandbox.chargebee.books import Books
from atlas_site.sandbox.chargebee.catalog import CURRENCY
from atlas_site.sandbox.chargebee.errors import InvalidState
from atlas_site.sandbox.chargebee.store import Document

UNPAID = ("payment_due", "not_paid", "posted")


def price_line(
    books: Books, price: Document, *, quantity: int, customer_id: str, amount: int | None = None,
    subscription_id: str | None = None, term: tuple[int, int] | None = None,
) -> Document:  # fmt: skip
    """Return a line for an item price; ``amount`` (cents) where it is not the whole price, ``term`` for a plan."""
    start, end = term or (books.now(), books.now())
    whole = price["price"] * (quantity if price["pricing_model"] == "per_unit" else 1)
    total = whole if amount is None else amount
    name = price.get("external_name") or price["name"]
    return {
        "object": "line_item", "id": books.new_id("line_item"), "subscription_id": subscription_id,
        "customer_id": customer_id, "date_from": start, "date_to": end, "quantity": quantity, "amount": total,
        "unit_amount": price["price"] if amount is None else total, "pricing_model": price["pricing_model"],
        "description": name if amount is None else f"{name} - Prorated Charges", "entity_id": price["id"],
        "entity_type": f"{price['item_type']}_item_price", "is_taxed": False, "tax_amount": 0, "discount_amount": 0,
        "item_level_discount_amount": 0, "tax_exempt_reason": "tax_not_configured",
    }  # fmt: skip


def issue(
    books: Books, *, customer_id: str, lines: list[Document], subscription: Document | None = None,
    first: bool = False,
) -> Document:  # fmt: skip
    """Make an invoice over these lines and apply what credit the customer has; a total of nothing is paid at once."""
    now, total = books.now(), sum(line["amount"] for line in lines)
    invoice: Document = {
        "id": books.new_id("invoice"), "customer_id": customer_id, "recurring": subscription is not None,
        "subscription_id": subscription["id"] if subscription else None, "status": "payment_due", "date": now,
        "due_date": now, "net_term_days": 0, "price_type": "tax_exclusive", "exchange_rate": 1.0, "tax": 0,
        "currency_code": CURRENCY, "base_currency_code": CURRENCY, "sub_total": total, "total": total,
        "amount_paid": 0, "amount_adjusted": 0, "write_off_amount": 0, "credits_applied": 0, "amount_due": total,
        "amount_to_collect": total, "round_off_amount": 0, "generated_at": now, "first_invoice": first,
        "term_finalized": True, "is_gifted": False, "has_advance_charges": False, "deleted": False, "channel": "web",
        "line_items": [{name: value for name, value in line.items() if value is not None} for line in lines],
        "linked_payments": [], "dunning_attempts": [], "applied_credits": [], "adjustment_credit_notes": [],
        "issued_credit_notes": [], "linked_orders": [], "notes": [],
    }  # fmt: skip
    books.put("invoice", invoice)
    _apply_credits(books, invoice)
    refresh(books, invoice)
    books.note("invoice_generated", invoice=invoice["id"])
    return invoice


def _apply_credits(books: Books, invoice: Document) -> None:
    """Pay an invoice from the refundable credits that the customer has, oldest first."""
    for found in books.all("credit_note", customer_id=invoice["customer_id"]):
        due = invoice["total"] - invoice["credits_applied"]
        if due <= 0:
            break
        if found["type"] != "refundable" or not found["amount_available"]:
            continue
        note = books.get("credit_note", found["id"])
        amount = min(due, note["amount_available"])
        note["amount_available"] -= amount
        note["amount_allocated"] += amount
        note["status"] = "refund_due" if note["amount_available"] else "refunded"
        note["allocations"].append({
            "object": "allocation", "invoice_id": invoice["id"], "allocated_amount": amount,
            "allocated_at": books.now(), "invoice_date": invoice["date"], "invoice_status": invoice["status"],
        })  # fmt: skip
        invoice["credits_applied"] += amount
        invoice["applied_credits"].append({
            "object": "applied_credit", "cn_id": note["id"], "applied_amount": amount, "applied_at": books.now(),
            "cn_reason_code": note["reason_code"], "cn_create_reason_code": note["create_reason_code"],
            "cn_date": note["date"], "cn_status": note["status"],
        })  # fmt: skip
        books.put("credit_note", note)
        books.note("credit_note_updated", credit_note=note["id"])
    refresh_customer(books, invoice["customer_id"])


def refresh(books: Books, invoice: Document) -> None:
    """Work out anew what is due on an invoice, its status from that, and the dues of its subscription.

    What a bank debit in progress covers is due, but no longer to be collected, and does not count as a due.
    """
    in_progress = sum(
        payment["applied_amount"] for payment in invoice["linked_payments"] if payment["txn_status"] == "in_progress"
    )
    settled = invoice["amount_paid"] + invoice["credits_applied"] + invoice["amount_adjusted"]
    invoice["amount_due"] = invoice["total"] - settled - invoice["write_off_amount"]
    invoice["amount_to_collect"] = max(invoice["amount_due"] - in_progress, 0)
    if invoice["amount_due"] <= 0:
        if invoice["status"] != "paid":
            invoice["status"], invoice["paid_at"] = "paid", books.now()
        if invoice.get("dunning_status"):
            invoice["dunning_status"] = "stopped" if invoice["write_off_amount"] else "success"
        invoice["next_retry_at"] = None
    elif invoice["status"] == "paid":
        invoice["status"], invoice["paid_at"] = "payment_due", None
    books.put("invoice", invoice)
    if invoice["subscription_id"]:
        _refresh_dues(books, invoice["subscription_id"])


def _refresh_dues(books: Books, subscription_id: str) -> None:
    subscription = books.find("subscription", subscription_id)
    if subscription is None:
        return
    invoices = books.mine("invoice", subscription)
    due = [body for body in invoices if body["status"] in UNPAID and body["amount_to_collect"] > 0]
    figures: dict[str, Any] = {"due_invoices_count": len(due), "due_since": None, "total_dues": None}
    if due:
        figures["due_since"] = min(body["date"] for body in due)
        figures["total_dues"] = sum(body["amount_due"] for body in due)
    if any(subscription.get(name) != value for name, value in figures.items()):
        subscription.update(figures)
        books.put("subscription", subscription)


def void(books: Books, invoice_id: str) -> Document:
    """Declare an unpaid invoice void. Raises ``InvalidState`` for one that is paid, wholly or in part."""
    invoice = books.get("invoice", invoice_id)
    if invoice["status"] not in UNPAID or invoice["amount_paid"]:
        raise InvalidState(f"The invoice is {invoice['status']}; only an unpaid one can be voided.")
    invoice |= {"amount_due": 0, "amount_to_collect": 0, "next_retry_at": None, "voided_at": books.now()}
    invoice |= {"status": "voided", "dunning_status": "stopped" if invoice.get("dunning_status") else None}
    books.put("invoice", invoice)
    if invoice["subscription_id"]:
        _refresh_dues(books, invoice["subscription_id"])
    books.note("invoice_updated", invoice=invoice_id)
    return invoice


def refresh_customer(books: Books, customer_id: str) -> None:
    """Work out anew how much refundable credit a customer has."""
    notes = books.all("credit_note", customer_id=customer_id)
    total = sum(note["amount_available"] for note in notes if note["type"] == "refundable")
    customer = books.get("customer", customer_id)
    if customer["refundable_credits"] != total:
        customer["refundable_credits"] = total
        books.put("customer", customer)
