"""Signals ("quicklists") that BatchData computes, and presets that investors know, each with its definition.

Slugs and definitions: BatchData API reference, quicklists. `senior-owner` and other lists of personal traits are
never offered.
"""

from dataclasses import dataclass, field
from urllib.parse import urlencode


@dataclass(frozen=True)
class Signal:
    slug: str
    label: str
    group: str
    definition: str

    @property
    def record_key(self) -> str:
        """The key of this signal in a record's `quickLists` object."""
        if self.slug in RENAMED_KEYS:
            return RENAMED_KEYS[self.slug]
        first, *rest = self.slug.split("-")
        return first + "".join(word.capitalize() for word in rest)


RENAMED_KEYS = {
    "in-state-absentee-owner": "absenteeOwnerInState",
    "out-of-state-absentee-owner": "absenteeOwnerOutOfState",
}

OWNER, EQUITY, DISTRESS, MARKET = "Owner", "Equity", "Distress", "Market"

SIGNALS = {
    signal.slug: signal
    for signal in (
        Signal("absentee-owner", "Absentee owner", OWNER, "The owner's mailing address is not the property."),
        Signal("in-state-absentee-owner", "Absentee, in state", OWNER, "Absentee with a mailing address in the state."),
        Signal(
            "out-of-state-absentee-owner", "Absentee, out of state", OWNER, "Absentee with an address in another state."
        ),
        Signal("owner-occupied", "Owner occupied", OWNER, "The owner's mailing address is the property."),
        Signal("corporate-owned", "Company owned", OWNER, "The owner of record is a company."),
        Signal("trust-owned", "Trust owned", OWNER, "The owner of record is a trust."),
        Signal("tired-landlord", "Tired landlord", OWNER, "A rented single-family home held for ten years or longer."),
        Signal(
            "inherited",
            "Inherited",
            OWNER,
            "The last deed is an affidavit of death, an administrator's or executor's deed, or a deed of distribution.",
        ),
        Signal("cash-buyer", "Cash buyer", OWNER, "The owner bought without a recorded loan."),
        Signal("high-equity", "High equity", EQUITY, "Equity is above 20 % of the estimated value."),
        Signal("low-equity", "Low equity", EQUITY, "Equity is below 20 % of the estimated value."),
        Signal("free-and-clear", "Free and clear", EQUITY, "No open loan is recorded."),
        Signal("preforeclosure", "Pre-foreclosure", DISTRESS, "A notice of default or lis pendens is on record."),
        Signal("notice-of-default", "Notice of default", DISTRESS, "A notice of default is on record."),
        Signal("notice-of-lis-pendens", "Lis pendens", DISTRESS, "A notice of lis pendens is on record."),
        Signal("notice-of-sale", "Notice of sale", DISTRESS, "A foreclosure sale has been announced."),
        Signal("active-auction", "Active auction", DISTRESS, "A foreclosure auction is scheduled."),
        Signal("tax-default", "Tax default", DISTRESS, "Property taxes are recorded as delinquent."),
        Signal("involuntary-lien", "Involuntary lien", DISTRESS, "A tax, mechanic's or judgment lien is on record."),
        Signal("vacant", "Vacant", DISTRESS, "The postal service reports the address as vacant."),
        Signal("active-listing", "Active listing", MARKET, "Listed for sale now."),
        Signal("pending-listing", "Pending listing", MARKET, "A sale is pending."),
        Signal("failed-listing", "Failed listing", MARKET, "A listing was canceled or expired without a sale."),
        Signal("expired-listing", "Expired listing", MARKET, "A listing ran out without a sale."),
        Signal("for-sale-by-owner", "For sale by owner", MARKET, "Listed by the owner without an agent."),
        Signal("recently-sold", "Recently sold", MARKET, "Sold within the last twelve months."),
        Signal("fix-and-flip", "Fix and flip", MARKET, "Bought and sold again within a short time."),
    )
}


@dataclass(frozen=True)
class Preset:
    name: str
    definition: str
    params: dict[str, list[str]] = field(default_factory=dict)

    def urlencode(self) -> str:
        """The preset as a query string, to which a place is added."""
        return urlencode(self.params, doseq=True)


PRESETS = (
    Preset(
        "Tired landlords",
        "A rented single-family home held ten years or longer, and the owner lives elsewhere.",
        {"all": ["tired-landlord", "absentee-owner"]},
    ),
    Preset(
        "In default with equity",
        "A notice of default or lis pendens is on record, and equity is 40 % or higher.",
        {"any": ["notice-of-default", "notice-of-lis-pendens"], "equity_min": ["40"]},
    ),
    Preset("Vacant, free and clear", "Vacant, and no open loan is recorded.", {"all": ["vacant", "free-and-clear"]}),
    Preset(
        "Inherited, absentee",
        "The last deed came from an estate, and the owner lives elsewhere.",
        {"all": ["inherited", "absentee-owner"]},
    ),
    Preset(
        "Tax default, out of state",
        "Taxes are delinquent, and the owner's mailing address is in another state.",
        {"all": ["tax-default", "out-of-state-absentee-owner"]},
    ),
    Preset(
        "Failed listing with equity",
        "A listing ended without a sale, and equity is 40 % or higher.",
        {"all": ["failed-listing"], "equity_min": ["40"]},
    ),
)
