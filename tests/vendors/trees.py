"""The example trees of the BatchData API reference, and small damage done to them."""

import copy
import json
import random
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent / "data" / "batchdata"
DATASET_FILES = {
    "BASIC": "core",
    "BATCHRANK": "batchrank",
    "CONTACT": "contact",
    "DEED": "deed",
    "DEMOGRAPHIC": "demographic",
    "FORECLOSURE": "foreclosure",
    "LISTING": "listing",
    "MORTGAGE_LIENS": "mortgage_liens",
    "OWNER": "owner",
    "PERMIT": "permit",
    "QUICKLIST": "quicklist",
    "VALUATION": "valuation",
}
# What a careless or changed vendor might put in the place of a value.
STRANGE_VALUES: tuple[Any, ...] = (
    None, "", " ", "Unknown", "To be Determined", 0, -1, 1, 3.5, 10**30, -(10**400), float("inf"), float("nan"), True,
    False, [], {}, [None], [[]], [{}], {"x": None}, "0000-00-00", "2025-13-45", "2025-10-01T00:00:00Z", "20251001",
    "$1,250.50",
    "1e999", "٣", "\ud800", "\0", "x" * 5000, ["a", 1, None, {"b": []}], {"$gt": ""}, "1_000", "NaN", "-", "6.25%",
)  # fmt: skip
STRANGE_KEYS = ("unheardOf", "", "$where", "a.b", "\0", "ключ")


def load_tree(name: str) -> Any:
    """Return one example tree as fresh data."""
    return json.loads((HERE / f"{name}.json").read_text())


def merge(*trees: dict[str, Any]) -> dict[str, Any]:
    """Lay example trees over each other, as a record with several datasets has them."""
    merged: dict[str, Any] = {}
    for tree in trees:
        _merge_into(merged, tree)
    return merged


def whole_record() -> dict[str, Any]:
    """Return a record with every dataset in it."""
    return merge(*(load_tree(name) for name in DATASET_FILES.values()), load_tree("image"))


def damage(tree: Any, chance: random.Random) -> Any:
    """Return a copy in which one to three places are missing, null, of another type, or have something extra."""
    damaged = {"root": copy.deepcopy(tree)}
    for _ in range(chance.randint(1, 3)):
        holder, key = chance.choice(list(_places(damaged)))
        kind = chance.choice(("missing", "null", "other", "extra", "wrapped"))
        if kind == "missing" and holder is not damaged:
            del holder[key]
        elif kind == "null":
            holder[key] = None
        elif kind == "other":
            holder[key] = copy.deepcopy(chance.choice(STRANGE_VALUES))
        elif kind == "wrapped":
            holder[key] = [holder[key]] if chance.random() < 0.5 else {"value": holder[key]}
        elif isinstance(holder[key], dict):
            holder[key][chance.choice(STRANGE_KEYS)] = copy.deepcopy(chance.choice(STRANGE_VALUES))
        elif isinstance(holder[key], list):
            holder[key].insert(0, copy.deepcopy(chance.choice(STRANGE_VALUES)))
    return damaged["root"]


def _places(value: Any):
    """Walk all (container, key) pairs of a tree."""
    pairs = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    for key, item in pairs:
        yield value, key
        if isinstance(item, dict | list):
            yield from _places(item)


def _merge_into(target: dict[str, Any], tree: dict[str, Any]) -> None:
    for key, value in tree.items():
        if isinstance(value, dict) and isinstance(target.get(key), dict):
            _merge_into(target[key], value)
        else:
            target[key] = copy.deepcopy(value)
