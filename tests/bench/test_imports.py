"""The benchmark of imports on a small list: it measures both ways, and leaves nothing. How fast it is, no test says."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from atlas_site.management.benchmarks import imports
from leads.models import Contact, LeadImport


@pytest.fixture
def quick(monkeypatch):
    """One round, and one size."""
    monkeypatch.setattr("atlas_site.management.commands.bench.IMPORT_ROUNDS", 1)
    monkeypatch.setattr(imports, "SMALL", 1_000)


def test_an_import_is_measured_against_its_floor_and_nothing_is_left(db, quick):
    uploads = Path(settings.ATLAS_HOME) / "uploads"
    before = {path for path in uploads.rglob("*") if path.is_file()}
    out = StringIO()
    call_command("bench", only="imports", rows=1_000, largest=1_000, json=True, stdout=out, stderr=StringIO())
    report = json.loads(out.getvalue())["imports"]

    assert report["rows"] == 1_000
    assert min(report["import_rows_a_second"], report["floor_rows_a_second"], report["rows_a_core_second"]) > 0
    assert list(report["stage_seconds"]) == ["reading and planning", "committing"]
    assert list(report["peak_mebibytes"]) == ["1000"]
    assert len(report["marks"]) == 3
    assert not [name for name in connection.connection.list_database_names() if name.endswith("_bench_imports")]
    assert {path for path in uploads.rglob("*") if path.is_file()} == before
    assert not Contact.objects.exists()
    assert not LeadImport.objects.exists()


def test_the_same_seed_makes_the_same_list_with_its_faults(tmp_path):
    lists = []
    for name in ("a.csv", "b.csv"):
        imports.write_list(tmp_path / name, rows=500, seed=3)
        lists.append((tmp_path / name).read_text())
    assert lists[0] == lists[1]
    rows = list(csv.reader(StringIO(lists[0])))[1:]
    streets = [tuple(row[:3]) for row in rows if row[2]]
    assert (len(rows), len(streets), len(set(streets))) == (500, 495, 480)
