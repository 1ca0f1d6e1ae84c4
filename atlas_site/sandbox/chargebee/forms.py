"""The form encoding of Chargebee's API: ``customer[id]=x``, ``subscription_items[item_price_id][0]=y``."""

import re
from typing import Any
from urllib.parse import parse_qsl

from atlas_site.sandbox.chargebee.errors import WrongParam

Params = dict[str, Any]


def decode(text: str) -> Params:
    """Return the parameters as nested dictionaries; indexes stay texts (``{"item_price_id": {"0": "y"}}``)."""
    params: Params = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        keys = [part.rstrip("]") for part in name.split("[")]
        place = params
        for key in keys[:-1]:
            inner = place.setdefault(key, {})
            if not isinstance(inner, dict):
                raise WrongParam(name, "is given twice, in different shapes")
            place = inner
        place[keys[-1]] = value
    return params


def fields(params: Params, name: str) -> Params:
    """Return a parameter that has fields; an absent one has none. Raises ``WrongParam`` for a plain value."""
    value = params.get(name, {})
    if not isinstance(value, dict):
        raise WrongParam(name, "must have fields")
    return value


def rows(params: Params, name: str) -> list[Params]:
    """Return a list of rows: ``name[field][0]`` makes the field of the first. Raises ``WrongParam``."""
    found: dict[int, Params] = {}
    for field, values in fields(params, name).items():
        if not isinstance(values, dict) or not all(index.isdigit() for index in values):
            raise WrongParam(f"{name}[{field}]", "must be a list")
        for index, value in values.items():
            found.setdefault(int(index), {})[field] = value
    return [found[index] for index in sorted(found)]


def items(params: Params, name: str) -> list[dict[str, Any]]:
    """Return rows of item prices as ``{"item_price_id", "quantity"}``. Raises ``WrongParam``."""
    found = []
    for place, row in enumerate(rows(params, name)):
        if not row.get("item_price_id"):
            raise WrongParam(f"{name}[item_price_id][{place}]", "cannot be blank")
        quantity = whole(row, "quantity", f"{name}[quantity][{place}]")
        found.append({"item_price_id": row["item_price_id"], "quantity": 1 if quantity is None else quantity})
        if found[-1]["quantity"] < 1:
            raise WrongParam(f"{name}[quantity][{place}]", "must be at least 1")
    return found


def whole(params: Params, name: str, label: str = "") -> int | None:
    """Return a whole number, or ``None`` where it is absent. Raises ``WrongParam``."""
    value = params.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not re.fullmatch(r"-?\d+", value):
        raise WrongParam(label or name, "must be a whole number")
    return int(value)


def flag(params: Params, name: str, *, default: bool = False) -> bool:
    """Return a boolean. Raises ``WrongParam``."""
    value = params.get(name)
    if value is None or value == "":
        return default
    if value not in ("true", "false"):
        raise WrongParam(name, "must be true or false")
    return bool(value == "true")
