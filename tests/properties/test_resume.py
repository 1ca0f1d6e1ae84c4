"""A job that dies at any point goes on where it stopped: nothing is paid, charged or given twice."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from pymongo.errors import PyMongoError

from credits.models import Credit, CreditLog
from credits.services import verify_books
from properties.models import PropertyDatasetPermission, PropertyJob
from properties.services import jobs, reveals, runner
from tests.failpoints import fail_commands

pytestmark = pytest.mark.django_db

BROKEN = {"errorCode": 8000}  # no label: nothing retries it


@pytest.fixture
def accepted(carol, fund, phoenix, now, sandbox) -> PropertyJob:
    """A reveal of 10 that nobody has begun."""
    fund(carol, 100)
    quote = reveals.quote_reveal(user=carol, query=phoenix, count=10, total=None, back_url="/", now=now)
    return jobs.accept_quote(user=carol, quote_id=quote.pk, now=now)


@pytest.mark.parametrize("command", ["commitTransaction", "insert", "findAndModify", "update", "find", "aggregate"])
@pytest.mark.parametrize("times", [1, 2, 4])
def test_a_worker_that_dies_is_followed_by_one_that_finishes(command, times, accepted, carol, now, sandbox):
    client = connection.connection
    with fail_commands(client, command, times=times, **BROKEN) as fault:
        for attempt in range(12):
            moment = now + timedelta(minutes=6 * attempt)
            try:
                job = runner.run_job(job_id=str(accepted.pk), now=lambda moment=moment: moment)
            except (DatabaseError, PyMongoError):
                continue
            if job is not None and job.is_over:
                break

    assert fault.count == times
    job = PropertyJob.objects.get(pk=accepted.pk)
    assert (job.state, job.hit_count) == (PropertyJob.State.DONE, 10)
    assert PropertyDatasetPermission.objects.filter(user=carol).count() == 10
    assert sandbox.bill()["results_billed"] == 10
    wallet = Credit.objects.get(user=carol)
    assert (wallet.credit_available, wallet.reserved) == (90, 0)
    assert CreditLog.objects.filter(key__startswith=f"capture:{job.quote_id}").count() == 1
    assert verify_books().is_sound


def test_a_worker_that_lost_its_lease_changes_nothing(accepted, carol, now, sandbox):
    slow = jobs.claim_job(job_id=str(accepted.pk), now=now)
    later = now + jobs.LEASE + timedelta(seconds=1)
    done = runner.run_job(job_id=str(accepted.pk), now=lambda: later)
    balance = Credit.objects.get(user=carol).credit_available

    with pytest.raises(jobs.LeaseLost):
        reveals.reveal_next_page(job=slow, now=later)

    assert done.state == PropertyJob.State.DONE
    assert Credit.objects.get(user=carol).credit_available == balance
    assert PropertyDatasetPermission.objects.filter(user=carol).count() == 10


def test_two_workers_never_hold_one_job(accepted, now):
    first = jobs.claim_job(job_id=str(accepted.pk), now=now)

    assert first is not None
    assert jobs.claim_job(job_id=str(accepted.pk), now=now) is None
    assert jobs.due_job_ids(now=now) == []
    assert jobs.due_job_ids(now=now + jobs.LEASE) == [str(accepted.pk)]


def test_a_reveal_waits_for_another_one_of_the_same_user(accepted, bob, carol, fund, phoenix, now, sandbox):
    def accept_another(user) -> str:
        quote = reveals.quote_reveal(user=user, query=phoenix, count=10, total=None, back_url="/", now=now)
        return str(jobs.accept_quote(user=user, quote_id=quote.pk, now=now).pk)

    hers, his = accept_another(carol), accept_another(fund(bob, 50))
    assert jobs.claim_job(job_id=str(accepted.pk), now=now) is not None

    assert jobs.claim_job(job_id=hers, now=now) is None
    assert jobs.claim_job(job_id=his, now=now) is not None
    dead = now + jobs.LEASE
    assert jobs.claim_job(job_id=hers, now=dead) is None, "the first one is not over, though its worker is gone"
    assert runner.run_job(job_id=str(accepted.pk), now=lambda: dead).is_over
    assert runner.run_job(job_id=hers, now=lambda: dead + jobs.TURN_WAIT).hit_count == 10
    assert sandbox.bill()["results_billed"] == 20
