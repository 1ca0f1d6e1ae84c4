"""When an invoice was paid, and what of the money went back: from its status, its payments and their refunds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from atlas_site.vendors.chargebee.objects import CustomerAccount, Invoice, Transaction

PAID, VOIDED = "paid", "voided"
# Not final: even its id changes.
DRAFT = "pending"

# What changes how much of an invoice is paid, in the order in which it counts within one second.
CAME, WENT, ADJUSTED = range(3)


@dataclass(frozen=True, slots=True)
class Spell:
    """A time in which an invoice was paid; `end` is when the money was lost again, None while it is there."""

    start: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Taking:
    """Money of an invoice that went back at a moment, by a transaction.

    `is_failure` tells a payment that failed late, and one that the payer's bank took back, from a refund: after those
    the invoice is owed again.
    """

    at: datetime
    transaction_id: str
    cents: int
    is_failure: bool
    resource_version: int = 0

    @property
    def order(self) -> tuple[datetime, int, str]:
        """In what order money went back: within one second by the versions, which only rise."""
        return self.at, self.resource_version, self.transaction_id


@dataclass(frozen=True, slots=True)
class InvoiceMoney:
    """An invoice with the times in which it was paid, and what went back, both in order."""

    invoice: Invoice
    spells: tuple[Spell, ...] = ()
    takings: tuple[Taking, ...] = ()
    collected_cents: int = 0
    payment_id: str | None = None
    resource_version: int = 0

    @property
    def is_paid(self) -> bool:
        """Whether it is paid now; a refund changes nothing of that (Chargebee API reference)."""
        return bool(self.spells) and self.spells[-1].end is None

    @property
    def bills(self) -> bool:
        """Whether its lines were ever owed: those of a draft are not yet, and void ones only if they had been paid."""
        is_void = self.invoice.deleted or self.invoice.status == VOIDED
        return self.invoice.status != DRAFT and (bool(self.spells) or not is_void)

    @property
    def payable_cents(self) -> int:
        """What has to be paid with money: the total less credit notes and adjustments."""
        settled_otherwise = self.invoice.credits_applied_cents + self.invoice.adjusted_cents
        return max(0, self.invoice.total_cents - settled_otherwise)

    def cash_cents_at(self, moment: datetime) -> int:
        """Return what of the total was left for money at a moment, after the credit notes until then."""
        credited = sum(credit.cents for credit in self.invoice.credits if (credit.date or self.invoice.date) <= moment)
        return max(0, self.invoice.total_cents - credited)

    @property
    def refunded_cents(self) -> int:
        """What was refunded so far."""
        return sum(taking.cents for taking in self.takings if not taking.is_failure)

    def paid_from(self, moment: datetime) -> datetime | None:
        """Return the first moment from this one on at which the invoice was paid, None if it never was."""
        for spell in self.spells:
            if spell.end is None or spell.end > moment:
                return max(spell.start, moment)
        return None

    def was_paid_at(self, moment: datetime) -> bool:
        """Whether it was paid at this moment."""
        return any(spell.start <= moment and (spell.end is None or moment < spell.end) for spell in self.spells)


def read_money(account: CustomerAccount) -> dict[str, InvoiceMoney]:
    """Return the invoices of the account by id, with the money that came and went for each."""
    payments = {one.id: one for one in account.transactions if one.type == "payment" and not one.deleted}
    takings: dict[str, list[Taking]] = {}
    for transaction in account.transactions:
        if transaction.deleted:
            continue
        for invoice_id, taking in _takings_of(transaction, payments, account):
            takings.setdefault(invoice_id, []).append(taking)
    linked: dict[str, list[tuple[Transaction, int]]] = {}
    for payment in payments.values():
        for link in payment.linked_invoices:
            linked.setdefault(link.invoice_id, []).append((payment, link.applied_cents or payment.amount_cents))
    return {
        invoice.id: _money_of(invoice, linked.get(invoice.id, []), takings.get(invoice.id, []), account)
        for invoice in account.invoices
    }


def _takings_of(
    transaction: Transaction, payments: dict[str, Transaction], account: CustomerAccount
) -> Iterable[tuple[str, Taking]]:
    """Yield what a transaction took back from which invoices."""
    if transaction.type == "payment" and transaction.status == "late_failure":
        # When it failed is when Chargebee last changed it; the date is that of the attempt.
        failed_at = max(transaction.updated_at or transaction.date, transaction.date)
        for link in transaction.linked_invoices:
            cents = link.applied_cents or transaction.amount_cents
            yield link.invoice_id, Taking(failed_at, transaction.id, cents, True, transaction.resource_version)
    elif transaction.type in {"refund", "payment_reversal"} and transaction.status == "success":
        is_failure = transaction.type == "payment_reversal"
        for invoice_id, cents in _split(transaction, payments, account):
            yield invoice_id, Taking(transaction.date, transaction.id, cents, is_failure, transaction.resource_version)


def _split(
    transaction: Transaction, payments: dict[str, Transaction], account: CustomerAccount
) -> list[tuple[str, int]]:
    """Return how much of a refund or reversal belongs to which invoice.

    The credit notes of a refund name the invoices; otherwise they are those of the payment. Of several each has its
    share by what the payment paid of it, and the last one the rest.
    """
    payment = payments.get(transaction.refunded_transaction_id or "")
    paid = {link.invoice_id: link.applied_cents for link in payment.linked_invoices} if payment else {}
    own = {link.invoice_id: link.applied_cents for link in transaction.linked_invoices}
    invoice_ids = list(transaction.credited_invoice_ids or own or paid)
    if len(invoice_ids) < 2:
        return [(invoice_id, transaction.amount_cents) for invoice_id in invoice_ids]
    totals = {invoice.id: invoice.total_cents for invoice in account.invoices}
    weights = [paid.get(invoice_id) or totals.get(invoice_id, 0) for invoice_id in invoice_ids]
    whole = sum(weights) or 1
    shares = [transaction.amount_cents * weight // whole for weight in weights[:-1]]
    return list(zip(invoice_ids, [*shares, transaction.amount_cents - sum(shares)], strict=True))


def _money_of(
    invoice: Invoice, linked: list[tuple[Transaction, int]], takings: list[Taking], account: CustomerAccount
) -> InvoiceMoney:
    takings.sort(key=lambda taking: taking.order)
    good = [(payment, cents) for payment, cents in linked if payment.status == "success"]
    under_way = [payment for payment, _ in linked if payment.status in {"in_progress", "needs_attention"}]
    came = {"success", "late_failure"}
    moves = [(payment.date, CAME, cents) for payment, cents in linked if payment.status in came]
    moves += [(taking.at, WENT, taking.cents) for taking in takings if taking.is_failure]
    moves += [(credit.date or invoice.date, CAME, credit.cents) for credit in invoice.credits]
    moves += [(credit.date or invoice.date, ADJUSTED, credit.cents) for credit in invoice.adjustments]
    newest = max((payment for payment, _ in good), key=lambda one: (one.date, one.id), default=None)
    shown = newest or max(under_way, key=lambda one: (one.date, one.id), default=None)
    sharing = [payment.resource_version for payment, _ in linked if payment.status == "success"]
    refunds = {taking.transaction_id for taking in takings}
    sharing += [one.resource_version for one in account.transactions if one.id in refunds]
    return InvoiceMoney(
        invoice=invoice,
        spells=tuple(_spells(invoice, moves)),
        takings=tuple(takings),
        collected_cents=sum(cents for _, cents in good),
        payment_id=shown.id if shown else None,
        resource_version=max([invoice.resource_version, *sharing]),
    )


def _spells(invoice: Invoice, moves: list[tuple[datetime, int, int]]) -> list[Spell]:
    """Return when the invoice was paid.

    Its status says so for now, also where no transaction does: a total of nothing, a payment by check. The times
    before, which a late failure or a chargeback ended, only the payments still show. An adjustment lowers what has to
    be paid from then on; what was adjusted as a whole, nobody paid.
    """
    spells: list[Spell] = []
    needed, collected, is_covered = invoice.total_cents, 0, False
    for at, kind, cents in sorted(moves):
        if kind == ADJUSTED:
            needed -= cents
        else:
            collected += cents if kind == CAME else -cents
        was_covered, is_covered = is_covered, 0 < needed <= collected
        if is_covered and not was_covered:
            spells.append(Spell(at))
        elif was_covered and not is_covered:
            spells[-1] = Spell(spells[-1].start, at)
    is_open = bool(spells) and spells[-1].end is None
    assumed = spells.pop().start if is_open else invoice.date
    if invoice.status == PAID and not invoice.deleted and _was_paid_for(invoice):
        paid_at = invoice.paid_at or assumed
        # An invoice that was read just before its payment failed still says when it had been paid before.
        if not spells or paid_at >= (spells[-1].end or paid_at):
            spells.append(Spell(paid_at))
    return spells


def _was_paid_for(invoice: Invoice) -> bool:
    """Whether money and credits settled a paid invoice, and not a write-off, or an adjustment of all of it alone.

    Chargebee calls an invoice paid once nothing of it is due, also when it was written off or reversed at the end of
    dunning (Chargebee API reference, Write off an invoice).
    """
    if invoice.total_cents <= 0:
        return True
    needed = invoice.total_cents - invoice.adjusted_cents
    settled = invoice.amount_paid_cents + invoice.credits_applied_cents
    return invoice.written_off_cents <= 0 and 0 < needed <= settled


def moment_of_version(resource_version: int) -> datetime | None:
    """Return the moment that a version stands for: milliseconds since 1970 (Chargebee API reference), None for 0."""
    return datetime.fromtimestamp(resource_version / 1000, UTC) if resource_version > 0 else None
