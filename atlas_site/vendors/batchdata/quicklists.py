"""The vendor's quicklists, called signals in Atlas: slug in a request, key in a record, and what each one means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Quicklist:
    """One signal: ``slug`` asks for it, ``key`` reports it, ``label`` and ``definition`` explain it to people."""

    slug: str
    key: str
    label: str
    group: str
    definition: str


OWNER, EQUITY, DISTRESS, MARKET, HOA = "Owner", "Equity", "Distress", "Market", "HOA"

# Slug, group, label, definition. The vendor's senior-owner is left out: age is never a filter, nor shown.
_LISTS = (
    ("absentee-owner", OWNER, "Absentee owner", "The owner's mail goes to another address."),
    ("in-state-absentee-owner", OWNER, "In-state absentee owner",
     "The owner's mail goes to another address in the same state."),
    ("out-of-state-absentee-owner", OWNER, "Out-of-state absentee owner",
     "The owner does not live there, and mail goes to another state."),
    ("out-of-state-owner", OWNER, "Out-of-state owner", "The owner's mail goes to another state."),
    ("owner-occupied", OWNER, "Owner-occupied", "The owner lives in the property."),
    ("corporate-owned", OWNER, "Company-owned", "The owner is a company."),
    ("trust-owned", OWNER, "Trust-owned", "The owner is a trust."),
    ("tired-landlord", OWNER, "Tired landlord", "A single-family rental held by its owner for ten years or more."),
    ("inherited", OWNER, "Inherited",
     "The last deed is an affidavit of death, an administrator's or executor's deed, or a deed of distribution."),
    ("same-property-and-mailing-address", OWNER, "Mail goes to the property",
     "Property and mailing address are the same."),
    ("cash-buyer", OWNER, "Cash buyer", "The owner bought without a recorded loan."),
    ("high-equity", EQUITY, "High equity", "More than 20 % of the estimated value is the owner's."),
    ("low-equity", EQUITY, "Low equity", "Less than 20 % of the estimated value is the owner's."),
    ("unknown-equity", EQUITY, "Unknown equity", "The equity cannot be estimated."),
    ("free-and-clear", EQUITY, "Free and clear", "No open loan is recorded."),
    ("preforeclosure", DISTRESS, "Pre-foreclosure",
     "A default, a lis pendens or a sale is recorded and the property has not been sold."),
    ("notice-of-default", DISTRESS, "Notice of default", "The lender has recorded a notice of default."),
    ("notice-of-lis-pendens", DISTRESS, "Lis pendens", "A lawsuit over the property is recorded."),
    ("notice-of-sale", DISTRESS, "Notice of sale", "A foreclosure sale has been announced."),
    ("active-auction", DISTRESS, "Active auction", "An auction date is set."),
    ("tax-default", DISTRESS, "Tax default", "Property taxes are overdue."),
    ("involuntary-lien", DISTRESS, "Involuntary lien", "A lien was recorded without the owner's consent."),
    ("vacant", DISTRESS, "Vacant", "The postal service reports the property as vacant."),
    ("mailing-address-vacant", DISTRESS, "Mailing address vacant",
     "The postal service reports the owner's mailing address as vacant."),
    ("vacant-lot", DISTRESS, "Vacant lot", "Land without a building."),
    ("on-market", MARKET, "On the market", "Listed for sale now."),
    ("active-listing", MARKET, "Active listing", "The listing is active."),
    ("pending-listing", MARKET, "Pending listing", "An offer has been accepted."),
    ("canceled-listing", MARKET, "Canceled listing", "The listing was taken back."),
    ("expired-listing", MARKET, "Expired listing", "The listing ran out without a sale."),
    ("failed-listing", MARKET, "Failed listing", "The listing ended without a sale, canceled or expired."),
    ("for-sale-by-owner", MARKET, "For sale by owner", "The owner sells without an agent."),
    ("listed-below-market-price", MARKET, "Listed below market price",
     "The asking price is below the estimated value."),
    ("recently-sold", MARKET, "Recently sold", "Sold within the last 12 months."),
    ("fix-and-flip", MARKET, "Fix and flip", "Bought and sold again within a short time."),
    ("has-hoa", HOA, "Has an HOA", "The property belongs to a homeowners' association."),
    ("has-hoa-fees", HOA, "Has HOA fees", "The homeowners' association charges fees."),
)  # fmt: skip

# These two break the rule that the key is the slug in camel case.
_KEYS = {"in-state-absentee-owner": "absenteeOwnerInState", "out-of-state-absentee-owner": "absenteeOwnerOutOfState"}

NEGATION = "not-"


def _camel_case(slug: str) -> str:
    first, *others = slug.split("-")
    return first + "".join(word.capitalize() for word in others)


QUICKLISTS: Mapping[str, Quicklist] = MappingProxyType(
    {
        slug: Quicklist(slug, _KEYS.get(slug, _camel_case(slug)), label, group, definition)
        for slug, group, label, definition in _LISTS
    }
)
QUICKLISTS_BY_KEY: Mapping[str, Quicklist] = MappingProxyType({item.key: item for item in QUICKLISTS.values()})


def find_quicklist(slug: str) -> Quicklist | None:
    """Return the quicklist that a slug asks for, also when the slug excludes it (``not-owner-occupied``)."""
    return QUICKLISTS.get(slug.removeprefix(NEGATION))
