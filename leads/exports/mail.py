"""The file for letters: one row for each mailing address, without those who are not to be written to."""

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from atlas_site.lib.scratch import Scratch
from leads.exports.people import Person
from leads.exports.tally import Tally
from leads.imports.values.addresses import read_address

NO_ADDRESS = "no mailing address"
OPTED_OUT = "on your do-not-mail list"
DECEASED = "deceased"

COLUMNS = (
    "Name", "First Name", "Last Name", "Company", "Address", "City", "State", "ZIP", "Address From",
    "Property Address", "Property City", "Property State", "Property ZIP", "Contacts At This Address", "Atlas IDs",
)  # fmt: skip

MOST_IDS = 20
NAMES_IN_FULL = 2
CACHE_KIBIBYTES = 8_192


class Letter(NamedTuple):
    """What a row needs of one person."""

    id: str
    first_name: str
    last_name: str
    company: str
    address: str
    city: str
    state: str
    zip: str
    address_from: str
    property_address: str
    property_city: str
    property_state: str
    property_zip: str

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.company


def rows_per_address(people: Iterable[Person], tally: Tally) -> Iterator[list[object]]:
    """The heading, and a row for each mailing address in the order in which it was first met.

    Who has no mailing address is written to at the property. People of one address may be far apart, so all of them
    are read, into a temporary file, before the first row comes.
    """
    yield [*COLUMNS]
    with _Households() as households:
        for person in people:
            tally.contacts += 1
            why = why_not(person)
            letter = letter_to(person) if not why else None
            key = _key(letter) if letter else ""
            if letter and key:
                households.add(key, letter)
                tally.contacts_out += 1
            else:
                tally.leave(why or NO_ADDRESS)
        for letters in households.read():
            tally.rows += 1
            yield _row(letters)


def why_not(person: Person) -> str:
    """Why somebody is not to be written to; "" for who may be."""
    if person.do_not_mail:
        return OPTED_OUT
    return DECEASED if person.is_deceased else ""


def letter_to(person: Person) -> Letter | None:
    """What goes on the letter; None without a whole address."""
    mailing = (person.mailing_address, person.mailing_city, person.mailing_state, person.mailing_zip)
    of_property = (person.address, person.city, person.state, person.zip)
    chosen, source = (mailing, "mailing address") if person.mailing_address else (of_property, "property address")
    street, city, state, code = (part or "" for part in chosen)
    if not street or not (code or (city and state)):
        return None
    return Letter(
        person.id,
        " ".join(part for part in (person.first_name, person.middle_name) if part),
        " ".join(part for part in (person.last_name, person.suffix) if part),
        person.company or "",
        *(street, city, state, code),
        source,
        *(part or "" for part in of_property),
    )


def _key(letter: Letter) -> str:
    """What is the same for one address, however it is written."""
    keys = read_address(letter.address, letter.city, letter.state, letter.zip).keys
    return keys[0] if keys else ""


def _row(letters: list[Letter]) -> list[object]:
    first = letters[0]
    ids = "; ".join(letter.id for letter in letters[:MOST_IDS])
    return [_addressee(letters), *first[1:], len(letters), ids]


def _addressee(letters: list[Letter]) -> str:
    """ "Ada Berchon", "Ada and Bruno Berchon", "Ada Berchon and Bruno Dall", or "Ada Berchon and others"."""
    names = list(dict.fromkeys(letter.name for letter in letters if letter.name))
    if not names:
        return "Property Owner"
    people = {letter.name: letter for letter in letters}
    if len(names) == NAMES_IN_FULL:
        one, other = people[names[0]], people[names[1]]
        if one.last_name and one.last_name == other.last_name and one.first_name and other.first_name:
            return f"{one.first_name} and {other.name}"
        return f"{one.name} and {other.name}"
    return names[0] if len(names) == 1 else f"{names[0]} and others"


class _Households(Scratch):
    """Letters by their addresses."""

    def __init__(self) -> None:
        super().__init__(
            """
            CREATE TABLE household (key TEXT PRIMARY KEY, first INTEGER NOT NULL) WITHOUT ROWID;
            CREATE TABLE letter (first INTEGER NOT NULL, number INTEGER NOT NULL, cells TEXT NOT NULL,
                                 PRIMARY KEY (first, number)) WITHOUT ROWID;
            BEGIN;
            """,
            cache_kibibytes=CACHE_KIBIBYTES,
        )
        self._count = 0

    def add(self, key: str, letter: Letter) -> None:
        """Put a letter to its address."""
        self._count += 1
        new = self._database.execute("INSERT OR IGNORE INTO household VALUES (?, ?)", [key, self._count]).rowcount
        first = self._count
        if not new:
            (first,) = self._database.execute("SELECT first FROM household WHERE key = ?", [key]).fetchone()
        self._database.execute("INSERT INTO letter VALUES (?, ?, ?)", [first, self._count, json.dumps(letter)])

    def read(self) -> Iterator[list[Letter]]:
        """The letters of each address."""
        found = self._database.execute("SELECT first, cells FROM letter ORDER BY first, number")
        for _, rows in groupby(found, lambda row: row[0]):
            yield [Letter(*json.loads(cells)) for _, cells in rows]
