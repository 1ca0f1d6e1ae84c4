"""Where to look: free text ("Phoenix, AZ", a ZIP, a county, a street address) and shapes on the map."""

import json
import re
from typing import Any

from atlas_site.lib.places import STATE_NAMES
from atlas_site.sandbox.batchdata.conditions import Parameters
from atlas_site.sandbox.market.geometry import box_around
from atlas_site.sandbox.market.places import COUNTY_WORDS, Places
from atlas_site.sandbox.web import as_dict, as_list

STATE_CODES = {name.lower(): code for code, name in STATE_NAMES.items()} | {code.lower(): code for code in STATE_NAMES}
COUNTRY = {"us", "usa", "united states", "united states of america"}
TRAILING_ZIP = re.compile(r"\s*\b(\d{5})(?:-\d{4})?$")
TRAILING_STATE = re.compile(r"^(.+)\s([A-Za-z]{2})$")
MILES_PER_UNIT = {"distanceMiles": 1.0, "distanceYards": 1 / 1760, "distanceFeet": 1 / 5280,
                  "distanceKilometers": 0.621371, "distanceMeters": 0.000621371}  # fmt: skip


def query_conditions(text: Any, parameters: Parameters, places: Places) -> list[str]:
    """Return the conditions of the free-text ``query``; nothing for the whole country, ``0`` for an unknown place."""
    if not isinstance(text, str) or text.strip().lower() in COUNTRY | {""}:
        return []
    conditions = []
    rest = text.strip()
    if found := TRAILING_ZIP.search(rest):
        conditions.append(f"zip = {parameters.add(found[1])}")
        rest = rest[: found.start()].rstrip(", ")
    parts = [part.strip() for part in rest.split(",") if part.strip()]
    if parts and parts[-1].lower() in COUNTRY and len(parts) > 1:
        parts.pop()
    if parts and (found := TRAILING_STATE.search(parts[-1])) and found[2].upper() in STATE_NAMES:
        parts[-1:] = [found[1], found[2]]
    state = STATE_CODES.get(parts[-1].lower()) if parts else None
    if state:
        parts.pop()
        conditions.append(f"state = {parameters.add(state)}")
    if parts:
        conditions.append(_locality(parts.pop(), state, parameters, places))
    if parts:
        conditions.append(f"street LIKE {parameters.add(', '.join(parts).rstrip('.') + '%')}")
    return conditions


def _locality(name: str, state: str | None, parameters: Parameters, places: Places) -> str:
    """Return the condition of a county, city or street; "Maricopa, AZ" is a city first and a county second."""
    if COUNTY_WORDS.search(name):
        return f"county = {parameters.add(places.county_named(name, state) or name)}"
    if city := places.city_named(name, state):
        return f"city = {parameters.add(city)}"
    if county_spelled := places.county_named(name, state):
        return f"county = {parameters.add(county_spelled)}"
    if name[:1].isdigit():
        return f"(street LIKE {parameters.add(name + '%')} OR apn = {parameters.add(name)})"
    return "0"


def shape_conditions(address: dict[str, Any], parameters: Parameters) -> list[str]:
    """Return the conditions of the three geo filters inside ``searchCriteria.address``."""
    conditions = []
    circle = as_dict(address.get("geoLocationDistance"))
    point = as_dict(circle.get("geoPoint"))
    distance = _distance_miles(circle) or _distance_miles(point)  # an article puts the distance inside the point
    if _is_point(point) and distance:
        conditions.append(within_miles(point["latitude"], point["longitude"], distance, parameters))
    box = as_dict(address.get("geoLocationBoundingBox"))
    conditions += box_conditions(box.get("nwGeoPoint"), box.get("seGeoPoint"), parameters)
    corners = [p for p in as_list(as_dict(address.get("geoLocationPolygon")).get("geoPoints")) if _is_point(as_dict(p))]
    if len(corners) >= 3:
        conditions.append(_polygon_condition([(p["latitude"], p["longitude"]) for p in corners], parameters))
    return conditions


def within_miles(latitude: float, longitude: float, distance: float, parameters: Parameters) -> str:
    """Return the condition of a circle; a box around it comes first because it can use an index."""
    add = parameters.add
    south, north, west, east = map(add, box_around(latitude, longitude, distance))
    return (
        f"lat BETWEEN {south} AND {north} AND lon BETWEEN {west} AND {east} "
        f"AND miles(lat, lon, {add(latitude)}, {add(longitude)}) <= {add(distance)}"
    )


def box_conditions(north_west: Any, south_east: Any, parameters: Parameters) -> list[str]:
    """Return the condition of a box given by two corners."""
    nw, se = as_dict(north_west), as_dict(south_east)
    if not (_is_point(nw) and _is_point(se)):
        return []
    add = parameters.add
    return [
        f"lat BETWEEN {add(se['latitude'])} AND {add(nw['latitude'])} "
        f"AND lon BETWEEN {add(nw['longitude'])} AND {add(se['longitude'])}"
    ]


def _polygon_condition(corners: list[tuple[float, float]], parameters: Parameters) -> str:
    add = parameters.add
    latitudes, longitudes = [lat for lat, _ in corners], [lon for _, lon in corners]
    return (
        f"lat BETWEEN {add(min(latitudes))} AND {add(max(latitudes))} "
        f"AND lon BETWEEN {add(min(longitudes))} AND {add(max(longitudes))} "
        f"AND is_inside(lat, lon, {add(json.dumps(corners))})"
    )


def _distance_miles(group: dict[str, Any]) -> float:
    for name, factor in MILES_PER_UNIT.items():
        if isinstance(group.get(name), int | float):
            return float(group[name] * factor)
    return 0.0


def _is_point(point: dict[str, Any]) -> bool:
    return all(isinstance(point.get(name), int | float) for name in ("latitude", "longitude"))
