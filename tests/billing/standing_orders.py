"""Auto top-up in tests: ordering it, sweeping, and what there is after a sweep."""

from datetime import datetime
from typing import Any

from accounts.models import User
from billing import services as billing_services
from billing.models import AutoTopUp, TopUp
from credits import services as credit_services
from credits.models import Credit

CHARGE = "invoice.create_for_charge_items_and_charges"
PACK = "pack-100-USD"


def order(user: User, now: datetime, **terms: Any) -> AutoTopUp:
    """Turn auto top-up on: 100 credits for $29 when fewer than 50 are left, $100 a month at most."""
    asked: dict[str, Any] = {"offer_id": PACK, "below_credits": 50, "monthly_cap_cents": 10_000, **terms}
    return billing_services.set_auto_top_up(user=user, now=now, **asked)


def sweep(now: datetime) -> int:
    """Do what the schedule does each minute."""
    return billing_services.top_up_wallets(now=now)


def order_of(user: User) -> AutoTopUp:
    """Return the standing order of a user as it is stored."""
    return AutoTopUp.objects.get(user_id=user.pk)


def only_top_up(user: User) -> TopUp:
    """Return the one top-up of a user."""
    return TopUp.objects.get(user_id=user.pk)


def balance(user: User) -> int:
    """Return the credits that a user has."""
    wallet = Credit.objects.filter(user_id=user.pk).first()
    return wallet.credit_available if wallet else 0


def spend_all(user: User, now: datetime, key: str) -> None:
    """Empty a wallet."""
    credit_services.adjust(
        user_id=user.pk,
        amount=-balance(user),
        bucket="purchased",
        adjustment_id=f"{user.pk}:{key}",
        reason="Spent by a test",
        actor="test",
        now=now,
    )
