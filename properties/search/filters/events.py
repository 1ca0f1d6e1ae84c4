"""Filters about what happens to it: listings, foreclosure, permits, and how likely a sale is."""

from properties.models.records import Dataset
from properties.search.filters.base import Filter, Group
from properties.search.filters.numbers import Days, Number
from properties.search.filters.words import Choice, YesNo

LISTING = Group("listing", "Listing", Dataset.LISTING, ("mls", "for sale", "on the market", "rental"))
FORECLOSURE = Group("foreclosure", "Foreclosure", Dataset.FORECLOSURE, ("default", "auction", "distressed", "nod"))
PERMITS = Group("permits", "Building permits", Dataset.PERMIT, ("renovation", "construction", "contractor"))
PROPENSITY = Group("propensity", "Sale propensity", Dataset.BATCHRANK, ("batchrank", "likely to sell", "motivated"))

FORECLOSURE_STATUSES = (
    "Notice of Default", "Notice of Lis Pendens", "Notice of Sale", "Rescission Recording", "Rescission Release",
    "Foreclosure Canceled", "Cancelled",
)  # fmt: skip
PERMIT_TAGS = (
    ("addition", "Addition"), ("adu", "Accessory dwelling"), ("bathroom", "Bathroom"), ("battery", "Battery"),
    ("demolition", "Demolition"), ("electricMeter", "Electric meter"), ("electrical", "Electrical"),
    ("evCharger", "EV charger"), ("fireSprinkler", "Fire sprinkler"), ("gas", "Gas"), ("generator", "Generator"),
    ("grading", "Grading"), ("heatPump", "Heat pump"), ("hvac", "Heating and cooling"),
    ("inspectionPassed", "Inspection passed"), ("kitchen", "Kitchen"), ("newConstruction", "New construction"),
    ("plumbing", "Plumbing"), ("poolAndHotTub", "Pool and hot tub"), ("remodel", "Remodel"), ("roofing", "Roofing"),
    ("solar", "Solar"), ("waterHeater", "Water heater"), ("windowDoor", "Windows and doors"),
)  # fmt: skip

LISTING_FILTERS: tuple[Filter, ...] = (
    Choice("listing_status", "Listing status", LISTING, "listing.status", "The newest listing's.",
           column="listing_status",
           choices=("Active", "Pending", "Contingent", "Sold", "Canceled", "Expired", "Off Market"),
           aliases=("mls", "for sale", "expired", "withdrawn", "failed listing")),
    Choice("listing_category", "Listing outcome", LISTING, "listing.statusCategory", "The wider class of the status.",
           choices=("Active", "Pending", "Failed", "Sold", "Off Market")),
    Number("price", "Listing price", LISTING, "listing.price", unit="$", zero_is_unknown=True, aliases=("asking",)),
    Number("rent", "Asking rent", LISTING, "listing.rentalPrice", "A month.", unit="$", zero_is_unknown=True,
           aliases=("rental", "lease")),
    Number("days_listed", "Days on the market", LISTING, "listing.daysOnMarket", aliases=("dom", "stale listing")),
    Days("listed", "Listed", LISTING, "listing.listingDate", found_at="listing.originalListingDate",
         aliases=("new listing",)),
    Days("listing_sold", "Sold by listing", LISTING, "listing.soldDate"),
    Days("listing_failed", "Listing failed", LISTING, "listing.failedListingDate",
         "The day on which it was canceled or ran out.", aliases=("expired", "canceled", "withdrawn")),
    YesNo("rental", "Listed for rent", LISTING, "listing.rental", known_by="listing.status", aliases=("landlord",)),
)  # fmt: skip

FORECLOSURE_FILTERS: tuple[Filter, ...] = (
    Choice("foreclosure_status", "Foreclosure status", FORECLOSURE, "foreclosure.status", "The last recorded step.",
           choices=FORECLOSURE_STATUSES,
           aliases=("pre-foreclosure", "nod", "lis pendens", "trustee sale", "default")),
    Days("foreclosure_recorded", "Foreclosure recorded", FORECLOSURE, "foreclosure.recordingDate",
         "The day on which the last step was recorded.", aliases=("new filings",)),
    Days("auction", "Auction date", FORECLOSURE, "foreclosure.auctionDate", aliases=("trustee sale", "sheriff sale")),
    Number("minimum_bid", "Minimum bid", FORECLOSURE, "foreclosure.auctionMinimumBidAmount", unit="$",
           zero_is_unknown=True, aliases=("auction",)),
    Number("past_due", "Past due amount", FORECLOSURE, "foreclosure.pastDueAmount", "What the notice says is owed.",
           unit="$", zero_is_unknown=True, aliases=("arrears", "behind on payments")),
)  # fmt: skip

PERMIT_FILTERS: tuple[Filter, ...] = (
    Number("permits", "Permits", PERMITS, "permit.permitCount", "All on record.", zero_is_unknown=True),
    Number("permit_value", "Value of all jobs", PERMITS, "permit.totalJobValue", unit="$", zero_is_unknown=True),
    Days("first_permit", "First permit", PERMITS, "permit.earliestDate"),
    Days("last_permit", "Latest permit", PERMITS, "permit.latestDate", aliases=("recent permit", "renovating")),
    Choice("permit_tags", "Kinds of work", PERMITS, "permit.allTags", "Any of them.", found_at="permit.allTags.*",
           choices=PERMIT_TAGS, aliases=("solar", "roof", "hvac", "remodel", "adu", "pool", "kitchen")),
)  # fmt: skip

PROPENSITY_FILTERS: tuple[Filter, ...] = (
    Number("propensity", "Sale propensity", PROPENSITY, "intel.salePropensity",
           "The vendor's score from 0 to 100: from 60 on it calls it high, below 40 low.", decimals=1,
           aliases=("batchrank", "likely to sell", "score", "motivated")),
)  # fmt: skip
