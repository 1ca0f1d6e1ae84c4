"""Writes the record of a property in the vendor's wire form: the groups of every dataset but ``quickLists``, which
the catalog knows (see ``catalog``)."""

from collections.abc import Callable, Collection
from typing import Any

from atlas_site.sandbox.market import record_events, record_money, record_people, record_site
from atlas_site.sandbox.market.facts import Facts
from atlas_site.sandbox.market.writer import Writer

Record = dict[str, Any]

GROUPS: dict[str, Callable[[Writer], Any]] = {
    "address": record_site.address,
    "ids": record_site.ids,
    "assessment": record_site.assessment,
    "building": record_site.building,
    "general": record_site.general,
    "legal": record_site.legal,
    "lot": record_site.lot,
    "tax": record_site.tax,
    "intel": record_money.intel,
    "owner": record_people.owner,
    "sale": record_money.sale,
    "deedHistory": record_money.deed_history,
    "mortgageHistory": record_money.mortgage_history,
    "openLien": record_money.open_lien,
    "involuntaryLien": record_money.involuntary_lien,
    "valuation": record_money.valuation,
    "propertyOwnerProfile": record_people.portfolio,
    "demographics": record_people.demographics,
    "foreclosure": record_events.foreclosure,
    "listing": record_events.listing,
    "permit": record_events.permit,
    "images": record_site.images,
}
"""Who writes each group. The place in this table is the group's stream of chance: new groups come last."""


def write_record(facts: Facts, today: int, groups: Collection[str] | None = None) -> Record:
    """Return the record of these facts as of the day with ordinal ``today``: all groups, or only those named."""
    record: Record = {"_id": facts["id"]}
    for stream, (name, write) in enumerate(GROUPS.items()):
        if groups is None or name in groups:
            group = write(Writer(facts, today, stream))
            if group is not None:
                record[name] = group
    return record


def merge(record: Record, patch: Record) -> Record:
    """Return the record with a patch laid over it: objects are merged, null removes a key, all else replaces."""
    merged = dict(record)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            below = merged.get(key)
            merged[key] = merge(below if isinstance(below, dict) else {}, value)
        else:
            merged[key] = value
    return merged
