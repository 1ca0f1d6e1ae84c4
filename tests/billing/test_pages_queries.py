"""Every read of the pages of billing finds and orders its documents by an index."""

from datetime import timedelta

import pytest

from atlas_site.mongodb.explain import assert_index_scan
from billing import selectors
from tests.factories import BillingFactory, CheckoutFactory, OfferFactory, PaymentTransactionFactory

READS = {
    "the payment history": lambda user, now: selectors.payment_page(user=user),
    "a later page of it": lambda user, now: selectors.payment_page(user=user, number=2),
    "the page of one invoice": lambda user, now: selectors.payment_page(user=user, invoice_id="inv-1"),
    "the row of an invoice": lambda user, now: selectors.payment_of_invoice(user=user, invoice_id="inv-1"),
    "the subscription": lambda user, now: selectors.billing_of(user),
    "open checkouts": lambda user, now: selectors.open_checkouts(user=user, now=now),
    "open checkouts of plans": lambda user, now: selectors.open_plan_checkouts(user=user, now=now),
    "checkouts of an hour": lambda user, now: selectors.count_checkouts_since(user=user, since=now),
    "one checkout": lambda user, now: selectors.find_checkout(user=user, checkout_id="hp-1"),
    "the words before a click": lambda user, now: selectors.offer_page(user=user, offer_id="pack-1", now=now),
}


@pytest.mark.parametrize("name", READS)
def test_a_read_of_billing_reads_an_index(alice, bob, now, name):
    OfferFactory(id="pack-1")
    BillingFactory(user=alice, due_invoices_count=1)
    for user in (alice, bob):
        CheckoutFactory(user_id=user.pk)
        for number in range(3):
            PaymentTransactionFactory(
                user=user,
                key=f"invoice:inv-{number}-{user.pk}",
                chargebee_invoice_id=f"inv-{number}",
                transaction_date=now - timedelta(days=number),
            )
    assert_index_scan(lambda: READS[name](alice, now))
