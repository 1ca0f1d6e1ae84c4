"""A forgotten password, and one that is changed."""

import pytest
from django.core import mail
from django.test import Client

from tests.accounts.helpers import NEW_PASSWORD, is_signed_in, log_in, mailed_code, session_documents
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


def ask_for_code(client: Client, email: str):
    return client.post("/accounts/password/reset/", {"email": email})


def test_a_code_leads_to_a_new_password(client, alice):
    other_browser = Client()
    log_in(other_browser, alice)
    assert ask_for_code(client, alice.email).url == "/accounts/password/reset/confirm/"
    response = client.post("/accounts/password/reset/confirm/", {"code": mailed_code()})
    assert response.url == "/accounts/password/reset/complete/"
    assert client.get(response.url).status_code == 200
    response = client.post(response.url, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert response.url == "/accounts/password/reset/done/"
    assert "Your password is changed" in client.get(response.url).content.decode()
    assert session_documents() == []
    assert not is_signed_in(other_browser)
    assert mail.outbox[-1].subject == "Your Atlas password was reset"
    assert log_in(client, alice, PASSWORD).status_code == 200
    assert log_in(client, alice, NEW_PASSWORD).status_code == 302


def test_an_unknown_address_gets_the_same_page_and_another_mail(alice):
    answers = []
    for email in (alice.email, "nobody@example.test"):
        client = Client()
        response = ask_for_code(client, email)
        page = client.get(response.url).content.decode().replace(email, "…").splitlines()
        answers.append((response.status_code, response.url, [li for li in page if "csrfmiddlewaretoken" not in li]))
    assert answers[0] == answers[1]
    assert [message.subject for message in mail.outbox] == [
        "Your Atlas password reset code",
        "There is no Atlas account with this address",
    ]


def test_after_three_wrong_codes_the_right_one_is_refused(client, alice):
    ask_for_code(client, alice.email)
    code = mailed_code()
    for _ in range(3):
        response = client.post("/accounts/password/reset/confirm/", {"code": "BBBB-BBBB"})
    assert response.url == "/accounts/login/"
    assert client.post("/accounts/password/reset/confirm/", {"code": code}).url == "/accounts/login/"
    assert client.get("/accounts/password/reset/complete/").url == "/accounts/password/reset/"


def test_nobody_gets_past_the_code(client, alice):
    ask_for_code(client, alice.email)
    response = client.post("/accounts/password/reset/complete/", {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert response.url == "/accounts/password/reset/confirm/"
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_codes_are_sent_five_times_a_minute_at_most(client, alice):
    statuses = [ask_for_code(client, alice.email).status_code for _ in range(6)]
    assert statuses == [302] * 5 + [429]
    assert len(mail.outbox) == 5


def test_changing_the_password_keeps_this_session_and_ends_the_others(client, alice):
    other_browser = Client()
    for browser in (client, other_browser):
        log_in(browser, alice)
    old_token = client.session.session_key
    form = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert client.post("/accounts/password/change/", form).status_code == 302
    (document,) = session_documents()
    assert document["token"] == client.session.session_key != old_token
    assert is_signed_in(client)
    assert not is_signed_in(other_browser)
    assert mail.outbox[-1].subject == "Your Atlas password was changed"


def test_the_old_password_is_needed_for_a_new_one(client, alice):
    log_in(client, alice)
    form = {"oldpassword": "wrong", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    response = client.post("/accounts/password/change/", form)
    assert "<title>Error: Change your password" in response.content.decode()
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)
