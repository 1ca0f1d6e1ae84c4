"""Asking again: paid where a listed field changed, free where nothing did, fifty times a month (the money rule)."""

from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, connection
from pymongo.errors import PyMongoError

from credits.models import Credit, CreditLog, Quote
from credits.services import verify_books
from properties.models import Allowance, Property, PropertyDatasetPermission, PropertyJob
from properties.selectors.jobs import dataset_outcomes
from properties.services import allowances, jobs, parts, refreshes, runner, unlocks
from properties.services.refreshes import GONE, NEWEST_SHOWN, UNCHANGED
from tests.failpoints import fail_commands

pytestmark = pytest.mark.django_db

LOOKUP = "property/lookup/all-attributes"
BOTH = ["BASIC", "VALUATION"]


@pytest.fixture
def owned(carol, fund, phoenix, reveal, sandbox, now) -> PropertyDatasetPermission:
    """A property of carol's with its value unlocked."""
    fund(carol, 200)
    reveal(carol, phoenix, 6)
    for permission in PropertyDatasetPermission.objects.filter(user=carol).order_by("property_id"):
        quote = unlocks.quote_unlock(user=carol, permission=permission, datasets=["VALUATION"], back_url="/", now=now)
        job = jobs.accept_quote(user=carol, quote_id=quote.pk, now=now)
        if run(job, now).hit_count:
            return PropertyDatasetPermission.objects.get(pk=permission.pk)
    pytest.fail("No property of the market has a value.")


@pytest.fixture
def soon(now) -> datetime:
    """A moment after all that was revealed and unlocked before."""
    return now + timedelta(hours=1)


def run(job: PropertyJob, moment) -> PropertyJob:
    return runner.run_job(job_id=str(job.pk), now=lambda: moment)


@pytest.fixture
def accept(soon):
    """Quote and accept a refresh that nobody has begun."""

    def start(user, permission, datasets, at=None, last_look=None) -> PropertyJob:
        at = at or soon
        quote = refreshes.quote_refresh(
            user=user, permission=permission, datasets=datasets, back_url="/", now=at, last_look=last_look
        )
        return jobs.accept_quote(user=user, quote_id=quote.pk, now=at)

    return start


def test_what_has_not_changed_is_free(carol, owned, accept, soon, sandbox):
    before = Credit.objects.get(user=carol).credit_available
    billed = sandbox.bill()["dataset_units"]

    job = run(accept(carol, owned, BOTH), soon)

    assert [row["outcome"] for row in job.rows] == [UNCHANGED, UNCHANGED]
    assert (job.hit_count, job.not_charged) == (0, {UNCHANGED: 2})
    assert sandbox.bill()["dataset_units"] == billed + 2
    assert Credit.objects.get(user=carol).credit_available == before
    assert allowances.free_refreshes_left(carol.pk, soon) == 48
    assert allowances.free_refreshes_left(carol.pk, soon + timedelta(days=31)) == 50


def test_a_dataset_is_charged_when_a_listed_field_changed_and_the_receipt_names_it(carol, owned, accept, soon, sandbox):
    sandbox.patch(owned.property_id, {"owner": {"fullName": "Nora Newcomer"}, "building": {"roomCount": 99}})
    before = Credit.objects.get(user=carol).credit_available

    job = run(accept(carol, owned, BOTH), soon)

    assert [row["outcome"] for row in job.rows] == ["charged", UNCHANGED]
    assert [str(each.text) for each in dataset_outcomes(job)] == ["charged: changed: Owner", UNCHANGED]
    assert Credit.objects.get(user=carol).credit_available == before - 1
    assert PropertyDatasetPermission.objects.get(pk=owned.pk).owner_name == "Nora Newcomer"
    assert Property.objects.get(property_id=owned.property_id).spread_due_at is not None
    quote = Quote.objects.get(pk=job.quote_id)
    assert (quote.max_cost, quote.captured, quote.not_charged) == (2, 1, [{"why": UNCHANGED, "count": 1}])


@pytest.mark.parametrize(("factor", "outcome"), [(1.04, UNCHANGED), (0.96, UNCHANGED), (1.06, "charged")])
def test_an_estimate_counts_when_it_moved_by_more_than_five_percent(
    factor, outcome, carol, owned, accept, soon, sandbox
):
    value = Property.objects.get(property_id=owned.property_id).data["valuation"]["estimatedValue"]
    sandbox.patch(owned.property_id, {"valuation": {"estimatedValue": round(value * factor)}})

    job = run(accept(carol, owned, ["VALUATION"]), soon)

    assert [row["outcome"] for row in job.rows] == [outcome]


def test_after_the_free_ones_of_a_month_each_costs_its_unit_and_says_so(carol, owned, accept, soon, sandbox, settings):
    settings.FREE_REFRESHES_A_MONTH = 1
    before = Credit.objects.get(user=carol).credit_available

    job = run(accept(carol, owned, BOTH), soon)

    assert [row["outcome"] for row in job.rows] == [UNCHANGED, "charged"]
    assert job.rows[1]["why"] == "unchanged, and the 1 free ones of this month are used"
    assert Credit.objects.get(user=carol).credit_available == before - 1
    assert Allowance.objects.get(user=carol, cause=allowances.UNCHANGED_REFRESH).used == 1


def test_a_copy_that_somebody_else_fetched_meanwhile_is_shown_free_without_a_call(
    carol, bob, owned, accept, fund, phoenix, reveal, soon, sandbox
):
    sandbox.patch(owned.property_id, {"owner": {"fullName": "Nora Newcomer"}})
    hers = accept(carol, owned, ["BASIC"])
    fund(bob, 100)
    his = PropertyDatasetPermission.objects.create(user=bob, property_id=owned.property_id, datasets=["BASIC"])
    assert run(accept(bob, his, ["BASIC"]), soon + timedelta(seconds=1)).hit_count == 1
    billed = sandbox.bill()["results_billed"]

    job = run(hers, soon + timedelta(seconds=2))

    assert [(row["outcome"], row["source"]) for row in job.rows] == [(NEWEST_SHOWN, "copy")]
    assert sandbox.bill()["results_billed"] == billed
    assert PropertyDatasetPermission.objects.get(pk=owned.pk).owner_name == "Nora Newcomer"
    assert job.hit_count == 0


def test_nothing_is_offered_that_was_fetched_since_the_users_last_look(carol, owned, soon):
    with pytest.raises(refreshes.NothingToRefresh):
        refreshes.quote_refresh(
            user=carol, permission=owned, datasets=BOTH, back_url="/", now=soon, last_look=soon - timedelta(days=1)
        )
    later = soon + timedelta(days=31)
    quote = refreshes.quote_refresh(
        user=carol, permission=owned, datasets=BOTH, back_url="/", now=later, last_look=soon - timedelta(days=1)
    )
    assert quote.subject["datasets"] == BOTH, "an old copy is not shown as new"


def test_only_what_is_owned_can_be_asked_for_again(carol, bob, owned, soon):
    quote = refreshes.quote_refresh(
        user=carol, permission=owned, datasets=["DEED", "BASIC", "DIVORCE_INFO"], back_url="/", now=soon
    )
    assert quote.subject["datasets"] == ["BASIC"]
    with pytest.raises(refreshes.NothingToRefresh):
        refreshes.quote_refresh(user=carol, permission=owned, datasets=["DEED"], back_url="/", now=soon)


def test_phones_are_one_purchase_for_ninety_days(carol, owned, soon):
    bought = soon - timedelta(days=89)
    owned.datasets = [*owned.datasets, "CONTACT"]
    owned.unlocked = {**owned.unlocked, "CONTACT": bought.isoformat()}
    owned.save()

    quote = refreshes.quote_refresh(user=carol, permission=owned, datasets=["BASIC", "CONTACT"], back_url="/", now=soon)
    assert quote.subject["datasets"] == ["BASIC"]
    with pytest.raises(refreshes.NothingToRefresh):
        refreshes.quote_refresh(user=carol, permission=owned, datasets=["CONTACT"], back_url="/", now=soon)
    later = bought + timedelta(days=90)
    again = refreshes.quote_refresh(user=carol, permission=owned, datasets=["CONTACT"], back_url="/", now=later)
    assert [line["type"] for line in again.lines] == ["SKIPTRACE"]


OTHER_NUMBERS = [{"number": "6025550199", "dnc": False, "tcpa": False, "reachable": True}]


@pytest.mark.parametrize(
    ("told", "outcome"), [({}, "charged"), ({"litigator": True}, unlocks.WITHHELD)], ids=["changed", "litigator"]
)
def test_phones_may_be_renewed_once_they_are_thirty_days_old(carol, owned, accept, soon, sandbox, told, outcome):
    """Their check ends after 31 days, long before the 90 of their purchase."""
    bought = soon.isoformat()
    owned.datasets = [*owned.datasets, "CONTACT"]
    owned.unlocked = {**owned.unlocked, "CONTACT": bought}
    owned.save()
    held = Property.objects.get(property_id=owned.property_id)
    held.asked = {**held.asked, "CONTACT": {"at": bought, "hit": True}}
    held.save()
    with pytest.raises(refreshes.NothingToRefresh, match="are 30 days old"):
        accept(carol, owned, ["CONTACT"], at=soon + timedelta(days=29))

    later = soon + timedelta(days=30)
    sandbox.patch(owned.property_id, {"owner": {"phoneNumbers": OTHER_NUMBERS, **told}})
    before = Credit.objects.get(user=carol).credit_available
    job = run(accept(carol, owned, ["CONTACT"], at=later), later)

    assert [row["outcome"] for row in job.rows] == [outcome]
    assert Credit.objects.get(user=carol).credit_available == before - (outcome == "charged")
    renewed = PropertyDatasetPermission.objects.get(pk=owned.pk).unlocked["CONTACT"]
    assert renewed == (later.isoformat() if outcome == "charged" else bought)


def test_a_record_that_is_gone_costs_nothing_and_keeps_what_was_known(carol, owned, accept, soon, sandbox):
    sandbox.patch(owned.property_id, {"delete": True})

    job = run(accept(carol, owned, BOTH), soon)

    assert {row["outcome"] for row in job.rows} == {GONE}
    assert job.hit_count == 0
    assert PropertyDatasetPermission.objects.get(pk=owned.pk).estimated_value == owned.estimated_value


def test_two_refreshes_of_one_property_follow_each_other(carol, owned, accept, soon, sandbox):
    sandbox.patch(owned.property_id, {"owner": {"fullName": "Nora Newcomer"}})
    first, second = accept(carol, owned, ["BASIC"]), accept(carol, owned, ["BASIC"])
    assert jobs.claim_job(job_id=str(first.pk), now=soon) is not None
    assert jobs.claim_job(job_id=str(second.pk), now=soon) is None

    later = soon + jobs.LEASE
    assert run(first, later).hit_count == 1
    assert run(second, later + jobs.TURN_WAIT).hit_count == 0, "the same change is not charged twice"


@pytest.mark.parametrize("command", ["commitTransaction", "insert", "findAndModify", "update", "find"])
@pytest.mark.parametrize("times", [1, 3])
def test_a_refresh_that_dies_anywhere_is_finished_once(command, times, carol, owned, accept, soon, sandbox):
    sandbox.patch(owned.property_id, {"owner": {"fullName": "Nora Newcomer"}})
    before, billed = Credit.objects.get(user=carol).credit_available, sandbox.bill()["dataset_units"]
    accepted = accept(carol, owned, BOTH)
    with fail_commands(connection.connection, command, times=times, errorCode=8000) as fault:
        for attempt in range(12):
            try:
                job = run(accepted, soon + timedelta(minutes=6 * attempt))
            except (DatabaseError, PyMongoError):
                continue
            if job is not None and job.is_over:
                break

    assert fault.count == times
    job = PropertyJob.objects.get(pk=accepted.pk)
    assert sorted(row["outcome"] for row in job.rows) == ["charged", UNCHANGED]
    assert sandbox.bill()["dataset_units"] == billed + 2
    assert Credit.objects.get(user=carol).credit_available == before - 1
    assert allowances.free_refreshes_left(carol.pk, soon) == 49
    assert CreditLog.objects.filter(key__startswith=f"capture:{job.quote_id}").count() == 1
    assert verify_books().is_sound


def test_a_lost_answer_is_not_asked_again_and_given_back_after_a_day(carol, owned, accept, soon, sandbox):
    before = Credit.objects.get(user=carol).credit_available
    sandbox.fail("cut-body", endpoint=LOOKUP)
    accepted = accept(carol, owned, ["BASIC"])
    billed = sandbox.bill()["results_billed"]

    assert run(accepted, soon).answer_lost
    ended = run(accepted, soon + timedelta(hours=24))

    assert ended.not_charged == {"sent to the data vendor, and no answer came": 1}
    assert sandbox.bill()["results_billed"] == billed + 1
    assert Credit.objects.get(user=carol).credit_available == before


def test_accepting_a_refresh_twice_does_it_once(carol, owned, soon):
    quote = refreshes.quote_refresh(user=carol, permission=owned, datasets=BOTH, back_url="/", now=soon)
    first = jobs.accept_quote(user=carol, quote_id=quote.pk, now=soon)
    assert jobs.accept_quote(user=carol, quote_id=quote.pk, now=soon).pk == first.pk
    assert Credit.objects.get(user=carol).reserved == 2


def test_the_part_that_fits_asks_again_for_the_first_datasets(carol, owned, soon):
    whole = refreshes.quote_refresh(user=carol, permission=owned, datasets=BOTH, back_url="/p/", now=soon)
    Credit.objects.filter(user=carol).update(credit_available=1, purchased_credits=1)

    part = parts.quote_what_fits(user=carol, quote_id=whole.pk, now=soon)

    assert (part.kind, part.subject["datasets"], part.max_cost) == ("refresh", ["BASIC"], 1)
