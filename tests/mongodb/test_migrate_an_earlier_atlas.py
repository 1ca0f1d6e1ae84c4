"""`migrate` over the database of an earlier Atlas, killed many times on its way, ends where a new database begins."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection
from pymongo import MongoClient
from pymongo.database import Database

from atlas_site.mongodb.indexes import keys_of, meaning_of
from tests.mongodb.earlier_atlas import DOCUMENTS, PLAIN, UNIQUE, make_earlier_atlas, prisma_name

ROOT = Path(__file__).resolve().parents[2]
CHANGES_BETWEEN_KILLS = 18  # and 3 by `make faults`
UNDISTURBED = 10_000


@pytest.fixture(scope="module", params=[CHANGES_BETWEEN_KILLS, pytest.param(3, marks=pytest.mark.faults)])
def earlier(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An earlier Atlas, migrated by a process that was killed again and again."""
    name = f"earlier_{os.getpid()}"
    with MongoClient(os.environ["MONGODB_URI"]) as client:
        make_earlier_atlas(client[name])
        client[name]["as it was"].insert_many(
            {"collection": collection, "document": document}
            for collection in DOCUMENTS
            for document in client[name][collection].find()
        )
        assert migrate(name, request.param) > 5, "the migration was hardly interrupted"
        yield client[name]
        client.drop_database(name)


@pytest.fixture(scope="module")
def fresh(unblocked_db: None) -> Database:
    """A new Atlas, migrated at one go: the database of the suite."""
    return connection.get_database()


def migrate(name: str, step: int) -> int:
    """Migrate the database of this name, killing the process after every `step` changes; return the number of runs."""
    address, _, options = os.environ["MONGODB_URI"].partition("?")
    environment = os.environ | {"MONGODB_URI": f"{address.rpartition('/')[0]}/{name}?{options}"}
    command = [sys.executable, "-m", "tests.mongodb.migrate_until_done", str(step)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1])


def shape(database: Database, name: str) -> dict:
    """Return what a collection's indexes do, by their keys, and its validator."""
    info = next(database.list_collections(filter={"name": name}))
    indexes = {(*keys_of(index), str(meaning_of(index))) for index in database[name].list_indexes()}
    return {"indexes": indexes, "validator": info["options"].get("validator")}


def contents(database: Database) -> dict:
    return {
        name: {"documents": list(database[name].find().sort("_id")), "indexes": database[name].index_information()}
        for name in database.list_collection_names()
    }


def test_no_document_loses_a_key_or_changes_a_value(earlier):
    before = list(earlier["as it was"].find())
    assert len(before) == sum(map(len, DOCUMENTS.values()))
    for collection, document in ((row["collection"], row["document"]) for row in before):
        after = earlier[collection].find_one({"_id": document["_id"]})
        assert {key: after[key] for key in document} == document


def test_indexes_of_the_earlier_atlas_are_used_under_their_names(earlier):
    for kind, collections in (("key", UNIQUE), ("idx", PLAIN)):
        for name, keys in collections.items():
            assert prisma_name(name, keys, kind) in earlier[name].index_information()


@pytest.mark.django_db  # or there is no database of the suite when this file runs alone
def test_every_collection_is_what_a_new_database_has(earlier, fresh):
    """Only keys that all old documents lack have a uniqueness that leaves nulls out, and only old indexes are more."""
    for model in apps.get_models():
        name = model._meta.db_table
        if model._meta.app_label != "mongodb_tests":
            old, new = shape(earlier, name), shape(fresh, name)
            assert old["validator"] == new["validator"]
            missing = new["indexes"] - old["indexes"]
            guarded = {index[:-1] for index in old["indexes"] if "'$gte'" in index[-1]}
            assert {index[:-1] for index in missing} <= guarded, name
            assert not missing or name in {"CreditLog", "DivorceLead"}


def test_migrating_once_more_changes_nothing(earlier):
    before = contents(earlier)
    assert migrate(earlier.name, UNDISTURBED) == 1
    assert contents(earlier) == before
