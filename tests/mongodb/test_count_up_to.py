"""Counts that stop at a limit."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Q

from atlas_site.lib.transactions import run_txn
from atlas_site.mongodb.conditions import Matches
from atlas_site.mongodb.counting import count_up_to
from atlas_site.mongodb.explain import ANY_MOMENT, stages_of
from properties.models import PropertyDatasetPermission
from properties.models.records import BEFORE_ALL
from tests.factories import NOON, PropertyDatasetPermissionFactory


@pytest.fixture
def rows(unblocked_db, alice, bob):
    for number in range(5):
        place = {"state": "AZ", "city": "Phoenix" if number else "Mesa"}
        revealed_at = NOON + timedelta(minutes=number)
        for user in (alice, bob):
            PropertyDatasetPermissionFactory.create(
                user=user, property_id=f"p{number}", revealed_at=revealed_at, year_built=1980 + number, **place
            )
    PropertyDatasetPermissionFactory.create(user=alice, property_id="not revealed", revealed_at=None)
    return PropertyDatasetPermission.objects.filter(user=alice, revealed_at__gt=BEFORE_ALL)


def test_it_counts_what_the_rows_hold_and_no_more_than_asked(rows):
    assert count_up_to(rows, 100) == rows.count() == 5
    assert count_up_to(rows, 3) == 3
    assert count_up_to(rows.order_by("-year_built"), 100) == 5
    assert count_up_to(PropertyDatasetPermission.objects.all(), 100) == 11
    assert count_up_to(rows.none(), 100) == 0


@pytest.mark.parametrize(
    "condition",
    [
        Q(city="Phoenix"),
        Q(year_built__gte=1982) | Q(city="Mesa"),
        ~Q(city="Mesa"),
        Q(property_id__in=["p1", "p4", "p9"]),
        Matches({"yearBuilt": {"$lt": 1983}}),
    ],
    ids=str,
)
def test_it_agrees_with_the_count_of_the_orm(rows, condition):
    found = rows.filter(condition)
    assert count_up_to(found, 100) == found.count() == len(found) > 0


def test_one_stretch_of_an_index_is_stepped_over(rows):
    command = {
        "count": PropertyDatasetPermission._meta.db_table,
        "query": {"userId": rows[0].user_id, "state": "AZ", "city": "Phoenix", "revealedAt": {"$gt": BEFORE_ALL}},
    }
    plan = connection.database.command("explain", command, verbosity="queryPlanner", codec_options=ANY_MOMENT)
    assert "COUNT_SCAN" in stages_of(plan)


def test_rows_that_it_cannot_count_are_refused(rows):
    with pytest.raises(ValueError, match="one collection"):
        count_up_to(rows.filter(user__email="a@example.test"), 100)
    with pytest.raises(TypeError, match="slice"):
        count_up_to(rows[:3], 100)
    with pytest.raises(ValueError, match="transaction"):
        run_txn(lambda: count_up_to(rows, 100))
