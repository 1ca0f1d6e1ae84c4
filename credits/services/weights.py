"""What a unit costs, as staff set it: lower at once, higher only after a notice (the money rule)."""

import logging
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from pymongo import ReturnDocument

from atlas_site.mongodb.documents import as_utc, collection_of, load
from credits.models import CreditType, CreditWeight
from credits.money import weight_of
from credits.pricing import DEFAULT_WEIGHTS, weight_at
from credits.services.ledger import read_or_make

logger = logging.getLogger(__name__)

HIGHEST_WEIGHT = Decimal(1000)


def set_weight(*, credit_type: str, weight: Decimal, actor: str, now: datetime) -> CreditWeight:
    """Set what a unit of this type costs, in credits, and return it with what is announced.

    A lower weight is in force at once. A higher one is announced and in force after WEIGHT_RAISE_NOTICE; until then
    the present one stays. Either takes the place of an announcement that was still open. Quotes that were made keep the
    weight that they were made with. Raises ValueError for an unknown type, or for a weight that is not above zero, at
    most HIGHEST_WEIGHT and of at most four decimal places.
    """
    if credit_type not in CreditType.values:
        raise ValueError(f"There is no operation type {credit_type}.")
    if not weight.is_finite() or not 0 < weight <= HIGHEST_WEIGHT or weight_of(weight) != weight:
        raise ValueError(f"A weight is above 0, at most {HIGHEST_WEIGHT} and has at most four decimal places.")
    moment, weights = as_utc(now), collection_of(CreditWeight)
    while True:
        document = _weight_document(credit_type)
        present = weight_at(load(CreditWeight, document), moment)
        starts_at = start_of_weight(before=present, after=weight, now=moment)
        is_raise = starts_at > moment
        changed = {
            "weight": float(present if is_raise else weight),
            "nextWeight": float(weight) if is_raise else None,
            "nextWeightFrom": starts_at if is_raise else None,
        }
        read = {key: document.get(key) for key in ("weight", "nextWeight", "nextWeightFrom")}
        saved = weights.find_one_and_update(
            {"_id": document["_id"], **read}, {"$set": changed}, return_document=ReturnDocument.AFTER
        )
        if saved is not None:  # else somebody else set it since it was read
            logger.info("%s set the weight of %s from %s to %s.", actor, credit_type, present, weight)
            return load(CreditWeight, saved)


def start_of_weight(*, before: Decimal, after: Decimal, now: datetime) -> datetime:
    """Return from when on a weight that is set now is in force: a raise after WEIGHT_RAISE_NOTICE, else at once."""
    return now + settings.WEIGHT_RAISE_NOTICE if after > before else now


def _weight_document(credit_type: str) -> dict[str, Any]:
    """Return the document of a type, which is made with the default weight where there is none yet."""
    default = float(DEFAULT_WEIGHTS[CreditType(credit_type)])
    return read_or_make(CreditWeight, {"creditType": credit_type}, {"weight": default})
