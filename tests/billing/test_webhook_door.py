"""The door for Chargebee's events: who is let in, how large a parcel, and that what is not stored is not promised."""

import base64
import json
import logging
import time

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from atlas_site.mongodb.documents import collection_of
from billing.models import WebhookEvent
from billing.services import events
from billing.webhooks import is_chargebee
from tests.failpoints import HANG_UP, fail_commands

DOOR = "/billing/webhooks/chargebee/"
JSON = "application/json"


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def event(event_id: str, event_type: str = "subscription_created", **fields) -> dict:
    """Return an event as Chargebee delivers it."""
    content = {"customer": {"id": "nobody"}}
    told = {"id": event_id, "event_type": event_type, "occurred_at": 1_790_000_000, "api_version": "v2"}
    return {**told, "object": "event", "content": content, **fields}


def deliver(client: Client, body: object, *, authorization: str | None = None, content_type: str = JSON, **headers):
    """Post a body to the door, by default as a configured user."""
    name, password = settings.CHARGEBEE_WEBHOOK_USERS[0]
    authorization = basic(name, password) if authorization is None else authorization
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(DOOR, data, content_type=content_type, HTTP_AUTHORIZATION=authorization, **headers)


@pytest.fixture
def door() -> Client:
    """A client without session and token, that checks for forgery as browsers' requests are checked."""
    return Client(enforce_csrf_checks=True)


def test_the_door_is_where_chargebee_was_told(db):
    assert reverse("billing:webhook") == DOOR


@pytest.mark.parametrize("number", [0, 1])
def test_an_event_is_stored_as_it_came_for_either_of_two_passwords(door, db, unique_id, number):
    sent = json.dumps(event(unique_id)).encode()
    answer = deliver(door, sent, authorization=basic(*settings.CHARGEBEE_WEBHOOK_USERS[number]))
    assert (answer.status_code, answer.content) == (204, b"")
    stored = WebhookEvent.objects.get(pk=unique_id)
    assert stored.body == sent.decode()
    assert (stored.event_type, stored.customer_id, stored.deliveries) == ("subscription_created", "nobody", 1)
    assert stored.occurred_at is not None


def wrong_credentials() -> list[str]:
    (name, password), (_, other) = settings.CHARGEBEE_WEBHOOK_USERS
    return [
        "",
        "Basic",
        "Basic !!!",
        f"Bearer {base64.b64encode(f'{name}:{password}'.encode()).decode()}",
        basic(name, "wrong"),
        basic("wrong", password),
        basic(name, other),
        basic(name, ""),
        basic("", ""),
        basic(name, password + "x"),
        basic(name, "pässwörd"),
    ]


@pytest.mark.parametrize("number", range(11))
def test_whoever_has_other_credentials_is_refused_and_nothing_is_stored(door, db, unique_id, number):
    answer = deliver(door, event(unique_id), authorization=wrong_credentials()[number])
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert not WebhookEvent.objects.exists()


def test_a_refusal_takes_as_long_for_a_known_name_as_for_an_unknown_one():
    (name, password), last = settings.CHARGEBEE_WEBHOOK_USERS[0], settings.CHARGEBEE_WEBHOOK_USERS[-1]
    tries = [basic(name, password[:-1] + "!"), basic("nobody", "x" * len(password)), basic(last[0], "y" * 32)]
    assert not any(is_chargebee(header) for header in tries)
    times: dict[str, float] = dict.fromkeys(tries, 1.0)
    for _ in range(300):
        for header in tries:
            begin = time.perf_counter()
            is_chargebee(header)
            times[header] = min(times[header], time.perf_counter() - begin)
    fastest, slowest = min(times.values()), max(times.values())
    assert slowest < 2 * fastest


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch", "head"])
def test_only_post_is_answered(door, db, method):
    answer = getattr(door, method)(DOOR)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_a_body_over_the_limit_is_refused_before_it_is_read(door, db):
    answer = deliver(door, b"x" * (settings.WEBHOOK_BODY_LIMIT_BYTES + 1))
    assert answer.status_code == 413


def test_a_body_at_the_limit_is_taken(door, db, unique_id):
    told = event(unique_id)
    told["padding"] = ""
    told["padding"] = "x" * (settings.WEBHOOK_BODY_LIMIT_BYTES - len(json.dumps(told)))
    assert deliver(door, told).status_code == 204


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_another_type_of_content_is_refused(door, db, unique_id, content_type):
    assert deliver(door, event(unique_id), content_type=content_type).status_code == 415
    assert not WebhookEvent.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        b" ",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"[" * 100_000,
        event("ev", content={"customer": {"id": "c1", "first_name": "\ud800"}}),
        event("ev", content={"\udfff": {}}),
        event("ev", content={"nested": json.loads("[" * 49 + "]" * 49)}),
        event("ev", content={"nested": json.loads('{"a":' * 900 + "1" + "}" * 900)}),
        {"event_type": "x", "content": {}, "api_version": "v2"},
        event("a b"),
        event("x" * 81),
        event("$where"),
        event("ev", id=5),
        event("ev", id={"$ne": ""}),
        event("ev", event_type="x" * 81),
        event("ev", event_type={"$gt": ""}),
        event("ev", content=[]),
        event("ev", content=None),
        event("ev", api_version="v1"),
        event("ev", api_version=None),
    ],
)
def test_what_is_no_event_is_refused_and_not_stored(door, db, body):
    assert deliver(door, body).status_code == 400
    assert not WebhookEvent.objects.exists()


def test_whole_pairs_of_characters_and_fifty_levels_are_taken(door, db, unique_id):
    content = {"customer": {"first_name": "\U0001f600"}, "nested": json.loads("[" * 48 + "]" * 48)}
    assert deliver(door, event(unique_id, content=content)).status_code == 204
    assert "\\ud83d\\ude00" in WebhookEvent.objects.get(pk=unique_id).body


def test_an_event_of_an_unknown_type_is_kept_and_ignored(door, db, unique_id):
    assert deliver(door, event(unique_id, "quote_created")).status_code == 204
    stored = WebhookEvent.objects.get(pk=unique_id)
    assert (stored.state, stored.next_attempt_at) == ("ignored", None)


def test_another_delivery_of_the_same_event_is_counted_and_answered_alike(door, db, unique_id):
    for _ in range(3):
        assert deliver(door, event(unique_id)).status_code == 204
    assert WebhookEvent.objects.get(pk=unique_id).deliveries == 3


def test_a_delivery_of_an_event_that_was_applied_does_not_wake_it(door, db, unique_id):
    deliver(door, event(unique_id))
    WebhookEvent.objects.filter(pk=unique_id).update(state="applied", next_attempt_at=None)
    assert deliver(door, event(unique_id)).status_code == 204
    assert WebhookEvent.objects.get(pk=unique_id).state == "applied"


def test_an_event_names_its_customer_in_any_of_its_resources(door, db, unique_id):
    deliver(door, event(unique_id, "transaction_updated", content={"transaction": {"id": "t", "customer_id": "c9"}}))
    assert WebhookEvent.objects.get(pk=unique_id).customer_id == "c9"


def test_an_event_that_cannot_be_stored_is_not_acknowledged(door, db, unique_id):
    with fail_commands(connection.connection, "insert", **HANG_UP) as fault:
        answer = deliver(door, event(unique_id))
    assert fault.count > 0
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert deliver(door, event(unique_id)).status_code == 204


def test_a_slow_database_is_not_waited_for(door, db, unique_id, monkeypatch):
    assert events.STORE_SECONDS <= 3
    slow = {"blockConnection": True, "blockTimeMS": 6_000}
    with fail_commands(connection.connection, "insert", times=1, **slow) as fault:
        begin = time.monotonic()
        with monkeypatch.context() as patch:
            patch.setattr(events, "STORE_SECONDS", 1)
            answer = deliver(door, event(unique_id))
        took = time.monotonic() - begin
    assert fault.count == 1
    assert answer.status_code == 503
    assert took < 5.5
    assert deliver(door, event(unique_id)).status_code == 204
    assert collection_of(WebhookEvent).count_documents({"_id": unique_id}) == 1


def test_neither_credentials_nor_content_reach_the_log(door, db, unique_id, caplog):
    name, password = settings.CHARGEBEE_WEBHOOK_USERS[0]
    secret = event(unique_id, content={"customer": {"id": "c1", "email": "marker@example.test"}})
    with caplog.at_level(logging.DEBUG):
        deliver(door, secret)
        deliver(door, secret, authorization=basic(name, "guess-7f3a"))
        deliver(door, b'{"marker@example.test"')
        with fail_commands(connection.connection, "insert", **HANG_UP) as fault:
            deliver(door, event(f"{unique_id}x", content={"customer": {"email": "marker@example.test"}}))
    assert fault.count > 0
    ours = " ".join(record.getMessage() for record in caplog.records if not record.name.startswith("pymongo"))
    for marker in (password, "guess-7f3a", "marker@example.test", basic(name, password)):
        assert marker not in ours


def test_the_door_needs_no_session_and_sets_no_cookie(door, db, unique_id):
    answer = deliver(door, event(unique_id))
    assert answer.cookies == {}
