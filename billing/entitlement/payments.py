"""The payment history: a row for each invoice, and one for each refund, reversal and failed attempt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from atlas_site.vendors.chargebee.objects import CustomerAccount, Invoice, Transaction
from billing.entitlement.money import DRAFT, PAID, VOIDED, InvoiceMoney
from billing.entitlement.results import OfferLike, PaymentRow

SUBSCRIPTION, PACK, ADJUSTMENT = "subscription", "one_time_purchase", "credit_adjustment"
SUCCESS, PENDING, FAILED, REFUNDED = "success", "pending", "failed", "refunded"
RECURRING_LINES = {"plan_item_price", "addon_item_price"}
# Of transactions; what is not named here failed.
STATUSES = {"success": SUCCESS, "in_progress": PENDING, "needs_attention": PENDING}
MONEY_BACK = {"refund", "payment_reversal"}
ERROR_LENGTH = 300


def read_payments(
    account: CustomerAccount, money: Mapping[str, InvoiceMoney], offers: Mapping[str, OfferLike]
) -> Iterator[PaymentRow]:
    """Yield the rows of an account. A payment that succeeded, or is under way, shares the row of its invoice.

    Drafts have no row, for their id changes, nor have authorizations, which move no money.
    """
    invoices = {invoice.id: invoice for invoice in account.invoices}
    for invoice in account.invoices:
        if invoice.status != DRAFT:
            yield _invoice_row(invoice, money[invoice.id], offers)
    for transaction in account.transactions:
        if transaction.type in MONEY_BACK or _has_own_row(transaction):
            yield _transaction_row(transaction, account, invoices)


def _has_own_row(transaction: Transaction) -> bool:
    if transaction.type != "payment" or transaction.deleted:
        return False
    # Its invoice may be so new that the list of invoices, which was read first, does not have it yet.
    return not (transaction.linked_invoices and transaction.status in STATUSES)


def _invoice_row(invoice: Invoice, money: InvoiceMoney, offers: Mapping[str, OfferLike]) -> PaymentRow:
    sold = [line for line in invoice.lines if (line.entity_type or "").endswith("_item_price")]
    # The plan of the invoice; an upgrade's new plan stands last.
    plans = [line for line in sold if line.entity_type == "plan_item_price"]
    shown = next(iter(reversed(plans or sold)), None)
    offer = offers.get(shown.entity_id or "") if shown else None
    name = offer.name if offer else (shown.description if shown else None)
    if shown is not None and shown.quantity > 1 and name:
        name = f"{name} × {shown.quantity}"
    span = next(((line.date_from, line.date_to) for line in reversed(plans)), (None, None))
    return PaymentRow(
        key=f"invoice:{invoice.id}",
        type=type_of(invoice),
        status=_status_of(invoice, money),
        amount_cents=money.payable_cents,
        transaction_date=invoice.date,
        resource_version=money.resource_version,
        invoice_id=invoice.id,
        transaction_id=money.payment_id,
        plan_id=shown.entity_id if shown else None,
        plan_name=name[:150] if name else None,
        billing_period=billing_period(*span),
        refunded_cents=money.refunded_cents,
    )


def _status_of(invoice: Invoice, money: InvoiceMoney) -> str:
    """Return how an invoice stands: refunded once all that was collected went back, failed when nobody paid it."""
    if money.is_paid:
        return REFUNDED if 0 < money.collected_cents <= money.refunded_cents else SUCCESS
    if invoice.status == PAID and money.spells and not (invoice.adjusted_cents or invoice.written_off_cents):
        return REFUNDED  # the payer's bank took it back, and nobody asks for it again
    return FAILED if invoice.deleted or invoice.status in {"not_paid", VOIDED, PAID} else PENDING


def type_of(invoice: Invoice) -> str:
    """Return what an invoice is for: a plan, packs alone, or something that staff wrote by hand."""
    kinds = {line.entity_type for line in invoice.lines}
    if kinds & RECURRING_LINES or (invoice.recurring and not kinds <= {"charge_item_price"}):
        return SUBSCRIPTION
    return PACK if "charge_item_price" in kinds else ADJUSTMENT


def _transaction_row(transaction: Transaction, account: CustomerAccount, invoices: Mapping[str, Invoice]) -> PaymentRow:
    is_back = transaction.type in MONEY_BACK
    invoice_id = _invoice_of(transaction, account)
    status = FAILED if transaction.deleted else STATUSES.get(transaction.status, FAILED)
    if is_back:
        kind, status = ADJUSTMENT, REFUNDED if status == SUCCESS else status
    elif invoice_id is not None and invoice_id in invoices:
        kind = type_of(invoices[invoice_id])
    else:
        kind = SUBSCRIPTION if transaction.subscription_id else ADJUSTMENT
    return PaymentRow(
        key=f"transaction:{transaction.id}",
        type=kind,
        status=status,
        amount_cents=-transaction.amount_cents if is_back else transaction.amount_cents,
        transaction_date=transaction.date,
        resource_version=transaction.resource_version,
        invoice_id=invoice_id,
        transaction_id=transaction.id,
        error_text=(transaction.error_text or "")[:ERROR_LENGTH],
    )


def _invoice_of(transaction: Transaction, account: CustomerAccount) -> str | None:
    """Return the first invoice that a transaction is about, for a refund or reversal by its payment."""
    linked = [link.invoice_id for link in transaction.linked_invoices]
    if not (linked or transaction.credited_invoice_ids):
        paid = transaction.refunded_transaction_id
        linked = [link.invoice_id for one in account.transactions if one.id == paid for link in one.linked_invoices]
    return next(iter([*transaction.credited_invoice_ids, *linked]), None)


def billing_period(start: datetime | None, end: datetime | None) -> str | None:
    """Write the span that a plan was billed for: Nov 22, 2026 – Dec 22, 2026."""
    if start is None or end is None or end <= start:
        return None
    return f"{start:%b} {start.day}, {start.year} – {end:%b} {end.day}, {end.year}"
