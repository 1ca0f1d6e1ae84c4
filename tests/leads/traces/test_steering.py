"""What a user does with a job: pause, go on, stop, ask again, pay for the rest later; and who else may not."""

from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection
from django.urls import reverse

from credits import services as credit_services
from credits.models import Credit, Quote
from leads.models import Contact, Enrichment, EnrichmentBatch, RowState
from leads.selectors.trace_pages import csv_of_rows
from leads.selectors.traces import MOST_RETRIES, trace_progress
from leads.services import traces
from leads.services.traces import batches, ending, jobs
from tests.leads.traces.conftest import finish, make_list, start_trace, states_of, work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_lane")]


@pytest.fixture
def after_one_batch(monkeypatch):
    """Do something when the first batch of a job is done."""

    def arrange(act) -> None:
        finish_batch, done = batches._finish, []

        def finish_and_act(*arguments) -> None:
            finish_batch(*arguments)
            done.append(1)
            if len(done) == 1:
                act()

        monkeypatch.setattr(batches, "_finish", finish_and_act)

    return arrange


def test_a_pause_acts_within_a_batch_and_the_job_goes_on_where_it_was(alice, now, sandbox, after_one_batch):
    job = start_trace(alice, make_list(alice, 500), now)
    after_one_batch(lambda: traces.pause_trace(user=alice, enrichment_id=job.pk, now=now))
    job = work(job, now)

    assert (job.phase, states_of(job)[RowState.QUEUED]) == (Enrichment.Phase.PAUSED, 400)
    assert not traces.pause_trace(user=alice, enrichment_id=job.pk, now=now)
    assert traces.due_trace_ids(now=now + timedelta(hours=1)) == []
    assert states_of(work(job, now))[RowState.QUEUED] == 400
    progress = trace_progress(alice, job.pk)
    assert (progress.can_resume, progress.can_pause, progress.done) == (True, False, 100)

    assert traces.resume_trace(user=alice, enrichment_id=job.pk, now=now)
    job = work(job, now)
    assert job.status == Enrichment.Status.COMPLETED
    assert states_of(job).total() == 500
    assert credit_services.verify_books().is_sound


def test_a_job_that_stays_paused_gives_its_credits_back_after_three_days(alice, now, sandbox):
    job = start_trace(alice, make_list(alice, 50), now)
    traces.pause_trace(user=alice, enrichment_id=job.pk, now=now)
    later = now + timedelta(hours=73)
    credit_services.expire_quotes(now=later)
    job = finish(job, later)

    assert states_of(job) == {RowState.EXPIRED: 50}
    assert (job.status, sandbox.traced()) == (Enrichment.Status.COMPLETED, [])
    assert Credit.objects.get(user=alice).credit_available == 1_000


def test_a_stopped_job_finishes_what_is_under_way_and_gives_the_rest_back(alice, now, sandbox, after_one_batch):
    group = make_list(alice, 500)
    job = start_trace(alice, group, now)
    after_one_batch(lambda: traces.cancel_trace(user=alice, enrichment_id=job.pk, now=now))
    job = work(job, now)

    states = states_of(job)
    assert (job.status, job.phase) == (Enrichment.Status.COMPLETED, Enrichment.Phase.CANCELLED)
    assert states[RowState.CANCELLED] == 400
    quote = Quote.objects.get(pk=job.quote_ids[0])
    assert {"why": "stopped by you", "count": 400} in quote.not_charged
    assert quote.captured == -(-states[RowState.HIT] // 2)
    assert not traces.cancel_trace(user=alice, enrichment_id=job.pk, now=now)
    assert len(sandbox.traced()) < 100
    assert traces.count_traceable(user=alice, group=group, now=now).to_ask == 400
    assert credit_services.verify_books().is_sound


def test_a_job_is_stopped_also_when_nobody_works_on_it(alice, now, sandbox):
    job = start_trace(alice, make_list(alice, 150), now)
    assert traces.cancel_trace(user=alice, enrichment_id=job.pk, now=now)
    job = finish(job, now)
    assert (states_of(job), sandbox.traced()) == ({RowState.CANCELLED: 150}, [])
    assert Credit.objects.get(user=alice).reserved == 0


def test_a_job_that_is_being_stopped_takes_no_further_quote_until_that_is_done(client, alice, now, sandbox):
    job = start_trace(alice, make_list(alice, 30), now, most=10)
    rest = traces.quote_rest(user=alice, enrichment_id=job.pk, now=now)
    EnrichmentBatch.objects.filter(enrichment=job, quote_id=job.quote_ids[0]).update(
        lease_until=now + timedelta(minutes=1)
    )  # a worker has it
    traces.cancel_trace(user=alice, enrichment_id=job.pk, now=now)
    with pytest.raises(traces.TraceStopping):
        traces.accept_trace(user=alice, quote_id=rest.pk, now=now)
    assert (Quote.objects.get(pk=rest.pk).status, Credit.objects.get(user=alice).reserved) == ("offered", 5)
    client.force_login(alice)
    answer = client.post(reverse("leads:accept-trace", args=[rest.pk]), follow=True)
    assert "is being stopped" in answer.content.decode()

    later = now + timedelta(minutes=2)
    assert states_of(finish(job, later))[RowState.CANCELLED] == 10
    assert EnrichmentBatch.objects.get(enrichment=job, quote_id=job.quote_ids[0]).skipped_count == 10
    assert traces.accept_trace(user=alice, quote_id=rest.pk, now=later).phase == Enrichment.Phase.RUNNING


def test_a_job_of_long_ago_is_not_joined_because_no_sweep_would_find_it(alice, now, sandbox):
    job = start_trace(alice, make_list(alice, 30), now, most=10)
    for days, is_joined in ((29, True), (31, False)):
        Enrichment.objects.filter(pk=job.pk).update(created_at=now - timedelta(days=days))
        rest = traces.quote_rest(user=alice, enrichment_id=job.pk, now=now)
        assert (rest.subject["enrichment"] == str(job.pk)) is is_joined


def test_too_few_credits_offer_what_fits_and_the_rest_joins(carol, fund, now, sandbox):
    group = make_list(fund(carol, 30), 200)
    offer = traces.quote_trace(user=carol, group=group, now=now)
    with pytest.raises(credit_services.NotEnoughCredits):
        traces.accept_trace(user=carol, quote_id=offer.pk, now=now)
    assert Credit.objects.get(user=carol).reserved == 0

    part = traces.quote_what_fits(user=carol, quote_id=offer.pk, now=now)
    assert part.max_cost == 30
    job = traces.accept_trace(user=carol, quote_id=part.pk, now=now)
    assert job.total_leads == 60
    assert traces.accept_trace(user=carol, quote_id=part.pk, now=now).pk == job.pk
    assert traces.count_traceable(user=carol, group=group, now=now).under_way == 60
    job = work(job, now)
    assert job.is_over

    credit_services.grant(user_id=carol.pk, amount=100, bucket="purchased", source="more", reason="Pack", now=now)
    rest = traces.quote_rest(user=carol, enrichment_id=job.pk, now=now)
    assert rest.lines[0]["units"] == 140
    joined = traces.accept_trace(user=carol, quote_id=rest.pk, now=now)
    assert (joined.pk, joined.status) == (job.pk, Enrichment.Status.PROCESSING)
    job = work(joined, now)
    assert (job.status, states_of(job).total(), len(job.quote_ids)) == (Enrichment.Status.COMPLETED, 200, 2)
    assert not states_of(job)[RowState.QUEUED]
    with pytest.raises(traces.NothingToTrace):
        traces.quote_rest(user=carol, enrichment_id=job.pk, now=now)
    # Splitting work costs what doing it at once would have cost.
    captured = sum(Quote.objects.filter(pk__in=job.quote_ids).values_list("captured", flat=True))
    assert captured == -(-states_of(job)[RowState.HIT] // 2)
    assert credit_services.verify_books().is_sound


def test_two_jobs_about_the_same_people_charge_them_once(alice, now, sandbox):
    group = make_list(alice, 40)
    quotes = [traces.quote_trace(user=alice, group=group, now=now) for _ in range(2)]
    first, second = [traces.accept_trace(user=alice, quote_id=quote.pk, now=now) for quote in quotes]
    work(second, now)
    billed = sandbox.traced()
    first = work(first, now)

    assert states_of(first)[RowState.YOURS] == states_of(second)[RowState.HIT] > 10
    assert (Quote.objects.get(pk=quotes[0].pk).captured, sandbox.traced()) == (0, billed)


def test_every_contact_of_a_person_gets_the_numbers_and_keeps_its_own(alice, now, sandbox):
    group = make_list(alice, 20)
    copy = make_list(alice, 20, name="The same people")
    own = [{"number": "6145550174", "source": "file"}]
    Contact.objects.filter(lead_group=copy).update(phones=own, phone="6145550174")
    both = [str(pk) for pk in Contact.objects.filter(user=alice).values_list("pk", flat=True)]

    quote = traces.quote_trace(user=alice, group=group, contact_ids=both, now=now)
    assert quote.lines[0]["units"] == 20, "those of another list are not of this one"
    job = work(traces.accept_trace(user=alice, quote_id=quote.pk, now=now), now)

    hits = states_of(job)[RowState.HIT]
    shown = Contact.objects.filter(lead_group=copy, trace_outcome="hit")
    assert shown.count() == hits
    for contact in shown:
        numbers = [phone["number"] for phone in contact.phones]
        assert "6145550174" in numbers
        assert len(numbers) > 1
    count = traces.count_traceable(user=alice, group=copy, now=now)
    assert (count.to_ask, count.has_phone, count.yours) == (0, 20, hits)


def test_who_has_a_number_can_be_left_out_and_what_cannot_be_traced_is(alice, now, sandbox):
    group = make_list(alice, 12)
    first, second, *_ = Contact.objects.filter(lead_group=group).order_by("pk")
    Contact.objects.filter(pk=first.pk).update(phone="6145550174", phones=[{"number": "6145550174"}])
    Contact.objects.filter(pk=second.pk).update(address=None, apn=None)
    count = traces.count_traceable(user=alice, group=group, skips_with_phone=True, now=now)
    assert (count.total, count.to_ask, count.left_out, count.untraceable) == (12, 10, 1, 1)
    assert traces.quote_trace(user=alice, group=group, skips_with_phone=True, now=now).lines[0]["units"] == 10
    assert traces.quote_trace(user=alice, group=group, most=3, now=now).lines[0]["units"] == 3


def test_nobody_steers_the_job_of_another(alice, bob, now, sandbox):
    group = make_list(alice, 5)
    quote = traces.quote_trace(user=alice, group=group, now=now)
    with pytest.raises(credit_services.QuoteNotFound):
        traces.accept_trace(user=bob, quote_id=quote.pk, now=now)
    job = traces.accept_trace(user=alice, quote_id=quote.pk, now=now)
    for steer in (traces.pause_trace, traces.resume_trace, traces.cancel_trace, traces.retry_trace):
        with pytest.raises(traces.TraceNotFound):
            steer(user=bob, enrichment_id=job.pk, now=now)
    assert trace_progress(bob, job.pk) is None


def test_offers_that_nobody_accepts_leave_nothing(alice, now, sandbox):
    group = make_list(alice, 150)
    traces.quote_trace(user=alice, group=group, now=now)
    accepted = start_trace(alice, group, now)
    assert EnrichmentBatch.objects.count() == 4
    assert traces.drop_unaccepted(now=now) == 0
    assert traces.drop_unaccepted(now=now + timedelta(hours=1)) == 2
    assert {batch.enrichment_id for batch in EnrichmentBatch.objects.all()} == {accepted.pk}


def test_a_contact_that_was_removed_meanwhile_is_not_asked_for(alice, now, sandbox):
    group = make_list(alice, 10)
    job = start_trace(alice, group, now)
    Contact.objects.filter(lead_group=group).delete()
    job = work(job, now)
    assert (states_of(job), sandbox.traced()) == ({RowState.CANCELLED: 10}, [])
    assert Credit.objects.get(user=alice).credit_available == 1_000


def test_who_is_asked_again_counts_once_and_three_times_at_most(alice, now, sandbox):
    group = make_list(alice, 5)
    job = start_trace(alice, group, now)
    for retries in range(MOST_RETRIES + 1):
        sandbox.fail("junk-body", times=5)
        job = finish(job, now)
        progress = trace_progress(alice, job.pk, now=now)
        assert (progress.total, progress.counts) == (5, {RowState.ERROR: 5})
        assert progress.can_retry == (retries < MOST_RETRIES)
        assert len(list(csv_of_rows(job, RowState.ERROR))) == 1 + 5
        if progress.can_retry:
            quote = traces.retry_trace(user=alice, enrichment_id=job.pk, now=now)
            assert quote is not None
            job = traces.accept_trace(user=alice, quote_id=quote.pk, now=now)
            progress = trace_progress(alice, job.pk, now=now)
            assert (progress.total, progress.counts, progress.can_retry) == (5, {RowState.QUEUED: 5}, False)

    with pytest.raises(traces.NothingToTrace):
        traces.retry_trace(user=alice, enrichment_id=job.pk, now=now)
    assert len(job.quote_ids) == 1 + MOST_RETRIES
    wallet = Credit.objects.get(user=alice)
    assert (wallet.credit_available, wallet.reserved) == (1_000, 0)
    assert credit_services.verify_books().is_sound


def test_a_batch_whose_credits_are_held_is_asked_again_three_times_at_most(alice, now, sandbox):
    job = start_trace(alice, make_list(alice, 5), now)
    batch = job.batches.get()
    for requeued in [True] * MOST_RETRIES + [False]:
        rows = [{**row, "state": RowState.ERROR.value} for row in batch.rows]
        failed = {"phase": "failed", "rows": rows, "counts": {"error": 5}}
        EnrichmentBatch.objects.filter(pk=batch.pk).update(**failed)
        if requeued:
            assert traces.retry_trace(user=alice, enrichment_id=job.pk, now=now) is None
            assert states_of(job) == {RowState.QUEUED: 5}
        else:
            with pytest.raises(traces.NothingToTrace):
                traces.retry_trace(user=alice, enrichment_id=job.pk, now=now)


def fail_all(job: Enrichment, **values) -> None:
    """Let the only batch of a job have failed, whose credits are held."""
    rows = [{**row, "state": RowState.ERROR.value} for row in job.batches.get().rows]
    failed = {"phase": "failed", "status": "failed", "rows": rows, "counts": {"error": len(rows)}, "due_at": None}
    job.batches.update(**failed, **values)


@pytest.fixture
def meanwhile(monkeypatch):
    """Let another process do something in the midst of a function, the first time that it calls another one."""

    def arrange(module, called: str, act) -> list[object]:
        call, done = getattr(module, called), []

        def other() -> None:
            done.append(act())
            connection.close()

        def act_first(*arguments):
            if not done:
                thread = Thread(target=other)
                thread.start()
                thread.join()
            return call(*arguments)

        monkeypatch.setattr(module, called, act_first)
        return done

    return arrange


def test_a_retry_that_comes_with_the_end_of_its_job_leaves_no_batch_open_in_it(alice, now, sandbox, meanwhile):
    job = start_trace(alice, make_list(alice, 5), now)
    fail_all(job)
    has_ended = meanwhile(jobs, "counts_of", lambda: ending.end_quotes(job=job, now=now))
    quote = traces.retry_trace(user=alice, enrichment_id=job.pk, now=now)

    assert has_ended == [True]
    assert (quote.status, quote.subject["enrichment"]) == ("offered", str(job.pk))
    job = Enrichment.objects.get(pk=job.pk)
    assert (job.is_over, states_of(job)[RowState.ERROR]) == (True, 5)
    assert not EnrichmentBatch.objects.filter(quote_id__in=job.quote_ids, status="pending").exists()
    assert Credit.objects.get(user=alice).reserved == 0


def test_a_job_that_comes_to_its_end_with_a_retry_goes_on(alice, now, sandbox, meanwhile):
    job = start_trace(alice, make_list(alice, 5), now)
    fail_all(job)
    retry = {"user": alice, "enrichment_id": job.pk, "now": now}
    retried = meanwhile(ending, "_priced_counts", lambda: traces.retry_trace(**retry))

    assert not ending.end_quotes(job=job, now=now)
    assert retried == [None]
    job = Enrichment.objects.get(pk=job.pk)
    assert (job.is_over, states_of(job)) == (False, {RowState.QUEUED: 5})
    assert Quote.objects.get(pk=job.quote_ids[0]).status == Quote.Status.ACCEPTED
    assert states_of(finish(job, now))[RowState.HIT] > 0
    assert credit_services.verify_books().is_sound


def test_the_attempts_of_a_batch_that_was_given_up_are_counted_anew_when_it_is_asked_again(alice, now, sandbox):
    job = start_trace(alice, make_list(alice, 5), now)
    fail_all(job, attempt=batches.ATTEMPTS_BEFORE_GIVING_UP + 1)
    assert traces.retry_trace(user=alice, enrichment_id=job.pk, now=now) is None
    assert states_of(work(job, now))[RowState.HIT] > 0
    attempts = job.batches.get().attempt
    assert attempts == batches.ATTEMPTS_BEFORE_GIVING_UP + 2, "no worker of before holds the lease of one that is due"
