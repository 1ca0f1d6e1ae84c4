"""Exports: whole, safe for spreadsheets, never more than what is unlocked, and as small in memory for many rows."""

import csv
import io
import tracemalloc
import zipfile
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

import pytest
from django.urls import reverse
from django.utils import timezone

from properties import exports as writers
from properties.models import Dataset, Export, PropertyDatasetPermission, ViewPreference
from properties.selectors.owned import read_batches
from properties.selectors.owned_choice import OwnedChoice, Selection
from properties.selectors.owned_columns import COLUMNS
from properties.services import exports
from tests.factories import NOON, PropertyDatasetPermissionFactory

pytestmark = pytest.mark.django_db

FILE = reverse("properties:export-properties")
CHOOSE = reverse("properties:choose-export")
NAMES = ("address", "zip", "beds", "last_sale", "sold_for", "owner_occupied", "value", "equity", "tags", "notes")
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture
def hers(client, alice, sign_in):
    """Alice, signed in, who owns three properties."""
    PropertyDatasetPermissionFactory.create(
        user=alice,
        property_id="rich",
        datasets=[Dataset.BASIC, Dataset.VALUATION],
        revealed_at=NOON,
        address="1 Main St",
        postal_code="02134",
        bedroom_count=3.0,
        last_sale_on=date(2019, 5, 4),
        last_sale_price=210_000.0,
        owner_occupied=False,
        estimated_value=412_500.0,
        equity_percent=-12.5,
        tags=["call first", "=2+2"],
        notes='=HYPERLINK("http://evil.example","x")',
    )
    PropertyDatasetPermissionFactory.create(
        user=alice, property_id="poor", revealed_at=NOON - timedelta(days=1), address="+1 Elm St", last_sale_price=0.0
    )
    PropertyDatasetPermissionFactory.create(
        user=alice,
        property_id="old",
        revealed_at=NOON - timedelta(days=2),
        address="@SUM(A1)",
        city="Mesa",
        last_sale_on=date(1871, 1, 2),
    )
    return sign_in(client, alice)


def parse(book: zipfile.ZipFile, name: str) -> ElementTree.Element:
    return ElementTree.fromstring(book.read(name))  # noqa: S314 -- a file of our own


def download(client, form: dict) -> bytes:
    answer = client.post(FILE, {"format": "csv", "columns": NAMES, **form})
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def read_csv(content: bytes) -> list[dict]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def read_xlsx(content: bytes) -> list[list[tuple[str, str]]]:
    """The rows of the first sheet: type and text of each cell."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        names = book.namelist()
        strings = []
        if "xl/sharedStrings.xml" in names:
            shared = parse(book, "xl/sharedStrings.xml")
            strings = ["".join(node.itertext()) for node in shared.iter(f"{SHEET}si")]
        sheet = parse(book, "xl/worksheets/sheet1.xml")
    assert not list(sheet.iter(f"{SHEET}f")), "a formula"
    assert not list(sheet.iter(f"{SHEET}hyperlink")), "a link"
    found = []
    for row in sheet.iter(f"{SHEET}row"):
        cells = []
        for cell in row.iter(f"{SHEET}c"):
            kind = cell.get("t", "n")
            text = "".join(cell.itertext())
            cells.append(
                (
                    cell.get("r", ""),
                    "text" if kind in {"s", "inlineStr"} else "number",
                    strings[int(text)] if kind == "s" else text,
                )
            )
        found.append(cells)
    return found


def test_everything_is_written_newest_first_with_locked_and_unknown_apart(hers):
    rows = read_csv(download(hers, {"scope": "matching"}))

    assert [row["Address"] for row in rows] == ["1 Main St", "'+1 Elm St", "'@SUM(A1)"]
    rich, poor, old = rows
    assert rich["Value"] == "412500"
    assert rich["Equity"] == "-12.5"
    assert rich["ZIP"] == "02134"
    assert (rich["Last sale"], rich["Sale price"], rich["Owner lives there"]) == ("2019-05-04", "210000", "no")
    assert (poor["Value"], poor["Equity"]) == ("locked", "locked")
    assert (poor["Beds"], poor["Sale price"], poor["Owner lives there"]) == ("", "", "")
    assert old["Last sale"] == "1871-01-02"


def test_no_cell_of_a_file_is_a_formula(hers):
    content = download(hers, {"scope": "matching"}).decode("utf-8-sig")
    for line in csv.reader(io.StringIO(content)):
        assert not [cell for cell in line if cell[:1] in set("=+@\t\r")]
    assert "'=HYPERLINK" in content

    cells = [cell for row in read_xlsx(download(hers, {"scope": "matching", "format": "xlsx"})) for cell in row]
    assert [text for _, kind, text in cells if text.startswith("=")] == ['=HYPERLINK("http://evil.example","x")']


@pytest.mark.parametrize("sign", ["=", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_signs_of_full_width_are_guarded_as_well(hers, alice, sign):
    PropertyDatasetPermission.objects.filter(user=alice, property_id="rich").update(notes=f"{sign}2+2")
    assert read_csv(download(hers, {"ids": ["rich"]}))[0]["Notes"] == f"'{sign}2+2"


def test_a_moment_is_the_minute_of_the_users_own_clock(hers, alice):
    alice.time_zone = "America/Phoenix"
    alice.save(update_fields=["time_zone"])
    moment = datetime(2026, 3, 4, 16, 5, 33, 123000, tzinfo=UTC)
    PropertyDatasetPermission.objects.filter(user=alice, property_id="rich").update(revealed_at=moment)
    form = {"ids": ["rich"], "columns": ["address", "revealed"]}

    assert read_csv(download(hers, form))[0]["Revealed"] == "2026-03-04T09:05-07:00"
    _, row = read_xlsx(download(hers, {**form, "format": "xlsx"}))
    (_, kind, text) = next(cell for cell in row if cell[0].startswith("B"))
    days = (datetime(2026, 3, 4, 9, 5) - datetime(1899, 12, 30)) / timedelta(days=1)
    assert (kind, float(text)) == ("number", pytest.approx(days, abs=1e-6))


@pytest.mark.parametrize("address", [FILE, CHOOSE])
def test_what_is_not_owned_makes_no_file(hers, address, bob):
    PropertyDatasetPermissionFactory.create(user=bob, property_id="bobs")
    answer = hers.post(address, {"ids": ["bobs", "nobodys"], "format": "csv", "columns": NAMES})

    assert "None of these is yours." in hers.get(answer.url).content.decode()
    assert not Export.objects.exists()


def test_conditions_that_hold_nothing_make_no_file(hers):
    form = {"scope": "matching", "query": "q=Tucson%2C+AZ", "format": "csv", "columns": NAMES}
    answer = hers.post(FILE, form)

    assert answer.url == "/properties/?q=Tucson%2C+AZ"
    assert "Nothing of yours matches" in hers.get(answer.url).content.decode()


@pytest.mark.parametrize("length", [9_000, 19_000, 60_000])
def test_an_address_that_is_too_long_leads_to_the_list_with_the_reason(hers, length):
    form = {"scope": "matching", "query": "find=" + "x" * length, "format": "csv", "columns": NAMES}
    for address in (FILE, CHOOSE):
        answer = hers.post(address, form)
        assert (answer.status_code, answer.url) == (302, "/properties/")
        assert "These conditions" in hers.get(answer.url).content.decode()


def test_a_workbook_has_real_numbers_and_days(hers):
    heading, rich, poor, old = read_xlsx(download(hers, {"scope": "matching", "format": "xlsx"}))

    assert [text for _, _, text in heading] == [COLUMNS[name].label for name in NAMES]
    cells = {address[0]: (kind, text) for address, kind, text in rich}
    assert cells["B"] == ("text", "02134")
    assert cells["C"] == ("number", "3")
    assert cells["D"] == ("number", str((date(2019, 5, 4) - date(1899, 12, 30)).days))
    assert cells["G"] == ("number", "412500")
    poorer = {address[0]: text for address, _, text in poor}
    assert poorer["G"] == "locked"
    assert "C" not in poorer
    assert ("text", "1871-01-02") in [(kind, text) for _, kind, text in old]


def test_chosen_rows_and_conditions_narrow_the_file(hers):
    assert [row["Address"] for row in read_csv(download(hers, {"ids": ["old", "rich"]}))] == ["1 Main St", "'@SUM(A1)"]
    assert len(read_csv(download(hers, {"ids": "old,rich"}))) == 2
    mesa = {"scope": "matching", "query": "q=Mesa%2C+AZ"}
    assert [row["Address"] for row in read_csv(download(hers, mesa))] == ["'@SUM(A1)"]


def test_each_export_is_logged_and_can_be_made_again(hers, alice, bob, client, sign_in):
    download(hers, {"scope": "matching", "query": "q=Phoenix%2C+AZ"})
    export = Export.objects.get(user=alice)
    assert (export.row_count, export.format, export.label) == (2, "csv", "Phoenix, AZ")
    assert export.ended_at is not None
    assert export.columns == list(NAMES)

    page = reverse("properties:show-export", args=[export.pk])
    again = reverse("properties:repeat-export", args=[export.pk])
    assert "Phoenix, AZ" in hers.get("/exports/").content.decode()
    assert alice.email in hers.get(page).content.decode()
    PropertyDatasetPermissionFactory.create(user=alice, property_id="newer", revealed_at=NOON + timedelta(days=1))
    answer = hers.post(again)
    assert len(read_csv(b"".join(answer.streaming_content))) == 3
    assert [each.row_count for each in Export.objects.filter(user=alice).order_by("created_at")] == [2, 3]

    his = sign_in(client, bob)
    assert his.get(page).status_code == 404
    assert his.post(again).status_code == 404
    assert "Phoenix" not in his.get("/exports/").content.decode()


def test_an_export_that_breaks_off_says_how_many_rows_went_out(alice):
    PropertyDatasetPermission.objects.bulk_create(
        PropertyDatasetPermissionFactory.build(user=alice, property_id=f"p{number}") for number in range(900)
    )
    selection = Selection(choice=OwnedChoice())
    export = exports.start_export(
        user=alice, selection=selection, columns=["address"], file_format="csv", now=timezone.now()
    )
    file = exports.write_export(export=export, user=alice, zone=timezone.get_current_timezone())
    next(file)
    file.close()

    export.refresh_from_db()
    assert 0 < export.row_count < 900
    assert export.ended_at is None


def test_what_cannot_be_made_again_says_so(hers, alice):
    export = Export.objects.create(
        user=alice, kind="properties", label="x", format="csv", columns=["address"],
        subject={"query": "q=Nowhereville%2C+ZZ"}, created_at=NOON,
    )  # fmt: skip
    answer = hers.post(reverse("properties:repeat-export", args=[export.pk]))

    assert answer.url == reverse("properties:show-export", args=[export.pk])
    assert "cannot be made again" in hers.get(answer.url).content.decode()


def test_columns_and_format_are_remembered(hers, alice):
    download(hers, {"scope": "matching", "columns": ["zip", "notes"], "format": "xlsx"})
    saved = ViewPreference.objects.get(user=alice)
    assert (saved.export_columns, saved.export_format) == (["zip", "notes"], "xlsx")

    text = hers.get(CHOOSE).content.decode()
    assert 'value="xlsx" checked' in text
    assert 'value="zip" checked' in text
    assert 'value="address" checked' not in text
    assert "25,000" in text


def test_the_form_keeps_what_was_selected(hers):
    text = hers.post(CHOOSE, {"ids": ["old", "rich"], "query": ""}).content.decode()
    assert 'name="ids" value="old,rich"' in text
    assert "2 chosen properties" in text

    text = hers.get(CHOOSE, {"q": "Mesa, AZ"}).content.decode()
    assert 'name="query" value="q=Mesa%2C+AZ"' in text


@pytest.mark.parametrize("form", [{"scope": "matching", "columns": []}, {"scope": "matching", "format": "exe"}])
def test_a_file_without_columns_or_of_no_kind_is_not_made(hers, form):
    answer = hers.post(FILE, {"format": "csv", "columns": NAMES, **form})

    assert "Nothing was exported" in answer.content.decode()
    assert not Export.objects.exists()


def test_nothing_selected_leads_back_to_the_list(hers):
    answer = hers.post(CHOOSE, {"query": "sort=value"})
    assert answer.status_code == 302
    assert "Choose properties first" in hers.get(answer.url).content.decode()


def test_forbidden_traits_are_no_columns():
    words = " ".join(f"{column.name} {column.label}".lower() for column in COLUMNS.values())
    for trait in ("religio", "gender", "sex", "marital", "married", "child", "senior", "birth", "surname", "ethnic"):
        assert trait not in words


def test_a_sheet_that_is_full_is_followed_by_another(alice, monkeypatch):
    monkeypatch.setattr(writers, "ROWS_A_SHEET", 4)
    rows = [PropertyDatasetPermissionFactory.build(user=alice, property_id=f"p{number}") for number in range(7)]
    content = b"".join(writers.xlsx_file(rows, [COLUMNS["address"]], timezone.get_current_timezone()))

    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheets = [
            len(list(parse(book, f"xl/worksheets/sheet{number}.xml").iter(f"{SHEET}row"))) for number in (1, 2, 3)
        ]
    assert sheets == [4, 4, 2]


@pytest.mark.parametrize("writer", [writers.csv_file, writers.xlsx_file])
def test_many_rows_take_no_more_memory_than_few(alice, writer):
    row = PropertyDatasetPermissionFactory.build(user=alice, property_id="p", notes="x" * 200)
    columns = [COLUMNS[name] for name in NAMES]

    def peak(count: int) -> int:
        tracemalloc.start()
        for _ in writer((row for _ in range(count)), columns, timezone.get_current_timezone()):
            pass
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(10)
    assert peak(6_000) < peak(1_000) + 300_000


def test_rows_are_read_in_batches_while_they_are_written(alice):
    PropertyDatasetPermission.objects.bulk_create(
        PropertyDatasetPermissionFactory.build(user=alice, property_id=f"p{number}") for number in range(25)
    )
    mine = Selection(choice=OwnedChoice()).rows(alice)
    batches = read_batches(mine, size=10)
    assert len(next(batches)) == 10
    PropertyDatasetPermission.objects.filter(property_id="p0").update(bedroom_count=9)
    assert [len(batch) for batch in batches] == [10, 5]


def test_more_than_a_workbook_takes_goes_as_csv_and_says_so(hers, alice, monkeypatch):
    early = exports.start_export(
        user=alice, selection=Selection(OwnedChoice()), columns=["zip"], file_format="xlsx", now=NOON
    )
    monkeypatch.setattr(exports, "MOST_IN_A_WORKBOOK", 2)
    form = {"scope": "matching", "columns": ["zip"], "format": "xlsx"}

    refused = hers.post(FILE, form).content.decode()
    again = hers.post(reverse("properties:repeat-export", args=[early.pk]), follow=True).content.decode()
    streamed = b"".join(hers.post(FILE, {**form, "format": "csv"}).streaming_content)

    assert "A workbook takes at most 2 properties" in refused
    assert "A workbook takes at most 2 properties" in again
    assert len(streamed.splitlines()) == 4
    assert set(Export.objects.filter(user=alice).values_list("format", flat=True)) == {"csv", "xlsx"}
    assert Export.objects.filter(user=alice).count() == 2
