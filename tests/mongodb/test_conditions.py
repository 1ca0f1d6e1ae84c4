"""Conditions in the server's own language stand in a query like any other."""

import pytest
from django.db.models import Q

from atlas_site.mongodb.conditions import Matches
from properties.models import PropertyDatasetPermission
from tests.factories import PropertyDatasetPermissionFactory


@pytest.fixture
def rows(db, alice):
    for property_id, latitude in (("a", 1.0), ("b", 2.0), ("c", 3.0)):
        PropertyDatasetPermissionFactory.create(user=alice, property_id=property_id, latitude=latitude)
    return PropertyDatasetPermission.objects.filter(user=alice).order_by("property_id")


def ids(rows):
    return [row.property_id for row in rows]


def test_it_filters_alone_and_among_others(rows):
    north = Matches({"latitude": {"$gte": 2}})
    assert ids(rows.filter(north)) == ["b", "c"]
    assert ids(rows.filter(north, property_id="c")) == ["c"]


def test_it_may_be_joined_and_negated(rows):
    north = Matches({"latitude": {"$gte": 3}})
    assert ids(rows.filter(north | Q(property_id="a"))) == ["a", "c"]
    assert ids(rows.filter(~Q(north))) == ["a", "b"]
    assert ids(rows.exclude(north)) == ["a", "b"]
