"""The fields of a lead that a column of an uploaded list can fill."""

from enum import StrEnum


class Field(StrEnum):
    """What a column holds; the value is the name in plans, in saved mappings and on the command line.

    Several columns may have one field: `address` and `mailing_address` parts are joined in column order (street, then
    unit), further `phone` and `email` columns are further values. `FULL_NAME`, `FULL_ADDRESS`, `CITY_STATE_ZIP` and
    `MAILING_CITY_STATE_ZIP` are columns to split. `IGNORE` keeps the column for the export and reads nothing from it.
    """

    FIRST_NAME = "firstName"
    LAST_NAME = "lastName"
    FULL_NAME = "fullName"
    EMAIL = "email"
    PHONE = "phone"
    COMPANY = "company"
    LINKEDIN = "linkedin"
    ADDRESS = "address"
    CITY = "city"
    STATE = "state"
    ZIP = "zip"
    FULL_ADDRESS = "fullAddress"
    CITY_STATE_ZIP = "cityStateZip"
    MAILING_ADDRESS = "mailing_address"
    MAILING_CITY = "mailing_city"
    MAILING_STATE = "mailing_state"
    MAILING_ZIP = "mailing_zip"
    MAILING_CITY_STATE_ZIP = "mailingCityStateZip"
    APN = "apn"
    COUNTY = "county"
    IGNORE = "ignore"

    @property
    def label(self) -> str:
        """The field's name for people, as the mapping page shows it."""
        return LABELS[self]

    @property
    def is_repeatable(self) -> bool:
        """True when several columns of one file may have this field."""
        return self in REPEATABLE


LABELS = {
    Field.FIRST_NAME: "First name",
    Field.LAST_NAME: "Last name",
    Field.FULL_NAME: "Full name",
    Field.EMAIL: "Email",
    Field.PHONE: "Phone",
    Field.COMPANY: "Company",
    Field.LINKEDIN: "LinkedIn profile",
    Field.ADDRESS: "Property street",
    Field.CITY: "Property city",
    Field.STATE: "Property state",
    Field.ZIP: "Property ZIP",
    Field.FULL_ADDRESS: "Property address in one column",
    Field.CITY_STATE_ZIP: "Property city, state and ZIP in one column",
    Field.MAILING_ADDRESS: "Mailing street",
    Field.MAILING_CITY: "Mailing city",
    Field.MAILING_STATE: "Mailing state",
    Field.MAILING_ZIP: "Mailing ZIP",
    Field.MAILING_CITY_STATE_ZIP: "Mailing city, state and ZIP in one column",
    Field.APN: "Parcel number (APN)",
    Field.COUNTY: "County",
    Field.IGNORE: "Ignore",
}

REPEATABLE = frozenset({Field.PHONE, Field.EMAIL, Field.ADDRESS, Field.MAILING_ADDRESS, Field.IGNORE})
