"""From received to applied: once for a customer however many events wait, later after an error, never lost."""

import json
import logging
from datetime import datetime, timedelta

import pytest
from bson import ObjectId
from celery.exceptions import SoftTimeLimitExceeded

from atlas_site.mongodb.documents import collection_of
from atlas_site.mongodb.explain import assert_index_scan, assert_index_scan_of
from billing import services as billing_services
from billing.models import Billing, Offer, PaymentTransaction, WebhookEvent
from billing.services.events import LEASE, WAITS
from billing.tasks import process_event
from credits.models import Credit
from tests.billing.shopper import STARTER, Shopper
from tests.time_limit import soft_time_limit


@pytest.fixture
def shopper(site, bob, now) -> Shopper:
    """Bob, who has just bought a plan, of which nobody has told Atlas yet."""
    billing_services.copy_offers(now=now)
    shopper = Shopper(site, bob)
    shopper.subscribe(STARTER)
    return shopper


def receive(customer_id: str | None, now: datetime, event_type: str = "subscription_created") -> str:
    """Receive an event that tells of a customer and return its id."""
    event_id = f"ev_{ObjectId()}"
    content = {"subscription": {"customer_id": customer_id}} if customer_id else {}
    told = {"id": event_id, "event_type": event_type, "api_version": "v2", "content": content}
    billing_services.receive_event(body=json.dumps(told).encode(), now=now)
    return event_id


def credits_of(shopper: Shopper) -> int:
    wallet = Credit.objects.filter(user=shopper.user).first()
    return wallet.credit_available if wallet else 0


def test_an_event_brings_the_books_of_its_customer_in_line(shopper, now):
    event_id = receive(shopper.id, now)
    assert billing_services.process_event(event_id=event_id, now=now) == "applied"
    stored = WebhookEvent.objects.get(pk=event_id)
    assert (stored.state, stored.processed_at, stored.attempts) == ("applied", now, 1)
    assert credits_of(shopper) == 200


def test_one_look_applies_all_events_of_the_customer_that_were_waiting(shopper, now, carol):
    events = [receive(shopper.id, now) for _ in range(5)]
    other = receive(str(carol.pk), now)
    billing_services.process_event(event_id=events[2], now=now)
    states = dict(WebhookEvent.objects.values_list("pk", "state"))
    assert {states[event_id] for event_id in events} == {"applied"}
    assert states[other] == "received"


def test_an_event_that_another_worker_has_is_left_alone(shopper, now):
    event_id = receive(shopper.id, now)
    WebhookEvent.objects.filter(pk=event_id).update(next_attempt_at=now + timedelta(minutes=1))
    assert billing_services.process_event(event_id=event_id, now=now) == "received"
    assert credits_of(shopper) == 0


def test_the_sweep_finds_events_whose_message_was_lost(shopper, now):
    receive(shopper.id, now)
    processed = billing_services.process_due_events(now=now)
    assert (processed.looked_at, processed.failed) == (1, 0)
    assert credits_of(shopper) == 200


def test_a_worker_that_died_is_followed_by_another_after_its_lease(shopper, now):
    event_id = receive(shopper.id, now)
    WebhookEvent.objects.filter(pk=event_id).update(next_attempt_at=now + timedelta(minutes=2), attempts=1)
    assert billing_services.process_due_events(now=now).looked_at == 0
    assert billing_services.process_due_events(now=now + timedelta(minutes=2)).looked_at == 1
    assert credits_of(shopper) == 200


def test_an_unknown_customer_is_waited_for_and_given_up_after_the_last_wait(site, now, caplog):
    event_id = receive(str(ObjectId()), now)
    moment = now
    for attempt, wait in enumerate(WAITS, start=1):
        assert billing_services.process_event(event_id=event_id, now=moment) == "received"
        stored = WebhookEvent.objects.get(pk=event_id)
        assert (stored.attempts, stored.next_attempt_at) == (attempt, moment + wait)
        assert "UnknownCustomer" in stored.last_error
        moment += wait
    with caplog.at_level(logging.ERROR):
        assert billing_services.process_event(event_id=event_id, now=moment) == "failed"
    assert any(event_id in record.getMessage() for record in caplog.records if record.levelno == logging.ERROR)
    assert billing_services.process_due_events(now=moment + timedelta(days=9)).looked_at == 0


def test_a_vendor_that_is_away_costs_a_wait_and_no_event(shopper, now):
    event_id = receive(shopper.id, now)
    shopper.site.fail("500", endpoint="customer.retrieve", times=5)
    assert billing_services.process_event(event_id=event_id, now=now) == "received"
    shopper.site.control("faults", method="DELETE")
    assert billing_services.process_due_events(now=now + WAITS[0]).failed == 0
    assert credits_of(shopper) == 200


def test_a_dead_event_is_applied_by_the_next_look_at_its_customer(shopper, now):
    event_id = receive(shopper.id, now)
    WebhookEvent.objects.filter(pk=event_id).update(state="failed", next_attempt_at=None)
    billing_services.sync_customer(customer_id=shopper.id, now=now)
    assert WebhookEvent.objects.get(pk=event_id).state == "applied"


@pytest.mark.parametrize("state", ["applied", "failed", "ignored"])
def test_any_event_can_be_replayed(shopper, now, state):
    event_id = receive(shopper.id, now)
    WebhookEvent.objects.filter(pk=event_id).update(state=state, next_attempt_at=None, attempts=6)
    assert billing_services.replay_event(event_id=event_id, now=now) == "applied"
    assert credits_of(shopper) == 200
    assert billing_services.replay_event(event_id=event_id, now=now) == "applied"
    assert credits_of(shopper) == 200


def test_an_event_that_does_not_exist_is_none(db, now):
    assert billing_services.process_event(event_id="ev_none", now=now) is None
    assert billing_services.replay_event(event_id="ev_none", now=now) is None


def test_an_event_of_the_catalog_copies_the_offers(site, db, now):
    event_id = receive(None, now, "item_price_updated")
    assert billing_services.process_event(event_id=event_id, now=now) == "applied"
    assert Offer.objects.filter(is_sold=True).exists()


def test_an_event_without_a_customer_is_ignored(db, now):
    event_id = receive(None, now, "invoice_updated")
    assert billing_services.process_event(event_id=event_id, now=now) == "ignored"


def test_an_event_of_a_customer_that_has_several_is_one_task(shopper, now):
    event_id = receive(shopper.id, now - timedelta(seconds=5))
    process_event(event_id)
    assert WebhookEvent.objects.get(pk=event_id).state == "applied"


def test_every_query_of_the_events_way_reads_an_index(db, now, bob):
    due = WebhookEvent.objects.filter(state="received", next_attempt_at__lte=now).order_by("next_attempt_at")
    waiting = WebhookEvent.objects.filter(customer_id="c1", state__in=["received", "failed"])
    effects = Billing.objects.filter(next_effect_at__lte=now).order_by("next_effect_at")
    for reads in (due, waiting, effects, Billing.objects.filter(chargebee_customer_id="c1")):
        assert_index_scan(reads)
    events, rows = collection_of(WebhookEvent), collection_of(PaymentTransaction)
    assert_index_scan_of(events, {"customerId": "c1", "state": "received", "nextAttemptAt": {"$not": {"$gt": now}}})
    assert_index_scan_of(rows, {"key": {"$in": ["invoice:1", "transaction:2"]}})
    assert_index_scan_of(rows, {"key": "invoice:1", "resourceVersion": {"$not": {"$gt": 5}}})
    assert_index_scan_of(collection_of(Billing), {"userId": bob.pk, "resourceVersion": {"$not": {"$gte": 5}}})


def test_while_chargebee_is_away_one_event_is_tried_and_the_others_stay_due(site, now, make_user):
    for _ in range(4):
        receive(str(make_user().pk), now)
    site.fail("429", endpoint="customer.retrieve", times=9, seconds=60)
    processed = billing_services.process_due_events(now=now)
    assert (processed.looked_at, processed.failed) == (1, 1)
    site.control("faults", method="DELETE")
    assert billing_services.process_due_events(now=now).looked_at == 3


def test_a_worker_whose_time_is_over_leaves_its_event_to_the_next_one(site, shopper, now):
    event_id = receive(shopper.id, now)
    site.fail("slow", endpoint="customer.retrieve", seconds=10)
    with soft_time_limit(lambda: not site.unused_faults()), pytest.raises(SoftTimeLimitExceeded):
        billing_services.process_due_events(now=now)
    stored = WebhookEvent.objects.get(pk=event_id)
    assert (stored.state, stored.next_attempt_at, stored.last_error) == ("received", now + LEASE, "")
    assert billing_services.process_event(event_id=event_id, now=now + LEASE) == "applied"


@pytest.mark.parametrize("customer_id", ["a/b", "a" * 51, "a b", "ä"])
def test_an_id_that_no_customer_can_have_is_no_customers(db, now, customer_id):
    event_id = receive(customer_id, now)
    assert WebhookEvent.objects.get(pk=event_id).customer_id is None
