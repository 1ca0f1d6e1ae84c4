"""Ten thousand contacts are traced while everything that carries it is killed: nothing lost, nothing paid twice."""

import os
import random
import time
from collections import Counter

import pytest

from tests.faults.trace_world import World, running_world
from tests.leads.traces.killing import NAMED_STEPS

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]

SIZE = int(os.environ.get("TRACE_KILL_SIZE", "10000"))
PATIENCE = 600.0
# What the vendor may take, so that kills meet batches under way.
LATENCY = 0.1


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> dict:
    """What the job leaves when nothing happens to it, and one worker process does it all."""
    with running_world(tmp_path_factory.mktemp("undisturbed")) as world:
        job = world.drive("prepare", str(SIZE))["job"]
        world.start_worker(concurrency=1)
        seconds = world.wait_until_done(job, seconds=PATIENCE)
        found = world.drive("finish", job)
    assert found["outcome"]["unknown"] == 0
    print(f"\nundisturbed, one process: {seconds:.0f} s, {found['states']}")  # noqa: T201
    return found


@pytest.fixture(params=[True])
def world(request, tmp_path):
    with running_world(tmp_path / "world", durable=request.param) as world:
        world.slow_down(LATENCY)
        yield world


def conclude(world: World, job: str, undisturbed: dict, what: str, *, most_unknown: int) -> None:
    """The outcome is the undisturbed one, but for lost answers; the books and the vendor's bill agree to the row."""
    began = time.monotonic()
    world.wait_until_done(job, seconds=PATIENCE)
    seconds = time.monotonic() - began
    world.stop_worker()
    found = world.drive("finish", job)
    unknown = found["outcome"]["unknown"]
    expected = undisturbed["outcome"]["rows"]
    rows = found["outcome"]["rows"]
    assert found["is_over"]
    assert (found["is_sound"], found["breaches"], found["residual"]) == (True, [], 0)
    assert (found["captured"], found["reserved"], found["left"]) == (found["price"], 0, SIZE - found["price"])
    assert not {address for address, row in rows.items() if row != expected[address]}
    assert len(rows) == SIZE - unknown
    assert unknown <= most_unknown
    billed = Counter(world.billed())
    assert max(billed.values()) == 1, "bought twice"
    assert not billed - Counter(found["explained"])
    assert not Counter(found["explained"]) - billed - Counter(found["lost"])
    print(  # noqa: T201
        f"\n{what}: {seconds:.0f} s after it to the end, {unknown:,} of {SIZE:,} answers lost and free, "
        f"{found['states'].get('hit', 0):,} hits, {found['captured']:,} credits, residual 0"
    )


def test_the_workers_child_dies_at_each_named_step(world, undisturbed, tmp_path):
    marks = tmp_path / "marks"
    marks.mkdir()
    job = world.drive("prepare", str(SIZE))["job"]
    world.start_worker(ATLAS_CRASH_AT=",".join(NAMED_STEPS), ATLAS_CRASH_MARKS=str(marks))
    world.wait_until_done(job, seconds=PATIENCE)
    kills = len(list(marks.iterdir()))
    assert kills >= 16
    conclude(world, job, undisturbed, f"child killed at {kills} named steps", most_unknown=200 * kills)


def test_the_worker_and_its_parent_die_at_each_named_step(world, undisturbed, tmp_path):
    marks = tmp_path / "marks"
    marks.mkdir()
    job = world.drive("prepare", str(SIZE))["job"]
    ends = time.monotonic() + PATIENCE
    restarts = 0
    while world.open_batches(job):
        assert time.monotonic() < ends
        if not world.is_worker_alive:
            world.stop_worker()
            world.start_worker(
                ATLAS_CRASH_AT=",".join(NAMED_STEPS), ATLAS_CRASH_MARKS=str(marks), ATLAS_CRASH_WHOM="parent"
            )
            restarts += 1
        time.sleep(0.2)
    assert restarts >= 12
    conclude(world, job, undisturbed, f"parent and child killed at {restarts - 1} steps", most_unknown=400 * restarts)


def test_children_and_parents_die_at_random(world, undisturbed):
    job = world.drive("prepare", str(SIZE))["job"]
    world.start_worker()
    chance = random.Random(11)
    children = parents = 0
    for number in range(12):
        world.wait_until_begun(job, batches=4 * number)
        time.sleep(chance.uniform(0, 0.5))
        if not world.open_batches(job):
            break
        if number % 3 == 2:
            world.stop_worker()
            world.start_worker()
            parents += 1
        else:
            children += world.kill_child()
    what = f"{children} children and {parents} parents killed at random"
    conclude(world, job, undisturbed, what, most_unknown=400 * (children + parents))


@pytest.mark.parametrize("world", [True, False], indirect=True, ids=["persistent", "not persistent"])
def test_valkey_dies_and_comes_back(world, undisturbed):
    job = world.drive("prepare", str(SIZE))["job"]
    world.start_worker()
    world.wait_until_begun(job, batches=10)
    world.kill("valkey")
    time.sleep(3)
    world.start_valkey()
    conclude(world, job, undisturbed, f"Valkey killed, persistence {world.durable}", most_unknown=0)


def test_valkey_is_flushed(world, undisturbed):
    job = world.drive("prepare", str(SIZE))["job"]
    world.start_worker()
    for batches in (5, 20, 40):
        world.wait_until_begun(job, batches=batches)
        world.flush()
    conclude(world, job, undisturbed, "Valkey flushed three times", most_unknown=0)


def test_mongod_dies_and_comes_back(world, undisturbed):
    job = world.drive("prepare", str(SIZE))["job"]
    world.start_worker()
    for batches in (10, 30):
        world.wait_until_begun(job, batches=batches)
        world.kill("mongod")
        time.sleep(1)
        world.start_mongod()
    conclude(world, job, undisturbed, "mongod killed twice", most_unknown=800)


def test_four_processes_leave_what_one_leaves(world, undisturbed):
    job = world.drive("prepare", str(SIZE))["job"]
    world.start_worker(concurrency=4)
    conclude(world, job, undisturbed, "four worker processes", most_unknown=0)
