"""A list on its way in, in Chromium: upload, columns, plan, and the contacts, without a reload by hand."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from atlas_site.vendors.storage import private_storage
from leads.models import LeadImport
from leads.services.imports.uploads import OPEN_IMPORTS
from tests.browser.conftest import PHONE, WIDE
from tests.browser.steps import script_on_its_way
from tests.leads.conftest import carry_on

LIST = (
    "Thing,Last Name,Property Address,City,State,Zip,Phone,Remarks\n"
    "Ada,Berchon,12 Oak Street,Columbus,OH,43211,6145550101,call\n"
    "Bruno,Dall,14 Elm Drive,Springfield,MA,1109,6145550104,\n"
    "ADA,BERCHON,12 Oak St,COLUMBUS,Ohio,43211,6145550199,\n"
    ",,,Columbus,OH,,,\n"
)


@pytest.fixture
def list_file(settings, tmp_path) -> Path:
    """A list to choose; uploads lie beside it."""
    entry = private_storage(
        folder=tmp_path / "kept", bucket="", region="", endpoint_url="", access_key="", secret_key=""
    )
    settings.STORAGES = {**settings.STORAGES, "uploads": entry}
    path = tmp_path / "probate.csv"
    path.write_text(LIST, encoding="utf-8")
    return path


def test_a_list_is_imported_from_its_upload_to_its_contacts(
    page: Page, live_server, enter, alice, list_file, assert_accessible, assert_fits
):
    def look() -> None:
        assert_accessible(page)
        page.set_viewport_size(PHONE)
        assert_fits(page)
        page.set_viewport_size(WIDE)
        assert_fits(page)

    enter(page, alice).goto(f"{live_server.url}/leads/")
    page.get_by_role("link", name="Import a list").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Import a list")
    large = list_file.with_name("large.xlsx")
    with large.open("wb") as file:
        file.truncate(51_000_000)
    chosen = page.get_by_label("Drop a file here")
    with script_on_its_way(page, "upload"):
        chosen.set_input_files(large)
    too_large = "large.xlsx has 51 MB; Atlas reads workbooks of at most 50 MB."
    expect(chosen).to_have_js_property("validationMessage", too_large)
    chosen.set_input_files(list_file)
    expect(chosen).to_have_js_property("validationMessage", "")
    look()
    page.get_by_role("button", name="Upload and read").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Waiting to be read")

    lead_import = LeadImport.objects.get(user=alice)
    carry_on(lead_import)
    expect(page.get_by_role("heading", level=1)).to_have_text("Check the columns")
    look()
    page.get_by_label("Field of the column Thing").select_option("First name")
    page.get_by_role("button", name="Show what becomes of the rows").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Making the plan")

    carry_on(lead_import)
    expect(page.get_by_role("heading", level=1)).to_have_text("Check the plan")
    expect(page.get_by_text("The same lead as row 1").first).to_be_visible()
    look()
    page.get_by_role("button", name="Import 2 contacts").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Importing")

    carry_on(lead_import)
    page.get_by_role("link", name="Open the list").click()
    expect(page.get_by_role("row", name="Bruno Dall")).to_contain_text("(614) 555-0104")
    expect(page.get_by_role("row", name="Bruno Dall")).to_contain_text("Springfield, MA 01109")
    look()


def test_a_large_file_shows_that_it_is_sent_and_can_be_stopped(
    page: Page, live_server, enter, alice, list_file, assert_accessible, assert_fits
):
    line = f"Ada,Berchon,12 Oak Street,Columbus,OH,43211,6145550101,{'call ' * 20}\n"
    large = list_file.with_name("large.csv")
    large.write_text(LIST + line * (2_500_000 // len(line)), encoding="utf-8")
    enter(page, alice).goto(f"{live_server.url}/leads/import/")
    page.get_by_label("Drop a file here").set_input_files(large)
    upload = page.get_by_role("button", name="Upload and read")
    page.route("**/leads/import/", lambda _route: None)  # it stays on its way
    upload.click()
    expect(page.get_by_role("progressbar", name="Uploading")).to_be_visible()
    expect(upload).to_be_disabled()
    assert_accessible(page)
    page.set_viewport_size(PHONE)
    assert_fits(page)
    page.get_by_role("button", name="Stop the upload").click()
    expect(page.get_by_text("Stopped. Nothing was uploaded.")).to_be_visible()
    page.unroute_all()

    LeadImport.objects.bulk_create(
        LeadImport(user=alice, group_name=f"{number}", file_name="a.csv", stored_name="a", due_at=None)
        for number in range(OPEN_IMPORTS)
    )
    upload.click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page).to_have_title("Error: Import a list · Atlas")
    LeadImport.objects.all().delete()
    page.get_by_label("Drop a file here").set_input_files(large)
    upload.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Waiting to be read")
    assert LeadImport.objects.get(user=alice).size == large.stat().st_size
