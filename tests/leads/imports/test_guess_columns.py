"""Every column of a list gets its field, whatever program, county or hand named it."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.imports import vocabulary
from leads.imports.columns import ColumnGuess, guess_columns
from leads.imports.fields import Field
from leads.imports.tables import open_table

SAMPLES = Path(__file__).parents[2] / "data" / "imports"


def fields(headers: Sequence[str], *rows: Sequence[str]) -> list[str]:
    """The fields guessed for a table, by their names."""
    return [guess.field.value for guess in guess_columns(headers, rows)]


def guess_of(header: str, *values: str) -> ColumnGuess:
    """The guess for a table of one column."""
    return guess_columns([header], [[value] for value in values])[0]


@pytest.mark.parametrize("expected", sorted(SAMPLES.glob("*.expected.json")), ids=lambda path: path.name.split(".")[0])
def test_every_column_of_the_given_lists_is_right(expected: Path) -> None:
    wanted = json.loads(expected.read_text())
    file = next(path for path in SAMPLES.glob(expected.name.split(".")[0] + ".*") if path != expected)
    with open_table(file, name=file.name) as table:
        guesses = guess_columns(table.headers, table.sample_rows)
    right = {header: {field} for header, field in wanted["mapping"].items()}
    for field, headers in wanted.get("also_accept", {}).items():
        for header in headers:
            right[header].add(field)
    assert [guess.header for guess in guesses] == list(right)
    assert {guess.header: guess.field for guess in guesses if guess.field not in right[guess.header]} == {}


def test_words_written_together_or_short_or_with_errors_are_read() -> None:
    headers = ["OWNERNAME", "SITUSADDR", "SITUSCITY", "MAILADD", "MCITY", "Frist Name", "Phnoe", "Emial", "propZip"]
    assert fields(headers) == [
        *("fullName", "address", "city", "mailing_address", "mailing_city", "firstName", "phone", "email", "zip")
    ]


def test_spanish_headers_are_read() -> None:
    headers = ["Nombre", "Apellido", "Dirección", "Ciudad", "Estado", "Código Postal", "Teléfono", "Correo"]
    assert fields(headers) == [*("firstName", "lastName", "address", "city", "state", "zip", "phone", "email")]


def test_a_header_that_only_speaks_of_a_phone_is_none() -> None:
    headers = ["Phone", "Phone Type", "Phone 1 DNC", "Email Status", "Last Sale Date", "Zip Count", "Owner ID", "Fax"]
    assert fields(headers) == ["phone", *["ignore"] * 7]


def test_columns_of_other_people_are_ignored() -> None:
    headers = ["First Name", "Phone", "Listing Agent Phone", "Attorney Name", "Lender Name", "Spouse Phone", "Trustee"]
    assert fields(headers) == ["firstName", "phone", *["ignore"] * 5]


def test_the_second_owner_is_ignored() -> None:
    headers = ["Owner 1 First Name", "Owner 1 Last Name", "Owner 2 First Name", "Co Owner", "NAME2"]
    assert fields(headers) == ["firstName", "lastName", "ignore", "ignore", "ignore"]


def test_the_owner_of_a_record_is_staff_and_the_owner_of_a_house_is_not() -> None:
    assert fields(["Contact Owner", "First Name", "Last Name"]) == ["ignore", "firstName", "lastName"]
    assert fields(["Property Owner", "Property Address"]) == ["fullName", "address"]


def test_an_owner_of_few_names_beside_the_names_of_people_is_staff() -> None:
    rows = [[f"Person {name}", "Dana Whitcombe"] for name in "ABCDEFGHIJ"]
    assert fields(["Name", "Owner"], *rows) == ["fullName", "ignore"]


def test_a_landlord_who_sues_is_the_lead_and_the_tenants_address_the_property() -> None:
    headers = ["Plaintiff", "Plaintiff Address", "Defendant", "Defendant Address", "Defendant City"]
    row = ["Juniper Street Rentals LLC", "1 Elm St", "Amos Pacheco", "2 Oak Ave", "Katy"]
    assert fields(headers, row, row, row) == ["fullName", "mailing_address", "ignore", "address", "city"]


def test_an_owner_whom_a_bank_sues_is_the_lead() -> None:
    rows = [
        ["Wells Fargo Bank NA", "Amos Pacheco", "2 Oak Ave"],
        ["US Bank National Association", "Ada Varela", "3 Elm St"],
    ]
    assert fields(["Plaintiff", "Defendant", "Property Address"], *rows) == ["ignore", "fullName", "address"]


def test_the_executor_is_the_lead_and_the_house_of_the_dead_the_property() -> None:
    headers = [
        "Decedent Name",
        "Decedent Address",
        "Personal Representative",
        "PR Address",
        "PR Phone",
        "Attorney Phone",
    ]
    assert fields(headers) == ["ignore", "address", "fullName", "mailing_address", "phone", "ignore"]


def test_a_lone_address_is_the_propertys() -> None:
    assert fields(["Owner", "Address", "City", "ST", "Zip"]) == ["fullName", "address", "city", "state", "zip"]
    assert fields(["Owner", "Owner Address", "Owner City"]) == ["fullName", "address", "city"]


def test_a_plain_address_beside_that_of_the_property_is_for_mail() -> None:
    headers = ["Name", "Address", "City", "Property Address", "Property City"]
    assert fields(headers) == ["fullName", "mailing_address", "mailing_city", "address", "city"]


def test_a_plain_address_beside_one_for_mail_is_the_propertys() -> None:
    headers = ["Address", "City", "Owner Mailing Address", "Owner City", "Owner State"]
    assert fields(headers) == ["address", "city", "mailing_address", "mailing_city", "mailing_state"]


def test_of_two_addresses_that_no_header_tells_apart_the_scattered_one_is_for_mail() -> None:
    headers = ["Owner", "Address", "City", "Zip", "Address [2]", "City [2]", "Zip [2]"]
    towns = ["Reno", "Austin", "Boise", "Tulsa", "Miami", "Salem"]
    rows = [
        ["Ada Lee", f"PO Box {at}", town, f"{at}0001", f"{at} Oak St", "Tampa", "33610"]
        for at, town in enumerate(towns, 1)
    ]
    mail, situs = ["mailing_address", "mailing_city", "mailing_zip"], ["address", "city", "zip"]
    assert fields(headers, *rows) == ["fullName", *mail, *situs]
    swapped = [[owner, *second, *first] for owner, *rest in rows for first, second in [(rest[:3], rest[3:])]]
    assert fields(headers, *swapped) == ["fullName", *situs, *mail]


def test_an_address_in_one_cell_and_a_city_with_state_are_seen_in_the_values() -> None:
    rows = [
        ["12 Oak Ave, Katy, TX 77449", "Reno, NV 89501"],
        ["7 Elm St Apt 2, Austin, TX 78744", "Boise, ID 83702"],
    ] * 2
    assert fields(["Address", "Mailing City"], *rows) == ["fullAddress", "mailingCityStateZip"]


def test_a_street_in_parts_is_an_address_unless_a_column_has_all_of_it() -> None:
    parts = ["House Number", "Street Direction", "Street Name", "Street Suffix", "City"]
    assert fields(parts) == [*["address"] * 4, "city"]
    assert fields([*parts[:4], "Street Address"]) == [*["ignore"] * 4, "address"]


def test_a_header_that_lies_yields_to_its_values() -> None:
    rows = [["12 Oak Ave", "ada@example.com"], ["7 Elm St", "bo@example.com"], ["9 Fir Ln", "cy@example.com"]]
    guesses = guess_columns(["Name", "Phone"], rows)
    assert [guess.field for guess in guesses] == [Field.ADDRESS, Field.EMAIL]
    assert "values look like" in guesses[0].why


def test_a_header_whose_values_are_something_else_is_ignored() -> None:
    assert guess_of("Phone", "Mobile", "Landline", "VOIP").field is Field.IGNORE
    assert guess_of("State", "Pending", "Closed", "Sold it").field is Field.IGNORE


def test_without_headers_the_values_decide() -> None:
    headers = [f"[column {number}]" for number in range(1, 9)]
    rows = [
        ["Gideon", "Whitlock", "12 Oak Ave", "Katy", "TX", "77449", "(614) 555-0179", "g@example.com"],
        ["Mary", "Varela", "7 Elm St", "Austin", "TX", "78744", "614-555-0180", "m@example.com"],
        ["James", "Ostrowski", "9 Fir Ln", "Dallas", "TX", "75217", "6145550181", "j@example.com"],
        ["Rosalind", "Boone", "3 Ash Ct", "Houston", "TX", "77036", "+16145550182", "r@example.com"],
    ]
    assert fields(headers, *rows) == [*("firstName", "lastName", "address", "city", "state", "zip", "phone", "email")]


def test_a_zip_column_that_lost_its_zeros_says_so() -> None:
    assert guess_of("Zip", "1109", "06114", "2139").has_lost_zeros
    assert not guess_of("Zip", "01109", "06114", "02139-1001").has_lost_zeros
    assert not guess_of("House Number", "1109", "2139", "77").has_lost_zeros


def test_samples_are_the_first_three_different_values() -> None:
    guess = guess_of(
        "Email", "", "a@example.com", "a@example.com", "b@example.com", " ", "c@example.com", "d@example.com"
    )
    assert guess.samples == ["a@example.com", "b@example.com", "c@example.com"]


def test_sureness_says_how_far_header_and_values_agree() -> None:
    assert guess_of("Email", "a@example.com", "b@example.com", "c@example.com").sureness == "sure"
    assert guess_of("Email").sureness == "likely"
    assert guess_of("[column 1]", "a@example.com", "b@example.com", "c@example.com").sureness == "likely"
    assert guess_of("Name", "12 Oak Ave", "7 Elm St", "Reno").sureness == "unsure"


def test_short_and_shifted_rows_do_no_harm() -> None:
    rows = [["Ada"], [], ["Bo", "614-555-0180"], ["1 Elm St", "Reno", "NV", "89501"]]
    guesses = guess_columns(["First Name", "Phone"], rows)
    assert [guess.samples for guess in guesses] == [["Ada", "Bo"], ["614-555-0180"]]
    assert guess_columns([], []) == []


def test_each_field_is_given_once_unless_it_repeats() -> None:
    headers = ["First Name", "First Name [2]", "City", "Property City", "APN", "Parcel ID", "County", "Mailing County"]
    guessed = [field for field in fields(headers) if field != "ignore"]
    assert len(guessed) == len(set(guessed))


def test_every_field_has_a_label_for_people() -> None:
    assert all(field.label and field.label[0].isupper() for field in Field)
    assert [field for field in Field if field.is_repeatable] == [
        Field.EMAIL,
        Field.PHONE,
        Field.ADDRESS,
        Field.MAILING_ADDRESS,
        Field.IGNORE,
    ]


def test_a_count_of_things_is_none_of_them() -> None:
    assert fields(["Street", "Number of Locations"], ["1 Elm St", "3"], ["2 Oak Ave", "12"]) == ["address", "ignore"]


def test_the_profile_of_a_company_is_not_that_of_a_person() -> None:
    headers = ["Name", "Person Linkedin Url", "Company Linkedin Url", "Company LinkedIn"]
    person, company = "https://www.linkedin.com/in/ann-lee", "http://www.linkedin.com/company/acme"
    row = ["Ann Lee", person, company, company]
    assert fields(headers, *[row] * 4) == ["fullName", "linkedin", "ignore", "ignore"]


def test_ways_to_reach_a_second_person_are_not_the_leads() -> None:
    headers = ["Primary First Name", "Primary Phone1", "Secondary First Name", "Secondary Mobile Phone1"]
    row = ["Ann", "614-555-0101", "Bob", "614-555-0102"]
    assert fields(headers, *[row] * 4) == ["firstName", "phone", "ignore", "ignore"]
    assert fields(["First Name", "Phone", "Secondary Phone"], *[[*row[:2], row[3]]] * 4)[2] == "phone"


def test_who_sold_to_the_owner_is_not_the_lead() -> None:
    headers = ["OWNER 1 LAST NAME", "OWNER 1 FIRST NAME", "OWNER 1 LABEL NAME", "SELLER NAME"]
    assert fields(headers) == ["lastName", "firstName", "fullName", "ignore"]
    assert fields([*headers[:2], headers[3]])[2] == "ignore"
    assert fields(["Seller Name", "Owner Occupied"])[0] == "fullName"


def test_columns_of_a_prefix_that_is_not_known_are_one_address() -> None:
    headers = ["XYZ_HOUSE", "XYZ_STREET", "XYZ_CITY", "XYZ_ST", "XYZ_ZIP5", "MAIL_ADDR1", "MAIL_CITY", "MAIL_ZIP"]
    row = ["12", "ELM", "TAMPA", "FL", "33511", "PO BOX 4", "RENO", "89501"]
    expected = ["address", "address", "city", "state", "zip", "mailing_address", "mailing_city", "mailing_zip"]
    assert fields(headers, *[row] * 4) == expected


def test_city_state_and_zip_may_be_letters_or_stand_in_capitals() -> None:
    headers = ["Prop Addr", "Prop C/S/Z", "Mail Addr", "Mail C/S/Z"]
    row = ["1 Elm St", "Tampa, FL 33511", "2 Oak Ave", "Reno, NV 89501"]
    assert fields(headers, *[row] * 4) == ["address", "cityStateZip", "mailing_address", "mailingCityStateZip"]
    capitals = [["1 ELM ST", "SAINT PAUL MN"], ["2 OAK AVE", "RENO NV"], ["3 FIR LN", "MESA AZ"]]
    assert fields(["Mail Address", "Mailing City State"], *capitals)[1] == "mailingCityStateZip"


def test_values_without_a_header_that_tells_may_be_there_for_each_address() -> None:
    headers = ["Prop Addr", "Prop CSZ", "Mail Addr", "Mail CSZ"]
    row = ["1 Elm St", "Tampa, FL 33511", "2 Oak Ave", "Reno, NV 89501"]
    assert fields(headers, *[row] * 4) == ["address", "cityStateZip", "mailing_address", "mailingCityStateZip"]


def test_a_zip_4_may_hold_all_of_it() -> None:
    assert fields(["site_street", "site_zip_4"], *[["1 Elm St", "33511-0102"]] * 4) == ["address", "zip"]
    assert fields(["site_zip", "site_zip_4"], *[["33511", "0102"]] * 4) == ["zip", "ignore"]


def test_the_mailing_address_of_a_property_is_for_mail_beside_another_address() -> None:
    headers = ["address", "city", "prop_mailing_address", "prop_mailing_city"]
    assert fields(headers) == ["address", "city", "mailing_address", "mailing_city"]
    assert fields(["Site Mailing Address", "Owner Mailing Address"]) == ["address", "mailing_address"]


def test_a_postal_address_alone_is_an_address_to_split() -> None:
    row = ["Ann Lee", "1 Elm St, Tampa, FL 33511"]
    assert fields(["Person - Name", "Person - Postal address"], *[row] * 4) == ["fullName", "fullAddress"]


def test_a_class_of_people_names_nobody() -> None:
    rows = [[f"{name} Lee", kind] for name in ("Ann", "Bob", "Cy", "Di", "Ed") for kind in ("OWNER", "TENANT")]
    assert fields(["Customer Name", "Owner/Tenant"], *rows) == ["fullName", "ignore"]


def test_one_value_that_is_no_email_proves_that_a_column_has_none() -> None:
    assert fields(["Email", "Email Label Shown"], ["ann@example.com", "Ann Lee"])[1] == "ignore"
    assert guess_of("Phone", "Mobile").field is Field.IGNORE


def test_the_place_of_a_company_is_not_the_property() -> None:
    headers = ["Name", "City", "State", "Company Location"]
    rows = [["Ann Lee", "Tampa", "FL", "1 Elm St, Reno, NV 89501"]] * 4
    assert fields(headers, *rows) == ["fullName", "city", "state", "ignore"]


def test_the_least_of_several_parcels_is_one() -> None:
    row = ["4711", "103-22-104"]
    assert fields(["PropertyID", "Parcel Number 1(Min)"], *[row] * 4) == ["ignore", "apn"]


@settings(max_examples=80)
@given(
    headers=st.lists(st.text(max_size=30), max_size=8),
    rows=st.lists(st.lists(st.text(max_size=20), max_size=10), max_size=6),
)
def test_any_table_gets_a_guess_for_each_header(headers: list[str], rows: list[list[str]]) -> None:
    guesses = guess_columns(headers, rows)
    assert [guess.header for guess in guesses] == headers
    assert all(guess.why.endswith(".") for guess in guesses)


def test_headers_and_cells_without_end_are_guessed_too() -> None:
    guesses = guess_columns(["phone" * 5_000, "²", "★★★"], [["1 Elm St " * 4_000, "²", "٣٤٥"]] * 3)
    assert [guess.field for guess in guesses][1:] == [Field.IGNORE, Field.IGNORE]


def test_no_word_of_the_vocabulary_has_two_meanings_of_one_sort() -> None:
    for table in (vocabulary.NOUNS, vocabulary.PARTIES, vocabulary.PLACES):
        words = " ".join(table.values()).split()
        assert len(words) == len(set(words))
    sorts = [set(vocabulary.NOUN_OF), set(vocabulary.PARTY_OF), set(vocabulary.PLACE_OF), vocabulary.NEUTRAL_WORDS]
    assert sum(map(len, sorts)) == len(set().union(*sorts))
    assert set(vocabulary.PARTY_PHRASES.values()) <= set(vocabulary.PARTY_OF)
