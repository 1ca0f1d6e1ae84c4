"""A list is read as it was written, whatever divides its cells and ends its lines, and as often as wanted."""

import csv
import io
import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.imports.tables import open_table
from tests.leads.imports.files import HEADER, LEAD, OTHER, SAMPLES, cells_of, table_of

EXPECTED = sorted(SAMPLES.glob("*.expected.json"))
DELIMITERS = [",", ";", "\t", "|", "^", "~"]


@pytest.mark.parametrize("expected_path", EXPECTED, ids=lambda path: path.name.split(".")[0])
def test_a_sample_is_read_as_expected(expected_path):
    expected = json.loads(expected_path.read_text())
    path = next(path for path in SAMPLES.glob(f"{expected_path.name.split('.')[0]}.*") if path.suffix != ".json")
    with open_table(path, name=path.name) as table:
        rows = list(table.rows())
    found = (table.encoding, table.delimiter, table.header_row, table.sheet, table.headers, len(rows))
    wanted = [expected[key] for key in ("encoding", "delimiter", "header_row")]
    assert found == (*wanted, expected.get("sheet"), list(expected["mapping"]), expected["rows"])
    assert [rows[bad["row"] - 1].line for bad in expected["bad_rows"]] == [bad["line"] for bad in expected["bad_rows"]]
    assert table.sample_rows == [row.cells for row in rows]
    assert len(rows) <= table.most_rows <= len(rows) + 1


def test_every_sample_is_read():
    assert len(EXPECTED) == 6


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["unix", "windows", "mac"])
def test_any_usual_delimiter_and_line_end_is_found(tmp_path, delimiter, end):
    lines = [line.replace(",", delimiter) for line in (HEADER, LEAD, OTHER)]
    table = table_of(tmp_path, end.join(lines) + end)
    assert (table.delimiter, table.headers) == (delimiter, HEADER.split(","))
    assert [(row.number, row.line) for row in table.rows()] == [(1, 2), (2, 3)]
    assert cells_of(table) == [LEAD.split(","), OTHER.split(",")]


def test_lines_may_end_in_different_ways_in_one_file(tmp_path):
    table = table_of(tmp_path, f"{HEADER}\r\n{LEAD}\n{OTHER}\r{LEAD}\r\n\n{OTHER}")
    assert [row.line for row in table.rows()] == [2, 3, 4, 6]
    assert cells_of(table) == [LEAD.split(","), OTHER.split(","), LEAD.split(","), OTHER.split(",")]


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("Name;Address\nAnn Lee;12 Oak St, Columbus, OH 43211\nBo Ray;9 Elm Ave, Akron, OH 44301\n", ";"),
        ('Name\tAddress\n"Lee, Ann"\t12 Oak St\nRay, Bo\t9 Elm Ave\nPoe, Cy\t7 Fir Ct\n', "\t"),
        ("Name|Tags|City\nLee, Ann|a,b;c|Akron\nRay, Bo|a,b;c|Akron\n", "|"),
        ("Name,Tags,City\nAnn Lee,a;b;c;d;e,Akron\nBo Ray,a;b;c;d;e,Akron\n", ","),
        ("Preis;Name;PLZ\n1,50;Ann;43211\n2,75;Bo;43212\n", ";"),
        ("Phone\n614-555-0105\n614-555-0106\n", ","),
        ("Name, Phone, City\nAnn, 614-555-0105, Akron\nBo, 614-555-0106, Akron\n", ","),
    ],
)
def test_commas_inside_of_cells_do_not_mislead(tmp_path, text, delimiter):
    assert table_of(tmp_path, text).delimiter == delimiter


def test_the_line_by_which_a_file_tells_excel_its_delimiter_is_no_row(tmp_path):
    table = table_of(tmp_path, f"sep=;\n{HEADER}\n{LEAD}\n".replace(",", ";"))
    assert (table.delimiter, table.header_row, table.headers) == (";", 2, HEADER.split(","))
    assert [row.number for row in table.rows()] == [1]
    assert table_of(tmp_path, f'sep="\n{HEADER}\n{LEAD}\n').delimiter == ","


def test_blank_rows_are_not_counted_and_short_and_long_ones_stay_as_they_are(tmp_path):
    table = table_of(tmp_path, f'{HEADER}\n\n , ,,\n"",""\nAnn Lee,12 Oak St\n\t\n{LEAD},more,\n')
    assert [(row.number, row.line, len(row.cells)) for row in table.rows()] == [(1, 5, 2), (2, 7, 8)]
    assert all(row.problem is None for row in table.rows())


def test_cells_with_line_breaks_and_quotation_marks_are_whole(tmp_path):
    text = f'{HEADER},Notes\n{LEAD},"said ""yes"",\r\nthen, no"\n{OTHER},5 1/2" pipe\n"Ann ""Rusty"" Lee",1 Elm,,,,,'
    rows = list(table_of(tmp_path, text).rows())
    assert [row.cells[-1] for row in rows] == ['said "yes",\nthen, no', '5 1/2" pipe', ""]
    assert [row.line for row in rows] == [2, 4, 5]
    assert rows[2].cells[0] == 'Ann "Rusty" Lee'


def test_quotation_marks_after_a_blank_or_behind_a_backslash_are_understood(tmp_path):
    spaced = table_of(tmp_path, 'Name, Address, City\n"Lee, Ann", "12 Oak St, Rear", "Akron"\n')
    assert cells_of(spaced) == [["Lee, Ann", "12 Oak St, Rear", "Akron"]]
    escaped = table_of(tmp_path, 'Name,Address,City\n"Ann \\"Rusty\\", Lee","12 Oak St","Akron"\n')
    assert cells_of(escaped) == [['Ann "Rusty", Lee', "12 Oak St", "Akron"]]


def test_an_open_quotation_mark_costs_its_own_row_and_no_other(tmp_path):
    others = [f"{LEAD}{number}" for number in range(500)]
    text = "\n".join([HEADER, *others[:250], '"Ann Lee,9 Elm Ave,Akron,OH,44301,', *others[250:]])
    table = table_of(tmp_path, text)
    (bad,) = [row for row in table.rows() if row.problem]
    assert (bad.number, bad.line, bad.problem) == (251, 252, "A quotation mark is opened here and never closed.")
    assert bad.cells == ['"Ann Lee', "9 Elm Ave", "Akron", "OH", "44301", ""]
    assert [",".join(row.cells) for row in table.rows() if not row.problem] == others


def test_an_open_quotation_mark_does_not_join_its_row_with_a_later_quoted_cell(tmp_path):
    quoted = '"Juniper Street Rentals, LLC",1 Elm Ave,Akron,OH,44301,'
    text = "\n".join([HEADER, '"Ann Lee,9 Elm Ave,Akron,OH,44301,', LEAD, OTHER, quoted, LEAD])
    rows = list(table_of(tmp_path, text).rows())
    assert [(row.line, bool(row.problem)) for row in rows] == [
        (2, True),
        (3, False),
        (4, False),
        (5, False),
        (6, False),
    ]
    assert rows[3].cells[0] == "Juniper Street Rentals, LLC"


@pytest.mark.parametrize("length", [40_000, 200_000])
def test_a_cell_that_no_spreadsheet_could_hold_costs_its_row(tmp_path, length):
    rows = list(table_of(tmp_path, f'{HEADER}\n{LEAD}\n"Ann","{"x" * length}",Akron,OH,44301,\n{OTHER}\n').rows())
    assert [row.problem for row in rows] == [None, "A cell has more than 32,767 characters.", None]
    assert max(map(len, rows[1].cells)) == 32_767


def test_two_open_quotation_marks_do_not_make_one_row_of_two(tmp_path):
    table = table_of(tmp_path, f'{HEADER}\n"{LEAD}\n"{OTHER}\n{LEAD},"a note\nof two, lines"\n{OTHER}\n')
    assert [(row.line, bool(row.problem)) for row in table.rows()] == [(2, True), (3, True), (4, False), (6, False)]


def test_lines_that_became_one_quoted_cell_each_are_divided(tmp_path):
    lines = [f'"{line}"' for line in (HEADER, LEAD, f'""Lee, Ann""{OTHER[14:]}')]
    table = table_of(tmp_path, "\n".join([*lines, "Bo Ray", ""]))
    assert (table.delimiter, table.headers) == (",", HEADER.split(","))
    assert cells_of(table) == [LEAD.split(","), ["Lee, Ann", *OTHER.split(",")[1:]], ["Bo Ray"]]
    quoted = '"12 Oak St, Columbus, OH 43211"\n"9 Elm Ave, Akron, OH 44301"\n'
    assert len(table_of(tmp_path, f"Address\n{quoted}").headers) == 1


def test_files_that_were_put_together_are_one_list(tmp_path):
    part = f"\ufeff{HEADER}\r\n{LEAD}\r\n"
    table = table_of(tmp_path, part * 2)
    assert (table.encoding, table.headers) == ("utf-8-sig", HEADER.split(","))
    assert [bool(row.problem) for row in table.rows()] == [False, True, False]


def test_signs_that_make_a_cell_a_text_are_no_part_of_it(tmp_path):
    text = f'{HEADER}\nO\'Malley,\'=1 Elm,Akron,OH,="01109",\'+16145550150\n\'=SUM(1),"=""02134""",x,,,\n'
    assert cells_of(table_of(tmp_path, text)) == [
        ["O'Malley", "=1 Elm", "Akron", "OH", "01109", "+16145550150"],
        ["=SUM(1)", "02134", "x", "", "", ""],
    ]


def test_a_header_that_is_repeated_among_the_rows_is_marked(tmp_path):
    rows = list(table_of(tmp_path, "\n".join([HEADER, LEAD, HEADER, OTHER])).rows())
    assert [row.problem for row in rows] == [None, "The row repeats the names of the columns.", None]


def test_rows_are_read_again_from_any_number_on(tmp_path):
    lines = [f"Owner {number},{number} Oak St,Akron,OH,44301," for number in range(1, 1_201)]
    table = table_of(tmp_path, "\n\n".join([HEADER, *lines]))
    every = list(table.rows())
    assert [row.cells[1] for row in every] == [f"{number} Oak St" for number in range(1, 1_201)]
    assert list(table.rows()) == every
    for after in (0, 1, 777, 1_199, 1_200, 5_000):
        assert list(table.rows(after=after)) == every[after:]
    assert table.sample_rows == [row.cells for row in every[:500]]


texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('\n",;|\t'), min_size=0, max_size=12
).filter(lambda text: not text.startswith(("'", '="')) and not {"\x1a", "\ufeff"} & set(text))


@settings(max_examples=150)
@given(
    rows=st.lists(st.lists(texts, min_size=3, max_size=3), min_size=1, max_size=8),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_writer_of_csv_writes_is_read_back(tmp_path_factory, rows, delimiter, encoding, end):
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end)
    header = ["First Name", "Address", "Zip"]
    known = [["Ann", "12 Oak St", "43211"]] * 8  # so that there is something to tell the delimiter by
    writer.writerows([header, *known, *rows])
    path = Path(tmp_path_factory.mktemp("written", numbered=True)) / "list.csv"
    path.write_bytes(out.getvalue().encode(encoding))
    table = open_table(path, name="list.csv")
    assert (table.delimiter, table.headers, table.header_row) == (delimiter, header, 1)
    wanted = known + [cells for cells in rows if "".join(cells).strip() and cells != header]
    assert [row.cells for row in table.rows()] == wanted


def test_a_shuffled_list_has_the_same_form(tmp_path):
    lines = [LEAD, OTHER, "Ann Lee,12 Oak St", ",,,,,6145550101", '"Lee, Bo",,"Akron, Ohio",,,']
    for seed in range(20):
        random.Random(seed).shuffle(lines)
        table = table_of(tmp_path, "\n".join([HEADER, *lines * 3]))
        assert (table.delimiter, table.header_row, len(table.headers)) == (",", 1, 6)
