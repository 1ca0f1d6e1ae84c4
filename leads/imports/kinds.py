"""What a file is by its first bytes, whatever its name says: a workbook, a text, or something Atlas cannot read."""

import re
from pathlib import Path

from leads.imports.limits import CSV_BYTES, MEGABYTE, WORKBOOK_BYTES
from leads.imports.problems import FileRefused

HEAD_BYTES = 4_096
BLOCK_BYTES = 1 << 20

ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
OLE_START = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # Excel before 2007, and workbooks with a password
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")

SAVE_AS_CSV = "Open it in a spreadsheet program, save it as CSV or XLSX, and upload that."
# What the file begins with, and what it is then.
STARTS = [
    (b"%PDF", "a PDF document"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x89PNG", "a picture"),
    (b"GIF8", "a picture"),
    (b"II*\x00", "a picture"),
    (b"MM\x00*", "a picture"),
    (b"\x1f\x8b", "a compressed file"),
    (b"BZh", "a compressed file"),
    (b"7z\xbc\xaf", "a compressed file"),
    (b"Rar!", "a compressed file"),
    (b"\xfd7zXZ", "a compressed file"),
    (b"{\\rtf", "a text document"),
    (b"BEGIN:VCARD", "a file of contact cards"),
    (b"SQLite format 3", "a database"),
    (b"PAR1", "a Parquet file"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
]
MARKUP = re.compile(rb"\s*(?:<\?xml|<!doctype|<!--|<html|<head|<body|<table|<meta|<style|<svg)", re.IGNORECASE)
JSON = re.compile(rb'\s*(?:\[\s*)?\{\s*"[^"\n]*"\s*:')


def is_workbook(path: Path, *, name: str) -> bool:
    """Tell a workbook (XLSX, or another archive) from a text, after refusing by its first bytes what is neither.

    :raises FileRefused: when the file is empty, too large, of another kind, or protected by a password
    """
    size = path.stat().st_size
    if not size:
        raise FileRefused(f"{name} is empty. Upload a CSV or XLSX file with a row for each lead.")
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if head.startswith(ZIP_STARTS):
        _refuse_size(size, name, of_workbook=True)
        return True
    _refuse_size(size, name, of_workbook=False)
    if head.startswith(OLE_START):
        _refuse_ole(path, name)
    what = next((what for start, what in STARTS if head.startswith(start)), None)
    if what:
        raise FileRefused(f"{name} is {what}, whatever its name says. Upload the list itself as CSV or XLSX.")
    text = head.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"").lstrip(b"\xff\xfe")
    if MARKUP.match(text):
        raise FileRefused(f"{name} is a web page or an XML document, not a table of text. {SAVE_AS_CSV}")
    if JSON.match(text):
        raise FileRefused(f"{name} is JSON, which Atlas does not read. Save the list as CSV and upload that.")
    return False


def refuse_large_upload(size: int, *, name: str) -> None:
    """Refuse a file by the length that was declared for it, before any of it is read.

    :raises FileRefused: when it has more bytes than a file of its ending may have
    """
    _refuse_size(size, name, of_workbook=name.lower().endswith((".xlsx", ".xlsm")))


def _refuse_size(size: int, name: str, *, of_workbook: bool) -> None:
    megabytes = f"{name} has {size / MEGABYTE:,.0f} MB"
    if of_workbook and size > WORKBOOK_BYTES:
        raise FileRefused(
            f"{megabytes}; Atlas reads workbooks of at most {WORKBOOK_BYTES // MEGABYTE} MB. "
            f"Save it as CSV, which may have {CSV_BYTES // MEGABYTE} MB."
        )
    if size > CSV_BYTES:
        raise FileRefused(
            f"{megabytes}; Atlas reads files of at most {CSV_BYTES // MEGABYTE} MB. Split it into several files."
        )


def _refuse_ole(path: Path, name: str) -> None:
    """Refuse what has Microsoft's older container: a workbook with a password, or one of Excel before 2007."""
    with path.open("rb") as file:
        before = b""
        while block := file.read(BLOCK_BYTES):
            if ENCRYPTED in before + block:
                raise FileRefused(f"{name} is protected by a password. Remove the password and upload it again.")
            before = block[-len(ENCRYPTED) :]
    raise FileRefused(
        f"{name} is a file of an older Excel. Save it as an Excel workbook (.xlsx) or as CSV and upload that."
    )
