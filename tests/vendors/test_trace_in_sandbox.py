"""Skip traces of the gateway against the sandbox: bills that agree, damaged rows, and each fault."""

import os
from dataclasses import replace
from uuid import uuid4

import pytest
import requests
from django.utils import timezone

from atlas_site.vendors import batchdata
from atlas_site.vendors.batchdata import Address, PersonName, TraceRequest, link_rows, read_trace
from atlas_site.vendors.errors import VendorBadAnswer, VendorOutcomeUnknown, VendorUnavailable, VendorWalletEmpty
from atlas_site.vendors.models import CallState, VendorCall

pytestmark = pytest.mark.django_db

PATH = "property/skip-trace"
ROWS = [
    TraceRequest(
        f"row-{number}",
        Address(street=f"{number} Fake Rd", city="Phoenix", state="AZ", zip="85007"),
        PersonName("Jane", last="Roe"),
    )
    for number in range(30)
]


def trace(rows=ROWS, reference="trace:1", **options):
    return batchdata.trace_people(rows, reference=reference, user_id=None, now=timezone.now(), **options)


def outcomes(answer):
    """What each linked row found, without its place in the answer."""
    linked = link_rows(ROWS, answer).rows
    return {row_id: replace(row, position=0, request_id=None) for row_id, row in linked.items()}


@pytest.fixture
def whole(sandbox):
    """What an answer without damage holds; its bill is not counted."""
    answer = trace(reference=uuid4().hex)
    sandbox.seen += len(sandbox.billed_units())
    VendorCall.objects.all().delete()
    return outcomes(answer)


def test_each_row_is_answered_and_each_match_is_on_both_bills(sandbox):
    answer = trace()
    links = link_rows(ROWS, answer)
    assert list(links.rows) == [row.row_id for row in ROWS]
    assert (links.unlinked, links.unlinked_match_count) == ((), 0)
    matched = [row_id for row_id, row in links.rows.items() if row.matched]
    assert 15 < len(matched) < len(ROWS)
    call = VendorCall.objects.get(pk=answer.call_id)
    assert [unit["rowId"] for unit in sandbox.billed_units()] == matched == call.record_ids
    assert {unit["requestId"] for unit in sandbox.billed_units()} == {call.vendor_request_id}
    phones = [phone for row in links.rows.values() for person in row.persons for phone in person.phones]
    assert {phone.tested for phone in phones} == {True, False, None}, "unknown is not read as no"
    assert trace().replayed
    assert len(sandbox.billed_units()) == len(matched)


def test_both_versions_tell_of_the_same_people(sandbox, whole):
    body = {"requests": [row.body() for row in ROWS], "options": {"includeTCPABlacklistedPhones": False}}
    url = f"{sandbox.url}/api/v3/{PATH}"
    headers = {"Authorization": f"Bearer {os.environ['BATCHDATA_API_KEY']}"}
    by_v3 = outcomes(read_trace(requests.post(url, json=body, headers=headers, timeout=5).json()))
    assert by_v3.keys() == whole.keys()
    for row_id, row in whole.items():
        assert by_v3[row_id].matched == row.matched
        for ours, theirs in zip(row.persons, by_v3[row_id].persons[:1], strict=True):
            assert (str(theirs.name), theirs.is_litigator) == (str(ours.name), ours.is_litigator)
            assert [phone.number for phone in theirs.phones] == [phone.number for phone in ours.phones]
            assert [phone.dnc for phone in theirs.phones] == [phone.dnc for phone in ours.phones]
            assert [email.address for email in theirs.emails] == [email.address for email in ours.emails]


@pytest.mark.parametrize("mode", ["reordered-rows", "rows-without-ids", "ids-in-meta", "foreign-rows"])
def test_rows_in_disorder_are_linked_as_if_nothing_had_happened(sandbox, whole, mode):
    sandbox.will_fail(PATH, mode)
    assert outcomes(trace()) == whole


@pytest.mark.parametrize("mode", ["null-rows", "missing-rows", "repeated-rows"])
def test_rows_that_are_lost_or_repeated_are_left_alone_and_their_matches_counted(sandbox, whole, mode):
    sandbox.will_fail(PATH, mode)
    links = link_rows(ROWS, trace())
    damaged = {row.row_id for row in ROWS[::3]}
    assert set(links.unanswered_ids) == damaged
    assert all(replace(row, position=0, request_id=None) == whole[row_id] for row_id, row in links.rows.items())
    assert links.unlinked_match_count == sum(whole[row_id].matched for row_id in damaged) > 0


def test_nulled_misses_are_known_to_be_free(sandbox, whole):
    sandbox.will_fail(PATH, "null-misses")
    links = link_rows(ROWS, trace())
    assert set(links.unanswered_ids) == {row_id for row_id, row in whole.items() if not row.matched}
    assert links.unlinked_match_count == 0


@pytest.mark.parametrize(
    ("mode", "error", "is_billed"),
    [
        ("429", VendorUnavailable, False),
        ("429-retry-after", VendorUnavailable, False),
        ("503-retry-after", VendorUnavailable, False),
        ("wallet-empty", VendorWalletEmpty, False),
        ("500", VendorOutcomeUnknown, False),
        ("cut-body", VendorOutcomeUnknown, True),
        ("junk-body", VendorBadAnswer, True),
        ("wrong-schema", VendorBadAnswer, True),
        ("huge-body", VendorOutcomeUnknown, True),
        ("timeout-after-work", VendorOutcomeUnknown, True),
    ],
)
def test_each_fault_is_told_apart_and_paid_for_once_at_most(sandbox, mode, error, is_billed):
    sandbox.will_fail(PATH, mode)
    with pytest.raises(error) as caught:
        trace()
    call = VendorCall.objects.get()
    assert type(caught.value) is error
    assert (caught.value.call_id, call.state in (CallState.FAILED, CallState.UNKNOWN)) == (call.pk, True)
    billed = len(sandbox.billed_units())
    assert (billed > 0) == is_billed
    assert call.may_be_billed or not is_billed, "what the vendor billed is never thought to be free"
    if call.may_be_billed:
        with pytest.raises(VendorOutcomeUnknown):
            trace()
        assert len(sandbox.billed_units()) == billed
    else:
        assert trace().billed_count == len(sandbox.billed_units()) > 0
