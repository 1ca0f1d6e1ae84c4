"""Plausible property documents and owned-list rows, the same for the same seed, as Atlas itself would store them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from bson import ObjectId

Document = dict[str, Any]

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
DATASETS = ("BASIC", "VALUATION", "QUICKLIST", "DEED")
SHARE_WITH_VALUE = 0.6
SHARE_WITHOUT_PLACE = 0.02
SHARE_OF_THE_OTHER_USER = 5  # one property in so many is another user's too

STREETS = ("Cactus Rd", "E Adams St", "W Camelback Rd", "N Central Ave", "Mesquite Dr", "Juniper Ln", "Palo Verde Way")
FIRST_NAMES = ("Ada", "Ben", "Cora", "Dan", "Elsa", "Finn", "Gwen", "Hugo", "Iris", "Jack", "Kira", "Leon")
LAST_NAMES = ("Archer", "Baker", "Cooper", "Draper", "Fisher", "Glover", "Hooper", "Mason", "Porter", "Turner")
HOUSES = ("Single Family", "Single Family", "Single Family", "Townhouse", "Condominium Unit", "Duplex")
OWNERS = ("Individual", "Individual", "Individual", "Company Owned", "Trust")
STATUSES = ("Active", "Pending", "Sold", "Expired")


class City(NamedTuple):
    """A city whose ZIP codes are ``zip_count`` numbers from ``first_zip`` on."""

    name: str
    county: str
    state: str
    first_zip: int
    zip_count: int
    latitude: float
    longitude: float
    weight: int


CITIES = (
    City("Phoenix", "Maricopa", "AZ", 85003, 50, 33.45, -112.07, 40),
    City("Mesa", "Maricopa", "AZ", 85201, 15, 33.42, -111.83, 15),
    City("Tucson", "Pima", "AZ", 85701, 40, 32.22, -110.97, 20),
    City("Austin", "Travis", "TX", 78701, 50, 30.27, -97.74, 15),
    City("Dallas", "Dallas", "TX", 75201, 50, 32.78, -96.80, 10),
)


def make_documents(*, size: int, owner_id: ObjectId, other_id: ObjectId, seed: int) -> Iterator[list[Document]]:
    """Yield, one property after the other, its document and the rows of those who own it.

    ``owner_id`` owns all ``size`` properties, revealed in no order of theirs, ``other_id`` every fifth.
    """
    random = Random(seed)  # noqa: S311 -- not for secrets
    for number in range(size):
        record = make_property(number, random)
        owners = [owner_id] if number % SHARE_OF_THE_OTHER_USER else [owner_id, other_id]
        yield [record, *(_permission(owner, record, random) for owner in owners)]


def property_id_of(number: int) -> str:
    """Return the vendor's id of the property of this number."""
    return f"{number * 2654435761 % 2**32:010d}"


def make_property(number: int, random: Random) -> Document:
    city = random.choices(CITIES, [each.weight for each in CITIES])[0]
    zip_code = str(city.first_zip + random.randrange(city.zip_count))
    street = f"{random.randrange(1, 9999)} {random.choice(STREETS)}"
    at = BEGINNING + timedelta(seconds=random.randrange(250 * 24 * 3600))
    return {
        "_id": ObjectId(random.randbytes(12)),
        "propertyId": property_id_of(number),
        "address": street,
        "city": city.name,
        "county": city.county,
        "state": city.state,
        "postal_code": zip_code,
        "data": _record(number, random, city, zip_code, street),
        "googleImages": [],
        "hasImageSearched": False,
        "asked": {dataset: {"at": at.isoformat(), "hit": True} for dataset in DATASETS},
        "updatedAt": at,
    }


def _record(number: int, random: Random, city: City, zip_code: str, street: str) -> Document:
    """A vendor record of a few kilobytes: what BASIC, VALUATION, QUICKLIST and DEED bring."""
    value = round(random.lognormvariate(12.9, 0.5), -3)
    equity = random.randrange(-20, 101)
    first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
    address = {
        "street": street,
        "city": city.name,
        "county": city.county,
        "state": city.state,
        "zip": zip_code,
        "zipPlus4": f"{random.randrange(10**4):04}",
        "latitude": city.latitude + random.gauss(0, 0.1),
        "longitude": city.longitude + random.gauss(0, 0.1),
        "addressValidity": "Valid",
    }
    if random.random() < SHARE_WITHOUT_PLACE:
        address |= {"latitude": None, "longitude": None}
    deeds = [_deed(random, f"{first} {last}") for _ in range(random.randrange(1, 6))]
    return {
        "_id": property_id_of(number),
        "address": address,
        "ids": {"apn": f"{random.randrange(10**9):09}", "fipsCode": "04013", "addressHash": random.randbytes(16).hex()},
        "general": {"propertyTypeCategory": "Residential", "propertyTypeDetail": random.choice(HOUSES)},
        "building": {
            "yearBuilt": random.randrange(1920, 2025),
            "bedroomCount": random.randrange(1, 7),
            "bathroomCount": random.randrange(2, 9) / 2,
            "livingAreaSquareFeet": random.randrange(600, 5000),
            "storyCount": random.randrange(1, 4),
            "roomCount": random.randrange(3, 12),
            "airConditioningSource": "Central",
            "heatSource": "Forced air unit",
            "constructionType": "Frame",
            "roofCover": "Composition Shingle",
            "features": ["Patio", "Fence", "Fireplace"],
        },
        "lot": {"lotSizeSquareFeet": random.randrange(2000, 40000), "zoningCode": "R1-6"},
        "legal": {"subdivisionName": f"Unit {random.randrange(400)}", "legalDescription": "Lot as recorded. " * 6},
        "assessment": {"assessmentYear": 2025, "totalAssessedValue": value // 10, "totalMarketValue": value},
        "tax": {"taxYear": 2025, "taxAmount": value // 80},
        "owner": {
            "fullName": f"{first} {last}",
            "names": [{"first": first, "last": last, "full": f"{first} {last}"}],
            "mailingAddress": {key: address[key] for key in ("street", "city", "state", "zip", "zipPlus4")},
            "ownerOccupied": random.random() < 0.6,
            "ownerStatusType": random.choice(OWNERS),
        },
        "sale": {"lastSale": deeds[0], "priorSale": deeds[-1]},
        "deedHistory": deeds,
        "valuation": {
            "estimatedValue": value,
            "priceRangeMin": value * 0.9,
            "priceRangeMax": value * 1.1,
            "confidenceScore": random.randrange(50, 100),
            "equityPercent": equity,
            "equityCurrentEstimatedBalance": value * equity // 100,
        },
        "quickLists": {f"signal{each}": random.random() < 0.2 for each in range(45)},
    }


def _deed(random: Random, owner: str) -> Document:
    sold_on = (date(2025, 12, 31) - timedelta(days=random.randrange(9000))).isoformat()
    return {
        "saleDate": f"{sold_on}T00:00:00.000Z",
        "recordingDate": f"{sold_on}T00:00:00.000Z",
        "salePrice": random.randrange(60, 900) * 1000,
        "documentType": "Warranty Deed",
        "documentNumber": f"{random.randrange(10**10):010}",
        "buyers": [owner],
        "sellers": [f"{random.choice(FIRST_NAMES)} {random.choice(LAST_NAMES)}"],
        "titleCompanyName": "First Valley Title Agency",
    }


def _permission(user_id: ObjectId, record: Document, random: Random) -> Document:
    """What a user owns of the property; only some rows have the values of VALUATION and LISTING."""
    data = record["data"]
    revealed_at = BEGINNING + timedelta(minutes=random.randrange(300 * 24 * 60))
    datasets = ["BASIC", "VALUATION"] if random.random() < SHARE_WITH_VALUE else ["BASIC"]
    has_value = "VALUATION" in datasets
    return {
        "_id": ObjectId(random.randbytes(12)),
        "userId": user_id,
        "propertyId": record["propertyId"],
        "datasets": datasets,
        "unlocked": {dataset: revealed_at.isoformat() for dataset in datasets},
        "proofs": ["High equity"],
        "revealedAt": revealed_at,
        **{key: record[key] for key in ("address", "city", "county", "state", "postal_code")},
        "latitude": data["address"]["latitude"],
        "longitude": data["address"]["longitude"],
        "propertyType": data["general"]["propertyTypeDetail"],
        "bedroomCount": float(data["building"]["bedroomCount"]),
        "bathroomCount": data["building"]["bathroomCount"],
        "livingAreaSquareFeet": float(data["building"]["livingAreaSquareFeet"]),
        "yearBuilt": data["building"]["yearBuilt"],
        "ownerName": data["owner"]["fullName"],
        "ownerType": data["owner"]["ownerStatusType"],
        "ownerOccupied": data["owner"]["ownerOccupied"],
        "lastSaleOn": datetime.fromisoformat(data["sale"]["lastSale"]["saleDate"]),
        "lastSalePrice": float(data["sale"]["lastSale"]["salePrice"]),
        "estimatedValue": data["valuation"]["estimatedValue"] if has_value else None,
        "equityPercent": float(data["valuation"]["equityPercent"]) if has_value else None,
        "listingStatus": random.choice(STATUSES) if has_value else None,
    }
