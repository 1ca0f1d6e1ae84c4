"""Questions to a server that answers exactly what each test says: requests, errors, repetitions and pages of lists."""

import base64
import logging
import os
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import chargebee as package
import pytest

from atlas_site.lib.transactions import run_txn
from atlas_site.vendors import chargebee
from atlas_site.vendors.chargebee.connection import connect
from atlas_site.vendors.errors import (
    NotFound,
    PaymentDeclined,
    VendorBadAnswer,
    VendorMisconfigured,
    VendorRejected,
    VendorUnavailable,
)
from tests.vendors.chargebee import samples
from tests.vendors.chargebee.conftest import API_KEY, form_of, path_of, query_of
from tests.vendors.scripted import Reply, reply_json

pytestmark = pytest.mark.django_db

URLS = {"redirect_url": "https://atlas.example/back", "cancel_url": "https://atlas.example/plans"}
PAGE = reply_json({"hosted_page": samples.hosted_page()})
CUSTOMER = reply_json({"customer": samples.customer()})
HTML = b"<html><body>502 Bad Gateway pat@example.com</body></html>"


def error_reply(status, code, kind=None, message="developers read pat@example.com", **kwargs):
    return reply_json({"message": message, "type": kind, "api_error_code": code}, status, **kwargs)


def list_reply(noun, *entries, next_offset=None):
    body = {"list": [{noun: entry, "customer": samples.customer()} for entry in entries]}
    return reply_json(body | ({"next_offset": next_offset} if next_offset else {}))


def see_page():
    return chargebee.hosted_page("page_1")


# ---------------------------------------------------------------- what is sent
def test_a_checkout_of_a_plan_names_customer_price_and_ways_back(scripted):
    scripted.will_answer(PAGE)
    page = chargebee.checkout_new(customer_id="cust-1", item_price_id="pro-USD-Monthly", **URLS)
    sent = scripted.requests[0]
    assert (sent.method, path_of(sent)) == ("POST", "/hosted_pages/checkout_new_for_items")
    assert form_of(sent) == {
        "customer[id]": "cust-1",
        "subscription_items[item_price_id][0]": "pro-USD-Monthly",
        "subscription_items[quantity][0]": "1",
        **URLS,
    }
    assert sent.headers["Authorization"] == "Basic " + base64.b64encode(f"{API_KEY}:".encode()).decode()
    assert (page.id, page.url) == ("page_1", samples.hosted_page()["url"])


def test_a_checkout_of_packs_names_their_number_and_currency(scripted):
    scripted.will_answer(PAGE)
    chargebee.checkout_one_time(customer_id="cust-1", item_price_id="pack-100-USD", quantity=3, **URLS)
    assert path_of(scripted.requests[0]) == "/hosted_pages/checkout_one_time_for_items"
    assert form_of(scripted.requests[0]) == {
        "customer[id]": "cust-1",
        "item_prices[item_price_id][0]": "pack-100-USD",
        "item_prices[quantity][0]": "3",
        "currency_code": "USD",
        **URLS,
    }


def test_cards_and_portal_are_opened_for_a_customer(scripted):
    session = {"id": "p_1", "token": "t", "access_url": "https://atlas.chargebee.com/portal/v2/authenticate?token=t"}
    scripted.will_answer(PAGE, reply_json({"portal_session": session}))
    chargebee.manage_payment_sources(customer_id="cust-1", redirect_url=URLS["redirect_url"])
    assert chargebee.portal_session(customer_id="cust-1", redirect_url=URLS["redirect_url"]) == session["access_url"]
    assert [path_of(sent) for sent in scripted.requests] == ["/hosted_pages/manage_payment_sources", "/portal_sessions"]
    for sent in scripted.requests:
        assert form_of(sent) == {"customer[id]": "cust-1", "redirect_url": URLS["redirect_url"]}


def test_the_pdf_of_an_invoice_is_an_address_for_a_browser(scripted):
    scripted.will_answer(reply_json({"download": {"download_url": "https://files.example/inv_1.pdf"}}))
    assert chargebee.invoice_pdf_url("inv_1") == "https://files.example/inv_1.pdf"
    assert (scripted.requests[0].method, path_of(scripted.requests[0])) == ("POST", "/invoices/inv_1/pdf")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//evil.example", "http://files.example/a.pdf", "", None, 7])
def test_an_address_that_no_browser_should_open_is_a_bad_answer(scripted, url):
    scripted.will_answer(reply_json({"download": {"download_url": url}}))
    with pytest.raises(VendorBadAnswer):
        chargebee.invoice_pdf_url("inv_1")


def test_an_estimate_asks_for_the_change(scripted):
    scripted.will_answer(reply_json({"estimate": samples.estimate()}))
    found = chargebee.estimate_change(subscription_id="sub-1", item_price_id="scale-USD-Monthly")
    assert form_of(scripted.requests[0]) == {
        "subscription[id]": "sub-1",
        "subscription_items[item_price_id][0]": "scale-USD-Monthly",
        "subscription_items[quantity][0]": "1",
        "replace_items_list": "true",
        "prorate": "true",
        "invoice_immediately": "true",
    }
    assert (found.due_now_cents, found.next_at) == (19950, datetime(2026, 4, 1, tzinfo=UTC))


# ---------------------------------------------------------------- customers
def test_a_new_customer_gets_the_id_of_atlas(scripted):
    scripted.will_answer(CUSTOMER)
    found = chargebee.ensure_customer(customer_id="cust-1", email="pat@example.com", name="Pat van der Berg")
    assert found.id == "cust-1"
    assert path_of(scripted.requests[0]) == "/customers"
    assert form_of(scripted.requests[0]) == {
        "id": "cust-1",
        "email": "pat@example.com",
        "first_name": "Pat",
        "last_name": "van der Berg",
    }


def test_a_name_that_is_empty_is_not_sent(scripted):
    scripted.will_answer(CUSTOMER)
    chargebee.ensure_customer(customer_id="cust-1", email="pat@example.com", name="")
    assert form_of(scripted.requests[0]) == {"id": "cust-1", "email": "pat@example.com"}


def test_a_customer_that_exists_is_fetched(scripted):
    scripted.will_answer(error_reply(400, "duplicate_entry", "invalid_request"), CUSTOMER)
    assert chargebee.ensure_customer(customer_id="cust-1", email="a@example.com", name="A").email == "payer@example.com"
    assert [(sent.method, path_of(sent)) for sent in scripted.requests] == [
        ("POST", "/customers"),
        ("GET", "/customers/cust-1"),
    ]


def test_a_customer_that_is_refused_is_not_fetched(scripted):
    scripted.will_answer(error_reply(400, "param_wrong_value", "invalid_request"))
    with pytest.raises(VendorRejected) as refused:
        chargebee.ensure_customer(customer_id="cust-1", email="no address", name="A")
    assert refused.value.code == "param_wrong_value"
    assert len(scripted.requests) == 1


# ---------------------------------------------------------------- errors, sorted
@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (error_reply(400, "param_wrong_value", "invalid_request"), VendorRejected),
        (error_reply(409, "invalid_state_for_request", "operation_failed"), VendorRejected),
        (error_reply(422, "unable_to_process_request", "operation_failed"), VendorRejected),
        (error_reply(400, "a_code_of_next_year", "a_type_of_next_year"), VendorRejected),
        (error_reply(404, "resource_not_found", "invalid_request"), NotFound),
        (error_reply(400, "payment_processing_failed", "payment"), PaymentDeclined),
        (error_reply(400, "payment_method_not_present", "invalid_request"), PaymentDeclined),
        (error_reply(401, "api_authentication_failed"), VendorMisconfigured),
        (error_reply(403, "api_authorization_failed"), VendorMisconfigured),
        (error_reply(404, "site_not_found"), VendorMisconfigured),
        (error_reply(405, "http_method_not_supported"), VendorMisconfigured),
        (error_reply(400, "configuration_incompatible", "invalid_request"), VendorMisconfigured),
    ],
)
def test_an_answer_that_would_stay_the_same_is_sorted_and_not_asked_for_again(scripted, reply, kind):
    scripted.will_answer(reply)
    with pytest.raises(kind) as refused:
        see_page()
    assert type(refused.value) is kind
    assert refused.value.status == reply.status
    assert len(scripted.requests) == 1


@pytest.mark.parametrize(
    "reply",
    [
        error_reply(500, "internal_error", "operation_failed"),
        error_reply(503, "site_not_ready", "operation_failed"),
        error_reply(429, "api_request_limit_exceeded"),
        Reply(502, HTML),
        Reply(429, HTML),
        Reply(200, HTML),
        Reply(200, b""),
        Reply(302, b"", {"Location": "https://elsewhere.example/"}),
        Reply(302, b'{"message": "moved"}', {"Location": "/elsewhere"}),
        reply_json({"message": "no code"}, 400),
        reply_json([1, 2]),
        reply_json(None),
        reply_json({"hosted_page": None}),
        reply_json({"something": "else"}),
        Reply(200, b'{"hosted_page": {"id": "page_1"}}', cut_after=12),
        Reply(hang_up=True),
    ],
)
def test_trouble_on_the_way_is_asked_about_once_more(scripted, reply):
    scripted.will_answer(reply)
    with pytest.raises(VendorUnavailable) as trouble:
        see_page()
    assert "payment provider" in trouble.value.public_message
    assert len(scripted.requests) == 2
    scripted.will_answer(reply, PAGE)
    assert see_page().id == "page_1"


def test_a_redirect_is_never_followed(scripted):
    scripted.will_answer(Reply(302, b"", {"Location": scripted.url + "/api/v2/hosted_pages/other"}))
    with pytest.raises(VendorUnavailable):
        see_page()
    assert {path_of(sent) for sent in scripted.requests} == {"/hosted_pages/page_1"}


def test_a_slow_answer_is_waited_for_once_and_not_for_long(scripted, settings):
    settings.CHARGEBEE_TIMEOUT_SECONDS = 1
    scripted.will_answer(Reply(200, b"{}", seconds=60))
    began = time.monotonic()
    with pytest.raises(VendorUnavailable):
        see_page()
    assert 1 <= time.monotonic() - began < 6
    assert len(scripted.requests) == 1


def test_a_server_that_is_away_is_unavailable(scripted, settings):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    settings.CHARGEBEE_BASE_URL = f"http://127.0.0.1:{port}"
    with pytest.raises(VendorUnavailable):
        see_page()


def test_a_short_wait_that_chargebee_asks_for_is_kept(scripted):
    scripted.will_answer(error_reply(429, "lock_timeout", headers={"Retry-After": "1"}), PAGE)
    began = time.monotonic()
    assert see_page().id == "page_1"
    assert time.monotonic() - began >= 1


def test_a_long_wait_is_left_to_the_caller(scripted):
    scripted.will_answer(error_reply(429, "api_request_limit_exceeded", headers={"Retry-After": "60"}))
    with pytest.raises(VendorUnavailable) as limited:
        see_page()
    assert limited.value.retry_after_seconds == 60
    assert len(scripted.requests) == 1
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    scripted.will_answer(error_reply(503, "site_read_only_mode", headers={"Retry-After": until}))
    with pytest.raises(VendorUnavailable) as limited:
        see_page()
    assert 60 < limited.value.retry_after_seconds <= 90


# ---------------------------------------------------------------- ids, addresses, secrets
@pytest.mark.parametrize(
    "bad", ["../subscriptions/s1", "..", "a/b", "a?b=c", "a%2Fb", "", " ", "a b", "é", "x" * 71, "a\n", "a#b", "a."]
)
def test_an_id_that_could_lead_elsewhere_is_refused_before_anything_is_sent(scripted, bad):
    calls = [
        lambda: chargebee.hosted_page(bad),
        lambda: chargebee.fetch_account(bad),
        lambda: chargebee.ensure_customer(customer_id=bad, email="a@example.com", name="A"),
        lambda: chargebee.checkout_new(customer_id=bad, item_price_id="p", **URLS),
        lambda: chargebee.checkout_one_time(customer_id=bad, item_price_id="p", **URLS),
        lambda: chargebee.manage_payment_sources(customer_id=bad, redirect_url=URLS["redirect_url"]),
        lambda: chargebee.portal_session(customer_id=bad, redirect_url=URLS["redirect_url"]),
        lambda: chargebee.invoice_pdf_url(bad),
        lambda: chargebee.estimate_change(subscription_id=bad, item_price_id="p"),
        lambda: chargebee.change_plan(subscription_id=bad, item_price_id="p", at_term_end=False, key="k"),
        lambda: chargebee.remove_scheduled_changes(subscription_id=bad, key="k"),
        lambda: chargebee.cancel_at_term_end(subscription_id=bad, key="k"),
        lambda: chargebee.remove_scheduled_cancellation(subscription_id=bad, key="k"),
        lambda: chargebee.pause(subscription_id=bad, key="k"),
        lambda: chargebee.resume(subscription_id=bad, key="k"),
        lambda: chargebee.charge_pack(customer_id=bad, item_price_id="p", key="k"),
    ]
    for call in calls:
        with pytest.raises(VendorRejected) as refused:
            call()
        assert refused.value.code == "invalid_id"
    assert scripted.requests == []


@pytest.mark.parametrize("url", ["http://atlas.chargebee.com", "http://10.0.0.1:8080", "ftp://127.0.0.1", "", "//x"])
def test_plain_http_is_for_loopback_alone(scripted, settings, url):
    settings.CHARGEBEE_BASE_URL = url
    with pytest.raises(VendorMisconfigured):
        see_page()
    assert scripted.requests == []


def test_a_call_without_a_key_is_not_made(scripted, settings):
    settings.CHARGEBEE_API_KEY = ""
    with pytest.raises(VendorMisconfigured):
        see_page()
    assert scripted.requests == []


def test_https_stays_https_and_verified(scripted, settings):
    scripted.will_answer(PAGE)
    see_page()
    assert package.Chargebee.verify_ca_certs is False
    settings.CHARGEBEE_BASE_URL = scripted.url.replace("http:", "https:")
    with pytest.raises(VendorUnavailable):  # a server that cannot speak TLS
        see_page()
    assert package.Chargebee.verify_ca_certs is True
    settings.CHARGEBEE_BASE_URL = "https://atlas-test.chargebee.com"
    assert connect().env.api_endpoint == "https://atlas-test.chargebee.com/api/v2"
    assert len(scripted.requests) == 1


def test_loopback_is_reached_without_the_proxies_of_the_environment(scripted, settings, monkeypatch):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "internal.example")
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    settings.CHARGEBEE_API_KEY = "another, so that the client is a new one"
    scripted.will_answer(PAGE)
    assert see_page().id == "page_1"
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == "internal.example,127.0.0.1"


def test_neither_key_nor_request_nor_answer_is_ever_logged(scripted, caplog):
    caplog.set_level(logging.DEBUG)
    scripted.will_answer(
        CUSTOMER,
        error_reply(400, "param_wrong_value", "invalid_request"),
        Reply(502, HTML),
    )
    chargebee.ensure_customer(customer_id="cust-1", email="pat@example.com", name="Pat")
    seen = []
    for _ in range(2):
        with pytest.raises((VendorRejected, VendorUnavailable)) as failed:
            see_page()
        seen.append(failed.value)
    for error in seen:
        assert "pat@example.com" not in str(error) + error.public_message
        assert "pat@example.com" not in repr(error.__cause__)
    logged = caplog.text
    assert "hosted_page_retrieve" in logged
    assert API_KEY not in logged
    assert base64.b64encode(f"{API_KEY}:".encode()).decode() not in logged
    assert "pat@example.com" not in logged
    assert not [record for record in caplog.records if record.name.startswith("chargebee.http")]


def test_a_question_inside_a_transaction_is_a_mistake(scripted):
    with pytest.raises(RuntimeError, match="transaction"):
        run_txn(see_page)
    assert scripted.requests == []


def test_threads_share_one_client(scripted):
    scripted.will_answer(PAGE)
    clients, pages, together = [], [], threading.Barrier(4)

    def work():
        together.wait()
        clients.append(connect())
        pages.extend(chargebee.checkout_new(customer_id="cust-1", item_price_id="p", **URLS) for _ in range(3))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(client) for client in clients}) == 1
    assert len(pages) == len(scripted.requests) == 12


# ---------------------------------------------------------------- lists
def test_all_pages_of_a_list_are_walked(scripted):
    scripted.will_answer(
        list_reply("item_price", samples.item_price(id="a"), samples.item_price(id="b"), next_offset='["x/1&2"]'),
        list_reply("item_price", samples.item_price(id="c", status="archived", item_type="charge")),
    )
    assert [price.id for price in chargebee.list_item_prices()] == ["a", "b", "c"]
    assert [query_of(sent) for sent in scripted.requests] == [{"limit": "100"}, {"limit": "100", "offset": '["x/1&2"]'}]


def test_a_list_that_does_not_end_is_a_bad_answer(scripted):
    scripted.will_answer(list_reply("item_price", samples.item_price(), next_offset="again"))
    with pytest.raises(VendorBadAnswer):
        chargebee.list_item_prices()
    assert len(scripted.requests) == 2


def test_an_entry_without_an_id_is_left_out_and_said(scripted, caplog):
    scripted.will_answer(list_reply("item_price", {"name": "nobody"}, samples.item_price()))
    assert [price.id for price in chargebee.list_item_prices()] == ["pro-USD-Monthly"]
    assert "an entry without an id" in caplog.text


@pytest.mark.parametrize(
    ("walk", "noun", "sample", "column"),
    [
        (chargebee.invoices_updated_since, "invoice", samples.invoice, "updated_at"),
        (chargebee.subscriptions_updated_since, "subscription", samples.subscription, "updated_at"),
        (chargebee.transactions_updated_since, "transaction", samples.transaction, "updated_at"),
        (chargebee.events_since, "event", samples.event, "occurred_at"),
    ],
)
def test_what_has_changed_since_a_moment_is_walked_in_order_and_with_that_second(scripted, walk, noun, sample, column):
    scripted.will_answer(list_reply(noun, sample()))
    assert [found.id for found in walk(datetime.fromtimestamp(samples.START, UTC))] == [sample()["id"]]
    asked = query_of(scripted.requests[0])
    assert path_of(scripted.requests[0]) == f"/{noun}s"
    assert asked[f"{column}[after]"] == str(samples.START - 1)
    assert asked["sort_by[asc]"] == column
    assert asked.get("include_deleted") == (None if noun == "event" else "true")


# ---------------------------------------------------------------- a whole account
def test_an_account_is_all_that_there_is_of_a_customer(scripted):
    scheduled = samples.subscription(subscription_items=[{"item_price_id": "scale-USD-Monthly", "item_type": "plan"}])
    scripted.will_answer(
        CUSTOMER,
        list_reply("subscription", samples.subscription(has_scheduled_changes=True)),
        reply_json({"subscription": scheduled, "customer": samples.customer()}),
        list_reply("invoice", samples.invoice(id="inv_1"), next_offset="2"),
        list_reply("invoice", samples.invoice(id="inv_2", deleted=True)),
        list_reply("transaction", samples.transaction(), samples.refund()),
    )
    before = datetime.now(UTC)
    account = chargebee.fetch_account("cust-1")
    assert before <= account.fetched_at <= datetime.now(UTC)
    assert account.customer.id == "cust-1"
    assert [one.plan_price_id for one in account.subscriptions] == ["pro-USD-Monthly"]
    assert account.subscriptions[0].scheduled_plan_price_id == "scale-USD-Monthly"
    assert [one.id for one in account.invoices] == ["inv_1", "inv_2"]
    assert [one.id for one in account.transactions] == ["txn_1", "txn_2"]
    lists = [sent for sent in scripted.requests if "limit" in query_of(sent)]
    assert {path_of(sent) for sent in lists} == {"/subscriptions", "/invoices", "/transactions"}
    for sent in lists:
        assert query_of(sent)["customer_id[is]"] == "cust-1"
        assert query_of(sent)["include_deleted"] == "true"


def test_a_customer_that_chargebee_does_not_know_has_an_empty_account(scripted):
    scripted.will_answer(error_reply(404, "resource_not_found", "invalid_request"), reply_json({"list": []}))
    account = chargebee.fetch_account("cust-1", now=datetime(2026, 1, 1, tzinfo=UTC))
    assert account == chargebee.CustomerAccount(customer=None, fetched_at=datetime(2026, 1, 1, tzinfo=UTC))


def test_a_scheduled_change_that_has_just_gone_is_none(scripted):
    scripted.will_answer(
        CUSTOMER,
        list_reply("subscription", samples.subscription(has_scheduled_changes=True)),
        error_reply(400, "no_scheduled_changes", "invalid_request"),
        reply_json({"list": []}),
    )
    assert chargebee.fetch_account("cust-1").subscriptions[0].scheduled_plan_price_id is None


def test_an_id_that_cannot_be_asked_for_does_not_hide_the_account(scripted):
    odd = samples.subscription(id="sub/1", has_scheduled_changes=True)
    scripted.will_answer(CUSTOMER, list_reply("subscription", odd), reply_json({"list": []}))
    (found,) = chargebee.fetch_account("cust-1").subscriptions
    assert (found.id, found.scheduled_plan_price_id) == ("sub/1", None)
    assert len(scripted.requests) == 4


def test_half_an_account_is_none(scripted):
    scripted.will_answer(CUSTOMER, list_reply("subscription", samples.subscription()), Reply(502, HTML))
    with pytest.raises(VendorUnavailable):
        chargebee.fetch_account("cust-1")
