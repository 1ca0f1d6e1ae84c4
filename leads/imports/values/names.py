"""Names of people: their parts, how they are shown, and the key that compares them.

`nameparser` reads them. A name of two or three plain words that the library's vocabulary does not know is read without
it; `read_person_fast` answers only where the library would answer the same.
"""

import re
import unicodedata
from enum import StrEnum
from typing import NamedTuple

from nameparser import Lexicon, Parser, Policy

from leads.imports.values.casing import LONG_WORD, natural_case, natural_word
from leads.imports.values.companies import SURE_WORDS, company_key


class NameOrder(StrEnum):
    """Which part of a name comes first where no comma tells it. A column has one order."""

    FIRST_LAST = "first last"
    LAST_FIRST = "last first"


class Person(NamedTuple):
    """A person's name as it is shown. `middle` and `suffix` ("Jr", "III") are "" where there is none."""

    first: str
    middle: str
    last: str
    suffix: str

    @property
    def key(self) -> str:
        """What compares people. See `person_key`."""
        return person_key(self.first, self.last, self.suffix)

    def __str__(self) -> str:
        return " ".join(filter(None, self))


class Company(NamedTuple):
    """A company, trust, estate or public body, as it was written."""

    name: str

    @property
    def key(self) -> str:
        """What compares companies. See `leads.imports.values.companies.company_key`."""
        return company_key(self.name)

    def __str__(self) -> str:
        return self.name


TITLES = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "rev", "reverend", "hon", "honorable", "msgr"})
SUFFIXES = {
    "jr": "JR", "jnr": "JR", "junior": "JR", "sr": "SR", "snr": "SR", "senior": "SR", "ii": "II", "2nd": "II",
    "iii": "III", "3rd": "III", "iv": "IV", "4th": "IV",
}  # fmt: skip
"""Suffixes that tell two people of one name apart, by the spelling that compares them."""

DEGREES = frozenset({"md", "dds", "dmd", "dvm", "phd", "cpa", "esq", "esquire", "rn", "ret"})
NOT_A_LEADING_PARTICLE = frozenset({"do", "te", "den", "bar", "bat", "bon", "abu", "al", "af", "auf", "av", "op"})

DEFAULT_LEXICON = Lexicon.default()
LEXICON = Lexicon.empty().add(
    titles=TITLES,
    suffix_words=SUFFIXES.keys() | {"esq", "esquire", "ret"},
    suffix_acronyms=DEGREES - {"esq", "esquire", "ret"},
    particles=DEFAULT_LEXICON.particles,
    particles_ambiguous=DEFAULT_LEXICON.particles_ambiguous,
    bound_given_names=DEFAULT_LEXICON.bound_given_names,
    conjunctions={"y"},
    after_given_titles={"mr", "mrs", "ms", "miss"},
)
"""The library's vocabulary without the titles, degrees and words that are names of owners: King, Major, Ma, Pe."""

PARSER = Parser(lexicon=LEXICON, policy=Policy(segment_scripts=frozenset()))
LEADING_PARTICLES = {word for word in LEXICON.particles if word.isalpha()} - NOT_A_LEADING_PARTICLE | {"o", "mc", "mac"}
GLUED = LEADING_PARTICLES | {"de", "la", "le", "al", "saint"}

NOTES_IN_NAMES = frozenset(
    (
        "et", "al", "ux", "vir", "etal", "etux", "etvir", "jtrs", "jtwros", "jt", "rs", "tic", "tenants", "tenant",
        "trustee", "trustees", "ttee", "ttees", "tre", "tr", "trs", "cotrustee", "husband", "wife", "hw", "wh",
        "deceased", "decd", "dec", "life", "est", "aka", "fka", "nka", "dba", "attn", "care", "occupants", "others",
        "other", "all", "unknown", "owner", "occupant", "resident", "current", "spouse", "minor", "custodian", "heir",
        "and", "or", "of", "the", "city", "town", "state", "village", "with", "by", "for", "in", "an", "to", "aka",
        "interest", "int", "undivided", "single", "married", "woman", "man", "person", "unmarried", "separate",
        "revocable", "revoc", "co", "pa", "na", "pc", "lc", "ptnr", "ptnrs", "none", "null", "nan", "nil",
    )
)  # fmt: skip
"""Words beside names that are notes; a name that holds one is not plain."""

UNPLAIN_WORDS = frozenset(
    {*LEXICON.particles, *LEXICON.bound_given_names, *TITLES, *SUFFIXES, *DEGREES, *NOTES_IN_NAMES, *SURE_WORDS, "y"}
    | {"i", "v", "x", "vi", "vii", "viii", "ix", "xi", "xii", "xiii", "xiv", "xv", "xvi", "xx", "mac", "mc", "nee"}
)
SUFFIX_BETWEEN = re.compile(r",\s*((?:jr|sr|ii|iii|iv)\.?),(?=.*\w)", re.IGNORECASE)
PLAIN_NAME = re.compile(
    r"(?!o )([A-Za-z]+)(,?) ([A-Za-z]+)(?: (?!(?:jr|sr|ii|iii|iv)\b)([A-Za-z]+))?(?: (jr|sr|ii|iii|iv))?",
    re.ASCII | re.IGNORECASE,
)


def read_person(text: str, order: NameOrder = NameOrder.FIRST_LAST) -> Person:
    """Return the parts of one person's name, in natural case if it came in capitals.

    "Last, First M" tells its order by the comma; otherwise `order` decides. A particle belongs to the family name
    ("VAN HOUTEN OSVALDO" is Osvaldo Van Houten). A single word is a family name. Titles and nicknames are left out.
    """
    return read_person_fast(text, order) or read_person_by_library(text, order)


def read_person_fast(text: str, order: NameOrder = NameOrder.FIRST_LAST) -> Person | None:
    """Return what `read_person_by_library` returns for a plain name, or None where that is not sure."""
    plain = PLAIN_NAME.fullmatch(text)
    if plain is None:
        return None
    one, comma, two, three, suffix = plain.groups("")
    if one.lower() in UNPLAIN_WORDS or two.lower() in UNPLAIN_WORDS or (three and three.lower() in UNPLAIN_WORDS):
        return None
    if text.isupper() or text.islower():
        one, two, three = natural_word(one), natural_word(two), three and natural_word(three)
        suffix = suffix and natural_word(suffix)
    elif not text.istitle():
        one, two, three = [natural_word(x) if len(x) >= LONG_WORD and x.isupper() else x for x in (one, two, three)]
    if comma or order is NameOrder.LAST_FIRST:
        return Person(two, three, one, suffix)
    return Person(one, two, three, suffix) if three else Person(one, "", two, suffix)


def read_person_by_library(text: str, order: NameOrder = NameOrder.FIRST_LAST) -> Person:
    """Return the parts of one person's name as `nameparser` finds them, the family name first where it is."""
    text = SUFFIX_BETWEEN.sub(r" \1,", " ".join(text.replace(" - ", "-").split()))
    if order is NameOrder.LAST_FIRST and "," not in text:
        text = with_comma(text)
    name = PARSER.parse(natural_case(text))
    first, last = name.given, name.family or name.maiden
    if not last:
        first, last = ("", first or name.title) if not name.middle else (first, name.middle)
        return Person(first, "", last, name.suffix.replace(",", ""))
    return Person(first, name.middle, last, name.suffix.replace(",", ""))


def with_comma(text: str) -> str:
    """Return "VAN HOUTEN OSVALDO JR" as "VAN HOUTEN, OSVALDO JR": a name whose family name comes first."""
    words = text.split()
    while len(words) > 2 and words[0].lower().strip(".") in TITLES:
        del words[0]
    end = 0
    while end < len(words) - 2 and words[end].lower().strip(".") in LEADING_PARTICLES:
        end += 1
    end += 1
    while end < len(words) - 1 and words[end].lower().strip(".") in SUFFIXES:
        end += 1
    if end >= len(words) or all(word.lower().strip(".,") in SUFFIXES for word in words[end:]):
        return text
    return f"{' '.join(words[:end])}, {' '.join(words[end:])}"


def person_key(first: str, last: str, suffix: str = "") -> str:
    """Return what compares people: "" for nobody.

    Case, accents, punctuation, middle names and the order of first and last name do not matter: only the first word
    of the given name counts, and particles are one word with what follows ("O'Malley", "O Malley"). A suffix does.
    """
    if first.isalpha() and last.isalpha() and first.isascii() and last.isascii() and not suffix:
        one, two = first.lower(), last.lower()
        if two not in SUFFIXES:
            return f"{one} {two}" if one < two else f"{two} {one}"
    words = key_words(last)
    if len(words) > 1 and words[-1] in SUFFIXES:
        suffix = suffix or words.pop()
    words = [word for word in words if len(word) > 1] or words
    given = key_words(first)
    kept = SUFFIXES.get(suffix.lower().strip(". ").split(" ")[0].strip("."), "") if suffix else ""
    if not kept and len(given) > 1 and given[-1] in SUFFIXES:
        kept = SUFFIXES[given[-1]]
    return " ".join([*sorted([*given[:1], *words]), *([kept] if kept else [])])


def key_words(text: str) -> list[str]:
    """Return the words of a part of a name in small letters without marks, particles glued to what follows."""
    text = unicodedata.normalize("NFKD", text.lower())
    words = re.findall(r"[a-z0-9\u0250-\U0010ffff]+", re.sub(r"[.'’`\u0300-\u036f]", "", text))
    glued, particles = [], ""
    for position, word in enumerate(words):
        if word in GLUED and position < len(words) - 1:
            particles += word
        else:
            glued.append(particles + word)
            particles = ""
    return glued
