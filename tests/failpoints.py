"""Faults of a real MongoDB server: its own fail points, which answer chosen commands with errors or hang up."""

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo import MongoClient

TRANSIENT = {"errorCode": 112, "errorLabels": ["TransientTransactionError"]}  # WriteConflict, inside a transaction
HANG_UP = {"closeConnection": True}


@contextmanager
def fail_commands(
    client: MongoClient, *commands: str, times: int | None = None, share: float | None = None, **fault
) -> Iterator[None]:
    """Let the server fail these commands in this block: the first `times`, a random `share`, or all of them.

    `fault` is what it does: `**TRANSIENT`, `**HANG_UP` or other data of the server's `failCommand`. The commands are
    not run. The server must have been started with `enableTestCommands=1`.
    """
    mode = {"times": times} if times else {"activationProbability": share} if share else "alwaysOn"
    switch_on = {"configureFailPoint": "failCommand", "mode": mode, "data": {"failCommands": list(commands), **fault}}
    client.admin.command(switch_on)
    try:
        yield
    finally:
        client.admin.command({"configureFailPoint": "failCommand", "mode": "off"})
