"""From the words before the click to the credits, over Chargebee's own pages: by the return, and without it."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import time_machine
from django.db import connections
from django.test import Client
from django.utils import timezone

from billing import services
from billing.models import Billing, Checkout, PaymentTransaction
from billing.services.checkout import BETWEEN_LOOKS, CHECKOUTS_AN_HOUR
from billing.services.sync import sync_customer
from credits import services as credit_services
from credits.models import Credit, CreditLog
from tests.billing.chargebee_site import GOOD_CARD, ChargebeeSite
from tests.factories import CheckoutFactory

BANK_ACCOUNT, DECLINED = "000123456789", "4000000000000002"


@pytest.fixture
def shop(site: ChargebeeSite, db) -> ChargebeeSite:
    """The sandbox Chargebee, with its prices copied."""
    services.copy_offers(now=timezone.now())
    return site


@pytest.fixture
def standing_clock() -> Iterator[None]:
    """No time passes, however slow the machine is."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


@pytest.fixture
def as_carol(client, carol):
    client.force_login(carol)
    return client


def press(client: Client, offer_id: str, **fields) -> str:
    """Press the button of an offer's page as a browser without JavaScript does; return where it leads."""
    page = client.get(f"/billing/plans/{offer_id}/", fields).content.decode()
    form = re.search(rf'<form method="post" action="(/billing/plans/{offer_id}/\w+/)">(.*?)</form>', page, re.S)
    assert form, "The page has no button."
    hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[2])) | dict(
        re.findall(r'value="([^"]*)" name="(\w+)"', form[2])
    )
    answer = client.post(form[1], hidden)
    assert answer.status_code == 302, answer.content.decode()[:500]
    return answer.headers["Location"]


def hosted_address(client: Client, location: str) -> str:
    """Follow the own page that leads to Chargebee, and return the address in its link."""
    response = client.get(location)
    address = response.headers["Refresh"].partition("url=")[2]
    assert f'href="{address}"' in response.content.decode()
    return address


def pay(address: str, *, card: str = GOOD_CARD, action: str = "pay") -> requests.Response:
    form = {"action": action, "card": card, "expiry": "12/34", "cvv": "123"}
    return requests.post(address, data=form, allow_redirects=False, timeout=20)


def come_back(client: Client, answer: requests.Response):
    """Open the page of Atlas that Chargebee sends the browser to."""
    target = urlsplit(answer.headers["Location"])
    assert target.path == "/billing/return/"
    return client.get(f"{target.path}?{target.query}")


def buckets(user) -> tuple[int, int]:
    wallet = Credit.objects.filter(user_id=user.pk).first() or Credit()
    return wallet.subscription_credits, wallet.purchased_credits


# ---------------------------------------------------------------- paying


def test_a_plan_is_chosen_paid_and_there(as_carol, carol, shop):
    location = press(as_carol, "pro-USD-Monthly")
    back = come_back(as_carol, pay(hosted_address(as_carol, location)))
    assert back.status_code == 302
    assert back.headers["Location"].startswith("/billing/")
    page = as_carol.get(back.headers["Location"]).content.decode()
    assert "420 credits are yours" in page
    assert buckets(carol) == (420, 0)
    assert Billing.objects.get(user=carol).subscription_plan_id == "pro-USD-Monthly"
    assert shop.charges_of(carol) == [9_900]


def test_a_pack_brings_the_buyer_back_to_where_they_came_from(as_carol, carol, shop):
    location = press(as_carol, "pack-100-USD", next="/quotes/abc/")
    back = come_back(as_carol, pay(hosted_address(as_carol, location)))
    assert back.headers["Location"] == "/quotes/abc/"
    assert buckets(carol) == (0, 100)


@pytest.mark.parametrize(
    ("offer_id", "owed", "words"),
    [
        ("pack-100-USD", 70, "70 of the 100 credits went to what was owed, and 30 are yours."),
        ("pack-100-USD", 120, "All of the 100 credits went to what was owed."),
        ("starter-USD-Monthly", 70, "70 of the 200 credits went to what was owed, and 130 are yours."),
    ],
)
def test_who_pays_a_debt_by_buying_is_told_both(as_carol, carol, shop, offer_id, owed, words):
    credit_services.claw_back(user_id=carol.pk, amount=owed, refund_id="r1", reason="Refund", now=timezone.now())
    back = come_back(as_carol, pay(hosted_address(as_carol, press(as_carol, offer_id))))
    assert words in as_carol.get(back.headers["Location"]).content.decode()


@pytest.mark.parametrize("elsewhere", ["https://evil.test/", "//evil.test/", "javascript:alert(1)", "x" * 3000])
def test_nobody_is_sent_elsewhere_after_paying(as_carol, carol, shop, elsewhere):
    press(as_carol, "pack-100-USD", next=elsewhere)
    assert Checkout.objects.get(user_id=carol.pk).back_url == "/billing/"


def test_who_never_comes_back_has_the_credits_all_the_same(as_carol, carol, shop):
    pay(hosted_address(as_carol, press(as_carol, "pack-100-USD")))
    sync_customer(customer_id=str(carol.pk), now=timezone.now())
    assert buckets(carol) == (0, 100)
    assert "Paid" in as_carol.get("/billing/").content.decode()


def test_coming_back_twice_grants_once(as_carol, carol, shop):
    answer = pay(hosted_address(as_carol, press(as_carol, "pack-100-USD")))
    assert [come_back(as_carol, answer).status_code for _ in range(3)] == [302, 302, 302]
    assert buckets(carol) == (0, 100)
    assert CreditLog.objects.filter(kind="grant").count() == 1


def test_leaving_without_paying_charges_nothing(as_carol, carol, shop):
    answer = pay(hosted_address(as_carol, press(as_carol, "pack-100-USD")), action="cancel")
    back = come_back(as_carol, answer)
    assert "Nothing was charged" in as_carol.get(back.headers["Location"]).content.decode()
    assert (buckets(carol), shop.charges_of(carol)) == ((0, 0), [])


def test_coming_back_before_paying_leads_on(as_carol, carol, shop):
    press(as_carol, "pack-100-USD")
    checkout = Checkout.objects.get(user_id=carol.pk)
    page = as_carol.get("/billing/return/", {"id": checkout.pk, "state": "succeeded"}).content.decode()
    assert "Not paid yet" in page
    assert buckets(carol) == (0, 0)


def test_a_declined_card_stays_on_chargebees_page(as_carol, carol, shop):
    answer = pay(hosted_address(as_carol, press(as_carol, "pack-100-USD")), card=DECLINED)
    assert "Location" not in answer.headers
    assert buckets(carol) == (0, 0)


def test_a_bank_debit_says_that_it_takes_days_and_grants_when_it_settled(as_carol, carol, shop):
    answer = pay(hosted_address(as_carol, press(as_carol, "pack-100-USD")), card=BANK_ACCOUNT)
    page = come_back(as_carol, answer)
    assert "Your bank is settling the payment" in page.content.decode()
    assert "Refresh" not in page.headers
    assert buckets(carol) == (0, 0)
    transaction = shop.account_of(carol).transactions[0]
    shop.control("chargebee/settle", {"transaction_id": transaction.id})
    sync_customer(customer_id=str(carol.pk), now=timezone.now())
    assert buckets(carol) == (0, 100)


def test_what_the_address_claims_is_not_believed(as_carol, carol, bob, shop):
    """The id of somebody else's paid page, a made up one, and one that would reach another path."""
    theirs = Client()
    theirs.force_login(bob)
    answer = pay(hosted_address(theirs, press(theirs, "pack-100-USD")))
    page_id = parse_qs(urlsplit(answer.headers["Location"]).query)["id"][0]
    for claimed in (page_id, "hp_nobody", "../subscriptions/s1", "", "x" * 500):
        assert as_carol.get("/billing/return/", {"id": claimed, "state": "succeeded"}).status_code == 404
    assert buckets(carol) == (0, 0)


# ---------------------------------------------------------------- once


def test_a_double_click_opens_one_page(as_carol, carol, shop):
    assert press(as_carol, "pack-100-USD") == press(as_carol, "pack-100-USD")
    assert Checkout.objects.filter(user_id=carol.pk).count() == 1


def test_a_second_plan_cannot_be_bought(as_carol, carol, shop):
    first = hosted_address(as_carol, press(as_carol, "pro-USD-Monthly"))
    come_back(as_carol, pay(first))
    answer = as_carol.post("/billing/plans/starter-USD-Monthly/checkout/", {"token": "0" * 32}, follow=True)
    assert "You have a plan already" in answer.content.decode()
    assert shop.charges_of(carol) == [9_900]


def test_a_page_paid_in_a_closed_tab_is_booked_before_anything_more_is_sold(as_carol, carol, shop):
    pay(hosted_address(as_carol, press(as_carol, "pro-USD-Monthly")))
    answer = as_carol.post("/billing/plans/pro-USD-Monthly/checkout/", {"token": "0" * 32}, follow=True)
    assert "An earlier checkout of yours was paid" in answer.content.decode()
    assert (buckets(carol), shop.charges_of(carol)) == ((420, 0), [9_900])


def test_checkouts_are_limited_by_the_hour(as_carol, carol, shop):
    for _ in range(CHECKOUTS_AN_HOUR):
        CheckoutFactory(user_id=carol.pk, returned_at=timezone.now())
    answer = as_carol.post("/billing/plans/pack-100-USD/checkout/", {"token": "0" * 32}, follow=True)
    assert "Please try again later" in answer.content.decode()
    Checkout.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert press(as_carol, "pack-100-USD").startswith("/billing/checkout/")


def test_a_finished_checkout_is_not_opened_again(as_carol, carol, shop):
    location = press(as_carol, "pack-100-USD")
    come_back(as_carol, pay(hosted_address(as_carol, location)))
    again = as_carol.get(location)
    assert again.status_code == 410
    assert "Refresh" not in again.headers


def test_an_offer_that_is_gone_cannot_be_bought(as_carol, carol, shop):
    answer = as_carol.post("/billing/plans/gone/checkout/", {"token": "0" * 32}, follow=True)
    assert "not sold any more" in answer.content.decode()
    assert not Checkout.objects.exists()


# ---------------------------------------------------------------- confirming, and Chargebee away


def test_while_the_payment_is_confirmed_the_page_looks_again_for_a_minute(as_carol, carol, shop):
    pay(hosted_address(as_carol, press(as_carol, "pack-100-USD")))
    checkout = Checkout.objects.get(user_id=carol.pk)
    shop.fail("503", endpoint="hosted_page.retrieve", times=50)
    first = as_carol.get("/billing/return/", {"id": checkout.pk})
    assert first.headers["Refresh"] == f"5; url=/billing/return/?id={checkout.pk}&looks=1"
    assert "Do not pay again" in first.content.decode()
    assert "nothing was charged" not in first.content.decode()
    last = as_carol.get("/billing/return/", {"id": checkout.pk, "looks": "12"})
    assert "Refresh" not in last.headers
    shop.control("faults", {}, method="DELETE")
    let_time_pass()
    assert as_carol.get("/billing/return/", {"id": checkout.pk, "looks": "3"}).status_code == 302
    assert buckets(carol) == (0, 100)


@pytest.mark.usefixtures("standing_clock")
def test_chargebee_is_asked_about_a_checkout_once_in_two_seconds(as_carol, carol, shop):
    pay(hosted_address(as_carol, press(as_carol, "pack-100-USD")))
    checkout = Checkout.objects.get(user_id=carol.pk)
    shop.fail("503", endpoint="hosted_page.retrieve", times=50)
    as_carol.get("/billing/return/", {"id": checkout.pk})
    asked = shop.unused_faults()
    assert asked < 50
    for _ in range(20):
        page = as_carol.get("/billing/return/", {"id": checkout.pk})
        assert "We are asking about your payment" in page.content.decode()
        assert "does not answer" not in page.content.decode()
        assert "Refresh" in page.headers
    assert shop.unused_faults() == asked
    shop.control("faults", {}, method="DELETE")
    let_time_pass()
    assert as_carol.get("/billing/return/", {"id": checkout.pk}).status_code == 302
    shop.fail("slow", endpoint="*", times=50, seconds=0)
    assert [as_carol.get("/billing/return/", {"id": checkout.pk}).status_code for _ in range(20)] == [302] * 20
    assert (shop.unused_faults(), buckets(carol)) == (50, (0, 100))


@pytest.mark.usefixtures("standing_clock")
def test_of_many_that_look_at_once_one_asks(as_carol, carol, shop):
    press(as_carol, "pack-100-USD")
    checkout = Checkout.objects.get(user_id=carol.pk)
    shop.fail("slow", endpoint="hosted_page.retrieve", times=50, seconds=0)

    def look(_number: int) -> str:
        client = Client()
        client.cookies = as_carol.cookies
        try:
            return client.get("/billing/return/", {"id": checkout.pk}).content.decode()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        pages = list(pool.map(look, range(6)))
    assert sorted("Not paid yet" in page for page in pages) == [False] * 5 + [True]
    assert shop.unused_faults() == 49


def let_time_pass() -> None:
    """Let Chargebee be asked about the checkouts again."""
    Checkout.objects.update(looked_at=timezone.now() - BETWEEN_LOOKS)


def test_while_chargebee_is_away_pages_show_and_orders_say_so(as_carol, carol, shop):
    come_back(as_carol, pay(hosted_address(as_carol, press(as_carol, "pro-USD-Monthly"))))
    for endpoint in ("customer.create", "estimate.update_subscription_for_items", "subscription.retrieve"):
        shop.fail("503", endpoint=endpoint, times=50)
    page = as_carol.get("/billing/").content.decode()
    assert "Pro" in page
    assert "420" in page
    assert "cannot be reached" in as_carol.get("/billing/plans/scale-USD-Monthly/").content.decode()
    answer = as_carol.post("/billing/plans/pack-100-USD/checkout/", {"token": "0" * 32}, follow=True)
    assert "cannot be reached at the moment. Nothing was changed and nothing was charged" in answer.content.decode()


# ---------------------------------------------------------------- cards, portal, invoices


def test_the_card_is_changed_on_chargebees_page(as_carol, carol, shop):
    location = as_carol.post("/billing/payment-methods/").headers["Location"]
    back = come_back(as_carol, pay(hosted_address(as_carol, location)))
    assert back.headers["Location"] == "/billing/"
    assert "Your payment methods are up to date" in as_carol.get("/billing/").content.decode()


def test_the_portal_is_opened_by_a_page_of_ours_and_never_stored(as_carol, carol, shop):
    response = as_carol.post("/billing/portal/")
    address = response.headers["Refresh"].partition("url=")[2]
    assert address.startswith(shop.base_url)
    assert f'href="{address}"' in response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]
    assert not Checkout.objects.exists()


def test_an_invoice_opens_as_pdf_for_its_owner_alone(as_carol, carol, bob, shop):
    come_back(as_carol, pay(hosted_address(as_carol, press(as_carol, "pack-100-USD"))))
    invoice_id = PaymentTransaction.objects.get(user=carol).chargebee_invoice_id
    address = as_carol.get(f"/billing/invoices/{invoice_id}/").headers["Location"]
    assert address.startswith(shop.base_url)
    assert requests.get(address, timeout=10).content.startswith(b"%PDF")
    theirs = Client()
    theirs.force_login(bob)
    assert theirs.get(f"/billing/invoices/{invoice_id}/").status_code == 404


def test_an_entry_of_the_ledger_leads_to_its_payment(as_carol, carol, shop):
    come_back(as_carol, pay(hosted_address(as_carol, press(as_carol, "pack-100-USD"))))
    invoice_id = PaymentTransaction.objects.get(user=carol).chargebee_invoice_id
    target = f"/billing/?invoice={invoice_id}#payment-{invoice_id}"
    assert target in as_carol.get("/credits/").content.decode()
    assert f'id="payment-{invoice_id}"' in as_carol.get(target).content.decode()
