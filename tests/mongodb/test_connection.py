"""The DATABASES entry, and the check that the server can keep the books."""

import os
import subprocess
import sys
import time

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.utils import ConnectionHandler
from pymongo import MongoClient

from atlas_site.management.processes import pick_free_port
from atlas_site.management.servers import Servers, find_mongod, is_port_open
from atlas_site.mongodb.base import DatabaseWrapper
from atlas_site.mongodb.connection import database_from_uri, require_replica_set

SAFE = {"w": "majority", "journal": True, "retryWrites": True, "readConcernLevel": "majority"}


def test_an_address_becomes_an_entry_with_everything_that_the_books_need():
    entry = database_from_uri("mongodb://db1:27017,db2:27017/atlas?replicaSet=rs0")
    assert entry["ENGINE"] == "atlas_site.mongodb"
    assert entry["NAME"] == "atlas"
    assert entry["OPTIONS"].items() >= SAFE.items()
    assert {"timeoutMS", "serverSelectionTimeoutMS", "connectTimeoutMS"} <= set(entry["OPTIONS"])


def test_time_outs_of_the_address_win_and_weaker_writes_do_not():
    entry = database_from_uri("mongodb://db1/atlas?timeoutMS=777&w=1&journal=false&retryWrites=false")
    assert "timeoutMS" not in entry["OPTIONS"]
    with MongoClient(entry["HOST"], **entry["OPTIONS"], connect=False) as client:
        assert client.options.timeout == 0.777
        assert client.write_concern.document == {"w": "majority", "j": True}
        assert client.options.retry_writes


def test_the_name_may_be_given_beside_the_address():
    assert database_from_uri("mongodb+srv://user:secret@cluster.example.com/other", "atlas")["NAME"] == "atlas"


@pytest.mark.parametrize("uri", ["", "postgres://localhost/atlas", "localhost:27017/atlas", "mongodb://localhost"])
def test_another_address_is_refused_with_a_sentence(uri):
    with pytest.raises(ImproperlyConfigured, match="database"):
        database_from_uri(uri)


def test_the_server_of_the_suite_passes_the_check(database):
    require_replica_set(connection)
    assert [error for error in run_checks(databases=["default"]) if error.id in {"atlas.E001", "atlas.E002"}] == []


def connect(uri: str) -> DatabaseWrapper:
    """Return a connection of Django's to another server than that of the suite."""
    return ConnectionHandler({"default": database_from_uri(uri), "other": database_from_uri(uri)})["other"]


def test_a_server_without_transactions_is_found_out_at_start_up(tmp_path):
    """A mongod as one starts it without thinking of replication."""
    with Servers(tmp_path) as servers:
        port = pick_free_port()
        lone = servers.spawn(
            "mongod", [find_mongod(), "--dbpath", tmp_path, "--port", str(port), "--bind_ip", "127.0.0.1"]
        )
        servers.wait_until(lone, lambda: is_port_open(port), seconds=60)
        other = connect(f"mongodb://127.0.0.1:{port}/atlas")
        try:
            with pytest.raises(ImproperlyConfigured, match="must run as a replica set"):
                require_replica_set(other)
            assert [error.id for error in other.validation.check()] == ["atlas.E001"]
        finally:
            other.close_pool()
        environment = {**os.environ, "ATLAS_HOME": str(tmp_path), "MONGODB_URI": f"mongodb://127.0.0.1:{port}/atlas"}
        worker = ["-m", "celery", "-A", "atlas_site", "worker", "--pool", "solo"]
        for start in (["-c", "import atlas_site.wsgi"], worker):
            refused = subprocess.run(
                [sys.executable, *start], env=environment, capture_output=True, text=True, timeout=240, check=False
            )
            assert refused.returncode == 1
            assert "must run as a replica set" in refused.stderr


def test_a_server_that_does_not_answer_is_an_error_with_a_hint():
    other = connect(f"mongodb://127.0.0.1:{pick_free_port()}/atlas")
    try:
        started = time.monotonic()
        (error,) = other.validation.check()
        assert time.monotonic() - started < 10
        assert error.id == "atlas.E002"
        assert "MONGODB_URI" in error.hint
    finally:
        other.close_pool()
