"""A comparison that takes many turns: what ends a turn, what ends a run, and who carries it on from where."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from bson import Int64, ObjectId
from celery.exceptions import SoftTimeLimitExceeded
from django.core.management import CommandError, call_command

from atlas_site.celery import app as celery
from atlas_site.mongodb.documents import collection_of
from atlas_site.mongodb.explain import assert_index_scan
from atlas_site.vendors import chargebee
from billing import services as billing_services
from billing import tasks
from billing.models import Billing, BillingDifference, PaymentTransaction, ReconciliationRun
from billing.services import reconciliation
from credits import services as credit_services
from credits.models import Credit
from tests.billing.shopper import STARTER, STARTER_YEARLY, Shopper
from tests.factories import BillingDifferenceFactory, PaymentTransactionFactory, ReconciliationRunFactory
from tests.time_limit import soft_time_limit


@pytest.fixture
def shoppers(site, make_user, now) -> list[Shopper]:
    """Three customers with a pack each, of which nobody has told Atlas, in the order in which they are compared."""
    billing_services.copy_offers(now=now)
    shoppers = sorted((Shopper(site, make_user()) for _ in range(3)), key=lambda shopper: shopper.id)
    for shopper in shoppers:
        shopper.buy()
    return shoppers


def run_now() -> ReconciliationRun:
    """Return the one run there is, as it is stored."""
    return ReconciliationRun.objects.get()


def credits_of(shopper: Shopper) -> int:
    wallet = Credit.objects.filter(user=shopper.user).first()
    return wallet.credit_available if wallet else 0


def break_the_books_of(shopper: Shopper) -> None:
    """Let a customer's wallet be one that no program can read."""
    credit_services.open_wallet(user_id=shopper.user.pk)
    garbage = {"$set": {"sequence": "garbage"}}
    collection_of(Credit).update_one({"userId": shopper.user.pk}, garbage, bypass_document_validation=True)


# ---------------------------------------------------------------- one turn after the other


def test_the_nightly_task_begins_and_the_sweep_ends_a_comparison(shoppers):
    tasks.reconcile()
    assert (run_now().finished_at, run_now().step) == (None, "events")
    tasks.PAUSE_SECONDS, pause = 0, tasks.PAUSE_SECONDS
    try:
        tasks.continue_reconciliation()
    finally:
        tasks.PAUSE_SECONDS = pause
    run = run_now()
    assert run.finished_at is not None
    assert (run.compared, run.unread, run.customer_ids) == (3, [], [])
    assert [credits_of(shopper) for shopper in shoppers] == [100, 100, 100]


def test_beat_begins_and_carries_on():
    schedule = {entry["task"]: entry["schedule"] for entry in celery.conf.beat_schedule.values()}
    assert {"billing.reconcile", "billing.continue_reconciliation"} <= set(schedule)
    assert timedelta(seconds=schedule["billing.continue_reconciliation"]) > reconciliation.TURN


@pytest.mark.parametrize("endpoint", ["event.list", "invoice.list", "transaction.list", "subscription.list"])
def test_too_many_calls_while_a_list_is_read_end_the_turn_and_not_the_run(shoppers, now, endpoint):
    billing_services.begin_reconciliation(now=now)
    shoppers[0].site.fail("429", endpoint=endpoint, seconds=90)
    assert billing_services.continue_reconciliation(now=now)
    run = run_now()
    assert (run.finished_at, run.compared, run.unread) == (None, 0, [])
    assert run.next_turn_at == now + timedelta(seconds=90)
    assert not billing_services.continue_reconciliation(now=now + timedelta(seconds=89))
    assert billing_services.continue_reconciliation(now=now + timedelta(seconds=90))
    assert (run_now().compared, run_now().unread) == (3, [])


def test_the_next_turn_goes_on_with_the_customer_that_was_not_answered_for(shoppers, now):
    billing_services.begin_reconciliation(now=now)
    ReconciliationRun.objects.update(step="customers", customer_ids=[shopper.id for shopper in shoppers])
    compare = billing_services.continue_reconciliation
    # The first customer is compared in one look of its own; the second one's first call is refused.
    ReconciliationRun.objects.update(last_customer_id=shoppers[0].id, compared=1)
    shoppers[0].site.fail("429", endpoint="customer.retrieve", seconds=60)
    assert compare(now=now)
    assert (run_now().last_customer_id, run_now().compared, run_now().failures) == (shoppers[0].id, 1, 0)
    assert compare(now=now + timedelta(minutes=1))
    assert run_now().compared == 3
    assert [credits_of(shopper) for shopper in shoppers] == [0, 100, 100]


def test_customers_after_the_first_hundred_have_their_turn(shoppers, now, monkeypatch):
    monkeypatch.setattr(reconciliation, "TURN", timedelta(0))
    billing_services.begin_reconciliation(now=now)
    turns = 0
    while billing_services.continue_reconciliation(now=now):
        turns += 1
    assert turns > len(shoppers)
    assert run_now().compared == 3
    assert [credits_of(shopper) for shopper in shoppers] == [100, 100, 100]


def test_how_far_a_list_was_read_is_noted(shoppers, now, monkeypatch):
    monkeypatch.setattr(reconciliation, "BATCH", 5)
    monkeypatch.setattr(reconciliation, "TURN", timedelta(0))
    billing_services.begin_reconciliation(now=now)
    billing_services.continue_reconciliation(now=now)
    fifth = list(chargebee.events_since(run_now().since))[4]
    assert (run_now().step, run_now().events_stored) == ("events", 5)
    assert run_now().walked_to == fifth.occurred_at


def test_a_list_is_read_on_from_where_the_last_turn_stood(shoppers, now):
    billing_services.begin_reconciliation(now=now)
    ReconciliationRun.objects.update(walked_to=now + timedelta(hours=1))
    billing_services.continue_reconciliation(now=now)
    assert (run_now().events_stored, run_now().compared) == (0, 3)


def test_a_worker_that_died_is_followed_by_another_after_its_lease(shoppers, now):
    ReconciliationRunFactory(since=now - timedelta(days=1), next_turn_at=now + reconciliation.LEASE)
    assert not billing_services.continue_reconciliation(now=now)
    assert billing_services.continue_reconciliation(now=now + reconciliation.LEASE)
    assert run_now().compared == 3


def test_a_run_that_is_open_is_carried_on_instead_of_begun_anew(shoppers, now):
    first = billing_services.begin_reconciliation(now=now)
    assert billing_services.begin_reconciliation(now=now + timedelta(days=1)) == first
    billing_services.continue_reconciliation(now=now + timedelta(days=1))
    assert billing_services.begin_reconciliation(now=now + timedelta(days=2)) != first


def test_nothing_is_done_while_no_run_is_open(shoppers, now):
    billing_services.reconcile(now=now)
    assert not billing_services.continue_reconciliation(now=now + timedelta(days=1))


# ---------------------------------------------------------------- customers that cannot be compared


def test_a_customer_with_any_error_is_unread_and_keeps_no_other_from_its_turn(shoppers, now, caplog):
    break_the_books_of(shoppers[0])
    report = billing_services.reconcile(now=now)
    assert (report.unread, report.customers, report.is_clean) == ([shoppers[0].id], 3, False)
    assert [credits_of(shopper) for shopper in shoppers[1:]] == [100, 100]
    assert any(shoppers[0].id in record.getMessage() and record.exc_info for record in caplog.records)


def test_the_unread_are_asked_for_by_the_next_run_whatever_changed(shoppers, now):
    break_the_books_of(shoppers[0])
    billing_services.reconcile(now=now)
    collection_of(Credit).update_one({"userId": shoppers[0].user.pk}, {"$set": {"sequence": Int64(0)}})
    later = now + timedelta(days=60)
    report = billing_services.reconcile(now=later, since=later - timedelta(days=1))
    assert (report.customers, report.unread) == (1, [])
    assert credits_of(shoppers[0]) == 100


def test_a_customer_that_is_never_answered_for_is_left_after_three_turns(shoppers, now):
    billing_services.begin_reconciliation(now=now)
    ReconciliationRun.objects.update(step="customers", customer_ids=[shopper.id for shopper in shoppers])
    shoppers[0].site.fail("500", endpoint="customer.retrieve", times=6)  # each is asked twice
    moment = now
    for failures in (1, 2):
        assert billing_services.continue_reconciliation(now=moment)
        assert (run_now().failures, run_now().compared) == (failures, 0)
        moment += timedelta(minutes=1)
    assert billing_services.continue_reconciliation(now=moment)
    assert (run_now().unread, run_now().compared) == ([shoppers[0].id], 3)


def test_a_limit_of_calls_is_nobodys_fault_however_often_it_is_met(shoppers, now):
    shoppers[0].site.fail("429", endpoint="customer.retrieve", times=7, seconds=45)
    waits: list[float] = []
    report = billing_services.reconcile(now=now, sleep=waits.append)
    assert (report.unread, report.customers, waits) == ([], 3, [45] * 7)


def test_a_worker_whose_time_is_over_ends_and_notes_nothing_of_the_customer(shoppers, now):
    billing_services.begin_reconciliation(now=now)
    site = shoppers[0].site
    site.fail("slow", endpoint="customer.retrieve", seconds=10)
    with soft_time_limit(lambda: not site.unused_faults()), pytest.raises(SoftTimeLimitExceeded):
        billing_services.continue_reconciliation(now=now)
    assert (run_now().unread, run_now().compared, run_now().finished_at) == ([], 0, None)
    assert billing_services.continue_reconciliation(now=now + reconciliation.LEASE)
    assert run_now().compared == 3


# ---------------------------------------------------------------- the command


def test_the_command_waits_out_a_limit_of_calls_and_comes_to_the_end(shoppers):
    shoppers[0].site.fail("429", endpoint="invoice.list", times=2, seconds=0.1)
    out = StringIO()
    call_command("reconcile_billing", "--json", stdout=out)
    assert json.loads(out.getvalue())["customers"] == 3
    assert run_now().finished_at is not None


def test_the_command_fails_for_customers_that_could_not_be_compared(shoppers):
    break_the_books_of(shoppers[1])
    out = StringIO()
    with pytest.raises(CommandError, match="1 customers unread"):
        call_command("reconcile_billing", "--json", stdout=out)
    assert json.loads(out.getvalue())["unread"] == [shoppers[1].id]


def test_the_command_says_when_chargebee_refuses_it_for_good(shoppers, settings):
    settings.CHARGEBEE_API_KEY = "wrong"
    with pytest.raises(CommandError, match="cannot be asked"):
        call_command("reconcile_billing", stdout=StringIO())
    assert run_now().finished_at is None


# ---------------------------------------------------------------- whom to compare


def test_customers_of_whom_only_atlas_knows_are_compared(site, now, bob, carol, alice):
    PaymentTransactionFactory(user=bob, key=None, transaction_date=now - timedelta(days=39))
    PaymentTransactionFactory(user=alice, key=None, transaction_date=now - timedelta(days=41))
    BillingDifferenceFactory(user_id=carol.pk)
    report = billing_services.reconcile(now=now)
    assert report.customers == 2


def test_a_yearly_plan_is_compared_although_its_payment_is_long_ago(site, now, bob):
    billing_services.copy_offers(now=now)
    shopper = Shopper(site, bob)
    shopper.subscribe(STARTER_YEARLY)
    billing_services.sync_customer(customer_id=shopper.id, now=now)
    PaymentTransaction.objects.update(transaction_date=now - timedelta(days=200))
    later = now + timedelta(days=1)
    assert billing_services.reconcile(now=later, since=later).customers == 1


def test_a_difference_with_a_long_name_is_closed_when_it_is_gone(site, now, bob):
    billing_services.copy_offers(now=now)
    shopper = Shopper(site, bob)
    shopper.buy()
    billing_services.reconcile(now=now)
    source = "9" * 300
    credit_services.grant(
        user_id=bob.pk, amount=5, bucket="purchased", source=source, reason="?", reference=("invoice", "9"), now=now
    )
    opened = billing_services.reconcile(now=now).opened
    assert [len(name) for name in opened] == [200]
    again = billing_services.reconcile(now=now)
    assert (again.opened, again.closed, list(again.open_now)) == ([], [], opened)


def test_a_subscription_that_chargebee_does_not_tell_of_is_listed(site, now, bob):
    billing_services.copy_offers(now=now)
    Shopper(site, bob).subscribe(STARTER)
    billing_services.sync_customer(customer_id=str(bob.pk), now=now)
    site.control("reset")
    Shopper(site, bob)
    report = billing_services.reconcile(now=now)
    stored = Billing.objects.get(user=bob)
    assert f"state_differs:{stored.chargebee_subscription_id}" in report.opened
    assert stored.subscription_status == "active"


def test_every_query_of_a_comparison_reads_an_index(db, now, bob):
    since = now - reconciliation.WINDOW
    open_runs = ReconciliationRun.objects.filter(finished_at=None, next_turn_at__lte=now).order_by("next_turn_at")
    last_run = ReconciliationRun.objects.filter(finished_at__lte=now).order_by("-finished_at")[:1]
    payments = PaymentTransaction.objects.filter(transaction_date__gte=since)
    in_time = Billing.objects.filter(next_effect_at__gte=since).values_list("user_id", flat=True)
    named = Billing.objects.filter(user_id__in=[bob.pk, ObjectId()])
    standing = BillingDifference.objects.filter(closed_at=None)
    for reads in (open_runs, last_run, in_time, named, standing, standing.filter(user_id=bob.pk)):
        assert_index_scan(reads)
    assert_index_scan(payments.values_list("user_id", flat=True).distinct())
