"""How Atlas connects: the DATABASES entry for a MongoDB address, and the check of what answers there."""

from contextlib import suppress
from urllib.parse import parse_qsl, unquote, urlsplit

import pymongo
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from pymongo.errors import PyMongoError

# What the books rely on: an acknowledged write survives the loss of a node and is what the next read sees.
SAFE_OPTIONS = {"w": "majority", "journal": True, "retryWrites": True, "readConcernLevel": "majority"}

# Milliseconds. A request of a user must end with an error rather than hang. The address may name others.
TIMEOUTS = {"timeoutMS": 20_000, "serverSelectionTimeoutMS": 5_000, "connectTimeoutMS": 5_000}

SECONDS_FOR_THE_CHECK = 5


def database_from_uri(uri: str, name: str | None = None) -> dict:
    """Return the DATABASES entry of Django for a ``mongodb://`` or ``mongodb+srv://`` address.

    ``name`` is the database; without it the path of the address says. Write and read concern, journal and retries
    are always those that the books need, whatever the address says; time-outs are ours unless the address has its own.
    Raises ImproperlyConfigured when the address is not one of MongoDB or no database is named.
    """
    parts = urlsplit(uri)
    if parts.scheme not in {"mongodb", "mongodb+srv"}:
        raise ImproperlyConfigured("The database address must begin with mongodb:// or mongodb+srv://.")
    name = name or unquote(parts.path.lstrip("/"))
    if not name:
        raise ImproperlyConfigured("Name the database at the end of its address, as in mongodb://localhost/atlas.")
    given = {key.lower() for key, _ in parse_qsl(parts.query)}
    timeouts = {key: value for key, value in TIMEOUTS.items() if key.lower() not in given}
    return {"ENGINE": "atlas_site.mongodb", "HOST": uri, "NAME": name, "OPTIONS": {**timeouts, **SAFE_OPTIONS}}


def require_replica_set(connection) -> None:
    """Raise ImproperlyConfigured unless the server of this connection has transactions, PyMongoError without an answer.

    A single mongod that was started without ``--replSet`` accepts every command that Atlas sends, except the
    transactions that keep the books; so it has to be found out at start-up and not at the first payment.
    """
    connection.ensure_connection()
    with pymongo.timeout(SECONDS_FOR_THE_CHECK):
        hello = connection.connection.admin.command("hello")
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise ImproperlyConfigured(
            "MongoDB must run as a replica set (one node is enough) or as a sharded cluster, because the credit books "
            "need transactions. Start mongod with --replSet and call rs.initiate() once."
        )


def refuse_lone_server() -> None:
    """Stop the start of a process on a server without transactions, by raising ImproperlyConfigured.

    A server that does not answer yet stops nobody. No client is left behind, since the process may fork after this.
    """
    for connection in connections.all():
        with suppress(PyMongoError):
            require_replica_set(connection)
        connection.close_pool()
