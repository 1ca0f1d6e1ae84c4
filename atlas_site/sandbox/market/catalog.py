"""The catalog: the columns that searches filter by, of every property of one market, in one SQLite file.

The file is made once per (seed, size, facts version) and reused. Full records are not stored: they are written anew
from (seed, number). A patch that a test lays over a record is kept beside it, and the columns follow the patch.
"""

import json
import sqlite3
import threading
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any

from atlas_site.sandbox.market import geometry, places, quicklists
from atlas_site.sandbox.market.columns import column_values
from atlas_site.sandbox.market.facts import COLUMNS, FACTS_VERSION, Facts, draw_facts, property_id
from atlas_site.sandbox.market.record import Record, merge, write_record

INDEXES = {
    "by_id": "UNIQUE INDEX by_id ON property (id)",
    "by_hash": "INDEX by_hash ON property (hash)",
    "by_place": "INDEX by_place ON property (state, city)",
    "by_county": "INDEX by_county ON property (state, county)",
    "by_city": "INDEX by_city ON property (city)",
    "by_zip": "INDEX by_zip ON property (zip)",
    "by_fips": "INDEX by_fips ON property (fips, apn)",
    "by_point": "INDEX by_point ON property (lat, lon)",
}
DELETED = "deleted"


class Catalog:
    """One market on disk. Safe for many threads: each has a connection of its own."""

    def __init__(self, folder: Path, *, seed: int, size: int, day: date) -> None:
        """Open the market's file in ``folder``, or make it as of ``day``: about 0.1 s per thousand properties."""
        self.seed, self.size = seed, size
        self.places = places.load()
        self.path = folder / f"market-{seed}-{size}-v{FACTS_VERSION}.sqlite"
        self._local = threading.local()
        self._write_lock = threading.Lock()
        self.generation = 0
        """Counts the changes to the market, for those who remember the answer to a query."""
        if not self.path.exists():
            _make_file(self.path, seed=seed, size=size, day=day.toordinal(), all_places=self.places)
        row = self.connection().execute("SELECT value FROM meta WHERE name = 'day'").fetchone()
        self.day = int(row[0])

    def connection(self) -> sqlite3.Connection:
        """Return this thread's connection."""
        if not hasattr(self._local, "connection"):
            connection = sqlite3.connect(self.path, timeout=30)
            connection.row_factory = sqlite3.Row
            geometry.register(connection)
            self._local.connection = connection
        opened: sqlite3.Connection = self._local.connection
        return opened

    def close(self) -> None:
        """Close this thread's connection."""
        if hasattr(self._local, "connection"):
            self._local.connection.close()
            del self._local.connection

    # Reading

    def numbers(self, sql: str, parameters: dict[str, Any]) -> list[int]:
        """Return the first column of a query."""
        return [row[0] for row in self.connection().execute(sql, parameters)]

    def number_of(self, vendor_id: str) -> int | None:
        """Return the number of a property by its vendor id, or ``None`` if the market has no such property."""
        row = self.connection().execute("SELECT i FROM property WHERE id = ?", [vendor_id]).fetchone()
        return None if row is None else int(row[0])

    def records(self, numbers: Sequence[int], today: int, groups: Collection[str] | None = None) -> dict[int, Record]:
        """Return the records of these properties by number, in this order, as of the day ``today`` (ordinal).

        ``groups`` names the groups that the caller will look at, for speed; ``None`` means all. A property that has
        been deleted since its number was found is left out.
        """
        patches = self._patches(numbers)
        listed = self._quicklists(numbers, today) if groups is None or "quickLists" in groups else {}
        records: dict[int, Record] = {}
        for number in numbers:
            patch = patches.get(number)
            if patch == DELETED:
                continue
            record = write_record(self.facts(number), today, groups)
            quick = listed.get(number)
            if quick is not None:
                record["quickLists"] = quick
            records[number] = reduce(merge, patch or [], record)
        return records

    def facts(self, number: int) -> Facts:
        """Return the facts of one property."""
        return draw_facts(self.seed, number, self.day, self.places)

    def _quicklists(self, numbers: Sequence[int], today: int) -> dict[int, dict[str, bool] | None]:
        """Return the ``quickLists`` group per property: a property without known lists has none, or all false."""
        keys = [quicklists.response_key(slug) for slug in quicklists.CONDITIONS]
        conditions = ", ".join(f"coalesce({condition}, 0)" for condition in quicklists.CONDITIONS.values())
        found: dict[int, dict[str, bool] | None] = {}
        for chunk in _chunks(numbers):
            sql = f"SELECT i, quicklists_known, {conditions} FROM property WHERE i IN ({_marks(chunk)})"  # noqa: S608
            # Named and numbered parameters do not mix, and the numbers are our own.
            for number, is_known, *values in self.connection().execute(sql, {"today": today}):
                if is_known:
                    found[number] = dict(zip(keys, map(bool, values), strict=True))
                else:
                    found[number] = dict.fromkeys(keys, False) if number % 2 else None
        return found

    # Patches

    def patch(self, number: int, patch: Record, today: int) -> None:
        """Lay a patch over a record and its earlier patches; the columns of what they change follow."""
        with self._write_lock:
            facts = self.facts(number)
            plain = write_record(facts, today)
            patches = [*self._patches([number]).get(number, []), patch]
            before, after = column_values(plain), column_values(reduce(merge, patches, plain))
            changed = {key: value for key, value in after.items() if value != before[key]}
            self._restore_row(facts)
            if changed:
                assignments = ", ".join(f"{column} = :{column}" for column in changed)
                sql = f"UPDATE property SET {assignments} WHERE i = :i"  # noqa: S608 -- columns of our own
                self.connection().execute(sql, {**changed, "i": number})
            self._keep(number, patches)

    def delete(self, number: int) -> None:
        """Take a property off the market until it is restored."""
        with self._write_lock:
            self.connection().execute("DELETE FROM property WHERE i = ?", [number])
            self._keep(number, DELETED)

    def restore(self, vendor_id: str) -> bool:
        """Take away the patch of a property or bring it back; return whether there was anything to take away."""
        with self._write_lock:
            row = self.connection().execute("SELECT i FROM patch WHERE id = ?", [vendor_id]).fetchone()
            if row is None:
                return False
            self._restore_row(self.facts(row[0]))
            self.connection().execute("DELETE FROM patch WHERE i = ?", [row[0]])
            self.connection().commit()
            self.generation += 1
            return True

    def reset(self) -> None:
        """Take away all patches and bring back what was deleted."""
        with self._write_lock:
            for (number,) in self.connection().execute("SELECT i FROM patch").fetchall():
                self._restore_row(self.facts(number))
            self.connection().execute("DELETE FROM patch")
            self.connection().commit()
            self.generation += 1

    def _keep(self, number: int, body: Any) -> None:
        self.connection().execute(
            "INSERT OR REPLACE INTO patch VALUES (?, ?, ?)", [number, property_id(self.seed, number), json.dumps(body)]
        )
        self.connection().commit()
        self.generation += 1

    def _restore_row(self, facts: Facts) -> None:
        self.connection().execute(_insert_sql("INSERT OR REPLACE"), [facts[column] for column in COLUMNS])

    def _patches(self, numbers: Sequence[int]) -> dict[int, Any]:
        found: dict[int, Any] = {}
        for chunk in _chunks(numbers):
            sql = f"SELECT i, body FROM patch WHERE i IN ({_marks(chunk)})"  # noqa: S608 -- numbers of our own
            found.update((number, json.loads(body)) for number, body in self.connection().execute(sql))
        return found


def _make_file(path: Path, *, seed: int, size: int, day: int, all_places: places.Places) -> None:
    """Write the file beside its place and move it there, so that a broken start leaves no half market."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for outdated in path.parent.glob(f"market-{seed}-{size}-v*"):
        outdated.unlink()
    unfinished = path.with_suffix(".unfinished")
    connection = sqlite3.connect(unfinished)
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    # Names compare without regard to case, and an index helps only if it does too.
    columns = ", ".join(f"{n} {kind}{' COLLATE NOCASE' if kind == 'TEXT' else ''}" for n, kind in COLUMNS.items())
    connection.execute(f"CREATE TABLE property ({columns})")
    connection.execute("CREATE TABLE patch (i INTEGER PRIMARY KEY, id TEXT, body TEXT NOT NULL)")
    connection.execute("CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT)")
    connection.execute("INSERT INTO meta VALUES ('day', ?)", [str(day)])
    connection.executemany(_insert_sql("INSERT"), _rows(seed, size, day, all_places))
    for index in INDEXES.values():
        connection.execute(f"CREATE {index}")
    connection.execute("ANALYZE")
    connection.commit()
    connection.execute("PRAGMA journal_mode = WAL")  # readers and the one writer of patches do not wait for each other
    connection.close()
    unfinished.replace(path)


def _rows(seed: int, size: int, day: int, all_places: places.Places) -> Iterable[list[Any]]:
    for number in range(size):
        facts = draw_facts(seed, number, day, all_places)
        yield [facts[column] for column in COLUMNS]


def _insert_sql(verb: str) -> str:
    return f"{verb} INTO property ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"


def _chunks(numbers: Sequence[int], length: int = 1000) -> Iterable[Sequence[int]]:
    return (numbers[start : start + length] for start in range(0, len(numbers), length))


def _marks(numbers: Sequence[int]) -> str:
    return ", ".join(str(int(number)) for number in numbers)
