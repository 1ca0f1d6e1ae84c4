"""States and ZIP codes are understood in every spelling, and lost zeros come back."""

import pytest
import zipcodes

from leads.imports.values.placeholders import clean
from leads.imports.values.places import (
    STATES,
    CityStateZip,
    city_key,
    read_zip,
    split_city_state_zip,
    state_code,
    zip_state,
)

MILITARY_TABLE_OF_NEW_JERSEY = {"09905", "09980", "09981", "09982", "09983", "09984"}
"""Codes of military post offices that the public table gives to the state of their gateway."""


def test_the_state_of_every_zip_code_is_known():
    rows = [row for row in zipcodes.list_all() if row["zip_code"] not in MILITARY_TABLE_OF_NEW_JERSEY]
    assert len(rows) > 40_000
    assert [row for row in rows if zip_state(row["zip_code"]) != row["state"]] == []


def test_every_zip_code_that_lost_its_zeros_gets_them_back():
    lost = [(row["zip_code"], row["state"]) for row in zipcodes.list_all() if row["zip_code"].startswith("0")]
    lost = [(zip5, state) for zip5, state in lost if zip5 not in MILITARY_TABLE_OF_NEW_JERSEY]
    assert len(lost) > 3_500
    for zip5, state in lost:
        short = zip5.lstrip("0")
        assert read_zip(short, state) == (zip5, ""), zip5
        assert read_zip(f"{short}.0", state) == (zip5, ""), zip5
        assert read_zip(f"{short}-0042", state) == (zip5, "0042"), zip5
        if len(short) == 4:
            assert read_zip(f"{short}0042", state) == (zip5, "0042"), zip5
            assert read_zip(short) == (zip5, ""), zip5


@pytest.mark.parametrize(
    ("text", "state", "want"),
    [
        ("01109", "MA", "01109"),
        ("1109", "MA", "01109"),
        ("1109.0", "", "01109"),
        ("11090042", "MA", "01109-0042"),
        ("011090042", "MA", "01109-0042"),
        ("44106-0001", "OH", "44106-0001"),
        ("44106 0001", "OH", "44106-0001"),
        ("44106-0000", "OH", "44106"),
        ("44106-", "OH", "44106"),
        (" 33610 ", "FL", "33610"),
        ("'01109", "MA", "01109"),
        ('="01109"', "MA", "01109"),
        ("901", "PR", "00901"),
        ("501", "NY", "00501"),
    ],
)
def test_a_zip_code_is_read_in_every_shape(text, state, want):
    assert str(read_zip(text, state)) == want


@pytest.mark.parametrize(
    ("text", "state"),
    [("7703", "TX"), ("0", ""), ("N/A", ""), ("K1A 0B1", "ON"), ("123456", ""), ("12", "MA"), ("", ""), ("00000", "")],
)
def test_what_is_no_zip_code_is_none(text, state):
    assert read_zip(text, state) is None


def test_every_state_is_known_by_name_and_code():
    for code, name in STATES.items():
        for text in (code, code.lower(), name, name.upper(), f"{code} - {name}", f"{name} ({code})", f"US-{code}"):
            assert state_code(text) == code, text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("N.Y.", "NY"),
        ("Mass.", "MA"),
        ("W. Va.", "WV"),
        ("Washington, D.C.", "DC"),
        ("Penna", "PA"),
        ("N Dakota", "ND"),
    ],
)
def test_states_are_known_by_their_older_abbreviations(text, code):
    assert state_code(text) == code


@pytest.mark.parametrize("text", ["", "Ontario", "ON", "77036", "Providence", "US"])
def test_what_is_no_state_is_none(text):
    assert state_code(text) is None


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("San Antonio, TX 78210", ("San Antonio", "TX", "78210", "")),
        ("SAN ANTONIO TX 78210-1234", ("SAN ANTONIO", "TX", "78210", "1234")),
        ("Boston Massachusetts 2124", ("Boston", "MA", "02124", "")),
        ("Tampa, FL, 33610, USA", ("Tampa", "FL", "33610", "")),
        ("Washington DC 20001", ("Washington", "DC", "20001", "")),
        ("Washington, D.C. 20001", ("Washington", "DC", "20001", "")),
        ("New York NY", ("New York", "NY", "", "")),
        ("New York", ("New York", "", "", "")),
        ("Kansas City KS", ("Kansas City", "KS", "", "")),
        ("Oklahoma City", ("Oklahoma City", "", "", "")),
        ("Charleston West Virginia", ("Charleston", "WV", "", "")),
        ("San Juan PR 901", ("San Juan", "PR", "00901", "")),
        ("78210", ("", "TX", "78210", "")),
        ("N/A", ("", "", "", "")),
    ],
)
def test_city_state_and_zip_code_are_told_apart(text, want):
    assert split_city_state_zip(text) == CityStateZip(*want)


def test_cities_compare_without_case_punctuation_and_abbreviations():
    assert city_key("St. Petersburg") == city_key("SAINT PETERSBURG")
    assert city_key("Ft Worth") == city_key("Fort Worth,")
    assert city_key("Coeur d'Alene") == city_key("COEUR DALENE")
    assert city_key("Springfield") != city_key("Spring Hill")


@pytest.mark.parametrize(
    "text", ["", " ", "N/A", "n/a.", "none", "NULL", "-", "--", "0", "Unknown", "#N/A", "\xa0", "?"]
)
def test_placeholders_are_nothing(text):
    assert clean(text) == ""


@pytest.mark.parametrize("text", ["Blank", "Nona", "N", "9", "10", "Unknown Soldier Rd", '=HYPERLINK("x","y")', "Ø"])
def test_values_are_no_placeholders(text):
    assert clean(f"  {text} ") == text
