"""Processes in which a new period, spends and releases of one wallet meet at the same moment (C19).

`racers` starts them; each runs this module, is told one list of operations after the other and carries all of a list
out at once, a thread for each. The processes share nothing but the database.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId

from tests.crew import Line, crew, work_as_crew

GRANT, PURCHASED = 100, 30
FIRST, SECOND = datetime(2026, 10, 22, 12, tzinfo=UTC), datetime(2026, 11, 22, 12, tzinfo=UTC)
PROCESSES = 3
POOL = ThreadPoolExecutor(4)  # its threads begin, and connect, in the fork that first needs them


@dataclass
class Race:
    """A wallet at the end of its first period, with what three processes will do to it at once."""

    user_id: ObjectId
    open_quotes: Sequence[str]
    operations: Sequence[Sequence[dict[str, Any]]]
    answers: list[str] = field(default_factory=list)


def begin_period(user_id: ObjectId, started_at: datetime) -> str:
    """Begin a period of GRANT credits, and say so."""
    from credits import services as credit_services

    credit_services.reset_period(
        user_id=user_id,
        subscription_id=f"sub-{user_id}",
        started_at=started_at,
        ends_at=started_at + timedelta(days=31),
        amount=GRANT,
        now=started_at,
    )
    return "reset"


def prepare_race() -> Race:
    """Make a wallet with GRANT subscription and PURCHASED credits, of which three quotes hold 80, and two offers."""
    from credits import services as credit_services

    user_id, at = ObjectId(), SECOND - timedelta(seconds=30)
    begin_period(user_id, FIRST)
    credit_services.grant(
        user_id=user_id, amount=PURCHASED, bucket="purchased", source=f"pack:{user_id}", reason="Pack", now=FIRST
    )
    quotes = [
        credit_services.make_quote(
            user_id=user_id,
            kind="reveal",
            title="Properties",
            units={"SEARCH": units},
            subject={},
            accept_view="properties:accept-quote",
            now=at,
        ).pk
        for units in (20, 20, 40, 35, 15)
    ]
    for quote_id in quotes[:3]:
        credit_services.accept_quote(quote_id=quote_id, user_id=user_id, now=at)
        credit_services.capture(quote_id=quote_id, step="1", units={"SEARCH": 4}, reason="Page 1", now=at)
    first, second, third, fourth, fifth = quotes
    reset = {"name": "reset", "user": str(user_id)}
    operations = [
        [reset, _capture(first), _accept(user_id, fifth)],
        [_accept(user_id, fourth), _release(first, "miss"), _release(second, "cancelled")],
        [reset, _capture(second), _release(third, "fault")],
    ]
    return Race(user_id, quotes[:3], operations)


def _accept(user_id: ObjectId, quote_id: str) -> dict[str, Any]:
    return {"name": "accept", "user": str(user_id), "quote": quote_id}


def _capture(quote_id: str) -> dict[str, Any]:
    return {"name": "capture", "quote": quote_id}


def _release(quote_id: str, cause: str) -> dict[str, Any]:
    return {"name": "release", "quote": quote_id, "cause": cause}


def racers(database: str) -> AbstractContextManager[list[Line]]:
    """Start the processes on this database, and stop them at the end."""
    return crew("tests.credits.racers", PROCESSES, database)


def run_race(lines: Sequence[Line], race: Race) -> None:
    """Have each process do its part at once, and keep what they answered."""
    for line, operations in zip(lines, race.operations, strict=True):
        line.say(operations)
    for line in lines:
        race.answers += line.hear()


def _do(operation: dict[str, Any]) -> str:
    from credits import services as credit_services

    name = operation["name"]
    try:
        if name == "reset":
            return begin_period(ObjectId(operation["user"]), SECOND)
        if name == "accept":
            user_id = ObjectId(operation["user"])
            credit_services.accept_quote(quote_id=operation["quote"], user_id=user_id, now=SECOND)
        elif name == "capture":
            credit_services.capture(
                quote_id=operation["quote"], step="2", units={"SEARCH": 3}, reason="Page 2", now=SECOND
            )
        else:
            credit_services.release(quote_id=operation["quote"], cause=operation["cause"], now=SECOND)
    except credit_services.NotEnoughCredits:
        return f"{name}: too few"
    except Exception as error:
        return repr(error)
    return name


def carry_out(line: Line) -> None:
    """Carry out the next list of operations."""
    line.say(list(POOL.map(_do, line.hear())))


if __name__ == "__main__":
    work_as_crew(carry_out)
