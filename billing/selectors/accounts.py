"""What Atlas holds of one user's billing."""

from datetime import datetime

from accounts.models import User
from atlas_site.templatetags.atlas import cents
from billing.models import Billing


def billing_of(user: User) -> Billing | None:
    """Return the user's subscription, None before the first one."""
    return Billing.objects.filter(user_id=user.pk).first()


def is_to_end(billing: Billing) -> bool:
    """Whether a live plan ends with what is paid; of a paused one only the date of its end tells."""
    return billing.subscription_status == Billing.Status.NON_RENEWING or (
        billing.is_live and billing.cancelled_at is not None
    )


def is_in_term(billing: Billing, *, now: datetime) -> bool:
    """Whether the term that was paid last still runs, so that resuming a paused plan costs nothing."""
    return billing.current_term_end is not None and billing.current_term_end > now


def payments_after_end(billing: Billing) -> str:
    """Say which payments come once a plan is cancelled: none, or what is overdue, which the end does not remit."""
    if not (billing.is_live and billing.due_invoices_count):
        return "No further payment is taken."
    tried = " and is tried again" if billing.next_retry_at else ""
    return f"The {cents(billing.total_dues_cents)} that is overdue stays due{tried}; nothing after it."


def customer_id_of(user: User) -> str:
    """Return the user's id at Chargebee: that of an earlier Atlas if there is one, else the user's own id."""
    billing = billing_of(user)
    return (billing.chargebee_customer_id if billing else None) or str(user.pk)
