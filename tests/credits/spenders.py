"""Processes with threads that spend at the same moment, for tests of concurrency.

`spenders` starts them; each runs this module and answers one order after the other. An order names a user, quotes, and
how many threads send each quote's acceptance: every quote once, or each of them by all threads.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.crew import Line, crew, work_as_crew

PROCESSES, THREADS = 4, 8


@dataclass
class Outcome:
    """What all processes saw. `accepted` counts new acceptances; `answers` are the credits held, by quote."""

    seconds: float = 0
    accepted: int = 0
    refused: int = 0
    answers: dict[str, list[int]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """Seconds within which this share of the calls was answered."""
        return sorted(self.waits)[min(len(self.waits) - 1, int(len(self.waits) * share))]

    def __str__(self) -> str:
        return (
            f"{len(self.waits):,} calls in {self.seconds:.1f} s: {len(self.waits) / self.seconds:,.0f}/s, "
            f"p50 {self.percentile(0.5):.3f} s, p99 {self.percentile(0.99):.3f} s; "
            f"{self.accepted:,} accepted, {self.refused:,} refused, {len(self.errors)} errors"
        )


class Spenders:
    """PROCESSES processes that are ready to spend."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines

    def accept(self, quotes: Sequence[tuple[str, str]], *, each_by_all: bool = False) -> Outcome:
        """Accept quotes, given as pairs of user and quote, by all threads of all processes at once.

        Each quote is accepted once; with `each_by_all` every process sends each one THREADS / 2 times at once, so with
        four processes 16 times in all.
        """
        for number, line in enumerate(self.lines):
            share = quotes if each_by_all else quotes[number :: len(self.lines)]
            line.say({"quotes": list(share), "each_by_all": each_by_all})
        for line in self.lines:
            assert line.hear() == "ready"
        started = time.perf_counter()
        for line in self.lines:
            line.say("go")
        outcome = Outcome()
        for line in self.lines:
            result = line.hear()
            outcome.accepted += result["accepted"]
            outcome.refused += result["refused"]
            outcome.errors += result["errors"]
            outcome.waits += result["waits"]
            for quote_id, amounts in result["answers"].items():
                outcome.answers.setdefault(quote_id, []).extend(amounts)
        outcome.seconds = time.perf_counter() - started
        return outcome


@contextmanager
def spenders(database: str) -> Iterator[Spenders]:
    """Start the processes on this database, and stop them at the end."""
    with crew("tests.credits.spenders", PROCESSES, database) as lines:
        yield Spenders(lines)


def _spend(order: dict[str, Any]) -> dict[str, Any]:
    """Carry an order out with all threads and return what came of it."""
    from bson import ObjectId
    from django.utils import timezone

    from credits import services as credit_services

    lock = threading.Lock()
    result: dict[str, Any] = {"accepted": 0, "refused": 0, "errors": [], "waits": [], "answers": {}}

    def accept(user_id: str, quote_id: str) -> None:
        started, found = time.perf_counter(), None
        try:
            found = credit_services.accept_quote(quote_id=quote_id, user_id=ObjectId(user_id), now=timezone.now())
            kind = "accepted" if found.is_new else "repeated"
        except credit_services.NotEnoughCredits:
            kind = "refused"
        except Exception as error:
            kind = repr(error)
        waited = time.perf_counter() - started
        with lock:
            result["waits"].append(round(waited, 4))
            if kind in ("accepted", "refused"):
                result[kind] += 1
            elif kind != "repeated":
                result["errors"].append(kind)
            if found is not None:
                result["answers"].setdefault(quote_id, []).append(found.quote.reserved)

    threads = THREADS // 2 if order["each_by_all"] else THREADS
    barrier = threading.Barrier(threads)
    waiting = iter(order["quotes"])

    def share_out() -> None:
        while True:
            with lock:
                quote = next(waiting, None)
            if quote is None:
                return
            accept(*quote)

    def all_at_once() -> None:
        for quote in order["quotes"]:
            barrier.wait()
            accept(*quote)

    workers = [threading.Thread(target=all_at_once if order["each_by_all"] else share_out) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return result


def carry_out(line: Line) -> None:
    """Carry out the next order, at the moment when all are told to."""
    order = line.hear()
    line.say("ready")
    line.hear()
    line.say(_spend(order))


if __name__ == "__main__":
    work_as_crew(carry_out)
