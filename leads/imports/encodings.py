"""Which encoding a text is in, and its lines, in memory that does not grow with the file."""

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from leads.imports.limits import LINE_CHARACTERS
from leads.imports.problems import FileRefused

BLOCK_BYTES = 1 << 18
SUSPECT_BYTES = 1 << 16
"""Of lines with bytes beyond ASCII, enough to tell old encodings from each other."""

CERTAIN = 1_000
"""Bytes that are no UTF-8, after which a file is not UTF-8 if it has no more that are."""

MARKS = [
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]
# What spreadsheet programs called "CSV" have written, on Windows, on the Macintosh, and in MS-DOS.
OLD_ENCODINGS = ["cp1252", "mac_roman", "cp437", "cp850"]

LETTER_IN_WORD = re.compile(rb"(?<=[A-Za-z])[\xc0-\xff](?=[A-Za-z])")
# In Windows' encoding these are signs, which do not stand inside of words; an apostrophe (92) does.
SIGN_IN_WORD = re.compile(rb"(?<=[A-Za-z])[\x80-\x91\x93-\xbf](?=[A-Za-z])")

WITHOUT_SIGNS = {0: None, 0xFEFF: None}
UNREADABLE = bytes({*range(9), *range(14, 32)} - {0x00, 0x1A, 0x1B, 0x1C, 0x1D, 0x1E, 0x1F})
MOST_UNREADABLE = 0.02
MOST_NULLS = 0.3


def _as_windows_text(error: UnicodeError) -> tuple[str, int]:
    """Read bytes that do not fit the encoding of the rest as what they mostly are, so that no row is lost to one."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    if error.encoding.startswith("utf-16") or error.encoding.startswith("utf-32"):
        return "\ufffd", error.end
    wrong = error.object[error.start : error.end]
    return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in wrong), error.end


codecs.register_error("windows_text", _as_windows_text)


@dataclass(frozen=True, slots=True)
class Text:
    """A text file as bytes tell it."""

    encoding: str
    line_count: int
    """Of its line ends; the last line may have none."""


def survey_text(path: Path, *, name: str) -> Text:
    """Go through the whole file once for its encoding, because the first letter beyond ASCII may come late.

    A text that is UTF-8 but for a few bytes is UTF-8, and one that is not at all is of Windows ("cp1252") unless its
    words only make sense in an older encoding.

    :raises FileRefused: when the file is no text, or has a line of enormous length
    """
    with path.open("rb") as file:
        head = file.read(BLOCK_BYTES)
        marked = next((encoding for mark, encoding in MARKS if head.startswith(mark)), None)
        encoding = marked or _wide_encoding(head)
        if not encoding:
            _refuse_binary(head, name)
        file.seek(0)
        count = _Count(is_wide=bool(encoding) and encoding != "utf-8-sig", name=name)
        while block := file.read(BLOCK_BYTES):
            count.add(block)
    return Text(encoding or count.encoding(), count.lines)


class _Count:
    """What is known of the blocks of a file so far."""

    def __init__(self, *, is_wide: bool, name: str) -> None:
        self.is_wide = is_wide
        self.name = name
        self.lines = 0
        self.length = 0
        self.good = 0
        self.bad = 0
        self.suspects = bytearray()
        self.decode = codecs.getincrementaldecoder("utf-8")("strict").decode

    def add(self, block: bytes) -> None:
        """Count the lines of a block and what of it is UTF-8."""
        if not self.is_wide and b"\0" in block:
            block = block.replace(b"\0", b"")
        self.lines += block.count(b"\n") or block.count(b"\r")
        self._measure_line(block)
        if not self.is_wide and not (self.bad > CERTAIN and self.bad > self.good):
            self._look_for_letters(block)

    def _measure_line(self, block: bytes) -> None:
        end = max(block.rfind(b"\n"), block.rfind(b"\r"))
        self.length = len(block) - end - 1 + (self.length if end < 0 else 0)
        if self.length > LINE_CHARACTERS * 4:  # bytes of a character at most
            raise line_too_long(self.name)

    def _look_for_letters(self, block: bytes) -> None:
        try:
            self.good += len(block) - len(self.decode(block))
            return
        except UnicodeDecodeError:
            self.decode = codecs.getincrementaldecoder("utf-8")("strict").decode
        text = block.decode("utf-8", "ignore")
        kept = len(text.encode())
        self.good += kept - len(text)
        self.bad += len(block) - kept
        for line in block.splitlines():
            if len(self.suspects) < SUSPECT_BYTES and not line.isascii():
                self.suspects += line[:1_000] + b"\n"

    def encoding(self) -> str:
        return "utf-8" if self.bad <= self.good else _old_encoding(bytes(self.suspects))


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16 without its mark, told by the empty halves of its ASCII letters."""
    half = len(head) // 2
    nulls_first, nulls_second = head[::2].count(0), head[1::2].count(0)
    if nulls_second > half * 0.4 and nulls_first < half * 0.1:
        return "utf-16-le"
    if nulls_first > half * 0.4 and nulls_second < half * 0.1:
        return "utf-16-be"
    return None


def _old_encoding(suspects: bytes) -> str:
    """The encoding of lines that are no UTF-8."""
    if len(SIGN_IN_WORD.findall(suspects)) <= len(LETTER_IN_WORD.findall(suspects)):
        return "cp1252"
    best = from_bytes(suspects, cp_isolation=OLD_ENCODINGS).best()
    return best.encoding if best and best.encoding in OLD_ENCODINGS else "cp1252"


def _refuse_binary(head: bytes, name: str) -> None:
    text = head.rstrip(b"\0")  # which some programs fill a block with
    unreadable = len(text) - len(text.translate(None, UNREADABLE))
    if not text or unreadable > len(text) * MOST_UNREADABLE + 2 or text.count(0) > len(text) * MOST_NULLS + 2:
        raise FileRefused(f"{name} is not a text file. Save the list as CSV or XLSX and upload that.")


def line_too_long(name: str) -> FileRefused:
    """The refusal of a file with a line that no record of a list can have."""
    return FileRefused(
        f"{name} has a line of more than {LINE_CHARACTERS:,} characters, so it is no list with a row for each lead. "
        "Save it as CSV with line breaks between the rows."
    )


def lines_of(path: Path, encoding: str, *, name: str) -> Iterator[str]:
    """Yield the lines of a text, each with one "\\n" whatever ended it, without null characters and byte order marks.

    :raises FileRefused: at a line of enormous length
    """
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)("windows_text"), translate=True)
    rest = ""
    with path.open("rb") as file:
        is_over = False
        while not is_over:
            block = file.read(BLOCK_BYTES)
            is_over = not block
            text = decoder.decode(block, final=is_over)
            if "\0" in text or "\ufeff" in text:  # which stands where two files were put together
                text = text.translate(WITHOUT_SIGNS)
            text = rest + text
            if is_over:
                text = text.rstrip("\x1a")  # by which MS-DOS ended texts
            end = len(text) if is_over else text.rfind("\n") + 1
            lines, rest = io.StringIO(text[:end], newline="\n"), text[end:]
            if len(rest) > LINE_CHARACTERS or len(text) > LINE_CHARACTERS < text.find("\n"):
                raise line_too_long(name)
            yield from lines
