"""Sent, and no answer came: never asked again blindly, held for a day, then given back; what comes later is free."""

from collections import Counter
from datetime import timedelta

import pytest

from atlas_site.lib.http import Answer
from atlas_site.vendors.models import CallState, VendorCall
from atlas_site.vendors.recording import store_answer
from credits import services as credit_services
from credits.models import Credit, Quote
from leads.models import Contact, Enrichment, EnrichmentBatch, RowState
from leads.selectors.trace_bill import expect_trace_bill
from leads.selectors.traces import trace_progress
from leads.services import traces
from properties.selectors.vendor_bill import LOST_LOOKUP
from tests.leads.traces.conftest import finish, make_list, start_trace, states_of, work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_lane")]

A_DAY = timedelta(hours=24)


@pytest.fixture
def whole_answer(bob, fund, now, sandbox) -> bytes:
    """What the vendor says of the same people, with nobody's ids in it."""
    work(start_trace(fund(bob), make_list(bob, 20), now), now)
    call = VendorCall.objects.get(operation="skip_trace")
    raw = call.raw_answer
    for number, request in enumerate(call.request["requests"]):
        raw = raw.replace(request["requestId"].encode(), f"ROW{number}".encode())
    Contact.objects.filter(user=bob).delete()
    from properties.models import PersonTrace

    PersonTrace.objects.all().delete()
    return raw


def answer_arrives(job: Enrichment, raw: bytes, now) -> None:
    """A worker that had lost its lease puts the answer on record after all."""
    call = VendorCall.objects.get(reference__startswith=f"trace:{job.batches.get().pk}:")
    assert call.state == CallState.UNKNOWN
    for number, request in reversed(list(enumerate(call.request["requests"]))):
        raw = raw.replace(f'"ROW{number}"'.encode(), f'"{request["requestId"]}"'.encode())
    store_answer(call, Answer(200, {}, raw), now=now)


@pytest.mark.parametrize("mode", ["cut-body", "huge-body"])
def test_a_lost_answer_is_waited_for_a_day_and_given_back(mode, alice, now, sandbox):
    group = make_list(alice, 20)
    sandbox.fail(mode, times=9)
    job = work(start_trace(alice, group, now), now)

    assert states_of(job) == {RowState.UNKNOWN: 20}
    progress = trace_progress(alice, job.pk)
    assert (progress.done, progress.held, job.is_over) == (0, 10, False)
    assert traces.due_trace_ids(now=now + timedelta(minutes=9)) == []
    job = work(job, now + timedelta(hours=23))
    assert not job.is_over
    with pytest.raises(traces.NothingToTrace):
        traces.retry_trace(user=alice, enrichment_id=job.pk, now=now)

    job = work(job, now + A_DAY)
    assert job.status == Enrichment.Status.COMPLETED
    assert states_of(job) == {RowState.UNKNOWN: 20}
    assert VendorCall.objects.filter(operation="skip_trace").count() == 1
    wallet = Credit.objects.get(user=alice)
    assert (wallet.credit_available, wallet.reserved) == (1_000, 0)
    quote = Quote.objects.get(pk=job.quote_ids[0])
    assert quote.not_charged == [{"why": "sent to the data vendor, and no answer came", "count": 20}]
    bill = expect_trace_bill(since=now - A_DAY, until=now + A_DAY)
    assert set(sandbox.traced()) <= {row_id for row_id, _ in bill.by_cause[LOST_LOOKUP]}
    assert bill.residual == Counter()
    # Whoever wants them all the same can ask again with a new quote.
    assert traces.count_traceable(user=alice, group=group, now=now + A_DAY).to_ask == 20


def test_an_answer_that_comes_within_the_day_is_charged(alice, now, sandbox, whole_answer):
    sandbox.fail("cut-body")
    job = work(start_trace(alice, make_list(alice, 20), now), now)
    answer_arrives(job, whole_answer, now + timedelta(minutes=1))

    job = work(job, now + timedelta(minutes=11))

    assert job.status == Enrichment.Status.COMPLETED
    hits = states_of(job)[RowState.HIT]
    assert hits > 5
    assert Credit.objects.get(user=alice).credit_available == 1_000 - -(-hits // 2)
    assert Contact.objects.filter(user=alice, trace_outcome="hit").count() == hits
    assert credit_services.verify_books().is_sound


def test_an_answer_that_comes_after_the_credits_went_back_is_free(alice, now, sandbox, whole_answer):
    sandbox.fail("cut-body")
    job = work(start_trace(alice, make_list(alice, 20), now), now)
    job = work(job, now + A_DAY)
    assert job.is_over
    answer_arrives(job, whole_answer, now + A_DAY)

    two_days = now + 2 * A_DAY
    assert traces.due_trace_ids(now=two_days) == [str(job.pk)]
    job = work(job, two_days)

    late = states_of(job)[RowState.LATE]
    assert late > 5
    assert Credit.objects.get(user=alice).credit_available == 1_000
    assert Contact.objects.filter(user=alice, trace_outcome="hit").count() == late
    assert (job.status, traces.due_trace_ids(now=two_days + 30 * A_DAY)) == (Enrichment.Status.COMPLETED, [])
    assert expect_trace_bill(since=now - A_DAY, until=now + A_DAY).residual == Counter()


def test_what_is_held_already_does_not_wait_for_a_lost_answer(alice, bob, fund, now, sandbox):
    work(start_trace(fund(bob), make_list(bob, 10), now), now)
    group = make_list(alice, 30)
    sandbox.fail("cut-body")
    job = work(start_trace(alice, group, now), now)

    states = states_of(job)
    # Those of whom nothing was on file when bob asked are not asked for again.
    assert states[RowState.UNKNOWN] == 20
    assert states[RowState.HIT] == Contact.objects.filter(user=alice, trace_outcome="hit").count() > 2
    job = work(job, now + A_DAY)
    assert Quote.objects.get(pk=job.quote_ids[0]).captured == -(-states[RowState.HIT] // 2)


@pytest.mark.parametrize("mode", ["500", "502", "504"])
def test_an_answer_that_is_a_fault_is_asked_again_a_few_times(mode, alice, now, sandbox):
    group = make_list(alice, 20)
    sandbox.fail(mode, times=2)
    job = finish(start_trace(alice, group, now), now)
    assert states_of(job)[RowState.HIT] > 5
    assert EnrichmentBatch.objects.get(enrichment=job).failures == 2

    other = make_list(alice, 20, start=100)
    sandbox.fail(mode, times=9)
    job = finish(start_trace(alice, other, now), now)
    assert (job.status, states_of(job)) == (Enrichment.Status.FAILED, {RowState.ERROR: 20})
    assert VendorCall.objects.filter(reference__contains=str(job.batches.get().pk)).count() == 3
    assert Credit.objects.get(user=alice).reserved == 0
