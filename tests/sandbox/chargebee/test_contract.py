"""The contract of Chargebee's API, judged by the official client: keys, errors, encoding, lists, replays, faults."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import chargebee
import httpx
import pytest
import requests

from atlas_site.sandbox.chargebee.routes import ROUTES
from atlas_site.sandbox.chargebee.site import Site
from atlas_site.sandbox.faults import Fault
from tests.sandbox.chargebee.conftest import VISA, Vendor
from tests.sandbox.chargebee.receiver import wait_until

KEY = "chargebee-idempotency-key"
PACK = {"item_prices": [{"item_price_id": "pack-100-USD", "quantity": 1}]}


def test_a_wrong_key_is_refused(vendor: Vendor) -> None:
    stranger = chargebee.Chargebee(api_key="live_key", site="x", protocol="http")
    stranger.env.api_endpoint = vendor.client.env.api_endpoint
    with pytest.raises(chargebee.InvalidRequestError) as refused:
        stranger.Customer.retrieve("u1")
    assert (refused.value.http_status_code, refused.value.api_error_code) == (401, "api_authentication_failed")


def test_an_unknown_resource_is_not_found(vendor: Vendor) -> None:
    for retrieve in (
        vendor.client.Customer.retrieve, vendor.client.Subscription.retrieve, vendor.client.Invoice.retrieve,
        vendor.client.Transaction.retrieve, vendor.client.CreditNote.retrieve, vendor.client.ItemPrice.retrieve,
        vendor.client.HostedPage.retrieve, vendor.client.Event.retrieve,
    ):  # fmt: skip
        with pytest.raises(chargebee.InvalidRequestError) as refused:
            retrieve("nothing")
        assert (refused.value.http_status_code, refused.value.api_error_code) == (404, "resource_not_found")


def test_unknown_paths_and_methods_are_refused(vendor: Vendor) -> None:
    codes = [
        requests.request(method, f"{vendor.url}/api/v2/{path}", auth=("sandbox-x", ""), timeout=5).status_code
        for method, path in (("GET", "no_such_thing"), ("DELETE", "customers/u1"), ("POST", "customers/u1/fly"))
    ]
    assert codes == [404, 405, 404]


def test_a_customer_keeps_what_it_is_made_with(vendor: Vendor) -> None:
    vendor.client.Customer.create({
        "id": "u1", "email": "zoe@example.test", "first_name": "Zoë 🏠", "billing_address": {"line1": "1 Main St"},
        "meta_data": json.dumps({"Plan": 5}), "cf_tenant": "blue",
    })  # fmt: skip
    customer = vendor.client.Customer.retrieve("u1").customer
    assert (customer.first_name, customer.billing_address.line1) == ("Zoë 🏠", "1 Main St")
    assert (customer.meta_data, customer.cf_tenant, customer.card_status) == ({"Plan": 5}, "blue", "no_card")
    changed = vendor.client.Customer.update("u1", {"first_name": "Zoe"}).customer
    assert (changed.first_name, changed.email) == ("Zoe", "zoe@example.test")
    assert changed.resource_version > customer.resource_version


def test_a_taken_id_and_wrong_values_are_refused(vendor: Vendor) -> None:
    vendor.add_customer("u1")
    wrong = [
        ({"id": "u1"}, "duplicate_entry", "id"),
        ({"id": "x" * 51}, "param_wrong_value", "id"),
        ({"email": "nobody"}, "param_wrong_value", "email"),
        ({"meta_data": {"uid": 5}}, "param_wrong_value", "meta_data"),  # the client sends a Python repr
    ]
    for params, code, param in wrong:
        with pytest.raises(chargebee.InvalidRequestError) as refused:
            vendor.client.Customer.create(params)
        assert (refused.value.http_status_code, refused.value.api_error_code) == (400, code)
        assert refused.value.param == param


def test_the_catalog_says_what_each_price_grants(vendor: Vendor) -> None:
    found = vendor.client.ItemPrice.list({"limit": 100, "status": {"IS": "active"}}).list
    prices = {
        entry.item_price.id: (entry.item_price.price, entry.item_price.period_unit, entry.item_price.metadata)
        for entry in found
    }
    assert prices == {
        "starter-USD-Monthly": (4_900, "month", {"credits_per_month": 200}),
        "starter-USD-Yearly": (49_000, "year", {"credits_per_month": 200}),
        "pro-USD-Monthly": (9_900, "month", {"credits_per_month": 420}),
        "pro-USD-Yearly": (99_000, "year", {"credits_per_month": 420}),
        "scale-USD-Monthly": (24_900, "month", {"credits_per_month": 1_050}),
        "scale-USD-Yearly": (249_000, "year", {"credits_per_month": 1_050}),
        "pack-100-USD": (2_900, None, {"credits": 100}),
        "pack-500-USD": (12_900, None, {"credits": 500}),
        "pack-2000-USD": (47_900, None, {"credits": 2_000}),
    }


def test_a_price_can_be_added_changed_and_archived(vendor: Vendor) -> None:
    vendor.site.put_item_price(id="cheap", item_type="charge", price=1, metadata={"credits": 1_000_000})
    assert vendor.client.ItemPrice.retrieve("cheap").item_price.metadata == {"credits": 1_000_000}
    vendor.site.put_item_price(id="cheap", status="archived")
    listed = vendor.client.ItemPrice.list({"item_type": {"IS": "charge"}, "status": {"IS": "active"}}).list
    assert "cheap" not in [entry.item_price.id for entry in listed]
    with pytest.raises(chargebee.InvalidRequestError) as refused:
        vendor.client.HostedPage.checkout_one_time_for_items({"item_prices": [{"item_price_id": "cheap"}]})
    assert refused.value.api_error_code == "invalid_state_for_request"


# Lists


def test_filters_find_what_they_name(vendor: Vendor) -> None:
    for name in ("a", "b", "it's"):
        vendor.add_customer(name)
    moment = vendor.client.Customer.retrieve("b").customer.updated_at

    def found(field: str, condition: dict) -> list[str]:
        return [entry.customer.id for entry in vendor.client.Customer.list({field: condition}).list]

    assert found("id", {"IS": "b"}) == ["b"]
    assert found("id", {"IS_NOT": "b"}) == ["a", "it's"]
    assert found("id", {"IN": ["a", "b"]}) == ["a", "b"]  # sent with single quotes
    assert found("id", {"IN": ["it's", "b"]}) == ["b", "it's"]  # sent with double quotes
    assert found("id", {"NOT_IN": ["a"]}) == ["b", "it's"]
    assert found("email", {"STARTS_WITH": "a@"}) == ["a"]
    assert found("updated_at", {"AFTER": moment - 60}) == ["a", "b", "it's"]
    assert found("updated_at", {"AFTER": moment + 60}) == []
    assert found("updated_at", {"BEFORE": moment + 60}) == ["a", "b", "it's"]
    assert found("updated_at", {"ON": moment}) == ["a", "b", "it's"]
    assert found("updated_at", {"BETWEEN": [moment - 60, moment + 60]}) == ["a", "b", "it's"]
    assert found("updated_at", {"BETWEEN": [0, 60]}) == []


def test_wrong_lists_are_refused(vendor: Vendor) -> None:
    for params in (
        {"limit": 0}, {"limit": 101}, {"offset": "elsewhere"}, {"sort_by": {"ASC": "shoe_size"}},
        {"id": {"NEARLY": "a"}}, {"updated_at": {"AFTER": "yesterday"}},
    ):  # fmt: skip
        with pytest.raises(chargebee.InvalidRequestError) as refused:
            vendor.client.Customer.list(params)
        assert refused.value.api_error_code == "param_wrong_value"


@pytest.mark.parametrize("field", ["created_at", "updated_at"])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_pages_hold_everything_once(vendor: Vendor, direction: str, field: str) -> None:
    names = [f"c{number:02}" for number in range(25)]
    for name in names:
        vendor.add_customer(name)
    pages: list[list[str]] = []
    offset = None
    while True:
        params = {"sort_by": {direction: field}, **({"offset": offset} if offset else {})}
        answer = vendor.client.Customer.list(params)
        pages.append([entry.customer.id for entry in answer.list])
        offset = answer.next_offset
        if offset is None:
            break
    assert [len(page) for page in pages] == [10, 10, 5]
    listed = [name for page in pages for name in page]
    assert listed == (names if direction == "ASC" else names[::-1])


def test_a_change_between_two_pages_loses_nothing(vendor: Vendor) -> None:
    for number in range(6):
        vendor.add_customer(f"c{number}")
    first = vendor.client.Customer.list({"limit": 3})
    vendor.client.Customer.delete("c0")
    rest = vendor.client.Customer.list({"limit": 3, "offset": first.next_offset})
    assert [entry.customer.id for entry in rest.list] == ["c3", "c4", "c5"]


# Replays


def test_the_same_key_does_the_work_once(vendor: Vendor) -> None:
    vendor.subscribe()
    sell = vendor.client.Invoice.create_for_charge_items_and_charges
    first = sell({"customer_id": "u1", **PACK}, {KEY: "top-up-1"})
    again = sell({"customer_id": "u1", **PACK}, {KEY: "top-up-1"})
    assert again.invoice.id == first.invoice.id
    assert (first.is_idempotency_replayed, again.is_idempotency_replayed) == (False, True)
    assert len(vendor.invoices()) == 2
    other = sell({"customer_id": "u1", **PACK}, {KEY: "top-up-2"})
    assert other.invoice.id != first.invoice.id


def test_a_key_is_forgotten_after_half_an_hour(vendor: Vendor) -> None:
    vendor.subscribe()
    sell = vendor.client.Invoice.create_for_charge_items_and_charges
    first = sell({"customer_id": "u1", **PACK}, {KEY: "k"})
    vendor.travel(minutes=29)
    assert sell({"customer_id": "u1", **PACK}, {KEY: "k"}).invoice.id == first.invoice.id
    vendor.travel(minutes=2)
    assert sell({"customer_id": "u1", **PACK}, {KEY: "k"}).invoice.id != first.invoice.id


def test_many_calls_with_one_key_at_once_do_the_work_once(vendor: Vendor) -> None:
    vendor.subscribe()

    def sell(_: int) -> str:
        params = {"customer_id": "u1", **PACK}
        return vendor.client.Invoice.create_for_charge_items_and_charges(params, {KEY: "k"}).invoice.id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(sell, range(16)))) == 1
    assert len(vendor.invoices()) == 2


def test_a_key_with_other_parameters_is_refused(vendor: Vendor) -> None:
    vendor.client.Customer.create({"id": "a"}, {KEY: "k"})
    with pytest.raises(chargebee.InvalidRequestError) as refused:
        vendor.client.Customer.create({"id": "b"}, {KEY: "k"})
    assert refused.value.http_status_code == 400


def test_a_refusal_is_replayed_too(vendor: Vendor) -> None:
    vendor.add_customer("a")
    for replayed in (None, "true"):
        with pytest.raises(chargebee.InvalidRequestError) as refused:
            vendor.client.Customer.create({"id": "a"}, {KEY: "k"})
        assert refused.value.api_error_code == "duplicate_entry"
        assert refused.value.http_headers.get("chargebee-idempotency-replayed") == replayed


# Faults


@pytest.mark.parametrize(
    ("mode", "error", "status", "code"),
    [
        ("429", chargebee.OperationFailedError, 429, "api_request_limit_exceeded"),
        ("lock-timeout", chargebee.OperationFailedError, 429, "lock_timeout"),
        ("500", chargebee.OperationFailedError, 500, "internal_error"),
        ("503", chargebee.OperationFailedError, 503, "internal_temporary_error"),
        ("declined", chargebee.PaymentError, 400, "payment_processing_failed"),
    ],
)
def test_an_operation_fails_on_request_and_does_nothing(
    vendor: Vendor, mode: str, error: type[chargebee.APIError], status: int, code: str
) -> None:
    vendor.sandbox.faults.add(Fault("customer.create", mode))
    with pytest.raises(error) as refused:
        vendor.add_customer("a")
    assert (refused.value.http_status_code, refused.value.api_error_code) == (status, code)
    assert vendor.client.Customer.list({}).list == []
    assert vendor.add_customer("a") == "a"


@pytest.mark.parametrize("mode", ["502", "504", "html", "empty-body"])
def test_an_answer_that_is_no_json_is_an_exception(vendor: Vendor, mode: str) -> None:
    vendor.sandbox.faults.add(Fault("chargebee", mode))
    with pytest.raises(Exception) as failed:
        vendor.client.Customer.list({})
    assert not isinstance(failed.value, chargebee.APIError)


@pytest.mark.parametrize("mode", ["cut-body", "timeout-after-work"])
def test_a_cut_answer_leaves_the_work_done(vendor: Vendor, mode: str) -> None:
    vendor.sandbox.faults.add(Fault("customer.create", mode, seconds=0))
    with pytest.raises(httpx.HTTPError):
        vendor.client.Customer.create({"id": "a"}, {KEY: "k"})
    assert vendor.client.Customer.create({"id": "a"}, {KEY: "k"}).is_idempotency_replayed


def test_a_slow_answer_runs_into_the_clients_timeout(vendor: Vendor) -> None:
    vendor.client.update_read_timeout_secs(0.1)
    vendor.sandbox.faults.add(Fault("customer.create", "slow", seconds=0.3))
    with pytest.raises(httpx.ReadTimeout):
        vendor.add_customer("a")
    vendor.client.update_read_timeout_secs(30)
    wait_until(lambda: bool(vendor.client.Customer.list({}).list))  # the work was done all the same


def test_every_operation_can_be_made_to_fail_by_its_name() -> None:
    names = [name for name, _ in ROUTES.values()]
    assert len(names) == len(set(names))
    assert all(name.count(".") == 1 for name in names)


# What outlives what


def test_everything_outlives_a_restart(vendor: Vendor, tmp_path: Path) -> None:
    subscription_id = vendor.subscribe(card=VISA)
    reopened = Site(tmp_path / "sandbox" / "chargebee.sqlite", vendor.sandbox.clock)
    try:
        known = reopened.books.get("subscription", subscription_id)
        assert known["resource_version"] == vendor.subscription(subscription_id).resource_version
        with reopened.books.change():
            changed = reopened.books.put("subscription", reopened.books.get("subscription", subscription_id))
        assert changed["resource_version"] > known["resource_version"]
    finally:
        reopened.close()


def test_a_reset_forgets_everything_but_numbers_on(vendor: Vendor) -> None:
    vendor.subscribe()
    (before,) = vendor.invoices()
    vendor.site.reset()
    assert (vendor.invoices(), vendor.client.Customer.list({}).list) == ([], [])
    vendor.subscribe()
    (after,) = vendor.invoices()
    assert int(after.id) == int(before.id) + 1


def test_calls_of_many_threads_all_count(vendor: Vendor) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda number: vendor.add_customer(f"c{number}"), range(24)))
    listed = [entry.customer for entry in vendor.client.Customer.list({"limit": 100}).list]
    assert sorted(customer.id for customer in listed) == sorted(ids)
    with ThreadPoolExecutor(8) as pool:
        changes = pool.map(lambda name: vendor.client.Customer.update(ids[0], {"first_name": name}), "abcdefgh")
        versions = {answer.customer.resource_version for answer in changes}
    assert len(versions) == 8, "each change has a version of its own"
