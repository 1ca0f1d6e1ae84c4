"""The documents of a site in a SQLite file, so that they outlive a restart."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

Document = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS resource (
    seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, customer_id TEXT, moment INTEGER, due_at INTEGER,
    body TEXT NOT NULL, UNIQUE (kind, id)
);
CREATE INDEX IF NOT EXISTS resource_kind ON resource (kind, seq);
CREATE INDEX IF NOT EXISTS resource_customer ON resource (kind, customer_id, seq);
CREATE INDEX IF NOT EXISTS resource_moment ON resource (kind, moment, seq);
CREATE INDEX IF NOT EXISTS resource_due ON resource (due_at, seq) WHERE due_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS replay (key TEXT PRIMARY KEY, call TEXT, at INTEGER, status INTEGER, body BLOB);
"""


class Store:
    """Documents by kind and id, in the order in which they were made. The caller keeps threads apart."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(SCHEMA)

    def run(self, sql: str, values: Iterable[Any] = ()) -> list[Any]:
        """Run a statement and return its rows."""
        return self._connection.execute(sql, tuple(values)).fetchall()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def read(self, kind: str, resource_id: str) -> Document | None:
        """Return a document, or ``None``."""
        rows = self.run("SELECT body FROM resource WHERE kind = ? AND id = ?", (kind, resource_id))
        return json.loads(rows[0][0]) if rows else None

    def write(self, kind: str, body: Document, *, moment: int, due_at: int | None) -> None:
        """Keep a document. ``moment`` is what catch-up filters ask for, ``due_at`` when something happens to it."""
        self.run(
            "INSERT INTO resource (kind, id, customer_id, moment, due_at, body) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (kind, id) DO UPDATE SET customer_id = excluded.customer_id, moment = excluded.moment, "
            "due_at = excluded.due_at, body = excluded.body",
            (kind, body["id"], body["id"] if kind == "customer" else body.get("customer_id"), moment, due_at,
             json.dumps(body, separators=(",", ":"))),
        )  # fmt: skip

    def find(
        self, kind: str, *, customer_id: str | None = None, after: int | None = None, by_moment: bool = False,
        descending: bool = False, start: tuple[int, int] | None = None,
    ) -> Iterator[tuple[tuple[int, int], Document]]:  # fmt: skip
        """Yield (place, document) of a kind, oldest first, while the caller keeps other threads away.

        ``by_moment`` is the order of the moments of ``write`` in place of that in which they were made; ``after``
        leaves out earlier moments, ``start`` all up to a place.
        """
        moment = "moment" if by_moment else "0"
        sql, values = f"SELECT {moment}, seq, body FROM resource WHERE kind = ?", [kind]  # noqa: S608 -- constants
        if customer_id is not None:
            sql += " AND customer_id = ?"
            values.append(customer_id)
        if after is not None:
            sql += f" AND moment > {after:d}"
        if start is not None:
            place = f"(moment, seq) {{}} ({start[0]:d}, {start[1]:d})" if by_moment else f"seq {{}} {start[1]:d}"
            sql += " AND " + place.format("<" if descending else ">")
        direction = "DESC" if descending else "ASC"
        order = f"moment {direction}, seq {direction}" if by_moment else f"seq {direction}"
        for at, seq, body in self._connection.execute(f"{sql} ORDER BY {order}", values):
            yield (at, seq), json.loads(body)

    def next_due(self, now: int) -> tuple[str, str, int] | None:
        """Return kind, id and moment of the first thing that is due by now, or ``None``."""
        rows = self.run(
            "SELECT kind, id, due_at FROM resource WHERE due_at IS NOT NULL AND due_at <= ? "
            "ORDER BY due_at, seq LIMIT 1", (now,),
        )  # fmt: skip
        return rows[0] if rows else None

    def forget_due(self, kind: str, resource_id: str) -> None:
        """Let nothing happen to a document by itself until it is written again."""
        self.run("UPDATE resource SET due_at = NULL WHERE kind = ? AND id = ?", (kind, resource_id))

    def count_up(self, name: str) -> int:
        """Return the next number of a sequence that no reset starts anew."""
        return self.run(
            "INSERT INTO counter VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
            (name,),
        )[0][0]

    def clear(self) -> None:
        """Delete all documents and remembered answers."""
        self.run("DELETE FROM resource")
        self.run("DELETE FROM replay")
