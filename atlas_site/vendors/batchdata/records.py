"""A property as the vendor describes it: the raw record, kept whole, and typed views of it that never fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from atlas_site.vendors import lenient
from atlas_site.vendors.batchdata.contacts import Email, Phone, emails_of, phones_of


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; every part may be unknown."""

    street: str | None = None
    city: str | None = None
    county: str | None = None
    state: str | None = None
    zip: str | None = None
    zip_plus4: str | None = None

    def __str__(self) -> str:
        place = " ".join(part for part in (self.state, self.zip) if part)
        return ", ".join(part for part in (self.street, self.city, place) if part)

    def __bool__(self) -> bool:
        return any((self.street, self.city, self.county, self.state, self.zip))


@dataclass(frozen=True, slots=True)
class PersonName:
    """A name in its parts, as far as they are known; a company has only ``full``."""

    first: str | None = None
    middle: str | None = None
    last: str | None = None
    full: str | None = None

    def __str__(self) -> str:
        return self.full or " ".join(part for part in (self.first, self.middle, self.last) if part)


def read_address(value: Any) -> Address:
    """Read an address object; anything else is an empty address."""
    raw = value if isinstance(value, dict) else {}
    return Address(
        street=lenient.text(raw.get("street")),
        city=lenient.text(raw.get("city")),
        county=lenient.text(raw.get("county")),
        state=_state(raw.get("state")),
        zip=_zip(raw.get("zip")),
        zip_plus4=lenient.text(raw.get("zipPlus4")),
    )


def read_name(value: Any) -> PersonName:
    """Read a name object or a plain text; anything else is an empty name."""
    if not isinstance(value, dict):
        return PersonName(full=lenient.text(value) if isinstance(value, str) else None)
    return PersonName(
        first=lenient.text(value.get("first")),
        middle=lenient.text(value.get("middle")),
        last=lenient.text(value.get("last")),
        full=lenient.text(value.get("full")),
    )


@dataclass(frozen=True, slots=True)
class PropertyRecord:
    """One property record. ``raw`` is everything the vendor sent, with keys that Atlas does not know.

    Each property reads one value and is None (or empty) when it is missing or cannot be read. Money is in dollars,
    ``equity_percent`` may be negative.
    """

    raw: Mapping[str, Any]

    # ------------------------------------------------------------------ identity
    @property
    def property_id(self) -> str | None:
        """The vendor's id of the property, the key of Atlas's own copy."""
        return lenient.text(self.raw.get("_id"))

    @property
    def request_id(self) -> str | None:
        """The id that Atlas gave to the request which this record answers."""
        return self._text("meta.requestId")

    @property
    def apn(self) -> str | None:
        """The assessor's parcel number."""
        return self._text("ids.apn")

    @property
    def address_hash(self) -> str | None:
        """The vendor's second key of the property."""
        return self._text("address.hash")

    # ------------------------------------------------------------------ place
    @property
    def address(self) -> Address:
        """The situs address: where the property is."""
        return read_address(self.raw.get("address"))

    @property
    def county_fips(self) -> str | None:
        """The five digits that stand for state and county."""
        code = self._text("address.countyFipsCode") or self._text("ids.fipsCode")
        return code.zfill(5) if code and code.isdecimal() and len(code) <= 5 else None

    @property
    def coordinates(self) -> tuple[float, float] | None:
        """Latitude and longitude, when both are known and on the globe."""
        latitude, longitude = self._number("address.latitude"), self._number("address.longitude")
        if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
            return None
        return float(latitude), float(longitude)

    # ------------------------------------------------------------------ owner
    @property
    def owner_name(self) -> str | None:
        """The owner as one text."""
        full = self._text("owner.fullName")
        return full or "; ".join(str(name) for name in self.owner_names if str(name)) or None

    @property
    def owner_names(self) -> tuple[PersonName, ...]:
        """Each owner's name in its parts."""
        return tuple(read_name(name) for name in lenient.objects(self.raw, "owner.names"))

    @property
    def mailing_address(self) -> Address:
        """Where the owner receives mail."""
        return read_address(lenient.dig(self.raw, "owner.mailingAddress"))

    @property
    def owner_occupied(self) -> bool | None:
        """Whether the owner lives there."""
        return lenient.boolean(lenient.dig(self.raw, "owner.ownerOccupied"))

    @property
    def owner_type(self) -> str | None:
        """Individual, Company Owned, Trust, ..."""
        return self._text("owner.ownerStatusType")

    @property
    def phones(self) -> tuple[Phone, ...]:
        """The owner's phone numbers. A litigator's come as well here: whoever shows them has to look first."""
        return phones_of(lenient.dig(self.raw, "owner.phoneNumbers"))

    @property
    def emails(self) -> tuple[Email, ...]:
        """The owner's e-mail addresses."""
        return emails_of(lenient.dig(self.raw, "owner.enrichedEmails"), lenient.dig(self.raw, "owner.emails"))

    @property
    def is_litigator(self) -> bool | None:
        """Whether the owner is known to sue callers."""
        return lenient.boolean(lenient.dig(self.raw, "owner.litigator"))

    @property
    def opted_out_of_mail(self) -> bool | None:
        """Whether the owner wants no advertising by mail."""
        return lenient.boolean(lenient.dig(self.raw, "owner.mailingOptOut"))

    # ------------------------------------------------------------------ building and land
    @property
    def property_type(self) -> str | None:
        """The kind of property in words, such as "Single Family"."""
        return self._text("general.propertyTypeDetail") or self._text("general.propertyTypeCategory")

    @property
    def bedrooms(self) -> int | None:
        """Bedrooms."""
        return self._whole("building.bedroomCount")

    @property
    def bathrooms(self) -> float | None:
        """Bathrooms; halves are usual."""
        return self._number("building.bathroomCount") or self._number("building.calculatedBathroomCount")

    @property
    def living_area_square_feet(self) -> int | None:
        """Living area in square feet."""
        return self._whole("building.livingAreaSquareFeet") or self._whole("building.totalBuildingAreaSquareFeet")

    @property
    def lot_square_feet(self) -> int | None:
        """Size of the lot in square feet."""
        return self._whole("lot.lotSizeSquareFeet")

    @property
    def year_built(self) -> int | None:
        """The year in which the building was built."""
        return lenient.year(lenient.dig(self.raw, "building.yearBuilt"))

    # ------------------------------------------------------------------ money
    @property
    def estimated_value(self) -> int | None:
        """The vendor's estimate of the market value."""
        return self._whole("valuation.estimatedValue")

    @property
    def equity_percent(self) -> float | None:
        """The owner's share of the estimated value; below zero when more is owed."""
        return self._number("valuation.equityPercent")

    @property
    def equity(self) -> int | None:
        """The owner's share of the estimated value in dollars."""
        return self._whole("valuation.equityCurrentEstimatedBalance")

    @property
    def last_sale_on(self) -> date | None:
        """The day of the last sale."""
        return (
            self._day("sale.lastSale.saleDate")
            or self._day("intel.lastSoldDate")
            or self._day("sale.lastSale.recordingDate")
        )

    @property
    def last_sale_price(self) -> int | None:
        """The price of the last sale. A price of zero is one that the county does not publish: unknown."""
        return self._whole("sale.lastSale.price") or self._whole("intel.lastSoldPrice") or None

    @property
    def listing_status(self) -> str | None:
        """Active, Pending, Sold, ..."""
        return self._text("listing.status")

    @property
    def listing_price(self) -> int | None:
        """The asking price."""
        return self._whole("listing.price") or None

    @property
    def foreclosure_status(self) -> str | None:
        """The last recorded step of a foreclosure."""
        return self._text("foreclosure.status")

    @property
    def sale_propensity(self) -> float | None:
        """How likely a sale is, 0 to 100, in the vendor's ranking."""
        return self._number("intel.salePropensity")

    @property
    def signals(self) -> Mapping[str, bool]:
        """The quicklist flags that are known, by their response key; a flag that is missing is unknown."""
        flags = ((key, lenient.boolean(value)) for key, value in lenient.group(self.raw, "quickLists").items())
        return {key: flag for key, flag in flags if flag is not None}

    # ------------------------------------------------------------------ readers
    def _text(self, path: str) -> str | None:
        return lenient.text(lenient.dig(self.raw, path))

    def _number(self, path: str) -> float | None:
        return lenient.number(lenient.dig(self.raw, path))

    def _whole(self, path: str) -> int | None:
        return lenient.whole(lenient.dig(self.raw, path))

    def _day(self, path: str) -> date | None:
        return lenient.day(lenient.dig(self.raw, path))


def _state(value: Any) -> str | None:
    """Two capital letters, or whatever text the vendor has."""
    found = lenient.text(value)
    return found.upper() if found and len(found) == 2 else found


def _zip(value: Any) -> str | None:
    """Five digits, also when the vendor dropped leading zeros or joined the four extra ones."""
    found = (lenient.text(value) or "").split("-")[0]
    return found.zfill(5) if found.isdecimal() and 3 <= len(found) <= 5 else found[:5] or None
