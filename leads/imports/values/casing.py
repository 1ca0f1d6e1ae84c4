"""Names that came in capitals, written as people write them."""

import re
from functools import lru_cache

ROMAN = frozenset({"II", "III", "IV", "VI", "VII", "VIII"})
WRITTEN_OTHERWISE = {
    "MACARTHUR": "MacArthur", "MACCALLUM": "MacCallum", "MACDONALD": "MacDonald", "MACDOUGALL": "MacDougall",
    "MACFARLANE": "MacFarlane", "MACGREGOR": "MacGregor", "MACINNES": "MacInnes", "MACINTOSH": "MacIntosh",
    "MACINTYRE": "MacIntyre", "MACKENZIE": "MacKenzie", "MACKINNON": "MacKinnon", "MACLEAN": "MacLean",
    "MACLEOD": "MacLeod", "MACMILLAN": "MacMillan", "MACNEIL": "MacNeil", "MACPHERSON": "MacPherson",
    "MACQUARRIE": "MacQuarrie", "LABRON": "LaBron", "LEBRON": "LeBron", "DEANDRE": "DeAndre", "DEMARCO": "DeMarco",
    "DELUCA": "DeLuca", "DESANTIS": "DeSantis", "DEVITO": "DeVito", "DIMAGGIO": "DiMaggio", "DICAPRIO": "DiCaprio",
    "LAFONTAINE": "LaFontaine", "LEBLANC": "LeBlanc", "PHD": "PhD", "MD": "MD", "DDS": "DDS", "DMD": "DMD",
    "DVM": "DVM", "CPA": "CPA", "NG": "Ng",
}  # fmt: skip
LETTERS = re.compile(r"[^\W\d_]+")
APOSTROPHES = "'’`"
POSSESSIVE = frozenset({"S", "T", "RE", "LL", "VE"})
FORMULA_SIGNS = frozenset("=+-@")
"""What begins a formula of a spreadsheet is no name; it is kept as it came."""

LONG_WORD = 4
"""A word in capitals of a name in both cases is initials when it is shorter ("JD Smith"), shouted when it is not."""


def natural_case(text: str) -> str:
    """Return a name as people write it if it came in capitals or in small letters alone; otherwise unchanged.

    "MCELWAIN" is McElwain, "O'MALLEY" O'Malley, "HATHAWAY-BOONE" Hathaway-Boone, "JOHN SMITH III" John Smith III. In
    "Imogen GALLOWGLASS" the long word in capitals alone is changed; "JD", "DeWitt" and "van der Berg" stay.
    """
    if text[:1] in FORMULA_SIGNS:
        return text
    if text.isupper() or text.islower():
        return " ".join([natural_word(word) for word in text.split(" ")])
    return " ".join(
        [
            natural_word(word) if word.isupper() and len(word.strip(".,")) >= LONG_WORD else word
            for word in text.split(" ")
        ]
    )


@lru_cache(maxsize=16384)
def natural_word(word: str) -> str:
    """Return one word of a name in capitals as people write it. See `natural_case`."""
    pieces, after = [], ""
    upper = word.upper()
    end = 0
    for match in LETTERS.finditer(upper):
        pieces.append(upper[end : match.start()])
        before = upper[match.start() - 1] if match.start() else ""
        is_possessive = before in APOSTROPHES and before and len(after) > 1 and match[0] in POSSESSIVE
        pieces.append(match[0].lower() if is_possessive or before.isdigit() else natural_letters(match[0]))
        after, end = match[0], match.end()
    pieces.append(upper[end:])
    return "".join(pieces)


def natural_letters(letters: str) -> str:
    """Return letters in capitals that no mark divides as people write them."""
    if letters in ROMAN:
        return letters
    if letters in WRITTEN_OTHERWISE:
        return WRITTEN_OTHERWISE[letters]
    if len(letters) == 2 and (not set(letters) & set("AEIOUY") or letters[1] == "J") and letters not in {"JR", "SR"}:
        if letters not in {"ST", "MR", "MS", "DR", "MC"}:
            return letters
    if letters.startswith("MC") and len(letters) > 3:
        return f"Mc{letters[2:].capitalize()}"
    return letters.capitalize()
