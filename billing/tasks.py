"""Background work of billing: load by id, one service call."""

from celery import shared_task
from django.utils import timezone

from billing import services as billing_services


@shared_task(name="billing.copy_offers")
def copy_offers() -> None:
    """Bring the price list up to date with Chargebee's."""
    billing_services.copy_offers(now=timezone.now())


@shared_task(name="billing.top_up_wallets")
def top_up_wallets() -> None:
    """Buy what standing orders ask for, and bring earlier top-ups to their end."""
    billing_services.top_up_wallets(now=timezone.now())
