"""Phone numbers become ten digits, e-mail addresses small letters, however they were written."""

import pytest

from leads.imports.values.emails import read_email, read_emails
from leads.imports.values.phones import read_phone, read_phones


@pytest.mark.parametrize(
    "text",
    [
        "6145550194",
        "614-555-0194",
        "614.555.0194",
        "(614) 555-0194",
        "(614)555-0194",
        "614 555 0194",
        "+1 614 555 0194",
        "+16145550194",
        "1-614-555-0194",
        "16145550194",
        "614-555-0194 x12",
        "614-555-0194 ext. 5",
        "614-555-0194x12",
        "6145550194.0",
        "6145550194.00",
        "6.145550194E9",
        "6.145550194e+09",
        "tel:+1-614-555-0194",
        "614.555.0194 (cell)",
        "Cell: 614-555-0194",
        "'6145550194",
        " 614\xa0555\xa00194 ",
    ],
)
def test_a_phone_number_is_ten_digits(text):
    assert read_phones(text) == ("6145550194",)
    assert read_phone(text) == "6145550194"


@pytest.mark.parametrize(
    "text",
    ["", "N/A", "0", "-", "555-0123", "5550123", "(000) 555-0179", "1146145550179", "+44 20 7946 0958", "1111111111",
     "2026-03-12 09:14", "304324C2010600000", "6.1E9", "614-055-0194", "unknown"],
)  # fmt: skip
def test_what_is_no_phone_number_of_the_country_is_none(text):
    assert read_phones(text) == ()
    assert read_phone(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "614-555-0105; 614-555-0106",
        "614-555-0105 / 614-555-0106",
        "6145550105, 6145550106",
        "6145550105 6145550106",
        "(614) 555-0105 or (614) 555-0106 x3",
        "H: 614-555-0105 C: 614-555-0106",
        "614-555-0105\n614-555-0106",
        "614-555-0105|614-555-0106|614-555-0105",
    ],
)
def test_several_phone_numbers_stand_in_one_cell(text):
    assert read_phones(text) == ("6145550105", "6145550106")


def test_letters_of_a_phone_number_are_digits():
    assert read_phones("1-800-FLOWERS") == ("8003569377",)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("Jane.Doe@Example.com", ("jane.doe@example.com",)),
        ("Jane Doe <jane@example.com>; j.doe@example.org", ("jane@example.com", "j.doe@example.org")),
        ("mailto:jane@example.com.", ("jane@example.com",)),
        ("jane@example.com,jane@example.com", ("jane@example.com",)),
        ("o'malley+lists@mail.example.co.uk", ("o'malley+lists@mail.example.co.uk",)),
        ("none@none.com", ()),
        ("jane@example", ()),
        ("jane at example.com", ()),
        ("N/A", ()),
    ],
)
def test_e_mail_addresses_are_found_in_a_cell(text, want):
    assert read_emails(text) == want
    assert read_email(text) == (want[0] if want else None)


def test_a_cell_of_any_length_is_read_at_once():
    assert read_emails("a." * 16_000 + "@") == ()
    assert read_phones("1 " * 16_000) == ()
