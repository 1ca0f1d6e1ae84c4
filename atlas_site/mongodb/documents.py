"""PyMongo beside the ORM, within the transaction that runs: for writes that the ORM cannot say in one command."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from bson import Decimal128
from django.db import DEFAULT_DB_ALIAS, connections, models
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

DUPLICATE_KEY = 11000

ModelType = TypeVar("ModelType", bound=models.Model)


def collection_of(model: type[models.Model]) -> Collection:
    """Return the collection of a model. Calls that belong to a transaction pass ``session=current_session()``."""
    return connections[DEFAULT_DB_ALIAS].get_collection(model._meta.db_table)


def current_session() -> ClientSession | None:
    """Return the session of the running `run_txn`, or None outside of one."""
    return connections[DEFAULT_DB_ALIAS].session


def is_in_transaction() -> bool:
    """Say whether a `run_txn` is running in this thread."""
    return connections[DEFAULT_DB_ALIAS].in_atomic_block_mongo


def load(model: type[ModelType], document: dict[str, Any]) -> ModelType:
    """Make the model instance of a document that PyMongo read; missing keys take the field's default."""
    values = {
        field.attname: _as_python(document[field.column])
        for field in model._meta.concrete_fields
        if document.get(field.column) is not None
    }
    instance = model(**values)
    instance._state.adding = False
    instance._state.db = DEFAULT_DB_ALIAS
    return instance


def insert_missing(model: type[models.Model], documents: Sequence[Mapping[str, Any]]) -> None:
    """Insert documents whose keys were made before; those that are there already stay as they are.

    Outside of transactions, which a duplicate ends.
    """
    try:
        if documents:
            collection_of(model).insert_many(documents, ordered=False)
    except BulkWriteError as error:
        if any(each["code"] != DUPLICATE_KEY for each in error.details["writeErrors"]):
            raise


def as_utc(moment: datetime) -> datetime:
    """Return the moment as MongoDB keeps it: UTC, cut to milliseconds. A naive one is taken for UTC."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.replace(microsecond=aware.microsecond // 1000 * 1000)


def _as_python(value: Any) -> Any:
    if isinstance(value, datetime):
        return as_utc(value)
    return value.to_decimal() if isinstance(value, Decimal128) else value
