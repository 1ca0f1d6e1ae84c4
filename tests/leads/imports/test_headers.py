"""The names of the columns are found below titles and blank rows, and nothing is taken for them that is a lead."""

import csv
import io
import random
from collections.abc import Iterator

import pytest

from leads.imports.headers import name_columns
from leads.imports.problems import FileRefused
from tests.leads.imports.files import HEADER, LEAD, OTHER, table_of
from tests.leads.imports.header_sets import CORPUS, Filler, HeaderSet, read_sets

TITLES = [
    "",
    "Absentee owners of Franklin County\n",
    "\n\nAbsentee owners of Franklin County,,,,,\n\n",
    "Franklin County Auditor\nReport of 05/01/2026\nPrepared for: Blue Heron Property Group\n\n",
    "Report,Absentee owners\nDate,05/01/2026\nRows,2\n\n",
    ",,,,,\nOwner,,Property,,,Contact\n",
]

HEADERS = [
    "First Name,Last Name,Email,Phone,City",
    "first_name,last_name,email,primary_phone,city",
    "firstName,lastName,emailAddress,phoneNumber,cityName",
    "OWN_NAME,OWN_ADDR1,OWN_CITY,OWN_STATE,OWN_ZIPCD",
    "Name,Street,Town,Region,Postcode",
    "Vorname,Nachname,E-Mail,Telefon,Ort",
    "Owner 1 First Name,Owner 1 Last Name,Email 1,Phone 1,Site City",
    "1st Owner,2nd Owner,E-mail,Phone #,2024 Tax Amount",
    "Lead,Contact,Email,Cell,Notes",
    "#,Klient,Adres e-poczty,Komórka,Uwagi",
]
LEADS = ["Ann,Lee,ann.lee@example.com,614-555-0105,Akron", "Bo,Ray,bo.ray@example.com,614-555-0106,Dayton"]

NONE = [
    "\n".join([LEAD, OTHER]),
    "\n".join(LEADS),
    "Ann Lee,12 Oak St\nBo Ray,9 Elm Ave\nCy Poe,7 Fir Ct",
    "12 Oak St,Columbus,OH,43211\n9 Elm Ave,Akron,OH,44301",
    "6145550105\n6145550106\n6145550107",
    "ann.lee@example.com\nbo.ray@example.com",
    "Ann,Lee,Akron,OH\nBo,Ray,Dayton,OH\nCy,Poe,Akron,OH",
    "224-85-964,Ann Lee\n969-66-226,Bo Ray",
    "Ann Lee,12 Oak St,No,Mobile\nBo Ray,9 Elm Ave,Yes,Mobile",
    "Ann Lee,12 Oak St,Akron,OH,44301,Residential,Individual,Vacant",
]


@pytest.mark.parametrize("titles", TITLES)
def test_a_header_is_found_below_titles_and_blank_rows(tmp_path, titles):
    table = table_of(tmp_path, f"{titles}{HEADER}\n{LEAD}\n{OTHER}\n")
    assert (table.header_row, table.headers) == (titles.count("\n") + 1, HEADER.split(","))
    assert [row.number for row in table.rows()] == [1, 2]
    assert next(table.rows()).cells == LEAD.split(",")


@pytest.mark.parametrize("header", HEADERS)
def test_a_header_is_known_by_its_words_or_by_the_values_below(tmp_path, header):
    table = table_of(tmp_path, "\n".join([header, *LEADS]))
    assert (table.header_row, table.headers) == (1, header.split(","))


@pytest.mark.parametrize("text", NONE)
def test_a_list_without_a_header_loses_no_row_to_one(tmp_path, text):
    table = table_of(tmp_path, text)
    lines = text.split("\n")
    assert table.header_row == 0
    assert table.headers == [f"[column {number}]" for number in range(1, lines[0].count(",") + 2)]
    assert [row.cells for row in table.rows()] == [line.split(",") for line in lines]
    assert next(table.rows()).line == 1


@pytest.mark.parametrize("header", ["Phone", "Address", "Email", "Full Address", "Property Address"])
def test_a_single_column_may_have_a_name(tmp_path, header):
    table = table_of(tmp_path, f"{header}\n12 Oak St\n9 Elm Ave\n")
    assert (table.header_row, table.headers, len(list(table.rows()))) == (1, [header], 2)


def test_totals_below_the_rows_are_rows_and_do_not_hide_the_header(tmp_path):
    table = table_of(tmp_path, f"{HEADER}\n{LEAD}\n{OTHER}\n\nTOTAL,,,,,2\nSource: county,,,,,\n")
    assert (table.header_row, [row.line for row in table.rows()]) == (1, [2, 3, 5, 6])


def test_a_header_with_line_breaks_in_its_cells_is_one_row(tmp_path):
    table = table_of(tmp_path, f'List\n\n"Owner\nName",Address,City,State,Zip,"Phone\n(home)"\n{LEAD}\n')
    assert (table.header_row, table.headers[0], table.headers[-1]) == (3, "Owner\nName", "Phone\n(home)")
    assert [(row.number, row.line) for row in table.rows()] == [(1, 6)]


def test_names_stay_as_they_are_and_become_unique(tmp_path):
    names = ["Name", "Address ", "Name", "", " ", "Phone", "Phone", "Phone", "", "Name [2]"]
    out = io.StringIO(newline="")
    csv.writer(out).writerows([names, ["Ann Lee", "12 Oak St", *["x"] * 8]])
    assert table_of(tmp_path, out.getvalue()).headers == [
        "Name", "Address ", "Name [2]", "[blank]", "[blank] [2]", "Phone", "Phone [2]", "Phone [3]", "[blank] [3]",
        "Name [2] [2]",
    ]  # fmt: skip
    assert name_columns([]) == []


def test_hundreds_of_empty_columns_at_the_end_are_no_columns(tmp_path):
    commas = "," * 3_000
    table = table_of(tmp_path, f"{HEADER}{commas}\n{LEAD}{commas}\n{OTHER}{commas}\n")
    assert table.headers == HEADER.split(",")


@pytest.mark.parametrize("text", [HEADER, f"{HEADER}\n\n,,,\n", f"Owners of 2026\n\n{HEADER}\n"])
def test_a_header_without_rows_is_refused(tmp_path, text):
    with pytest.raises(FileRefused, match="no row below them"):
        table_of(tmp_path, text)


REPORTS = [[], [["Leads of 2026"], []], [["Report", "x"], ["Date", "05/01/2026"], []]]


def filled(header_set: HeaderSet, count: int) -> tuple[list[list[str]], list[list[str]], str]:
    """Titles, rows and a delimiter for the columns of a set, the same in each run."""
    chance = random.Random(header_set.name)
    return chance.choice(REPORTS), Filler(header_set, seed=count).rows(count), chance.choice(",,;\t|")


def written(rows: list[list[str]], delimiter: str) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


def known_sets() -> Iterator[HeaderSet]:
    for path in sorted(CORPUS.glob("*.txt")):
        yield from read_sets(path)


@pytest.mark.parametrize("count", [3, 15])
def test_the_headers_of_known_programs_are_found_below_titles(tmp_path, count):
    wrong, right = [], 0
    for header_set in known_sets():
        header = [column.header for column in header_set.columns]
        titles, rows, delimiter = filled(header_set, count)
        if None in header:
            continue
        table = table_of(tmp_path, written([*titles, header, *rows], delimiter))
        found = (table.delimiter, table.header_row, table.headers)
        if found == (delimiter, len(titles) + 1, name_columns(header)):
            right += 1
        else:
            wrong.append(header_set.name)
    assert len(wrong) * 100 <= right, wrong


def test_no_row_of_known_programs_is_a_header(tmp_path):
    wrong, right = [], 0
    for header_set in known_sets():
        _, rows, delimiter = filled(header_set, 12)
        table = table_of(tmp_path, written(rows, delimiter))
        if (table.delimiter, table.header_row) == (delimiter, 0):
            right += 1
        else:
            wrong.append(header_set.name)
    assert len(wrong) * 100 <= right, wrong
