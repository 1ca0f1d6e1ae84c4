"""Not more at once than may be, and not more often than a vendor that fails can bear."""

import time
from datetime import timedelta

import pytest

from atlas_site.vendors.models import VendorCall
from credits.models import Credit
from leads.models import Enrichment, EnrichmentBatch, RowState
from leads.services import traces
from leads.services.traces import breaker, leases
from tests.leads.traces.conftest import finish, make_list, start_trace, states_of, work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_lane")]


@pytest.mark.parametrize("mode", ["429", "429-retry-after", "503-retry-after", "wallet-empty", "permission"])
def test_a_vendor_that_asks_to_wait_delays_the_job_and_nothing_is_charged(mode, alice, now, sandbox):
    job = start_trace(alice, make_list(alice, 20), now)
    sandbox.fail(mode, times=2, seconds=30)
    job = work(job, now)

    assert (job.phase, job.status) == (Enrichment.Phase.DELAYED, Enrichment.Status.PROCESSING)
    assert "Nothing was charged" in job.problem
    assert traces.due_trace_ids(now=now + timedelta(seconds=1)) == []
    job = finish(job, now + timedelta(minutes=1))
    assert (job.status, job.problem) == (Enrichment.Status.COMPLETED, "")
    assert states_of(job)[RowState.HIT] > 5


def test_while_the_vendor_fails_it_is_asked_once_a_second(alice, now, sandbox):
    jobs = [start_trace(alice, make_list(alice, 150, start=1_000 * number), now) for number in range(4)]
    sandbox.fail("429", times=1_000)
    moment, began = now, time.monotonic()
    for _ in range(12):
        for enrichment_id in traces.due_trace_ids(now=moment):
            traces.run_trace(enrichment_id=enrichment_id, now=lambda moment=moment: moment)
        moment += timedelta(minutes=10)

    # The twelve rounds take a few seconds of the machine's time: at most one call for each of those seconds.
    seconds = time.monotonic() - began
    assert breaker.is_open()
    calls = VendorCall.objects.filter(operation="skip_trace").count()
    assert breaker.FAILURES_TO_OPEN <= calls <= breaker.FAILURES_TO_OPEN + seconds / breaker.PROBE_SECONDS + 1
    assert Credit.objects.get(user=alice).credit_available == 1_000 - 4 * 75

    sandbox.reset()
    breaker.note_answer()
    assert not breaker.is_open()
    for job in jobs:
        assert finish(job, moment).status == Enrichment.Status.COMPLETED


def test_no_more_batches_of_one_user_are_under_way_than_may_be(alice, bob, fund, now, settings, sandbox):
    settings.TRACES_IN_FLIGHT_A_USER = 2
    job = start_trace(alice, make_list(alice, 500), now)
    first, second, third, *_ = leases.due_batch_ids(job, now)
    for batch_id in (first, second):
        assert leases.claim_batch(batch_id=batch_id, now=now)

    work(job, now)
    assert states_of(job)[RowState.QUEUED] == 500
    assert EnrichmentBatch.objects.get(pk=third).attempt == 0
    other = work(start_trace(fund(bob), make_list(bob, 20, start=2_000), now), now)
    assert other.is_over, "another user has room of his own"

    settings.TRACES_IN_FLIGHT = 2
    other = work(start_trace(bob, make_list(bob, 20, start=3_000), now), now)
    assert states_of(other)[RowState.QUEUED] == 20
    # What dead workers held is free again when their leases are over.
    assert finish(job, now + leases.LEASE).is_over
    assert finish(other, now + leases.LEASE).is_over
