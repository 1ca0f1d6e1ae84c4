"""Sent, and no answer came: not asked again blindly, held for a day, then given back; never charged."""

from datetime import timedelta

import pytest

from atlas_site.vendors.errors import VendorOutcomeUnknown
from atlas_site.vendors.models import VendorCall
from credits.models import Credit, Quote
from properties.models import PropertyDatasetPermission, PropertyJob
from properties.services import jobs, refreshes, reveals, runner, unlocks

pytestmark = pytest.mark.django_db

LOOKUP = "property/lookup/all-attributes"


def run(job: PropertyJob, moment) -> PropertyJob:
    return runner.run_job(job_id=str(job.pk), now=lambda: moment)


@pytest.fixture
def unlock_job(carol, fund, phoenix, reveal, now, sandbox) -> PropertyJob:
    """An accepted unlock that nobody has begun."""
    fund(carol, 100)
    reveal(carol, phoenix, 1)
    permission = PropertyDatasetPermission.objects.get(user=carol)
    quote = unlocks.quote_unlock(user=carol, permission=permission, datasets=["DEED"], back_url="/", now=now)
    return jobs.accept_quote(user=carol, quote_id=quote.pk, now=now)


def test_a_lost_lookup_is_billed_once_at_most_and_given_back_after_a_day(unlock_job, carol, now, sandbox):
    billed = sandbox.bill()["results_billed"]
    sandbox.fail("cut-body", endpoint=LOOKUP)

    waiting = run(unlock_job, now)

    assert (waiting.state, waiting.answer_lost) == (PropertyJob.State.DELAYED, True)
    assert jobs.due_job_ids(now=now + timedelta(hours=23)) == []
    ended = run(unlock_job, now + timedelta(hours=24))
    assert ended.state == PropertyJob.State.FAILED
    assert ended.not_charged == {"sent to the data vendor, and no answer came": 1}
    assert sandbox.bill()["results_billed"] <= billed + 1
    wallet = Credit.objects.get(user=carol)
    assert (wallet.credit_available, wallet.reserved) == (99, 0)
    assert Quote.objects.get(pk=unlock_job.quote_id).captured == 0


def test_a_search_whose_answer_was_cut_keeps_what_came_before(carol, fund, phoenix, now, sandbox):
    fund(carol, 300)
    quote = reveals.quote_reveal(user=carol, query=phoenix, count=150, total=None, back_url="/", now=now)
    job = jobs.accept_quote(user=carol, quote_id=quote.pk, now=now)
    runner.claim_job(job_id=str(job.pk), now=now)
    first_page = reveals.reveal_next_page(job=PropertyJob.objects.get(pk=job.pk), now=now)
    assert first_page.hit_count == 100
    sandbox.fail("cut-body")

    later = now + jobs.LEASE
    assert run(job, later).answer_lost
    ended = run(job, later + timedelta(hours=24))

    assert (ended.hit_count, ended.state) == (100, PropertyJob.State.FAILED)
    assert Credit.objects.get(user=carol).credit_available == 200
    assert PropertyDatasetPermission.objects.filter(user=carol).count() == 100


def test_a_search_that_was_answered_with_a_fault_is_asked_again(carol, fund, phoenix, now, sandbox):
    fund(carol, 100)
    quote = reveals.quote_reveal(user=carol, query=phoenix, count=5, total=None, back_url="/", now=now)
    job = jobs.accept_quote(user=carol, quote_id=quote.pk, now=now)
    sandbox.fail("502")

    waiting = run(job, now)

    assert (waiting.state, waiting.answer_lost) == (PropertyJob.State.DELAYED, False)
    assert run(job, waiting.due_at).hit_count == 5


@pytest.mark.parametrize("mode", ["500", "502", "504"])
def test_a_lookup_that_was_answered_with_a_fault_is_asked_again(mode, unlock_job, carol, now, sandbox):
    billed = sandbox.bill()["results_billed"]
    sandbox.fail(mode, endpoint=LOOKUP)

    waiting = run(unlock_job, now)
    assert (waiting.state, waiting.answer_lost, waiting.failures) == (PropertyJob.State.DELAYED, False, 1)
    ended = run(unlock_job, waiting.due_at)

    assert ended.state == PropertyJob.State.DONE
    assert sandbox.bill()["results_billed"] == billed + 1
    calls = VendorCall.objects.filter(reference__startswith=f"job:{unlock_job.pk}:").order_by("created_at")
    assert [(call.state, call.may_be_billed) for call in calls] == [("failed", True), ("answered", False)]
    assert Credit.objects.get(user=carol).reserved == 0


def test_a_refresh_that_was_answered_with_a_fault_is_asked_again(carol, unlock_job, now, sandbox):
    assert run(unlock_job, now).state == PropertyJob.State.DONE
    later = now + timedelta(days=40)
    permission = PropertyDatasetPermission.objects.get(user=carol)
    quote = refreshes.quote_refresh(user=carol, permission=permission, datasets=["BASIC"], back_url="/", now=later)
    job = jobs.accept_quote(user=carol, quote_id=quote.pk, now=later)
    sandbox.fail("500", endpoint=LOOKUP)

    waiting = run(job, later)

    assert (waiting.state, waiting.answer_lost) == (PropertyJob.State.DELAYED, False)
    assert run(job, waiting.due_at).state == PropertyJob.State.DONE


def test_a_worker_that_died_after_a_fault_leaves_nothing_lost(unlock_job, carol, now, sandbox):
    """The fault is on record, the job has not noted it: who takes over asks again."""
    sandbox.fail("500", endpoint=LOOKUP)
    taken = runner.claim_job(job_id=str(unlock_job.pk), now=now)
    with pytest.raises(VendorOutcomeUnknown):
        unlocks.unlock_datasets(job=taken, now=now)

    later = now + jobs.LEASE
    waiting = run(unlock_job, later)

    assert (waiting.state, waiting.answer_lost) == (PropertyJob.State.DELAYED, False)
    assert run(unlock_job, waiting.due_at).state == PropertyJob.State.DONE


def test_faults_without_end_are_given_up_and_given_back(unlock_job, carol, now, sandbox):
    sandbox.fail("500", endpoint=LOOKUP, times=100)
    moment, job = now, unlock_job
    while not (job := run(job, moment)).is_over:
        moment = job.due_at

    assert (job.state, moment - now < timedelta(minutes=10)) == (PropertyJob.State.FAILED, True)
    wallet = Credit.objects.get(user=carol)
    assert (wallet.credit_available, wallet.reserved) == (99, 0)
