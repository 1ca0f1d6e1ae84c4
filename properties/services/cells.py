"""The counters behind the map of everything a user owns: one for each cell of the map, at several zooms.

They are written where rows become owned or move, in the same transaction, so that they never tell more or less than
the rows do, and the map of a million properties is a read of a few hundred counters.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo import DeleteOne, InsertOne, UpdateOne

from atlas_site.lib.transactions import run_txn
from atlas_site.mongodb.documents import collection_of, current_session, is_in_transaction
from properties.models import OwnedCell, PropertyDatasetPermission
from properties.selectors.cells import ZOOMS, Cell, cell_of, group_rows, owned_on_map

Coordinates = tuple[float | None, float | None]
"""Latitude and longitude in degrees; None where they are not known."""

COORDINATES = ("latitude", "longitude")
"""The keys of a row that say where it lies."""

Changes = dict[tuple[int, int, int], list[float]]
"""What is added to each counter, by zoom, column and row: the count, and the sums of latitudes and longitudes."""

TOTAL = (OwnedCell.EVERYTHING, 0, 0)
"""The counter of all that a user owns."""

REBUILD_SECONDS = 50
"""The server ends a transaction after 60 seconds."""


def add_to_cells(user_id: ObjectId, points: Iterable[Coordinates], sign: int = 1) -> None:
    """Count these rows of a user, each by its latitude and longitude, or with a `sign` of -1 no longer.

    Call it in the transaction that makes the rows owned, once for all of them and after they are written. Rows without
    coordinates are not on the map, and counted among everything alone.
    """
    points = list(points)
    if points:
        _add_to_total(user_id, sign * len(points))
    changes: Changes = defaultdict(lambda: [0, 0.0, 0.0])
    _add_changes(changes, sign, points)
    _write_changes(user_id, changes)


def _add_to_total(user_id: ObjectId, count: int) -> None:
    """Change the counter of everything, and begin one with the first rows of an owner.

    Where it is missing and there are other rows, it stays so: a counter of these alone would be wrong, and without one
    the rows are counted when somebody asks.
    """
    change = _change_of(user_id, TOTAL, count, 0.0, 0.0)
    counters = collection_of(OwnedCell)
    key = dict(zip(("zoom", "x", "y"), TOTAL, strict=True))
    known = {"userId": user_id, **key}
    if counters.find_one(known, {"_id": 1}, session=current_session()) is None:
        owned = {"userId": user_id, "revealedAt": {"$ne": None}}
        rows = collection_of(PropertyDatasetPermission)
        if count < 0 or rows.count_documents(owned, limit=count + 1, session=current_session()) > count:
            return
    counters.bulk_write([change], session=current_session())


def move_in_cells(user_id: ObjectId, before: Iterable[Coordinates], after: Iterable[Coordinates]) -> None:
    """Count rows of a user where they are now, and no longer where they were before; in the transaction of the move.

    A cell that holds fewer than are to leave it is left alone: counters that were never built are found and rebuilt
    by `rebuild_cells`, and are no reason to lose what the transaction is about.
    """
    changes: Changes = defaultdict(lambda: [0, 0.0, 0.0])
    _add_changes(changes, -1, before)
    _add_changes(changes, 1, after)
    _write_changes(user_id, changes)


def _add_changes(changes: Changes, sign: int, points: Iterable[Coordinates]) -> None:
    for latitude, longitude in points:
        if latitude is None or longitude is None:
            continue
        for zoom in ZOOMS:
            change = changes[(zoom, *cell_of(latitude, longitude, zoom))]
            change[0] += sign
            change[1] += sign * latitude
            change[2] += sign * longitude


def _write_changes(user_id: ObjectId, changes: Changes) -> None:
    writes = [_change_of(user_id, cell, *change) for cell, change in sorted(changes.items()) if any(change)]
    if writes:
        # In order, so that two transactions meet at the first cell that they share and not crosswise.
        collection_of(OwnedCell).bulk_write(writes, ordered=True, session=current_session())


def fill_row(row: PropertyDatasetPermission, values: Mapping[str, Any]) -> None:
    """Write values, by model field, into a row that was read in the running transaction, and count it where it lies.

    Raises RuntimeError outside of a transaction.
    """
    if not is_in_transaction():
        raise RuntimeError("A row and its counters change together, in one transaction.")
    PropertyDatasetPermission.objects.filter(pk=row.pk).update(**values)
    if row.revealed_at is not None and "latitude" in values:
        after = (values["latitude"], values["longitude"])
        move_in_cells(row.user_id, before=[(row.latitude, row.longitude)], after=[after])


def is_moved_by(row: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Whether values, by key of the document, put a row to another place of the map than it is counted at."""
    if row.get("revealedAt") is None or "latitude" not in values:
        return False
    return any(row.get(key) != values[key] for key in COORDINATES)


def not_newer(values: Mapping[str, Any]) -> dict[str, Any]:
    """The condition on rows that were not filled from a newer copy than these values, by key of the document."""
    return {"copyAt": {"$not": {"$gt": values["copyAt"]}}} if values.get("copyAt") else {}


def move_row(row: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Write values that move a row, and count it where it is now. False when it has changed since it was read."""
    seen = {**{key: row.get(key) for key in ("_id", "datasets", *COORDINATES)}, **not_newer(values)}
    before, after = ([each.get(key) for key in COORDINATES] for each in (row, values))

    def write() -> bool:
        found = collection_of(PropertyDatasetPermission).update_one(
            seen, {"$set": dict(values)}, session=current_session()
        )
        if found.matched_count:
            move_in_cells(row["userId"], before=[(before[0], before[1])], after=[(after[0], after[1])])
        return bool(found.matched_count)

    return run_txn(write, lock=row["userId"])


def _change_of(
    user_id: ObjectId, cell: tuple[int, int, int], count: float, latitude: float, longitude: float
) -> UpdateOne:
    zoom, x, y = cell
    known: dict[str, Any] = {"userId": user_id, "zoom": zoom, "x": x, "y": y}
    sums = {"$inc": {"count": int(count), "latitudeSum": float(latitude), "longitudeSum": float(longitude)}}
    if count > 0:
        return UpdateOne(known, sums, upsert=True)
    return UpdateOne({**known, "count": {"$gte": max(1, -int(count))}}, sums)


def rebuild_cells(user_id: ObjectId) -> int:
    """Count all rows of a user anew, and return how many counters were wrong or missing.

    Each zoom is a transaction of its own. One that meets a reveal of the same user is run again, so this may be done
    at any time, be interrupted, and be repeated.
    """
    zooms = (OwnedCell.EVERYTHING, *ZOOMS)
    return sum(run_txn(partial(_rebuild_zoom, user_id, zoom), lock=user_id, seconds=REBUILD_SECONDS) for zoom in zooms)


def rebuild_all_cells() -> int:
    """Rebuild the counters of every user who owns a property, and return how many were wrong or missing."""
    owners = collection_of(PropertyDatasetPermission).distinct("userId")
    return sum(rebuild_cells(user_id) for user_id in owners)


def _count_rows(user_id: ObjectId, zoom: int) -> list[Cell]:
    if zoom != OwnedCell.EVERYTHING:
        return group_rows(owned_on_map(user_id), zoom)
    owned = {"userId": user_id, "revealedAt": {"$ne": None}}
    count = collection_of(PropertyDatasetPermission).count_documents(owned, session=current_session())
    return [Cell(0, 0, count, 0.0, 0.0)] if count else []


def _rebuild_zoom(user_id: ObjectId, zoom: int) -> int:
    right = {(cell.x, cell.y): cell for cell in _count_rows(user_id, zoom)}
    counters = collection_of(OwnedCell)
    writes: list[InsertOne | DeleteOne] = []
    wrong = 0
    for document in counters.find({"userId": user_id, "zoom": zoom}, session=current_session()):
        cell = right.get((document["x"], document["y"]))
        if cell is not None and cell.is_counted_by(document):
            del right[cell.x, cell.y]
        else:
            wrong += cell is None and document["count"] != 0
            writes.append(DeleteOne({"_id": document["_id"]}))
    wrong += len(right)
    key = {"userId": user_id, "zoom": zoom}
    writes += [InsertOne({**key, **cell.as_counter()}) for cell in right.values()]
    if writes:
        counters.bulk_write(writes, ordered=True, session=current_session())
    return wrong
