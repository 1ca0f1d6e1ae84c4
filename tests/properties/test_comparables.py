"""Comparables by quote: at most ten that are new, owned ones free, kept on the property's sheet."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from pymongo.errors import PyMongoError

from credits.models import Credit
from credits.services import verify_books
from properties.models import OwnedCell, PropertyDatasetPermission, PropertyJob, PropertySheet
from properties.search.filters.numbers import months_before
from properties.search.form import read_query
from properties.selectors.comparables import Limits, list_comparables
from properties.services import comparables, jobs, parts, runner
from tests.failpoints import fail_commands

pytestmark = pytest.mark.django_db

WIDE = {"miles": 20, "bedrooms": None, "area_percent": None, "years": None}


def run(job: PropertyJob, moment) -> PropertyJob:
    return runner.run_job(job_id=str(job.pk), now=lambda: moment)


@pytest.fixture
def subject(carol, fund, phoenix, reveal, sandbox) -> PropertyDatasetPermission:
    """A property of carol's."""
    fund(carol, 100)
    reveal(carol, phoenix, 3)
    return PropertyDatasetPermission.objects.filter(user=carol).order_by("property_id").first()


@pytest.fixture
def quote(carol, subject, now):
    """Offer comparables of carol's property."""

    def make(limits=None, **values):
        limits = WIDE if limits is None else limits
        return comparables.quote_comparables(
            user=carol, permission=subject, limits=limits, back_url="/", now=now, **values
        )

    return make


def test_a_quote_counts_free_and_asks_for_ten_at_most(carol, quote, sandbox):
    billed = sandbox.bill()["results_billed"]

    offer = quote()

    assert (offer.kind, offer.max_cost) == ("comparables", 10)
    assert sandbox.bill()["results_billed"] == billed


def test_who_has_used_up_the_counts_of_the_day_is_offered_comparables_all_the_same(carol, quote, settings, now):
    settings.FRESH_COUNTS_A_DAY = 0

    offer = quote()

    assert offer.max_cost == 10
    assert run(jobs.accept_quote(user=carol, quote_id=offer.pk, now=now), now).hit_count == 10


def test_limits_that_nothing_meets_make_no_quote(quote):
    with pytest.raises(comparables.NothingToCompare):
        quote({"miles": 0.001})


@pytest.mark.parametrize("limits", [{"miles": -1}, {"miles": 500}, {"area_percent": 1000}])
def test_limits_out_of_range_are_refused(limits, quote):
    with pytest.raises(ValueError, match=r"at most|from 0"):
        quote(limits)


def test_what_is_new_is_charged_owned_and_noted_on_the_sheet(carol, subject, quote, now, sandbox):
    owned_before = set(PropertyDatasetPermission.objects.filter(user=carol).values_list("property_id", flat=True))
    job = jobs.accept_quote(user=carol, quote_id=quote().pk, now=now)

    job = run(job, now)

    assert (job.state, job.hit_count) == (PropertyJob.State.DONE, 10)
    new = set(PropertyDatasetPermission.objects.filter(user=carol).values_list("property_id", flat=True)) - owned_before
    assert len(new) == 10
    sheet = PropertySheet.objects.get(user=carol, property_id=subject.property_id)
    assert set(sheet.found_ids) == new
    assert sandbox.bill()["results_billed"] == 3 + 10, "what she owns nearby is not fetched again"
    assert Credit.objects.get(user=carol).credit_available == 100 - 3 - 10
    cells = OwnedCell.objects.filter(user=carol)
    per_zoom = {zoom: sum(cell.count for cell in cells if cell.zoom == zoom) for zoom in {cell.zoom for cell in cells}}
    assert set(per_zoom.values()) == {13}, "the map counts them too"


def test_the_next_ones_are_others(carol, quote, now):
    first = run(jobs.accept_quote(user=carol, quote_id=quote().pk, now=now), now)
    second = run(jobs.accept_quote(user=carol, quote_id=quote().pk, now=now), now)

    assert second.hit_count == 10
    assert {row["propertyId"] for row in first.rows}.isdisjoint(row["propertyId"] for row in second.rows)


@pytest.mark.parametrize("command", ["commitTransaction", "insert", "findAndModify", "update", "find"])
def test_comparables_that_die_anywhere_are_finished_once(command, carol, quote, now, sandbox):
    accepted = jobs.accept_quote(user=carol, quote_id=quote().pk, now=now)
    with fail_commands(connection.connection, command, times=2, errorCode=8000) as fault:
        for attempt in range(12):
            try:
                job = run(accepted, now + timedelta(minutes=6 * attempt))
            except (DatabaseError, PyMongoError):
                continue
            if job is not None and job.is_over:
                break

    assert fault.count == 2
    assert PropertyJob.objects.get(pk=accepted.pk).hit_count == 10
    assert sandbox.bill()["results_billed"] == 3 + 10
    assert Credit.objects.get(user=carol).credit_available == 100 - 13
    assert verify_books().is_sound


def test_the_part_that_fits_asks_for_fewer_and_an_offer_that_is_over_for_the_same(carol, quote, now):
    whole = quote()
    Credit.objects.filter(user=carol).update(credit_available=4, purchased_credits=4)

    part = parts.quote_what_fits(user=carol, quote_id=whole.pk, now=now)
    again = parts.quote_again(user=carol, quote_id=whole.pk, now=now + timedelta(days=2))

    assert (part.max_cost, part.subject["limits"]) == (4, WIDE)
    assert (again.max_cost, again.subject["limits"]) == (10, WIDE)


def test_what_is_charged_keeps_every_limit_of_the_page_and_stands_in_its_table(carol, fund, reveal, now, sandbox):
    fund(carol, 500)
    reveal(carol, read_query({"q": ["Phoenix, AZ"], "area_min": ["500"], "type": ["Single Family"]}), 3)
    limits = Limits(miles=10, months=36)
    charged = 0
    for subject in PropertyDatasetPermission.objects.filter(user=carol).order_by("property_id")[:3]:
        quote = comparables.quote_comparables(
            user=carol, permission=subject, limits=limits.as_values(), back_url="/", now=now
        )
        job = run(jobs.accept_quote(user=carol, quote_id=quote.pk, now=now), now)
        bought = {row["propertyId"] for row in PropertyJob.objects.get(pk=job.pk).rows if row["outcome"] == "charged"}
        rows = PropertyDatasetPermission.objects.filter(user=carol, property_id__in=bought)
        assert {row.property_type for row in rows} <= {subject.property_type}
        assert all(row.last_sale_on >= months_before(now.date(), 36) for row in rows)
        listed = list_comparables(subject=subject, limits=limits, pinned_ids=[], today=now.date(), with_outliers=True)
        assert bought <= {each.row.property_id for each in listed.rows}
        assert quote.max_cost == len(bought), "the count keeps the same limits"
        charged += len(bought)
    assert charged > 0


def test_an_offer_that_is_over_is_made_again_within_the_same_limits(carol, quote, now):
    limits = {**WIDE, "months": 24, "same_type": True}
    whole = quote(limits)

    again = parts.quote_again(user=carol, quote_id=whole.pk, now=now + timedelta(days=2))

    assert again.subject["limits"] == limits
    assert again.subject["conditions"].keys() == {"general", "sale"}
