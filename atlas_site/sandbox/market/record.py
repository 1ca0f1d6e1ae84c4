"""Writes the full record of a property in the vendor's wire form: every group of every dataset but ``quickLists``,
which the catalog knows (see ``catalog``)."""

from typing import Any

from atlas_site.sandbox.market import record_events, record_money, record_people, record_site
from atlas_site.sandbox.market.facts import Facts
from atlas_site.sandbox.market.writer import Writer

Record = dict[str, Any]


def write_record(facts: Facts, today: int) -> Record:
    """Return the record of these facts as of the day with ordinal ``today``."""
    writer = Writer(facts, today)
    deeds = record_money.deed_history(writer)
    knows_deeds = writer.rnd() > 0.05
    record: Record = {
        "_id": facts["id"],
        "address": record_site.address(writer),
        "ids": record_site.ids(writer),
        "assessment": record_site.assessment(writer),
        "building": record_site.building(writer),
        "general": record_site.general(writer),
        "legal": record_site.legal(writer),
        "lot": record_site.lot(writer),
        "tax": record_site.tax(writer),
        "intel": record_money.intel(writer),
        "owner": record_people.owner(writer),
        "sale": record_money.sale(writer, deeds),
        "deedHistory": deeds if knows_deeds else [],
        "mortgageHistory": record_money.mortgage_history(writer),
        "openLien": record_money.open_lien(writer),
        "involuntaryLien": record_money.involuntary_lien(writer),
        "valuation": record_money.valuation(writer),
        "propertyOwnerProfile": record_people.portfolio(writer),
        "demographics": record_people.demographics(writer),
        "foreclosure": record_events.foreclosure(Writer(facts, today, stream=1)),
        "listing": record_events.listing(Writer(facts, today, stream=2)),
        "permit": record_events.permit(writer),
        "images": record_site.images(writer),
    }
    return {key: group for key, group in record.items() if group is not None}


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
