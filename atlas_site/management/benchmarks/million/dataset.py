"""The data of the big benchmark: made once from a seed, the same in both databases, and kept."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from itertools import islice
from random import Random
from typing import Any, NamedTuple

import pymongo
from bson import ObjectId
from django.core.management import call_command
from django.db import connections, models
from psycopg.types.json import Jsonb

from atlas_site.management.benchmarks import data
from atlas_site.management.benchmarks.databases import take_indexes
from atlas_site.management.benchmarks.million.plain import PLAIN
from atlas_site.management.benchmarks.million.servers import MONGO, POSTGRES
from properties.models import OwnedCell, Property, PropertyDatasetPermission
from properties.selectors.cells import ZOOMS, cell_of

BIG, SMALL = ObjectId("0" * 23 + "1"), ObjectId("0" * 23 + "2")
OTHERS = [ObjectId(f"{number:024x}") for number in range(100, 120)]
SMALL_SIZE = 10_000
SHARE_OF_OTHERS = 5  # one property in so many is another user's too
SHARE_WITH_RECORD = 50  # one property in so many has a whole vendor record, the rest a short one
SEED = 7
A_BATCH = 1_000
SECONDS_FOR_INDEXES = 3600
SIGNALS = ("vacant", "absentee-owner", "high-equity", "tax-default", "preforeclosure", "tired-landlord", "inherited")
FILLED = (Property, PropertyDatasetPermission, OwnedCell)
KEPT = "bench_kept"

Values = dict[str, Any]


class Batch(NamedTuple):
    """Values by attribute name of the model, for each model that is filled."""

    properties: list[Values]
    rows: list[Values]


def fill(*, size: int, aliases: Iterable[str], progress: Callable[[str], None]) -> None:
    """Make the data of ``size`` properties in each database that does not hold them already."""
    wanted = {"fingerprint": fingerprint(), "size": size}
    stale = [alias for alias in aliases if _kept(alias) != wanted]
    for alias in stale:
        progress(f"filling {alias} with {size:,} properties, which is done once")
        {MONGO: _fill_mongo, POSTGRES: _fill_postgres}[alias](size, progress)
        _keep(alias, wanted)
    if MONGO not in stale:
        with pymongo.timeout(SECONDS_FOR_INDEXES):  # those that the fingerprint does not know, since no model does
            call_command("migrate", database=MONGO, verbosity=0)


def fingerprint() -> str:
    """What the kept data depend on: fields and indexes of the models, and this module's constants."""
    parts = [
        [model._meta.db_table, [field.column for field in model._meta.concrete_fields], repr(model._meta.indexes)]
        for model in FILLED
    ]
    text = json.dumps([parts, SEED, SMALL_SIZE, SHARE_OF_OTHERS, SHARE_WITH_RECORD, list(ZOOMS), OwnedCell.EVERYTHING])
    return hashlib.sha256(text.encode()).hexdigest()


def owns(user_id: ObjectId, number: int, size: int) -> bool:
    """Whether one of the two users that are compared owns the property of this number."""
    return user_id == BIG or number % max(1, size // SMALL_SIZE) == 0


def make_batches(size: int) -> Iterator[Batch]:
    """Yield the properties with the rows of their owners, a thousand properties at a time."""
    random = Random(SEED)  # noqa: S311 -- the same data for the same seed, and no secret
    numbers = iter(range(size))
    while chunk := list(islice(numbers, A_BATCH)):
        batch = Batch([], [])
        for number in chunk:
            held = _property(number, random)
            batch.properties.append(held)
            owners = [BIG, SMALL] if owns(SMALL, number, size) else [BIG]
            if number % SHARE_OF_OTHERS == 0:
                owners.append(OTHERS[number // SHARE_OF_OTHERS % len(OTHERS)])
            batch.rows.extend(_row(owner, held, random) for owner in owners)
        yield batch


def _property(number: int, random: Random) -> Values:
    document = data.make_property(number, random)
    if number % SHARE_WITH_RECORD:
        document["data"] = {group: document["data"][group] for group in ("_id", "address", "building", "valuation")}
    return {field.attname: document.get(field.column, field.get_default()) for field in Property._meta.concrete_fields}


def _row(user_id: ObjectId, held: Values, random: Random) -> Values:
    at = data.BEGINNING + timedelta(minutes=random.randrange(300 * 24 * 60), milliseconds=random.randrange(60_000))
    record = held["data"]
    building, address, valuation = record["building"], record["address"], record["valuation"]
    has_value, has_signals = random.random() < data.SHARE_WITH_VALUE, random.random() < 0.5
    signals = [name for name in SIGNALS if random.random() < 0.2] if has_signals else []
    datasets = ["BASIC", *(["VALUATION"] if has_value else []), *(["QUICKLIST"] if has_signals else [])]
    has_place = address["latitude"] is not None
    values = {field.attname: field.get_default() for field in PropertyDatasetPermission._meta.concrete_fields}
    return values | {
        "id": ObjectId(random.randbytes(12)),
        "user_id": user_id,
        "property_id": held["property_id"],
        "datasets": datasets,
        "unlocked": {dataset: at.isoformat() for dataset in datasets},
        "revealed_at": at,
        **{name: held[name] for name in ("address", "city", "county", "state", "postal_code")},
        "latitude": address["latitude"],
        "longitude": address["longitude"],
        "location": [address["longitude"], address["latitude"]] if has_place else None,
        "property_type": random.choice(data.HOUSES),
        "bedroom_count": float(building["bedroomCount"]),
        "bathroom_count": building["bathroomCount"],
        "living_area_square_feet": float(building["livingAreaSquareFeet"]),
        "year_built": building["yearBuilt"],
        "owner_name": f"{random.choice(data.FIRST_NAMES)} {random.choice(data.LAST_NAMES)}",
        "owner_type": random.choice(data.OWNERS),
        "owner_occupied": random.random() < 0.6,
        "last_sale_price": float(random.randrange(60, 900) * 1000),
        "estimated_value": valuation["estimatedValue"] if has_value else None,
        "equity_percent": float(valuation["equityPercent"]) if has_value else None,
        "facts": {"stories": building["storyCount"], "rooms": building["roomCount"]},
        "signals": signals,
        "absent_signals": [name for name in SIGNALS if name not in signals] if has_signals else [],
    }


class Cells:
    """The counters of the map, counted up while rows are made."""

    def __init__(self) -> None:
        self.counts: Counter = Counter()
        self.sums: dict[tuple, list[float]] = {}

    def add(self, rows: Iterable[Values]) -> None:
        """Count these rows."""
        for row in rows:
            if row["user_id"] not in (BIG, SMALL):
                continue
            self.counts[row["user_id"], OwnedCell.EVERYTHING, 0, 0] += 1
            if row["latitude"] is None:
                continue
            for zoom in ZOOMS:
                key = (row["user_id"], zoom, *cell_of(row["latitude"], row["longitude"], zoom))
                self.counts[key] += 1
                sums = self.sums.setdefault(key, [0.0, 0.0])
                sums[0] += row["latitude"]
                sums[1] += row["longitude"]

    def values(self) -> Iterator[Values]:
        """The counters as values of the model."""
        for (user_id, zoom, x, y), count in self.counts.items():
            latitude_sum, longitude_sum = self.sums.get((user_id, zoom, x, y), (0.0, 0.0))
            yield {
                "id": ObjectId(), "user_id": user_id, "zoom": zoom, "x": x, "y": y, "count": count,
                "latitude_sum": latitude_sum, "longitude_sum": longitude_sum,
            }  # fmt: skip


# ---------------------------------------------------------------- MongoDB
def _fill_mongo(size: int, progress: Callable[[str], None]) -> None:
    connection = connections[MONGO]
    connection.ensure_connection()
    connection.connection.drop_database(connection.settings_dict["NAME"])
    call_command("migrate", database=MONGO, verbosity=0)
    collections = {model: connection.database[model._meta.db_table] for model in FILLED}
    indexes = {model: take_indexes(collection) for model, collection in collections.items()}

    def write(model: type[models.Model], rows: list[Values]) -> None:
        if rows:
            columns = {field.attname: field.column for field in model._meta.concrete_fields}
            documents = [{columns[name]: value for name, value in row.items()} for row in rows]
            collections[model].insert_many(documents, ordered=False)

    _write_all(size, write, progress)
    for model, taken in indexes.items():
        for number, index in enumerate(taken, start=1):
            progress(f"index {number} of {len(taken)} of {model._meta.db_table}")
            with pymongo.timeout(SECONDS_FOR_INDEXES):
                collections[model].create_indexes([index])


# ---------------------------------------------------------------- PostgreSQL
def _fill_postgres(size: int, progress: Callable[[str], None]) -> None:
    connection = connections[POSTGRES]
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
    indexes = {plain: plain._meta.indexes for plain in PLAIN.values()}
    with connection.schema_editor() as editor:
        for plain in PLAIN.values():
            plain._meta.indexes = []
            editor.create_model(plain)
            plain._meta.indexes = indexes[plain]

    def write(model: type[models.Model], rows: list[Values]) -> None:
        plain = PLAIN[model]
        columns = ", ".join(f'"{field.column}"' for field in plain._meta.concrete_fields)
        names = [field.attname for field in plain._meta.concrete_fields]
        with connection.cursor() as cursor, cursor.copy(f"COPY {plain._meta.db_table} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([_plain_value(row[name]) for name in names])

    _write_all(size, write, progress)
    with connection.schema_editor() as editor:
        for plain, found in indexes.items():
            for number, index in enumerate(found, start=1):
                progress(f"index {number} of {len(found)} of {plain._meta.db_table}")
                editor.add_index(plain, index)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _plain_value(value: Any) -> Any:
    if isinstance(value, ObjectId):
        return str(value)
    return Jsonb(value) if isinstance(value, dict) else value


def _write_all(
    size: int, write: Callable[[type[models.Model], list[Values]], None], progress: Callable[[str], None]
) -> None:
    cells = Cells()
    for number, batch in enumerate(make_batches(size), start=1):
        write(Property, batch.properties)
        write(PropertyDatasetPermission, batch.rows)
        cells.add(batch.rows)
        if number % 10 == 0:
            progress(f"{number * A_BATCH:,} properties")
    counters = cells.values()
    while chunk := list(islice(counters, A_BATCH)):
        write(OwnedCell, chunk)


# ---------------------------------------------------------------- what is kept
def _kept(alias: str) -> Values | None:
    if alias == MONGO:
        connections[MONGO].ensure_connection()
        return connections[MONGO].database[KEPT].find_one({}, {"_id": 0})
    with connections[POSTGRES].cursor() as cursor:
        cursor.execute("SELECT to_regclass('bench_kept')")
        if cursor.fetchone()[0] is None:
            return None
        cursor.execute("SELECT fingerprint, size FROM bench_kept")
        row = cursor.fetchone()
        return {"fingerprint": row[0], "size": row[1]} if row else None


def _keep(alias: str, wanted: Values) -> None:
    if alias == MONGO:
        connections[MONGO].database[KEPT].insert_one(dict(wanted))
        return
    with connections[POSTGRES].cursor() as cursor:
        cursor.execute("CREATE TABLE bench_kept (fingerprint text, size integer)")
        cursor.execute("INSERT INTO bench_kept VALUES (%s, %s)", [wanted["fingerprint"], wanted["size"]])
