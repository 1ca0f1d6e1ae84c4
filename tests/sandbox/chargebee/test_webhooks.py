"""Webhooks reach a real receiver: body, credentials, retries by the clock, copies, shuffling, holding, restarts."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from atlas_site.sandbox.chargebee.webhooks import RETRY_SECONDS, Webhooks
from atlas_site.sandbox.clock import Clock
from tests.sandbox.chargebee.receiver import Receiver, running_receiver, wait_until


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as receiver:
        yield receiver


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def webhooks(tmp_path: Path, clock: Clock, receiver: Receiver) -> Iterator[Webhooks]:
    webhooks = Webhooks(tmp_path / "webhooks.sqlite", clock)
    webhooks.set_endpoint("atlas", receiver.url, user="chargebee", password="s3cret:with colon")
    yield webhooks
    webhooks.close()


def event(number: int, kind: str = "payment_succeeded") -> dict:
    return {"id": f"ev_{number}", "event_type": kind, "occurred_at": 1_790_000_000 + number, "content": {"ü": number}}


def status(webhooks: Webhooks, name: str = "ev_1") -> str:
    (found,) = webhooks.statuses(name)
    return found["webhook_status"]


def test_an_event_arrives_bare_with_its_credentials(webhooks: Webhooks, receiver: Receiver) -> None:
    webhooks.enqueue(event(1))
    receiver.wait_for(1)
    (body,) = receiver.events
    assert {name: body[name] for name in event(1)} == event(1)
    assert body["webhooks"] == [{"id": "atlas", "webhook_status": "scheduled"}]
    assert receiver.credentials == {"chargebee:s3cret:with colon"}
    assert receiver.headers[0]["Content-Type"].startswith("application/json")
    wait_until(lambda: status(webhooks) == "succeeded")


def test_events_arrive_in_the_order_in_which_they_happened(webhooks: Webhooks, receiver: Receiver) -> None:
    for number in range(20):
        webhooks.enqueue(event(number))
    receiver.wait_for(20)
    assert receiver.ids == [f"ev_{number}" for number in range(20)]


def test_an_event_before_any_endpoint_is_delivered_to_nobody(tmp_path: Path, clock: Clock, receiver: Receiver) -> None:
    webhooks = Webhooks(tmp_path / "none.sqlite", clock)
    webhooks.enqueue(event(1))
    assert webhooks.statuses("ev_1") == []
    assert webhooks.deliver_now() == {"sent": 0, "succeeded": 0}
    webhooks.close()
    assert receiver.events == []


def test_a_refused_event_comes_again_after_the_published_pauses_and_not_before(
    webhooks: Webhooks, receiver: Receiver, clock: Clock
) -> None:
    receiver.answers = [500] * 20
    now = datetime(2027, 1, 1, tzinfo=UTC)
    clock.move(now)
    webhooks.enqueue(event(1))
    for number, pause in enumerate(RETRY_SECONDS, 1):
        receiver.wait_for(number)
        wait_until(lambda number=number: webhooks.describe()["deliveries"][0]["attempts"] == number)
        assert status(webhooks) == "re_scheduled"
        due = datetime.fromtimestamp(webhooks.describe()["deliveries"][0]["next_at"], UTC)
        assert timedelta(0) <= due - (now + timedelta(seconds=pause)) < timedelta(seconds=11)
        clock.move(due - timedelta(seconds=20))
        webhooks.wake()
        now = due
        clock.move(now)
        webhooks.wake()
    receiver.wait_for(8)
    wait_until(lambda: status(webhooks) == "failed")
    clock.move(now + timedelta(days=30))
    assert webhooks.deliver_now() == {"sent": 0, "succeeded": 0}
    assert sum(RETRY_SECONDS) == timedelta(days=3, hours=6, minutes=38).total_seconds()


def test_immediate_retries_do_not_wait_for_the_clock(webhooks: Webhooks, receiver: Receiver) -> None:
    receiver.answers = [500, 302, 404]
    webhooks.set_mode("normal", immediate=True)
    webhooks.enqueue(event(1))
    receiver.wait_for(4)
    wait_until(lambda: status(webhooks) == "succeeded")


def test_a_receiver_that_is_not_there_counts_as_a_failure(webhooks: Webhooks, receiver: Receiver) -> None:
    webhooks.set_endpoint("atlas", "http://127.0.0.1:9/hooks/")
    webhooks.enqueue(event(1))
    wait_until(lambda: status(webhooks) == "re_scheduled")
    assert webhooks.describe()["deliveries"][0]["error"] == "ConnectionRefusedError"
    webhooks.set_endpoint("atlas", receiver.url)
    assert webhooks.deliver_now() == {"sent": 1, "succeeded": 1}
    assert receiver.ids == ["ev_1"]


def test_on_hold_nothing_arrives_until_told(webhooks: Webhooks, receiver: Receiver) -> None:
    webhooks.set_mode("hold")
    for number in range(3):
        webhooks.enqueue(event(number))
    assert webhooks.deliver_now("ev_1") == {"sent": 1, "succeeded": 1}
    assert receiver.ids == ["ev_1"]
    assert webhooks.deliver_now() == {"sent": 2, "succeeded": 2}
    assert receiver.ids == ["ev_1", "ev_0", "ev_2"]


def test_what_was_on_hold_arrives_when_the_hold_ends(webhooks: Webhooks, receiver: Receiver) -> None:
    webhooks.set_mode("hold")
    webhooks.enqueue(event(1))
    webhooks.enqueue(event(2))
    webhooks.set_mode("normal")
    receiver.wait_for(2)


def test_duplicates_are_copies_of_one_event(webhooks: Webhooks, receiver: Receiver) -> None:
    webhooks.set_mode("duplicate", times=3)
    webhooks.enqueue(event(1))
    receiver.wait_for(3)
    assert receiver.events[0] == receiver.events[1] == receiver.events[2]


def test_shuffling_mixes_the_copies_of_what_is_due(webhooks: Webhooks, receiver: Receiver) -> None:
    webhooks.set_mode("hold")
    for number in range(30):
        webhooks.enqueue(event(number))
    webhooks.set_mode("shuffle", times=2)
    receiver.wait_for(60)
    in_order = [f"ev_{number}" for number in range(30) for _ in range(2)]
    assert sorted(receiver.ids) == sorted(in_order)
    assert receiver.ids != in_order


def test_everything_there_ever_was_can_be_sent_again_many_at_once(webhooks: Webhooks, receiver: Receiver) -> None:
    for number in range(10):
        webhooks.enqueue(event(number))
    receiver.wait_for(10)
    wait_until(lambda: webhooks.describe()["pending"] == 0)
    assert webhooks.deliver_now(times=5, shuffled=True, again=True, at_once=8) == {"sent": 50, "succeeded": 50}
    assert len(receiver.events) == 60


def test_a_resend_that_fails_takes_no_success_back(webhooks: Webhooks, receiver: Receiver) -> None:
    webhooks.enqueue(event(1))
    receiver.wait_for(1)
    wait_until(lambda: status(webhooks) == "succeeded")
    receiver.answers = [503]
    assert webhooks.deliver_now("ev_1") == {"sent": 1, "succeeded": 0}
    assert status(webhooks) == "succeeded"


def test_each_endpoint_has_a_state_of_its_own(webhooks: Webhooks, receiver: Receiver) -> None:
    webhooks.set_endpoint("other", "http://127.0.0.1:9/")
    webhooks.enqueue(event(1))
    expected = [
        {"id": "atlas", "webhook_status": "succeeded"}, {"id": "other", "webhook_status": "re_scheduled"}
    ]  # fmt: skip
    wait_until(lambda: webhooks.statuses("ev_1") == expected)
    webhooks.remove_endpoint("other")
    assert webhooks.statuses("ev_1")[1]["webhook_status"] == "failed"
    assert receiver.ids == ["ev_1"]


def test_a_restart_loses_nothing(webhooks: Webhooks, receiver: Receiver, tmp_path: Path, clock: Clock) -> None:
    webhooks.set_mode("hold")
    webhooks.enqueue(event(1))
    webhooks.close()
    assert receiver.events == []
    again = Webhooks(tmp_path / "webhooks.sqlite", clock)
    receiver.wait_for(1)
    wait_until(lambda: status(again) == "succeeded")
    again.close()


def test_a_sixth_endpoint_and_an_address_that_is_none_are_refused(webhooks: Webhooks) -> None:
    for number in range(4):
        webhooks.set_endpoint(f"more-{number}", "https://example.test/hook")
    with pytest.raises(ValueError, match="at most 5"):
        webhooks.set_endpoint("sixth", "https://example.test/hook")
    for address in ("", "example.test/hook", "ftp://example.test/"):
        with pytest.raises(ValueError, match="http"):
            webhooks.set_endpoint("atlas", address)
