"""Where to look: free text and shapes on the map."""

import math
from typing import Any

import pytest

from tests.sandbox.conftest import Api

PHOENIX = {"latitude": 33.45, "longitude": -112.07}


def is_in(record: dict[str, Any], **wanted: str) -> bool:
    return all(record["address"][key] == value for key, value in wanted.items())


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Phoenix, AZ", {"city": "Phoenix", "state": "AZ"}),
        ("phoenix az 85007", {"zip": "85007"}),
        ("PHOENIX, Arizona", {"city": "Phoenix", "state": "AZ"}),
        ("Maricopa County, AZ", {"county": "Maricopa", "state": "AZ"}),
        ("Harris, TX", {"county": "Harris", "state": "TX"}),
        ("AZ", {"state": "AZ"}),
        ("arizona", {"state": "AZ"}),
        ("85007", {"zip": "85007"}),
        ("85007-1234", {"zip": "85007"}),
        ("St. Louis, MO", {"city": "Saint Louis", "state": "MO"}),
        ("US", {}),
        ("", {}),
    ],
)
def test_free_text_names_a_place(api: Api, text: str, wanted: dict[str, str]) -> None:
    expected = {record["_id"] for record in api.market if is_in(record, **wanted)}
    assert expected
    assert set(api.ids({"query": text})) == expected


def test_free_text_names_an_address(api: Api) -> None:
    record = api.market[17]
    address = record["address"]
    text = f"{address['street']}, {address['city']}, {address['state']} {address['zip']}"
    assert record["_id"] in api.ids({"query": text})
    assert len(api.ids({"query": text})) < 3


@pytest.mark.parametrize("text", ["Nowhere, AZ", "Atlantis", "00000", "Phoenix, TX"])
def test_an_unknown_place_holds_nothing(api: Api, text: str) -> None:
    assert api.count({"query": text}) == 0


def miles(record: dict[str, Any], point: dict[str, float]) -> float:
    """The spherical law of cosines, another formula than the sandbox's own."""
    a, b = math.radians(record["address"]["latitude"]), math.radians(point["latitude"])
    turn = math.radians(record["address"]["longitude"] - point["longitude"])
    return math.acos(min(1, math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(turn))) * 3958.8


@pytest.mark.parametrize(
    ("unit", "distance", "in_miles"),
    [
        ("distanceMiles", 6, 6),
        ("distanceKilometers", 10, 6.21371),
        ("distanceFeet", 26400, 5),
        ("distanceYards", 8800, 5),
    ],
)
def test_a_circle_holds_what_is_near_enough(api: Api, unit: str, distance: float, in_miles: float) -> None:
    expected = {record["_id"] for record in api.market if miles(record, PHOENIX) <= in_miles}
    assert expected
    circle = {"geoPoint": PHOENIX, unit: distance}
    assert set(api.ids({"address": {"geoLocationDistance": circle}})) == expected


def test_the_distance_may_stand_inside_the_point(api: Api) -> None:
    inside = {"geoPoint": {**PHOENIX, "distanceMiles": 6}}
    beside = {"geoPoint": PHOENIX, "distanceMiles": 6}
    found = api.ids({"address": {"geoLocationDistance": inside}})
    assert found
    assert found == api.ids({"address": {"geoLocationDistance": beside}})


def test_a_box_holds_what_is_inside(api: Api) -> None:
    north_west, south_east = {"latitude": 33.6, "longitude": -112.2}, {"latitude": 33.4, "longitude": -111.9}
    expected = {
        record["_id"] for record in api.market
        if 33.4 <= record["address"]["latitude"] <= 33.6 and -112.2 <= record["address"]["longitude"] <= -111.9
    }  # fmt: skip
    assert expected
    corners = {"nwGeoPoint": north_west, "seGeoPoint": south_east}
    assert set(api.ids({"address": {"geoLocationBoundingBox": corners}})) == expected
    options = {"useBoundingBox": True, "boundingBoxNw": north_west, "boundingBoxSe": south_east}
    assert set(api.ids({}, **options)) == expected


def test_a_polygon_holds_what_is_inside(api: Api) -> None:
    top = {"latitude": 33.7, "longitude": -112.0}
    left, right = {"latitude": 33.3, "longitude": -112.4}, {"latitude": 33.3, "longitude": -111.6}

    def is_inside(record: dict[str, Any]) -> bool:
        height = (record["address"]["latitude"] - 33.3) / 0.4
        return 0 <= height <= 1 and abs(record["address"]["longitude"] + 112.0) <= 0.4 * (1 - height)

    expected = {record["_id"] for record in api.market if is_inside(record)}
    assert expected
    assert set(api.ids({"address": {"geoLocationPolygon": {"geoPoints": [top, left, right]}}})) == expected


def test_two_points_are_no_polygon(api: Api) -> None:
    points = [PHOENIX, {"latitude": 33.3, "longitude": -112.4}]
    assert api.count({"address": {"geoLocationPolygon": {"geoPoints": points}}}) == len(api.market)


def test_comparables_are_near_and_alike(api: Api) -> None:
    in_phoenix = [record for record in api.market if is_in(record, city="Phoenix")]
    subject = next(r for r in in_phoenix if {"bedroomCount", "livingAreaSquareFeet", "yearBuilt"} <= set(r["building"]))
    options = {"distanceMiles": 8, "minArea": -30, "maxArea": 30, "minYearBuilt": -30, "maxYearBuilt": 30}
    found = set(api.ids({"compAddress": {"hash": subject["address"]["hash"]}}, **options))
    area, beds = subject["building"]["livingAreaSquareFeet"], subject["building"]["bedroomCount"]
    point = {key: subject["address"][key] for key in ("latitude", "longitude")}

    def is_alike(record: dict[str, Any]) -> bool:
        building = record.get("building") or {}
        has_all = all(building.get(key) for key in ("bedroomCount", "livingAreaSquareFeet", "yearBuilt"))
        return (
            record["_id"] != subject["_id"]
            and bool(has_all)
            and miles(record, point) <= 8
            and abs(building["bedroomCount"] - beds) <= 1
            and abs(building["livingAreaSquareFeet"] - area) <= area * 0.3
            and abs(building["yearBuilt"] - subject["building"]["yearBuilt"]) <= 30
        )

    expected = {record["_id"] for record in api.market if is_alike(record)}
    assert expected
    assert found == expected
    nearer = api.search(
        {"compAddress": {"hash": subject["address"]["hash"]}}, **{**options, "distanceMiles": 1}, take=0
    )
    farther = api.search({"compAddress": {"hash": subject["address"]["hash"]}}, **options, take=0)
    assert nearer["meta"]["results"]["resultsFound"] < farther["meta"]["results"]["resultsFound"] == len(expected)


def test_the_area_can_be_drawn(api: Api) -> None:
    polygon = api.search({"query": "Phoenix, AZ"}, take=0, areaPolygon=True)["areaPolygon"]
    latitudes = [r["address"]["latitude"] for r in api.market if is_in(r, city="Phoenix", state="AZ")]
    assert polygon["boundingBox"]["nw"]["latitude"] == max(latitudes)
    assert polygon["boundingBox"]["se"]["latitude"] == min(latitudes)
    assert polygon["coordinates"][0][0][0] == polygon["coordinates"][0][0][-1]
