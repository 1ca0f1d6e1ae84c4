"""What the datasets of a property show, and when one of them has told something that is worth its price."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atlas_site.vendors.batchdata import PropertyRecord
from properties.datasets.catalog import DATASET_INFOS
from properties.datasets.fields import DatasetInfo
from properties.datasets.kinds import (
    NON_DISCLOSURE_STATES,
    NOT_PUBLIC,
    Field,
    Flags,
    Kind,
    Section,
    ShownSection,
    ShownTable,
    ShownValue,
    Table,
    read_flags,
    show_field,
    show_flags,
    show_table,
)
from properties.models.records import Dataset

__all__ = [
    "DATASET_INFOS",
    "NON_DISCLOSURE_STATES",
    "NOT_PUBLIC",
    "DatasetInfo",
    "Field",
    "Flags",
    "Kind",
    "Section",
    "ShownSection",
    "ShownTable",
    "ShownValue",
    "Table",
    "flag_states",
    "is_hit",
    "shown_values",
]

PHONES_PATH = "owner.phoneNumbers"


def shown_values(data: Mapping[str, Any], dataset: str, *, state: str | None = None) -> tuple[ShownSection, ...]:
    """Return what a record has to show for one dataset, section by section, as people read it.

    ``data`` is a raw record, or the part of it that belongs to the dataset; ``state`` (two letters) decides whether a
    missing sale price is "not public", and is read from the record when it is not given. A section without any value
    is left out. The phone numbers of a known litigator are withheld. Never fails, whatever the record holds.
    """
    record = PropertyRecord(data)
    state = state or record.address.state
    withheld = {PHONES_PATH} if record.is_litigator else set()
    sections = (_show_section(data, section, state, withheld) for section in DATASET_INFOS[dataset].sections)
    return tuple(section for section in sections if section)


def is_hit(data: Mapping[str, Any], dataset: str) -> bool:
    """Say whether a record tells something for this dataset that may be charged (the money rule).

    BASIC is a hit when a record came back. Any other needs at least one shown value that is not a zero, a "no", an
    empty word, a document number or the date of a check; CONTACT needs a phone number that may be shown.
    """
    if dataset == Dataset.BASIC:
        return bool(data)
    return any(value.tells_something for section in shown_values(data, dataset) for value in section.walk_values())


def flag_states(data: Mapping[str, Any], dataset: str) -> dict[str, bool | None]:
    """Say of each flag of a dataset (signals, kinds of permits) by its key whether it is set; None is unknown."""
    parts = (part for section in DATASET_INFOS[dataset].sections for part in section.parts)
    return {key: state for part in parts if isinstance(part, Flags) for key, state in read_flags(data, part).items()}


def _show_section(data: Mapping[str, Any], section: Section, state: str | None, withheld: set[str]) -> ShownSection:
    values: list[ShownValue] = []
    tables: list[ShownTable] = []
    missing: list[str] = []
    for part in section.parts:
        found: ShownValue | ShownTable | None
        if part.path in withheld:
            continue
        if isinstance(part, Table):
            found = show_table(data, part, state=state)
        elif isinstance(part, Flags):
            found = show_flags(data, part)
        else:
            found = show_field(data, part, state=state)
        if isinstance(found, ShownTable):
            tables.append(found)
        elif found is not None:
            values.append(found)
        else:
            missing.append(part.label)
    return ShownSection(section.title, tuple(values), tuple(tables), tuple(missing))
