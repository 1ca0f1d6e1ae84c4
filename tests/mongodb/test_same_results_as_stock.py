"""The engine is faster than the stock one, and answers the same to every kind of query."""

# ruff: noqa: PLW0108 -- a query is built when its test runs, not when the test is collected

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import pytest
from django.db import connection
from django.db.models import Avg, Case, Count, Exists, F, Max, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Length, Lower, Upper
from django_mongodb_backend.base import DatabaseWrapper as StockWrapper

from tests.mongodb.models import House, Owner, Stay


@contextmanager
def stock_compiler() -> Iterator[None]:
    """Build queries with the compilers and operators of django_mongodb_backend in this block."""
    ours = connection.ops.compiler("SQLCompiler").__module__
    connection.ops._cache = import_module("django_mongodb_backend.compiler")
    connection.mongo_operators = StockWrapper.mongo_operators
    try:
        yield
    finally:
        connection.ops._cache = import_module(ours)
        del connection.mongo_operators


def in_city(number: int):
    return House.objects.filter(city=f"city{number}")


# Orderings end in a unique key: the order of equals is nobody's promise.
QUERIES = {
    "a page of a sorted list": lambda: House.objects.order_by("-price", "parcel")[40:60],
    "sorted by a nullable key": lambda: in_city(7).order_by("beds", "parcel"),
    "sorted by nullable descending": lambda: in_city(7).order_by("-beds", "parcel")[:30],
    "nulls last": lambda: in_city(7).order_by(F("beds").asc(nulls_last=True), "parcel"),
    "nulls first": lambda: in_city(7).order_by(F("beds").desc(nulls_first=True), "parcel")[5:50],
    "by expression": lambda: in_city(7).order_by(Length("parcel"), Lower("parcel").desc())[:20],
    "random access": lambda: House.objects.order_by("parcel")[1234:1236],
    "reversed": lambda: in_city(3).order_by("price", "parcel").reverse()[:10],
    "only": lambda: in_city(3).order_by("-price", "parcel").only("parcel")[:10],
    "defer": lambda: in_city(3).order_by("-price", "parcel").defer("facts", "price")[:10],
    "values": lambda: in_city(3).order_by("-price", "parcel").values("city", "beds")[:10],
    "values of the ordering key": lambda: in_city(3).order_by("-price").values("price")[:10],
    "values_list flat": lambda: in_city(3).order_by("price", "parcel").values_list("parcel", flat=True)[:7],
    "values of a JSON path": lambda: in_city(3).order_by("parcel").values("facts__valuation__estimate"),
    "sorted by a JSON path": lambda: in_city(3).order_by("-facts__valuation__estimate")[:9],
    "filter by a JSON path": lambda: House.objects.filter(facts__valuation__estimate__lt=900).order_by("parcel"),
    "sorted by the key": lambda: in_city(3).order_by("-pk")[:10],
    "sorted by a foreign key": lambda: in_city(3).order_by("owner_id", "parcel")[:10],
    "annotation": lambda: in_city(5).annotate(double=F("price") * 2).order_by("-price", "parcel")[:10].values(),
    "sorted by annotation": lambda: in_city(5).annotate(double=F("price") * 2).order_by("-double", "parcel")[:10],
    "alias of a column": lambda: in_city(5).annotate(cost=F("price")).order_by("cost", "parcel").values("cost")[:5],
    "annotated text": lambda: in_city(5).annotate(big=Upper("parcel")).order_by("price").values("big", "parcel")[:5],
    "case": lambda: (
        in_city(5)
        .annotate(kind=Case(When(price__gt=500_000, then=Value("high")), default=Value("low")))
        .order_by("kind", "parcel")
        .values("kind", "parcel")[:30]
    ),
    "distinct": lambda: House.objects.order_by("city").values("city").distinct(),
    "distinct with order": lambda: House.objects.values_list("city", "beds").distinct().order_by("-city", "beds"),
    "join by select_related": lambda: in_city(4).select_related("owner").order_by("-price", "parcel")[:10],
    "join of a list": lambda: House.objects.filter(price__lt=50_000).select_related("owner").order_by("-price")[10:15],
    "join of some keys": lambda: (
        in_city(4).select_related("owner").only("parcel", "owner__email").order_by("price", "parcel")[:5]
    ),
    "join that is filtered": lambda: (
        House.objects.filter(owner__nickname="nick7").select_related("owner").order_by("price")[:5]
    ),
    "join through a key that may be null": lambda: Stay.objects.select_related("house__owner").order_by("-nights")[:9],
    "join to what is not there": lambda: Stay.objects.filter(house__price__isnull=True).order_by("-nights"),
    "sorted through a join": lambda: in_city(4).order_by("-owner__email", "parcel")[:10],
    "filter through a join": lambda: in_city(7).filter(owner__email="owner7@example.com").order_by("parcel")[:5],
    "values through a join": lambda: in_city(4).order_by("parcel").values("parcel", "owner__email")[:5],
    "reverse join": lambda: Owner.objects.filter(houses__price__lt=2000).order_by("email"),
    "grouped": lambda: House.objects.values("city").annotate(n=Count("pk"), top=Max("price")).order_by("-n", "city"),
    "grouped and sorted by total": lambda: House.objects.values("city").annotate(t=Sum("price")).order_by("t")[:4],
    "having": lambda: House.objects.values("beds").annotate(n=Count("pk")).filter(n__gt=2000).order_by("beds"),
    "subquery in a list": lambda: Owner.objects.filter(
        pk__in=House.objects.filter(price__lt=500).order_by("price").values("owner")
    ).order_by("email"),
    "sliced subquery in a list": lambda: Owner.objects.filter(
        pk__in=House.objects.order_by("-price").values("owner")[:3]
    ).order_by("email"),
    "exists subquery": lambda: Owner.objects.filter(
        Exists(House.objects.filter(owner=OuterRef("pk"), price__gt=999_000))
    ).order_by("email"),
    "subquery as a value": lambda: (
        Owner.objects.filter(email__startswith="owner19")
        .annotate(top=Subquery(House.objects.filter(owner=OuterRef("pk")).order_by("-price").values("price")[:1]))
        .order_by("email")
        .values("email", "top")
    ),
    "union": lambda: (
        in_city(1).order_by().union(in_city(2).order_by()).order_by("price")[:20].values("parcel", "price")
    ),
    "union of slices": lambda: (
        in_city(1)
        .order_by("price")[:3]
        .union(in_city(2).order_by("-price")[:3], all=True)
        .values_list("parcel", "price")
    ),
    "or": lambda: House.objects.filter(Q(city="city1") | Q(price__lt=1000)).order_by("-price", "parcel")[:50],
    "negated": lambda: in_city(6).exclude(beds=3).order_by("price", "parcel"),
    "null or missing": lambda: House.objects.filter(price__lt=50_000, beds__isnull=True).order_by("parcel"),
    "neither null nor missing": lambda: House.objects.filter(price__lt=9_000, beds__isnull=False).order_by("parcel"),
    "negated null": lambda: House.objects.exclude(beds__isnull=True).order_by("-parcel")[:50],
    "less than": lambda: House.objects.filter(beds__lt=2).order_by("parcel")[:50],
    "at most": lambda: House.objects.filter(beds__lte=1).order_by("parcel")[:50],
    "not less than": lambda: House.objects.exclude(beds__lt=2).order_by("parcel")[:50],
    "one by a unique key, sorted": lambda: House.objects.filter(parcel="parcel-000077").order_by("-price"),
    "one of either unique key": lambda: House.objects.filter(
        Q(parcel="parcel-000077") | Q(parcel="parcel-000078")
    ).order_by("-parcel"),
    "all but one by a unique key": lambda: House.objects.exclude(parcel="parcel-000077").order_by("-parcel")[:9],
    "as unique as another key": lambda: in_city(7).filter(parcel=F("parcel")).order_by("-parcel")[:9],
    "a shown alias of another key": lambda: (
        in_city(5).annotate(cost=F("price")).order_by("cost", "parcel").values("cost", "parcel")[:9]
    ),
    "array contains": lambda: House.objects.filter(tags__contains=["t3"]).order_by("price")[:5],
    "in": lambda: House.objects.filter(parcel__in=["parcel-000003", "nothing", "parcel-000010"]).order_by("-parcel"),
    "nothing": lambda: House.objects.filter(parcel="nothing").order_by("price"),
    "empty list": lambda: House.objects.filter(parcel__in=[]).order_by("price"),
    "none": lambda: House.objects.none().order_by("price"),
    "dates": lambda: Owner.objects.filter(joined_at__year=2020).order_by("-joined_at")[:5].values("joined_at"),
    "no ordering": lambda: House.objects.filter(parcel="parcel-000077").values_list("parcel", "tags", "facts"),
}

NUMBERS = {
    "count": lambda: in_city(9).count(),
    "count of everything": lambda: House.objects.count(),
    "count of nothing": lambda: House.objects.filter(parcel="nothing").count(),
    "count of none": lambda: House.objects.none().count(),
    "count of a slice": lambda: in_city(9).order_by("-price")[10:60].count(),
    "count of a slice past the end": lambda: in_city(9).order_by("price")[10_000:].count(),
    "count of distinct": lambda: House.objects.values("city").distinct().count(),
    "count of groups": lambda: House.objects.values("beds").annotate(n=Count("pk")).count(),
    "count of annotated": lambda: in_city(9).annotate(double=F("price") * 2).filter(double__gt=500_000).count(),
    "count of a slice of a join": lambda: in_city(4).select_related("owner").order_by("price")[3:9].count(),
    "count of a slice of filtered groups": lambda: (
        House.objects.values("beds").annotate(n=Count("pk")).filter(n__gt=2000)[:2].count()
    ),
    "count of a distinct slice": lambda: House.objects.values("city").distinct()[:7].count(),
    "count of a slice of a union": lambda: in_city(1).order_by().union(in_city(2).order_by())[:5].count(),
    "count through a join": lambda: in_city(7).filter(owner__email="owner7@example.com").count(),
    "count of a union": lambda: in_city(1).order_by().union(in_city(2).order_by()).count(),
    "count of a column with nulls": lambda: House.objects.aggregate(n=Count("beds")),
    "count of distinct values": lambda: House.objects.aggregate(n=Count("city", distinct=True)),
    "filtered count": lambda: House.objects.aggregate(n=Count("pk", filter=Q(price__lt=5000))),
    "aggregates": lambda: in_city(9).aggregate(Sum("price"), Max("beds"), Avg("price"), n=Count("*")),
    "aggregates of nothing": lambda: House.objects.none().aggregate(Sum("price"), n=Count("*")),
    "aggregates of no match": lambda: House.objects.filter(parcel="nothing").aggregate(Sum("price"), n=Count("*")),
    "aggregate of a slice": lambda: in_city(9).order_by("price", "parcel")[:5].aggregate(Sum("price")),
    "exists": lambda: (in_city(9).exists(), in_city(99).exists()),
    "first and last": lambda: (in_city(9).order_by("price").first(), in_city(9).order_by("price").last()),
    "latest": lambda: Owner.objects.latest("joined_at"),
    "get": lambda: House.objects.get(parcel="parcel-000123").price,
    "in bulk": lambda: sorted(House.objects.in_bulk(["parcel-000011"], field_name="parcel")),
}


def rows_of(queryset) -> list:
    return [
        row if isinstance(row, dict | tuple | str) else {k: v for k, v in vars(row).items() if k != "_state"}
        for row in queryset
    ]


@pytest.mark.parametrize("name", QUERIES)
def test_a_list_is_the_same_with_both_engines(houses, name):
    ours = rows_of(QUERIES[name]())
    with stock_compiler():
        theirs = rows_of(QUERIES[name]())
    assert ours == theirs
    assert ours or name in {"nothing", "empty list", "none"}, "a query that finds nothing compares nothing"


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_is_the_same_with_both_engines(houses, name):
    ours = NUMBERS[name]()
    with stock_compiler():
        theirs = NUMBERS[name]()
    assert ours == theirs
