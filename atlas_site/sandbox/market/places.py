"""Real US places: every standard ZIP code with its city, county, coordinates and its share of the market.

ZIP codes and coordinates come from the ``zipcodes`` package, county codes from the Census Bureau's public list of
ANSI (FIPS) codes in ``county_fips.csv``. Shares and price levels are invented: a handful of metros hold most of the
properties, so that searches there find plenty, and the rest is spread thinly over every state.
"""

import csv
import math
import re
from bisect import bisect_right
from collections import defaultdict
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import zipcodes

COUNTY_FIPS_FILE = Path(__file__).with_name("county_fips.csv")

NON_DISCLOSURE_STATES = frozenset({"AK", "ID", "KS", "LA", "MS", "MT", "NM", "ND", "TX", "UT", "WY"})
"""States whose deeds do not tell the price: a sale there has no sale price on record."""

JUDICIAL_STATES = frozenset({"CT", "DE", "FL", "IL", "IN", "IA", "KS", "KY", "LA", "ME", "NJ", "NM", "NY", "ND", "OH",
                             "OK", "PA", "SC", "SD", "VT", "WI"})  # fmt: skip
"""States that foreclose through a court, so that a lis pendens is recorded in place of a notice of default."""

PRICE_LEVELS = {
    "CA": 2.3, "HI": 2.6, "MA": 1.9, "NY": 1.7, "WA": 1.8, "CO": 1.6, "NJ": 1.6, "DC": 2.2, "OR": 1.5, "UT": 1.5,
    "NH": 1.5, "RI": 1.5, "CT": 1.4, "MD": 1.4, "VA": 1.3, "AZ": 1.3, "NV": 1.3, "ID": 1.3, "MT": 1.4, "FL": 1.3,
    "OH": 0.7, "IN": 0.75, "MI": 0.75, "MS": 0.65, "WV": 0.65, "AR": 0.7, "OK": 0.7, "KS": 0.75, "AL": 0.75,
    "KY": 0.75, "IA": 0.75, "MO": 0.8, "LA": 0.75, "PA": 0.9, "IL": 0.95,
}  # fmt: skip
"""Value per square foot of a state, relative to the country; 1.0 where a state is not named."""

CITY_SHARES = {
    ("AZ", "Phoenix"): 6.5, ("AZ", "Mesa"): 1.2, ("AZ", "Glendale"): 0.9, ("AZ", "Scottsdale"): 0.9,
    ("AZ", "Chandler"): 0.7, ("AZ", "Tempe"): 0.6, ("AZ", "Gilbert"): 0.5, ("AZ", "Peoria"): 0.4,
    ("AZ", "Tucson"): 1.0, ("TX", "Dallas"): 4.0, ("TX", "Fort Worth"): 1.2, ("TX", "Houston"): 5.0,
    ("TX", "San Antonio"): 1.5, ("TX", "Austin"): 1.2, ("GA", "Atlanta"): 4.0, ("GA", "Decatur"): 0.7,
    ("GA", "Marietta"): 0.6, ("FL", "Tampa"): 3.5, ("FL", "Orlando"): 3.0, ("FL", "Jacksonville"): 1.4,
    ("FL", "Miami"): 1.4, ("FL", "Saint Petersburg"): 0.8, ("FL", "Kissimmee"): 0.6, ("OH", "Cleveland"): 3.2,
    ("OH", "Columbus"): 1.4, ("OH", "Cincinnati"): 0.9, ("IN", "Indianapolis"): 3.4, ("NC", "Charlotte"): 3.0,
    ("NC", "Raleigh"): 0.8, ("MI", "Detroit"): 3.2, ("TN", "Memphis"): 1.5, ("TN", "Nashville"): 0.9,
    ("AL", "Birmingham"): 0.9, ("MO", "Kansas City"): 0.9, ("MO", "Saint Louis"): 0.9, ("NV", "Las Vegas"): 1.4,
    ("CO", "Denver"): 0.9, ("UT", "Salt Lake City"): 0.9, ("CA", "Los Angeles"): 1.4, ("CA", "Sacramento"): 0.8,
    ("CA", "San Diego"): 0.8, ("WA", "Seattle"): 0.6, ("OR", "Portland"): 0.6, ("MN", "Minneapolis"): 0.6,
    ("IL", "Chicago"): 1.8, ("WI", "Milwaukee"): 0.8, ("PA", "Philadelphia"): 1.2, ("PA", "Pittsburgh"): 0.7,
    ("MD", "Baltimore"): 1.2, ("NY", "Brooklyn"): 0.5, ("NY", "Rochester"): 0.4, ("OK", "Oklahoma City"): 0.7,
    ("MN", "Rochester"): 0.2, ("LA", "New Orleans"): 0.6, ("SC", "Columbia"): 0.4, ("KS", "Wichita"): 0.3,
    ("ID", "Boise"): 0.3, ("NM", "Albuquerque"): 0.4,
}  # fmt: skip
"""Percent of the market in a city; what these leave goes to all other ZIP codes in equal parts."""

CORE_ZIPS = {"85007": 5.0, "85006": 3.0, "85009": 2.0, "75216": 3.0, "77026": 3.0, "30310": 3.0, "33610": 3.0,
             "32805": 3.0, "44105": 3.0, "46218": 3.0, "28208": 3.0, "48205": 3.0}  # fmt: skip
"""ZIP codes that hold several times as much as their city would give them."""

COUNTY_WORDS = re.compile(
    r"^(municipality|city and borough) of | (county|parish|census area|municipality|(city and )?borough)$",
    re.IGNORECASE,
)


class Place(NamedTuple):
    """One ZIP code; ``county`` is written as the vendor does, without the word "County"."""

    zip: str
    city: str
    county: str
    fips: str
    state: str
    latitude: float
    longitude: float
    timezone: str
    aliases: tuple[str, ...]
    area_code: str
    price_level: float


class Places:
    """All places, with a draw by share and look-ups by ZIP code."""

    def __init__(self) -> None:
        self.all = _load_places()
        self.by_zip = {place.zip: place for place in self.all}
        self.states = frozenset(place.state for place in self.all)
        self._cities: dict[tuple[str, str], str] = {}
        self._counties: dict[tuple[str, str], str] = {}
        plain_name = lru_cache(maxsize=None)(_plain_name)  # most cities and counties have several ZIP codes
        for place in self.all:
            for state in (place.state, ""):
                self._cities.setdefault((state, plain_name(place.city)), place.city)
                self._counties.setdefault((state, plain_name(place.county)), place.county)
        self._cumulative = list(accumulate(_shares(self.all)))
        self._total = self._cumulative[-1]

    def draw(self, fraction: float) -> Place:
        """Return the place at this fraction (0 to below 1) of the whole market."""
        return self.all[bisect_right(self._cumulative, fraction * self._total)]

    def city_named(self, name: str, state: str | None) -> str | None:
        """Return the spelling of a city of a state (of the country without one): "ST. LOUIS" → "Saint Louis"."""
        return self._cities.get((state or "", _plain_name(name)))

    def county_named(self, name: str, state: str | None) -> str | None:
        """Return the spelling of a county of a state (of the country without one): "St Louis County" → "St. Louis"."""
        return self._counties.get((state or "", _plain_name(COUNTY_WORDS.sub("", name))))


@lru_cache(maxsize=1)
def load() -> Places:
    """Return the places of this process; reading them takes about half a second."""
    return Places()


def _load_places() -> list[Place]:
    with COUNTY_FIPS_FILE.open(newline="", encoding="utf-8") as file:
        county_fips = {(row["state"], row["county"]): row["fips"] for row in csv.DictReader(file)}
    # A few counties are spelled in two ways, "St Clair" and "St. Clair": the longer one is the official one.
    county_names: dict[str, str] = {}
    for (_, name), fips in sorted(county_fips.items(), key=lambda item: (len(item[0][1]), item[0][1]), reverse=True):
        county_names.setdefault(fips, COUNTY_WORDS.sub("", name).replace(" city", " City"))
    places = []
    for row in sorted(zipcodes.list_all(), key=lambda row: row["zip_code"]):
        fips = county_fips.get((row["state"], row["county"]))
        if not fips or not row["active"] or row["zip_code_type"] != "STANDARD":
            continue
        places.append(Place(
            zip=row["zip_code"], city=row["city"], county=county_names[fips], fips=fips, state=row["state"],
            latitude=float(row["lat"]), longitude=float(row["long"]), timezone=row["timezone"],
            aliases=tuple(row["acceptable_cities"]), area_code=(row["area_codes"] or ["202"])[0],
            price_level=PRICE_LEVELS.get(row["state"], 1.0) * (0.7 + 0.6 * _fraction_of(row["zip_code"])),
        ))  # fmt: skip
    return places


def _shares(places: list[Place]) -> list[float]:
    """Return the share of each place: within a named city the ZIP codes near its middle hold more."""
    members: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for place in places:
        if (place.state, place.city) in CITY_SHARES:
            members[place.state, place.city].append(place)
    shares: dict[str, float] = {}
    for city, zips in members.items():
        latitude = sum(place.latitude for place in zips) / len(zips)
        longitude = sum(place.longitude for place in zips) / len(zips)
        near_first = sorted(zips, key=lambda p: math.hypot(p.latitude - latitude, p.longitude - longitude))
        weights = [CORE_ZIPS.get(place.zip, 1.0) / (rank + 4) ** 0.6 for rank, place in enumerate(near_first)]
        for place, weight in zip(near_first, weights, strict=True):
            shares[place.zip] = CITY_SHARES[city] * weight / sum(weights)
    thin = (100 - sum(CITY_SHARES.values())) / (len(places) - len(shares))
    return [shares.get(place.zip, thin) for place in places]


def _fraction_of(zip_code: str) -> float:
    """Return a fixed fraction for a ZIP code, so that neighborhoods differ in price."""
    return int(zip_code) * 2654435761 % 2**32 / 2**32


def _plain_name(name: str) -> str:
    """Return a name as people may type it: "Saint", "St." and "St" are the same."""
    return re.sub(r"[^a-z0-9]", "", re.sub(r"\bsaint(e?)\b", r"st\1", name.lower()))
