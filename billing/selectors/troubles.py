"""What staff have to look at: events that could not be applied, differences, and offers that are refused."""

from dataclasses import dataclass

from billing.models import BillingDifference, Offer, WebhookEvent


@dataclass(frozen=True)
class Troubles:
    """How many of each there are."""

    failed_events: int
    open_differences: int
    refused_offers: int


def count_troubles() -> Troubles:
    """Return how much of billing waits for a person."""
    return Troubles(
        failed_events=WebhookEvent.objects.filter(state=WebhookEvent.State.FAILED).count(),
        open_differences=BillingDifference.objects.filter(closed_at=None).count(),
        refused_offers=Offer.objects.filter(refused_because__gt="").count(),
    )
