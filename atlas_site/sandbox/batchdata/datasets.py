"""The vendor's datasets: which keys of a record each fills, and what one record of each costs.

Prices are in dollars and invented, but for ``core``, ``comps`` and the skip trace, which are known; together they come
to about what one client paid for a record with everything on.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

Record = dict[str, Any]

BASIC_ADDRESS = ("houseNumber", "street", "city", "county", "state", "zip", "zipPlus4", "latitude", "longitude",
                 "countyFipsCode", "hash", "addressValidity")  # fmt: skip
BASIC_OWNER = ("fullName", "names", "mailingAddress")
CORE_OWNER = (*BASIC_OWNER, "ownerOccupied", "ownerStatusType", "ownershipRights", "ownershipStartDate")
CONTACT_OWNER = ("phoneNumbers", "emails", "enrichedEmails", "hasLandline", "mailingOptOut", "dnc", "litigator",
                 "bankruptcy", "death", "involuntaryLien")  # fmt: skip
CORE_INTEL = ("lastSoldDate", "lastSoldPrice", "lengthOfResidenceMonths", "lengthOfResidenceYears")
SCORE_INTEL = ("salePropensity", "salePropensityCategory", "salePropensityStatus")

GROUPS: dict[str, dict[str, tuple[str, ...]]] = {
    "basic": {"address": BASIC_ADDRESS, "ids": ("apn",), "owner": BASIC_OWNER},
    "core": {
        "address": (), "ids": (), "assessment": (), "building": (), "general": (), "legal": (), "lot": (), "tax": (),
        "intel": CORE_INTEL, "owner": CORE_OWNER, "sale": (),
    },
    "batchrank": {"intel": SCORE_INTEL},
    "comps": {},
    "contact": {"owner": CONTACT_OWNER},
    "deed": {"deedHistory": ()},
    "demographic": {"demographics": ()},
    "foreclosure": {"foreclosure": ()},
    "image": {"images": ()},
    "listing": {"listing": ()},
    "mortgage-liens": {"mortgageHistory": (), "openLien": (), "involuntaryLien": (), "sale": ("mortgages",)},
    "owner": {"propertyOwnerProfile": ()},
    "permit": {"permit": ()},
    "quicklist": {"quickLists": ()},
    "valuation": {"valuation": ()},
}  # fmt: skip
"""Per dataset the groups of a record that it fills; an empty tuple means the whole group."""

PRICES = {name: Decimal("0.05") for name in GROUPS} | {
    "basic": Decimal("0.02"), "core": Decimal("0.10"), "comps": Decimal("0.02"), "contact": Decimal("0.07"),
    "image": Decimal("0.02"), "quicklist": Decimal("0.03"),
}  # fmt: skip
SKIP_TRACE_PRICE = Decimal("0.07")
SALES_WITH_MORTGAGES = ("lastSale", "priorSale", "lastTransfer", "priorTransfer")


def enabled(requested: Any, permitted: Iterable[str] | None) -> list[str]:
    """Return the datasets of a call: requested ∩ permitted, or all that are permitted where none is requested.

    ``core`` holds ``basic``, so the two are never enabled together. Unknown names are ignored.
    """
    allowed = [name for name in GROUPS if permitted is None or name in permitted]
    names = set(requested) if isinstance(requested, list) else set(allowed)
    chosen = [name for name in allowed if name in names]
    return [name for name in chosen if not (name == "basic" and "core" in chosen)]


def groups_of(datasets: Iterable[str], *, with_contact: bool = False) -> set[str]:
    """Return the groups of a record that these datasets fill."""
    names = [*datasets, *(["contact"] if with_contact else [])]
    return {group for name in names for group in GROUPS[name]}


def cost(datasets: Iterable[str]) -> Decimal:
    """Return what one record with these datasets costs, in dollars."""
    return sum((PRICES[name] for name in datasets), Decimal(0))


def cut(record: Record, datasets: Iterable[str], *, with_contact: bool = False) -> Record:
    """Return the part of a full record that these datasets fill; ``with_contact`` adds the contact fields."""
    names = [*datasets, *(["contact"] if with_contact else [])]
    part: Record = {"_id": record["_id"]}
    for name in names:
        for group, keys in GROUPS[name].items():
            if group not in record:
                continue
            if group == "sale":
                continue
            if not keys or not isinstance(record[group], dict):
                part[group] = record[group]
            else:
                part.setdefault(group, {}).update({key: record[group][key] for key in keys if key in record[group]})
    if "sale" in record:
        sale = _cut_sale(record["sale"], with_sales="core" in names, with_mortgages="mortgage-liens" in names)
        if sale:
            part["sale"] = sale
    return part


def _cut_sale(sale: Any, *, with_sales: bool, with_mortgages: bool) -> Any:
    """Return the sales without their mortgages, the mortgages without their sales, or both."""
    if not isinstance(sale, dict) or (with_sales and with_mortgages):
        return sale if with_sales else None
    cut_sale = {}
    for key, value in sale.items():
        if key in SALES_WITH_MORTGAGES and isinstance(value, dict):
            kept = {
                k: v
                for k, v in value.items()
                if (k == "mortgages" and with_mortgages) or (k != "mortgages" and with_sales)
            }
            if kept:
                cut_sale[key] = kept
        elif with_sales:
            cut_sale[key] = value
    return cut_sale
