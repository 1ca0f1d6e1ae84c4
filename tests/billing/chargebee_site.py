"""The sandbox Chargebee as tests steer it: its catalog, its customers' cards, its faults, and what it has charged."""

from typing import Any

import requests
from bson import ObjectId

from accounts.models import User
from atlas_site.vendors import chargebee
from atlas_site.vendors.chargebee import CustomerAccount

GOOD_CARD, DECLINED_CARD, FAILS_LATER_CARD = "4111111111111111", "4000000000000002", "4000000000000341"
BANK_ACCOUNT = "000123456789"  # settles when it is told to
BACK = "http://testserver/billing/"


class ChargebeeSite:
    """The control side of the sandbox and its hosted pages."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    def control(self, route: str, body: dict[str, Any] | None = None, *, method: str = "POST") -> Any:
        """Tell the sandbox something under ``/_sandbox/``."""
        answer = requests.request(method, f"{self.base_url}/_sandbox/{route}", json=body or {}, timeout=20)
        assert answer.ok, answer.text
        return answer.json()

    def fail(self, mode: str, *, endpoint: str, times: int = 1, **options: Any) -> None:
        """Let the next calls of an operation, such as ``invoice.list``, fail in this mode."""
        self.control("faults", {"endpoint": endpoint, "mode": mode, "times": times, **options})

    def unused_faults(self) -> int:
        """Return how many calls have not met the queued faults yet, by which calls are counted."""
        return sum(fault["times"] for fault in self.control("faults", method="GET")["faults"])

    def set_price(self, price_id: str, **fields: Any) -> None:
        """Add or change an item price."""
        self.control("chargebee/item_price", {"id": price_id, **fields})

    def open_account(self, user: User, *, card: str = GOOD_CARD) -> None:
        """Make the user a customer who has this card on file."""
        chargebee.ensure_customer(customer_id=str(user.pk), email=user.email, name=user.name)
        page = chargebee.manage_payment_sources(customer_id=str(user.pk), redirect_url=BACK)
        self._fill_in(page.url, card)

    def buy_plan(self, user: User, price_id: str, *, card: str = GOOD_CARD) -> None:
        """Buy a plan on the hosted page with this card."""
        chargebee.ensure_customer(customer_id=str(user.pk), email=user.email, name=user.name)
        page = chargebee.checkout_new(
            customer_id=str(user.pk),
            item_price_id=price_id,
            redirect_url=BACK,
            cancel_url=BACK,
            key=f"checkout-{ObjectId()}",
        )
        self._fill_in(page.url, card)

    def account_of(self, user: User) -> CustomerAccount:
        """Return all that Chargebee holds of a user."""
        return chargebee.fetch_account(str(user.pk))

    def charges_of(self, user: User) -> list[int]:
        """Return what the user's card was charged, in cents."""
        moved = self.account_of(user).transactions
        return [found.amount_cents for found in moved if found.type == "payment" and found.status == "success"]

    def _fill_in(self, url: str, card: str) -> None:
        form = {"action": "pay", "card": card, "expiry": "12/34", "cvv": "123"}
        answer = requests.post(url, data=form, allow_redirects=False, timeout=20)
        assert answer.status_code in {302, 303}, answer.text
