"""States, ZIP codes and the texts that hold a city, a state and a ZIP code at once."""

import re
from bisect import bisect_right
from functools import lru_cache
from typing import NamedTuple

from atlas_site.lib.places import STATE_NAMES
from leads.imports.values.placeholders import clean

TERRITORIES = {
    "AS": "American Samoa",
    "FM": "Federated States of Micronesia",
    "GU": "Guam",
    "MH": "Marshall Islands",
    "MP": "Northern Mariana Islands",
    "PR": "Puerto Rico",
    "PW": "Palau",
    "VI": "U.S. Virgin Islands",
}
MILITARY = {"AA": "Armed Forces Americas", "AE": "Armed Forces Europe", "AP": "Armed Forces Pacific"}

STATES = STATE_NAMES | TERRITORIES | MILITARY
"""The names of the states, the District of Columbia, the territories and the military "states" by postal code."""

OTHER_NAMES = {
    "ALA": "AL", "ARIZ": "AZ", "ARK": "AR", "CALIF": "CA", "CAL": "CA", "COLO": "CO", "CONN": "CT", "DEL": "DE",
    "WASHINGTONDC": "DC", "DISTOFCOLUMBIA": "DC", "FLA": "FL", "FLOR": "FL", "ILL": "IL", "ILLS": "IL", "IND": "IN",
    "KANS": "KS", "KAN": "KS", "KEN": "KY", "MASS": "MA", "MICH": "MI", "MINN": "MN", "MISS": "MS", "MONT": "MT",
    "NEBR": "NE", "NEB": "NE", "NEV": "NV", "NMEX": "NM", "NCAR": "NC", "NDAK": "ND", "SCAR": "SC", "SDAK": "SD",
    "OKLA": "OK", "ORE": "OR", "OREG": "OR", "PENN": "PA", "PENNA": "PA", "TENN": "TN", "TEX": "TX", "VIRG": "VA",
    "WASH": "WA", "WVA": "WV", "WISC": "WI", "WIS": "WI", "WYO": "WY", "VIRGINISLANDS": "VI", "USVI": "VI",
    "NCAROLINA": "NC", "SCAROLINA": "SC", "NDAKOTA": "ND", "SDAKOTA": "SD", "NMEXICO": "NM", "WVIRGINIA": "WV",
    "USVIRGINISLANDS": "VI", "MARIANAISLANDS": "MP", "PUERTORICOPR": "PR", "COMMONWEALTHOFPUERTORICO": "PR",
}  # fmt: skip
"""Older abbreviations and further names, in letters alone."""

STATE_BY_LETTERS = {
    **{re.sub(r"[^A-Z]", "", name.upper()): code for code, name in STATES.items()},
    **OTHER_NAMES,
    **{code: code for code in STATES},
}
BOTH_STATE_AND_CITY = frozenset({"NEWYORK", "WASHINGTON"})

# The first three digits of ZIP codes: where each run of one state begins; "" where none are given out.
ZIP_RUNS = (
    "000 005NY 006PR 008VI 009PR 010MA 028RI 030NH 039ME 050VT 055MA 056VT 060CT 070NJ 090AE 100NY 150PA 197DE "
    "200DC 201VA 202DC 206MD 213 214MD 220VA 247WV 269 270NC 290SC 300GA 320FL 340AA 341FL 343 344FL 345 346FL 348 "
    "349FL 350AL 353 354AL 370TN 386MS 398GA 400KY 419 420KY 428 430OH 460IN 480MI 500IA 517 520IA 529 530WI 533 "
    "534WI 536 537WI 550MN 552 553MN 568 569DC 570SD 578 580ND 589 590MT 600IL 621 622IL 630MO 632 633MO 642 644MO "
    "659 660KS 663 664KS 680NE 682 683NE 694 700LA 702 703LA 709 710LA 715 716AR 730OK 732 733TX 734OK 742 743OK "
    "750TX 771 772TX 800CO 817 820WY 832ID 839 840UT 848 850AZ 854 855AZ 858 859AZ 861 863AZ 866 870NM 872 873NM "
    "885TX 886 888DC 889NV 892 893NV 896 897NV 899 900CA 909 910CA 929 930CA 962AP 967HI 969GU 970OR 980WA 987 "
    "988WA 995AK"
).split()
ZIP_STARTS = [int(run[:3]) for run in ZIP_RUNS]
STATE_BY_PREFIX = [ZIP_RUNS[bisect_right(ZIP_STARTS, prefix) - 1][3:] for prefix in range(1000)]
STATE_BY_ZIP = {
    "06390": "NY", "20588": "MD", "20598": "VA", "72643": "MO", "73960": "TX", "83414": "WY", "96799": "AS",
    "96939": "PW", "96940": "PW", "96941": "FM", "96942": "FM", "96943": "FM", "96944": "FM", "96950": "MP",
    "96951": "MP", "96952": "MP", "96960": "MH", "96970": "MH",
}  # fmt: skip
"""ZIP codes that lie in another state than those around them."""

ZIP = re.compile(r"(\d{5})(?:[- ]?(\d{4}))?-?")
ZIP_WITHOUT_ZEROS = re.compile(r"(\d{3,4})(?:-?(\d{4}))?-?")
DECIMALS = re.compile(r"\.0+$")
ZIP_AT_END = re.compile(r"(?:^|[\s,])(\d{5}(?:[- ]?\d{4})?|\d{3,4}(?:-?\d{4})?)(?:\.0+)?-?$")
COUNTRY_AT_END = re.compile(r"(?:^|[\s,]+)(?:U\.?S\.?A\.?|U\.?S\.?|United States(?: of America)?)$", re.IGNORECASE)

CITY_WORDS = {
    "SAINT": "ST", "SAINTE": "STE", "FORT": "FT", "MOUNT": "MT", "NORTH": "N", "SOUTH": "S", "EAST": "E", "WEST": "W",
    "HEIGHTS": "HTS", "SPRINGS": "SPGS", "SPRING": "SPG", "BEACH": "BCH", "CITY": "CTY", "JUNCTION": "JCT",
    "VILLAGE": "VLG", "TOWNSHIP": "TWP", "LAKE": "LK", "LAKES": "LKS", "PARK": "PK", "POINT": "PT", "GROVE": "GRV",
    "ISLAND": "IS", "HARBOR": "HBR", "GARDENS": "GDNS", "VALLEY": "VLY", "CREEK": "CRK", "RIVER": "RIV",
    "CENTER": "CTR", "CENTRE": "CTR", "RIDGE": "RDG", "HILLS": "HLS", "FALLS": "FLS", "ESTATES": "EST",
}  # fmt: skip
CITY_MARKS = str.maketrans(dict.fromkeys(".'’`", "") | dict.fromkeys("-/,;()", " "))


class Zip(NamedTuple):
    """A ZIP code: five digits and, where known, four more (else "")."""

    zip5: str
    plus4: str

    def __str__(self) -> str:
        return f"{self.zip5}-{self.plus4}" if self.plus4 else self.zip5


class CityStateZip(NamedTuple):
    """The parts of "Springfield, MA 01109". `city` is as written; `state` a postal code; each may be ""."""

    city: str
    state: str
    zip5: str
    plus4: str


@lru_cache(maxsize=512)
def state_code(text: str) -> str | None:
    """Return the postal code of a state, the District of Columbia, a territory or a military post office, or None.

    "Massachusetts", "N.Y.", "ma", "Mass.", "US-MA" and "MA - Massachusetts" are understood; "" and "Ontario" are None.
    """
    letters = "".join(letter for letter in text.upper() if letter.isalpha())
    code = STATE_BY_LETTERS.get(letters)
    if code or len(letters) < 3:
        return code
    if letters.startswith("US") and letters[2:] in STATES and re.match(r"\s*US\W", text, re.IGNORECASE):
        return letters[2:]
    head, tail = letters[:2], letters[2:]
    if STATE_BY_LETTERS.get(tail) == head:
        return head
    return letters[-2:] if STATE_BY_LETTERS.get(letters[:-2]) == letters[-2:] else None


def zip_state(zip5: str) -> str | None:
    """Return the postal code of the state in which a five-digit ZIP code lies, or None if none begins with it."""
    return STATE_BY_ZIP.get(zip5) or STATE_BY_PREFIX[int(zip5[:3])] or None


@lru_cache(maxsize=8192)
def read_zip(text: str, state: str = "") -> Zip | None:
    """Return the ZIP code of a cell, with the leading zeros that a spreadsheet took off put back, or None.

    `state` is the postal code of the row's state, "" if unknown. "1109", "1109.0", "1109-0042" and "11090042" are
    01109 and 01109-0042 when the state is Massachusetts or unknown; three digits are understood where ZIP codes begin
    with two zeros (New York's Holtsville, Puerto Rico and the Virgin Islands). Digits that cannot be a ZIP code of
    the state once their zeros are put back (a Texan "7703") are None, as nobody knows which digit is missing.
    """
    text = DECIMALS.sub("", clean(text))
    full = ZIP.fullmatch(text)
    if full:
        plus4 = full[2] or ""
        return Zip(full[1], "" if plus4 == "0000" else plus4) if full[1] != "00000" else None
    short = ZIP_WITHOUT_ZEROS.fullmatch(text)
    if short is None:
        return None
    zip5 = short[1].zfill(5)
    home = zip_state(zip5)
    if home is None or (state and home != state):
        return None
    plus4 = short[2] or ""
    return Zip(zip5, "" if plus4 == "0000" else plus4)


@lru_cache(maxsize=4096)
def city_key(city: str) -> str:
    """Return a city's name as it is compared: capitals, no punctuation, usual words in their postal abbreviation."""
    words = clean(city).upper().translate(CITY_MARKS).split()
    return " ".join(CITY_WORDS.get(word, word) for word in words)


@lru_cache(maxsize=4096)
def split_city_state_zip(text: str) -> CityStateZip:
    """Return the parts of "San Antonio, TX 78210", "Boston Massachusetts 2124" or "Tampa, FL, 33610-1234, USA".

    What is missing is "". A text without a state and without a ZIP code is a city.
    """
    rest = COUNTRY_AT_END.sub("", clean(text)).strip(" ,")
    digits = ""
    found = ZIP_AT_END.search(rest)
    if found:
        digits, rest = found[1], rest[: found.start()].strip(" ,")
    city, state = split_state(rest, has_zip=bool(digits))
    code = read_zip(digits, state) if digits else None
    return CityStateZip(city, state or ((code and zip_state(code.zip5)) or ""), *(code or ("", "")))


def split_state(text: str, *, has_zip: bool = False) -> tuple[str, str]:
    """Return (text before the state, postal code of the state) of "San Antonio, TX"; the code is "" without one.

    Abbreviations that are words too ("Miss", "Wash") count behind a comma or before a ZIP code alone.
    """
    head, comma, tail = text.rpartition(",")
    if comma and (code := state_code(tail)) and not (code == "DC" and tail.strip().lower().startswith("wash")):
        return head.strip(" ,"), code
    words = text.split()
    for count in (4, 3, 2, 1):
        if len(words) < count:
            continue
        last = " ".join(words[-count:])
        letters = re.sub(r"[^A-Z]", "", last.upper())
        code = STATE_BY_LETTERS.get(letters) if "," not in last.strip(",") else None
        if code is None or letters == "WASHINGTONDC" or (letters in OTHER_NAMES and not has_zip and not comma):
            continue
        if len(words) == count and not has_zip and letters in BOTH_STATE_AND_CITY:
            return text, ""
        return " ".join(words[:-count]).strip(" ,"), code
    return text.strip(" ,"), ""
