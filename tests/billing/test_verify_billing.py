"""Billing's side of `verify_books`: each rule holds for real books and names what breaks it."""

from datetime import datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command

from atlas_site.mongodb.documents import collection_of
from billing import services as billing_services
from billing.models import Billing, PaymentTransaction, WebhookEvent
from credits import services as credit_services
from tests.billing.shopper import STARTER, Shopper
from tests.factories import BillingFactory, WebhookEventFactory


@pytest.fixture
def shopper(site, bob, now) -> Shopper:
    """Bob, who has bought a plan and a pack, and had half of the pack refunded."""
    billing_services.copy_offers(now=now)
    shopper = Shopper(site, bob)
    shopper.subscribe(STARTER)
    invoice = shopper.buy()
    billing_services.sync_customer(customer_id=shopper.id, now=now)
    shopper.refund(invoice.id, 1_450)
    billing_services.sync_customer(customer_id=shopper.id, now=now)
    return shopper


def broken(now: datetime) -> list[str]:
    """Return the rules that do not hold an hour later."""
    found: list[str] = []

    def check(rule: str, holds: bool, subject: object, why: object) -> None:
        if not holds:
            found.append(rule)

    billing_services.verify_billing(check=check, now=now + timedelta(hours=1))
    return found


def test_books_that_a_customer_has_really_made_are_sound(shopper, now):
    assert broken(now) == []
    assert PaymentTransaction.objects.filter(user=shopper.user).count() == 3


def test_the_command_checks_billing_too(shopper, now):
    out = StringIO()
    with time_machine.travel(now + timedelta(hours=1), tick=True):
        call_command("verify_books", stdout=out)
    for rule, text in billing_services.BILLING_RULES.items():
        line = next(line for line in out.getvalue().splitlines() if line.startswith(rule))
        assert (" ok " in line, text in line, " 0 checks" in line) == (True, True, False)


def test_the_command_fails_for_a_breach_of_billings_rules(shopper):
    PaymentTransaction.objects.filter(key__startswith="invoice:").delete()
    with pytest.raises(CommandError, match="breaches"):
        call_command("verify_books", stdout=StringIO())


def test_a_grant_without_its_payment_breaks_b27(shopper, now):
    PaymentTransaction.objects.filter(user=shopper.user, type="one_time_purchase").delete()
    assert broken(now) == ["B27", "B30"]


def test_a_refund_that_is_in_no_payment_history_breaks_b27(shopper, now):
    PaymentTransaction.objects.filter(user=shopper.user, type="credit_adjustment").delete()
    assert broken(now) == ["B27", "B30"]


def test_a_payment_of_another_user_breaks_b27(shopper, now, carol):
    PaymentTransaction.objects.filter(user=shopper.user, type="one_time_purchase").update(user=carol)
    assert broken(now) == ["B27", "B30"]


def test_a_payment_that_says_other_credits_than_the_ledger_breaks_b30(shopper, now):
    PaymentTransaction.objects.filter(user=shopper.user, type="subscription").update(credits_added=199)
    assert broken(now) == ["B30"]


def test_more_taken_back_than_had_come_breaks_b31(shopper, now, carol):
    credit_services.claw_back(user_id=carol.pk, amount=5, refund_id="txn_x", reason="Refund", now=now)
    assert "B31" in broken(now)


def test_a_subscription_of_two_users_breaks_b28(shopper, now, carol):
    BillingFactory(user=carol, chargebee_subscription_id=shopper.subscription.id)
    assert broken(now) == ["B28"]


def test_a_state_that_atlas_does_not_know_breaks_b28(shopper, now):
    asleep = {"$set": {"subscriptionStatus": "asleep"}}  # as a program writes it that the validator lets through
    collection_of(Billing).update_many({}, asleep, bypass_document_validation=True)
    assert broken(now) == ["B28"]


def test_an_event_that_nobody_looked_at_breaks_b26(now):
    WebhookEventFactory(received_at=now - timedelta(days=1), state=WebhookEvent.State.RECEIVED)
    assert broken(now) == ["B26"]


def test_what_is_being_written_at_this_moment_is_not_counted(shopper, now):
    PaymentTransaction.objects.filter(user=shopper.user, type="subscription").update(credits_added=0)
    found: list[str] = []
    billing_services.verify_billing(check=lambda rule, holds, *_: holds or found.append(rule), now=now)
    assert found == []


def test_a_customer_of_two_users_breaks_b28(shopper, now, carol, alice):
    for user in (carol, alice):
        BillingFactory(user=user, chargebee_customer_id="legacy-7")
    assert broken(now) == ["B28"]


def test_a_customer_id_that_is_another_users_breaks_b28(shopper, now, carol, alice):
    BillingFactory(user=carol, chargebee_customer_id=str(alice.pk))
    assert broken(now) == ["B28"]
