"""Servers of a test's own that may be killed, with a worker and beat, and the skip traces that they carry out."""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pymongo
import requests
from bson import ObjectId

from atlas_site.lib.home import PROJECT_ROOT
from atlas_site.management.processes import pick_free_port
from atlas_site.management.servers import Servers

RUN = (
    "import sys, warnings, django; warnings.simplefilter('ignore'); django.setup(); "
    "from tests.faults import trace_drive; getattr(trace_drive, sys.argv[1])(*sys.argv[2:])"
)
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "error")
SANDBOX_SIZE, SANDBOX_SEED = 1_000, 7


class World:
    """Atlas without its pages: MongoDB, Valkey, the vendor sandbox, and a worker with beat, each with its own port."""

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.home, self.durable = home, durable
        self.servers = Servers(home)
        self.ports = {name: pick_free_port() for name in ("mongod", "valkey", "sandbox")}
        self.environment = {
            **os.environ,
            "ATLAS_HOME": str(home),
            "MONGODB_URI": f"mongodb://127.0.0.1:{self.ports['mongod']}/atlas?replicaSet=rs0",
            "REDIS_URL": f"redis://127.0.0.1:{self.ports['valkey']}/0",
            "BATCHDATA_BASE_URL": f"http://127.0.0.1:{self.ports['sandbox']}",
            "BATCHDATA_API_KEY": "sandbox-" + secrets.token_hex(8),
            "DJANGO_SETTINGS_MODULE": "atlas_site.settings_test",
            "LOG_LEVEL": "ERROR",
        }
        self.worker: subprocess.Popen[bytes] | None = None
        self.start_mongod()
        self.start_valkey()
        self.servers.start_sandbox(self.ports["sandbox"], size=SANDBOX_SIZE, seed=SANDBOX_SEED, env=self.environment)
        self.client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(self.environment["MONGODB_URI"])
        self.drive("migrate")

    def close(self) -> None:
        self.stop_worker()
        self.client.close()
        self.servers.stop()

    def start_mongod(self) -> None:
        self.servers.start_mongod(self.ports["mongod"])

    def start_valkey(self) -> None:
        self.servers.start_valkey(self.ports["valkey"], durable=self.durable)

    def kill(self, name: str) -> None:
        """Kill a server at once."""
        port = self.ports[name]
        for process in psutil.process_iter(["cmdline"]):
            command = " ".join(process.info["cmdline"] or [])  # Valkey names itself by its address
            if name in command and (f"--port {port}" in command or f"127.0.0.1:{port}" in command):
                process.kill()
                process.wait(10)
                return
        raise AssertionError(f"{name} does not run")

    def flush(self) -> None:
        """Empty Valkey: the queue, the cache, the schedule."""
        import redis

        with redis.Redis.from_url(self.environment["REDIS_URL"]) as valkey:
            valkey.flushall()

    def start_worker(self, *, concurrency: int = 2, **environment: str) -> None:
        """Start a worker with beat, as development has it."""
        schedule = self.home / "schedule"
        command = [sys.executable, "-m", "celery", "-A", "atlas_site", "worker", "--beat", "-s", str(schedule)]
        self.worker = subprocess.Popen(
            [*command, "--concurrency", str(concurrency), *QUIET],
            cwd=PROJECT_ROOT,
            env={**self.environment, **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def stop_worker(self) -> None:
        """Kill the worker with all its children, as the loss of its machine would."""
        if self.worker is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.worker.pid, signal.SIGKILL)  # children too whose parent is gone
            self.worker.wait()
            self.worker = None

    def kill_child(self) -> bool:
        """Kill one of the processes of the worker that do the work."""
        assert self.worker is not None
        children = psutil.Process(self.worker.pid).children()
        if children:
            os.kill(children[-1].pid, signal.SIGKILL)
        return bool(children)

    @property
    def is_worker_alive(self) -> bool:
        return self.worker is not None and self.worker.poll() is None

    def slow_down(self, seconds: float) -> None:
        """Let the vendor take so long for each batch."""
        url = f"{self.environment['BATCHDATA_BASE_URL']}/_sandbox/latency"
        requests.post(url, json={"endpoint": "property/skip-trace", "seconds": seconds}, timeout=10).raise_for_status()

    def billed(self) -> list[str]:
        """The ids of the rows that the vendor billed, as often as it did."""
        bill = requests.get(f"{self.environment['BATCHDATA_BASE_URL']}/_sandbox/billing", timeout=30).json()
        return [unit["rowId"] for unit in bill["units"] if unit["rowId"]]

    def drive(self, *arguments: str) -> dict[str, Any]:
        """Do something within Atlas, in a process of its own."""
        command = [sys.executable, "-c", RUN, *arguments]
        done = subprocess.run(
            command, cwd=PROJECT_ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.strip().splitlines()[-1])

    def open_batches(self, job_id: str) -> int:
        """How many batches of a job have not ended; those whose answer was lost wait for their day."""
        query = {"enrichmentId": ObjectId(job_id), "status": "pending", "phase": {"$ne": "unknown"}}
        return self.client.get_default_database()["EnrichmentBatchs"].count_documents(query)

    def wait_until_done(self, job_id: str, *, seconds: float) -> float:
        """Wait until nothing of a job is open but lost answers, and return how long that took."""
        began = time.monotonic()
        while self.open_batches(job_id):
            assert time.monotonic() - began < seconds, f"{self.open_batches(job_id)} batches are open"
            time.sleep(0.5)
        return time.monotonic() - began

    def wait_until_begun(self, job_id: str, *, batches: int) -> None:
        """Wait until so many batches of a job are done."""
        database = self.client.get_default_database()
        query = {"enrichmentId": ObjectId(job_id), "status": "completed"}
        ends = time.monotonic() + 120
        while database["EnrichmentBatchs"].count_documents(query) < batches:
            assert time.monotonic() < ends
            time.sleep(0.1)


@contextmanager
def running_world(home: Path, *, durable: bool = True) -> Iterator[World]:
    """A world for one block; all its servers are gone when the block ends."""
    world = World(home, durable=durable)
    try:
        yield world
    finally:
        world.close()
