"""Fault C26: what is no list is refused at once in words that help, or read in memory that does not grow."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from leads.imports.kinds import refuse_large_upload
from leads.imports.limits import CELL_CHARACTERS, COLUMNS
from leads.imports.problems import FileRefused
from leads.imports.tables import open_table
from tests.leads.imports import hostile
from tests.leads.imports.files import HEADER, LEAD, OTHER, SAMPLES
from tests.leads.imports.hostile import OLE, bomb, pack, parts_of, sparse, with_sheet

MEBIBYTES = 100
REFUSED_WITHIN_SECONDS = 2.0
"""Of processor time, because the machine may have other work."""

HUGE = 100_000_000
CELL = '<c t="inlineStr"><is><t>{}</t></is></c>'
ROW = "<row>" + CELL.format("Ann Lee") + CELL.format("12 Oak St") + "</row>"

# What is written, and words of its refusal.
REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "gigabyte.csv": (lambda path: sparse(path, 1 << 30), "has 1,074 MB; Atlas reads files of at most 500 MB. Split"),
    "line.csv": (lambda path: path.write_bytes(f"{HEADER}\n".encode() + b"x" * HUGE), "a line of more than 1,000,000"),
    "line16.csv": (lambda path: path.write_bytes(b"\xff\xfe" + b"x\0" * (HUGE // 20)), "a line of more than 1,000,000"),
    "cell.csv": (
        lambda path: path.write_bytes(b'a,b\n1,"' + b"x" * (HUGE // 10) + b'"\n'),
        "a line of more than 1,000,000",
    ),
    "nulls.csv": (lambda path: path.write_bytes(b"\0" * 5_000_000), "is not a text file"),
    "noise.csv": (lambda path: path.write_bytes(random.Random(1).randbytes(500_000)), "is not a text file"),
    "columns.csv": (
        lambda path: path.write_text(",".join(f"c{n}" for n in range(5_000)) + "\n" + ",".join("x" * 5_000) + "\n"),
        "has 5,000 columns; Atlas reads 500. Delete",
    ),
    "quotes.csv": (lambda path: path.write_text(f"{HEADER}\n" + f'"{LEAD}\n' * 4_001), "quotation marks"),
    "empty.csv": (lambda path: path.write_bytes(b""), "is empty"),
    "blank.csv": (lambda path: path.write_bytes(b"\n \n,,,\n\r\n" * 1_000), "has no rows"),
    "mark.csv": (lambda path: path.write_bytes(b"\xef\xbb\xbf"), "has no rows"),
    "header.csv": (lambda path: path.write_text(HEADER), "no row below them"),
    "paper.csv": (lambda path: path.write_bytes(b"%PDF-1.7\n%\xe2\xe3\n1 0 obj\n"), "is a PDF document"),
    "picture.csv": (lambda path: path.write_bytes(b"\xff\xd8\xff\xe0\0\x10JFIF\0" + b"\x01" * 99), "is a picture"),
    "page.csv": (lambda path: path.write_text("\n<!DOCTYPE html><table><tr><td>Ann"), "is a web page"),
    "page.xls": (lambda path: path.write_bytes("<html><table>".encode("utf-16")), "is a web page"),
    "data.csv": (lambda path: path.write_text('[{"owner": "Ann Lee"}]'), "is JSON"),
    "cards.csv": (lambda path: path.write_text("BEGIN:VCARD\nFN:Ann Lee\nEND:VCARD\n"), "is a file of contact cards"),
    "packed.csv": (lambda path: path.write_bytes(b"\x1f\x8b\x08\0\0\0\0\0"), "is a compressed file"),
    "old.xlsx": (lambda path: path.write_bytes(OLE + b"Workbook" * 999), "is a file of an older Excel"),
    "secret.xlsx": (
        lambda path: path.write_bytes(OLE + b"\0" * (1 << 20) + "EncryptedPackage".encode("utf-16-le")),
        "is protected by a password. Remove the password",
    ),
    "archive.xlsx": (lambda path: pack(path, {"list.csv": HEADER.encode()}), "is a ZIP archive. Unpack it"),
    "letter.xlsx": (lambda path: pack(path, {"word/document.xml": b"<a/>"}), "is a document, not a workbook"),
    "sheet.ods": (lambda path: pack(path, {"content.xml": b"<a/>"}), "in a format that Atlas does not read"),
    "truncated.xlsx": (lambda path: path.write_bytes(hostile.WORKBOOK.read_bytes()[:3_000]), "is damaged"),
    "large.xlsx": (
        lambda path: path.write_bytes(b"PK\x03\x04" + b"\0" * 50_000_000),
        "has 50 MB; Atlas reads workbooks of at most 50 MB. Save it as CSV, which may have 500 MB.",
    ),
    "bomb.xlsx": (lambda path: bomb(path, 70), "unpacks to 70 MB"),
    "liar.xlsx": (lambda path: bomb(path, 20, stated_bytes=9_000), "is damaged"),
    "laughs.xlsx": (
        lambda path: with_sheet(path, CELL.format("&l9;"), before=f"<!DOCTYPE l [{hostile.LAUGHS}]>"),
        "declares texts that can grow",
    ),
    "laughs16.xlsx": (
        lambda path: with_sheet(path, CELL.format("&l9;"), f"<!DOCTYPE l [{hostile.LAUGHS}]>", encoding="utf-16"),
        "declares texts that can grow",
    ),
    "far.xlsx": (lambda path: with_sheet(path, '<row r="99999999999"><c><v>1</v></c></row>'), "is damaged"),
    "wide.xlsx": (lambda path: with_sheet(path, '<row><c r="ZZZZ1"><v>1</v></c></row>'), "is damaged"),
    "nothing.xlsx": (lambda path: with_sheet(path, '<row><c t="s"><v>999999</v></c></row>'), "is damaged"),
    "columns.xlsx": (
        lambda path: with_sheet(path, f"<row>{CELL.format('x') * 5_000}</row>{ROW}"),
        "columns; Atlas reads",
    ),
    "open.xlsx": (lambda path: with_sheet(path, "<row>" * 200), "is damaged"),
}

# What is written, and how many rows it has, and how many of them have a problem.
READ: dict[str, tuple[Callable[[Path], object], int, int]] = {
    "open.csv": (lambda path: path.write_text(f'{HEADER}\n"open,\n' + f"{LEAD}\n" * 50_000), 50_001, 1),
    "wide_row.csv": (lambda path: path.write_text(f"{HEADER}\n{LEAD}\n{',x' * 90_000}\n{OTHER}\n"), 3, 1),
    "long_cell.csv": (lambda path: path.write_text(f"{HEADER}\n{LEAD}\n{'x' * 900_000},12 Oak St\n"), 2, 1),
    "long_quoted.csv": (lambda path: path.write_text(f'{HEADER}\n{LEAD}\n"{"x" * 90_000}",12 Oak St\n'), 2, 1),
    "commas.csv": (lambda path: path.write_text(f"{HEADER}\n" + f"{LEAD}{',' * 400}\n" * 20_000), 20_000, 0),
    "padded.csv": (lambda path: path.write_bytes(f"{HEADER}\n{LEAD}\n".encode() + b"\0" * 3_000_000), 1, 0),
    "letter.xlsx": (lambda path: with_sheet(path, ROW + f"<row>{CELL.format('x' * 30_000_000)}</row>"), 2, 0),
    "far_row.xlsx": (lambda path: with_sheet(path, ROW + '<row r="1048576"><c><v>1</v></c></row>'), 2, 0),
}


def write(folder: Path, files: dict) -> list[Path]:
    for name, (make, *_) in files.items():
        make(folder / name)
    return [folder / name for name in files]


@pytest.fixture(scope="module")
def readings(tmp_path_factory) -> tuple[dict[str, hostile.Reading], dict[str, hostile.Reading], float, float]:
    """All files, read one after the other by one process: those that are refused, those that are read, and memory."""
    refused, refused_mebibytes = hostile.read_apart(write(tmp_path_factory.mktemp("refused"), REFUSED))
    read, read_mebibytes = hostile.read_apart(write(tmp_path_factory.mktemp("read"), READ))
    return refused, read, refused_mebibytes, read_mebibytes


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_file_is_refused_at_once_in_words_that_help(readings, name):
    reading = readings[0][name]
    words = REFUSED[name][1]
    assert reading.refusal
    assert words in reading.refusal
    assert reading.refusal.endswith(".")
    assert reading.cpu_seconds < REFUSED_WITHIN_SECONDS


@pytest.mark.parametrize("name", READ)
def test_a_strange_file_is_read_without_its_strange_rows(readings, name):
    reading = readings[1][name]
    assert (reading.refusal, reading.row_count, reading.problem_count) == (None, *READ[name][1:])


def test_no_hostile_file_takes_much_memory(readings):
    *_, refused, read = readings
    print(f"Peak beyond the beginning: {refused:.0f} MiB refusing, {read:.0f} MiB reading.")  # noqa: T201
    assert max(refused, read) < MEBIBYTES


@pytest.mark.parametrize(
    ("size", "name", "words"),
    [
        (1 << 30, "list.csv", "has 1,074 MB; Atlas reads files of at most 500 MB"),
        (60_000_000, "list.XLSX", "has 60 MB; Atlas reads workbooks of at most 50 MB. Save it as CSV"),
    ],
)
def test_an_upload_is_refused_by_its_declared_length(size, name, words):
    with pytest.raises(FileRefused, match=words):
        refuse_large_upload(size, name=name)
    refuse_large_upload(50_000_000, name=name)


def test_a_list_of_more_than_a_million_rows_is_refused_before_it_is_read(tmp_path):
    reading = hostile.read(hostile.list_of(tmp_path / "many.csv", 1_000_001))
    assert (
        reading.refusal
        == "many.csv has more than 1,000,000 rows, which is what Atlas reads. Split it into several files."
    )
    assert reading.row_count == 0
    assert reading.cpu_seconds < REFUSED_WITHIN_SECONDS


def test_memory_is_the_same_for_more_rows(tmp_path):
    _, few = hostile.read_apart([hostile.list_of(tmp_path / "few.csv", 10_000)])
    readings, many = hostile.read_apart([hostile.list_of(tmp_path / "many.csv", 200_000)])
    assert readings["many.csv"].row_count == 200_000
    assert many < few + 8


@pytest.mark.faults
def test_memory_is_the_same_for_a_million_rows(tmp_path):
    _, few = hostile.read_apart([hostile.list_of(tmp_path / "few.csv", 10_000)])
    readings, many = hostile.read_apart([hostile.list_of(tmp_path / "many.csv", 1_000_000)])
    print(f"{few:.1f} MiB for 10,000 rows, {many:.1f} MiB for 1,000,000.")  # noqa: T201
    assert readings["many.csv"].row_count == 1_000_000
    assert many < few + 8


JUNK = [
    b"\0",
    b'"',
    b",",
    b"\n",
    b"\r",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\x80",
    b"<",
    b"'",
    b'=""',
    b"\t",
    b";",
    b"\x1a",
]


def mutate(content: bytes, chance: random.Random) -> bytes:
    """Change a file in a few places: bytes, pieces that are cut, doubled or moved, and an early end."""
    changed = bytearray(content)
    for _ in range(chance.randrange(1, 8)):
        place = chance.randrange(len(changed) + 1)
        piece = changed[place : place + chance.randrange(1, 400)]
        match chance.randrange(6):
            case 0:
                changed[place : place + 1] = chance.randbytes(chance.randrange(1, 4))
            case 1:
                changed[place:place] = chance.choice(JUNK) * chance.choice([1, 1, 2, 50, 5_000])
            case 2:
                del changed[place : place + len(piece)]
            case 3:
                changed[place:place] = piece * chance.choice([1, 3, 200])
            case 4:
                changed[:0] = piece
            case 5 if chance.random() < 0.3:
                del changed[place:]
    return bytes(changed)


def mutate_workbook(path: Path, content: bytes, chance: random.Random) -> None:
    """Change the archive itself, or one of its parts inside of an archive that is whole."""
    if chance.random() < 0.3:
        path.write_bytes(mutate(content, chance))
        return
    parts = parts_of(SAMPLES / "hand_absentee_list.xlsx")
    name = chance.choice(list(parts))
    pack(path, parts | {name: mutate(parts[name], chance)})


def read_mutations(folder: Path, seed: int, count: int) -> dict[str, int]:
    """Read so many changed samples: each is refused, or every row of it is one that a list can have."""
    chance = random.Random(seed)
    samples = [path for path in sorted(SAMPLES.iterdir()) if path.suffix in {".csv", ".xlsx"}]
    outcomes = {"refused": 0, "read": 0}
    for number in range(count):
        sample = samples[number % len(samples)]
        path = folder / f"{seed}-{number}{sample.suffix}"
        if sample.suffix == ".csv":
            path.write_bytes(mutate(sample.read_bytes(), chance))
        else:
            mutate_workbook(path, sample.read_bytes(), chance)
        try:
            with open_table(path, name=path.name) as table:
                rows = list(table.rows())
        except FileRefused:
            outcomes["refused"] += 1
        else:
            outcomes["read"] += 1
            assert [row.number for row in rows] == list(range(1, len(rows) + 1)), path
            assert all(len(row.cells) <= COLUMNS for row in rows), path
            assert all(len(cell) <= CELL_CHARACTERS and "\0" not in cell for row in rows for cell in row.cells), path
            assert len(set(table.headers)) == len(table.headers) <= COLUMNS, path
        path.unlink()
    return outcomes


def test_changed_files_are_read_or_refused(tmp_path):
    outcomes = read_mutations(tmp_path, seed=1, count=60)
    assert outcomes["read"] > 30


@pytest.mark.faults
@pytest.mark.timeout(3_600)
def test_two_thousand_changed_files_are_read_or_refused(tmp_path):
    outcomes = read_mutations(tmp_path, seed=26, count=2_000)
    print(f"Of 2,000 changed files {outcomes['read']} were read and {outcomes['refused']} refused.")  # noqa: T201
    assert sum(outcomes.values()) == 2_000
