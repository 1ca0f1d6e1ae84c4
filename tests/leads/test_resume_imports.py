"""An import whose workers are killed ends exactly as one that nobody disturbed."""

from datetime import timedelta

import pytest
from django.conf import settings as live_settings
from django.utils import timezone

from atlas_site.celery import app
from leads.models import Contact, ImportChunk, LeadImport
from leads.services import imports
from leads.services.imports import committing, leases, planning
from leads.tasks import run_due_imports
from tests.leads.conftest import State, carry_on, in_a_minute, plan, upload
from tests.leads.killing import accept, carry_through, carry_through_kills, outcome_of, prepare, some_rows
from tests.leads.lists import as_csv, lead_rows

ROWS = 1_500
KILLS = 6


@pytest.fixture
def undisturbed(bob):
    """What an import of another user leaves that nobody disturbed."""

    def run(size: int) -> dict:
        group, content = prepare(bob, size)
        lead_import = upload(bob, content, "second.csv", group=group)
        return outcome_of(carry_through(lead_import))

    return run


@pytest.mark.faults  # whether a kill lands in time depends on the machine
def test_killed_at_any_row_it_ends_as_if_nothing_had_been(alice, undisturbed):
    group, content = prepare(alice, ROWS)
    lead_import = upload(alice, content, "second.csv", group=group)
    done, kills = carry_through_kills(lead_import, some_rows(KILLS, ROWS, seed=3))

    assert kills
    assert outcome_of(done) == undisturbed(ROWS)


def test_a_big_import_hands_itself_on(alice, undisturbed, monkeypatch):
    group, content = prepare(alice, ROWS)
    lead_import = upload(alice, content, "second.csv", group=group)
    for module in (planning, committing):
        monkeypatch.setattr(module, "STINT", timedelta(0))
    stints: list[str] = []

    def work(lead_import: LeadImport) -> None:
        stints.append(lead_import.state)
        carry_on(lead_import)

    done = carry_through(lead_import, work)
    monkeypatch.undo()
    assert stints.count(State.COMMITTING) == done.chunks_planned > 1
    assert outcome_of(done) == undisturbed(ROWS)


def test_a_worker_that_lost_its_lease_changes_nothing_more(alice):
    lead_import = upload(alice, as_csv(lead_rows(10)))
    slow = leases.claim_import(import_id=str(lead_import.pk), now=timezone.now())
    other = leases.claim_import(import_id=str(lead_import.pk), now=in_a_minute()())

    with pytest.raises(leases.LeaseLost):
        leases.save_progress(slow, now=timezone.now(), rows_read=7)
    assert LeadImport.objects.get(pk=lead_import.pk).rows_read == 0
    leases.save_progress(other, now=timezone.now(), rows_read=8)
    assert LeadImport.objects.get(pk=lead_import.pk).rows_read == 8


def test_a_worker_stops_when_its_user_cancels(alice):
    lead_import = upload(alice, as_csv(lead_rows(10)))
    held = leases.claim_import(import_id=str(lead_import.pk), now=timezone.now())
    imports.cancel_import(user=alice, import_id=str(lead_import.pk), now=timezone.now())
    with pytest.raises(leases.LeaseLost):
        leases.save_progress(held, now=timezone.now(), rows_read=7)


def test_a_chunk_of_a_worker_that_was_killed_before_it_counted_is_replaced(alice):
    content = as_csv(lead_rows(1_300))
    lead_import = plan(alice, content)
    expected = [chunk.rows for chunk in ImportChunk.objects.filter(lead_import=lead_import).order_by("number")]
    ImportChunk.objects.filter(lead_import=lead_import, number=2).update(rows=[{"n": 1, "kind": "stale"}])
    ImportChunk.objects.create(lead_import=lead_import, number=3, rows=[{"n": 1, "kind": "stale"}])
    first = expected[0]
    LeadImport.objects.filter(pk=lead_import.pk).update(
        state=State.PLANNING, due_at=timezone.now(), chunks_planned=0, rows_read=0
    )
    again = carry_on(lead_import)

    assert [chunk.rows for chunk in ImportChunk.objects.filter(lead_import=again).order_by("number")] == expected
    assert (again.plan_hash, first[0]["n"]) == (lead_import.plan_hash, 1)


def test_beat_finds_what_no_message_told_of(alice):
    schedule = live_settings.CELERY_BEAT_SCHEDULE["run due imports"]
    assert (schedule["task"], schedule["schedule"]) == (run_due_imports.name, 5.0)
    assert live_settings.CELERY_TASK_SOFT_TIME_LIMIT > planning.STINT.total_seconds() * 2


@pytest.fixture
def tasks_at_once():
    """Let a task be done where it is sent."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


def test_what_the_sweep_finds_is_carried_on(alice, tasks_at_once):
    lead_import = plan(alice, as_csv(lead_rows(20)))
    accept(lead_import)
    run_due_imports()

    assert LeadImport.objects.get(pk=lead_import.pk).state == State.DONE
    assert Contact.objects.filter(user=alice).count() == 19
