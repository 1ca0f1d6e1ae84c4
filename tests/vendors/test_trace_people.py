"""Skip traces against a vendor that answers what each test says: requests, faults, and answers that stay paid for."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from atlas_site.vendors import batchdata
from atlas_site.vendors.batchdata import Address, PersonName, TraceRequest
from atlas_site.vendors.errors import VendorBadAnswer, VendorOutcomeUnknown, VendorUnavailable
from atlas_site.vendors.models import CallState, VendorCall
from tests.vendors.scripted import Reply, reply_json
from tests.vendors.trees import load_tree

pytestmark = pytest.mark.django_db

PALM = Address(street="1420 W Palm Ln", city="Phoenix", state="AZ", zip="85007", county="Maricopa")
ROWS = [
    TraceRequest("row-1", PALM, name=PersonName(first="Jane", last="Doe")),
    TraceRequest("row-2", Address(street="9 Nowhere Rd", city="Phoenix", state="AZ", zip="85008")),
]


def trace(rows=ROWS, **options):
    defaults = {"reference": "trace:1", "user_id": None, "now": timezone.now()}
    return batchdata.trace_people(rows, **(defaults | options))


def test_a_trace_sends_each_row_with_its_id_and_leaves_out_numbers_of_people_who_sue(vendor):
    vendor.will_answer(reply_json(load_tree("skip_trace_v1")))
    parcel = TraceRequest("row-3", Address(county="Maricopa", state="AZ"), apn="123-45-678", mailing_address=PALM)
    fips = TraceRequest("row-4", apn="123-45-679", county_fips="04013")
    answer = trace([*ROWS, parcel, fips])
    sent = vendor.requests[0]
    assert (sent.method, sent.path) == ("POST", "/api/v1/property/skip-trace")
    palm = {"street": "1420 W Palm Ln", "city": "Phoenix", "state": "AZ", "zip": "85007"}
    assert sent.json == {
        "requests": [
            {"requestId": "row-1", "propertyAddress": palm, "name": {"first": "Jane", "last": "Doe"}},
            {"requestId": "row-2", "propertyAddress": palm | {"street": "9 Nowhere Rd", "zip": "85008"}},
            {
                "requestId": "row-3", "apn": "123-45-678", "county": "Maricopa", "state": "AZ",
                "mailingAddress": palm,
            },
            {"requestId": "row-4", "apn": "123-45-679", "countyFipsCode": "04013"},
        ],
        "options": {"includeTCPABlacklistedPhones": False, "dateFormat": "iso-date"},
    }  # fmt: skip
    assert (answer.billed_count, answer.replayed, [row.has_phone for row in answer.rows]) == (1, False, [True, False])
    call = VendorCall.objects.get(pk=answer.call_id)
    assert (call.operation, call.result_count, call.match_count, call.record_ids) == ("skip_trace", 1, 1, ["row-1"])
    assert call.vendor_request_id == "01JD0000000000000000000001"


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [TraceRequest(str(number), PALM) for number in range(101)],
        [ROWS[0], ROWS[0]],
        [TraceRequest("", PALM)],
        [TraceRequest("a", Address(street="1 Main St", city="Phoenix"))],
        [TraceRequest("a", Address(city="Phoenix", state="AZ", zip="85007"))],
        [TraceRequest("a", Address(state="AZ"), apn="123")],
    ],
    ids=["none", "too many", "an id twice", "no id", "no state", "no street", "a parcel of no county"],
)
def test_rows_that_cannot_be_traced_are_not_sent(vendor, rows):
    with pytest.raises(ValueError, match="skip trace"):
        trace(rows)
    assert vendor.requests == []
    assert VendorCall.objects.count() == 0


def test_an_answer_is_read_again_and_not_bought_again(vendor):
    vendor.will_answer(reply_json(load_tree("skip_trace_v1")))
    first = trace()
    again = trace()
    assert len(vendor.requests) == 1
    assert again == replace(first, replayed=True, answered_at=again.answered_at)
    assert abs(again.answered_at - first.answered_at) < timedelta(milliseconds=1), "the database keeps milliseconds"


@pytest.mark.parametrize("status", [429, 503])
def test_a_vendor_that_asks_to_wait_is_asked_once_and_may_be_asked_later(vendor, status):
    vendor.will_answer(
        reply_json({}, status=status, headers={"Retry-After": "2"}), reply_json(load_tree("skip_trace_v1"))
    )
    with pytest.raises(VendorUnavailable) as caught:
        trace()
    assert (caught.value.retry_after_seconds, caught.value.may_be_billed) == (2, False)
    assert len(vendor.requests) == 1
    assert trace().billed_count == 1


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (reply_json({}, status=500), VendorOutcomeUnknown),
        (Reply(hang_up=True), VendorOutcomeUnknown),
        (reply_json(load_tree("skip_trace_v1"), cut_after=200), VendorOutcomeUnknown),
        (Reply(body=b"\x00junk"), VendorBadAnswer),
        (reply_json({"status": {"code": 200}, "results": {"persons": {"a": 1}, "meta": []}}), VendorBadAnswer),
        (reply_json(load_tree("skip_trace_v3")), VendorBadAnswer),
    ],
    ids=["a fault", "no answer", "half an answer", "junk", "another shape", "another version"],
)
def test_what_may_have_been_billed_is_not_asked_again_unless_the_loss_is_accepted(vendor, reply, error):
    vendor.will_answer(reply)
    with pytest.raises(error) as caught:
        trace()
    assert caught.value.may_be_billed
    assert VendorCall.objects.get().state in (CallState.UNKNOWN, CallState.FAILED)
    with pytest.raises(VendorOutcomeUnknown):
        trace()
    assert len(vendor.requests) == 1
    vendor.will_answer(reply_json(load_tree("skip_trace_v1")))
    assert trace(repeat_unknown=True).billed_count == 1


def test_the_record_names_each_billed_row_also_one_that_belongs_to_nobody(vendor):
    tree = load_tree("skip_trace_v1")
    person = tree["results"]["persons"][0]
    elsewhere = {"street": "7 Elsewhere Ave", "zip": "10001"}
    tree["results"]["persons"] = [
        None,
        person | {"requestId": None},
        person | {"requestId": "not-asked"},
        person | {"requestId": None, "propertyAddress": elsewhere, "_id": "p-9"},
        person | {"requestId": None, "propertyAddress": elsewhere, "_id": None},
    ]
    tree["results"]["meta"]["results"]["matchCount"] = 4
    vendor.will_answer(reply_json(tree))
    call = VendorCall.objects.get(pk=trace().call_id)
    assert (call.result_count, call.record_ids) == (4, ["row-1", "not-asked", "p-9", "row 4"])
