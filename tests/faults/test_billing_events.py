"""A thousand deliveries in any order, and a thousand workers that die: at full size, with figures (C16 to C18)."""

import time
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from pymongo.errors import PyMongoError

from billing import services as billing_services
from billing.models import WebhookEvent
from credits import services as credit_services
from credits.models import CreditLog
from tests.billing.conftest import *  # noqa: F403 -- its fixtures
from tests.billing.crowd import deliver_in_any_order, fill_site
from tests.billing.replays import database_gone_after, deliver, event_bodies, process_all
from tests.billing.shopper import Shopper
from tests.failpoints import fail_commands

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]

CUSTOMERS = 10
PURCHASES = 100


@pytest.fixture
def show(capsys):
    """Print a line past pytest's capture."""

    def write(text: str) -> None:
        with capsys.disabled():
            print(f"\n{text}")  # noqa: T201

    return write


@pytest.fixture
def purchases(site, make_user, now) -> int:
    """Ten customers who have bought ten packs each; returns how many packs."""
    billing_services.copy_offers(now=now)
    for _ in range(CUSTOMERS):
        shopper = Shopper(site, make_user())
        for _ in range(PURCHASES // CUSTOMERS):
            shopper.buy()
    return PURCHASES


def test_a_thousand_deliveries_shuffled_and_twelve_at_once(site, make_user, now, show):
    users = [make_user() for _ in range(CUSTOMERS)]
    moment = fill_site(site, users, now)
    count, pace = deliver_in_any_order(users, moment, copies=10, at_once=12, seed=16, limit=100)
    show(f"C16 {count} deliveries of 100 events, 12 at once: {pace:.0f}/s, books as in order")
    assert count == 1_000
    assert credit_services.verify_books().breaches == []


def test_a_thousand_workers_that_die_between_stored_and_applied(purchases, now, show):
    bodies = event_bodies()
    deliver(bodies)
    begin, crashes, moment = time.monotonic(), 0, now + timedelta(hours=1)
    events = list(WebhookEvent.objects.filter(state="received").values_list("pk", flat=True))
    while crashes < 1_000:
        event_id = events[crashes % len(events)]
        with database_gone_after(1 + crashes % 7), suppress(PyMongoError, DatabaseError):
            billing_services.process_event(event_id=event_id, now=moment)
        crashes += 1
        # The lease of the dead worker runs out.
        waiting = WebhookEvent.objects.exclude(state="ignored")
        waiting.update(state="received", next_attempt_at=moment, attempts=0)
    process_all(moment)
    granted = CreditLog.objects.filter(kind="grant").count()
    show(f"C17 {crashes} crashes in {time.monotonic() - begin:.0f} s: {granted} of {purchases} grants, none twice")
    assert granted == purchases
    assert not WebhookEvent.objects.filter(state__in=["received", "failed"]).exists()
    assert credit_services.verify_books().breaches == []


def test_a_database_that_is_slow_for_a_while(purchases, now, show):
    bodies = event_bodies()
    slow = {"blockConnection": True, "blockTimeMS": 5_000}
    with fail_commands(connection.connection, "insert", share=0.1, **slow) as fault:
        answers = deliver(bodies, at_once=12)
    refused = [body for body, status in zip(bodies, answers, strict=True) if status != 204]
    assert set(answers) <= {204, 503}
    assert fault.count > 0
    assert refused
    assert set(deliver(refused)) == {204}
    process_all(now + timedelta(hours=1))
    show(f"C18 {len(bodies)} events, {len(refused)} answered 503 by a slow database and delivered again: none lost")
    assert WebhookEvent.objects.count() == len(bodies)
    assert CreditLog.objects.filter(kind="grant").count() == purchases
