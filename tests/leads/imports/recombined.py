"""Header sets put together at random: ways of naming a block, a noun and a case that lists mix freely."""

import random
import re
from collections.abc import Callable

from tests.leads.imports.header_sets import FIELD_OF, Column, HeaderSet

PEOPLE = ["", "Owner ", "Owner 1 ", "Seller ", "Contact ", "Lead ", "Homeowner ", "Taxpayer ", "Client "]
SITUS = ["Property ", "Prop ", "Situs ", "Site ", "Physical ", "Subject Property ", "Premises ", ""]
MAIL = ["Mailing ", "Mail ", "Owner Mailing ", "Billing ", "Tax Mailing ", "Owner Mail "]
STREETS = ["Address", "Street Address", "Street", "Addr", "Address 1", "Address Line 1", "Addr1"]
CITIES = ["City", "Town", "City Name"]
STATES = ["State", "ST", "State Code", "State/Province"]
ZIPS = ["Zip", "ZIP Code", "Zipcode", "Postal Code", "Zip5", "Zip/Postal Code"]
TOGETHER = ["City State Zip", "City/State/Zip", "City, ST Zip", "City St Zip"]
PHONES = ["Phone {}", "Cell {}", "Mobile #{}", "Phone Number {}", "Tel {}", "Ph{}", "Phone_{}", "Wireless {}"]
EMAILS = ["Email {}", "E-mail {}", "Email Address {}", "Email{}"]
PARCELS = ["APN", "Parcel Number", "Parcel ID", "PIN", "Folio", "Parcel #", "Tax ID", "Assessor Parcel Number"]
OTHERS = ["Attorney", "Listing Agent", "Lender", "Trustee", "Broker", "Relative 1", "Assigned Agent", "Spouse"]
IGNORED = """
Lead Source; Status; Tags; Notes; Created Date; Last Updated; Bedrooms; Bathrooms; Year Built; Lot Size; Living Area
Property Type; Land Use; Owner Occupied; Vacant; Estimated Value; Equity Percent; Last Sale Date; Last Sale Price
Assessed Value; Tax Amount; Loan Balance; Case Number; Filing Date; Auction Date; Legal Description; Subdivision
School District; Latitude; Longitude; Record ID; Campaign Name; List Name; Call Attempts; Do Not Call; Owner Type
Ownership Length; Zoning; Units Count; Stage; Country; Fax; Website; Score; Middle Name; Suffix; Date of Birth
""".replace("\n", ";").split(";")

Style = Callable[[str], str]
STYLES: list[Style] = [
    str,
    str,
    str,
    str.upper,
    str.lower,
    lambda text: re.sub(r"[^A-Za-z0-9#]+", "_", text).strip("_").lower(),
    lambda text: re.sub(r"[^A-Za-z0-9#]+", "_", text).strip("_").upper(),
    lambda text: re.sub(r"[^A-Za-z0-9#]+", "", text.title()),
    lambda text: text + " ",
]


def recombined(seed: int) -> HeaderSet:
    """One header set, the same for the same seed."""
    chance = random.Random(seed)
    style = chance.choice(STYLES)
    has_mail, has_situs = chance.random() < 0.7, chance.random() < 0.95
    situs = chance.choice(SITUS)
    blocks = [_person(chance)]
    if has_situs:
        blocks.append(_address(chance, situs, ""))
    if has_mail or not has_situs:
        blocks.append(_address(chance, chance.choice(MAIL), "m"))
    blocks += [_ways(chance), [(chance.choice(PARCELS), "apn")] if chance.random() < 0.6 else []]
    for other in chance.sample(OTHERS, chance.randrange(0, 3)):
        blocks.append([(f"{other} Name", "xfull"), (f"{other} Phone", "xphone")])
    chance.shuffle(blocks)
    ignored = [name.strip() for name in IGNORED if name.strip()]
    pairs = [pair for block in blocks for pair in [*block, *((name, "-") for name in chance.sample(ignored, 2))]]
    columns: list[Column] = []
    for header, kind in pairs:
        named = style(header)
        if named.strip() not in {column.header.strip() for column in columns if column.header}:
            columns.append(Column(named, kind, _right(kind, columns)))
    return HeaderSet(f"recombined {seed}", tuple(columns))


def _right(kind: str, before: list[Column]) -> frozenset[str]:
    right = set(FIELD_OF.get(kind, "ignore").split("|"))
    if kind in {"phone", "email"} and all(column.kind != kind for column in before):
        right.discard("ignore")
    return frozenset(right)


def _person(chance: random.Random) -> list[tuple[str, str]]:
    prefix = chance.choice(PEOPLE)
    halves = [(f"{prefix}First Name", "first"), (f"{prefix}Last Name", "last")]
    whole = [(chance.choice([f"{prefix}Full Name", f"{prefix}Name"]), "full")]
    company = [("Company Name", "company")] if chance.random() < 0.3 else []
    return [*chance.choice([halves, halves, whole, whole + halves]), *company]


def _address(chance: random.Random, prefix: str, letter: str) -> list[tuple[str, str]]:
    street = (prefix + chance.choice(STREETS), f"{letter}street")
    form = chance.random()
    if form < 0.15:
        return [street, (prefix + chance.choice(TOGETHER), f"{letter}csz")]
    if form < 0.25 and not letter:
        return [(prefix + chance.choice(["Address", "Full Address"]), "full_address")]
    unit = [(f"{prefix}Unit", f"{letter}unit")] if chance.random() < 0.3 else []
    county = [(f"{prefix}County", "county")] if not letter and chance.random() < 0.3 else []
    return [
        street,
        *unit,
        (prefix + chance.choice(CITIES), f"{letter}city"),
        (prefix + chance.choice(STATES), f"{letter}state"),
        (prefix + chance.choice(ZIPS), f"{letter}zip"),
        *county,
    ]


def _ways(chance: random.Random) -> list[tuple[str, str]]:
    phone, email = chance.choice(PHONES), chance.choice(EMAILS)
    pairs: list[tuple[str, str]] = []
    for number in range(1, chance.randrange(1, 5)):
        pairs.append((phone.format(number), "phone"))
        if chance.random() < 0.3:
            pairs.append((f"{phone.format(number)} Type", "-"))
    return pairs + [(email.format(number), "email") for number in range(1, chance.randrange(1, 4))]
