"""Signals ("quicklists") as search offers them, and presets that investors know, each with its definition."""

from dataclasses import dataclass, field
from urllib.parse import urlencode

from atlas_site.vendors.batchdata import QUICKLISTS, Quicklist

Signal = Quicklist
SIGNALS = QUICKLISTS

# What an investor looks at first comes first.
GROUPS = ("Distress", "Owner", "Market", "Equity", "HOA")


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
