"""Events: which a change stores, with which content, in which order, and who hears of them."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import chargebee
import pytest

from atlas_site.sandbox.chargebee.site import Site
from tests.sandbox.chargebee.conftest import DECLINED_LATER, VISA, Vendor


def test_each_change_of_a_life_is_told(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe()
    subscriptions = vendor.client.Subscription
    steps = [
        (lambda: subscriptions.cancel_for_items(subscription_id, {"cancel_option": "end_of_term"}),
         "subscription_cancellation_scheduled"),
        (lambda: subscriptions.remove_scheduled_cancellation(subscription_id),
         "subscription_scheduled_cancellation_removed"),
        (lambda: subscriptions.pause(subscription_id, {"pause_option": "end_of_term"}), "subscription_pause_scheduled"),
        (lambda: subscriptions.remove_scheduled_pause(subscription_id), "subscription_scheduled_pause_removed"),
        (lambda: subscriptions.pause(subscription_id), "subscription_paused"),
        (lambda: subscriptions.resume(subscription_id), "subscription_resumed"),
        (lambda: vendor.change_plan(subscription_id, "pro-USD-Monthly", end_of_term=True),
         "subscription_changes_scheduled"),
        (lambda: subscriptions.remove_scheduled_changes(subscription_id), "subscription_scheduled_changes_removed"),
        (lambda: subscriptions.cancel_for_items(subscription_id), "subscription_cancelled"),
        (lambda: subscriptions.reactivate(subscription_id), "subscription_reactivated"),
        (lambda: subscriptions.delete(subscription_id), "subscription_deleted"),
    ]  # fmt: skip
    for step, event_type in steps:
        before = len(vendor.events())
        step()
        (event,) = vendor.events()[before:]
        assert event.event_type == event_type
        assert (event.source, event.api_version, set(event.content)) == ("api", "v2", {"subscription", "customer"})
        assert event.content["subscription"]["id"] == subscription_id


def test_a_checkout_is_told_whole(vendor: Vendor) -> None:
    vendor.subscribe()
    events = {event.event_type: event for event in vendor.events()}
    contents = {
        "customer_created": {"customer"},
        "payment_source_added": {"payment_source", "customer"},
        "customer_changed": {"customer"},
        "subscription_created": {"subscription", "customer", "invoice"},
        "invoice_generated": {"invoice"},
        "transaction_created": {"transaction"},
        "payment_succeeded": {"transaction", "invoice", "customer", "subscription"},
    }
    assert {name: set(event.content) for name, event in events.items()} == contents
    assert {name: event.source for name, event in events.items() if name != "customer_created"} == dict.fromkeys(
        set(contents) - {"customer_created"}, "hosted_page"
    )
    (invoice,) = vendor.invoices()
    for name in ("subscription_created", "invoice_generated", "payment_succeeded"):
        assert events[name].content["invoice"] == invoice.raw_data, "all of them tell the state after the change"


def test_payments_for_packs_are_told_without_a_subscription(vendor: Vendor) -> None:
    vendor.add_customer()
    vendor.buy_pack()
    event = next(event for event in vendor.events() if event.event_type == "payment_succeeded")
    assert set(event.content) == {"transaction", "invoice", "customer"}


def test_a_renewal_that_fails_is_told_with_its_dunning(vendor: Vendor) -> None:
    vendor.subscribe(card=DECLINED_LATER)
    before = len(vendor.events())
    vendor.travel(days=28)
    events = {event.event_type: event for event in vendor.events()[before:]}
    assert set(events) == {"invoice_generated", "subscription_renewed", "transaction_created", "payment_failed"}
    content = events["payment_failed"].content
    assert (content["transaction"]["status"], content["invoice"]["status"]) == ("failure", "payment_due")
    assert (content["invoice"]["dunning_status"], content["subscription"]["status"]) == ("in_progress", "active")
    assert content["subscription"]["due_invoices_count"] == 1


def test_events_are_found_by_type_and_time(vendor: Vendor) -> None:
    vendor.subscribe()
    begun = vendor.events()[0].occurred_at
    vendor.travel(days=28)
    late = vendor.client.Event.list({"occurred_at": {"AFTER": begun + 86_400}, "sort_by": {"ASC": "occurred_at"}}).list
    assert {entry.event.event_type for entry in late} >= {"subscription_renewed", "payment_succeeded"}
    assert all(entry.event.occurred_at > begun + 86_400 for entry in late)
    kinds = {"event_type": {"IN": ["payment_succeeded", "payment_failed"]}}
    listed = [entry.event for entry in vendor.client.Event.list(kinds).list]
    assert [event.event_type for event in listed] == ["payment_succeeded"] * 2
    one = vendor.client.Event.retrieve(listed[0].id).event
    assert one.content == listed[0].content
    parsed = vendor.client.Event.deserialize(json.dumps(one.raw_data))
    assert parsed.content["transaction"]["id"] == one.content["transaction"]["id"]


def test_listeners_hear_of_stored_events_and_of_nothing_undone(vendor: Vendor) -> None:
    heard: list[tuple[str, bool]] = []
    books = vendor.site.books
    vendor.site.on_event(lambda event: heard.append((event["id"], books.find("event", event["id"]) is not None)))
    subscription_id = vendor.subscribe(card=DECLINED_LATER)
    assert heard == [(event.id, True) for event in vendor.events()]
    vendor.client.Estimate.update_subscription_for_items(
        {"subscription": {"id": subscription_id}, "subscription_items": [{"item_price_id": "pro-USD-Monthly"}]}
    )
    before = len(heard)
    with pytest.raises(chargebee.PaymentError):
        vendor.change_plan(subscription_id, "pro-USD-Monthly")
    assert len(heard) == before


def test_a_call_can_ask_for_no_webhooks(vendor: Vendor) -> None:
    heard: list[str] = []
    vendor.site.on_event(lambda event: heard.append(event["event_type"]))
    vendor.client.Customer.create({"id": "quiet"}, {"chargebee-event-webhook": "all-disabled"})
    vendor.client.Customer.create({"id": "loud"})
    assert heard == ["customer_created"]
    assert [event.webhook_status for event in vendor.events()] == ["disabled", "not_configured"]


def test_nothing_private_leaves_the_sandbox(vendor: Vendor) -> None:
    subscription_id = vendor.subscribe(card=VISA)
    vendor.change_plan(subscription_id, "pro-USD-Monthly", end_of_term=True)
    told = json.dumps([event.raw_data for event in vendor.events()])
    assert "4111111111111111" not in told
    assert '"_' not in told


def test_the_time_machine_moves_the_clock(vendor: Vendor) -> None:
    vendor.subscribe()
    target = int(datetime(2027, 3, 15, tzinfo=UTC).timestamp())
    machine = vendor.client.TimeMachine.travel_forward("delorean", {"destination_time": target}).time_machine
    assert machine.time_travel_status == "succeeded"
    assert len(vendor.invoices()) == 2
    assert int(vendor.sandbox.clock.now().timestamp()) - target < 60


def test_webhook_endpoints_are_kept(vendor: Vendor) -> None:
    params = {
        "name": "Atlas", "url": "https://atlas.test/hook", "api_version": "v2", "basic_auth_username": "chargebee",
        "basic_auth_password": "s3cret", "enabled_events": ["payment_succeeded"],
    }  # fmt: skip
    endpoint = vendor.client.WebhookEndpoint.create(params).webhook_endpoint
    assert (endpoint.name, endpoint.enabled_events) == ("Atlas", ["payment_succeeded"])
    assert "s3cret" not in json.dumps(endpoint.raw_data)


def test_a_site_opens_at_once(tmp_path: Path, vendor: Vendor) -> None:
    begun = time.thread_time()
    Site(tmp_path / "other.sqlite", vendor.sandbox.clock).close()
    assert time.thread_time() - begun < 1
