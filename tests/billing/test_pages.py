"""The pages of billing: each state of a plan, the words before each click, and whose page it is."""

import re
from datetime import timedelta
from functools import partial

import pytest

from billing.models import Billing, Offer, PaymentTransaction
from credits import services as credit_services
from credits.references import cause_of
from tests.billing.price_list import give_plan, write_price_list
from tests.factories import CheckoutFactory, PaymentTransactionFactory


@pytest.fixture
def price_list(db):
    write_price_list()


@pytest.fixture
def subscribe(price_list, now):
    """Give a user a plan, in any state, with this period's credits."""
    return partial(give_plan, now=now)


@pytest.fixture
def as_carol(client, carol):
    client.force_login(carol)
    return client


def read(client, address: str) -> str:
    """The words of a page as a reader sees them, without markup."""
    response = client.get(address)
    assert response.status_code == 200, response.status_code
    main = response.content.decode().partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main)).replace(" .", ".").replace(" ,", ",")


# ---------------------------------------------------------------- the billing page


def test_without_a_plan_the_page_says_what_one_gives_and_leads_to_the_plans(as_carol, price_list):
    page = read(as_carol, "/billing/")
    assert "No plan" in page
    assert "Purchased credits never lapse" in page
    assert "See plans and prices" in page
    assert "No payments yet" in page


def test_welcome_credits_are_said_to_lapse_with_the_first_plan(as_carol, carol, price_list, now):
    credit_services.claim_welcome_credits(user_id=carol.pk, email=carol.email, phone=None, now=now)
    assert "50 credits of welcome credits. They lapse on" in read(as_carol, "/billing/")
    offer = read(as_carol, "/billing/plans/pro-USD-Monthly/")
    assert "Your 50 credits of welcome credits lapse at that moment" in offer


def test_a_plan_shows_its_price_credits_and_next_payment(as_carol, carol, subscribe):
    billing = subscribe(carol)
    page = read(as_carol, "/billing/")
    assert "Pro Active $99.00 a month" in page
    assert "Credits each month 420" in page
    assert f"$99.00 on {billing.next_billing_at:%b} {billing.next_billing_at.day}" in page


def test_a_yearly_plan_says_when_the_next_credits_come(as_carol, carol, subscribe):
    subscribe(carol, "pro-USD-Yearly")
    page = read(as_carol, "/billing/")
    assert "$990.00 a year" in page
    assert "Paid once a year" in page
    assert "Next credits" in page


def test_a_plan_that_ends_says_what_stays_and_can_be_taken_back(as_carol, carol, subscribe):
    subscribe(carol, subscription_status=Billing.Status.NON_RENEWING)
    page = read(as_carol, "/billing/")
    assert "Cancelled, runs to its end" in page
    assert "No further payment is taken" in page
    assert "420 credits of this period can be spent until" in page
    assert "Take the cancellation back" in page


def test_a_paused_plan_says_that_its_credits_are_frozen(as_carol, carol, subscribe):
    subscribe(carol, subscription_status=Billing.Status.PAUSED)
    page = read(as_carol, "/billing/")
    assert "420 credits of the plan are frozen" in page
    assert "Resume …" in page
    assert "Pause …" not in page


def test_an_ended_plan_leads_to_the_plans(as_carol, carol, subscribe):
    subscribe(carol, subscription_status=Billing.Status.CANCELLED)
    page = read(as_carol, "/billing/")
    assert "Ended" in page
    assert "Choose a plan" in page


def test_an_overdue_payment_says_what_to_do(as_carol, carol, subscribe, now):
    subscribe(carol, due_invoices_count=1, total_dues_cents=9_900, due_since=now, next_retry_at=now + timedelta(days=3))
    PaymentTransactionFactory(
        user=carol, status="failed", credits_added=0, error_text="Insufficient funds.", transaction_date=now
    )
    page = read(as_carol, "/billing/")
    assert "$99.00 is due" in page
    assert "The bank said: “Insufficient funds.”" in page
    assert "Your card is tried again on" in page
    assert "Change your card" in page


def test_a_planned_change_is_shown_and_can_be_taken_back(as_carol, carol, subscribe):
    subscribe(carol, scheduled_plan_id="starter-USD-Monthly")
    page = read(as_carol, "/billing/")
    assert ": Starter Then $49.00 is paid and your subscription credits are set to 200 credits" in page
    assert "Keep the present plan" in page


def test_what_is_owed_is_said(as_carol, carol, price_list, now):
    credit_services.claw_back(user_id=carol.pk, amount=30, refund_id="r1", reason="Refund", now=now)
    assert "30 credits owed" in read(as_carol, "/billing/")
    assert "paid first, so that 70 credits of the 100 are yours" in read(as_carol, "/billing/plans/pack-100-USD/")


# ---------------------------------------------------------------- the payment history


def test_each_payment_says_how_it_stands_in_words(as_carol, carol, now):
    for status, amount, granted in (("success", 99, 420), ("pending", 99, 0), ("failed", 99, 0), ("refunded", 29, 100)):
        PaymentTransactionFactory(user=carol, status=status, amount=amount, credits_added=granted, transaction_date=now)
    PaymentTransactionFactory(
        user=carol, status="pending", credits_added=0, chargebee_transaction_id="t1", transaction_date=now
    )
    PaymentTransactionFactory(
        user=carol, type="credit_adjustment", amount=-29.0, credits_added=-100, transaction_date=now
    )
    page = read(as_carol, "/billing/")
    for words in (
        "+420",
        "−100",
        "Not paid yet",
        "Its credits come when the bank has settled it",
        "The money did not arrive",
        "The money went back to you",
        "Money back",
        "−$29.00",
    ):
        assert words in page


def test_payments_are_paged_and_found_by_their_invoice(as_carol, carol, now):
    for number in range(45):
        PaymentTransactionFactory(
            user=carol,
            key=f"invoice:inv-{number}",
            chargebee_invoice_id=f"inv-{number}",
            transaction_date=now - timedelta(days=number),
        )
    assert "payment-inv-0" in as_carol.get("/billing/").content.decode()
    third = as_carol.get("/billing/?page=3").content.decode()
    assert "payment-inv-44" in third
    assert "?page=2#payments" in third
    assert 'id="payment-inv-25"' in as_carol.get("/billing/?invoice=inv-25").content.decode()


def test_payments_of_one_second_are_listed_once_each(as_carol, carol, now):
    ids = [f"inv-{number}" for number in range(45)]
    for invoice_id in ids:
        PaymentTransactionFactory(user=carol, key=f"invoice:{invoice_id}", transaction_date=now)
    pages = [as_carol.get(f"/billing/?page={number}").content.decode() for number in (1, 2, 3)]
    listed = [re.findall(r'id="payment-(inv-\d+)"', page) for page in pages]
    assert [len(rows) for rows in listed] == [20, 20, 5]
    assert sorted(invoice_id for rows in listed for invoice_id in rows) == sorted(ids)
    for number, rows in enumerate(listed):
        assert f'id="payment-{rows[-1]}"' in as_carol.get(f"/billing/?invoice={rows[-1]}").content.decode(), number


def test_an_entry_about_a_refund_leads_to_its_row(as_carol, carol, now):
    for number in range(25):
        PaymentTransactionFactory(user=carol, key=f"invoice:inv-{number}", transaction_date=now)
    PaymentTransactionFactory(
        user=carol, key="transaction:t1", amount=-29.0, credits_added=-100, transaction_date=now - timedelta(days=1)
    )
    cause = cause_of("refund", "t1:line-2")
    assert cause.url == "/billing/?transaction=t1#payment-transaction-t1"
    assert 'id="payment-transaction-t1"' in as_carol.get(cause.url).content.decode()


def test_another_users_payments_are_not_shown(as_carol, bob, now):
    PaymentTransactionFactory(user=bob, chargebee_invoice_id="of-bob", transaction_date=now)
    assert "of-bob" not in as_carol.get("/billing/?invoice=of-bob").content.decode().partition("<main")[2]
    assert as_carol.get("/billing/invoices/of-bob/").status_code == 404


@pytest.mark.parametrize("number", ["0", "-1", "x", "²", "9" * 30, ""])
def test_any_page_number_is_answered(as_carol, carol, number):
    assert as_carol.get("/billing/", {"page": number}).status_code == 200


# ---------------------------------------------------------------- plans and packs


def test_the_list_shows_prices_credits_and_the_price_of_one(client, price_list):
    page = read(client, "/billing/plans/")
    assert "Starter $49.00 a month 200 credits every month 24.5 ¢ a credit" in page
    assert "Paid once a year. The credits come every month all the same" in page
    assert "500 credits $129.00 once 500 credits that never lapse 25.8 ¢ a credit" in page
    assert "Skip-trace a contact" in page
    assert "Sign up" in page


def test_an_offer_that_is_not_sold_is_not_shown(as_carol, price_list):
    Offer.objects.filter(pk="pack-500-USD").update(is_sold=False)
    assert "$129.00" not in read(as_carol, "/billing/plans/")
    assert as_carol.get("/billing/plans/pack-500-USD/").status_code == 404


def test_without_offers_the_list_says_that_prices_are_being_fetched(client, db):
    assert "Prices are being fetched" in read(client, "/billing/plans/")


def test_the_present_plan_is_marked(as_carol, carol, subscribe):
    subscribe(carol)
    page = read(as_carol, "/billing/plans/")
    assert "Pro Your plan $99.00" in page
    assert "Change to this …" in page


# ---------------------------------------------------------------- the words before a click


def test_a_new_plan_says_what_it_costs_now_and_later(as_carol, price_list):
    page = read(as_carol, "/billing/plans/pro-USD-Yearly/")
    assert "You pay now $990.00" in page
    assert "$990.00 every year from the day you pay, until you cancel" in page
    assert "Set to 420 credits once the payment is confirmed" in page
    assert "although you pay once a year" in page
    assert "Nothing is charged by pressing the button" in page


def test_a_plan_says_that_it_pays_what_is_owed_first(as_carol, carol, price_list, now):
    credit_services.claw_back(user_id=carol.pk, amount=30, refund_id="r1", reason="Refund", now=now)
    page = read(as_carol, "/billing/plans/pro-USD-Monthly/")
    assert "30 credits of a refunded purchase are paid first, so that 390 credits of the 420 are yours" in page
    assert "Set to 390 credits once the payment is confirmed" in page


def test_a_pack_says_that_it_never_lapses(as_carol, carol, price_list):
    page = read(as_carol, "/billing/plans/pack-100-USD/")
    assert "You pay now $29.00" in page
    assert "0 now, 100 once the payment is confirmed. They never lapse" in page


def test_fewer_credits_begin_at_the_renewal_and_cost_nothing_now(as_carol, carol, subscribe):
    subscribe(carol)
    page = read(as_carol, "/billing/plans/starter-USD-Monthly/")
    assert "You pay now nothing" in page
    assert "they are set to 200 every month, instead of 420" in page
    assert "Until then you can take it back, free" in page


def test_a_paid_year_is_not_cut_short(as_carol, carol, subscribe):
    subscribe(carol, "starter-USD-Yearly")
    page = read(as_carol, "/billing/plans/pro-USD-Monthly/")
    assert "You pay now nothing" in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"subscription_status": "paused"}, "Resume it first"),
        ({"subscription_status": "non_renewing"}, "Take the cancellation back first"),
        ({"due_invoices_count": 1}, "A payment is overdue"),
        ({"scheduled_plan_id": "starter-USD-Monthly"}, "Another change is planned already"),
        ({"scheduled_plan_id": "scale-USD-Monthly"}, "This is planned already"),
        ({"subscription_plan_id": "scale-USD-Monthly"}, "This is your plan"),
    ],
)
def test_a_change_that_is_not_possible_says_what_to_do_first(as_carol, carol, subscribe, fields, words):
    billing = subscribe(carol)
    Billing.objects.filter(pk=billing.pk).update(**fields)
    response = as_carol.get("/billing/plans/scale-USD-Monthly/")
    assert words in response.content.decode()
    assert "<form" not in response.content.decode().partition("<main")[2].partition("</main>")[0]


def test_canceling_says_what_stays_and_what_lapses_when(as_carol, carol, subscribe):
    billing = subscribe(carol)
    page = read(as_carol, "/billing/cancel/")
    assert "Your sign-in, everything you unlocked and its export" in page
    assert f"420 credits can be spent until {billing.current_term_end:%b} {billing.current_term_end.day}" in page
    assert "They never lapse and can be spent without a plan" in page
    assert "You pay now nothing" in page


def test_pausing_says_what_freezes(as_carol, carol, subscribe):
    subscribe(carol)
    page = read(as_carol, "/billing/pause/")
    assert "420 credits freeze" in page
    assert "No new ones come while the plan is paused" in page


def test_resuming_within_the_paid_term_costs_and_grants_nothing(as_carol, carol, subscribe):
    subscribe(carol, subscription_status=Billing.Status.PAUSED)
    page = read(as_carol, "/billing/resume/")
    assert "You pay now nothing" in page
    assert "None are added" in page


def test_resuming_after_the_paid_term_says_what_it_costs(as_carol, carol, subscribe, now):
    subscribe(carol, subscription_status=Billing.Status.PAUSED, current_term_end=now - timedelta(days=1))
    page = read(as_carol, "/billing/resume/")
    assert "You pay now $99.00" in page
    assert "the 420 that are frozen lapse at that moment" in page


@pytest.mark.parametrize("address", ["/billing/cancel/", "/billing/pause/", "/billing/resume/"])
def test_without_a_plan_there_is_nothing_to_order(as_carol, carol, address):
    assert as_carol.get(address).headers["Location"] == "/billing/"


# ---------------------------------------------------------------- whose pages they are


@pytest.mark.parametrize(
    "address", ["/billing/", "/billing/plans/x/", "/billing/cancel/", "/billing/return/?id=x", "/billing/checkout/x/"]
)
def test_visitors_are_sent_to_sign_in(client, db, address):
    assert client.get(address).headers["Location"].startswith("/accounts/login/")


def test_another_users_checkout_is_as_if_it_did_not_exist(as_carol, bob):
    checkout = CheckoutFactory(user_id=bob.pk)
    assert as_carol.get(f"/billing/checkout/{checkout.pk}/").status_code == 404
    assert as_carol.get("/billing/return/", {"id": checkout.pk, "state": "succeeded"}).status_code == 404
    assert not PaymentTransaction.objects.exists()


def test_orders_answer_to_a_post_alone(as_carol, price_list):
    for name in ("portal", "payment-methods", "keep", "plans/pack-100-USD/checkout", "plans/pro-USD-Monthly/change"):
        assert as_carol.get(f"/billing/{name}/").status_code == 405


def test_pages_of_billing_are_kept_out_of_caches(as_carol, carol):
    assert "no-store" in as_carol.get("/billing/").headers["Cache-Control"]
