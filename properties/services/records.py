"""Keeping vendor records: the shared copy of a property, and what a user's own row may show of it."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pymongo import UpdateOne

from atlas_site.mongodb.documents import collection_of
from atlas_site.vendors.batchdata import PropertyRecord
from properties.datasets import is_hit
from properties.models import Dataset, Property
from properties.search.facts import facts_of, signals_of
from properties.selectors.owned_choice import normalize_address

# Groups that several datasets fill (`sale.lastSale.mortgages` comes with the liens): their keys are kept one by one,
# all other groups are replaced whole.
SHARED_GROUPS = {"owner", "intel", "sale"}
UNSAFE_IN_KEYS = str.maketrans({".": "．", "$": "＄", "\0": "�"})
DEEPEST = 50

# Raised with each change of what `row_values` gives.
ROW_VERSION = 1


def store_records(*, records: Iterable[PropertyRecord], datasets: Iterable[str], now: datetime) -> None:
    """Write what the vendor told into the shared copies, in one round trip; storing the same twice changes nothing.

    A group that is missing in a record never removes the copy's group. For each of `datasets` it is noted when it was
    asked for and whether it told anything. A copy that was there before and is another one now is marked: the rows
    of its owners wait for `services.rows.spread_due_copies`.
    """
    updates = [_update_of(record, list(datasets), now) for record in records]
    if updates:
        collection_of(Property).bulk_write(updates, ordered=False)


def _update_of(record: PropertyRecord, datasets: list[str], now: datetime) -> UpdateOne:
    address = record.address
    columns = {
        "address": address.street,
        "city": address.city,
        "county": address.county,
        "state": address.state,
        "postal_code": address.zip,
    }
    known: dict[str, Any] = {key: {"$literal": value} for key, value in columns.items() if value}
    answers = {dataset: {"at": now.isoformat(), "hit": is_hit(record.raw, dataset)} for dataset in datasets}
    groups = storable(record.raw)
    merged = {
        group: _merged(f"$data.{group}", content, depth=2)
        if group in SHARED_GROUPS and isinstance(content, Mapping)
        else {"$literal": content}
        for group, content in groups.items()
    }
    data = {"$mergeObjects": [_object_at("$data"), merged]}
    stage = {
        **known,
        "data": data,
        "spreadDueAt": _mark({"data": data, **known}, now),
        "asked": {"$mergeObjects": [_object_at("$asked"), {"$literal": answers}]},
        "googleImages": {"$ifNull": ["$googleImages", []]},
        "hasImageSearched": {"$ifNull": ["$hasImageSearched", False]},
        "updatedAt": {"$literal": now},
    }
    return UpdateOne({"propertyId": record.property_id}, [{"$set": stage}], upsert=True)


def _mark(values: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The server's expression for the mark of a copy that gets these values: set by a change, kept by none.

    A new copy has no owners yet. Each mark is later than the one before, so whoever has spread the copy as it was can
    tell that it has changed since.
    """
    is_new = {"$eq": [{"$type": "$data"}, "missing"]}
    changes = [{"$ne": [value, f"${key}"]} for key, value in values.items()]
    later = {"$max": [{"$literal": now}, {"$add": ["$spreadDueAt", 1]}]}
    is_changed = {"$and": [{"$not": is_new}, {"$or": changes}]}
    return {"$cond": [is_changed, later, {"$ifNull": ["$spreadDueAt", None]}]}


def _merged(path: str, content: Mapping[str, Any], *, depth: int) -> dict[str, Any]:
    """The server's expression for the object at `path` with `content` on top, down to `depth` levels of objects."""
    newer = {
        key: _merged(f"{path}.{key}", item, depth=depth - 1)
        if isinstance(item, Mapping) and depth > 1
        else {"$literal": item}
        for key, item in content.items()
    }
    return {"$mergeObjects": [_object_at(path), newer]}


def _object_at(path: str) -> dict[str, Any]:
    """What stands at `path` if that is an object, else an empty one: other writers may have left anything."""
    return {"$cond": [{"$eq": [{"$type": path}, "object"]}, path, {}]}


def note_nothing_found(*, property_id: str, datasets: Iterable[str], now: datetime) -> None:
    """Remember that the vendor had no record for this property when it was asked for these datasets."""
    answers = {f"asked.{dataset}": {"at": now.isoformat(), "hit": False} for dataset in datasets}
    collection_of(Property).update_one({"propertyId": property_id}, {"$set": answers})


def storable(value: Any, *, depth: int = 0) -> Any:
    """A vendor's JSON value as MongoDB can hold it, with nothing left out.

    In keys, dots, dollar signs and NUL become full-width or replacement characters. Whole numbers beyond 64 bits and
    what lies deeper than 50 levels become text, and so do halves of characters in texts.
    """
    if isinstance(value, Mapping | list) and depth >= DEEPEST:
        return json.dumps(value, default=str)
    if isinstance(value, Mapping):
        return {_safe_key(str(key)): storable(item, depth=depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item, depth=depth + 1) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 63:
        return str(value)
    return _whole_text(value) if isinstance(value, str) else value


def _safe_key(key: str) -> str:
    return _whole_text(key).translate(UNSAFE_IN_KEYS) or "_"


def _whole_text(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def row_values(record: PropertyRecord, datasets: Iterable[str]) -> dict[str, Any]:
    """The values of the owned-list row, by model field, taken only from datasets that the user has unlocked.

    This is the one way to fill a row. Whoever changes what it gives raises ROW_VERSION, and rows that were filled
    before are filled again.
    """
    owned = set(datasets)
    held, absent = signals_of(record, owned)
    values: dict[str, Any] = {
        "facts": storable(facts_of(record, owned)),
        "signals": held,
        "absent_signals": absent,
        "row_version": ROW_VERSION,
    }
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
        "address_key": normalize_address(str(record.address)) or None,
        "city": record.address.city,
        "county": record.address.county,
        "state": record.address.state,
        "postal_code": record.address.zip,
        "latitude": latitude,
        "longitude": longitude,
        "location": None if latitude is None or longitude is None else [longitude, latitude],
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
