"""Every call is on record before it leaves, and its answer before anyone reads it."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from threading import Barrier

import pytest
from bson import ObjectId
from django.db import connection
from django.urls import reverse

from atlas_site.lib.http import Answer, NoAnswer, NotSent
from atlas_site.lib.transactions import run_txn
from atlas_site.mongodb.explain import assert_index_scan
from atlas_site.vendors.errors import (
    VendorBadAnswer,
    VendorCallInProgress,
    VendorOutcomeUnknown,
    VendorRejected,
    VendorUnavailable,
    VendorWalletEmpty,
)
from atlas_site.vendors.models import CallState, VendorCall
from atlas_site.vendors.recording import (
    Reading,
    begin_call,
    hash_request,
    move_call,
    purge_calls,
    recorded_call,
    store_answer,
    stored_answer,
)
from atlas_site.vendors.selectors import billed_records, unconfirmed_calls
from tests.failpoints import HANG_UP, fail_commands

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
BODY = {"requests": [{"propertyId": "a"}]}


def read_ids(answer: Answer) -> Reading[str]:
    return Reading(answer.body.decode(), result_count=1, record_ids=["a"])


def call(reference="job:1:page:1", *, send=lambda: Answer(200, {}, b"paid"), read=read_ids, now=NOW, **kwargs):
    details = {"vendor": "batchdata", "operation": "property_lookup", "body": BODY, "datasets": ["DEED"], **kwargs}
    return recorded_call(reference=reference, send=send, read=read, now=now, **details)


def only_call() -> VendorCall:
    return VendorCall.objects.get()


def test_a_call_is_on_record_as_sent_while_it_is_under_way():
    seen = []

    def send() -> Answer:
        seen.append((only_call().state, only_call().request))
        return Answer(200, {}, b"paid")

    user_id = ObjectId()
    call(send=send, user_id=user_id)
    assert seen == [(CallState.SENT, BODY)]
    record = only_call()
    assert record.state == CallState.ANSWERED
    assert record.user_id == user_id
    assert (record.vendor, record.operation, record.attempt) == ("batchdata", "property_lookup", 1)
    assert record.created_at <= record.sent_at <= record.ended_at


def test_the_raw_answer_is_stored_before_it_is_read():
    def read(answer: Answer) -> Reading[str]:
        assert only_call().raw_answer == b"paid"
        assert only_call().result_count is None
        return read_ids(answer)

    recorded = call(read=read)
    assert recorded.result == "paid"
    assert only_call().result_count == 1
    assert only_call().record_ids == ["a"]
    assert only_call().billed_units == 1


def test_an_answer_that_a_broken_reader_choked_on_is_read_again_and_not_bought_again():
    def broken(_answer: Answer) -> Reading[str]:
        raise ZeroDivisionError

    sent = []

    def send() -> Answer:
        sent.append(1)
        return Answer(200, {}, b"paid")

    with pytest.raises(ZeroDivisionError):
        call(send=send, read=broken)
    recorded = call(send=send)
    assert (recorded.result, recorded.replayed) == ("paid", True)
    assert len(sent) == 1
    assert VendorCall.objects.count() == 1


def test_reading_a_stored_answer_twice_gives_the_same():
    first = call()
    second = call()
    assert (first.replayed, second.replayed) == (False, True)
    assert first.result == second.result
    assert first.call_id == second.call_id


def test_another_reference_is_another_piece_of_work():
    assert call("job:1:page:1").call_id != call("job:1:page:2").call_id
    assert VendorCall.objects.count() == 2


def test_another_body_under_the_same_reference_is_never_served_from_the_first():
    call()
    other = call(body={"requests": [{"propertyId": "b"}]}, send=lambda: Answer(200, {}, b"other"))
    assert (other.result, other.replayed) == ("other", False)


def test_calls_without_a_reference_stand_alone():
    assert call(None).replayed is False
    assert call(None).replayed is False


def test_a_call_that_never_left_costs_nothing_and_may_be_tried_again():
    def send() -> Answer:
        raise NotSent("refused")

    with pytest.raises(VendorUnavailable) as caught:
        call(send=send)
    assert not caught.value.may_be_billed
    assert only_call().state == CallState.FAILED
    assert call().result == "paid"


def test_a_lost_answer_is_unknown_and_is_not_asked_for_again_blindly():
    def send() -> Answer:
        raise NoAnswer("ReadTimeout", partial=b"half")

    with pytest.raises(VendorOutcomeUnknown) as caught:
        call(send=send)
    record = only_call()
    assert (record.state, record.may_be_billed, record.raw_answer) == (CallState.UNKNOWN, True, b"half")
    assert caught.value.call_id == record.pk
    with pytest.raises(VendorOutcomeUnknown):
        call()
    assert VendorCall.objects.count() == 1
    assert call(repeat_unknown=True).result == "paid"
    assert list(VendorCall.objects.order_by("attempt").values_list("attempt", "state")) == [
        (1, CallState.UNKNOWN),
        (2, CallState.ANSWERED),
    ]


def test_a_lost_answer_of_a_repeatable_call_may_be_asked_for_again():
    def send() -> Answer:
        raise NoAnswer("ReadTimeout")

    with pytest.raises(VendorUnavailable):
        call(send=send, repeatable=True)
    assert call(repeatable=True).result == "paid"


def test_an_answer_that_comes_after_the_call_was_given_up_is_kept_and_used():
    record = begin_call(
        vendor="batchdata", operation="property_lookup", reference="job:1:page:1", body=BODY, now=NOW, lease_seconds=1
    )
    assert move_call(record, of=[CallState.PREPARED], to=CallState.SENT)
    with pytest.raises(VendorOutcomeUnknown):
        call(now=NOW + timedelta(seconds=2))
    store_answer(record, Answer(200, {}, b"late"), now=NOW + timedelta(seconds=3))
    recorded = call(now=NOW + timedelta(seconds=4))
    assert (recorded.result, recorded.replayed) == ("late", True)


def test_a_call_under_way_elsewhere_is_left_alone_until_its_lease_ends():
    record = begin_call(
        vendor="batchdata", operation="property_lookup", reference="job:1:page:1", body=BODY, now=NOW, lease_seconds=60
    )
    with pytest.raises(VendorCallInProgress) as caught:
        call(now=NOW + timedelta(seconds=20))
    assert caught.value.retry_after_seconds == 40
    assert call(now=NOW + timedelta(seconds=61)).result == "paid"
    record.refresh_from_db()
    assert (record.state, record.may_be_billed) == (CallState.FAILED, False), "it was prepared, and never sent"


def test_a_worker_that_lost_its_attempt_before_sending_does_not_send():
    sent = []

    def send() -> Answer:
        sent.append(1)
        return Answer(200, {}, b"paid")

    record = begin_call(
        vendor="batchdata", operation="property_lookup", reference="job:1:page:1", body=BODY, now=NOW, lease_seconds=1
    )
    assert call(send=send, now=NOW + timedelta(seconds=5)).result == "paid"
    assert not move_call(record, of=[CallState.PREPARED], to=CallState.SENT)
    assert len(sent) == 1


def test_of_many_workers_at_once_one_gets_the_attempt():
    start = Barrier(8)

    def begin(_worker: int) -> str | None:
        start.wait()
        try:
            return begin_call(
                vendor="batchdata", operation="property_lookup", reference="job:9:page:1", body=BODY, now=NOW
            ).pk
        except VendorCallInProgress:
            return None

    with ThreadPoolExecutor(8) as workers:
        got = [pk for pk in workers.map(begin, range(8)) if pk]
    assert got == [only_call().pk]


def test_an_error_of_the_vendor_ends_the_call_and_keeps_what_it_said():
    def read(_answer: Answer) -> Reading[str]:
        raise VendorRejected("no", status=400)

    with pytest.raises(VendorRejected) as caught:
        call(send=lambda: Answer(400, {}, b'{"status":{"code":400}}'), read=read)
    record = only_call()
    assert (record.state, record.error, record.http_status) == (CallState.FAILED, "VendorRejected", 400)
    assert record.raw_answer == b'{"status":{"code":400}}'
    assert caught.value.call_id == record.pk
    assert stored_answer(record.reference, record.request_hash) is None


def test_a_bad_answer_that_may_be_billed_is_not_bought_again_blindly():
    def read(_answer: Answer) -> Reading[str]:
        raise VendorBadAnswer("empty", status=200, may_be_billed=True)

    with pytest.raises(VendorBadAnswer):
        call(read=read)
    with pytest.raises(VendorOutcomeUnknown):
        call()
    assert only_call().may_be_billed


def test_an_answer_too_long_to_keep_is_cut_and_called_bad(monkeypatch):
    monkeypatch.setattr("atlas_site.vendors.recording.RAW_LIMIT_BYTES", 2000)
    with pytest.raises(VendorBadAnswer):
        call(send=lambda: Answer(200, {}, os.urandom(5000)))
    record = only_call()
    assert (record.state, record.raw_is_whole, record.may_be_billed) == (CallState.FAILED, False, True)
    assert len(record.raw_answer) == 1000


def test_a_vendor_is_never_called_inside_a_transaction():
    with pytest.raises(RuntimeError, match="transaction"):
        run_txn(call)
    assert VendorCall.objects.count() == 0


def test_the_operator_is_told_of_what_only_the_operator_can_mend(caplog):
    def read(_answer: Answer) -> Reading[str]:
        raise VendorWalletEmpty("The prepaid account is empty.", status=403)

    with pytest.raises(VendorWalletEmpty) as caught:
        call(read=read)
    assert [(entry.levelname, caught.value.call_id in entry.getMessage()) for entry in caplog.records] == [
        ("ERROR", True)
    ]


def test_an_answer_is_stored_although_the_database_is_away_for_a_moment():
    def send() -> Answer:
        faults.enter_context(fail_commands(connection.connection, "update", times=2, **HANG_UP))
        return Answer(200, {}, b"paid")

    with ExitStack() as faults:
        recorded = call(send=send)
    assert recorded.result == "paid"
    assert only_call().raw_answer == b"paid"


def _call_and_die(line: str) -> None:
    """Run in a process of its own, and end it the hard way at the named line."""
    connection.close_pool()

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def send() -> Answer:
        if line == "sent":
            die()
        return Answer(200, {}, b"paid")

    def read(_answer: Answer) -> Reading[str]:
        die()
        raise AssertionError

    call("job:crash:page:1", send=send, read=read)


@pytest.mark.parametrize(
    ("line", "state"),
    [("sent", CallState.SENT), ("stored", CallState.ANSWERED)],
)
def test_a_worker_killed_at_any_line_leaves_a_record_that_says_what_is_paid(line, state):
    worker = get_context("fork").Process(target=_call_and_die, args=(line,))
    worker.start()
    worker.join(60)
    assert worker.exitcode == -signal.SIGKILL
    assert only_call().state == state
    if state == CallState.ANSWERED:
        assert call("job:crash:page:1").replayed
    else:
        with pytest.raises(VendorCallInProgress):
            call("job:crash:page:1")
        with pytest.raises(VendorOutcomeUnknown):
            call("job:crash:page:1", now=NOW + timedelta(minutes=5))


def lose_the_answer() -> Answer:
    raise NoAnswer("ReadTimeout")


def test_old_answers_go_and_paid_calls_stay(settings):
    settings.VENDOR_CALL_KEEP_DAYS = 30
    paid = call("job:1:page:1").call_id
    call("count:1", read=lambda answer: Reading(answer.body, result_count=0))
    new = call("job:2:page:1", now=NOW + timedelta(days=20)).call_id
    with pytest.raises(VendorOutcomeUnknown) as lost:
        call("job:3:page:1", send=lose_the_answer)
    assert purge_calls(NOW + timedelta(days=29)) == 0
    assert purge_calls(NOW + timedelta(days=31)) == 3
    assert purge_calls(NOW + timedelta(days=31)) == 0
    left = {record.pk: record for record in VendorCall.objects.all()}
    assert set(left) == {paid, new, lost.value.call_id}
    assert left[lost.value.call_id].request is None
    assert (left[paid].raw, left[paid].request, left[paid].record_ids) == (None, None, ["a"])
    assert left[new].raw_answer == b"paid"


def test_the_fingerprint_of_a_request_does_not_depend_on_the_order_of_keys():
    assert hash_request("v", "o", {"a": 1, "b": [2]}) == hash_request("v", "o", {"b": [2], "a": 1})
    assert hash_request("v", "o", {"a": 1}) != hash_request("v", "o", {"a": "1"})


def test_looking_up_calls_uses_indexes():
    call()
    record = only_call()
    by_reference = VendorCall.objects.filter(reference=record.reference, request_hash=record.request_hash)
    assert_index_scan(by_reference.order_by("-attempt"))
    assert_index_scan(VendorCall.objects.defer("raw")[:100])
    assert_index_scan(VendorCall.objects.filter(state=CallState.UNKNOWN)[:100])
    assert_index_scan(VendorCall.objects.filter(vendor="batchdata", operation="property_lookup")[:100])
    assert_index_scan(lambda: unconfirmed_calls(since=NOW, until=NOW + timedelta(days=1)))
    assert_index_scan(lambda: list(billed_records(since=NOW, until=NOW + timedelta(days=1))))
    assert_index_scan(lambda: purge_calls(NOW + timedelta(days=365)))
    assert_index_scan(VendorCall.objects.filter(pk=record.pk))


def test_staff_read_the_calls_and_change_nothing(admin_client):
    call()
    record = only_call()
    found = admin_client.get(reverse("admin:vendors_vendorcall_changelist"), {"q": record.reference})
    assert record.pk in found.content.decode()
    others = admin_client.get(reverse("admin:vendors_vendorcall_changelist"), {"q": "job:2"})
    assert record.pk not in others.content.decode()
    detail = admin_client.get(reverse("admin:vendors_vendorcall_change", args=[record.pk]))
    assert "propertyId" in detail.content.decode()
    assert admin_client.post(reverse("admin:vendors_vendorcall_delete", args=[record.pk])).status_code == 403
    assert admin_client.get(reverse("admin:vendors_vendorcall_add")).status_code == 403
