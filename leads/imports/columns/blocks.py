"""Which address the address columns are parts of: the property's, the one for mail, or neither."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from leads.imports.columns.kinds import ADDRESS_KINDS, Kind
from leads.imports.columns.looks import FEW, Column
from leads.imports.columns.nouns import NUMBER_WORDS
from leads.imports.columns.people import GENERIC
from leads.imports.columns.words import repetition, words_of
from leads.imports.fields import Field
from leads.imports.profiles import PO_BOX, Shape
from leads.imports.vocabulary import NEVER_THE_LEAD, NOUN_OF, PLACE_OF, STREET_WORDS

STREETS = frozenset({Kind.STREET, Kind.FULL_ADDRESS, Kind.HOUSE})
TOWNS = frozenset({Kind.CITY, Kind.STATE, Kind.ZIP, Kind.CITY_STATE_ZIP})
PARTS = frozenset({Kind.HOUSE, Kind.STREET_PART})
COMPASS = frozenset("n s e w ne nw se sw north south east west".split())
# Their address is that of the property: they live in it, or lived.
OF_PREMISES = ("tenant", "defendant", "decedent", "borrower")

SITUS_FIELDS = {
    Kind.STREET: Field.ADDRESS,
    Kind.HOUSE: Field.ADDRESS,
    Kind.STREET_PART: Field.ADDRESS,
    Kind.SECOND_LINE: Field.ADDRESS,
    Kind.CITY: Field.CITY,
    Kind.STATE: Field.STATE,
    Kind.ZIP: Field.ZIP,
    Kind.FULL_ADDRESS: Field.FULL_ADDRESS,
    Kind.CITY_STATE_ZIP: Field.CITY_STATE_ZIP,
}
MAIL_FIELDS = {
    Kind.STREET: Field.MAILING_ADDRESS,
    Kind.HOUSE: Field.MAILING_ADDRESS,
    Kind.STREET_PART: Field.MAILING_ADDRESS,
    Kind.SECOND_LINE: Field.MAILING_ADDRESS,
    Kind.CITY: Field.MAILING_CITY,
    Kind.STATE: Field.MAILING_STATE,
    Kind.ZIP: Field.MAILING_ZIP,
    Kind.FULL_ADDRESS: Field.MAILING_ADDRESS,
    Kind.CITY_STATE_ZIP: Field.MAILING_CITY_STATE_ZIP,
}


@dataclass(slots=True, eq=False)
class Block:
    """The columns of one address. `party` is "" or whose it is, with "owner" for all who mean the lead."""

    place: str
    party: str
    number: int = 1
    ordinal: int = 1
    is_found: bool = False
    stem: tuple[str, ...] = ()
    columns: list[Column] = field(default_factory=list)

    def has(self, *kinds: Kind) -> bool:
        """True when a column of one of these kinds is in the block."""
        return any(column.kind in kinds for column in self.columns)

    def lacks(self, kind: Kind) -> bool:
        """True when a column of this kind would add to the block."""
        if kind in {Kind.SECOND_LINE, Kind.STREET_PART}:
            return True
        if kind is Kind.CITY_STATE_ZIP:
            return not self.has(Kind.CITY, Kind.CITY_STATE_ZIP)
        joined = [column for column in self.columns if column.kind is Kind.CITY_STATE_ZIP]
        if kind in {Kind.CITY, Kind.STATE} and joined:
            return False
        if kind is Kind.ZIP and any(column.profile.with_digits() > 0.5 for column in joined):
            return False
        return not self.has(kind)

    @property
    def first(self) -> int:
        """The position of its first column."""
        return min(column.at for column in self.columns)

    @property
    def is_numbered(self) -> bool:
        """True when its headers number it themselves, as second addresses of contacts are."""
        return self.number > 1 and all(
            not column.reading.is_nameless and repetition(column.header) == 1 for column in self.columns
        )

    @property
    def is_empty(self) -> bool:
        """True when no row has a value in it."""
        return all(column.is_empty for column in self.columns)

    @property
    def is_nobodys(self) -> bool:
        """True for the addresses of agents, lawyers, lenders and second owners, and for those a trace found."""
        return self.party in NEVER_THE_LEAD or self.ordinal > 1 or self.is_found

    def spread(self) -> int:
        """How many different states, cities and boxes it names: letters go everywhere, properties lie near."""
        total = 0
        for column in self.columns:
            if column.kind in TOWNS:
                total += column.profile.distinct
            if column.kind in STREETS:
                total += 3 * sum(PO_BOX.match(value) is not None for value in column.profile.values)
        return total


def assign_addresses(columns: Sequence[Column], lead: str) -> None:
    """Give the address columns their fields: situs, mailing, or none."""
    parts = [column for column in columns if column.kind in ADDRESS_KINDS - {Kind.COUNTY}]
    _settle_mail_of_properties(parts)
    townships = [part for part in parts if part.reading.rank == 0 and not part.is_by_values]
    blocks = _blocks_of([part for part in parts if part not in townships])
    for block in blocks:
        _settle_parts(block)
    blocks = [block for block in blocks if block.columns]
    situs, mail = _roles(blocks, lead)
    if situs is None and mail and mail.has(Kind.FULL_ADDRESS) and all(map(_is_postal, mail.columns)):
        situs, mail = mail, None  # "Postal address" is no word for a second address
    if situs:
        _fill_up(situs, [block for block in blocks if block is not mail and block is not situs])
        if townships and situs.lacks(Kind.CITY) and not situs.has(Kind.FULL_ADDRESS):
            situs.columns.append(townships[0])  # it stands for a city only where nothing else does
        _assign(situs, SITUS_FIELDS)
    if mail:
        _assign(mail, MAIL_FIELDS)
    _assign_county(columns, situs)


def _settle_mail_of_properties(columns: Sequence[Column]) -> None:
    """Take "Property Mailing Address" for the one for mail, when another address is named and none of them for mail."""
    mixed = [
        column
        for column in columns
        if column.reading.place == "situs" and any(PLACE_OF.get(word) == "mail" for word in words_of(column.header))
    ]
    streets = [column for column in columns if column.kind in STREETS and column not in mixed]
    if any(not column.reading.party and column.reading.place != "mail" for column in streets):
        if all(column.reading.place != "mail" for column in streets):
            for column in mixed:
                column.reading = replace(column.reading, place="mail")


def _blocks_of(columns: Sequence[Column]) -> list[Block]:
    blocks: list[Block] = []
    towns = {(*_place_and_party(column), column.reading.number) for column in columns if column.kind in TOWNS}
    for column in columns:
        if column.kind in STREETS:
            reading = column.reading
            is_line = reading.kind in {Kind.SECOND_LINE, Kind.HOUSE} and repetition(column.header) == 1
            if is_line and (*_place_and_party(column), reading.number) not in towns:
                column.reading = replace(reading, number=1)  # a line of the same address, not another address
            _join_by_header(blocks, column)
    others = [column for column in columns if column.kind not in STREETS]
    for column in others:
        if _place_and_party(column) != ("", ""):
            _join_by_header(blocks, column)
    blocks = _completed(blocks, {"owner": ("mail", ""), "mail": ("", "owner")})
    for column in others:
        if _place_and_party(column) == ("", ""):
            _join(blocks, column)
    return _completed(blocks, {"situs": ("", "")})


def settle_numbers(columns: Sequence[Column]) -> None:
    """Read "Owner Num" beside "Owner St" as the number of the house, and "Site Name" beside it as its street."""
    parts = {_place_and_party(column) for column in columns if column.kind is Kind.STREET_PART}
    streets = {_place_and_party(column) for column in columns if column.kind is Kind.STREET}
    houses = {_place_and_party(column) for column in columns if column.kind is Kind.HOUSE}
    for column in columns:
        key = _place_and_party(column)
        if column.kind is Kind.NOTHING and column.is_by_values and key != ("", "") and key in parts - houses:
            if column.profile.short_numbers() >= 0.8 and not NUMBER_WORDS.isdisjoint(words_of(column.header)):
                column.kind = Kind.HOUSE
        elif column.kind is Kind.HOUSE and column.reading.kind is Kind.HOUSE and key not in parts | streets:
            if not any(NOUN_OF.get(word) in {"house", "street"} for word in words_of(column.header)):
                column.kind = Kind.NOTHING  # "Incident #" without a street of the incident
        elif column.kind is None and (road := _road_beside(column, columns)):
            column.kind, column.is_by_values = Kind.HOUSE, True
            column.reading = replace(column.reading, place=road.reading.place, party=road.reading.party)
        elif column.kind in {None, Kind.NOTHING} and (road := _road_around(column, columns)):
            column.kind, column.is_by_values, column.reading = Kind.STREET_PART, True, road.reading
        elif column.kind is Kind.FULL_NAME and key[0] == "situs" and not column.reading.party:
            column.kind = Kind.STREET_PART if key in houses else Kind.NOTHING


def _road_beside(column: Column, columns: Sequence[Column]) -> Column | None:
    """The neighbor that has the street's name to these house numbers, under a header such as "Number"."""
    if not NUMBER_WORDS.issuperset(words_of(column.header)) or column.profile.short_numbers() < 0.8:
        return None
    near = [columns[at] for at in (column.at + 1, column.at - 1) if 0 <= at < len(columns)]
    roads = (other for other in near if other.kind in {Kind.STREET, Kind.STREET_PART})
    return next((other for other in roads if other.profile.share(Shape.STREET) < 0.4), None)


def _road_around(column: Column, columns: Sequence[Column]) -> Column | None:
    """The neighbor that is a part of a street, where these are the directions or the types of streets: "predir"."""
    values = column.profile.values
    kinds = sum(value.lower() in COMPASS or value.lower().rstrip(".") in STREET_WORDS for value in values)
    if not values or kinds < 0.8 * len(values):
        return None
    near = [columns[at] for at in (column.at - 1, column.at + 1) if 0 <= at < len(columns)]
    return next((other for other in near if other.kind in PARTS and not other.is_empty), None)


def _join_by_header(blocks: list[Block], column: Column) -> None:
    """Put the column into the block that its header names; start that block if need be."""
    place, party = _place_and_party(column)
    reading = column.reading
    same = [
        block
        for block in blocks
        if (block.place, block.party, block.ordinal, block.is_found)
        == (place, party, reading.ordinal, reading.is_found)
    ]
    is_plain = place == "" and party == ""
    if is_plain and column.kind in STREETS:
        same = [block for block in same if block.stem == reading.stem]
    number = 1 if column.kind is Kind.SECOND_LINE else reading.number
    exact = [block for block in same if block.number == number]
    if column.kind in STREETS:
        if is_plain and (reading.is_nameless or column.is_by_values):
            exact = [block for block in exact if block.lacks(column.told)]
            number = len(same) + 1 if same else number
    elif not exact and not is_plain:
        exact = same[:1]
    if is_plain and column.kind not in STREETS and number == 1 and len(same) > 1:
        return  # none of several plain addresses lacks it
    if exact:
        exact[0].columns.append(column)
    else:
        blocks.append(Block(place, party, number, reading.ordinal, reading.is_found, reading.stem, [column]))


def _is_postal(column: Column) -> bool:
    return "postal" in words_of(column.header)


def _place_and_party(column: Column) -> tuple[str, str]:
    reading = column.reading
    party = "owner" if reading.party and reading.party in GENERIC else reading.party
    if (reading.place in {"mail", "situs"} and party == "owner") or (reading.place == "situs" and party in OF_PREMISES):
        party = ""
    return reading.place, party


def _join(blocks: list[Block], column: Column) -> None:
    """Put a city, state, ZIP or second line whose header names no place into a block, by where it stands."""
    if column.reading.stem:
        for block in blocks:
            if not block.place and not block.party and block.stem == column.reading.stem and block.lacks(column.told):
                block.columns.append(column)
                return
    usable = [block for block in blocks if not block.is_nobodys and block.lacks(column.told)]
    before = [block for block in usable if block.first < column.at]
    plain = [block for block in blocks if not block.place and not block.party]
    if len(plain) == 1 and plain[0].lacks(column.told) and (plain[0].first < column.at or not before):
        plain[0].columns.append(column)
    elif before:
        nearest = max(before, key=lambda block: max(part.at for part in block.columns if part.at < column.at))
        nearest.columns.append(column)
    elif (later := [block for block in usable if block.place != "work"]) and not plain:
        min(later, key=lambda block: block.first).columns.append(column)
    else:
        _join_by_header(blocks, column)


def _completed(blocks: list[Block], hosts: dict[str, tuple[str, str]]) -> list[Block]:
    """Merge blocks without a street into those that lack their columns: "Owner City" of an "Owner Mailing Address".

    `hosts` tells into which place and party those of a place, or of a party without a place, may go.
    """
    wholes = [block for block in blocks if block.has(*STREETS)]
    kept = list(wholes)
    for block in blocks:
        if block in wholes:
            continue
        kinds = {column.kind for column in block.columns if column.kind}
        key = hosts.get(block.place or block.party)
        if block.party not in {"", "owner"} and block.place in {"", "mail"}:
            key = ("" if block.place else "mail", block.party)  # "PR City" of a "PR Mailing Address"
        host = next(
            (
                whole
                for whole in wholes
                if not block.is_nobodys and (whole.place, whole.party) == key and all(map(whole.lacks, kinds))
            ),
            None,
        )
        if host:
            host.columns.extend(block.columns)
        else:
            kept.append(block)
    return kept


def _settle_parts(block: Block) -> None:
    """Take a "Street" whose values have no numbers for a street's name beside a house number, alone for nothing."""
    has_house = block.has(Kind.HOUSE)
    for column in block.columns:
        profile = column.profile
        if column.kind is Kind.STREET and profile.count and profile.share(Shape.STREET) < 0.4:
            if has_house:
                column.kind = Kind.STREET_PART
            elif profile.count >= FEW and profile.share(Shape.STREET, Shape.ROAD, Shape.UNIT) < 0.2:
                column.kind = Kind.NOTHING
    block.columns = [column for column in block.columns if column.kind is not Kind.NOTHING]


def _fill_up(situs: Block, others: Sequence[Block]) -> None:
    """Give the property the city, state and ZIP of a block that names no place, when it has none of its own."""
    for block in others:
        if block.place == "" and block.party == "" and not block.is_numbered and not block.stem:
            for kind in (Kind.CITY, Kind.STATE, Kind.ZIP):
                if situs.lacks(kind):
                    situs.columns.extend(column for column in block.columns if column.kind is kind)


def _roles(blocks: list[Block], lead: str) -> tuple[Block | None, Block | None]:
    """The block of the property and the block for mail."""
    ours = sorted(
        (block for block in blocks if not block.is_nobodys),
        key=lambda block: (block.is_empty, block.number, block.first),
    )

    def find(*places: str, parties: tuple[str, ...] = ("",)) -> list[Block]:
        found = [block for block in ours if block.place in places and block.party in parties]
        return sorted(found, key=lambda block: not block.has(*STREETS, Kind.STREET_PART))

    situses, mails = find("situs"), find("mail", parties=("", lead))
    plains = [block for block in find("") if not block.stem or block.has(*TOWNS, Kind.FULL_ADDRESS)] or find("")
    homes = find("home")
    if len(plains) > 1 and plains[0].has(*STREETS):
        # "Address 2 - Street" is a further address of the same person, where "Address [2]" may be the mailing address.
        plains = [plains[0], *(block for block in plains[1:] if not block.is_numbered)]
    leads = find("", "home", parties=("owner", lead) if lead else ("owner",))
    mails += [block for block in leads if block.place == "mail"]
    premises = find("", "situs", parties=tuple(party for party in OF_PREMISES if party != lead))
    if not leads:
        premises += find("", parties=("respondent",))
    rest = [block for block in find("work", "other", parties=("", "owner")) if not block.is_empty and not mails]
    situs = situses[0] if situses else None
    mail = mails[0] if mails else None
    if situs is None and mail is None and len(plains) > 1 and not premises:
        first, second = plains[0], plains[1]
        if first.spread() > 1.4 * second.spread() and second.has(Kind.CITY, Kind.CITY_STATE_ZIP, Kind.ZIP):
            first, second = second, first
        return first, second
    if situs is None:
        lived_in = [block for block in premises if block.has(*STREETS)]
        choices = [*lived_in, *plains, *premises, *homes, *leads, *rest]
        situs = choices[0] if choices else None
    if mail is None:
        choices = [block for block in (*leads, *plains, *homes) if block is not situs]
        mail = choices[0] if choices else None
    return situs, mail


def _assign(block: Block, fields: dict[Kind, Field]) -> None:
    has_street = block.has(Kind.STREET)
    is_mail = fields is MAIL_FIELDS
    taken: set[Kind] = set()
    for column in sorted(block.columns, key=_plainness):
        kind = column.told
        if kind in PARTS and (has_street or block.has(Kind.FULL_ADDRESS)):
            continue
        if kind is Kind.FULL_ADDRESS and is_mail and has_street:
            continue
        if kind in taken and kind not in {Kind.STREET_PART, Kind.SECOND_LINE}:
            continue
        taken.add(kind)
        column.field = fields[kind]


def _plainness(column: Column) -> tuple[bool, bool, int, int, int]:
    has_no_numbers = column.kind is Kind.STREET and column.profile.share(Shape.STREET) < 0.4
    return column.is_empty, has_no_numbers, -column.reading.rank, column.reading.number, column.at


def _assign_county(columns: Sequence[Column], situs: Block | None) -> None:
    counties = [
        column
        for column in columns
        if column.kind is Kind.COUNTY
        and column.reading.place != "mail"
        and (not column.reading.party or column.reading.party in GENERIC)
    ]
    if counties:
        min(counties, key=lambda column: (column.reading.place != "situs", *_plainness(column))).field = Field.COUNTY
