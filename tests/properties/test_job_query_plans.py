"""What is asked about jobs and the vendor's bill is answered from indexes, among thousands of jobs of others."""

from datetime import timedelta

import pytest

from atlas_site.mongodb.explain import assert_index_scan
from properties.models import PropertyJob, VendorBillDay
from properties.selectors.jobs import latest_receipt_of
from properties.selectors.vendor_bill import bill_of_day, billed_counts, calls_of, next_part_of_day
from properties.services import jobs, reveals
from tests.factories import PropertyJobFactory, VendorCallFactory

pytestmark = pytest.mark.django_db

JOBS = 400


@pytest.fixture
def job(carol, bob, now) -> PropertyJob:
    """A job of carol's among many of bob's."""
    others = [
        PropertyJobFactory.build(
            user=bob,
            quote_id=f"q{number}",
            state="done",
            search_hash=f"h{number % 7}",
            property_id=f"p{number}",
            created_at=now - timedelta(minutes=number),
            ended_at=now - timedelta(minutes=number),
        )
        for number in range(JOBS)
    ]
    PropertyJob.objects.bulk_create(others)
    job = PropertyJobFactory.create(
        user=carol, search_hash="h1", property_id="p1", created_at=now, ended_at=now, turn=f"reveal:{carol.pk}"
    )
    for number in range(JOBS // 4):
        VendorCallFactory.create(reference=f"job:{others[number].pk}:page:1:0", created_at=now)
    return job


def test_whose_turn_it_is_is_looked_up(job):
    assert_index_scan(PropertyJob.objects.filter(turn=job.turn_key))


def test_the_place_to_go_on_from_is_found_among_the_users_jobs_of_the_search(job):
    assert_index_scan(lambda: reveals._last_cursor(job))


def test_due_jobs_and_receipts_are_found(job, now, carol):
    assert_index_scan(lambda: jobs.due_job_ids(now=now))
    assert_index_scan(lambda: latest_receipt_of(carol, "p1"))


def test_the_bill_of_a_day_reads_the_jobs_that_ended_on_it_and_their_calls(job, now):
    assert_index_scan(calls_of([job]))
    assert_index_scan(calls_of(list(PropertyJob.objects.all()[:20])))
    assert_index_scan(lambda: bill_of_day(now.date()))
    assert_index_scan(lambda: next_part_of_day(now.date(), after=now - timedelta(hours=3), until=now))
    assert_index_scan(lambda: billed_counts(now.date()))
    assert_index_scan(VendorBillDay.objects.order_by("-day")[:1])
