"""Accounts of customers as Chargebee would tell of them, made by hand for tests of what follows from them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from atlas_site.vendors.chargebee.objects import (
    Customer,
    CustomerAccount,
    Invoice,
    InvoiceLine,
    LinkedCredit,
    LinkedInvoice,
    LinkedPayment,
    Subscription,
    SubscriptionItem,
    Transaction,
)
from billing.entitlement.terms import add_months

START = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
SUB = "sub1"


@dataclass(frozen=True)
class SomeOffer:
    """What has to be known of an item price."""

    kind: str
    name: str
    credits: int
    period_unit: str | None = None


OFFERS = {
    "starter-USD-Monthly": SomeOffer("plan", "Starter", 200, "month"),
    "pro-USD-Monthly": SomeOffer("plan", "Pro", 420, "month"),
    "scale-USD-Monthly": SomeOffer("plan", "Scale", 1_050, "month"),
    "starter-USD-Yearly": SomeOffer("plan", "Starter, yearly", 200, "year"),
    "pro-USD-Yearly": SomeOffer("plan", "Pro, yearly", 420, "year"),
    "pack-100-USD": SomeOffer("pack", "100 credits", 100),
    "pack-500-USD": SomeOffer("pack", "500 credits", 500),
}
STARTER, PRO, SCALE = "starter-USD-Monthly", "pro-USD-Monthly", "scale-USD-Monthly"
STARTER_YEARLY, PRO_YEARLY = "starter-USD-Yearly", "pro-USD-Yearly"
PACK_100, PACK_500 = "pack-100-USD", "pack-500-USD"


def days(count: float) -> datetime:
    """Return the moment so many days after START."""
    return START + timedelta(days=count)


def months(count: int) -> datetime:
    """Return the same day and time so many months after START."""
    return add_months(START, count)


@dataclass
class Account:
    """A customer's account that grows: every method does what Chargebee would note, and takes moments as arguments."""

    customer: Customer = field(default_factory=lambda: Customer(id="c1", card_status="valid"))
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    invoices: dict[str, Invoice] = field(default_factory=dict)
    transactions: dict[str, Transaction] = field(default_factory=dict)
    version: int = 0

    def told(self) -> CustomerAccount:
        """Return the account as a snapshot."""
        return CustomerAccount(
            customer=self.customer,
            fetched_at=START,
            subscriptions=tuple(self.subscriptions.values()),
            invoices=tuple(self.invoices.values()),
            transactions=tuple(self.transactions.values()),
        )

    def next_version(self) -> int:
        """Count versions up; so small that they stand for no moment of these tests."""
        self.version += 1
        return self.version

    # ------------------------------------------------------------ subscriptions

    def subscribe(self, plan: str = STARTER, at: datetime = START, sub: str = SUB, **fields) -> Subscription:
        """Note a subscription, live unless the fields say otherwise. Its invoices are noted by `bill`."""
        return self.change_subscription(
            sub,
            _new=Subscription(
                id=sub,
                customer_id="c1",
                status="active",
                resource_version=0,
                items=(SubscriptionItem(plan, "plan"),),
                created_at=at,
                started_at=at,
            ),
            **fields,
        )

    def change_subscription(self, sub: str = SUB, *, _new: Subscription | None = None, **fields) -> Subscription:
        """Change fields of a subscription."""
        before = _new or self.subscriptions[sub]
        self.subscriptions[sub] = replace(before, resource_version=self.next_version(), **fields)
        return self.subscriptions[sub]

    def cancel(self, at: datetime, sub: str = SUB, reason: str | None = None) -> None:
        """Cancel at this moment."""
        self.change_subscription(sub, status="cancelled", cancelled_at=at, cancel_reason=reason, next_billing_at=None)

    # ------------------------------------------------------------ invoices

    def bill(
        self,
        price: str = STARTER,
        start: datetime = START,
        end: datetime | None = None,
        *,
        cents: int = 4_900,
        sub: str | None = SUB,
        paid_at: datetime | None = None,
        **fields,
    ) -> str:
        """Note an invoice over a plan's span, paid at a moment or due, and return its id."""
        line = self._line(price, "plan_item_price", cents, sub, start, end or add_months(start, 1))
        return self._invoice((line,), start, sub, paid_at, recurring=True, **fields)

    def sell(
        self, price: str = PACK_100, at: datetime = START, *, cents: int = 2_900, quantity: int = 1, paid: bool = True
    ) -> str:
        """Note the invoice of a pack, and return its id."""
        line = replace(self._line(price, "charge_item_price", cents, None, at, at), quantity=quantity)
        return self._invoice((line,), at, None, at if paid else None)

    def bill_lines(self, *lines: tuple[str, str, int], at: datetime = START, paid: bool = True) -> str:
        """Note an invoice of several lines (item price, kind, cents) over a month, and return its id."""
        made = tuple(self._line(price, kind, cents, SUB, at, add_months(at, 1)) for price, kind, cents in lines)
        return self._invoice(made, at, SUB, at if paid else None)

    def pay(self, invoice_id: str, at: datetime, status: str = "success") -> str:
        """Note a payment of what an invoice is due, and return the id of the transaction."""
        invoice = self.invoices[invoice_id]
        cents = invoice.amount_due_cents
        payment_id = self._transaction(
            "payment", status, cents, at, linked_invoices=(LinkedInvoice(invoice_id, cents),)
        )
        link = LinkedPayment(payment_id, status, cents, at)
        self._change_invoice(invoice_id, payments=(*invoice.payments, link))
        if status == "success":
            self._settle(invoice_id, cents, at)
        return payment_id

    def settle(self, payment_id: str, at: datetime) -> None:
        """Let a payment that was in progress succeed."""
        payment = self._change_transaction(payment_id, status="success", updated_at=at)
        self._settle(payment.linked_invoices[0].invoice_id, payment.amount_cents, at)

    def fail_late(self, payment_id: str, at: datetime) -> None:
        """Let a payment that had succeeded fail."""
        payment = self._change_transaction(payment_id, status="late_failure", updated_at=at)
        self._unsettle(payment.linked_invoices[0].invoice_id, payment.amount_cents, "payment_due")

    def charge_back(self, payment_id: str, at: datetime) -> str:
        """Let the payer's bank take a payment back, and return the id of the reversal."""
        payment = self.transactions[payment_id]
        self._unsettle(payment.linked_invoices[0].invoice_id, payment.amount_cents, "not_paid")
        return self._transaction(
            "payment_reversal", "success", payment.amount_cents, at, refunded_transaction_id=payment_id
        )

    def refund(self, invoice_id: str, cents: int, at: datetime) -> str:
        """Refund so much of an invoice, and return the id of the transaction."""
        return self._transaction("refund", "success", cents, at, credited_invoice_ids=(invoice_id,))

    def write_off(self, invoice_id: str, at: datetime) -> None:
        """Give up what an invoice is due: Chargebee calls it paid, and notes an adjustment."""
        self._change_invoice(invoice_id, written_off_cents=self.invoices[invoice_id].amount_due_cents)
        self._forgive(invoice_id, self.invoices[invoice_id].amount_due_cents, at)

    def adjust(self, invoice_id: str, at: datetime, cents: int | None = None) -> None:
        """Note an adjustment of an invoice, by default of all that is due."""
        invoice = self.invoices[invoice_id]
        less = invoice.amount_due_cents if cents is None else cents
        self._change_invoice(invoice_id, adjusted_cents=invoice.adjusted_cents + less)
        self._forgive(invoice_id, less, at)

    def void(self, invoice_id: str) -> None:
        """Declare void what was not paid."""
        self._change_invoice(invoice_id, status="voided", amount_due_cents=0)

    def set_invoice(self, invoice_id: str, **fields) -> None:
        """Change fields of an invoice."""
        self._change_invoice(invoice_id, **fields)

    def payment_of(self, invoice_id: str) -> str:
        """Return the id of the last payment of an invoice."""
        return self.invoices[invoice_id].payments[-1].transaction_id

    def line_of(self, invoice_id: str, number: int = 0) -> str:
        """Return the id of a line of an invoice."""
        return self.invoices[invoice_id].lines[number].id

    def _line(self, price: str, kind: str, cents: int, sub: str | None, start: datetime, end: datetime) -> InvoiceLine:
        return InvoiceLine(
            id=f"li{self.next_version()}",
            entity_type=kind,
            entity_id=price,
            subscription_id=sub,
            date_from=start,
            date_to=end,
            amount_cents=cents,
            description=price,
        )

    def _invoice(
        self, lines: tuple[InvoiceLine, ...], at: datetime, sub: str | None, paid_at: datetime | None, **fields
    ) -> str:
        total = sum(line.amount_cents for line in lines)
        invoice_id = str(len(self.invoices) + 1)
        values = {"status": "payment_due", "total_cents": total, "amount_due_cents": total} | fields
        self.invoices[invoice_id] = Invoice(
            id=invoice_id,
            customer_id="c1",
            resource_version=self.next_version(),
            date=at,
            subscription_id=sub,
            lines=lines,
            **values,
        )
        if paid_at is not None:
            if self.invoices[invoice_id].amount_due_cents:
                self.pay(invoice_id, paid_at)
            else:
                self._change_invoice(invoice_id, status="paid", paid_at=paid_at)
        return invoice_id

    def _settle(self, invoice_id: str, cents: int, at: datetime) -> None:
        invoice = self.invoices[invoice_id]
        due = invoice.amount_due_cents - cents
        paid = {"status": "paid", "paid_at": at} if due <= 0 else {}
        self._change_invoice(
            invoice_id, amount_due_cents=due, amount_paid_cents=invoice.amount_paid_cents + cents, **paid
        )

    def _forgive(self, invoice_id: str, cents: int, at: datetime) -> None:
        invoice = self.invoices[invoice_id]
        due = invoice.amount_due_cents - cents
        paid = {"status": "paid", "paid_at": at} if due <= 0 else {}
        notes = (*invoice.adjustments, LinkedCredit(cents, at))
        self._change_invoice(invoice_id, amount_due_cents=due, adjustments=notes, **paid)

    def _unsettle(self, invoice_id: str, cents: int, status: str) -> None:
        invoice = self.invoices[invoice_id]
        self._change_invoice(
            invoice_id,
            status=status,
            paid_at=None,
            amount_due_cents=invoice.amount_due_cents + cents,
            amount_paid_cents=invoice.amount_paid_cents - cents,
        )

    def _change_invoice(self, invoice_id: str, **fields) -> None:
        version = self.next_version()
        self.invoices[invoice_id] = replace(self.invoices[invoice_id], resource_version=version, **fields)

    def _transaction(self, kind: str, status: str, cents: int, at: datetime, **fields) -> str:
        transaction_id = f"txn{len(self.transactions) + 1}"
        self.transactions[transaction_id] = Transaction(
            id=transaction_id,
            customer_id="c1",
            type=kind,
            status=status,
            resource_version=self.next_version(),
            date=at,
            updated_at=at,
            amount_cents=cents,
            **fields,
        )
        return transaction_id

    def _change_transaction(self, transaction_id: str, **fields) -> Transaction:
        before = self.transactions[transaction_id]
        self.transactions[transaction_id] = replace(before, resource_version=self.next_version(), **fields)
        return self.transactions[transaction_id]
