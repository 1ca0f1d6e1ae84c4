"""The rows of a sheet in a workbook (XLSX), read as a stream: neither the sheet nor its texts are ever in memory.

Runs in the process of `leads.imports.workbooks`, and raises whatever a damaged file leads to.
"""

import csv
import os
import posixpath
import zipfile
from array import array
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from openpyxl.styles.numbers import BUILTIN_FORMATS
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

from leads.imports.headers import FIRST_RECORDS
from leads.imports.limits import CSV_BYTES, MEGABYTE, WORKBOOK_ROWS
from leads.imports.parts import Element, read_elements, read_rows, read_texts
from leads.imports.problems import FileRefused, too_many_rows_in_workbook
from leads.imports.typed import format_kind, number_text

PARTS = 5_000
UNPACKED_BYTES = 1_500 * MEGABYTE
LARGE_PART_BYTES = 50 * MEGABYTE
MOST_PACKED = 200
"""Times: parts of workbooks pack to a tenth or a fiftieth, those of bombs to a thousandth."""

SHEETS = 50
PEEKED_ROWS = 200
BLOCK_BYTES = 1 << 18

KNOWN_TEXTS = 50_000
KNOWN_CHARACTERS = 64


def write_sheet(path: Path, target: Path, *, name: str) -> tuple[str, int, int]:
    """Write the first sheet that has a table as CSV, each of its rows as one record, and visible sheets first.

    :returns: the name of the sheet, how many rows are not blank, and the cells of the widest row
    :raises FileRefused: when the workbook is too large, or is none
    """
    with zipfile.ZipFile(path) as archive:
        _check_parts(archive, name)
        book = _Book(archive, name)
        book.check_rows()
        with _Texts(target.with_suffix(".texts")) as texts:
            book.read_texts(texts)
            title, part = book.choose_sheet(texts)
            return title, *_write(book.rows(part, texts), target, name)


def _write(rows: Iterator[list[str]], target: Path, name: str) -> tuple[int, int]:
    count = width = written = 0
    with target.open("w", encoding="utf-8", errors="replace", newline="") as file:
        writer = csv.writer(file)  # ends lines with both signs, so that it quotes each of them inside of a cell
        for cells in rows:
            written += writer.writerow(cells)
            if cells:
                count += 1
                width = max(width, len(cells))
            if written > CSV_BYTES:
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
        self.relations = self.related(self.main)
        self.kinds = self.read_formats()
        self.epoch = CALENDAR_WINDOWS_1900
        self.sheets: list[tuple[str, str]] = []
        self.read_main()

    def open(self, part: str) -> IO[bytes]:
        return self.archive.open(self.parts[part.lower()])

    def elements(self, part: str) -> list[Element]:
        """All elements of a small part."""
        with self.open(part) as stream:
            return read_elements(stream, self.name)

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
            for _, tag, link in self.elements(path)
            if tag == "Relationship"
        }

    def part_of(self, kind: str) -> str | None:
        """The part of the workbook that has a type, if there is one."""
        parts = (target for found, target in self.relations.values() if found == kind and target.lower() in self.parts)
        return next(parts, None)

    def read_formats(self) -> list[str]:
        """What the number format of each style shows."""
        part = self.part_of("styles")
        elements = self.elements(part) if part else []
        codes = dict(BUILTIN_FORMATS)
        codes |= {
            int(code.get("numFmtId", "0")): code.get("formatCode", "") for _, tag, code in elements if tag == "numFmt"
        }
        kinds = {number: format_kind(code) for number, code in codes.items()}
        styles = (style for parent, tag, style in elements if (parent, tag) == ("cellXfs", "xf"))
        return [kinds.get(int(style.get("numFmtId", "0")), "") for style in styles]

    def read_main(self) -> None:
        """Read the sheets with cells, visible ones first, and the day from which the workbook counts."""
        listed: list[dict[str, str]] = []
        for _, tag, attributes in self.elements(self.main):
            if tag == "workbookPr" and attributes.get("date1904") in {"1", "true"}:
                self.epoch = CALENDAR_MAC_1904
            elif tag == "sheet" and len(listed) < SHEETS:
                listed.append(attributes)
        for sheet in sorted(listed, key=lambda sheet: sheet.get("state", "visible") != "visible"):
            link = next((value for key, value in sheet.items() if key.endswith(":id")), "")
            kind, part = self.relations.get(link, ("", ""))
            if kind == "worksheet" and part.lower() in self.parts:
                self.sheets.append((sheet.get("name", ""), part))

    def check_rows(self) -> None:
        """Count the rows of the first sheet that has some by their markup, many times faster than cells can be read.

        :raises FileRefused: when there are surely more than a workbook may have
        """
        for _, part in self.sheets:
            count, rest = 0, b""
            with self.open(part) as stream:
                while block := stream.read(BLOCK_BYTES):
                    *rows, rest = (rest + block).split(b"<row")
                    count += sum(map(_is_filled, rows))
                    rest = rest[-BLOCK_BYTES:]
            count += _is_filled(rest)
            if count > WORKBOOK_ROWS + FIRST_RECORDS:
                raise too_many_rows_in_workbook(self.name, count)
            if count > 1:
                return

    def read_texts(self, texts: "_Texts") -> None:
        """Put the texts that cells share where they can be found by number."""
        part = self.part_of("sharedStrings")
        if part:
            with self.open(part) as stream:
                texts.fill(read_texts(stream, self.name))

    def choose_sheet(self, texts: "_Texts") -> tuple[str, str]:
        """The name and the part of the first sheet with a table, or else with anything; hidden ones come last.

        :raises FileRefused: when all are blank
        """
        fallback = None
        for title, part in self.sheets:
            filled = [len(cells) - cells.count("") for cells in islice(self.rows(part, texts), PEEKED_ROWS) if cells]
            if sum(count > 1 for count in filled) > 1:
                return title, part
            if filled and not fallback:
                fallback = title, part
        if not fallback:
            raise FileRefused(f"{self.name} has no rows. Upload a list with a row for each lead.")
        return fallback

    def rows(self, part: str, texts: "_Texts") -> Iterator[list[str]]:
        """The cells of every row of a sheet from the first one on: none for a blank row."""

        def text_of(kind: str, style: str, value: str) -> str:
            match kind:
                case "s":
                    return texts[int(value)]
                case "b":
                    return "TRUE" if value == "1" else "FALSE"
                case "e":
                    return ""  # an error of a formula says nothing
                case "d":
                    return value.removesuffix("T00:00:00")
                case "str":
                    return value
            number = int(style or 0)
            return number_text(value, self.kinds[number] if number < len(self.kinds) else "", self.epoch)

        with self.open(part) as stream:
            yield from read_rows(stream, self.name, text_of)


class _Texts:
    """The texts that cells share, on disk, and those that are asked for most in memory."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("w+b")
        self.ends = array("I", [0])
        self.known: dict[int, str] = {}

    def fill(self, found: Iterator[str]) -> None:
        """Append texts; they get the next numbers, from 0."""
        end = self.ends[-1]
        for text in found:
            encoded = text.encode("utf-8", "replace")
            self.file.write(encoded)
            end += len(encoded)
            self.ends.append(end)
        self.file.flush()

    def __getitem__(self, number: int) -> str:
        text = self.known.get(number)
        if text is None:
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


def _is_filled(row: bytes) -> bool:
    """Tell by its markup whether a row has a cell with something in it."""
    return b"<v>" in row or b"<is>" in row
