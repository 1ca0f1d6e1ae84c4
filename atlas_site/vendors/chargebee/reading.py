"""From Chargebee's JSON to the dataclasses of Atlas.

A key that is missing, null, unknown or of another type never breaks reading; a document without an id cannot be meant
by anything and is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from atlas_site.vendors import lenient
from atlas_site.vendors.chargebee.objects import (
    ChangeEstimate,
    Customer,
    Event,
    HostedPage,
    Invoice,
    InvoiceLine,
    ItemPrice,
    LinkedCredit,
    LinkedInvoice,
    LinkedPayment,
    Subscription,
    SubscriptionItem,
    Transaction,
)

Json = Mapping[str, Any]
# Until the year 2200: what is beyond was not meant as seconds.
_LAST_SECOND = 7_258_118_400


def read_moment(value: Any) -> datetime | None:
    """Return the moment of so many seconds since 1970, or None."""
    seconds = lenient.whole(value)
    if seconds is None or not 0 < seconds < _LAST_SECOND:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def read_customer(found: Json) -> Customer | None:
    """Read a customer."""
    customer_id = lenient.text(found.get("id"))
    if customer_id is None:
        return None
    return Customer(
        id=customer_id,
        email=lenient.text(found.get("email")),
        deleted=_flag(found, "deleted"),
        card_status=lenient.text(found.get("card_status")),
        resource_version=_whole(found, "resource_version"),
        payment_method_status=lenient.text(lenient.dig(found, "payment_method.status")),
    )


def read_subscription(found: Json) -> Subscription | None:
    """Read a subscription. Its scheduled plan is not part of it."""
    subscription_id = lenient.text(found.get("id"))
    if subscription_id is None:
        return None
    return Subscription(
        id=subscription_id,
        customer_id=_text(found, "customer_id"),
        status=_text(found, "status"),
        resource_version=_whole(found, "resource_version"),
        items=tuple(_read_item(item) for item in lenient.objects(found, "subscription_items")),
        deleted=_flag(found, "deleted"),
        created_at=read_moment(found.get("created_at")),
        started_at=read_moment(found.get("started_at")),
        current_term_start=read_moment(found.get("current_term_start")),
        current_term_end=read_moment(found.get("current_term_end")),
        next_billing_at=read_moment(found.get("next_billing_at")),
        trial_end=read_moment(found.get("trial_end")),
        cancelled_at=read_moment(found.get("cancelled_at")),
        cancel_reason=lenient.text(found.get("cancel_reason")),
        pause_date=read_moment(found.get("pause_date")),
        resume_date=read_moment(found.get("resume_date")),
        due_invoices_count=_whole(found, "due_invoices_count"),
        due_since=read_moment(found.get("due_since")),
        total_dues_cents=_whole(found, "total_dues"),
        has_scheduled_changes=_flag(found, "has_scheduled_changes"),
    )


def read_invoice(found: Json) -> Invoice | None:
    """Read an invoice with its lines and payments. A draft without a date has that of its last change."""
    invoice_id = lenient.text(found.get("id"))
    if invoice_id is None:
        return None
    return Invoice(
        id=invoice_id,
        customer_id=_text(found, "customer_id"),
        status=_text(found, "status"),
        resource_version=_whole(found, "resource_version"),
        date=_date(found),
        subscription_id=lenient.text(found.get("subscription_id")),
        recurring=_flag(found, "recurring"),
        currency_code=_text(found, "currency_code") or "USD",
        total_cents=_whole(found, "total"),
        amount_paid_cents=_whole(found, "amount_paid"),
        amount_due_cents=_whole(found, "amount_due"),
        credits_applied_cents=_whole(found, "credits_applied"),
        adjusted_cents=_whole(found, "amount_adjusted"),
        written_off_cents=_whole(found, "write_off_amount"),
        paid_at=read_moment(found.get("paid_at")),
        due_date=read_moment(found.get("due_date")),
        next_retry_at=read_moment(found.get("next_retry_at")),
        po_number=lenient.text(found.get("po_number")),
        deleted=_flag(found, "deleted"),
        lines=tuple(_read_line(line) for line in lenient.objects(found, "line_items")),
        payments=tuple(
            LinkedPayment(
                transaction_id=_text(payment, "txn_id"),
                status=_text(payment, "txn_status"),
                applied_cents=_whole(payment, "applied_amount"),
                date=read_moment(payment.get("txn_date")),
            )
            for payment in lenient.objects(found, "linked_payments")
        ),
        credits=tuple(
            LinkedCredit(_whole(credit, "applied_amount"), read_moment(credit.get("applied_at")))
            for credit in lenient.objects(found, "applied_credits")
        ),
        adjustments=tuple(
            LinkedCredit(_whole(note, "cn_total"), read_moment(note.get("cn_date")))
            for note in lenient.objects(found, "adjustment_credit_notes")
            if note.get("cn_status") != "voided"
        ),
    )


def read_transaction(found: Json) -> Transaction | None:
    """Read a transaction. A reversal names its payment as a refund does, or as its reference."""
    transaction_id = lenient.text(found.get("id"))
    if transaction_id is None:
        return None
    credited = (lenient.text(note.get("cn_reference_invoice_id")) for note in _list(found, "linked_credit_notes"))
    payment_id = found.get("refunded_txn_id")
    if payment_id is None and found.get("type") == "payment_reversal":
        payment_id = found.get("reference_transaction_id")
    return Transaction(
        id=transaction_id,
        customer_id=_text(found, "customer_id"),
        type=_text(found, "type"),
        status=_text(found, "status"),
        resource_version=_whole(found, "resource_version"),
        date=_date(found),
        amount_cents=_whole(found, "amount"),
        subscription_id=lenient.text(found.get("subscription_id")),
        currency_code=_text(found, "currency_code") or "USD",
        updated_at=read_moment(found.get("updated_at")),
        error_text=lenient.text(found.get("error_text")),
        refunded_transaction_id=lenient.text(payment_id),
        linked_invoices=tuple(
            LinkedInvoice(_text(linked, "invoice_id"), _whole(linked, "applied_amount"))
            for linked in _list(found, "linked_invoices")
        ),
        credited_invoice_ids=tuple(dict.fromkeys(invoice_id for invoice_id in credited if invoice_id)),
        deleted=_flag(found, "deleted"),
    )


def read_item_price(found: Json) -> ItemPrice | None:
    """Read a price of the catalog; its name is the one meant for customers, where there is one."""
    price_id = lenient.text(found.get("id"))
    if price_id is None:
        return None
    metadata = found.get("metadata")
    return ItemPrice(
        id=price_id,
        name=_text(found, "external_name") or _text(found, "name") or price_id,
        item_type=_text(found, "item_type"),
        status=_text(found, "status"),
        price_cents=_whole(found, "price"),
        resource_version=_whole(found, "resource_version"),
        item_id=lenient.text(found.get("item_id")),
        currency_code=_text(found, "currency_code") or "USD",
        period=lenient.whole(found.get("period")),
        period_unit=lenient.text(found.get("period_unit")),
        metadata=dict(metadata) if isinstance(metadata, Mapping) else {},
    )


def read_hosted_page(found: Json) -> HostedPage | None:
    """Read a hosted page; its customer is known once it has succeeded."""
    page_id = lenient.text(found.get("id"))
    if page_id is None:
        return None
    customer_id = next(
        filter(
            None,
            (
                lenient.text(lenient.dig(found, f"content.{path}"))
                for path in ("customer.id", "invoice.customer_id", "subscription.customer_id")
            ),
        ),
        None,
    )
    return HostedPage(
        id=page_id,
        type=_text(found, "type"),
        url=_text(found, "url"),
        state=_text(found, "state"),
        expires_at=read_moment(found.get("expires_at")),
        customer_id=customer_id,
        invoice_id=lenient.text(lenient.dig(found, "content.invoice.id")),
    )


def read_event(found: Json) -> Event | None:
    """Read an event. One without a moment happened at the beginning of time: no window of moments shows it twice."""
    event_id = lenient.text(found.get("id"))
    if event_id is None:
        return None
    return Event(
        id=event_id,
        event_type=_text(found, "event_type"),
        occurred_at=read_moment(found.get("occurred_at")) or _date(found),
        content=lenient.group(found, "content"),
    )


def read_estimate(found: Json) -> ChangeEstimate:
    """Read what a change costs.

    What is left of the plan that was paid comes back as credit notes or, on the invoice, as credits or negative lines:
    the first of these that there is counts, since one may repeat another.
    """
    due_now = lenient.group(found, "invoice_estimate")
    credited = (
        sum(_whole(note, "total") for note in lenient.objects(found, "credit_note_estimates"))
        or _whole(due_now, "credits_applied")
        or -sum(min(0, _whole(line, "amount")) for line in lenient.objects(due_now, "line_items"))
    )
    later = lenient.group(found, "next_invoice_estimate")
    next_amount = lenient.whole(later.get("amount_due"))
    return ChangeEstimate(
        due_now_cents=_whole(due_now, "amount_due"),
        credited_cents=credited,
        next_amount_cents=lenient.whole(later.get("total")) if next_amount is None else next_amount,
        next_at=read_moment(lenient.dig(found, "subscription_estimate.next_billing_at"))
        or read_moment(later.get("date")),
    )


def _read_item(item: Json) -> SubscriptionItem:
    quantity = lenient.whole(item.get("quantity"))
    return SubscriptionItem(
        item_price_id=_text(item, "item_price_id"),
        item_type=_text(item, "item_type"),
        quantity=1 if quantity is None else quantity,
        amount_cents=_whole(item, "amount"),
    )


def _read_line(line: Json) -> InvoiceLine:
    quantity = lenient.whole(line.get("quantity"))
    return InvoiceLine(
        id=_text(line, "id"),
        entity_type=_text(line, "entity_type"),
        entity_id=lenient.text(line.get("entity_id")),
        subscription_id=lenient.text(line.get("subscription_id")),
        date_from=read_moment(line.get("date_from")),
        date_to=read_moment(line.get("date_to")),
        quantity=1 if quantity is None else quantity,
        amount_cents=_whole(line, "amount"),
        description=_text(line, "description"),
    )


def _date(found: Json) -> datetime:
    """Return the date of a document or, where it has none, the moment of its last change."""
    for key in ("date", "generated_at", "created_at", "updated_at"):
        if moment := read_moment(found.get(key)):
            return moment
    return read_moment(_whole(found, "resource_version") // 1000) or datetime.fromtimestamp(0, UTC)


def _list(found: Json, key: str) -> list[dict[str, Any]]:
    return list(lenient.objects(found, key))


def _text(found: Json, key: str) -> str:
    return lenient.text(found.get(key)) or ""


def _whole(found: Json, key: str) -> int:
    return lenient.whole(found.get(key)) or 0


def _flag(found: Json, key: str) -> bool:
    return lenient.boolean(found.get(key)) is True
