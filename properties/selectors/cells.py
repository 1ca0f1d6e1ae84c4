"""The grid of the map: its cells, the counters of what a user owns in each, and the marks that cells become.

The grid at a zoom has cells of 360 / 2^zoom / 4 degrees, 64 pixels of the map.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from bson import ObjectId

from atlas_site.mongodb.conditions import Matches
from atlas_site.mongodb.documents import collection_of, current_session
from atlas_site.mongodb.reading import read_rows
from properties.models import OwnedCell, PropertyDatasetPermission
from properties.selectors.owned import Rows

ZOOMS = (3, 5, 7, 9, 11, 13)
"""The zooms at which counters are kept; the map between two of them takes the finer one."""

MOST_CELLS = 4_096
"""A view of more cells than a large screen has is answered by a coarser grid."""

APART = 40
"""Pixels between two marks: nearer ones are one."""

DEEPEST_ZOOM = 20
THE_EDGES = "bbox: the edges of the map are its west, south, east and north, in degrees, with commas between them."
A_ZOOM = re.compile("[0-9]{1,2}")
TILE = 256
MERCATOR_END = 85.05
"""Degrees: beyond it the map's projection has no end."""


def cell_size(zoom: int) -> float:
    """The width and height of a cell in degrees."""
    return 90 / 2**zoom


def cell_of(latitude: float, longitude: float, zoom: int) -> tuple[int, int]:
    """Column from the west and row from the south of the cell that a point lies in."""
    size = cell_size(zoom)
    return math.floor((longitude + 180) / size), math.floor((latitude + 90) / size)


@dataclass(frozen=True)
class Cell:
    """How many properties lie in a cell, and the sums of their coordinates, which give their middle."""

    x: int
    y: int
    count: int
    latitude_sum: float
    longitude_sum: float

    def less(self, other: "Cell") -> "Cell":
        """This cell without what the other counts, which is a part of it."""
        latitude, longitude = self.latitude_sum - other.latitude_sum, self.longitude_sum - other.longitude_sum
        return Cell(self.x, self.y, self.count - other.count, latitude, longitude)

    def as_counter(self) -> dict[str, Any]:
        """The keys of its counter, without the user and the zoom."""
        sums = {"latitudeSum": self.latitude_sum, "longitudeSum": self.longitude_sum}
        return {"x": self.x, "y": self.y, "count": self.count, **sums}

    def is_counted_by(self, counter: Mapping[str, Any]) -> bool:
        """Whether a stored counter says the same, but for what additions of floats lose."""
        return counter["count"] == self.count and all(
            math.isclose(ours, counter[key], rel_tol=1e-9, abs_tol=1e-6)
            for key, ours in (("latitudeSum", self.latitude_sum), ("longitudeSum", self.longitude_sum))
        )


@dataclass(frozen=True, order=True, slots=True)
class Mark:
    """Several properties as one mark of the map, at the middle of them."""

    latitude: float
    longitude: float
    count: int

    def as_json(self) -> dict[str, float]:
        return {"lat": round(self.latitude, 5), "lng": round(self.longitude, 5), "count": self.count}


@dataclass(frozen=True)
class MapView:
    """What a map shows: its edges in degrees and its zoom."""

    west: float
    south: float
    east: float
    north: float
    zoom: int

    @classmethod
    def parse(cls, bbox: str, zoom: str) -> "MapView":
        """Read the parameters `bbox`, "west,south,east,north", and `z`. Raises ValueError, in words, for others."""
        try:
            west, south, east, north = (float(number) for number in bbox.split(","))
        except ValueError:
            raise ValueError(THE_EDGES) from None
        if not all(math.isfinite(number) for number in (west, south, east, north)) or west > east or south > north:
            raise ValueError(THE_EDGES)
        if not A_ZOOM.fullmatch(zoom) or int(zoom) > DEEPEST_ZOOM:
            raise ValueError(f"z: the zoom of the map is a whole number from 0 to {DEEPEST_ZOOM}.")
        return cls(
            west=max(-180.0, min(180.0, west)),
            south=max(-90.0, min(90.0, south)),
            east=max(-180.0, min(180.0, east)),
            north=max(-90.0, min(90.0, north)),
            zoom=int(zoom),
        )

    @property
    def grid_zoom(self) -> int:
        """The zoom of the grid that answers this view: one that counters are kept at, as long as there is one."""
        finest = next((zoom for zoom in ZOOMS if zoom >= self.zoom), self.zoom)
        fitting = (zoom for zoom in range(finest, ZOOMS[0], -1) if zoom in ZOOMS or zoom > ZOOMS[-1])
        return next((zoom for zoom in fitting if self.grid_at(zoom).size <= MOST_CELLS), ZOOMS[0])

    def grid_at(self, zoom: int) -> "Grid":
        """The cells that this view touches, whole."""
        left, bottom = cell_of(self.south, self.west, zoom)
        right, top = cell_of(self.north, self.east, zoom)
        return Grid(zoom, left, bottom, right, top)


class Grid(NamedTuple):
    """The cells of a zoom from column `left` to `right` and row `bottom` to `top`."""

    zoom: int
    left: int
    bottom: int
    right: int
    top: int

    @property
    def size(self) -> int:
        return (self.right - self.left + 1) * (self.top - self.bottom + 1)

    def holds(self, latitude: float, longitude: float) -> bool:
        """Whether a point lies in one of these cells."""
        x, y = cell_of(latitude, longitude, self.zoom)
        return self.left <= x <= self.right and self.bottom <= y <= self.top

    def narrow(self, rows: Rows) -> Rows:
        """The rows within these cells, and maybe some that lie on their very edge."""
        size, edge = cell_size(self.zoom), 1e-9
        south, north = self.bottom * size - 90 - edge, (self.top + 1) * size - 90 + edge
        west, east = self.left * size - 180 - edge, (self.right + 1) * size - 180 + edge
        return rows.filter(latitude__gte=south, latitude__lte=north, longitude__gte=west, longitude__lte=east)


def counted_cells(user_id: ObjectId, grid: Grid) -> list[Cell]:
    """Everything that a user owns in these cells, from the counters."""
    x, y = {"$gte": grid.left, "$lte": grid.right}, {"$gte": grid.bottom, "$lte": grid.top}
    inside = Matches({"zoom": grid.zoom, "x": x, "y": y, "count": {"$gt": 0}})
    return read_rows(OwnedCell.objects.filter(inside, user_id=user_id), Cell)


def cells_of_points(points: Iterable[tuple[float, float]], zoom: int) -> list[Cell]:
    """Group points, each a latitude and a longitude, by the cells that they lie in."""
    groups: dict[tuple[int, int], list[tuple[float, float]]] = defaultdict(list)
    for latitude, longitude in points:
        groups[cell_of(latitude, longitude, zoom)].append((latitude, longitude))
    return [
        Cell(x, y, len(group), math.fsum(lat for lat, _ in group), math.fsum(lng for _, lng in group))
        for (x, y), group in groups.items()
    ]


def merge_cells(cells: Iterable[Cell], zoom: int) -> list[Mark]:
    """Make marks of cells so that no two are nearer than APART pixels at this zoom of the map; none is lost."""
    marks = [Mark(cell.latitude_sum / cell.count, cell.longitude_sum / cell.count, cell.count) for cell in cells]
    before = math.inf
    while len(marks) < before:
        before = len(marks)
        marks = _merge_once(marks, zoom)
    return marks


def _merge_once(marks: list[Mark], zoom: int) -> list[Mark]:
    """Put each mark to the first one that is too near, the largest first; what they became may be near others."""
    by_square: dict[tuple[int, int], list[int]] = defaultdict(list)
    merged: list[Mark] = []
    places: list[tuple[float, float]] = []
    for mark in sorted(marks, key=lambda mark: (-mark.count, mark)):
        place = pixels_of(mark.latitude, mark.longitude, zoom)
        column, row = int(place[0] // APART), int(place[1] // APART)
        near = (
            number
            for x in (column - 1, column, column + 1)
            for y in (row - 1, row, row + 1)
            for number in by_square.get((x, y), ())
            if math.dist(places[number], place) < APART
        )
        number = next(near, None)
        if number is None:
            by_square[column, row].append(len(merged))
            merged.append(mark)
            places.append(place)
        else:
            merged[number] = _middle(merged[number], mark)
    return merged


def _middle(one: Mark, other: Mark) -> Mark:
    count = one.count + other.count
    share = other.count / count
    return Mark(
        one.latitude + (other.latitude - one.latitude) * share,
        one.longitude + (other.longitude - one.longitude) * share,
        count,
    )


def pixels_of(latitude: float, longitude: float, zoom: int) -> tuple[float, float]:
    """Where the map's projection, spherical Mercator, puts a point: pixels from the north-west of the world."""
    world = TILE * 2**zoom
    sine = math.sin(math.radians(max(-MERCATOR_END, min(MERCATOR_END, latitude))))
    return world * (longitude + 180) / 360, world * (0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi))


def owned_on_map(user_id: ObjectId) -> dict[str, Any]:
    """The server's condition for the rows that counters count: owned, and their place known."""
    number = {"$type": "number"}
    return {"userId": user_id, "revealedAt": {"$ne": None}, "latitude": number, "longitude": number}


def group_rows(condition: Mapping[str, Any], zoom: int) -> list[Cell]:
    """Group rows by cell on the server, all of them; within the running transaction, if there is one."""
    size = cell_size(zoom)
    column = {"$floor": {"$divide": [{"$add": ["$longitude", 180]}, size]}}
    row = {"$floor": {"$divide": [{"$add": ["$latitude", 90]}, size]}}
    sums = {"count": {"$sum": 1}, "latitude": {"$sum": "$latitude"}, "longitude": {"$sum": "$longitude"}}
    pipeline = [{"$match": dict(condition)}, {"$group": {"_id": {"x": column, "y": row}, **sums}}]
    found = collection_of(PropertyDatasetPermission).aggregate(pipeline, session=current_session())
    return [
        Cell(int(group["_id"]["x"]), int(group["_id"]["y"]), group["count"], group["latitude"], group["longitude"])
        for group in found
    ]
