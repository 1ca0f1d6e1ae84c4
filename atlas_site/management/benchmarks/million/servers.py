"""The servers of the big benchmark, whose data are made once and kept in a folder of their own."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path

from django.db import DEFAULT_DB_ALIAS, connections

from atlas_site.management.processes import pick_free_port
from atlas_site.management.servers import Servers
from atlas_site.mongodb.connection import database_from_uri

MONGO, POSTGRES = "bench_million_mongo", "bench_million_postgres"
# The same for both servers: what they keep in memory of their data.
CACHE_GB = 2
STOP_SECONDS = 60
DEBIAN_FOLDERS = "/usr/lib/postgresql"
DEBIAN_USER = "postgres"


@contextmanager
def kept_servers(home: Path) -> Iterator[list[str]]:
    """Start the servers of this folder, connect Django to them, and stop them in the end, with their data kept.

    Yields the aliases that are there: PostgreSQL is left out where Debian's server is not installed. Raises
    ServerError when one cannot start.
    """
    servers = Servers(home)
    aliases = [MONGO]
    try:
        uri = servers.start_mongod(pick_free_port(), cache_gb=CACHE_GB)
        _connect(MONGO, **database_from_uri(uri))
        if find_postgres() is not None:
            port = pick_free_port()
            _start_postgres(servers, home / "postgres", port)
            aliases.append(POSTGRES)
            _connect(
                POSTGRES,
                ENGINE="django.db.backends.postgresql",
                HOST="127.0.0.1",
                PORT=str(port),
                NAME="postgres",
                USER="bench",
                PASSWORD="",
                OPTIONS={},
            )
        yield aliases
    finally:
        for alias in aliases:
            _disconnect(alias)
        servers.stop(seconds=STOP_SECONDS)


def find_postgres() -> Path | None:
    """Return the folder of the newest PostgreSQL that Debian has installed here, or None."""
    found = sorted(Path(DEBIAN_FOLDERS).glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def _start_postgres(servers: Servers, data: Path, port: int) -> None:
    programs = find_postgres()
    prefix = _as_other_user()
    if not (data / "PG_VERSION").exists():
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True)
        if prefix:
            shutil.chown(data, DEBIAN_USER)
        # Compared byte by byte, as MongoDB compares.
        command = [programs / "initdb", "-D", data, "-U", "bench", "--auth=trust", "--locale=C", "--encoding=UTF8"]
        subprocess.run([*prefix, *command], check=True, capture_output=True, cwd="/")  # noqa: S603 -- the command is this project's own
    child = servers.spawn(
        "postgres",
        [
            *(*prefix, programs / "postgres", "-D", data, "-p", str(port), "-k", ""),
            *("-c", "listen_addresses=127.0.0.1", "-c", f"shared_buffers={CACHE_GB}GB"),
            *("-c", "max_wal_size=4GB", "-c", "maintenance_work_mem=512MB"),
        ],
    )
    # Its port is open before it lets anybody in.
    is_ready = [programs / "pg_isready", "--quiet", "--host=127.0.0.1", f"--port={port}"]
    servers.wait_until(child, lambda: subprocess.run(is_ready, check=False).returncode == 0, seconds=60)  # noqa: S603 -- the command is this project's own


def _as_other_user() -> list[str]:
    """What goes before a command of PostgreSQL, which refuses to run as root."""
    if os.geteuid() != 0:
        return []
    group = str(pwd.getpwnam(DEBIAN_USER).pw_gid)
    return ["setpriv", "--reuid", DEBIAN_USER, "--regid", group, "--clear-groups"]


def _connect(alias: str, **settings: object) -> None:
    connections.settings[alias] = {**deepcopy(connections[DEFAULT_DB_ALIAS].settings_dict), **settings}


def _disconnect(alias: str) -> None:
    if alias in connections.settings:
        connection = connections[alias]
        connection.close_pool() if alias == MONGO else connection.close()
        del connections[alias]
        del connections.settings[alias]
