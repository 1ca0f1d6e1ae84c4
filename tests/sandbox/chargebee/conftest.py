"""A sandbox of each test's own, so that it can move the clock, and the official client to speak to it."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import chargebee
import pytest

from atlas_site.sandbox.chargebee.site import Site
from atlas_site.sandbox.server import Sandbox, SandboxServer, make_server

START = datetime(2027, 1, 31, 10, tzinfo=UTC)
VISA = {"number": "4111 1111 1111 1111", "expiry_month": "12", "expiry_year": "2034", "cvv": "123"}
DECLINED = {"number": "4000 0000 0000 0002"}
DECLINED_LATER = {"number": "4000 0000 0000 0341"}
BANK = {"account_number": "000123456789", "routing_number": "110000000"}
BANK_LATE = {"account_number": "000111111116", "routing_number": "110000000"}


@dataclass
class Vendor:
    """A running sandbox: ``client`` is the official one, ``site`` what stands behind it."""

    client: chargebee.Chargebee
    sandbox: Sandbox
    url: str

    @property
    def site(self) -> Site:
        return self.sandbox.chargebee

    def travel(self, **step: float) -> None:
        """Move the clock forward, as ``timedelta`` counts, and let happen what is due."""
        self.sandbox.move_clock(self.sandbox.clock.now() + timedelta(**step))

    def add_customer(self, customer_id: str = "u1", **fields: Any) -> str:
        self.client.Customer.create({"id": customer_id, "email": f"{customer_id}@example.test", **fields})
        return customer_id

    def open_checkout(self, price: str = "starter-USD-Monthly", *, customer: str = "u1", **params: Any) -> str:
        """Make the page on which a plan is bought; returns its id."""
        return self.client.HostedPage.checkout_new_for_items({
            "subscription_items": [{"item_price_id": price, "quantity": 1}], "customer": {"id": customer},
            "redirect_url": "https://atlas.test/back/", "cancel_url": "https://atlas.test/plans/", **params,
        }).hosted_page.id  # fmt: skip

    def subscribe(
        self, price: str = "starter-USD-Monthly", *, card: dict[str, str] = VISA, customer: str = "u1"
    ) -> str:  # fmt: skip
        """Buy a plan on the hosted page, as a new customer; returns the subscription's id."""
        page_id = self.open_checkout(price, customer=self.add_customer(customer))
        self.site.complete_checkout(page_id, card=card)
        return str(self.client.HostedPage.retrieve(page_id).hosted_page.content["subscription"]["id"])

    def buy_pack(self, pack: str = "pack-100-USD", *, card: dict[str, str] | None = VISA, customer: str = "u1") -> Any:
        """Buy a pack on the hosted page; returns the invoice."""
        page_id = self.client.HostedPage.checkout_one_time_for_items({
            "customer": {"id": customer}, "item_prices": [{"item_price_id": pack, "quantity": 1}],
            "currency_code": "USD",
        }).hosted_page.id  # fmt: skip
        self.site.complete_checkout(page_id, card=card)
        content = self.client.HostedPage.retrieve(page_id).hosted_page.content
        return self.client.Invoice.retrieve(content["invoice"]["id"]).invoice

    def change_plan(self, subscription_id: str, price: str, **params: Any) -> Any:
        return self.client.Subscription.update_for_items(
            subscription_id, {"subscription_items": [{"item_price_id": price}], "replace_items_list": True, **params}
        )

    def subscription(self, subscription_id: str) -> Any:
        return self.client.Subscription.retrieve(subscription_id).subscription

    def invoices(self) -> list[Any]:
        """All invoices, oldest first."""
        return [entry.invoice for entry in self.client.Invoice.list({"limit": 100}).list]

    def transactions(self) -> list[Any]:
        """All transactions, oldest first."""
        return [entry.transaction for entry in self.client.Transaction.list({"limit": 100}).list]

    def events(self) -> list[Any]:
        """All events, oldest first."""
        return [entry.event for entry in self.client.Event.list({"limit": 100}).list]

    def event_types(self, since: int = 0) -> list[str]:
        return [event.event_type for event in self.events()[since:]]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SandboxServer]:
    server = make_server(tmp_path, host="127.0.0.1", port=0, seed=1, size=1)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def vendor(server: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> Vendor:
    # The client reads this flag of the class, not of the object, when the address is plain http.
    monkeypatch.setattr(chargebee.Chargebee, "verify_ca_certs", False)
    client = chargebee.Chargebee(api_key="sandbox-tests", site="atlas-sandbox", protocol="http")
    url = f"http://127.0.0.1:{server.server_port}"
    client.env.api_endpoint = f"{url}/api/v2"
    server.application.move_clock(START)
    return Vendor(client, server.application, url)


def moment(value: int) -> datetime:
    """Return a unix time as a moment in UTC, to the minute."""
    return datetime.fromtimestamp(value, UTC).replace(second=0)
