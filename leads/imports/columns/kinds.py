"""What columns hold, before it is known whose and of which address."""

from enum import StrEnum


class Kind(StrEnum):
    """What a column holds, whoever's it is."""

    FIRST_NAME = "first name"
    LAST_NAME = "last name"
    FULL_NAME = "name"
    COMPANY = "company"
    EMAIL = "e-mail address"
    PHONE = "phone number"
    LINKEDIN = "LinkedIn profile"
    STREET = "street address"
    HOUSE = "house number"
    STREET_PART = "part of a street address"
    SECOND_LINE = "unit or second address line"
    CITY = "city"
    STATE = "state"
    ZIP = "ZIP code"
    FULL_ADDRESS = "address in one column"
    CITY_STATE_ZIP = "city, state and ZIP in one column"
    COUNTY = "county"
    APN = "parcel number"
    NOTHING = "nothing a lead needs"


NAME_KINDS = frozenset({Kind.FIRST_NAME, Kind.LAST_NAME, Kind.FULL_NAME})
ADDRESS_KINDS = frozenset(
    {
        Kind.STREET,
        Kind.HOUSE,
        Kind.STREET_PART,
        Kind.SECOND_LINE,
        Kind.CITY,
        Kind.STATE,
        Kind.ZIP,
        Kind.FULL_ADDRESS,
        Kind.CITY_STATE_ZIP,
        Kind.COUNTY,
    }
)
