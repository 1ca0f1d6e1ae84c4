"""Writing a user's deal sheet: figures of the offer, limits of the comparables, and which of them are pinned."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from atlas_site.mongodb.documents import collection_of, current_session, load
from properties.models import PropertyDatasetPermission, PropertySheet
from properties.selectors.comparables import MOST_PINNED

NEW: dict[str, Any] = {
    "pinnedIds": [],
    "limits": {},
    "foundIds": [],
    "arv": None,
    "percent": 70,
    "repairs": 0,
    "fee": 0,
}


class TooManyPinned(Exception):
    """No more than MOST_PINNED comparables are pinned to one property."""


def save_sheet(
    *,
    user_id: ObjectId,
    property_id: str,
    arv: int | None,
    percent: int,
    repairs: int,
    fee: int,
    limits: Mapping[str, Any],
    now: datetime,
) -> PropertySheet:
    """Write the figures of an offer in whole dollars and percent; an `arv` of None leaves it to the pinned ones."""
    figures = {"arv": arv, "percent": percent, "repairs": repairs, "fee": fee, "limits": dict(limits)}
    return _write(user_id, property_id, figures, now)


def pin_comparable(
    *, user_id: ObjectId, property_id: str, comparable_id: str, limits: Mapping[str, Any], now: datetime
) -> PropertySheet:
    """Pin a comparable that the user owns; pinning it twice changes nothing.

    Raises PropertyDatasetPermission.DoesNotExist for one that the user does not own, and for the property itself;
    TooManyPinned when there is no room.
    """
    if comparable_id == property_id:
        raise PropertyDatasetPermission.DoesNotExist
    PropertyDatasetPermission.objects.only("pk").get(user_id=user_id, property_id=comparable_id)
    sheet = _write(user_id, property_id, {"limits": dict(limits)}, now)
    if comparable_id in sheet.pinned_ids:
        return sheet
    # One statement, so that two clicks at once neither lose a pin nor exceed the limit.
    pinned = collection_of(PropertySheet).find_one_and_update(
        {"_id": sheet.pk, f"pinnedIds.{MOST_PINNED - 1}": {"$exists": False}},
        {"$addToSet": {"pinnedIds": comparable_id}, "$set": {"updatedAt": now}},
        return_document=ReturnDocument.AFTER,
        session=current_session(),
    )
    if pinned is None:
        raise TooManyPinned
    return load(PropertySheet, pinned)


def unpin_comparable(*, user_id: ObjectId, property_id: str, comparable_id: str, now: datetime) -> None:
    """Take a pin away; one that is not there is no error."""
    collection_of(PropertySheet).update_one(
        {"userId": user_id, "propertyId": property_id},
        {"$pull": {"pinnedIds": comparable_id}, "$set": {"updatedAt": now}},
        session=current_session(),
    )


def _write(user_id: ObjectId, property_id: str, values: Mapping[str, Any], now: datetime) -> PropertySheet:
    keys = {"userId": user_id, "propertyId": property_id}
    made = {name: value for name, value in NEW.items() if name not in values}
    change = {"$set": {**values, "updatedAt": now}, "$setOnInsert": made}
    sheets = collection_of(PropertySheet)
    try:
        found = sheets.find_one_and_update(keys, change, upsert=True, return_document=ReturnDocument.AFTER)
    except DuplicateKeyError:  # another request made it in the same moment
        found = sheets.find_one_and_update(keys, change, return_document=ReturnDocument.AFTER)
    if found is None:
        raise PropertySheet.DoesNotExist
    return load(PropertySheet, found)
