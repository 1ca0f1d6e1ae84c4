"""The price list: what Chargebee sells, copied as offers, and the least that a credit may sell for."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

from bson import Int64
from django.conf import settings
from django.db.models import Q, QuerySet
from pymongo.errors import DuplicateKeyError

from atlas_site.mongodb.documents import collection_of
from atlas_site.vendors import chargebee
from atlas_site.vendors.chargebee.objects import ItemPrice
from billing.models import Offer
from credits.pricing import current_weights

logger = logging.getLogger(__name__)

KINDS = {"plan": Offer.Kind.PLAN, "charge": Offer.Kind.PACK}
GRANT_KEYS = {Offer.Kind.PLAN: "credits_per_month", Offer.Kind.PACK: "credits"}


class NotAnOffer(Exception):
    """Atlas cannot sell an item price; the text says why, for staff."""


class FloorUnknown(Exception):
    """A weight is so low that credits would buy any amount of data, so no price of a credit is high enough."""


@dataclass(frozen=True)
class Copied:
    """What a copy of the price list came to. `refused` has the reason for each item price that Atlas will not sell."""

    sold: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)


def copy_offers(*, now: datetime) -> Copied:
    """Copy Chargebee's item prices of plans and packs, and say which are sold, withdrawn and refused.

    `now` is a moment before the copy. What a newer copy has stored already stays. Nothing is deleted, since invoices
    name offers: what is archived, gone, below cost or without a grant of credits is no longer sold. Raises VendorError
    without Chargebee's answer, and then nothing has changed.
    """
    prices = [price for price in chargebee.list_item_prices() if price.item_type in KINDS]
    try:
        floor = floor_cents_per_credit(now=now)
    except FloorUnknown:
        floor = None
    sold, withdrawn, refused = [], [], {}
    for price in prices:
        reason = _copy(price, floor, now)
        if reason is None:
            withdrawn.append(price.id)
        elif reason:
            refused[price.id] = reason
            logger.warning("Atlas does not sell %s: %s", price.id, reason)
        else:
            sold.append(price.id)
    unknown = offers_of_chargebee().exclude(pk__in=[price.id for price in prices]).filter(copied_at__lt=now)
    withdrawn += unknown.values_list("pk", flat=True)
    unknown.update(is_sold=False, refused_because="", copied_at=now)
    return Copied(tuple(sold), tuple(withdrawn), refused)


def offers_of_chargebee() -> QuerySet[Offer]:
    """Return the offers that are active at Chargebee, whether Atlas sells them or refuses to."""
    return Offer.objects.filter(Q(is_sold=True) | Q(refused_because__gt=""))


def floor_cents_per_credit(*, now: datetime) -> Fraction:
    """Return the least that a credit may sell for, in US cents, at the weights of now (the money rule).

    A credit buys 1 / weight units of a type, each of which costs what the vendor charges, and must bring that times
    the operator's margin, for the type that costs the most. Raises FloorUnknown if a weight is zero.
    """
    weights = current_weights(now)
    free = [name for name in settings.VENDOR_COST_CENTS if weights[name] <= 0]
    if free:
        raise FloorUnknown(f"The weight of {' and '.join(free)} is zero, so a credit buys any number of units.")
    dearest = max(Fraction(cost) / Fraction(weights[name]) for name, cost in settings.VENDOR_COST_CENTS.items())
    return dearest * Fraction(settings.CREDIT_MARGIN)


def sells_below_cost(offer: Offer, *, floor: Fraction) -> bool:
    """Say whether a credit of this offer sells for less than `floor`, the least in US cents."""
    return offer.cents_per_credit < floor


def find_sellable(offer_id: str, *, now: datetime) -> Offer | None:
    """Return an offer that may be sold at this moment, None for any other.

    The copy says what was sold when it was made; a weight may have been lowered since.
    """
    offer = Offer.objects.filter(pk=offer_id, is_sold=True).first()
    try:
        is_too_cheap = offer is not None and sells_below_cost(offer, floor=floor_cents_per_credit(now=now))
    except FloorUnknown:
        is_too_cheap = True
    return None if is_too_cheap else offer


def in_cents(amount: Fraction) -> str:
    """Write an amount of cents as people read it, with at most two decimal places: "19.6 cents"."""
    return f"{round(float(amount), 2):g} cents"


def _copy(price: ItemPrice, floor: Fraction | None, now: datetime) -> str | None:
    """Store an item price, and return why it is refused: "" if it is sold, None if Chargebee does not offer it."""
    is_active = price.status == "active"
    try:
        offer = read_offer(price)
    except NotAnOffer as error:
        reason = str(error) if is_active else ""
        _store(price, {"isSold": False, "refusedBecause": reason, "copiedAt": now}, is_new=False)
        return reason if is_active else None
    reason = _why_refused(offer, floor) if is_active else ""
    terms = {
        "itemId": offer.item_id,
        "name": offer.name,
        "kind": offer.kind,
        "periodUnit": offer.period_unit,
        "priceCents": Int64(offer.price_cents),
        "currencyCode": offer.currency_code,
        "credits": Int64(offer.credits),
        "isSold": is_active and not reason,
        "refusedBecause": reason,
        "copiedAt": now,
    }
    _store(price, terms, is_new=True)
    return reason if is_active else None


def read_offer(price: ItemPrice) -> Offer:
    """Return the offer that an item price describes, not stored. Raises NotAnOffer with the reason."""
    kind = KINDS[price.item_type]
    if price.currency_code != "USD":
        raise NotAnOffer(f"Its currency is {price.currency_code}, and Atlas sells in USD.")
    if kind == Offer.Kind.PLAN and (price.period != 1 or price.period_unit not in Offer.Unit.values):
        raise NotAnOffer(f"Its period is {price.period} {price.period_unit}, and Atlas knows one month and one year.")
    return Offer(
        id=price.id,
        item_id=price.item_id or "",
        name=price.name[:150],
        kind=kind,
        period_unit=price.period_unit if kind == Offer.Kind.PLAN else None,
        price_cents=price.price_cents,
        currency_code=price.currency_code,
        credits=_read_grant(price, GRANT_KEYS[kind]),
        resource_version=price.resource_version,
    )


def _read_grant(price: ItemPrice, key: str) -> int:
    """Return the credits that an item price grants; they must stand in its metadata as a whole number."""
    found = price.metadata.get(key)
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise NotAnOffer(f'Its metadata must say in a whole number how many credits it grants, as {{"{key}": 100}}.')
    return found


def _why_refused(offer: Offer, floor: Fraction | None) -> str:
    """Return why Atlas does not sell what Chargebee offers, "" if it does."""
    if floor is None:
        return "A weight is zero, so no price of a credit covers what it buys."
    if sells_below_cost(offer, floor=floor):
        return f"A credit of it costs {in_cents(offer.cents_per_credit)}, below the least of {in_cents(floor)}."
    return ""


def _store(price: ItemPrice, values: Mapping[str, Any], *, is_new: bool) -> None:
    """Write an offer unless a newer version of its item price is stored; `is_new` allows to make it."""
    version = Int64(price.resource_version)
    older = {"_id": price.id, "resourceVersion": {"$lte": version}}
    try:
        collection_of(Offer).update_one(older, {"$set": {**values, "resourceVersion": version}}, upsert=is_new)
    except DuplicateKeyError:
        logger.info("A newer version of %s is stored already.", price.id)
