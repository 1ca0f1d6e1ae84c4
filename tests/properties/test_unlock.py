"""Unlocking datasets: free when empty, free when owned, never shown before it is paid."""

from datetime import timedelta

import pytest
from django.utils import timezone

from credits.models import Credit
from properties.models import Dataset, Property, PropertyDatasetPermission, PropertyJob
from properties.selectors.property_page import show_property
from properties.services import jobs, runner, unlocks

pytestmark = pytest.mark.django_db

ALL_SOLD = [dataset for dataset in Dataset.values if dataset not in {"BASIC", "DIVORCE_INFO"}]


@pytest.fixture
def unlock(now):
    """Quote, accept and carry out an unlock."""

    def run(user, permission, datasets, at=None) -> PropertyJob:
        quote = unlocks.quote_unlock(
            user=user, permission=permission, datasets=datasets, back_url="/properties/", now=at or now
        )
        job = jobs.accept_quote(user=user, quote_id=quote.pk, now=at or now)
        return runner.run_job(job_id=str(job.pk), now=(lambda: at) if at else timezone.now)

    return run


@pytest.fixture
def owned(carol, fund, phoenix, reveal, sandbox):
    """Properties that carol has revealed."""
    fund(carol, 200)
    reveal(carol, phoenix, 15)
    return list(PropertyDatasetPermission.objects.filter(user=carol).order_by("property_id"))


def test_only_datasets_that_tell_something_are_charged(carol, owned, unlock):
    before = Credit.objects.get(user=carol).credit_available
    outcomes = set()
    charged = 0
    for permission in owned[:6]:
        job = unlock(carol, permission, [each for each in ALL_SOLD if each != "CONTACT"])
        outcomes |= {row["outcome"] for row in job.rows}
        charged += job.hit_count
        unlocked = set(PropertyDatasetPermission.objects.get(pk=permission.pk).datasets) - {"BASIC"}
        assert unlocked == {row["dataset"] for row in job.rows if row["outcome"] == "charged"}

    assert outcomes == {"charged", "nothing on file"}
    assert Credit.objects.get(user=carol).credit_available == before - charged


def test_an_empty_dataset_is_not_asked_for_again_within_thirty_days(carol, owned, unlock, now, sandbox):
    for permission in owned:
        job = unlock(carol, permission, ["FORECLOSURE"])
        if job.hit_count == 0:
            break
    else:
        pytest.fail("Every property of the market has a foreclosure.")

    with pytest.raises(unlocks.NothingToUnlock):
        unlock(carol, permission, ["FORECLOSURE"])
    later = now + timedelta(days=31)
    assert unlock(carol, permission, ["FORECLOSURE"], at=later).state == PropertyJob.State.DONE


def test_a_second_unlock_of_the_same_dataset_costs_nothing(carol, owned, now, sandbox):
    permission = owned[0]
    quotes = [
        unlocks.quote_unlock(user=carol, permission=permission, datasets=["VALUATION"], back_url="/", now=now)
        for _ in range(2)
    ]
    accepted = [jobs.accept_quote(user=carol, quote_id=quote.pk, now=now) for quote in quotes]
    before = Credit.objects.get(user=carol).credit_available + Credit.objects.get(user=carol).reserved

    done = [runner.run_job(job_id=str(job.pk), now=timezone.now) for job in accepted]

    assert done[1].not_charged in ({"already yours": 1}, {"nothing on file": 1})
    spent = before - Credit.objects.get(user=carol).credit_available
    assert spent == done[0].hit_count


def test_a_dataset_that_is_named_several_times_is_charged_once(carol, owned, unlock):
    permission = owned[0]
    before = Credit.objects.get(user=carol).credit_available

    job = unlock(carol, permission, ["QUICKLIST"] * 3)

    assert (job.wanted, job.hit_count) == (1, 1)
    assert Credit.objects.get(user=carol).credit_available == before - 1
    assert PropertyDatasetPermission.objects.get(pk=permission.pk).datasets == ["BASIC", "QUICKLIST"]


def test_a_fresh_copy_is_sold_without_a_vendor_call(carol, bob, owned, fund, phoenix, unlock, sandbox, now):
    permission = owned[0]
    unlock(carol, permission, ["QUICKLIST"])
    fund(bob, 100)
    his = PropertyDatasetPermission.objects.create(
        user=bob, property_id=permission.property_id, datasets=["BASIC"], revealed_at=now
    )
    billed = sandbox.bill()["results_billed"]

    job = unlock(bob, his, ["QUICKLIST"])

    assert [row["source"] for row in job.rows] == ["copy"]
    assert sandbox.bill()["results_billed"] == billed
    assert job.hit_count == 1
    assert Credit.objects.get(user=bob).credit_available == 99


def test_locked_sections_hold_names_and_no_values(carol, owned, unlock, now):
    permission = owned[0]
    unlock(carol, permission, ["VALUATION"])

    page = show_property(user=carol, property_id=permission.property_id, now=now)

    held = Property.objects.get(property_id=permission.property_id)
    assert "valuation" in held.data
    for section in page.sections:
        assert bool(section.shown) == section.is_unlocked
        assert bool(section.field_names) != section.is_unlocked


def test_the_row_of_the_owned_list_holds_unlocked_values_only(carol, owned, unlock):
    for permission in owned:
        row = PropertyDatasetPermission.objects.get(pk=permission.pk)
        assert row.estimated_value is None
        job = unlock(carol, permission, ["VALUATION"])
        if job.hit_count:
            break
    row = PropertyDatasetPermission.objects.get(pk=permission.pk)
    assert row.estimated_value is not None


def test_another_users_property_is_nothing_to_bob(bob, owned, now):
    assert show_property(user=bob, property_id=owned[0].property_id, now=now) is None
