"""The gateway against the sandbox: customers who buy, change and leave, and each fault it can be asked for."""

import os
import threading
from datetime import timedelta
from uuid import uuid4

import pytest
import requests
from django.utils import timezone

from atlas_site.vendors import chargebee
from atlas_site.vendors.chargebee.calls import PAGE_SIZE
from atlas_site.vendors.errors import (
    NotFound,
    PaymentDeclined,
    VendorBadAnswer,
    VendorMisconfigured,
    VendorOutcomeUnknown,
    VendorRejected,
    VendorUnavailable,
)
from atlas_site.vendors.models import VendorCall

pytestmark = pytest.mark.django_db

GOOD, DECLINED = "4111 1111 1111 1111", "4000 0000 0000 0002"
PRO, SCALE, PACK = "pro-USD-Monthly", "scale-USD-Monthly", "pack-100-USD"
URLS = {"redirect_url": "http://testserver/billing/return/", "cancel_url": "http://testserver/billing/plans/"}
CHARGE = "invoice.create_for_charge_items_and_charges"


class Sandbox:
    """The side of the sandbox that is not Chargebee's API: its pages, as a person uses them, and faults to come."""

    def __init__(self) -> None:
        self.url = os.environ["CHARGEBEE_BASE_URL"]

    def will_fail(self, endpoint: str, mode: str, *, times: int = 1, seconds: float = 0.1) -> None:
        fault = {"endpoint": endpoint, "mode": mode, "times": times, "seconds": seconds}
        requests.post(f"{self.url}/_sandbox/faults", json=fault, timeout=5).raise_for_status()

    def forget_faults(self) -> None:
        requests.delete(f"{self.url}/_sandbox/faults", timeout=5).raise_for_status()

    def press(self, page, action="pay", card=GOOD):
        """Press a button of a hosted page and return what it answers."""
        form = {"action": action, "method": "card", "card": card, "expiry": "12/39", "cvc": "123"}
        return requests.post(page.url, data=form, allow_redirects=False, timeout=5)

    def act(self, name, **body):
        answer = requests.post(f"{self.url}/_sandbox/chargebee/{name}", json=body, timeout=5)
        answer.raise_for_status()
        return answer.json()


@pytest.fixture
def sandbox(settings):
    settings.CHARGEBEE_TIMEOUT_SECONDS = 10
    settings.CHARGEBEE_RETRY_WAIT_SECONDS = 0.01
    control = Sandbox()
    yield control
    control.forget_faults()


@pytest.fixture
def customer_id(sandbox) -> str:
    customer_id = uuid4().hex[:24]
    chargebee.ensure_customer(customer_id=customer_id, email=f"{customer_id}@example.com", name="Pat Payer")
    return customer_id


@pytest.fixture
def subscriber(sandbox, customer_id):
    """A customer with the pro plan and a card that pays."""
    sandbox.press(chargebee.checkout_new(customer_id=customer_id, item_price_id=PRO, **URLS))
    (subscription,) = chargebee.fetch_account(customer_id).subscriptions
    return subscription


def invoices_of(customer_id):
    return chargebee.fetch_account(customer_id).invoices


# ---------------------------------------------------------------- customers and pages
def test_a_customer_is_made_once_and_found_after_that(sandbox):
    customer_id = uuid4().hex[:24]
    first = chargebee.ensure_customer(customer_id=customer_id, email="a@example.com", name="A B")
    again = chargebee.ensure_customer(customer_id=customer_id, email="other@example.com", name="Other")
    assert (first.id, again.id, again.email) == (customer_id, customer_id, "a@example.com")


def test_a_customer_that_chargebee_never_saw_has_an_empty_account(sandbox):
    account = chargebee.fetch_account(uuid4().hex[:24])
    assert account.customer is None
    assert account.subscriptions == account.invoices == account.transactions == ()


def test_a_plan_is_bought_on_the_page_and_then_in_the_account(sandbox, customer_id):
    before = timezone.now()
    page = chargebee.checkout_new(customer_id=customer_id, item_price_id=PRO, **URLS)
    assert (page.state, page.customer_id) == ("created", None)
    assert chargebee.hosted_page(page.id).state in ("created", "requested")
    back = sandbox.press(page)
    assert back.headers["Location"].startswith(URLS["redirect_url"])
    done = chargebee.hosted_page(page.id)
    assert (done.state, done.customer_id) == ("succeeded", customer_id)

    account = chargebee.fetch_account(customer_id)
    assert account.customer.id == customer_id
    assert account.customer.card_status == "valid"
    (subscription,), (invoice,), (payment,) = account.subscriptions, account.invoices, account.transactions
    assert (subscription.status, subscription.plan_price_id) == ("active", PRO)
    assert timedelta(days=27) < subscription.current_term_end - subscription.current_term_start < timedelta(days=32)
    assert (invoice.status, invoice.total_cents, invoice.amount_paid_cents) == ("paid", 9900, 9900)
    assert (invoice.lines[0].entity_type, invoice.lines[0].entity_id) == ("plan_item_price", PRO)
    assert invoice.lines[0].date_from == subscription.current_term_start
    assert invoice.paid_at >= before.replace(microsecond=0)
    assert (payment.type, payment.status, payment.amount_cents) == ("payment", "success", 9900)
    assert payment.linked_invoices[0].invoice_id == invoice.id
    assert invoice.payments[0].transaction_id == payment.id


def test_a_declined_card_buys_nothing(sandbox, customer_id):
    page = chargebee.checkout_new(customer_id=customer_id, item_price_id=PRO, **URLS)
    sandbox.press(page, card=DECLINED)
    assert chargebee.hosted_page(page.id).state != "succeeded"
    assert chargebee.fetch_account(customer_id).subscriptions == ()


def test_packs_are_bought_on_the_page(sandbox, customer_id):
    page = chargebee.checkout_one_time(customer_id=customer_id, item_price_id=PACK, quantity=2, **URLS)
    sandbox.press(page)
    assert chargebee.hosted_page(page.id).customer_id == customer_id
    (invoice,) = invoices_of(customer_id)
    assert (invoice.status, invoice.total_cents, invoice.subscription_id) == ("paid", 5800, None)
    assert (invoice.lines[0].entity_type, invoice.lines[0].quantity) == ("charge_item_price", 2)


def test_one_key_opens_one_page(sandbox, customer_id):
    key = uuid4().hex
    first, again, other = (
        chargebee.checkout_one_time(customer_id=customer_id, item_price_id=PACK, key=name, **URLS).id
        for name in (key, key, None)
    )
    assert first == again != other


def test_portal_cards_and_pdf_open(sandbox, subscriber):
    portal = chargebee.portal_session(customer_id=subscriber.customer_id, redirect_url=URLS["redirect_url"])
    cards = chargebee.manage_payment_sources(customer_id=subscriber.customer_id, redirect_url=URLS["redirect_url"])
    pdf = chargebee.invoice_pdf_url(invoices_of(subscriber.customer_id)[0].id)
    assert [requests.get(url, timeout=5).status_code for url in (portal, cards.url, pdf)] == [200, 200, 200]


def test_pages_and_invoices_that_do_not_exist_are_not_found(sandbox):
    for call in (chargebee.hosted_page, chargebee.invoice_pdf_url):
        with pytest.raises(NotFound):
            call("nothing-of-this-id")


def test_a_price_that_is_not_sold_is_refused(sandbox, customer_id):
    with pytest.raises(VendorRejected):
        chargebee.checkout_new(customer_id=customer_id, item_price_id="gold-USD-Monthly", **URLS)


# ---------------------------------------------------------------- changes
def test_an_upgrade_costs_what_the_estimate_says(sandbox, subscriber):
    estimate = chargebee.estimate_change(subscription_id=subscriber.id, item_price_id=SCALE)
    assert 0 < estimate.credited_cents <= 9900
    assert 14_000 < estimate.due_now_cents <= 24_900 - estimate.credited_cents + 1
    assert estimate.next_amount_cents == 24_900
    assert estimate.next_at == subscriber.current_term_end
    key = uuid4().hex
    changed = chargebee.change_plan(subscription_id=subscriber.id, item_price_id=SCALE, at_term_end=False, key=key)
    assert changed.plan_price_id == SCALE
    account = chargebee.fetch_account(subscriber.customer_id)
    assert account.subscriptions[0].current_term_end == subscriber.current_term_end
    paid = account.invoices[-1].amount_paid_cents
    assert abs(paid - estimate.due_now_cents) <= 1  # a second may have passed
    assert sum(credit.cents for credit in account.invoices[-1].credits) > 0


def test_a_change_can_wait_for_the_end_of_the_term_and_be_taken_back(sandbox, subscriber):
    chargebee.change_plan(
        subscription_id=subscriber.id, item_price_id="starter-USD-Monthly", at_term_end=True, key=uuid4().hex
    )
    (waiting,) = chargebee.fetch_account(subscriber.customer_id).subscriptions
    assert (waiting.plan_price_id, waiting.scheduled_plan_price_id) == (PRO, "starter-USD-Monthly")
    assert chargebee.remove_scheduled_changes(subscription_id=subscriber.id, key=uuid4().hex).plan_price_id == PRO
    (kept,) = chargebee.fetch_account(subscriber.customer_id).subscriptions
    assert (kept.has_scheduled_changes, kept.scheduled_plan_price_id) == (False, None)


def test_a_plan_is_cancelled_kept_paused_and_resumed(sandbox, subscriber):
    ending = chargebee.cancel_at_term_end(subscription_id=subscriber.id, key=uuid4().hex)
    assert (ending.status, ending.cancelled_at) == ("non_renewing", subscriber.current_term_end)
    assert chargebee.remove_scheduled_cancellation(subscription_id=subscriber.id, key=uuid4().hex).status == "active"
    assert chargebee.pause(subscription_id=subscriber.id, key=uuid4().hex).status == "paused"
    with pytest.raises(VendorRejected) as refused:
        chargebee.pause(subscription_id=subscriber.id, key=uuid4().hex)
    assert refused.value.code
    assert chargebee.resume(subscription_id=subscriber.id, key=uuid4().hex).status == "active"
    assert len(invoices_of(subscriber.customer_id)) == 1


# ---------------------------------------------------------------- a charge, once
def test_a_pack_is_charged_once_for_its_key(sandbox, subscriber):
    key = uuid4().hex
    first = chargebee.charge_pack(customer_id=subscriber.customer_id, item_price_id=PACK, key=key)
    assert (first.status, first.total_cents, first.po_number) == ("paid", 2900, key)
    assert chargebee.charge_pack(customer_id=subscriber.customer_id, item_price_id=PACK, key=key) == first
    assert len(invoices_of(subscriber.customer_id)) == 2
    VendorCall.objects.filter(reference=key).delete()  # a record that was lost: Chargebee remembers the key as well
    assert chargebee.charge_pack(customer_id=subscriber.customer_id, item_price_id=PACK, key=key).id == first.id
    assert len(invoices_of(subscriber.customer_id)) == 2


@pytest.mark.parametrize("mode", ["timeout-after-work", "cut-body", "empty-body", "slow"])
def test_a_charge_whose_answer_was_lost_is_found_again_by_its_key(sandbox, settings, subscriber, mode):
    key = uuid4().hex
    sandbox.will_fail(CHARGE, mode, seconds=3 if mode == "slow" else 0.1)
    if mode == "slow":
        settings.CHARGEBEE_TIMEOUT_SECONDS = 1
    with pytest.raises(VendorOutcomeUnknown):
        chargebee.charge_pack(customer_id=subscriber.customer_id, item_price_id=PACK, key=key)
    settings.CHARGEBEE_TIMEOUT_SECONDS = 10
    found = chargebee.charge_pack(customer_id=subscriber.customer_id, item_price_id=PACK, key=key)
    assert found.status == "paid"
    packs = [one for one in invoices_of(subscriber.customer_id) if one.subscription_id is None]
    assert [one.id for one in packs] == [found.id]


def test_two_workers_charge_once_for_one_key(sandbox, subscriber):
    key, results, together = uuid4().hex, [], threading.Barrier(2)

    def work():
        together.wait()
        try:
            results.append(
                chargebee.charge_pack(customer_id=subscriber.customer_id, item_price_id=PACK, key=key).status
            )
        except VendorUnavailable:
            results.append("busy")

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "paid" in results
    assert len(results) == 2
    assert len(invoices_of(subscriber.customer_id)) == 2


def test_a_declined_charge_says_what_the_bank_said_and_is_no_debt(sandbox, subscriber):
    cards = chargebee.manage_payment_sources(customer_id=subscriber.customer_id, redirect_url=URLS["redirect_url"])
    assert cards.type == "manage_payment_sources"
    sandbox.will_fail(CHARGE, "declined")
    with pytest.raises(PaymentDeclined) as declined:
        chargebee.charge_pack(customer_id=subscriber.customer_id, item_price_id=PACK, key=uuid4().hex)
    assert "declined" in declined.value.reason
    assert len(invoices_of(subscriber.customer_id)) == 1


def test_a_customer_without_a_payment_method_is_declined(sandbox, customer_id):
    with pytest.raises(PaymentDeclined):
        chargebee.charge_pack(customer_id=customer_id, item_price_id=PACK, key=uuid4().hex)
    assert invoices_of(customer_id) == ()


# ---------------------------------------------------------------- refunds
def test_a_refund_names_its_payment_and_its_invoice(sandbox, subscriber):
    (invoice,) = invoices_of(subscriber.customer_id)
    sandbox.act("refund", invoice_id=invoice.id, amount_cents=2500)
    account = chargebee.fetch_account(subscriber.customer_id)
    (refund,) = [one for one in account.transactions if one.type == "refund"]
    assert (refund.status, refund.amount_cents) == ("success", 2500)
    assert refund.refunded_transaction_id == invoice.payments[0].transaction_id
    assert refund.credited_invoice_ids == (invoice.id,)
    assert account.invoices[0].status == "paid"


def test_a_write_off_is_told_from_a_payment(sandbox, subscriber):
    (invoice,) = invoices_of(subscriber.customer_id)
    sandbox.act("chargeback", invoice_id=invoice.id)
    sandbox.act("write_off", invoice_id=invoice.id)
    (found,) = invoices_of(subscriber.customer_id)
    assert (found.status, found.amount_paid_cents, found.written_off_cents) == ("paid", 0, invoice.total_cents)
    assert [note.cents for note in found.adjustments] == [invoice.total_cents]


def test_a_chargeback_names_its_payment(sandbox, subscriber):
    (invoice,) = invoices_of(subscriber.customer_id)
    sandbox.act("chargeback", invoice_id=invoice.id)
    account = chargebee.fetch_account(subscriber.customer_id)
    (reversal,) = [one for one in account.transactions if one.type == "payment_reversal"]
    assert reversal.refunded_transaction_id == invoice.payments[0].transaction_id
    assert reversal.amount_cents == 9900


# ---------------------------------------------------------------- lists
def test_the_catalog_says_what_each_price_grants(sandbox):
    prices = {price.id: price for price in chargebee.list_item_prices()}
    assert (prices[PRO].price_cents, prices[PRO].period_unit, prices[PRO].item_type) == (9900, "month", "plan")
    assert prices[PRO].metadata == {"credits_per_month": 420}
    assert (prices[PACK].price_cents, prices[PACK].item_type) == (2900, "charge")
    assert prices[PACK].metadata == {"credits": 100}


def test_what_changed_since_a_moment_is_told_in_order(sandbox, customer_id):
    moment = timezone.now()
    sandbox.press(chargebee.checkout_new(customer_id=customer_id, item_price_id=PRO, **URLS))
    account = chargebee.fetch_account(customer_id)
    for walk, known in (
        (chargebee.invoices_updated_since, account.invoices),
        (chargebee.subscriptions_updated_since, account.subscriptions),
        (chargebee.transactions_updated_since, account.transactions),
    ):
        mine = [one for one in walk(moment) if one.customer_id == customer_id]
        assert mine == list(known)
    events = list(chargebee.events_since(moment))
    assert [one.occurred_at for one in events] == sorted(one.occurred_at for one in events)
    mine = [one for one in events if customer_id in str(one.content)]
    assert {"subscription_created", "payment_succeeded"} <= {one.event_type for one in mine}


def test_lists_longer_than_a_page_are_walked_to_their_end(sandbox, subscriber):
    moment = timezone.now()
    for _ in range(40):
        chargebee.charge_pack(customer_id=subscriber.customer_id, item_price_id=PACK, key=uuid4().hex)
    events = [one.id for one in chargebee.events_since(moment)]
    assert len(events) > PAGE_SIZE
    assert len(events) == len(set(events))
    assert len({one.id for one in invoices_of(subscriber.customer_id)}) == 41


# ---------------------------------------------------------------- faults
@pytest.mark.parametrize("mode", ["500", "503", "502", "504", "html", "429", "lock-timeout", "cut-body", "empty-body"])
def test_a_question_survives_one_fault_and_not_two(sandbox, customer_id, mode):
    sandbox.will_fail("customer.retrieve", mode)
    assert chargebee.fetch_account(customer_id).customer.id == customer_id
    sandbox.will_fail("customer.retrieve", mode, times=2)
    with pytest.raises(VendorUnavailable):
        chargebee.fetch_account(customer_id)


def test_a_long_wait_is_told_to_the_caller(sandbox, customer_id):
    sandbox.will_fail("customer.retrieve", "429-retry-after", seconds=30)
    with pytest.raises(VendorUnavailable) as limited:
        chargebee.fetch_account(customer_id)
    assert limited.value.retry_after_seconds == 30


def test_a_slow_answer_is_given_up(sandbox, settings, customer_id):
    settings.CHARGEBEE_TIMEOUT_SECONDS = 1
    sandbox.will_fail("customer.retrieve", "slow", seconds=3)
    with pytest.raises(VendorUnavailable) as slow:
        chargebee.fetch_account(customer_id)
    assert not isinstance(slow.value, VendorBadAnswer)


@pytest.mark.parametrize("mode", ["500", "503", "502", "504", "html"])
def test_a_charge_that_failed_on_their_side_is_repeated_under_its_key_alone(sandbox, subscriber, mode):
    key = uuid4().hex
    sandbox.will_fail(CHARGE, mode)
    with pytest.raises(VendorOutcomeUnknown):
        chargebee.charge_pack(customer_id=subscriber.customer_id, item_price_id=PACK, key=key)
    assert chargebee.charge_pack(customer_id=subscriber.customer_id, item_price_id=PACK, key=key).status == "paid"
    assert len(invoices_of(subscriber.customer_id)) == 2


def test_a_wrong_key_is_for_the_operator(sandbox, settings, customer_id):
    settings.CHARGEBEE_API_KEY = ""
    with pytest.raises(VendorMisconfigured):
        chargebee.fetch_account(customer_id)
