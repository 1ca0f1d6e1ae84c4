"""From the cells of a row to a lead, or to the reason why the row is none."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from leads.imports.fields import Field
from leads.imports.identity import identity_key, match_keys, place_key
from leads.imports.rejections import Doubts, Rejected, is_doubtful, too_many_cells
from leads.imports.values.addresses import (
    NOWHERE,
    Address,
    Place,
    address_at,
    address_by_library,
    read_place,
    split_full_address,
)
from leads.imports.values.emails import read_emails
from leads.imports.values.names import Company, NameOrder, Person
from leads.imports.values.owners import (
    Owner,
    name_order,
    read_name_columns,
    read_owners,
    read_owners_by_library,
)
from leads.imports.values.phones import read_phones, read_phones_by_library
from leads.imports.values.placeholders import clean
from leads.imports.values.streets import second_line

CELL_MAX_LENGTH = 1000
"""What is read of a cell: nothing that a lead holds is longer, and what is remembered stays small."""

BROKEN_NUMBER = re.compile(r"\d{1,7}E\d{1,3}")
"""A parcel's number that a spreadsheet rounded ("3.04E+17"): many parcels have the same."""

PARCEL_MARKS = re.compile(r"[\W_]+")
COUNTY_WORDS = re.compile(r"\s*\b(?:county|parish|borough)\b\.?", re.IGNORECASE)
PROFILE_FRAME = re.compile(r"^(?:https?://)?(?:[a-z]{2,3}\.)?(?=linkedin)|/?(?:[?#].*)?$")
LINKEDIN = re.compile(r"linkedin|^(?:https?://|www\.|/?in/)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Lead:
    """What one row says of a person or company and a property.

    Absent values are "". Names are in natural case; `address` and `mailing_address` are as written, `unit` is in its
    usual spelling; `state` is a postal code where the row or its ZIP code names one; `zip` has its zeros and, where
    known, four more digits behind a dash. `phones` are ten digits each, `emails` in small letters. `other_owners` are
    the further names of the row.
    """

    first_name: str
    middle_name: str
    last_name: str
    suffix: str
    company: str
    phones: tuple[str, ...]
    emails: tuple[str, ...]
    linkedin: str
    address: str
    unit: str
    city: str
    state: str
    zip: str
    mailing_address: str
    mailing_unit: str
    mailing_city: str
    mailing_state: str
    mailing_zip: str
    apn: str
    county: str
    other_owners: tuple[str, ...]
    person_key: str = field(repr=False)
    """What compares people and companies, "" for nobody."""
    address_keys: tuple[str, ...] = field(repr=False)
    """What compares the property's addresses, or the mailing addresses of a row without a property."""
    parcel_keys: tuple[str, ...] = field(repr=False)

    @property
    def identity_key(self) -> str:
        """The normalized person and address, as 32 hexadecimal digits. See `leads.imports.identity`."""
        for values in (self.address_keys, self.emails, self.phones, self.parcel_keys):
            if values:
                return identity_key(self.person_key, values[0])
        return identity_key(self.person_key, profile_key(self.linkedin))

    @property
    def identity_keys(self) -> list[str]:
        """The identities that it may have been given before: by its address with the ZIP code, and with the city."""
        return [identity_key(self.person_key, value) for value in self.address_keys] or [self.identity_key]

    @property
    def match_keys(self) -> list[str]:
        """Keys of twelve characters by which others find it. See `recognized_by` and `leads.imports.identity`."""
        return match_keys(
            self.person_key,
            addresses=self.address_keys,
            emails=self.emails,
            phones=self.phones,
            parcels=self.parcel_keys,
            profiles=(profile_key(self.linkedin),) if LINKEDIN.search(self.linkedin) else (),
        )

    @property
    def place_key(self) -> str:
        """Twelve characters for the property's address, whoever lives there; "" without one."""
        return place_key(self.address_keys[0]) if self.address and self.address_keys else ""

    @property
    def place_key_count(self) -> int:
        """How many of the match keys, the first ones, name its property; 0 for a row without one."""
        return len(self.address_keys) + len(self.parcel_keys) if self.address else 0

    def recognized_by(self, match_keys: list[str]) -> list[str]:
        """Those of its match keys, which are made once, by which it is told that a lead is there already.

        An owner of two houses is two leads, with the same phone, e-mail address and mailing address in both rows: what
        names its property is compared by that alone.
        """
        if self.place_key_count:
            return match_keys[: self.place_key_count]
        streets, parcels = len(self.address_keys), len(self.parcel_keys)
        return match_keys[streets : streets + parcels] or match_keys


class LeadReader:
    """Reads the rows of one table under one mapping.

    `mapping` gives the field of each column by its index (from 0; absent ones are ignored), `headers` are the names of
    all columns, `orders` the order of first and last name in each column of whole names, see `name_orders`. With
    `is_fast` False every value goes through the libraries; the result is the same.
    """

    def __init__(
        self,
        mapping: Mapping[int, Field],
        headers: Sequence[str],
        orders: Mapping[int, NameOrder] | None = None,
        *,
        is_fast: bool = True,
    ) -> None:
        self.width = len(headers)
        self.orders = orders or {}
        columns: dict[Field, list[int]] = {name: [] for name in Field}
        for column in sorted(mapping):
            columns[mapping[column]].append(column)
        self.doubts = Doubts(mapping)
        self.site = AddressColumns(columns, SITE)
        self.mail = AddressColumns(columns, MAIL)
        self.name_pairs = pairs_of(columns[Field.FIRST_NAME], columns[Field.LAST_NAME])
        self.full_names = [
            (column, self.orders.get(column, NameOrder.FIRST_LAST)) for column in columns[Field.FULL_NAME]
        ]
        self.phones, self.emails = columns[Field.PHONE], columns[Field.EMAIL]
        self.company = first_of(columns[Field.COMPANY])
        self.linkedin = first_of(columns[Field.LINKEDIN])
        self.apn = first_of(columns[Field.APN])
        self.county = first_of(columns[Field.COUNTY])
        self.read_owners = read_owners if is_fast else read_owners_by_library
        self.address_at = address_at if is_fast else address_by_library
        self.read_phones = read_phones if is_fast else read_phones_by_library

    def read(self, cells: Sequence[str]) -> Lead | Rejected:
        """Return the lead of a row, or why it is none. Rows shorter than the header are good."""
        extra = len(cells) - self.width
        if extra > 0 and (more := [at for at in range(self.width, len(cells)) if cells[at].strip()]):
            return Rejected(too_many_cells(len(more)), more[0])
        if extra < 0 or sum(map(len, cells)) > CELL_MAX_LENGTH:
            cells = self.fitted(cells)
        phones = self.values(cells, self.phones, self.read_phones)
        emails = self.values(cells, self.emails, read_emails)
        site = self.site.read(cells, self.address_at)
        mail = self.mail.read(cells, self.address_at)
        linkedin = "" if self.linkedin is None else clean(cells[self.linkedin])
        apn = "" if self.apn is None else clean(cells[self.apn])
        parcel = parcel_of(apn) if apn else ""
        if not (site.street or mail.street or phones or emails or parcel) and not LINKEDIN.search(linkedin):
            return self.doubts.no_lead(cells)
        if (is_doubtful(site.place) or is_doubtful(mail.place) or not (phones or emails)) and (
            rejected := self.doubts.rejection(cells, site, mail, has_contact=bool(phones or emails))
        ):
            return rejected
        county = "" if self.county is None else clean(cells[self.county])
        owners = self.owners(cells)
        names, person_key = names_of(owners, "" if self.company is None else clean(cells[self.company]))
        where = site if site.street else mail
        keys = where.keys if where.has_number or not parcel else tuple([f"{parcel}~{key}" for key in where.keys])
        place, mailing = site.place, mail.place
        return Lead(
            *names,
            phones,
            emails,
            linkedin,
            site.street,
            site.unit,
            place.city,
            place.state,
            place.zip_text,
            mail.street,
            mail.unit,
            mailing.city,
            mailing.state,
            mailing.zip_text,
            apn,
            county,
            tuple([str(other) for other in owners[1:]]) if len(owners) > 1 else (),
            person_key,
            keys,
            parcel_keys(parcel, county, place.state) if parcel else (),
        )

    def fitted(self, cells: Sequence[str]) -> list[str]:
        """Return a cell for each column at least, and of none more than is read."""
        return [cell[:CELL_MAX_LENGTH] for cell in [*cells, *[""] * (self.width - len(cells))]]

    def owners(self, cells: Sequence[str]) -> tuple[Owner, ...]:
        """Return the owners of a row: those of the columns of first and last names, else of whole names."""
        found: tuple[Owner, ...] = ()
        for first, last in self.name_pairs:
            owners = read_name_columns("" if first is None else cells[first], "" if last is None else cells[last])
            found = found + owners if found else owners
        if not found:
            for column, order in self.full_names:
                owners = self.read_owners(cells[column], order)
                found = found + owners if found else owners
        return found

    @staticmethod
    def values(cells: Sequence[str], columns: list[int], read: Callable[[str], tuple[str, ...]]) -> tuple[str, ...]:
        """Return the different values of several columns, in their order."""
        found: tuple[str, ...] = ()
        for column in columns:
            cell = cells[column]
            if cell:
                for value in read(cell):
                    if value not in found:
                        found = (*found, value)
        return found


SITE = (Field.ADDRESS, Field.CITY, Field.STATE, Field.ZIP, Field.CITY_STATE_ZIP, Field.FULL_ADDRESS)
MAIL = (
    Field.MAILING_ADDRESS,
    Field.MAILING_CITY,
    Field.MAILING_STATE,
    Field.MAILING_ZIP,
    Field.MAILING_CITY_STATE_ZIP,
    None,
)
"""The fields of an address: street, city, state, ZIP code, the three in one, and the whole in one."""


class AddressColumns:
    """The columns of one address of a row: the property's or the mailing address's."""

    def __init__(self, columns: Mapping[Field, list[int]], fields: tuple[Field | None, ...]) -> None:
        street, city, state, zips, mixed, full = [columns[name] if name else [] for name in fields]
        self.streets = street
        self.city, self.state, self.zip = first_of(city), first_of(state), first_of(zips)
        self.mixed, self.full = first_of(mixed), first_of(full)
        self.is_absent = not (street or city or state or zips or mixed or full)

    def read(self, cells: Sequence[str], address: Callable[[str, Place], Address]) -> Address:
        """Return the address of a row."""
        if self.is_absent:
            return NO_ADDRESS
        street = ""
        for column in self.streets:
            line = clean(cells[column])
            street = second_line(street, line) if street else line
        place = read_place(
            "" if self.city is None else cells[self.city],
            "" if self.state is None else cells[self.state],
            "" if self.zip is None else cells[self.zip],
            "" if self.mixed is None else cells[self.mixed],
        )
        if self.full is not None and not street and cells[self.full]:
            street, whole = split_full_address(cells[self.full])
            place = whole if place == NOWHERE else place
        return address(street, place)


NO_ADDRESS = Address("", "", NOWHERE, "", False)


def read_lead(
    cells: Sequence[str],
    mapping: Mapping[int, Field],
    headers: Sequence[str],
    orders: Mapping[int, NameOrder] | None = None,
) -> Lead | Rejected:
    """Return the lead of one row, or why it is none. For many rows of a table make one `LeadReader`."""
    return LeadReader(mapping, headers, orders).read(cells)


def name_orders(mapping: Mapping[int, Field], sample_rows: Iterable[Sequence[str]]) -> dict[int, NameOrder]:
    """Return the order of first and last name in each column of whole names, by the values of many rows."""
    rows = list(sample_rows)
    return {
        column: name_order(row[column] for row in rows if column < len(row))
        for column, name in mapping.items()
        if name is Field.FULL_NAME
    }


def pairs_of(first: list[int], last: list[int]) -> list[tuple[int | None, int | None]]:
    """Return the columns of first and last names in pairs, in their order."""
    count = max(len(first), len(last))
    return [
        (first[number] if number < len(first) else None, last[number] if number < len(last) else None)
        for number in range(count)
    ]


def first_of(columns: list[int]) -> int | None:
    """Return the first column of a field that only one column fills, or None."""
    return columns[0] if columns else None


def names_of(owners: tuple[Owner, ...], company: str) -> tuple[tuple[str, str, str, str, str], str]:
    """Return first, middle and last name, suffix and company of a row's first owner, and what compares the owner."""
    owner = owners[0] if owners else None
    if isinstance(owner, Person):
        first, middle, last, suffix = owner
        return (first, middle, last, suffix, company), owner.key
    if owner is not None:
        return ("", "", "", "", company or owner.name), owner.key
    return ("", "", "", "", company), Company(company).key if company else ""


def parcel_of(apn: str) -> str:
    """Return the number of a parcel without marks; "" for a remark: every parcel's number has digits."""
    parcel = PARCEL_MARKS.sub("", apn).upper()
    return "" if parcel.isalpha() else parcel


def profile_key(linkedin: str) -> str:
    """Return what compares LinkedIn profiles: the address without its protocol, "www." and what follows the name."""
    return PROFILE_FRAME.sub("", linkedin.lower())


def parcel_keys(parcel: str, county: str, state: str) -> tuple[str, ...]:
    """Return what compares parcels: the number within its county, and within its state."""
    if BROKEN_NUMBER.fullmatch(parcel):
        return ()
    where = [COUNTY_WORDS.sub("", county).upper(), state] if county or state else [""]
    return tuple([f"{parcel}|{name}" for name in where if name or not (county or state)])
