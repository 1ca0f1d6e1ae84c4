"""What workers and the sweep ask of the batches of a skip trace reads those that are left, among many that are done."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from bson import ObjectId
from django.db import connection
from django.db.models import Model

from atlas_site.mongodb.documents import collection_of
from leads.models import EnrichmentBatch
from leads.services import traces
from leads.services.traces import ending, leases
from properties.models import PersonTrace
from tests.leads.traces.conftest import make_list, start_trace, work

pytestmark = pytest.mark.django_db

DONE = 200


@contextmanager
def profiled(model: type[Model]) -> Iterator[list[dict[str, Any]]]:
    """The server's own notes of what was done to a collection in this block: how, and with how many documents."""
    database, found = connection.database, []
    database.command("profile", 2)
    try:
        yield found
    finally:
        database.command("profile", 0)
        found += database["system.profile"].find({"ns": f"{database.name}.{model._meta.db_table}"})
        database["system.profile"].drop()


def test_what_is_done_is_not_read_again(alice, now):
    job = start_trace(alice, make_list(alice, 250), now)
    batches = collection_of(EnrichmentBatch)
    one = batches.find_one({"enrichmentId": job.pk})
    over = {"status": "completed", "phase": "done", "dueAt": None, "leaseUntil": None}
    batches.insert_many({**one, **over, "_id": ObjectId(), "batchNumber": 1_000 + number} for number in range(DONE))

    with profiled(EnrichmentBatch) as reads:
        assert len(leases.due_batch_ids(job, now)) == 3
        assert traces.due_trace_ids(now=now) == [str(job.pk)]
        assert not ending.end_quotes(job=job, now=now)
        assert leases.has_room(user_id=alice.pk, now=now)

    reads = [read for read in reads if "docsExamined" in read]
    assert len(reads) > 5
    assert [read["planSummary"] for read in reads if "COLLSCAN" in read["planSummary"]] == []
    assert max(read["docsExamined"] for read in reads) <= 3


def test_batches_that_are_due_come_in_their_order(alice, now):
    job = start_trace(alice, make_list(alice, 350), now)
    numbers = {batch.pk: batch.batch_number for batch in job.batches.all()}
    assert [numbers[pk] for pk in leases.due_batch_ids(job, now)] == sorted(numbers.values())


@pytest.mark.usefixtures("one_lane")
@pytest.mark.parametrize(
    ("model", "kind", "count"),
    [
        (EnrichmentBatch, "update", 3),  # its question, its answer, its end
        (PersonTrace, "query", 2),  # before anybody is asked, and to show what came
    ],
)
def test_a_batch_is_written_and_read_no_more_often_than_it_must_be(model, kind, count, alice, now, sandbox):
    job = start_trace(alice, make_list(alice, 20), now)
    with profiled(model) as done:
        assert work(job, now).is_over
    assert [each["op"] for each in done].count(kind) == count
