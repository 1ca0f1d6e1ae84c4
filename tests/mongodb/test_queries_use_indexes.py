"""What the server does to answer: every kind of hot query reads an index and sorts nothing."""

# ruff: noqa: PLW0108 -- a query is built when its test runs, not when the test is collected

import pytest
from django.db import connection
from django.db.models import F
from django.db.models.functions import Lower

from atlas_site.mongodb.explain import assert_index_scan, assert_index_scan_of, explain, stages_of
from tests.mongodb.models import House, Owner
from tests.mongodb.test_same_results_as_stock import stock_compiler

first_owners = Owner.objects.order_by("email")
HOT = {
    "look-up by a unique key": lambda: House.objects.get(parcel="parcel-000123"),
    "look-up by the primary key": lambda: Owner.objects.filter(pk=first_owners[0].pk).first(),
    "look-up by a unique nullable key": lambda: Owner.objects.get(nickname="nick7"),
    "look-up by several unique keys": lambda: House.objects.filter(
        parcel__in=["parcel-000003", "parcel-000004"]
    ).first(),
    "first of a unique key": lambda: House.objects.filter(parcel="parcel-000123").first(),
    "first of a unique key, some keys": lambda: (
        House.objects.filter(city="city3", parcel="parcel-000003").values_list("price", flat=True).first()
    ),
    "existence of a unique key": lambda: House.objects.filter(parcel="parcel-000123").exists(),
    "newest first": lambda: list(House.objects.order_by("-price")[:25]),
    "sorted by the primary key": lambda: list(House.objects.order_by("-pk")[:25]),
    "a page further on": lambda: list(House.objects.order_by("price")[200:225]),
    "only some keys": lambda: list(House.objects.order_by("price").only("city")[:25]),
    "all but some keys": lambda: list(House.objects.order_by("price").defer("facts")[:25]),
    "values": lambda: list(House.objects.order_by("price").values("city", "beds")[:25]),
    "values without the ordering key": lambda: list(
        House.objects.order_by("price").values_list("city", flat=True)[:25]
    ),
    "values of the ordering key": lambda: list(
        House.objects.filter(tags__contains=["t3"]).order_by("-price").values_list("price", flat=True)[:25]
    ),
    "annotated": lambda: list(House.objects.annotate(double=F("price") * 2).order_by("price")[:25]),
    "all of an owner, sorted": lambda: list(House.objects.filter(owner=first_owners[3]).order_by("-price")),
    "a page of an owner from a key on": lambda: list(
        House.objects.filter(owner=first_owners[3], price__lt=500_000).order_by("-price")[:25]
    ),
    "with what they belong to": lambda: list(House.objects.select_related("owner").order_by("-price")[:25]),
    "count by an index": lambda: House.objects.filter(city="city9").count(),
    "count of a capped, sorted list": lambda: first_owners[3].houses.order_by("-price")[:51].count(),
    "count of a capped filter": lambda: House.objects.filter(price__gte=0)[:1001].count(),
    "update by a unique key": lambda: House.objects.filter(parcel="parcel-000123").update(beds=3),
    "delete by a unique key": lambda: House.objects.filter(parcel="no such parcel").delete(),
}


@pytest.mark.parametrize("name", HOT)
def test_the_query_reads_an_index_and_sorts_nothing(houses, name):
    assert_index_scan(HOT[name])


@pytest.mark.parametrize(
    "queryset",
    [House.objects.order_by("price"), House.objects.filter(parcel="parcel-000123"), House.objects.order_by("-pk")[:5]],
)
def test_a_queryset_can_be_given_instead_of_a_function(houses, queryset):
    assert_index_scan(queryset)


def test_a_count_by_an_index_loads_no_document(houses):
    stages = stages_of(explain(lambda: House.objects.filter(city="city9").count()))
    assert "FETCH" not in stages
    assert "$facet" not in stages


def test_a_capped_count_loads_no_document(houses):
    assert "FETCH" not in stages_of(
        explain(lambda: House.objects.filter(price__gte=0).order_by("price")[:1001].count())
    )


def test_a_count_of_what_is_not_null_loads_no_document(houses):
    assert "FETCH" not in stages_of(explain(lambda: House.objects.filter(city="city9", beds__isnull=False).count()))


@pytest.mark.parametrize(
    ("reads", "stage"),
    [
        (House.objects.filter(is_sold=True), "COLLSCAN"),
        (House.objects.all(), "COLLSCAN"),
        (House.objects.filter(city="city9").order_by("price"), "SORT"),
        (House.objects.filter(parcel="parcel-000001").order_by(Lower("city")), "sort"),
        (lambda: House.objects.filter(is_sold=True).update(beds=1), "COLLSCAN"),
    ],
)
def test_a_query_without_its_index_is_found_out(houses, reads, stage):
    with pytest.raises(AssertionError, match=stage):
        assert_index_scan(reads)


def test_the_stock_engine_is_found_out(houses):
    """The two mends are worth having: without them the same list is sorted in memory."""
    with stock_compiler(), pytest.raises(AssertionError, match="sort"):
        assert_index_scan(House.objects.order_by("price")[:25])


def test_code_that_reads_nothing_proves_nothing(houses):
    with pytest.raises(AssertionError, match="No read"):
        assert_index_scan(lambda: None)
    with pytest.raises(AssertionError, match="Expected one read, saw 2"):
        explain(lambda: (House.objects.first(), House.objects.first()))


def test_pipelines_and_filters_of_pymongo_can_be_looked_at(houses):
    collection = connection.database["TestHouse"]
    assert_index_scan_of(collection, {"parcel": "parcel-000123"})
    assert_index_scan_of(collection, [{"$match": {"city": "city9"}}, {"$group": {"_id": None, "n": {"$sum": 1}}}])
    with pytest.raises(AssertionError, match="COLLSCAN"):
        assert_index_scan_of(collection, {"isSold": True})
    with pytest.raises(AssertionError, match="sort"):
        assert_index_scan_of(collection, [{"$match": {"city": "city9"}}, {"$sort": {"price": 1}}])
