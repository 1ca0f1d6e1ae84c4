"""Values that stand for "nothing": what people and programs write into a cell that has no value."""

import re

PLACEHOLDERS = frozenset(
    (
        "", "0", "00", "0.0", "00000", "000000", "0000000000", "n/a", "na", "n.a", "#n/a", "#na", "n a", "none",
        "null", "nil", "nan", "nat", "unknown", "unk", "unkn", "not available", "not provided", "not given",
        "not applicable", "not found", "not listed", "unlisted", "no data", "no email", "no e-mail", "no phone",
        "no number", "no address", "no mailing address", "no situs", "no site address", "no name", "none given",
        "unknown address", "address unknown", "no situs address",
        "no address available", "unassigned", "undefined", "tbd", "tba", "unknown owner", "current owner", "occupant",
        "owner unknown", "current resident", "(blank)", "(none)", "(null)", "(empty)",
        "[blank]", "[null]", "<null>", "<blank>", "#ref!", "#value!", "#name?", "#null!", "#div/0!", "#num!", "x",
        "xx", "xxx", "xxxx", "xxxxx",
    )
)  # fmt: skip

EDGES = " \t\r\n\v\f\xa0\u200b\u200e\u200f\ufeff"
EXCEL_TEXT = re.compile(r'="?([^"()+*/]+)"?')
NOTHING_BUT_MARKS = re.compile(r"[\W_]*")
PLACEHOLDER_MAX_LENGTH = max(map(len, PLACEHOLDERS)) + 1


def clean(text: str) -> str:
    """Return a cell's text without blanks around it, with single blanks inside it, and "" for a placeholder.

    "N/A", "none", "-", "0", "unknown", "null" and the like are placeholders. The guards that keep a spreadsheet from
    taking a text for a number (``'01109``, ``="01109"``) are taken off.
    """
    if not text:
        return ""
    text = text.strip(EDGES)
    if "  " in text or not text.isprintable():
        text = " ".join(text.split())
    if text[:1] in GUARDS:
        text = unguarded(text)
    if len(text) > PLACEHOLDER_MAX_LENGTH:
        return text
    if text.lower().rstrip(".") in PLACEHOLDERS or (text[0] not in LETTERS_AND_DIGITS and is_marks(text)):
        return ""
    return text


GUARDS = ("'", "=")
LETTERS_AND_DIGITS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


def unguarded(text: str) -> str:
    """Return a text without the guard of a spreadsheet around it; a formula stays as it is."""
    guarded = EXCEL_TEXT.fullmatch(text)
    if guarded:
        return guarded[1].strip()
    return text[1:].strip() if text[0] == "'" else text


def is_marks(text: str) -> bool:
    """True for a text without letters and digits: "-", "...", "//"."""
    return NOTHING_BUT_MARKS.fullmatch(text) is not None
