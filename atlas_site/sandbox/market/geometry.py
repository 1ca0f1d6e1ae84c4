"""Distances and areas on the map, also as functions inside SQLite."""

import hashlib
import json
import math
import sqlite3
from collections.abc import Callable
from functools import lru_cache
from typing import Any

EARTH_RADIUS_MILES = 3958.8
MILES_PER_DEGREE = 69.0

Point = tuple[float, float]


def miles(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Return the great-circle distance of two points in miles."""
    a, b = math.radians(lat1), math.radians(lat2)
    half = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_MILES * math.asin(min(1.0, math.sqrt(half)))


def box_around(lat: float, lon: float, distance: float) -> tuple[float, float, float, float]:
    """Return (south, north, west, east) of a box that holds every point within ``distance`` miles."""
    high = distance / MILES_PER_DEGREE * 1.01
    wide = high / max(0.05, math.cos(math.radians(lat)))
    return lat - high, lat + high, lon - wide, lon + wide


@lru_cache(maxsize=64)
def _corners(polygon: str) -> tuple[Point, ...]:
    return tuple((float(lat), float(lon)) for lat, lon in json.loads(polygon))


def is_inside(lat: float, lon: float, polygon: str) -> bool:
    """Tell whether a point lies in a polygon, given as JSON ``[[latitude, longitude], …]`` (even–odd rule)."""
    inside = False
    corners = _corners(polygon)
    for (lat1, lon1), (lat2, lon2) in zip(corners, corners[1:] + corners[:1], strict=True):
        if (lat1 > lat) != (lat2 > lat) and lon < (lon2 - lon1) * (lat - lat1) / (lat2 - lat1) + lon1:
            inside = not inside
    return inside


def shuffle(number: int, order: str) -> int:
    """Return the place of a record in the random order with this name."""
    digest = hashlib.blake2b(f"{order}|{number}".encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big")


def register(connection: sqlite3.Connection) -> None:
    """Make the functions known to a connection; an unknown point lies nowhere."""
    connection.create_function("miles", 4, _known(miles), deterministic=True)
    connection.create_function("is_inside", 3, _known(is_inside), deterministic=True)
    connection.create_function("shuffle", 2, shuffle, deterministic=True)


def _known(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *values: None if None in values else function(*values)
