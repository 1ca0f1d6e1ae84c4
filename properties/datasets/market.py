"""What the market says of a property: value, listing, propensity to sell, signals."""

from __future__ import annotations

from atlas_site.vendors.batchdata.quicklists import QUICKLISTS_BY_KEY
from properties.datasets.fields import DatasetInfo, day, flag, money, number, percent, reference, text_list
from properties.datasets.kinds import Field, Flags, Kind, Section, Table
from properties.models.records import Dataset

VALUATION = DatasetInfo(
    Dataset.VALUATION,
    "The vendor's estimate of the market value with its range, and the owner's equity.",
    (
        Section(
            "Valuation & equity",
            (
                money("valuation.estimatedValue", "Estimated value"),
                money("valuation.priceRangeMin", "Low estimate"),
                money("valuation.priceRangeMax", "High estimate"),
                percent("valuation.confidenceScore", "Confidence", counts=False),
                number("valuation.standardDeviation", "Standard deviation", counts=False),
                money("valuation.equityCurrentEstimatedBalance", "Estimated equity"),
                percent("valuation.equityPercent", "Equity share"),
                percent("valuation.ltv", "Loan to value"),
                day("valuation.asOfDate", "As of", counts=False),
            ),
        ),
    ),
)

LISTING = DatasetInfo(
    Dataset.LISTING,
    "The newest market listing: status, price and its changes, days on the market, agent.",
    (
        Section(
            "Listing",
            (
                Field("listing.status", "Status"),
                Field("listing.statusSubtype", "Status detail"),
                day("listing.statusUpdatedAt", "Status checked", counts=False),
                Field("listing.price", "Price", Kind.PRICE),
                Field("listing.minListPrice", "Lowest asking price", Kind.PRICE),
                day("listing.minListPriceDate", "Lowest asked on", counts=False),
                Field("listing.maxListPrice", "Highest asking price", Kind.PRICE),
                day("listing.maxListPriceDate", "Highest asked on", counts=False),
                Field("listing.rentalPrice", "Rent", Kind.PRICE),
                flag("listing.rental", "For rent"),
                day("listing.originalListingDate", "First listed"),
                day("listing.failedListingDate", "Listing failed"),
                day("listing.soldDate", "Sold"),
                Field("listing.soldPrice", "Sold for", Kind.PRICE),
                number("listing.daysOnMarket", "Days on the market"),
                Field("listing.description", "Description"),
                Field("listing.propertyType", "Type"),
                number("listing.bedroomCount", "Bedrooms"),
                number("listing.bathroomCount", "Bathrooms"),
                number("listing.livingArea", "Living area (sq ft)"),
                number("listing.lotSizeSquareFeet", "Lot size (sq ft)"),
                Field("listing.yearBuilt", "Year built", Kind.YEAR),
                text_list("listing.appliances", "Appliances"),
                text_list("listing.roofTypes", "Roof"),
                text_list("listing.coolingTypes", "Cooling"),
                text_list("listing.heatingTypes", "Heating"),
                Field("listing.neighborhood", "Neighborhood"),
                reference("listing.listingNumber", "Listing number"),
                Table(
                    "listing.agents",
                    "Agents",
                    (
                        Field("name", "Name"),
                        Field("primaryPhoneNumber", "Phone", Kind.PHONE),
                        Field("email", "E-mail", Kind.EMAILS),
                        reference("licenseNumber", "License"),
                    ),
                ),
                Table(
                    "listing.agentOffices",
                    "Offices",
                    (Field("name", "Office"), Field("officePhoneNumber", "Phone", Kind.PHONE)),
                ),
                Table(
                    "listing.taxes",
                    "Taxes stated",
                    (
                        Field("year", "Year", Kind.YEAR, counts=False),
                        money("amount", "Amount"),
                        Field("description", "Note"),
                    ),
                ),
            ),
        ),
    ),
)

BATCHRANK = DatasetInfo(
    Dataset.BATCHRANK,
    "How likely the property is to sell soon, as the vendor ranks it.",
    (
        Section(
            "Sale propensity",
            (
                number("intel.salePropensity", "Score (0–100)"),
                Field("intel.salePropensityCategory", "Category"),
                Field("intel.salePropensityStatus", "Status", counts=False),
            ),
        ),
    ),
)

QUICKLIST = DatasetInfo(
    Dataset.QUICKLIST,
    "All signals that hold for the property, such as vacant, inherited, high equity or tax default.",
    (
        Section(
            "Signals",
            (Flags("quickLists", "Signals", {key: item.label for key, item in QUICKLISTS_BY_KEY.items()}),),
        ),
    ),
)
