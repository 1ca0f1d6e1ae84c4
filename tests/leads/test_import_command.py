"""`manage.py import_leads` on lists as other products export them."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from leads.models import ColumnMapping, Contact, ImportChunk, LeadGroup, LeadImport
from tests.leads.lists import as_csv, lead_rows, sample_files

KEYS = ["header_row", "encoding", "delimiter", "mapping", "rows", "create", "update", "duplicates", "rejected"]
FIELDS_OF_COLUMNS = {"firstName": "first_name", "lastName": "last_name"}


def run(*arguments: object) -> dict:
    out = StringIO()
    call_command("import_leads", *map(str, arguments), stdout=out)
    return json.loads(out.getvalue())


@pytest.mark.parametrize("path", sample_files(), ids=lambda path: path.stem)
def test_a_list_of_another_product_is_planned_and_imported_exactly(alice, path):
    expected = json.loads(path.with_suffix(".expected.json").read_text())
    plan = run("--user", alice.email, path, "--commit")

    assert list(plan) == KEYS
    assert {key: plan[key] for key in ("header_row", "encoding", "delimiter", "rows", "mapping", "duplicates")} == {
        key: expected[key] for key in ("header_row", "encoding", "delimiter", "rows", "mapping", "duplicates")
    }
    assert [bad["row"] for bad in plan["rejected"]] == [bad["row"] for bad in expected["bad_rows"]]
    assert all(bad["why"] for bad in plan["rejected"])
    assert (plan["create"], plan["update"]) == (expected["good_rows"] - len(expected["duplicates"]), 0)
    contacts = {contact.origin["row"]: contact for contact in Contact.objects.filter(user=alice)}
    assert len(contacts) == plan["create"]
    for cell in expected["cells"]:
        found = getattr(contacts[cell["row"]], FIELDS_OF_COLUMNS.get(cell["field"], cell["field"]))
        assert found == cell["want"]
    group = LeadGroup.objects.get(user=alice)
    assert (group.name, group.total_contacts) == (path.stem, plan["create"])


def test_without_commit_nothing_is_kept(alice, uploads):
    path = sample_files()[0]
    run("--user", alice.email, path)

    for model in (LeadImport, ImportChunk, Contact, LeadGroup, ColumnMapping):
        assert not model.objects.exists()
    assert [file for file in uploads.rglob("*") if file.is_file()] == []


def test_a_list_goes_into_the_list_of_its_name_and_brings_it_up_to_date(alice, tmp_path):
    path = tmp_path / "spring.csv"
    path.write_bytes(as_csv(lead_rows(10)))
    first = run("--user", alice.email, path, "--list", "Probate", "--commit")
    again = run("--user", alice.email, path, "--list", "Probate", "--commit")

    assert (first["create"], first["update"], again["create"], again["update"]) == (10, 0, 0, 10)
    assert LeadGroup.objects.get(user=alice).total_contacts == Contact.objects.filter(user=alice).count() == 10


def test_what_cannot_be_imported_is_said(alice, tmp_path):
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    useless = tmp_path / "useless.csv"
    useless.write_bytes(b"Colour,Taste\nred,sweet\ngreen,sour\n")

    with pytest.raises(CommandError, match="There is no user"):
        run("--user", "nobody@example.test", empty)
    with pytest.raises(CommandError, match="No such file"):
        run("--user", alice.email, tmp_path / "missing.csv")
    with pytest.raises(CommandError, match="is empty"):
        run("--user", alice.email, empty)
    with pytest.raises(CommandError, match="No column tells where a lead is found"):
        run("--user", alice.email, useless)
    assert not LeadImport.objects.exists()
