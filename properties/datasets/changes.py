"""Which fields of each dataset make asking again worth its price (the money rule), and which of them have changed.

Owner, sale, lien, status and listing price: any change counts. Estimates count when they moved by more than 5 %. What
is not listed here may change as it likes: the newest copy is shown, and nothing is charged for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from atlas_site.vendors import lenient
from atlas_site.vendors.batchdata.contacts import phones_of
from properties.models.records import Dataset

ESTIMATE_TOLERANCE = 0.05
POINTS_TOLERANCE = 5.0
# A flag that stands for an age, which Atlas neither shows nor charges for.
NOT_COUNTED = frozenset({"seniorOwner"})

Reader = Callable[[Mapping[str, Any]], Any]
Differs = Callable[[Any, Any], bool]


@dataclass(frozen=True, slots=True)
class ListedField:
    """One listed field: its name for people, how it is read (as JSON) and when it counts as changed."""

    label: str
    read: Reader
    differs: Differs


def _differs(before: Any, after: Any) -> bool:
    return before != after


def _moved(before: float, after: float) -> bool:
    """Whether an estimate moved by more than 5 % of what it was."""
    return abs(after - before) > abs(before) * ESTIMATE_TOLERANCE


def _moved_points(before: float, after: float) -> bool:
    """Whether a share or score of a hundred moved by more than 5 of them."""
    return abs(after - before) > POINTS_TOLERANCE


def _text(path: str, label: str) -> ListedField:
    return ListedField(label, lambda data: lenient.text(lenient.dig(data, path)), _differs)


def _day(path: str, label: str) -> ListedField:
    def read(data: Mapping[str, Any]) -> str | None:
        found = lenient.day(lenient.dig(data, path))
        return found.isoformat() if found else None

    return ListedField(label, read, _differs)


def _number(path: str, label: str, differs: Differs = _differs) -> ListedField:
    return ListedField(label, lambda data: lenient.number(lenient.dig(data, path)), differs)


def _rows(path: str, label: str, keys: tuple[str, ...]) -> ListedField:
    """The rows of a list as a sorted list of texts made of these keys: their order tells nothing."""

    def read(data: Mapping[str, Any]) -> list[str] | None:
        rows = [
            " | ".join(lenient.text(lenient.dig(item, key)) or "" for key in keys)
            for item in lenient.objects(data, path)
        ]
        return sorted(rows) or None

    return ListedField(label, read, _differs)


def _signals(data: Mapping[str, Any]) -> list[str] | None:
    flags = lenient.group(data, "quickLists")
    return sorted(key for key, flag in flags.items() if lenient.boolean(flag) and key not in NOT_COUNTED) or None


def _phones(data: Mapping[str, Any]) -> list[str] | None:
    phones = phones_of(lenient.dig(data, "owner.phoneNumbers"))
    return sorted(f"{phone.number} {'do not call' if phone.dnc else ''}".strip() for phone in phones) or None


LISTED: Mapping[str, tuple[ListedField, ...]] = MappingProxyType(
    {
        Dataset.BASIC: (
            _text("owner.fullName", "Owner"),
            _day("sale.lastSale.saleDate", "Last sale"),
            _number("sale.lastSale.price", "Last sale price"),
        ),
        Dataset.VALUATION: (
            _number("valuation.estimatedValue", "Estimated value", _moved),
            _number("valuation.equityPercent", "Equity", _moved_points),
        ),
        Dataset.DEED: (_rows("deedHistory", "Deeds", ("recordingDate", "documentType", "salePrice")),),
        Dataset.LISTING: (_text("listing.status", "Listing status"), _number("listing.price", "Listing price")),
        Dataset.FORECLOSURE: (
            _text("foreclosure.status", "Foreclosure status"),
            _day("foreclosure.recordingDate", "Recorded"),
            _day("foreclosure.auctionDate", "Auction"),
        ),
        Dataset.DEMOGRAPHIC: (
            _number("demographics.income", "Income", _moved),
            _number("demographics.netWorth", "Net worth", _moved),
        ),
        Dataset.BATCHRANK: (
            _text("intel.salePropensityCategory", "Sale propensity"),
            _number("intel.salePropensity", "Score", _moved_points),
        ),
        Dataset.OWNER: (
            _number("propertyOwnerProfile.propertiesCount", "Number of properties"),
            _number("propertyOwnerProfile.propertiesTotalEstimatedValue", "Value of the properties", _moved),
        ),
        Dataset.QUICKLIST: (ListedField("Signals", _signals, _differs),),
        Dataset.MORTGAGE_LIENS: (
            _rows("openLien.mortgages", "Open loans", ("lenderName", "loanAmount", "recordingDate")),
            _rows("involuntaryLien.liens", "Involuntary liens", ("lienType", "lienAmount", "recordingDate")),
            _number("openLien.totalOpenLienBalance", "Open balance", _moved),
        ),
        Dataset.PERMIT: (
            _number("permit.permitCount", "Number of permits"),
            _day("permit.latestDate", "Latest permit"),
        ),
        Dataset.CONTACT: (ListedField("Phones", _phones, _differs),),
    }
)
"""The listed fields of each dataset that can be asked for again; Atlas's own dataset of filings is not one of them."""


def listed_values(data: Mapping[str, Any], dataset: str) -> dict[str, Any]:
    """The listed fields of a dataset by their labels, as JSON, to be compared after the vendor was asked again."""
    return {field.label: field.read(data) for field in LISTED[dataset]}


def changed_fields(before: Mapping[str, Any], data: Mapping[str, Any], dataset: str) -> list[str]:
    """The labels of the listed fields that differ between `before`, made by `listed_values`, and a newer record.

    What the newer record does not tell is unknown and no change; what was unknown and is told now is one.
    """
    changed = []
    for field in LISTED[dataset]:
        old, new = before.get(field.label), field.read(data)
        if new is None:
            continue
        if old is None or field.differs(old, new):
            changed.append(field.label)
    return changed


def listed_labels(dataset: str) -> list[str]:
    """The names of the listed fields of a dataset: what a change must be in for asking again to be charged."""
    return [field.label for field in LISTED[dataset]]
