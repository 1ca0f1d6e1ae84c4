"""Keys that were met before: in a temporary file, so that memory does not grow with them."""

import sqlite3
from types import TracebackType
from typing import Self

CACHE_KIBIBYTES = 8_192


class Seen:
    """Tells whether a key is met for the first time. A context manager: leaving it deletes the file."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)  # no name: a file that only this connection knows
        self._database.executescript(
            f"""
            PRAGMA journal_mode = OFF;
            PRAGMA synchronous = OFF;
            PRAGMA cache_size = -{CACHE_KIBIBYTES};
            CREATE TABLE seen (key TEXT PRIMARY KEY) WITHOUT ROWID;
            BEGIN;
            """
        )

    def is_new(self, key: str) -> bool:
        """Whether nobody asked for this key before."""
        return bool(self._database.execute("INSERT OR IGNORE INTO seen VALUES (?)", [key]).rowcount)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._database.close()
