"""Addresses: a street with its unit, and the place it lies in."""

import re
from functools import lru_cache
from typing import NamedTuple

import usaddress

from leads.imports.identity import place_key
from leads.imports.values.placeholders import clean
from leads.imports.values.places import (
    COUNTRY_AT_END,
    ZIP_AT_END,
    city_key,
    read_zip,
    split_city_state_zip,
    split_state,
    state_code,
    zip_state,
)
from leads.imports.values.street_words import LONE_UNITS, UNIT_TYPES
from leads.imports.values.streets import Street, normal_line, read_street, read_street_by_library, second_line


class Place(NamedTuple):
    """City, state and ZIP code of a row. `state` is a postal code, or as written where none is known."""

    city: str = ""
    state: str = ""
    zip5: str = ""
    plus4: str = ""
    zip_text: str = ""
    """The ZIP code as it is shown: "01109", "78744-0001", or as written where it is none."""
    city_key: str = ""


class Address(NamedTuple):
    """One address of a row.

    `street` is the street as it was written, with its unit; `unit` is the unit alone in its usual spelling. The place
    has its lost zeros back, and its state from the ZIP code where the row had none.
    """

    street: str
    unit: str
    place: Place
    street_key: str
    """What compares streets and units however they are written: "9419 S UMBER PL#3B"."""
    has_number: bool
    """False for land without a house number, of which one street may have several parcels."""

    @property
    def keys(self) -> tuple[str, ...]:
        """What compares addresses: street and ZIP code, street and city; a street without either stands alone."""
        if not self.street_key:
            return ()
        _, state, zip5, _, _, city = self.place
        if zip5:
            by_zip = f"{self.street_key}|{zip5}"
            return (by_zip, f"{self.street_key}|{city}|{state}") if city and state else (by_zip,)
        return (f"{self.street_key}|{city}|{state}",)


NOWHERE = Place()
WORDS_OF_A_STREET = 2
"""The blanks of the shortest street with number and kind; behind it, and a comma, the city may be said again."""

COUNTY_PART = re.compile(r"\b(?:county|parish|co\.?)$", re.IGNORECASE)
UNIT_PART = re.compile(
    rf"(?:(?:{'|'.join(word for word in UNIT_TYPES if word != '#')})\b\.?|#)\s*#?\s*[\w-]{{1,6}}$", re.IGNORECASE
)
ZIP_WITHOUT_ZEROS_AT_END = re.compile(r"[\s,](\d{3,4}(?:-\d{4})?)(?:\.0+)?$")


@lru_cache(maxsize=8192)
def read_place(city: str, state: str, zip_code: str, combined: str = "") -> Place:
    """Return the place of a row from its three cells, and from a cell that holds all three at once."""
    city, state, zip_code, combined = clean(city), clean(state), clean(zip_code), clean(combined)
    code = state_code(state) or ""
    whole = split_city_state_zip(combined) if combined else None
    if city and not state and ("," in city or city[-1:].isdigit()):
        parts = split_city_state_zip(city)
        if parts.state:
            city, code, zip_code = parts.city, parts.state, zip_code or str(parts.zip5)
    if whole:
        city = city or whole.city
        code = code or ("" if state else whole.state)
    found = read_zip(zip_code, code) if zip_code else None
    zip5, plus4 = found or ("", "")
    if not zip_code and whole and whole.zip5:
        zip5, plus4 = whole.zip5, whole.plus4
    if zip5 and not state and not code:
        code = zip_state(zip5) or ""
    zip_text = (f"{zip5}-{plus4}" if plus4 else zip5) or zip_code
    return Place(city.strip(" ,"), code or state, zip5, plus4, zip_text, city_key(city))


def read_address(street: str, city: str = "", state: str = "", zip_code: str = "", *, line_2: str = "") -> Address:
    """Return an address from a street's cells and those of its place.

    `line_2` is the second address line. A place that stands behind the street in its own cell counts where the
    place's cells are blank. Placeholders are blanks; an address without a street has `street` "".
    """
    return address_at(second_line(clean(street), clean(line_2)), read_place(city, state, zip_code))


def place_keys(street: str | None, city: str | None, state: str | None, zip_code: str | None) -> list[str]:
    """Return the keys by which contacts know a place: with its ZIP code, and with its city."""
    return [place_key(value) for value in read_address(street or "", city or "", state or "", zip_code or "").keys]


def address_at(street: str, place: Place) -> Address:
    """Return the address of a cleaned street at a place."""
    if not street:
        return Address("", "", place, "", False)
    return address_of(street, read_street(street), place)


def address_by_library(street: str, place: Place) -> Address:
    """Return what `address_at` returns, the street read by the library."""
    if not street:
        return Address("", "", place, "", False)
    return address_of(street, read_street_by_library(normal_line(street)), place)


def address_of(written: str, street: Street, place: Place) -> Address:
    """Return the address of a street that was read."""
    if street.state and not (place.city or place.state or place.zip_text):
        place = read_place(street.city, street.state, f"{street.zip5}{street.plus4}")
    key = street.full_key
    if "," in written and place.city_key and key.endswith(f" {place.city_key}") and key.count(" ") > WORDS_OF_A_STREET:
        key = key.removesuffix(f" {place.city_key}")
    return Address(written, street.unit, place, key, street.has_number)


def split_full_address(text: str) -> tuple[str, Place]:
    """Return (street, place) of an address in one cell: "4829 E Vinewood Pl, Apt 100, Houston, TX 77036".

    The state and the ZIP code are read from the end; before them the last part behind a comma is the city, unless it
    is a unit; without a comma the words behind the kind of street are the city. Countries and counties are left out.
    """
    rest = COUNTRY_AT_END.sub("", clean(text.replace("\n", ", "))).strip(" ,")
    digits = ""
    found = ZIP_AT_END.search(rest)
    short = ZIP_WITHOUT_ZEROS_AT_END.search(rest)
    if found and len(found[1]) >= 5:
        digits, rest = found[1], rest[: found.start()].strip(" ,")
    elif short and split_state(rest[: short.start()], has_zip=True)[1]:
        digits, rest = short[1], rest[: short.start()].strip(" ,")
    before, state = split_state(rest, has_zip=bool(digits))
    if state and not before:
        before, state = rest, ""
    parts = [part.strip() for part in before.split(",") if part.strip()]
    if len(parts) > 1 and COUNTY_PART.search(parts[-1]) and not any(c.isdigit() for c in parts[-1]):
        parts.pop()
    city = ""
    if len(parts) > 1 and not is_unit(parts[-1]):
        city = parts.pop()
    elif len(parts) == 1 and (state or digits):
        parts, city = city_behind_street(parts[0])
        if parts and not (city or digits or "," in rest):
            return rest, NOWHERE  # the Court of "12 Elm Ct" is not Connecticut
    return ", ".join(parts), read_place(city, state, digits)


def is_unit(part: str) -> bool:
    """True for a part of an address that is a unit: "Apt 100", "#5", "Rear"."""
    return UNIT_PART.match(part) is not None or part.upper() in LONE_UNITS


def city_behind_street(text: str) -> tuple[list[str], str]:
    """Return ([street], city) of "4829 E Vinewood Pl Houston", as the library tells them apart."""
    if not any(c.isdigit() for c in text):
        return [], text
    labels = usaddress.parse(text)
    end = len(labels)
    while end > 1 and labels[end - 1][1] == "PlaceName":
        end -= 1
    words = text.split()
    if end == len(labels) or len(words) != len(labels):
        return [text], ""
    return [" ".join(words[:end])], " ".join(words[end:])
