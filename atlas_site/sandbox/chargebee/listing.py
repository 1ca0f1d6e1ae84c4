"""Lists: filters, sorting and paging by an opaque offset."""

import ast
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from atlas_site.sandbox.chargebee import forms
from atlas_site.sandbox.chargebee.books import Books, public
from atlas_site.sandbox.chargebee.errors import WrongParam
from atlas_site.sandbox.chargebee.store import Document

DEFAULT_LIMIT, MAX_LIMIT = 10, 100
NOT_FILTERS = ("limit", "offset", "sort_by", "include_deleted")
MOMENTS = {"event": "occurred_at"}
SORTED_BY = {
    "customer": ("created_at", "updated_at"), "subscription": ("created_at", "updated_at"),
    "invoice": ("date", "updated_at"), "credit_note": ("date",), "transaction": ("date", "updated_at"),
    "event": ("occurred_at",), "item_price": ("name", "id", "updated_at"), "hosted_page": ("created_at",),
    "item": ("name", "id", "updated_at"), "payment_source": ("created_at", "updated_at"),
}  # fmt: skip


def answer(books: Books, kind: str, params: forms.Params) -> tuple[list[Document], str | None]:
    """Return a page of a kind and the offset of the next, ``None`` on the last; oldest first unless sorted.

    Raises ``WrongParam`` for a limit, offset, filter or order that does not exist.
    """
    limit = forms.whole(params, "limit")
    limit = DEFAULT_LIMIT if limit is None else limit
    if not 1 <= limit <= MAX_LIMIT:
        raise WrongParam("limit", f"must be from 1 to {MAX_LIMIT}")
    field, descending = _read_order(kind, params)
    start = _read_offset(str(params.get("offset") or ""))
    accepts = [*_read_filters(params), _make_deleted_filter(params)]
    customer_id, after = _equal_to(params, "customer_id"), _after(kind, params)
    by_moment = field == MOMENTS.get(kind, "updated_at")
    with books.lock:
        if not field or by_moment:
            rows = books.store.find(
                kind, customer_id=customer_id, after=after, by_moment=by_moment, descending=descending, start=start
            )
        else:
            rows = _sort(books.store.find(kind, customer_id=customer_id, after=after), field, descending, start)
        page = list(islice((row for row in rows if all(accept(row[1]) for accept in accepts)), limit + 1))
    offset = json.dumps(page[limit - 1][0]) if len(page) > limit else None
    return [public(body) for _, body in page[:limit]], offset


def _sort(
    rows: Iterable[tuple[Any, Document]], field: str, descending: bool, start: tuple[Any, int] | None
) -> Iterator[tuple[Any, Document]]:
    """Put rows in the order of a field and leave out those up to an offset."""
    placed = sorted(
        (((body.get(field, 0), seq), body) for (_, seq), body in rows), key=lambda row: row[0], reverse=descending
    )
    return (row for row in placed if start is None or (row[0] < start if descending else row[0] > start))


def _make_deleted_filter(params: forms.Params) -> Callable[[Document], bool]:
    with_deleted = forms.flag(params, "include_deleted")
    return lambda body: with_deleted or not body.get("deleted")


def _read_order(kind: str, params: forms.Params) -> tuple[str, bool]:
    order = forms.fields(params, "sort_by")
    if not order:
        return "", False
    (direction, field), *_ = order.items()
    if direction not in ("asc", "desc") or field not in SORTED_BY.get(kind, ()):
        raise WrongParam(f"sort_by[{direction}]", f"cannot sort by {field}")
    return str(field), direction == "desc"


def _read_offset(text: str) -> tuple[Any, int] | None:
    if not text:
        return None
    try:
        value, seq = json.loads(text)
        return value, int(seq)
    except (ValueError, TypeError):
        raise WrongParam("offset", "is not one that a list returned") from None


def _equal_to(params: forms.Params, name: str) -> str | None:
    condition = params.get(name)
    return condition.get("is") if isinstance(condition, dict) else None


def _after(kind: str, params: forms.Params) -> int | None:
    condition = params.get(MOMENTS.get(kind, "updated_at"))
    return forms.whole(condition, "after") if isinstance(condition, dict) else None


def _read_filters(params: forms.Params) -> list[Callable[[Document], bool]]:
    filters = []
    for field, conditions in params.items():
        if field in NOT_FILTERS:
            continue
        if not isinstance(conditions, dict):
            raise WrongParam(field, "is not a filter such as field[is]=value")
        filters += [_make_filter(field, name, str(value)) for name, value in conditions.items()]
    return filters


def _make_filter(field: str, operator: str, text: str) -> Callable[[Document], bool]:
    if operator not in OPERATORS:
        raise WrongParam(f"{field}[{operator}]", "is not an operator")
    wanted = _read_list(field, text) if operator in ("in", "not_in", "between") else [text]
    matches = OPERATORS[operator]
    try:
        if operator in ("after", "before", "on", "between", "gt", "lt", "gte", "lte"):
            wanted = [int(value) for value in wanted]
    except ValueError:
        raise WrongParam(f"{field}[{operator}]", "must be numbers") from None
    return lambda body: matches(_as_text(_value(body, field), operator), wanted)


def _read_list(field: str, text: str) -> list[Any]:
    """Read a list as the clients send it: ``['a', "b's"]`` or ``[a,b]``."""
    try:
        values = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        values = [part.strip().strip("\"'") for part in text.strip("[] ").split(",")]
    if not isinstance(values, list | tuple):
        raise WrongParam(field, "must be a list")
    return [str(value) for value in values]


def _value(body: Document, field: str) -> Any:
    if field == "item_price_id" and "subscription_items" in body:
        return body["subscription_items"][0]["item_price_id"]
    return body.get(field)


def _as_text(value: Any, operator: str) -> Any:
    if operator in ("after", "before", "on", "between", "gt", "lt", "gte", "lte"):
        return value if isinstance(value, int) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


DAY = 86_400
OPERATORS: dict[str, Callable[[Any, list[Any]], bool]] = {
    "is": lambda value, wanted: value == wanted[0],
    "is_not": lambda value, wanted: value != wanted[0],
    "in": lambda value, wanted: value in wanted,
    "not_in": lambda value, wanted: value not in wanted,
    "starts_with": lambda value, wanted: value is not None and value.startswith(wanted[0]),
    "is_present": lambda value, wanted: (value is not None) == (wanted[0] == "true"),
    "after": lambda value, wanted: value is not None and value > wanted[0],
    "before": lambda value, wanted: value is not None and value < wanted[0],
    "on": lambda value, wanted: value is not None and value // DAY == wanted[0] // DAY,
    "between": lambda value, wanted: value is not None and wanted[0] <= value <= wanted[-1],
    "gt": lambda value, wanted: value is not None and value > wanted[0],
    "lt": lambda value, wanted: value is not None and value < wanted[0],
    "gte": lambda value, wanted: value is not None and value >= wanted[0],
    "lte": lambda value, wanted: value is not None and value <= wanted[0],
}
