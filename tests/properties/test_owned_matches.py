"""Counting what is owned of a search: from unlocked values, and from what the revealing search proved."""

import pytest

from properties.models import PropertyDatasetPermission
from properties.search.form import read_query
from properties.selectors.owned import owned_matches

pytestmark = pytest.mark.django_db


def test_what_a_search_revealed_counts_as_owned_in_it(carol, fund, reveal, sandbox):
    fund(carol, 100)
    query = read_query({"q": ["Phoenix, AZ"], "equity_min": ["40"], "all": ["absentee-owner"], "beds_min": ["2"]})
    reveal(carol, query, 10)

    assert owned_matches(carol, query).count() == 10
    assert PropertyDatasetPermission.objects.first().equity_percent is None


def test_what_is_locked_is_not_told_by_another_filter(carol, fund, reveal, sandbox):
    fund(carol, 100)
    reveal(carol, read_query({"q": ["Phoenix, AZ"], "equity_min": ["40"]}), 10)

    narrower = read_query({"q": ["Phoenix, AZ"], "equity_min": ["60"]})
    assert owned_matches(carol, narrower).count() == 0


def test_known_values_decide_wherever_they_are_unlocked(carol, now):
    for number, value in enumerate((100_000, 300_000, None)):
        PropertyDatasetPermission.objects.create(
            user=carol,
            property_id=f"p{number}",
            datasets=["BASIC", "VALUATION"],
            state="AZ",
            city="Phoenix",
            revealed_at=now,
            estimated_value=value,
        )

    query = read_query({"q": ["Phoenix, AZ"], "value_min": ["200000"]})
    assert [row.property_id for row in owned_matches(carol, query)] == ["p1"]
    assert owned_matches(carol, read_query({"q": ["Tampa, FL"]})).count() == 0
