"""Records hold exactly the groups and keys of the BatchData API reference, per dataset."""

import re
from collections import defaultdict
from typing import Any

import pytest

from atlas_site.sandbox.market.quicklists import CONDITIONS, response_key
from tests.sandbox.conftest import ALL_DATASETS, Api

ADDRESS = {"houseNumber", "street", "city", "county", "state", "zip", "zipPlus4", "latitude", "longitude",
           "countyFipsCode", "hash", "addressValidity"}  # fmt: skip
MAILING = {"street", "city", "county", "state", "zip", "zipPlus4", "hash", "addressValidity", "dpvMatchCode",
           "dpvFootnotes", "deliveryPointCode"}  # fmt: skip
SALE = {"price", "pricePerSquareFoot", "saleDate", "recordingDate", "documentType", "documentNumber", "saleBuyers",
        "saleSellers", "salePriceIsEstimated", "distressedSaleFlag", "reoFlag", "transactionType"}  # fmt: skip
NAMES = {"first", "middle", "last", "full"}
TAGS = set(
    "addition adu bathroom battery demolition electricMeter electrical evCharger fireSprinkler gas generator grading "
    "heatPump hvac inspectionPassed kitchen newConstruction plumbing poolAndHotTub remodel roofing solar waterHeater "
    "windowDoor".split()
)

TREES: dict[str, dict[str, set[str]]] = {
    "basic": {
        "": {"_id", "ids", "address", "owner", "meta"}, "ids": {"apn"}, "address": ADDRESS,
        "owner": {"fullName", "names", "mailingAddress"}, "owner.mailingAddress": MAILING, "owner.names[]": NAMES,
        "meta": {"requestId", "propertyDateModified"},
    },
    "core": {
        "": {"_id", "ids", "address", "owner", "meta", "assessment", "building", "general", "intel", "legal", "lot",
             "sale", "tax"},
        "ids": {"apn", "fipsCode", "taxId", "oldApn", "addressHash", "personIds"},
        "address": ADDRESS | {"cityAliases", "localities", "unitType", "unitNumber", "streetNoUnit", "formattedStreet",
                              "geoStatus", "geoStatusCode", "oldHashes"},
        "owner": {"fullName", "names", "mailingAddress", "ownerOccupied", "ownerStatusType", "ownershipRights",
                  "ownershipStartDate"},
        "owner.mailingAddress": MAILING, "owner.names[]": NAMES, "meta": {"requestId", "propertyDateModified"},
        "assessment": {"assessmentYear", "assessedLandValue", "assessedImprovementValue", "totalAssessedValue",
                       "marketValueYear", "landMarketValue", "improvementMarketValue", "totalMarketValue"},
        "building": {"yearBuilt", "effectiveYearBuilt", "bedroomCount", "bathroomCount", "calculatedBathroomCount",
                     "fullBathroomCount", "partialBathroomCount", "livingAreaSquareFeet", "totalBuildingAreaSquareFeet",
                     "storyCount", "roomCount", "unitCount", "residentialUnitCount", "commercialUnitCount",
                     "buildingCount", "garage", "garageParkingSpaceCount", "pool", "style", "roofCover", "roofType",
                     "heatSource", "airConditioningSource", "constructionType", "exteriorWalls", "foundation",
                     "fireplaceCount", "features"},
        "general": {"propertyTypeCategory", "propertyTypeDetail", "standardizedLandUseCode", "vacant", "vacantDate",
                    "mailingAddressVacant", "parcelCount", "primaryParcel", "mobileHome", "schoolDistrict",
                    "censusTract", "carrierRoute", "congressionalDistrict", "timeZone", "utcOffset",
                    "daylightSavingsTime"},
        "intel": {"lastSoldDate", "lastSoldPrice", "lengthOfResidenceMonths", "lengthOfResidenceYears"},
        "legal": {"legalDescription", "subdivisionName", "lotNumber", "block", "section", "tractNumber", "phaseNumber",
                  "district"},
        "lot": {"lotSizeAcres", "lotSizeSquareFeet", "lotDepthFeet", "lotFrontageFeet", "zoningCode", "topography",
                "siteInfluence"},
        "sale": {"lastSale", "priorSale", "lastTransfer", "priorTransfer", "flipLength", "flipLengthCategory",
                 "flipProfit"},
        "sale.lastSale": SALE, "sale.priorSale": SALE, "sale.lastTransfer": SALE, "sale.priorTransfer": SALE,
        "tax": {"taxYear", "taxAmount", "taxDelinquentYear", "taxExemptions", "taxRateCodeArea",
                "schoolTaxDistrictCodes"},
    },
    "batchrank": {"intel": {"salePropensity", "salePropensityCategory", "salePropensityStatus"}},
    "valuation": {"valuation": {"estimatedValue", "priceRangeMin", "priceRangeMax", "confidenceScore",
                                "standardDeviation", "asOfDate", "equityCurrentEstimatedBalance", "equityPercent",
                                "ltv"}},
    "owner": {"propertyOwnerProfile": {"propertiesCount", "propertiesTotalEstimatedValue", "propertiesTotalEquity",
                                       "totalPurchasePrice", "averagePurchasePrice", "averageAssessedValue",
                                       "averageYearBuilt", "mortgagesCount", "mortgagesTotalBalance",
                                       "mortgagesAverageBalance"}},
    "contact": {
        "owner": {"phoneNumbers", "emails", "enrichedEmails", "hasLandline", "mailingOptOut", "dnc", "litigator",
                  "bankruptcy", "death", "involuntaryLien"},
        "owner.phoneNumbers[]": {"number", "type", "carrier", "tested", "reachable", "score", "dnc", "tcpa",
                                 "firstReportedDate", "lastReportedDate"},
        "owner.enrichedEmails[]": {"email", "tested"}, "owner.dnc": {"tcpa"},
        "owner.bankruptcy": {"bankruptcy", "filingDate"}, "owner.death": {"deceased", "dateOfDeath"},
        "owner.involuntaryLien": {"lien", "judgement"},
    },
    "deed": {"deedHistory[]": {
        "transactionId", "documentDate", "recordingDate", "saleDate", "salePrice", "documentType", "documentTypeCode",
        "documentNumber", "recordingBook", "recordingPage", "buyers", "sellers", "mailingAddress", "resale",
        "newConstruction", "interFamily", "foreclosure", "reoSale", "multipleOwners", "partialInterestType",
        "transactionType", "transferTax", "ownerRelationshipType"}},
    "mortgage-liens": {
        "mortgageHistory[]": {"borrowers", "lenderName", "lenderType", "loanAmount", "loanType", "loanTypeCode",
                              "loanTermMonths", "interestRate", "interestRateType", "documentDate", "recordingDate",
                              "saleDate", "dueDate", "transactionType"},
        "openLien": {"totalOpenLienCount", "totalOpenLienBalance", "allLoanTypes", "juniorLoanTypes",
                     "firstLoanRecordingDate", "lastLoanRecordingDate", "mortgages"},
        "openLien.mortgages[]": {"lenderName", "assignedLenderName", "loanAmount", "currentEstimatedBalance",
                                 "currentEstimatedInterestRate", "estimatedPaymentAmount", "ltv", "loanType",
                                 "financingType", "loanTermMonths", "recordingDate", "dueDate", "purposeOfLoan",
                                 "adjustableRateRider", "equityCreditLine", "cashPurchase", "constructionLoan",
                                 "standaloneRefi"},
        "involuntaryLien": {"liens"},
        "involuntaryLien.liens[]": {"lienType", "lienTypeCode", "lienAmount", "judgementAmount", "filingDate",
                                    "recordingDate", "documentType", "documentNumber", "bookNumber", "pageNumber",
                                    "taxPeriodEndDate", "attorneyCompanyName", "attorneyPhoneNumber", "parties"},
        "involuntaryLien.liens[].parties[]": {"fullName", "roleType"}, "sale.lastSale": {"mortgages"},
    },
    "foreclosure": {"foreclosure": {
        "status", "statusCode", "flag", "filingDate", "recordingDate", "defaultDate", "releaseDate", "dueDate",
        "auctionDate", "auctionTime", "auctionCity", "auctionLocation", "auctionContactName",
        "auctionMinimumBidAmount", "originalLoanAmount", "unpaidBalance", "pastDueAmount", "currentLenderName",
        "borrowerName", "trusteeName", "trusteePhone", "trusteeAddress", "trusteeSaleNumber", "caseNumber",
        "documentType", "documentNumber", "bookNumber", "pageNumber", "loanNumber"}},
    "listing": {
        "listing": {"status", "statusCategory", "statusSubtype", "statusUpdatedAt", "listingCategory", "price",
                    "minListPrice", "minListPriceDate", "maxListPrice", "maxListPriceDate", "originalListingDate",
                    "failedListingDate", "soldDate", "soldPrice", "daysOnMarket", "rental", "rentalPrice",
                    "listingUrl", "listingNumber", "description", "bedroomCount", "bathroomCount", "livingArea",
                    "lotSizeSquareFeet", "yearBuilt", "propertyType", "appliances", "roofTypes", "coolingTypes",
                    "heatingTypes", "taxes", "schools", "agents", "agentOffices", "subDivision", "neighborhood"},
        "listing.taxes[]": {"amount", "year", "description"},
        "listing.agents": {"name", "email", "primaryPhoneNumber", "roles", "licenseNumber"},
        "listing.agentOffices": {"name", "officePhoneNumber"},
    },
    "demographic": {"demographics": {
        "age", "gender", "genderCode", "maritalStatus", "householdSize", "childCount", "hasChildren", "singleParent",
        "income", "netWorth", "discretionaryIncome", "homeownerRenter", "homeownerRenterCode", "individualEducation",
        "individualOccupation", "businessOwner", "investments", "millionaire", "petOwner", "smoker", "recentlyMoved",
        "recentlyMovedYear", "recentlyMovedMonth", "recentlyDivorced", "religious", "religiousAffiliation",
        "emailDomain", "estimatedAreaCreditRating"}},
    "permit": {"permit": {"permitCount", "earliestDate", "latestDate", "totalJobValue", "allTags", "tags"},
               "permit.tags": TAGS},
    "image": {"images": {"imageCount", "imageUrls"}},
    "quicklist": {"quickLists": {response_key(slug) for slug in CONDITIONS}},
}  # fmt: skip


def collect_keys(value: Any, path: str, found: dict[str, set[str]]) -> None:
    """Collect the keys seen at each path; a list adds ``[]`` to its path."""
    if isinstance(value, dict):
        found[path] |= set(value)
        for key, inner in value.items():
            collect_keys(inner, f"{path}.{key}".strip("."), found)
    elif isinstance(value, list):
        for item in value:
            collect_keys(item, f"{path}[]", found)


@pytest.mark.parametrize("dataset", sorted(TREES))
def test_a_dataset_fills_exactly_its_keys(api: Api, dataset: str) -> None:
    found: dict[str, set[str]] = defaultdict(set)
    ids = [{"propertyId": record["_id"], "requestId": "r"} for record in api.market]
    for start in range(0, len(ids), 500):
        for record in api.lookup(*ids[start : start + 500], datasets=[dataset])["properties"]:
            collect_keys(record, "", found)
    for path, keys in TREES[dataset].items():
        assert found[path] == keys, path
    groups = TREES[dataset].get("") or {re.split(r"[.\[]", path)[0] for path in TREES[dataset]} | {"_id", "meta"}
    assert found[""] == groups


def test_all_datasets_come_where_none_is_named_but_basic_within_core(api: Api) -> None:
    record = api.search({"query": "85007"}, take=1)["properties"][0]
    assert {"assessment", "deedHistory", "openLien", "quickLists", "propertyOwnerProfile"} <= set(record)
    assert sorted(api.bill["units"][0]["datasets"]) == sorted([*ALL_DATASETS, "comps"])


def test_datasets_are_those_requested_that_the_token_permits(api: Api) -> None:
    headers = {"Authorization": "Bearer sandbox-datasets-basic+valuation"}
    for requested, expected in ((["valuation", "deed"], ["valuation"]), (None, ["basic", "valuation"])):
        options = {"take": 1} | ({"datasets": requested} if requested else {})
        response = api.call("property/search", {"searchCriteria": {}, "options": options}, headers=headers)
        assert response.status_code == 200
        assert api.bill["units"][-1]["datasets"] == expected
        assert "deedHistory" not in response.json()["results"]["properties"][0]


def test_core_holds_basic(api: Api) -> None:
    api.search({}, take=1, datasets=["basic", "core"])
    assert api.bill["units"][0]["datasets"] == ["core"]


def test_skip_trace_adds_contact_fields_and_counts_matches(api: Api) -> None:
    results = api.search({"query": "AZ"}, take=30, datasets=["basic"], skipTrace=True)
    with_phone = sum(bool(record["owner"]["phoneNumbers"]) for record in results["properties"])
    counts = results["meta"]["results"]
    assert 0 < with_phone < counts["resultCount"]
    assert counts["skipTraceRequestCount"] == counts["resultCount"]
    assert (counts["skipTraceMatchCount"], counts["skipTraceNoMatchCount"]) == (
        with_phone, counts["resultCount"] - with_phone
    )  # fmt: skip


EMPTY = {
    "foreclosure": lambda r: not (r.get("foreclosure") or {}).get("status"),
    "permit": lambda r: not (r.get("permit") or {}).get("permitCount"),
    "listing": lambda r: (r.get("listing") or {}).get("status") in (None, "Unknown"),
    "mortgage-liens": lambda r: not r["mortgageHistory"] and not (r.get("involuntaryLien") or {}).get("liens"),
    "valuation": lambda r: not (r.get("valuation") or {}).get("estimatedValue"),
    "deed": lambda r: not r["deedHistory"],
    "owner": lambda r: not (r.get("propertyOwnerProfile") or {}).get("propertiesCount"),
    "demographic": lambda r: not (r.get("demographics") or {}).get("income"),
    "contact": lambda r: not r["owner"]["phoneNumbers"],
    "batchrank": lambda r: r["intel"]["salePropensityStatus"] == "To be Determined",
    "image": lambda r: not (r.get("images") or {}).get("imageCount"),
    "quicklist": lambda r: not any((r.get("quickLists") or {}).values()),
}


@pytest.mark.parametrize("dataset", sorted(EMPTY))
def test_every_dataset_is_empty_on_a_fair_share_of_records(api: Api, dataset: str) -> None:
    share = sum(map(EMPTY[dataset], api.market)) / len(api.market)
    assert 0.005 < share < 0.98


def test_nothing_to_tell_comes_as_no_key_as_no_keys_and_as_keys_without_values(api: Api) -> None:
    for group in ("foreclosure", "permit", "listing", "demographics", "valuation", "propertyOwnerProfile"):
        forms = {"missing" if group not in r else "{}" if not r[group] else "keys" for r in api.market}
        assert forms == {"missing", "{}", "keys"}, group
    blank = next(r["permit"] for r in api.market if (r.get("permit") or {}).get("permitCount") == 0)
    assert not any(blank["tags"].values())


def test_odd_forms_of_the_vendor_occur(api: Api) -> None:
    deeds = [deed for record in api.market for deed in record["deedHistory"]]
    assert {type(deed["transactionId"]) for deed in deeds} == {int, str}
    loans = [loan for record in api.market for loan in record["mortgageHistory"]]
    assert {type(loan["interestRate"]) for loan in loans} == {float, str}
    listings = [record["listing"] for record in api.market if (record.get("listing") or {}).get("agents")]
    assert {type(listing["agents"]) for listing in listings} == {list, dict}
    assert any(record["owner"].get("ownershipRights", "") is None for record in api.market)
    both = [deed for deed in deeds if "T" in deed["recordingDate"] and "T" not in deed["saleDate"]]
    assert both
