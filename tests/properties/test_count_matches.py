"""Free counts: cached for everybody, budgeted for each user, and never in the way of a page."""

import copy

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone

from properties.models import SavedSearch
from properties.services import counting, previews, searches
from properties.services.searches import remove_deleted_search

pytestmark = pytest.mark.django_db


@pytest.fixture
def dead_cache(settings):
    """A cache whose server does not answer."""
    caches = copy.deepcopy(django_settings.CACHES)
    caches["default"]["LOCATION"] = "redis://127.0.0.1:1/0"
    settings.CACHES = caches


def test_a_count_that_somebody_asked_for_is_not_asked_again(carol, bob, phoenix, now, sandbox):
    first = counting.count_matches(user=carol, query=phoenix, now=now)

    assert counting.count_matches(user=bob, query=phoenix, now=now) == first
    assert sandbox.bill()["count_calls"] == 1


def test_fresh_counts_of_a_day_end_and_begin_anew_the_next_day(carol, bob, phoenix, now, sandbox, settings):
    settings.FRESH_COUNTS_A_DAY = 0
    with pytest.raises(counting.CountBudgetSpent):
        counting.count_matches(user=carol, query=phoenix, now=now)
    assert sandbox.bill()["count_calls"] == 0

    settings.FRESH_COUNTS_A_DAY = 1
    counting.count_matches(user=bob, query=phoenix, now=now)
    assert counting.count_matches(user=carol, query=phoenix, now=now).total, "what others counted answers still"


@pytest.mark.parametrize("mode", ["500", "cut-body", "wallet-empty"])
def test_a_search_is_not_saved_when_it_cannot_be_counted(mode, carol, phoenix, now, sandbox):
    sandbox.fail(mode, times=10)

    with pytest.raises(counting.CountUnavailable, match="Nothing was charged"):
        searches.save_search(user=carol, name="Phoenix", query=phoenix, now=now)

    assert not SavedSearch.objects.exists()


def test_pages_stay_and_the_vendor_is_asked_nothing_while_the_cache_is_down(
    client, carol, phoenix, sign_in, now, sandbox, dead_cache
):
    page = sign_in(client, carol).get("/search/", {"q": "Phoenix, AZ"})

    assert page.status_code == 200
    assert "Atlas cannot count at the moment. Nothing was charged." in page.content.decode()
    assert previews.preview_market(user=carol, query=phoenix, now=now).total is None
    assert sandbox.bill()["count_calls"] == 0


@pytest.mark.parametrize("filters", [{"city": "Phoenix", "minBeds": 3}, {"q": None}, {"all": 3}, ["Phoenix"], None])
def test_a_search_that_another_program_saved_is_listed_and_can_be_deleted(filters, client, carol, sign_in):
    document = {"userId": carol.pk, "name": "From before", "filters": filters}
    key = connection.database["SavedSearch"].insert_one(document).inserted_id
    hers = sign_in(client, carol)

    assert "From before" in hers.get("/searches/").content.decode()
    assert hers.get(f"/searches/{key}/").status_code == 200
    assert hers.post(f"/searches/{key}/run/").status_code == 302
    assert hers.post(f"/searches/{key}/delete/").status_code == 302
    assert hers.get(f"/searches/{key}/").status_code == 404
    assert not remove_deleted_search(search_id=str(key), now=timezone.now())
    assert not SavedSearch.objects.filter(user=carol).exists()
