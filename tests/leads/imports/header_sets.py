"""Reading and filling the header sets of `corpus/`, to measure how many columns are guessed right.

Notation: `== name` starts a set; columns are separated by ` ; `; `Header=kind` says which values the column gets and so
which field is right, `Header` alone is a column to ignore, `kind|field|field` names further right fields, `<none>` is a
column of a file without headers. Kinds that start with `m` are of the mailing address, with `x` of another person.
"""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import zipcodes
from faker import Faker

CORPUS = Path(__file__).parent / "corpus"
ROWS = 60

FIELD_OF = {
    "first": "firstName",
    "last": "lastName",
    "full": "fullName",
    "company": "company",
    "phone": "phone|ignore",
    "email": "email|ignore",
    "linkedin": "linkedin",
    "street": "address",
    "unit": "address|ignore",
    "shouse": "address",
    "spre": "address|ignore",
    "sname": "address",
    "ssuf": "address|ignore",
    "city": "city",
    "state": "state",
    "sname_": "state",
    "zip": "zip",
    "full_address": "fullAddress",
    "csz": "cityStateZip",
    "mstreet": "mailing_address",
    "munit": "mailing_address|ignore",
    "mhouse": "mailing_address",
    "mname": "mailing_address",
    "mcity": "mailing_city",
    "mstate": "mailing_state",
    "mzip": "mailing_zip",
    "mzip4": "ignore|mailing_zip",
    "mcsz": "mailingCityStateZip",
    "cs": "cityStateZip",
    "mpre": "mailing_address|ignore",
    "msuf": "mailing_address|ignore",
    "mcs": "mailingCityStateZip",
    "mstate_long": "mailing_state",
    "mfull": "mailing_address",
    "apn": "apn",
    "apn2": "ignore|apn",
    "county": "county",
    "landlord": "fullName",
}


OF_MAIL = frozenset(kind for kind, field in FIELD_OF.items() if kind.startswith("m") and "mailing" in field)


@dataclass(frozen=True)
class Column:
    """One column of a set: its header (None in a file without), its kind and the fields that are right."""

    header: str | None
    kind: str
    right: frozenset[str]


@dataclass(frozen=True)
class HeaderSet:
    """The columns of one kind of file."""

    name: str
    columns: tuple[Column, ...]


def read_sets(path: Path) -> Iterator[HeaderSet]:
    """Read the sets of one corpus file."""
    for part in re.split(r"^== ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        name, _, body = part.partition("\n")
        yield HeaderSet(name, tuple(_columns(body.strip().split(" ; "))))


def _columns(items: list[str]) -> Iterator[Column]:
    seen: set[str] = set()
    for item in items:
        header, _, spec = item.strip().rpartition("=") if "=" in item else (item.strip(), "", "-")
        kind, *more = spec.split("|")
        if "|" in header:
            header, *more = header.split("|")
        right = set(FIELD_OF.get(kind, "ignore").split("|")) | set(more)
        if kind == "phone" and "phone" not in seen:
            right.discard("ignore")
        if kind == "email" and "email" not in seen:
            right.discard("ignore")
        seen.add(kind)
        yield Column(None if header == "<none>" else header, kind, frozenset(right))


@cache
def _places(state: str) -> list[tuple[str, str, str]]:
    rows = zipcodes.filter_by(state=state, active=True)
    return [(row["city"], row["zip_code"], (row["county"] or "").replace(" County", "")) for row in rows]


STATES = "FL TX OH GA MA NJ CT MI AZ CA TN PA MD WA IN".split()
STATE_NAMES = {"FL": "Florida", "TX": "Texas", "OH": "Ohio", "GA": "Georgia", "MA": "Massachusetts", "NJ": "New Jersey"}
AREA_CODES = "614 313 401 407 585 716 813 305 214 404 617 201 602 818 615 215 410 206 317".split()


class Pools:
    """Names and streets, drawn once because making them is slow."""

    def __init__(self, seed: int) -> None:
        fake = Faker("en_US")
        fake.seed_instance(seed)
        self.first = [fake.first_name() for _ in range(250)]
        self.last = [fake.last_name() for _ in range(250)]
        self.company = [
            *(fake.company() + random.Random(at).choice([" LLC", " Inc", "", " Trust"]) for at in range(60)),
            *(
                f"{fake.last_name()} {kind}"
                for kind in ["Properties LLC", "Family Trust", "Holdings LP"]
                for _ in "123"
            ),
        ]
        self.street = [fake.street_address().split(" Apt")[0].split(" Suite")[0] for _ in range(250)]


@cache
def pools() -> Pools:
    """The pools of all corpora."""
    return Pools(20)


@dataclass
class Person:
    """One made-up person with an address."""

    first: str
    last: str
    street: str
    city: str
    state: str
    zip: str
    county: str
    company: str | None

    @property
    def full(self) -> str:
        return self.company or f"{self.first} {self.last}"


class Filler:
    """Fills the columns of one set with rows, in one style of writing."""

    def __init__(self, header_set: HeaderSet, seed: int) -> None:
        self.set = header_set
        self.chance = random.Random(f"{header_set.name} {seed}")
        self.home_state = self.chance.choice(STATES)
        self.is_upper = self.chance.random() < 0.35
        self.last_first = self.is_upper and self.chance.random() < 0.5
        self.phone_style = self.chance.randrange(5)
        self.phone_fill = self.chance.choice([0.95, 0.7, 0.4])
        self.loses_zeros = self.chance.random() < 0.4
        self.absentee = self.chance.choice([0.3, 0.6, 0.9])
        self.apn_style = self.chance.randrange(4)
        self.zip_plus = self.chance.random() < 0.15

    def headers(self) -> list[str]:
        """The headers as a table names them."""
        names: list[str] = []
        for at, column in enumerate(self.set.columns, start=1):
            name = f"[column {at}]" if column.header is None else column.header
            names.append(name)
        return names

    def rows(self, count: int = ROWS) -> list[list[str]]:
        """Rows of cells."""
        return [self._row() for _ in range(count)]

    def _row(self) -> list[str]:
        owner = self._person(0.2)
        mail = owner if self.chance.random() > self.absentee else self._person(0.0, anywhere=True)
        other = self._person(0.0)
        phone_number = 0
        cells = []
        for column in self.set.columns:
            if column.kind in {"phone", "xphone", "email", "xemail"}:
                phone_number += 1
            cells.append(self._cell(column, owner, mail, other, phone_number))
        return cells

    def _person(self, companies: float, anywhere: bool = False) -> Person:
        pool, chance = pools(), self.chance
        state = chance.choice(STATES) if anywhere and chance.random() < 0.5 else self.home_state
        city, zip_code, county = chance.choice(_places(state)[:200])
        company = chance.choice(pool.company) if chance.random() < companies else None
        street = chance.choice(pool.street)
        if anywhere and chance.random() < 0.15:
            street = f"PO Box {chance.randrange(10, 9000)}"
        return Person(
            chance.choice(pool.first), chance.choice(pool.last), street, city, state, zip_code, county, company
        )

    def _cell(self, column: Column, owner: Person, mail: Person, other: Person, phone_number: int) -> str:
        kind = column.kind
        if kind == "-":
            return self._ignored(column.header or "")
        if kind == "blank":
            return ""
        is_mail, is_other = kind in OF_MAIL, kind.startswith("x")
        whose = other if is_other else mail if is_mail else owner
        plain = "full_address" if kind == "mfull" else kind[1:] if is_mail or is_other else kind
        value = self._value(plain, whose, phone_number)
        keeps_case = plain in {"email", "linkedin", "state"}
        return value.upper() if self.is_upper and not keeps_case else value

    def _value(self, kind: str, person: Person, number: int) -> str:
        chance = self.chance
        readers: dict[str, Callable[[], str]] = {
            "first": lambda: "" if person.company else person.first,
            "last": lambda: person.company or person.last,
            "full": lambda: self._full(person),
            "landlord": lambda: self._full(person),
            "company": lambda: person.company or "",
            "lender": lambda: chance.choice(
                ["WELLS FARGO BANK NA", "US Bank National Association", "PennyMac Loan Services"]
            ),
            "government": lambda: chance.choice(["COUNTY OF DALLAS", "CITY OF KATY", "Harris County et al"]),
            "staff": lambda: chance.choice(["Dana Whitcombe", "Lee Marsh"]),
            "middle": lambda: chance.choice(["", "", "A", "J", "Lee"]),
            "street": lambda: person.street,
            "unit": lambda: chance.choice(["", "", "", "Apt 5", "#12", "Unit B"]),
            "house": lambda: person.street.split()[0],
            "shouse": lambda: person.street.split()[0],
            "spre": lambda: chance.choice(["", "", "N", "S"]),
            "name": lambda: " ".join(person.street.split()[1:-1]) or "Main",
            "sname": lambda: " ".join(person.street.split()[1:-1]) or "Main",
            "ssuf": lambda: chance.choice(["ST", "AVE", "RD", "LN"]),
            "city": lambda: person.city,
            "state": lambda: person.state,
            "sname_": lambda: STATE_NAMES.get(person.state, "Florida"),
            "zip": lambda: self._zip(person.zip),
            "state_long": lambda: STATE_NAMES.get(person.state, "Texas"),
            "pre": lambda: chance.choice(["", "", "N", "S"]),
            "suf": lambda: chance.choice(["ST", "AVE", "RD", "LN"]),
            "cs": lambda: f"{person.city}, {person.state}",
            "mstreet": lambda: person.street,
            "bool": lambda: chance.choice(["Y", "N"]),
            "int": lambda: str(chance.randrange(1000, 99999)),
            "zip4": lambda: f"{chance.randrange(1, 9999):04d}",
            "county": lambda: person.county,
            "full_address": lambda: f"{person.street}, {person.city}, {person.state} {person.zip}",
            "csz": lambda: f"{person.city}, {person.state} {person.zip}",
            "apn": self._apn,
            "apn2": self._apn,
            "phone": lambda: self._phone(number),
            "email": lambda: "" if chance.random() > self.phone_fill else self._email(person),
            "linkedin": f"https://www.linkedin.com/in/{person.first}-{person.last}".lower,
        }
        if kind not in readers:
            raise ValueError(f"{self.set.name}: no kind {kind!r}")
        return readers[kind]()

    def _full(self, person: Person) -> str:
        if person.company:
            return person.company
        if self.last_first:
            return f"{person.last} {person.first}" + self.chance.choice(["", " A", " & MARY"])
        return f"{person.first} {person.last}"

    def _email(self, person: Person) -> str:
        return f"{person.first}.{person.last}@example.com".lower()

    def _zip(self, code: str) -> str:
        if self.loses_zeros:
            return str(int(code))
        return f"{code}-{self.chance.randrange(1000, 9999)}" if self.zip_plus else code

    def _phone(self, number: int) -> str:
        chance = self.chance
        if chance.random() > self.phone_fill / max(1, number * 0.6):
            return ""
        area, last = chance.choice(AREA_CODES), f"{chance.randrange(100, 200):04d}"
        return [
            f"({area}) 555-{last}",
            f"{area}-555-{last}",
            f"{area}555{last}",
            f"+1{area}555{last}",
            f"{area}555{last}.0",
        ][self.phone_style]

    def _apn(self) -> str:
        chance = self.chance
        numbers = [chance.randrange(100, 999) for _ in range(4)]
        return [
            f"{numbers[0]}-{numbers[1]}-{numbers[2]}",
            f"{numbers[0]}{numbers[1]}{numbers[2]}{numbers[3]}",
            f"R-{numbers[0]}-{numbers[1] % 90}A-00{numbers[2]}",
            f"{numbers[0] % 90:02d} {numbers[1] % 90:02d} {numbers[2]}.{numbers[3]}",
        ][self.apn_style]

    def _ignored(self, header: str) -> str:
        """A value such as columns of this name have."""
        chance, name = self.chance, header.lower()
        if chance.random() < 0.3:
            return ""
        for pattern, make in IGNORED_VALUES:
            if re.search(pattern, name):
                return make(chance)
        return chance.choice(["New", "Warm lead", "Tired landlord", "See file", "Residential", "A", "2"])


def _date(chance: random.Random) -> str:
    month, day, year = chance.randrange(1, 13), chance.randrange(1, 29), chance.randrange(1995, 2026)
    return chance.choice([f"{year}-{month:02d}-{day:02d}", f"{month}/{day}/{year}"])


IGNORED_VALUES: list[tuple[str, Callable[[random.Random], str]]] = [
    (r"type|label", lambda chance: chance.choice(["Mobile", "Landline", "VOIP", "Residential"])),
    (r"dnc|vacant|occupied|is_|deceased|litigator|\?|flag|contacted", lambda chance: chance.choice(["Yes", "No"])),
    (r"date|created|updated|modified|visit|birth|dob|time|sold|_dt|since", _date),
    (r"year|yr", lambda chance: str(chance.randrange(1920, 2024))),
    (r"percent|%|ltv|equity percent", lambda chance: f"{chance.randrange(0, 100)}%"),
    (
        r"price|value|val|amount|amt|due|balance|equity|bid|tax|fee|total|asking|interest|jv|consideration",
        lambda chance: chance.choice(["", "$"]) + str(chance.randrange(500, 900000)),
    ),
    (
        r"beds|baths|bedroom|bathroom|count|units|stories|score|rating|ba\b|bd\b",
        lambda chance: str(chance.randrange(1, 6)),
    ),
    (r"sqft|sq ft|square|lot size|area|living", lambda chance: str(chance.randrange(600, 9000))),
    (r"acre", lambda chance: f"{chance.random() * 5:.2f}"),
    (r"lat", lambda chance: f"{chance.uniform(25, 48):.6f}"),
    (r"lng|lon", lambda chance: f"-{chance.uniform(70, 120):.6f}"),
    (r"url|website|web page|link", lambda chance: f"https://example.com/{chance.randrange(9999)}"),
    (
        r"case|cause|instrument|doc|number|no\b|\bid\b|_id|id$|acct|#",
        lambda chance: str(chance.randrange(10**6, 10**9)),
    ),
    (r"legal|lgl", lambda chance: f"LOT {chance.randrange(1, 90)} BLK {chance.randrange(1, 30)} VINEWOOD"),
    (r"subdivision|neighborhood", lambda chance: chance.choice(["Oak Hills", "Vinewood", "Lake Nona"])),
    (r"school", lambda chance: chance.choice(["Orange County SD", "Katy ISD"])),
    (r"county", lambda chance: chance.choice(["Orange", "Harris", "Knox"])),
    (r"country", lambda chance: "United States"),
    (
        r"notes|comments|remarks|description|desc|message",
        lambda chance: chance.choice(["Roof is bad", "call after 5pm, he works"]),
    ),
    (r"zip", lambda chance: f"{chance.randrange(10000, 99999)}-{chance.randrange(1000, 9999)}"),
    (r"code|use|class", lambda chance: chance.choice(["001", "R1", "0100", "SFR"])),
]
