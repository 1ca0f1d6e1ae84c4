"""What a record tells an owned row: the value that each filter looks at, and the signals, of unlocked datasets only."""

from collections.abc import Iterable, Mapping
from typing import Any

from atlas_site.vendors.batchdata import PropertyRecord
from properties.models.records import Dataset
from properties.search.filters import FILTERS
from properties.search.filters.base import raw_of
from properties.search.signals import SIGNALS


def facts_of(record: PropertyRecord | Mapping[str, Any], datasets: Iterable[str]) -> dict[str, Any]:
    """The facts of a row by filter name, of these datasets only: what a record does not tell is missing.

    Values are what JSON and MongoDB hold alike: numbers, yes or no, texts, days as ISO text, and sorted lists where a
    property may have several. Filters that look at a column of the row have none here.
    """
    owned = set(datasets)
    facts = {each.name: each.fact(record) for each in FILTERS if not each.column and each.dataset in owned}
    return {name: fact for name, fact in facts.items() if fact is not None}


def signals_of(record: PropertyRecord | Mapping[str, Any], datasets: Iterable[str]) -> tuple[list[str], list[str]]:
    """The slugs of the signals that a record says hold, and of those that it says do not, if QUICKLIST is unlocked.

    A signal that the record leaves open is in neither.
    """
    if Dataset.QUICKLIST not in set(datasets):
        return [], []
    told = PropertyRecord(raw_of(record)).signals
    held = sorted(slug for slug, signal in SIGNALS.items() if told.get(signal.key) is True)
    absent = sorted(slug for slug, signal in SIGNALS.items() if told.get(signal.key) is False)
    return held, absent
