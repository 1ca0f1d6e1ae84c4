"""Keeping vendor records: the shared copy of a property, and what a user's own row may show of it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne

from atlas_site.vendors.batchdata import PropertyRecord
from credits.documents import collection_of
from properties.datasets import is_hit
from properties.models import Dataset, Property

# Groups that several datasets fill (`sale.lastSale.mortgages` comes with the liens): their keys are kept one by one,
# all other groups are replaced whole.
SHARED_GROUPS = {"owner", "intel", "sale"}


def store_records(*, records: Iterable[PropertyRecord], datasets: Iterable[str], now: datetime) -> None:
    """Write what the vendor told into the shared copies, in one round trip; storing the same twice changes nothing.

    A group that is missing in a record never removes the copy's group. For each of `datasets` it is noted when it was
    asked for and whether it told anything.
    """
    updates = [_update_of(record, list(datasets), now) for record in records]
    if updates:
        collection_of(Property).bulk_write(updates, ordered=False)


def _update_of(record: PropertyRecord, datasets: list[str], now: datetime) -> UpdateOne:
    address = record.address
    values: dict[str, Any] = {
        "address": address.street,
        "city": address.city,
        "county": address.county,
        "state": address.state,
        "postal_code": address.zip,
    }
    values = {key: value for key, value in values.items() if value}
    for group, content in record.raw.items():
        if group in SHARED_GROUPS and isinstance(content, Mapping):
            values |= _leaves(content, f"data.{safe_key(group)}", depth=2)
        else:
            values[f"data.{safe_key(group)}"] = safe_keys(content)
    for dataset in datasets:
        values[f"asked.{dataset}"] = {"at": now.isoformat(), "hit": is_hit(record.raw, dataset)}
    values["updatedAt"] = now
    new = {"_id": ObjectId(), "googleImages": [], "hasImageSearched": False}
    return UpdateOne({"propertyId": record.property_id}, {"$set": values, "$setOnInsert": new}, upsert=True)


def _leaves(content: Mapping[str, Any], path: str, *, depth: int) -> dict[str, Any]:
    """The values of an object by dotted path, down to `depth` levels of objects."""
    leaves: dict[str, Any] = {}
    for key, item in content.items():
        place = f"{path}.{safe_key(str(key))}"
        if isinstance(item, Mapping) and item and depth > 1:
            leaves |= _leaves(item, place, depth=depth - 1)
        else:
            leaves[place] = safe_keys(item)
    return leaves


def note_nothing_found(*, property_id: str, datasets: Iterable[str], now: datetime) -> None:
    """Remember that the vendor had no record for this property when it was asked for these datasets."""
    answers = {f"asked.{dataset}": {"at": now.isoformat(), "hit": False} for dataset in datasets}
    collection_of(Property).update_one({"propertyId": property_id}, {"$set": answers})


def safe_key(key: str) -> str:
    """A vendor's key as MongoDB can hold it: dots and dollar signs become their full-width forms."""
    return key.replace(".", "．").replace("$", "＄") or "_"


def safe_keys(value: Any) -> Any:
    """The value with every key of every object made safe."""
    if isinstance(value, Mapping):
        return {safe_key(str(key)): safe_keys(item) for key, item in value.items()}
    if isinstance(value, list):
        return [safe_keys(item) for item in value]
    return value


def row_values(record: PropertyRecord, datasets: Iterable[str]) -> dict[str, Any]:
    """The values of the owned-list row, by model field, taken only from datasets that the user has unlocked."""
    owned = set(datasets)
    values: dict[str, Any] = {}
    if Dataset.BASIC in owned:
        values |= _basic_values(record)
    if Dataset.VALUATION in owned:
        values |= {"estimated_value": record.estimated_value, "equity_percent": record.equity_percent}
    if Dataset.LISTING in owned:
        values["listing_status"] = record.listing_status
    return values


def _basic_values(record: PropertyRecord) -> dict[str, Any]:
    latitude, longitude = record.coordinates or (None, None)
    return {
        "address": record.address.street,
        "city": record.address.city,
        "county": record.address.county,
        "state": record.address.state,
        "postal_code": record.address.zip,
        "latitude": latitude,
        "longitude": longitude,
        "property_type": record.property_type,
        "bedroom_count": record.bedrooms,
        "bathroom_count": record.bathrooms,
        "living_area_square_feet": record.living_area_square_feet,
        "year_built": record.year_built,
        "owner_name": record.owner_name,
        "owner_type": record.owner_type,
        "owner_occupied": record.owner_occupied,
        "last_sale_on": record.last_sale_on,
        "last_sale_price": record.last_sale_price,
    }
