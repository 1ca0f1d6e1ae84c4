"""The fields that search criteria may name, by group, with their kind and where their values are found.

A field with an SQL expression is answered by the catalog alone. A field without one is read from the full record at
its path (``*`` stands for every element of a list), after the other conditions and its guard have narrowed the market.
What is not listed here is ignored without a word, as the vendor does.
"""

from typing import NamedTuple

STRING, NUMBER, DATE, BOOL = "string", "number", "date", "bool"


class Field(NamedTuple):
    """One filterable field."""

    kind: str
    sql: str = ""
    path: str = ""
    guard: str = ""


def _columns(kind: str, pairs: str, guard: str = "") -> dict[str, Field]:
    """Return fields from words like ``bedroomCount=beds``."""
    named = (pair.split("=") for pair in pairs.split())
    return {name: Field(kind, sql=column, guard=guard) for name, column in named}


def _paths(kind: str, group: str, names: str, guard: str = "") -> dict[str, Field]:
    return {name: Field(kind, path=f"{group}.{name}", guard=guard) for name in names.split()}


LISTED = "coalesce(listing_day, 0) <= :today"
FILED = "coalesce(foreclosure_day, 0) <= :today"
HAS_LOAN = "lien_count > 0"
HAS_INVOLUNTARY_LIEN = "involuntary_lien_count > 0"
MONTHS_OWNED = "CAST((:today - owned_since) / 30.4375 AS INTEGER)"

FIELDS: dict[str, dict[str, Field]] = {
    "address": {
        **_columns(STRING, "street=street city=city county=county countyFipsCode=fips state=state zip=zip hash=hash"),
        "cityState": Field(STRING, sql="city || ', ' || state"),
        "countyState": Field(STRING, sql="county || ', ' || state"),
        **_paths(STRING, "address", "houseNumber locality unitType unitNumber formattedStreet streetNoUnit geoStatus "
                 "geoStatusCode addressValidity zipPlus4"),
        "locality": Field(STRING, path="address.localities.*"),
    },
    "assessment": {
        **_columns(NUMBER, "assessedLandValue=assessed_land assessedImprovementValue=assessed_improvement "
                   "totalAssessedValue=assessed_total totalMarketValue=market_total"),
        **_paths(NUMBER, "assessment", "assessmentYear marketValueYear landMarketValue improvementMarketValue"),
    },
    "building": {
        **_columns(NUMBER, "bedroomCount=beds bathroomCount=baths calculatedBathroomCount=baths yearBuilt=year_built "
                   "livingAreaSquareFeet=living_area totalBuildingAreaSquareFeet=total_area storyCount=stories "
                   "roomCount=rooms unitCount=units garageParkingSpaceCount=garage_spaces"),
        **_columns(STRING, "airConditioningSource=cooling pool=pool"),
        **_paths(NUMBER, "building", "residentialUnitCount commercialUnitCount buildingCount fullBathroomCount "
                 "partialBathroomCount fireplaceCount effectiveYearBuilt"),
        **_paths(STRING, "building", "style roofCover roofType heatSource constructionType exteriorWalls foundation "
                 "garage"),
        "features": Field(STRING, path="building.features.*"),
    },
    "general": {
        **_columns(STRING, "propertyTypeCategory=category propertyTypeDetail=detail"),
        **_columns(BOOL, "vacant=vacant mailingAddressVacant=mail_vacant"),
        **_paths(STRING, "general", "standardizedLandUseCode schoolDistrict censusTract carrierRoute "
                 "congressionalDistrict timeZone"),
        **_paths(NUMBER, "general", "parcelCount"),
    },
    "ids": {
        **_columns(STRING, "propertyId=id apn=apn fipsCode=fips addressHash=hash"),
        "taxId": Field(STRING, path="ids.taxId"),
        "mailingAddressHash": Field(STRING, path="owner.mailingAddress.hash", guard="mail_street IS NOT NULL"),
    },
    "owner": {
        **_columns(STRING, "firstName=first_name lastName=last_name fullName=owner_name mailingStreet=mail_street "
                   "mailingCity=mail_city mailingState=mail_state mailingZip=mail_zip ownerStatusType=owner_status"),
        **_columns(BOOL, "ownerOccupied=owner_occupied"),
        **_columns(DATE, "ownershipStartDate=owned_since"),
        "lengthOfResidenceMonths": Field(NUMBER, sql=MONTHS_OWNED),
        "lengthOfResidenceYears": Field(NUMBER, sql=f"{MONTHS_OWNED} / 12"),
    },
    "propertyOwnerProfile": {
        **_columns(NUMBER, "propertiesCount=portfolio_count propertiesTotalEstimatedValue=portfolio_value "
                   "propertiesTotalEquity=portfolio_equity"),
        **_paths(NUMBER, "propertyOwnerProfile", "totalPurchasePrice averagePurchasePrice averageAssessedValue "
                 "averageYearBuilt mortgagesCount mortgagesTotalBalance mortgagesAverageBalance",
                 guard="portfolio_count > 0"),
    },
    "valuation": {
        **_columns(NUMBER, "estimatedValue=value equityPercent=equity_percent equityCurrentEstimatedBalance=equity "
                   "ltv=ltv"),
        **_paths(NUMBER, "valuation", "confidenceScore standardDeviation priceRangeMin priceRangeMax",
                 guard="value IS NOT NULL"),
    },
    "openLien": {
        **_columns(NUMBER, "totalOpenLienCount=lien_count totalOpenLienBalance=lien_balance "
                   "firstLoanLtv=first_loan_ltv firstLoanInterestRate=first_loan_rate"),
        **_columns(STRING, "firstLoanType=first_loan_type"),
        **_columns(DATE, "firstLoanRecordingDate=first_loan_day lastLoanRecordingDate=last_loan_day"),
        "allLoanTypes": Field(STRING, path="openLien.allLoanTypes.*", guard=HAS_LOAN),
        "juniorLoanTypes": Field(STRING, path="openLien.juniorLoanTypes.*", guard="lien_count > 1"),
        **{f"{word}LoanType": Field(STRING, path=f"openLien.mortgages.{n}.loanType", guard=f"lien_count > {n}")
           for n, word in ((1, "second"), (2, "third"), (3, "fourth"))},
        **{f"{word}LoanInterestRate": Field(NUMBER, path=f"openLien.mortgages.{n}.currentEstimatedInterestRate",
                                            guard=f"lien_count > {n}")
           for n, word in ((1, "second"), (2, "third"), (3, "fourth"))},
    },
    "sale": {
        **_columns(DATE, "lastSaleDate=sale_day"),
        **_columns(NUMBER, "lastSalePrice=sale_price lastSalePricePerSquareFoot=sale_price_per_sqft "
                   "flipLength=flip_months flipProfit=flip_profit"),
        **_columns(STRING, "lastSaleDocumentType=sale_document"),
    },
    "listing": {
        **_columns(STRING, "status=listing_status statusCategory=listing_category", guard=LISTED),
        **_columns(NUMBER, "price=listing_price rentalPrice=listing_rent", guard=LISTED),
        **_columns(DATE, "listingDate=listing_day originalListingDate=listing_day soldDate=listing_sold_day "
                   "failedListingDate=listing_failed_day", guard=LISTED),
        **_columns(BOOL, "rental=listing_rental", guard=LISTED),
        "daysOnMarket": Field(NUMBER, sql="(coalesce(listing_end_day, :today) - listing_day)", guard=LISTED),
    },
    "foreclosure": {
        **_columns(STRING, "status=foreclosure_status statusCode=foreclosure_code", guard=FILED),
        **_columns(DATE, "auctionDate=auction_day recordingDate=foreclosure_day", guard=FILED),
        **_columns(NUMBER, "auctionMinimumBidAmount=auction_minimum_bid pastDueAmount=past_due", guard=FILED),
    },
    "involuntaryLien": {
        **{name: Field(kind, path=f"involuntaryLien.liens.*.{name}", guard=HAS_INVOLUNTARY_LIEN)
           for name, kind in (("lienType", STRING), ("lienTypeCode", STRING), ("documentType", STRING),
                              ("lienAmount", NUMBER), ("filingDate", DATE), ("recordingDate", DATE))},
    },
    "demographics": {
        **_columns(NUMBER, "age=age income=income netWorth=net_worth discretionaryIncome=discretionary_income "
                   "householdSize=household_size"),
        **_columns(STRING, "gender=gender homeownerRenter=homeowner_renter"),
        **_columns(BOOL, "hasChildren=has_children"),
        "investments": Field(STRING, path="demographics.investments.*", guard="income IS NOT NULL"),
    },
    "permit": {
        **_columns(NUMBER, "permitCount=permit_count totalJobValue=permit_value"),
        **_columns(DATE, "earliestDate=permit_first_day latestDate=permit_last_day"),
        "allTags": Field(STRING, path="permit.allTags.*", guard="permit_count > 0"),
    },
    "intel": {
        **_columns(NUMBER, "salePropensity=propensity lastSoldPrice=sale_price"),
        "lengthOfResidenceMonths": Field(NUMBER, sql=MONTHS_OWNED),
        "lengthOfResidenceYears": Field(NUMBER, sql=f"{MONTHS_OWNED} / 12"),
        # A client saw the vendor ignore intel.lastSoldDate, so it is not listed: callers must use sale.lastSaleDate.
    },
    "lot": {
        **_columns(NUMBER, "lotSizeSquareFeet=lot_sqft lotSizeAcres=lot_acres"),
        **_columns(STRING, "zoningCode=zoning"),
    },
    "legal": _columns(STRING, "subdivisionName=subdivision"),
    "tax": _columns(NUMBER, "taxDelinquentYear=tax_delinquent_year"),
}  # fmt: skip

OR_GROUPS = {"listing", "sale"}
"""The groups that ``or`` blocks accept."""

SORT_ALIASES = {"soldDate": "sale_day", "listingStatus": "listing_status", "state": "state", "yearBuilt": "year_built",
                "estimatedValue": "value", "lastSalePrice": "sale_price", "lastSaleDate": "sale_day"}  # fmt: skip


def sort_expression(name: str) -> str | None:
    """Return the SQL expression of a sort field: an alias, ``group.field`` or a bare field name; else ``None``."""
    if name in SORT_ALIASES:
        return SORT_ALIASES[name]
    group, _, bare = name.rpartition(".")
    groups = [FIELDS.get(group, {})] if group else list(FIELDS.values())
    return next((fields[bare].sql for fields in groups if bare in fields and fields[bare].sql), None)
