"""Counts that stop at a limit, by the server's own command."""

from typing import Any

from django.db import connections
from django.db.models import QuerySet
from django_mongodb_backend.query import wrap_database_errors

from atlas_site.mongodb.reading import filter_of


@wrap_database_errors
def count_up_to(rows: QuerySet, most: int) -> int:
    """Return how many documents a queryset finds, at most `most`.

    The aggregate of ``QuerySet.count()`` looks at each key of the index that it walks; the server's ``count`` command
    steps over them without a look (COUNT_SCAN) if the filter is one stretch of an index, which takes less than half as
    long. An open side of the stretch has to be a value (`revealed_at__gt=BEFORE_ALL`): "not null" is two stretches.

    Raises TypeError for rows that are sliced, and ValueError for rows that are joined or grouped and within a
    transaction, where the server has no such command.
    """
    connection: Any = connections[rows.db]
    if connection.in_atomic_block_mongo:
        raise ValueError("The server does not count within a transaction.")
    condition = filter_of(rows)
    if condition is None:
        return 0
    collection = connection.get_collection(rows.model._meta.db_table)
    return collection.database.command({"count": collection.name, "query": condition, "limit": most})["n"]
