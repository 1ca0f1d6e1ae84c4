"""Jobs that end early or hand on: the vendor is asked nothing that nobody pays for, and no job is tried for ever."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from pymongo.errors import PyMongoError

from credits import services as credit_services
from credits.models import Credit, Quote
from properties.models import Property, PropertyDatasetPermission, PropertyJob
from properties.selectors.vendor_bill import expect_bill
from properties.services import allowances, jobs, reveals, runner, unlocks
from tests.failpoints import fail_commands

pytestmark = pytest.mark.django_db

State = PropertyJob.State


@pytest.fixture
def accept(fund, phoenix, now):
    """Fund a user, and quote and accept a reveal that nobody has begun."""

    def run(user, count=10, query=phoenix) -> PropertyJob:
        fund(user, 1000)
        quote = reveals.quote_reveal(user=user, query=query, count=count, total=None, back_url="/", now=now)
        return jobs.accept_quote(user=user, quote_id=quote.pk, now=now)

    return run


def test_nothing_is_asked_of_the_vendor_once_the_hold_is_over(carol, accept, sandbox):
    job = accept(carol)
    over = Quote.objects.get(pk=job.quote_id).hold_until

    ended = runner.run_job(job_id=str(job.pk), now=lambda: over)

    assert (ended.state, ended.hit_count) == (State.FAILED, 0)
    assert sandbox.bill()["results_billed"] == 0
    wallet = Credit.objects.get(user=carol)
    assert (wallet.credit_available, wallet.reserved) == (1000, 0)


def test_a_hold_that_the_sweep_gave_back_ends_its_job_too(carol, accept, sandbox):
    job = accept(carol)
    over = Quote.objects.get(pk=job.quote_id).hold_until
    credit_services.expire_quotes(now=over)

    ended = runner.run_job(job_id=str(job.pk), now=lambda: over)

    assert ended.state == State.FAILED
    assert sandbox.bill()["results_billed"] == 0
    assert Credit.objects.get(user=carol).credit_available == 1000


def test_what_comes_while_the_hold_ends_is_free_and_says_so(carol, accept, now, sandbox):
    job = jobs.claim_job(job_id=str(accept(carol).pk), now=now)
    credit_services.release(quote_id=job.quote_id, cause="expired", now=now)

    done = reveals.reveal_next_page(job=job, now=now)

    assert {row["outcome"] for row in done.rows} == {"delivered late"}
    assert PropertyDatasetPermission.objects.filter(user=carol).count() == 10
    assert Credit.objects.get(user=carol).credit_available == 1000
    bill = expect_bill(since=now - timedelta(days=1), until=now + timedelta(days=1))
    assert sum(bill.by_cause["delivered late"].values()) == 10


def test_a_job_that_never_gets_through_a_step_is_given_up(carol, accept, now, sandbox):
    job = accept(carol)
    PropertyJob.objects.filter(pk=job.pk).update(attempt=runner.ATTEMPTS_BEFORE_GIVING_UP)

    ended = runner.run_job(job_id=str(job.pk), now=lambda: now)

    assert ended.state == State.FAILED
    assert sandbox.bill()["results_billed"] == 0
    assert Credit.objects.get(user=carol).reserved == 0


def test_a_search_that_may_not_be_asked_any_more_is_given_up_at_once(carol, accept, now, sandbox):
    job = accept(carol)
    subject = {**job.subject, "criteria": {"general": {"no such field": {"equals": "1"}}}}
    PropertyJob.objects.filter(pk=job.pk).update(subject=subject)

    ended = runner.run_job(job_id=str(job.pk), now=lambda: now)

    assert ended.state == State.FAILED
    assert Credit.objects.get(user=carol).reserved == 0


def test_a_big_job_hands_itself_on_and_is_finished_by_the_next_worker(carol, accept, now, sandbox):
    job = accept(carol, count=120)  # two pages
    clock = iter([now, now, now + runner.STINT])

    waiting = runner.run_job(job_id=str(job.pk), now=lambda: next(clock))

    assert (waiting.state, waiting.hit_count) == (State.QUEUED, 100)
    later = now + runner.STINT
    assert jobs.due_job_ids(now=later) == [str(job.pk)]
    done = runner.run_job(job_id=str(job.pk), now=lambda: later)
    assert (done.state, done.hit_count) == (State.DONE, 120)
    assert sandbox.bill()["results_billed"] == 120


def test_a_page_that_came_forgives_earlier_failures(carol, accept, now, sandbox):
    job = accept(carol, count=120)
    sandbox.fail("wallet-empty", times=1)
    delayed = runner.run_job(job_id=str(job.pk), now=lambda: now)
    assert (delayed.state, delayed.failures) == (State.DELAYED, 1)
    clock = iter([delayed.due_at, delayed.due_at, delayed.due_at + runner.STINT])

    waiting = runner.run_job(job_id=str(job.pk), now=lambda: next(clock))

    assert (waiting.hit_count, waiting.failures, waiting.problem) == (100, 0, "")


def test_a_reveal_adds_to_what_another_program_says_is_owned(carol, accept, reveal, bob, phoenix, fund, now, sandbox):
    fund(bob, 100)
    known = reveal(bob, phoenix, 1).rows[0]["propertyId"]
    PropertyDatasetPermission.objects.create(user=carol, property_id=known, datasets=["VALUATION"])

    done = runner.run_job(job_id=str(accept(carol).pk), now=lambda: now)

    assert (done.state, done.hit_count) == (State.DONE, 10)
    permission = PropertyDatasetPermission.objects.get(user=carol, property_id=known)
    assert permission.datasets == ["VALUATION", "BASIC"]
    assert permission.address


def test_the_house_pays_for_a_limited_number_of_records_that_are_owned_already(
    carol, accept, reveal, phoenix, fund, now, sandbox, settings, monkeypatch
):
    settings.OWNED_RECORDS_A_DAY = 20
    monkeypatch.setattr(reveals, "EXCLUDED_IDS", 0)  # as if all that is owned were beyond what the vendor leaves out
    fund(carol, 1000)
    reveal(carol, phoenix, 60)
    PropertyJob.objects.all().delete()  # else the next reveal goes on behind these

    first = runner.run_job(job_id=str(accept(carol).pk), now=lambda: now)

    assert (first.state, first.hit_count) == (State.FAILED, 0)
    assert "day" in first.problem
    assert first.not_charged == {"stopped, since too many that are yours came back": 10}
    assert sandbox.bill()["results_billed"] == 60 + 20
    assert allowances.owned_records_left(carol.pk, now) == 0
    assert Credit.objects.get(user=carol).reserved == 0

    second = runner.run_job(job_id=str(accept(carol).pk), now=lambda: now)
    assert (second.state, second.hit_count) == (State.FAILED, 0)
    assert sandbox.bill()["results_billed"] == 60 + 20, "nothing more is asked for today"

    tomorrow = now + timedelta(days=1)
    third = accept(carol)
    PropertyJob.objects.filter(pk=third.pk).update(created_at=tomorrow)
    third = runner.run_job(job_id=str(third.pk), now=lambda: tomorrow)
    assert third.cursor["resumed"], "it goes on where the first one stopped"
    assert allowances.owned_records_left(carol.pk, tomorrow) == 0


def test_an_unlock_that_dies_after_its_answer_still_says_that_it_was_billed(carol, reveal, fund, phoenix, now, sandbox):
    fund(carol, 100)
    property_id = reveal(carol, phoenix, 1).rows[0]["propertyId"]
    permission = PropertyDatasetPermission.objects.get(user=carol, property_id=property_id)
    quote = unlocks.quote_unlock(user=carol, permission=permission, datasets=["VALUATION"], back_url="/", now=now)
    job = jobs.accept_quote(user=carol, quote_id=quote.pk, now=now)
    with (
        fail_commands(connection.connection, "commitTransaction", times=1, errorCode=8000),
        pytest.raises((DatabaseError, PyMongoError)),
    ):
        runner.run_job(job_id=str(job.pk), now=lambda: now)
    assert Property.objects.get(property_id=property_id).answer_of("VALUATION"), "the answer is kept already"

    later = now + jobs.LEASE
    done = runner.run_job(job_id=str(job.pk), now=lambda: later)

    assert done.state == State.DONE
    assert [(row["dataset"], row["source"]) for row in done.rows] == [("VALUATION", "vendor")]
    assert sandbox.bill()["results_billed"] == 2


def test_a_quote_of_another_domain_is_not_accepted_here(carol, fund, now):
    fund(carol, 100)
    quote = credit_services.make_quote(
        user_id=carol.pk,
        kind="skiptrace",
        title="Trace a list",
        units={"SKIPTRACE": 2},
        subject={},
        accept_view="properties:accept-quote",
        now=now,
    )

    with pytest.raises(credit_services.QuoteNotFound):
        jobs.accept_quote(user=carol, quote_id=quote.pk, now=now)

    assert Credit.objects.get(user=carol).reserved == 0
