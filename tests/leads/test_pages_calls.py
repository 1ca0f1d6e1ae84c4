"""The pages of dialers' files without JavaScript, and what a list that somebody brings would cost."""

import csv
import io
import re
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from credits.models import CreditType
from credits.selectors.balances import price_each
from leads.models import DialerFile, Enrichment, LeadGroup, LeadImport, Touch
from leads.services import imports
from tests.factories import ContactFactory, DialerFileFactory, FollowedMarketFactory, LeadGroupFactory
from tests.leads.conftest import carry_on as carry_import_on
from tests.leads.conftest import commit as commit_import
from tests.leads.conftest import plan, upload
from tests.leads.lists import as_csv, lead_rows
from tests.leads.test_log_calls import FILE, HEADER, carry_on

State = DialerFile.State


@pytest.fixture
def hers(client, alice, sign_in) -> Client:
    """A browser in which alice is signed in, who has one contact with a number."""
    ContactFactory.create(
        user=alice,
        lead_group=LeadGroupFactory.create(user=alice),
        identity_key="ada",
        phones=[{"number": "6145550101"}],
    )
    return sign_in(client, alice)


def read(answer) -> str:
    assert answer.status_code == 200
    return unescape(" ".join(answer.content.decode().split()))


def send(client: Client, text: str, name: str = "calls.csv"):
    return client.post("/leads/calls/", {"file": SimpleUploadedFile(name, text.encode())})


def url(name: str, dialer_file: DialerFile) -> str:
    return reverse(f"leads:{name}", args=[dialer_file.pk])


def test_calls_are_uploaded_checked_and_logged(hers, alice):
    assert "Log a dialer’s calls" in read(hers.get("/leads/calls/"))
    answer = send(hers, FILE)
    dialer_file = DialerFile.objects.get(user=alice)
    assert answer.headers["Location"] == dialer_file.get_absolute_url()
    page = read(hers.get(dialer_file.get_absolute_url()))
    assert "Waiting to be read" in page
    assert 'hx-trigger="load delay:1s, every 15s"' in page
    assert '<meta http-equiv="refresh" content="3">' in page

    carry_on(dialer_file)
    page = read(hers.get(dialer_file.get_absolute_url()))
    for said in ("Check the calls", "Log 2 calls", "No contact of yours has this number.", "do-not-call list"):
        assert said in page
    assert not Touch.objects.exists()
    rows = list(
        csv.reader(io.StringIO(hers.get(url("download-unmatched", dialer_file)).getvalue().decode("utf-8-sig")))
    )
    assert rows[0][:4] == ["Row", "Line in the file", "Reason", "Phone Dialed"]
    assert [row[0] for row in rows[1:]] == ["2", "3", "5", "6", "7"]

    hers.post(url("commit-calls", dialer_file))
    carry_on(dialer_file)
    assert "2 calls logged" in read(hers.get(dialer_file.get_absolute_url()))
    assert Touch.objects.filter(user=alice).count() == 2
    hers.post(url("commit-calls", dialer_file))  # once more: nothing
    assert carry_on(dialer_file).state == State.DONE


def test_an_unknown_disposition_is_asked_for_at_its_control(hers, alice):
    send(hers, HEADER + "6145550101,=Hung Up,11/20/2026,\n6145550101,Busy,11/20/2026,\n")
    dialer_file = carry_on(DialerFile.objects.get())
    page = read(hers.get(dialer_file.get_absolute_url()))
    assert "Not known" in page
    controls = dict(re.findall(r'<select name="(column-\d+)".*?<option value="(\w+)" selected', page))
    assert controls["column-0"] == "number"
    answers = {**controls, "wording-0": "no_answer", "wording-1": ""}
    page = read(hers.post(url("answer-calls", dialer_file), answers))
    assert page.count("Choose what “=Hung Up” means") == 2  # in the summary and at the control
    assert "<title>Error: " in page.replace("<title> ", "<title>")
    answer = hers.post(url("answer-calls", dialer_file), {**answers, "wording-1": "not_interested"})
    assert answer.status_code == 302
    assert carry_on(dialer_file).outcomes == {"no_answer": 1, "not_interested": 1}


def test_nobody_else_sees_or_logs_calls(hers, bob):
    theirs = DialerFileFactory.create(user=bob, state=State.PLANNED)
    for name in ("show-calls", "answer-calls", "download-unmatched"):
        assert hers.get(url(name, theirs)).status_code == 404
    for name in ("commit-calls", "cancel-calls"):
        assert hers.post(url(name, theirs)).status_code == 404
    assert hers.get("/leads/calls/nonsense/").status_code == 404
    theirs.refresh_from_db()
    assert theirs.state == State.PLANNED


def test_calls_that_come_as_a_list_are_offered_to_be_logged(hers, alice):
    lead_import = carry_import_on(upload(alice, FILE.encode()))
    assert "This looks like the calls of a dialer" in read(hers.get(lead_import.get_absolute_url()))
    answer = hers.post(reverse("leads:log-calls-instead", args=[lead_import.pk]))
    assert answer.headers["Location"] == DialerFile.objects.get(user=alice).get_absolute_url()
    assert LeadImport.objects.get().state == LeadImport.State.CANCELLED
    again = hers.post(reverse("leads:log-calls-instead", args=[lead_import.pk]))
    assert again.headers["Location"] == lead_import.get_absolute_url()


OLD_LIST = as_csv(list(lead_rows(40)))


def test_an_old_list_says_what_is_free_and_what_the_rest_would_cost(hers, alice):
    text = OLD_LIST.decode().splitlines()
    without = [re.sub(r",614\d{7},", ",,", line) if number % 2 else line for number, line in enumerate(text)]
    lead_import = plan(alice, "\n".join(without).encode(), "old.csv")
    counts = lead_import.counts
    rest = counts["create"] - counts["with_phone"]
    assert rest > 10
    cost, first = price_each(user_id=alice.pk, offers=[{CreditType.SKIPTRACE: rest}, {CreditType.SKIPTRACE: 10}])

    page = read(hers.get(lead_import.get_absolute_url()))
    assert f"Tracing only these {rest} would cost <strong>at most {cost} credits</strong>" in page
    assert "Trace 10 now" not in page  # nothing is imported yet
    commit_import(lead_import)
    page = read(hers.get(lead_import.get_absolute_url()))
    assert f"Trace 10 now, at most {first} credits" in page
    group = LeadGroup.objects.get(pk=LeadImport.objects.get(pk=lead_import.pk).lead_group_id)
    answer = hers.post(reverse("leads:quote-trace", args=[group.pk]), {"scope": "first"})
    assert answer.status_code == 302
    Enrichment.objects.create(lead_group=group, user=alice)  # what is left to trace is another number from now on
    assert "Trace 10 now" not in read(hers.get(lead_import.get_absolute_url()))


def test_a_list_of_which_everybody_has_a_number_has_nothing_to_trace(hers, alice):
    lead_import = plan(alice, b"First Name,Address,Zip,Phone\nAda,12 Oak St,43211,6145550101\n")
    assert "Nothing is left to trace" in read(hers.get(lead_import.get_absolute_url()))
    assert imports.cancel_import(user=alice, import_id=str(lead_import.pk), now=timezone.now()) is None


def test_the_way_to_bring_an_old_list_is_where_somebody_begins(client, bob, sign_in):
    client = sign_in(client, bob)
    assert "bring your old one" in read(client.get("/leads/"))
    FollowedMarketFactory.create(user=bob)
    market = read(client.get("/search/market/"))  # where onboarding ends
    assert 'href="/leads/import/">' in market.partition("Bring your old list")[2]
