"""Faults of a real MongoDB server: its own fail points, which answer chosen commands with errors or hang up."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pymongo import MongoClient

TRANSIENT = {"errorCode": 112, "errorLabels": ["TransientTransactionError"]}  # WriteConflict, inside a transaction
HANG_UP = {"closeConnection": True}


@dataclass
class Fault:
    """How often the server met a fault; known once its block has ended."""

    count: int = 0


@contextmanager
def fail_commands(
    client: MongoClient,
    *commands: str,
    times: int | None = None,
    share: float | None = None,
    after: int | None = None,
    **fault,
) -> Iterator[Fault]:
    """Let the server fail these commands in this block: the first `times`, a random `share`, or all of them.

    With `after` it is all but so many first ones.

    `fault` is what it does: `**TRANSIENT`, `**HANG_UP` or other data of the server's `failCommand`. The commands are
    not run. The server must have been started with `enableTestCommands=1`.
    """
    met = Fault()
    mode = {"times": times} if times else {"activationProbability": share} if share else "alwaysOn"
    if after is not None:
        mode = {"skip": after}
    switch_on = {"configureFailPoint": "failCommand", "mode": mode, "data": {"failCommands": list(commands), **fault}}
    before = client.admin.command(switch_on)["count"]  # of the server's whole life
    try:
        yield met
    finally:
        after = client.admin.command({"configureFailPoint": "failCommand", "mode": "off"})["count"]
        met.count = after - before
