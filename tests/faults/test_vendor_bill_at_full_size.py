# ruff: noqa: F401, F811 -- fixtures of another folder
"""The vendor's bill over long random sessions, ten thousand properties by one quote, and workers that are killed."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from bson import BSON
from django.conf import settings
from django.db import connection
from django.utils import timezone

from atlas_site.lib.home import PROJECT_ROOT
from atlas_site.mongodb.documents import collection_of
from atlas_site.vendors import batchdata
from atlas_site.vendors.models import VendorCall
from credits import services as credit_services
from credits.models import Credit
from properties.models import PropertyDatasetPermission, PropertyJob
from properties.search.form import read_query
from properties.selectors.vendor_bill import LOST_LOOKUP, expect_bill
from properties.services import comparables, jobs, reveals
from tests.properties.conftest import fund, now, sandbox
from tests.properties.spending import SpendingSession, billed_units, finish_all_jobs
from tests.servers import SANDBOX_SEED, SANDBOX_SIZE

pytestmark = [pytest.mark.faults, pytest.mark.django_db, pytest.mark.timeout(3600)]

SEEDS = range(100, 106)
STEPS = 100
MOST = 10_000
BIG_MARKET = 90_000
KILLS = 12
MOST_QUOTES = 20
LARGEST_JOB_BYTES = 2_000_000


@pytest.fixture
def big_market(sandbox):
    """A market in which one state holds more than ten thousand properties, for this test alone."""

    def open_market(size: int) -> None:
        body = {"size": size, "seed": SANDBOX_SEED}
        requests.post(f"{settings.BATCHDATA_BASE_URL}/_sandbox/reset", json=body, timeout=600).raise_for_status()

    open_market(BIG_MARKET)
    yield sandbox
    open_market(SANDBOX_SIZE)


def biggest_state() -> str:
    """The state of the market that holds the most properties."""
    names = ("Arizona", "California", "Florida", "Texas", "Ohio")
    counts = {
        name: batchdata.count_properties(read_query({"q": [name]}).place_criteria()).total_count or 0 for name in names
    }
    return max(counts, key=lambda name: counts[name])


@pytest.mark.parametrize("loses_pages", [False, True])
def test_long_sessions_leave_no_unit_unexplained(
    loses_pages,
    carol,
    bob,
    fund,
    now,
    sandbox,
    monkeypatch,
    capsys,
):
    monkeypatch.setattr(reveals, "EXCLUDED_IDS", 5)
    monkeypatch.setattr(comparables, "EXCLUDED_IDS", 5)
    users = [fund(carol, 100_000), fund(bob, 100_000)]
    met: Counter[str] = Counter()
    broken, moment = 0, now
    gone: set[str] = set()
    for seed in SEEDS:
        session = SpendingSession(
            seed=seed, users=users, sandbox=sandbox, now=moment, most_revealed=120, loses_pages=loses_pages
        )
        session.gone = gone  # one market for all sessions
        session.take_steps(STEPS)
        moment = finish_all_jobs(session.now + timedelta(minutes=6))
        session.close()
        broken += session.broken

    bill = expect_bill(since=now - timedelta(days=1), until=moment + timedelta(days=2))
    billed = billed_units(sandbox)
    unexplained = billed - bill.units

    # A lost answer may have been billed, so it is listed. One that held no record, since the property was gone from the
    # market, was not.
    too_many = bill.units - billed
    assert too_many <= bill.by_cause[LOST_LOOKUP]
    assert {property_id for property_id, _ in too_many} <= gone
    assert bill.residual == Counter()
    assert unexplained.total() <= bill.lost_pages * 100
    assert loses_pages or (bill.lost_pages, unexplained) == (0, Counter())
    assert {dataset for _, dataset in unexplained} <= {"BASIC"}
    assert credit_services.verify_books().is_sound
    assert all(wallet.reserved == 0 for wallet in Credit.objects.all())
    met.update({cause: units.total() for cause, units in bill.by_cause.items()})
    with capsys.disabled():
        print(  # noqa: T201
            f"\nB18 {len(SEEDS) * STEPS:,} steps, {PropertyJob.objects.count():,} jobs, {broken:,} broken commands: "
            f"{billed.total():,} units billed, {bill.from_copy.total():,} served from a copy, {dict(met)}, "
            f"{bill.lost_pages} lost pages with {unexplained.total()} records, residual 0"
        )
    assert {"charged", "already yours", "on your list", "nothing on file", "unchanged", "no answer came"} <= set(met)


def test_ten_thousand_through_killed_workers(carol, fund, big_market, capsys):
    fund(carol, 20_000)
    query = read_query({"q": [biggest_state()]})
    began, started = timezone.now(), time.perf_counter()
    kills = accepted = 0
    # A worker that is killed in the middle of a question loses its answer, which ends the job: its owner asks anew.
    while (owned := PropertyDatasetPermission.objects.filter(user=carol).count()) < MOST and accepted < MOST_QUOTES:
        moment = timezone.now()
        quote = reveals.quote_reveal(user=carol, query=query, count=MOST - owned, total=None, back_url="/", now=moment)
        job = jobs.accept_quote(user=carol, quote_id=quote.pk, now=moment)
        accepted += 1
        while not (job.is_over or job.answer_lost):
            kills += _work_until(job, seconds=None if kills >= KILLS else 3.0 + kills / 4)
            # Nobody waits five minutes for the leases of a worker that is dead.
            PropertyJob.objects.filter(pk=job.pk).update(lease_until=None)
            VendorCall.objects.filter(state__in=["prepared", "sent"]).update(lease_ends_at=timezone.now())
            job = PropertyJob.objects.get(pk=job.pk)
    finished = finish_all_jobs(timezone.now() + timedelta(minutes=6))
    seconds = time.perf_counter() - started

    bill = expect_bill(since=began - timedelta(days=1), until=finished + timedelta(days=1))
    billed = billed_units(big_market)
    size = max(len(BSON.encode(document)) for document in collection_of(PropertyJob).find())
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{MOST:,} revealed in {seconds:.0f} s by {accepted} quotes through {kills} killed workers, "
            f"{bill.lost_pages} lost pages; the largest document of a job has {size / 1e6:.2f} MB"
        )
    charged = [
        row["propertyId"] for job in PropertyJob.objects.all() for row in job.rows if row["outcome"] == "charged"
    ]
    assert len(charged) == len(set(charged)) == MOST
    assert PropertyDatasetPermission.objects.filter(user=carol).count() == MOST
    assert Credit.objects.get(user=carol).credit_available == 20_000 - MOST
    assert kills >= KILLS
    assert bill.units - billed == Counter()
    assert (billed - bill.units).total() <= bill.lost_pages * 100
    assert size < LARGEST_JOB_BYTES
    assert credit_services.verify_books().is_sound


def test_ten_thousand_undisturbed_take_minutes_and_no_longer_at_the_end(carol, fund, big_market, capsys):
    fund(carol, 20_000)
    moment = timezone.now()
    query = read_query({"q": [biggest_state()]})
    quote = reveals.quote_reveal(user=carol, query=query, count=MOST, total=None, back_url="/", now=moment)
    job = jobs.accept_quote(user=carol, quote_id=quote.pk, now=moment)
    claimed = jobs.claim_job(job_id=str(job.pk), now=moment)
    pages = []
    while not claimed.is_over:
        began = time.perf_counter()
        claimed = reveals.reveal_next_page(job=claimed, now=moment)
        pages.append(time.perf_counter() - began)

    first, last = sorted(pages[:20])[10], sorted(pages[-20:])[10]
    with capsys.disabled():
        print(f"\n{MOST:,} in {sum(pages):.0f} s; a page takes {first:.2f} s at first, {last:.2f} s at last")  # noqa: T201
    assert (claimed.hit_count, len(pages)) == (MOST, 100)
    assert big_market.bill()["results_billed"] == MOST
    assert last < 3 * first + 0.1


def _work_until(job: PropertyJob, *, seconds: float | None) -> int:
    """Let a process of its own carry the job out, and kill it after this time; return 1 if it did not end by itself."""
    address = urlsplit(os.environ["MONGODB_URI"])
    uri = urlunsplit(address._replace(path=f"/{connection.settings_dict['NAME']}"))
    code = (
        "import django; django.setup()\n"
        "from django.utils import timezone\n"
        "from properties.services import runner\n"
        f"runner.run_job(job_id='{job.pk}', now=timezone.now)\n"
    )
    environment = {**os.environ, "MONGODB_URI": uri, "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"]}
    with subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT_ROOT, env=environment) as worker:
        try:
            worker.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            return 1
    return 0
