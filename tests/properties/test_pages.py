"""The main job over HTTP without JavaScript: every page answers, and every refusal says what happened."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from credits.models import Credit, Quote
from properties.models import PropertyDatasetPermission, PropertyJob, SavedSearchRun
from properties.services import runner

pytestmark = pytest.mark.django_db

SEARCH = {"q": "Phoenix, AZ", "beds_min": "2"}


@pytest.fixture
def hers(client, carol, fund, sign_in, sandbox):
    """Carol, signed in and with credits."""
    fund(carol, 100)
    return sign_in(client, carol)


def accept(hers, quote_url: str) -> PropertyJob:
    quote_id = quote_url.rstrip("/").rsplit("/", 1)[-1]
    answer = hers.post(reverse("properties:accept-quote", args=[quote_id]))
    assert answer.status_code == 302
    return PropertyJob.objects.get(quote_id=quote_id)


def test_a_visitor_is_sent_to_sign_in_and_no_count_is_asked_for(client, db, sandbox):
    answer = client.get("/search/", SEARCH)

    assert answer.status_code == 302
    assert answer.url.startswith(reverse("account_login"))
    assert sandbox.bill()["count_calls"] == 0


def test_the_search_page_counts_and_offers_the_next_matches(hers):
    page = hers.get("/search/", SEARCH)

    assert page.status_code == 200
    text = page.content.decode()
    assert "Bedrooms from 2" in text
    assert "<strong>Next 10</strong> <span>at most 10 credits</span>" in text
    assert "Already yours, about" in text


def test_an_unknown_place_is_an_error_at_the_field(hers):
    page = hers.get("/search/", {"q": "Nowhereville, ZZ"})

    text = page.content.decode()
    assert "<title>Error:" in text
    assert "does not know this place" in text


def test_from_search_to_receipt_and_property(hers, carol):
    quote_page = hers.post("/search/reveal/", {**SEARCH, "count": "10"})
    assert "at most" in hers.get(quote_page.url).content.decode().lower()
    job = accept(hers, quote_page.url)
    assert "of 10" in hers.get(job.get_absolute_url()).content.decode()

    runner.run_job(job_id=str(job.pk), now=timezone.now)

    receipt = hers.get(job.get_absolute_url()).content.decode()
    assert "Receipt" in receipt
    permission = PropertyDatasetPermission.objects.filter(user=carol).first()
    assert permission.get_absolute_url() in receipt
    page = hers.get(permission.get_absolute_url()).content.decode()
    assert "Bedrooms from 2" in page
    assert "Value and equity" in page
    assert hers.get("/properties/").content.decode().count("data-property-id") == 10
    view = {"job": str(job.pk), "bbox": "-125,24,-66,50", "z": "4"}
    points = hers.get("/properties/cells/", view).json()["points"]
    assert {point["id"] for point in points} <= {row["propertyId"] for row in job.rows or []} | {
        row.property_id for row in PropertyDatasetPermission.objects.filter(user=carol)
    }


def test_a_double_click_on_accept_is_one_job(hers, carol):
    quote_page = hers.post("/search/reveal/", {**SEARCH, "count": "10"})

    first, second = accept(hers, quote_page.url), accept(hers, quote_page.url)

    assert first.pk == second.pk
    assert Credit.objects.get(user=carol).reserved == 10


def test_too_few_credits_say_what_is_missing_and_what_fits(hers, carol):
    quote_page = hers.post("/search/reveal/", {**SEARCH, "count": "150"})
    page = hers.get(quote_page.url).content.decode()

    assert "100" in page
    assert hers.post(reverse("properties:accept-quote", args=[Quote.objects.get().pk])).url == quote_page.url
    assert PropertyJob.objects.count() == 0


def test_a_vendor_that_is_down_is_said_and_the_page_stays(hers, sandbox):
    sandbox.fail("500", times=10)
    page = hers.get("/search/", SEARCH)

    assert page.status_code == 200
    assert "does not answer" in page.content.decode()


def test_other_users_see_nothing_of_hers(client, carol, bob, fund, phoenix, reveal, sign_in, sandbox):
    fund(carol, 50)
    job = reveal(carol, phoenix, 5)
    permission = PropertyDatasetPermission.objects.filter(user=carol).first()
    his = sign_in(client, bob)
    paths = [
        permission.get_absolute_url(),
        job.get_absolute_url(),
        reverse("credits:show-quote", args=[job.quote_id]),
        f"/properties/points/?job={job.pk}",
    ]

    assert [his.get(path).status_code for path in paths] == [404] * 4
    assert his.post(reverse("properties:quote-unlock", args=[permission.property_id])).status_code == 404
    assert his.post(reverse("properties:accept-quote", args=[job.quote_id])).status_code == 404


def test_a_saved_search_shows_its_past_and_runs_again(hers):
    saved = hers.post("/search/save/", {**SEARCH, "name": "Two beds"}, follow=True)
    text = saved.content.decode()
    assert "Had you saved this 30 days ago" in text
    search_url = SavedSearchRun.objects.get().saved_search.get_absolute_url()
    SavedSearchRun.objects.update(ran_at=timezone.now() - timedelta(hours=1))  # a repetition at once is the same run

    again = hers.post(f"{search_url}run/", follow=True)

    assert again.status_code == 200
    assert "Run 2" in again.content.decode()
    assert [run.number for run in SavedSearchRun.objects.order_by("number")] == [1, 2]
    assert hers.get("/searches/").status_code == 200
    assert hers.get(search_url).status_code == 200
    for number in (0, 3, 2**63, 10**30):
        assert hers.get(f"{search_url}runs/{number}/").status_code == 404, number


def test_ids_that_are_none_answer_404(hers):
    for path in ("/jobs/nonsense/", "/searches/nonsense/", "/quotes/nonsense/", "/properties/nonsense/"):
        assert hers.get(path).status_code == 404, path
