"""Draws what stands on a property: type, year, size, rooms, lot."""

from datetime import date
from typing import Any

from atlas_site.sandbox.market.people import COMPANY_FIRST, Rnd, pick

KINDS = (
    # share, category, detail, square feet from and to, units
    (0.620, "Residential", "Single Family", 850, 3200, 1),
    (0.080, "Residential", "Townhouse", 900, 2200, 1),
    (0.100, "Residential", "Condominium Unit", 550, 1700, 1),
    (0.035, "Residential", "Duplex", 1500, 2800, 2),
    (0.015, "Residential", "Triplex", 2100, 3600, 3),
    (0.012, "Residential", "Quadruplex", 2600, 4400, 4),
    (0.018, "Residential", "Multi-Family Dwelling", 4000, 24000, 8),
    (0.045, "Residential", "Mobile/Manufactured Home", 700, 1800, 1),
    (0.035, "Vacant Land", "Residential-Vacant Land", 0, 0, 0),
    (0.015, "Commercial", "Retail Stores", 1800, 20000, 1),
    (0.010, "Office", "Office Building", 1800, 30000, 1),
    (0.008, "Industrial", "Warehouse", 4000, 60000, 1),
    (0.007, "Agricultural", "Farm", 1000, 3000, 1),
)
STATED_LIVING = {"Residential", "Agricultural"}
SINGLE_HOMES = {"Single Family", "Townhouse", "Condominium Unit", "Mobile/Manufactured Home"}


def draw(facts: dict[str, Any], rnd: Rnd) -> None:
    """Add the keys of building and lot; land has no building, and some counties do not tell all."""
    share = rnd()
    for portion, category, detail, smallest, largest, units in KINDS:  # noqa: B007 -- the last kind takes the rest
        share -= portion
        if share < 0:
            break
    area = int(smallest + (largest - smallest) * (rnd() + rnd()) / 2)
    this_year = facts["year"] = date.fromordinal(facts["day"]).year
    year_built = this_year - 1 - int(110 * rnd() ** 1.5)
    facts.update(
        category=category, detail=detail, area=area, building_year=year_built,
        unit=f"{int(rnd() * 30) + 1}{pick(rnd, 'ABCD')}" if detail == "Condominium Unit" else None,
        zoning=pick(rnd, ("R1-6", "R1-8", "R-3", "RS-7", "PUD")) if category == "Residential" else "C-2",
        subdivision=f"{pick(rnd, COMPANY_FIRST)} Estates" if rnd() < 0.7 else None,
        year_built=None, beds=None, baths=None, living_area=None, total_area=None, stories=None, rooms=None,
        units=None, garage_spaces=None, pool=None, cooling=None,
    )  # fmt: skip
    if area:
        _draw_rooms(facts, rnd, area, units)
    _draw_lot(facts, rnd, area)


def _draw_rooms(facts: dict[str, Any], rnd: Rnd, area: int, units: int) -> None:
    living = facts["category"] in STATED_LIVING
    beds = max(units, min(6 * units, round(area / 620 + rnd() * 1.2)))
    baths = max(units, round(beds * (0.5 + rnd() * 0.35) * 2) / 2)
    stories = 1 + (area > 1500 and rnd() < 0.5)
    facts.update(
        year_built=facts["building_year"] if rnd() > 0.03 else None,
        stories=stories, units=units, total_area=area + int(rnd() * 500),
        living_area=area if living and rnd() > 0.02 else None,
        garage_spaces=int(rnd() * 3.2) if living else None,
        pool=pick(rnd, ("In-Ground", "Pool, Above-Ground")) if living and rnd() < 0.14 else None,
        cooling=pick(rnd, ("Central", "Central", "Evaporative Cooler", "None")) if rnd() < 0.8 else None,
    )  # fmt: skip
    # One in sixteen counties' records has no rooms, so an investor's "3 beds" must not count them as "no".
    if living and rnd() > 0.06:
        facts.update(beds=beds, baths=baths, rooms=beds + 2 + int(rnd() * 3))


def _draw_lot(facts: dict[str, Any], rnd: Rnd, area: int) -> None:
    if facts["detail"] == "Condominium Unit":
        lot = None
    elif facts["category"] in ("Agricultural", "Vacant Land"):
        lot = int(6000 + 400_000 * rnd() ** 4)
    else:
        lot = int(max(2500.0, area * (1.6 + 5 * rnd() ** 2)))
    is_hoa = facts["detail"] in SINGLE_HOMES and rnd() < (0.95 if lot is None else 0.22)
    if lot is None:
        facts["zoning"] = None
    facts.update(
        lot_sqft=lot, lot_acres=None if lot is None else round(lot / 43_560, 2),
        hoa=int(is_hoa), hoa_fees=int(is_hoa and rnd() < 0.8),
    )  # fmt: skip
