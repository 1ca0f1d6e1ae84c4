"""How the datasets that Atlas sells are called on the wire, and which parts of a property record each one fills.

Parts are named by dotted paths in which ``*`` stands for any letters. A key below a part that another dataset claims
belongs to that one: ``owner`` is BASIC, ``owner.phoneNumbers`` is CONTACT. Keys that the vendor adds to a group stay
with the group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class WireDataset:
    """The vendor's name of a dataset and the parts of a record that come with it.

    ``needs_skip_trace`` marks the one whose call asks for owner contacts, which the vendor bills per match.
    """

    name: str
    parts: tuple[str, ...]
    needs_skip_trace: bool = False


DATASETS: Mapping[str, WireDataset] = MappingProxyType(
    {
        # "core" is the vendor's richer "basic"; the two exclude each other.
        "BASIC": WireDataset(
            "core",
            (
                "_id", "address", "ids", "assessment", "building", "general", "intel", "legal", "lot", "owner", "sale",
                "tax",
            ),
        ),
        "BATCHRANK": WireDataset("batchrank", ("intel.salePropensity*",)),
        "CONTACT": WireDataset(
            "contact",
            (
                "owner.phoneNumbers", "owner.emails", "owner.enrichedEmails", "owner.hasLandline",
                "owner.mailingOptOut", "owner.dnc", "owner.litigator", "owner.bankruptcy", "owner.death",
                "owner.involuntaryLien",
            ),
            needs_skip_trace=True,
        ),
        "DEED": WireDataset("deed", ("deedHistory",)),
        "DEMOGRAPHIC": WireDataset("demographic", ("demographics",)),
        "FORECLOSURE": WireDataset("foreclosure", ("foreclosure",)),
        "LISTING": WireDataset("listing", ("listing",)),
        "MORTGAGE_LIENS": WireDataset(
            "mortgage-liens", ("mortgageHistory", "openLien", "involuntaryLien", "sale.*.mortgages")
        ),
        "OWNER": WireDataset("owner", ("propertyOwnerProfile",)),
        "PERMIT": WireDataset("permit", ("permit",)),
        "QUICKLIST": WireDataset("quicklist", ("quickLists",)),
        "VALUATION": WireDataset("valuation", ("valuation",)),
    }
)  # fmt: skip


def groups_of(dataset: str) -> tuple[str, ...]:
    """Return the parts of a record that a dataset of Atlas fills; none for DIVORCE_INFO, which no vendor sells."""
    wire = DATASETS.get(dataset)
    return wire.parts if wire else ()


def wire_names(datasets: Iterable[str]) -> list[str]:
    """Return the vendor's names of datasets, once each. Raises ``ValueError`` for one that the vendor does not sell."""
    names = []
    for dataset in datasets:
        if dataset not in DATASETS:
            raise ValueError(f"BatchData does not sell the dataset {dataset}.")
        names.append(DATASETS[dataset].name)
    return list(dict.fromkeys(names))


def extract_dataset(record: Mapping[str, Any], dataset: str) -> dict[str, Any]:
    """Return the part of a raw record that belongs to one dataset, in the record's own shape, without empty groups."""
    if dataset not in DATASETS:
        return {}
    return _pick(record, (), _split(groups_of(dataset)), _claims_of_others(dataset))


Path = tuple[str, ...]


def _pick(value: Mapping[str, Any], at: Path, wanted: tuple[Path, ...], claimed: tuple[Path, ...]) -> dict[str, Any]:
    """Copy the keys below ``at`` that a wanted part covers, or leads to, and that no other dataset claims."""
    picked = {}
    for key, item in value.items():
        path = (*at, key)
        if any(_covers(part, path) for part in claimed):
            continue
        covered = any(_covers(part, path) for part in wanted)
        if isinstance(item, Mapping) and (covered or any(_leads_to(path, part) for part in wanted)):
            item = _pick(item, path, wanted, claimed)  # noqa: PLW2901 -- the part of it that is ours
            if item:
                picked[key] = item
        elif covered and item is not None:
            picked[key] = item
    return picked


@cache
def _claims_of_others(dataset: str) -> tuple[Path, ...]:
    """Return the parts of other datasets that lie inside a part of this one."""
    own = _split(groups_of(dataset))
    others = [part for name, wire in DATASETS.items() if name != dataset for part in _split(wire.parts)]
    return tuple(part for part in others if any(len(part) > len(mine) and _covers(mine, part) for mine in own))


@cache
def _split(parts: tuple[str, ...]) -> tuple[Path, ...]:
    return tuple(tuple(part.split(".")) for part in parts)


def _covers(part: Path, path: Path) -> bool:
    """Say whether ``path`` is the part or lies below it."""
    return len(path) >= len(part) and _agree(part, path)


def _leads_to(path: Path, part: Path) -> bool:
    """Say whether the part lies below ``path``."""
    return len(path) < len(part) and _agree(part, path)


def _agree(part: Path, path: Path) -> bool:
    """Say whether part and path are the same as far as the shorter one goes."""
    return all(key == name or ("*" in name and fnmatchcase(key, name)) for name, key in zip(part, path, strict=False))
