"""Big reveals: many pages and many at once, stopped in the middle, run dry, and resumed without paying twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from credits import services as credit_services
from credits.models import Credit, Quote
from properties.models import OwnedCell, PropertyDatasetPermission, PropertyJob
from properties.search.form import read_query
from properties.selectors.jobs import progress_of
from properties.services import jobs, parts, reveals, runner
from properties.services.counting import Count

pytestmark = pytest.mark.django_db

State = PropertyJob.State


def run(job: PropertyJob, moment) -> PropertyJob | None:
    return runner.run_job(job_id=str(job.pk), now=lambda: moment)


@pytest.fixture
def accept(now):
    """Quote and accept a reveal that nobody has begun."""

    def start(user, query, count, **values) -> PropertyJob:
        quote = reveals.quote_reveal(user=user, query=query, count=count, total=None, back_url="/", now=now, **values)
        return jobs.accept_quote(user=user, quote_id=quote.pk, now=now)

    return start


def market_of(sandbox, query) -> int:
    """How many properties match."""
    from atlas_site.vendors import batchdata

    return batchdata.count_properties(query.criteria()).total_count


@pytest.fixture
def arizona():
    return read_query({"q": ["Arizona"]})


def test_many_pages_are_charged_and_given_once_each(carol, fund, arizona, accept, now, sandbox):
    fund(carol, 1000)

    job = run(accept(carol, arizona, 350), now)

    assert (job.state, job.hit_count, len(job.rows)) == (State.DONE, 350, 350)
    assert len({row["propertyId"] for row in job.rows}) == 350
    assert PropertyDatasetPermission.objects.filter(user=carol).count() == 350
    assert sandbox.bill()["results_billed"] == 350
    assert Credit.objects.get(user=carol).credit_available == 650
    cells = OwnedCell.objects.filter(user=carol, zoom=OwnedCell.objects.order_by("zoom").first().zoom)
    assert sum(cell.count for cell in cells) == 350
    assert credit_services.verify_books().is_sound


def test_no_more_than_ten_thousand_are_offered_and_never_more_than_are_known_to_match(carol, arizona, now):
    def offered(count, total):
        return reveals.quote_reveal(user=carol, query=arizona, count=count, total=total, back_url="/", now=now).subject[
            "count"
        ]

    assert offered(20_000, None) == 10_000
    assert offered(500, Count(120)) == 120
    assert offered(500, Count(120, is_exact=False)) == 159, "as many as a rounded and moved total can be"
    assert offered(500, Count(None, is_exact=False, below=10)) == 9
    with pytest.raises(reveals.NothingToReveal):
        offered(500, Count(0))


def test_a_search_that_runs_dry_gives_the_rest_back_with_the_reason(carol, fund, accept, now, sandbox):
    query = read_query({"q": ["85007"]})
    there = market_of(sandbox, query)
    assert 0 < there < 200
    fund(carol, 1000)

    job = run(accept(carol, query, 200), now)

    assert (job.state, job.hit_count) == (State.DONE, there)
    assert job.not_charged == {"no more matches were found": 200 - there}
    assert Credit.objects.get(user=carol).credit_available == 1000 - there
    again = run(accept(carol, query, 10), now)
    assert (again.hit_count, again.not_charged) == (0, {"no more matches were found": 10})
    assert sandbox.bill()["results_billed"] == there, "what is owned there is left out by the vendor"


def test_of_many_reveals_at_the_same_instant_one_fetches_and_the_others_follow(
    carol, fund, phoenix, accept, now, sandbox
):
    fund(carol, 1000)
    accepted = [accept(carol, phoenix, 20) for _ in range(8)]

    def begin(job) -> bool:
        try:
            return jobs.claim_job(job_id=str(job.pk), now=now) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(begin, accepted))

    assert sum(claimed) == 1
    moment = now + jobs.LEASE
    for _ in range(20):
        for job_id in jobs.due_job_ids(now=moment):
            runner.run_job(job_id=job_id, now=lambda moment=moment: moment)
        moment += jobs.TURN_WAIT
    assert {job.hit_count for job in PropertyJob.objects.filter(user=carol)} == {20}
    assert PropertyDatasetPermission.objects.filter(user=carol).count() == 160
    assert sandbox.bill()["results_billed"] == 160


def test_a_reveal_between_two_stints_of_another_waits(carol, fund, phoenix, accept, now, sandbox):
    fund(carol, 1000)
    big, small = accept(carol, phoenix, 120), accept(carol, phoenix, 10)
    clock = iter([now, now, now + runner.STINT])
    paused = runner.run_job(job_id=str(big.pk), now=lambda: next(clock))
    assert (paused.state, paused.hit_count) == (State.QUEUED, 100)

    later = now + runner.STINT
    assert run(small, later) is None
    assert "begins when your other one is over" in progress_of(PropertyJob.objects.get(pk=small.pk), later).waits_for
    assert run(big, later).hit_count == 120
    assert run(small, later + jobs.TURN_WAIT).hit_count == 10
    assert sandbox.bill()["results_billed"] == 130


def test_stopping_ends_after_the_page_that_was_asked_for(carol, fund, phoenix, accept, now, sandbox):
    fund(carol, 1000)
    job = accept(carol, phoenix, 300)
    clock = iter([now, now, now + runner.STINT])
    runner.run_job(job_id=str(job.pk), now=lambda: next(clock))  # one page, then it hands itself on

    assert jobs.cancel_job(user=carol, job_id=job.pk, now=now)
    assert not jobs.cancel_job(user=carol, job_id=job.pk, now=now), "once is enough"
    ended = run(job, now + runner.STINT)

    assert (ended.state, ended.hit_count) == (State.FAILED, 100)
    assert ended.not_charged == {"stopped by you": 200}
    assert sandbox.bill()["results_billed"] == 100
    wallet = Credit.objects.get(user=carol)
    assert (wallet.credit_available, wallet.reserved) == (900, 0)
    follower = run(accept(carol, phoenix, 10), now + runner.STINT)
    assert (follower.hit_count, follower.cursor["owned"]) == (10, 0), "the next reveal goes on behind it"


def test_stopping_while_a_page_is_under_way_still_delivers_it(carol, fund, phoenix, accept, now, sandbox):
    fund(carol, 1000)
    accepted = accept(carol, phoenix, 300)
    claimed = jobs.claim_job(job_id=str(accepted.pk), now=now)
    jobs.cancel_job(user=carol, job_id=accepted.pk, now=now)
    after_page = reveals.reveal_next_page(job=claimed, now=now)
    assert after_page.hit_count == 100

    ended = run(accepted, now + jobs.LEASE)

    assert (ended.hit_count, ended.not_charged) == (100, {"stopped by you": 200})
    assert sandbox.bill()["results_billed"] == 100


def test_a_page_that_was_answered_before_its_worker_died_is_delivered_though_the_job_was_stopped(
    carol, fund, phoenix, accept, now, sandbox
):
    from properties.services import pages

    fund(carol, 1000)
    accepted = accept(carol, phoenix, 300)
    claimed = jobs.claim_job(job_id=str(accepted.pk), now=now)
    claimed = jobs.save_progress(job=claimed, cursor={**reveals.start_cursor(claimed), "began": now.isoformat()})
    pages._ask(claimed, now)  # the worker dies here, with the answer on record
    jobs.cancel_job(user=carol, job_id=accepted.pk, now=now)

    ended = run(accepted, now + jobs.LEASE)

    assert (ended.hit_count, ended.not_charged) == (100, {"stopped by you": 200})
    assert sandbox.bill()["results_billed"] == 100


def test_a_page_that_was_answered_before_the_hold_ended_is_delivered_free(carol, fund, phoenix, accept, now, sandbox):
    from properties.services import pages

    fund(carol, 1000)
    accepted = accept(carol, phoenix, 150)
    claimed = jobs.claim_job(job_id=str(accepted.pk), now=now)
    claimed = jobs.save_progress(job=claimed, cursor={**reveals.start_cursor(claimed), "began": now.isoformat()})
    pages._ask(claimed, now)
    over = Quote.objects.get(pk=accepted.quote_id).hold_until
    credit_services.expire_quotes(now=over)

    ended = run(accepted, over)

    assert (ended.state, ended.hit_count) == (State.FAILED, 100)
    assert {row["outcome"] for row in ended.rows} == {"delivered late"}
    assert PropertyDatasetPermission.objects.filter(user=carol).count() == 100
    assert Credit.objects.get(user=carol).credit_available == 1000
    assert sandbox.bill()["results_billed"] == 100


def test_a_job_that_waits_for_its_turn_is_stopped_at_once(carol, fund, phoenix, accept, now, sandbox):
    fund(carol, 1000)
    running, waiting = accept(carol, phoenix, 10), accept(carol, phoenix, 10)
    assert jobs.claim_job(job_id=str(running.pk), now=now) is not None

    jobs.cancel_job(user=carol, job_id=waiting.pk, now=now)
    ended = run(waiting, now)

    assert (ended.state, ended.not_charged) == (State.FAILED, {"stopped by you": 10})
    assert sandbox.bill()["results_billed"] == 0


def test_nobody_stops_the_job_of_another(client, carol, bob, fund, phoenix, accept, now):
    fund(carol, 100)
    job = accept(carol, phoenix, 10)
    client.force_login(bob)

    assert client.post(f"/jobs/{job.pk}/cancel/").status_code == 404
    assert not jobs.cancel_job(user=bob, job_id=job.pk, now=now)
    assert PropertyJob.objects.get(pk=job.pk).cancelled_at is None


def test_the_page_of_a_job_shows_how_far_it_is_and_stops_it(client, carol, fund, phoenix, accept, now):
    fund(carol, 1000)
    job = accept(carol, phoenix, 300)
    clock = iter([now, now, now + runner.STINT])
    paused = runner.run_job(job_id=str(job.pk), now=lambda: next(clock))
    assert progress_of(paused, now + timedelta(seconds=90)).time_left == "about 4 minutes left"
    client.force_login(carol)

    page = client.get(f"/jobs/{job.pk}/").content.decode()
    assert "100 of 300" in page
    assert "Charged so far" in page
    assert f'action="/jobs/{job.pk}/cancel/"' in page
    answer = client.post(f"/jobs/{job.pk}/cancel/")
    assert answer.headers["Location"] == f"/jobs/{job.pk}/"
    page = client.get(f"/jobs/{job.pk}/").content.decode()
    assert "Stopping" in page
    assert "/cancel/" not in page


def test_an_offer_that_is_over_is_made_again_with_what_was_chosen(client, carol, fund, phoenix, reveal, now):
    fund(carol, 100)
    reveal(carol, phoenix, 1)
    whole = reveals.quote_reveal(
        user=carol, query=phoenix, count=25, total=None, back_url="/search/", now=now - timedelta(days=2)
    )
    client.force_login(carol)

    page = client.get(f"/quotes/{whole.pk}/").content.decode()
    assert f'action="/quotes/{whole.pk}/again/"' in page
    answer = client.post(f"/quotes/{whole.pk}/again/")

    again = Quote.objects.exclude(pk=whole.pk).get(status="offered")
    assert answer.headers["Location"] == f"/quotes/{again.pk}/"
    assert again.subject == whole.subject
    assert parts.quote_again(user=carol, quote_id=whole.pk, now=timezone.now()).max_cost == 25
