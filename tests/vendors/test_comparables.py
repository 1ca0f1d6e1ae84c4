"""Comparables on the wire: every limit named, the subject by hash or address, nonsense refused before it is sent."""

import pytest
import requests
from django.conf import settings

from atlas_site.vendors import batchdata
from atlas_site.vendors.batchdata import Comparables
from atlas_site.vendors.models import VendorCall

pytestmark = pytest.mark.django_db

EVERYTHING = {"miles": 50.0, "bedrooms": None, "area_percent": None, "years": None}


@pytest.fixture
def subject() -> dict:
    """The full record of a property of the market, unbilled."""
    body = {"searchCriteria": {"query": "Phoenix, AZ", "building": {"bedroomCount": {"min": 2}}}, "take": 1}
    answer = requests.post(f"{settings.BATCHDATA_BASE_URL}/_sandbox/find", json=body, timeout=10)
    return answer.json()["records"][0]


def test_all_limits_are_named_because_the_vendor_has_defaults_of_its_own():
    options = Comparables(address_hash="h", miles=0.5, bedrooms=0, bathrooms=1, lot_percent=15, years=None).options()

    assert options == {
        **{"useDistance": True, "distanceMiles": 0.5},
        **{"useBedrooms": True, "minBedrooms": 0, "maxBedrooms": 0},
        **{"useBathrooms": True, "minBathrooms": -1, "maxBathrooms": 1},
        "useStories": False,
        **{"useArea": True, "minArea": -20, "maxArea": 20},
        **{"useLotSize": True, "minLotSize": -15, "maxLotSize": 15},
        "useYearBuilt": False,
        "useSubdivision": False,
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"street": "1 Main St", "city": "Phoenix"},
        {"address_hash": "h", "miles": 0},
        {"address_hash": "h", "miles": 51},
        {"address_hash": "h", "area_percent": -1},
        {"address_hash": "h", "lot_percent": 101},
        {"address_hash": "h", "bedrooms": -1},
        {"address_hash": "h", "years": 1000},
    ],
)
def test_nonsense_is_refused_before_anything_is_sent(wrong):
    with pytest.raises(ValueError, match=r"need the address|at most|from 0"):
        Comparables(**wrong)
    assert not VendorCall.objects.exists()


def test_comparables_are_counted_and_fetched_around_the_subject(subject):
    compared = Comparables(address_hash=subject["address"]["hash"], miles=5.0, bedrooms=0, area_percent=50, years=50)

    total = batchdata.count_properties({}, comparables=compared).total_count
    page = batchdata.search_properties({}, take=100, datasets=["BASIC"], reference=None, comparables=compared)

    assert total == page.total_count == len(page.records) > 0
    assert subject["_id"] not in {record.property_id for record in page.records}
    assert {record.bedrooms for record in page.records} == {subject["building"]["bedroomCount"]}
    area = subject["building"]["livingAreaSquareFeet"]
    assert all(abs(record.living_area_square_feet - area) <= area / 2 for record in page.records)


def test_the_subject_is_found_by_its_address_as_well(subject):
    address = subject["address"]
    by_hash = Comparables(address_hash=address["hash"], **EVERYTHING)
    by_address = Comparables(street=address["street"], zip=address["zip"], **EVERYTHING)

    assert (
        batchdata.count_properties({}, comparables=by_hash).total_count
        == batchdata.count_properties({}, comparables=by_address).total_count
        > 0
    )


def test_other_criteria_still_hold(subject):
    compared = Comparables(address_hash=subject["address"]["hash"], **EVERYTHING)
    first = batchdata.search_properties({}, take=1, datasets=["BASIC"], reference=None, comparables=compared)
    without = {"ids": {"propertyId": {"notInList": [first.records[0].property_id]}}}

    counts = [batchdata.count_properties(each, comparables=compared).total_count for each in ({}, without)]

    assert counts[1] == counts[0] - 1
