"""The front page, the health check, the theme, and the pages for errors."""

import io
import logging
import time

import pymongo
import pytest
from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.test import Client, RequestFactory, override_settings

from atlas_site.lib.outages import OutageFilter
from atlas_site.staff import views
from tests.failpoints import HANG_UP, fail_commands

pytestmark = pytest.mark.django_db


def test_a_visitor_sees_what_atlas_is(client):
    response = client.get("/")
    assert response.status_code == 200
    assert "Know the price before you know the address" in response.text
    assert f"{settings.WELCOME_CREDITS} credits to start with" in response.text


def test_an_investor_goes_on_to_the_search(client, alice, sign_in):
    assert sign_in(client, alice).get("/").headers["Location"] == "/search/"


def test_health_is_good_when_both_servers_answer(client):
    response = client.get("/healthz/")
    assert (response.status_code, response.json()) == (200, {"mongodb": True, "valkey": True})
    assert "no-store" in response.headers["Cache-Control"]


def test_health_names_the_server_that_does_not_answer(client):
    gone = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    with override_settings(CACHES=gone):
        response = client.get("/healthz/")
    assert (response.status_code, response.json()) == (503, {"mongodb": True, "valkey": False})


def test_health_is_told_in_time_though_mongodb_is_frozen(client, alice, sign_in, monkeypatch):
    """Signed in, too: no session is read for it."""
    hers = sign_in(client, alice)
    assert views.MONGODB_SECONDS <= 2
    monkeypatch.setattr(views, "MONGODB_SECONDS", 0.5)
    slow = {"blockConnection": True, "blockTimeMS": 7_000}
    started = time.monotonic()
    with fail_commands(connection.connection, "ping", "find", "aggregate", **slow):
        response = hers.get("/healthz/")
        took = time.monotonic() - started
    assert (response.status_code, response.json()) == (503, {"mongodb": False, "valkey": True})
    assert took < 6


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chosen_theme_is_on_the_next_page(client, theme):
    client.post("/theme/", {"theme": theme, "next": "/"})
    assert f'data-bs-theme="{theme}"' in client.get("/").text


def test_auto_leaves_the_theme_to_the_system(client):
    client.post("/theme/", {"theme": "dark"})
    client.post("/theme/", {"theme": "auto"})
    assert "data-bs-theme" not in client.get("/").text


def test_a_theme_that_is_none_is_not_kept(client):
    response = client.post("/theme/", {"theme": '"><script>', "next": "/"})
    assert response.status_code == 302
    assert "theme" not in response.cookies


@pytest.mark.parametrize(
    ("asked", "goes_to"),
    [
        ("/search/?q=85004", "/search/?q=85004"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_the_theme_leads_back_to_this_site_alone(client, asked, goes_to):
    assert client.post("/theme/", {"theme": "dark", "next": asked}).headers["Location"] == goes_to


def test_the_theme_is_changed_by_post_alone(client):
    assert client.get("/theme/").status_code == 405


def test_a_missing_page_keeps_the_frame(client, alice, sign_in):
    response = sign_in(client, alice).get("/no/such/page/")
    assert response.status_code == 404
    assert alice.email in response.text
    assert 'id="credit-balance"' in response.text


def test_a_form_without_its_token_gets_a_page_that_says_so():
    response = Client(enforce_csrf_checks=True).post("/theme/", {"theme": "dark"})
    assert response.status_code == 403
    assert "This form was open for too long" in response.text


def test_a_forbidden_page_says_who_is_signed_in(rf, alice):
    request = make_request(rf, alice)
    response = views.show_forbidden(request)
    assert response.status_code == 403
    assert f"You are signed in as {alice.email}" in response.text


@pytest.mark.parametrize(("view", "status"), [(views.show_bad_request, 400), (views.show_server_error, 500)])
def test_the_bare_error_pages_ask_no_server(view, status, rf):
    asked = []
    with connection.execute_wrapper(lambda *arguments: asked.append(arguments)):
        request = rf.get("/")
        request.COOKIES["theme"] = "dark"
        response = view(request)
    assert response.status_code == status
    assert 'data-bs-theme="dark"' in response.text
    assert f"Error {status}" in response.text
    assert asked == []


def test_signing_in_without_valkey_says_when_to_come_back(client, alice, settings):
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    client.raise_request_exception = False
    response = client.post("/accounts/login/", {"login": alice.email, "password": "whatever it was"})
    assert response.status_code == 503
    assert response["Retry-After"] == "60"
    assert "try again in a minute" in response.text


def test_a_database_that_does_not_answer_is_no_fault_of_atlas(client, alice, sign_in):
    hers = sign_in(client, alice)
    hers.raise_request_exception = False
    with fail_commands(connection.connection, "aggregate", "find", **HANG_UP), pymongo.timeout(1):
        response = hers.get("/credits/")
    assert response.status_code == 503
    assert hers.get("/credits/").status_code == 200


def test_an_outage_is_one_line_of_the_log_that_names_its_cause(client, alice, sign_in):
    hers = sign_in(client, alice)
    hers.raise_request_exception = False
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(OutageFilter())
    logging.getLogger("django.request").addHandler(handler)
    try:
        with fail_commands(connection.connection, "aggregate", "find", **HANG_UP), pymongo.timeout(1):
            hers.get("/credits/")
        logging.getLogger("django.request").error("Another: %s", "fault", exc_info=ValueError("x"))
    finally:
        logging.getLogger("django.request").removeHandler(handler)

    outage, *others = written.getvalue().splitlines()
    assert outage.startswith("Service Unavailable: /credits/ -- MongoDB does not answer: ")
    assert others[:1] == ["Another: fault"]
    assert others[-1] == "ValueError: x", "faults of Atlas keep their traceback"
    assert settings.LOGGING["handlers"]["console"]["filters"] == ["outages"]


def make_request(rf: RequestFactory, user) -> HttpRequest:
    request = rf.get("/")
    request.user = user
    return request
