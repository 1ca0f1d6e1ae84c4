"""The pages of an import and of lists, as they work without JavaScript: one page per state, and what each offers."""

import csv
import io
import re
from html import unescape

import pytest
from bson import ObjectId
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads.imports.columns import guess_columns
from leads.imports.limits import CSV_BYTES
from leads.models import Contact, LeadGroup, LeadImport
from leads.selectors.import_pages import TEMPLATE_FIELDS
from leads.services import imports
from leads.services.workspaces import note_change
from tests.factories import LeadGroupFactory, LeadImportFactory
from tests.leads.conftest import State, carry_on, commit, in_a_minute, plan, upload
from tests.leads.lists import as_csv, lead_rows
from tests.leads.test_plan_imports import ADA, BRUNO, list_of

UNSURE = b"Thing,Where\nAda Berchon,12 Oak St\nBruno Dall,14 Oak St\nClara Fen,16 Oak St\nDora Hart,1 Oak St\n"


@pytest.fixture
def hers(client, alice, sign_in) -> Client:
    """A browser in which alice is signed in."""
    return sign_in(client, alice)


def read(answer) -> str:
    assert answer.status_code == 200
    return unescape(" ".join(answer.content.decode().split()))


def send(client: Client, content: bytes, name: str = "probate.csv", **values):
    return client.post(reverse("leads:upload-list"), {"file": SimpleUploadedFile(name, content), **values})


def url(name: str, lead_import: LeadImport, *rest: str) -> str:
    return reverse(f"leads:{name}", args=[lead_import.pk, *rest])


def test_without_a_list_the_page_says_what_to_do(hers):
    page = read(hers.get("/leads/"))
    assert "No list yet" in page
    assert 'href="/leads/import/"' in page
    assert 'aria-current="page"' in page


def test_the_upload_page_says_what_may_be_uploaded_before_it_is(hers):
    page = read(hers.get("/leads/import/"))
    for said in ("1,000,000 rows, 500 MB", "200,000 rows, 50 MB", "/leads/import/template/", "multipart/form-data"):
        assert said in page


def test_every_column_of_the_template_is_known_for_what_it_is(hers):
    text = hers.get("/leads/import/template/").content.decode("utf-8-sig")
    ((*headers,),) = csv.reader(io.StringIO(text))
    assert [guess.field for guess in guess_columns(headers, [])] == list(TEMPLATE_FIELDS)


def test_an_upload_leads_to_its_import(hers, alice):
    answer = send(hers, list_of(ADA), group_name="Hot leads")
    lead_import = LeadImport.objects.get(user=alice)
    assert answer.headers["Location"] == url("show-import", lead_import)
    assert (lead_import.group_name, lead_import.state) == ("Hot leads", State.RECEIVED)


def test_an_upload_goes_into_the_chosen_list(hers, alice):
    group = LeadGroupFactory.create(user=alice, name="Old list")
    assert f'<option value="{group.pk}" selected>Old list' in read(hers.get(f"/leads/import/?list={group.pk}"))
    send(hers, list_of(ADA), group=str(group.pk))
    assert LeadImport.objects.get(user=alice).lead_group == group


def test_no_upload_goes_into_the_list_of_another_user(hers, bob):
    page = read(send(hers, list_of(ADA), group=str(LeadGroupFactory.create(user=bob).pk)))
    assert "<title>Error: " in page.replace("<title> ", "<title>")
    assert not LeadImport.objects.exists()


@pytest.mark.parametrize(
    ("content", "said"), [(None, "Choose a CSV or XLSX file."), (b"", "This file is empty. Choose one")]
)
def test_an_upload_without_a_list_in_it_is_refused_at_the_field(hers, content, said):
    files = {} if content is None else {"file": SimpleUploadedFile("a.csv", content)}
    page = read(hers.post("/leads/import/", {"group_name": "Kept name", **files}))
    assert page.count(said) == 2  # in the summary and at the field
    assert 'value="Kept name"' in page
    assert 'href="#id_file"' in page


def test_a_file_that_is_too_long_is_refused_before_it_is_read(hers):
    """The form's token, which stands in what is not read, is not asked for either."""
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = hers.cookies
    answer = strict.post("/leads/import/", {"a": "b"}, CONTENT_LENGTH=str(CSV_BYTES + 2_000_000))
    assert answer.status_code == 413
    assert "500 MB" in answer.text


def test_an_upload_needs_the_token_of_its_form(hers, alice):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = hers.cookies
    assert send(strict, list_of(ADA)).status_code == 403
    assert not LeadImport.objects.exists()


@pytest.mark.parametrize(
    ("state", "values", "said"),
    [
        (State.RECEIVED, {}, "0 rows read so far"),
        (State.READING, {"rows_read": 50_000}, "50,000 rows read so far"),
        (State.PLANNING, {"rows_read": 500, "table": {"rows": 2_000}}, "500 of 2,000 rows compared"),
        (
            State.COMMITTING,
            {"table": {"rows": 2_000}, "chunks_planned": 2, "chunks_committed": 1},
            "1,000 of 2,000 rows imported",
        ),
    ],
)
def test_progress_is_shown_with_and_without_scripts(hers, alice, state, values, said):
    lead_import = LeadImportFactory.create(user=alice, state=state, **values)
    page = read(hers.get(url("show-import", lead_import)))
    assert said in page
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page
    assert 'hx-trigger="load delay:1s, every 15s"' in page
    assert ("Cancel this import" in page) == (state != State.COMMITTING)

    part = read(hers.get(url("show-import", lead_import), headers={"HX-Request": "true"}))
    assert said in part
    assert "<html" not in part


def test_a_refused_file_says_why_and_what_to_do(hers, alice):
    lead_import = carry_on(upload(alice, b"%PDF-1.7 and so on", "list.csv"))
    page = read(hers.get(url("show-import", lead_import)))
    assert lead_import.problem in page
    assert "Upload another file" in page
    assert "hx-trigger" not in page.partition('id="import"')[2]


def test_the_columns_are_asked_for_with_samples_and_how_sure_each_guess_is(hers, alice):
    lead_import = carry_on(upload(alice, UNSURE))
    assert lead_import.state == State.MAPPING
    page = read(hers.get(url("show-import", lead_import)))
    for said in ("Ada Berchon", "Bruno Dall", "Clara Fen", "Field of the column Thing", "Ignored:"):
        assert said in page
    assert "Dora Hart" not in page
    assert re.search(r">\s*(?:Likely|Not sure)\s*<", page)
    assert f'<option value="{lead_import.mapping[1]}" selected>' in page


def test_the_columns_as_they_are_confirmed_make_the_plan(hers, alice):
    lead_import = carry_on(upload(alice, UNSURE))
    answer = hers.post(url("map-columns", lead_import), {"column-1": "fullName", "column-2": "address"})
    assert answer.headers["Location"] == url("show-import", lead_import)
    lead_import = carry_on(lead_import)
    assert (lead_import.state, lead_import.mapping) == (State.PLANNED, ["fullName", "address"])


def test_a_field_that_the_user_chose_is_no_guess(hers, alice):
    lead_import = carry_on(upload(alice, UNSURE))
    other = "apn" if lead_import.mapping[0] != "apn" else "county"
    hers.post(url("map-columns", lead_import), {"column-1": other, "column-2": "address"})
    page = read(hers.get(url("map-columns", carry_on(lead_import))))
    assert "Your choice" in page
    assert "You chose this field." in page


def test_the_columns_of_the_last_file_with_these_headers_are_remembered(hers, alice):
    said = {"column-1": "fullName", "column-2": "address"}
    hers.post(url("map-columns", carry_on(upload(alice, UNSURE))), said)
    lead_import = carry_on(upload(alice, UNSURE, "next.csv"))
    assert lead_import.state == State.PLANNED
    page = read(hers.get(url("show-import", lead_import)))
    assert "The columns are read as you said for the last file with these headers." in page
    columns = read(hers.get(url("map-columns", lead_import)))
    assert "<h1>Check the columns</h1>" in columns
    assert len(re.findall(r">\s*Remembered\s*<", columns)) == 2
    assert "You said so for the last file with these columns." in columns


def test_a_field_of_one_column_is_refused_at_the_second(hers, alice):
    lead_import = carry_on(upload(alice, UNSURE))
    page = read(hers.post(url("map-columns", lead_import), {"column-1": "city", "column-2": "city"}))
    said = "“Property city” is chosen for “Thing” already."
    assert page.count(said) == 2
    assert 'href="#id_column-2"' in page
    assert 'id="id_column-2_error"' in page
    assert "Error:" in page.partition("</title>")[0]
    assert page.count('<option value="city" selected>') == 2
    assert LeadImport.objects.get(pk=lead_import.pk).state == State.MAPPING


def test_columns_that_find_nobody_are_refused(hers, alice):
    lead_import = carry_on(upload(alice, UNSURE))
    page = read(hers.post(url("map-columns", lead_import), {"column-1": "fullName", "column-2": "ignore"}))
    assert "No column tells where a lead is found." in page
    assert "Ignored:</strong> Where." in page


def test_the_plan_is_shown_by_cause_with_the_first_rows(hers, alice):
    lead_import = plan(
        alice, list_of(ADA, BRUNO, "ADA,BERCHON,12 Oak St,COLUMBUS,Ohio,43211,6145550199,,\n", ",,,Columbus,OH,,,,\n")
    )
    page = read(hers.get(url("show-import", lead_import)))
    for said in (
        "Import 2 contacts",
        "New contacts",
        "No address, parcel, e-mail or phone",
        "The same lead as row 1",
        "Ada · Berchon · 12 Oak Street",
        "Change the columns",
        "Cancel this import",
        url("download-rows", lead_import, "rejected"),
    ):
        assert said in page
    assert not Contact.objects.exists()


def test_a_plan_without_a_contact_offers_no_import(hers, alice):
    lead_import = plan(alice, list_of(",,,Columbus,OH,,,,\n"))
    page = read(hers.get(url("show-import", lead_import)))
    assert "Nothing to import" in page
    assert 'name="plan_hash"' not in page


def test_those_on_another_list_can_be_left_out(hers, alice, import_list):
    import_list(alice, list_of(ADA), "first.csv")
    lead_import = plan(alice, list_of(ADA, BRUNO), "second.csv")
    page = read(hers.get(url("show-import", lead_import)))
    assert "1 of the new contacts is on another list of yours already" in page
    assert "Already on the list “first”" in page

    hers.post(url("skip-known", lead_import), {"skips_known": "yes"})
    lead_import = carry_on(lead_import)
    assert (lead_import.counts["create"], lead_import.counts["known"]) == (1, 1)
    assert "Take them after all" in read(hers.get(url("show-import", lead_import)))
    hers.post(url("skip-known", lead_import), {"skips_known": "no"})
    assert carry_on(lead_import).counts["create"] == 2


def test_the_plan_that_was_shown_is_carried_out(hers, alice):
    lead_import = plan(alice, list_of(ADA, BRUNO, ",,,Columbus,OH,,,,\n"))
    page = read(hers.get(url("show-import", lead_import)))
    (shown,) = re.findall(r'name="plan_hash" value="(\w+)"', page)
    hers.post(url("commit-import", lead_import), {"plan_hash": shown})
    lead_import = carry_on(lead_import)
    assert lead_import.state == State.DONE

    page = read(hers.get(url("show-import", lead_import)))
    group = LeadGroup.objects.get(user=alice)
    assert reverse("leads:show-group", args=[group.pk]) in page
    assert "Download the rejected rows" in page
    assert "Ada Berchon" in read(hers.get(reverse("leads:show-group", args=[group.pk])))
    assert group.name in read(hers.get("/leads/"))


def test_when_the_lists_changed_nothing_is_imported_and_a_new_plan_is_made(hers, alice):
    lead_import = plan(alice, list_of(ADA))
    note_change(alice.pk)
    page = read(hers.post(url("commit-import", lead_import), {"plan_hash": lead_import.plan_hash}, follow=True))
    assert "Nothing was imported; please see the new plan." in page
    assert LeadImport.objects.get(pk=lead_import.pk).state == State.PLANNING


def test_while_another_import_is_carried_out_this_one_waits(hers, alice):
    first, second = plan(alice, list_of(ADA), "a.csv"), plan(alice, list_of(BRUNO), "b.csv")
    hers.post(url("commit-import", first), {"plan_hash": first.plan_hash})
    page = read(hers.post(url("commit-import", second), {"plan_hash": second.plan_hash}, follow=True))
    assert "Another import of yours is being carried out." in page
    assert "Import 1 contact" in page


def test_a_cancelled_import_says_that_nothing_was_imported(hers, alice):
    lead_import = plan(alice, list_of(ADA))
    page = read(hers.post(url("cancel-import", lead_import), follow=True))
    assert "Nothing was imported" in page
    assert "Cancel this import" not in page
    again = read(hers.post(url("cancel-import", lead_import), follow=True))
    assert "cannot be cancelled any more" in again


def test_rejected_rows_are_downloaded_with_their_columns_and_the_reason(hers, alice):
    lead_import = commit(plan(alice, list_of(ADA, ",=1+1,,Columbus,OH,,,,\n")))
    answer = hers.get(url("download-rows", lead_import, "rejected"))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="list-rejected.csv"'
    header, row = csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))
    assert header[:5] == ["Row", "Line in the file", "Column", "Reason", "First Name"]
    assert (row[0], row[1], row[5]) == ("2", "3", "'=1+1")
    assert hers.get(url("download-rows", lead_import, "create")).status_code == 404


def test_rows_that_are_no_longer_kept_are_not_offered(hers, alice):
    lead_import = commit(plan(alice, list_of(ADA, ",,,Columbus,OH,,,,\n")))
    imports.run_import(import_id=str(lead_import.pk), now=in_a_minute(60 * 24 * 40))
    assert "no longer kept" in read(hers.get(url("show-import", lead_import)))
    assert hers.get(url("download-rows", lead_import, "rejected")).status_code == 404


def test_an_import_whose_list_is_gone_says_so(hers, alice):
    counts = dict.fromkeys(("create", "update", "duplicate", "known", "rejected"), 1)
    over = {"state": State.DONE, "ended_at": timezone.now(), "due_at": None}
    lead_import = LeadImportFactory.create(user=alice, lead_group_id=ObjectId(), counts=counts, **over)
    page = read(hers.get(url("show-import", lead_import)))
    assert "The list was deleted since." in page
    assert "Import another list" in page


def test_columns_are_not_asked_for_when_it_is_too_late(hers, alice):
    lead_import = commit(plan(alice, list_of(ADA)))
    for method in (hers.get, hers.post):
        assert method(url("map-columns", lead_import)).headers["Location"] == url("show-import", lead_import)


def test_imports_and_lists_of_others_are_not_there(hers, alice, bob):
    theirs = plan(bob, list_of(ADA))
    group = LeadGroupFactory.create(user=bob)
    gone = LeadGroupFactory.create(user=alice, is_deleted=True)
    gets = [url("show-import", theirs), url("map-columns", theirs), url("download-rows", theirs, "rejected")]
    gets += [reverse("leads:show-group", args=[each]) for each in (group.pk, gone.pk, "nonsense")]
    for path in [*gets, reverse("leads:show-import", args=["nonsense"])]:
        assert hers.get(path).status_code == 404, path
    for name in ("map-columns", "skip-known", "commit-import", "cancel-import"):
        answer = hers.post(url(name, theirs), {"plan_hash": theirs.plan_hash, "skips_known": "yes"})
        assert answer.status_code == 404, name
    assert LeadImport.objects.get(pk=theirs.pk).state == State.PLANNED
    assert "Probate list" not in read(hers.get("/leads/"))


def test_a_visitor_signs_in_first(client, db):
    for path in ("/leads/", "/leads/import/", "/leads/import/template/"):
        assert client.get(path).headers["Location"].startswith("/accounts/login/"), path


def test_a_long_list_has_a_next_page(hers, alice, import_list):
    group = import_list(alice, as_csv(lead_rows(40)))
    address = reverse("leads:show-group", args=[group.pk])
    first = read(hers.get(address))
    (following,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = read(hers.get(following))
    assert first.count('<th scope="row">') == 25
    assert second.count('<th scope="row">') == group.total_contacts - 25
    assert "Previous" in second
    assert "No contact on this list" in read(
        hers.get(reverse("leads:show-group", args=[LeadGroupFactory.create(user=alice).pk]))
    )
