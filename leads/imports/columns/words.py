"""Reading a column's header as words that the vocabulary knows."""

import re
import unicodedata
from functools import lru_cache

from leads.imports.vocabulary import ALL_WORDS, NOUN_OF, OFTEN_MISTYPED, PARTY_OF, PARTY_PHRASES, SHORTENED, skeleton

REPEATED = re.compile(r"\s*\[(\d+)\]$")
NAMELESS = re.compile(r"(?:\[blank\]|\[?column ?\d+\]?|unnamed: ?\d+|field ?\d+|f\d{1,2})?", re.IGNORECASE)
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
LONE_CAPITALS = re.compile(r"(?<![A-Za-z])((?:[A-Z]\.){2,})")
PLURAL_CAPITALS = re.compile(r"(?<![A-Za-z])[A-Z]{2,4}s(?![A-Za-z])")
ENUMERATION = re.compile(r"^\d{1,2}[.)] +")
OF_A_DEAL = re.compile(r"^(?:deal|lead|opportunity) ?[-:] (?!owner|creator|title)", re.IGNORECASE)
REMARK = re.compile(
    r"\((?:text only|optional|required|s|es|(?:first|last)(?: name)?,? (?:name )?(?:first|last))\)", re.IGNORECASE
)
WORD = re.compile(r"[^\W_]+")

CUT_AT = 10  # the letters of a header in a map file
LONGEST = 120  # the letters of a header that are read: beyond, it is no name but a text

# Written in two words what the vocabulary holds as one.
JOINED: dict[tuple[str, str], list[str]] = {
    ("e", "mail"): ["email"],
    ("linked", "in"): ["linkedin"],
    ("land", "line"): ["landline"],
    ("cell", "phone"): ["phone"],
    ("zip", "code"): ["zip"],
    ("post", "code"): ["zip"],
    ("postal", "code"): ["zip"],
    ("postal", "cd"): ["zip"],
    ("codigo", "postal"): ["zip"],
    ("tax", "id"): ["taxid"],
    ("tax", "map"): ["taxid"],
    ("map", "parcel"): ["parcel"],
    ("map", "lot"): ["parcel"],
    ("map", "block"): ["parcel"],
    ("geo", "id"): ["taxid"],
    ("tax", "lot"): ["taxid"],
    ("tax", "key"): ["taxid"],
    ("e", "911"): ["situs"],
    ("code", "postal"): ["zip"],
    ("off", "site"): ["absentee"],
    ("out", "state"): ["vacant"],
    ("care", "of"): ["middle"],
    ("c", "o"): ["middle"],
    ("file", "as"): ["nickname"],
    ("account", "name"): ["company"],
    ("c", "s"): ["city", "state"],
    ("state", "z"): ["state", "zip"],
    ("home", "owner"): ["owner"],
    ("tax", "payer"): ["taxpayer"],
    ("land", "lord"): ["landlord"],
    ("year", "built"): ["year"],
    ("2", "nd"): ["2"],
    ("1", "st"): ["1"],
}

# One letter before a place: the short forms of county map files.
SHORT_PLACES = {"m": "mail", "s": "situs", "p": "property", "o": "owner"}
SHORT_NOUNS = frozenset(
    "city state st zip zipcode add addr address street adr hsnum hsnumb hsno stname strt predir dir mode suffix sfx "
    "quadrant unitnum".split()
)

VOWELS = frozenset("aeiouy")
NUMERALS = {"one": "1", "two": "2", "three": "3", "four": "4", "i": "1", "ii": "2", "iii": "3"}


def is_nameless(header: str) -> bool:
    """True for an empty header and for the names that tables give to columns without one."""
    return NAMELESS.fullmatch(REPEATED.sub("", header).strip()) is not None


def repetition(header: str) -> int:
    """Which of the columns with the same header this is: 1, or n when its name ends in ` [n]`."""
    found = REPEATED.search(header)
    return int(found[1]) if found else 1


@lru_cache(maxsize=5_000)
def words_of(header: str) -> tuple[str, ...]:
    """The header in lower-case words of the vocabulary, as far as they can be told apart; digits are words.

    Splits camelCase and snake_case, takes words apart that are written together ("SITUSADDRESS"), reads "#" as
    "number", and mends single typing errors in the words that matter.
    """
    text = REPEATED.sub("", header)[:LONGEST]
    text = text.replace("ß", "ss")
    text = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    text = PLURAL_CAPITALS.sub(lambda found: found[0].capitalize(), REMARK.sub(" ", text))
    text = OF_A_DEAL.sub("", ENUMERATION.sub("", text))
    text = LONE_CAPITALS.sub(lambda found: found[1].replace(".", ""), text)
    text = text.replace("+4", " ").replace("#", " number ").replace("%", " percent ").replace("'", "").replace("’", "")
    if text.isupper() and "APN" not in text:
        text = text.lower()  # no camelCase in capitals, only digits to split
    plain = [NUMERALS.get(word.lower(), word.lower()) for word in WORD.findall(CAMEL.sub(" ", text))]
    joined: list[str] = []
    for word in plain:
        pair = (joined[-1], word) if joined else None
        if pair in JOINED:
            joined[-1:] = JOINED[pair]
        else:
            joined.append(word)
    if len(header) == CUT_AT and joined and joined[-1] not in ALL_WORDS:
        joined[-1] = _restored(joined[-1])
    words = _with_parties([part for word in joined for part in _known_parts(word)])
    first_of_several = [at for at, word in enumerate(words[:-1]) if word == "first" and words[at + 1] in PARTY_OF]
    return tuple(word for at, word in enumerate(words) if at not in first_of_several)


def _with_parties(words: list[str]) -> list[str]:
    """The words with those of a party that takes several made one: "Personal Representative" is an executor."""
    for length in (3, 2):
        for at in range(len(words) - length + 1):
            party = PARTY_PHRASES.get(tuple(words[at : at + length]))
            if party:
                return [*words[:at], party, *words[at + length :]]
    return words


def _known_parts(word: str) -> list[str]:  # noqa: PLR0911 -- one line for each way of writing
    if word.isdecimal() or word in ALL_WORDS or len(word) < 3:
        return [word]
    if word[0] in SHORT_PLACES and word[1:] in SHORT_NOUNS:
        return [SHORT_PLACES[word[0]], *_known_parts(word[1:])]
    if word.startswith("st") and word[2:] in SHORT_NOUNS:
        return ["situs", *_known_parts(word[2:])]
    if word.endswith("s") and word[:-1] in ALL_WORDS:
        return [word[:-1]]
    parts = _taken_apart(word) if len(word) <= 40 else None
    if parts:
        return parts
    full = next((known for known in SHORTENED.get(skeleton(word), ()) if _is_within(word, known)), None)
    if full:
        return [full]  # "Lst", "Ownr", "Suffx"
    if len(word) >= 5 and word[:-2] in NOUN_OF and not VOWELS & set(word[-2:]):
        return [word[:-2], word[-2:]]  # "CITYGL": all columns of one file end so
    mistyped = OFTEN_MISTYPED if len(word) > 3 else ("zip",)
    return [next((known for known in mistyped if _one_error_apart(word, known)), word)]


def _restored(word: str) -> str:
    """The noun whose start this is, when all nouns that start so mean the same: "PROP_LOCAT", "OWNER_ZIPC"."""
    whole = [known for known in sorted(NOUN_OF, key=len) if known.startswith(word)] if len(word) > 3 else []
    is_plain = all(known.startswith(whole[0]) or NOUN_OF[known] == NOUN_OF[whole[0]] for known in whole)
    return whole[0] if whole and is_plain else word


def _is_within(word: str, known: str) -> bool:
    """True when the letters of the word are letters of the known one, in their order, with others between them."""
    rest = iter(known)
    return all(letter in rest for letter in word) and not known.startswith(word)


def _taken_apart(word: str) -> list[str] | None:
    """The fewest known words that make up this one; the first of equally many is the one with the longest start."""
    best: list[list[str] | None] = [[]] + [None] * len(word)
    for end in range(2, len(word) + 1):
        for start in range(end - 1):
            head = best[start]
            piece = word[start:end]
            if head is None or not (piece in ALL_WORDS and (len(piece) > 2 or piece in {"st", "no", "id", "cd", "ph"})):
                continue
            known = best[end]
            if known is None or len(head) + 1 < len(known):
                best[end] = [*head, piece]
    found = best[len(word)]
    return found if found and len(found) <= 5 else None


def _one_error_apart(word: str, known: str) -> bool:
    """True when one letter too many, too few or wrong, or two letters changed about, lie between the words."""
    if abs(len(word) - len(known)) > 1 or word[0] != known[0]:
        return False
    if len(word) == len(known):
        wrong = [at for at in range(len(word)) if word[at] != known[at]]
        if len(wrong) == 1:
            return len(word) > 4
        return (
            len(wrong) == 2
            and wrong[1] == wrong[0] + 1
            and word[wrong[0]] == known[wrong[1]]
            and word[wrong[1]] == known[wrong[0]]
        )
    longer, shorter = (word, known) if len(word) > len(known) else (known, word)
    return any(longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer)))
