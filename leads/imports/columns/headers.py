"""What a column's header says: what it holds, whose it is and which address it is a part of."""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

from leads.imports.columns.words import is_nameless, repetition, words_of
from leads.imports.vocabulary import (
    ALL_WORDS,
    NAMED_THINGS,
    NEUTRAL_WORDS,
    NOUN_OF,
    OTHER_WORDS,
    PARTY_OF,
    PLACE_OF,
    RECORDS_OF_PROGRAMS,
)


class Kind(StrEnum):
    """What a column holds, whoever's it is."""

    FIRST_NAME = "first name"
    LAST_NAME = "last name"
    FULL_NAME = "name"
    COMPANY = "company"
    EMAIL = "e-mail address"
    PHONE = "phone number"
    LINKEDIN = "LinkedIn profile"
    STREET = "street address"
    HOUSE = "house number"
    STREET_PART = "part of a street address"
    SECOND_LINE = "unit or second address line"
    CITY = "city"
    STATE = "state"
    ZIP = "ZIP code"
    FULL_ADDRESS = "address in one column"
    CITY_STATE_ZIP = "city, state and ZIP in one column"
    COUNTY = "county"
    APN = "parcel number"
    NOTHING = "nothing a lead needs"


NAME_KINDS = frozenset({Kind.FIRST_NAME, Kind.LAST_NAME, Kind.FULL_NAME})
ADDRESS_KINDS = frozenset(
    {
        Kind.STREET,
        Kind.HOUSE,
        Kind.STREET_PART,
        Kind.SECOND_LINE,
        Kind.CITY,
        Kind.STATE,
        Kind.ZIP,
        Kind.FULL_ADDRESS,
        Kind.CITY_STATE_ZIP,
        Kind.COUNTY,
    }
)

UNLESS_PARCEL = frozenset({"id", "ids", "key", "identifier", "guid", "no_formatting"})
STREET_TYPES = frozenset({"type", "typ", "mode", "sttype", "suffix", "sfx"})
DIRECTIONS = frozenset({"direction", "dir", "predir", "postdir", "prefix", "prefx", "pfx", "quadrant", "dirprefix"})
PARTS_OF_STREETS = DIRECTIONS | {"mode", "suffix", "sfx"}
NUMBER_WORDS = frozenset({"number", "num", "numb", "no", "nbr", "nr", "numero"})
OF_ADDRESSES = frozenset({"address", "street", "city", "state", "zip", "postal"})
NAME_WORDS = frozenset({"name", "names", "nm", "nam", "nme"})
OF_PLACES = frozenset({"desc", "descr", "description", "area", "legal"})
OF_WAYS = frozenset({"list", "call", "display", "text", "is"})
# Words of other columns that change nothing beside these kinds.
HARMLESS: dict[Kind, frozenset[str]] = {
    Kind.FIRST_NAME: frozenset({"legal", "display"}),
    Kind.LAST_NAME: frozenset({"legal", "display"}),
    Kind.FULL_NAME: frozenset({"legal", "display"}),
    Kind.HOUSE: STREET_TYPES | DIRECTIONS,
    Kind.STREET_PART: STREET_TYPES | DIRECTIONS,
    Kind.STREET: frozenset({"building", "bldg", "case", "lot"}),
    Kind.FULL_ADDRESS: OF_PLACES,
    Kind.CITY: OF_PLACES,
    Kind.STATE: OF_PLACES,
    Kind.ZIP: OF_PLACES,
    Kind.COUNTY: OF_PLACES,
    Kind.PHONE: OF_WAYS,
    Kind.EMAIL: OF_WAYS,
}
# Kinds whose values are seen for what they are, so that a word more in the header does not matter.
DESCRIBED = frozenset({*HARMLESS, Kind.COMPANY} - {Kind.HOUSE, Kind.STREET_PART, Kind.COUNTY})
# Beside these the address, the name or the number is that of a court, an auction or a program.
EVENTS = frozenset(
    "court hearing auction sale sales sold tracking fax faxes dnc do not opt ip web website url link school schools "
    "district campaign ad ads adset form list lists group event events loan bid docket license permit platform list "
    "is has how why when where last call calls recording voice queue source note notes class use land subdivision "
    "neighborhood job position price value equity count score type types status match".split()
)
SECOND = frozenset(
    {"2", "3", "4", "5", "second", "secondary", "2nd", "third", "3rd", "additional", "other", "alternate"}
)
QUESTIONS = frozenset({"is", "has", "do", "not", "how", "why", "when", "in"})
# Said of what the file was asked, and of what it found: the input is the lead, the finding may be another person.
FOUND = frozenset({"matched", "confirmed", "found", "result", "results"})


@dataclass(frozen=True, slots=True)
class Reading:
    """What the header of one column says.

    `kind` is None when the header says nothing known. `party` is whose it is ("" when it does not say), `ordinal`
    which of several (owner 2), `place` which address ("situs", "mail", "home", "work", "other" or ""), `number` the
    number of a repeated phone, line or block, `rank` how plain the header is: 2 for known words only, 1 with words
    of unknown meaning, 0 for weak words. `stem` are the words of unknown meaning: columns of one address share them.
    """

    kind: Kind | None
    party: str = ""
    ordinal: int = 1
    place: str = ""
    number: int = 1
    rank: int = 2
    is_found: bool = False
    is_nameless: bool = False
    stem: tuple[str, ...] = ()


@cache
def read_header(header: str) -> Reading:
    """Read one header, as the table names it."""
    if is_nameless(header):
        return Reading(None, rank=0, is_nameless=True)
    words = words_of(header)
    nouns = [NOUN_OF[word] for word in words if word in NOUN_OF]
    party, ordinal, owned = _party(words)
    place = _place(words, nouns, party)
    if nouns[:1] in (["unit"], ["house"]) and (set(nouns[1:]) & OF_ADDRESSES or words[-1] in PARTY_OF):
        nouns, place = nouns[1:], place or "situs"  # "Unit Address", "House City", "Unit Owner"
    if nouns[:1] == ["apn"] and set(nouns[1:]) & OF_ADDRESSES:
        nouns, place = nouns[1:], place or "situs"  # "Parcel Address"
    if (
        party == "agent"
        and "listing" in words
        and set(nouns) & OF_ADDRESSES
        and words.count("listing") == len([word for word in words if word in PARTY_OF])
    ):
        party, place = "", "situs"  # "Listing Address"
    if "tax" in words and not party and not place and set(nouns) & (OF_ADDRESSES | {"name"}):
        party = "taxpayer"  # "Tax Name", "Tax Address"
    numbers = [
        int(word)
        for at, word in enumerate(words)
        if word.isdigit() and len(word) < 3 and at not in owned and not (at and NOUN_OF.get(words[at - 1]) == "zip")
    ]
    kind, rank = _kind(words, nouns, party, place)
    number = numbers[-1] if numbers else 1
    if "secondary" in words or "second" in words or "2nd" in words:
        number = max(number, 2)
    if kind in NAME_KINDS and number > 1 and ordinal == 1:
        ordinal = number
    if kind is Kind.STREET and number > 1 and "street" not in nouns:
        kind = Kind.SECOND_LINE
    if "name" in nouns and place == "mail" and not party and kind in NAME_KINDS:
        rank = min(rank, 1)
    if repetition(header) > 1 and number == 1:
        number = repetition(header)
    stem: tuple[str, ...] = ()
    if kind in ADDRESS_KINDS - {Kind.HOUSE, Kind.STREET_PART, Kind.SECOND_LINE}:
        stem = tuple(word for word in words if word not in ALL_WORDS and not word.isdigit())
    return Reading(kind, party, ordinal, place, number, rank, not FOUND.isdisjoint(words), stem=stem)


def _party(words: tuple[str, ...]) -> tuple[str, int, set[int]]:
    """Whose the column is, which of them, and the positions of the digits that say so."""
    found = [(at, PARTY_OF[word]) for at, word in enumerate(words) if word in PARTY_OF]
    if not found:
        return "", 1, set()
    parties = [party for _, party in found]
    last_at = found[-1][0]
    after = [word for word in words[last_at + 1 :] if not word.isdigit()]
    if (
        parties[-1] == "owner"
        and last_at > 0
        and words[last_at - 1] in RECORDS_OF_PROGRAMS
        and not any(
            NOUN_OF.get(word) in {"address", "street", "city", "state", "zip"} or word in PLACE_OF for word in after
        )
        and words[last_at] in {"owner", "owners"}
    ):
        # "Party Owner 1 Name" is of a roll, "Contact Owner" of a customer program.
        return "staff", 1, set()
    never = [party for party in parties if party in NEVER]
    party = never[0] if never else ("owner" if "owner" in parties and "plaintiff" not in parties else parties[0])
    at = next(position for position, name in found if name == party)
    if at + 1 < len(words) and words[at + 1].isdigit() and len(words[at + 1]) < 3:
        return party, int(words[at + 1]), {at + 1}
    if at and (words[at - 1] in SECOND - {"alternate"}):
        return party, 2, {at - 1}
    return party, 1, set()


NEVER = frozenset({"agent", "attorney", "lender", "trustee", "staff", "relative", "coowner", "insurer"})


def _place(words: tuple[str, ...], nouns: list[str], party: str) -> str:
    places = [PLACE_OF[word] for word in words if word in PLACE_OF]
    if "mail" in places:
        # "Site Mailing Address" is where the property gets its mail, "Property Owner Mailing Address" the owner.
        return "situs" if places[0] == "situs" and not party else "mail"
    if "postal" in nouns and set(nouns) - {"postal"} and "code" not in words:
        return "mail"  # "Postal City"; the words of "Postal Code" are one word by now
    if "situs" in places and not (party and words and _is_before(words, "situs")):
        return "situs"
    if "location" in nouns and {"address", "city", "state", "zip", "street"} & set(nouns):
        return "situs"
    if "company" in nouns and len(set(nouns)) > 1:
        return "work"
    return places[0] if places and places[0] != "situs" else ""


def _is_before(words: tuple[str, ...], place: str) -> bool:
    """True when the word of a party follows the word of the place: "Property Owner Address" is the owner's."""
    where = [at for at, word in enumerate(words) if PLACE_OF.get(word) == place]
    whose = [at for at, word in enumerate(words) if word in PARTY_OF]
    return bool(where and whose and min(where) < max(whose))


def _kind(words: tuple[str, ...], ordered: list[str], party: str, place: str) -> tuple[Kind | None, int]:
    nouns = (
        {"apn"} if ordered[-1:] == ["apn"] else set(ordered)
    )  # "State Parcel No" is a parcel, "Parcel State" a state
    known = [
        word
        for word in words
        if word in NOUN_OF or word in PARTY_OF or word in PLACE_OF or word in NEUTRAL_WORDS or word.isdigit()
    ]
    others = [word for word in words if word in OTHER_WORDS]
    unknown = len(words) - len(known) - len(others)
    rank = 1 if unknown else 2
    kind = _kind_of_nouns(words, nouns, party, place, has_others=bool(others), unknown=unknown)
    if kind is Kind.NOTHING:
        return kind, rank
    if kind is None:
        if len(others) >= max(1, unknown) or not words:
            return Kind.NOTHING, rank
        return (None, 0)
    if _is_about_something_else(words, kind, others):
        return (kind, 1) if _is_described(words, kind, others) else (Kind.NOTHING, 2)
    if kind is Kind.APN and words[0] in {"account", "acct", "acctno", "property", "prop"} and "apn" not in nouns:
        rank = 0
    if "locality" in nouns and kind is Kind.CITY and "city" not in nouns:
        rank = 0
    if "region" in nouns and kind is Kind.STATE and "state" not in nouns:
        rank = 1
    return kind, rank


def _is_about_something_else(words: tuple[str, ...], kind: Kind, others: list[str]) -> bool:
    """True for "Phone Type", "Zip Count", "Owner ID": the nouns only say what the column is about."""
    if kind is Kind.LINKEDIN:
        return False
    if kind is not Kind.APN and not UNLESS_PARCEL.isdisjoint(words):
        return True
    if words[-1] in {"value", "values"} and kind not in {Kind.EMAIL, Kind.PHONE}:
        return True
    if words[-1] in {"code", "codes", "cd"} and kind not in {Kind.ZIP, Kind.STATE}:
        return True
    return any(word not in HARMLESS.get(kind, ()) for word in others)


def _is_described(words: tuple[str, ...], kind: Kind, others: list[str]) -> bool:
    """True for "Default Address Zip" and "Reported Owner": words before the last noun that tell which one it is."""
    if not others or not EVENTS.isdisjoint(others) or kind not in DESCRIBED:
        return False
    if words[-1] in {"value", "values", "code", "codes", "cd"}:
        return kind in {Kind.ZIP, Kind.STATE}
    heads = [at for at, word in enumerate(words) if word in NOUN_OF or (kind in NAME_KINDS and word in PARTY_OF)]
    if not heads or (kind in NAME_KINDS and words[heads[-1]] not in PARTY_OF):
        return False
    return all(words.index(word) < heads[-1] for word in others) and UNLESS_PARCEL.isdisjoint(words)


def _kind_of_nouns(  # noqa: PLR0911, PLR0912 -- one line for each noun, in the order of their strength
    words: tuple[str, ...], nouns: set[str], party: str, place: str, *, has_others: bool, unknown: int
) -> Kind | None:
    places = nouns & {"city", "state", "zip"}
    if "email" in nouns:
        return Kind.EMAIL
    if "linkedin" in nouns:
        return Kind.LINKEDIN if "url" not in words or "company" not in nouns else Kind.NOTHING
    if "phone" in nouns:
        return Kind.PHONE
    if "country" in nouns:
        return Kind.NOTHING
    if "st" in words and _is_street_st(words):
        nouns = (nouns | {"street"}) - {"state"}
        places = places - {"state"}
    if {"apn"} & nouns and not places and "county" not in nouns and not {"address", "street"} & nouns:
        return Kind.APN
    if len(places) > 1:
        if nouns & {"address", "street"} and "full" in nouns | {"full" for word in words if word in {"and", "with"}}:
            return Kind.FULL_ADDRESS
        return Kind.CITY_STATE_ZIP if "address" not in nouns or "city" in places else Kind.ZIP
    if "house" in nouns or (nouns & {"street"} and not NUMBER_WORDS.isdisjoint(words) and "address" not in nouns):
        return Kind.HOUSE
    if "street" in nouns and not DIRECTIONS.isdisjoint(words):
        return Kind.STREET_PART
    if "street" in nouns and (not STREET_TYPES.isdisjoint(words) or "name" in nouns):
        return Kind.STREET_PART
    if place and "address" not in nouns and not places | (nouns & {"name"}) and not PARTS_OF_STREETS.isdisjoint(words):
        return Kind.STREET_PART
    if "unit" in nouns:
        return Kind.SECOND_LINE
    if words[-1] in NAME_WORDS and nouns == {"address", "name"} and (place or party):
        return Kind.FULL_NAME
    if "zip" in nouns or nouns == {"postal"}:
        digits = [word for word in words if word.isdigit()]
        is_plus_four = digits and digits[-1] == "4" and words.count("zip") + words.count("zipcode") < 2
        return Kind.NOTHING if is_plus_four else Kind.ZIP
    if "state" in nouns:
        return Kind.STATE
    if "county" in nouns and "city" not in nouns:
        return Kind.COUNTY
    if "city" in nouns or "locality" in nouns:
        return Kind.CITY
    if "region" in nouns:
        return Kind.STATE
    if nouns & {"address", "street", "location"}:
        if words[-1] in {"url", "ip"} or "ip" in words or "web" in words:
            return Kind.NOTHING
        return Kind.FULL_ADDRESS if "full" in nouns and "street" not in nouns else Kind.STREET
    return _kind_of_name(words, nouns, party, place, has_others=has_others, unknown=unknown)


def _is_street_st(words: tuple[str, ...]) -> bool:
    """True when "st" is a street: "St Name", "St Num", "St Dir"."""
    at = words.index("st")
    following = words[at + 1] if at + 1 < len(words) else ""
    return following in NUMBER_WORDS | DIRECTIONS | STREET_TYPES | {"name", "nm", "address", "addr"}


def _kind_of_name(  # noqa: PLR0911, PLR0912 -- one line for each kind of name
    words: tuple[str, ...], nouns: set[str], party: str, place: str, *, has_others: bool, unknown: int
) -> Kind | None:
    if "first" in nouns and "last" in nouns:
        return Kind.FULL_NAME
    is_last_word = words[-1] in NOUN_OF  # "Admin Last" is a name, "Last Touched" is none
    if "first" in nouns and not (unknown and "name" not in nouns and not is_last_word):
        return Kind.FIRST_NAME
    if "middle" in nouns and "name" in nouns and "last" not in nouns:
        return Kind.NOTHING
    if "last" in nouns:
        return Kind.NOTHING if has_others or (unknown and "name" not in nouns and not is_last_word) else Kind.LAST_NAME
    if nouns & {"title", "middle"}:
        return Kind.NOTHING
    if place and not NUMBER_WORDS.isdisjoint(words) and not nouns and not party and place in {"situs", "mail"}:
        return Kind.HOUSE
    if "company" in nouns:
        return Kind.COMPANY
    if "name" in nouns or "full" in nouns:
        if not NAMED_THINGS.isdisjoint(words) and not party:
            return Kind.NOTHING
        return Kind.FULL_NAME
    if not unknown and words[0] in {"account", "acct", "acctno"} and len(words) <= 2:
        return Kind.APN
    if words in {("prop", "id"), ("property", "id"), ("property", "identification", "number")}:
        return Kind.APN
    if place == "situs" and not party and not has_others and not unknown:
        return Kind.STREET  # "Situs", "Premises"
    if party:
        return None if unknown and not has_others else Kind.FULL_NAME
    if words in {("mailto",), ("mail", "to")}:
        return Kind.FULL_NAME
    return Kind.STREET if place == "mail" and not has_others and not unknown else None


def as_kind(reading: Reading, kind: Kind) -> Reading:
    """The same reading with another kind, as the values told."""
    return replace(reading, kind=kind)
