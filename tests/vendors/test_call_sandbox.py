"""The gateway against the sandbox: real pages, real bills, and each fault it can be asked for."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from atlas_site.vendors import batchdata
from atlas_site.vendors.batchdata import DATASETS, SearchSession, build_criteria
from atlas_site.vendors.batchdata.datasets import wire_names
from atlas_site.vendors.errors import (
    VendorBadAnswer,
    VendorMisconfigured,
    VendorOutcomeUnknown,
    VendorUnavailable,
    VendorWalletEmpty,
)
from atlas_site.vendors.models import CallState, VendorCall
from atlas_site.vendors.selectors import billed_records, unconfirmed_calls
from properties.datasets import is_hit, shown_values

pytestmark = pytest.mark.django_db

ALL_DATASETS = list(DATASETS)
EVERYWHERE = {"query": "US"}


@pytest.fixture
def some_ids(sandbox) -> list[str]:
    """Ids of properties of the market, found without the gateway's help being counted by a test."""
    page = batchdata.search_properties(EVERYWHERE, take=5, datasets=["BASIC"], reference=None)
    sandbox.seen += len(sandbox.billed_units())
    VendorCall.objects.all().delete()
    return [record.property_id for record in page.records]


def search(reference, **options):
    name = uuid4().hex
    defaults = {"take": 10, "datasets": ["BASIC"], "session": SearchSession(name, name)}
    return batchdata.search_properties(EVERYWHERE, reference=reference, **(defaults | options))


def look_up(ids, reference=None, datasets=("DEED",)):
    return batchdata.lookup_properties(ids, datasets=list(datasets), reference=reference or uuid4().hex)


def test_a_whole_session_delivers_each_record_once(sandbox):
    criteria = build_criteria(query="US", filters={"building.bedroomCount": {"min": 5}})
    name = uuid4().hex
    total = batchdata.count_properties(criteria).total_count
    pages = []
    for number in range(1, 5):
        page = batchdata.search_properties(
            criteria,
            take=20,
            datasets=["BASIC"],
            session=SearchSession(name, f"{name}-{number}"),
            reference=f"{name}:{number}",
        )
        pages.append(page)
    ids = [record.property_id for page in pages for record in page.records]
    assert total > 80
    assert len(ids) == len(set(ids)) == 80
    assert pages[0].total_count == total
    assert pages[0].session_is_new is True
    assert pages[-1].session_delivered_count == 80
    assert all(record.bedrooms >= 5 for page in pages for record in page.records)
    assert Counter(unit["propertyId"] for unit in sandbox.billed_units()) == Counter(ids)


def test_cursor_pages_follow_each_other(sandbox):
    first = search("cursor:1", session=None, cursor="")
    second = search("cursor:2", session=None, cursor=first.next_cursor)
    ids = {record.property_id for page in (first, second) for record in page.records}
    assert len(ids) == 20


def test_every_dataset_of_the_sandbox_is_read_and_shown(sandbox):
    page = search("all", datasets=ALL_DATASETS, take=100)
    assert len(page.records) == 100
    hits = Counter()
    for record in page.records:
        assert record.property_id
        assert record.address.state
        assert record.coordinates
        for dataset in DATASETS:
            shown_values(record.raw, dataset)
            hits[dataset] += is_hit(record.raw, dataset)
    assert set(hits) == set(DATASETS)
    assert all(hits[dataset] > 0 for dataset in DATASETS), hits
    assert any(hits[dataset] < 100 for dataset in DATASETS), "some properties have nothing to tell"


def test_a_lookup_finds_by_id_and_names_what_is_missing(sandbox, some_ids):
    answer = look_up([*some_ids, "no-such-property"], datasets=["DEED", "VALUATION"])
    assert set(answer.records) == set(some_ids)
    assert answer.missing_ids == ("no-such-property",)
    assert answer.billed_count == len(some_ids)
    for property_id, record in answer.records.items():
        assert record.property_id == property_id
        assert "building" not in record.raw, "only what was asked for came"


def test_counts_cost_nothing_and_name_signals(sandbox):
    counted = batchdata.count_properties(EVERYWHERE, quicklist_counts=True)
    assert counted.total_count > 1000
    assert 0 < counted.quicklist_counts["vacant"] < counted.total_count
    assert sandbox.billed_units() == []


def test_a_typed_place_is_completed(sandbox, some_ids):
    record = look_up(some_ids[:1], datasets=["BASIC"]).records[some_ids[0]]
    suggestions = batchdata.autocomplete(record.address.city[:4])
    assert record.address.city in " ".join(suggestion.text for suggestion in suggestions)


def test_the_wallet_goes_down_with_each_record(sandbox):
    before = batchdata.wallet_balance().balance
    search("wallet")
    assert batchdata.wallet_balance().balance < before


def test_our_records_and_the_vendors_bill_agree_record_by_record(sandbox, some_ids):
    since = timezone.now() - timedelta(seconds=1)
    search("page:1", datasets=["BASIC", "VALUATION"])
    look_up(some_ids, datasets=["CONTACT"])
    look_up(["no-such-property"])
    batchdata.count_properties(EVERYWHERE)
    ours = Counter(
        (billed.property_id, frozenset(wire_names(billed.datasets)), billed.vendor_request_id)
        for billed in billed_records(since=since, until=timezone.now())
    )
    theirs = Counter(
        (unit["propertyId"], frozenset(unit["datasets"]), unit["requestId"]) for unit in sandbox.billed_units()
    )
    assert ours == theirs
    assert len(ours) == 15
    assert unconfirmed_calls(since=since, until=timezone.now()) == []


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("wallet-empty", VendorWalletEmpty),
        ("permission", VendorMisconfigured),
        ("500", VendorOutcomeUnknown),
        ("502", VendorOutcomeUnknown),
        ("504", VendorOutcomeUnknown),
        ("status-code", VendorOutcomeUnknown),
        ("empty-body", VendorBadAnswer),
        ("wrong-schema", VendorBadAnswer),
        ("cut-body", VendorOutcomeUnknown),
        ("timeout-after-work", VendorOutcomeUnknown),
    ],
)
def test_each_fault_of_a_lookup_is_told_apart_and_never_repeated(sandbox, some_ids, mode, error):
    sandbox.will_fail("*", mode)
    with pytest.raises(error) as caught:
        look_up(some_ids, reference="unlock:1")
    record = VendorCall.objects.get()
    assert caught.value.call_id == record.pk
    assert record.state in (CallState.FAILED, CallState.UNKNOWN)
    billed = len(sandbox.billed_units())
    if billed:
        assert record.may_be_billed, "what the vendor billed is never thought to be free"
    if record.may_be_billed:
        with pytest.raises(VendorOutcomeUnknown):
            look_up(some_ids, reference="unlock:1")
        assert len(sandbox.billed_units()) == billed, "one paid call at most"
    else:
        assert look_up(some_ids, reference="unlock:1").billed_count == len(some_ids)


@pytest.mark.parametrize("mode", ["429", "429-retry-after", "500", "502", "504", "status-code", "empty-body",
                                  "wrong-schema", "cut-body", "timeout-after-work"])  # fmt: skip
def test_each_fault_of_a_search_in_a_session_heals_and_is_billed_once(sandbox, mode):
    sandbox.will_fail("*", mode, times=2)
    page = search(f"heals:{mode}")
    assert len(page.records) == 10
    assert VendorCall.objects.filter(reference=f"heals:{mode}").count() == 3
    units = Counter(unit["propertyId"] for unit in sandbox.billed_units())
    assert units == Counter(record.property_id for record in page.records)


def test_a_slow_vendor_is_waited_for(sandbox):
    sandbox.will_fail("*", "slow", seconds=0.5)
    assert len(search("slow").records) == 10


def test_a_vendor_that_stays_down_is_given_up_without_a_charge(sandbox):
    sandbox.will_fail("*", "429", times=20)
    with pytest.raises(VendorUnavailable):
        search("down")
    assert sandbox.billed_units() == []
    assert not VendorCall.objects.filter(may_be_billed=True).exists()


def test_a_crashed_worker_reads_the_stored_page_and_pays_once(sandbox):
    session = SearchSession(uuid4().hex, "page-1")
    first = search("job:7:page:1", session=session)
    again = search("job:7:page:1", session=session, now=datetime.now(UTC) + timedelta(hours=1))
    assert again.replayed
    assert [record.raw for record in again.records] == [record.raw for record in first.records]
    assert len(sandbox.billed_units()) == 10
