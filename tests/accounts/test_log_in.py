"""Signing in and out, and what guards the door."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client

from accounts.models import Session, User
from tests.accounts.helpers import CountingHasher, is_signed_in, log_in, session_documents, sign_up, visitor_documents
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


def cookie(client: Client) -> str | None:
    morsel = client.cookies.get(django_settings.SESSION_COOKIE_NAME)
    return morsel.value if morsel else None


def test_signing_in_writes_a_session_of_the_contract(client, alice):
    response = log_in(client, alice, REMOTE_ADDR="203.0.113.7", headers={"user-agent": "Mozilla/5.0 Firefox/150.0"})
    assert response.url == "/search/"
    (document,) = session_documents()
    assert document["token"] == cookie(client)
    assert document["userId"] == alice.pk
    assert document["ipAddress"] == "203.0.113.7"
    assert document["userAgent"] == "Mozilla/5.0 Firefox/150.0"
    assert 6.9 < (document["expiresAt"].timestamp() - time.time()) / 86_400 < 7.1
    assert visitor_documents() == []
    assert is_signed_in(client)


def test_the_address_may_be_written_in_capitals(client, alice):
    assert client.post("/accounts/login/", {"login": "ALICE@Example.Test", "password": PASSWORD}).status_code == 302
    assert is_signed_in(client)


def test_the_login_page_writes_nothing_for_a_visitor(client):
    response = client.get("/accounts/login/")
    assert response.status_code == 200
    assert cookie(client) is None
    assert session_documents() == visitor_documents() == []


def test_signing_in_takes_a_new_key_and_keeps_what_the_visitor_had(client, alice):
    session = client.session
    session["wanted"] = "phoenix"
    session.save()
    client.cookies[django_settings.SESSION_COOKIE_NAME] = visitor_key = session.session_key
    assert len(visitor_documents()) == 1
    log_in(client, alice)
    assert cookie(client) != visitor_key
    assert client.session["wanted"] == "phoenix"
    assert visitor_documents() == []
    thief = Client()
    thief.cookies[django_settings.SESSION_COOKIE_NAME] = visitor_key
    assert not is_signed_in(thief)


def test_a_key_that_somebody_else_chose_is_not_kept(client, alice):
    client.cookies[django_settings.SESSION_COOKIE_NAME] = "chosen-by-an-attacker"
    log_in(client, alice)
    assert cookie(client) != "chosen-by-an-attacker"
    assert [document["token"] for document in session_documents()] == [cookie(client)]


def test_signing_out_deletes_the_session(client, alice):
    log_in(client, alice)
    token = cookie(client)
    assert client.get("/accounts/logout/").status_code == 200
    assert len(session_documents()) == 1
    assert client.post("/accounts/logout/").url == "/"
    assert session_documents() == []
    client.cookies[django_settings.SESSION_COOKIE_NAME] = token
    assert not is_signed_in(client)


def test_the_page_that_was_wanted_comes_after_signing_in(client, alice):
    response = client.get("/accounts/profile/")
    assert response.url == "/accounts/login/?next=/accounts/profile/"
    page = client.get(response.url).content.decode()
    assert '<input type="hidden" name="next" value="/accounts/profile/">' in page
    credentials = {"login": alice.email, "password": PASSWORD}
    assert client.post("/accounts/login/", {**credentials, "next": "/accounts/profile/"}).url == "/accounts/profile/"
    assert Client().post("/accounts/login/", {**credentials, "next": "https://evil.test/"}).url == "/search/"


def test_known_and_unknown_addresses_get_the_same_answer(alice):
    pages = []
    for email in (alice.email, "nobody@example.test"):
        response = Client().post("/accounts/login/", {"login": email, "password": "wrong"})
        assert response.status_code == 200
        lines = response.content.decode().replace(email, "…").splitlines()
        pages.append([line for line in lines if "csrfmiddlewaretoken" not in line])
    assert pages[0] == pages[1]
    assert "<title>Error: Sign in" in "".join(pages[0])
    assert session_documents() == []


@pytest.mark.parametrize(
    "enter", [lambda email: log_in(Client(), User(email=email), "wrong"), lambda email: sign_up(Client(), email)]
)
def test_known_and_unknown_addresses_take_the_same_time(alice, bob, settings, enter):
    settings.PASSWORD_HASHERS = ["tests.accounts.helpers.CountingHasher"]
    User.objects.filter(pk=bob.pk).update(password="")
    counts = []
    for email in (alice.email, bob.email, "nobody@example.test"):
        CountingHasher.count = 0
        enter(email)
        counts.append(CountingHasher.count)
    assert counts == [1, 1, 1]


def test_five_wrong_passwords_close_the_account_to_more_tries(client, alice):
    for _ in range(5):
        log_in(client, alice, "wrong")
    response = log_in(client, alice)
    assert "Too many tries" in response.content.decode()
    assert session_documents() == []


def test_a_forged_forwarding_header_does_not_help_to_try_more(alice, make_user):
    users = [alice, *(make_user() for _ in range(3))]
    for attempt in range(10):
        log_in(Client(), users[attempt % 4], "wrong", headers={"x-forwarded-for": f"198.51.100.{attempt}"})
    response = log_in(Client(), users[0], headers={"x-forwarded-for": "198.51.100.99"})
    assert "Too many tries" in response.content.decode()


def test_the_forwarding_header_counts_as_far_as_our_own_proxies_wrote_it(client, alice, settings):
    forged = {"x-forwarded-for": "10.9.9.9, 198.51.100.4"}
    log_in(client, alice, REMOTE_ADDR="203.0.113.7", headers=forged)
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    log_in(Client(), alice, REMOTE_ADDR="10.0.0.2", headers=forged)
    assert {document["ipAddress"] for document in session_documents()} == {"203.0.113.7", "198.51.100.4"}


@pytest.mark.django_db(transaction=True)
def test_parallel_tries_are_counted_one_by_one(alice):
    def attempt(_number: int) -> bool:
        try:
            page = log_in(Client(), alice, "wrong").content.decode()
            return "password you specified are not correct" in page
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        evaluated = sum(pool.map(attempt, range(30)))
    assert 1 <= evaluated <= 6


def test_a_request_without_the_token_or_from_elsewhere_is_refused(alice):
    client = Client(enforce_csrf_checks=True)
    credentials = {"login": alice.email, "password": PASSWORD}
    assert client.post("/accounts/login/", credentials).status_code == 403
    client.get("/accounts/login/")
    token = client.cookies[django_settings.CSRF_COOKIE_NAME].value
    foreign = client.post(
        "/accounts/login/", {**credentials, "csrfmiddlewaretoken": token}, headers={"origin": "https://evil.test"}
    )
    assert foreign.status_code == 403
    assert session_documents() == []
    assert client.post("/accounts/login/", {**credentials, "csrfmiddlewaretoken": token}).status_code == 302


def test_a_user_of_another_program_has_no_password_here_and_stays_whole(client, db):
    document = {"email": "earlier@example.test", "name": "Earl Earlier", "role": "USER", "stripeId": "cus_1"}
    users = connection.database["User"]
    user_id = users.insert_one(document).inserted_id
    for password in ("", "!", "anything"):
        assert client.post("/accounts/login/", {"login": document["email"], "password": password}).status_code == 200
    assert session_documents() == []
    user = User.objects.get(pk=user_id)
    assert not user.has_usable_password()
    assert not user.onboarding_completed
    client.force_login(user)
    assert "Earl Earlier" in client.get("/accounts/profile/").content.decode()
    client.post("/accounts/profile/", {"name": "Earl E.", "profession": "landlord"})
    assert users.find_one({"_id": user_id})["stripeId"] == "cus_1"
    assert users.find_one({"_id": user_id})["name"] == "Earl E."


def test_a_user_of_another_program_gets_in_by_resetting_the_password(client, db, mailoutbox):
    from tests.accounts.helpers import mailed_code

    connection.database["User"].insert_one({"email": "earlier@example.test", "name": "Earl", "role": "USER"})
    client.post("/accounts/password/reset/", {"email": "earlier@example.test"})
    client.post("/accounts/password/reset/confirm/", {"code": mailed_code()})
    client.post("/accounts/password/reset/complete/", {"password1": PASSWORD, "password2": PASSWORD})
    user = User.objects.get(email="earlier@example.test")
    assert log_in(client, user).url == "/accounts/welcome/"
    assert is_signed_in(client)


def test_a_session_that_another_program_wrote_signs_nobody_in(client, alice):
    Session.objects.create(token="token-of-another-program", expires_at="2099-01-01T00:00:00Z", user=alice)
    client.cookies[django_settings.SESSION_COOKIE_NAME] = "token-of-another-program"
    assert not is_signed_in(client)
    assert [document["token"] for document in session_documents()] == ["token-of-another-program"]


def test_signed_in_pages_are_stored_nowhere(client, alice):
    log_in(client, alice)
    assert "no-store" in client.get("/accounts/sessions/")["Cache-Control"]
    assert "no-store" in client.get("/")["Cache-Control"]
    assert "no-store" not in Client().get("/").get("Cache-Control", "")
