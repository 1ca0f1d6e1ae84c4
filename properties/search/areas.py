"""Shapes on the map: a box, a circle or a drawn polygon, as text in the URL, as vendor criteria and as a condition.

A shape is written as ``box:south,west,north,east``, ``circle:latitude,longitude,miles`` or
``polygon:latitude,longitude;latitude,longitude;…``, in degrees of at most five decimals (about a meter).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

Point = tuple[float, float]
"""Latitude and longitude in degrees."""

DECIMALS = 5
MOST_CORNERS = 150
"""So many that the address of a search with them, and with every field of its form, fits into one request line."""

LEAST_SPAN = 0.0005
"""In degrees: about 50 meters. What is smaller is a slip of the hand, or a single house."""

LEAST_MILES, MOST_MILES = 0.03, 250.0
EARTH_RADIUS_MILES = 3958.8
MILES_PER_DEGREE = 69.0


@dataclass(frozen=True)
class Box:
    """A rectangle of the map."""

    south: float
    west: float
    north: float
    east: float

    @property
    def text(self) -> str:
        """The canonical text, which `parse_area` reads."""
        return "box:" + ",".join(map(_degrees_text, self.box))

    @property
    def label(self) -> str:
        return "Map view"

    @property
    def box(self) -> tuple[float, float, float, float]:
        """South, west, north, east."""
        return self.south, self.west, self.north, self.east

    def criteria(self) -> dict[str, Any]:
        """The vendor's fields of ``searchCriteria.address``."""
        return {
            "geoLocationBoundingBox": {
                "nwGeoPoint": _geo_point((self.north, self.west)),
                "seGeoPoint": _geo_point((self.south, self.east)),
            }
        }

    def contains(self, latitude: float, longitude: float) -> bool:
        return self.south <= latitude <= self.north and self.west <= longitude <= self.east

    def condition(self) -> dict[str, Any]:
        """The condition on owned rows, for `Matches`."""
        return _within(self.box, {"$box": [[self.west, self.south], [self.east, self.north]]})

    def grown_to(self, latitude: float, longitude: float) -> "Area | None":
        """The smallest area of this kind that holds this one and a point; None when there is none."""
        if self.contains(latitude, longitude):
            return self
        low = (min(self.south, _floor(latitude)), min(self.west, _floor(longitude)))
        return Box(*low, max(self.north, _ceil(latitude)), max(self.east, _ceil(longitude)))


@dataclass(frozen=True)
class Circle:
    """Everything within some miles of a point."""

    latitude: float
    longitude: float
    miles: float

    @property
    def text(self) -> str:
        """The canonical text, which `parse_area` reads."""
        return f"circle:{_degrees_text(self.latitude)},{_degrees_text(self.longitude)},{_degrees_text(self.miles)}"

    @property
    def label(self) -> str:
        unit = "mile" if self.miles == 1 else "miles"
        return f"Within {self.miles:g} {unit} of {self.latitude:.2f}, {self.longitude:.2f}"

    @property
    def box(self) -> tuple[float, float, float, float]:
        """South, west, north, east of a box that holds the circle."""
        high = self.miles / MILES_PER_DEGREE * 1.01
        wide = high / max(0.05, math.cos(math.radians(self.latitude)))
        return self.latitude - high, self.longitude - wide, self.latitude + high, self.longitude + wide

    def criteria(self) -> dict[str, Any]:
        """The vendor's fields of ``searchCriteria.address``."""
        center = _geo_point((self.latitude, self.longitude))
        return {"geoLocationDistance": {"geoPoint": center, "distanceMiles": self.miles}}

    def contains(self, latitude: float, longitude: float) -> bool:
        return self.miles_to(latitude, longitude) <= self.miles

    def miles_to(self, latitude: float, longitude: float) -> float:
        """The great-circle distance of a point from the center."""
        here, there = math.radians(self.latitude), math.radians(latitude)
        across = math.sin(math.radians(longitude - self.longitude) / 2) ** 2
        half = math.sin((there - here) / 2) ** 2 + math.cos(here) * math.cos(there) * across
        return 2 * EARTH_RADIUS_MILES * math.asin(min(1.0, math.sqrt(half)))

    def condition(self) -> dict[str, Any]:
        """The condition on owned rows, for `Matches`."""
        center = [self.longitude, self.latitude]
        return _within(self.box, {"$centerSphere": [center, self.miles / EARTH_RADIUS_MILES]})

    def grown_to(self, latitude: float, longitude: float) -> "Area | None":
        """The smallest area of this kind that holds this one and a point; None when there is none."""
        if self.contains(latitude, longitude):
            return self
        miles = math.ceil(self.miles_to(latitude, longitude) * 10 + 0.01) / 10
        return replace(self, miles=miles) if miles <= MOST_MILES else None


@dataclass(frozen=True)
class Polygon:
    """What somebody drew."""

    corners: tuple[Point, ...]

    @property
    def text(self) -> str:
        """The canonical text, which `parse_area` reads."""
        pairs = (f"{_degrees_text(latitude)},{_degrees_text(longitude)}" for latitude, longitude in self.corners)
        return "polygon:" + ";".join(pairs)

    @property
    def label(self) -> str:
        return f"Drawn area, {len(self.corners)} corners"

    @property
    def box(self) -> tuple[float, float, float, float]:
        """South, west, north, east of a box that holds the polygon."""
        latitudes, longitudes = zip(*self.corners, strict=True)
        return min(latitudes), min(longitudes), max(latitudes), max(longitudes)

    def criteria(self) -> dict[str, Any]:
        """The vendor's fields of ``searchCriteria.address``."""
        return {"geoLocationPolygon": {"geoPoints": [_geo_point(corner) for corner in self.corners]}}

    def contains(self, latitude: float, longitude: float) -> bool:
        """Whether a line from the point crosses the edge an odd number of times."""
        is_inside = False
        for (lat1, lng1), (lat2, lng2) in self.edges():
            if (lat1 > latitude) != (lat2 > latitude):
                crossing = (lng2 - lng1) * (latitude - lat1) / (lat2 - lat1) + lng1
                is_inside ^= longitude < crossing
        return is_inside

    def edges(self) -> Iterator[tuple[Point, Point]]:
        """Each edge, the one from the last corner to the first included."""
        return pairwise((*self.corners, self.corners[0]))

    def condition(self) -> dict[str, Any]:
        """The condition on owned rows, for `Matches`."""
        corners = [[longitude, latitude] for latitude, longitude in self.corners]
        return _within(self.box, {"$polygon": corners})

    def grown_to(self, latitude: float, longitude: float) -> "Area | None":
        """None: nobody can say how a drawn area should grow."""
        return None


Area = Box | Circle | Polygon


def parse_area(text: str) -> Area:
    """Read the text of a shape. Raises ValueError with a sentence for the user."""
    kind, _, rest = text.strip().partition(":")
    if kind == "box":
        return _make_box(_numbers(rest, 4))
    if kind == "circle":
        return _make_circle(_numbers(rest, 3))
    if kind == "polygon":
        pairs = rest.rstrip(";").split(";")
        if len(pairs) > MOST_CORNERS + 1:
            raise ValueError(f"A drawn area has at most {MOST_CORNERS} corners.")
        return _make_polygon([_point(*_numbers(pair, 2)) for pair in pairs])
    raise ValueError("This is not an area of the map. Draw it again.")


def _make_box(numbers: list[float]) -> Box:
    (south, west), (north, east) = _point(*numbers[:2]), _point(*numbers[2:])
    if north - south < LEAST_SPAN or east - west < LEAST_SPAN:
        raise ValueError(
            "This part of the map is too small, or its corners are not in the order south-west, north-east."
        )
    return Box(south, west, north, east)


def _make_circle(numbers: list[float]) -> Circle:
    latitude, longitude = _point(*numbers[:2])
    miles = round(numbers[2], DECIMALS)
    if not LEAST_MILES <= miles <= MOST_MILES:
        raise ValueError(f"A circle has a radius of {LEAST_MILES:g} to {MOST_MILES:g} miles.")
    return Circle(latitude, longitude, miles)


def _make_polygon(points: list[Point]) -> Polygon:
    # Who closes the line by hand writes the first corner twice.
    corners = [point for point, following in zip(points, [*points[1:], points[0]], strict=True) if point != following]
    if not 3 <= len(corners) <= MOST_CORNERS:
        raise ValueError(f"A drawn area has 3 to {MOST_CORNERS} corners.")
    polygon = Polygon(tuple(corners))
    south, west, north, east = polygon.box
    if north - south < LEAST_SPAN or east - west < LEAST_SPAN:
        raise ValueError("This drawn area is too small. Draw a larger one.")
    if _crosses_itself(list(polygon.edges())):
        raise ValueError("The edges of this drawn area cross each other. Draw it without a crossing.")
    return polygon


def _numbers(text: str, count: int) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != count or not all(map(math.isfinite, numbers)):
        raise ValueError("This area of the map cannot be read. Draw it again.")
    return numbers


def _point(latitude: float, longitude: float) -> Point:
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise ValueError("This area of the map is not on the globe. Draw it again.")
    # Adding zero turns a negative zero into zero.
    return round(latitude, DECIMALS) + 0.0, round(longitude, DECIMALS) + 0.0


def _crosses_itself(edges: list[tuple[Point, Point]]) -> bool:
    count = len(edges)
    return any(
        _cross(edges[first], edges[second])
        for first in range(count)
        for second in range(first + 1, count)
        if second - first > 1 and second - first < count - 1  # neighbors share a corner
    )


def _cross(one: tuple[Point, Point], other: tuple[Point, Point]) -> bool:
    (a, b), (c, d) = one, other
    return _side(a, b, c) != _side(a, b, d) and _side(c, d, a) != _side(c, d, b)


def _side(start: Point, end: Point, point: Point) -> bool:
    """On which side of a line a point lies."""
    return (point[0] - start[0]) * (end[1] - start[1]) > (end[0] - start[0]) * (point[1] - start[1])


def _within(box: tuple[float, float, float, float], shape: dict[str, Any]) -> dict[str, Any]:
    """Inside the shape; the ranges around it come first because they are cheap."""
    south, west, north, east = box
    return {
        "latitude": {"$gte": south, "$lte": north},
        "longitude": {"$gte": west, "$lte": east},
        "location": {"$geoWithin": shape},
    }


def _geo_point(point: Point) -> dict[str, float]:
    return {"latitude": point[0], "longitude": point[1]}


def _degrees_text(value: float) -> str:
    return f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")


def _floor(degrees: float) -> float:
    return math.floor(degrees * 10**DECIMALS) / 10**DECIMALS


def _ceil(degrees: float) -> float:
    return math.ceil(degrees * 10**DECIMALS) / 10**DECIMALS
