"""What must be right before a release goes out: no plan and no pack sells its credits for less than they cost.

The check runs with ``manage.py check`` and before every other command that has checks. It reads the copied price list;
`copy_offers` brings that up to date and is never refused itself. Processes that run, or start again, go on: a price
that somebody changes at Chargebee takes its offer out of the shop, and not the site down.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pymongo
from django.apps import AppConfig
from django.core import checks
from django.db import DatabaseError
from django.utils import timezone
from pymongo.errors import PyMongoError

from billing.services import offers

SECONDS_FOR_THE_CHECK = 2
REMEDY = (
    "Raise the price or lower the credits in Chargebee, or change the weight of an operation; then run manage.py "
    "copy_offers. VENDOR_COST_CENTS_SEARCH, VENDOR_COST_CENTS_SKIPTRACE and CREDIT_MARGIN say what a credit costs."
)


@checks.register("billing")
def check_prices(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Return an error for each offer that sells below cost, or a warning if MongoDB does not answer."""
    try:
        with pymongo.timeout(SECONDS_FOR_THE_CHECK):
            return find_losses(now=timezone.now())
    except (DatabaseError, PyMongoError):
        return [checks.Warning("MongoDB does not answer, so prices were not checked.", id="billing.W001")]


def find_losses(*, now: datetime) -> list[checks.CheckMessage]:
    """Return an error for each plan and pack, active at Chargebee, whose credit sells below vendor cost × margin."""
    active = list(offers.offers_of_chargebee())
    if not active:
        return []
    try:
        floor = offers.floor_cents_per_credit(now=now)
    except offers.FloorUnknown as error:
        return [checks.Error(f"Nobody can say what a credit must cost. {error}", hint=REMEDY, id="billing.E002")]
    return [
        checks.Error(
            f"{offer.pk} ({offer.name}) sells a credit for {offers.in_cents(offer.cents_per_credit)}, and "
            f"what it buys costs {offers.in_cents(floor)} with the margin.",
            hint=REMEDY,
            id="billing.E001",
        )
        for offer in active
        if offers.sells_below_cost(offer, floor=floor)
    ]
