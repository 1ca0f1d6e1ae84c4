"""Values that stand for "nothing": what people and programs write into a cell that has no value."""

import re
from functools import lru_cache

PLACEHOLDERS = frozenset(
    (
        "", "0", "00", "0.0", "00000", "000000", "0000000000", "n/a", "na", "n.a", "#n/a", "#na", "n a", "none",
        "null", "nil", "nan", "nat", "unknown", "unk", "unkn", "not available", "not provided", "not given",
        "not applicable", "not found", "not listed", "unlisted", "no data", "no email", "no e-mail", "no phone",
        "no number", "no address", "no mailing address", "no situs", "no site address", "no name", "none given",
        "undefined", "blank", "empty", "missing", "tbd", "tba", "pending", "(blank)", "(none)", "(null)", "(empty)",
        "[blank]", "[null]", "<null>", "<blank>", "#ref!", "#value!", "#name?", "#null!", "#div/0!", "#num!", "x",
        "xx", "xxx", "xxxx", "xxxxx",
    )
)  # fmt: skip

EDGES = " \t\r\n\v\f\xa0\u200b\u200e\u200f\ufeff"
NOTHING_BUT_MARKS = re.compile(r"[\W_]*")
EXCEL_TEXT = re.compile(r'="?([^"]*)"?')


def clean(text: str) -> str:
    """Return a cell's text without blanks around it, with single blanks inside it, and "" for a placeholder.

    "N/A", "none", "-", "0", "unknown", "null" and the like are placeholders. The guards that keep a spreadsheet from
    taking a text for a number (``'01109``, ``="01109"``) are taken off.
    """
    if text.isalnum() and text.isascii() and len(text) > 10:
        return text
    return clean_any(text)


@lru_cache(maxsize=8192)
def clean_any(text: str) -> str:
    """`clean` for every text, remembered for the values that a column repeats."""
    text = " ".join(text.strip(EDGES).split())
    if text[:1] in {"'", "="} and len(text) > 1:
        guarded = EXCEL_TEXT.fullmatch(text)
        if guarded and guarded[1] and not set(guarded[1]) & set("()+*/"):
            text = guarded[1].strip()
        elif text[0] == "'":
            text = text[1:].strip()
    if text.lower().rstrip(".") in PLACEHOLDERS or NOTHING_BUT_MARKS.fullmatch(text):
        return ""
    return text
