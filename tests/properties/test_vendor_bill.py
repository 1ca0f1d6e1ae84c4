"""The vendor's bill explained to the last record: captured + free causes − served from the copy, residual 0."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.urls import reverse

from atlas_site.mongodb.explain import recorded_reads
from credits import services as credit_services
from credits.models import Credit, Quote
from properties.models import PropertyDatasetPermission, PropertyJob, VendorBillDay
from properties.selectors.vendor_bill import JOBS_AT_ONCE, LOST_LOOKUP, bill_of_day, expect_bill
from properties.services import bills, comparables, jobs, reveals, unlocks
from tests.factories import PropertyJobFactory, VendorBillDayFactory, VendorCallFactory
from tests.properties.spending import SpendingSession, billed_units, finish_all_jobs

pytestmark = pytest.mark.django_db

KNOWN_CAUSES = {
    *("charged", "delivered late", "already yours", "on your list", "nothing on file", "unchanged"),
    *("known litigator, numbers withheld", "no answer came", "without an id"),
}


@pytest.fixture
def spend(carol, bob, fund, now, sandbox, monkeypatch):
    """Run a random session of two users to its end, and return it."""
    # So few, that the vendor sends what is owned or left out all the same.
    monkeypatch.setattr(reveals, "EXCLUDED_IDS", 2)
    monkeypatch.setattr(comparables, "EXCLUDED_IDS", 2)
    sessions = []

    def run(seed: int, steps: int) -> SpendingSession:
        session = SpendingSession(seed=seed, users=[fund(carol, 2000), fund(bob, 2000)], sandbox=sandbox, now=now)
        sessions.append(session)
        session.take_steps(steps)
        session.now = finish_all_jobs(session.now + timedelta(minutes=6))
        return session

    yield run
    for session in sessions:
        session.close()


@pytest.fixture
def noon(now: datetime) -> datetime:
    """Noon of today: an hour before or after it is the same day."""
    return now.replace(hour=12)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.faults)])
def test_a_random_session_leaves_no_unit_unexplained(seed, spend, now, sandbox):
    session = spend(seed, 40)

    bill = expect_bill(since=now - timedelta(days=1), until=session.now + timedelta(days=2))
    billed = billed_units(sandbox)

    assert bill.lost_pages == 0
    assert bill.units - billed == Counter()
    assert billed - bill.units == Counter()
    assert bill.residual == Counter()
    assert set(bill.by_cause) <= KNOWN_CAUSES
    assert bill.captured_count == sum(job.hit_count for job in PropertyJob.objects.all()) - bill.free_counts.get(
        "delivered late", 0
    )
    assert bill.captured_count == sum(line["units_hit"] for quote in Quote.objects.all() for line in quote.lines)
    assert bill.units.total() == bill.captured_count + sum(bill.free_counts.values()) - bill.from_copy.total()
    assert session.broken > 0
    assert credit_services.verify_books().is_sound
    assert all(wallet.reserved == 0 for wallet in Credit.objects.all())


def test_the_days_of_the_bill_add_up_to_all_of_it(spend, now, sandbox):
    session = spend(3, 25)

    day, later = now - timedelta(days=1), session.now + timedelta(hours=1)
    while day.date() <= session.now.date():
        bills.roll_up_day(day=day.date(), now=later)
        day += timedelta(days=1)

    days = list(VendorBillDay.objects.all())
    whole = expect_bill(since=now - timedelta(days=1), until=later + timedelta(days=2))
    billed = billed_units(sandbox)
    assert sum(each.billed for each in days) == whole.units.total()
    assert billed.total() > 0
    assert billed - whole.units == Counter()
    # A lost answer may have been billed, so it is listed. One that held no record, since the property was gone from the
    # market, was not; nothing else may be more than was billed.
    too_many = whole.units - billed
    assert too_many <= whole.by_cause[LOST_LOOKUP]
    assert {property_id for property_id, _ in too_many} <= session.gone
    assert sum(each.captured for each in days) == sum(job.hit_count for job in PropertyJob.objects.all())
    for each in days:
        assert each.billed == each.captured - each.from_copy + each.free
        assert (each.unexplained, each.lost_pages) == (0, 0)
    assert sum(each.job_count for each in days) == PropertyJob.objects.count()


def test_days_are_summed_up_from_the_last_open_one_and_closed_when_they_are_past(noon):
    bills.roll_up_bill(now=noon)
    assert VendorBillDay.objects.count() == 2
    bills.roll_up_bill(now=noon + timedelta(days=5))
    assert VendorBillDay.objects.count() == 7
    assert VendorBillDay.objects.filter(closed_at=None).values_list("day", flat=True).get() == (
        f"{noon + timedelta(days=5):%Y-%m-%d}"
    )
    bills.roll_up_bill(now=noon + timedelta(days=200))
    assert VendorBillDay.objects.count() == 7 + bills.MOST_DAYS + 1
    assert VendorBillDay.objects.count() == len(set(VendorBillDay.objects.values_list("day", flat=True)))


def ended(user, count: int, moment) -> None:
    """Jobs that ended in one second before `moment`, two of them in the same moment each, with one call each."""
    for number in range(count):
        job = PropertyJobFactory.create(
            user=user,
            state="done",
            ended_at=moment - timedelta(milliseconds=number // 2 + 1),
            rows=[
                {"propertyId": f"p{number}", "outcome": "charged", "source": "vendor"},
                {"propertyId": f"q{number}", "outcome": "already yours", "source": "vendor"},
            ],
        )
        VendorCallFactory.create(
            reference=f"job:{job.pk}:page:1:0",
            operation="property_search",
            state="answered",
            datasets=["BASIC"],
            result_count=2,
            record_ids=[f"p{number}", f"q{number}"],
            created_at=moment,
        )


def test_a_stint_that_ends_in_the_middle_of_a_day_is_gone_on_with_and_no_job_counts_twice(carol, noon):
    count = JOBS_AT_ONCE * 2 + 7
    ended(carol, count, noon)
    later = noon + timedelta(hours=1)

    stints = [bills.roll_up_bill(now=later, seconds=0) for _ in range(8)]
    again = bills.roll_up_bill(now=later)

    assert (stints[0], stints[-1], again) == (False, True, True)
    day = VendorBillDay.objects.get(day=noon.date().isoformat())
    assert (day.job_count, day.captured, day.billed, day.causes) == (count, count, 2 * count, {"already yours": count})
    assert day.unexplained == 0


def test_a_day_costs_one_query_for_the_calls_of_many_jobs_and_nothing_once_it_is_closed(carol, noon):
    ended(carol, JOBS_AT_ONCE, noon)
    tomorrow = noon + timedelta(days=1)

    with recorded_reads() as reads:
        bills.roll_up_bill(now=tomorrow)
    with recorded_reads() as read_again:
        bills.roll_up_bill(now=tomorrow + timedelta(minutes=30))

    def of_jobs(reads) -> int:
        return len([each for each in reads if "job:" in repr(each[1])])

    assert of_jobs(reads) == 1
    assert of_jobs(read_again) == 0
    assert VendorBillDay.objects.get(day=noon.date().isoformat()).closed_at is not None


def test_a_job_that_ended_a_moment_ago_waits_for_others_of_that_moment(carol, noon):
    ended(carol, 1, noon)
    bills.roll_up_bill(now=noon)
    assert VendorBillDay.objects.get(day=noon.date().isoformat()).job_count == 0

    bills.roll_up_bill(now=noon + bills.SETTLED_AFTER)
    assert VendorBillDay.objects.get(day=noon.date().isoformat()).job_count == 1


def test_a_unit_that_no_job_explains_is_told(carol, fund, phoenix, reveal, now, sandbox):
    fund(carol, 100)
    job = reveal(carol, phoenix, 3)
    PropertyJob.objects.filter(pk=job.pk).update(rows=job.rows[1:])

    bill = bill_of_day(job.ended_at.date())

    assert bill.residual == Counter({(job.rows[0]["propertyId"], "BASIC"): 1})
    bills.roll_up_day(day=job.ended_at.date(), now=now + timedelta(hours=1))
    assert VendorBillDay.objects.get().unexplained == 1


def test_staff_read_the_bill_day_by_day(client, sign_in, sam, carol, fund, phoenix, reveal, now, sandbox):
    fund(carol, 100)
    job = reveal(carol, phoenix, 4)
    bills.roll_up_day(day=job.ended_at.date(), now=now + timedelta(hours=1))
    for number in range(40):
        VendorBillDayFactory.create(day=f"2026-01-{number:02}", causes={"unchanged": 2, "already yours": 7})
    address = reverse("admin:properties_vendorbillday_changelist")

    with recorded_reads() as reads:
        page = sign_in(client, sam).get(address)

    assert page.status_code == 200
    rows = page.context["cl"].result_list
    assert (rows[0].day, rows[0].captured, rows[0].unexplained) == (job.ended_at.date().isoformat(), 4, 0)
    assert "already yours 7 · unchanged 2" in page.content.decode()
    assert 1 <= len([read for read in reads if read[0].name == "VendorBillDay"]) <= 3, "as many for a year as for a day"


def test_an_answer_that_cannot_be_read_is_explained_too(carol, fund, phoenix, reveal, now, sandbox):
    fund(carol, 100)
    reveal(carol, phoenix, 1)
    permission = PropertyDatasetPermission.objects.get(user=carol)
    unlock = unlocks.quote_unlock(user=carol, permission=permission, datasets=["DEED"], back_url="/", now=now)
    search = reveals.quote_reveal(user=carol, query=phoenix, count=2, total=None, back_url="/", now=now)
    sandbox.fail("wrong-schema", endpoint="property/lookup/all-attributes")
    sandbox.fail("empty-body", endpoint="property/search")
    for quote in (unlock, search):
        jobs.accept_quote(user=carol, quote_id=quote.pk, now=now)
    finish_all_jobs(now)

    bill = expect_bill(since=now - timedelta(days=1), until=now + timedelta(days=4))
    unexplained = billed_units(sandbox) - bill.units

    assert bill.units - billed_units(sandbox) == Counter()
    assert bill.by_cause[LOST_LOOKUP] == Counter({(permission.property_id, "DEED"): 1})
    assert bill.lost_pages == 1
    assert sum(unexplained.values()) <= 2, "the records of the page that was lost"
    assert {dataset for _, dataset in unexplained} <= {"BASIC"}
