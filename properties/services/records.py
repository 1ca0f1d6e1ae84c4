"""Keeping vendor records: the shared copy of a property, and what a user's own row may show of it."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from pymongo import UpdateOne

from atlas_site.mongodb.documents import collection_of, current_session
from atlas_site.vendors.batchdata import PropertyRecord
from properties.datasets import DATASET_INFOS, is_hit
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

    `now` is the moment of the vendor's answer, which may be read again long after. Where a later answer about a dataset
    has been stored, this one only adds what the copy does not hold. A group that is missing in a record never removes
    the copy's group. For each of `datasets` it is noted when it was asked for and whether it told anything.

    A copy that was there before and is another one now gets a later `updated_at` than it ever had, and that as its
    mark: the rows of its owners wait for `services.rows.spread_due_copies`.
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
    is_old = {dataset: _is_known_later(dataset, now) for dataset in Dataset.values}
    known = {
        key: _newest(f"${key}", value, _is_old("address", datasets, is_old)) for key, value in columns.items() if value
    }
    answers = {
        dataset: {
            "$cond": [
                is_old[dataset],
                f"$asked.{dataset}",
                {"$literal": {"at": now.isoformat(), "hit": is_hit(record.raw, dataset)}},
            ]
        }
        for dataset in datasets
    }
    merged = {
        group: _merged(f"$data.{group}", content, _is_old(group, datasets, is_old), depth=2)
        if group in SHARED_GROUPS and isinstance(content, Mapping)
        else _newest(f"$data.{group}", content, _is_old(group, datasets, is_old))
        for group, content in storable(record.raw).items()
    }
    values = {**known, "data": {"$mergeObjects": [_object_at("$data"), merged]}}
    # A new copy has no owners yet.
    is_new = {"$eq": [{"$type": "$data"}, "missing"]}
    is_changed = {"$and": [{"$not": is_new}, {"$or": [{"$ne": [value, f"${key}"]} for key, value in values.items()]}]}
    later = {"$max": [{"$literal": now}, _a_moment_after("$updatedAt"), _a_moment_after("$spreadDueAt")]}
    stage = {
        **values,
        "spreadDueAt": {"$cond": [is_changed, later, {"$ifNull": ["$spreadDueAt", None]}]},
        "asked": {"$mergeObjects": [_object_at("$asked"), answers]},
        "googleImages": {"$ifNull": ["$googleImages", []]},
        "hasImageSearched": {"$ifNull": ["$hasImageSearched", False]},
        "updatedAt": {"$cond": [is_changed, later, {"$max": [{"$literal": now}, _moment_at("$updatedAt")]}]},
    }
    return UpdateOne({"propertyId": record.property_id}, [{"$set": stage}], upsert=True)


def _is_known_later(dataset: str, now: datetime) -> dict[str, Any]:
    """The server's expression for: an answer about this dataset that came after `now` has been stored."""
    noted = {"dateString": f"$asked.{dataset}.at", "onError": None, "onNull": None}
    return {"$gt": [{"$dateFromString": noted}, {"$literal": now}]}


def _is_old(group: str, datasets: list[str], is_old: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The server's expression for: a later answer has told this group of a record that came with `datasets`."""
    tellers = _tellers().get(group, set())
    decisive = sorted(tellers & set(datasets) or tellers or set(datasets))
    return {"$or": [is_old[dataset] for dataset in decisive]}


@cache
def _tellers() -> dict[str, set[str]]:
    """The datasets that tell each group of a record."""
    tellers: dict[str, set[str]] = {}
    for dataset, info in DATASET_INFOS.items():
        for part in (part for section in info.sections for part in section.parts):
            tellers.setdefault(part.path.partition(".")[0], set()).add(dataset)
    return tellers


def _newest(path: str, content: Any, is_old: dict[str, Any]) -> dict[str, Any]:
    """The server's expression for `content`, or for what stands at `path` already if the content is old."""
    is_kept = {"$and": [is_old, {"$ne": [{"$ifNull": [path, None]}, None]}]}
    return {"$cond": [is_kept, path, {"$literal": content}]}


def _merged(path: str, content: Mapping[str, Any], is_old: dict[str, Any], *, depth: int) -> dict[str, Any]:
    """The server's expression for the object at `path` with `content` on top, down to `depth` levels of objects."""
    newer = {
        key: _merged(f"{path}.{key}", item, is_old, depth=depth - 1)
        if isinstance(item, Mapping) and depth > 1
        else _newest(f"{path}.{key}", item, is_old)
        for key, item in content.items()
    }
    return {"$mergeObjects": [_object_at(path), newer]}


def _moment_at(path: str) -> dict[str, Any]:
    """The moment that stands at `path`, or null."""
    return {"$cond": [{"$eq": [{"$type": path}, "date"]}, path, None]}


def _a_moment_after(path: str) -> dict[str, Any]:
    """A millisecond, the least that the server keeps, after the moment at `path`; null without one."""
    return {"$add": [_moment_at(path), 1]}


def _object_at(path: str) -> dict[str, Any]:
    """What stands at `path` if that is an object, else an empty one: other writers may have left anything."""
    return {"$cond": [{"$eq": [{"$type": path}, "object"]}, path, {}]}


def note_nothing_found(*, property_id: str, datasets: Iterable[str], now: datetime) -> None:
    """Remember that the vendor had no record for this property when it was asked for these datasets.

    `now` is the moment of the answer; a later one stays.
    """
    nothing = {"$literal": {"at": now.isoformat(), "hit": False}}
    answers = {
        dataset: {"$cond": [_is_known_later(dataset, now), f"$asked.{dataset}", nothing]} for dataset in datasets
    }
    change = {"$set": {"asked": {"$mergeObjects": [_object_at("$asked"), answers]}}}
    collection_of(Property).update_one({"propertyId": property_id}, [change])


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


def hold_copies(property_ids: Iterable[str]) -> dict[str, Property]:
    """Read copies, by property id, and let nobody change them before the running transaction is over.

    For rows that are new: whoever spreads a newer copy meanwhile cannot see them yet. The write makes a transaction
    that began before a newer copy was stored run again, and a newer copy that is stored later wait.
    """
    ids = list(property_ids)
    collection_of(Property).update_many(
        {"propertyId": {"$in": ids}}, {"$inc": {"givenCount": 1}}, session=current_session()
    )
    return {copy.property_id: copy for copy in Property.objects.filter(property_id__in=ids)}


def values_of_copy(copy: Property, datasets: Iterable[str]) -> dict[str, Any]:
    """What `row_values` gives of a shared copy, with the state of the copy that it is from.

    A transaction that writes it reads the copy itself: then no newer copy can reach the row in between and be lost.
    """
    return {**row_values(PropertyRecord(copy.data or {}), datasets), "copy_at": copy.updated_at}


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
