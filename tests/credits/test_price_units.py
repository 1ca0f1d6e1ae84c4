"""The arithmetic of the money rule, against fractions of the standard library."""

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credits.money import (
    Parts,
    least_price,
    left_over,
    price,
    returnable,
    split_rest,
    split_spend,
    units_that_fit,
    weight_of,
)

units = st.integers(0, 100_000)
weights = st.integers(0, 50_000).map(lambda number: Decimal(number) / 10_000)
fractions = st.integers(0, 9_999).map(lambda number: Decimal(number) / 10_000)
amounts = st.integers(0, 10**9)


@pytest.mark.parametrize(
    ("count", "weight", "prepaid", "cost"),
    [
        (25, "1", "0", 25),
        (1, "0.5", "0", 1),
        (1, "0.5", "0.5", 0),
        (3, "0.5", "0.5", 1),
        (3, "0.1", "0", 1),
        (30, "0.1", "0", 3),
        (0, "1", "0.5", 0),
        (1, "0.25", "0.75", 0),
    ],
)
def test_what_units_cost(count, weight, prepaid, cost):
    assert price(count, Decimal(weight), Decimal(prepaid)) == cost


@given(units, weights, fractions)
def test_a_price_is_the_exact_ceiling_and_leaves_less_than_a_credit(count, weight, prepaid):
    exact = count * Fraction(weight) - Fraction(prepaid)
    cost = price(count, weight, prepaid)
    assert cost == max(0, math.ceil(exact))
    assert least_price(count, weight) <= cost <= price(count, weight)
    left = left_over(count, weight, prepaid)
    assert Fraction(left) == cost - exact
    assert 0 <= left < 1


@given(st.lists(st.integers(0, 500), max_size=12), weights, fractions)
def test_splitting_work_never_changes_what_it_costs(parts, weight, prepaid):
    whole = price(sum(parts), weight, prepaid)
    paid, left = 0, prepaid
    for count in parts:
        paid += price(count, weight, left)
        left = left_over(count, weight, left)
    assert paid == whole
    assert left == left_over(sum(parts), weight, prepaid)


@given(units, units, weights, fractions)
def test_more_units_never_cost_less(first, more, weight, prepaid):
    assert price(first, weight, prepaid) <= price(first + more, weight, prepaid)


@given(st.integers(0, 100_000), weights, fractions)
def test_the_units_that_fit_are_the_most_that_can_be_paid(available, weight, prepaid):
    count = units_that_fit(available, weight, prepaid)
    assert price(count, weight, prepaid) <= available
    if weight:
        assert price(count + 1, weight, prepaid) > available


@given(amounts, amounts, st.data())
def test_subscription_credits_are_spent_first_and_the_rest_keeps_its_buckets(subscription, purchased, data):
    spent = split_spend(data.draw(st.integers(0, subscription + purchased)), buckets := Parts(subscription, purchased))
    assert 0 <= spent.subscription <= buckets.subscription
    assert 0 <= spent.purchased <= buckets.purchased
    assert spent.purchased == 0 or spent.subscription == subscription
    captured = data.draw(st.integers(0, spent.total))
    rest = split_rest(spent, captured)
    assert rest.total == spent.total - captured
    assert rest.subscription == 0 or rest.purchased == spent.purchased


@pytest.mark.parametrize(("grant", "already", "more"), [(100, 0, 20), (100, 15, 5), (100, 20, 0), (4, 0, 0), (9, 0, 1)])
def test_a_fifth_of_a_grant_may_come_back(grant, already, more):
    assert returnable(grant=grant, already_returned=already, share=Decimal("0.20")) == more


@pytest.mark.parametrize(
    ("stored", "weight"), [(0.1, "0.1"), (1, "1"), (20, "20"), (0.33333, "0.3333"), ("0.50", "0.5")]
)
def test_weights_are_the_decimals_that_people_read(stored, weight):
    assert weight_of(stored) == Decimal(weight)
    assert str(weight_of(stored)) == weight
