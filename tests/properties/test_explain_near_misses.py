"""What just misses a search: owned properties that one condition alone keeps out, with the change that lets them in."""

from datetime import UTC, datetime

import pytest
from django.http import QueryDict

from atlas_site.mongodb.documents import collection_of
from atlas_site.mongodb.explain import assert_index_scan_of
from properties.models import Dataset, PropertyDatasetPermission
from properties.search.conditions import Outcome
from properties.search.form import OwnedForm, read_query
from properties.selectors import why
from properties.selectors.owned import owned_matches
from properties.selectors.why import near_misses
from tests.factories import PropertyDatasetPermissionFactory as RowFactory

pytestmark = pytest.mark.django_db

PHOENIX = {"q": ["Phoenix, AZ"]}


def make(user, property_id, **values):
    return RowFactory.create(user=user, property_id=property_id, **values)


def test_each_condition_that_alone_is_missed_is_counted(alice, bob):
    query = read_query({**PHOENIX, "beds_min": ["3"], "baths_min": ["2"], "type": ["Duplex"]})
    fits = {"bedroom_count": 3, "bathroom_count": 2, "property_type": "Duplex"}
    make(alice, "match", **fits)
    make(alice, "few beds", **{**fits, "bedroom_count": 2})
    make(alice, "fewer beds", **{**fits, "bedroom_count": 1})
    make(alice, "no beds known", **{**fits, "bedroom_count": None})
    make(alice, "house", **{**fits, "property_type": "Single Family"})
    make(alice, "two things", **{**fits, "bedroom_count": 2, "bathroom_count": 1})
    make(alice, "elsewhere", **{**fits, "bedroom_count": 2, "city": "Mesa"})
    make(bob, "bob's", **{**fits, "bedroom_count": 2})

    found = near_misses(alice, query)

    beds, kind = found.groups
    assert (beds.label, beds.count) == ("Bedrooms from 3", 3)
    assert [row.property_id for row, _ in beds.rows] == ["few beds", "fewer beds", "no beds known"]
    assert [reason.outcome for _, reason in beds.rows] == [Outcome.FAILS, Outcome.FAILS, Outcome.UNKNOWN]
    assert beds.change.label == "Bedrooms from 2"
    assert (kind.label, kind.count, kind.change.label) == (
        "Property type: Duplex",
        1,
        "Property type: Single Family or Duplex",
    )
    assert not found.is_partial


def test_the_suggested_change_lets_the_nearest_in(alice):
    query = read_query({**PHOENIX, "beds_min": ["4"], "last_sale_min": ["2020-01-01"]})
    make(alice, "a", bedroom_count=3, facts={"last_sale": "2021-05-05"})
    make(alice, "b", bedroom_count=5, facts={"last_sale": "2019-05-05"})
    make(alice, "c", bedroom_count=5, facts={"last_sale": "2018-05-05"})

    for group in near_misses(alice, query).groups:
        form = OwnedForm(QueryDict(group.change.query))
        assert form.is_valid()
        assert group.rows[0][0] in owned_matches(alice, form.query)
        assert group.rows[0][0] not in owned_matches(alice, query)


def test_what_is_locked_is_no_near_miss(alice):
    query = read_query({**PHOENIX, "value_min": ["300000"], "beds_min": ["3"]})
    make(alice, "locked", bedroom_count=3, estimated_value=290_000)
    make(alice, "locked and small", bedroom_count=2)
    make(alice, "proved and small", bedroom_count=2, proofs=["Estimated value from $300,000"])
    make(alice, "unlocked", bedroom_count=3, estimated_value=280_000, datasets=[Dataset.BASIC, Dataset.VALUATION])

    groups = {group.label: [row.property_id for row, _ in group.rows] for group in near_misses(alice, query).groups}
    assert groups == {"Estimated value from $300,000": ["unlocked"], "Bedrooms from 3": ["proved and small"]}


def test_signals_and_shapes_are_looked_at_too(alice):
    query = read_query({"area": ["circle:33.45,-112.07,5"], "none": ["vacant"]})
    here = {"latitude": 33.45, "longitude": -112.07, "location": [-112.07, 33.45]}
    there = {"latitude": 35.0, "longitude": -112.07, "location": [-112.07, 35.0]}
    signals = {"datasets": [Dataset.BASIC, Dataset.QUICKLIST], "signals": ["vacant"]}
    make(alice, "vacant here", **here, **signals)
    make(alice, "vacant there", **there, **signals)

    (group,) = near_misses(alice, query).groups
    assert [row.property_id for row, _ in group.rows] == ["vacant here"]
    assert (group.label, group.change.label) == ("Not: Vacant", "Without “Not: Vacant”")


def test_a_search_for_a_place_alone_has_no_near_misses(alice):
    make(alice, "here")
    assert not near_misses(alice, read_query(PHOENIX))


def test_as_many_are_shown_as_asked_for_and_all_are_counted(alice):
    for number in range(5):
        make(alice, f"p{number}", bedroom_count=1 + number / 10)
    (group,) = near_misses(alice, read_query({**PHOENIX, "beds_min": ["3"]}), limit=2).groups
    assert (group.count, [row.property_id for row, _ in group.rows]) == (5, ["p4", "p3"])


def test_a_look_at_a_part_says_so(alice, monkeypatch):
    for number in range(4):
        make(alice, f"p{number}", bedroom_count=1)
    monkeypatch.setattr(why, "SCANNED", 3)
    found = near_misses(alice, read_query({**PHOENIX, "beds_min": ["3"]}))
    assert found.is_partial
    assert found.groups[0].count == 3


@pytest.mark.parametrize("where", [PHOENIX, {"q": ["85007"]}, {"q": ["AZ"]}, {"area": ["box:33,-113,34,-111"]}])
def test_rows_are_found_by_an_index_and_not_sorted(alice, bob, where):
    revealed = datetime(2026, 11, 1, tzinfo=UTC)
    PropertyDatasetPermission.objects.bulk_create(
        RowFactory.build(user=user, property_id=f"p{number}", revealed_at=revealed, datasets=["BASIC"])
        for number in range(600)
        for user in (alice, bob)
    )
    query = read_query({**where, "beds_min": ["3"], "value_min": ["100000"], "any": ["vacant"]})
    for pipeline in why._pipelines(alice, query, datetime(2026, 11, 20, tzinfo=UTC).date()):
        assert_index_scan_of(collection_of(PropertyDatasetPermission), pipeline)
