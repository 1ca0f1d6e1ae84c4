"""The vendor's own books: every call, every billed record, the wallet, and the search sessions.

Kept in a SQLite file, so that they outlive a restart. A unit is one record of one call with the datasets it was billed
for, or one match of a skip trace; a test compares Atlas's credits with this count.
"""

import json
import sqlite3
import threading
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from atlas_site.sandbox.batchdata.datasets import SKIP_TRACE_PRICE, cost

FIRST_BALANCE = Decimal(10_000)
SESSION_LIMIT = 100
SCHEMA = """
CREATE TABLE IF NOT EXISTS call (request_id TEXT, endpoint TEXT, at TEXT, is_count INTEGER, results INTEGER);
CREATE TABLE IF NOT EXISTS unit (n INTEGER PRIMARY KEY, request_id TEXT, endpoint TEXT, property_id TEXT,
                                 datasets TEXT, is_count INTEGER, at TEXT, micros INTEGER, row_id TEXT);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS session (id TEXT PRIMARY KEY, at TEXT);
CREATE TABLE IF NOT EXISTS page (session TEXT, key TEXT, body TEXT, PRIMARY KEY (session, key));
CREATE TABLE IF NOT EXISTS delivered (session TEXT, number INTEGER, PRIMARY KEY (session, number));
"""


class Account:
    """One customer's account with the vendor. Safe for many threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(SCHEMA)
        if "row_id" not in {column[1] for column in self._connection.execute("PRAGMA table_info(unit)")}:
            self._connection.execute("ALTER TABLE unit ADD COLUMN row_id TEXT")  # books from before skip traces
        self._lock = threading.RLock()
        self.session_lock = threading.RLock()
        """Held while a session's page is found and noted, so that two callers never get the same record."""

    def _run(self, sql: str, values: Any = ()) -> list[Any]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def close(self) -> None:
        self._connection.close()

    # Bill

    def note_call(self, request_id: str, endpoint: str, at: datetime, *, is_count: bool, results: int) -> None:
        """Note that a call was answered, billed or not."""
        self._run("INSERT INTO call VALUES (?, ?, ?, ?, ?)", [request_id, endpoint, at.isoformat(), is_count, results])

    def bill_records(
        self, request_id: str, endpoint: str, at: datetime, property_ids: list[str], datasets: list[str],
        *, traced: set[str] | frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        """Bill each record with its datasets; a record whose owner was traced costs the price of a match more."""
        each = cost(datasets)
        rows = [
            (request_id, endpoint, property_id, json.dumps(datasets), 0, at.isoformat(),
             int((each + (SKIP_TRACE_PRICE if property_id in traced else 0)) * 1_000_000), None)
            for property_id in property_ids
        ]  # fmt: skip
        self._insert_units(rows)

    def bill_traces(self, request_id: str, endpoint: str, at: datetime, matches: list[tuple[str, str]]) -> None:
        """Bill each match of a skip trace, given as the row's id (the caller's) and the property's."""
        micros = int(SKIP_TRACE_PRICE * 1_000_000)
        self._insert_units([
            (request_id, endpoint, property_id, "[]", 0, at.isoformat(), micros, row_id)
            for row_id, property_id in matches
        ])  # fmt: skip

    def bill_count(self, request_id: str, endpoint: str, at: datetime, datasets: list[str]) -> None:
        """Bill a call that returned no record as one record, as the vendor is said to do at times."""
        micros = int(cost(datasets) * 1_000_000)
        self._insert_units([(request_id, endpoint, None, json.dumps(datasets), 1, at.isoformat(), micros, None)])

    def _insert_units(self, rows: list[tuple[Any, ...]]) -> None:
        sql = (
            "INSERT INTO unit (request_id, endpoint, property_id, datasets, is_count, at, micros, row_id) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        )
        with self._lock:
            self._connection.execute("BEGIN")
            self._connection.executemany(sql, rows)
            self._connection.execute("COMMIT")

    def bill(self, since: int = 0) -> dict[str, Any]:
        """Return the account of billed results, with the units after number ``since``."""
        units = self._run("SELECT * FROM unit WHERE n > ? ORDER BY n", [since])
        (results, counts, micros), *_ = self._run("SELECT count(*), sum(is_count), sum(micros) FROM unit")
        (calls, count_calls), *_ = self._run("SELECT count(*), sum(is_count) FROM call")
        return {
            "calls": calls, "count_calls": count_calls or 0, "count_calls_billed": counts or 0,
            "results_billed": results, "dataset_units": sum(len(json.loads(unit[4])) for unit in units),
            "total_dollars": round((micros or 0) / 1_000_000, 4), "bill_counts": self.bills_counts,
            "units": [
                {"n": n, "requestId": request_id, "endpoint": endpoint, "propertyId": property_id,
                 "rowId": row_id, "datasets": json.loads(datasets), "at": at, "dollars": micros / 1_000_000}
                for n, request_id, endpoint, property_id, datasets, _is_count, at, micros, row_id in units
            ],
        }  # fmt: skip

    # Wallet and switches

    def setting(self, name: str, default: str) -> str:
        rows = self._run("SELECT value FROM setting WHERE name = ?", [name])
        return str(rows[0][0]) if rows else default

    def set(self, name: str, value: str) -> None:
        self._run("INSERT OR REPLACE INTO setting VALUES (?, ?)", [name, value])

    @property
    def bills_counts(self) -> bool:
        """Whether a count-only call is billed as one record."""
        return self.setting("bill_counts", "0") == "1"

    @property
    def balance(self) -> Decimal:
        """The wallet's balance in dollars: what was paid in less what was billed."""
        (micros,) = self._run("SELECT coalesce(sum(micros), 0) FROM unit")[0]
        return Decimal(self.setting("paid_in", str(FIRST_BALANCE))) - Decimal(micros) / 1_000_000

    def set_balance(self, balance: Decimal) -> None:
        """Pay in (or take out) what makes the balance this."""
        self.set("paid_in", str(Decimal(self.setting("paid_in", str(FIRST_BALANCE))) + balance - self.balance))

    # Search sessions

    def open_session(self, session: str, at: datetime) -> bool:
        """Open a search session unless it is open; return whether it is new.

        A team has 100. What the vendor does at the 101st is not documented: the switch ``sessions`` says whether the
        oldest gives way ("evict", the default) or the call is refused ("refuse").

        Raises ``SessionLimitReached``.
        """
        if self._run("SELECT 1 FROM session WHERE id = ?", [session]):
            return False
        while self._run("SELECT count(*) FROM session")[0][0] >= SESSION_LIMIT:
            if self.setting("sessions", "evict") == "refuse":
                raise SessionLimitReached
            (oldest,) = self._run("SELECT id FROM session ORDER BY at, rowid LIMIT 1")[0]
            self.drop_session(oldest)
        self._run("INSERT INTO session VALUES (?, ?)", [session, at.isoformat()])
        return True

    def drop_session(self, session: str) -> None:
        """Forget a session and what it delivered."""
        self._run("DELETE FROM session WHERE id = ?", [session])
        self._run("DELETE FROM page WHERE session = ?", [session])
        self._run("DELETE FROM delivered WHERE session = ?", [session])

    def sessions(self) -> list[dict[str, Any]]:
        """Return all sessions, oldest first."""
        rows = self._run(
            "SELECT id, at, (SELECT count(*) FROM delivered WHERE session = id) FROM session ORDER BY at, rowid"
        )
        return [{"id": name, "createdAt": at, "totalDelivered": total} for name, at, total in rows]

    def page(self, session: str, key: str) -> dict[str, Any] | None:
        """Return what this idempotency key was answered in this session, or ``None``."""
        rows = self._run("SELECT body FROM page WHERE session = ? AND key = ?", [session, key])
        return json.loads(rows[0][0]) if rows else None

    def keep_page(self, session: str, key: str, body: dict[str, Any], numbers: list[int]) -> None:
        """Note an answered page of a session and the records that it delivered."""
        with self._lock:
            self._connection.execute("BEGIN")
            if key:
                self._connection.execute(
                    "INSERT OR REPLACE INTO page VALUES (?, ?, ?)", [session, key, json.dumps(body)]
                )
            rows = [(session, number) for number in numbers]
            self._connection.executemany("INSERT OR IGNORE INTO delivered VALUES (?, ?)", rows)
            self._connection.execute("COMMIT")

    def delivered(self, session: str) -> list[int]:
        """Return the numbers of the records that a session has delivered."""
        return [row[0] for row in self._run("SELECT number FROM delivered WHERE session = ?", [session])]

    def reset(self) -> None:
        """Empty the books."""
        for table in ("call", "unit", "setting", "session", "page", "delivered"):
            self._run(f"DELETE FROM {table}")  # noqa: S608 -- names of our own


class SessionLimitReached(Exception):
    """The team has as many search sessions as it may have."""
