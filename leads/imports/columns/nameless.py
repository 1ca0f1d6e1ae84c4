"""Columns whose header says nothing: their values and their neighbors tell."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from leads.imports.columns.kinds import NAME_KINDS, Kind
from leads.imports.columns.looks import FEW, Column, distinctive_kind
from leads.imports.columns.words import words_of
from leads.imports.profiles import Shape
from leads.imports.vocabulary import NEVER_THE_LEAD, NOUN_OF, PARTY_OF

TOWN_KINDS = {"city": Kind.CITY, "state": Kind.STATE, "zip": Kind.ZIP}
OF_STREETS = frozenset({"address", "street", "location", "addr"})
# Numbers of these are no parcels', however they look.
CASES = frozenset(
    "case cause docket permit license invoice ticket file policy instrument document doc book page deed claim citation "
    "complaint serial version ip date time phone fax score account".split()
)
BY_PLACE = frozenset({Kind.STATE, Kind.ZIP})


def tell_by_values(columns: Sequence[Column]) -> None:  # noqa: PLR0912 -- one rule after the other
    """Give the columns of unknown kind one, as far as their values and their neighbors prove it."""
    unknown = [column for column in columns if column.kind is None]
    has_headers = len(unknown) < len(columns)
    for column in unknown:
        told = distinctive_kind(column.profile)
        if told in {Kind.STREET, Kind.FULL_ADDRESS, Kind.CITY_STATE_ZIP} and has_headers:
            place = column.reading.place
            if _has([other for other in columns if not place or other.reading.place == place], told):
                continue
        if told is Kind.PHONE and "id" in words_of(column.header) and _has(columns, told):
            continue  # "Caller ID Used"
        _tell(column, told)
    for kind in (Kind.PHONE, Kind.EMAIL):
        if not _has(columns, kind):
            for column in columns:
                if column.kind is Kind.NOTHING and _is_hidden(column, kind):
                    _tell(column, kind)
    if not _has(columns, Kind.STREET, Kind.FULL_ADDRESS, Kind.HOUSE, Kind.STREET_PART):
        _tell_address(columns)
    for column in unknown:
        if (
            column.kind is None
            and column.profile.share(Shape.STATE) >= 0.9
            and not (has_headers and _has(columns, Kind.STATE))
        ):
            _tell(column, Kind.STATE)
    for column in unknown:
        if column.kind is None and _is_zip(column, columns) and not (has_headers and _has(columns, Kind.ZIP)):
            _tell(column, Kind.ZIP)
    for column in unknown:
        if column.kind is None and _is_city(column, columns):
            _tell(column, Kind.CITY)
    if not _has(columns, Kind.APN):
        _tell(_first_of_parcels(columns), Kind.APN)
    if not _names_leads(columns):
        _tell_owners([column for column in unknown if column.kind is None])
    if not _names_leads(columns):
        _tell(_hidden_names(columns), Kind.FULL_NAME)
    if not _names_leads(columns):
        _tell_names([column for column in unknown if column.kind is None])
    if not has_headers:
        rest = [column for column in unknown if column.kind is None]
        _tell(_first(rest, _is_company), Kind.COMPANY)
        _tell(
            _first(rest, lambda column: column.profile.share(Shape.PARCEL) >= 0.7) or _first(rest, _is_long_number),
            Kind.APN,
        )


def _tell(column: Column | None, kind: Kind | None) -> None:
    if column and kind:
        column.kind = kind
        column.is_by_values = True


def _tell_address(columns: Sequence[Column]) -> None:
    """Take the column of addresses for the property's, whatever its header says, when no header names an address."""
    for column in columns:
        profile = column.profile
        is_free = column.kind is Kind.NOTHING and not column.reading.party and profile.distinct > profile.count // 2
        if is_free and profile.count >= FEW and distinctive_kind(profile) in {Kind.STREET, Kind.FULL_ADDRESS}:
            _tell(column, distinctive_kind(profile))
            rest = set(words_of(column.header)) - OF_STREETS
            for other in columns:
                noun = set(words_of(other.header)) - rest if rest <= set(words_of(other.header)) else set()
                if other.kind is Kind.NOTHING and len(noun) == 1:
                    _tell(other, TOWN_KINDS.get(NOUN_OF.get(noun.pop(), "")))  # "Sale City" beside "Sale Address"
            return


def _first(columns: Sequence[Column], is_it: Callable[[Column], bool]) -> Column | None:
    return next((column for column in columns if column.kind is None and is_it(column)), None)


def _is_company(column: Column) -> bool:
    return column.profile.share(Shape.COMPANY) >= 0.3 and column.profile.words >= 0.8


def _has(columns: Sequence[Column], *kinds: Kind) -> bool:
    return any(column.kind in kinds for column in columns)


def _is_hidden(column: Column, kind: Kind) -> bool:
    """True for phones and e-mails under a header that names something else, when no other column has any."""
    is_ours = column.reading.party not in NEVER_THE_LEAD and "fax" not in words_of(column.header)
    share = column.profile.phones if kind is Kind.PHONE else column.profile.share(Shape.EMAIL)
    return is_ours and column.profile.count >= FEW and share >= 0.9


def _names_leads(columns: Sequence[Column]) -> bool:
    """True when a header names the leads, and not only their agents."""
    return any(column.kind in NAME_KINDS and column.reading.party not in NEVER_THE_LEAD for column in columns)


def _tell_owners(columns: Sequence[Column]) -> None:
    """Take "Reg. Owner" for the owner: a word more than is known, and values that are names."""
    for column in columns:
        words = words_of(column.header)
        if column.reading.party and words[-1] in PARTY_OF and column.profile.share(Shape.PERSON, Shape.COMPANY) >= 0.6:
            _tell(column, Kind.FULL_NAME)


def _first_of_parcels(columns: Sequence[Column]) -> Column | None:
    """The column of parcels' numbers under a header that only says that they are numbers: "Index Number"."""
    return next(
        (
            column
            for column in columns
            if column.kind in {None, Kind.NOTHING} and column.profile.parcels() >= 0.8 and _is_unique(column)
            if CASES.isdisjoint(words_of(column.header)) and not column.reading.party
        ),
        None,
    )


def _is_unique(column: Column) -> bool:
    """True when hardly a value is there twice."""
    return column.profile.count >= FEW and column.profile.distinct >= 0.8 * column.profile.count


def _hidden_names(columns: Sequence[Column]) -> Column | None:
    """The column of people under a header that speaks of another name, as "Display Name" does."""
    return next(
        (
            column
            for column in columns
            if column.kind is Kind.NOTHING and "name" in words_of(column.header) and not column.reading.party
            if _is_unique(column) and column.profile.given_names() >= 0.4 and column.profile.share(Shape.PERSON) >= 0.7
        ),
        None,
    )


def _neighbor(columns: Sequence[Column], at: int) -> Column | None:
    return columns[at] if 0 <= at < len(columns) else None


def _is_zip(column: Column, columns: Sequence[Column]) -> bool:
    profile = column.profile
    if profile.zips < 0.9 or not profile.count:
        return False
    before = _neighbor(columns, column.at - 1)
    follows = before is not None and before.kind in {Kind.STATE, Kind.CITY, Kind.STREET}
    two_before = _neighbor(columns, column.at - 2)
    is_near = two_before is not None and two_before.kind in {Kind.STATE, Kind.STREET}
    return follows or is_near or profile.share(Shape.ZIP4) > 0.3


def _is_city(column: Column, columns: Sequence[Column]) -> bool:
    """True for words that stand before a state or ZIP code, or between a street and one of them."""
    if column.profile.words + column.profile.share(Shape.STATE, Shape.ROAD) < 0.8 or not column.profile.count:
        return False
    if not column.reading.is_nameless and max(map(len, column.profile.values)) < 4:
        return False  # codes of countries
    after, before = _neighbor(columns, column.at + 1), _neighbor(columns, column.at - 1)
    if after is None or after.kind not in BY_PLACE:
        return before is not None and before.kind is Kind.STREET and column.reading.is_nameless
    return before is None or before.kind not in {Kind.CITY}


def _is_long_number(column: Column) -> bool:
    values = column.profile.values
    return bool(values) and sum(value.isdecimal() and len(value) >= 7 for value in values) >= 0.8 * len(values)


def _tell_names(unknown: Sequence[Column]) -> None:
    """Find first and last names side by side, or names in one column, among columns of words."""
    wordy = [column for column in unknown if column.profile.count and column.profile.words >= 0.8]
    for left, right in pairwise(wordy):
        if right.at == left.at + 1 and _is_half(left) and _is_half(right):
            firsts = left.profile.given_names() >= right.profile.given_names()
            _tell(left, Kind.FIRST_NAME if firsts else Kind.LAST_NAME)
            _tell(right, Kind.LAST_NAME if firsts else Kind.FIRST_NAME)
            return
    for column in wordy:
        if (
            column.profile.share(Shape.PERSON, Shape.COMPANY) >= 0.6
            and column.profile.distinct > column.profile.count // 3
        ):
            _tell(column, Kind.FULL_NAME)
            return


def _is_half(column: Column) -> bool:
    if not column.reading.is_nameless and column.profile.given_names() < 0.15:
        return False
    return column.profile.share(Shape.WORD) >= 0.5 and column.profile.distinct > column.profile.count // 4
