"""Webhooks of the sandbox Chargebee: every event is posted to every configured endpoint, at least once.

The body is the bare event, authentication is HTTP Basic, any 2xx is success; anything else is tried again after
``RETRY_SECONDS`` of the sandbox's clock. What is still to be delivered is kept in a SQLite file, so that a restart
loses nothing. On request deliveries are held back, repeated or shuffled.
"""

import base64
import http.client
import json
import logging
import random
import sqlite3
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from atlas_site.sandbox.clock import Clock

logger = logging.getLogger("atlas.sandbox")

MODES = ("normal", "hold", "duplicate", "shuffle")
RETRY_SECONDS = tuple(minutes * 60 for minutes in (2, 6, 30, 60, 300, 1440, 2880))
"""The pauses before the second to the eighth and last attempt."""
IMMEDIATE_RETRY_SECONDS = 0.05
GATHER_SECONDS = 0.3
"""How long the shuffle mode waits for events that belong together before it mixes them."""
TIMEOUT_SECONDS = 10
MAX_ENDPOINTS = 5
LISTED = 1_000
SCHEMA = """
CREATE TABLE IF NOT EXISTS endpoint (id TEXT PRIMARY KEY, url TEXT, user TEXT, password TEXT);
CREATE TABLE IF NOT EXISTS delivery (n INTEGER PRIMARY KEY, event_id TEXT, event_type TEXT, endpoint TEXT, body TEXT,
                                     status TEXT, attempts INTEGER, next_at REAL, code INTEGER, error TEXT,
                                     UNIQUE (event_id, endpoint));
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (next_at) WHERE next_at IS NOT NULL;
"""
FIELDS = "n, event_id, event_type, endpoint, status, attempts, next_at, code, error"


@dataclass(frozen=True)
class Delivery:
    """One event for one endpoint. ``next_at`` is a unix time of the sandbox's clock, ``None`` when nothing is due.

    ``status`` is one of Chargebee's: scheduled, re_scheduled, succeeded, failed.
    """

    n: int
    event_id: str
    event_type: str
    endpoint: str
    status: str
    attempts: int
    next_at: float | None
    code: int | None
    error: str | None


@dataclass(frozen=True)
class Mode:
    """How the background thread delivers: ``times`` copies of each event; retries wait as published or hardly."""

    name: str = "normal"
    times: int = 1
    immediate: bool = False


def _tell_nobody(event_id: str, statuses: list[dict[str, str]]) -> None:
    """Take no note of what became of an event."""


class Webhooks:
    """The deliveries of one site, and the thread that makes them. Safe for many threads."""

    def __init__(
        self, path: Path, clock: Clock, note: Callable[[str, list[dict[str, str]]], object] = _tell_nobody
    ) -> None:
        """Begin to deliver what is due. ``note`` is called with an event's id and ``statuses`` when they changed."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(SCHEMA)
        self._clock, self._note = clock, note
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._mode = Mode()
        self._awake, self._closed = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="webhooks", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop delivering; what is left is delivered after the next start."""
        self._closed.set()
        self._awake.set()
        self._thread.join(TIMEOUT_SECONDS + 1)
        with self._lock:
            self._connection.close()

    def reset(self) -> None:
        """Forget deliveries and endpoints, and deliver as usual."""
        with self._sending:
            self._run("DELETE FROM delivery")
            self._run("DELETE FROM endpoint")
            self._mode = Mode()

    # What is delivered, and where to

    def set_endpoint(self, endpoint: str, url: str, *, user: str = "", password: str = "") -> None:
        """Add an endpoint, or give one another address. Raises ``ValueError`` for no address or a sixth endpoint."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("url must be an http or https address")
        if len({row[0] for row in self._run("SELECT id FROM endpoint")} | {endpoint}) > MAX_ENDPOINTS:
            raise ValueError(f"a site has at most {MAX_ENDPOINTS} endpoints")
        self._run("INSERT OR REPLACE INTO endpoint VALUES (?, ?, ?, ?)", [endpoint, url, user, password])
        self.wake()

    def remove_endpoint(self, endpoint: str) -> None:
        """Deliver nothing more to this endpoint, not even what is due."""
        self._run("DELETE FROM endpoint WHERE id = ?", [endpoint])
        self._run("UPDATE delivery SET status = 'failed', next_at = NULL WHERE endpoint = ? AND next_at NOT NULL",
                  [endpoint])  # fmt: skip

    def enqueue(self, event: dict[str, Any]) -> None:
        """Schedule an event for every endpoint there is."""
        endpoints = self._run("SELECT id FROM endpoint ORDER BY id")
        statuses = [{"id": endpoint, "webhook_status": "scheduled"} for (endpoint,) in endpoints]
        body = json.dumps({**event, "webhook_status": "scheduled", "webhooks": statuses}, separators=(",", ":"))
        for (endpoint,) in endpoints:
            self._run(
                "INSERT OR IGNORE INTO delivery (event_id, event_type, endpoint, body, status, attempts, next_at) "
                "VALUES (?, ?, ?, ?, 'scheduled', 0, ?)",
                [event["id"], event["event_type"], endpoint, body, self._now()],
            )
        self._note(event["id"], self.statuses(event["id"]))
        if endpoints:
            self.wake()

    def statuses(self, event_id: str) -> list[dict[str, str]]:
        """Return ``[{id, webhook_status}]`` of an event, one for each endpoint; empty where none was configured."""
        rows = self._run("SELECT endpoint, status FROM delivery WHERE event_id = ? ORDER BY endpoint", [event_id])
        return [{"id": endpoint, "webhook_status": status} for endpoint, status in rows]

    def describe(self) -> dict[str, Any]:
        """Return mode, endpoints without their passwords, and the newest deliveries, oldest of these first."""
        endpoints = self._run("SELECT id, url, user FROM endpoint ORDER BY id")
        rows = self._run(f"SELECT {FIELDS} FROM delivery ORDER BY n DESC LIMIT {LISTED}")  # noqa: S608 -- constants
        return {
            "mode": self._mode.name, "times": self._mode.times, "immediate": self._mode.immediate,
            "endpoints": [dict(zip(("id", "url", "user"), row, strict=True)) for row in endpoints],
            "pending": self._run("SELECT count(*) FROM delivery WHERE next_at NOT NULL")[0][0],
            "deliveries": [asdict(Delivery(*row)) for row in reversed(rows)],
        }  # fmt: skip

    # How it is delivered

    def set_mode(self, name: str, *, times: int = 1, immediate: bool = False) -> None:
        """Choose how events are delivered from now on. Raises ``ValueError`` for an unknown mode.

        "hold" delivers nothing until told; "duplicate" sends each event ``times`` times in a row; "shuffle" gathers
        what is due, makes ``times`` copies and sends them in random order.
        """
        if name not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}")
        if not 1 <= times <= 100:
            raise ValueError("times must be from 1 to 100")
        self._mode = Mode(name, times, immediate)
        self.wake()

    def wake(self) -> None:
        """Look at once what is due, as after the clock was moved."""
        self._awake.set()

    def deliver_now(
        self, event_id: str | None = None, *, times: int = 1, shuffled: bool = False, again: bool = False,
        at_once: int = 1,
    ) -> dict[str, int]:  # fmt: skip
        """Deliver before this returns, whatever mode and clock say, and return ``{"sent", "succeeded"}``.

        One event is sent even when it had succeeded; otherwise everything that is pending, with ``again`` everything
        there ever was. ``at_once`` copies are under way at a time.
        """
        where, values = "next_at NOT NULL", []
        if event_id is not None:
            where, values = "event_id = ?", [event_id]
        elif again:
            where = "1"
        with self._sending:
            return self._send(self._find(where, values), times=times, shuffled=shuffled, at_once=at_once)

    def _work(self) -> None:
        """Deliver what is due until the site is closed."""
        while not self._closed.is_set():
            self._awake.wait(self._seconds_to_next())
            self._awake.clear()
            mode = self._mode
            if mode.name == "shuffle":
                self._closed.wait(GATHER_SECONDS)
            if mode.name == "hold" or self._closed.is_set():
                continue
            try:
                with self._sending:
                    due = self._find("next_at <= ?", [self._now()])
                    self._send(due, times=mode.times, shuffled=mode.name == "shuffle", at_once=1)
            except sqlite3.Error:
                logger.exception("webhooks could not be delivered")

    def _seconds_to_next(self) -> float | None:
        (moment,) = self._run("SELECT min(next_at) FROM delivery WHERE next_at NOT NULL")[0]
        if moment is None or self._mode.name == "hold":
            return None
        return min(max(moment - self._now(), 0), 60)

    def _find(self, where: str, values: list[Any]) -> list[Delivery]:
        sql = f"SELECT {FIELDS} FROM delivery WHERE {where} ORDER BY n"  # noqa: S608 -- the conditions are above
        return [Delivery(*row) for row in self._run(sql, values)]

    def _send(self, deliveries: list[Delivery], *, times: int, shuffled: bool, at_once: int) -> dict[str, int]:
        """Post copies and note for each delivery how its best copy fared."""
        copies = [delivery for delivery in deliveries for _ in range(times)]
        if shuffled:
            random.shuffle(copies)
        with ThreadPoolExecutor(at_once) as pool:
            codes = list(pool.map(self._send_copy, copies))
        reached = {copy.n for copy, code in zip(copies, codes, strict=True) if 200 <= code < 300}
        self._reschedule(delivery for delivery in deliveries if delivery.n not in reached)
        return {"sent": len(copies), "succeeded": sum(200 <= code < 300 for code in codes)}

    def _send_copy(self, delivery: Delivery) -> int:
        """Post one copy and note success at once; returns the HTTP status, 0 where there was none."""
        found = self._run(
            "SELECT url, user, password, body FROM delivery JOIN endpoint ON id = endpoint WHERE n = ?", [delivery.n]
        )
        if not found or self._closed.is_set():
            return 0
        url, user, password, body = found[0]
        code, error = post(url, body.encode(), user=user, password=password)
        self._run("UPDATE delivery SET code = ?, error = ? WHERE n = ?", [code or None, error, delivery.n])
        if 200 <= code < 300:
            self._run(
                "UPDATE delivery SET status = 'succeeded', attempts = attempts + 1, next_at = NULL WHERE n = ?",
                [delivery.n],
            )
            self._note(delivery.event_id, self.statuses(delivery.event_id))
        return code

    def _reschedule(self, failed: Iterable[Delivery]) -> None:
        if self._closed.is_set():
            return
        for delivery in failed:
            if delivery.status == "succeeded":  # resent on request: what was delivered stays delivered
                continue
            is_last = delivery.attempts >= len(RETRY_SECONDS)
            pause = 0 if is_last else RETRY_SECONDS[delivery.attempts]
            next_at = self._now() + (IMMEDIATE_RETRY_SECONDS if self._mode.immediate else pause)
            self._run(
                "UPDATE delivery SET status = ?, attempts = attempts + 1, next_at = ? WHERE n = ?",
                ["failed" if is_last else "re_scheduled", None if is_last else next_at, delivery.n],
            )
            self._note(delivery.event_id, self.statuses(delivery.event_id))

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _run(self, sql: str, values: Any = ()) -> list[Any]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()


def post(url: str, body: bytes, *, user: str, password: str) -> tuple[int, str | None]:
    """Post an event; returns the HTTP status and no error, or 0 and a word on what went wrong. Follows no redirect."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    make = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = make(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    headers = {"Content-Type": "application/json;charset=UTF-8", "User-Agent": "ChargeBee"}
    if user:
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        headers["Authorization"] = f"Basic {token}"
    try:
        connection.request("POST", parts._replace(scheme="", netloc="").geturl() or "/", body, headers)
        response = connection.getresponse()
        response.read()
        return response.status, None
    except (OSError, http.client.HTTPException) as error:
        return 0, type(error).__name__
    finally:
        connection.close()
