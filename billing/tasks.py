"""Background work of billing: load by id, one service call."""

from celery import shared_task
from django.utils import timezone

from billing import services as billing_services

# A customer takes five calls, and the smallest plan of Chargebee allows 150 a minute.
PAUSE_SECONDS = 3


@shared_task(name="billing.copy_offers")
def copy_offers() -> None:
    """Bring the price list up to date with Chargebee's."""
    billing_services.copy_offers(now=timezone.now())


@shared_task(name="billing.top_up_wallets")
def top_up_wallets() -> None:
    """Buy what standing orders ask for, and bring earlier top-ups to their end."""
    billing_services.top_up_wallets(now=timezone.now())


@shared_task(name="billing.process_event")
def process_event(event_id: str) -> None:
    """Apply one event of Chargebee, and all others of its customer."""
    billing_services.process_event(event_id=event_id, now=timezone.now())


@shared_task(name="billing.process_due_events")
def process_due_events() -> None:
    """Apply the events that wait, whether or not their messages arrived."""
    billing_services.process_due_events(now=timezone.now())


@shared_task(name="billing.sync_due_customers")
def sync_due_customers() -> None:
    """Look at the customers for whom time alone has brought something."""
    billing_services.sync_due_customers(now=timezone.now())


@shared_task(name="billing.reconcile")
def reconcile() -> None:
    """Begin the nightly comparison of Chargebee's books with ours."""
    billing_services.begin_reconciliation(now=timezone.now())


@shared_task(name="billing.continue_reconciliation")
def continue_reconciliation() -> None:
    """Carry the open comparison on, at a pace that leaves most of Chargebee's calls to the people on the site."""
    billing_services.continue_reconciliation(now=timezone.now(), pause_seconds=PAUSE_SECONDS)
