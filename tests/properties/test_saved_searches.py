"""Saved searches as their users arrange them: kept, changed, paused, expiring, deleted, and nobody else's."""

from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from atlas_site.vendors import batchdata
from properties.models import SavedSearch, SavedSearchRun, SavedSearchSnapshot, Watch
from properties.search.form import read_query
from properties.services import runs, searches
from properties.services.budgets import CountBudgetSpent
from properties.services.schedules import local_day
from tests.factories import SavedSearchFactory, SavedSearchRunFactory, WatchFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def search(carol, now):
    """A daily search of carol's that she saved just now."""
    return SavedSearchFactory(
        user=carol,
        filters={"q": ["Phoenix, AZ"]},
        cadence="daily",
        next_run_at=now + timedelta(hours=9),
        expires_at=now + searches.EXPIRES_AFTER,
        opened_at=now,
    )


def fresh(search):
    return SavedSearch.objects.get(pk=search.pk)


def test_a_search_that_nobody_looks_at_is_reminded_of_once_and_then_ends(search, carol, now):
    nearly = now + timedelta(days=166, minutes=1)
    assert searches.remind_of_expiry(now=nearly - timedelta(days=1)) == 0

    assert [searches.remind_of_expiry(now=nearly) for _ in range(2)] == [1, 0]

    assert mail.outbox[0].to == [carol.email]
    assert f"{django_settings.SITE_URL}{search.get_absolute_url()}" in mail.outbox[0].body
    assert searches.expire_searches(now=nearly) == 0
    assert searches.expire_searches(now=now + timedelta(days=181)) == 1
    assert (fresh(search).state, fresh(search).next_run_at) == ("expired", None)
    assert runs.due_search_ids(now=now + timedelta(days=200)) == []


def test_looking_at_it_keeps_it(search, now):
    later = now + timedelta(days=170)
    searches.remind_of_expiry(now=later)

    searches.note_visit(search=fresh(search), now=later)

    assert fresh(search).expires_at == later + searches.EXPIRES_AFTER
    assert fresh(search).reminded_at is None
    assert searches.expire_searches(now=now + timedelta(days=181)) == 0


def test_an_expired_search_goes_on_when_it_is_kept(search, now):
    searches.expire_searches(now=now + timedelta(days=181))

    searches.resume_search(search=fresh(search), now=now + timedelta(days=190))

    kept = fresh(search)
    assert (kept.state, kept.cadence) == ("active", "daily")
    assert kept.next_run_at > now + timedelta(days=190)


def test_a_search_that_only_runs_by_hand_never_ends(search, now):
    searches.set_cadence(search=search, cadence="off", now=now)

    assert fresh(search).expires_at is None
    assert searches.expire_searches(now=now + timedelta(days=999)) == 0


def test_paused_means_that_nothing_runs_by_itself(search, now):
    searches.pause_search(search=search)

    assert runs.due_search_ids(now=now + timedelta(days=9)) == []
    assert fresh(search).cadence == "daily"
    searches.resume_search(search=fresh(search), now=now)
    assert runs.due_search_ids(now=now + timedelta(days=9)) == [str(search.pk)]


def test_nobody_keeps_more_searches_than_there_may_be(carol, phoenix, now, monkeypatch):
    SavedSearchFactory(user=carol)
    monkeypatch.setattr(searches, "SEARCHES_SHOWN", 1)

    with pytest.raises(searches.TooManySearches):
        searches.save_search(user=carol, name="One more", query=phoenix, now=now)

    assert SavedSearch.objects.count() == 1


def test_scheduled_counts_do_not_use_up_the_counts_of_the_day(carol, phoenix, now, sandbox, settings):
    settings.FRESH_COUNTS_A_DAY = 6
    search = searches.save_search(user=carol, name="Phoenix", query=phoenix, now=now, cadence="daily")
    SavedSearch.objects.filter(pk=search.pk).update(next_run_at=now)
    spent = cache.get(f"fresh-counts:{carol.pk}:{now:%Y-%m-%d}")
    for key in list(cache._cache.get_client().keys("*count:*")):  # as a day later
        cache._cache.get_client().delete(key)

    assert runs.run_due_search(search_id=str(search.pk), now=now) is not None

    assert cache.get(f"fresh-counts:{carol.pk}:{now:%Y-%m-%d}") == spent
    assert cache.get(f"scheduled-fresh-counts:{carol.pk}:{now:%Y-%m-%d}") == spent


def test_deleting_takes_everything_of_the_search_and_nothing_else(search, carol, now):
    other = SavedSearchRunFactory(saved_search__user=carol)
    run = SavedSearchRunFactory(saved_search=search)
    SavedSearchSnapshot.objects.create(run=run, part=0, content=b"x")
    WatchFactory(saved_search=search)

    searches.delete_saved_search(search=search, now=now)
    assert not searches.remove_deleted_search(search_id=str(search.pk), now=now)

    assert list(SavedSearchRun.objects.values_list("pk", flat=True)) == [other.pk]
    assert [model.objects.count() for model in (SavedSearch, SavedSearchSnapshot, Watch)] == [1, 0, 0]


# ---------------------------------------------------------------- pages


@pytest.fixture
def hers(carol, sign_in):
    return sign_in(Client(), carol)


def test_the_list_says_what_is_new_since_the_last_look(hers, search):
    for number, new in ((1, 0), (2, 3), (3, 4)):
        SavedSearchRunFactory(saved_search=search, number=number, new_count=new, ran_at=timezone.now())
    SavedSearch.objects.filter(pk=search.pk).update(run_count=3, opened_run=1)
    assert "7 new" in hers.get("/searches/").content.decode()

    hers.get(f"{search.get_absolute_url()}runs/3/")

    assert "7 new" not in hers.get("/searches/").content.decode()
    assert SavedSearchRun.objects.get(number=3).opened_at is not None


def test_taking_a_condition_away_stays_with_the_saved_search(hers, search, sandbox):
    page = hers.get("/search/", {"q": "Phoenix, AZ", "beds_min": "2", "saved": str(search.pk)}).content.decode()

    assert f'&amp;saved={search.pk}" aria-label="Remove filter' in page
    assert "Unsaved changes" in page


def test_an_empty_list_says_what_to_do(hers):
    assert "No saved searches yet" in hers.get("/searches/").content.decode()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", ""),
        *(("post", f"{verb}/") for verb in ("update", "rename", "cadence", "pause", "resume", "run", "delete")),
        *(("get", path) for path in ("delete/", "watch/", "runs/1/", "runs/1/rest/?against=1&kind=new")),
        *(("post", path) for path in ("watch/", "watch/off/")),
    ],
)
def test_another_tenant_finds_nothing(bob, sign_in, search, method, path):
    SavedSearchRunFactory(saved_search=search, number=1)
    before = SavedSearch.objects.values().get(pk=search.pk)
    his = sign_in(Client(), bob)

    answer = getattr(his, method)(f"{search.get_absolute_url()}{path}", {"q": "Tempe, AZ", "name": "Mine"})

    assert answer.status_code == 404
    assert SavedSearch.objects.values().get(pk=search.pk) == before


def test_a_standing_quote_is_shown_before_it_is_accepted(hers, search):
    page = f"{search.get_absolute_url()}watch/"
    terms = {"reveals_new": "on", "cap_per_run": "5", "cap_per_month": "20"}
    terms["ends_on"] = (timezone.now() + timedelta(days=1)).date().isoformat()

    assert hers.get(page).status_code == 200
    shown = hers.post(page, terms).content.decode()
    assert "Accept, at most" in shown
    assert Watch.objects.count() == 0

    hers.post(page, {**terms, "accept": "yes"})
    assert Watch.objects.get().state == "armed"
    refused = hers.post(page, {**terms, "cap_per_run": "50", "accept": "yes"})
    assert "at most the cap of a month" in refused.content.decode()

    hers.post(f"{page}off/")
    assert Watch.objects.get().state == "disarmed"


@pytest.mark.parametrize("zone", ["", "America/Phoenix", "Pacific/Kiritimati"])
def test_the_end_of_a_standing_quote_is_shown_as_its_last_whole_day(hers, carol, search, zone):
    carol.time_zone = zone
    carol.save()
    page = f"{search.get_absolute_url()}watch/"
    last = local_day(user=carol, at=timezone.now()) + timedelta(days=20)
    terms = {"reveals_new": "on", "cap_per_run": "5", "cap_per_month": "20", "ends_on": last.isoformat()}
    told = f'through <time datetime="{last.isoformat()}">{last:%b} {last.day}, {last.year}</time>'

    assert told in hers.post(page, terms).content.decode()

    accepted = hers.post(page, {**terms, "accept": "yes"}, follow=True).content.decode()
    assert f"a month, {told}." in accepted
    assert f"may spend by itself through {last:%b} {last.day}, {last.year}." in accepted
    assert "12:00" not in accepted


def test_runs_that_cannot_be_compared_answer_404(hers, search):
    SavedSearchRunFactory(saved_search=search, number=1)
    for query in ("against=9", "against=x", "against=-1", f"against={10**30}", f"against={'9' * 5_000}"):
        assert hers.get(f"{search.get_absolute_url()}runs/1/?{query}").status_code == 404, query
    for query in ("kind=odd&against=1", "kind=new", "kind=new&against=9", f"kind=new&against={'9' * 5_000}"):
        assert hers.get(f"{search.get_absolute_url()}runs/1/rest/?{query}").status_code == 404, query


def test_saving_works_without_free_counts_and_the_run_says_so(client, carol, sign_in, phoenix, now, sandbox, settings):
    usual, settings.FRESH_COUNTS_A_DAY = settings.FRESH_COUNTS_A_DAY, 0
    hers = sign_in(client, carol)

    answer = hers.post("/search/save/", {"q": "Phoenix, AZ", "name": "Uncounted"}, follow=True)

    search = SavedSearch.objects.get(user=carol)
    page = answer.content.decode()
    assert answer.redirect_chain[-1][0] == f"{search.get_absolute_url()}runs/1/"
    assert "Your free counts of that day were used up" in page
    assert "Had you saved this 30 days ago" not in page
    with pytest.raises(CountBudgetSpent):
        runs.run_by_hand(search=search, now=now)

    settings.FRESH_COUNTS_A_DAY = usual
    runs.run_by_hand(search=fresh(search), now=now)
    second = hers.get(f"{search.get_absolute_url()}runs/2/").content.decode()
    assert "Had you saved this 30 days ago" in second
    assert "were used up" not in second


def test_what_a_narrow_search_may_not_tell_is_told_of_its_whole_place(client, carol, sign_in, phoenix, now, sandbox):
    narrow = read_query({"q": ["Phoenix, AZ"], "street": ["Nowhere Lane"], "equity_min": ["10"]})

    searches.save_search(user=carol, name="Narrow", query=narrow, now=now)

    search = SavedSearch.objects.get(user=carol)
    run = SavedSearchRun.objects.get(saved_search=search)
    for window in run.windows:
        assert (window["count"], window["below"]) == (None, 50)
        group, name = next((group, name) for key, _, (group, name) in runs.WINDOWS if key == window["name"])
        criteria = {**phoenix.criteria(), group: {name: {"minDate": window["since"]}}}
        total = batchdata.count_properties(criteria).total_count
        assert window["place"] == {"label": "Phoenix, AZ", "count": total, "isExact": True, "below": None}
    page = sign_in(client, carol).get(run.get_absolute_url()).content.decode()
    sold = next(window for window in run.windows if window["name"] == "sales")["place"]["count"]
    assert f"<strong>{sold:,}</strong> <span>sold in all of Phoenix, AZ</span>" in page
    assert "In this search: fewer than 50" in page
    runs.run_by_hand(search=search, now=now + timedelta(hours=1))
    assert not any("place" in window for window in SavedSearchRun.objects.get(saved_search=search, number=2).windows)
