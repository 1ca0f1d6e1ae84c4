"""The benchmark on little data: every row is there, and nothing of it is left. How fast it is, no test says."""

import json
import re
from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from pytest_django.plugin import DjangoDbBlocker

from atlas_site.management.benchmarks import databases
from atlas_site.management.benchmarks.cases import Case
from atlas_site.management.benchmarks.data import make_documents, property_id_of
from atlas_site.management.benchmarks.timing import ResultsDiffer, measure
from properties.models import Property, PropertyDatasetPermission
from tests.factories import PropertyFactory

ROWS = [
    "property by id",
    "owned in a city, by value",
    "owned in a ZIP, by value",
    "owned, newest first",
    "owned, by value, further on",
    "count of owned up to 10,000",
    "page of a property, with its layout",
]
OWNER, OTHER = "a" * 24, "b" * 24


@pytest.fixture
def server(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The database server; the ``db`` fixture would let only the configured database be opened."""
    with django_db_blocker.unblock():
        yield


def run_bench(**options) -> str:
    out = StringIO()
    call_command("bench", only="engines", size=2_000, repeats=2, stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


def names_of_bench_databases() -> list[str]:
    return [name for name in connection.connection.list_database_names() if "_bench_" in name]


def test_the_table_has_every_row_with_its_ratios(server):
    lines = run_bench().splitlines()
    assert lines[0] == "2,000 Properties, 2,400 PropertyDatasetPermission; medians of 2 rounds"
    found = [re.match(r"(.+?)  +.* ms +([\d,.]+)× +([\d,.]+)× +(met|not met|-)$", line) for line in lines[2:-1]]
    assert [match and match[1] for match in found] == ROWS
    assert all(float(ratio.replace(",", "")) > 0 for match in found if match for ratio in match.groups()[1:3])
    assert lines[-1].startswith("expected: Atlas within 3× of PyMongo")


def test_json_tells_the_same_and_only_the_databases_of_the_run_are_touched(server):
    kept = PropertyFactory.create()
    aliases = set(connections)
    report = json.loads(run_bench(json=True))
    assert report["documents"] == {"Properties": 2_000, "PropertyDatasetPermission": 2_400}
    assert [row["name"] for row in report["rows"]] == ROWS
    assert all(value > 0 for row in report["rows"] for key, value in row.items() if key not in {"name", "is_met"})
    assert list(Property.objects.all()) == [kept]
    assert not PropertyDatasetPermission.objects.exists()
    assert names_of_bench_databases() == []
    assert set(connections) == aliases
    kept.delete()


def test_a_failure_leaves_no_database(server):
    with pytest.raises(ZeroDivisionError), databases.bench_databases():
        assert len(names_of_bench_databases()) == 2
        raise ZeroDivisionError
    assert names_of_bench_databases() == []


def test_each_engine_makes_its_own_indexes_of_the_same_models(server):
    with databases.bench_databases():
        ours, stock = (
            {index["name"]: index for index in databases.database_of(alias)["Properties"].list_indexes()}
            for alias in (databases.ATLAS, databases.STOCK)
        )
    assert ours.keys() == stock.keys()
    unique = {name for name, index in stock.items() if index.get("unique")}
    assert len(unique) == 1
    # The stock backend's is partial, and so not used to look a value up.
    assert all("partialFilterExpression" in stock[name] for name in unique)
    assert not any("partialFilterExpression" in ours[name] for name in unique)


def test_the_indexes_survive_the_filling(server):
    with databases.bench_databases():
        collections = [
            databases.database_of(alias)[name]
            for alias in databases.ENGINES
            for name in ("Properties", "PropertyDatasetPermission")
        ]
        before = [collection.index_information() for collection in collections]
        databases.fill(size=10, owner_id=OWNER, other_id=OTHER, seed=1, progress=lambda count: None)
        assert [collection.index_information() for collection in collections] == before


def test_variants_that_find_different_things_are_not_compared(server):
    with databases.bench_databases():
        unequal = Case("unequal", atlas=lambda number: 1, pymongo=lambda database, number: 2)
        with pytest.raises(ResultsDiffer, match="unequal"):
            measure(unequal, rounds=1)


def test_the_same_seed_makes_the_same_documents():
    once, again, otherwise = (
        list(make_documents(size=50, owner_id=OWNER, other_id=OTHER, seed=seed)) for seed in (1, 1, 2)
    )
    assert once == again
    assert once != otherwise
    assert len({property_id_of(number) for number in range(20_000)}) == 20_000


def test_it_refuses_production_and_sizes_that_say_nothing(server, settings):
    with pytest.raises(CommandError, match="from 1,000 on is needed"):
        call_command("bench", "--size", "10", stderr=StringIO())
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="never runs in production"):
        run_bench()
