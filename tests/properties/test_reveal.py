"""Revealing: quoted, charged per record that is new, resumable, and free when the vendor fails."""

from datetime import timedelta

import pytest
from django.utils import timezone

from credits.models import Credit, Quote
from properties.models import Property, PropertyDatasetPermission, PropertyJob
from properties.services import jobs, reveals, runner

pytestmark = pytest.mark.django_db


def test_a_reveal_charges_what_came_and_gives_it_to_the_user(carol, fund, phoenix, reveal, sandbox):
    fund(carol, 100)

    job = reveal(carol, phoenix, 25)

    assert job.state == PropertyJob.State.DONE
    assert job.hit_count == 25
    assert PropertyDatasetPermission.objects.filter(user=carol, datasets=["BASIC"]).count() == 25
    assert Property.objects.count() == 25
    wallet = Credit.objects.get(user=carol)
    assert (wallet.credit_available, wallet.reserved) == (75, 0)
    quote = Quote.objects.get(pk=job.quote_id)
    assert (quote.status, quote.captured, quote.released) == ("settled", 25, 0)


def test_the_next_reveal_of_a_search_goes_on_where_the_last_one_stopped(carol, fund, phoenix, reveal, sandbox):
    fund(carol, 100)
    first = reveal(carol, phoenix, 20)
    second = reveal(carol, phoenix, 20)

    assert {row["propertyId"] for row in first.rows}.isdisjoint(row["propertyId"] for row in second.rows)
    assert PropertyDatasetPermission.objects.filter(user=carol).count() == 40
    assert sandbox.bill()["results_billed"] == 40


def test_a_quote_costs_the_house_nothing_until_it_is_accepted(carol, fund, phoenix, now, sandbox):
    fund(carol, 100)
    for _ in range(100):
        reveals.quote_reveal(user=carol, query=phoenix, count=10, total=None, back_url="/search/", now=now)

    assert sandbox.bill()["results_billed"] == 0
    assert Credit.objects.get(user=carol).credit_available == 100


def test_a_vendor_that_is_down_delays_the_job_and_charges_nothing(carol, fund, phoenix, now, sandbox):
    fund(carol, 100)
    quote = reveals.quote_reveal(user=carol, query=phoenix, count=10, total=None, back_url="/search/", now=now)
    job = jobs.accept_quote(user=carol, quote_id=quote.pk, now=now)
    sandbox.fail("wallet-empty", times=1)

    job = runner.run_job(job_id=str(job.pk), now=timezone.now)

    assert job.state == PropertyJob.State.DELAYED
    assert Credit.objects.get(user=carol).reserved == 10
    later = job.due_at + timedelta(seconds=1)
    job = runner.run_job(job_id=str(job.pk), now=lambda: later)
    assert (job.state, job.hit_count) == (PropertyJob.State.DONE, 10)


def test_a_job_that_never_gets_an_answer_ends_and_gives_everything_back(carol, fund, phoenix, now, sandbox):
    fund(carol, 100)
    quote = reveals.quote_reveal(user=carol, query=phoenix, count=10, total=None, back_url="/search/", now=now)
    job = jobs.accept_quote(user=carol, quote_id=quote.pk, now=now)
    sandbox.fail("wallet-empty", times=100)
    moment = now
    for _ in range(runner.FAILURES_BEFORE_GIVING_UP):
        job = runner.run_job(job_id=str(job.pk), now=lambda moment=moment: moment)
        moment = job.due_at + timedelta(seconds=1)

    assert job.state == PropertyJob.State.FAILED
    assert job.not_charged == {"the data vendor did not answer": 10}
    wallet = Credit.objects.get(user=carol)
    assert (wallet.credit_available, wallet.reserved) == (100, 0)


def test_accepting_twice_makes_one_job_and_holds_once(carol, fund, phoenix, now, sandbox):
    fund(carol, 100)
    quote = reveals.quote_reveal(user=carol, query=phoenix, count=10, total=None, back_url="/search/", now=now)

    first = jobs.accept_quote(user=carol, quote_id=quote.pk, now=now)
    second = jobs.accept_quote(user=carol, quote_id=quote.pk, now=now)

    assert first.pk == second.pk
    assert Credit.objects.get(user=carol).reserved == 10


def test_what_two_jobs_find_at_once_is_charged_once(carol, fund, phoenix, now, sandbox):
    fund(carol, 100)
    started = [
        jobs.accept_quote(
            user=carol,
            quote_id=reveals.quote_reveal(user=carol, query=phoenix, count=10, total=None, back_url="/", now=now).pk,
            now=now,
        )
        for _ in range(2)
    ]
    cursors = [reveals.start_cursor(job) for job in started]
    assert cursors[0] == cursors[1]

    done = [runner.run_job(job_id=str(job.pk), now=timezone.now) for job in started]

    assert [job.hit_count for job in done] == [10, 10]
    assert PropertyDatasetPermission.objects.filter(user=carol).count() == 20
    assert Credit.objects.get(user=carol).credit_available == 80


def test_a_cursor_that_the_vendor_does_not_know_any_more_is_left_for_the_top(carol, fund, phoenix, reveal, sandbox):
    fund(carol, 100)
    first = reveal(carol, phoenix, 3)
    cursor = {**PropertyJob.objects.get(pk=first.pk).cursor, "next": "expired-cursor"}
    PropertyJob.objects.filter(pk=first.pk).update(cursor=cursor)

    second = reveal(carol, phoenix, 3)
    third = reveal(carol, phoenix, 3)

    assert [(job.state, job.hit_count) for job in (second, third)] == [(PropertyJob.State.DONE, 3)] * 2
    assert PropertyDatasetPermission.objects.filter(user=carol).count() == 9
    assert Credit.objects.get(user=carol).credit_available == 91
    assert sandbox.bill()["results_billed"] == 9, "what is owned is left out at the top"


def test_a_search_that_the_vendor_refuses_at_the_top_too_ends(carol, fund, phoenix, reveal, now, sandbox):
    fund(carol, 100)
    first = reveal(carol, phoenix, 3)
    broken = {**PropertyJob.objects.get(pk=first.pk).cursor, "next": "expired-cursor"}
    PropertyJob.objects.filter(pk=first.pk).update(cursor=broken)
    quote = reveals.quote_reveal(user=carol, query=phoenix, count=3, total=None, back_url="/", now=now)
    job = jobs.accept_quote(user=carol, quote_id=quote.pk, now=now)
    claimed = jobs.claim_job(job_id=str(job.pk), now=now)

    again = reveals.reveal_next_page(job=claimed, now=now)

    assert (again.cursor["resumed"], again.cursor["next"], again.cursor["page"]) == (False, None, 2)
    jobs.save_progress(job=again, cursor={**again.cursor, "next": "expired-cursor"})
    ended = runner.run_job(job_id=str(job.pk), now=lambda: now + jobs.LEASE)
    assert (ended.state, ended.hit_count) == (PropertyJob.State.FAILED, 0)
    assert Credit.objects.get(user=carol).reserved == 0
