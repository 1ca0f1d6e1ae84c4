"""Plans and packs as a copy of the price list has them, and users who have a plan, without asking Chargebee."""

from datetime import datetime, timedelta

from accounts.models import User
from billing.models import Billing, Offer
from credits import services as credit_services
from tests.factories import BillingFactory, OfferFactory

PLANS = {
    "starter-USD-Monthly": ("Starter", "month", 4_900, 200),
    "pro-USD-Monthly": ("Pro", "month", 9_900, 420),
    "scale-USD-Monthly": ("Scale", "month", 24_900, 1_050),
    "starter-USD-Yearly": ("Starter", "year", 49_000, 200),
    "pro-USD-Yearly": ("Pro", "year", 99_000, 420),
}
PACKS = {"pack-100-USD": (2_900, 100), "pack-500-USD": (12_900, 500)}


def write_price_list() -> None:
    """Write the offers that a copy of Chargebee's price list would bring."""
    for offer_id, (name, unit, cents, amount) in PLANS.items():
        OfferFactory(id=offer_id, name=name, kind=Offer.Kind.PLAN, period_unit=unit, price_cents=cents, credits=amount)
    for offer_id, (cents, amount) in PACKS.items():
        OfferFactory(id=offer_id, name=f"{amount} credits", price_cents=cents, credits=amount)


def give_plan(user: User, plan_id: str = "pro-USD-Monthly", *, now: datetime, **fields: object) -> Billing:
    """Give a user a plan that began ten days ago, with this period's credits; `fields` are those of Billing."""
    ends_at = now + timedelta(days=365 if "Yearly" in plan_id else 20)
    began_at = now - timedelta(days=10)
    dates = {"current_term_start": began_at, "current_term_end": ends_at, "next_billing_at": ends_at}
    billing = BillingFactory(user=user, subscription_plan_id=plan_id, **{**dates, **fields})
    credit_services.reset_period(
        user_id=user.pk,
        subscription_id=billing.chargebee_subscription_id,
        started_at=began_at,
        ends_at=now + timedelta(days=20),
        amount=PLANS[plan_id][3],
        now=now,
    )
    return billing
