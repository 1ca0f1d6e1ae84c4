"""Faults of single rows: the answer of a skip trace is whole and billed, and its rows are not what they should be."""

import json
from collections.abc import Callable
from typing import Any

from atlas_site.sandbox.faults import Fault
from atlas_site.sandbox.web import Handler, Request, Response, as_dict, json_response

Row = dict[str, Any]
Damage = Callable[[list[Row]], list[Row | None]]
EVERY = 3


def _is_chosen(place: int) -> bool:
    """Every third row, from the first on."""
    return place % EVERY == 0


def _null_misses(rows: list[Row]) -> list[Row | None]:
    return [row if row["meta"]["matched"] else None for row in rows]


def _null_rows(rows: list[Row]) -> list[Row | None]:
    return [None if _is_chosen(place) else row for place, row in enumerate(rows)]


def _missing_rows(rows: list[Row]) -> list[Row | None]:
    return [row for place, row in enumerate(rows) if not _is_chosen(place)]


def _repeated_rows(rows: list[Row]) -> list[Row | None]:
    return [*rows, *(row for place, row in enumerate(rows) if _is_chosen(place))]


def _reordered_rows(rows: list[Row]) -> list[Row | None]:
    return [*reversed(rows)]


def _foreign_rows(rows: list[Row]) -> list[Row | None]:
    """Somebody else's row comes first, and moves all others."""
    address = {"street": "1 Elsewhere Way", "city": "Nome", "state": "AK", "zip": "99762"}
    echo = {"requestId": "not-asked-for", "propertyAddress": address}
    first = rows[0] if rows else {}
    return [{**first, "input": echo} if "input" in first else {**first, **echo}, *rows]


def _rows_without_ids(rows: list[Row]) -> list[Row | None]:
    return [
        {key: _without_id(value) if key == "input" else value for key, value in _without_id(row).items()}
        for row in rows
    ]


def _without_id(item: Row) -> Row:
    return {key: value for key, value in item.items() if key not in ("requestId", "inputIndex")}


def _ids_in_meta(rows: list[Row]) -> list[Row | None]:
    """The place of the echoed id is not documented: here it stands in the row's meta."""
    moved: list[Row | None] = []
    for row in rows:
        echoed = row.get("requestId", as_dict(row.get("input")).get("requestId"))
        plain = as_dict(_rows_without_ids([row])[0])
        moved.append({**plain, "meta": {**plain["meta"], "requestId": echoed}})
    return moved


def _mode(damage: Damage) -> Callable[[Fault, Handler, Request], Response]:
    def answer(_fault: Fault, handler: Handler, request: Request) -> Response:
        response = handler(request)
        if response.status != 200:
            return response
        body = json.loads(response.body)
        for root, key in (("results", "persons"), ("result", "data")):
            if key in as_dict(body.get(root)):
                body[root][key] = damage(body[root][key])
        return json_response(body)

    return answer


MODES = {
    "null-misses": _mode(_null_misses),
    "null-rows": _mode(_null_rows),
    "missing-rows": _mode(_missing_rows),
    "repeated-rows": _mode(_repeated_rows),
    "reordered-rows": _mode(_reordered_rows),
    "foreign-rows": _mode(_foreign_rows),
    "rows-without-ids": _mode(_rows_without_ids),
    "ids-in-meta": _mode(_ids_in_meta),
}
"""Each is answered and billed, and damages the rows of a skip trace; other endpoints answer as ever."""
