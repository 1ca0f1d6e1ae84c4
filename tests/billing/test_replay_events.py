"""The books do not depend on how often or in which order events arrive, or on where a worker dies (B29, C16 to C18)."""

import random
from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.errors import PyMongoError

from atlas_site.vendors.errors import VendorError
from billing import services as billing_services
from billing.models import WebhookEvent
from billing.services.events import parse_event
from credits.models import CreditLog
from tests.billing.chargebee_site import ChargebeeSite
from tests.billing.crowd import deliver_in_any_order, fill_site
from tests.billing.replays import books_of, database_gone_after, deliver, event_bodies, forget_books, process_all
from tests.billing.shopper import GOOD_BANK, PACK_100, PRO, STARTER, STARTER_YEARLY, Shopper, travel
from tests.factories import UserFactory

# Events are received by the real clock, so that a sweep of these tests happens after it.
LATER = timedelta(hours=1)
ACTS = ["subscribe", "yearly", "buy", "debit", "upgrade", "downgrade", "refund", "part refund", "fail late"]
ACTS += ["charge back", "write off", "void", "cancel", "keep", "end now", "reactivate", "pause", "resume"]
ACTS += ["travel", "travel", "collect"]


def test_deliveries_in_any_order_at_once_and_again_lead_to_the_same_books(site, make_user, now):
    users = [make_user() for _ in range(4)]
    moment = fill_site(site, users, now)
    count, _ = deliver_in_any_order(users, moment, copies=3, at_once=12, seed=16, limit=30)
    assert count == 90


@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(1, 40)), min_size=3, max_size=8), seed=st.integers())
def test_replaying_all_events_into_an_empty_database_gives_the_books_of_the_life(site, db, now, acts, seed):
    site.control("reset")
    forget_books()
    shopper, moment = Shopper(site, UserFactory.create()), now
    billing_services.copy_offers(now=now)
    told: set[str] = set()
    for act in [("subscribe", 1), ("buy", 1), *acts]:
        moment = do(shopper, act, moment)
        bodies = [body for body in event_bodies() if (name := event_id(body)) not in told and not told.add(name)]
        deliver(bodies)
        billing_services.sync_due_customers(now=moment)
        process_all(moment)
    lived = books_of([shopper.user])
    assert lived[shopper.id]["entries"]
    forget_books()
    bodies = event_bodies()
    again = bodies + random.Random(seed).choices(bodies, k=len(bodies) // 2)
    random.Random(seed).shuffle(again)
    assert set(deliver(again)) == {204}
    process_all(moment)
    assert books_of([shopper.user]) == lived


def event_id(body: bytes) -> str:
    return parse_event(body)["id"]


def do(shopper: Shopper, act: tuple[str, int], moment: datetime) -> datetime:
    """Let one thing happen a while after the one before, or nothing where Chargebee refuses it."""
    name, number = act
    later = travel(shopper.site, moment + (timedelta(days=number) if name == "travel" else timedelta(minutes=number)))
    paid = [invoice for invoice in shopper.account.invoices if invoice.payments]
    chosen = paid[number % len(paid)] if paid else None
    owed = [invoice for invoice in shopper.account.invoices if invoice.amount_due_cents]
    acts = {
        "subscribe": lambda: None if is_live(shopper) else shopper.subscribe(STARTER),
        "yearly": lambda: None if is_live(shopper) else shopper.subscribe(STARTER_YEARLY),
        "buy": lambda: shopper.buy(PACK_100, 1 + number % 3),
        "debit": lambda: shopper.buy(PACK_100, card=GOOD_BANK),
        "upgrade": lambda: shopper.change(PRO),
        "downgrade": lambda: shopper.change(STARTER, at_term_end=True),
        "refund": lambda: shopper.refund(chosen.id),
        "part refund": lambda: shopper.refund(chosen.id, number * 10),
        "fail late": lambda: shopper.fail_late(chosen.payments[-1].transaction_id),
        "charge back": lambda: shopper.charge_back(chosen.id),
        "write off": lambda: shopper.write_off(owed[-1].id) if owed else None,
        "void": lambda: shopper.void(owed[-1].id) if owed else None,
        "cancel": shopper.cancel,
        "keep": shopper.keep,
        "end now": shopper.end_now,
        "reactivate": lambda: shopper.reactivate() if shopper.subscription.current_term_end <= later else None,
        "pause": shopper.pause,
        "resume": shopper.resume,
        "travel": lambda: None,
        "collect": lambda: shopper.collect(chosen.id),
    }
    try:
        acts[name]()
    except (VendorError, AssertionError, AttributeError):  # nothing to do it to, or not in this state
        return later
    return later


def is_live(shopper: Shopper) -> bool:
    return any(one.status != "cancelled" for one in shopper.account.subscriptions)


# ---------------------------------------------------------------- dying


@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.faults)])
def test_a_worker_that_dies_after_any_write_leaves_books_that_the_next_one_completes(site, bob, now, step):
    """After every write by `make faults`, after one in seven here."""
    billing_services.copy_offers(now=now)
    shopper = Shopper(site, bob)
    shopper.subscribe(STARTER)
    shopper.refund(shopper.buy().id, 1_450)
    shopper.change(PRO)
    shopper.pause()
    now += LATER
    deliver(event_bodies())
    process_all(now)
    whole = books_of([bob])
    assert len(whole[shopper.id]["entries"]) == 4
    deaths = 0
    for writes in range(0, 200, step):
        forget_books()
        deliver(event_bodies())
        try:
            with database_gone_after(writes):
                billing_services.sync_customer(customer_id=shopper.id, now=now)
        except (PyMongoError, DatabaseError):
            deaths += 1
        else:
            break
        billing_services.sync_customer(customer_id=shopper.id, now=now)
        assert books_of([bob]) == whole, f"it died after {writes} writes"
    assert deaths > 12 // step
    assert set(WebhookEvent.objects.values_list("state", flat=True)) <= {"applied", "ignored"}


def test_an_event_that_was_stored_is_applied_whoever_dies_before_it(site, make_user, now):
    users = [make_user() for _ in range(5)]
    billing_services.copy_offers(now=now)
    for user in users:
        Shopper(site, user).buy()
    now += LATER
    deliver(event_bodies())
    for event in WebhookEvent.objects.filter(state="received"):  # a worker took each of them, and died
        WebhookEvent.objects.filter(pk=event.pk).update(next_attempt_at=now + timedelta(minutes=2), attempts=1)
    process_all(now)
    assert CreditLog.objects.count() == 0
    process_all(now + timedelta(minutes=2))
    assert CreditLog.objects.filter(kind="grant").count() == len(users)


def test_a_database_that_is_slow_costs_no_event(site: ChargebeeSite, bob, now):
    billing_services.copy_offers(now=now)
    shopper = Shopper(site, bob)
    shopper.buy()
    bodies = event_bodies()
    slow = {"failCommands": ["insert"], "blockConnection": True, "blockTimeMS": 5_000}
    point = {"configureFailPoint": "failCommand", "mode": {"times": 3}, "data": slow}
    connection.connection.admin.command(point)
    answers = deliver(bodies, at_once=12)
    connection.connection.admin.command({"configureFailPoint": "failCommand", "mode": "off"})
    assert answers.count(503) >= 3
    assert set(answers) == {204, 503}
    again = [body for body, status in zip(bodies, answers, strict=True) if status != 204]
    assert set(deliver(again)) == {204}
    process_all(now + LATER)
    assert WebhookEvent.objects.count() == len(bodies)
    assert CreditLog.objects.filter(kind="grant").count() == 1
