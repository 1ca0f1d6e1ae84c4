"""Writes address, ids, building, lot and public rolls of a record."""

from typing import Any

from atlas_site.sandbox.market.people import pick
from atlas_site.sandbox.market.writer import Group, Writer

UTC_OFFSETS = {"America/New_York": "-5", "America/Chicago": "-6", "America/Denver": "-7", "America/Phoenix": "-7",
               "America/Los_Angeles": "-8", "America/Anchorage": "-9", "Pacific/Honolulu": "-10"}  # fmt: skip


def address(writer: Writer) -> Group:
    """Write ``address``: the situs, with coordinates and the vendor's address hash."""
    facts, rnd = writer.facts, writer.rnd
    place = facts["place"]
    street_no_unit = facts["street"].partition(" Unit ")[0]
    return writer.known({
        "houseNumber": facts["house_number"], "street": facts["street"], "city": facts["city"],
        "county": facts["county"], "state": facts["state"], "zip": facts["zip"],
        "zipPlus4": f"{int(rnd() * 9000) + 1000}",
        "latitude": facts["lat"], "longitude": facts["lon"], "countyFipsCode": facts["fips"], "hash": facts["hash"],
        "addressValidity": "Valid" if rnd() < 0.95 else "Partially Valid",
        "cityAliases": list(place.aliases), "localities": [facts["city"]],
        "unitType": "Unit" if facts["unit"] else None,
        "unitNumber": facts["unit"], "streetNoUnit": street_no_unit,
        "formattedStreet": street_no_unit.partition(" ")[2], "geoStatus": "Rooftop Match", "geoStatusCode": "A",
        "oldHashes": [facts["hash"][::-1]] if rnd() < 0.1 else [],
    })  # fmt: skip


def ids(writer: Writer) -> Group:
    """Write ``ids``."""
    facts = writer.facts
    return writer.known({
        "apn": facts["apn"], "fipsCode": facts["fips"], "taxId": facts["apn"].replace("-", ""), "oldApn": None,
        "addressHash": facts["hash"], "personIds": [],
    })  # fmt: skip


def assessment(writer: Writer) -> Group | None:
    """Write ``assessment``; the roll of last year."""
    facts = writer.facts
    return writer.known({
        "assessmentYear": facts["year"] - 1, "assessedLandValue": facts["assessed_land"],
        "assessedImprovementValue": facts["assessed_improvement"], "totalAssessedValue": facts["assessed_total"],
        "marketValueYear": facts["year"] - 1, "landMarketValue": int(facts["market_total"] * 0.25),
        "improvementMarketValue": facts["market_total"] - int(facts["market_total"] * 0.25),
        "totalMarketValue": facts["market_total"],
    })  # fmt: skip


def building(writer: Writer) -> Group | None:
    """Write ``building``; bare land has none."""
    facts, rnd = writer.facts, writer.rnd
    if not facts["area"]:
        return writer.empty({"features": []})
    baths = facts["baths"]
    return writer.known({
        "yearBuilt": facts["year_built"], "effectiveYearBuilt": facts["year_built"], "bedroomCount": facts["beds"],
        "bathroomCount": int(baths) if baths is not None and baths == int(baths) else baths,
        "calculatedBathroomCount": baths, "fullBathroomCount": None if baths is None else int(baths),
        "partialBathroomCount": None if baths is None else int(baths != int(baths)),
        "livingAreaSquareFeet": facts["living_area"], "totalBuildingAreaSquareFeet": facts["total_area"],
        "storyCount": facts["stories"], "roomCount": facts["rooms"], "unitCount": facts["units"],
        "residentialUnitCount": facts["units"] if facts["category"] == "Residential" else 0,
        "commercialUnitCount": 0 if facts["category"] == "Residential" else facts["units"], "buildingCount": 1,
        "garage": "Attached" if facts["garage_spaces"] else None, "garageParkingSpaceCount": facts["garage_spaces"],
        "pool": facts["pool"], "style": pick(rnd, ("Ranch", "Conventional", "Colonial", "Bungalow")),
        "roofCover": pick(rnd, ("Composition Shingle", "Tile", "Metal")),
        "roofType": pick(rnd, ("Gable", "Hip", "Flat")),
        "heatSource": pick(rnd, ("Forced Air", "Heat Pump", "Baseboard")), "airConditioningSource": facts["cooling"],
        "constructionType": pick(rnd, ("Frame", "Masonry", "Concrete Block")),
        "exteriorWalls": pick(rnd, ("Stucco", "Brick", "Vinyl Siding", "Wood")),
        "foundation": pick(rnd, ("Slab", "Crawl Space", "Basement")), "fireplaceCount": int(rnd() * 1.6),
        "features": [pick(rnd, ("Patio", "Porch", "Deck", "Balcony"))] if rnd() < 0.4 else [],
    })  # fmt: skip


def general(writer: Writer) -> Group:
    """Write ``general``."""
    facts, rnd = writer.facts, writer.rnd
    place = facts["place"]
    return writer.known({
        "propertyTypeCategory": facts["category"], "propertyTypeDetail": facts["detail"],
        "standardizedLandUseCode": f"{1000 + sum(map(ord, facts['detail'])) % 900}", "vacant": bool(facts["vacant"]),
        "vacantDate": None, "mailingAddressVacant": bool(facts["mail_vacant"]), "parcelCount": 1, "primaryParcel": True,
        "mobileHome": facts["detail"] == "Mobile/Manufactured Home", "schoolDistrict": f"{facts['county']} Unified",
        "censusTract": f"{int(rnd() * 9000) + 1000}.0{int(rnd() * 9)}", "carrierRoute": f"C0{int(rnd() * 90) + 10}",
        "congressionalDistrict": f"{int(rnd() * 9) + 1:02}", "timeZone": place.timezone,
        "utcOffset": UTC_OFFSETS.get(place.timezone, "-5"),
        "daylightSavingsTime": place.timezone not in ("America/Phoenix", "Pacific/Honolulu"),
    })  # fmt: skip


def legal(writer: Writer) -> Group:
    """Write ``legal``."""
    facts, rnd = writer.facts, writer.rnd
    lot_number = str(int(rnd() * 400) + 1)
    name = facts["subdivision"]
    return writer.known({
        "legalDescription": f"{name or facts['city']} LOT {lot_number}".upper(), "subdivisionName": name,
        "lotNumber": lot_number, "block": str(int(rnd() * 30) + 1) if rnd() < 0.5 else None, "section": None,
        "tractNumber": None, "phaseNumber": None, "district": None,
    })  # fmt: skip


def lot(writer: Writer) -> Group | None:
    """Write ``lot``; a condominium unit has none of its own."""
    facts = writer.facts
    square_feet = facts["lot_sqft"]
    if square_feet is None:
        return writer.empty({"zoningCode": ""})
    frontage = int((square_feet / 2) ** 0.5)
    return writer.known({
        "lotSizeAcres": facts["lot_acres"], "lotSizeSquareFeet": square_feet, "lotDepthFeet": frontage * 2,
        "lotFrontageFeet": frontage, "zoningCode": facts["zoning"], "topography": None, "siteInfluence": None,
    })  # fmt: skip


def tax(writer: Writer) -> Group:
    """Write ``tax``."""
    facts, rnd = writer.facts, writer.rnd
    age: Any = facts["age"]
    return writer.known({
        "taxYear": facts["year"] - 1, "taxAmount": int(facts["market_total"] * (0.006 + 0.012 * rnd())),
        "taxDelinquentYear": facts["tax_delinquent_year"],
        "taxExemptions": "Senior" if age and age >= 65 and facts["owner_occupied"] else None,
        "taxRateCodeArea": f"{int(rnd() * 900000) + 100000}", "schoolTaxDistrictCodes": [f"{int(rnd() * 90) + 10}"],
    })  # fmt: skip


def images(writer: Writer) -> Group | None:
    """Write ``images``: addresses of pictures that are not there to be fetched."""
    if writer.rnd() < 0.5:
        return writer.empty({"imageCount": 0, "imageUrls": []})
    count = 1 + int(writer.rnd() * 4)
    name = writer.facts["id"]
    return {"imageCount": count, "imageUrls": [f"https://images.example.com/{name}/{n}.jpg" for n in range(count)]}
