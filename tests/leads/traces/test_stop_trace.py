"""What the page before a stop names, and what then happens; and what is said of those whom a job left out."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from credits.models import Credit, Quote
from leads.models import Enrichment, EnrichmentBatch, RowState
from leads.services import traces
from leads.services.traces.batches import run_batch
from tests.factories import EnrichmentFactory, LeadGroupFactory
from tests.leads.traces.conftest import finish, make_list, start_trace, states_of, work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_lane")]


@pytest.fixture
def hers(client, alice, sign_in) -> Client:
    """A browser in which alice is signed in."""
    return sign_in(client, alice)


def read(answer) -> str:
    assert answer.status_code == 200
    return unescape(" ".join(answer.content.decode().split()))


def url(name: str, thing) -> str:
    return reverse(f"leads:{name}", args=[thing.pk])


def figure(page: str, name: str) -> str:
    (found,) = re.findall(rf"<dt>{name} <small>.*?</dt><dd>(.*?)</dd>", page)
    return found


def test_stopping_names_what_is_done_what_remains_and_what_is_not_charged(hers, alice, now, sandbox):
    job = start_trace(alice, make_list(alice, 250), now)
    first, second, _ = job.batches.order_by("batch_number")
    run_batch(batch_id=first.pk, job=job, now=lambda: now)
    # Of the 150 that are left, a worker has begun with 100.
    EnrichmentBatch.objects.filter(pk=second.pk).update(lease_until=now + timedelta(days=1))
    states, charged = states_of(job), Quote.objects.get().captured
    hits = states[RowState.HIT]
    assert (states[RowState.QUEUED], charged) == (150, -(-hits // 2))

    progress = read(hers.get(job.get_absolute_url()))
    assert f'href="{url("confirm-stop", job)}"' in progress and url("cancel-trace", job) not in progress
    page = read(hers.get(url("confirm-stop", job)))

    assert (figure(page, "Done"), figure(page, "Under way"), figure(page, "Not begun")) == ("100 of 250", "100", "50")
    assert f"{hits} charged, {charged} credits in all; {100 - hits} free." in page
    most = -(-(hits + 100) // 2) - charged
    assert f"at most {most} credits for all of them" in page
    assert figure(page, "Not charged") == f"at least {125 - charged - most} credits"
    assert f"Stop: 50 contacts not asked for, at least {125 - charged - most} credits not charged" in page
    assert Enrichment.objects.get(pk=job.pk).phase == Enrichment.Phase.RUNNING


def test_a_job_that_nobody_has_begun_is_stopped_for_nothing(hers, alice, bob, fund, now, sandbox):
    job = start_trace(alice, make_list(alice, 30), now)
    traces.pause_trace(user=alice, enrichment_id=job.pk, now=now)
    page = read(hers.get(url("confirm-stop", job)))
    assert "Stop: 30 contacts not asked for, 15 credits not charged" in page
    assert "Under way" not in page

    hers.post(url("cancel-trace", job))
    job = finish(Enrichment.objects.get(pk=job.pk), now)

    assert (states_of(job), sandbox.traced()) == ({RowState.CANCELLED: 30}, [])
    assert Credit.objects.get(user=alice).credit_available == 1_000
    assert hers.get(url("confirm-stop", job)).headers["Location"] == job.get_absolute_url()
    theirs = start_trace(fund(bob), make_list(bob, 3, start=40), now)
    assert hers.get(url("confirm-stop", theirs)).status_code == 404


def test_those_whom_an_old_job_left_out_are_said_to_begin_another(hers, alice, now, sandbox):
    job = work(start_trace(alice, make_list(alice, 12), now, most=10), now)
    assert "They join this skip trace." in read(hers.get(job.get_absolute_url()))

    Enrichment.objects.filter(pk=job.pk).update(created_at=now - timedelta(days=31))
    page = read(hers.get(job.get_absolute_url()))
    hers.post(url("quote-trace-rest", job))

    assert "They begin a skip trace of their own: this one is over 30 days old." in page
    assert "They join this skip trace." not in page
    assert Quote.objects.latest("created_at").subject["enrichment"] != str(job.pk)


def test_of_a_job_of_an_earlier_atlas_nobody_can_say_who_was_left_out(hers, alice):
    job = EnrichmentFactory.create(lead_group=LeadGroupFactory.create(user=alice), status="completed")
    assert url("quote-trace-rest", job) not in read(hers.get(job.get_absolute_url()))
