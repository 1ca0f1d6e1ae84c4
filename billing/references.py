"""What caused an entry of the ledger, where billing did: the payment in the history, or the plan."""

from django.urls import reverse

from credits.references import Cause, register


def explain_invoice(invoice_id: str) -> Cause:
    """Lead to the row of an invoice; the page shows it to its owner alone."""
    return Cause("Payment", _row_of(invoice_id))


def explain_refund(refund_id: str) -> Cause:
    """Lead to the row of a refund, reversal or late failure; after ":" stands the line that it is about."""
    transaction_id = refund_id.partition(":")[0]
    row = f"?transaction={transaction_id}#payment-transaction-{transaction_id}"
    return Cause("Refund", f"{reverse('billing:show-billing')}{row}")


def explain_period(period: str) -> Cause:
    """Lead to the plan whose period began or ended."""
    return Cause("Your plan", reverse("billing:show-billing"))


def register_all() -> None:
    """Tell the ledger's pages what the references of billing's entries mean."""
    register("invoice", explain_invoice)
    register("refund", explain_refund)
    register("period", explain_period)
    register("subscription", explain_period)


def _row_of(invoice_id: str) -> str:
    return f"{reverse('billing:show-billing')}?invoice={invoice_id}#payment-{invoice_id}"
