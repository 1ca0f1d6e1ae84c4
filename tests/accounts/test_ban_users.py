"""A banned person is out on the next request."""

import pytest
from django.test import Client

from accounts import services
from accounts.models import User
from tests.accounts.helpers import is_signed_in, log_in, session_documents

pytestmark = pytest.mark.django_db


def test_a_ban_ends_the_sessions_and_refuses_new_ones(client, alice, bob):
    bobs = Client()
    log_in(client, alice)
    log_in(bobs, bob)
    services.ban_user(user=alice)
    assert not is_signed_in(client)
    assert is_signed_in(bobs)
    assert log_in(Client(), alice).url == "/accounts/inactive/"
    assert [document["userId"] for document in session_documents()] == [bob.pk]


def test_a_ban_that_another_program_wrote_counts_on_the_next_request(client, alice):
    log_in(client, alice)
    User.objects.filter(pk=alice.pk).update(banned=True)
    response = client.get("/accounts/profile/")
    assert response.url == "/accounts/inactive/"
    assert "This account is closed" in client.get(response.url).content.decode()
    assert session_documents() == []
    assert client.get("/accounts/profile/").url.startswith("/accounts/login/")


def test_a_banned_person_is_sent_away_by_htmx_too(client, alice):
    log_in(client, alice)
    User.objects.filter(pk=alice.pk).update(banned=True)
    response = client.get("/accounts/welcome/places/", headers={"hx-request": "true"})
    assert response["HX-Redirect"] == "/accounts/inactive/"
    assert response.content == b""


def test_a_user_who_was_deleted_is_out_on_the_next_request(client, alice):
    log_in(client, alice)
    User.objects.filter(pk=alice.pk)._raw_delete("default")
    assert client.get("/accounts/profile/").url == "/accounts/inactive/"
    assert session_documents() == []


def test_the_wrong_password_does_not_tell_that_an_account_is_banned(alice):
    services.ban_user(user=alice)
    assert log_in(Client(), alice, "wrong").status_code == 200


def test_lifting_the_ban_lets_the_person_sign_in_again(client, alice):
    services.ban_user(user=alice)
    services.unban_user(user=alice)
    assert log_in(client, alice).url == "/search/"
    assert is_signed_in(client)
