"""A list goes out to a dialer and its calls come back, in Chromium, without a reload by hand."""

import csv
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from atlas_site.vendors.storage import private_storage
from leads.models import Contact, DialerFile, LeadGroup, LeadImport, Touch
from tests.browser.conftest import PHONE, WIDE
from tests.factories import ContactFactory, LeadGroupFactory
from tests.leads.conftest import carry_on as carry_import_on
from tests.leads.test_log_calls import carry_on

OLD_LIST = (
    "Owner First,Owner Last,Property Address,City,State,Zip,Phone,Score\n"
    "Ada,Berchon,12 Oak Street,Columbus,OH,43211,6145550101,-5\n"
    "ADA,BERCHON,12 Oak St,COLUMBUS,Ohio,43211,6145550199,\n"
    "Bruno,Dall,14 Elm Drive,Springfield,MA,1109,,\n"
    "Clara,Fen,16 Elm Drive,Springfield,MA,1109,,\n"
    ",,,Columbus,OH,,,\n"
)


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path) -> None:
    """A folder of this test's own for uploads."""
    entry = private_storage(
        folder=tmp_path / "kept", bucket="", region="", endpoint_url="", access_key="", secret_key=""
    )
    settings.STORAGES = {**settings.STORAGES, "uploads": entry}


@pytest.fixture
def look(assert_accessible, assert_fits):
    """Judge a page in both widths and themes."""

    def judge(page: Page, name: str) -> None:
        assert_accessible(page)
        page.set_viewport_size(PHONE)
        assert_fits(page)
        page.set_viewport_size(WIDE)
        assert_fits(page)

    return judge


@pytest.fixture
def group(alice) -> LeadGroup:
    """Alice's list: one with two numbers that may be called, one whose number was never checked, one without."""
    group = LeadGroupFactory.create(user=alice, name="Tax list", total_contacts=3)
    moment = (timezone.now() - timedelta(days=2)).isoformat()
    checked = {"type": "Mobile", "dnc": False, "tcpa": False, "checkedAt": moment}
    numbers = [{"number": "6145550101", **checked}, {"number": "6145550102", **checked}]
    about = {"user": alice, "lead_group": group, "zip": "43211", "state": "OH"}
    ContactFactory.create(first_name="Ada", identity_key="ada", phones=numbers, phone="6145550101", **about)
    ContactFactory.create(
        first_name="Bo", identity_key="bo", phones=[{"number": "6145550103"}], phone="6145550103", **about
    )
    ContactFactory.create(first_name="Cy", identity_key="cy", **about)
    return group


def test_a_list_goes_out_to_a_dialer_and_its_calls_come_back(
    page: Page, live_server, enter, alice, group, tmp_path, look
):
    enter(page, alice).goto(f"{live_server.url}/leads/{group.pk}/export/")
    expect(page.get_by_role("heading", level=1)).to_have_text("What is the file for?")
    look(page, "export-choose")
    page.get_by_label("Dialer, a row per number").check()
    page.get_by_role("button", name="Show what goes out").click()
    expect(page.get_by_role("row", name="Unchecked")).to_contain_text("1")
    expect(page.get_by_text("A traced number is not permission.")).to_be_visible()
    look(page, "export")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download 2 rows (CSV)").click()
    rows = list(csv.DictReader(Path(download.value.path()).read_text("utf-8-sig").splitlines()))
    assert [(row["Phone"], row["Time Zone"]) for row in rows] == [
        ("6145550101", "America/New_York"),
        ("6145550102", "America/New_York"),
    ]
    page.get_by_role("link", name="Earlier exports").click()
    page.get_by_role("link", name="Tax list").click()
    expect(page.get_by_text("No phone number")).to_be_visible()
    look(page, "export-log")

    calls = tmp_path / "calls.csv"
    calls.write_text(
        "Atlas ID,Phone,Disposition,Call Date,Notes\n"
        f"{rows[0]['Atlas ID']},{rows[0]['Phone']},Hung Up,11/20/2026 9:10 AM,porch light\n"
        f"{rows[1]['Atlas ID']},{rows[1]['Phone']},Wrong Number,11/20/2026 9:12 AM,\n"
        ",6145550777,Busy,11/20/2026 9:12 AM,\n"
    )
    page.goto(f"{live_server.url}/leads/calls/")
    look(page, "calls-upload")
    page.get_by_label("Drop a file here").set_input_files(calls)
    page.get_by_role("button", name="Upload and read").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Waiting to be read")
    dialer_file = carry_on(DialerFile.objects.get(user=alice))
    expect(page.get_by_role("heading", level=1)).to_have_text("What is what?")
    look(page, "calls-questions")
    page.get_by_label("What Hung Up means").select_option("Not interested")
    page.get_by_role("button", name="Show what is logged").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Finding the contacts")
    carry_on(dialer_file)
    expect(page.get_by_role("heading", level=1)).to_have_text("Check the calls")
    look(page, "calls-plan")
    page.get_by_role("button", name="Log 2 calls").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Logging the calls")
    carry_on(dialer_file)
    expect(page.get_by_role("heading", level=1)).to_have_text("Calls logged")
    look(page, "calls-done")
    assert sorted(Touch.objects.values_list("outcome", flat=True)) == ["not_interested", "wrong_number"]
    assert Contact.objects.count() == 3


def test_an_old_list_says_what_tracing_the_rest_would_cost(page: Page, live_server, enter, alice, tmp_path, look):
    old_list = tmp_path / "old.csv"
    old_list.write_text(OLD_LIST)
    enter(page, alice).goto(f"{live_server.url}/leads/")
    expect(page.get_by_role("heading", name="No list yet: bring your old one")).to_be_visible()
    page.get_by_role("link", name="Import a list").click()
    page.get_by_label("Drop a file here").set_input_files(old_list)
    page.get_by_role("button", name="Upload and read").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Waiting to be read")
    lead_import = carry_import_on(LeadImport.objects.get(user=alice))
    if lead_import.state == LeadImport.State.MAPPING:
        page.get_by_role("button", name="Show what becomes of the rows").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Making the plan")
        carry_import_on(lead_import)
    expect(page.get_by_role("heading", level=1)).to_have_text("Check the plan")
    expect(page.get_by_text("Tracing only these 2 would cost at most 1 credit.")).to_be_visible()
    look(page, "old-list-plan")
    page.get_by_role("button", name="Import 3 contacts").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Importing")
    carry_import_on(lead_import)
    expect(page.get_by_role("heading", level=1)).to_have_text("Imported")
    look(page, "old-list-result")
    page.get_by_role("button", name="Trace 2 now, at most 1 credit").click()
    expect(page.get_by_text("at most 1 credit").first).to_be_visible()
