"""Each filter group and operator is honoured: what a search finds is what looking at every full record finds."""

from datetime import date, timedelta
from typing import Any

import pytest

from atlas_site.sandbox.batchdata import fields
from atlas_site.sandbox.market.quicklists import CONDITIONS, response_key
from atlas_site.vendors.batchdata import criteria as gateway
from atlas_site.vendors.batchdata.quicklists import QUICKLISTS
from tests.sandbox.conftest import Api

Record = dict[str, Any]


def at(record: Any, path: str) -> Any:
    """The value at a dotted path, or None."""
    for step in path.split("."):
        record = record.get(step) if isinstance(record, dict) else None
    return record


def day(value: Any) -> date | None:
    return date.fromisoformat(value[:10]) if value else None


def between(value: Any, low: Any, high: Any) -> bool:
    return value is not None and low <= value <= high


def lower(value: Any) -> str:
    return str(value).lower() if value is not None else ""


def liens(record: Record) -> list[Record]:
    return (record.get("involuntaryLien") or {}).get("liens", [])


def mortgages(record: Record) -> list[Record]:
    return (record.get("openLien") or {}).get("mortgages", [])


NUMBERS = [
    # group, field, path in the record, min, max
    ("assessment", "totalAssessedValue", "assessment.totalAssessedValue", 100_000, 200_000),
    ("assessment", "totalMarketValue", "assessment.totalMarketValue", 150_000, 300_000),
    ("assessment", "assessedLandValue", "assessment.assessedLandValue", 20_000, 40_000),
    ("assessment", "landMarketValue", "assessment.landMarketValue", 40_000, 90_000),
    ("building", "bedroomCount", "building.bedroomCount", 3, 4),
    ("building", "bathroomCount", "building.bathroomCount", 1.5, 2.5),
    ("building", "livingAreaSquareFeet", "building.livingAreaSquareFeet", 1200, 1800),
    ("building", "totalBuildingAreaSquareFeet", "building.totalBuildingAreaSquareFeet", 1200, 2400),
    ("building", "yearBuilt", "building.yearBuilt", 1960, 1990),
    ("building", "storyCount", "building.storyCount", 2, 9),
    ("building", "roomCount", "building.roomCount", 6, 8),
    ("building", "unitCount", "building.unitCount", 2, 4),
    ("building", "garageParkingSpaceCount", "building.garageParkingSpaceCount", 2, 3),
    ("building", "residentialUnitCount", "building.residentialUnitCount", 2, 8),
    ("lot", "lotSizeSquareFeet", "lot.lotSizeSquareFeet", 5000, 9000),
    ("lot", "lotSizeAcres", "lot.lotSizeAcres", 0.1, 0.25),
    ("propertyOwnerProfile", "propertiesCount", "propertyOwnerProfile.propertiesCount", 2, 30),
    ("propertyOwnerProfile", "propertiesTotalEquity", "propertyOwnerProfile.propertiesTotalEquity", 200_000, 900_000),
    ("propertyOwnerProfile", "mortgagesCount", "propertyOwnerProfile.mortgagesCount", 2, 9),
    ("valuation", "estimatedValue", "valuation.estimatedValue", 200_000, 400_000),
    ("valuation", "equityPercent", "valuation.equityPercent", -50, 40),
    ("valuation", "equityCurrentEstimatedBalance", "valuation.equityCurrentEstimatedBalance", 50_000, 150_000),
    ("valuation", "ltv", "valuation.ltv", 20, 80),
    ("valuation", "confidenceScore", "valuation.confidenceScore", 85, 90),
    ("openLien", "totalOpenLienCount", "openLien.totalOpenLienCount", 0, 0),
    ("openLien", "totalOpenLienBalance", "openLien.totalOpenLienBalance", 50_000, 200_000),
    ("sale", "lastSalePrice", "sale.lastSale.price", 100_000, 250_000),
    ("sale", "lastSalePricePerSquareFoot", "sale.lastSale.pricePerSquareFoot", 50, 150),
    ("sale", "flipLength", "sale.flipLength", 3, 12),
    ("sale", "flipProfit", "sale.flipProfit", 20_000, 200_000),
    ("listing", "price", "listing.price", 100_000, 400_000),
    ("listing", "daysOnMarket", "listing.daysOnMarket", 10, 60),
    ("foreclosure", "pastDueAmount", "foreclosure.pastDueAmount", 5_000, 20_000),
    ("foreclosure", "auctionMinimumBidAmount", "foreclosure.auctionMinimumBidAmount", 1, 900_000),
    ("demographics", "age", "demographics.age", 40, 60),
    ("demographics", "income", "demographics.income", 40_000, 80_000),
    ("demographics", "netWorth", "demographics.netWorth", 100_000, 400_000),
    ("demographics", "discretionaryIncome", "demographics.discretionaryIncome", 5_000, 20_000),
    ("demographics", "householdSize", "demographics.householdSize", 3, 4),
    ("permit", "permitCount", "permit.permitCount", 1, 2),
    ("permit", "totalJobValue", "permit.totalJobValue", 5_000, 30_000),
    ("intel", "salePropensity", "intel.salePropensity", 55, 100),
    ("intel", "lastSoldPrice", "intel.lastSoldPrice", 100_000, 250_000),
    ("intel", "lengthOfResidenceMonths", "intel.lengthOfResidenceMonths", 24, 120),
    ("owner", "lengthOfResidenceYears", "intel.lengthOfResidenceYears", 10, 20),
    ("tax", "taxDelinquentYear", "tax.taxDelinquentYear", 2000, 2100),
]


@pytest.mark.parametrize(("group", "field", "path", "low", "high"), NUMBERS, ids=str)
def test_a_range_finds_exactly_the_records_in_it(
    api: Api, group: str, field: str, path: str, low: float, high: float
) -> None:
    expected = {record["_id"] for record in api.market if between(at(record, path), low, high)}
    assert 0 < len(expected) < len(api.market)
    assert set(api.ids({group: {field: {"min": low, "max": high}}})) == expected


STRINGS = [
    ({"address": {"city": {"equals": "phoenix"}}}, lambda r: at(r, "address.city") == "Phoenix"),
    ({"address": {"state": {"inList": ["AZ", "TX"]}}}, lambda r: at(r, "address.state") in ("AZ", "TX")),
    ({"address": {"state": {"notInList": ["AZ", "TX"]}}}, lambda r: at(r, "address.state") not in ("AZ", "TX")),
    ({"address": {"zip": {"startsWith": "850"}}}, lambda r: at(r, "address.zip").startswith("850")),
    ({"address": {"street": {"contains": "palm"}}}, lambda r: "palm" in lower(at(r, "address.street"))),
    ({"address": {"street": {"endsWith": " Ave"}}}, lambda r: at(r, "address.street").endswith(" Ave")),
    ({"address": {"street": {"matches": ["oak", "elm"]}}},
     lambda r: "oak" in lower(at(r, "address.street")) or "elm" in lower(at(r, "address.street"))),
    ({"address": {"countyFipsCode": {"equals": "04013"}}}, lambda r: at(r, "address.countyFipsCode") == "04013"),
    ({"address": {"county": {"equals": "Maricopa"}}}, lambda r: at(r, "address.county") == "Maricopa"),
    ({"address": {"cityState": {"equals": "Dallas, TX"}}},
     lambda r: (at(r, "address.city"), at(r, "address.state")) == ("Dallas", "TX")),
    ({"address": {"addressValidity": {"equals": "Partially Valid"}}},
     lambda r: at(r, "address.addressValidity") == "Partially Valid"),
    ({"building": {"pool": {"contains": "Pool"}}}, lambda r: "pool" in lower(at(r, "building.pool"))),
    ({"building": {"airConditioningSource": {"notInList": ["Central"]}}},
     lambda r: at(r, "building.airConditioningSource") not in (None, "Central")),
    ({"building": {"style": {"equals": "Ranch"}}}, lambda r: at(r, "building.style") == "Ranch"),
    ({"building": {"features": {"inList": ["Deck"]}}}, lambda r: "Deck" in (at(r, "building.features") or [])),
    ({"general": {"propertyTypeCategory": {"equals": "Commercial"}}},
     lambda r: at(r, "general.propertyTypeCategory") == "Commercial"),
    ({"general": {"propertyTypeDetail": {"inList": ["Duplex", "Triplex"]}}},
     lambda r: at(r, "general.propertyTypeDetail") in ("Duplex", "Triplex")),
    ({"ids": {"apn": {"startsWith": "1"}}}, lambda r: at(r, "ids.apn").startswith("1")),
    ({"ids": {"taxId": {"startsWith": "2"}}}, lambda r: at(r, "ids.taxId").startswith("2")),
    ({"owner": {"lastName": {"startsWith": "S"}}}, lambda r: lower(owner_name(r, "last")).startswith("s")),
    ({"owner": {"firstName": {"contains": "an"}}}, lambda r: "an" in lower(owner_name(r, "first"))),
    ({"owner": {"fullName": {"endsWith": "LLC"}}}, lambda r: at(r, "owner.fullName").endswith("LLC")),
    ({"owner": {"mailingState": {"equals": "AZ"}}}, lambda r: at(r, "owner.mailingAddress.state") == "AZ"),
    ({"owner": {"mailingState": {"notInList": ["AZ"]}}},
     lambda r: at(r, "owner.mailingAddress.state") not in (None, "AZ")),
    ({"owner": {"mailingCity": {"equals": "Houston"}}}, lambda r: at(r, "owner.mailingAddress.city") == "Houston"),
    ({"owner": {"ownerStatusType": {"equals": "Trust"}}}, lambda r: at(r, "owner.ownerStatusType") == "Trust"),
    ({"openLien": {"firstLoanType": {"equals": "FHA"}}},
     lambda r: mortgages(r) and mortgages(r)[0]["loanType"] == "FHA"),
    ({"openLien": {"allLoanTypes": {"inList": ["Home Equity Line of Credit"]}}},
     lambda r: "Home Equity Line of Credit" in (at(r, "openLien.allLoanTypes") or [])),
    ({"openLien": {"secondLoanType": {"equals": "Home Equity Line of Credit"}}},
     lambda r: len(mortgages(r)) > 1 and mortgages(r)[1]["loanType"] == "Home Equity Line of Credit"),
    ({"sale": {"lastSaleDocumentType": {"equals": "Grant Deed"}}},
     lambda r: at(r, "sale.lastSale.documentType") == "Grant Deed"),
    ({"listing": {"status": {"inList": ["Expired", "Canceled"]}}},
     lambda r: at(r, "listing.status") in ("Expired", "Canceled")),
    ({"listing": {"statusCategory": {"equals": "Pending"}}}, lambda r: at(r, "listing.statusCategory") == "Pending"),
    ({"foreclosure": {"status": {"equals": "Notice of Default"}}},
     lambda r: at(r, "foreclosure.status") == "Notice of Default"),
    ({"foreclosure": {"status": {"startsWith": "Notice of"}}},
     lambda r: lower(at(r, "foreclosure.status")).startswith("notice of")),
    ({"involuntaryLien": {"lienType": {"inList": ["Federal Tax", "State Tax"]}}},
     lambda r: any(lien["lienType"] in ("Federal Tax", "State Tax") for lien in liens(r))),
    ({"involuntaryLien": {"lienAmount": {"min": 10_000, "max": 30_000}}},
     lambda r: any(10_000 <= lien["lienAmount"] <= 30_000 for lien in liens(r))),
    ({"demographics": {"homeownerRenter": {"equals": "Owner"}}},
     lambda r: at(r, "demographics.homeownerRenter") == "Owner"),
    ({"demographics": {"investments": {"inList": ["Stocks"]}}},
     lambda r: "Stocks" in (at(r, "demographics.investments") or [])),
    ({"permit": {"allTags": {"inList": ["solar", "roofing"]}}},
     lambda r: {"solar", "roofing"} & set(at(r, "permit.allTags") or [])),
    ({"lot": {"zoningCode": {"equals": "PUD"}}}, lambda r: at(r, "lot.zoningCode") == "PUD"),
    ({"legal": {"subdivisionName": {"contains": "cedar"}}}, lambda r: "cedar" in lower(at(r, "legal.subdivisionName"))),
    ({"owner": {"ownerOccupied": {"equals": False}}}, lambda r: at(r, "owner.ownerOccupied") is False),
    ({"general": {"vacant": {"equals": True}}}, lambda r: at(r, "general.vacant") is True),
    ({"demographics": {"hasChildren": {"equals": True}}}, lambda r: at(r, "demographics.hasChildren") is True),
    ({"listing": {"rental": {"equals": True}}}, lambda r: at(r, "listing.rental") is True),
    ({"openLien": {"firstLoanInterestRate": {"min": 6}}},
     lambda r: mortgages(r) and mortgages(r)[0]["currentEstimatedInterestRate"] >= 6),
    ({"openLien": {"secondLoanInterestRate": {"min": 1, "max": 5}}},
     lambda r: len(mortgages(r)) > 1 and 1 <= mortgages(r)[1]["currentEstimatedInterestRate"] <= 5),
]  # fmt: skip


def owner_name(record: Record, part: str) -> Any:
    names = at(record, "owner.names") or [{}]
    return names[0].get(part)


@pytest.mark.parametrize(
    ("criteria", "holds"), STRINGS, ids=lambda value: str(value) if isinstance(value, dict) else ""
)
def test_a_filter_finds_exactly_the_records_that_satisfy_it(api: Api, criteria: Record, holds: Any) -> None:
    expected = {record["_id"] for record in api.market if holds(record)}
    assert 0 < len(expected) < len(api.market)
    found = api.ids(criteria)
    assert set(found) == expected
    assert len(found) == len(expected) == api.count(criteria)


DATES = [
    ("sale", "lastSaleDate", lambda r: [at(r, "sale.lastSale.saleDate")]),
    ("owner", "ownershipStartDate", lambda r: [at(r, "owner.ownershipStartDate")]),
    ("openLien", "firstLoanRecordingDate", lambda r: [at(r, "openLien.firstLoanRecordingDate")]),
    ("listing", "listingDate", lambda r: [at(r, "listing.originalListingDate")]),
    ("listing", "soldDate", lambda r: [at(r, "listing.soldDate")]),
    ("listing", "failedListingDate", lambda r: [at(r, "listing.failedListingDate")]),
    ("foreclosure", "recordingDate", lambda r: [at(r, "foreclosure.recordingDate")]),
    ("involuntaryLien", "filingDate", lambda r: [lien["filingDate"] for lien in liens(r)]),
    ("permit", "latestDate", lambda r: [at(r, "permit.latestDate")]),
    ("permit", "earliestDate", lambda r: [at(r, "permit.earliestDate")]),
]


@pytest.mark.parametrize(("group", "field", "read"), DATES, ids=lambda value: value if isinstance(value, str) else "")
def test_dates_are_filtered_by_limits_and_by_months_ago(api: Api, group: str, field: str, read: Any) -> None:
    today = api.today
    low, high = today - timedelta(days=330), today - timedelta(days=45)
    by_limits = {r["_id"] for r in api.market if any(between(day(v), low, high) for v in read(r))}
    limits = {"minDate": low.isoformat(), "maxDate": high.isoformat()}
    assert set(api.ids({group: {field: limits}})) == by_limits
    since = today.replace(year=today.year - 1, day=min(28, today.day))
    recent = {r["_id"] for r in api.market if any(between(day(v), since, today) for v in read(r))}
    assert recent
    assert set(api.ids({group: {field: {"withinLastMonths": 12}}})) == recent


def test_an_auction_can_lie_ahead(api: Api) -> None:
    today = api.today
    ahead = {r["_id"] for r in api.market if (day(at(r, "foreclosure.auctionDate")) or date.min) >= today}
    assert ahead
    assert set(api.ids({"foreclosure": {"auctionDate": {"minDate": today.isoformat()}}})) == ahead


def test_property_ids_are_taken_and_left_out(api: Api) -> None:
    some = [record["_id"] for record in api.market[5:25]]
    assert set(api.ids({"ids": {"propertyId": {"inList": some}}})) == set(some)
    without = api.ids({"ids": {"propertyId": {"notInList": some}}})
    assert len(without) == len(api.market) - len(some)
    assert not set(some) & set(without)


def test_groups_are_all_required(api: Api) -> None:
    criteria = {
        "query": "Phoenix, AZ", "building": {"bedroomCount": {"min": 3}, "yearBuilt": {"max": 1990}},
        "valuation": {"equityPercent": {"min": 30}}, "permit": {"allTags": {"notInList": ["solar"]}},
    }  # fmt: skip
    expected = {
        r["_id"] for r in api.market
        if at(r, "address.city") == "Phoenix" and at(r, "address.state") == "AZ"
        and (at(r, "building.bedroomCount") or 0) >= 3 and (at(r, "building.yearBuilt") or 9999) <= 1990
        and (at(r, "valuation.equityPercent") or -1) >= 30
        and at(r, "permit.allTags") and "solar" not in at(r, "permit.allTags")
    }  # fmt: skip
    assert expected
    assert set(api.ids(criteria)) == expected


def test_one_of_the_or_blocks_is_enough(api: Api) -> None:
    since = (api.today - timedelta(days=200)).isoformat()
    blocks = [{"listing": {"status": {"equals": "Active"}}}, {"sale": {"lastSaleDate": {"minDate": since}}}]
    expected = {
        r["_id"] for r in api.market
        if at(r, "address.state") == "AZ"
        and (at(r, "listing.status") == "Active" or at(r, "sale.lastSale.saleDate") >= since)
    }  # fmt: skip
    assert set(api.ids({"query": "AZ", "or": blocks})) == expected
    assert set(api.ids({"query": "AZ", "or": [*blocks, {"building": {"bedroomCount": {"min": 1}}}]})) == expected


@pytest.mark.parametrize(
    "criteria",
    [
        {"absenteeOwner": True},
        {"building": {"bedrooms": {"min": 3}}},
        {"building": {"bedroomCount": 3}},
        {"building": {"bedroomCount": {"atLeast": 3}}},
        {"building": {"bedroomCount": {"min": "three"}}},
        {"intel": {"lastSoldDate": {"minDate": "2026-01-01"}}},
        {"sale": {"lastSaleDate": {"minDate": "soon"}}},
        {"quickLists": ["no-such-list"]},
        {"or": [{"valuation": {"ltv": {"max": 10}}}]},
        {"owner": None, "permit": [], "address": "Phoenix"},
    ],
    ids=str,
)
def test_what_the_vendor_does_not_know_is_ignored_with_a_200(api: Api, criteria: Record) -> None:
    assert api.count(criteria) == len(api.market)


def test_the_sandbox_honors_every_filter_sort_and_list_that_the_gateway_may_send() -> None:
    for group, names in gateway.FIELDS.items():
        assert set(names) <= set(fields.FIELDS[group]), group
    assert all(fields.sort_expression(name) for name in gateway.SORT_FIELDS)
    for slug, quicklist in QUICKLISTS.items():
        assert slug in CONDITIONS
        assert quicklist.key == response_key(slug)
