"""A list on its way to phone numbers, with and without JavaScript: upload, plan, import, trace, result, export."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import PATIENCE
from tests.worker import running_worker

pytestmark = pytest.mark.browser

ROWS = 24
LIST = "Thing,Last Name,Property Address,City,State,Zip,Remarks\n" + "".join(
    f"Jane,Roe{chr(97 + number)},{number + 1} Fake Rd,Phoenix,AZ,85007,row {number}\n" for number in range(ROWS)
)


@pytest.fixture(scope="module")
def worker(unblocked_db: None) -> Iterator[None]:
    with running_worker():
        yield


@pytest.fixture
def list_file(tmp_path) -> Path:
    path = tmp_path / "probate.csv"
    path.write_text(LIST, encoding="utf-8")
    return path


def go_from_file_to_list(page: Page, list_file: Path) -> None:
    """Every step that a person takes; whatever a worker does is waited for on the page alone."""
    heading = page.get_by_role("heading", level=1)
    page.get_by_role("link", name="Import a list").first.click()
    page.get_by_label("Drop a file here").set_input_files(list_file)
    page.get_by_role("button", name="Upload and read").click()

    expect(heading).to_have_text("Check the columns", timeout=2 * PATIENCE)
    page.get_by_label("Field of the column Thing").select_option("First name")
    page.get_by_role("button", name="Show what becomes of the rows").click()
    expect(heading).to_have_text("Check the plan", timeout=2 * PATIENCE)
    page.get_by_role("button", name=f"Import {ROWS} contacts").click()
    expect(heading).to_have_text("Imported", timeout=2 * PATIENCE)


def trace_all(page: Page) -> int:
    """From an import that is done to the result of its skip trace; returns how many have a phone number."""
    page.get_by_role("link", name="Find phone numbers").click()
    page.get_by_role("button", name=f"All {ROWS} at most {ROWS // 2} credits").click()
    page.get_by_role("button", name=f"Accept: at most {ROWS // 2} credits, {1_000 - ROWS // 2} left after it").click()
    return read_result(page, ROWS)


def trace_ten_and_then_the_rest(page: Page) -> int:
    """The same in two steps: ten to see what comes, then the others, who join them."""
    page.get_by_role("link", name="Find phone numbers").click()
    page.get_by_role("button", name="The first 10 at most 5 credits").click()
    page.get_by_role("button", name="Accept: at most 5 credits, 995 left after it").click()
    few = read_result(page, 10)
    page.get_by_role("button", name="Quote those who were left out").click()
    page.get_by_role("button", name=re.compile("^Accept: at most")).click()
    found = read_result(page, ROWS)
    expect(page.get_by_role("region", name="Receipt")).to_have_count(2)
    assert few < found
    return found


def read_result(page: Page, total: int) -> int:
    """Wait for the result of a skip trace of so many; the header's balance and the receipts agree with it."""
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(re.compile(rf"^\d+ of {total} contacts have a phone number$"), timeout=2 * PATIENCE)
    found = int(heading.inner_text().split()[0])
    assert 0 < found < total
    expect(page.locator("#credit-balance")).to_have_text(f"{1_000 - -(-found // 2):,} credits")
    return found


def look_at_files_and_list(page: Page, found: int) -> None:
    """The file of misses, and those of the list who have a phone number."""
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV: Nothing on file").click()
    assert "Jane,Roe" in download.value.path().read_text(encoding="utf-8-sig")
    page.get_by_role("link", name="Open those with a phone").click()
    expect(page.get_by_role("rowheader", name=re.compile("Jane Roe"))).to_have_count(found)


def export_for_a_dialer(page: Page) -> list[list[str]]:
    """From the selected contacts of a list to the file with those that may be called."""
    page.get_by_role("button", name="Export").click()
    page.get_by_label("Dialer, a row per person").check()
    page.get_by_role("button", name="Show what goes out").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("^Download")).click()
    return list(csv.reader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))


@pytest.mark.usefixtures("worker")
def test_a_list_gets_its_phone_numbers_without_javascript(plain_page, live_server, enter, alice, list_file):
    enter(plain_page, alice).goto(f"{live_server.url}/leads/")
    go_from_file_to_list(plain_page, list_file)
    found = trace_all(plain_page)
    look_at_files_and_list(plain_page, found)
    plain_page.get_by_label("All that match, not only the checked ones").check()
    _, *rows = export_for_a_dialer(plain_page)
    assert 0 < len(rows) <= found
    assert "Jane" in rows[0]


@pytest.mark.usefixtures("worker")
def test_a_list_gets_its_phone_numbers_with_javascript(page, live_server, enter, alice, list_file):
    enter(page, alice).goto(f"{live_server.url}/leads/")
    go_from_file_to_list(page, list_file)
    found = trace_ten_and_then_the_rest(page)
    look_at_files_and_list(page, found)
    page.get_by_label("Select this page").check()
    _, *rows = export_for_a_dialer(page)
    assert 0 < len(rows) <= found
    assert "Jane" in rows[0]
