"""The rows of a sheet in a workbook (XLSX), read as a stream: neither the sheet nor its texts are ever in memory.

Runs in the process of `leads.imports.workbooks`, and raises whatever a damaged file leads to.
"""

import csv
import os
import posixpath
import re
import zipfile
from array import array
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from xml.etree import ElementTree

from openpyxl.styles.numbers import BUILTIN_FORMATS
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

from leads.imports.headers import FIRST_RECORDS
from leads.imports.limits import CELL_CHARACTERS, CSV_BYTES, MEGABYTE, WORKBOOK_ROWS
from leads.imports.problems import FileRefused, too_many_rows_in_workbook
from leads.imports.typed import format_kind, number_text

Element = ElementTree.Element

PARTS = 5_000
UNPACKED_BYTES = 1_500 * MEGABYTE
LARGE_PART_BYTES = 50 * MEGABYTE
MOST_PACKED = 200
"""Times: parts of workbooks pack to a tenth or a fiftieth, those of bombs to a thousandth."""

SHEETS = 50
COLUMNS_OF_A_SHEET = 16_384
ROWS_OF_A_SHEET = 1_048_576
PEEKED_ROWS = 200
BLOCK_BYTES = 1 << 18

KNOWN_TEXTS = 50_000
KNOWN_CHARACTERS = 64

DIGITS = "0123456789"
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
# In UTF-8 and in both kinds of UTF-16, of which a workbook has none.
DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY", b"<\0!\0", b"\0<\0!")
LONGEST_DECLARATION = max(map(len, DECLARATIONS))


def write_sheet(path: Path, target: Path, *, name: str) -> tuple[str, int, int]:
    """Write the first sheet that has a table as CSV, each of its rows as one record, and visible sheets first.

    :returns: the name of the sheet, how many rows are not blank, and the cells of the widest row
    :raises FileRefused: when the workbook is too large, or is none
    """
    with zipfile.ZipFile(path) as archive:
        _check_parts(archive, name)
        book = _Book(archive, name)
        with _Texts(target.with_suffix(".texts")) as texts:
            book.read_texts(texts)
            title, part = book.choose_sheet(texts)
            book.check_rows(part)
            return title, *_write(book.rows(part, texts), target, name)


def _write(rows: Iterator[list[str]], target: Path, name: str) -> tuple[int, int]:
    count = width = 0
    with target.open("w", encoding="utf-8", errors="replace", newline="") as file:
        writer = csv.writer(file)  # ends lines with both signs, so that it quotes each of them inside of a cell
        for cells in rows:
            writer.writerow(cells)
            if cells:
                count += 1
                width = max(width, len(cells))
                if not count % 1_000 and file.tell() > CSV_BYTES:
                    raise FileRefused(f"{name} holds more text than Atlas reads. Split it into several files.")
    return count, width


def _check_parts(archive: zipfile.ZipFile, name: str) -> None:
    """Refuse what is no workbook, and what says of itself that it is larger than a workbook can be."""
    parts = archive.infolist()
    names = {part.filename.lower() for part in parts}
    if not any(entry.startswith("xl/") and entry.endswith(".xml") for entry in names):
        raise _refuse_archive(names, name)
    total = sum(part.file_size for part in parts)
    packed_too_well = any(
        part.file_size > LARGE_PART_BYTES and part.file_size > part.compress_size * MOST_PACKED for part in parts
    )
    if len(parts) > PARTS or total > UNPACKED_BYTES or packed_too_well:
        raise FileRefused(
            f"{name} unpacks to {total / MEGABYTE:,.0f} MB, which no list of leads has. Save it as CSV and upload that."
        )
    if any(part.flag_bits & 1 for part in parts):
        raise FileRefused(f"{name} is protected by a password. Remove the password and upload it again.")


def _refuse_archive(names: set[str], name: str) -> FileRefused:
    """The refusal of an archive that is no workbook, with advice for what it is."""
    save = "Open it, save the list as CSV or XLSX, and upload that."
    if "xl/workbook.bin" in names or "content.xml" in names or any("index/" in entry for entry in names):
        return FileRefused(f"{name} is a workbook in a format that Atlas does not read. {save}")
    if any(entry.startswith(("word/", "ppt/")) for entry in names):
        return FileRefused(f"{name} is a document, not a workbook. {save}")
    return FileRefused(f"{name} is a ZIP archive. Unpack it and upload the list inside of it.")


class _Book:
    """A workbook: its sheets, and what their cells need to be understood."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self.archive = archive
        self.name = name
        self.parts = {part.filename.lower().lstrip("/"): part.filename for part in archive.infolist()}
        main = next((target for kind, target in self.related("").values() if kind == "officeDocument"), "")
        self.main = main if main.lower() in self.parts else "xl/workbook.xml"
        self.tree = self.read(self.main)
        self.relations = self.related(self.main)
        self.kinds = self.read_formats()
        properties = next((child for child in self.tree if _local(child) == "workbookPr"), None)
        is_1904 = properties is not None and properties.get("date1904") in {"1", "true"}
        self.epoch = CALENDAR_MAC_1904 if is_1904 else CALENDAR_WINDOWS_1900
        self.columns: dict[str, int] = {}

    def open(self, part: str) -> "_Part":
        return _Part(self.archive.open(self.parts[part.lower()]), self.name)

    def read(self, part: str) -> Element:
        """A small part as a whole."""
        with self.open(part) as stream:
            return ElementTree.parse(stream).getroot()  # noqa: S314 -- see _Part

    def elements(self, part: str, within: str, wanted: str) -> Iterator[Element]:
        """The elements of a large part one after the other; each is forgotten when the next is asked for."""
        with self.open(part) as stream:
            parent: Element | None = None
            for event, element in ElementTree.iterparse(stream, events=("start", "end")):  # noqa: S314 -- see _Part
                if event == "start":
                    if parent is None and _local(element) == within:
                        parent = element
                        wanted_tag = element.tag.removesuffix(within) + wanted
                elif parent is not None and element.tag == wanted_tag:
                    yield element
                    parent.clear()

    def related(self, part: str) -> dict[str, tuple[str, str]]:
        """What a part refers to, by id: the last word of its type, and the path in the archive."""
        folder, file = posixpath.split(part)
        path = posixpath.join(folder, "_rels", f"{file}.rels")
        if path.lower() not in self.parts:
            return {}
        return {
            link.get("Id", ""): (
                link.get("Type", "").rpartition("/")[2],
                posixpath.normpath(posixpath.join("/", folder, link.get("Target", ""))).lstrip("/"),
            )
            for link in self.read(path)
        }

    def part_of(self, kind: str) -> str | None:
        """The part of the workbook that has a type, if there is one."""
        parts = (target for found, target in self.relations.values() if found == kind and target.lower() in self.parts)
        return next(parts, None)

    def read_formats(self) -> list[str]:
        """What the number format of each style shows."""
        part = self.part_of("styles")
        if not part:
            return []
        codes = dict(BUILTIN_FORMATS)
        kinds: list[str] = []
        for child in self.read(part):
            if _local(child) == "numFmts":
                codes |= {int(code.get("numFmtId", "0")): code.get("formatCode", "") for code in child}
            elif _local(child) == "cellXfs":
                kinds = [format_kind(codes.get(int(style.get("numFmtId", "0")), "General")) for style in child]
        return kinds

    def read_texts(self, texts: "_Texts") -> None:
        """Put the texts that cells share where they can be found by number."""
        part = self.part_of("sharedStrings")
        if part:
            for element in self.elements(part, "sst", "si"):
                texts.add(_string(element))

    def choose_sheet(self, texts: "_Texts") -> tuple[str, str]:
        """The name and the part of the first sheet with a table, or else with anything; hidden ones come last.

        :raises FileRefused: when all are blank
        """
        fallback = None
        for title, part in self.sheets():
            filled = [len(cells) - cells.count("") for cells in islice(self.rows(part, texts), PEEKED_ROWS) if cells]
            if sum(count > 1 for count in filled) > 1:
                return title, part
            if filled and not fallback:
                fallback = title, part
        if not fallback:
            raise FileRefused(f"{self.name} has no rows. Upload a list with a row for each lead.")
        return fallback

    def sheets(self) -> list[tuple[str, str]]:
        """The names and parts of the sheets with cells, visible ones first."""
        listed = [sheet for child in self.tree if _local(child) == "sheets" for sheet in child][:SHEETS]
        found = []
        for sheet in sorted(listed, key=lambda sheet: sheet.get("state", "visible") != "visible"):
            link = next((value for key, value in sheet.items() if key.endswith("}id")), "")
            kind, part = self.relations.get(link, ("", ""))
            if kind == "worksheet" and part.lower() in self.parts:
                found.append((sheet.get("name", ""), part))
        return found

    def check_rows(self, part: str) -> None:
        """Count the rows that hold something by their markup, many times faster than their cells can be read.

        :raises FileRefused: when there are surely more than a workbook may have
        """
        count, rest = 0, b""
        with self.open(part) as stream:
            while block := stream.read(BLOCK_BYTES):
                *rows, rest = (rest + block).split(b"<row")
                count += sum(1 for row in rows if b"<v>" in row or b"<is>" in row)
                rest = rest[-BLOCK_BYTES:]
        if count > WORKBOOK_ROWS + FIRST_RECORDS:
            raise too_many_rows_in_workbook(self.name, count)

    def rows(self, part: str, texts: "_Texts") -> Iterator[list[str]]:
        """The cells of every row of a sheet from the first one on: none for a blank row."""
        at = 0
        for row in self.elements(part, "sheetData", "row"):
            number = max(int(row.get("r") or 0), at + 1)
            if number > ROWS_OF_A_SHEET:
                raise ValueError("no sheet has so many rows")
            for _ in range(at + 1, number):
                yield []
            at = number
            yield self.cells(row, texts)

    def cells(self, row: Element, texts: "_Texts") -> list[str]:
        """The texts of a row up to its last cell that is not blank."""
        prefix = row.tag.removesuffix("row")
        value_tag, string_tag = f"{prefix}v", f"{prefix}is"
        found: list[str] = []
        column = -1
        for cell in row:
            place = cell.get("r")
            column = self.column_of(place) if place else column + 1
            if cell.get("t") == "inlineStr":
                string = cell.find(string_tag)
                text = _string(string) if string is not None else ""
            else:
                value = cell.find(value_tag)
                text = self.text_of(cell, value.text or "", texts) if value is not None else ""
            if not text or text.isspace():
                continue
            if column >= len(found):
                found.extend([""] * (column - len(found)))
                found.append(text[:CELL_CHARACTERS])
        return found

    def column_of(self, place: str) -> int:
        """The column of a cell such as "AB12", counted from 0."""
        letters = place.rstrip(DIGITS)
        known = self.columns.get(letters)
        if known is None:
            known = 0
            for letter in letters.upper():
                known = known * 26 + ord(letter) - 64
            if not 0 < known <= COLUMNS_OF_A_SHEET:
                raise ValueError("no sheet has such a column")
            self.columns[letters] = known
        return known - 1

    def text_of(self, cell: Element, value: str, texts: "_Texts") -> str:
        """The text of a cell with a value: what was typed, or what its formula came to."""
        match cell.get("t"):
            case "s":
                return texts[int(value)]
            case "str":
                return _unescaped(value)
            case "b":
                return "TRUE" if value == "1" else "FALSE"
            case "e":
                return ""  # an error of a formula says nothing
            case "d":
                return value.removesuffix("T00:00:00")
        style = int(cell.get("s") or 0)
        return number_text(value, self.kinds[style] if style < len(self.kinds) else "", self.epoch)


class _Texts:
    """The texts that cells share, on disk, and those that are asked for most in memory."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("w+b")
        self.ends = array("I", [0])
        self.known: dict[int, str] = {}

    def add(self, text: str) -> None:
        """Append a text; it gets the next number, from 0."""
        encoded = text.encode("utf-8", "replace")
        self.file.write(encoded)
        self.ends.append(self.ends[-1] + len(encoded))

    def __getitem__(self, number: int) -> str:
        text = self.known.get(number)
        if text is None:
            self.file.flush()
            start = self.ends[number]
            text = os.pread(self.file.fileno(), self.ends[number + 1] - start, start).decode()
            if len(self.known) < KNOWN_TEXTS and len(text) <= KNOWN_CHARACTERS:
                self.known[number] = text
        return text

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.file.close()


class _Part:
    """A part of the archive, read as a stream that no document with declarations of its own passes."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self.stream = stream
        self.name = name
        self.before = b""

    def read(self, size: int = -1) -> bytes:
        """The next bytes.

        :raises FileRefused: when they declare entities, which no spreadsheet program writes and which can grow
        """
        block = self.stream.read(size)
        text = self.before + block
        if any(declaration in text for declaration in DECLARATIONS):
            raise FileRefused(
                f"{self.name} declares texts that grow when they are read, which no spreadsheet program does. "
                "Save it as CSV and upload that."
            )
        self.before = block[-LONGEST_DECLARATION:]
        return block

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stream.close()


def _local(element: Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def _string(element: Element) -> str:
    """The text of an element with runs of text, without those that tell how it is pronounced."""
    found = []
    for child in element:
        local = _local(child)
        if local == "t":
            found.append(child.text or "")
        elif local == "r":
            found.extend(part.text or "" for part in child if _local(part) == "t")
    return _unescaped("".join(found))


def _unescaped(text: str) -> str:
    """A text with the signs that XML cannot hold, which workbooks write as _x000D_."""
    return ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text
