"""Data of the engine's tests: made once a module, because twenty thousand documents take a second."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from bson import ObjectId
from django.db import connection
from pymongo.database import Database

from tests.mongodb.models import House, Owner, Stay

HOUSE_COUNT = 20_000
OWNER_COUNT = 200


@pytest.fixture(scope="module")
def database(django_db_setup, django_db_blocker) -> Iterator[Database]:
    """PyMongo's view of the test database, for modules whose tests share their data instead of flushing it."""
    with django_db_blocker.unblock():
        with connection.schema_editor() as editor:
            for model in (Owner, House, Stay):
                editor.create_model(model)  # there already, unless no other test has asked for the database
        yield connection.database


@pytest.fixture(scope="module")
def houses(database) -> Iterator[Database]:
    """200 owners with 100 houses each. Every tenth house lacks its optional keys, as another writer may leave it,
    and some stays point nowhere."""
    clear(database)
    joined = datetime(2020, 1, 1, tzinfo=UTC)
    owners = [
        Owner(email=f"owner{n}@example.com", nickname=f"nick{n}" if n % 2 else None, joined_at=joined + timedelta(n))
        for n in range(OWNER_COUNT)
    ]
    Owner.objects.bulk_create(owners)
    rows = []
    for n in range(HOUSE_COUNT):
        row = {"ownerId": owners[n % OWNER_COUNT].pk, "parcel": f"parcel-{n:06}", "price": n * 7919 % 1_000_003}
        if n % 10:
            row |= {
                "beds": n % 6 or None,
                "city": f"city{n % 50}",
                "tags": [f"t{n % 7}"],
                "facts": {"valuation": {"estimate": n}, "roof": "tile" if n % 3 else None},
                "isSold": n % 4 == 0,
            }
        rows.append(row)
    database["TestHouse"].insert_many(rows)
    places = [None, ObjectId(), *(house.pk for house in House.objects.order_by("parcel")[:20])]
    Stay.objects.bulk_create(Stay(house_id=place, nights=n) for n, place in enumerate(places))
    yield database
    clear(database)


def clear(database: Database) -> None:
    """Empty the collections of the houses and their owners."""
    for model in (Stay, House, Owner):
        database[model._meta.db_table].delete_many({})
