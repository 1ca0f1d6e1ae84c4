"""Pytest plugin: real servers for the suite, on free ports in a temporary home, and no way out of this machine.

Loaded by ``-p tests.servers`` so that the addresses are in ``os.environ`` before Django's settings are read.
``ATLAS_TEST_SERVERS=<env file>`` reuses servers that already run, with a database of this run's own.
"""

import atexit
import os
import secrets
import shutil
import socket
import sys
import tempfile
from collections.abc import Generator
from functools import wraps
from ipaddress import ip_address
from pathlib import Path

import psutil
import pytest

from atlas_site.lib.home import read_env
from atlas_site.management.processes import ServerError, pick_free_port
from atlas_site.management.servers import Servers, project_environment
from atlas_site.sandbox.streetview import secret_of

SANDBOX_SIZE = 3_000
SANDBOX_SEED = 7
STREETVIEW_KEY = "sandbox-street-view-of-tests"
MEMORY_DISK = Path("/dev/shm")  # noqa: S108 -- mkdtemp makes a private directory in it
MEMORY_DISK_BYTES = 4 * 2**30


class OutsideConnectionError(AssertionError):
    """A test tried to leave this machine."""


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, object, object]:
    """Start the servers; a wrapper runs before pytest-django's own hook, which imports the settings.

    With ``-n`` each worker has servers of its own, and the process that hands the tests out needs none.
    """
    options = early_config.known_args_namespace
    only_looking = getattr(options, "help", False) or getattr(options, "version", 0)
    if not only_looking:
        is_worker = "PYTEST_XDIST_WORKER" in os.environ
        try:
            use_test_servers(starting=is_worker or not getattr(options, "numprocesses", None))
        except ServerError as error:
            pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
        forbid_outside_connections()
    return (yield)


def use_test_servers(*, starting: bool = True) -> None:
    """Put the addresses of servers into ``os.environ``: of running ones that it is told of, else of those it starts.

    Without ``starting`` nothing listens there; this is for a process that reads the settings and runs no test.
    """
    reuse = os.environ.get("ATLAS_TEST_SERVERS")
    os.environ.update(read_env(Path(reuse)) if reuse else start_test_servers(starting=starting))
    address, _, options = os.environ["MONGODB_URI"].partition("?")
    os.environ["MONGODB_URI"] = f"{address.rpartition('/')[0]}/atlas_{os.getpid()}?{options}"
    os.environ["ATLAS_ENV"] = "test"
    # Chargebee's client would read all certificates of the world for each call, which takes longer than the call.
    os.environ.update(SSL_CERT_FILE="", SSL_CERT_DIR=os.environ["ATLAS_HOME"])


def start_test_servers(*, starting: bool = True) -> dict[str, str]:
    """Start the servers of a temporary home, to be stopped when this process ends, and return their addresses.

    Without ``starting`` only the addresses are made.
    """
    fast = MEMORY_DISK.is_dir() and shutil.disk_usage(MEMORY_DISK).free > MEMORY_DISK_BYTES
    disk = MEMORY_DISK if fast else Path(tempfile.gettempdir())
    remove_left_homes(disk)
    home = Path(tempfile.mkdtemp(prefix=f"atlas-test-{os.getpid()}-", dir=disk))
    servers = Servers(home)
    owner = os.getpid()

    def stop() -> None:
        if os.getpid() == owner:  # not in a forked child of a test
            servers.stop()
            shutil.rmtree(home, ignore_errors=True)

    atexit.register(stop)
    mongod_port, valkey_port, sandbox_port = pick_free_port(), pick_free_port(), pick_free_port()
    values = {
        "ATLAS_HOME": str(home),
        "ATLAS_ENV": "test",
        "MONGODB_URI": f"mongodb://127.0.0.1:{mongod_port}/atlas",
        "REDIS_URL": f"redis://127.0.0.1:{valkey_port}/0",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "SITE_URL": "http://testserver",
        "BATCHDATA_BASE_URL": f"http://127.0.0.1:{sandbox_port}",
        "BATCHDATA_API_KEY": "sandbox-" + secrets.token_hex(8),
        "STREETVIEW_BASE_URL": f"http://127.0.0.1:{sandbox_port}",
        "STREETVIEW_KEY": STREETVIEW_KEY,
        "STREETVIEW_SECRET": secret_of(STREETVIEW_KEY),
        "STORE_STREET_VIEW_IMAGES": "1",
        "CHARGEBEE_BASE_URL": f"http://127.0.0.1:{sandbox_port}",
        "CHARGEBEE_SITE": "atlas-sandbox",
        "CHARGEBEE_API_KEY": "sandbox-" + secrets.token_hex(8),
        "CHARGEBEE_WEBHOOK_USERS": f"chargebee:{secrets.token_hex(16)},chargebee-next:{secrets.token_hex(16)}",
    }
    if not starting:
        return values
    environment = project_environment(values, os.environ)
    sandbox = servers.spawn_sandbox(sandbox_port, size=SANDBOX_SIZE, seed=SANDBOX_SEED, env=environment)
    test_commands = ("--setParameter", "enableTestCommands=1", "--setParameter", "ttlMonitorEnabled=false")
    values["MONGODB_URI"] = servers.start_mongod(mongod_port, arguments=test_commands)
    values["REDIS_URL"] = servers.start_valkey(valkey_port, durable=False)
    servers.wait_for_http(sandbox, sandbox_port, seconds=60)
    return values


def remove_left_homes(disk: Path) -> None:
    """Remove the homes of runs that were killed before they could do it themselves: each is 300 MB."""
    for home in disk.glob("atlas-test-*-*"):
        owner = home.name.split("-")[2]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(home, ignore_errors=True)


def forbid_outside_connections() -> None:
    """Make every connection and name look-up beyond the loopback interface fail in this process."""

    def require_loopback(host: object) -> None:
        text = host.decode() if isinstance(host, bytes) else str(host)
        try:
            is_local = ip_address(text).is_loopback
        except ValueError:
            is_local = text in {"", "None", "localhost"}
        if not is_local:
            raise OutsideConnectionError(f"A test tried to reach {text}; tests stay on this machine.")

    def guard_connect(original):
        @wraps(original)
        def connect(self: socket.socket, address):
            if self.family in {socket.AF_INET, socket.AF_INET6}:
                require_loopback(address[0])
            return original(self, address)

        return connect

    look_up = socket.getaddrinfo

    @wraps(look_up)
    def getaddrinfo(host, *arguments, **options):
        require_loopback(host)
        return look_up(host, *arguments, **options)

    socket.socket.connect = guard_connect(socket.socket.connect)  # type: ignore[method-assign]
    socket.socket.connect_ex = guard_connect(socket.socket.connect_ex)  # type: ignore[method-assign]
    socket.getaddrinfo = getaddrinfo


if __name__ == "__main__":  # run a command against test servers: python -m tests.servers <command>
    import subprocess

    use_test_servers()
    sys.exit(subprocess.call(sys.argv[1:]))
