"""The gateway against a vendor that answers exactly what each test says: requests, errors and repetitions."""

import json
import socket
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from atlas_site.lib import http
from atlas_site.vendors import batchdata, errors
from atlas_site.vendors.batchdata import CriteriaRefused, SearchSession
from atlas_site.vendors.errors import (
    VendorBadAnswer,
    VendorError,
    VendorMisconfigured,
    VendorOutcomeUnknown,
    VendorUnavailable,
)
from atlas_site.vendors.models import CallState, VendorCall
from tests.vendors.scripted import Reply, reply_json
from tests.vendors.trees import load_tree, whole_record

pytestmark = pytest.mark.django_db

CRITERIA = {"query": "Phoenix, AZ"}
SESSION = SearchSession("job-1", "job-1-page-1")


def answer_of(*records, total=4120):
    tree = load_tree("search_answer")
    tree["results"]["properties"] = list(records)
    tree["results"]["meta"]["results"] |= {"resultCount": len(records), "resultsFound": total}
    return reply_json(tree)


def record_with(property_id):
    return load_tree("core") | {"_id": property_id, "meta": {"requestId": property_id}}


def search(**options):
    defaults = {"take": 25, "datasets": ["BASIC"], "reference": "job:1:page:1", "session": SESSION}
    return batchdata.search_properties(CRITERIA, **(defaults | options))


def look_up(*property_ids, **options):
    defaults = {"datasets": ["DEED"], "reference": "unlock:1"}
    return batchdata.lookup_properties(property_ids or ["a"], **(defaults | options))


def count():
    return batchdata.count_properties(CRITERIA)


# ---------------------------------------------------------------- what is sent
def test_a_search_sends_what_the_reference_asks_for(vendor):
    vendor.will_answer(answer_of(record_with("a")))
    page = search(sort={"field": "yearBuilt", "sortOrder": "desc"}, datasets=["BASIC", "VALUATION"])
    sent = vendor.requests[0]
    assert (sent.method, sent.path) == ("POST", "/api/v1/property/search")
    assert sent.headers["Authorization"] == "Bearer key-that-no-one-may-see"
    assert sent.headers["User-Agent"].startswith("Atlas/")
    assert sent.json == {
        "searchCriteria": CRITERIA,
        "options": {
            "take": 25,
            "datasets": ["core", "valuation"],
            "dateFormat": "iso-date",
            "sort": {"field": "yearBuilt", "sortOrder": "desc"},
            "searchSession": {"id": "job-1", "idempotencyKey": "job-1-page-1"},
        },
    }
    assert [record.property_id for record in page.records] == ["a"]
    record = VendorCall.objects.get(pk=page.call_id)
    assert (record.result_count, record.billed_units, record.record_ids) == (1, 2, ["a"])


def test_pages_follow_by_cursor_or_skip_as_well(vendor):
    vendor.will_answer(answer_of(record_with("a")))
    assert search(session=None, cursor="", reference=None).next_cursor == "next-1"
    search(session=None, cursor="next-1", reference=None)
    search(session=None, skip=25, reference=None)
    first, second, third = (sent.json["options"] for sent in vendor.requests)
    assert first["useCursorPagination"] is True
    assert "pageCursor" not in first
    assert second["pageCursor"] == "next-1"
    assert third["skip"] == 25


@pytest.mark.parametrize(
    "options",
    [{"take": 0}, {"take": 101}, {"skip": 1}, {"cursor": ""}, {"datasets": []}, {"datasets": ["DIVORCE_INFO"]}],
)
def test_a_search_that_makes_no_sense_is_not_sent(vendor, options):
    with pytest.raises(ValueError, match=r"\w"):
        search(**options)
    assert vendor.requests == []
    assert VendorCall.objects.count() == 0


def test_criteria_that_the_vendor_would_ignore_are_not_sent(vendor):
    with pytest.raises(CriteriaRefused):
        batchdata.count_properties({"absenteeOwner": True})
    assert vendor.requests == []


@pytest.mark.parametrize("name", ["", "a b", "x" * 129, "ключ"])
def test_a_session_has_a_name_that_the_vendor_takes(name):
    with pytest.raises(ValueError, match="session"):
        SearchSession(name, "key")


def test_a_lookup_names_each_property_and_asks_for_contacts_only_when_bought(vendor):
    vendor.will_answer(answer_of(record_with("b"), record_with("a")))
    answer = look_up("a", "b", "a", "c", datasets=["CONTACT"])
    sent = vendor.requests[0].json
    assert sent["requests"] == [{"propertyId": key, "requestId": key} for key in ("a", "b", "c")]
    assert sent["options"] == {"datasets": ["contact"], "dateFormat": "iso-date", "skipTrace": True}
    assert (set(answer.records), answer.missing_ids) == ({"a", "b"}, ("c",))
    look_up("a", datasets=["DEED"], reference="unlock:2")
    assert "skipTrace" not in vendor.requests[1].json["options"]


def test_a_lookup_takes_at_most_a_hundred(vendor):
    with pytest.raises(ValueError, match="100"):
        look_up(*(str(index) for index in range(101)))


def test_a_count_fetches_nothing_and_names_a_dataset(vendor):
    vendor.will_answer(answer_of())
    counted = batchdata.count_properties(CRITERIA, quicklist_counts=True)
    assert vendor.requests[0].json["options"] == {
        "skip": 0, "take": 0, "datasets": ["basic"], "dateFormat": "iso-date", "quicklistCounts": True,
    }  # fmt: skip
    assert counted.total_count == 4120
    assert counted.quicklist_counts["vacant"] == 41
    assert VendorCall.objects.get(pk=counted.call_id).result_count == 0


def test_autocomplete_and_wallet_use_their_own_envelopes(vendor):
    vendor.will_answer(
        reply_json({"status": {"code": 200}, "result": {"suggestions": ["1420 W Palm Ln, Phoenix, AZ"]}}),
        reply_json({"status": {"code": 200}, "results": {"balance": 42.5, "currency": "USD"}}),
    )
    assert batchdata.autocomplete("  1420   W Palm ")[0].text == "1420 W Palm Ln, Phoenix, AZ"
    assert str(batchdata.wallet_balance().balance) == "42.5"
    typed, wallet = vendor.requests
    assert typed.json["searchCriteria"] == {"query": "1420 W Palm"}
    assert (wallet.method, wallet.path) == ("GET", "/api/v1/wallet/balance")
    assert batchdata.autocomplete("  ") == ()
    assert len(vendor.requests) == 2


# ---------------------------------------------------------------- errors
@pytest.mark.parametrize("case", load_tree("errors"), ids=lambda case: f"{case['http']} {case['error']}")
@pytest.mark.parametrize("in_envelope", [False, True], ids=["as HTTP status", "as status.code of a 200"])
def test_errors_say_who_has_to_act(vendor, case, in_envelope):
    body = {"status": {"code": case["http"], "text": "No", "message": case["message"]}}
    vendor.will_answer(reply_json(body, status=200 if in_envelope else case["http"]))
    with pytest.raises(VendorError) as caught:
        look_up()
    error = caught.value
    assert type(error) is getattr(errors, case["error"])
    assert error.status == case["http"]
    assert not error.may_be_billed
    record = VendorCall.objects.order_by("attempt").last()
    assert (error.call_id, record.error) == (record.pk, case["error"])
    assert record.raw_answer == vendor_body(body)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_fault_of_the_vendor_on_a_lookup_may_have_been_billed_and_is_asked_once(vendor, status):
    vendor.will_answer(reply_json({"status": {"code": status}}, status=status))
    with pytest.raises(VendorOutcomeUnknown) as caught:
        look_up()
    assert (caught.value.status, caught.value.may_be_billed) == (status, True)
    with pytest.raises(VendorOutcomeUnknown):
        look_up()
    assert len(vendor.requests) == 1
    vendor.will_answer(answer_of(record_with("a")))
    assert look_up(repeat_unknown=True).billed_count == 1


def test_a_fault_on_a_search_with_a_session_is_asked_again(vendor):
    vendor.will_answer(reply_json({}, status=502), reply_json({}, status=500), answer_of(record_with("a")))
    assert search().billed_count == 1
    assert len(vendor.requests) == 3
    assert {sent.body for sent in vendor.requests} == {vendor.requests[0].body}
    assert list(VendorCall.objects.order_by("attempt").values_list("state", flat=True)) == [
        CallState.FAILED, CallState.FAILED, CallState.ANSWERED,
    ]  # fmt: skip


def test_a_fault_on_a_search_without_a_session_is_not_asked_again(vendor):
    vendor.will_answer(reply_json({}, status=502))
    with pytest.raises(VendorOutcomeUnknown):
        search(session=None)
    assert len(vendor.requests) == 1


def test_patience_ends(vendor):
    vendor.will_answer(reply_json({}, status=502))
    with pytest.raises(VendorUnavailable):
        search()
    assert len(vendor.requests) == 4
    vendor.requests.clear()
    with pytest.raises(VendorUnavailable):
        count()
    assert len(vendor.requests) == 2, "somebody is waiting for a count"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b""),
        Reply(200, b"   "),
        Reply(200, b"<html>maintenance</html>"),
        Reply(200, b"[]"),
        Reply(200, b"null"),
        Reply(200, b'{"status":{"code":200},"results":'),
        Reply(200, b"[" * 100_000),
        reply_json({"status": {"code": 200, "text": "OK"}}),
        reply_json({"status": {"code": 200}, "results": []}),
        reply_json({"status": {"code": 200}, "results": {"properties": {"a": 1}}}),
        reply_json({"status": {"code": 299}, "results": {"properties": []}}),
        Reply(204, b""),
    ],
    ids=lambda reply: f"{reply.status} {reply.body[:40]!r}",
)
def test_an_answer_that_is_none_is_a_failure_and_is_kept(vendor, reply):
    vendor.will_answer(reply)
    with pytest.raises(VendorBadAnswer) as caught:
        look_up()
    assert caught.value.may_be_billed
    record = VendorCall.objects.get()
    assert (record.state, record.raw_answer) == (CallState.FAILED, reply.body)
    assert len(vendor.requests) == 1


def test_a_cut_body_is_an_unknown_outcome_and_the_part_is_kept(vendor):
    reply = answer_of(whole_record())
    reply.cut_after = 1000
    vendor.will_answer(reply)
    with pytest.raises(VendorOutcomeUnknown):
        look_up()
    record = VendorCall.objects.get()
    assert (record.state, record.raw_answer) == (CallState.UNKNOWN, reply.body[:1000])
    assert len(vendor.requests) == 1


def test_a_vendor_that_hangs_up_is_an_unknown_outcome(vendor):
    vendor.will_answer(Reply(hang_up=True))
    with pytest.raises(VendorOutcomeUnknown):
        look_up()
    assert len(vendor.requests) == 1


def test_a_vendor_that_is_silent_is_waited_for_once(vendor, settings):
    settings.BATCHDATA_TIMEOUT_SECONDS = 0.2
    vendor.will_answer(Reply(200, b"{}", seconds=60))
    started = time.monotonic()
    with pytest.raises(VendorOutcomeUnknown):
        look_up()
    assert vendor.count_requests(1) == 1
    with pytest.raises(VendorUnavailable):
        count()
    assert time.monotonic() - started < 30
    assert vendor.count_requests(2) == 2


@pytest.mark.parametrize("ask", [count, lambda: batchdata.autocomplete("12 Main"), batchdata.wallet_balance])
def test_nobody_waits_longer_than_five_seconds(ask, vendor, settings, monkeypatch):
    """As a minute is to an hour: three seconds instead of five, of which the first attempt takes one."""
    assert http.INTERACTIVE_SECONDS == 5
    monkeypatch.setattr(http, "INTERACTIVE_SECONDS", 3)
    settings.BATCHDATA_TIMEOUT_SECONDS = 60
    vendor.will_answer(Reply(500, b"", seconds=1), Reply(200, b"{}", seconds=60))
    started = time.monotonic()
    with pytest.raises(VendorUnavailable):
        ask()
    assert 1 < time.monotonic() - started < 30
    assert vendor.count_requests(2) == 2


def test_somebody_who_waits_is_told_of_a_long_wait_at_once(vendor):
    vendor.will_answer(reply_json({}, status=429, headers={"Retry-After": "5"}))
    with pytest.raises(VendorUnavailable):
        count()
    assert len(vendor.requests) == 1


def test_a_silent_vendor_is_asked_again_within_a_session(vendor, settings):
    settings.BATCHDATA_TIMEOUT_SECONDS = 1
    vendor.will_answer(Reply(200, b"{}", seconds=60), answer_of(record_with("a")))
    assert search().billed_count == 1
    assert len(vendor.requests) == 2


def test_no_more_than_the_limit_is_read(vendor):
    vendor.will_answer(Reply(200, b" " * (50 * 1024 * 1024)))
    with pytest.raises(VendorOutcomeUnknown):
        look_up()
    record = VendorCall.objects.get()
    assert record.error == "AnswerTooLarge"
    assert 0 < record.raw_bytes < 1024 * 1024


def test_redirects_are_not_followed(vendor):
    vendor.will_answer(Reply(302, b"", headers={"Location": vendor.url + "/elsewhere"}))
    with pytest.raises(VendorMisconfigured):
        look_up()
    assert len(vendor.requests) == 1


# ---------------------------------------------------------------- waiting
def test_too_many_requests_are_repeated_even_for_lookups(vendor):
    busy = reply_json({"status": {"code": 429}}, status=429)
    vendor.will_answer(busy, busy, answer_of(record_with("a")))
    assert look_up().billed_count == 1
    assert len(vendor.requests) == 3


def test_the_time_that_the_vendor_names_is_kept(vendor):
    vendor.will_answer(
        reply_json({"status": {"code": 429}}, status=429, headers={"Retry-After": "1"}), answer_of(record_with("a"))
    )
    started = time.monotonic()
    look_up()
    assert 1 <= time.monotonic() - started < 2.5


@pytest.mark.parametrize("as_date", [False, True])
def test_a_long_wait_is_left_to_the_caller(vendor, as_date):
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=601), usegmt=True) if as_date else "600"
    vendor.will_answer(reply_json({}, status=503, headers={"Retry-After": later}))
    with pytest.raises(VendorUnavailable) as caught:
        search()
    assert caught.value.retry_after_seconds == pytest.approx(600, abs=5)
    assert len(vendor.requests) == 1


def test_an_empty_wallet_and_a_wrong_key_are_not_asked_about_again(vendor):
    body = {"status": {"code": 403, "message": "Insufficient balance or invalid token permission"}}
    vendor.will_answer(reply_json(body, status=403))
    with pytest.raises(errors.VendorWalletEmpty):
        search()
    assert len(vendor.requests) == 1


def test_a_vendor_that_cannot_be_reached_is_tried_again_at_no_cost(settings, vendor):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        settings.BATCHDATA_BASE_URL = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(VendorUnavailable) as caught:
            look_up()
    assert not caught.value.may_be_billed
    assert VendorCall.objects.filter(state=CallState.FAILED, error="NotSent", may_be_billed=False).count() == 4


# ---------------------------------------------------------------- settings and secrets
@pytest.mark.parametrize(
    ("name", "value"),
    [("BATCHDATA_API_KEY", ""), ("BATCHDATA_BASE_URL", ""), ("BATCHDATA_BASE_URL", "http://api.example.com"),
     ("BATCHDATA_BASE_URL", "https://name:secret@api.example.com"), ("BATCHDATA_BASE_URL", "ftp://127.0.0.1")],
)  # fmt: skip
def test_wrong_settings_are_the_operators_to_mend(settings, name, value):
    setattr(settings, name, value)
    with pytest.raises(VendorMisconfigured):
        count()
    assert VendorCall.objects.count() == 0


def test_no_error_and_no_record_shows_the_key(vendor):
    vendor.will_answer(
        reply_json({"status": {"message": "bad token key-that-no-one-may-see for Jane Doe"}}, status=401)
    )
    with pytest.raises(VendorMisconfigured) as caught:
        look_up()
    for text in (str(caught.value), repr(caught.value), caught.value.public_message):
        assert "key-that-no-one-may-see" not in text
        assert "Jane Doe" not in text
    record = VendorCall.objects.get()
    assert "key-that-no-one-may-see" not in json.dumps(record.request)


def test_every_error_has_words_for_users():
    for kind in (VendorError, *errors.VendorError.__subclasses__()):
        assert "charged" in kind.public_message
        assert kind("detail").public_message == kind.public_message


def test_a_stored_answer_is_served_without_a_second_call(vendor):
    vendor.will_answer(answer_of(record_with("a")))
    first, second = look_up(), look_up()
    assert (first.replayed, second.replayed) == (False, True)
    assert first.records["a"].raw == second.records["a"].raw
    assert len(vendor.requests) == 1


def vendor_body(payload) -> bytes:
    return json.dumps(payload).encode()
