"""The letters of a list are read in whatever encoding it is, also when the first of them comes late."""

import pytest

from tests.leads.imports.files import HEADER, LEAD, OTHER, cells_of, table_of

NAMES = [
    "Íñigo Muñoz",
    "JOSÉ PEÑA",
    "Zoë Björklund",
    "André O’Malley",
    "Renée Castañeda",
    "GARCÍA NÚÑEZ",
    "Jörg Müller",
]
TEXT = "\n".join([HEADER, *(f"{name},{number} Oak St,Akron,OH,44301," for number, name in enumerate(NAMES)), ""])

ENCODINGS = [
    ("utf-8", "utf-8"),
    ("utf-8-sig", "utf-8-sig"),
    ("utf-16", "utf-16"),
    ("utf-16-le", "utf-16-le"),
    ("utf-16-be", "utf-16-be"),
    ("utf-32", "utf-32"),
    ("cp1252", "cp1252"),
]
# Letters that Latin-1 and the encodings of other times have.
OLD = TEXT.replace("’", "'")


@pytest.mark.parametrize(("written", "found"), ENCODINGS)
def test_an_encoding_is_found_and_its_letters_are_right(tmp_path, written, found):
    table = table_of(tmp_path, TEXT.encode(written))
    assert table.encoding == found
    assert table.headers == HEADER.split(",")
    assert [cells[0] for cells in cells_of(table)] == NAMES


def test_utf_16_with_either_mark_is_one_encoding(tmp_path):
    for mark, half in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        table = table_of(tmp_path, mark + TEXT.encode(half))
        assert (table.encoding, [cells[0] for cells in cells_of(table)]) == ("utf-16", NAMES)


@pytest.mark.parametrize(("written", "found"), [("latin-1", "cp1252"), ("mac_roman", "mac_roman"), ("cp437", "cp437")])
def test_encodings_of_other_times_are_told_from_each_other(tmp_path, written, found):
    old = OLD.replace("Í", "I").replace("Ú", "U")  # which the one of MS-DOS does not have
    table = table_of(tmp_path, old.encode(written))
    assert table.encoding == found
    assert [cells[0] for cells in cells_of(table)] == [line.split(",")[0] for line in old.split("\n")[1:-1]]


@pytest.mark.parametrize(
    "name",
    [
        "Muñoz",
        "MUÑOZ",
        "José",
        "PEÑA",
        "O’Malley",
        "Zoë",
        "Žižek",
        "½ Main",
        "Café — Bar",
        "“Rusty” Lee",
        "Çelik",
        "10 €",
    ],
)
def test_one_letter_is_enough_for_the_encoding_of_windows(tmp_path, name):
    table = table_of(tmp_path, "\n".join([HEADER, LEAD, f"{name},1 Elm Ave,Akron,OH,44301,", OTHER]).encode("cp1252"))
    assert (table.encoding, cells_of(table)[1][0]) == ("cp1252", name)


@pytest.mark.parametrize(("written", "found"), [("cp1252", "cp1252"), ("utf-8", "utf-8")])
def test_the_first_letter_may_come_after_a_megabyte(tmp_path, written, found):
    late = "Íñigo Muñoz,1 Elm Ave,Akron,OH,44301,"
    table = table_of(tmp_path, "\n".join([HEADER, *[LEAD] * 20_000, late]).encode(written))
    assert table.encoding == found
    *_, last = table.rows(after=19_990)
    assert (last.number, last.cells[0]) == (20_001, "Íñigo Muñoz")


def test_a_letter_that_lies_across_two_blocks_of_reading_is_whole(tmp_path):
    for shift in range(4):
        padding = "x" * shift
        table = table_of(tmp_path, "\n".join([HEADER, *[f"{padding}ñ€𝄞é,1 Elm Ave,Akron,OH,44301,"] * 9_000]))
        assert table.encoding == "utf-8"
        assert {cells[0] for cells in cells_of(table)} == {f"{padding}ñ€𝄞é"}


def test_a_few_wrong_bytes_in_utf_8_do_not_change_the_encoding_of_the_others(tmp_path):
    table = table_of(tmp_path, TEXT.encode() + "Iñaki Peña,1 Elm Ave,Akron,OH,44301,\n".encode("cp1252"))
    assert table.encoding == "utf-8"
    assert [cells[0] for cells in cells_of(table)] == [*NAMES, "Iñaki Peña"]


def test_bytes_that_windows_has_no_letter_for_lose_no_row(tmp_path):
    content = TEXT.encode("cp1252") + b"A\x81\x8d\x8f\x90\x9dB,1 Elm Ave,Akron,OH,44301,\n"
    table = table_of(tmp_path, content)
    assert table.encoding == "cp1252"
    assert [cells[0] for cells in cells_of(table)] == [*NAMES, "A\x81\x8d\x8f\x90\x9dB"]


def test_half_a_letter_at_the_end_of_utf_16_costs_no_row(tmp_path):
    table = table_of(tmp_path, TEXT.encode("utf-16")[:-5])
    assert [cells[0] for cells in cells_of(table)] == NAMES


def test_null_characters_and_the_end_mark_of_old_systems_are_left_out(tmp_path):
    table = table_of(tmp_path, f"{HEADER}\n{LEAD[:9]}\0\0{LEAD[9:]}\n{OTHER}\n\x1a".encode() + b"\0" * 40)
    assert cells_of(table) == [LEAD.split(","), OTHER.split(",")]
