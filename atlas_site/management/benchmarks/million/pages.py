"""Whole pages of the user of a million properties, as the server makes them, against a page with nothing on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.test import Client, override_settings
from django.urls import path
from django.utils import timezone

from accounts.models import FollowedMarket, User
from atlas_site.lib.transactions import run_txn
from atlas_site.management.benchmarks.databases import serving
from atlas_site.management.benchmarks.million.cases import FILTERS, some_property_id
from atlas_site.management.benchmarks.million.dataset import BIG
from atlas_site.management.benchmarks.million.servers import MONGO
from atlas_site.management.benchmarks.timing import WARM_UP_ROUNDS, time_in_turns
from atlas_site.urls import urlpatterns as pages_of_atlas
from credits.services import accept_quote, capture, grant, make_quote, open_wallet, release
from properties.models import PropertyJob, SavedSearch, SavedSearchRun
from properties.models.jobs import CHARGED
from properties.search.form import read_query
from properties.selectors.owned import ROWS_A_PAGE

MOST_OVER_EMPTY = 6.0
STATIC_FILES = "django.contrib.staticfiles.storage.StaticFilesStorage"
EMPTY, EMPTY_PAGE = "empty page", "/bench/empty/"
CITY = "Phoenix, AZ"


class PageFailed(Exception):
    """A page did not answer as it should, so its time says nothing."""


@login_required
def show_nothing(request: HttpRequest) -> HttpResponse:
    """Show the frame of a signed-in page and nothing in it."""
    return render(request, "layouts/app.html")


urlpatterns = [*pages_of_atlas, path(EMPTY_PAGE.removeprefix("/"), show_nothing)]


def pages_to_measure(size: int) -> dict[str, str]:
    """The addresses of the pages, by name."""
    filtered = read_query(FILTERS).urlencode()
    with serving(MONGO):
        search, job = SavedSearch.objects.get(user_id=BIG), PropertyJob.objects.get(user_id=BIG)
    return {
        EMPTY: EMPTY_PAGE,
        "My properties": "/properties/",
        "My properties, filtered by value": f"/properties/?{filtered}&sort=value",
        "My properties, with all filters": "/properties/?show=filters",
        "a property": f"/properties/{some_property_id(size, BIG)}/",
        "a property, for paper": f"/properties/{some_property_id(size, BIG)}/print/",
        "search, before the first": "/search/",
        "search in a city": f"/search/?{read_query({'q': [CITY]}).urlencode()}",
        "search with conditions": f"/search/?{filtered}",
        "the market": "/search/market/",
        "saved searches": "/searches/",
        "a saved search": f"/searches/{search.pk}/",
        "a run of it": f"/searches/{search.pk}/runs/1/",
        "a job": f"/jobs/{job.pk}/",
        "exports": "/exports/",
        "credits": "/credits/",
        "usage of credits": "/credits/usage/",
    }


def measure_pages(*, size: int, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each page, round by round. Raises PageFailed."""
    with _signed_in(size) as client:
        pages = pages_to_measure(size)
        for address in list(pages.values()) * WARM_UP_ROUNDS:
            if client.get(address).status_code != HttpResponse.status_code:
                raise PageFailed(f"{address} did not answer with a page.")
        runs = {name: partial(_get, client, address) for name, address in pages.items()}
        return time_in_turns(runs, rounds=rounds)


def _get(client: Client, address: str, call: int) -> bytes:
    return client.get(address).content


@contextmanager
def _signed_in(size: int) -> Iterator[Client]:
    """A browser of the user of many, who is signed in and has followed a market."""
    # Without hashed names, which only a release has.
    plain_names = {**settings.STORAGES, "staticfiles": {"BACKEND": STATIC_FILES}}
    site = override_settings(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["testserver"], STORAGES=plain_names)
    with serving(MONGO), site:
        user = User.objects.filter(pk=BIG).first() or _make_user()
        if not PropertyJob.objects.filter(user=user).exists():
            _make_work(user, size)
        client = Client()
        client.force_login(user)
        yield client


def _make_user() -> User:
    user = User.objects.create(id=BIG, email="many@atlas.test", name="Owner of many", onboarding_completed=True)
    FollowedMarket.objects.create(user=user, kind="city", place=CITY, state="AZ")
    open_wallet(user_id=user.pk)
    return user


def _make_work(user: User, size: int) -> None:
    """Make a saved search with a run, and a job that is done, for the pages of one."""
    search = SavedSearch.objects.create(user=user, name="Houses in Phoenix", filters=read_query(FILTERS).params())
    SavedSearchRun.objects.create(saved_search=search, number=1, ran_at=search.created_at, filters=search.filters)
    ids = [some_property_id(size, BIG, number) for number in range(ROWS_A_PAGE)]
    rows = [{"propertyId": each, "dataset": "BASIC", "outcome": CHARGED} for each in dict.fromkeys(ids)]
    count, title, now = len(rows), f"The next {len(rows)} properties in {CITY}", timezone.now()
    grant(user_id=user.pk, amount=1_000, bucket="purchased", source="bench", reason="Benchmark", now=now)
    quote = make_quote(
        user_id=user.pk,
        kind="reveal",
        title=title,
        units={"SEARCH": count},
        subject={},
        accept_view="properties:accept-quote",
        now=now,
    )
    run_txn(lambda: accept_quote(quote_id=quote.pk, user_id=user.pk, now=now))
    run_txn(lambda: capture(quote_id=quote.pk, step="1", units={"SEARCH": count}, reason=title, now=now))
    run_txn(lambda: release(quote_id=quote.pk, now=now))
    PropertyJob.objects.create(
        user=user,
        quote_id=quote.pk,
        kind="reveal",
        title=title,
        state=PropertyJob.State.DONE,
        wanted=count,
        hit_count=count,
        rows=rows,
        ended_at=now,
    )
