"""The place index: the states, counties, cities and ZIP codes of the US by name, in memory, without a vendor call.

Built from the ``zipcodes`` package on first use, once per process, in about a second. ZIP codes of standard
delivery are the proxy for the size of a place. The fifty states and the District of Columbia are covered.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import lru_cache
from heapq import nlargest
from itertools import islice
from typing import NamedTuple

import zipcodes

STATE_NAMES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado",
    "CT": "Connecticut", "DE": "Delaware", "DC": "District of Columbia", "FL": "Florida", "GA": "Georgia",
    "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois", "IN": "Indiana", "IA": "Iowa", "KS": "Kansas",
    "KY": "Kentucky", "LA": "Louisiana", "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan",
    "MN": "Minnesota", "MS": "Mississippi", "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada",
    "NH": "New Hampshire", "NJ": "New Jersey", "NM": "New Mexico", "NY": "New York", "NC": "North Carolina",
    "ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon", "PA": "Pennsylvania",
    "RI": "Rhode Island", "SC": "South Carolina", "SD": "South Dakota", "TN": "Tennessee", "TX": "Texas",
    "UT": "Utah", "VT": "Vermont", "VA": "Virginia", "WA": "Washington", "WV": "West Virginia", "WI": "Wisconsin",
    "WY": "Wyoming",
}  # fmt: skip

TEXT_MAX_LENGTH = 120
"""Longer texts name no place: the longest label is far below."""

MARGIN_DEGREES = 0.05
"""A bounding box spans the centers of ZIP codes; this much is added on each side for the land around them."""

KIND_WEIGHTS = {"state": 0.1, "county": 0.25, "city": 1.0, "zip": 1.0}
"""How much each ZIP code counts for: who types a name more often means a city than the state or county around it."""

CLEAR_LEAD = 5
"""A name is taken for the place that is this many times as large as the next one of that name."""

CITY_SHARE_OF_COUNTY = 0.2
"""Who says "Los Angeles" means the city and not its county, as the city makes up so much of it."""

APOSTROPHE_S = re.compile(r"['’]s\b")
PUNCTUATION = str.maketrans({".": None, ",": None, "(": None, ")": None, "'": " ", "’": " ", "-": " "})
SHORT_FORMS = {"st": "saint", "ste": "sainte", "ft": "fort", "mt": "mount"}
COUNTY_WORDS = re.compile(r" (county|parish|borough|census area|municipality|city and borough)$")
# "Russell Spgs", "Oakland Gdns": postal abbreviations among the further names of a city.
ABBREVIATION = re.compile(r"\b(?!St\b|Ft\b|Mt\b)([^aeiouyAEIOUY\W\d]{2,}|Vly)\b")

Box = tuple[float, float, float, float]


class Place(NamedTuple):
    """A place that can be searched and followed. Coordinates are degrees; ``box`` is south, west, north, east."""

    kind: str
    """``state``, ``county``, ``city`` or ``zip``."""
    label: str
    """The unique name: "Arizona", "Maricopa County, AZ", "Phoenix, AZ", "85007"."""
    state: str
    county: str
    """With its suffix, "Maricopa County"; "" for a state."""
    city: str
    zip: str
    latitude: float
    longitude: float
    box: Box
    zip_count: int
    """How many ZIP codes of standard delivery it holds, at least 1: a proxy for its size."""

    @property
    def query_text(self) -> str:
        """The place as the ``query`` of a BatchData search wants it: "Phoenix, AZ", "85007", "AZ"."""
        return self.state if self.kind == "state" else self.label

    @property
    def county_name(self) -> str:
        """The county without its suffix, as BatchData writes it: "Maricopa"."""
        return re.sub(r" (County|Parish|Borough|Census Area|Municipality|City and Borough)$", "", self.county)

    @property
    def option_text(self) -> str:
        """The label as a choice in a type-ahead, which ``resolve_place`` takes for this place and no other."""
        return f"{self.label} (state)" if self.kind == "state" else self.label

    @property
    def hint(self) -> str:
        """What tells it from places of the same name: "City in Maricopa County", "ZIP of Phoenix, AZ"."""
        if self.kind == "zip":
            return f"ZIP of {self.city}, {self.state}"
        if self.kind == "city":
            return f"City in {self.county}" if self.county else "City"
        return self.kind.capitalize()


class AmbiguousPlace(Exception):
    """Several places have this name. ``places`` holds them, the largest first."""

    def __init__(self, text: str, places: list[Place]) -> None:
        super().__init__(f"{text!r} may be " + " or ".join(place.label for place in places[:5]))
        self.places = places


def find_places(text: str, limit: int = 10) -> list[Place]:
    """Return the places whose names begin with this text, the likeliest first, for a type-ahead.

    "phoenix az", "Phoenix, Arizona" and "phoenix, a" are understood; digits are the beginning of a ZIP code.
    """
    return load_index().find(text[:TEXT_MAX_LENGTH], limit)


def resolve_place(text: str) -> Place | None:
    """Return the place that this text names in full, or None if there is none.

    Case, punctuation and the spelling of the state do not matter. A name without a state is that of the largest place
    if it is far larger than the others; otherwise AmbiguousPlace is raised.
    """
    return load_index().resolve(text[:TEXT_MAX_LENGTH])


def find_cities(box: Box, limit: int = 60) -> list[Place]:
    """Return the cities whose middle lies in this box, the largest first."""
    return list(islice(load_index().cities_in(box), limit))


@lru_cache(maxsize=1)
def load_index() -> "PlaceIndex":
    """Return the index of this process; the first call builds it."""
    return PlaceIndex(row for state in STATE_NAMES for row in zipcodes.filter_by(state=state, active=True))


def normalize_name(text: str) -> str:
    """Return a name as it is compared: lower case, no punctuation, "St." and "Ft." written out before another word."""
    words = APOSTROPHE_S.sub("s", text.lower()).translate(PUNCTUATION).split()
    return " ".join([*(SHORT_FORMS.get(word, word) for word in words[:-1]), *words[-1:]])


class _Zip(NamedTuple):
    """A ZIP code of the list, as little of it as is needed."""

    code: str
    latitude: float
    longitude: float
    city: str
    county: str
    state: str
    is_standard: bool


def _make_place(kind: str, name: str, zips: list[_Zip]) -> Place:
    """Return the place that these ZIP codes make up."""
    state = zips[0].state
    counties = [zip_code.county for zip_code in zips]
    latitudes = [zip_code.latitude for zip_code in zips]
    longitudes = [zip_code.longitude for zip_code in zips]
    return Place(
        kind=kind,
        label=f"{name}, {state}" if kind in {"county", "city"} else name,
        state=state,
        county="" if kind == "state" else name if kind == "county" else max(set(counties), key=counties.count),
        city=name if kind == "city" else zips[0].city if kind == "zip" else "",
        zip=name if kind == "zip" else "",
        latitude=sum(latitudes) / len(zips),
        longitude=sum(longitudes) / len(zips),
        box=(
            min(latitudes) - MARGIN_DEGREES,
            min(longitudes) - MARGIN_DEGREES,
            max(latitudes) + MARGIN_DEGREES,
            max(longitudes) + MARGIN_DEGREES,
        ),
        zip_count=sum(zip_code.is_standard for zip_code in zips) or 1,
    )


class PlaceIndex:
    """Places by normalized name, sorted, so that a beginning is a range; ZIP codes are made into places when asked."""

    def __init__(self, rows: Iterable[dict]) -> None:
        self._zips: dict[str, _Zip] = {}
        self._by_label: dict[str, Place] = {}
        for (kind, _, _), (name, zips) in sorted(self._collect_areas(rows).items(), key=lambda area: area[0]):
            place = _make_place(kind, name, zips)
            # Cities come first: one that is independent of a county is not added again as a county of its own.
            self._by_label.setdefault(place.label, place)
        self._zip_codes = sorted(self._zips)
        names = sorted((name, place) for place in self._by_label.values() for name in _names(place))
        self._names = [name for name, _ in names]
        self._named = [place for _, place in names]
        self._cities = sorted(
            (place for place in self._by_label.values() if place.kind == "city"),
            key=lambda place: (-place.zip_count, place.label),
        )
        self._states_by_name = {
            name: state for state, full_name in STATE_NAMES.items() for name in (state.lower(), full_name.lower())
        }

    def find(self, text: str, limit: int) -> list[Place]:
        """See ``find_places``."""
        digits = re.fullmatch(r"\s*(\d{1,5})(-\d{0,4})?\s*", text)
        if digits:
            return list(islice(self._zips_from(digits[1]), limit))
        best: dict[str, float] = {}
        for name, state in self._readings(text, partial=True):
            if best and state and state not in STATE_NAMES:  # the beginning of a state is a guess, and none is needed
                break
            for found_name, place in self._named_from(name):
                if state and not _is_in(place, state):
                    continue
                is_whole = found_name == name and place.kind != "county"
                score = _score(place) * (CLEAR_LEAD if is_whole else 1)
                best[place.label] = max(score, best.get(place.label, 0))
        labels = nlargest(limit, best, key=lambda label: (best[label], label))
        return [self._by_label[label] for label in labels]

    def resolve(self, text: str) -> Place | None:
        """See ``resolve_place``."""
        digits = re.fullmatch(r"\D*(\d{5})(-\d{4})?\s*", text)
        if digits:
            return self._zip_place(digits[1]) if digits[1] in self._zips else None
        for name, state in self._readings(text):
            exact = {place.label: place for found, place in self._named_from(name) if found == name}
            places = [place for place in exact.values() if not state or place.state == state]
            if places:
                return _only_place(places, name) if state else _likeliest(places, text)
        return None

    def cities_in(self, box: Box) -> Iterator[Place]:
        """See ``find_cities``."""
        south, west, north, east = box
        for place in self._cities:
            if south <= place.latitude <= north and west <= place.longitude <= east:
                yield place

    # ------------------------------------------------------------ inside

    def _collect_areas(self, rows: Iterable[dict]) -> dict[tuple[str, str, str], tuple[str, list[_Zip]]]:
        """Return name and ZIP codes by (kind, normalized name, state), which makes two spellings one place."""
        normalize = lru_cache(maxsize=None)(normalize_name)
        areas: dict[tuple[str, str, str], tuple[str, list[_Zip]]] = {}
        for row in rows:
            city, state = row["city"], row["state"]
            county = re.sub(r" city$", " City", row["county"])
            latitude, longitude = float(row["lat"] or 0), float(row["long"] or 0)
            if not latitude and not longitude:  # the list writes an unknown position as zeros
                continue
            is_standard = row["zip_code_type"] == "STANDARD"
            zip_code = _Zip(row["zip_code"], latitude, longitude, city, county, state, is_standard)
            self._zips[zip_code.code] = zip_code
            names = {("state", state): STATE_NAMES[state], ("city", normalize(city)): city}
            for further_name in row["acceptable_cities"]:
                if not ABBREVIATION.search(further_name):
                    names.setdefault(("city", normalize(further_name)), further_name)
            if county and state != "DC":  # the district is its own state
                names["county", normalize(county)] = county
            for (kind, name), spelling in names.items():
                key = (kind, name, state)
                if key in areas:
                    areas[key][1].append(zip_code)
                else:
                    areas[key] = (spelling, [zip_code])
        return areas

    def _readings(self, text: str, *, partial: bool = False) -> Iterator[tuple[str, str]]:
        """Yield the ways to read a text as (normalized name, state): "kansas city, mo" is a name and a state.

        A comma sets the state off; without one the last words may be a state or part of the name. With ``partial`` the
        state may be the beginning of one in small letters, as ``_is_in`` takes it.
        """
        name, comma, rest = text.rpartition(",")
        if comma:
            state = self._state_from(rest, partial=partial)
            if state or not rest.strip():
                yield normalize_name(name), state
            return
        yield normalize_name(text), ""
        words = text.split()
        splits = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(max(1, len(words) - 3), len(words))]
        readings = [(normalize_name(name), self._state_from(rest, partial=partial)) for name, rest in splits]
        yield from sorted((reading for reading in readings if reading[1]), key=lambda item: item[1] not in STATE_NAMES)

    def _state_from(self, text: str, *, partial: bool) -> str:
        """Return the state of this name, "" if there is none; with ``partial`` also the beginning of a state's name."""
        name = normalize_name(text)
        state = self._states_by_name.get(name, "")
        is_beginning = partial and name and any(known.startswith(name) for known in self._states_by_name)
        return state or (name if is_beginning else "")

    def _named_from(self, beginning: str) -> Iterator[tuple[str, Place]]:
        if not beginning:
            return
        for position in range(bisect_left(self._names, beginning), len(self._names)):
            if not self._names[position].startswith(beginning):
                return
            yield self._names[position], self._named[position]

    def _zips_from(self, beginning: str) -> Iterator[Place]:
        for position in range(bisect_left(self._zip_codes, beginning), len(self._zip_codes)):
            if not self._zip_codes[position].startswith(beginning):
                return
            yield self._zip_place(self._zip_codes[position])

    def _zip_place(self, code: str) -> Place:
        return _make_place("zip", code, [self._zips[code]])


def _names(place: Place) -> set[str]:
    """Return the normalized names that a place is found by, without its state unless it is one."""
    if place.kind == "state":
        return {place.state.lower(), place.label.lower(), normalize_name(place.option_text)}
    name = normalize_name(place.city or place.county)
    return {name, COUNTY_WORDS.sub("", name)} if place.kind == "county" else {name}


def _score(place: Place) -> float:
    return place.zip_count * KIND_WEIGHTS[place.kind]


def _is_in(place: Place, state: str) -> bool:
    """Say whether a place is in this state, or in one whose name begins so ("a", "ariz")."""
    beginning = state.lower()
    return place.state.lower().startswith(beginning) or STATE_NAMES[place.state].lower().startswith(beginning)


def _only_place(places: list[Place], name: str) -> Place:
    """Return the place of a state that a name means: the city, else the one whose whole name it is."""
    return min(places, key=lambda place: (place.kind != "city", normalize_name(place.county) != name))


def _likeliest(places: list[Place], text: str) -> Place:
    """Return the place that a name without a state means. Raises AmbiguousPlace if several are likely."""
    cities = {place.state: place for place in places if place.kind == "city"}
    is_state_named_so = any(place.kind == "state" for place in places)

    def is_overshadowed(county: Place) -> bool:
        return is_state_named_so or (county.state in cities and _is_most_of(cities[county.state], county))

    meant = [place for place in places if place.kind != "county" or not is_overshadowed(place)]
    meant.sort(key=_score, reverse=True)
    if len(meant) == 1 or _score(meant[0]) >= CLEAR_LEAD * _score(meant[1]):
        return meant[0]
    raise AmbiguousPlace(text, meant)


def _is_most_of(city: Place, county: Place) -> bool:
    same_county = normalize_name(city.county) == normalize_name(county.county)
    return same_county and city.zip_count >= CITY_SHARE_OF_COUNTY * county.zip_count
