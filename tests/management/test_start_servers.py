"""The embedded servers: what they are checked for, and what people are told when they cannot run."""

import os
import socket

import psutil
import pymongo
import pytest
import redis

from atlas_site.management.processes import ServerError, is_port_free, pick_free_port
from atlas_site.management.servers import Servers, explain_loader_error
from tests.servers import start_test_servers


def test_the_suites_mongod_is_a_replica_set_with_transactions():
    with pymongo.MongoClient(os.environ["MONGODB_URI"]) as client:
        assert client.admin.command("hello")["setName"] == "rs0"
        with client.start_session() as session, session.start_transaction():
            assert client["atlas_server_test"]["things"].count_documents({}, session=session) == 0


def test_mongod_keeps_its_data_when_it_comes_back_on_another_port(tmp_path):
    with Servers(tmp_path) as servers:
        with pymongo.MongoClient(servers.start_mongod(pick_free_port())) as client:
            client["atlas"]["things"].insert_one({"_id": 1, "name": "kept"})
        servers.stop()
        with pymongo.MongoClient(servers.start_mongod(pick_free_port())) as client:
            assert client["atlas"]["things"].find_one() == {"_id": 1, "name": "kept"}
            assert client.admin.command("hello")["isWritablePrimary"]


def test_valkey_keeps_its_queue_through_a_restart_and_refuses_rather_than_forgets(tmp_path):
    with Servers(tmp_path) as servers:
        with redis.Redis.from_url(servers.start_valkey(pick_free_port())) as client:
            client.rpush("queue", "job")
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        servers.stop()
        with redis.Redis.from_url(servers.start_valkey(pick_free_port())) as client:
            assert client.lrange("queue", 0, -1) == [b"job"]


def test_servers_listen_on_loopback_only(tmp_path):
    with Servers(tmp_path) as servers:
        port = pick_free_port()
        servers.start_valkey(port)
        with socket.socket() as elsewhere:
            elsewhere.bind(("127.0.0.2", port))  # would fail if Valkey listened on every address
            assert elsewhere.getsockname() == ("127.0.0.2", port)


def test_a_server_that_finds_its_port_taken_is_named(tmp_path):
    with socket.socket() as other, Servers(tmp_path) as servers:
        other.bind(("127.0.0.1", 0))
        with pytest.raises(ServerError, match="valkey ended with exit status 1"):
            servers.start_valkey(other.getsockname()[1])


def test_a_port_in_use_is_not_free():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert not is_port_free(other.getsockname()[1])
    assert is_port_free(pick_free_port())


@pytest.mark.parametrize(
    ("library", "package"),
    [("libcurl.so.4", "libcurl4"), ("libssl.so.3", "libssl3"), ("libcrypto.so.3", "libssl3")],
)
def test_a_missing_system_library_gets_a_sentence_that_names_its_package(library, package):
    said = f"mongod: error while loading shared libraries: {library}: cannot open shared object file: No such file"
    sentence = explain_loader_error(said)
    assert sentence.startswith(f"The embedded MongoDB needs the system library {library}")
    assert sentence.endswith(f"apt-get install {package}")


def test_any_other_reason_why_mongod_cannot_run_is_passed_on():
    assert explain_loader_error("Illegal instruction\n").endswith("cannot run here: Illegal instruction")


def test_a_process_that_runs_no_test_gets_addresses_and_no_servers():
    before = psutil.Process().children()
    addresses = start_test_servers(starting=False)
    assert {"MONGODB_URI", "REDIS_URL", "BATCHDATA_BASE_URL", "ATLAS_HOME"} <= addresses.keys()
    assert psutil.Process().children() == before
