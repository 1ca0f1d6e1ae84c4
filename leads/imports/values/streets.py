"""Street addresses: where the unit begins, and the key that compares streets however they are written.

`usaddress` tells street, unit and place apart. An address of number, name, kind of street and unit is read by one
expression, which answers only where the library would answer the same.
"""

import re
from typing import NamedTuple

import usaddress

from leads.imports.values.placeholders import clean
from leads.imports.values.places import read_zip, state_code
from leads.imports.values.street_words import (
    DIRECTIONS,
    KEY_WORDS,
    LONE_UNITS,
    PLAIN_UNIT_TYPES,
    STREET_WORDS,
    TENS,
    UNIT_TYPES,
)


class Street(NamedTuple):
    """A street address without its place.

    `key` compares streets ("8931 W LARKSPUR AVE"), `unit` is the unit as it is shown ("APT 5", "# 3B", "REAR") and
    `unit_key` compares units ("5"). `city`, `state`, `zip5` and `plus4` are what stood behind the street, else "".
    """

    key: str
    unit: str = ""
    unit_key: str = ""
    city: str = ""
    state: str = ""
    zip5: str = ""
    plus4: str = ""

    @property
    def has_number(self) -> bool:
        """False for land without a house number ("0 Main St", "US HWY 27") and intersections."""
        return HOUSE_NUMBER.match(self.key) is not None

    @property
    def full_key(self) -> str:
        """Street and unit in one key."""
        return f"{self.key}#{self.unit_key}" if self.unit_key else self.key


STREET_MAX_LENGTH = 200
"""A longer text is no address; its key is the text."""

KINDS = (
    "ST|AVE|RD|DR|LN|CT|PL|WAY|BLVD|TER|CIR|PKWY|SQ|LOOP|TRL|CV|PT|RUN|PATH|XING|PIKE|TRCE|ROW|WALK|PASS|BND|HOLW|RDG|HWY"
    "|STREET|AVENUE|ROAD|DRIVE|LANE|COURT|PLACE|BOULEVARD|TERRACE|CIRCLE|PARKWAY|SQUARE|TRAIL|COVE|POINT|CROSSING|TRACE"
    "|AV|TERR|BL|PKY|TPKE|ALY|GRV|VW|HTS|CRES"
)
PLAIN_STREET = re.compile(
    r"([1-9]\d{0,5}) (?:(N|S|E|W|NE|NW|SE|SW|NORTH|SOUTH|EAST|WEST) )?"
    r"([A-Z]{2,}|\d{0,2}(?:1ST|2ND|3RD|[04-9]TH)|\d?1[123]TH)(?: ([A-Z]{2,}))?(?: ([A-Z]{2,}))? "
    rf"({KINDS})(?: (N|S|E|W|NE|NW|SE|SW))?(?: (APT|UNIT|STE|#) ([A-Z]?[1-9]\d{{0,3}}[A-Z]?))?",
    re.ASCII,
)

PLAIN_BOX = re.compile(r"(?:PO|P O) BOX ([1-9]\d{0,5})", re.ASCII)

SPELLINGS = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\b(?:P\s?O|POST OFFICE)\s?(?:BOX|BX|DRAWER)\b(?: NO)?|\bPOB(?:OX)?\b|^BOX\b(?= \d)", "PO BOX"),
        (r"\b(?:RURAL ROUTE|RURAL RT|R R|RFD|R F D)\b(?= \d)", "RR"),
        (r"\b(?:RT|RTE|ROUTE) (?=\d+ BOX \d)", "RR "),
        (r"\b(?:HIGHWAY CONTRACT|H C|STAR ROUTE)\b(?= \d)", "HC"),
        (r"\bU S(?= (?:HWY|HIGHWAY|RT|RTE|ROUTE|\d))", "US"),
        (r"\bUS (?:HIGHWAY|HWY|HIWAY|ROUTE|RTE|RT) (?=\d)|\bUS (?=\d+\b)", "US HWY "),
        (r"\b(?:STATE (?:ROAD|ROUTE|RD|RTE|RT|HIGHWAY|HWY)|ST (?:RD|RT|RTE|HWY) (?=\d)|SR|SH|S R) ?(?=\d)", "SR "),
        (r"\b(?:COUNTY|CNTY|CTY|CO) (?:ROAD|RD|ROUTE|RTE|RT) ?(?=\w{1,5}\b)|\b(?:CR|C R) ?(?=\d)", "CR "),
        (r"\b(?:COUNTY|CNTY|CTY|CO) (?:HIGHWAY|HWY) ?(?=\w{1,5}\b)", "CO HWY "),
        (r"\b(?:FARM TO MARKET|FARM-TO-MARKET|FM|F M) ?(?:ROAD|RD)? ?(?=\d)", "FM "),
        (r"\b(?:RANCH TO MARKET|RANCH ROAD|RANCH RD|RM|R M) ?(?:ROAD|RD)? ?(?=\d{2,4}$)", "RM "),
        (r"\b(?:INTERSTATE|IH|I)[ -]?(?=\d{1,3}\b)", "I "),
        (r"(?<=\w )(\d{1,2})(?:ST|ND|RD|TH) (?:FLOOR|FLR|FL)$", r"FLOOR \1"),
    )
]
SPELLING_HINT = re.compile(
    r"BO?X|POB|\bRU?R|\bR ?F|\bRT|\bROUTE|\bH\w* C|\bU ?S\b|STATE|\bS ?[RH] ?\d|C(?:OU)?N?TY|\bCO?\b|\bC ?R ?\d|FARM"
    r"|\d\w\w FL|RANCH|\b[FR] ?M(?:\b| ?\d)|\bI|STAR|\bST R|\bST H"
)
MARKS = str.maketrans(dict.fromkeys(".'’`\"*!?", "") | dict.fromkeys(",;:()[]_\\", " "))
HOUSE_NUMBER = re.compile(r"(?!0 |\d+(?:ST|ND|RD|TH)\b)[A-Z]{0,2}\d[\w./-]*(?: |$)|(?:PO BOX|RR|HC) ")
BARE_UNIT = re.compile(r"(?!\d+(?:ST|ND|RD|TH)$)[A-Z]{0,2}-?\d{1,5}-?[A-Z]?|\d{1,3}-[A-Z0-9]{1,3}", re.IGNORECASE)
BARE_UNIT_MAX_LENGTH = 6
NUMBER_FOLLOWS = frozenset(
    {"HWY", "RTE", "CR", "SR", "SH", "FM", "RM", "BOX", "US", "I", "IH", "HC", "RR", *UNIT_TYPES}
)
ENDINGS = {1: "ST", 2: "ND", 3: "RD"}
NUMBERED_KINDS = frozenset({"ST", "AVE", "RD", "DR", "LN", "CT", "PL", "TER", "WAY", "CIR", "BLVD"})
UNIT_MARK = re.compile(r"#\s*")
HYPHEN_IN_NAME = re.compile(r"(?<=[A-Z])-(?=[A-Z])")
GRID = re.compile(r"\b([NSEW])\s?(\d{1,3})\s?([NSEW])\s?(\d{1,5})\b")
STATES_THAT_STREETS_END_IN = frozenset({"CT", "NE"})
"""Connecticut and Nebraska count behind a street with a ZIP code alone: a Court and the northeast are as likely."""

SURE_UNITS = frozenset({"APARTMENT", "APT", "UNIT", "SUITE", "STE", "ROOM", "BUILDING", "BLDG", "TRAILER", "TRLR"})
UNIT_LABELS = frozenset({"OccupancyType", "OccupancyIdentifier", "SubaddressType", "SubaddressIdentifier"})
UNIT_AT_END = re.compile(
    r"(?<=\S) (?:(APARTMENT|APT|UNIT|SUITE|STE|ROOM|BUILDING|BLDG|LOT|SPACE|SPC|TRAILER|TRLR|FLOOR|FLR|PENTHOUSE|PMB|#)"
    r" ?(?:# ?)?([A-Z]{0,2}-?\d{1,5}(?:-?[A-Z0-9]{1,4})?|[A-Z]))$"
)
CARE_OF = re.compile(r"^(?:%|(?:C/O|ATTN|ATTENTION|CARE OF)\b)\D*?(?=\d|PO? BOX|P O BOX)")
GLUED_UNIT = re.compile(r"\b(APT|UNIT|STE|BLDG|LOT|SPC|TRLR)(?=\d)")


def read_street(text: str) -> Street:
    """Return a street address by its parts: key and unit, and the place if one stands behind it.

    "9419 S Umber Place, Unit 3B" has the key "9419 S UMBER PL" and the unit "UNIT 3B". Highways, PO boxes, grid
    addresses, fractions, hyphenated numbers, intersections and land without a number keep all their words.
    """
    line = normal_line(text)
    return read_street_fast(line) or read_street_by_library(line)


def normal_line(text: str) -> str:
    """Return an address in capitals, without marks, with single blanks, and "#" apart from what follows."""
    line = text.upper().translate(MARKS)
    if "#" in line:
        line = UNIT_MARK.sub(" # ", line)
    return " ".join(line.split())


def read_street_fast(line: str) -> Street | None:
    """Return what `read_street_by_library` returns for a plain `normal_line`, or None where that is not sure."""
    plain = PLAIN_STREET.fullmatch(line)
    if plain is None:
        box = PLAIN_BOX.fullmatch(line)
        return Street(f"PO BOX {box[1]}") if box else None
    number, before, one, two, three, kind, behind, unit_type, unit = plain.groups("")
    if one in UNPLAIN_WORDS or two in UNPLAIN_WORDS or three in UNPLAIN_WORDS:
        return None
    name = KEY_WORDS.get(one, one)
    if two:
        name = f"{name} {KEY_WORDS.get(two, two)}"
        if three:
            name = f"{name} {KEY_WORDS.get(three, three)}"
    key = f"{number} {DIRECTIONS[before]} {name}" if before else f"{number} {name}"
    kind = STREET_WORDS.get(kind, kind)
    key = f"{key} {kind} {behind}" if behind else f"{key} {kind}"
    return Street(key, f"{unit_type} {unit}", unit) if unit else Street(key)


def read_street_by_library(line: str) -> Street:
    """Return the parts of a `normal_line` as `usaddress` finds them."""
    if len(line) > STREET_MAX_LENGTH or not line:
        return Street(line)
    line = common_spelling(line)
    labels = usaddress.parse(line)
    tokens = [token.strip(",") for token, _ in labels]
    kinds = [label for _, label in labels]
    end, place = cut_place(tokens, kinds)
    street: list[str] = []
    unit: list[str] = []
    is_in_unit = False
    for token, kind in zip(tokens[:end], kinds[:end], strict=True):
        is_in_unit = kind in UNIT_LABELS and (is_in_unit or begins_unit(token))
        (unit if is_in_unit else street).append(token)
    if not HOUSE_NUMBER.match(" ".join(street)) or tokens[0] == "LOT":
        street, unit = tokens[:end], []
    elif unit[-1:] and unit[-1] in UNIT_TYPES:
        unit.pop()
    elif unit and not any(map(may_be_unit, unit)) and (unit[-1] in DIRECTIONS or unit[-1] != tokens[end - 1]):
        street, unit = tokens[:end], []
    while any(token in UNIT_TYPES for token in unit[1:]) and not may_be_unit(unit[0]):
        street.append(unit.pop(0))
    if unit and len(street) > 2 and street[-1] in SURE_UNITS and unit[0] not in UNIT_TYPES:
        unit.insert(0, street.pop())  # the library takes "APARTMENT" for a word of the street now and then
    if not unit:
        street, unit = unit_of(street)
    return Street(street_key(street), *unit_parts(unit), *place)


def begins_unit(token: str) -> bool:
    """True for "APT", "#", "REAR", "3B" and "B"; the library takes words of streets for units now and then."""
    return len(token) < 3 or may_be_unit(token)


def may_be_unit(token: str) -> bool:
    """True for "APT", "#", "REAR" and "3B", but not for "B" and "12TH"."""
    if token in UNIT_TYPES or token in LONE_UNITS:
        return True
    return any(c.isdigit() for c in token) and not token.endswith(("ST", "ND", "RD", "TH"))


def common_spelling(line: str) -> str:
    """Return a line with highways, rural routes, boxes and grid numbers in their common spelling."""
    if line.startswith(("%", "C", "A")):
        line = CARE_OF.sub("", line)
    line = GLUED_UNIT.sub(r"\1 ", GRID.sub(r"\1\2\3\4", line))
    if SPELLING_HINT.search(line):
        for pattern, replacement in SPELLINGS:
            line = pattern.sub(replacement, line)
    return " ".join(line.split())


def cut_place(tokens: list[str], kinds: list[str]) -> tuple[int, tuple[str, str, str, str]]:
    """Return where the street ends, and (city, state, ZIP, plus4) if a state or ZIP code stands behind it."""
    end = len(tokens)
    zip_code = state = None
    if end > 2 and kinds[end - 1] == "ZipCode" and (zip_code := read_zip(tokens[end - 1])):
        end -= 1
    start = end
    while start > 1 and kinds[start - 1] == "StateName":
        start -= 1
    if start < end and (state := state_code(" ".join(tokens[start:end]))):
        end = start
    if not state or (not zip_code and state in STATES_THAT_STREETS_END_IN):
        return len(tokens), ("", "", "", "")
    start = end
    while start > 1 and kinds[start - 1] == "PlaceName":
        start -= 1
    city = " ".join(tokens[start:end])
    return start, (city, state, *(zip_code or ("", "")))


def unit_of(words: list[str]) -> tuple[list[str], list[str]]:
    """Return (street, unit) where the library saw no unit but the last words are one."""
    if len(words) > 2 and words[-1] in LONE_UNITS and words[-2] not in DIRECTIONS:
        return words[:-1], words[-1:]
    found = UNIT_AT_END.search(" ".join(words))
    if found and len(words) > 3:
        return " ".join(words)[: found.start()].split(), [found[1], found[2]]
    return words, []


def street_key(words: list[str]) -> str:
    """Return what compares streets: usual words abbreviated, leading zeros of the number and hyphens of names gone."""
    text = HYPHEN_IN_NAME.sub(" ", " ".join(words)).replace(" - ", "-")
    parts = with_ordinals([KEY_WORDS.get(word, word) for word in text.split()])
    if parts and parts[0].isdigit():
        parts[0] = parts[0].lstrip("0") or "0"
    return " ".join(parts).replace(" # ", " ").strip("# ")


def with_ordinals(parts: list[str]) -> list[str]:
    """Return the words of a street with its number as an ordinal: "9 E 5 ST" and "9 E 5TH ST" are one."""
    for at in range(1, len(parts) - 1):
        before, word, behind = parts[at - 1 : at + 2]
        if word in TENS and behind[0] in "123456789" and behind[1:] in {"ST", "ND", "RD", "TH"}:
            return [*parts[:at], TENS[word] + behind, *parts[at + 2 :]]
        is_first = at == 1 or (at == 2 and before in DIRECTIONS)
        if is_first and word.isdigit() and len(word) < 4 and behind in NUMBERED_KINDS and parts[0][0].isdigit():
            return [*parts[:at], ordinal(int(word)), *parts[at + 1 :]]
    return parts


def ordinal(number: int) -> str:
    """Return a number as streets have it: "1ST", "12TH", "22ND"."""
    return f"{number}{'TH' if 10 < number % 100 < 14 else ENDINGS.get(number % 10, 'TH')}"


def unit_parts(words: list[str]) -> tuple[str, str]:
    """Return (unit as shown, unit's key) of the words of a unit: ("APT 5", "5"), ("BLDG 4 APT 12", "BLDG 4 12")."""
    shown: list[str] = []
    key: list[str] = []
    for word in words:
        kind = UNIT_TYPES.get(word) if word in UNIT_TYPES and word != words[-1] else None
        if kind:
            if kind == "#" and shown and shown[-1] in UNIT_TYPES:
                continue
            shown.append(kind)
            if kind not in PLAIN_UNIT_TYPES:
                key.append(kind)
        else:
            value = LONE_UNITS.get(word, word)
            shown.append(value)
            key.append(value.replace("-", "").lstrip("0") or value)
    return " ".join(shown), " ".join(key)


def second_line(street: str, line: str) -> str:
    """Return street and second address line in one: a bare "5" or "3B" behind a whole street is a unit.

    Columns that hold the number, the direction, the name and the kind of a street are joined in the same way.
    """
    if not street or not line:
        return street or line
    if len(line) <= BARE_UNIT_MAX_LENGTH and BARE_UNIT.fullmatch(line) and is_whole(street.upper().split()):
        return f"{street} # {line}"
    return f"{street} {line}"


def is_whole(words: list[str]) -> bool:
    """True if words of a street say more than its number and direction, and no number belongs behind them."""
    last = words[-1].rstrip(".,")
    if len(words) > 1 and words[-2] in {"COUNTY", "STATE", "CO", "CNTY", "CTY", "US"}:
        return False
    names = [word for word in words[1:] if word.rstrip(".,") not in DIRECTIONS and word[:1].isalnum() and len(word) > 1]
    return bool(names) and last not in NUMBER_FOLLOWS and STREET_WORDS.get(last) not in NUMBER_FOLLOWS


def looks_like_street(text: str) -> bool:
    """True for a text that begins like a street address: number and words, a PO box, a rural route or a highway."""
    line = normal_line(clean(text))
    if read_street_fast(line):
        return True
    words = common_spelling(line).split()
    if len(words) < 2:
        return False
    if line.startswith(("PO BOX", "RR ", "HC ", "US HWY", "SR ", "CR ", "FM ", "P O BOX")) or words[:2] == [
        "PO",
        "BOX",
    ]:
        return True
    has_kind = any(word in STREET_WORDS for word in words[1:])
    return words[0][0].isdigit() and any(word.isalpha() for word in words[1:]) and (has_kind or len(words) > 2)


UNPLAIN_WORDS = frozenset(
    {
        *UNIT_TYPES,
        *LONE_UNITS,
        *DIRECTIONS,
        *TENS,
        "AND",
        "OR",
        "AT",
        "OF",
        "BOX",
        "BX",
        "PO",
        "POB",
        "POBOX",
        "US",
        "RR",
        "HC",
        "CR",
        "SR",
    }
    | {
        "SH",
        "FM",
        "RM",
        "IH",
        "RT",
        "RTE",
        "ROUTE",
        "CO",
        "CTY",
        "CNTY",
        "COUNTY",
        "STATE",
        "FARM",
        "RANCH",
        "RURAL",
        "STAR",
    }
    | {"INTERSTATE", "POST", "HWY", "HIGHWAY", "HIWAY", "HIGHWY", "HWAY", "HIWY", "RFD"}
)
"""Words that have a meaning of their own in addresses; a street whose name holds one is not plain."""
