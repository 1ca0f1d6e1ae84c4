"""Comparables as the vendor finds them: a subject, and how far from it in place, size and age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

FARTHEST_MILES = 50.0
LARGEST_PERCENT = 100
LARGEST_DELTA = 200


@dataclass(frozen=True, slots=True)
class Comparables:
    """Which properties compare with the one at an address, or with an address hash.

    Each limit is a distance to both sides of the subject's own value: bedrooms, bathrooms and stories as counts, area
    and lot in percent of the subject's, years of construction. None is a measure that does not matter. Raises
    ``ValueError`` for a subject that nobody could find, and for limits out of range.
    """

    address_hash: str | None = None
    street: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    miles: float = 1.0
    bedrooms: int | None = 1
    bathrooms: int | None = None
    stories: int | None = None
    area_percent: int | None = 20
    lot_percent: int | None = None
    years: int | None = 10
    same_subdivision: bool = False

    def __post_init__(self) -> None:
        if not (self.address_hash or (self.street and (self.zip or (self.city and self.state)))):
            raise ValueError("Comparables need the address of the property that they are compared with.")
        if not 0 < self.miles <= FARTHEST_MILES:
            raise ValueError(f"The distance is more than 0 and at most {FARTHEST_MILES:.0f} miles.")
        for value in (self.area_percent, self.lot_percent):
            if value is not None and not 0 <= value <= LARGEST_PERCENT:
                raise ValueError(f"A difference of size is from 0 to {LARGEST_PERCENT} percent.")
        for value in (self.bedrooms, self.bathrooms, self.stories, self.years):
            if value is not None and not 0 <= value <= LARGEST_DELTA:
                raise ValueError("A difference is a whole number from 0.")

    def criteria(self) -> dict[str, Any]:
        """The part of ``searchCriteria`` that names the subject."""
        if self.address_hash:
            return {"compAddress": {"hash": self.address_hash}}
        parts = {"street": self.street, "city": self.city, "state": self.state, "zip": self.zip}
        return {"compAddress": {name: text for name, text in parts.items() if text}}

    def options(self) -> dict[str, Any]:
        """The part of ``options`` with the limits. Each is named: the vendor has defaults of its own."""
        options: dict[str, Any] = {"useDistance": True, "distanceMiles": self.miles}
        measures = {
            "Bedrooms": self.bedrooms,
            "Bathrooms": self.bathrooms,
            "Stories": self.stories,
            "Area": self.area_percent,
            "LotSize": self.lot_percent,
            "YearBuilt": self.years,
        }
        for name, limit in measures.items():
            options[f"use{name}"] = limit is not None
            if limit is not None:
                options |= {f"min{name}": -limit, f"max{name}": limit}
        options["useSubdivision"] = self.same_subdivision
        return options
