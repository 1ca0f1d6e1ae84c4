"""Where the value of each column stands in a full record, so that the columns of a patched record can be read back.

Columns that no record shows (homeowners' association, for sale by owner, quicklists known) cannot be patched.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

Reader = Callable[[Any], Any]


def day_of(value: Any) -> int | None:
    """Return the ordinal of a date in either wire form, or ``None`` for anything else."""
    try:
        return date.fromisoformat(str(value)[:10]).toordinal()
    except ValueError:
        return None


def plain(value: Any) -> Any:
    """Return a text or number as it is, a boolean as 0 or 1, and nothing for what a column cannot hold."""
    if isinstance(value, bool):
        return int(value)
    return value if isinstance(value, str | int | float) else None


PATHS: dict[str, tuple[str, Reader]] = {
    "apn": ("ids.apn", plain), "fips": ("address.countyFipsCode", plain), "state": ("address.state", plain),
    "county": ("address.county", plain), "city": ("address.city", plain), "zip": ("address.zip", plain),
    "street": ("address.street", plain), "unit": ("address.unitNumber", plain), "hash": ("address.hash", plain),
    "lat": ("address.latitude", plain), "lon": ("address.longitude", plain),
    "category": ("general.propertyTypeCategory", plain), "detail": ("general.propertyTypeDetail", plain),
    "vacant": ("general.vacant", plain), "mail_vacant": ("general.mailingAddressVacant", plain),
    "year_built": ("building.yearBuilt", plain), "beds": ("building.bedroomCount", plain),
    "baths": ("building.bathroomCount", plain), "living_area": ("building.livingAreaSquareFeet", plain),
    "total_area": ("building.totalBuildingAreaSquareFeet", plain), "stories": ("building.storyCount", plain),
    "rooms": ("building.roomCount", plain), "units": ("building.unitCount", plain),
    "garage_spaces": ("building.garageParkingSpaceCount", plain), "pool": ("building.pool", plain),
    "cooling": ("building.airConditioningSource", plain), "lot_sqft": ("lot.lotSizeSquareFeet", plain),
    "lot_acres": ("lot.lotSizeAcres", plain), "zoning": ("lot.zoningCode", plain),
    "subdivision": ("legal.subdivisionName", plain), "assessed_land": ("assessment.assessedLandValue", plain),
    "assessed_improvement": ("assessment.assessedImprovementValue", plain),
    "assessed_total": ("assessment.totalAssessedValue", plain), "market_total": ("assessment.totalMarketValue", plain),
    "tax_delinquent_year": ("tax.taxDelinquentYear", plain), "owner_status": ("owner.ownerStatusType", plain),
    "first_name": ("owner.names.0.first", plain), "last_name": ("owner.names.0.last", plain),
    "owner_name": ("owner.fullName", plain), "mail_street": ("owner.mailingAddress.street", plain),
    "mail_city": ("owner.mailingAddress.city", plain), "mail_state": ("owner.mailingAddress.state", plain),
    "mail_zip": ("owner.mailingAddress.zip", plain), "owner_occupied": ("owner.ownerOccupied", plain),
    "owned_since": ("owner.ownershipStartDate", day_of), "value": ("valuation.estimatedValue", plain),
    "equity": ("valuation.equityCurrentEstimatedBalance", plain), "equity_percent": ("valuation.equityPercent", plain),
    "ltv": ("valuation.ltv", plain), "lien_count": ("openLien.totalOpenLienCount", plain),
    "lien_balance": ("openLien.totalOpenLienBalance", plain),
    "first_loan_type": ("openLien.mortgages.0.loanType", plain),
    "first_loan_rate": ("openLien.mortgages.0.currentEstimatedInterestRate", plain),
    "first_loan_ltv": ("openLien.mortgages.0.ltv", plain),
    "first_loan_day": ("openLien.firstLoanRecordingDate", day_of),
    "last_loan_day": ("openLien.lastLoanRecordingDate", day_of), "sale_day": ("sale.lastSale.saleDate", day_of),
    "sale_price": ("sale.lastSale.price", plain), "sale_price_per_sqft": ("sale.lastSale.pricePerSquareFoot", plain),
    "sale_document": ("sale.lastSale.documentType", plain), "deed_document": ("sale.lastTransfer.documentType", plain),
    "flip_months": ("sale.flipLength", plain), "flip_profit": ("sale.flipProfit", plain),
    "listing_status": ("listing.status", plain), "listing_category": ("listing.statusCategory", plain),
    "listing_price": ("listing.price", plain), "listing_day": ("listing.originalListingDate", day_of),
    "listing_sold_day": ("listing.soldDate", day_of), "listing_failed_day": ("listing.failedListingDate", day_of),
    "listing_rental": ("listing.rental", plain), "listing_rent": ("listing.rentalPrice", plain),
    "foreclosure_status": ("foreclosure.status", plain), "foreclosure_code": ("foreclosure.statusCode", plain),
    "foreclosure_day": ("foreclosure.recordingDate", day_of), "auction_day": ("foreclosure.auctionDate", day_of),
    "auction_minimum_bid": ("foreclosure.auctionMinimumBidAmount", plain),
    "past_due": ("foreclosure.pastDueAmount", plain), "permit_count": ("permit.permitCount", plain),
    "permit_value": ("permit.totalJobValue", plain), "permit_first_day": ("permit.earliestDate", day_of),
    "permit_last_day": ("permit.latestDate", day_of), "age": ("demographics.age", plain),
    "gender": ("demographics.gender", plain), "household_size": ("demographics.householdSize", plain),
    "has_children": ("demographics.hasChildren", plain), "income": ("demographics.income", plain),
    "net_worth": ("demographics.netWorth", plain), "discretionary_income": ("demographics.discretionaryIncome", plain),
    "homeowner_renter": ("demographics.homeownerRenter", plain), "propensity": ("intel.salePropensity", plain),
    "portfolio_count": ("propertyOwnerProfile.propertiesCount", plain),
    "portfolio_value": ("propertyOwnerProfile.propertiesTotalEstimatedValue", plain),
    "portfolio_equity": ("propertyOwnerProfile.propertiesTotalEquity", plain),
}  # fmt: skip


def value_at(record: Any, path: str) -> Any:
    """Return the value at a dotted path (a number is a place in a list), or ``None`` where the path ends early."""
    for step in path.split("."):
        if isinstance(record, dict):
            record = record.get(step)
        elif isinstance(record, list) and step.isdigit() and int(step) < len(record):
            record = record[int(step)]
        else:
            return None
    return record


def column_values(record: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of a full record."""
    values = {column: reader(value_at(record, path)) for column, (path, reader) in PATHS.items()}
    values["involuntary_lien_count"] = len(value_at(record, "involuntaryLien.liens") or [])
    return values
