"""Comparables of what one owns: the nearest that are alike, of one's own alone, by an index."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from atlas_site.mongodb.explain import assert_index_scan
from properties.models import PropertyDatasetPermission
from properties.selectors import comparables
from properties.selectors.comparables import (
    MILES_A_DEGREE,
    NEIGHBOR_RINGS,
    Limits,
    list_comparables,
    list_neighbors,
    miles_between,
    read_limits,
)
from tests.factories import PropertyDatasetPermissionFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)
LIKE_IT = {
    "longitude": -112.07, "bedroom_count": 3, "bathroom_count": 2, "living_area_square_feet": 1500, "year_built": 1980,
    "property_type": "Single Family", "last_sale_on": TODAY - timedelta(days=30), "last_sale_price": 300_000,
}  # fmt: skip
USUAL = Limits()
ANY = Limits(miles=25, bedrooms=None, bathrooms=None, area_percent=None, years=None, months=None, same_type=False)


def own(user, miles_north=0.0, **changes) -> PropertyDatasetPermission:
    values = {**LIKE_IT, "latitude": 33.45 + miles_north / MILES_A_DEGREE, **changes}
    return PropertyDatasetPermissionFactory.create(user=user, address=f"{miles_north} mi", **values)


@pytest.fixture
def subject(alice):
    return own(alice)


def ids_of(subject, limits=USUAL, pinned=(), **options) -> list[str]:
    found = list_comparables(subject=subject, limits=limits, pinned_ids=list(pinned), today=TODAY, **options)
    return [each.row.property_id for each in found.rows]


def test_the_nearest_within_the_limits_come_first(subject, alice):
    far, near, nearest = own(alice, 0.9), own(alice, -0.3), own(alice, 0.1)
    own(alice, 1.1)

    assert ids_of(subject) == [row.property_id for row in (nearest, near, far)]


def test_distance_is_over_ground_and_a_box_is_no_circle(subject, alice):
    assert miles_between((33.45, -112.07), (33.45 + 1 / MILES_A_DEGREE, -112.07)) == pytest.approx(1, rel=0.01)
    assert miles_between((40.7128, -74.006), (34.0522, -118.2437)) == pytest.approx(2446, rel=0.01)
    corner = own(alice, 0.9, longitude=-112.07 + 0.9 / (MILES_A_DEGREE * 0.834))
    assert corner.property_id not in ids_of(subject), "1.27 miles away, though less than one to each side"


@pytest.mark.parametrize(
    ("changes", "limit"),
    [
        ({"bedroom_count": 5}, {"bedrooms": None}),
        ({"bathroom_count": 4}, {"bathrooms": None}),
        ({"living_area_square_feet": 1900}, {"area_percent": 30}),
        ({"year_built": 1950}, {"years": 30}),
        ({"last_sale_on": TODAY - timedelta(days=400)}, {"months": 24}),
        ({"last_sale_on": None}, {"months": None}),
        ({"property_type": "Townhouse"}, {"same_type": False}),
        ({"bedroom_count": None}, {"bedrooms": None}),
    ],
)
def test_each_limit_keeps_out_what_lies_beyond_it_and_can_be_widened(subject, alice, changes, limit):
    other = own(alice, 0.2, **changes)

    assert ids_of(subject) == []
    assert ids_of(subject, Limits(**limit)) == [other.property_id]


def test_a_limit_on_what_is_unknown_of_the_subject_keeps_nobody_out(alice):
    subject = own(alice, bedroom_count=None, living_area_square_feet=None, property_type=None)
    other = own(alice, 0.2, bedroom_count=9, living_area_square_feet=9000, property_type="Duplex")

    assert ids_of(subject) == [other.property_id]


def test_a_property_without_a_place_has_no_comparables_and_says_why(alice):
    subject = own(alice, latitude=None, longitude=None)
    own(alice, 0.1)

    found = list_comparables(subject=subject, limits=Limits(), pinned_ids=[], today=TODAY)

    assert found.rows == ()
    assert found.why_none
    assert list_neighbors(subject=subject) == []


def test_nobody_elses_property_is_a_comparable_a_neighbor_or_pinned(subject, bob):
    his = own(bob, 0.1)

    assert ids_of(subject, pinned=[his.property_id]) == []
    assert list_neighbors(subject=subject) == []


def test_pinned_ones_stand_first_whatever_the_limits(subject, alice):
    far, near = own(alice, 20), own(alice, 0.1)

    assert ids_of(subject, pinned=[far.property_id]) == [far.property_id, near.property_id]


def test_what_was_found_for_it_is_listed_and_marked_whatever_the_limits(subject, alice):
    found, near = own(alice, 20, property_type="Townhouse", last_sale_price=30_000_000), own(alice, 0.1)
    usual = [own(alice, 0.2 + number / 100, last_sale_price=300_000 + 1_000 * number) for number in range(8)]

    listed = list_comparables(
        subject=subject, limits=USUAL, pinned_ids=[], found_ids=[found.property_id, "not-owned"], today=TODAY
    )

    assert [each.row.property_id for each in listed.rows][:2] == [found.property_id, near.property_id]
    assert [each.row.property_id for each in listed.rows if each.is_found] == [found.property_id]
    assert (len(listed.rows), listed.outlier_count) == (2 + len(usual), 0)
    assert ids_of(subject, pinned=[found.property_id], found_ids=[found.property_id]).count(found.property_id) == 1


def test_prices_far_from_the_others_are_hidden_and_counted_unless_pinned_or_asked_for(subject, alice):
    usual = [own(alice, 0.1 + number / 100, last_sale_price=300_000 + 1_000 * number) for number in range(8)]
    odd = own(alice, 0.05, last_sale_price=3_000_000)

    found = list_comparables(subject=subject, limits=Limits(), pinned_ids=[], today=TODAY)
    assert (len(found.rows), found.outlier_count) == (len(usual), 1)
    assert odd.property_id in ids_of(subject, with_outliers=True)
    assert odd.property_id in ids_of(subject, pinned=[odd.property_id])


def test_a_price_that_is_not_public_is_no_price_of_zero(subject, alice):
    own(alice, 0.1, state="TX", last_sale_price=0)

    [only] = list_comparables(subject=subject, limits=Limits(), pinned_ids=[], today=TODAY).rows

    assert (only.price, only.price_per_square_foot) == (None, None)


def test_neighbors_are_the_six_nearest_within_five_miles(subject, alice):
    rows = [own(alice, distance) for distance in (0.05, 0.5, 0.9, 1.5, 3, 4.9, 5.2, 4)]

    found = list_neighbors(subject=subject)

    assert [each.row.property_id for each in found] == [rows[index].property_id for index in (0, 1, 2, 3, 4, 7)]


def test_the_month_before_a_long_one_is_not_past_its_end(alice):
    subject = own(alice)
    own(alice, 0.1, last_sale_on=date(2026, 2, 28))
    march = date(2026, 3, 31)

    found = list_comparables(subject=subject, limits=Limits(months=1), pinned_ids=[], today=march)

    assert len(found.rows) == 1


def test_limits_survive_the_sheet_and_the_address():
    limits = Limits(miles=0.5, bedrooms=None, months=6, same_type=False)

    assert read_limits(limits.as_values()) == limits
    assert read_limits({}) == Limits()
    assert read_limits({"miles": 3, "nonsense": 1}) == Limits(miles=3)
    assert limits.params()["bedrooms"] == [""]
    assert "same_type" not in limits.params()


@pytest.mark.parametrize("few", [3, 200])
@pytest.mark.parametrize(
    "distances",
    [
        [0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.3],
        [0.05, 0.2, 0.3, 0.9, 1.2, 2.0, 3.0, 5.2],
        [1.0, 1.4, 2.0, 4.9, 5.1],
        [3.0, 4.0],
    ],
)
def test_the_nearest_are_the_same_however_much_is_owned(distances, few, subject, alice, monkeypatch):
    rings = ((NEIGHBOR_RINGS[0][0], few), *NEIGHBOR_RINGS[1:])
    monkeypatch.setattr(comparables, "NEIGHBOR_RINGS", rings)
    for miles in reversed(distances):
        own(alice, miles)

    found = list_neighbors(subject=subject)

    assert [round(each.miles, 2) for each in found] == pytest.approx([d for d in distances if d <= 5][:6], abs=0.02)


def test_comparables_and_neighbors_are_found_by_an_index(subject, alice):
    own(alice, 0.1)

    assert_index_scan(
        lambda: list_comparables(subject=subject, limits=ANY, pinned_ids=["x"], today=timezone.localdate())
    )
    assert_index_scan(lambda: list_neighbors(subject=subject))
