"""Rows of the owned list after they were made: brought up to the newest copy, stacked, and tagged by their user."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from bson import ObjectId
from django.core.cache import cache
from django.db import connection
from pymongo import UpdateMany, UpdateOne

from atlas_site.mongodb.documents import collection_of, current_session
from properties.models import Property, PropertyDatasetPermission
from properties.models.records import BEFORE_ALL
from properties.selectors.owned import Rows
from properties.services.cells import COORDINATES, is_moved_by, move_row, not_newer
from properties.services.notes import MOST_TAGS
from properties.services.records import ROW_VERSION, values_of_copy

COPIES_A_BATCH = 100
ROW_KEYS = dict.fromkeys(("userId", "propertyId", "datasets", "revealedAt", "latitude", "longitude", "copyAt"), 1)
ROWS_A_WRITE = 500
# After so many copies a sweep lets other work have the worker; the next one goes on.
COPIES_A_SWEEP = 2_000
# Rows are looked through for old ones so many at a time, and all of them once a day.
ROWS_LOOKED_AT = 5_000
LOOK_AGAIN_AFTER = timedelta(days=1)

# What is tagged while its user waits: about two seconds.
MOST_TAGGED = 25_000
TAGGED_A_WRITE = 5_000

Source = Literal["lists", "searches", "filings"]


class TooManyToTag(Exception):
    """More than MOST_TAGGED properties were to be tagged at once; none was."""


def is_spread_due() -> bool:
    """Whether any copy has changed that its owners' rows do not show yet."""
    return Property.objects.filter(spread_due_at__gt=BEFORE_ALL).exists()


def spread_due_copies(*, limit: int = COPIES_A_SWEEP) -> int:
    """Bring the rows of all owners of changed copies up to the newest copy, and return how many copies are done.

    Each row gets values of its own datasets only, and never those of an older copy than it was filled from: another
    worker may be ahead. A mark is taken away when all rows of its copy are written and the copy has not changed
    meanwhile, so whatever stops the work in the middle only means that it is done again. Copies of which another
    worker is just unlocking a part keep their mark, too.
    """
    done = 0
    waiting = Property.objects.filter(spread_due_at__gt=BEFORE_ALL).order_by("spread_due_at")
    while done < limit:
        due = list(waiting.only("property_id", "data", "updated_at", "spread_due_at")[:COPIES_A_BATCH])
        written = _spread({copy.property_id: copy for copy in due})
        finished = [copy for copy in due if copy.property_id in written]
        _take_marks_away(finished)
        done += len(finished)
        if len(due) < COPIES_A_BATCH or not finished:
            break
    return done


def _spread(copies: Mapping[str, Property]) -> set[str]:
    """Write the rows of all owners of these copies; returns the ids of those of which no row was missed."""
    missed: set[str] = set()
    values_of: dict[tuple[str, tuple[str, ...]], dict[str, Any]] = {}
    rows = collection_of(PropertyDatasetPermission)
    batch: list[dict[str, Any]] = []
    owners = rows.find({"propertyId": {"$in": list(copies)}}, ROW_KEYS, batch_size=ROWS_A_WRITE)

    def write() -> None:
        missed.update(_write_rows(batch, lambda row: _values(values_of, copies[row["propertyId"]], row)))
        batch.clear()

    for row in owners:
        batch.append(row)
        if len(batch) == ROWS_A_WRITE:
            write()
    write()
    return set(copies) - missed


def _values(known: dict, copy: Property, row: Mapping[str, Any]) -> dict[str, Any]:
    """What a row of these datasets gets; the owners of a property mostly have one or two sets of datasets."""
    datasets = tuple(row.get("datasets") or ())
    key = (row["propertyId"], datasets)
    if key not in known:
        known[key] = _as_stored(values_of_copy(copy, datasets))
    return known[key]


def _write_rows(rows: Iterable[Mapping[str, Any]], values: Callable[[Mapping[str, Any]], dict[str, Any]]) -> set[str]:
    """Write values into rows that are still as they were read; returns the property ids of others.

    What is looked at is the datasets and the place on the map; a row that was filled from a newer copy is as it should
    be. A row that moves is written by itself, together with the counters of the map.
    """
    still, updates, changed = [], [], []
    copy_of: dict[Any, datetime | None] = {}
    for row in rows:
        new = values(row)
        copy_of[row["_id"]] = new.get("copyAt")
        if _is_from_newer(row, new.get("copyAt")):
            continue
        if is_moved_by(row, new):
            changed += [] if move_row(row, new) else [row]
        else:
            still.append(row)
            updates.append(UpdateOne({"_id": row["_id"], **_seen(row), **not_newer(new)}, {"$set": new}))
    collection = collection_of(PropertyDatasetPermission)
    if updates and collection.bulk_write(updates, ordered=False).matched_count < len(updates):
        changed += still
    if not changed:
        return set()
    found = collection.find({"_id": {"$in": [row["_id"] for row in changed]}}, ROW_KEYS)
    now = {each["_id"]: _seen(each) for each in found if not _is_from_newer(each, copy_of[each["_id"]])}
    # A row that is gone needs nothing; one with other datasets now was filled by whoever added them, maybe from an
    # older copy.
    return {row["propertyId"] for row in changed if row["_id"] in now and now[row["_id"]] != _seen(row)}


def _is_from_newer(row: Mapping[str, Any], copy_at: datetime | None) -> bool:
    """Whether a row was filled from a newer copy than the one of this moment."""
    filled_from = row.get("copyAt")
    if filled_from is None or copy_at is None:
        return False
    return bool(_as_utc(filled_from) > _as_utc(copy_at))


def _as_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _seen(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: row.get(key) for key in ("datasets", *COORDINATES)}


def _take_marks_away(copies: Iterable[Property]) -> None:
    marks = [
        UpdateMany({"propertyId": copy.property_id, "spreadDueAt": copy.spread_due_at}, {"$set": {"spreadDueAt": None}})
        for copy in copies
    ]
    if marks:
        collection_of(Property).bulk_write(marks, ordered=False)


def _as_stored(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by model field as the keys and values of a document."""
    fields: Any = PropertyDatasetPermission._meta  # reverse relations, of which it also speaks, have no columns
    return {
        field.column: field.get_db_prep_save(value, connection)
        for field, value in ((fields.get_field(name), value) for name, value in values.items())
    }


def refill_old_rows(*, limit: int = ROWS_LOOKED_AT) -> int:
    """Fill rows again that were filled in an earlier way (`row_version`), and return how many those were.

    The rows are walked by their id, a part with each call, and again after a day: there is no index of versions, which
    every write of a row would have to pay for.
    """
    key = f"properties.rows-filled:{ROW_VERSION}"
    last = cache.get(key)
    if last == "all":
        return 0
    collection = collection_of(PropertyDatasetPermission)
    beyond = {"_id": {"$gt": ObjectId(last)}} if last else {}
    looked_at = list(collection.find(beyond, {**ROW_KEYS, "rowVersion": 1}).sort("_id", 1).limit(limit))
    old = [row for row in looked_at if row.get("rowVersion") != ROW_VERSION]
    for start in range(0, len(old), ROWS_A_WRITE):
        _refill(old[start : start + ROWS_A_WRITE])
    if len(looked_at) == limit:
        cache.set(key, str(looked_at[-1]["_id"]), timeout=None)
    else:
        cache.set(key, "all", timeout=LOOK_AGAIN_AFTER.total_seconds())
    return len(old)


def _refill(rows: list[dict[str, Any]]) -> None:
    """Fill rows from their copies; one without a copy keeps what it has."""
    ids = list({row["propertyId"] for row in rows})
    held = Property.objects.filter(property_id__in=ids).only("property_id", "data", "updated_at")
    copies = {copy.property_id: copy for copy in held}
    known: dict[tuple[str, tuple[str, ...]], dict[str, Any]] = {}
    _write_rows(
        rows,
        lambda row: (
            _values(known, copies[row["propertyId"]], row)
            if row["propertyId"] in copies
            else {"rowVersion": ROW_VERSION}
        ),
    )


def set_stack(user_id: ObjectId, source: Source, counts: Mapping[str, int]) -> None:
    """Note on how many lists, saved searches or filings properties of a user are, by property id.

    Properties that the user does not own are passed over. Within `run_txn` it is part of the transaction.
    """
    updates = [
        UpdateOne({"userId": user_id, "propertyId": property_id}, _stack_update(source, count))
        for property_id, count in counts.items()
    ]
    rows = collection_of(PropertyDatasetPermission)
    for start in range(0, len(updates), ROWS_A_WRITE):
        rows.bulk_write(updates[start : start + ROWS_A_WRITE], ordered=False, session=current_session())


def _stack_update(source: Source, count: int) -> list[dict[str, Any]]:
    before = {"$cond": [{"$eq": [{"$type": "$stacked"}, "object"]}, "$stacked", {}]}
    total = {"$sum": {"$map": {"input": {"$objectToArray": "$stacked"}, "in": "$$this.v"}}}
    return [
        {"$set": {"stacked": {"$mergeObjects": [before, {source: {"$literal": count}}]}}},
        {"$set": {"stackCount": {"$toInt": total}}},
    ]


def tag_rows(*, rows: Rows, tag: str) -> int:
    """Put a tag on rows that do not have it, and return how many were changed; a row keeps at most MOST_TAGS.

    `rows` are a user's own. Raises TooManyToTag.
    """
    has_room = {"tags": {"$ne": tag}, f"tags.{MOST_TAGS - 1}": {"$exists": False}}
    return _change_tags(rows, has_room, {"$addToSet": {"tags": tag}})


def untag_rows(*, rows: Rows, tag: str) -> int:
    """Take a tag away from rows, and return how many had it. Raises TooManyToTag."""
    return _change_tags(rows, {"tags": tag}, {"$pull": {"tags": tag}})


def _change_tags(rows: Rows, condition: Mapping[str, Any], change: Mapping[str, Any]) -> int:
    """Only the keys of the rows are read, and each batch of them is changed by one command on the server."""
    keys = list(rows.order_by().values_list("pk", flat=True)[: MOST_TAGGED + 1])
    if len(keys) > MOST_TAGGED:
        raise TooManyToTag
    collection = collection_of(PropertyDatasetPermission)
    changed = 0
    for start in range(0, len(keys), TAGGED_A_WRITE):
        batch = {"_id": {"$in": keys[start : start + TAGGED_A_WRITE]}, **condition}
        changed += collection.update_many(batch, change).modified_count
    return changed
