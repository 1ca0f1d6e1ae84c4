"""What a column's header says: what it holds, whose it is and which address it is a part of."""

from dataclasses import dataclass
from functools import lru_cache

from leads.imports.columns.kinds import ADDRESS_KINDS, NAME_KINDS, Kind
from leads.imports.columns.nouns import NUMBER_WORDS, kind_of
from leads.imports.columns.words import is_nameless, repetition, words_of
from leads.imports.vocabulary import (
    ALL_WORDS,
    NEVER_THE_LEAD,
    NOUN_OF,
    OTHER_WORDS,
    PARTY_OF,
    PLACE_OF,
    RECORDS_OF_PROGRAMS,
)

OF_ADDRESSES = frozenset({"address", "street", "city", "state", "zip", "postal"})
NAMING_WORDS = ALL_WORDS - OTHER_WORDS
SITES = frozenset({"job", "lot", "structure", "building", "bldg"})
SECOND = frozenset("2 3 4 5 second secondary 2nd third 3rd additional other alternate alternative alt".split())
ALTERNATES = frozenset({"alternate", "alternative", "alt"})  # "Alternate Contact Number" is a number of the lead
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


@lru_cache(maxsize=5_000)
def read_header(header: str) -> Reading:
    """Read one header, as the table names it."""
    if is_nameless(header):
        return Reading(None, rank=0, is_nameless=True)
    words = words_of(header)
    if not words:
        return Reading(None, rank=0, is_nameless=True)
    before = words[: words.index("for")] if "for" in words else ()  # "Company Name for Emails"
    nouns = [NOUN_OF[word] for word in before if word in NOUN_OF] or [
        NOUN_OF[word] for word in words if word in NOUN_OF
    ]
    party, ordinal, owned = _party(words)
    place = _place(words, nouns, party)
    if _begins_with_the_property(words, nouns):
        nouns, place = nouns[1:], place or "situs"
    if set(nouns) & OF_ADDRESSES and {word for word in words if word in PARTY_OF} == {"listing"}:
        party, place = "", "situs"  # "Listing Address"
    if "tax" in words and not party and not place and set(nouns) & (OF_ADDRESSES | {"name"}):
        party = "taxpayer"  # "Tax Name", "Tax Address"
    numbers = [
        int(word)
        for at, word in enumerate(words)
        if word.isdecimal() and len(word) < 3 and at not in owned and not (at and NOUN_OF.get(words[at - 1]) == "zip")
    ]
    kind, rank = kind_of(words, nouns, party, place)
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
    if kind in ADDRESS_KINDS:
        of_parts = words[:1] if kind in {Kind.HOUSE, Kind.STREET_PART, Kind.SECOND_LINE} else words
        stem = tuple(word for word in of_parts if word not in NAMING_WORDS and not word.isdecimal())
    return Reading(kind, party, ordinal, place, number, rank, not FOUND.isdisjoint(words), stem=stem)


def _begins_with_the_property(words: tuple[str, ...], nouns: list[str]) -> bool:
    """True for "Unit Address", "House City", "Unit Owner", "Parcel Address" and "Parcel Owner Name"."""
    is_of_owner = words[-1] in PARTY_OF or (nouns[-1:] == ["name"] and not PARTY_OF.keys().isdisjoint(words))
    return nouns[:1] in (["unit"], ["house"], ["apn"]) and (bool(set(nouns[1:]) & OF_ADDRESSES) or is_of_owner)


def _party(words: tuple[str, ...]) -> tuple[str, int, set[int]]:
    """Whose the column is, which of them, and the positions of the digits that say so."""
    found = [(at, PARTY_OF[word]) for at, word in enumerate(words) if word in PARTY_OF]
    if not found:
        return "", 1, set()
    parties = [party for _, party in found]
    last_at = found[-1][0]
    after = [word for word in words[last_at + 1 :] if not word.isdecimal()]
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
    never = [party for party in parties if party in NEVER_THE_LEAD]
    party = (
        never[0]
        if never
        else "decedent"
        if "decedent" in parties
        else ("owner" if "owner" in parties and "plaintiff" not in parties else parties[0])
    )
    at = next(position for position, name in found if name == party)
    if at + 1 < len(words) and words[at + 1].isdecimal() and len(words[at + 1]) < 3:
        return party, int(words[at + 1]), {at + 1}
    is_way = any(NOUN_OF.get(word) in {"phone", "email"} or word in NUMBER_WORDS for word in words)
    if at and words[at - 1] in (SECOND - ALTERNATES if is_way else SECOND):
        return party, 2, {at - 1}
    return party, 1, set()


def _place(words: tuple[str, ...], nouns: list[str], party: str) -> str:  # noqa: PLR0911 -- one line for each place
    places = [PLACE_OF[word] for word in words if word in PLACE_OF]
    is_of_address = not OF_ADDRESSES.isdisjoint(nouns)
    if "mail" in places:
        # "Site Mailing Address" is where the property gets its mail, "Property Owner Mailing Address" the owner.
        return "situs" if places[0] == "situs" and not party else "mail"
    if "postal" in nouns and set(nouns) - {"postal"} and "code" not in words:
        return "mail"  # "Postal City"; the words of "Postal Code" are one word by now
    if "situs" in places and not (party and _is_before(words, "situs")):
        return "situs"
    if "location" in nouns and "company" not in nouns and (is_of_address or party in {"", "lead"}):
        return "situs"
    if is_of_address and not party and not SITES.isdisjoint(words):
        return "situs"
    if "company" in nouns and len(set(nouns)) > 1:
        return "work"
    return next((place for place in places[:1] if place != "situs"), "")


def _is_before(words: tuple[str, ...], place: str) -> bool:
    """True when the word of a party follows the word of the place: "Property Owner Address" is the owner's."""
    where = [at for at, word in enumerate(words) if PLACE_OF.get(word) == place]
    whose = [at for at, word in enumerate(words) if word in PARTY_OF]
    return bool(where and whose and min(where) < max(whose))
