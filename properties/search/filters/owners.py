"""Filters about who owns it: the owner (BASIC), the owner's other properties, and the household's money."""

from properties.models.records import Dataset
from properties.search.filters.base import Filter, Group
from properties.search.filters.numbers import Days, Number
from properties.search.filters.place import STATE, ZIP
from properties.search.filters.words import Choice, Text, YesNo

OWNER = Group("owner", "Owner", Dataset.BASIC, ("absentee", "landlord", "llc", "corporate", "mailing address"))
PORTFOLIO = Group("portfolio", "Owner's other properties", Dataset.OWNER, ("portfolio", "landlord", "investor"))
HOUSEHOLD = Group("household", "Household money", Dataset.DEMOGRAPHIC, ("income", "wealth"))

OWNER_FILTERS: tuple[Filter, ...] = (
    Choice("owner_type", "Owner type", OWNER, "owner.ownerStatusType", "Who holds the title.", column="owner_type",
           choices=("Individual", ("Company Owned", "Company"), "Trust", ("Government Owned", "Government")),
           aliases=("llc", "corporate", "company", "bank-owned", "reo", "trust", "probate")),
    YesNo("owner_occupied", "Owner lives there", OWNER, "owner.ownerOccupied",
          "By comparing the owner's mailing address.", column="owner_occupied",
          aliases=("absentee", "landlord", "rental", "homestead")),
    Text("owner_name", "Owner's full name", OWNER, "owner.fullName", "Exactly as recorded.", column="owner_name",
         how="equals", aliases=("company name", "llc name")),
    Text("mail_street", "Mailing street", OWNER, "owner.mailingStreet", found_at="owner.mailingAddress.street"),
    Text("mail_city", "Mailing cities", OWNER, "owner.mailingCity", "Where the owner's mail goes.",
         found_at="owner.mailingAddress.city", how="inList", aliases=("absentee",)),
    Text("mail_state", "Mailing states", OWNER, "owner.mailingState", "States where the owner's mail goes.",
         found_at="owner.mailingAddress.state", how="inList", aliases=("out of state", "absentee"), shape=STATE),
    Text("mail_zip", "Mailing ZIP codes", OWNER, "owner.mailingZip", "ZIP codes where the owner's mail goes.",
         found_at="owner.mailingAddress.zip", how="inList", shape=ZIP),
    Days("owned_since", "Owned since", OWNER, "owner.ownershipStartDate", "The day from which the owner holds it.",
         aliases=("ownership", "long-time owner", "new owner")),
    Number("years_owned", "Years owned", OWNER, "owner.lengthOfResidenceYears",
           "Whole years since the ownership began.", found_at="intel.lengthOfResidenceYears",
           aliases=("length of residence", "tired landlord", "long-time owner")),
    Number("months_owned", "Months owned", OWNER, "owner.lengthOfResidenceMonths",
           "Whole months since the ownership began.", found_at="intel.lengthOfResidenceMonths",
           aliases=("length of residence",)),
)  # fmt: skip

_COUNTED = "propertyOwnerProfile.propertiesCount"

PORTFOLIO_FILTERS: tuple[Filter, ...] = (
    Number("owns", "Properties of the owner", PORTFOLIO, "propertyOwnerProfile.propertiesCount",
           "All with the same mailing address.", zero_is_unknown=True,
           aliases=("landlord", "portfolio", "mom and pop", "investor")),
    Number("owns_value", "Value of all", PORTFOLIO, "propertyOwnerProfile.propertiesTotalEstimatedValue", unit="$",
           zero_is_unknown=True),
    Number("owns_equity", "Equity in all", PORTFOLIO, "propertyOwnerProfile.propertiesTotalEquity", unit="$",
           lowest=-(10**12), known_by=_COUNTED),
    Number("owns_paid", "Paid for all", PORTFOLIO, "propertyOwnerProfile.totalPurchasePrice", unit="$",
           zero_is_unknown=True),
    Number("owns_average_price", "Average price paid", PORTFOLIO, "propertyOwnerProfile.averagePurchasePrice",
           unit="$", zero_is_unknown=True),
    Number("owns_average_assessed", "Average assessed value", PORTFOLIO, "propertyOwnerProfile.averageAssessedValue",
           unit="$", zero_is_unknown=True),
    Number("owns_average_built", "Average year built", PORTFOLIO, "propertyOwnerProfile.averageYearBuilt",
           is_year=True),
    Number("owns_loans", "Loans of the owner", PORTFOLIO, "propertyOwnerProfile.mortgagesCount",
           "On all of the owner's properties.", known_by=_COUNTED),
    Number("owns_loan_balance", "Balance of all loans", PORTFOLIO, "propertyOwnerProfile.mortgagesTotalBalance",
           unit="$", known_by=_COUNTED),
    Number("owns_average_balance", "Average loan balance", PORTFOLIO, "propertyOwnerProfile.mortgagesAverageBalance",
           unit="$", known_by=_COUNTED),
)  # fmt: skip

HOUSEHOLD_FILTERS: tuple[Filter, ...] = (
    Number("income", "Household income", HOUSEHOLD, "demographics.income", "Estimated, a year.", unit="$",
           zero_is_unknown=True, aliases=("salary",)),
    Number("net_worth", "Net worth", HOUSEHOLD, "demographics.netWorth", "Estimated.", unit="$", lowest=-(10**12),
           aliases=("wealth",)),
    Number("spare_income", "Discretionary income", HOUSEHOLD, "demographics.discretionaryIncome",
           "What is left after what has to be paid, estimated.", unit="$", lowest=-(10**12)),
    Choice("tenure", "Owner or renter", HOUSEHOLD, "demographics.homeownerRenter",
           "Whether the household owns where it lives.", choices=("Owner", "Renter"), aliases=("tenant", "renter")),
    Text("investments", "Investments", HOUSEHOLD, "demographics.investments", "Any part of a kind: stocks, bonds.",
         found_at="demographics.investments.*", aliases=("stocks",)),
)  # fmt: skip
