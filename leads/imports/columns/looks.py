"""One column at a time: its header against its values."""

from dataclasses import dataclass

from leads.imports.columns.headers import Reading
from leads.imports.columns.kinds import ADDRESS_KINDS, NAME_KINDS, Kind
from leads.imports.columns.words import words_of
from leads.imports.fields import Field
from leads.imports.profiles import Profile, Shape

FITS = 0.35  # the part of the values that must agree with a header for it to be believed
FEW = 3  # fewer values than this prove nothing against a header, but for kinds whose values are seen for what they are
PLAIN_TO_SEE = frozenset({Kind.EMAIL, Kind.PHONE, Kind.LINKEDIN})


@dataclass(slots=True, eq=False)
class Column:
    """One column while it is being understood; `kind` is None while neither header nor values tell."""

    at: int
    header: str
    reading: Reading
    profile: Profile
    kind: Kind | None = None
    field: Field = Field.IGNORE
    is_by_values: bool = False
    why: str = ""

    @property
    def told(self) -> Kind:
        """The kind, `Kind.NOTHING` while it is not known."""
        return self.kind or Kind.NOTHING

    @property
    def fit(self) -> float:
        """How well the values agree with the kind, from 0 to 1; 1 when there are no values."""
        return fit(self.kind, self.profile) if self.kind and self.profile.count else 1.0

    @property
    def is_empty(self) -> bool:
        """True when no row has a value in this column."""
        return self.profile.count == 0


def look_at(at: int, header: str, reading: Reading, profile: Profile) -> Column:
    """Decide what a column holds from its header and its values alone."""
    column = Column(at, header, reading, profile, reading.kind)
    if reading.kind is Kind.NOTHING and profile.share(Shape.LINKEDIN) >= 0.6:
        column.kind, column.is_by_values = Kind.LINKEDIN, True  # "URL" of the connections of LinkedIn
        return column
    if reading.kind is Kind.NOTHING and reading.place in {"situs", "mail"} and not reading.party:
        told = distinctive_kind(profile)
        if told in {Kind.STREET, Kind.FULL_ADDRESS, Kind.CITY_STATE_ZIP}:
            column.kind, column.is_by_values = told, True  # "Property of Interest"
            return column
    if reading.kind is Kind.NOTHING and profile.share(Shape.ZIP4) >= 0.5 and {"zip", "4"} <= {*words_of(header)}:
        column.kind, column.is_by_values = Kind.ZIP, True  # "Site_Zip_4" may hold all of a ZIP+4
        return column
    if reading.kind is None or reading.kind is Kind.NOTHING or not profile.count:
        return column
    refined = _refined(reading.kind, reading.number, profile)
    fits = fit(refined, profile)
    if fits >= FITS or (profile.count < FEW and (fits or refined not in PLAIN_TO_SEE)):
        column.kind = refined
        column.is_by_values = refined is not reading.kind
        return column
    told = distinctive_kind(profile)
    if told is None and reading.kind in {Kind.CITY, Kind.STATE, Kind.ZIP}:
        told = Kind.STATE if profile.share(Shape.STATE) >= 0.9 else Kind.ZIP if profile.zips >= 0.9 else None
    if reading.kind is Kind.STATE and profile.words >= 0.7 and "st" in words_of(header):
        told = Kind.STREET_PART
    if told is None and reading.kind in {Kind.STREET, Kind.FULL_ADDRESS, Kind.PHONE, Kind.EMAIL}:
        is_named = profile.share(Shape.PERSON, Shape.COMPANY) >= 0.7 and profile.distinct > profile.count // 3
        told = Kind.FULL_NAME if is_named and reading.rank == 2 and len(header) < 15 else None
    column.kind = told or Kind.NOTHING
    column.is_by_values = True
    return column


def distinctive_kind(profile: Profile) -> Kind | None:
    """The kind that values alone prove, without a header: None for names, cities and numbers."""
    if not profile.count:
        return None
    tests: list[tuple[Kind, float, float]] = [
        (Kind.EMAIL, profile.share(Shape.EMAIL), 0.6),
        (Kind.LINKEDIN, profile.share(Shape.LINKEDIN), 0.6),
        (Kind.PHONE, profile.phones, 0.7),
        (Kind.FULL_ADDRESS, profile.share(Shape.FULL_ADDRESS), 0.5),
        (Kind.CITY_STATE_ZIP, profile.share(Shape.CITY_STATE), 0.6),
        (Kind.STREET, profile.share(Shape.STREET), 0.6),
    ]
    return next((kind for kind, share, least in tests if share >= least), None)


def _refined(kind: Kind, number: int, profile: Profile) -> Kind:  # noqa: PLR0911, PLR0912 -- one rule for each kind
    """The kind of a header after a look at its values: "Address" may hold a street or all of an address."""
    if kind not in ADDRESS_KINDS:
        return kind
    whole, place = profile.share(Shape.FULL_ADDRESS), profile.share(Shape.CITY_STATE)
    if kind in {Kind.STREET, Kind.FULL_ADDRESS}:
        if whole >= 0.4:
            return Kind.FULL_ADDRESS
        if place >= 0.6:
            return Kind.CITY_STATE_ZIP
        return Kind.HOUSE if profile.short_numbers() >= 0.8 and profile.streets < 0.1 else Kind.STREET
    if kind is Kind.SECOND_LINE:
        if place >= 0.5:
            return Kind.CITY_STATE_ZIP
        if number > 1 and profile.fill >= 0.6:
            if profile.share(Shape.ZIP, Shape.ZIP4) >= 0.8 or (number > 2 and profile.zips >= 0.9):
                return Kind.ZIP
            if profile.share(Shape.STATE) >= 0.8:
                return Kind.STATE
            if profile.share(Shape.STREET) >= 0.6:
                return Kind.STREET
            if profile.words >= 0.8 and profile.share(Shape.COMPANY) < 0.3:
                return Kind.CITY
        return kind
    if kind in {Kind.CITY, Kind.ZIP, Kind.STATE} and place >= 0.5:
        return Kind.CITY_STATE_ZIP
    if kind is Kind.CITY_STATE_ZIP and place < 0.3:
        if profile.zips >= 0.8:
            return Kind.ZIP
        if profile.share(Shape.STATE) >= 0.8:
            return Kind.STATE
        return Kind.CITY if profile.words >= 0.8 and profile.ending_in_states() < FITS else kind
    if kind in {Kind.HOUSE, Kind.STREET_PART} and profile.share(Shape.STREET) >= 0.5:
        return Kind.STREET
    return kind


def fit(kind: Kind, profile: Profile) -> float:  # noqa: PLR0911, PLR0912 -- one line for each kind
    """The part of the values that can be of this kind, from 0 to 1."""
    share = profile.share
    if kind in NAME_KINDS or kind is Kind.COMPANY:
        others = share(Shape.STATE, Shape.ROAD, Shape.TEXT) if kind is Kind.COMPANY else share(Shape.STATE)
        return profile.words + others + share(Shape.ROAD, Shape.TEXT) * 0.5
    if kind is Kind.EMAIL:
        return share(Shape.EMAIL)
    if kind is Kind.PHONE:
        return max(profile.phones, profile.many_digits())
    if kind is Kind.LINKEDIN:
        return share(Shape.LINKEDIN, Shape.URL)
    if kind is Kind.STREET:
        if profile.streets < 0.1 and share(Shape.PERSON) >= 0.7 and profile.given_names() >= 0.4:
            return 0.0
        return profile.streets + share(Shape.FULL_ADDRESS) + 0.5 * (profile.words + share(Shape.TEXT))
    if kind is Kind.FULL_ADDRESS:
        return share(Shape.FULL_ADDRESS, Shape.CITY_STATE) + 0.7 * profile.streets
    if kind is Kind.CITY_STATE_ZIP:
        return share(Shape.CITY_STATE, Shape.FULL_ADDRESS) + 0.5 * profile.words
    if kind in {Kind.CITY, Kind.COUNTY}:
        return profile.words + share(Shape.STATE, Shape.ROAD, Shape.CITY_STATE)
    if kind is Kind.STATE:
        return share(Shape.STATE) + 0.3 * share(Shape.WORD)
    if kind is Kind.ZIP:
        return profile.zips + profile.zip_like_numbers()
    if kind is Kind.APN:
        return 0.0 if share(Shape.STREET, Shape.FULL_ADDRESS) > 0.5 else profile.with_digits()
    if kind is Kind.HOUSE:
        return profile.short_numbers()
    if kind is Kind.STREET_PART:
        return profile.words + share(Shape.ROAD, Shape.TEXT, Shape.STATE, Shape.BOOL, Shape.PARCEL)
    return 1.0 - share(Shape.EMAIL, Shape.LINKEDIN, Shape.PHONE)
