"""The owners that one cell names, and the order of first and last name in a column."""

import re
from collections.abc import Callable, Iterable

from leads.imports.values.casing import natural_case
from leads.imports.values.companies import has_legal_form, is_company, is_given_name
from leads.imports.values.names import (
    LEADING_PARTICLES,
    SUFFIXES,
    TITLES,
    Company,
    NameOrder,
    Person,
    read_person,
    read_person_by_library,
    read_person_fast,
)
from leads.imports.values.placeholders import clean

Owner = Person | Company

NAME_MAX_LENGTH = 400
"""A longer text is a remark; it is kept as a company's name is, without looking for people in it."""

NOTES = re.compile(
    r"[,\s]*(?:\b(?:and\s+all\s+other(?:s|\s+(?:occupants|tenants|persons|residents))?|et\.?\s*als?|et\.?\s*ux(?:or)?"
    r"|et\.?\s*vir|etals?|etux|etvir|j\.?t\.?w?\.?r\.?o?\.?s\.?|jt/?rs|jt\s+ten(?:ants)?|joint\s+tenants|ten(?:ants)?\s+"
    r"(?:in|by)\s+(?:com(?:mon)?|ent(?:irety)?)|t/?i/?c|husband\s+(?:and|&)\s+wife|wife\s+(?:and|&)\s+husband"
    r"|h\s?[/&]\s?w|w\s?[/&]\s?h|(?:co-?\s?)?trustees?|ttees?|trs?|tre|deceased|decd|life\s+est(?:ate)?|l/e|le\s+tenant"
    r"|(?:a\s+)?(?:single|married|unmarried)\s+(?:man|woman|person)|his\s+wife|her\s+husband|spouse)\b\.?"
    r"|\((?:te|jt|tr|trs|dec|decd|le|h/e|hw|h&w|rs|owner|life est(?:ate)?)\))",
    re.IGNORECASE,
)
CUT = re.compile(r"[,\s]+(?:c/o|%|attn:?|a/?k/?a|f/?k/?a|n/?k/?a|d/?b/?a)(?=[\s:]|$).*$", re.IGNORECASE)
SHARES = re.compile(
    r"\b\d{1,3}(?:\.\d+)?\s?%|\b\d{1,2}/\d{1,3}\b(?:\s*int(?:erest)?\b)?|\bund(?:ivided)?\s+int\w*", re.IGNORECASE
)
AND_SPOUSE = re.compile(r"&\s?[WH](?=\s+[A-Z]{2})|[,\s]\bet\.?\s*(?:ux(?:or)?|vir)\b\.?(?=\s+[a-z]{2})", re.IGNORECASE)
"""A joiner with a word for the spouse behind it: "SMITH JOHN &W MARY", "SMITH JOHN ETUX MARY"."""

LISTS = re.compile(r"\s*[;|\n\r]+\s*")
JOINERS = re.compile(r"\s*[&+]\s*|\s+(?:and|or)\s+|\s+/\s+|(?<=[A-Za-z])/(?=[A-Za-z]{2})", re.IGNORECASE)
SOME_NOTE = re.compile(
    r"[&+;|/%()\n\r\d]|\b(?:and|or|et|etal|etux|etvir|jt\w*|tr\w*|co-?tr\w*|tt\w*|tic|attn|[afn]ka|dba|dec\w*|life|single"
    r"|married|unmarried|spouse|his|her|husband|wife|ten\w*|joint)\b",
    re.IGNORECASE,
)


def read_owners(text: str, order: NameOrder = NameOrder.FIRST_LAST) -> tuple[Owner, ...]:
    """Return the owners that a cell names, in their order; () for a placeholder.

    "WHITLOCK GIDEON + GRETA", "John & Jane Smith", "SMITH JOHN; SMITH JANE" are two people with a family name each;
    "Kestrel & Quarry Partners LP" is one company. Notes ("ET AL", "JTRS", "C/O …", "And All Other Occupants") are
    left out. `order` is the column's, see `name_order`.
    """
    text = clean(text)
    plain = read_person_fast(text, order)
    if plain is not None:
        return (plain,)
    return split_and_read(text, order, read_person)


def read_owners_by_library(text: str, order: NameOrder = NameOrder.FIRST_LAST) -> tuple[Owner, ...]:
    """Return what `read_owners` returns, every person's name read by the library."""
    return split_and_read(clean(text), order, read_person_by_library)


def read_owner(text: str, order: NameOrder = NameOrder.FIRST_LAST) -> Owner | None:
    """Return the first owner that a cell names, or None."""
    owners = read_owners(text, order)
    return owners[0] if owners else None


def read_name_columns(first: str, last: str) -> tuple[Owner, ...]:
    """Return the owners of a row whose first and last names stand in columns of their own.

    A company in either column, alone or across both, is a company. "John & Jane" before "Smith" are two people. A
    whole name in one column while the other is blank is read as such. The parts stay as they are otherwise.
    """
    first, last = clean(first), clean(last)
    if first and last:
        if has_legal_form(last) or has_legal_form(first):
            return (Company(f"{first} {last}"),)
        if first.isalpha() or not first[0].isalpha():
            return (person_of_columns(first, last),)
        given = [part.strip(" ,") for part in JOINERS.split(first)]
        return tuple(person_of_columns(part, last) for part in given if part)
    return read_whole_name(first, last) if first or last else ()


def read_whole_name(first: str, last: str) -> tuple[Owner, ...]:
    """Return the owners of a row of whose two name columns one is blank: the other one may hold a whole name."""
    whole = first or last
    words = whole.split()
    if not whole[0].isalnum():
        return (person_of_columns(first, last),)
    if is_company(whole):
        return (Company(whole),)
    if "," in whole or JOINERS.search(whole) or (len(words) > 1 and words[0].lower() not in LEADING_PARTICLES):
        return read_owners(whole, NameOrder.FIRST_LAST if first else name_order([whole]))
    return (person_of_columns(first, last),)


def name_order(values: Iterable[str]) -> NameOrder:
    """Return the order of first and last name in a column, by all values of it that tell it.

    Told by: particles ("VAN HOUTEN OSVALDO"), where initials stand ("SMITH JOHN A", "John A Smith"), a second owner
    without a family name ("WHITLOCK GIDEON + GRETA", "John & Jane Smith"), and where the given names are.
    """
    balance = 0
    for value in values:
        text = strip_notes(clean(value)) if len(value) <= NAME_MAX_LENGTH else ""
        if text and "," not in text and not is_company(text):
            balance += last_first_votes(text)
    return NameOrder.LAST_FIRST if balance > 0 else NameOrder.FIRST_LAST


def last_first_votes(text: str) -> int:
    """Return how much one cell tells: positive for last name first, negative for first name first, 0 for nothing."""
    parts = [part for part in JOINERS.split(text) if part]
    if not parts:
        return 0
    words = [word.strip(".").lower() for word in parts[0].split()]
    votes = 0
    if len(parts) > 1:
        alone = [is_alone(part) for part in parts[:2]]
        votes += 2 * (alone == [False, True]) - 2 * (alone == [True, False])
        if alone[0]:
            words = [word.strip(".").lower() for word in parts[1].split()]
    while words and words[-1] in SUFFIXES:
        words.pop()
    if len(words) < 2:
        return votes
    if len(words) > 2:
        votes += (len(words[-1]) == 1) - (len(words[1]) == 1)
        votes += words[1] in SUFFIXES
        votes += (words[0] in LEADING_PARTICLES and len(words[0]) > 1) - any(
            word in LEADING_PARTICLES and len(word) > 1 for word in words[1:-1]
        )
    named = [word for word in words if len(word) > 1]
    if len(named) > 1:
        votes += (not is_given_name(named[0]) and is_given_name(named[1])) * 2
        votes -= (is_given_name(named[0]) and not is_given_name(named[-1])) * 2
    return votes


def strip_notes(text: str) -> str:
    """Return an owner cell without notes on tenure, shares, and whom to write to."""
    if not SOME_NOTE.search(text):
        return text
    text = AND_SPOUSE.sub(" & ", SHARES.sub(" ", CUT.sub("", text)))
    stripped = NOTES.sub(" ", text)
    return " ".join(stripped.split()).strip(" ,;&+/|") or text


def split_and_read(text: str, order: NameOrder, read: Callable[[str, NameOrder], Person]) -> tuple[Owner, ...]:
    """Return the owners of a cell, each person read by the given function."""
    if not text:
        return ()
    if len(text) > NAME_MAX_LENGTH:
        return (Company(text),)
    owners: dict[str, Owner] = {}
    for entry in filter(None, LISTS.split(text)):
        if is_company(SHARES.sub(" ", entry)):
            owners.setdefault(entry, Company(entry))
            continue
        for owner in read_people(natural_case(strip_notes(entry)), order, read):
            owners.setdefault(str(owner).lower(), owner)
    return tuple(owners.values())


def read_people(text: str, order: NameOrder, read: Callable[[str, NameOrder], Person]) -> list[Person]:
    """Return the people of a text that names no company, the family name shared where one has none."""
    parts = [part.strip(" ,") for part in JOINERS.split(text)] if JOINERS.search(text) else split_at_comma(text, order)
    parts = [part for part in parts if part and part.lower().strip(".") not in TITLES]
    people: list[Person] = []
    family = ""
    for position, part in enumerate(parts):
        if family and (is_alone(part) or is_only_given(part, order, has_comma="," in parts[0])):
            person = read(f"{family}, {part}", order)
        elif is_alone(part) and position + 1 < len(parts):
            later = next((other for other in parts[position + 1 :] if not is_alone(other)), "")
            person = read(f"{read(later, order).last}, {part}" if later else part, order)
        else:
            person = read(part, order_of(part, order) if people else order)
        family = person.last if order is NameOrder.LAST_FIRST or "," in part else family or ""
        people.append(person)
    return people


def is_alone(part: str) -> bool:
    """True for a given name without a family name: "Greta", "JANE B", "John Jr"."""
    words = [word.strip(".,") for word in part.split()]
    full = [word for word in words if len(word) > 1 and word.lower() not in SUFFIXES]
    return "," not in part and len(full) <= 1


def is_only_given(part: str, order: NameOrder, *, has_comma: bool) -> bool:
    """True for "MARY JANE" behind "SMITH JOHN &": two given names and no family name."""
    words = part.split()
    return (
        "," not in part
        and len(words) == 2
        and (order is NameOrder.LAST_FIRST or has_comma)
        and all(is_given_name(word) for word in words)
    )


def order_of(part: str, order: NameOrder) -> NameOrder:
    """Return the order of a further owner of a cell, which is the column's unless its words clearly say otherwise."""
    words = part.split()
    if len(words) == 2 and order is NameOrder.LAST_FIRST and is_given_name(words[0]) and not is_given_name(words[1]):
        return NameOrder.FIRST_LAST
    return order


def split_at_comma(text: str, order: NameOrder) -> list[str]:
    """Return the two people of "John Smith, Jane Smith", and everything else, such as "Smith, John", as one."""
    text = text.strip(" ,")
    parts = [part.strip() for part in text.split(",")]
    words = [part.split() for part in parts]
    if len(parts) < 2 or any(len(part) < 2 for part in words):
        return [text]
    if order is NameOrder.LAST_FIRST and all(is_given_name(part[1]) and not is_given_name(part[0]) for part in words):
        return parts
    is_each_whole = all(is_given_name(part[0]) and not is_given_name(part[-1]) and len(part[-1]) > 1 for part in words)
    return parts if is_each_whole else [text]


def person_of_columns(first: str, last: str) -> Person:
    """Return a person whose names stand in columns of their own, in natural case if they came in capitals."""
    return Person(natural_case(first), "", natural_case(last), "")
