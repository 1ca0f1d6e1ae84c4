"""A worker dies with its children, its queue is lost, and another one is started: how long until the job is done."""

import sys
import time

import pytest
from bson import ObjectId

from tests.faults.trace_world import World, running_world
from tests.leads.traces.killing import NAMED_STEPS, RECOVERED_WITHIN_SECONDS

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]

ROWS = 500


def test_a_restarted_worker_is_done_in_time_at_each_named_step(tmp_path):
    seconds = {}
    with running_world(tmp_path / "world") as world:
        for step in NAMED_STEPS:
            marks = tmp_path / step
            marks.mkdir()
            seconds[step] = seconds_to_recover(world, step, str(marks))
    longest = max(seconds, key=lambda step: seconds[step])
    sys.stdout.write(
        f"\nC10, {len(seconds)} steps, {ROWS} rows each: done {min(seconds.values()):.0f} to {seconds[longest]:.0f} s "
        f"after the restart ({longest}): {', '.join(f'{step} {each:.0f}' for step, each in seconds.items())}\n"
    )


def seconds_to_recover(world: World, step: str, marks: str) -> float:
    """Let the worker and its parent die at a step, empty the queue, and wait for those that are started at once."""
    job = world.drive("prepare", str(ROWS))["job"]
    world.start_worker(ATLAS_CRASH_AT=step, ATLAS_CRASH_MARKS=marks, ATLAS_CRASH_WHOM="parent")
    wait_for_death(world)
    world.stop_worker()
    world.flush()
    began = time.monotonic()
    world.start_worker()
    while not is_recovered(world, job):
        assert time.monotonic() - began < RECOVERED_WITHIN_SECONDS, f"{step}: the job is not done"
        time.sleep(0.2)
    seconds = time.monotonic() - began
    world.stop_worker()
    found = world.drive("finish", job)
    assert (found["is_sound"], found["breaches"], found["residual"]) == (True, [], 0)
    assert (found["captured"], found["reserved"]) == (found["price"], 0)
    return seconds


def wait_for_death(world: World) -> None:
    """Wait until the worker has died by itself."""
    ends = time.monotonic() + 60
    while world.is_worker_alive:
        assert time.monotonic() < ends, "The step was not reached."
        time.sleep(0.05)


def is_recovered(world: World, job_id: str) -> bool:
    """Whether the job is over and its user was told, or waits for nothing but answers that were lost."""
    database, job = world.client.get_default_database(), ObjectId(job_id)
    if database["EnrichmentBatchs"].count_documents({"enrichmentId": job, "status": "pending"}):
        return not world.open_batches(job_id)
    return database["Enrichment"].count_documents({"_id": job, "mailedAt": {"$ne": None}}) == 1
