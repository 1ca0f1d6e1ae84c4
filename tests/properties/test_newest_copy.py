"""The newest copy wins: whoever reads an older one, or is told an older answer again, writes nothing over it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from atlas_site.mongodb.documents import collection_of
from atlas_site.vendors import batchdata
from atlas_site.vendors.batchdata import PropertyRecord
from properties.models import Dataset, Property, PropertyDatasetPermission, PropertyJob
from properties.search.form import read_query
from properties.services import jobs, pages, refreshes, reveals, rows, runner, unlocks
from properties.services.records import note_nothing_found, store_records
from tests.properties.test_spread import own, record

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """What ends a worker at this point."""


def copy_of(property_id: str) -> Property:
    return Property.objects.get(property_id=property_id)


def with_value(property_id: str, value: int) -> PropertyRecord:
    """The stored record with another estimate."""
    data = copy_of(property_id).data
    return PropertyRecord({**data, "_id": property_id, "valuation": {**data["valuation"], "estimatedValue": value}})


def test_a_spread_that_is_overtaken_by_another_leaves_the_newer_values(alice, unique_id, now, monkeypatch):
    store_records(records=[record(unique_id, beds=3)], datasets=["BASIC"], now=now)
    hers = own(alice, unique_id, Dataset.BASIC)
    store_records(records=[record(unique_id, beds=4)], datasets=["BASIC"], now=now)
    original, calls = rows._write_rows, []

    def be_overtaken(batch, values):
        batch = list(batch)
        if not calls:
            calls.append(1)
            store_records(records=[record(unique_id, beds=5)], datasets=["BASIC"], now=now)
            assert rows.spread_due_copies() == 1
        return original(batch, values)

    monkeypatch.setattr(rows, "_write_rows", be_overtaken)
    rows.spread_due_copies()

    hers.refresh_from_db()
    assert (hers.bedroom_count, hers.copy_at) == (5, copy_of(unique_id).updated_at)
    assert not rows.is_spread_due()


def test_a_spread_that_is_overtaken_moves_no_row_back_on_the_map(alice, unique_id, now, monkeypatch):
    def at(latitude: float) -> PropertyRecord:
        raw = record(unique_id).raw
        place = {**raw["address"], "latitude": latitude, "longitude": -112.07}
        return PropertyRecord({**raw, "address": place})

    store_records(records=[at(33.1)], datasets=["BASIC"], now=now)
    hers = own(alice, unique_id, Dataset.BASIC)
    store_records(records=[at(33.2)], datasets=["BASIC"], now=now)
    original = rows.move_row

    def be_overtaken(row, values):
        patch.undo()
        store_records(records=[at(33.3)], datasets=["BASIC"], now=now)
        rows.spread_due_copies()
        return original(row, values)

    patch = pytest.MonkeyPatch()
    patch.setattr(rows, "move_row", be_overtaken)
    rows.spread_due_copies()

    hers.refresh_from_db()
    assert hers.latitude == 33.3
    assert not rows.is_spread_due()


def test_an_unlock_and_a_refresh_fill_the_row_from_a_copy_that_came_just_before_they_settle(
    alice, fund, reveal, phoenix, now, sandbox
):
    fund(alice)
    reveal(alice, phoenix, 1)
    hers = PropertyDatasetPermission.objects.get(user=alice)
    steps = (
        (unlocks, unlocks.quote_unlock, timedelta(0), 123_456),
        (refreshes, refreshes.quote_refresh, timedelta(days=1), 654_321),
    )
    for module, quote_it, later, value in steps:
        at = timezone.now() + later
        quote = quote_it(user=alice, permission=hers, datasets=["VALUATION"], back_url="/", now=at)
        job = jobs.accept_quote(user=alice, quote_id=quote.pk, now=at)
        original = module.run_txn

        def store_before(work, original=original, value=value, at=at, **options):
            answer = with_value(hers.property_id, value)
            store_records(records=[answer], datasets=["VALUATION"], now=at + timedelta(hours=1))
            rows.spread_due_copies()
            return original(work, **options)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "run_txn", store_before)
            runner.run_job(job_id=str(job.pk), now=lambda at=at: at)

        assert PropertyJob.objects.get(pk=job.pk).state == "done"
        hers.refresh_from_db()
        assert (hers.estimated_value, hers.copy_at) == (value, copy_of(hers.property_id).updated_at)


def test_a_copy_that_changes_while_a_page_is_settled_reaches_its_new_rows(alice, fund, phoenix, now, sandbox):
    fund(alice)
    quote = reveals.quote_reveal(user=alice, query=phoenix, count=1, total=None, back_url="/", now=now)
    job = jobs.accept_quote(user=alice, quote_id=quote.pk, now=now)
    original = pages.run_txn

    def store_before(work, **options):
        patch.undo()
        found = Property.objects.order_by("-pk").first()
        raw = {**found.data, "building": {**found.data["building"], "bedroomCount": 17}}
        store_records(records=[PropertyRecord(raw)], datasets=["BASIC"], now=now + timedelta(hours=1))
        assert rows.spread_due_copies() == 1
        return original(work, **options)

    patch = pytest.MonkeyPatch()
    patch.setattr(pages, "run_txn", store_before)
    runner.run_job(job_id=str(job.pk), now=lambda: now)

    hers = PropertyDatasetPermission.objects.get(user=alice)
    assert (hers.bedroom_count, hers.copy_at) == (17, copy_of(hers.property_id).updated_at)


def test_an_answer_that_is_read_again_later_replaces_no_newer_one_and_is_dated_when_it_came(
    alice, bob, fund, now, sandbox
):
    fund(alice)
    fund(bob)
    query = read_query({"q": ["85007"]})
    quote = reveals.quote_reveal(user=alice, query=query, count=1, total=None, back_url="/", now=now)
    hers = jobs.accept_quote(user=alice, quote_id=quote.pk, now=now)

    def die(**_options):
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "store_records", die)
        with pytest.raises(Killed):
            runner.run_job(job_id=str(hers.pk), now=lambda: now)
    looked = batchdata.search_properties(
        query.criteria(), take=1, cursor="", datasets=["BASIC"], reference=None, user_id=bob.pk, now=now
    )
    property_id = looked.records[0].property_id
    sandbox.patch(property_id, {"owner": {"fullName": "New Owner"}})
    later = now + timedelta(hours=5)
    quote = reveals.quote_reveal(user=bob, query=query, count=1, total=None, back_url="/", now=later)
    his = jobs.accept_quote(user=bob, quote_id=quote.pk, now=later)
    runner.run_job(job_id=str(his.pk), now=lambda: later)
    fetched_at = copy_of(property_id).answer_of("BASIC").at

    runner.run_job(job_id=str(hers.pk), now=lambda: later + timedelta(hours=1))
    rows.spread_due_copies()

    assert copy_of(property_id).answer_of("BASIC").at == fetched_at
    assert copy_of(property_id).data["owner"]["fullName"] == "New Owner"
    owners = PropertyDatasetPermission.objects.filter(property_id=property_id)
    assert {row.user_id: row.owner_name for row in owners} == dict.fromkeys((alice.pk, bob.pk), "New Owner")


def test_an_answer_that_is_read_again_tells_when_it_came(alice, phoenix, now, sandbox):
    def ask(at):
        return batchdata.search_properties(
            phoenix.criteria(), take=1, cursor="", datasets=["BASIC"], reference="again", user_id=alice.pk, now=at
        )

    first, again = ask(now), ask(now + timedelta(hours=3))

    assert (first.replayed, again.replayed) == (False, True)
    assert now <= first.answered_at < now + timedelta(minutes=1)
    assert abs(again.answered_at - first.answered_at) < timedelta(milliseconds=1)


def test_an_older_answer_only_adds_what_the_copy_does_not_hold(unique_id, now):
    raw = {"_id": unique_id, "valuation": {"estimatedValue": 2}, "address": {"street": "2 New St", "city": "Phoenix"}}
    store_records(records=[PropertyRecord(raw)], datasets=["BASIC", "VALUATION"], now=now)
    kept = copy_of(unique_id)
    older = now - timedelta(hours=1)
    raw = {
        "_id": unique_id,
        "valuation": {"estimatedValue": 1},
        "address": {"street": "1 Old St", "city": "Mesa", "state": "AZ"},
        "owner": {"fullName": "Jo Doe"},
        "listing": {"status": "Sold"},
    }
    store_records(records=[PropertyRecord(raw)], datasets=["BASIC", "VALUATION", "LISTING"], now=older)

    held = copy_of(unique_id)
    assert held.data["valuation"] == {"estimatedValue": 2}
    assert (held.address, held.city, held.data["address"]) == ("2 New St", "Phoenix", kept.data["address"])
    assert held.data["owner"] == {"fullName": "Jo Doe"}
    assert held.data["listing"] == {"status": "Sold"}
    assert (held.answer_of("VALUATION").at, held.answer_of("LISTING").at) == (now, older)
    assert held.updated_at > kept.updated_at
    assert held.spread_due_at == held.updated_at


def test_an_answer_about_one_dataset_is_not_old_because_another_was_asked_for_later(unique_id, now):
    people = {"_id": unique_id, "owner": {"phoneNumbers": [{"number": "6025550142"}]}}
    first = {"_id": unique_id, "owner": {"fullName": "Jo Doe"}}
    store_records(records=[PropertyRecord(first)], datasets=["BASIC"], now=now - timedelta(hours=2))
    store_records(records=[PropertyRecord(people)], datasets=["CONTACT"], now=now)
    second = {"_id": unique_id, "owner": {"fullName": "Ann Roe"}}
    store_records(records=[PropertyRecord(second)], datasets=["BASIC"], now=now - timedelta(hours=1))

    assert copy_of(unique_id).data["owner"] == {"fullName": "Ann Roe", **people["owner"]}


def test_an_older_no_does_not_replace_a_newer_yes(unique_id, now):
    store_records(records=[record(unique_id)], datasets=["VALUATION"], now=now)
    note_nothing_found(property_id=unique_id, datasets=["VALUATION", "DEED"], now=now - timedelta(hours=1))

    held = copy_of(unique_id)
    assert (held.answer_of("VALUATION").at, held.answer_of("VALUATION").hit) == (now, True)
    assert (held.answer_of("DEED").at, held.answer_of("DEED").hit) == (now - timedelta(hours=1), False)


@pytest.mark.parametrize("noted", [None, "a text", {"BASIC": None}, {"BASIC": {"at": 5}}, {"BASIC": {"at": "once"}}])
def test_whatever_another_program_noted_an_answer_is_stored(unique_id, now, noted):
    Property.objects.create(property_id=unique_id, data={}, asked=noted or {})
    if not isinstance(noted, dict):
        collection_of(Property).update_one({"propertyId": unique_id}, {"$set": {"asked": noted, "updatedAt": noted}})
    store_records(records=[record(unique_id)], datasets=["BASIC"], now=now)

    assert copy_of(unique_id).answer_of("BASIC").at == now
    assert copy_of(unique_id).data["building"]["bedroomCount"] == 3
