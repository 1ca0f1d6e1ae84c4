"""Which kind of column the nouns of a header name, and which words beside them say that it is none."""

from leads.imports.columns.kinds import NAME_KINDS, Kind
from leads.imports.vocabulary import NAMED_THINGS, NEUTRAL_WORDS, NOUN_OF, OTHER_WORDS, PARTY_OF, PLACE_OF

UNLESS_PARCEL = frozenset({"id", "ids", "key", "identifier", "guid"})
STREET_TYPES = frozenset({"type", "typ", "mode", "sttype", "suffix", "sfx"})
DIRECTIONS = frozenset(
    {"direction", "dir", "pre", "predir", "postdir", "prefix", "prefx", "pfx", "quadrant", "dirprefix"}
)
PARTS_OF_STREETS = DIRECTIONS | {"mode", "suffix", "sfx"}
NUMBER_WORDS = frozenset({"number", "num", "numb", "no", "nbr", "nr", "numero"})
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
    Kind.APN: frozenset({"min", "max"}),
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
    "neighborhood position price value equity count score type types status match".split()
)


def kind_of(words: tuple[str, ...], ordered: list[str], party: str, place: str) -> tuple[Kind | None, int]:
    """What a header of these words holds, None when they do not say, and how plain it is (see `Reading.rank`).

    `ordered` are the nouns among the words, in their order; `party` and `place` are whose the column is, and of which
    address.
    """
    if words[1:2] == ("of",) and words[0] in NUMBER_WORDS:
        return Kind.NOTHING, 2  # "Number of Locations"
    # The last noun decides between a parcel and a place: "State Parcel No", "Parcel State".
    nouns = {"apn"} if ordered[-1:] == ["apn"] else set(ordered)
    known = [
        word
        for word in words
        if word in NOUN_OF or word in PARTY_OF or word in PLACE_OF or word in NEUTRAL_WORDS or word.isdecimal()
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
        return None, 0
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
    is_named = kind in NAME_KINDS
    heads = [at for at, word in enumerate(words) if word in NOUN_OF or (is_named and word in PARTY_OF)]
    if not heads:
        return False
    return all(words.index(word) < heads[-1] for word in others) and UNLESS_PARCEL.isdisjoint(words)


def _kind_of_nouns(  # noqa: PLR0911, PLR0912 -- one line for each noun, in the order of their strength
    words: tuple[str, ...], nouns: set[str], party: str, place: str, *, has_others: bool, unknown: int
) -> Kind | None:
    places = nouns & {"city", "state", "zip"}
    if "email" in nouns:
        return Kind.EMAIL
    if "linkedin" in nouns:
        return Kind.NOTHING if "company" in nouns else Kind.LINKEDIN
    if "phone" in nouns:
        return Kind.PHONE
    if "country" in nouns:
        return Kind.NOTHING
    if "st" in words and _is_street_st(words):
        nouns = (nouns | {"street"}) - {"state"}
        places = places - {"state"}
    if "apn" in nouns and not places and "county" not in nouns and not {"address", "street"} & nouns:
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
        digits = [word for word in words if word.isdecimal()]
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
    if "first" in nouns and nouns & {"last", "full"}:
        return Kind.FULL_NAME  # "Nombre completo"
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
