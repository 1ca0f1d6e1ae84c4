"""What Atlas holds of one user's billing."""

from accounts.models import User
from billing.models import Billing


def billing_of(user: User) -> Billing | None:
    """Return the user's subscription, None before the first one."""
    return Billing.objects.filter(user_id=user.pk).first()


def is_to_end(billing: Billing) -> bool:
    """Whether a live plan ends with what is paid; of a paused one only the date of its end tells."""
    return billing.subscription_status == Billing.Status.NON_RENEWING or (
        billing.is_live and billing.cancelled_at is not None
    )


def customer_id_of(user: User) -> str:
    """Return the user's id at Chargebee: that of an earlier Atlas if there is one, else the user's own id."""
    billing = billing_of(user)
    return (billing.chargebee_customer_id if billing else None) or str(user.pk)
