"""A workbook says what the person who typed it sees, and is read as the library for workbooks reads it."""

import random
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from leads.imports import workbooks
from leads.imports.problems import FileRefused
from leads.imports.tables import Table, open_table
from tests.leads.imports.files import HEADER, LEAD, OTHER, SAMPLES, cells_of
from tests.leads.imports.hostile import pack, with_sheet

HEADERS = HEADER.split(",")
ROWS = [LEAD.split(","), OTHER.split(",")]


class Book:
    """A workbook that a test writes sheet by sheet."""

    def __init__(self, path: Path, **options: object) -> None:
        self.path = path
        self.book = xlsxwriter.Workbook(path, options)

    def sheet(self, name: str, rows: list[list], **formats: str):
        """Add a sheet; the name of an argument is a column's letter, and its value the format of its numbers."""
        sheet = self.book.add_worksheet(name)
        for letter, code in formats.items():
            sheet.set_column(f"{letter}:{letter}", None, self.book.add_format({"num_format": code}))
        for number, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                code = formats.get("ABCDEFGHIJ"[column]) if column < 10 else None
                style = self.book.add_format({"num_format": code}) if code else None
                write = sheet.write_string if isinstance(cell, str) else sheet.write
                if cell is not None and cell != "":
                    write(number, column, cell, style)
        return sheet

    def open(self) -> Table:
        self.book.close()
        return open_table(self.path, name=self.path.name)


@pytest.fixture
def book(tmp_path) -> Book:
    return Book(tmp_path / "list.xlsx")


def test_titles_and_blank_rows_above_the_header_and_between_rows_keep_their_place(book):
    book.sheet("Leads", [[], ["Owners of 2026"], [], HEADERS, ROWS[0], [], ROWS[1]])
    with book.open() as table:
        assert (table.encoding, table.delimiter, table.sheet, table.header_row) == ("xlsx", None, "Leads", 4)
        assert table.headers == HEADERS
        assert [(row.number, row.line) for row in table.rows()] == [(1, 5), (2, 7)]
        assert cells_of(table) == ROWS


def test_numbers_are_as_they_were_typed(book):
    numbers = [1109, 5855550122.0, 0.1 + 0.2, -12.5, 1e20, 304324201060000, 1234567.891, 0]
    book.sheet("Leads", [["Owner", "Number"], *(["Ann Lee", number] for number in numbers)])
    with book.open() as table:
        assert [cells[1] for cells in cells_of(table)] == [
            "1109", "5855550122", "0.3", "-12.5", "100000000000000000000", "304324201060000", "1234567.891", "0",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "value", "text"),
    [
        ("00000", 1109, "01109"),
        ("00000\\-0000", 11090042, "01109-0042"),
        ("00000", 110900421, "110900421"),
        ("000-00-000", 4786195, "047-86-195"),
        ("0%", 0.25, "25%"),
        ("0.00", 1.5, "1.5"),
        ("$#,##0.00", 1250, "1250"),
        ("[<=9999999]###\\-####;\\(###\\)\\ ###\\-####", 6145550105, "6145550105"),
        ("m/d/yyyy", date(2026, 3, 4), "2026-03-04"),
        ("m/d/yy h:mm", datetime(2026, 3, 4, 9, 5), "2026-03-04 09:05"),
        ("h:mm", time(9, 5), "09:05"),
        ("General", True, "TRUE"),
    ],
)
def test_formats_say_what_a_number_is(book, code, value, text):
    book.sheet("Leads", [["Owner", "Value"], ["Ann Lee", value], ["Bo Ray", value]], B=code)
    with book.open() as table:
        assert [cells[1] for cells in cells_of(table)] == [text, text]


def test_days_of_a_workbook_from_the_macintosh_are_the_same(tmp_path):
    book = Book(tmp_path / "mac.xlsx", date_1904=True)
    book.sheet("Leads", [["Owner", "Date"], ["Ann Lee", date(2026, 3, 4)]], B="yyyy-mm-dd")
    with book.open() as table:
        assert cells_of(table) == [["Ann Lee", "2026-03-04"]]


def test_the_first_visible_sheet_with_a_table_is_read_and_hidden_ones_come_last(book):
    book.sheet("Hidden", [HEADERS, ["Not this"], ["Nor this", "one"]]).hide()
    book.sheet("Empty", [])
    book.sheet("How to", [["Fill in the list."], ["One lead a row."], ["Send it."]])
    book.sheet("Leads", [HEADERS, *ROWS]).activate()
    book.sheet("Later", [HEADERS, ROWS[1]])
    with book.open() as table:
        assert (table.sheet, cells_of(table)) == ("Leads", ROWS)


def test_a_hidden_sheet_is_read_if_there_is_no_other(book):
    book.sheet("Cover", []).activate()
    book.sheet("Data", [HEADERS, *ROWS]).hide()
    with book.open() as table:
        assert (table.sheet, cells_of(table)) == ("Data", ROWS)


def test_texts_with_line_breaks_signs_and_formulas_are_whole(book):
    sheet = book.sheet("Leads", [HEADERS, ["Ann\nLee\r, Jr", "_x0041_", '5" pipe', "=SUM(1)", "'=1", " x "]])
    sheet.write_formula(2, 0, "=1+1", None, 2)
    sheet.write_formula(2, 1, '="a"&"b"', None, "ab")
    sheet.write_rich_string(2, 2, "Main ", book.book.add_format({"bold": True}), "Street")
    sheet.write(2, 3, "#N/A")
    sheet.write(3, 9, "beyond")
    with book.open() as table:
        first, second, third = cells_of(table)
        assert first == ["Ann\nLee\n, Jr", "_x0041_", '5" pipe', "=SUM(1)", "'=1", " x "]
        assert second == ["2", "ab", "Main Street", "#N/A"]
        assert (third, table.headers[-1]) == ([""] * 9 + ["beyond"], "[blank] [4]")


def test_a_table_that_is_closed_leaves_nothing_behind(book):
    book.sheet("Leads", [HEADERS, *ROWS])
    with book.open() as table:
        text = table._source.path
        assert text.exists()
        assert list(table.rows()) == list(table.rows())
    assert not text.parent.exists()


def test_a_workbook_is_read_whatever_its_name_says(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes((SAMPLES / "hand_absentee_list.xlsx").read_bytes())
    with open_table(path, name="list.csv") as table:
        assert (table.encoding, table.header_row) == ("xlsx", 4)


def test_workbooks_of_other_programs_are_understood(tmp_path):
    """Prefixes, absolute paths, texts in the cells, no places, no styles, pronunciations, and no declared encoding."""
    main = "http://purl.oclc.org/ooxml/spreadsheetml/main"
    relation = "http://purl.oclc.org/ooxml/officeDocument/relationships"
    row = '<x:row><x:c t="inlineStr"><x:is><x:r><x:t>{}</x:t></x:r><x:rPh><x:t>no</x:t></x:rPh></x:is></x:c>{}</x:row>'
    cells = '<x:c t="str"><x:v>{}</x:v></x:c><x:c/><x:c><x:f>1+1</x:f><x:v>{}</x:v></x:c>'
    rows = row.format("Owner", cells.format("City", 7)) + row.format("Ann", cells.format("Akron", "44301.0"))
    path = pack(
        tmp_path / "other.xlsx",
        {
            "_rels/.rels": f'<Relationships><Relationship Id="r1" Type="{relation}/officeDocument" '
            'Target="/xl/book.xml"/></Relationships>'.encode(),
            "xl/book.xml": f'<x:workbook xmlns:x="{main}" xmlns:q="{relation}"><x:sheets>'
            '<x:sheet name="Über" sheetId="1" q:id="s1"/></x:sheets></x:workbook>'.encode(),
            "xl/_rels/book.xml.rels": f'<Relationships><Relationship Id="s1" Type="{relation}/worksheet" '
            'Target="/xl/sheets/one.xml"/></Relationships>'.encode(),
            "xl/sheets/one.xml": f'<x:worksheet xmlns:x="{main}"><x:sheetData>{rows}</x:sheetData>'
            "</x:worksheet>".encode(),
        },
    )
    with open_table(path, name="other.xlsx") as table:
        assert (table.sheet, table.header_row) == ("Über", 0)
        assert cells_of(table) == [["Owner", "City", "", "7"], ["Ann", "Akron", "", "44301"]]


def test_every_cell_is_the_one_that_the_library_for_workbooks_reads(tmp_path):
    chance = random.Random(5)
    texts = ["Ann Lee", "12 Oak St", "O’Malley & Söhne <b>", "", None, 17, -3.25, 43211, "00123", "a\tb", 9.5e9]
    rows = [[chance.choice(texts) for _ in range(chance.randrange(1, 30))] for _ in range(400)]
    rows[0] = [f"Column {number}" for number in range(30)]
    book = Book(tmp_path / "many.xlsx")
    book.sheet("Leads", rows)
    with book.open() as table:
        found = [row.cells for row in table.rows()]
    reference = openpyxl.load_workbook(book.path, read_only=True)
    wanted = [["" if cell is None else str(cell) for cell in cells] for cells in reference["Leads"].values]
    reference.close()
    trimmed = ["\t".join(cells).replace("9500000000.0", "9500000000").rstrip("\t") for cells in wanted[1:]]
    assert ["\t".join(cells) for cells in found] == [text for text in trimmed if text]


@pytest.mark.parametrize("rows", [[], [["", " "]], [[" "]]])
def test_a_workbook_without_rows_is_refused(book, rows):
    book.sheet("Leads", rows)
    with pytest.raises(FileRefused, match=r"list\.xlsx has no rows"):
        book.open()


def test_a_workbook_of_too_many_rows_is_refused_with_advice(tmp_path):
    rows = '<row><c t="str"><v>Ann Lee</v></c><c><v>614555</v></c></row>' * 200_060
    with pytest.raises(FileRefused) as refusal:
        open_table(with_sheet(tmp_path / "many.xlsx", rows), name="many.xlsx")
    assert str(refusal.value) == (
        "many.xlsx has 200,060 rows in a workbook; Atlas reads 200,000. Save it as CSV, which may have 1,000,000."
    )


def test_somebody_who_waits_for_a_workbook_is_told_that_it_goes_on(monkeypatch):
    monkeypatch.setattr(workbooks, "POLL_SECONDS", 0.01)
    beats: list[int] = []
    open_table(SAMPLES / "hand_absentee_list.xlsx", name="list.xlsx", on_wait=lambda: beats.append(1)).close()
    assert beats
