"""Finds what a question asks for: totals, quicklist counts, and pages in a stable order.

Totals, and the full answers of questions that full records must decide, are remembered until the market changes.
"""

import base64
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from atlas_site.sandbox.batchdata.criteria import Question
from atlas_site.sandbox.batchdata.fields import sort_expression
from atlas_site.sandbox.market import quicklists
from atlas_site.sandbox.market.catalog import Catalog

T = TypeVar("T")
REMEMBERED = 256


class Order(NamedTuple):
    """The order of a search: an SQL expression (unknown values come last) and then the property's number."""

    expression: str = "NULL"
    descending: bool = False
    name: str = ""


class Page(NamedTuple):
    """The numbers of the properties of one page and the cursor of the next, if there is one."""

    numbers: list[int]
    next_cursor: str | None


class BadCursor(ValueError):
    """The page cursor is not one that a search gave out."""


def read_order(options: dict[str, Any], request_id: str) -> Order:
    """Return the order that the options ask for; a field that is not known is ignored."""
    sort = options.get("sort")
    if not isinstance(sort, dict):
        return Order()
    direction = str(sort.get("sortOrder") or sort.get("order") or "asc").lower()
    if direction == "random":
        session = options.get("searchSession")
        name = sort.get("sessionId") or (session.get("id") if isinstance(session, dict) else None) or request_id
        return Order("shuffle(i, :shuffle)", name=str(name))
    expression = sort_expression(str(sort.get("field")))
    return Order(expression, direction == "desc") if expression else Order()


class Finder:
    """Asks one catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._memory: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._lock = threading.Lock()

    def total(self, question: Question) -> int:
        """Return how many properties match."""
        if question.tests:
            return len(self._all_numbers(question, Order()))
        sql = f"SELECT count(*) FROM property WHERE {question.where}"  # noqa: S608 -- values are parameters
        return self._remember(
            ("total", question.fingerprint), lambda: self._catalog.numbers(sql, question.parameters.values)[0]
        )

    def quicklist_counts(self, question: Question) -> list[dict[str, Any]]:
        """Return how many of the matching properties stand on each quicklist."""
        where = question.where
        parameters = dict(question.parameters.values)
        if question.tests:
            where = "i IN (SELECT value FROM json_each(:numbers))"
            parameters["numbers"] = json.dumps(self._all_numbers(question, Order()))
        sums = ", ".join(f"coalesce(sum({quicklists.condition(slug)}), 0)" for slug in quicklists.CONDITIONS)
        sql = f"SELECT {sums} FROM property WHERE {where}"  # noqa: S608
        row = self._remember(
            ("counts", question.fingerprint),
            lambda: tuple(self._catalog.connection().execute(sql, parameters).fetchone()),
        )
        return [{"name": slug, "count": count} for slug, count in zip(quicklists.CONDITIONS, row, strict=True)]

    def page(
        self, question: Question, order: Order, *, skip: int, take: int,
        cursor: str | None = None, without: Sequence[int] = (),
    ) -> Page:  # fmt: skip
        """Return ``take`` properties after ``skip`` or after the cursor, leaving out the numbers ``without``.

        Raises ``BadCursor``.
        """
        if question.tests:
            return self._tested_page(question, order, skip=skip, take=take, cursor=cursor, without=without)
        where = [f"({question.where})"]
        parameters: dict[str, Any] = {
            **question.parameters.values, "take": take + 1, "skip": 0 if cursor else skip, "shuffle": order.name,
        }  # fmt: skip
        if without:
            where.append("i NOT IN (SELECT value FROM json_each(:without))")
            parameters["without"] = json.dumps(list(without))
        if cursor:
            where.append(_after(order, _read_cursor(cursor), parameters))
        sql = (
            f"SELECT i, {order.expression} FROM property WHERE {' AND '.join(where)} "  # noqa: S608
            f"ORDER BY {_order_sql(order)} LIMIT :take OFFSET :skip"
        )
        rows = self._catalog.connection().execute(sql, parameters).fetchall()
        numbers = [row[0] for row in rows[:take]]
        has_more = len(rows) > take > 0
        return Page(numbers, _write_cursor(rows[take - 1][1], numbers[-1]) if has_more else None)

    def _tested_page(
        self, question: Question, order: Order, *, skip: int, take: int, cursor: str | None, without: Sequence[int]
    ) -> Page:
        left_out = set(without)
        numbers = [n for n in self._all_numbers(question, order) if n not in left_out]
        if cursor:
            last = _read_cursor(cursor)[1]
            skip = numbers.index(last) + 1 if last in numbers else len(numbers)
        chosen = numbers[skip : skip + take]
        has_more = len(numbers) > skip + take and take > 0
        return Page(chosen, _write_cursor(None, chosen[-1]) if has_more else None)

    def _all_numbers(self, question: Question, order: Order) -> list[int]:
        """Return every match of a question with tests, in order: each candidate's full record is looked at."""

        def find() -> list[int]:
            sql = f"SELECT i FROM property WHERE {question.where} ORDER BY {_order_sql(order)}"  # noqa: S608
            parameters = {**question.parameters.values, "shuffle": order.name}
            candidates = self._catalog.numbers(sql, parameters)
            groups = {test.group for test in question.tests}
            records = self._catalog.records(candidates, question.parameters.today, groups)
            return [number for number, record in records.items() if all(test.holds(record) for test in question.tests)]

        return self._remember(("numbers", question.fingerprint, order), find)

    def _remember(self, key: tuple[Any, ...], find: Callable[[], T]) -> T:
        key = (*key, self._catalog.generation)
        with self._lock:
            if key in self._memory:
                self._memory.move_to_end(key)
                remembered: T = self._memory[key]
                return remembered
        found = find()
        with self._lock:
            self._memory[key] = found
            while len(self._memory) > REMEMBERED:
                self._memory.popitem(last=False)
        return found


def _order_sql(order: Order) -> str:
    if order.expression == "NULL":
        return "i"
    return f"({order.expression}) IS NULL, {order.expression} {'DESC' if order.descending else 'ASC'}, i"


def _after(order: Order, last: tuple[Any, int], parameters: dict[str, Any]) -> str:
    """Return the condition of standing behind the last record of the page before."""
    parameters["last_value"], parameters["last_number"] = last
    if order.expression == "NULL":
        return "i > :last_number"
    if last[0] is None:
        return f"({order.expression}) IS NULL AND i > :last_number"
    sign = "<" if order.descending else ">"
    same = f"{order.expression} = :last_value AND i > :last_number"
    return f"(({order.expression}) IS NULL OR {order.expression} {sign} :last_value OR ({same}))"


def _write_cursor(value: Any, number: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([value, number]).encode()).decode()


def _read_cursor(cursor: str) -> tuple[Any, int]:
    try:
        value, number = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        return value, int(number)
    except (ValueError, TypeError) as error:
        raise BadCursor from error
