"""The big benchmark on little data: every read and page is there, and its data are made once. No test says how fast."""

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from atlas_site.management.benchmarks.million.servers import find_postgres

READS = [
    "first page, filtered, by value",
    "first page of all, newest first",
    "page in the middle, by value",
    "count in a city, up to 10,000",
    "count of what is filtered, after its page",
    "map of a state",
    "map of a city",
    "map of a city, filtered",
    "page of a property, with its layout",
    "documents of a property's page",
]
UNCOMPARED = {"page of a property, with its layout"}


@pytest.fixture(scope="module")
def server(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The database server; the ``db`` fixture would let only the configured database be opened."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the data, which the user of PostgreSQL can reach too."""
    return tmp_path_factory.mktemp("bench")


def run_bench(kept: Path, **options) -> tuple[str, str]:
    for folder in (kept, *kept.parents[:3]):  # each time, for another run of pytest closes its folders again
        folder.chmod(folder.stat().st_mode | 0o711)
    out, progress = StringIO(), StringIO()
    call_command("bench", only="owned", owned=2_000, keep=kept, repeats=2, stdout=out, stderr=progress, **options)
    return out.getvalue(), progress.getvalue()


@pytest.fixture(scope="module")
def first(server: None, kept: Path) -> tuple[str, str]:
    """The report and the progress of the first run."""
    return run_bench(kept, json=True)


def test_every_read_is_compared_with_all_that_is_there(first: tuple[str, str]) -> None:
    report = json.loads(first[0])
    assert report["owned"] == 2_000
    assert [row["name"] for row in report["owned_rows"]] == READS
    others = ["atlas_over_pymongo"] + (["atlas_over_postgres"] if find_postgres() else [])
    for row in report["owned_rows"]:
        assert row["growth"] > 0
        assert [name for name in others if not row[name]] == (others if row["name"] in UNCOMPARED else [])


def test_whole_pages_are_compared_with_an_empty_one(first: tuple[str, str]) -> None:
    pages = {row["name"]: row for row in json.loads(first[0])["pages"]}
    assert {"empty page", "My properties", "a property", "search in a city"} <= pages.keys()
    assert pages["empty page"]["over_empty"] == 1
    assert all(page["ms"] > 0 for page in pages.values())


@pytest.mark.faults
def test_the_data_are_made_once(first: tuple[str, str], kept: Path) -> None:
    table, progress = run_bench(kept)
    assert "filling" in first[1]
    assert "filling" not in progress
    assert [name for name in READS if name not in table] == []


def test_nothing_is_left_of_its_connections(first: tuple[str, str]) -> None:
    assert [alias for alias in connections if alias.startswith("bench")] == []
