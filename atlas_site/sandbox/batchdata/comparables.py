"""Comparables: properties near a subject whose size, rooms and age lie within given distances of it."""

from typing import Any

from atlas_site.sandbox.batchdata.areas import within_miles
from atlas_site.sandbox.batchdata.conditions import Parameters
from atlas_site.sandbox.market.catalog import Catalog

MEASURES = (
    # option, column, default use, default min and max, whether they are percent of the subject's
    ("Bedrooms", "beds", True, -1, 1, False),
    ("Bathrooms", "baths", False, -1, 1, False),
    ("Stories", "stories", False, 0, 0, False),
    ("Area", "living_area", True, -20, 20, True),
    ("YearBuilt", "year_built", True, -10, 10, False),
    ("LotSize", "lot_sqft", False, -20, 20, True),
)


def conditions(
    criteria: dict[str, Any], options: dict[str, Any], catalog: Catalog, parameters: Parameters
) -> list[str]:
    """Return the conditions of ``compAddress``; ``0`` for a subject that the market does not hold."""
    wanted = criteria.get("compAddress")
    if not isinstance(wanted, dict):
        return []
    number = find_by_address(catalog, wanted)
    if number is None:
        return ["0"]
    subject = catalog.connection().execute("SELECT * FROM property WHERE i = ?", [number]).fetchone()
    found = [f"i <> {parameters.add(number)}"]
    if options.get("useDistance", True):
        distance = float(options.get("distanceMiles") or 1)
        found.append(within_miles(subject["lat"], subject["lon"], distance, parameters))
    for name, column, is_default, low, high, is_percent in MEASURES:
        if not options.get(f"use{name}", is_default) or subject[column] is None:
            continue
        share = subject[column] / 100 if is_percent else 1
        lowest = subject[column] + _number(options.get(f"min{name}"), low) * share
        highest = subject[column] + _number(options.get(f"max{name}"), high) * share
        found.append(f"{column} BETWEEN {parameters.add(lowest)} AND {parameters.add(highest)}")
    if options.get("useSubdivision") and subject["subdivision"]:
        found.append(f"subdivision = {parameters.add(subject['subdivision'])}")
    return found


def _number(value: Any, default: float) -> float:
    """Zero is a limit like any other."""
    return default if value is None else float(value)


def find_by_address(catalog: Catalog, address: dict[str, Any]) -> int | None:
    """Return the number of the property at an address (or with an address hash), or ``None``."""
    if address.get("hash"):
        where, values = "hash = ?", [address["hash"]]
    elif address.get("street") and address.get("zip"):
        where, values = "zip = ? AND street = ?", [str(address["zip"])[:5], address["street"]]
    elif address.get("street") and address.get("city") and address.get("state"):
        where, values = "state = ? AND city = ? AND street = ?", [
            address["state"], address["city"], address["street"],
        ]  # fmt: skip
    else:
        return None
    row = catalog.connection().execute(f"SELECT i FROM property WHERE {where} LIMIT 1", values).fetchone()  # noqa: S608
    return None if row is None else int(row[0])
