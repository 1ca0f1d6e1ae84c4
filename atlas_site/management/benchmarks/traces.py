"""How many contacts a second are traced with a vendor that takes 200 ms for a batch, by one worker process and by four.

What a process could do at best is one batch after the other, without a gap: 100 contacts every 200 ms. Each run is a
job of its own in a database of its own, against the sandbox, whose own work is part of its 200 ms.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from django.conf import settings

from atlas_site.lib.home import PROJECT_ROOT

LATENCY_SECONDS = 0.2
ROWS_A_BATCH = 100
ENDPOINT = "property/skip-trace"
LEAST_SHARES = {1: 0.9, 4: 0.6}
CONTACTS = {1: 6_000, 4: 12_000}
RUN = (
    "import sys, django; django.setup(); from atlas_site.management.benchmarks import trace_runs; "
    "getattr(trace_runs, sys.argv[1])(sys.argv[2])"
)


@dataclass(frozen=True)
class TraceRun:
    """One run: how many contacts, by how many processes, in how many seconds, and where these went, in all lanes."""

    processes: int
    contacts: int
    seconds: float
    core_seconds: float
    batches: int
    parts: dict[str, float]

    @property
    def contacts_a_second(self) -> float:
        return self.contacts / self.seconds

    @property
    def share(self) -> float:
        """The speed as a share of what as many processes could do at best."""
        return self.contacts_a_second / (self.processes * ROWS_A_BATCH / LATENCY_SECONDS)

    @property
    def is_met(self) -> bool:
        return self.share >= LEAST_SHARES[self.processes]

    def lines(self) -> list[tuple[str, str]]:
        """The run as lines of a table."""
        name = f"{self.processes} process{'' if self.processes == 1 else 'es'}"
        lines = [
            (name, f"{self.contacts_a_second:,.0f} contacts/s"),
            (f"{name}, share of the best", f"{self.share:.0%}"),
            (f"{name}, work of a core a batch", f"{1_000 * self.core_seconds / self.batches:,.0f} ms"),
        ]
        parts = [(f"{name}, {part}", f"{1_000 * each / self.batches:,.0f} ms") for part, each in self.parts.items()]
        return [*lines, *parts]

    def as_json(self) -> dict[str, Any]:
        """The run as the command prints it."""
        return {
            "processes": self.processes,
            "contacts": self.contacts,
            "contacts_a_second": self.contacts_a_second,
            "share_of_best": self.share,
            "core_seconds": self.core_seconds,
            "milliseconds_a_batch": {part: 1_000 * each / self.batches for part, each in self.parts.items()},
            "is_met": self.is_met,
        }


def measure(*, progress: Callable[[str], None], contacts: int | None = None) -> list[TraceRun]:
    """Trace a list by one worker process, and another one by four."""
    _set_latency(LATENCY_SECONDS)
    try:
        return [_run(processes, contacts or CONTACTS[processes], progress) for processes in LEAST_SHARES]
    finally:
        _set_latency(0)


def _set_latency(seconds: float) -> None:
    host = urlsplit(settings.BATCHDATA_BASE_URL).hostname
    if host not in {"127.0.0.1", "localhost", "::1"}:
        raise RuntimeError("The benchmark of skip traces speaks to the sandbox alone.")
    body = {"endpoint": ENDPOINT, "seconds": seconds}
    requests.post(f"{settings.BATCHDATA_BASE_URL}/_sandbox/latency", json=body, timeout=10).raise_for_status()


def _run(processes: int, contacts: int, progress: Callable[[str], None]) -> TraceRun:
    progress(f"tracing {contacts:,} contacts by {processes} process{'' if processes == 1 else 'es'}")
    environment = _environment()
    job_id = _call(environment, "prepare", str(contacts)).strip()
    workers = [
        subprocess.Popen(  # noqa: S603 -- a command of our own
            [sys.executable, "-c", RUN, "work", job_id],
            cwd=PROJECT_ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(processes)
    ]
    for worker in workers:
        assert worker.stdout is not None  # noqa: S101 -- a pipe, for the type checker
        worker.stdout.readline()
    began = time.perf_counter()
    for worker in workers:
        assert worker.stdin is not None  # noqa: S101 -- a pipe, for the type checker
        worker.stdin.write("go\n")
        worker.stdin.flush()
    reports = [json.loads(worker.communicate()[0]) for worker in workers]
    seconds = time.perf_counter() - began
    ended = json.loads(_call(environment, "check", job_id))
    if ended["open"] or not ended["is_sound"]:
        raise RuntimeError(f"The job did not end as it should: {ended}")
    parts = {name for report in reports for name in report["parts"]}
    return TraceRun(
        processes=processes,
        contacts=contacts,
        seconds=min(seconds, max(report["seconds"] for report in reports)),
        core_seconds=sum(report["core_seconds"] for report in reports),
        batches=sum(report["batches"] for report in reports),
        parts={name: sum(report["parts"].get(name, 0.0) for report in reports) for name in sorted(parts)},
    )


def _environment() -> dict[str, str]:
    """The environment of the processes, in a database of their own."""
    address = urlsplit(os.environ["MONGODB_URI"])
    uri = urlunsplit(address._replace(path=f"/atlas_bench_traces_{os.getpid()}"))
    return {**os.environ, "MONGODB_URI": uri, "LOG_LEVEL": "ERROR"}


def _call(environment: dict[str, str], what: str, argument: str) -> str:
    command = [sys.executable, "-c", RUN, what, argument]
    done = subprocess.run(  # noqa: S603 -- a command of our own
        command, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout
