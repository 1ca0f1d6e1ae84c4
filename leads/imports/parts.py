"""The XML of a workbook as a stream of what is needed of it: elements, texts, and the rows of a sheet."""

import re
from collections.abc import Callable, Iterator
from typing import IO, Any
from xml.parsers import expat

from leads.imports.limits import CELL_CHARACTERS
from leads.imports.problems import FileRefused

BLOCK_BYTES = 1 << 16
COLUMNS_OF_A_SHEET = 16_384
ROWS_OF_A_SHEET = 1_048_576

DIGITS = "0123456789"
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")

Attributes = dict[str, str]
Element = tuple[str, str, Attributes]
"""The name of its parent, its own name, and its attributes; names are without their namespaces."""

CellText = Callable[[str, str, str], str]
"""The text of a cell of a type ("s", "b", … or "") and a style, from the value that is stored."""


def read_elements(stream: IO[bytes], name: str) -> list[Element]:
    """All elements of a part that is small, such as the list of the sheets."""
    reader = _Elements(name)
    return [element for found in reader.read(stream) for element in found]


def read_texts(stream: IO[bytes], name: str) -> Iterator[str]:
    """The texts that the cells of a workbook share, without those that tell how they are pronounced."""
    for found in _Texts(name).read(stream):
        yield from found


def read_rows(stream: IO[bytes], name: str, text_of: CellText) -> Iterator[list[str]]:
    """The cells of every row of a sheet from the first one on, up to the last that is not blank."""
    at = 0
    for found in _Rows(name, text_of).read(stream):
        for stated, cells in found:
            number = max(stated, at + 1)
            if number > ROWS_OF_A_SHEET:
                raise ValueError("no sheet has so many rows")
            for _ in range(at + 1, number):
                yield []
            at = number
            yield cells


class _Reader:
    """Collects what is found in a part, block by block, and keeps nothing of what came before."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.found: list[Any] = []
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters
        self.parser.StartDoctypeDeclHandler = self.refuse
        self.locals: dict[str, str] = {}

    def read(self, stream: IO[bytes]) -> Iterator[list[Any]]:
        """Yield what was found in each block.

        :raises FileRefused: when the part declares a type of document, and with it texts that can grow
        """
        is_over = False
        while not is_over:
            block = stream.read(BLOCK_BYTES)
            is_over = not block
            self.parser.Parse(block, is_over)
            if self.found:
                yield self.found
                self.found = []

    def local(self, tag: str) -> str:
        """The name of an element without its namespace."""
        known = self.locals.get(tag)
        if known is None:
            known = self.locals[tag] = tag.rpartition(":")[2]
        return known

    def start(self, tag: str, attributes: Attributes) -> None:
        raise NotImplementedError

    def end(self, tag: str) -> None:
        raise NotImplementedError

    def characters(self, text: str) -> None:
        raise NotImplementedError

    def refuse(self, *declared: object) -> None:
        raise FileRefused(
            f"{self.name} declares texts that can grow when they are read, which no spreadsheet program does. "
            "Save the list as CSV and upload that."
        )


class _Elements(_Reader):
    """Finds every element."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.parents = [""]

    def start(self, tag: str, attributes: Attributes) -> None:
        local = self.local(tag)
        self.found.append((self.parents[-1], local, attributes))
        self.parents.append(local)

    def end(self, tag: str) -> None:
        self.parents.pop()

    def characters(self, text: str) -> None:
        pass


class _Texts(_Reader):
    """Finds texts: those of `t`, joined over the runs of an `si`."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.pieces: list[str] = []
        self.length = 0
        self.is_text = False
        self.is_silent = False

    def start(self, tag: str, attributes: Attributes) -> None:
        local = self.local(tag)
        if local == "t":
            self.is_text = not self.is_silent
        elif local == "si":
            self.begin()
        elif local == "rPh":
            self.is_silent = True

    def end(self, tag: str) -> None:
        local = self.local(tag)
        if local == "t":
            self.is_text = False
        elif local == "si":
            self.found.append(self.text())
        elif local == "rPh":
            self.is_silent = False

    def characters(self, text: str) -> None:
        if self.is_text and self.length < CELL_CHARACTERS:
            self.pieces.append(text)
            self.length += len(text)

    def begin(self) -> None:
        """Forget the text before."""
        self.pieces.clear()
        self.length = 0

    def text(self) -> str:
        """The text since `begin`, with the signs that XML cannot hold, which workbooks write as _x000D_."""
        text = self.pieces[0] if len(self.pieces) == 1 else "".join(self.pieces)
        if "_x" in text:
            text = ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
        return text[:CELL_CHARACTERS]


class _Rows(_Texts):
    """Finds rows: the number that each states (0 for none), and its cells."""

    def __init__(self, name: str, text_of: CellText) -> None:
        super().__init__(name)
        self.text_of = text_of
        self.columns: dict[str, int] = {}
        self.row = 0
        self.cells: list[str] = []
        self.column = -1
        self.kind = self.style = ""

    def start(self, tag: str, attributes: Attributes) -> None:
        local = self.local(tag)
        if local == "c":
            self.begin()
            place = attributes.get("r")
            self.column = self.column_of(place) if place else self.column + 1
            self.kind = attributes.get("t", "")
            self.style = attributes.get("s", "")
        elif local in {"v", "t"}:
            self.is_text = not self.is_silent
        elif local == "row":
            self.row = int(attributes.get("r") or 0)
            self.cells = []
            self.column = -1
        elif local == "rPh":
            self.is_silent = True

    def end(self, tag: str) -> None:
        local = self.local(tag)
        if local in {"v", "t"}:
            self.is_text = False
        elif local == "c":
            if self.pieces:
                self.add(self.text())
        elif local == "row":
            self.found.append((self.row, self.cells))
        elif local == "rPh":
            self.is_silent = False

    def add(self, stored: str) -> None:
        """Put the text of a cell at its column, unless it is blank."""
        text = stored if self.kind == "inlineStr" else self.text_of(self.kind, self.style, stored)
        if not text or text.isspace():
            return
        missing = self.column - len(self.cells)
        if missing >= 0:
            self.cells.extend([""] * missing)
            self.cells.append(text)
        else:
            self.cells[self.column] = text

    def column_of(self, place: str) -> int:
        """The column of a cell such as "AB12", counted from 0."""
        letters = place.rstrip(DIGITS)
        column = self.columns.get(letters)
        if column is None:
            number = 0
            for letter in letters.upper():
                number = number * 26 + ord(letter) - 64
            if not 0 < number <= COLUMNS_OF_A_SHEET:
                raise ValueError("no sheet has such a column")
            column = self.columns[letters] = number - 1
        return column
