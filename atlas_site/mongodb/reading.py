"""Rows of long lists: what a queryset asks for, read by PyMongo into plain values.

A queryset says what is read, in what order. To make an instance of a model of each document takes longer than all the
rest of a page of a list, and shows nothing that its values do not.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet
from django.db.models.sql import Query
from django_mongodb_backend.query import wrap_database_errors
from pymongo import ASCENDING, DESCENDING

from atlas_site.mongodb.models import Document

Shape = TypeVar("Shape")


def filter_of(rows: QuerySet) -> dict[str, Any] | None:
    """Return the condition of a queryset as the server's commands take it, None when nothing can fulfill it.

    Raises TypeError for rows that are sliced, and ValueError for rows that are joined or grouped.
    """
    query = rows.order_by().query
    query.clear_select_clause()
    compiler = query.get_compiler(rows.db)
    compiler.pre_sql_setup()
    try:
        built = compiler.build_query()
    except EmptyResultSet:  # such as an "in" of nothing
        return None
    if any((built.lookup_pipeline, built.aggregation_pipeline, built.combinator_pipeline, built.search_pipeline)):
        raise ValueError("Only documents of one collection can be read or counted so.")
    return built.match_mql


@wrap_database_errors
def read_rows(
    rows: QuerySet, shape: type[Shape], *, most: int = 0, left_out: Collection[str] = frozenset()
) -> list[Shape]:
    """Return what a queryset finds, in its order and at most `most` if that is given, in the shape of a class.

    `shape` is a dataclass or a named tuple whose fields are named like those of the model. No other keys are read, and
    the values are those that an instance of the model would have. Fields that are `left_out` are empty. The order is by
    fields of the model itself. Raises as `filter_of` does, and FieldDoesNotExist for a name that the model lacks.
    """
    condition = filter_of(rows)
    if condition is None:
        return []
    connection: Any = connections[rows.db]
    keys, converters, defaults = _way_of_reading(rows.model, shape, rows.db)
    read = {key: True for key, name in keys.items() if name not in left_out}
    documents = connection.get_collection(rows.model._meta.db_table).find(
        condition, {"_id": False, **read}, sort=_sort_of(rows), limit=most, batch_size=most, session=connection.session
    )
    found: Iterable[list] = ([document.get(key) for key in keys] for document in documents)
    if converters:
        found = _convert(found, converters, connection)
    if defaults:
        found = _complete(found, defaults)
    return [shape(*values) for values in found]


def _convert(found: Iterable[list], converters: Mapping[int, tuple], connection: Any) -> Iterator[list]:
    for values in found:
        for position, (steps, column) in converters.items():
            if values[position] is not None:
                for convert in steps:
                    values[position] = convert(values[position], column, connection)
        yield values


def _complete(found: Iterable[list], defaults: Mapping[int, Callable[[], Any]]) -> Iterator[list]:
    """Put defaults into the place of missing values, as instances of the model have them."""
    for values in found:
        for position, default in defaults.items():
            if values[position] is None:
                values[position] = default()
        yield values


@cache
def _way_of_reading(model: type[Document], shape: Any, alias: str) -> tuple[dict, dict, dict]:
    """The keys of documents with the names that a shape has for them, and by position what converts their values and
    what makes those that are missing. All of it is the same for every connection to a database."""
    named: list[Any] = [model._meta.get_field(name) for name in shape.__match_args__]
    columns = [field.get_col(model._meta.db_table) for field in named]
    converters = Query(model).get_compiler(alias).get_converters(columns)
    made = model._defaults_of_missing()
    defaults = {position: made[field.attname] for position, field in enumerate(named) if field.attname in made}
    return {field.column: field.attname for field in named}, converters, defaults


def _sort_of(rows: QuerySet) -> list[tuple[str, int]]:
    """The order of a queryset as the server takes it."""
    options = rows.model._meta
    ways = {name.removeprefix("-"): DESCENDING if name.startswith("-") else ASCENDING for name in rows.query.order_by}
    return [((options.pk if name == "pk" else options.get_field(name)).column, way) for name, way in ways.items()]
