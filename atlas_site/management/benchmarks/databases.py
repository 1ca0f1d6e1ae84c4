"""The databases of the benchmark: one for each engine, with the indexes that this engine makes of the same models."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from itertools import islice

import pymongo
from bson import ObjectId
from django.db import DEFAULT_DB_ALIAS, connections
from pymongo import IndexModel
from pymongo.collection import Collection
from pymongo.database import Database

from atlas_site.management.benchmarks.data import make_documents
from credits.models import Credit, CreditUsage, CreditWeight
from properties.models import Property, PropertyDatasetPermission

ATLAS, STOCK = "bench_atlas", "bench_stock"
ENGINES = {ATLAS: "atlas_site.mongodb", STOCK: "django_mongodb_backend"}
MODELS = (Property, PropertyDatasetPermission, Credit, CreditUsage, CreditWeight)
PROPERTIES_A_BATCH = 500
SECONDS_FOR_INDEXES = 600


@contextmanager
def bench_databases() -> Iterator[None]:
    """Make a database for each engine beside the configured one, which is left alone, and drop them in the end."""
    configured = connections[DEFAULT_DB_ALIAS].settings_dict
    for alias, engine in ENGINES.items():
        connections.settings[alias] = {
            **deepcopy(configured),
            "ENGINE": engine,
            "NAME": f"{configured['NAME']}_{alias}",
        }
    try:
        for alias in ENGINES:
            _drop(alias)  # what a benchmark that was killed has left
            with connections[alias].schema_editor() as editor:
                for model in MODELS:
                    editor.create_model(model)
        yield
    finally:
        for alias in ENGINES:
            _drop(alias)
            connections[alias].close_pool()
            del connections[alias]
            del connections.settings[alias]


def _drop(alias: str) -> None:
    if alias not in ENGINES:
        raise ValueError(f"{alias} is no database of the benchmark.")
    connections[alias].ensure_connection()
    connections[alias].connection.drop_database(connections[alias].settings_dict["NAME"])


def database_of(alias: str) -> Database:
    """Return PyMongo's view of a database of the benchmark."""
    return connections[alias].database


@contextmanager
def serving(alias: str) -> Iterator[None]:
    """Let code that names no database read this one, so that the selectors of Atlas run on it as they are."""
    configured = connections[DEFAULT_DB_ALIAS]
    connections[DEFAULT_DB_ALIAS] = connections[alias]
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = configured


def fill(
    *, size: int, owner_id: ObjectId, other_id: ObjectId, seed: int, progress: Callable[[int], None]
) -> dict[str, int]:
    """Write the same documents into the databases of all engines and return how many each collection holds.

    ``progress`` is told the number of properties after each batch.
    """
    documents = make_documents(size=size, owner_id=owner_id, other_id=other_id, seed=seed)
    counts = {Property._meta.db_table: 0, PropertyDatasetPermission._meta.db_table: 0}
    collections = [database_of(alias)[name] for alias in ENGINES for name in counts]
    indexes = [take_indexes(collection) for collection in collections]
    while batch := list(islice(documents, PROPERTIES_A_BATCH)):
        parts = [record for record, *_ in batch], [row for _, *rows in batch for row in rows]
        for name, part in zip(counts, parts, strict=True):
            for alias in ENGINES:
                database_of(alias)[name].insert_many(part, ordered=False)
            counts[name] += len(part)
        progress(counts[Property._meta.db_table])
    for collection, taken in zip(collections, indexes, strict=True):
        with pymongo.timeout(SECONDS_FOR_INDEXES):
            collection.create_indexes(taken)
    return counts


def take_indexes(collection: Collection) -> list[IndexModel]:
    """Drop the indexes that the engine has made and return them: over finished data they are built faster."""
    made = [dict(index) for index in collection.list_indexes() if index["name"] != "_id_"]
    collection.drop_indexes()
    return [
        IndexModel(list(index["key"].items()), **{key: index[key] for key in index if key not in {"v", "key", "ns"}})
        for index in made
    ]
