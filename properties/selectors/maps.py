"""What a map of owned properties draws: single points where they are few, else counts in a grid that never grows.

Everything that a user owns is read from counters, whatever it is. What a search narrows is grouped from its rows, of
which at most MOST_ROWS are looked at. A property that the user does not own is on no map.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import quote

from bson import ObjectId
from django.urls import reverse

from accounts.models import User
from atlas_site.mongodb.patience import TooSlow, no_longer_than
from atlas_site.mongodb.reading import read_rows
from properties.selectors.cells import ZOOMS, Cell, Grid, MapView, cells_of_points, counted_cells, merge_cells
from properties.selectors.owned import Rows, owned_by

MOST_ROWS = 20_000
"""So many rows of a search are put on the map; when there are more, the map says so."""

MOST_POINTS = 300
"""Up to here each property is a mark of its own."""

SECONDS_FOR_A_MAP = 4.0
CAPPED = f"{MOST_ROWS:,} of more are on the map. Zoom in to see all."
TOO_SLOW = "These are too many to look through. Zoom in, or narrow the search."

Box = tuple[float, float, float, float]
"""South, west, north, east in degrees, as places and areas have it."""


class Row(NamedTuple):
    """What the map reads of an owned row."""

    property_id: str
    address: str | None
    latitude: float
    longitude: float


@dataclass(frozen=True)
class InView:
    """What was found in a view: the rows where they were read, and the counts by cell of `zoom`."""

    zoom: int
    cells: list[Cell]
    rows: list[Row] = field(default_factory=list)
    is_capped: bool = False

    @property
    def total(self) -> int:
        return sum(cell.count for cell in self.cells)

    def without(self, other: "InView") -> "InView":
        """What is in this and not in the other, which is a part of it."""
        gone = {(cell.x, cell.y): cell for cell in cells_of_points((row[2:] for row in other.rows), self.zoom)}
        left = [cell.less(gone[cell.x, cell.y]) if (cell.x, cell.y) in gone else cell for cell in self.cells]
        ids = {row[0] for row in other.rows}
        rows = [row for row in self.rows if row[0] not in ids]
        return InView(self.zoom, [cell for cell in left if cell.count > 0], rows)

    def as_json(self, view: MapView, *, with_points: bool) -> dict[str, Any]:
        """The marks as the map's script reads them."""
        if with_points:
            return {"points": _points(self.rows), "cells": []}
        return {"points": [], "cells": [mark.as_json() for mark in merge_cells(self.cells, view.zoom)]}


def read_map(user: User, view: MapView, *, matches: Rows | None = None, with_others: bool = False) -> dict[str, Any]:
    """The map of `matches`, or of everything that the user owns; `with_others` adds what of it does not match.

    The answer has `points`, `cells`, `total` (how many of them are in view), `note` (a sentence where the map cannot
    show all) and `others`, which has points and cells of its own. Its size does not grow with what is owned.
    """
    try:
        with no_longer_than(SECONDS_FOR_A_MAP):
            found = look_at_everything(user, view) if matches is None else look_at_rows(matches, view)
    except TooSlow:
        return {"points": [], "cells": [], "total": 0, "others": None, "note": TOO_SLOW}
    answer = found.as_json(view, with_points=found.total <= MOST_POINTS)
    others = None
    if with_others and matches is not None and not found.is_capped:
        everything = look_at_everything(user, view)
        with_points = everything.total <= MOST_POINTS
        others = everything.without(found).as_json(view, with_points=with_points)
    note = CAPPED if found.is_capped else ""
    return {**answer, "total": found.total, "others": others, "note": note}


def look_at_everything(user: User, view: MapView) -> InView:
    """Everything that a user owns in view: from the counters, or from its rows where they are few or very near."""
    grid = view.grid_at(min(view.grid_zoom, ZOOMS[-1]))
    found = InView(grid.zoom, counted_cells(user.pk, grid))
    is_finer = view.grid_zoom > grid.zoom
    if found.total <= MOST_POINTS or (is_finer and found.total <= MOST_ROWS):
        return look_at_rows(owned_by(user), view)
    return found


def look_at_rows(rows: Rows, view: MapView) -> InView:
    """These rows as far as they are in view, at most MOST_ROWS of them."""
    grid = view.grid_at(view.grid_zoom)
    # In no order: the server is free to take the index that finds the fewest.
    found = read_rows(grid.narrow(rows).order_by(), Row, most=MOST_ROWS + 1)
    inside = [row for row in found[:MOST_ROWS] if grid.holds(row.latitude, row.longitude)]
    cells = cells_of_points((row[2:] for row in inside), grid.zoom)
    return InView(grid.zoom, cells, inside, is_capped=len(found) > MOST_ROWS)


def _points(rows: Iterable[Row]) -> list[dict[str, Any]]:
    # One address for all of them: to make each by reverse() takes longer than to read the rows.
    before_id, after_id = reverse("properties:show-property", args=["~"]).split("~")
    return [
        {
            "id": property_id,
            "lat": latitude,
            "lng": longitude,
            "title": address or property_id,
            "url": f"{before_id}{quote(property_id, safe='')}{after_id}",
        }
        for property_id, address, latitude, longitude in rows
    ]


def find_box(user: User, *, matches: Rows | None = None, wider: Box | None = None) -> Box | None:
    """The part of the map that shows `matches`, or everything that the user owns; None when none has a place.

    `wider` is taken when there are no matches, and when they are too many to look at each for this alone.
    """
    if matches is None:
        return _box_of_counters(user.pk) or wider
    limit = MOST_POINTS if wider else MOST_ROWS
    located = matches.filter(latitude__isnull=False, longitude__isnull=False).order_by()
    try:
        with no_longer_than(SECONDS_FOR_A_MAP):
            points: list[Any] = list(located.values_list("latitude", "longitude")[: limit + 1])
    except TooSlow:
        return wider
    if wider and len(points) > limit:
        return wider
    return _box_of(points) or wider


def _box_of_counters(user_id: ObjectId) -> Box | None:
    """The edges of all counters, at a zoom that tells them well apart."""
    cells: list[Cell] = []
    for zoom in ZOOMS:
        side = 2 ** (zoom + 2)
        cells = counted_cells(user_id, Grid(zoom, 0, 0, side, side))
        if len(cells) > MOST_POINTS:
            break
    return _box_of([(cell.latitude_sum / cell.count, cell.longitude_sum / cell.count) for cell in cells])


def _box_of(points: list[tuple[float, float]]) -> Box | None:
    if not points:
        return None
    latitudes, longitudes = zip(*points, strict=True)
    return min(latitudes), min(longitudes), max(latitudes), max(longitudes)
