"""Exports of contacts: counted before, streamed, safe in spreadsheets, logged with what stays behind, and one's own."""

import csv
import io
from datetime import UTC, timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from atlas_site.mongodb.documents import collection_of
from atlas_site.mongodb.explain import recorded_reads
from leads.combining import Operation
from leads.exports.purposes import Purpose
from leads.exports.tally import Tally
from leads.models import Contact, ContactExport, DoNotCall, LeadGroup
from leads.selectors.contacts import ContactChoice, ContactSelection
from leads.services import actions, exports
from properties.models import Export
from tests.factories import ContactFactory, LeadGroupFactory
from tests.leads.conftest import commit, plan
from tests.leads.test_list_jobs import combine

EVERYBODY = ContactSelection(choice=ContactChoice())


def checked(number: str, **values) -> dict:
    """A number as a trace leaves it."""
    moment = (timezone.now() - timedelta(days=2)).isoformat()
    return {"number": number, "type": "Mobile", "dnc": False, "tcpa": False, "checkedAt": moment, **values}


@pytest.fixture
def group(alice) -> LeadGroup:
    """Alice's list with three people: two numbers of which one is barred, none that was checked, and none at all."""
    group = LeadGroupFactory.create(user=alice, name="Tax list", total_contacts=3)
    ada = {"first_name": "Ada", "last_name": "Berchon", "mailing_address": "12 Oak St", "mailing_zip": "43211"}
    ContactFactory.create(
        user=alice, lead_group=group, phones=[checked("6145550101"), checked("6145550102")], zip="43211", **ada
    )
    ContactFactory.create(user=alice, lead_group=group, first_name="Bo", phones=[{"number": "6145550103"}])
    ContactFactory.create(user=alice, lead_group=group, first_name="=cmd|' /C calc'!A0", last_name="@SUM(A1)")
    DoNotCall.objects.create(user=alice, number="6145550102", added_at=timezone.now())
    return group


def prepared(user, group: LeadGroup, purpose: Purpose, selection: ContactSelection = EVERYBODY) -> ContactExport:
    return exports.prepare_export(user=user, group=group, purpose=purpose, selection=selection, clock=timezone.now)


def read_csv(answer) -> list[dict[str, str]]:
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def download(client, export: ContactExport) -> list[dict[str, str]]:
    return read_csv(client.post(reverse("leads:download-export", args=[export.pk])))


def test_what_stays_behind_is_shown_before_the_download_and_logged_with_it(client, alice, sign_in, group):
    client = sign_in(client, alice)
    assert "What is the file for?" in client.get(reverse("leads:choose-export", args=[group.pk])).text
    answer = client.post(reverse("leads:choose-export", args=[group.pk]), {"scope": "matching", "purpose": "dialer"})
    export = ContactExport.objects.get(user=alice)
    assert answer.headers["Location"] == export.get_absolute_url()
    assert not Export.objects.exists()

    page = client.get(export.get_absolute_url()).text
    for said in ("Download 1 row (CSV)", "No number that may be called", "Unchecked", "Your do-not-call list"):
        assert said in page
    assert "A traced number is not permission." in page
    (row,) = download(client, export)
    assert (row["First Name"], row["Phone 1"], row["Time Zone"]) == ("Ada", "6145550101", "America/New_York")
    assert "Phone 2" not in row

    log = Export.objects.get(user=alice)
    tally = Tally.of(log.left_out)
    assert (log.kind, log.row_count, bool(log.ended_at)) == ("contacts", 1, True)
    assert (tally.contacts, tally.contacts_out, tally.contacts_left) == (3, 1, 2)
    assert tally.left_numbers == {"unchecked": 1, "your do-not-call list": 1}
    shown = client.get(reverse("properties:show-export", args=[log.pk])).text
    for said in ("Tax list", "Unchecked", "No phone number", reverse("leads:choose-export", args=[group.pk])):
        assert said in shown
    assert "Tax list" in client.get(reverse("properties:list-exports")).text
    assert client.post(reverse("properties:repeat-export", args=[log.pk])).status_code == 404


@pytest.mark.parametrize("purpose", [*Purpose])
def test_no_cell_runs_in_a_spreadsheet(client, alice, sign_in, group, purpose):
    Contact.objects.filter(lead_group=group).update(
        phones=[checked("6145550101")], mailing_address="=1+1", mailing_zip="43211", company="\t=1"
    )
    rows = download(sign_in(client, alice), prepared(alice, group, purpose))
    cells = [cell for row in rows for cell in row.values()]
    assert rows
    assert any(cell.startswith("'=") for cell in cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_a_number_that_is_barred_after_the_count_does_not_go_out(client, alice, sign_in, group):
    export = prepared(alice, group, Purpose.NUMBERS)
    assert Tally.of(export.counts).rows == 1
    DoNotCall.objects.create(user=alice, number="6145550101", added_at=timezone.now())
    assert download(sign_in(client, alice), export) == []
    assert Export.objects.get().row_count == 0


def test_the_chosen_ones_go_out_and_nobody_of_another_list(client, alice, bob, sign_in, group):
    ids = [str(pk) for pk in Contact.objects.filter(lead_group=group).values_list("pk", flat=True)[:2]]
    stranger = ContactFactory.create(lead_group=LeadGroupFactory.create(user=bob), user=bob)
    client = sign_in(client, alice)
    url = reverse("leads:choose-export", args=[group.pk])
    chosen = {"scope": "chosen", "ids": ",".join([*ids, str(stranger.pk)])}
    assert f'value="{chosen["ids"]}"' in client.post(url, chosen).text
    client.post(url, {**chosen, "purpose": "crm"})
    assert {row["Atlas ID"] for row in download(client, ContactExport.objects.get())} == set(ids)


def test_a_filter_narrows_what_goes_out(client, alice, sign_in, group):
    Contact.objects.filter(first_name="Bo").update(stage=Contact.Stage.TALKING)
    client = sign_in(client, alice)
    url = reverse("leads:choose-export", args=[group.pk])
    assert 'value="stage=talking"' in client.get(f"{url}?stage=talking").text
    client.post(url, {"scope": "matching", "query": "stage=talking", "purpose": "crm"})
    assert [row["Atlas First Name"] for row in download(client, ContactExport.objects.get())] == ["Bo"]


def test_nobody_else_sees_or_downloads_an_export(client, alice, bob, sign_in, group):
    export = prepared(alice, group, Purpose.CRM)
    client = sign_in(client, bob)
    for url in (export.get_absolute_url(), reverse("leads:choose-export", args=[group.pk]), "/leads/exports/nonsense/"):
        assert client.get(url).status_code == 404
    assert client.post(reverse("leads:download-export", args=[export.pk])).status_code == 404
    assert not Export.objects.exists()


def test_nothing_selected_is_no_file(client, alice, sign_in):
    empty = LeadGroupFactory.create(user=alice)
    client = sign_in(client, alice)
    url = reverse("leads:choose-export", args=[empty.pk])
    assert client.post(url, {"scope": "matching", "purpose": "crm"}).status_code == 302
    assert client.post(url, {"scope": "chosen", "ids": ""}).status_code == 302
    assert not ContactExport.objects.exists()


def test_a_large_list_is_counted_by_a_worker_which_may_be_killed(alice, group, monkeypatch):
    monkeypatch.setattr(exports, "COUNTED_AT_ONCE", 2)
    monkeypatch.setattr(exports, "CONTACTS_A_BATCH", 1)
    export = prepared(alice, group, Purpose.NUMBERS)
    assert (export.counted_at, exports.due_export_ids(now=timezone.now())) == (None, [str(export.pk)])

    now = timezone.now()
    ContactExport.objects.filter(pk=export.pk).update(lease_until=now + exports.LEASE, attempt=1)  # another worker
    exports.count_export(export_id=str(export.pk), clock=timezone.now)
    export.refresh_from_db()
    assert export.counted_at is None
    exports.count_export(export_id=str(export.pk), clock=lambda: timezone.now() + 2 * exports.LEASE)
    export.refresh_from_db()
    assert export.counted_at
    assert Tally.of(export.counts).rows == 1
    assert exports.due_export_ids(now=timezone.now() + timedelta(days=1)) == []


def test_an_export_that_breaks_off_is_logged_as_far_as_it_came(alice, group):
    export = prepared(alice, group, Purpose.CRM)
    log = exports.start_download(export=export, now=timezone.now())
    content = exports.write_file(export=export, log=log, zone=timezone.get_current_timezone(), clock=timezone.now)
    heading, rows = next(content), next(content)
    assert (heading.count("\n"), rows.count("\n")) == (1, 3)
    content.close()
    log.refresh_from_db()
    assert log.ended_at is None
    assert log.row_count == 3


FIRST = (
    "Record,Owner,Property Address,City,State,Zip,Phone,Phone,,Score\n"
    "007,Ada Berchon,12 Oak Street,Columbus,OH,43211,(614) 555-0101,,x,-5\n"
    "008,Bo Dall,14 Elm Drive,Springfield,MA,1109,,,y\n"
)
AGAIN = "Street,Town,St,Zip Code,Owner Name,Source\n12 Oak St,Columbus,OH,43211,Ada Berchon,county\n"


def test_original_columns_come_back_as_they_were_after_another_file_brought_contacts_up_to_date(client, alice, sign_in):
    """Also when it is done twice, and for those whom the second file does not name."""
    first = commit(plan(alice, FIRST.encode(), "first.csv"))
    group = LeadGroup.objects.get(user=alice)
    for _ in range(2):
        second = plan(alice, AGAIN.encode(), "again.csv", group=group)
        assert second.counts["update"] == 1
        commit(second)
    origin = Contact.objects.get(lead_group=group, first_name="Ada").origin
    assert [each["importId"] for each in origin["earlier"]] == [str(first.pk)]

    rows = download(sign_in(client, alice), prepared(alice, group, Purpose.CRM))
    heading = [*rows[0]]
    names = ["Record", "Owner", "Property Address", "City", "State", "Zip", "Phone", "Phone [2]", "[blank]", "Score"]
    assert heading[:16] == [*names, "Street", "Town", "St", "Zip Code", "Owner Name", "Source"]
    ada, bo = rows
    assert [ada[name] for name in names] == [
        *("007", "Ada Berchon", "12 Oak Street", "Columbus", "OH", "43211"),
        *("(614) 555-0101", "", "x", "'-5"),
    ]
    assert (ada["Street"], ada["Source"]) == ("12 Oak St", "county")
    assert (bo["Record"], bo["Zip"], bo["Atlas Property ZIP"], bo["Source"]) == ("008", "1109", "01109", "")


def test_a_list_knows_its_columns_without_a_look_at_its_contacts(alice, import_list):
    """Also where contacts came by way of other lists, or were taken off and put back."""
    first, second = import_list(alice, FIRST.encode(), "first.csv"), import_list(alice, AGAIN.encode(), "again.csv")
    target = LeadGroupFactory.create(user=alice)
    values = {"user": alice, "selection": EVERYBODY, "now": timezone.now}
    actions.start_action(group=second, kind="copy", what={"group": str(target.pk)}, **values)
    both = combine(alice, [first, second]).lead_group
    rest = combine(alice, [first, second], Operation.MINUS).lead_group
    removed = actions.start_action(group=rest, kind="remove", what={}, **values)
    LeadGroup.objects.filter(pk=rest.pk).update(import_ids=[])
    actions.undo_action(user=alice, action_id=str(removed.pk), now=timezone.now)
    named = {"first": FIRST.partition(",")[0], "second": AGAIN.partition(",")[0]}
    for group, wanted in ((first, {"first"}), (target, {"second"}), (both, {"first", "second"}), (rest, {"first"})):
        export = prepared(alice, LeadGroup.objects.get(pk=group.pk), Purpose.CRM)
        log = exports.start_download(export=export, now=timezone.now())
        content = exports.write_file(export=export, log=log, zone=UTC, clock=timezone.now)
        with recorded_reads() as seen:
            heading = next(csv.reader([next(content).removeprefix("\ufeff")]))
        content.close()
        assert {name for name, header in named.items() if header in heading} == wanted
        assert "Contacts" not in {collection.name for collection, _ in seen}


def test_lists_of_before_are_told_the_imports_of_their_contacts(alice, import_list):
    group = import_list(alice, FIRST.encode(), "first.csv")
    commit(plan(alice, AGAIN.encode(), "again.csv", group=group))
    known = LeadGroup.objects.get(pk=group.pk).import_ids
    collection_of(LeadGroup).update_many({}, {"$unset": {"importIds": ""}})
    migration = import_module("leads.migrations.0015_lists_know_their_imports")
    for _ in range(2):
        migration.fill_imports(None, SimpleNamespace(connection=connection))
        assert sorted(LeadGroup.objects.get(pk=group.pk).import_ids) == known
    assert len(known) == 2
