"""The sandbox Chargebee as its callers see it: the official client, plain HTTP, the control routes."""

import re
from html import unescape
from typing import Any

import requests
from chargebee import Chargebee

BACK, AWAY = "http://127.0.0.1:9/billing/return/?next=%2Fcredits%2F", "http://127.0.0.1:9/billing/cancelled/"
GOOD, DECLINED, DECLINED_LATER = "4111 1111 1111 1111", "4000 0000 0000 0002", "4000 0000 0000 0341"
BANK, BANK_FAILS_LATE = "000123456789", "000111111116"


class Shop:
    """One customer, ``alice``, at a sandbox that was just reset."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = make_client(url)
        self.client.Customer.create({"id": "alice", "email": "alice@example.test"})

    def checkout(self, price: str = "starter-USD-Monthly", **more: Any) -> str:
        """Make a checkout of a plan and return its address."""
        items = [{"item_price_id": price, "quantity": 1}]
        page = self.client.HostedPage.checkout_new_for_items({
            "subscription_items": items, "customer": {"id": "alice"}, "redirect_url": BACK, "cancel_url": AWAY, **more,
        })  # fmt: skip
        return page.hosted_page.url

    def change(self, price: str) -> str:
        """Make a checkout of another plan and return its address."""
        page = self.client.HostedPage.checkout_existing_for_items({
            "subscription": {"id": self.subscription.id}, "replace_items_list": True, "redirect_url": BACK,
            "subscription_items": [{"item_price_id": price, "quantity": 1}],
        })  # fmt: skip
        return page.hosted_page.url

    def press(self, address: str, action: str, **fields: str) -> requests.Response:
        """Press a button of a page; redirects are not followed."""
        return requests.post(address, {"action": action, **fields}, allow_redirects=False, timeout=10)

    def pay(self, address: str, card: str = GOOD) -> requests.Response:
        return self.press(address, "pay", card=card, expiry="12/34", cvv="123")

    def buy(self, price: str = "starter-USD-Monthly", card: str = GOOD) -> None:
        assert self.pay(self.checkout(price), card).status_code == 302

    def state(self, address: str) -> str:
        return self.client.HostedPage.retrieve(address.rstrip("/").rpartition("/")[2]).hosted_page.state

    def control(self, route: str, body: Any, *, status: int = 200) -> Any:
        response = requests.post(f"{self.url}/_sandbox/{route}", json=body, timeout=10)
        assert response.status_code == status, response.text
        return response.json()

    @property
    def subscription(self) -> Any:
        return self.client.Subscription.list().list[0].subscription

    @property
    def invoices(self) -> list[Any]:
        return [entry.invoice for entry in self.client.Invoice.list({"limit": 100}).list]

    @property
    def transactions(self) -> list[Any]:
        return [entry.transaction for entry in self.client.Transaction.list({"limit": 100}).list]


def make_client(url: str) -> Chargebee:
    Chargebee.verify_ca_certs = False  # the sandbox speaks plain HTTP, on loopback
    client = Chargebee(api_key="sandbox-tests", site="sandbox", protocol="http")
    client.env.api_endpoint = f"{url}/api/v2"
    return client


def words(response: requests.Response) -> str:
    """What a page says, without its markup."""
    body = re.sub(r"<style>.*?</style>", "", response.text, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())
