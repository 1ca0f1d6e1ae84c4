"""Shapes on the map: their text, what they refuse, and that they hold what MongoDB says they hold."""

import math

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from atlas_site.mongodb.documents import collection_of
from atlas_site.vendors.batchdata import check_criteria
from properties.models import PropertyDatasetPermission
from properties.search.areas import Box, Circle, Polygon, parse_area

latitudes = st.integers(330_000, 340_000).map(lambda number: number / 10_000)
longitudes = st.integers(-1_130_000, -1_110_000).map(lambda number: number / 10_000)
points = st.tuples(latitudes, longitudes)


@st.composite
def areas(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(["box", "circle", "polygon"]))
    (lat1, lng1), (lat2, lng2) = draw(points), draw(points)
    if kind == "circle":
        return f"circle:{lat1},{lng1},{draw(st.integers(1, 800)) / 10}"
    if kind == "box":
        return f"box:{min(lat1, lat2)},{min(lng1, lng2)},{max(lat1, lat2)},{max(lng1, lng2)}"
    # Corners around a point, in the order of their angles, do not cross.
    angles = sorted(draw(st.lists(st.integers(0, 359), min_size=3, max_size=12, unique=True)))
    reach = [draw(st.integers(10, 300)) / 1000 for _ in angles]
    corners = [
        (lat1 + far * math.sin(math.radians(angle)), lng1 + far * math.cos(math.radians(angle)))
        for angle, far in zip(angles, reach, strict=True)
    ]
    return "polygon:" + ";".join(f"{lat},{lng}" for lat, lng in corners)


def parse_or_skip(text: str):
    try:
        return parse_area(text)
    except ValueError:
        assume(False)


@given(text=areas())
@settings(max_examples=200)
def test_a_shape_is_its_text_and_the_vendor_takes_it(text):
    area = parse_or_skip(text)
    assert parse_area(area.text) == area
    assert check_criteria({"address": area.criteria()}) == {"address": area.criteria()}
    south, west, north, east = area.box
    assert south < north
    assert west < east
    assert area.label


@pytest.mark.django_db
@given(shapes=st.lists(areas(), min_size=1, max_size=3), at=st.lists(points, min_size=1, max_size=40, unique=True))
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_a_shape_holds_what_the_server_says_it_holds(shapes, at):
    collection = collection_of(PropertyDatasetPermission)
    collection.delete_many({})
    collection.insert_many(
        {"propertyId": str(number), "latitude": lat, "longitude": lng, "location": [lng, lat]}
        for number, (lat, lng) in enumerate(at)
    )
    for area in map(parse_or_skip, shapes):
        # On an edge either answer is right, and the two reckon edges in different ways.
        clear = [number for number, point in enumerate(at) if not is_on_edge(area, point)]
        found = {int(document["propertyId"]) for document in collection.find(area.condition())}
        assert found & set(clear) == {number for number in clear if area.contains(*at[number])}


def is_on_edge(area, point) -> bool:
    lat, lng = point
    if isinstance(area, Circle):
        return abs(area.miles_to(lat, lng) - area.miles) < 1e-6
    if isinstance(area, Box):
        return False
    return any(distance_to_edge(point, *edge) < 1e-6 for edge in area.edges())


def distance_to_edge(point, start, end) -> float:
    (y, x), (y1, x1), (y2, x2) = point, start, end
    length = (x2 - x1) ** 2 + (y2 - y1) ** 2
    along = max(0.0, min(1.0, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length))
    return math.hypot(x - x1 - along * (x2 - x1), y - y1 - along * (y2 - y1))


@given(text=areas(), point=points)
@settings(max_examples=150)
def test_a_grown_shape_holds_the_point_and_all_it_held(text, point):
    area = parse_or_skip(text)
    grown = area.grown_to(*point)
    if isinstance(area, Polygon):
        assert grown is None
    elif grown is not None:
        assert grown.contains(*point)
        assert parse_area(grown.text) == grown
        assert not area.contains(*point) or grown == area
        (south, west, north, east), (low, left, high, right) = area.box, grown.box
        assert low <= south < north <= high
        assert left <= west < east <= right


def test_a_shape_is_written_in_one_way():
    assert parse_area(" circle:33.450000,-112.0700001,2.0 ").text == "circle:33.45,-112.07,2"
    assert parse_area("box:-0.000001,-1,1,1").text == "box:0,-1,1,1"
    closed = "polygon:33.1,-112.5;33.9,-112.5;33.5,-111.5;33.1,-112.5"
    assert parse_area(closed).text == "polygon:33.1,-112.5;33.9,-112.5;33.5,-111.5"


def test_a_shape_has_a_name():
    assert parse_area("box:33,-113,34,-112").label == "Map view"
    assert parse_area("circle:33.4512,-112.0734,2").label == "Within 2 miles of 33.45, -112.07"
    assert parse_area("circle:33.4512,-112.0734,1").label == "Within 1 mile of 33.45, -112.07"
    assert parse_area("polygon:33,-112;34,-112;34,-111;33.5,-110.5;33,-111").label == "Drawn area, 5 corners"


CORNERS = ";".join(f"{33 + math.sin(n / 40):.5f},{-112 + math.cos(n / 40):.5f}" for n in range(151))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not an area"),
        ("star:1,2", "not an area"),
        ("box:1,2,3", "cannot be read"),
        ("box:1,2,x,4", "cannot be read"),
        ("circle:33,-112,nan", "cannot be read"),
        ("circle:33,-112,inf", "cannot be read"),
        ("box:-91,0,1,1", "not on the globe"),
        ("circle:33,-181,1", "not on the globe"),
        ("box:34,-112,33,-111", "too small"),
        ("box:33,-112,33.0001,-111", "too small"),
        ("circle:33,-112,0", "radius"),
        ("circle:33,-112,300", "radius"),
        ("polygon:33,-112;34,-112", "3 to 150 corners"),
        ("polygon:33,-112;33,-112;34,-112;34,-112", "3 to 150 corners"),
        (f"polygon:{CORNERS}", "3 to 150 corners"),
        (f"polygon:{CORNERS};1,1;2,2", "at most 150 corners"),
        ("polygon:33,-112;33.0001,-112;33,-112.0001", "too small"),
        ("polygon:33,-112;34,-111;34,-112;33,-111", "cross"),
        ("polygon:33,-112;34", "cannot be read"),
    ],
)
def test_what_is_no_shape_is_said_in_a_sentence(text, says):
    with pytest.raises(ValueError, match=says) as refusal:
        parse_area(text)
    assert str(refusal.value).endswith(".")
