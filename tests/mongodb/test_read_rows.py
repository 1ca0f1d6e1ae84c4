"""Rows that PyMongo reads for a queryset: the values of instances, without the instances."""

from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, NamedTuple

import pytest
from bson import Int64, ObjectId
from django.core.exceptions import FieldDoesNotExist

from atlas_site.lib.transactions import run_txn
from atlas_site.mongodb.explain import assert_index_scan, recorded_reads
from atlas_site.mongodb.reading import read_rows
from tests.mongodb.models import House, Owner


class HouseRow(NamedTuple):
    parcel: str
    price: int
    beds: int | None
    city: str
    tags: list[str]
    facts: dict[str, Any]
    is_sold: bool


@dataclass(frozen=True)
class OwnerRow:
    id: ObjectId
    joined_at: datetime | None


class Unheard(NamedTuple):
    unheard_of: str


@pytest.fixture
def collection(database):
    names = ["TestHouse", "TestOwner"]
    for name in names:
        database[name].delete_many({})
    whole = {
        "price": 3,
        "beds": 2,
        "city": "Mesa",
        "tags": ["a"],
        "facts": {"at": datetime(2024, 1, 1)},
        "isSold": True,
    }
    nulls = dict.fromkeys(whole)
    database["TestHouse"].insert_many(
        [
            {"parcel": "whole", **whole, "unknown": 1},
            {"parcel": "bare"},
            {"parcel": "null", **nulls},
            {"parcel": "long", "price": Int64(2), "beds": Int64(4)},
        ]
    )
    yield database["TestHouse"]
    for name in names:
        database[name].delete_many({})


def test_the_values_are_those_of_instances_whoever_wrote_the_document(collection):
    houses = House.objects.order_by("-price", "parcel")
    rows = read_rows(houses, HouseRow)
    assert rows == [attrgetter(*HouseRow._fields)(house) for house in houses]
    assert [row.parcel for row in rows] == ["whole", "long", "bare", "null"]
    assert rows[2].tags is not rows[3].tags
    Owner.objects.create(email="ann@example.com", joined_at=datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC))
    (owner,) = read_rows(Owner.objects.all(), OwnerRow)
    assert owner == OwnerRow(Owner.objects.get().pk, datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC))


def test_no_more_is_read_than_is_asked_for(collection):
    with recorded_reads() as reads:
        rows = read_rows(House.objects.order_by("price"), HouseRow, most=2, left_out={"facts"})
    assert [row.facts for row in rows] == [{}, {}]
    ((_, pipeline),) = reads
    keys = {"parcel", "price", "beds", "city", "tags", "isSold"}
    assert pipeline[-2:] == [{"$limit": 2}, {"$project": {"_id": False, **dict.fromkeys(keys, True)}}]
    assert_index_scan(lambda: read_rows(House.objects.order_by("-pk"), HouseRow, most=2))


def test_nothing_is_asked_where_nothing_can_be(collection):
    with recorded_reads() as reads:
        assert read_rows(House.objects.filter(pk__in=[]), HouseRow) == []
    assert reads == []


def test_a_transaction_reads_what_it_wrote(collection):
    def write() -> list[HouseRow]:
        House.objects.filter(parcel="bare").update(price=9)
        return read_rows(House.objects.filter(price=9), HouseRow)

    assert [row.parcel for row in run_txn(write)] == ["bare"]


def test_what_one_collection_does_not_hold_is_refused(collection):
    with pytest.raises(ValueError, match="one collection"):
        read_rows(House.objects.filter(owner__email="ann@example.com"), HouseRow)
    with pytest.raises(TypeError, match="slice"):
        read_rows(House.objects.all()[:3], HouseRow)
    with pytest.raises(FieldDoesNotExist):
        read_rows(House.objects.all(), Unheard)
