"""What tests and developers tell the sandbox Chargebee: staff, banks, the clock, webhooks, faults, and the console."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.sandbox.chargebee.receiver import Receiver, running_receiver
from tests.sandbox.chargebee.shop import BANK, BANK_FAILS_LATE, DECLINED_LATER, Shop, words
from tests.sandbox.conftest import Api


@pytest.fixture
def shop(api: Api) -> Shop:
    return Shop(api.url)


@pytest.fixture
def receiver(shop: Shop) -> Iterator[Receiver]:
    with running_receiver() as receiver:
        told = shop.control("webhooks", {"url": receiver.url, "user": "chargebee", "password": "secret"})
        assert told["endpoints"] == [{"id": "atlas", "url": receiver.url, "user": "chargebee"}]
        yield receiver


def in_a_month() -> str:
    return (datetime.now(UTC) + timedelta(days=32)).isoformat()


def kinds(receiver: Receiver) -> list[str]:
    return [event["event_type"] for event in receiver.events]


def test_what_happens_at_the_site_reaches_the_endpoint(shop: Shop, receiver: Receiver) -> None:
    shop.buy()
    shop.control("webhooks", {"deliver": "all"})
    assert {"subscription_created", "invoice_generated", "payment_succeeded"} <= set(kinds(receiver))
    assert receiver.credentials == {"chargebee:secret"}
    event = next(event for event in receiver.events if event["event_type"] == "payment_succeeded")
    stored = shop.client.Event.retrieve(event["id"]).event
    assert (stored.event_type, stored.content) == (event["event_type"], event["content"])
    assert (stored.webhook_status, stored.webhooks[0].id) == ("succeeded", "atlas")
    waiting = shop.client.Event.list({"webhook_status": {"IS": "scheduled"}})
    assert [entry.event.event_type for entry in waiting.list] == []


def test_a_moved_clock_renews_and_tells(shop: Shop, receiver: Receiver) -> None:
    shop.buy()
    shop.control("clock", {"now": in_a_month()})
    shop.control("webhooks", {"deliver": "all"})
    assert [invoice.status for invoice in shop.invoices] == ["paid", "paid"]
    assert "subscription_renewed" in kinds(receiver)


def test_a_term_ended_by_hand_renews_now_in_real_time(shop: Shop) -> None:
    shop.buy()
    shop.control("clock", {"now": (datetime.now(UTC) + timedelta(days=3)).isoformat()})
    before = shop.subscription
    after = shop.control("chargebee/renew", {"subscription_id": before.id})
    assert 0 <= after["current_term_start"] - before.current_term_start - 3 * 86_400 < 60
    assert len(shop.invoices) == 2
    assert (
        "no term that could end" in shop.control("chargebee/renew", {"subscription_id": before.id}, status=400)["error"]
    )


def test_a_term_that_was_to_be_the_last_ends_by_hand(shop: Shop) -> None:
    shop.buy()
    shop.client.Subscription.cancel_for_items(shop.subscription.id, {"cancel_option": "end_of_term"})
    shop.control("clock", {"now": (datetime.now(UTC) + timedelta(days=3)).isoformat()})
    assert shop.control("chargebee/renew", {"subscription_id": shop.subscription.id})["status"] == "cancelled"
    assert len(shop.invoices) == 1


def test_a_card_that_is_declined_later_begins_dunning(shop: Shop, receiver: Receiver) -> None:
    shop.buy(card=DECLINED_LATER)
    shop.control("clock", {"now": (datetime.now(UTC) + timedelta(days=31)).isoformat()})
    shop.control("webhooks", {"deliver": "all"})
    assert "payment_failed" in kinds(receiver)
    assert shop.invoices[-1].status == "payment_due"
    assert shop.subscription.status == "active"


def test_refunds_in_part_and_whole_and_no_more_than_was_paid(shop: Shop, receiver: Receiver) -> None:
    shop.buy()
    invoice = shop.invoices[0].id
    done = shop.control("chargebee/refund", {"invoice_id": invoice, "amount_cents": 900})
    assert (done["transaction"]["type"], done["transaction"]["amount"]) == ("refund", 900)
    assert shop.control("chargebee/refund", {"invoice_id": invoice})["transaction"]["amount"] == 4_000
    assert shop.control("chargebee/refund", {"invoice_id": invoice}, status=400)["error"]
    shop.control("webhooks", {"deliver": "all"})
    assert kinds(receiver).count("payment_refunded") == 2


def test_banks_settle_fail_late_and_take_money_back(shop: Shop) -> None:
    shop.buy(card=BANK)
    debit = shop.transactions[-1]
    assert (debit.status, shop.invoices[0].status) == ("in_progress", "payment_due")
    assert shop.control("chargebee/settle", {"transaction_id": debit.id})["status"] == "success"
    assert shop.invoices[0].status == "paid"
    assert shop.control("chargebee/fail_late", {"transaction_id": debit.id})["status"] == "late_failure"
    assert shop.invoices[0].status != "paid"
    assert shop.control("chargebee/settle", {"transaction_id": debit.id}, status=400)["error"]


def test_an_account_that_fails_late_does_so_by_the_clock(shop: Shop) -> None:
    shop.buy(card=BANK_FAILS_LATE)
    shop.control("clock", {"now": (datetime.now(UTC) + timedelta(days=4)).isoformat()})
    assert shop.transactions[0].status == "success"
    shop.control("clock", {"now": (datetime.now(UTC) + timedelta(days=6)).isoformat()})
    assert shop.transactions[0].status == "late_failure"


def test_a_chargeback_is_a_reversal(shop: Shop) -> None:
    shop.buy()
    assert shop.control("chargebee/chargeback", {"invoice_id": shop.invoices[0].id})["type"] == "payment_reversal"


def test_staff_write_off_what_nobody_pays(shop: Shop) -> None:
    shop.buy()
    (invoice,) = shop.invoices
    assert shop.control("chargebee/write_off", {"invoice_id": invoice.id}, status=400)["error"]
    shop.control("chargebee/chargeback", {"invoice_id": invoice.id})
    assert shop.control("chargebee/write_off", {"invoice_id": invoice.id})["invoice"]["status"] == "paid"


def test_an_item_price_is_added_and_changed(shop: Shop) -> None:
    shop.control(
        "chargebee/item_price", {"id": "new-USD-Monthly", "price": 1_900, "metadata": {"credits_per_month": 9}}
    )
    price = shop.client.ItemPrice.retrieve("new-USD-Monthly").item_price
    assert (price.price, price.metadata) == (1_900, {"credits_per_month": 9})
    shop.control("chargebee/item_price", {"id": "new-USD-Monthly", "status": "archived"})
    assert shop.client.ItemPrice.retrieve("new-USD-Monthly").item_price.status == "archived"


def test_held_events_are_sent_one_by_one_shuffled_and_again(shop: Shop, receiver: Receiver) -> None:
    shop.control("webhooks", {"mode": "hold"})
    shop.buy()
    told = shop.control("webhooks", {})
    assert told["mode"] == "hold"
    assert told["pending"] == len(told["deliveries"]) > 3
    assert receiver.events == []
    first = told["deliveries"][0]["event_id"]
    assert shop.control("webhooks", {"deliver": first})["delivered"] == {"sent": 1, "succeeded": 1}
    assert receiver.ids == [first]
    sent = shop.control("webhooks", {"deliver": "all", "times": 2, "shuffle": True, "at_once": 4})
    assert sent["delivered"]["sent"] == 2 * (told["pending"] - 1)
    assert sent["pending"] == 0
    again = shop.control("webhooks", {"deliver": "again"})["delivered"]
    everything = shop.client.Event.list({"limit": 100}).list
    assert again == {"sent": len(everything), "succeeded": len(everything)}
    assert set(receiver.ids) == {entry.event.id for entry in everything}


def test_an_endpoint_can_move_and_go(shop: Shop, receiver: Receiver) -> None:
    assert shop.control("webhooks", {"url": f"{receiver.url}&second"})["endpoints"][0]["url"].endswith("&second")
    assert shop.control("webhooks", {"url": None})["endpoints"] == []
    shop.buy()
    assert shop.control("webhooks", {"deliver": "all"})["delivered"] == {"sent": 0, "succeeded": 0}


def test_a_fault_is_of_one_operation(shop: Shop) -> None:
    shop.control("faults", {"endpoint": "invoice.list", "mode": "declined"})
    assert shop.client.Customer.retrieve("alice").customer.id == "alice"
    with pytest.raises(Exception, match="declined"):
        shop.client.Invoice.list()
    assert shop.invoices == []


def test_a_reset_forgets_customers_and_endpoints(shop: Shop, receiver: Receiver) -> None:
    shop.buy()
    shop.control("reset", {})
    assert shop.client.Customer.list().list == []
    told = shop.control("webhooks", {})
    assert (told["endpoints"], told["deliveries"], told["pending"]) == ([], [], 0)


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("webhooks", {"mode": "loud"}), ("webhooks", {"mode": "duplicate", "times": 0}), ("webhooks", {"url": "no"}),
        ("webhooks", {"deliver": "ev_none"}), ("webhooks", {"deliver": "all", "at_once": "x"}),
        ("chargebee/refund", {}), ("chargebee/refund", {"invoice_id": "none"}),
        ("chargebee/refund", {"invoice_id": "1", "amount_cents": "x"}), ("chargebee/item_price", {}),
    ],
)  # fmt: skip
def test_a_call_that_makes_no_sense_is_a_400_with_a_reason(shop: Shop, route: str, body: Any) -> None:
    assert shop.control(route, body, status=400)["error"]


def test_an_unknown_act_is_not_there(shop: Shop) -> None:
    shop.control("chargebee/steal", {}, status=404)
    assert requests.post(f"{shop.url}/_sandbox/chargebee/", json={}, timeout=10).status_code == 404


def press(shop: Shop, action: str, **fields: str) -> str:
    answer = requests.post(f"{shop.url}/chargebee/", {"action": action, **fields}, timeout=10)
    assert answer.status_code == 200
    return words(answer)


def test_the_console_shows_and_does_what_staff_would(shop: Shop, receiver: Receiver) -> None:
    assert "/chargebee/" in requests.get(f"{shop.url}/", timeout=10).text
    shop.buy()
    text = words(requests.get(f"{shop.url}/chargebee", timeout=10))
    for part in ("alice@example.test", "starter-USD-Monthly", "Refund", "pack-2000-USD", "credits: 2000", receiver.url):
        assert part in text
    assert "Mode: hold" in press(shop, "webhooks", mode="hold")
    assert "(moved)" in press(shop, "clock", by="month")
    assert len(shop.invoices) == 2
    assert "refund" in press(shop, "refund", invoice_id=shop.invoices[0].id)
    assert "late failure" in press(shop, "fail_late", transaction_id=shop.transactions[1].id)
    assert "Pending: 0" in press(shop, "webhooks", deliver="all")
    assert "payment_refunded" in kinds(receiver)
    assert "(moved)" not in press(shop, "real_time")
    assert "no such button" in press(shop, "steal")
    assert "must be an id" in press(shop, "refund")
