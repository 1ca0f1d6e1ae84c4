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

from accounts.models import FollowedMarket, User
from atlas_site.management.benchmarks.databases import serving
from atlas_site.management.benchmarks.million.cases import FILTERS, some_property_id
from atlas_site.management.benchmarks.million.dataset import BIG
from atlas_site.management.benchmarks.million.servers import MONGO
from atlas_site.management.benchmarks.timing import WARM_UP_ROUNDS, time_in_turns
from atlas_site.urls import urlpatterns as pages_of_atlas
from credits.services import open_wallet
from properties.search.form import read_query

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
    return {
        EMPTY: EMPTY_PAGE,
        "My properties": "/properties/",
        "My properties, filtered by value": f"/properties/?{filtered}&sort=value",
        "a property": f"/properties/{some_property_id(size, BIG)}/",
        "search in a city": f"/search/?{read_query({'q': [CITY]}).urlencode()}",
        "saved searches": "/searches/",
        "credits": "/credits/",
    }


def measure_pages(*, size: int, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each page, round by round. Raises PageFailed."""
    with _signed_in() as client:
        pages = pages_to_measure(size)
        for address in list(pages.values()) * WARM_UP_ROUNDS:
            if client.get(address).status_code != HttpResponse.status_code:
                raise PageFailed(f"{address} did not answer with a page.")
        runs = {name: partial(_get, client, address) for name, address in pages.items()}
        return time_in_turns(runs, rounds=rounds)


def _get(client: Client, address: str, call: int) -> bytes:
    return client.get(address).content


@contextmanager
def _signed_in() -> Iterator[Client]:
    """A browser of the user of many, who is signed in and has followed a market."""
    # Without hashed names, which only a release has.
    plain_names = {**settings.STORAGES, "staticfiles": {"BACKEND": STATIC_FILES}}
    site = override_settings(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["testserver"], STORAGES=plain_names)
    with serving(MONGO), site:
        user = User.objects.filter(pk=BIG).first() or _make_user()
        client = Client()
        client.force_login(user)
        yield client


def _make_user() -> User:
    user = User.objects.create(id=BIG, email="many@atlas.test", name="Owner of many", onboarding_completed=True)
    FollowedMarket.objects.create(user=user, kind="city", place=CITY, state="AZ")
    open_wallet(user_id=user.pk)
    return user
