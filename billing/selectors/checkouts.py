"""The hosted pages that a user was sent to."""

from datetime import datetime

from accounts.models import User
from billing.models import Checkout, Offer

LOOKED_AT = 5


def find_checkout(*, user: User, checkout_id: str) -> Checkout | None:
    """Return a checkout of this user, None for anybody else's."""
    return Checkout.objects.filter(pk=checkout_id, user_id=user.pk).first()


def open_checkouts(*, user: User, now: datetime) -> list[Checkout]:
    """Return the newest checkouts that may still be paid, or were and the user has not come back: newest first."""
    newest = Checkout.objects.filter(user_id=user.pk).order_by("-created_at")[: 4 * LOOKED_AT]
    unfinished = [checkout for checkout in newest if checkout.returned_at is None and checkout.expires_at > now]
    return [checkout for checkout in unfinished if checkout.offer_id][:LOOKED_AT]


def open_plan_checkouts(*, user: User, now: datetime) -> list[Checkout]:
    """Return all checkouts of plans that may still be paid, newest first: one, or a few of the same moment."""
    unfinished = list(Checkout.objects.filter(user_id=user.pk, returned_at=None, expires_at__gt=now))
    offers = Offer.objects.filter(pk__in={checkout.offer_id for checkout in unfinished}, kind=Offer.Kind.PLAN)
    plans = set(offers.values_list("pk", flat=True))
    of_plans = [checkout for checkout in unfinished if checkout.offer_id in plans]
    return sorted(of_plans, key=lambda checkout: checkout.created_at, reverse=True)


def count_checkouts_since(*, user: User, since: datetime) -> int:
    """Return how many checkouts the user has started since this moment."""
    return Checkout.objects.filter(user_id=user.pk, created_at__gte=since).count()
