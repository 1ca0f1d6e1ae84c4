"""The payment history: every invoice, refund and failed attempt, newest first."""

from dataclasses import dataclass

from bson import ObjectId

from accounts.models import User
from billing.models import PaymentTransaction

PAYMENTS_A_PAGE = 20
# Chargebee's times are whole seconds: those of one second keep one order, so that no page repeats another's rows.
NEWEST_FIRST = ("-transaction_date", "-id")


@dataclass(frozen=True)
class PaymentLine:
    """One row of the history as its owner reads it. `cents` is negative where money came back."""

    payment: PaymentTransaction
    cents: int

    @property
    def anchor(self) -> str:
        """The id of the row on the page: its invoice; what else is about that invoice has rows of its own."""
        kind, _, own_id = (self.payment.key or "").partition(":")
        return f"payment-{own_id}" if kind == "invoice" else f"payment-{kind or 'row'}-{own_id or self.payment.pk}"

    @property
    def is_due(self) -> bool:
        """Whether an open invoice waits for a payment, rather than for the bank to settle one."""
        return self.payment.status == PaymentTransaction.Status.PENDING and not self.payment.chargebee_transaction_id

    @property
    def is_money_back(self) -> bool:
        return self.cents < 0

    @property
    def is_partly_refunded(self) -> bool:
        return bool(self.payment.refunded_cents) and self.payment.status != PaymentTransaction.Status.REFUNDED


@dataclass(frozen=True)
class PaymentPage:
    """A page of the history; `newer` and `older` are the numbers of the pages beside it, None at an end."""

    lines: tuple[PaymentLine, ...]
    number: int
    newer: int | None
    older: int | None


def payment_page(*, user: User, number: int = 1, invoice_id: str = "", transaction_id: str = "") -> PaymentPage:
    """Return a page of the user's payments; with an id the page on which that invoice or refund of theirs is."""
    payments = PaymentTransaction.objects.filter(user_id=user.pk).order_by(*NEWEST_FIRST)
    if invoice_id or transaction_id:
        sought = f"invoice:{invoice_id}" if invoice_id else f"transaction:{transaction_id}"
        number = _page_of(user=user, key=sought) or number
    start = (number - 1) * PAYMENTS_A_PAGE
    found = list(payments[start : start + PAYMENTS_A_PAGE + 1])
    return PaymentPage(
        lines=tuple(PaymentLine(payment, round(payment.amount * 100)) for payment in found[:PAYMENTS_A_PAGE]),
        number=number,
        newer=number - 1 if number > 1 else None,
        older=number + 1 if len(found) > PAYMENTS_A_PAGE else None,
    )


def payment_of_invoice(*, user: User, invoice_id: str) -> PaymentTransaction | None:
    """Return the row of an invoice of this user, None for anybody else's."""
    rows = PaymentTransaction.objects.filter(chargebee_invoice_id=invoice_id)
    own = [row for row in rows if row.user_id == user.pk]
    return next((row for row in own if (row.key or "").startswith("invoice:")), own[0] if own else None)


def is_settling(user_id: ObjectId) -> bool:
    """Whether the bank has not settled a payment for the user's plan yet, so that nobody knows if it will be paid."""
    pending = PaymentTransaction.objects.filter(user_id=user_id, status=PaymentTransaction.Status.PENDING)
    return pending.filter(type=PaymentTransaction.Type.SUBSCRIPTION).exists()


def last_failure(user: User) -> PaymentTransaction | None:
    """Return the newest payment of the user if it failed, to say what the bank said."""
    newest = PaymentTransaction.objects.filter(user_id=user.pk).order_by(*NEWEST_FIRST)[:PAYMENTS_A_PAGE]
    return next((row for row in newest if row.status == PaymentTransaction.Status.FAILED), None)


def _page_of(*, user: User, key: str) -> int | None:
    """Return the number of the page with the row of this key, None if the user has no such one."""
    payment = PaymentTransaction.objects.filter(key=key).first()
    if payment is None or payment.user_id != user.pk:
        return None
    own, at = PaymentTransaction.objects.filter(user_id=user.pk), payment.transaction_date
    newer = own.filter(transaction_date__gt=at).count() + own.filter(transaction_date=at, pk__gt=payment.pk).count()
    return newer // PAYMENTS_A_PAGE + 1
