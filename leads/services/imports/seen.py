"""Which row of a file was the first with a key: in a temporary file, so that memory does not grow with the rows."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self

CACHE_KIBIBYTES = 16_384
# A cross join is done in the order in which it is written: one look-up for each key that is asked for.
FIRST_ROWS = "SELECT seen.key, seen.row FROM json_each(?) AS asked CROSS JOIN seen ON seen.key = asked.value"


class SeenKeys:
    """The match keys of the rows before, each with the first row that had it; and the contacts of some of those rows.

    A context manager: leaving it deletes the file.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)  # no name: a file that only this connection knows
        self._database.executescript(
            f"""
            PRAGMA journal_mode = OFF;
            PRAGMA synchronous = OFF;
            PRAGMA cache_size = -{CACHE_KIBIBYTES};
            CREATE TABLE seen (key TEXT PRIMARY KEY, row INTEGER NOT NULL) WITHOUT ROWID;
            CREATE TABLE contact (row INTEGER PRIMARY KEY, id TEXT NOT NULL);
            """
        )

    def first_rows(self, keys: Iterable[str]) -> dict[str, int]:
        """The first row of each of these keys that was seen before."""
        asked = json.dumps(list(keys))
        return dict(self._database.execute(FIRST_ROWS, [asked]))

    def contact_of(self, row: int) -> str | None:
        """The contact that was there before the import and is this row's lead; None for one that the row creates."""
        found = self._database.execute("SELECT id FROM contact WHERE row = ?", [row]).fetchone()
        return found[0] if found else None

    def add(self, first_rows: Mapping[str, int], contacts: Mapping[int, str]) -> None:
        """Add keys with their first rows, and the contacts of rows."""
        self._database.execute("BEGIN")
        self._database.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", sorted(first_rows.items()))
        self._database.executemany("INSERT OR IGNORE INTO contact VALUES (?, ?)", contacts.items())
        self._database.execute("COMMIT")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._database.close()
