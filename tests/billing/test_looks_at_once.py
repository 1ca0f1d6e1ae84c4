"""Several looks at one customer, at once or in the wrong order: none takes back, or doubts, what another has booked."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from bson import ObjectId
from django.db import connection

from billing import services as billing_services
from billing.entitlement import derive
from billing.entitlement.terms import add_months
from billing.models import Billing, BillingDifference, Offer, PaymentTransaction
from billing.services import booking
from billing.services.booking import book_account, granted_by
from billing.services.books import verify_billing
from billing.services.differences import compare_customer
from credits import services as credit_services
from credits.models import Credit, CreditLog
from tests.billing.account_builder import START, Account, days, months
from tests.billing.shopper import STARTER_YEARLY, Shopper


@pytest.fixture
def shopper(site, bob, now) -> Shopper:
    """Bob at the sandbox."""
    billing_services.copy_offers(now=now)
    return Shopper(site, bob)


def in_thread(work: Callable[[], object]) -> Callable[[], object]:
    """Return the work with the thread's connection closed after it."""

    def run() -> object:
        try:
            return work()
        finally:
            connection.close()

    return run


def wait_for(condition: Callable[[], bool]) -> None:
    """Return once a condition holds."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_slower_look_does_not_take_back_the_credits_of_a_payment(shopper, now):
    shopper.subscribe(STARTER_YEARLY)
    billing_services.sync_customer(customer_id=shopper.id, now=now)
    account = shopper.account
    due = Billing.objects.get(user=shopper.user).next_effect_at
    for moment in (due + timedelta(seconds=1), due - timedelta(seconds=1)):
        book_account(user=shopper.user, customer_id=shopper.id, account=account, now=moment)
        assert PaymentTransaction.objects.get(user=shopper.user).credits_added == 400


def test_looks_at_once_count_every_credit_of_a_payment(shopper, now):
    shopper.subscribe(STARTER_YEARLY)
    account = shopper.account
    start = account.subscriptions[0].current_term_start
    looks = [
        in_thread(
            lambda month=month: book_account(
                user=shopper.user,
                customer_id=shopper.id,
                account=account,
                now=add_months(start, month) + timedelta(seconds=1),
            )
        )
        for month in (0, 3, 1, 2)
    ]
    with ThreadPoolExecutor(len(looks)) as pool:
        for look in [pool.submit(look) for look in looks]:
            look.result()
    granted = sum(granted_by(entry) for entry in CreditLog.objects.filter(kind="reset"))
    assert granted == 800
    assert PaymentTransaction.objects.get(user=shopper.user).credits_added == granted


def test_a_difference_that_another_look_has_made_is_none(shopper, now):
    """The account is fetched, a pack is bought and booked by another worker, and then the ledger is compared."""
    shopper.buy()
    billing_services.sync_customer(customer_id=shopper.id, now=now)
    shopper.site.fail("slow", endpoint="transaction.list", seconds=5)
    with ThreadPoolExecutor(1) as pool:
        comparing = pool.submit(in_thread(lambda: compare_customer(customer_id=shopper.id, now=now)))
        wait_for(lambda: not shopper.site.unused_faults())  # the last of its answers is slow
        shopper.buy()
        billing_services.sync_customer(customer_id=shopper.id, now=now)
        assert not comparing.done()
        compared = comparing.result()
    assert (compared.opened, BillingDifference.objects.count()) == ([], 0)
    assert Credit.objects.get(user=shopper.user).credit_available == 200


def test_a_debt_that_two_looks_see_paid_again_is_paid_once_and_no_difference(shopper, bob, now):
    account = Account()
    account.subscribe()
    invoice = account.bill(paid_at=START)

    def look(moment) -> billing_services.SyncResult:
        return book_account(user=bob, customer_id=shopper.id, account=account.told(), now=moment)

    look(days(1))
    spent = {"actor": "test", "reason": "spent", "now": days(2), "adjustment_id": str(ObjectId())}
    credit_services.adjust(user_id=bob.pk, amount=-150, bucket="subscription", **spent)
    account.fail_late(account.payment_of(invoice), days(20))
    look(days(20))
    account.bill(start=months(1), paid_at=months(1))
    look(months(1))
    account.pay(invoice, days(25))  # within its period, and told of when the next one runs
    now = months(1) + timedelta(hours=1)
    offers = {offer.pk: offer for offer in Offer.objects.all()}
    effects = derive(account.told(), offers, now, granted=booking.granted_amounts(bob.pk)).effects
    again = next(effect for effect in effects if effect.restores)
    # The second one has asked for the keys that the ledger knows before the first one wrote.
    assert [booking._apply(again, user_id=bob.pk, now=now) for _ in range(2)] == [True, False]
    assert CreditLog.objects.get(key=again.key).purchased_change == 150
    assert look(now).problems == ()


def test_what_an_entry_granted_is_one_rule_for_the_server_and_for_us(shopper, now):
    shopper.subscribe()
    invoice = shopper.buy()
    billing_services.sync_customer(customer_id=shopper.id, now=now)
    shopper.refund(invoice.id)
    billing_services.sync_customer(customer_id=shopper.id, now=now)
    ours = sum(granted_by(entry) for entry in CreditLog.objects.all())
    stored = sum(PaymentTransaction.objects.values_list("credits_added", flat=True))
    told: list[tuple[str, bool]] = []
    verify_billing(check=lambda rule, holds, *_: told.append((rule, holds)), now=now + timedelta(hours=1))
    assert ours == stored == 200
    assert ("B30", True) in told
    assert ("B30", False) not in told
