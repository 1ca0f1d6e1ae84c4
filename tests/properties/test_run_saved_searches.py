"""Runs of a saved search: what is new, changed and gone among the properties that the user owns, each run once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from hypothesis import given, settings

from properties.models import (
    PropertyDatasetPermission,
    SavedSearch,
    SavedSearchProperty,
    SavedSearchRun,
    SavedSearchSnapshot,
)
from properties.search.form import read_query
from properties.selectors.runs import show_rest, show_run
from properties.selectors.searches import query_of
from properties.selectors.snapshots import differences, read_snapshot
from properties.services import follow_ups, matches, runs, searches, snapshots
from tests.factories import PropertyDatasetPermissionFactory
from tests.properties.search.strategies import searches as whole_searches

pytestmark = pytest.mark.django_db


@pytest.fixture
def owned(carol):
    """Five properties of carol's in Phoenix, with value and listing unlocked."""
    return [
        PropertyDatasetPermissionFactory(
            user=carol,
            property_id=f"p-{number}",
            address=f"{number} Main St",
            datasets=["BASIC", "VALUATION"],
            owner_name="Ann Able",
            estimated_value=200_000.0,
            facts={"last_sale": "2019-05-01"},
        )
        for number in range(5)
    ]


def change(row, **values):
    PropertyDatasetPermission.objects.filter(pk=row.pk).update(**values)


def test_the_first_run_is_silent_and_keeps_what_is_owned(carol, owned, phoenix, now, sandbox):
    search = searches.save_search(user=carol, name="Phoenix", query=phoenix, now=now)

    run = SavedSearchRun.objects.get(saved_search=search)
    assert (run.number, run.owned, run.new_count, run.changed_count, run.gone_count) == (1, 5, 0, 0, 0)
    assert not run.digest_due
    kept = dict(read_snapshot(run))["p-1"]
    assert (kept["owner_name"], kept["last_sale"], kept["value"]) == ("Ann Able", "2019-05-01", 200_000.0)
    assert kept["equity"] is None  # unlocked, and not known
    assert not {"price", "foreclosure_status", "loans", "signals"} & set(kept)  # locked


def test_any_search_is_saved_and_run_as_it_was_asked(make_user, now, sandbox):
    @given(params=whole_searches())
    @settings(max_examples=5)
    def check(params):
        asked = read_query(params)
        saved = searches.save_search(user=make_user(), name="Any", query=asked, now=now)

        search, run = SavedSearch.objects.get(pk=saved.pk), SavedSearchRun.objects.get(saved_search=saved)
        assert query_of(search) == asked
        assert (run.filters, run.criteria_hash) == (asked.params(), asked.hash())
        assert read_query(run.filters).criteria() == asked.criteria()

    check()


@pytest.mark.parametrize(
    ("name", "param"),
    [("foreclosures", "foreclosure_recorded"), ("sales", "last_sale"), ("failed-listings", "listing_failed")],
)
def test_a_search_whose_days_are_long_over_is_saved_and_has_nothing_of_the_last_month(carol, now, sandbox, name, param):
    days = {f"{param}_min": ["2020-01-01"], f"{param}_max": [(now - timedelta(days=40)).date().isoformat()]}
    search = searches.save_search(user=carol, name="Old", query=read_query({"q": ["Phoenix, AZ"], **days}), now=now)

    (figure,) = [each for each in SavedSearchRun.objects.get(saved_search=search).windows if each["name"] == name]
    assert (figure["count"], figure["isExact"]) == (0, True)


def test_two_runs_on_the_same_data_are_identical(carol, owned, phoenix, now, sandbox):
    search = searches.save_search(user=carol, name="Phoenix", query=phoenix, now=now)
    first, second = (runs.run_saved_search(search=search, now=now + timedelta(hours=hours)) for hours in (1, 2))

    assert list(differences(first, second)) == []
    told = ("total", "owned", "signals", "windows", "new_count", "changed_count", "gone_count", "criteria_hash")
    assert [getattr(first, name) for name in told] == [getattr(second, name) for name in told]
    contents = [list(each.snapshots.values_list("content", flat=True)) for each in (first, second)]
    assert contents[0] == contents[1]


def test_a_run_says_what_is_new_changed_and_gone_and_why(carol, owned, phoenix, now, sandbox):
    search = searches.save_search(user=carol, name="Phoenix", query=phoenix, now=now)
    change(owned[0], city="Tempe")
    change(owned[1], owner_name="Bea Best", estimated_value=210_000.0)
    PropertyDatasetPermission.objects.filter(pk=owned[2].pk).delete()
    PropertyDatasetPermissionFactory(user=carol, property_id="p-9", address="9 Oak St")

    run = runs.run_saved_search(search=search, now=now + timedelta(days=1))

    assert (run.new_ids, run.gone_ids) == (["p-9"], ["p-0", "p-2"])
    assert run.changed == [
        {
            "propertyId": "p-1",
            "changes": [
                {"field": "owner_name", "from": "Ann Able", "to": "Bea Best"},
                {"field": "value", "from": 200_000.0, "to": 210_000.0},
            ],
        }
    ]
    assert run.gone_why["p-2"] == "no longer yours"
    assert "Tempe" in run.gone_why["p-0"]


def test_what_was_unlocked_meanwhile_is_no_change_of_the_property(carol, owned, phoenix, now, sandbox):
    search = searches.save_search(user=carol, name="Phoenix", query=phoenix, now=now)
    change(owned[0], datasets=["BASIC", "VALUATION", "LISTING"], listing_status="Active")

    run = runs.run_saved_search(search=search, now=now)

    assert (run.changed_count, run.changed) == (0, [])
    assert dict(read_snapshot(run))["p-0"]["listing_status"] == "Active"


def test_a_locked_value_is_in_no_snapshot(carol, owned, phoenix, now, sandbox):
    change(owned[0], datasets=["BASIC"])  # as if another program had left the value there

    search = searches.save_search(user=carol, name="Phoenix", query=phoenix, now=now)

    run = SavedSearchRun.objects.get(saved_search=search)
    assert "value" not in dict(read_snapshot(run))["p-0"]


def test_more_than_a_part_holds_is_compared_too(carol, owned, phoenix, now, sandbox, monkeypatch):
    monkeypatch.setattr(snapshots, "IDS_A_PART", 2)
    monkeypatch.setattr(runs, "LISTED", 2)
    search = searches.save_search(user=carol, name="Phoenix", query=phoenix, now=now)
    for row in owned[:3]:
        change(row, owner_name="Cy Cole")

    run = runs.run_saved_search(search=search, now=now)

    assert (run.part_count, run.owned) == (3, 5)
    assert (run.changed_count, len(run.changed)) == (3, 2)
    rest = show_rest(search, 2, against=1, kind="changed", after="p-1")[2]
    assert [line.property_id for line in rest.lines] == ["p-2"]


def test_any_two_runs_can_be_compared(carol, owned, phoenix, now, sandbox):
    search = searches.save_search(user=carol, name="Phoenix", query=phoenix, now=now)
    change(owned[0], owner_name="Bea Best")
    runs.run_saved_search(search=search, now=now)
    change(owned[0], owner_name="Ann Able")
    change(owned[1], owner_name="Cy Cole")
    runs.run_saved_search(search=search, now=now)

    def changed(number, against):
        page = show_run(search, number, against=against)
        return {line.property_id: str(line.changes[0]) for found in page.lists for line in found.lines}

    assert changed(3, None) == {"p-0": "Owner: Bea Best → Ann Able", "p-1": "Owner: Ann Able → Cy Cole"}
    assert changed(3, 1) == {"p-1": "Owner: Ann Able → Cy Cole"}
    assert changed(1, 3) == {"p-1": "Owner: Cy Cole → Ann Able"}
    assert show_run(search, 3, against=7) is None


def test_other_criteria_make_another_version_and_no_news(carol, owned, phoenix, now, sandbox):
    search = searches.save_search(user=carol, name="Phoenix", query=phoenix, now=now)
    change(owned[0], city="Tempe")

    assert searches.update_search(search=search, query=read_query({"q": ["Tempe, AZ"]}), now=now)
    run = runs.run_saved_search(search=search, now=now, cause=SavedSearchRun.Cause.SCHEDULE)

    assert (run.version, run.new_count, run.gone_count, run.digest_due) == (2, 0, 4, False)
    assert SavedSearchRun.objects.get(saved_search=search, number=1).filters == phoenix.params()
    page = show_run(search, 2)
    assert page.has_other_criteria
    assert not searches.update_search(search=search, query=read_query({"q": ["Tempe, AZ"]}), now=now)


def test_matches_and_stacks_follow_from_a_run(carol, owned, phoenix, now, sandbox):
    first = searches.save_search(user=carol, name="Phoenix", query=phoenix, now=now)
    second = searches.save_search(user=carol, name="Arizona", query=read_query({"q": ["AZ"]}), now=now)
    follow_all(now)
    assert stack_of(owned[0]) == ({"searches": 2}, 2)

    change(owned[0], city="Tempe")
    run = runs.run_saved_search(search=first, now=now)
    follow_ups.follow_up(run_id=str(run.pk), now=now)

    gone = SavedSearchProperty.objects.get(saved_search=first, property_id="p-0")
    assert (gone.gone_at, gone.first_seen_at, gone.last_seen_at) == (now, now, now)
    assert gone.gone_why == run.gone_why["p-0"]
    assert stack_of(owned[0]) == ({"searches": 1}, 1)
    delete(second, now)
    assert stack_of(owned[0])[1] == 0
    assert stack_of(owned[1]) == ({"searches": 1}, 1)
    assert not SavedSearch.objects.filter(pk=second.pk).exists()


def test_following_up_twice_changes_nothing(carol, owned, phoenix, now, sandbox):
    search = searches.save_search(user=carol, name="Phoenix", query=phoenix, now=now)
    follow_all(now)
    before = list(SavedSearchProperty.objects.order_by("property_id").values())

    SavedSearchRun.objects.filter(saved_search=search).update(follow_up_due_at=now)
    follow_all(now)

    assert list(SavedSearchProperty.objects.order_by("property_id").values()) == before
    assert len(before) == 5
    assert stack_of(owned[0]) == ({"searches": 1}, 1)


def test_many_matches_are_settled_in_several_turns(carol, owned, phoenix, now, sandbox, monkeypatch):
    monkeypatch.setattr(matches, "BATCH", 2)
    monkeypatch.setattr(matches, "BATCHES_A_STINT", 1)
    search = searches.save_search(user=carol, name="Phoenix", query=phoenix, now=now)
    [run_id] = follow_ups.due_run_ids(now=now)

    turns = [follow_ups.follow_up(run_id=run_id, now=now) is not None for _ in range(3)]

    assert turns == [False, False, True]
    assert SavedSearchProperty.objects.filter(saved_search=search, gone_at=None).count() == 5
    assert follow_ups.due_run_ids(now=now) == []


def test_runs_are_followed_up_in_their_order(carol, owned, phoenix, now, sandbox):
    search = searches.save_search(user=carol, name="Phoenix", query=phoenix, now=now)
    change(owned[0], city="Tempe")
    second = runs.run_saved_search(search=search, now=now + timedelta(hours=1))
    later = now + timedelta(hours=1)

    assert follow_ups.follow_up(run_id=str(second.pk), now=later) is None
    follow_all(later)

    assert SavedSearchProperty.objects.get(property_id="p-0").gone_at == later
    assert stack_of(owned[0])[1] == 0


def follow_all(now):
    for run_id in follow_ups.due_run_ids(now=now):
        assert follow_ups.follow_up(run_id=run_id, now=now) is not None
    assert follow_ups.due_run_ids(now=now) == []


def delete(search, now):
    searches.delete_saved_search(search=search, now=now)
    while searches.remove_deleted_search(search_id=str(search.pk), now=now):
        pass


def stack_of(row):
    fresh = PropertyDatasetPermission.objects.get(pk=row.pk)
    return fresh.stacked, fresh.stack_count


# ---------------------------------------------------------------- by schedule


@pytest.fixture
def daily(carol, owned, phoenix, now, sandbox):
    """A search of carol's whose next run is due."""
    search = searches.save_search(user=carol, name="Phoenix", query=phoenix, now=now, cadence="daily")
    SavedSearch.objects.filter(pk=search.pk).update(next_run_at=now)
    search.refresh_from_db()
    return search


def test_a_due_search_runs_once_and_is_due_the_next_morning(daily, now):
    assert runs.due_search_ids(now=now) == [str(daily.pk)]

    assert runs.run_due_search(search_id=str(daily.pk), now=now).cause == "schedule"
    assert runs.run_due_search(search_id=str(daily.pk), now=now) is None

    daily.refresh_from_db()
    assert now < daily.next_run_at <= now + timedelta(days=1)
    assert (daily.run_count, daily.lease_until) == (2, None)
    assert runs.due_search_ids(now=now) == []


def test_of_workers_that_start_together_one_makes_the_run(daily, now):
    def work(_):
        try:
            return runs.run_due_search(search_id=str(daily.pk), now=now)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as workers:
        made = [run for run in workers.map(work, range(6)) if run]

    assert [run.number for run in made] == [2]
    assert sorted(SavedSearchRun.objects.values_list("number", flat=True)) == [1, 2]
    assert SavedSearchSnapshot.objects.count() == 2


def test_two_workers_past_their_lease_record_one_run(daily, now):
    slot = daily.next_run_at
    first = runs.run_saved_search(search=daily, now=now, cause="schedule", slot=slot)

    with pytest.raises(runs.RunRaced):
        runs.run_saved_search(search=daily, now=now, cause="schedule", slot=slot)

    assert first.number == 2
    assert SavedSearchRun.objects.count() == 2
    assert SavedSearchSnapshot.objects.count() == 2  # what the loser wrote is gone


def test_a_worker_that_dies_leaves_no_half_run(daily, now, monkeypatch):
    class Killed(BaseException):
        pass

    def die(*_args):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(runs, "_record", die)
        patch.setattr(runs, "drop_snapshot", lambda **_: None)  # nothing is tidied up by the dead
        with pytest.raises(Killed):
            runs.run_due_search(search_id=str(daily.pk), now=now)
    assert SavedSearchRun.objects.count() == 1
    assert SavedSearchSnapshot.objects.count() == 2
    assert runs.run_due_search(search_id=str(daily.pk), now=now) is None  # its lease holds

    later = now + runs.LEASE
    assert runs.run_due_search(search_id=str(daily.pk), now=later).number == 2

    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert snapshots.drop_orphaned_snapshots(now=tomorrow) == 1
    assert SavedSearchSnapshot.objects.count() == 2


def test_a_vendor_fault_records_nothing_and_the_run_is_made_later(daily, now, sandbox):
    from django.core.cache import cache

    cache.clear()
    sandbox.fail("500", endpoint="*", times=50)

    assert runs.run_due_search(search_id=str(daily.pk), now=now) is None
    assert SavedSearchRun.objects.count() == 1
    assert runs.due_search_ids(now=now) == []

    sandbox.reset()
    later = now + runs.RETRY_AFTER
    assert runs.due_search_ids(now=later) == [str(daily.pk)]
    assert runs.run_due_search(search_id=str(daily.pk), now=later).number == 2


def test_a_search_that_cannot_be_read_any_more_pauses_and_says_so(daily, now):
    SavedSearch.objects.filter(pk=daily.pk).update(filters={"q": ["Nowhereville, ZZ"]})

    assert runs.run_due_search(search_id=str(daily.pk), now=now) is None

    daily.refresh_from_db()
    assert (daily.state, daily.next_run_at) == ("paused", None)
    assert daily.problem == runs.UNREADABLE
