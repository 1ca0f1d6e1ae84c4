"""Taking a file in: kept where nobody reaches it, refused by its length, read by a worker, and let go of in the end."""

from datetime import timedelta

import boto3
import pytest
from django.conf import settings as live_settings
from django.core.files.base import ContentFile, File
from django.utils import timezone

from atlas_site.vendors.storage import private_storage
from atlas_site.vendors.uploads import local_copy
from leads.imports.limits import CSV_BYTES, WORKBOOK_BYTES
from leads.imports.problems import FileRefused
from leads.models import ColumnMapping, ImportChunk, LeadImport
from leads.selectors.imports import columns_of, find_import, list_imports, progress_of
from leads.services import imports
from leads.services.imports.uploads import OPEN_IMPORTS, plain_file_name
from tests.factories import LeadImportFactory
from tests.leads.conftest import State, carry_on, commit, in_a_minute, plan, upload
from tests.leads.lists import SAMPLES, as_csv, lead_rows

LIST = as_csv(lead_rows(5))


class LargeFile(File):
    """A file that says that it is larger than it is, and fails when it is read."""

    def __init__(self, size: int) -> None:
        super().__init__(None, name="large.csv")
        self.size = size

    def chunks(self, chunk_size=None):
        raise AssertionError("It was read.")


def test_a_file_is_kept_under_a_name_that_nobody_gave_it(alice, uploads):
    lead_import = upload(alice, LIST, "../../etc/My \u202elist\x00.csv")

    (kept,) = [path for path in uploads.rglob("*") if path.is_file()]
    assert kept.relative_to(uploads).as_posix() == f"{alice.pk}/{lead_import.pk}"
    assert (kept.read_bytes(), kept.stat().st_mode & 0o777) == (LIST, 0o600)
    assert (lead_import.file_name, lead_import.group_name) == ("My list.csv", "My list")
    assert (lead_import.size, lead_import.state) == (len(LIST), State.RECEIVED)


@pytest.mark.parametrize(
    ("given", "shown"), [("C:\\lists\\a.csv", "a.csv"), ("", "list"), ("a\t b.csv", "a b.csv"), ("x" * 300, "x" * 200)]
)
def test_the_name_of_a_file_is_a_plain_one(given, shown):
    assert plain_file_name(given) == shown


@pytest.mark.parametrize(("name", "size"), [("large.csv", CSV_BYTES + 1), ("large.xlsx", WORKBOOK_BYTES + 1)])
def test_a_file_is_refused_by_its_length_before_it_is_read(alice, name, size):
    with pytest.raises(FileRefused, match="Atlas reads"):
        imports.receive_upload(user=alice, content=LargeFile(size), file_name=name, now=timezone.now())
    assert not LeadImport.objects.exists()


def test_a_worker_finds_out_what_the_file_is(alice):
    lead_import = carry_on(upload(alice, LIST))

    assert lead_import.state in {State.MAPPING, State.PLANNED}
    assert (lead_import.table["encoding"], lead_import.table["delimiter"]) == ("utf-8", ",")
    assert (lead_import.table["header_row"], lead_import.table["rows"]) == (1, 5)
    first = columns_of(lead_import)[0]
    assert (first.header, first.field, len(first.samples)) == ("Owner First", "firstName", 3)


def test_a_file_of_unsure_columns_waits_for_its_user(alice):
    lead_import = carry_on(upload(alice, b"Thing,Where\nAda Berchon,12 Oak St\nBruno Dall,14 Oak St\n"))

    assert (lead_import.state, progress_of(lead_import)) == (State.MAPPING, None)
    assert any(column.sureness != "sure" for column in columns_of(lead_import))
    assert imports.due_import_ids(now=timezone.now()) == []


def test_a_file_that_is_no_list_is_refused_and_not_kept(alice, uploads):
    lead_import = carry_on(upload(alice, b"%PDF-1.7 and so on", "list.csv"))

    assert (lead_import.state, lead_import.problem) == (
        State.REFUSED,
        "list.csv is a PDF document, whatever its name says. Upload the list itself as CSV or XLSX.",
    )
    carry_on(lead_import)
    assert [path for path in uploads.rglob("*") if path.is_file()] == []


def test_an_import_can_be_cancelled_until_its_commit_has_begun(alice, bob, uploads):
    lead_import = plan(alice, LIST)
    with pytest.raises(imports.ImportNotFound):
        imports.cancel_import(user=bob, import_id=str(lead_import.pk), now=timezone.now())
    imports.cancel_import(user=alice, import_id=str(lead_import.pk), now=timezone.now())
    lead_import = carry_on(lead_import)

    assert lead_import.state == State.CANCELLED
    assert not ImportChunk.objects.exists()
    assert [path for path in uploads.rglob("*") if path.is_file()] == []
    with pytest.raises(imports.WrongState):
        imports.commit_import(
            user=alice, import_id=str(lead_import.pk), plan_hash=lead_import.plan_hash, now=timezone.now()
        )

    done = commit(plan(alice, LIST))
    with pytest.raises(imports.WrongState):
        imports.cancel_import(user=alice, import_id=str(done.pk), now=timezone.now())


def test_who_says_nothing_for_a_month_wants_nothing(alice):
    lead_import = plan(alice, LIST)
    month = in_a_minute(minutes=31 * 24 * 60)
    assert imports.due_import_ids(now=month()) == [str(lead_import.pk)]
    imports.run_import(import_id=str(lead_import.pk), now=month)
    assert LeadImport.objects.get(pk=lead_import.pk).state == State.CANCELLED


def test_a_plan_is_kept_for_a_month_after_its_import(alice, uploads):
    lead_import = commit(plan(alice, LIST))
    assert ImportChunk.objects.exists()
    imports.run_import(import_id=str(lead_import.pk), now=in_a_minute(minutes=31 * 24 * 60))

    assert not ImportChunk.objects.exists()
    assert [path for path in uploads.rglob("*") if path.is_file()] == []
    assert LeadImport.objects.get(pk=lead_import.pk).state == State.DONE


def test_nobody_has_more_than_so_many_open_imports(alice, bob):
    LeadImportFactory.create_batch(OPEN_IMPORTS, user=alice)
    with pytest.raises(imports.TooManyImports, match="are not over"):
        upload(alice, LIST)
    assert upload(bob, LIST).pk


def test_an_import_is_its_users_own(alice, bob):
    lead_import = upload(alice, LIST)
    assert find_import(alice, str(lead_import.pk)) == lead_import
    assert find_import(bob, str(lead_import.pk)) is None
    assert find_import(alice, "no-id") is None
    assert (list_imports(alice), list_imports(bob)) == ([lead_import], [])


def test_one_worker_at_a_time_carries_an_import_on(alice):
    lead_import = upload(alice, LIST)
    LeadImport.objects.filter(pk=lead_import.pk).update(lease_until=timezone.now() + timedelta(seconds=30))

    assert imports.due_import_ids(now=timezone.now()) == []
    assert imports.run_import(import_id=str(lead_import.pk), now=timezone.now) is None
    assert imports.run_import(import_id=str(lead_import.pk), now=in_a_minute()) is not None


def test_a_file_that_kills_its_workers_is_given_up(alice):
    lead_import = upload(alice, LIST)
    LeadImport.objects.filter(pk=lead_import.pk).update(attempt=50)
    lead_import = carry_on(lead_import)
    assert (lead_import.state, "could not read list.csv" in lead_import.problem) == (State.REFUSED, True)


def test_a_workbook_is_read_too(alice):
    lead_import = plan(alice, (SAMPLES / "hand_absentee_list.xlsx").read_bytes(), "absentee.xlsx")
    assert (lead_import.table["encoding"], lead_import.table["sheet"]) == ("xlsx", "Absentee")
    assert lead_import.counts["create"] == 14


def test_uploads_lie_in_the_bucket_where_there_is_one(alice, settings, unique_id, tmp_path):
    options = {
        "bucket": unique_id,
        "region": "us-east-1",
        "endpoint_url": f"{live_settings.STREETVIEW_BASE_URL}/s3",
        "access_key": "sandbox-tests",
        "secret_key": "any",
    }
    settings.STORAGES = {
        **settings.STORAGES,
        "uploads": private_storage(folder=tmp_path, prefix="uploads", **options),
    }
    client = boto3.client(
        "s3",
        endpoint_url=options["endpoint_url"],
        region_name=options["region"],
        aws_access_key_id=options["access_key"],
        aws_secret_access_key=options["secret_key"],
    )
    client.create_bucket(Bucket=unique_id)
    client.close()
    lead_import = upload(alice, LIST)
    with local_copy(lead_import.stored_name) as path:
        assert path.read_bytes() == LIST
    assert not path.exists()
    assert commit(plan(alice, LIST)).counts["create"] == 5
    imports.cancel_import(user=alice, import_id=str(lead_import.pk), now=timezone.now())
    carry_on(lead_import)
    with pytest.raises(FileNotFoundError), local_copy(lead_import.stored_name):
        pass


def test_what_the_storage_no_longer_has_is_refused(alice, uploads):
    lead_import = upload(alice, LIST)
    next(path for path in uploads.rglob("*") if path.is_file()).unlink()
    assert carry_on(lead_import).problem == "list.csv is no longer kept. Upload it again."


def test_content_is_known_again_whatever_it_is_called(alice):
    first = imports.receive_upload(user=alice, content=ContentFile(LIST), file_name="a.csv", now=timezone.now())
    second = imports.receive_upload(user=alice, content=ContentFile(LIST), file_name="b.csv", now=timezone.now())
    assert first.content_hash == second.content_hash
    assert not ColumnMapping.objects.exists()
