"""Changes, each under a key: what is sent, what a lost answer means, and that no key moves money twice."""

import json
import logging
import re
import socket
import threading
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from atlas_site.mongodb.explain import assert_index_scan
from atlas_site.vendors import chargebee
from atlas_site.vendors.errors import (
    PaymentDeclined,
    VendorCallInProgress,
    VendorError,
    VendorMisconfigured,
    VendorOutcomeUnknown,
    VendorRejected,
    VendorUnavailable,
)
from atlas_site.vendors.models import CallState, VendorCall
from atlas_site.vendors.recording import purge_calls
from atlas_site.vendors.selectors import billed_records
from tests.vendors.chargebee import samples
from tests.vendors.chargebee.conftest import form_of, path_of
from tests.vendors.chargebee.test_ask_chargebee import HTML, error_reply
from tests.vendors.scripted import Reply, reply_json

pytestmark = pytest.mark.django_db

KEY = "top-up:2026-03:1"
CARD = {"masked_number": "************4242", "last4": "4242", "iin": "424242"}
INVOICE = reply_json({"invoice": samples.invoice()})
SUBSCRIPTION = reply_json(
    {"subscription": samples.subscription(), "customer": samples.customer(), "card": CARD, "invoice": samples.invoice()}
)
DECLINED = error_reply(400, "payment_processing_failed", "payment", "(51) Insufficient funds for pat@example.com")
LOST = [
    Reply(hang_up=True),
    Reply(200, INVOICE.body, cut_after=20),
    Reply(502, HTML),
    Reply(504, HTML),
    Reply(200, HTML),
    Reply(302, b"", {"Location": "/elsewhere"}),
    reply_json({"message": "no code"}, 400),
    reply_json([1]),
    reply_json({"invoice": None}),
    reply_json({"invoice": {"status": "paid"}}),
    error_reply(500, "internal_error", "operation_failed"),
    error_reply(503, "internal_temporary_error", "operation_failed"),
]


def charge(key=KEY, price="pack-100-USD"):
    return chargebee.charge_pack(customer_id="cust-1", item_price_id=price, key=key)


def open_checkout(key):
    back = {"redirect_url": "https://atlas.example/back", "cancel_url": "https://atlas.example/plans"}
    return chargebee.checkout_new(customer_id="cust-1", item_price_id="pro-USD-Monthly", key=key, **back)


def idempotency_keys(vendor):
    return [sent.headers.get("chargebee-idempotency-key") for sent in vendor.requests]


def later(**passed):
    return time_machine.travel(timezone.now() + timedelta(**passed), tick=True)


# ---------------------------------------------------------------- what is sent
CHANGES = [
    (
        lambda **key: chargebee.change_plan(item_price_id="scale-USD-Monthly", at_term_end=False, **key),
        "update_for_items",
        {
            "subscription_items[item_price_id][0]": "scale-USD-Monthly",
            "subscription_items[quantity][0]": "1",
            "replace_items_list": "true",
            "prorate": "true",
            "invoice_immediately": "true",
        },
    ),
    (
        lambda **key: chargebee.change_plan(item_price_id="starter-USD-Monthly", at_term_end=True, **key),
        "update_for_items",
        {
            "subscription_items[item_price_id][0]": "starter-USD-Monthly",
            "subscription_items[quantity][0]": "1",
            "replace_items_list": "true",
            "end_of_term": "true",
        },
    ),
    (chargebee.remove_scheduled_changes, "remove_scheduled_changes", {}),
    (chargebee.cancel_at_term_end, "cancel_for_items", {"cancel_option": "end_of_term"}),
    (chargebee.remove_scheduled_cancellation, "remove_scheduled_cancellation", {}),
    (chargebee.pause, "pause", {"pause_option": "immediately", "unbilled_charges_handling": "no_action"}),
    (chargebee.resume, "resume", {"resume_option": "immediately", "charges_handling": "invoice_immediately"}),
]


@pytest.mark.parametrize(("change", "path", "form"), CHANGES)
def test_each_change_of_a_subscription_is_one_request_under_its_key(scripted, change, path, form):
    scripted.will_answer(SUBSCRIPTION)
    assert change(subscription_id="sub-1", key=KEY).plan_price_id == "pro-USD-Monthly"
    assert change(subscription_id="sub-1", key=KEY).id == "sub-1"
    sent = scripted.requests[0]
    assert (sent.method, path_of(sent), form_of(sent)) == ("POST", f"/subscriptions/sub-1/{path}", form)
    assert idempotency_keys(scripted) == [KEY]


def test_a_pack_is_charged_to_the_payment_method_on_file(scripted):
    scripted.will_answer(INVOICE)
    assert charge().status == "paid"
    assert path_of(scripted.requests[0]) == "/invoices/create_for_charge_items_and_charges"
    assert form_of(scripted.requests[0]) == {
        "customer_id": "cust-1",
        "item_prices[item_price_id][0]": "pack-100-USD",
        "item_prices[quantity][0]": "1",
        "currency_code": "USD",
        "auto_collection": "on",
        "po_number": KEY,
    }
    assert idempotency_keys(scripted) == [KEY]


def test_a_change_without_settings_is_not_even_recorded(scripted, settings):
    settings.CHARGEBEE_BASE_URL = "http://atlas.chargebee.com"
    with pytest.raises(VendorMisconfigured) as misconfigured:
        charge()
    assert "Payments are not available" in misconfigured.value.public_message
    assert VendorCall.objects.filter(reference=KEY).count() == 0
    assert scripted.requests == []


def test_a_change_is_no_delivery_of_property_records(scripted):
    before = timezone.now()
    scripted.will_answer(INVOICE)
    charge()
    assert list(billed_records(since=before, until=timezone.now())) == []


@pytest.mark.parametrize("key", ["", "x" * 101, "a b", "a\nb", "schlüssel"])
def test_a_key_that_no_header_can_carry_is_a_mistake(scripted, key):
    with pytest.raises(ValueError, match="key"):
        charge(key)
    if key:  # a page may do without
        with pytest.raises(ValueError, match="key"):
            open_checkout(key)
    assert scripted.requests == []


def test_a_page_is_asked_for_under_its_key_and_read_without(scripted):
    scripted.will_answer(reply_json({"hosted_page": samples.hosted_page()}))
    open_checkout("checkout:1")
    open_checkout(None)
    assert idempotency_keys(scripted) == ["checkout:1", None]
    assert VendorCall.objects.count() == 0


def test_a_question_carries_no_key(scripted):
    scripted.will_answer(reply_json({"hosted_page": samples.hosted_page()}))
    chargebee.hosted_page("page_1")
    assert idempotency_keys(scripted) == [None]


# ---------------------------------------------------------------- once
def test_the_same_key_gives_the_first_answer_again_and_for_ever(scripted):
    scripted.will_answer(INVOICE)
    first = charge()
    with later(days=30):
        assert charge() == first
    assert len(scripted.requests) == 1
    call = VendorCall.objects.get(reference=KEY)
    assert (call.vendor, call.operation, call.state) == ("chargebee", "charge_pack", CallState.ANSWERED)
    assert (call.result_count, call.vendor_request_id) == (1, "inv_1")


def test_another_key_is_another_charge(scripted):
    scripted.will_answer(INVOICE)
    charge("key-1")
    charge("key-2")
    assert idempotency_keys(scripted) == ["key-1", "key-2"]


def test_a_key_of_another_request_is_refused(scripted):
    scripted.will_answer(INVOICE)
    charge()
    for other in (
        lambda: charge(price="pack-500-USD"),
        lambda: chargebee.cancel_at_term_end(subscription_id="sub-1", key=KEY),
    ):
        with pytest.raises(VendorRejected) as refused:
            other()
        assert refused.value.code == "key_reused"
    assert len(scripted.requests) == 1


def test_two_at_once_with_one_key_charge_once(scripted):
    is_refused = threading.Event()
    scripted.will_answer(Reply(200, INVOICE.body, until=is_refused))
    results, together = [], threading.Barrier(2)

    def work():
        together.wait()
        try:
            results.append(charge().id)
        except VendorCallInProgress as busy:
            results.append(type(busy))
            is_refused.set()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(scripted.requests) == 1
    assert sorted(map(str, results)) == sorted(map(str, ["inv_1", VendorCallInProgress]))
    assert charge().id == "inv_1"


# ---------------------------------------------------------------- lost answers
@pytest.mark.parametrize("reply", LOST)
def test_a_lost_answer_leaves_the_outcome_unknown_and_the_same_key_finds_it(scripted, reply):
    scripted.will_answer(reply, INVOICE)
    with pytest.raises(VendorOutcomeUnknown) as lost:
        charge()
    assert "not do it again" in lost.value.public_message
    assert len(scripted.requests) == 1
    assert charge().id == "inv_1"
    assert idempotency_keys(scripted) == [KEY, KEY]
    assert charge().id == "inv_1"
    assert len(scripted.requests) == 2


def test_an_answer_that_took_too_long_is_lost_as_well(scripted, settings):
    settings.CHARGEBEE_TIMEOUT_SECONDS = 1
    scripted.will_answer(Reply(200, b"{}", seconds=3), INVOICE)
    with pytest.raises(VendorOutcomeUnknown):
        charge()
    settings.CHARGEBEE_TIMEOUT_SECONDS = 10
    assert charge().id == "inv_1"
    assert idempotency_keys(scripted) == [KEY, KEY]


@pytest.mark.parametrize("reply", [Reply(hang_up=True), Reply(502, HTML), error_reply(500, "internal_error")])
def test_once_chargebee_has_forgotten_the_key_a_lost_answer_is_never_asked_for_again(scripted, reply):
    scripted.will_answer(reply, INVOICE)
    with pytest.raises(VendorOutcomeUnknown) as lost:
        charge()
    with later(minutes=26):
        for _ in range(2):
            with pytest.raises(VendorOutcomeUnknown) as still:
                charge()
            assert still.value.call_id == lost.value.call_id
    assert len(scripted.requests) == 1


def test_the_window_counts_from_the_first_attempt_that_may_have_moved_money(scripted):
    scripted.will_answer(Reply(hang_up=True), error_reply(429, "api_request_limit_exceeded"), INVOICE)
    with pytest.raises(VendorOutcomeUnknown):
        charge()
    with later(minutes=20), pytest.raises(VendorUnavailable):
        charge()
    with later(minutes=40), pytest.raises(VendorOutcomeUnknown):
        charge()
    assert len(scripted.requests) == 2


def test_an_attempt_whose_worker_died_counts_as_sent(scripted):
    scripted.will_answer(Reply(hang_up=True), INVOICE)
    with pytest.raises(VendorOutcomeUnknown):
        charge()
    VendorCall.objects.filter(reference=KEY).update(state=CallState.SENT, may_be_billed=False, ended_at=None)
    with pytest.raises(VendorCallInProgress):
        charge()
    with later(minutes=10):
        assert charge().id == "inv_1"
    assert idempotency_keys(scripted) == [KEY, KEY]
    VendorCall.objects.filter(reference=KEY).exclude(state=CallState.UNKNOWN).delete()
    VendorCall.objects.filter(reference=KEY).update(state=CallState.SENT, may_be_billed=False)
    with later(minutes=40), pytest.raises(VendorOutcomeUnknown):
        charge()
    assert len(scripted.requests) == 2


def test_an_answer_that_was_cleared_away_is_not_bought_again(scripted, settings):
    settings.VENDOR_CALL_KEEP_DAYS = 90
    scripted.will_answer(INVOICE)
    charge()
    with later(days=91):
        purge_calls(timezone.now())
        assert VendorCall.objects.get(reference=KEY).raw is None
        with pytest.raises(VendorOutcomeUnknown):
            charge()
    assert len(scripted.requests) == 1


def test_a_change_that_was_never_sent_is_sent_whenever_it_is_asked_for(scripted, settings):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{listener.getsockname()[1]}"
    settings.CHARGEBEE_BASE_URL = nowhere
    with pytest.raises(VendorUnavailable) as away:
        charge()
    assert not isinstance(away.value, VendorOutcomeUnknown)
    settings.CHARGEBEE_BASE_URL = scripted.url
    scripted.will_answer(INVOICE)
    with later(hours=2):
        assert charge().id == "inv_1"


def test_a_limit_on_requests_is_no_lost_answer(scripted):
    scripted.will_answer(error_reply(429, "api_request_limit_exceeded", headers={"Retry-After": "7"}), INVOICE)
    with pytest.raises(VendorUnavailable) as limited:
        charge()
    assert limited.value.retry_after_seconds == 7
    assert len(scripted.requests) == 1
    with later(hours=2):
        assert charge().id == "inv_1"


@pytest.mark.parametrize(
    ("change", "may_move_money"),
    [(change, path == "resume" or "invoice_immediately" in form) for change, path, form in CHANGES],
)
@pytest.mark.parametrize("reply", [Reply(hang_up=True), Reply(502, HTML), error_reply(500, "internal_error")])
def test_only_a_change_that_moves_no_money_may_be_asked_for_again_at_any_time(scripted, change, may_move_money, reply):
    scripted.will_answer(reply, SUBSCRIPTION)
    with pytest.raises(VendorOutcomeUnknown):
        change(subscription_id="sub-1", key=KEY)
    with later(hours=2):
        if may_move_money:
            with pytest.raises(VendorOutcomeUnknown):
                change(subscription_id="sub-1", key=KEY)
        else:
            assert change(subscription_id="sub-1", key=KEY).id == "sub-1"
    assert idempotency_keys(scripted) == [KEY] * (1 if may_move_money else 2)


# ---------------------------------------------------------------- refusals
def test_a_declined_payment_is_the_answer_of_its_key(scripted):
    scripted.will_answer(DECLINED, INVOICE)
    for _ in range(2):
        with pytest.raises(PaymentDeclined) as declined:
            charge()
        assert declined.value.reason == "(51) Insufficient funds for pat@example.com"
        assert declined.value.code == "payment_processing_failed"
        assert "nothing was charged" in declined.value.public_message
        assert declined.value.call_id == VendorCall.objects.get(reference=KEY).pk
    assert len(scripted.requests) == 1
    assert charge("top-up:2026-03:2").id == "inv_1"


def test_a_refusal_for_another_reason_may_be_tried_again(scripted):
    scripted.will_answer(error_reply(409, "invalid_state_for_request", "operation_failed"), SUBSCRIPTION)
    with pytest.raises(VendorRejected) as refused:
        chargebee.resume(subscription_id="sub-1", key="resume:1")
    assert refused.value.code == "invalid_state_for_request"
    assert chargebee.resume(subscription_id="sub-1", key="resume:1").id == "sub-1"


def test_a_wrong_key_of_the_site_is_for_the_operator(scripted, caplog):
    scripted.will_answer(error_reply(401, "api_authentication_failed"))
    with pytest.raises(VendorMisconfigured):
        charge()
    assert [record.levelno for record in caplog.records if "charge_pack" in record.message] == [logging.ERROR]


def test_what_banks_and_vendors_say_is_not_logged(scripted, caplog):
    caplog.set_level(logging.DEBUG)
    scripted.will_answer(
        DECLINED, error_reply(400, "param_wrong_value", "invalid_request"), Reply(502, HTML), SUBSCRIPTION
    )
    for number in range(3):
        with pytest.raises(VendorError) as failed:
            charge(f"key-{number}")
        assert "pat@example.com" not in str(failed.value) + failed.value.public_message
    chargebee.pause(subscription_id="sub-1", key="pause:1")
    assert "param_wrong_value" in caplog.text
    assert "pat@example.com" not in caplog.text
    # By itself, after stars or repeated: the log also holds random numbers, with these digits somewhere within.
    assert not re.search(r"(?<!\d)(?:4242)+(?!\d)", caplog.text)


# ---------------------------------------------------------------- the record
def test_no_card_is_kept_in_the_record_of_a_change(scripted):
    scripted.will_answer(SUBSCRIPTION)
    chargebee.resume(subscription_id="sub-1", key="resume:1")
    call = VendorCall.objects.get(reference="resume:1")
    kept = call.raw_answer.decode() + json.dumps(call.request)
    assert "sub-1" in kept
    assert "4242" not in kept
    assert "tok_1" not in kept
    assert call.request == {
        "subscription_id": "sub-1",
        "resume_option": "immediately",
        "charges_handling": "invoice_immediately",
    }


def test_the_attempts_of_a_key_are_found_by_an_index():
    assert_index_scan(VendorCall.objects.filter(vendor="chargebee", reference=KEY).defer("raw", "request"))
