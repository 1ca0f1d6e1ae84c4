"""Only criteria that the vendor is known to honour, and that Atlas may use, leave the house."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas_site.vendors.batchdata import (
    QUICKLISTS,
    QUICKLISTS_BY_KEY,
    CriteriaRefused,
    build_criteria,
    check_criteria,
    check_sort,
    find_quicklist,
    quicklist_warnings,
)
from atlas_site.vendors.batchdata.criteria import FIELDS


def refused(criteria) -> dict[str, str]:
    with pytest.raises(CriteriaRefused) as caught:
        check_criteria(criteria)
    return caught.value.problems


def test_criteria_are_built_in_the_vendors_shape():
    assert build_criteria(
        query=" Phoenix, AZ ",
        quick_lists=["vacant", "not-owner-occupied", "vacant"],
        or_quick_lists=["tax-default"],
        filters={
            "building.bedroomCount": {"min": 3},
            "building.yearBuilt": {"min": 1950, "max": 1990},
            "sale.lastSaleDate": {"maxDate": date(2015, 1, 31)},
            "general.propertyTypeDetail": {"inList": ["Single Family", "Duplex"]},
            "owner.ownerOccupied": {"equals": False},
        },
        alternatives=[
            {"listing": {"status": {"equals": "Failed"}}},
            {"sale": {"lastSaleDate": {"withinLastMonths": 6}}},
        ],
    ) == {
        "query": "Phoenix, AZ",
        "quickLists": ["vacant", "not-owner-occupied"],
        "orQuickLists": ["tax-default"],
        "building": {"bedroomCount": {"min": 3}, "yearBuilt": {"min": 1950, "max": 1990}},
        "sale": {"lastSaleDate": {"maxDate": "2015-01-31"}},
        "general": {"propertyTypeDetail": {"inList": ["Single Family", "Duplex"]}},
        "owner": {"ownerOccupied": {"equals": False}},
        "or": [{"listing": {"status": {"equals": "Failed"}}}, {"sale": {"lastSaleDate": {"withinLastMonths": 6}}}],
    }
    assert build_criteria() == {}


def test_the_whole_whitelist_is_open():
    conditions = {
        "string": {"equals": "x"}, "name": {"equals": "x"}, "number": {"min": 0.5}, "date": {"minDate": "2025-01-01"},
        "boolean": {"equals": True},
    }  # fmt: skip
    criteria = {group: {name: conditions[kind] for name, kind in fields.items()} for group, fields in FIELDS.items()}
    assert check_criteria(criteria) == criteria
    assert len(FIELDS) >= 14


@pytest.mark.parametrize(
    ("criteria", "place"),
    [
        ({"absenteeOwner": True}, "absenteeOwner"),
        ({"building": {"bedrooms": {"min": 3}}}, "building.bedrooms"),
        ({"intel": {"lastSoldDate": {"minDate": "2020-01-01"}}}, "intel.lastSoldDate"),
        ({"building": {"bedroomCount": 3}}, "building.bedroomCount"),
        ({"building": {"bedroomCount": {}}}, "building.bedroomCount"),
        ({"building": {"bedroomCount": {"gte": 3}}}, "building.bedroomCount"),
        ({"building": {"bedroomCount": {"$gt": 3}}}, "building.bedroomCount"),
        ({"building": {"bedroomCount": {"min": "3"}}}, "building.bedroomCount"),
        ({"building": {"bedroomCount": {"min": True}}}, "building.bedroomCount"),
        ({"building": {"bedroomCount": {"min": float("nan")}}}, "building.bedroomCount"),
        ({"building": {"bedroomCount": {"min": 10**400}}}, "building.bedroomCount"),
        ({"building": {"bedroomCount": {"min": 4, "max": 3}}}, "building.bedroomCount"),
        ({"building": {}}, "building"),
        ({"building": None}, "building"),
        ({"address": {"zip": {"equals": ""}}}, "address.zip"),
        ({"address": {"zip": {"equals": {"$ne": ""}}}}, "address.zip"),
        ({"address": {"zip": {"inList": []}}}, "address.zip"),
        ({"address": {"zip": {"inList": ["85007"] * 501}}}, "address.zip"),
        ({"address": {"city": {"equals": "x" * 201}}}, "address.city"),
        ({"address": {"city": {"equals": "a\nb"}}}, "address.city"),
        ({"sale": {"lastSaleDate": {"minDate": "yesterday"}}}, "sale.lastSaleDate"),
        ({"sale": {"lastSaleDate": {"minDate": "2025-02-30"}}}, "sale.lastSaleDate"),
        ({"sale": {"lastSaleDate": {"minDate": "2025-02-02", "maxDate": "2025-02-01"}}}, "sale.lastSaleDate"),
        ({"sale": {"lastSaleDate": {"withinLastMonths": 0}}}, "sale.lastSaleDate"),
        ({"owner": {"ownerOccupied": {"equals": "yes"}}}, "owner.ownerOccupied"),
        ({"query": 5}, "query"),
        ({"quickLists": ["divorce"]}, "quickLists"),
        ({"quickLists": []}, "quickLists"),
        ({"quickLists": "vacant"}, "quickLists"),
        ({"or": [{"building": {"bedroomCount": {"min": 3}}}]}, "or.0"),
        ({"or": [{"sale": {"price": {"min": 3}}}]}, "or.0.sale.price"),
        ({"or": []}, "or"),
    ],
)
def test_what_the_vendor_would_ignore_or_misread_is_refused_with_its_place(criteria, place):
    problems = refused(criteria)
    assert list(problems) == [place]
    assert problems[place].endswith(".")


@pytest.mark.parametrize(
    "criteria",
    [
        {"demographics": {"age": {"min": 60}}},
        {"demographics": {"gender": {"equals": "F"}}},
        {"demographics": {"hasChildren": {"equals": True}}},
        {"demographics": {"householdSize": {"min": 4}}},
        {"demographics": {"maritalStatus": {"equals": "Divorced"}}},
        {"demographics": {"religiousAffiliation": {"equals": "x"}}},
        {"owner": {"lastName": {"inList": ["Doe", "Roe"]}}},
        {"owner": {"lastName": {"endsWith": "ez"}}},
        {"owner": {"fullName": {"contains": "Doe"}}},
        {"quickLists": ["senior-owner"]},
        {"orQuickLists": ["not-senior-owner"]},
        {"quickList": "senior-owner"},
    ],
)
def test_traits_that_atlas_never_filters_by_are_refused(criteria):
    assert refused(criteria)


def test_all_problems_are_told_at_once():
    assert set(refused({"a": 1, "building": {"b": {"min": 1}, "yearBuilt": {"max": "x"}}, "quickLists": ["c"]})) == {
        "a", "building.b", "building.yearBuilt", "quickLists",
    }  # fmt: skip


PHOENIX = {"latitude": 33.45, "longitude": -112.07}
SOUTH_EAST = {"latitude": 33.40, "longitude": -112.00}


@pytest.mark.parametrize(
    "place",
    [
        {"geoLocationDistance": {"geoPoint": PHOENIX, "distanceMiles": 5}},
        {"geoLocationDistance": {"geoPoint": PHOENIX, "distanceMeters": 800}},
        {"geoLocationBoundingBox": {"nwGeoPoint": PHOENIX, "seGeoPoint": SOUTH_EAST}},
        {"geoLocationPolygon": {"geoPoints": [PHOENIX, SOUTH_EAST, {"latitude": 33.5, "longitude": -112.0}]}},
    ],
)
def test_places_on_the_map_pass(place):
    assert check_criteria({"address": place}) == {"address": place}


@pytest.mark.parametrize(
    "place",
    [
        {"geoLocationDistance": {"geoPoint": PHOENIX}},
        {"geoLocationDistance": {"geoPoint": PHOENIX, "distanceMiles": 0}},
        {"geoLocationDistance": {"geoPoint": PHOENIX, "distanceMiles": 501}},
        {"geoLocationDistance": {"geoPoint": PHOENIX, "distanceMiles": 1, "distanceFeet": 1}},
        {"geoLocationDistance": {"geoPoint": {"latitude": 91, "longitude": 0}, "distanceMiles": 1}},
        {"geoLocationDistance": {"geoPoint": {"latitude": 33}, "distanceMiles": 1}},
        {"geoLocationBoundingBox": {"nwGeoPoint": SOUTH_EAST, "seGeoPoint": PHOENIX}},
        {"geoLocationBoundingBox": {"nwGeoPoint": PHOENIX}},
        {"geoLocationPolygon": {"geoPoints": [PHOENIX, SOUTH_EAST]}},
        {"geoLocationPolygon": {"geoPoints": [PHOENIX, SOUTH_EAST, "north"]}},
        {"geoLocationPolygon": {}},
    ],
)
def test_places_that_are_none_are_refused(place):
    assert list(refused({"address": place})) == [f"address.{next(iter(place))}"]


def test_only_orders_that_the_vendor_knows_are_offered():
    assert check_sort("estimatedValue", "desc") == {"field": "estimatedValue", "sortOrder": "desc"}
    for field, order in (("age", "asc"), ("estimatedValue", "up"), ("", "")):
        with pytest.raises(CriteriaRefused):
            check_sort(field, order)


def test_more_signals_than_the_cap_are_warned_about(settings):
    settings.BATCHDATA_QUICKLIST_CAP = 3
    three = {"quickLists": ["vacant", "inherited", "tax-default"]}
    assert quicklist_warnings(three) == []
    assert len(quicklist_warnings({"quickLists": [*three["quickLists"], "high-equity"]})) == 1
    settings.BATCHDATA_QUICKLIST_CAP = 2
    assert "More than 2" in quicklist_warnings(three)[0]


def test_every_signal_has_its_key_and_its_meaning():
    assert QUICKLISTS["out-of-state-absentee-owner"].key == "absenteeOwnerOutOfState"
    assert QUICKLISTS["in-state-absentee-owner"].key == "absenteeOwnerInState"
    assert QUICKLISTS["has-hoa-fees"].key == "hasHoaFees"
    assert QUICKLISTS_BY_KEY["freeAndClear"].slug == "free-and-clear"
    assert len(QUICKLISTS_BY_KEY) == len(QUICKLISTS)
    assert all(item.label and item.definition.endswith(".") for item in QUICKLISTS.values())
    assert find_quicklist("not-vacant") is QUICKLISTS["vacant"]
    assert find_quicklist("senior-owner") is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
places = st.sampled_from([(group, field) for group, fields in FIELDS.items() for field in fields])


@settings(max_examples=300)
@given(place=places, condition=json_values, extra=st.dictionaries(st.text(max_size=10), json_values, max_size=2))
def test_whatever_comes_in_is_passed_in_shape_or_refused(place, condition, extra):
    group, field = place
    try:
        checked = check_criteria({group: {field: condition}, **extra})
    except CriteriaRefused as error:
        assert error.problems
    else:
        assert set(checked) <= {*FIELDS, "query", "quickList", "quickLists", "orQuickLists", "or"}
