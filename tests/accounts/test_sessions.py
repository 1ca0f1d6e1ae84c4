"""The session store, and the page on which sessions are ended."""

from datetime import timedelta

import pytest
import time_machine
from bson import ObjectId
from django.contrib.sessions.backends.base import UpdateError
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import AnonymousSession, Session
from accounts.sessions import SessionStore
from atlas_site.mongodb.explain import assert_index_scan
from tests.accounts.helpers import is_signed_in, log_in, session_documents, visitor_documents
from tests.factories import PASSWORD, SessionFactory

pytestmark = pytest.mark.django_db


def sign_in_recently(client: Client, user) -> None:
    """Sign in and confirm the password, as ending sessions asks for."""
    log_in(client, user)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})


# ---------------------------------------------------------------- the store


def test_a_visitors_state_is_kept_for_two_hours():
    store = SessionStore()
    store["wanted"] = "phoenix"
    store.save()
    assert SessionStore(store.session_key)["wanted"] == "phoenix"
    assert session_documents() == []
    with time_machine.travel(timezone.now() + timedelta(hours=2, seconds=1)):
        assert "wanted" not in SessionStore(store.session_key)


def test_a_session_that_was_ended_meanwhile_is_not_written_again():
    store = SessionStore()
    store["wanted"] = "phoenix"
    store.save()
    SessionStore(store.session_key).delete()
    store["wanted"] = "tempe"
    with pytest.raises(UpdateError):
        store.save()
    assert visitor_documents() == []


def test_an_unsaved_new_key_loses_nothing():
    store = SessionStore()
    store["wanted"] = "phoenix"
    store.save()
    interrupted = SessionStore(store.session_key)
    interrupted.cycle_key()
    assert SessionStore(store.session_key)["wanted"] == "phoenix"
    interrupted.save()
    assert SessionStore(interrupted.session_key)["wanted"] == "phoenix"
    assert not SessionStore().exists(store.session_key)


def test_flushing_ends_the_session_and_all_that_it_replaces():
    store = SessionStore()
    store["wanted"] = "phoenix"
    store.save()
    store.cycle_key()
    store.flush()
    assert visitor_documents() == []
    assert store.session_key is None


def test_keys_are_long_and_unlike():
    keys = {SessionStore()._get_new_session_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(len(key) >= 43 for key in keys)


@pytest.mark.parametrize("key", ["", "short", "x" * 65, "x" * 100_000, '{"$ne": ""}', "\x00" * 20])
def test_what_is_no_key_of_ours_opens_an_empty_session(key):
    store = SessionStore(key)
    assert store.get("anything") is None
    assert store.session_key is None


def test_a_token_of_one_user_with_the_state_of_another_signs_nobody_in(client, alice, bob):
    client.force_login(alice)
    Session.objects.filter(user=alice).update(user=bob)
    assert not is_signed_in(client)


def test_a_session_in_use_is_prolonged_once_a_day_and_ends_after_thirty_days(client, alice):
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        log_in(client, alice)
        (document,) = session_documents()
        assert is_signed_in(client)
        assert session_documents() == [document]
    with time_machine.travel(start + timedelta(hours=25), tick=False):
        assert is_signed_in(client)
        (prolonged,) = session_documents()
        assert prolonged["expiresAt"] - document["expiresAt"] == timedelta(hours=25)
        assert prolonged["token"] == document["token"]
    for days in (6, 12, 18, 24, 29):
        with time_machine.travel(start + timedelta(days=days), tick=False):
            assert is_signed_in(client)
    with time_machine.travel(start + timedelta(days=30, seconds=1), tick=False):
        assert not is_signed_in(client)


def test_a_session_that_is_not_used_ends_after_seven_days(client, alice):
    log_in(client, alice)
    with time_machine.travel(timezone.now() + timedelta(days=7, seconds=1)):
        assert not is_signed_in(client)


def test_expired_documents_are_cleared_and_others_stay(alice):
    now = timezone.now()
    for hours in (-1, 1):
        SessionFactory(token=f"session {hours}", user=alice, expires_at=now + timedelta(hours=hours))
        AnonymousSession.objects.create(token=f"visitor {hours}", expires_at=now + timedelta(hours=hours))
    SessionStore.clear_expired()
    assert [document["token"] for document in session_documents()] == ["session 1"]
    assert [document["_id"] for document in visitor_documents()] == ["visitor 1"]


def test_the_server_removes_expired_documents_by_itself():
    for name in ("Session", "AnonymousSession"):
        indexes = connection.database[name].index_information().values()
        assert [index["key"] for index in indexes if index.get("expireAfterSeconds") == 0] == [[("expiresAt", 1)]]


def test_every_look_up_of_a_session_uses_an_index(client, alice):
    client.force_login(alice)
    key = client.session.session_key
    assert_index_scan(lambda: SessionStore(key).load())
    assert_index_scan(lambda: SessionStore("unknown-but-long-enough").load())
    assert_index_scan(lambda: SessionStore().delete(key))
    assert_index_scan(alice.sessions.filter(expires_at__gt=timezone.now()).order_by("-expires_at"))


# ---------------------------------------------------------------- the page


def test_the_list_shows_devices_and_marks_this_one(client, alice, bob):
    log_in(client, alice, headers={"user-agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36"})
    log_in(Client(), alice, REMOTE_ADDR="203.0.113.9", headers={"user-agent": "Mozilla/5.0 (iPhone) Version Safari"})
    log_in(Client(), bob, REMOTE_ADDR="198.51.100.77")
    SessionFactory(user=alice, user_agent=None, ip_address=None, created_at=None)
    page = client.get("/accounts/sessions/").content.decode()
    assert "Chrome on Windows" in page
    assert "Safari on iPhone" in page
    assert "203.0.113.9" in page
    assert "Unknown device" in page
    assert page.count("This device") == 1
    assert "198.51.100.77" not in page


def test_ending_a_session_asks_for_the_password_and_then_ends_it(client, alice):
    other_browser = Client()
    for browser in (client, other_browser):
        log_in(browser, alice)
    other = Session.objects.exclude(token=client.session.session_key).get()
    response = client.post(f"/accounts/sessions/{other.pk}/end/")
    assert response.url.startswith("/accounts/reauthenticate/")
    assert "<h1>Confirm that it is you" in client.get(response.url).content.decode()
    assert is_signed_in(other_browser)
    client.post(response.url, {"password": PASSWORD})
    assert is_signed_in(client)
    assert not is_signed_in(other_browser)


def test_all_others_are_ended_at_once(client, alice, bob):
    others = [Client(), Client()]
    sign_in_recently(client, alice)
    for browser in others:
        log_in(browser, alice)
    bobs = Client()
    log_in(bobs, bob)
    assert client.post("/accounts/sessions/end-others/").url == "/accounts/sessions/"
    assert [is_signed_in(browser) for browser in (client, *others, bobs)] == [True, False, False, True]


def test_ending_the_current_session_is_logging_out(client, alice):
    sign_in_recently(client, alice)
    current = Session.objects.get(token=client.session.session_key)
    assert client.post(f"/accounts/sessions/{current.pk}/end/").url == "/"
    assert session_documents() == []


def test_a_session_of_somebody_else_does_not_exist(client, alice, bob):
    sign_in_recently(client, alice)
    theirs = SessionFactory(user=bob)
    answers = [client.post(f"/accounts/sessions/{key}/end/") for key in (theirs.pk, ObjectId())]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert Session.objects.filter(pk=theirs.pk).exists()
    assert client.post("/accounts/sessions/not-an-id/end/").status_code == 404


def test_sessions_are_ended_by_post_alone_and_by_their_owner_alone(client, alice):
    session = SessionFactory(user=alice)
    for url in (f"/accounts/sessions/{session.pk}/end/", "/accounts/sessions/end-others/"):
        assert client.post(url).url.startswith("/accounts/login/")
    sign_in_recently(client, alice)
    for url in (f"/accounts/sessions/{session.pk}/end/", "/accounts/sessions/end-others/"):
        assert client.get(url).status_code == 405
    assert Session.objects.filter(pk=session.pk).exists()
