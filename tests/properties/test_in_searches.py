"""Which saved searches an owned property is in, what keeps it out, and what stays locked."""

from datetime import timedelta

import pytest
from django.utils import timezone

from properties.models import PropertyDatasetPermission, SavedSearch
from properties.selectors.in_searches import MOST_SEARCHES, list_in_searches
from tests.factories import PropertyDatasetPermissionFactory, PropertyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def owned(alice):
    held = PropertyFactory.create()
    return PropertyDatasetPermissionFactory.create(
        user=alice, property_id=held.property_id, bedroom_count=3, bathroom_count=2, year_built=1980
    )


def save(user, name, **filters) -> SavedSearch:
    params = {"q": ["Phoenix, AZ"], **{key: [value] for key, value in filters.items()}}
    return SavedSearch.objects.create(user=user, name=name, filters=params, created_at=timezone.now())


def found(permission, **options):
    return list_in_searches(user=permission.user, permission=permission, today=timezone.now().date(), **options)


def test_a_search_that_it_is_in_says_so(owned, alice):
    save(alice, "Three beds", beds_min="3")

    [only] = found(owned)

    assert only.why.is_match
    assert only.near_miss is None
    assert (only.why.held_count, len(only.why.reasons)) == (2, 2)


def test_one_condition_that_fails_is_a_near_miss_whose_change_lets_it_in(client, sign_in, owned, alice):
    save(alice, "Four beds", beds_min="4")

    [only] = found(owned)
    assert not only.why.is_match
    [changed] = found(owned, asked=only.near_miss.change.query)[:1]
    assert changed.why.is_match

    html = sign_in(client, alice).get(owned.get_absolute_url(), {"searches": "1"}).content.decode()
    assert "One change would let it in:" in html
    assert "Not in it" in html


def test_two_conditions_that_fail_are_no_near_miss(owned, alice):
    save(alice, "Four beds, three baths", beds_min="4", baths_min="3")

    assert found(owned)[0].near_miss is None


def test_what_is_locked_is_said_to_be_locked_and_suggests_nothing(client, sign_in, owned, alice):
    PropertyDatasetPermission.objects.filter(pk=owned.pk).update(estimated_value=None)
    save(alice, "Valuable", value_min="100000")

    [only] = found(owned)
    assert only.near_miss is None
    assert only.why.locked
    html = sign_in(client, alice).get(owned.get_absolute_url(), {"searches": "1"}).content.decode()
    assert "locked, in Value and equity" in html


def test_the_search_that_one_came_from_stands_first(owned, alice):
    save(alice, "Saved")

    assert [each.name for each in found(owned, asked="q=Phoenix%2C+AZ&beds_min=2")] == [
        "The search you came from",
        "Saved",
    ]


@pytest.mark.parametrize("asked", ["q=Nowhereville%2C+ZZ", "beds_min=x", "%ff=%00", "q=" + "x" * 5000])
def test_a_search_that_cannot_be_read_is_left_out(client, sign_in, owned, alice, asked):
    SavedSearch.objects.create(user=alice, name="Broken", filters={"q": ["Nowhereville, ZZ"]})

    assert found(owned, asked=asked) == []
    assert sign_in(client, alice).get(owned.get_absolute_url(), {"search": asked}).status_code == 200


def test_at_most_twenty_of_the_users_own_newest_first(owned, alice, bob):
    for number in range(MOST_SEARCHES + 2):
        search = save(alice, str(number))
        SavedSearch.objects.filter(pk=search.pk).update(created_at=timezone.now() + timedelta(seconds=number))
    save(bob, "His")

    names = [each.name for each in found(owned)]

    assert names == [str(number) for number in range(MOST_SEARCHES + 1, 1, -1)]


def test_the_panel_asks_when_it_is_unfolded(client, sign_in, owned, alice, bob):
    save(alice, "Three beds", beds_min="3")
    url = f"{owned.get_absolute_url()}searches/"
    hers = sign_in(client, alice)

    assert "Three beds" not in hers.get(owned.get_absolute_url()).content.decode()
    assert "Three beds" in hers.get(url, headers={"HX-Request": "true"}).content.decode()
    assert hers.get(url).url == f"{owned.get_absolute_url()}?searches=1#searches"
    assert sign_in(client, bob).get(url).status_code == 404
