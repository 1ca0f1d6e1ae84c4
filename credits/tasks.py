"""Sweeps of credits, run by beat. Each may run twice, late or at the same moment as another."""

from celery import shared_task
from django.utils import timezone

from credits import services as credit_services


@shared_task(name="credits.expire_quotes")
def expire_quotes() -> None:
    """End offers that ran out, and give back what was held too long."""
    credit_services.expire_quotes(now=timezone.now())


@shared_task(name="credits.lapse_welcome_credits")
def lapse_welcome_credits() -> None:
    """Let the welcome credits lapse whose time is over."""
    credit_services.lapse_welcome_credits(now=timezone.now())


@shared_task(name="credits.warn_of_low_credits")
def warn_of_low_credits() -> None:
    """Send the mails that say that few credits are left."""
    credit_services.warn_of_low_credits(now=timezone.now())


@shared_task(name="credits.purge_quotes")
def purge_quotes() -> None:
    """Remove the offers that nobody accepted, some days after their end."""
    credit_services.purge_quotes(now=timezone.now())
