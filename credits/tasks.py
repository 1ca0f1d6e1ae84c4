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
