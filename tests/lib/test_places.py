"""The place index: what investors type, and what it is taken for."""

import time

import pytest

from atlas_site.lib.places import STATE_NAMES, AmbiguousPlace, find_places, load_index, resolve_place


def labels(text: str, limit: int = 10) -> list[str]:
    return [place.label for place in find_places(text, limit)]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Phoenix, AZ", "Phoenix, AZ"),
        ("phoenix az", "Phoenix, AZ"),
        ("  PHOENIX ,  arizona ", "Phoenix, AZ"),
        ("phoenix", "Phoenix, AZ"),
        ("Maricopa County", "Maricopa County, AZ"),
        ("maricopa county, arizona", "Maricopa County, AZ"),
        ("Maricopa, AZ", "Maricopa, AZ"),
        ("los angeles", "Los Angeles, CA"),
        ("St. Louis, MO", "Saint Louis, MO"),
        ("saint louis county mo", "St. Louis County, MO"),
        ("prince georges county, md", "Prince George's County, MD"),
        ("Winston-Salem", "Winston Salem, NC"),
        ("kansas city mo", "Kansas City, MO"),
        ("New York, NY", "New York, NY"),
        ("new york (state)", "New York"),
        ("AZ", "Arizona"),
        ("arizona", "Arizona"),
        ("washington dc", "Washington, DC"),
        ("85007", "85007"),
        ("85007-1234", "85007"),
        ("Phoenix, AZ 85007", "85007"),
    ],
)
def test_a_place_is_known_by_what_people_write(text, label):
    assert resolve_place(text).label == label


@pytest.mark.parametrize("text", ["", " ", ",", ", AZ", "nowhere", "Phoenix, XX", "00000", "8500", "\x00", "x" * 5_000])
def test_what_names_no_place_is_none(text):
    assert resolve_place(text) is None


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("springfield", {"Springfield, MO", "Springfield, MA", "Springfield, IL"}),
        ("new york", {"New York, NY", "New York"}),
    ],
)
def test_a_name_of_several_large_places_is_asked_back(text, first):
    with pytest.raises(AmbiguousPlace) as raised:
        resolve_place(text)
    assert first == {place.label for place in raised.value.places[: len(first)]}


def test_every_place_is_found_by_its_own_label_and_query():
    places = list(load_index()._by_label.values())
    assert {place.kind for place in places} == {"state", "county", "city"}
    assert len(places) > 30_000
    wrong = [
        place.label
        for place in places
        if resolve_place(place.option_text) != place or resolve_place(place.query_text) != place
    ]
    assert wrong == []


def test_a_place_says_where_it_lies():
    phoenix, zip_code, arizona = (resolve_place(text) for text in ("Phoenix, AZ", "85007", "Arizona"))
    assert (phoenix.kind, phoenix.state, phoenix.city, phoenix.county) == ("city", "AZ", "Phoenix", "Maricopa County")
    assert phoenix.query_text == "Phoenix, AZ"
    assert (zip_code.kind, zip_code.zip, zip_code.city, zip_code.query_text) == ("zip", "85007", "Phoenix", "85007")
    assert (arizona.kind, arizona.query_text, arizona.county) == ("state", "AZ", "")
    south, west, north, east = phoenix.box
    assert south < 33.3 < phoenix.latitude < 33.7 < north
    assert west < -112.2 < phoenix.longitude < -111.9 < east
    assert zip_code.box[0] >= south
    assert zip_code.box[3] <= east


def test_all_states_and_the_district_are_there():
    assert {resolve_place(state).state for state in STATE_NAMES} == set(STATE_NAMES)
    assert len(STATE_NAMES) == 51


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("pho", "Phoenix, AZ"),
        ("phoenix, a", "Phoenix, AZ"),
        ("phoenix a", "Phoenix, AZ"),
        ("maricopa", "Maricopa County, AZ"),
        ("dallas", "Dallas, TX"),
        ("st lou", "Saint Louis, MO"),
        ("az", "Arizona"),
        ("texa", "Texas"),
        ("850", "85001"),
        ("85007", "85007"),
    ],
)
def test_the_likeliest_place_comes_first_while_typing(text, first):
    assert labels(text)[0] == first


def test_suggestions_are_limited_and_none_is_given_for_nothing():
    assert len(find_places("s", limit=7)) == 7
    assert find_places("") == []
    assert find_places("zzzz") == []


def test_typing_is_answered_quickly():
    load_index()
    began = time.process_time()
    for text in ("s", "sa", "san", "san ", "san a", "san antonio t", "8", "85"):
        assert find_places(text)
    assert (time.process_time() - began) / 8 < 0.02
