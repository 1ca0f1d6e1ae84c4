"""Reveals by conditions on locked data: what they do not find, or find to be the user's, tells as little as it can."""

import re
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.urls import reverse
from django.utils.html import escape
from pymongo.errors import PyMongoError

from atlas_site.vendors import batchdata
from credits.models import Credit, Quote
from properties.models import PropertyJob, SavedSearchRun
from properties.search.facts import facts_of
from properties.search.filters import FILTERS_BY_NAME
from properties.search.form import read_query
from properties.selectors.owned import revealed_by
from properties.services import jobs, reveals, runner, searches, watches
from properties.services.allowances import EMPTY_REVEAL, EmptyRevealsSpent, used
from properties.services.pages import NOTHING_NEW
from tests.failpoints import fail_commands

pytestmark = pytest.mark.django_db

PLACE = {"q": ["Phoenix, AZ"]}
# Nobody owns more of a house than all of it.
NOTHING = read_query({**PLACE, "equity_min": ["101"]})
SOMETHING = read_query({**PLACE, "equity_min": ["40"]})


@pytest.fixture(autouse=True)
def funded(alice, fund, sandbox):
    """Credits to reveal with."""
    return fund(alice, 1000)


@pytest.fixture
def accept(alice, now):
    """Quote and accept a reveal that nobody has begun."""

    def run(query=NOTHING, count=1, moment=None) -> PropertyJob:
        moment = moment or now
        quote = reveals.quote_reveal(user=alice, query=query, count=count, total=None, back_url="/", now=moment)
        return jobs.accept_quote(user=alice, quote_id=quote.pk, now=moment)

    return run


@pytest.fixture
def run_at(now):
    """Carry a job out at a moment."""

    def run(job, moment=None) -> PropertyJob:
        done = runner.run_job(job_id=str(job.pk), now=lambda: moment or now)
        assert done is not None
        return done

    return run


# ---------------------------------------------------------------- what is owned already
@pytest.fixture
def met_again(alice, reveal, phoenix, monkeypatch) -> PropertyJob:
    """A reveal by equity that met properties of alice's, which the vendor was not asked to leave out."""
    monkeypatch.setattr(reveals, "EXCLUDED_IDS", 2)
    reveal(alice, phoenix, 60)
    job = reveal(alice, read_query({**PLACE, "equity_min": ["50"], "built_min": ["1980"]}), 400)
    return PropertyJob.objects.get(pk=job.pk)


def test_owned_properties_that_meet_a_locked_condition_are_not_named(client, alice, sign_in, met_again):
    charged = {row["propertyId"] for row in met_again.rows if row["outcome"] == "charged"}
    free = {row["propertyId"] for row in met_again.rows if row["outcome"] == "already yours"}
    assert charged
    assert free, "the bill keeps them"

    assert set(revealed_by(met_again).values_list("property_id", flat=True)) == charged
    hers = sign_in(client, alice)
    page = hers.get(met_again.get_absolute_url()).content.decode()
    assert not [each for each in free if each in page]
    box = {"bbox": "-113,33,-111,34", "z": "18", "job": met_again.id_text}
    shown = hers.get(reverse("properties:list-cells"), box).json()
    assert sum(cell["count"] for cell in shown["cells"]) + len(shown["points"]) == len(charged)


def test_a_receipt_of_a_search_for_locked_values_does_not_count_what_was_owned(client, alice, sign_in, met_again):
    missing = met_again.wanted - met_again.hit_count
    assert missing > 0
    assert met_again.not_charged == {NOTHING_NEW: missing}
    assert Quote.objects.get(pk=met_again.quote_id).not_charged == [{"why": NOTHING_NEW, "count": missing}]
    hers = sign_in(client, alice)
    for url in (met_again.get_absolute_url(), reverse("credits:show-quote", args=[met_again.quote_id])):
        assert "already yours" not in hers.get(url).content.decode()


def test_that_too_many_of_ones_own_met_a_locked_condition_looks_like_nothing_being_left(
    client, alice, sign_in, accept, run_at, now, settings
):
    """Otherwise it would be told that hundreds of what is owned meet the condition."""
    dry = run_at(accept(NOTHING))
    settings.OWNED_RECORDS_A_DAY = 0
    stopped = run_at(accept(SOMETHING))

    for job in (dry, stopped):
        assert (job.state, job.problem, job.not_charged) == (PropertyJob.State.DONE, "", {NOTHING_NEW: 1})
    assert used(alice.pk, EMPTY_REVEAL, now) == 2, "both count as having found nothing"
    hers = sign_in(client, alice)
    texts = []
    for job in (dry, stopped):
        page = hers.get(job.get_absolute_url()).content.decode().partition("<main")[2].partition("</main>")[0]
        quote = Quote.objects.get(pk=job.quote_id)
        for own in (job.title, quote.back_url, str(quote.pk), job.id_text):
            page = page.replace(escape(own), "")
        texts.append(re.sub(r"<time.*?</time>|[0-9,]+ credits", "", page))
    assert "Which of the two it was is not told" in texts[0]
    assert texts[0] == texts[1]


def test_a_receipt_of_a_search_for_public_values_says_how_many_were_owned(alice, reveal, monkeypatch):
    monkeypatch.setattr(reveals, "EXCLUDED_IDS", 0)
    old = read_query({**PLACE, "built_min": ["1990"], "built_max": ["1995"]})
    owned = reveal(alice, old, 10).hit_count
    PropertyJob.objects.all().delete()  # else the next reveal goes on behind these
    job = reveal(alice, read_query({**PLACE, "built_min": ["1989"], "built_max": ["1996"]}), 500)

    assert job.not_charged["already yours"] == owned > 0


# ---------------------------------------------------------------- what is not found
def test_a_house_singled_out_by_a_public_day_of_a_locked_dataset_is_not_guessed_for_free(alice, reveal, now, sandbox):
    """The county publishes when a loan was recorded; the base of the search is the whole city."""
    datasets = ["BASIC", "VALUATION", "MORTGAGE_LIENS"]
    answer = batchdata.search_properties(
        SOMETHING.place_criteria(), take=100, cursor="", datasets=datasets, reference="look", user_id=alice.pk, now=now
    )
    days = [facts_of(record, {"BASIC", "MORTGAGE_LIENS"}).get("last_loan_recorded") for record in answer.records]
    pairs = zip(answer.records, days, strict=True)
    day = next(day for each, day in pairs if day and each.equity_percent and 0 < each.equity_percent < 45)
    low, high = FILTERS_BY_NAME["last_loan_recorded"].params[:2]

    probes = 0
    with pytest.raises(EmptyRevealsSpent, match="tomorrow, or reveal without conditions on locked data"):
        for threshold in range(95, 0, -5):
            query = read_query({**PLACE, low: [str(day)], high: [str(day)], "equity_min": [str(threshold)]})
            assert reveal(alice, query, 1).hit_count == 0
            probes += 1

    assert probes == 10
    assert Credit.objects.get(user=alice).reserved == 0
    assert Quote.objects.filter(user_id=alice.pk, status=Quote.Status.OFFERED).count() == 1, "it may still be accepted"


def test_the_next_day_and_public_searches_are_open(alice, accept, run_at, phoenix, now, settings):
    settings.EMPTY_REVEALS_A_DAY = 1
    run_at(accept())

    assert run_at(accept(phoenix)).hit_count == 1
    tomorrow = now + timedelta(days=1)
    assert run_at(accept(NOTHING, moment=tomorrow), tomorrow).hit_count == 0


def test_the_page_of_the_quote_says_why_it_is_refused(client, alice, sign_in, accept, now, settings):
    settings.EMPTY_REVEALS_A_DAY = 1
    accept()
    quote = reveals.quote_reveal(user=alice, query=SOMETHING, count=1, total=None, back_url="/", now=now)

    answer = sign_in(client, alice).post(reverse("properties:accept-quote", args=[quote.pk]), follow=True)

    assert answer.redirect_chain[-1][0] == reverse("credits:show-quote", args=[quote.pk])
    assert "you may go on tomorrow, or reveal without conditions on locked data" in answer.content.decode()
    assert PropertyJob.objects.filter(quote_id=quote.pk).count() == 0


def test_one_that_finds_something_is_given_back(alice, accept, run_at, now):
    job = accept(SOMETHING)
    assert used(alice.pk, EMPTY_REVEAL, now) == 1

    assert run_at(job).hit_count == 1
    assert used(alice.pk, EMPTY_REVEAL, now) == 0


def test_one_that_the_vendor_fails_or_that_is_stopped_before_it_begins_is_given_back(
    alice, accept, run_at, now, sandbox
):
    stopped = accept()
    jobs.cancel_job(user=alice, job_id=stopped.pk, now=now)
    run_at(stopped)
    assert used(alice.pk, EMPTY_REVEAL, now) == 0

    failed = accept()
    sandbox.fail("permission", times=1)
    assert run_at(failed).state == PropertyJob.State.FAILED
    assert used(alice.pk, EMPTY_REVEAL, now) == 0


def test_what_ends_after_midnight_is_given_back_to_the_day_on_which_it_was_accepted(alice, accept, run_at, now):
    job = accept(SOMETHING)
    tomorrow = now + timedelta(days=1)
    accept(NOTHING, moment=tomorrow)

    run_at(job, now + timedelta(minutes=5))

    assert (used(alice.pk, EMPTY_REVEAL, now), used(alice.pk, EMPTY_REVEAL, tomorrow)) == (0, 1)


def test_accepting_twice_counts_once(alice, accept, now):
    job = accept()
    assert jobs.accept_quote(user=alice, quote_id=job.quote_id, now=now).pk == job.pk
    assert used(alice.pk, EMPTY_REVEAL, now) == 1


@pytest.mark.parametrize("command", ["commitTransaction", "update", "insert", "findAndModify"])
def test_a_crash_neither_loses_nor_doubles_it(command, alice, now):
    quotes = [
        reveals.quote_reveal(user=alice, query=query, count=1, total=None, back_url="/", now=now)
        for query in (NOTHING, SOMETHING)
    ]
    for quote in quotes:
        with fail_commands(connection.connection, command, times=1, errorCode=8000) as fault:
            for _ in range(3):
                try:
                    job = jobs.accept_quote(user=alice, quote_id=quote.pk, now=now)
                except (DatabaseError, PyMongoError):
                    continue
        assert fault.count == 1
        assert used(alice.pk, EMPTY_REVEAL, now) == quotes.index(quote) + 1

    with fail_commands(connection.connection, command, times=1, errorCode=8000) as fault:
        for attempt in range(4):
            moment = now + timedelta(minutes=6 * attempt)
            try:
                done = runner.run_job(job_id=str(job.pk), now=lambda moment=moment: moment)
            except (DatabaseError, PyMongoError):
                continue
            if done is not None and done.is_over:
                break
    assert fault.count == 1
    assert PropertyJob.objects.get(pk=job.pk).hit_count == 1
    assert used(alice.pk, EMPTY_REVEAL, now) == 1, "that of the other one"


def test_a_standing_quote_says_on_the_run_that_it_is_refused(alice, accept, now, settings):
    settings.EMPTY_REVEALS_A_DAY = 1
    accept()
    search = searches.save_search(user=alice, name="Equity", query=SOMETHING, now=now, cadence="daily")
    terms = {"reveals_new": True, "refreshes_owned": False, "cap_per_run": 5, "cap_per_month": 20}
    watches.arm_watch(search=search, now=now, ends_at=now + timedelta(days=30), **terms)
    run = SavedSearchRun.objects.create(saved_search=search, number=2, ran_at=now, cause="schedule")

    watches.spend_for_run(run=run, now=now)

    run.refresh_from_db()
    assert run.spends == []
    assert "you may go on tomorrow" in run.spend_note
    assert Credit.objects.get(user=alice).reserved == 1, "what was accepted before"
