"""Hosted pages over HTTP: what they show, what their buttons do, and that nothing is bought twice or by mistake."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.sandbox.chargebee.shop import AWAY, BACK, BANK, DECLINED, GOOD, Shop, words
from tests.sandbox.conftest import Api


@pytest.fixture
def shop(api: Api) -> Shop:
    return Shop(api.url)


def read(address: str) -> str:
    response = requests.get(address, timeout=10)
    assert response.status_code == 200
    return words(response)


def test_a_checkout_shows_what_is_bought_for_whom_and_what_it_costs(shop: Shop) -> None:
    text = read(shop.checkout("pro-USD-Yearly"))
    for part in (
        "For alice@example.test",
        "Pro",
        "billed every year",
        "Due now $990.00",
        "Pay $990.00",
        GOOD,
        DECLINED,
    ):
        assert part in text


def test_paying_leads_back_with_the_id_of_the_page_and_starts_the_plan(shop: Shop) -> None:
    address = shop.checkout()
    response = shop.pay(address)
    assert response.status_code == 302
    target = urlsplit(response.headers["Location"])
    assert target._replace(query="").geturl() == urlsplit(BACK)._replace(query="").geturl()
    assert parse_qs(target.query) == {"next": ["/credits/"], "id": [address.split("/")[-2]], "state": ["succeeded"]}
    assert (shop.subscription.status, shop.invoices[0].status) == ("active", "paid")


def test_paying_twice_takes_money_once(shop: Shop) -> None:
    address = shop.checkout()
    first, second = shop.pay(address), shop.pay(address)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(shop.invoices) == 1
    assert "Everything is done" in read(address)


def test_a_declined_card_is_said_and_can_be_tried_again(shop: Shop) -> None:
    address = shop.checkout()
    response = shop.pay(address, DECLINED)
    assert response.status_code == 200
    assert "Your card was declined." in words(response)
    assert 'role="alert"' in response.text
    assert (shop.invoices, shop.state(address)) == ([], "requested")
    assert shop.pay(address).status_code == 302


@pytest.mark.parametrize("number", ["4111 1111 1111 1112", "hello", ""])
def test_a_number_that_is_none_is_refused(shop: Shop, number: str) -> None:
    address = shop.checkout()
    response = shop.pay(address, number)
    assert 'role="alert"' in response.text
    assert shop.state(address) == "requested"


def test_giving_up_leads_to_the_cancel_address_and_buys_nothing(shop: Shop) -> None:
    address = shop.checkout()
    response = shop.press(address, "cancel")
    target = response.headers["Location"]
    assert target.startswith(AWAY)
    assert parse_qs(urlsplit(target).query)["state"] == ["cancelled"]
    assert "Nothing was bought" in read(address)
    assert "cancelled" in words(shop.pay(address)).lower()
    assert shop.invoices == []


def test_a_tab_closed_after_paying_leads_nowhere_but_the_plan_has_started(shop: Shop) -> None:
    address = shop.checkout()
    response = shop.press(address, "pay_and_stay", card=GOOD)
    assert (response.status_code, "Location" in response.headers) == (200, False)
    assert "You may close this page." in words(response)
    assert (shop.state(address), shop.subscription.status) == ("succeeded", "active")


def test_after_three_hours_nothing_can_be_bought(shop: Shop) -> None:
    address = shop.checkout()
    shop.control("clock", {"now": (datetime.now(UTC) + timedelta(hours=3, seconds=1)).isoformat()})
    assert "open for too long" in read(address)
    assert "open for too long" in words(shop.pay(address))
    assert shop.invoices == []


def test_a_pack_is_bought_by_a_stored_card_or_by_another(shop: Shop) -> None:
    shop.buy()
    page = shop.client.HostedPage.checkout_one_time_for_items({
        "customer": {"id": "alice"}, "item_prices": [{"item_price_id": "pack-100-USD", "quantity": 3}],
        "redirect_url": BACK,
    })  # fmt: skip
    text = read(page.hosted_page.url)
    assert "Card ending in 1111" in text
    assert "100 credits × 3" in text
    assert "Due now $87.00" in text
    assert 'role="alert"' in shop.press(page.hosted_page.url, "pay", method="new", card=DECLINED).text
    assert shop.press(page.hosted_page.url, "pay", method="stored", card=DECLINED).status_code == 302
    assert [invoice.total for invoice in shop.invoices] == [4_900, 8_700]


def test_a_change_shows_the_credit_for_the_rest_of_the_old_plan(shop: Shop) -> None:
    shop.buy()
    address = shop.change("pro-USD-Monthly")
    text = read(address)
    assert "Change of plan" in text
    assert "Credit you have" in text
    assert "Due now $50.00" in text
    assert shop.press(address, "pay", method="stored").status_code == 302
    assert shop.subscription.subscription_items[0].item_price_id == "pro-USD-Monthly"


def test_what_is_not_sold_any_more_says_so(shop: Shop) -> None:
    address = shop.checkout()
    shop.control("chargebee/item_price", {"id": "starter-USD-Monthly", "status": "archived"})
    assert "archived" in read(address)
    assert "archived" in words(shop.pay(address))


def test_a_card_can_be_changed_for_a_bank_account(shop: Shop) -> None:
    shop.buy()
    page = shop.client.HostedPage.manage_payment_sources({"customer": {"id": "alice"}, "redirect_url": BACK})
    assert "Save" in read(page.hosted_page.url)
    assert shop.pay(page.hosted_page.url, BANK).status_code == 302
    source = shop.client.PaymentSource.list({"customer_id": {"IS": "alice"}}).list[-1].payment_source
    assert (source.type, source.bank_account.last4) == ("direct_debit", "6789")


def test_what_a_stranger_put_in_is_shown_as_text(shop: Shop) -> None:
    shop.control("chargebee/item_price", {"id": "starter-USD-Monthly", "external_name": "<script>alert(1)</script>"})
    response = requests.get(shop.checkout(redirect_url="javascript:alert(1)"), timeout=10)
    assert "<script" not in response.text
    assert "&lt;script&gt;" in response.text
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_unknown_pages_and_buttons_are_refused(shop: Shop) -> None:
    assert requests.get(f"{shop.url}/pages/v4/nothing/", timeout=10).status_code == 404
    assert shop.pay(f"{shop.url}/pages/v4/nothing/").status_code == 404
    assert shop.press(shop.checkout(), "jump").status_code == 400
