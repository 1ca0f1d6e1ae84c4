"""A row becomes a lead, or is rejected with the reason, and two rows of one lead share a key."""

import json

import pytest

from leads.imports.fields import Field
from leads.imports.rows import Lead, LeadReader, Rejected, name_orders, read_lead
from leads.imports.tables import open_table
from leads.imports.values.names import NameOrder
from tests.leads.imports.files import SAMPLES

NAMES = sorted(path.name.removesuffix(".expected.json") for path in SAMPLES.glob("*.expected.json"))
ATTRIBUTES = {
    "firstName": "first_name",
    "lastName": "last_name",
    "mailing_address": "mailing_address",
    "mailing_city": "mailing_city",
    "mailing_state": "mailing_state",
    "mailing_zip": "mailing_zip",
}

HEADERS = ["First", "Last", "Address", "City", "State", "Zip", "Phone", "Email", "Notes"]
FIELDS = ["firstName", "lastName", "address", "city", "state", "zip", "phone", "email", "ignore"]
ROW = ["Rufus", "Fitzwater", "6456 S Birchwood Ave", "Houston", "TX", "77036", "713-555-0101", "r@example.com", "x"]


def mapping_of(*fields: str) -> dict[int, Field]:
    return {column: Field(name) for column, name in enumerate(fields)}


def read(
    *cells: str, fields: list[str] = FIELDS, headers: list[str] = HEADERS, order: NameOrder = NameOrder.FIRST_LAST
) -> Lead | Rejected:
    return read_lead(cells, mapping_of(*fields), headers, {0: order})


def lead(*cells: str, **kwargs) -> Lead:
    found = read(*cells, **kwargs)
    assert isinstance(found, Lead), found
    return found


def changed(**cells: str) -> list[str]:
    row = dict(zip(HEADERS, ROW, strict=True))
    assert cells.keys() <= row.keys()
    return list((row | cells).values())


def are_one(one: Lead, other: Lead) -> bool:
    return not set(one.match_keys).isdisjoint(other.match_keys)


@pytest.mark.parametrize("name", NAMES)
def test_the_rows_of_a_sample_are_what_they_are_expected_to_be(name):
    expected = json.loads((SAMPLES / f"{name}.expected.json").read_text(encoding="utf-8"))
    path = next(path for path in SAMPLES.glob(f"{name}.*") if path.suffix in {".csv", ".xlsx"})
    found, rejected, duplicates, seen = {}, [], [], {}
    with open_table(path, name=path.name) as table:
        mapping = mapping_of(*expected["mapping"].values())
        orders = name_orders(mapping, table.sample_rows)
        reader, by_library = (LeadReader(mapping, table.headers, orders, is_fast=fast) for fast in (True, False))
        for row in table.rows():
            value = reader.read(row.cells)
            assert value == by_library.read(row.cells)
            if isinstance(value, Rejected):
                rejected.append(row.number)
                continue
            found[row.number] = value
            first = min((seen[key] for key in value.match_keys if key in seen), default=None)
            if first:
                duplicates.append([first, row.number])
            for key in value.match_keys:
                seen.setdefault(key, row.number)
    assert rejected == [row["row"] for row in expected["bad_rows"]]
    assert len(found) == expected["good_rows"]
    assert duplicates == expected["duplicates"]
    for cell in expected["cells"]:
        value = found[cell["row"]]
        if cell["field"] == "phone":
            assert cell["want"] in value.phones
        else:
            assert getattr(value, ATTRIBUTES.get(cell["field"], cell["field"])) == cell["want"]


def test_a_row_becomes_a_lead_with_all_its_values():
    fields = ["fullName", "address", "city", "zip", "mailing_address", "mailingCityStateZip", "phone", "phone", "email",
              "apn", "county", "linkedin", "company"]  # fmt: skip
    cells = ["WHITLOCK GIDEON M + GRETA", "1619 ALDER CT UNIT 7", "TAMPA", "33610", "1433 S Hawthorne Ter",
             "Springfield MA 1109", "(813) 555-0100", "8135550100.0 / 8135550102", "G@Example.com", "224-85-964",
             "Hillsborough", "https://www.linkedin.com/in/example", "N/A"]  # fmt: skip
    value = read_lead(cells, mapping_of(*fields), fields, {0: NameOrder.LAST_FIRST})
    assert value == Lead(
        first_name="Gideon",
        middle_name="M",
        last_name="Whitlock",
        suffix="",
        company="",
        phones=("8135550100", "8135550102"),
        emails=("g@example.com",),
        linkedin="https://www.linkedin.com/in/example",
        address="1619 ALDER CT UNIT 7",
        unit="UNIT 7",
        city="TAMPA",
        state="FL",
        zip="33610",
        mailing_address="1433 S Hawthorne Ter",
        mailing_unit="",
        mailing_city="Springfield",
        mailing_state="MA",
        mailing_zip="01109",
        apn="224-85-964",
        county="Hillsborough",
        other_owners=("Greta Whitlock",),
        person_key="gideon whitlock",
        address_keys=("1619 ALDER CT#7|33610", "1619 ALDER CT#7|TAMPA|FL"),
        parcel_keys=("22485964|HILLSBOROUGH", "22485964|FL"),
    )
    assert len(value.identity_key) == 32
    assert len(value.match_keys) == 8


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ([*changed(Notes="one"), "two"], "One cell more than the header: an unquoted delimiter shifted the values"),
        ([*changed(), "", "a", "b"], "Two cells more than the header: an unquoted delimiter shifted the values"),
        (["", "", "", "", "OH", "", "", "", ""], "No address, parcel, e-mail or phone"),
        (["Rufus", "Fitzwater", "N/A", "Reno", "NV", "", "555-0101", "-", ""], "No address, parcel, e-mail or phone"),
        (["", "", "", "", "", "", "", "", "2345000"], "No address, parcel, e-mail or phone"),
        (["TOTAL", "", "", "", "", "", "", "", "2,345,000"], "This is a total"),
        (["Grand Total:", "", "", "", "", "", "", "", "$2,345,000"], "This is a total"),
        (["", "", "16 records", "", "", "", "", "", ""], "This is a total"),
        (["", "", "Total", "", "", "", "", "", "12"], "This is a total"),
        (["Totals", "", "15", "", "", "", "", "", "12"], "This is a total"),
        (["Orange County Subtotal", "", "", "", "", "", "", "", "12"], "This is a total"),
        (["Rufus", "Fitzwater", "6456 S Birchwood Ave", "Rear", "Houston", "TX", "77036", "713-555-0101", "r@x.org"],
         "The values stand one column too far to the right: an unquoted delimiter shifted them"),
    ],
)  # fmt: skip
def test_a_bad_row_is_rejected_with_its_cause(cells, why):
    assert read(*cells).why == why


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ([*changed(), "", "a", "b"], len(HEADERS) + 1),
        (["", "", "", "Reno", "NV", "", "555-0101", "", ""], HEADERS.index("Phone")),
        (["Ada", "Berchon", "", "", "", "", "-", "ada at home", ""], HEADERS.index("Email")),
        (["", "", "16 records", "", "", "", "", "", ""], HEADERS.index("Address")),
        (["", "", "", "", "OH", "", "", "", ""], None),
        (["Ada", "Berchon", "", "", "", "", "555-0101", "ada at home", ""], None),
        (["Rufus", "Fitzwater", "6456 S Birchwood Ave", "Rear", "Houston", "TX", "77036", "713-555-0101", "r@x.org"],
         HEADERS.index("State")),
    ],
)  # fmt: skip
def test_a_bad_row_tells_the_column_that_is_to_blame(cells, column):
    assert read(*cells).column == column


@pytest.mark.parametrize(
    "cells",
    [
        ROW[:3],
        [*changed(), "", " "],
        changed(Phone="unknown caller", Email="ask him"),
        changed(State="ON", Zip="M5V 2T6", City="Toronto"),
        changed(City="", State="Harris", Zip="TX", Phone="", Email=""),
        changed(State="", Zip="", City=""),
        changed(Zip="7703"),
        changed(First="", Last=""),
        changed(First="Total", Last="Wine LLC"),
        changed(Address="0 Main St"),
        changed(Address="US HWY 27", Phone="", Email=""),
        ["", "", "", "", "", "", "", "r@example.com", ""],
        ["", "", "", "", "", "", "7135550101", "", ""],
        ["", "", "Vinewood lots 4-9", "", "", "", "", "", ""],
    ],
)
def test_a_good_row_is_not_rejected(cells):
    lead(*cells)


def test_a_parcel_or_a_profile_alone_is_a_lead():
    assert lead("304324C2010600000", fields=["apn"], headers=["Parcel"]).apn == "304324C2010600000"
    lead("https://www.linkedin.com/in/example", fields=["linkedin"], headers=["LinkedIn"])
    assert read("see notes", fields=["apn"], headers=["Parcel"]) == Rejected("No address, parcel, e-mail or phone", 0)
    assert read("0", fields=["apn"], headers=["Parcel"]) == Rejected("No address, parcel, e-mail or phone")
    assert read("yes", fields=["linkedin"], headers=["LinkedIn"]) == Rejected("No address, parcel, e-mail or phone", 0)


def test_a_profile_alone_is_found_again():
    one, same, other = (
        lead(address, fields=["linkedin"], headers=["LinkedIn"])
        for address in ("https://www.linkedin.com/in/example/", "linkedin.com/in/Example?x=1", "linkedin.com/in/other")
    )
    assert are_one(one, same)
    assert one.identity_key == same.identity_key
    assert not are_one(one, other)


def test_parcels_that_a_spreadsheet_rounded_are_not_taken_for_one():
    fields, headers = ["address", "zip", "apn"], ["Street", "Zip", "APN"]
    one, other = (
        lead(street, "33610", "3.04324E+17", fields=fields, headers=headers) for street in ("1 A St", "2 A St")
    )
    assert not are_one(one, other)


def test_spellings_of_one_lead_share_a_key():
    value = lead(*ROW)
    for same in (
        changed(Address="6456 SOUTH BIRCHWOOD AVENUE", Phone="", Email="", First="RUFUS", Last="FITZWATER"),
        changed(Zip="77036-1234", City="", State="", Phone="", Email=""),
        changed(Zip="", Phone="", Email=""),
        changed(First="Fitzwater", Last="Rufus Q", Phone="", Email=""),
        changed(Address="1 Other St", City="Tampa", State="FL", Zip="33610", Phone=""),
        changed(Address="", City="", State="", Zip="", Email=""),
    ):
        assert are_one(value, lead(*same)), same


def test_other_people_other_units_and_other_addresses_are_other_leads():
    value = lead(*ROW)
    for other in (
        changed(First="Lavinia", Phone="", Email=""),
        changed(Last="Fitzwater Jr"),
        changed(Address="6456 S Birchwood Ave Apt 5", Phone="", Email=""),
        changed(Address="1 Other St", Phone="713-555-0199", Email="other.person@example.com"),
        changed(First="", Last=""),
        changed(First="", Last="Fitzwater LLC"),
    ):
        assert not are_one(value, lead(*other)), other


def test_parcels_without_a_house_number_are_leads_of_their_own():
    fields, headers = ["fullName", "address", "zip", "apn"], ["Owner", "Street", "Zip", "APN"]
    one, other, same = (
        lead("Rufus Fitzwater", street, "33610", apn, fields=fields, headers=headers)
        for street, apn in (("0 Main St", "224-85-964"), ("0 Main St", "224-85-965"), ("0 MAIN STREET", "22485964"))
    )
    assert not are_one(one, other)
    assert are_one(one, same)
    assert one.identity_key == same.identity_key != other.identity_key


def test_a_row_without_a_property_is_known_by_its_mailing_address():
    fields, headers = ["fullName", "mailing_address", "mailing_zip"], ["Owner", "Street", "Zip"]
    value = lead("Rufus Fitzwater", "12 Elm St", "33610", fields=fields, headers=headers)
    assert are_one(value, lead("FITZWATER, RUFUS", "12 ELM STREET", "33610", fields=fields, headers=headers))
    assert (value.address, value.mailing_address) == ("", "12 Elm St")


def test_names_come_from_their_own_columns_before_whole_names():
    fields, headers = ["fullName", "firstName", "lastName", "email"], ["Owner", "First", "Last", "Email"]
    value = lead("FITZWATER RUFUS Q", "Rufus", "Fitzwater", "r@example.com", fields=fields, headers=headers)
    assert (value.first_name, value.last_name) == ("Rufus", "Fitzwater")
    value = lead("FITZWATER RUFUS", "", "", "r@example.com", fields=fields, headers=headers, order=NameOrder.LAST_FIRST)
    assert (value.first_name, value.last_name) == ("Rufus", "Fitzwater")


def test_an_employer_beside_a_person_does_not_change_who_it_is():
    fields, headers = ["firstName", "lastName", "company", "address"], ["First", "Last", "Company", "Street"]
    value = lead("Aiyana", "Goldthwaite", "Blue Heron Inc", "12 Elm St", fields=fields, headers=headers)
    assert value.company == "Blue Heron Inc"
    assert are_one(value, lead("Aiyana", "Goldthwaite", "", "12 Elm St", fields=fields, headers=headers))


def test_the_order_of_names_is_decided_for_each_column_of_whole_names():
    rows = [["OSTROWSKI MARGUERITE", "x"], ["TILLMAN RUBEN", "Priya Tremaine"], ["ACME LLC"]]
    assert name_orders(mapping_of("fullName", "ignore"), rows) == {0: NameOrder.LAST_FIRST}
    assert name_orders({1: Field.FULL_NAME}, rows) == {1: NameOrder.FIRST_LAST}


@pytest.mark.parametrize(
    "cell",
    [
        "\x00",
        "=" * 9,
        "'",
        "''",
        "#" * 300,
        "&" * 300,
        "9" * 400,
        "A" * 32_767,
        "\ud800",
        ",",
        "% %",
        "()",
        "Jr",
        "&Jr",
        "Jr,",
    ],
)
def test_no_cell_of_any_column_can_break_a_row(cell):
    fields = [name.value for name in Field]
    assert isinstance(read(*[cell] * len(fields), fields=fields, headers=fields), Lead | Rejected)
    for column in range(len(fields)):
        cells = [""] * len(fields)
        cells[column] = cell
        value = read(*cells, fields=fields, headers=fields)
        if isinstance(value, Lead):
            assert value.identity_key
            assert value.match_keys is not None
