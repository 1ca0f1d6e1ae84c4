"""Standing quotes: never above their caps, never after their end, and every credit of them has its run and receipt."""

from datetime import timedelta

import pytest
from bson import ObjectId
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credits import services as credit_services
from credits.models import Credit, CreditLog, Quote
from credits.services.books import verify_books
from properties.models import (
    Property,
    PropertyDatasetPermission,
    PropertyJob,
    SavedSearch,
    SavedSearchRun,
    Watch,
)
from properties.selectors.watches import committed_since, most_cost, start_of_month, unopened_runs
from properties.services import follow_ups, runner, runs, searches, watches

pytestmark = pytest.mark.django_db


@pytest.fixture
def search(carol, fund, phoenix, now, sandbox):
    """A daily search of carol's, who has 100 credits."""
    fund(carol, 100)
    return searches.save_search(user=carol, name="Phoenix", query=phoenix, now=now, cadence="daily")


def arm(search, now, **terms):
    given_terms = {"reveals_new": True, "refreshes_owned": False, "cap_per_run": 5, "cap_per_month": 20}
    return watches.arm_watch(search=search, now=now, **{**given_terms, "ends_at": now + timedelta(days=30), **terms})


def scheduled_run(search, now, number, **values):
    """A scheduled run as it is recorded, without the vendor."""
    SavedSearch.objects.filter(pk=search.pk).update(run_count=number)
    recorded = {"saved_search": search, "number": number, "ran_at": now, "cause": "schedule", "total": 500, "owned": 0}
    return SavedSearchRun.objects.create(**{**recorded, **values})


def carry_out(now):
    for job in PropertyJob.objects.exclude(state__in=["done", "failed"]):
        runner.run_job(job_id=str(job.pk), now=lambda: now)


def test_a_run_spends_up_to_its_cap_and_has_the_receipt(search, carol, now):
    watch = arm(search, now)
    SavedSearch.objects.filter(pk=search.pk).update(next_run_at=now)
    run = runs.run_due_search(search_id=str(search.pk), now=now)

    for run_id in follow_ups.due_run_ids(now=now):
        follow_ups.follow_up(run_id=run_id, now=now)
    carry_out(now)

    run.refresh_from_db()
    assert [spend["most"] for spend in run.spends] == [5]
    quote = Quote.objects.get(pk=run.spends[0]["quoteId"])
    assert (quote.status, quote.captured) == ("settled", 5)
    assert PropertyDatasetPermission.objects.filter(user=carol).count() == 5
    watch.refresh_from_db()
    assert (unopened_runs(watch), watch.last_run_number, watch.committed_in_month) == (1, run.number, 5)


def test_a_repeated_sweep_never_spends_twice_for_a_run(search, now):
    arm(search, now)
    run = scheduled_run(search, now, 2)

    for _ in range(3):
        watches.spend_for_run(run=SavedSearchRun.objects.get(pk=run.pk), now=now)
    watches.spend_for_run(run=run, now=now)  # a worker that has read the run before the first one spent

    assert len(SavedSearchRun.objects.get(pk=run.pk).spends) == 1
    assert PropertyJob.objects.count() == 1


def test_an_older_run_spends_nothing_after_a_newer_one(search, now):
    arm(search, now)
    older, newer = scheduled_run(search, now, 2), scheduled_run(search, now, 3)

    watches.spend_for_run(run=newer, now=now)
    watches.spend_for_run(run=older, now=now)

    assert PropertyJob.objects.count() == 1
    assert SavedSearchRun.objects.get(pk=older.pk).spends == []


def test_the_switch_on_the_credits_page_stops_it(search, carol, now):
    arm(search, now)
    credit_services.set_automatic_spending(user_id=carol.pk, stopped=True, now=now)
    run = scheduled_run(search, now, 2)

    watches.spend_for_run(run=run, now=now)

    run.refresh_from_db()
    assert (run.spends, run.spend_note) == ([], watches.STOPPED)
    assert PropertyJob.objects.count() == 0


def test_two_spending_runs_that_nobody_opened_turn_it_off(search, now):
    watch = arm(search, now)
    for number in (2, 3):
        watches.spend_for_run(run=scheduled_run(search, now, number), now=now)

    third = scheduled_run(search, now, 4)
    watches.spend_for_run(run=third, now=now)

    watch.refresh_from_db()
    third.refresh_from_db()
    assert (watch.state, watch.why_disarmed) == ("disarmed", watches.UNOPENED)
    assert third.spends == []
    assert watches.UNOPENED in third.spend_note


def test_opening_a_run_keeps_it_on(search, now):
    arm(search, now)
    for number in (2, 3, 4):
        run = scheduled_run(search, now, number)
        watches.spend_for_run(run=run, now=now)
        searches.note_visit(search=search, run=run, now=now)

    assert PropertyJob.objects.count() == 3
    assert Watch.objects.get(saved_search=search).state == "armed"


def test_opening_runs_that_spent_nothing_does_not_keep_it_on(search, now):
    arm(search, now)
    silent = scheduled_run(search, now, 2)
    for number in (3, 4):
        watches.spend_for_run(run=scheduled_run(search, now, number), now=now)
        searches.note_visit(search=search, run=silent, now=now)
        searches.note_visit(search=search, now=now)

    watches.spend_for_run(run=scheduled_run(search, now, 5), now=now)

    assert Watch.objects.get(saved_search=search).why_disarmed == watches.UNOPENED
    assert PropertyJob.objects.count() == 2


def test_accepting_the_terms_again_begins_the_count_anew(search, now):
    arm(search, now)
    for number in (2, 3):
        watches.spend_for_run(run=scheduled_run(search, now, number), now=now)

    later = now + timedelta(hours=1)
    watch = arm(search, later)
    watches.spend_for_run(run=scheduled_run(search, later, 4), now=later)

    assert unopened_runs(watch) == 1
    assert PropertyJob.objects.count() == 3


def test_its_end_date_turns_it_off(search, now):
    arm(search, now, ends_at=now + timedelta(days=1))
    later = now + timedelta(days=1)

    watches.spend_for_run(run=scheduled_run(search, later, 2), now=later)

    assert PropertyJob.objects.count() == 0
    assert Watch.objects.get(saved_search=search).why_disarmed == watches.ENDED
    arm(search, now, ends_at=now + timedelta(days=1))
    assert watches.disarm_ended_watches(now=later) == 1


def test_with_few_credits_it_takes_what_fits_and_with_none_it_says_so(search, carol, now):
    arm(search, now, cap_per_run=150, cap_per_month=400)
    run = scheduled_run(search, now, 2)
    watches.spend_for_run(run=run, now=now)
    assert SavedSearchRun.objects.get(pk=run.pk).spends[0]["most"] == 100

    after = scheduled_run(search, now, 3)
    watches.spend_for_run(run=after, now=now)

    after.refresh_from_db()
    assert (after.spends, after.spend_note) == ([], watches.NOT_ENOUGH)


def test_a_debt_blocks_it_and_nothing_is_bought(search, carol, now):
    arm(search, now)
    Credit.objects.filter(user_id=carol.pk).update(debt=3)
    run = scheduled_run(search, now, 2)

    watches.spend_for_run(run=run, now=now)

    run.refresh_from_db()
    assert run.spends == []
    assert run.spend_note
    assert CreditLog.objects.filter(kind="grant").count() == 1


def test_nothing_is_asked_for_where_all_is_owned(search, now):
    arm(search, now)
    run = scheduled_run(search, now, 2, total=4, owned=4)

    watches.spend_for_run(run=run, now=now)

    run.refresh_from_db()
    assert (run.spends, run.spend_note) == ([], watches.NOTHING_NEW)
    assert Quote.objects.count() == 0


def test_it_asks_again_for_the_matches_whose_copy_is_oldest(search, carol, phoenix, reveal, now):
    reveal(carol, phoenix, 3)
    ids = list(PropertyDatasetPermission.objects.filter(user=carol).values_list("property_id", flat=True))
    for age, property_id in enumerate(ids):
        asked_at = now - timedelta(days=40 + age)
        asked = {"BASIC": {"at": asked_at.isoformat(), "hit": True}}
        Property.objects.filter(property_id=property_id).update(updated_at=asked_at, asked=asked)
    arm(search, now, reveals_new=False, refreshes_owned=True, cap_per_run=2)
    run = scheduled_run(search, now, 2)

    watches.spend_for_run(run=run, now=now)
    run.refresh_from_db()

    assert [spend["kind"] for spend in run.spends] == [f"refresh:{ids[2]}", f"refresh:{ids[1]}"]
    carry_out(now)
    quotes = Quote.objects.filter(pk__in=[spend["quoteId"] for spend in run.spends])
    assert {quote.status for quote in quotes} == {"settled"}


def test_terms_that_cannot_be_accepted_are_refused(search, now):
    for terms in (
        {"reveals_new": False},
        {"cap_per_run": 0},
        {"cap_per_run": 30},
        {"ends_at": now + timedelta(days=91)},
        {"ends_at": now},
    ):
        with pytest.raises(watches.InvalidWatch):
            arm(search, now, **terms)
    searches.set_cadence(search=search, cadence="off", now=now)
    search.refresh_from_db()
    with pytest.raises(watches.InvalidWatch):
        arm(search, now)
    assert Watch.objects.count() == 0


def test_what_it_can_cost_at_most_counts_each_month_that_it_touches(now):
    start = now.replace(year=2026, month=1, day=20)

    assert most_cost(cap_per_month=10, ends_at=start + timedelta(days=5), now=start).credit_count == 10
    assert most_cost(cap_per_month=10, ends_at=start + timedelta(days=90), now=start).credit_count == 40
    first_of_march = start.replace(month=3, day=1, hour=0, minute=0, second=0, microsecond=0)
    assert most_cost(cap_per_month=10, ends_at=first_of_march, now=start).credit_count == 20


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["run", "run", "run", "repeat", "open", "settle", "stop", "allow", "disarm", "arm", "wait"]),
        st.integers(1, 12),
    ),
    min_size=3,
    max_size=12,
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, cap_per_run=st.integers(1, 6), extra=st.integers(0, 8))
def test_no_sequence_spends_above_the_caps_or_after_the_end(steps, cap_per_run, extra, carol, fund, phoenix, now):
    """Whatever happens in whatever order, and the ledger explains each credit."""
    PropertyJob.objects.all().delete()
    fund_once(carol, fund)
    search = SavedSearch.objects.create(id=ObjectId(), user=carol, name="S", filters=phoenix.params(), cadence="daily")
    terms = {"cap_per_run": cap_per_run, "cap_per_month": cap_per_run + extra, "ends_at": now + timedelta(days=60)}
    watch = arm(search, now, **terms)
    moment, number, switched_off, armed = now, 0, False, True
    for step, size in steps:
        before = PropertyJob.objects.count()
        if step == "run":
            number += 1
            run = scheduled_run(search, moment, number)
            watches.spend_for_run(run=run, now=moment)
        elif step == "repeat" and number:
            run = SavedSearchRun.objects.get(saved_search=search, number=number)
            spent = len(run.spends)
            watches.spend_for_run(run=run, now=moment)
            assert len(SavedSearchRun.objects.get(pk=run.pk).spends) <= max(spent, 1)
        elif step == "open" and number:
            run = SavedSearchRun.objects.get(saved_search=search, number=number)
            searches.note_visit(search=search, run=run, now=moment)
        elif step == "settle":
            settle_oldest(carol, size, moment)
        elif step in {"stop", "allow"}:
            switched_off = step == "stop"
            credit_services.set_automatic_spending(user_id=carol.pk, stopped=switched_off, now=moment)
        elif step == "disarm":
            watches.disarm_watch(search=search)
        elif step == "arm" and moment < now + timedelta(days=60):
            arm(search, moment, **terms)
        elif step == "wait":
            moment += timedelta(days=size)
        if PropertyJob.objects.count() > before:
            assert armed and not switched_off and moment < now + timedelta(days=60)
        watch.refresh_from_db()
        armed = watch.state == "armed"
        for run in SavedSearchRun.objects.filter(saved_search=search):
            assert sum(spend["most"] for spend in run.spends) <= cap_per_run
        assert committed_since(watch=watch, since=start_of_month(moment)) <= cap_per_run + extra
    credit_services.set_automatic_spending(user_id=carol.pk, stopped=False, now=moment)
    noted = [spend for run in SavedSearchRun.objects.filter(saved_search=search) for spend in run.spends]
    assert {spend["quoteId"] for spend in noted} == set(PropertyJob.objects.values_list("quote_id", flat=True))
    for spend in noted:
        entry = CreditLog.objects.get(key=f"reserve:{spend['quoteId']}")
        assert entry.reserved_change == spend["most"]
    assert verify_books().is_sound


def fund_once(user, fund):
    if not Credit.objects.filter(user_id=user.pk).exists():
        fund(user, 100_000)


def settle_oldest(user, hits, moment):
    """Settle the oldest quote that is held, as a job does that found this many."""
    held = Quote.objects.filter(user_id=user.pk, status="accepted").order_by("accepted_at").first()
    if held is None:
        return
    units = min(hits, held.lines[0]["units"]) - 1
    if units:
        credit_services.capture(quote_id=held.pk, step="page:1", units={"SEARCH": units}, reason="Test", now=moment)
    credit_services.release(quote_id=held.pk, cause="miss", not_charged=[], now=moment)
