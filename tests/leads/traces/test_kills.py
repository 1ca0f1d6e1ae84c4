"""A job whose workers are killed at any step ends as one that nobody disturbed, and costs the same."""

import random
import time

import pytest
from django.db import connection
from django.utils import timezone

from leads.models import Enrichment, RowState
from properties.models import PersonTrace
from tests.leads.traces.conftest import make_list, start_trace, states_of
from tests.leads.traces.killing import (
    LOSES_AN_ANSWER,
    NAMED_STEPS,
    assert_books,
    assert_same,
    carry_to_its_end,
    kill_after,
    outcome_of,
    seconds_to_recover,
    start_worker,
    wait_for,
)

pytestmark = pytest.mark.django_db

SIZE = 250


@pytest.fixture(autouse=True)
def _short_transactions(db):
    """What a killed worker wrote in a transaction holds the documents until the server drops it, here at once."""
    limit = {"setParameter": 1, "transactionLifetimeLimitSeconds": 2}
    before = connection.get_database().client.admin.command(limit)["was"]
    yield
    connection.get_database().client.admin.command({**limit, "transactionLifetimeLimitSeconds": before})


@pytest.fixture
def undisturbed(bob, fund, now, sandbox):
    """What a job of another user about the same people leaves; the vendor's books are empty again after it."""

    def run(size: int = SIZE) -> dict:
        job = start_trace(fund(bob), make_list(bob, size), now)
        expected = outcome_of(carry_to_its_end(job, minutes_ahead=0))
        assert expected["unknown"] == 0
        Enrichment.objects.all().delete()
        PersonTrace.objects.all().delete()
        sandbox.reset()
        return expected

    return run


def test_a_worker_dies_at_each_step(alice, now, sandbox, settings, undisturbed, tmp_path):
    """Of one job, at each step once; the next worker goes on, and dies at its own first step that is left."""
    settings.TRACE_LANES = 1  # a second batch under way may lose its answer wherever the first one is
    expected = undisturbed(700)
    job = start_trace(alice, make_list(alice, 700), now)
    kills = 0
    for number in range(len(NAMED_STEPS) + 3):
        worker = start_worker(job, minutes_ahead=2 * number, steps=NAMED_STEPS, marks=tmp_path)
        kills += wait_for(worker)
    job = carry_to_its_end(job, minutes_ahead=60)
    # The steps of the end come when a day has gone by for the answers that were lost.
    left = set(NAMED_STEPS) - {mark.name for mark in tmp_path.iterdir()}
    assert left <= {"before receipt", "after receipt", "before mail"}
    assert kills >= 16

    assert_same(outcome_of(job), expected, most_unknown=100 * len(LOSES_AN_ANSWER))
    assert_books(job, sandbox, now)


@pytest.mark.parametrize("step", ["before receipt", "after receipt", "before mail", "inside settlement"])
def test_a_worker_dies_at_the_end(step, alice, now, sandbox, undisturbed, tmp_path):
    expected = undisturbed(60)
    job = start_trace(alice, make_list(alice, 60), now)
    assert wait_for(start_worker(job, minutes_ahead=0, steps=[step], marks=tmp_path))
    job = carry_to_its_end(job, minutes_ahead=0) if not Enrichment.objects.get(pk=job.pk).is_over else job
    job.refresh_from_db()

    assert_same(outcome_of(job), expected, most_unknown=0)
    assert_books(job, sandbox, now)


@pytest.mark.parametrize("step", ["after claim", "call sent", "before mail"])
def test_what_a_dead_worker_left_is_done_ninety_seconds_later(step, alice, now, sandbox, tmp_path):
    """Every step is tried against the clock of the machine in tests/faults/test_recover_traces.py."""
    job = start_trace(alice, make_list(alice, 30), now)
    assert wait_for(start_worker(job, minutes_ahead=0, steps=[step], marks=tmp_path))

    assert seconds_to_recover(job, killed_at=timezone.now()) > 0
    assert states_of(job)[RowState.QUEUED] + states_of(job)[RowState.SENT] == 0
    assert bool(states_of(job)[RowState.UNKNOWN]) == (step in LOSES_AN_ANSWER)


@pytest.mark.faults  # whether a kill lands in time depends on the machine
def test_workers_die_at_random(alice, now, sandbox, undisturbed):
    expected = undisturbed(1_800)
    job = start_trace(alice, make_list(alice, 1_800), now)
    sandbox.slow_down(0.05)
    chance, kills = random.Random(5), 0
    for number in range(15):
        if Enrichment.objects.get(pk=job.pk).is_over:
            break
        worker = start_worker(job, minutes_ahead=2 * number)
        kills += kill_after(worker, chance.uniform(0.05, 0.4))
    job = carry_to_its_end(job, minutes_ahead=40)

    assert kills > 3
    assert_same(outcome_of(job), expected, most_unknown=100 * 2 * kills)
    assert_books(job, sandbox, now)


def test_four_workers_do_what_one_does_however_often_they_are_called(alice, now, sandbox, undisturbed):
    expected = undisturbed(SIZE * 2)
    job = start_trace(alice, make_list(alice, SIZE * 2), now)
    workers = []
    for _ in range(4):
        workers += [start_worker(job, minutes_ahead=0), start_worker(job, minutes_ahead=0)]
        time.sleep(0.05)
    killed = [wait_for(worker) for worker in workers]
    assert not any(killed)
    job = Enrichment.objects.get(pk=job.pk)
    if not job.is_over:  # each had as many under way as a user may have when it looked
        job = carry_to_its_end(job, minutes_ahead=0)
    assert not wait_for(start_worker(job, minutes_ahead=0))

    assert states_of(job)[RowState.UNKNOWN] == 0
    assert_same(outcome_of(job), expected, most_unknown=0)
    assert_books(job, sandbox, now)
