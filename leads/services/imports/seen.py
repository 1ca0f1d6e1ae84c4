"""Which row of a file was the first with a key: in a temporary file, so that memory does not grow with the rows."""

import json
from collections.abc import Iterable, Mapping

from atlas_site.lib.scratch import Scratch

CACHE_KIBIBYTES = 16_384
KEYS_A_WRITE = 50_000
"""New keys wait in memory until there are so many: sorted, many of them lie on one page of the file."""

SIEVE_BYTES = 1 << 23
"""One bit for each of 67 million remainders of hashes: a key whose bit is not set was not seen, without a look."""

# A cross join is done in the order in which it is written: one look-up for each key that is asked for.
FIRST_ROWS = "SELECT seen.key, seen.row FROM json_each(?) AS asked CROSS JOIN seen ON seen.key = asked.value"
NOTE_SEEN = "INSERT OR IGNORE INTO seen VALUES (?, ?)"
NOTE_CONTACT = "INSERT OR IGNORE INTO contact VALUES (?, ?)"


class SeenKeys(Scratch):
    """The match keys of the rows before, each with the first row that had it; and the contacts of some of the rows."""

    def __init__(self) -> None:
        super().__init__(
            """
            CREATE TABLE seen (key TEXT PRIMARY KEY, row INTEGER NOT NULL) WITHOUT ROWID;
            CREATE TABLE contact (row INTEGER PRIMARY KEY, id TEXT NOT NULL);
            """,
            cache_kibibytes=CACHE_KIBIBYTES,
        )
        self._waiting: dict[str, int] = {}
        self._sieve = bytearray(SIEVE_BYTES)

    def first_rows(self, keys: Iterable[str]) -> dict[str, int]:
        """The first row of each of these keys that was seen before."""
        sieve, mask = self._sieve, SIEVE_BYTES - 1
        likely = [key for key in keys if sieve[(mark := hash(key)) >> 3 & mask] & 1 << (mark & 7)]
        waiting = {key: self._waiting[key] for key in likely if key in self._waiting}
        return waiting | dict(self._database.execute(FIRST_ROWS, [json.dumps(likely)]))  # what is written came first

    def contact_of(self, row: int) -> str | None:
        """The contact that was there before the import and is this row's lead; None for one that the row creates."""
        found = self._database.execute("SELECT id FROM contact WHERE row = ?", [row]).fetchone()
        return found[0] if found else None

    def add(self, first_rows: Mapping[str, int], contacts: Mapping[int, str]) -> None:
        """Add keys with their first rows, which stay if they were seen before, and the contacts of rows."""
        sieve, mask, waiting = self._sieve, SIEVE_BYTES - 1, self._waiting
        for key, row in first_rows.items():
            mark = hash(key)
            sieve[mark >> 3 & mask] |= 1 << (mark & 7)
            waiting.setdefault(key, row)
        if len(waiting) >= KEYS_A_WRITE:
            self._write()
        if contacts:
            self._insert(NOTE_CONTACT, contacts.items())

    def _write(self) -> None:
        self._insert(NOTE_SEEN, sorted(self._waiting.items()))
        self._waiting.clear()

    def _insert(self, statement: str, rows: Iterable[tuple[str | int, str | int]]) -> None:
        self._database.execute("BEGIN")
        self._database.executemany(statement, rows)
        self._database.execute("COMMIT")
