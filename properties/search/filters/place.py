"""Filters of BASIC about the place: address, parcel, land, assessment and tax."""

from properties.models.records import Dataset
from properties.search.filters.base import Filter, Group
from properties.search.filters.numbers import Number
from properties.search.filters.words import Choice, Shape, Text

ADDRESS = Group("address", "Address and parcel", Dataset.BASIC, ("street", "apn", "parcel number", "zip codes"))
LAND = Group("land", "Lot and zoning", Dataset.BASIC, ("land", "acreage", "parcel size"))
ROLL = Group("roll", "Assessment and tax", Dataset.BASIC, ("assessor", "tax roll", "property tax"))

STATE = Shape(r"[A-Z]{2}", "Two capital letters each, several with commas between them")
ZIP = Shape(r"\d{5}", "Five digits each, several with commas between them")

ADDRESS_FILTERS: tuple[Filter, ...] = (
    Text("street", "Street", ADDRESS, "address.street", "Any part of house number and street.", column="address"),
    Text("zip", "ZIP codes", ADDRESS, "address.zip", "Only in these ZIP codes of the place.", column="postal_code",
         how="inList", aliases=("postal code",), shape=ZIP),
    Text("city", "Cities", ADDRESS, "address.city", "Only in these cities of the place.", column="city", how="inList"),
    Text("county", "Counties", ADDRESS, "address.county", "Only in these counties of the place, without “County”.",
         column="county", how="inList"),
    Text("state", "States", ADDRESS, "address.state", "Only in these states.", column="state", how="inList",
         shape=STATE),
    Text("county_fips", "County codes", ADDRESS, "address.countyFipsCode", "The five digits of state and county.",
         how="inList", aliases=("fips",), shape=ZIP),
    Text("unit_type", "Unit type", ADDRESS, "address.unitType", "How the address names its unit: Unit, Apt, Ste.",
         how="inList", aliases=("apartment", "suite")),
    Choice("address_validity", "Address check", ADDRESS, "address.addressValidity",
           "Whether the postal service knows the address.", aliases=("deliverable", "mailable"),
           choices=("Valid", "Partially Valid", "Invalid")),
    Text("geo_status", "Map position", ADDRESS, "address.geoStatus", "How the position on the map was found.",
         how="startsWith", aliases=("geocode", "rooftop")),
    Text("apn", "Parcel number (APN)", ADDRESS, "ids.apn", "The assessor's parcel number, as the county writes it.",
         how="startsWith", aliases=("apn", "parcel", "assessor's number")),
    Text("tax_id", "Tax id", ADDRESS, "ids.taxId", "The number of the parcel on the tax bill.", how="equals"),
)  # fmt: skip

LAND_FILTERS: tuple[Filter, ...] = (
    Number("lot_acres", "Lot, acres", LAND, "lot.lotSizeAcres", "Size of the lot in acres.", decimals=2,
           zero_is_unknown=True, aliases=("acreage",)),
    Number("lot", "Lot, sq ft", LAND, "lot.lotSizeSquareFeet", "Size of the lot in square feet.", zero_is_unknown=True),
    Text("zoning", "Zoning", LAND, "lot.zoningCode", "The county's zoning code, or its beginning.", how="startsWith",
         aliases=("zone", "r1", "commercial zoning")),
    Text("subdivision", "Subdivision", LAND, "legal.subdivisionName", "Any part of the subdivision's name.",
         aliases=("neighborhood", "tract", "community")),
)  # fmt: skip

ROLL_FILTERS: tuple[Filter, ...] = (
    Number("assessed", "Assessed value", ROLL, "assessment.totalAssessedValue", "What taxes are reckoned from.",
           unit="$", zero_is_unknown=True),
    Number("assessed_land", "Assessed value of the land", ROLL, "assessment.assessedLandValue", unit="$",
           zero_is_unknown=True),
    Number("assessed_building", "Assessed value of the building", ROLL, "assessment.assessedImprovementValue",
           "Zero where nothing is built.", unit="$", aliases=("improvement",)),
    Number("assessed_year", "Year of the assessment", ROLL, "assessment.assessmentYear", is_year=True),
    Number("market", "Market value on the roll", ROLL, "assessment.totalMarketValue",
           "The assessor's own market value, which is not an appraisal.", unit="$", zero_is_unknown=True),
    Number("market_land", "Market value of the land", ROLL, "assessment.landMarketValue", unit="$",
           zero_is_unknown=True),
    Number("market_building", "Market value of the building", ROLL, "assessment.improvementMarketValue", unit="$"),
    Number("market_year", "Year of the market value", ROLL, "assessment.marketValueYear", is_year=True),
    Number("delinquent_year", "Taxes overdue since", ROLL, "tax.taxDelinquentYear",
           "The year from which property taxes are unpaid.", is_year=True,
           aliases=("tax delinquent", "tax default", "back taxes", "tax lien")),
)  # fmt: skip
