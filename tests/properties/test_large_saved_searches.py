"""Saved searches in turns: large ones run and go by a worker, repeats, thinning, budgets and follow-ups that end."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from properties.models import (
    PropertyDatasetPermission,
    SavedSearch,
    SavedSearchProperty,
    SavedSearchRun,
    SavedSearchSnapshot,
)
from properties.search.form import read_query
from properties.selectors import searches as search_selectors
from properties.selectors import snapshots as snapshot_selectors
from properties.selectors.runs import show_rest, show_run
from properties.services import follow_ups, matches, runs, searches, snapshots
from tests.factories import PropertyDatasetPermissionFactory, SavedSearchFactory, SavedSearchRunFactory

pytestmark = pytest.mark.django_db

NARROW = {"q": ["Phoenix, AZ"], "all": ["absentee-owner"], "equity_min": ["40"]}


@pytest.fixture
def owned(carol):
    """Six properties of carol's in Phoenix."""
    return [
        PropertyDatasetPermissionFactory(user=carol, property_id=f"p-{number}", owner_name="Ann Able")
        for number in range(6)
    ]


@pytest.fixture
def search(carol, owned, phoenix, now, sandbox):
    """A search of carol's that has run once."""
    return searches.save_search(user=carol, name="Phoenix", query=phoenix, now=now)


@pytest.fixture
def hers(carol, sign_in):
    return sign_in(Client(), carol)


def stacks():
    return [row.stacked.get("searches", 0) for row in PropertyDatasetPermission.objects.all()]


def fresh(search):
    return SavedSearch.objects.get(pk=search.pk)


# ---------------------------------------------------------------- large runs


def test_a_large_run_is_left_to_a_worker_and_the_page_says_so(hers, search, now, monkeypatch):
    monkeypatch.setattr(search_selectors, "RUN_AT_ONCE", 5)

    page = hers.post(f"{search.get_absolute_url()}run/", follow=True).content.decode()

    assert "This page refreshes by itself" in page
    assert 'http-equiv="refresh"' in page
    assert SavedSearchRun.objects.count() == 1
    later = now + timedelta(minutes=20)
    assert runs.wanted_search_ids(now=later) == [str(search.pk)]
    run = runs.run_wanted_search(search_id=str(search.pk), now=later)
    assert (run.number, run.owned, run.cause) == (2, 6, "by hand")
    assert runs.wanted_search_ids(now=later) == []
    assert runs.run_wanted_search(search_id=str(search.pk), now=later) is None
    assert "This page refreshes by itself" not in hers.get(search.get_absolute_url()).content.decode()


def test_a_small_run_is_made_at_once(search, now):
    assert runs.run_by_hand(search=search, now=now + timedelta(hours=1)).number == 2
    assert fresh(search).wanted_at is None


def test_a_large_search_is_saved_at_once_and_runs_later(carol, owned, phoenix, now, sandbox, monkeypatch):
    monkeypatch.setattr(search_selectors, "RUN_AT_ONCE", 5)

    saved = searches.save_search(user=carol, name="Large", query=phoenix, now=now)

    assert (saved.run_count, saved.wanted_at) == (0, now)
    run = runs.run_wanted_search(search_id=str(saved.pk), now=now)
    assert (run.number, run.cause, run.new_count) == (1, "saved", 0)


def test_a_worker_that_dies_leaves_the_wish_to_the_next_one(search, now, monkeypatch):
    SavedSearch.objects.filter(pk=search.pk).update(wanted_at=now)
    later = now + timedelta(hours=1)

    class Killed(BaseException):
        pass

    def die(**_):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(runs, "write_snapshot", die)
        with pytest.raises(Killed):
            runs.run_wanted_search(search_id=str(search.pk), now=later)

    assert runs.wanted_search_ids(now=later) == []  # its lease holds
    assert runs.wanted_search_ids(now=later + runs.LEASE) == [str(search.pk)]
    assert runs.run_wanted_search(search_id=str(search.pk), now=later + runs.LEASE).number == 2


def test_a_large_run_that_cannot_be_counted_says_why(hers, search, now, sandbox):
    SavedSearch.objects.filter(pk=search.pk).update(wanted_at=now)
    cache.clear()
    sandbox.fail("500", endpoint="*", times=50)

    assert runs.run_wanted_search(search_id=str(search.pk), now=now) is None

    assert fresh(search).wanted_at is None
    assert "The data vendor does not answer" in hers.get(search.get_absolute_url()).content.decode()


# ---------------------------------------------------------------- repeats and old runs


def test_a_run_by_hand_that_finds_the_same_is_the_one_before(hers, search, now):
    again = [runs.run_saved_search(search=search, now=now + timedelta(minutes=minute)) for minute in (1, 14)]

    assert [run.number for run in again] == [1, 1]
    assert (SavedSearchRun.objects.count(), SavedSearchSnapshot.objects.count()) == (1, 1)
    page = hers.post(f"{search.get_absolute_url()}run/", follow=True).content.decode()
    assert "Nothing has changed since this run" in page
    assert runs.run_saved_search(search=search, now=now + runs.REPEATED_WITHIN).number == 2


def test_a_run_by_hand_that_finds_a_change_is_a_run(search, owned, now):
    PropertyDatasetPermission.objects.filter(pk=owned[0].pk).update(owner_name="Bea Best")

    assert runs.run_saved_search(search=search, now=now + timedelta(minutes=1)).changed_count == 1


def test_old_runs_keep_their_figures_and_not_what_they_saw(hers, search, owned, now, monkeypatch):
    monkeypatch.setattr(snapshots, "RUNS_KEPT_WHOLE", 2)
    for number in range(2, 7):
        PropertyDatasetPermission.objects.filter(pk=owned[0].pk).update(owner_name=f"Owner {number}")
        moment = now + timedelta(days=number)
        runs.run_saved_search(search=search, now=moment)
        for run_id in follow_ups.due_run_ids(now=moment):
            follow_ups.follow_up(run_id=run_id, now=moment)

    whole = SavedSearchRun.objects.filter(part_count__gt=0).order_by("number")
    assert list(whole.values_list("number", flat=True)) == [1, 5, 6]
    assert SavedSearchSnapshot.objects.count() == 3
    old = show_run(search, 3)
    assert [line.property_id for found in old.lists for line in found.lines] == ["p-0"]
    page = hers.get(f"{search.get_absolute_url()}runs/3/").content.decode()
    assert "the rest of the lists is not" in page
    assert show_rest(search, 3, against=2, kind="changed", after="") is None
    assert (
        "cannot be compared here any more" in hers.get(f"{search.get_absolute_url()}runs/3/?against=1").content.decode()
    )
    assert show_run(search, 6, against=1).lists[1].total == 1


# ---------------------------------------------------------------- long lists


def test_no_page_reads_more_than_its_parts_and_the_lists_go_on(search, owned, now, monkeypatch):
    monkeypatch.setattr(snapshots, "IDS_A_PART", 1)
    monkeypatch.setattr(snapshot_selectors, "PARTS_A_PAGE", 2)
    runs.run_saved_search(search=search, now=now + timedelta(days=1))
    PropertyDatasetPermission.objects.all().update(owner_name="Bea Best")
    runs.run_saved_search(search=search, now=now + timedelta(days=2))
    read = []
    original = snapshot_selectors._read_part
    monkeypatch.setattr(
        snapshot_selectors, "_read_part", lambda run, number: read.append(number) or original(run, number)
    )
    seen, after = [], ""
    for _ in range(3):
        page = show_rest(search, 3, against=2, kind="changed", after=after)[2]
        seen += [line.property_id for line in page.lines]
        assert len(read) <= 4
        read.clear()
        after = page.after
    assert seen == [row.property_id for row in owned]
    assert after == ""


def test_a_list_against_an_older_run_says_at_least(hers, search, owned, now, monkeypatch):
    monkeypatch.setattr(snapshots, "IDS_A_PART", 2)
    monkeypatch.setattr(snapshot_selectors, "PARTS_A_PAGE", 1)
    for day in (1, 2):
        PropertyDatasetPermission.objects.all().update(owner_name=f"Owner {day}")
        runs.run_saved_search(search=search, now=now + timedelta(days=day))

    page = hers.get(f"{search.get_absolute_url()}runs/3/?against=2").content.decode()
    older = show_run(search, 3, against=1)

    assert "at least" not in page
    assert [(each.total, each.is_total) for each in older.lists if each.kind == "changed"] == [(2, False)]


# ---------------------------------------------------------------- deleting


def test_a_deleted_search_is_gone_at_once_and_removed_in_turns(hers, carol, search, now, monkeypatch):
    follow_ups.follow_up(run_id=str(SavedSearchRun.objects.get().pk), now=now)
    assert stacks() == [1] * 6
    monkeypatch.setattr(matches, "BATCH", 2)
    monkeypatch.setattr(matches, "BATCHES_A_STINT", 2)

    hers.post(f"{search.get_absolute_url()}delete/")

    assert hers.get(search.get_absolute_url()).status_code == 404
    assert "No saved searches yet" in hers.get("/searches/").content.decode()
    later = now + timedelta(minutes=1)
    assert searches.deleted_search_ids(now=later) == [str(search.pk)]
    assert searches.remove_deleted_search(search_id=str(search.pk), now=later)
    assert sorted(stacks()) == [0, 0, 0, 0, 1, 1]
    assert not searches.remove_deleted_search(search_id=str(search.pk), now=later)
    assert stacks() == [0] * 6
    gone = (SavedSearch, SavedSearchRun, SavedSearchProperty, SavedSearchSnapshot)
    assert [model.objects.count() for model in gone] == [0, 0, 0, 0]


def test_a_worker_that_dies_while_removing_is_followed_by_another(search, now, monkeypatch):
    follow_ups.follow_up(run_id=str(SavedSearchRun.objects.get().pk), now=now)
    searches.delete_saved_search(search=search, now=now)

    class Killed(BaseException):
        pass

    def die(*_args):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(matches, "_restack", die)
        with pytest.raises(Killed):
            searches.remove_deleted_search(search_id=str(search.pk), now=now)

    later = now + searches.DELETION_LEASE
    assert searches.deleted_search_ids(now=now) == []
    assert searches.deleted_search_ids(now=later) == [str(search.pk)]
    assert not searches.remove_deleted_search(search_id=str(search.pk), now=later)
    assert (stacks(), SavedSearch.objects.count()) == ([0] * 6, 0)


def test_nothing_follows_from_runs_of_a_deleted_search(search, now):
    run = SavedSearchRun.objects.get()
    searches.delete_saved_search(search=search, now=now)

    assert follow_ups.follow_up(run_id=str(run.pk), now=now) is None

    assert SavedSearchProperty.objects.count() == 0
    assert follow_ups.due_run_ids(now=now + timedelta(days=1)) == []
    with pytest.raises(runs.RunRaced):
        runs.run_saved_search(search=search, now=now + timedelta(hours=1))
    assert SavedSearchSnapshot.objects.count() == 1


@pytest.mark.parametrize("attempt", range(3))
def test_deleting_while_a_follow_up_writes_leaves_no_stack(search, now, monkeypatch, attempt):
    monkeypatch.setattr(matches, "BATCH", 1)
    run = SavedSearchRun.objects.get()

    def together(work):
        try:
            return work()
        except matches.SearchGone:
            return None
        finally:
            connection.close()

    def remove():
        searches.delete_saved_search(search=search, now=now)
        while searches.remove_deleted_search(search_id=str(search.pk), now=now):
            pass

    with ThreadPoolExecutor(2) as workers:
        list(workers.map(together, [lambda: matches.settle_matches(run=run), remove]))

    assert stacks() == [0] * 6
    assert (SavedSearchProperty.objects.count(), SavedSearch.objects.count()) == (0, 0)


# ---------------------------------------------------------------- races at the page


def test_criteria_that_changed_elsewhere_are_no_success(hers, search, phoenix, now, monkeypatch):
    stale = fresh(search)
    searches.update_search(search=search, query=read_query({"q": ["Tempe, AZ"]}), now=now)

    with pytest.raises(runs.RunRaced):
        searches.update_search(search=stale, query=read_query({"q": ["Mesa, AZ"]}), now=now)

    monkeypatch.setattr(search_selectors, "find_saved_search", lambda *_: stale)  # read before the other tab wrote
    page = hers.post(f"{search.get_absolute_url()}update/", {"q": "Mesa, AZ"}, follow=True).content.decode()
    assert "was changed or run elsewhere" in page
    assert "has these criteria already" not in page


def test_a_run_of_a_search_that_was_just_deleted_is_no_error(hers, search, now, monkeypatch):
    stale = fresh(search)
    searches.delete_saved_search(search=search, now=now)
    monkeypatch.setattr(search_selectors, "find_saved_search", lambda *_: stale)

    answer = hers.post(f"{search.get_absolute_url()}run/")

    assert answer.status_code == 302


# ---------------------------------------------------------------- budgets


def test_a_run_asks_nothing_when_the_day_cannot_pay_for_all_of_it(hers, carol, now, sandbox, settings):
    settings.NARROW_COUNTS_A_DAY = 3
    search = SavedSearchFactory(user=carol, filters=NARROW, cadence="daily", next_run_at=now)
    key = f"scheduled-narrow-counts:{carol.pk}:{now:%Y-%m-%d}"

    assert runs.run_due_search(search_id=str(search.pk), now=now) is None

    assert not cache.get(key)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    assert runs.due_search_ids(now=midnight - timedelta(seconds=1)) == []
    assert runs.due_search_ids(now=midnight) == [str(search.pk)]
    assert "Too many searches" in hers.get(search.get_absolute_url()).content.decode()
    settings.NARROW_COUNTS_A_DAY = 60
    assert runs.run_due_search(search_id=str(search.pk), now=midnight).number == 1
    assert fresh(search).problem == ""


def test_what_is_checked_before_a_run_is_what_it_spends(carol, now, sandbox, settings):
    """With exactly as many narrow counts as it takes the run is made, and with one less it is not begun."""
    search = SavedSearchFactory(user=carol, filters=NARROW, cadence="daily", next_run_at=now)
    key = f"scheduled-narrow-counts:{carol.pk}:{now:%Y-%m-%d}"
    assert runs.run_due_search(search_id=str(search.pk), now=now) is not None
    spent = int(cache.get(key))
    assert spent > 1

    for limit, makes_it in ((spent - 1, False), (spent, True)):
        cache.clear()
        settings.NARROW_COUNTS_A_DAY = limit
        SavedSearch.objects.filter(pk=search.pk).update(next_run_at=now, lease_until=None)
        assert (runs.run_due_search(search_id=str(search.pk), now=now) is not None) is makes_it


# ---------------------------------------------------------------- follow-ups that end


def test_a_follow_up_that_never_ends_is_given_up_and_the_next_makes_up_for_it(
    hers, search, owned, now, monkeypatch, caplog
):
    first = SavedSearchRun.objects.get()
    second = runs.run_saved_search(search=search, now=now + timedelta(days=1))

    def fail(**_):
        raise RuntimeError("unforeseen")

    moment = now + timedelta(days=1)
    with monkeypatch.context() as patch:
        patch.setattr(follow_ups, "settle_matches", fail)
        for _ in range(follow_ups.ATTEMPTS):
            with pytest.raises(RuntimeError):
                follow_ups.follow_up(run_id=str(first.pk), now=moment)
            moment += follow_ups.LEASE
        assert follow_ups.follow_up(run_id=str(first.pk), now=moment) is None

    assert "was given up" in caplog.text
    assert follow_ups.due_run_ids(now=moment) == [str(second.pk)]
    assert "could not be finished" in hers.get(f"{search.get_absolute_url()}runs/1/").content.decode()
    assert follow_ups.follow_up(run_id=str(second.pk), now=moment) is not None
    assert stacks() == [1] * 6


def test_turns_and_waits_are_no_failed_attempts(search, now, monkeypatch):
    monkeypatch.setattr(matches, "BATCH", 1)
    monkeypatch.setattr(matches, "BATCHES_A_STINT", 1)
    monkeypatch.setattr(follow_ups, "ATTEMPTS", 1)
    first = SavedSearchRun.objects.get()
    second = SavedSearchRunFactory(saved_search=search, number=2, ran_at=now, follow_up_due_at=now)

    turns = 0
    while follow_ups.follow_up(run_id=str(first.pk), now=now) is None:
        assert follow_ups.follow_up(run_id=str(second.pk), now=now) is None
        turns += 1

    assert turns == 5
    assert SavedSearchRun.objects.get(pk=first.pk).problem == ""
