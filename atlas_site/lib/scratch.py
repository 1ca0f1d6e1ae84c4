"""A database of one process in a temporary file: for what has to be remembered of a million rows in flat memory."""

import sqlite3
from types import TracebackType
from typing import Self


class Scratch:
    """What is put into it is gone with it. A context manager: leaving it deletes the file."""

    def __init__(self, tables: str, *, cache_kibibytes: int) -> None:
        # Without a name it is a file that only this connection knows.
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(
            f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -{cache_kibibytes}; {tables}"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._database.close()
