"""Conditions that Django's look-ups cannot say."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId
from django.db.models import Lookup, Value


class Matches(Lookup):
    """A condition in the server's own query language, to be used in ``filter()`` and in ``Q`` like any other.

    ``condition`` names keys of the documents, not fields of the model: ``Matches({"location": {"$geoWithin": ...}})``.
    It may not be used in an annotation, where the server takes expressions and no conditions.
    """

    lookup_name = "matches"
    prepare_rhs = False

    def __init__(self, condition: Mapping[str, Any]):
        # Django compares any other expression with True, and only a look-up stands in a query as it is.
        super().__init__(Value(True), dict(condition))

    def __repr__(self) -> str:
        return f"Matches({self.rhs!r})"

    def get_source_expressions(self) -> list:
        return [self.lhs]

    def set_source_expressions(self, new_exprs: list) -> None:
        [self.lhs] = new_exprs

    @property
    def identity(self):
        """What makes two of them the same."""
        return (type(self), repr(self.rhs))

    def as_mql(self, compiler, connection, as_expr=False):
        """Return the condition as a ``$match`` stage takes it."""
        if as_expr:
            raise TypeError("A condition in the server's query language cannot be part of an expression.")
        return self.rhs


def older_than(key: str, moment: datetime, pk: ObjectId) -> Matches:
    """What comes after a document in a list that has the newest by `key` first, and those of one moment by their id.

    An index on both is read from there on; of an "or" alone the server would read, or sort, all that came before.
    """
    earlier, same_moment = {key: {"$lt": moment}}, {key: moment, "_id": {"$lt": pk}}
    return Matches({key: {"$lte": moment}, "$or": [earlier, same_moment]})
