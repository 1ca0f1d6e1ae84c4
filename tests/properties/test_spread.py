"""A changed copy reaches the rows of all who own the property, each with values of their own datasets only."""

import random
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection

from atlas_site.lib.transactions import run_txn
from atlas_site.vendors.batchdata import PropertyRecord
from properties import tasks
from properties.models import Dataset, Property, PropertyDatasetPermission
from properties.models.records import BEFORE_ALL
from properties.services import rows
from properties.services.records import ROW_VERSION, row_values, store_records
from tests.factories import PropertyDatasetPermissionFactory
from tests.failpoints import HANG_UP, fail_commands

pytestmark = pytest.mark.django_db

OWNERS = 3 * rows.ROWS_A_WRITE + 7


def record(property_id: str, *, value: int = 300_000, beds: int = 3, tax: int = 2_000) -> PropertyRecord:
    return PropertyRecord(
        {
            "_id": property_id,
            "address": {"street": "1 Main St", "city": "Phoenix", "state": "AZ", "zip": "85007"},
            "building": {"bedroomCount": beds, "storyCount": 2},
            "tax": {"taxAmount": tax},
            "valuation": {"estimatedValue": value, "equityPercent": 55, "ltv": 45},
            "quickLists": {"vacant": True, "absenteeOwner": False},
            "listing": {"status": "Active", "price": value},
        }
    )


def own(user, property_id: str, *datasets: str) -> PropertyDatasetPermission:
    copy = Property.objects.filter(property_id=property_id).first()
    values = row_values(PropertyRecord(copy.data), datasets) if copy else {}
    row = PropertyDatasetPermissionFactory.create(user=user, property_id=property_id, datasets=list(datasets), **values)
    row.refresh_from_db()
    return row


def values_of(row: PropertyDatasetPermission) -> dict:
    row.refresh_from_db()
    kept = {"_state", "unlocked", "copy_at"}
    return {name: value for name, value in vars(row).items() if name not in kept}


def marks() -> int:
    return Property.objects.filter(spread_due_at__gt=BEFORE_ALL).count()


def test_a_new_copy_waits_for_nothing_and_the_same_copy_again_neither(unique_id, now):
    for _ in range(2):
        store_records(records=[record(unique_id)], datasets=["BASIC"], now=now)

    assert not rows.is_spread_due()


def test_each_owner_sees_the_change_in_what_they_have_unlocked(alice, bob, unique_id, now):
    store_records(records=[record(unique_id)], datasets=["BASIC", "VALUATION"], now=now)
    hers = own(alice, unique_id, Dataset.BASIC, Dataset.VALUATION)
    his = own(bob, unique_id, Dataset.BASIC)

    store_records(records=[record(unique_id, value=350_000, beds=4)], datasets=["BASIC", "VALUATION"], now=now)
    assert rows.is_spread_due()
    assert rows.spread_due_copies() == 1

    hers.refresh_from_db()
    his.refresh_from_db()
    assert (hers.estimated_value, hers.bedroom_count) == (350_000, 4)
    assert (his.estimated_value, his.bedroom_count) == (None, 4)
    assert "ltv" in hers.facts
    assert "ltv" not in his.facts
    assert hers.signals == his.signals == []
    assert not rows.is_spread_due()


@pytest.mark.parametrize("dataset", [each for each in Dataset if each != Dataset.BASIC])
def test_what_alice_unlocks_changes_nothing_for_bob(alice, bob, unique_id, now, dataset):
    bare = {"_id": unique_id, "address": record(unique_id).raw["address"]}
    store_records(records=[PropertyRecord(bare)], datasets=["BASIC"], now=now)
    his = own(bob, unique_id, Dataset.BASIC)
    before = values_of(his)

    own(alice, unique_id, Dataset.BASIC, dataset)
    told = {key: value for key, value in record(unique_id).raw.items() if key not in {"building", "tax"}}
    store_records(records=[PropertyRecord(told)], datasets=[dataset], now=now)
    assert rows.spread_due_copies() == 1

    assert values_of(his) == before


def test_a_spread_row_is_what_filling_it_gives(alice, unique_id, now):
    store_records(records=[record(unique_id)], datasets=Dataset.values, now=now)
    hers = own(alice, unique_id, *Dataset.values)
    store_records(records=[record(unique_id, beds=5)], datasets=Dataset.values, now=now)
    rows.spread_due_copies()
    spread = values_of(hers)

    filled = own(alice, unique_id + "x")
    wanted = row_values(record(unique_id, beds=5), Dataset.values)
    PropertyDatasetPermission.objects.filter(pk=filled.pk).update(**wanted)
    again = values_of(filled)

    assert {name: spread[name] for name in wanted} == {name: again[name] for name in wanted}
    assert spread["signals"] == ["vacant"]
    assert spread["absent_signals"] == ["absentee-owner"]


def test_all_of_many_owners_are_reached_after_a_kill_in_the_middle(unique_id, now, make_user):
    store_records(records=[record(unique_id)], datasets=["BASIC"], now=now)
    user = make_user()
    PropertyDatasetPermission.objects.bulk_create(
        PropertyDatasetPermissionFactory.build(
            user_id=user.pk.__class__(), property_id=unique_id, datasets=[Dataset.BASIC], bedroom_count=3
        )
        for _ in range(OWNERS)
    )
    store_records(records=[record(unique_id, beds=6)], datasets=["BASIC"], now=now)
    reached = PropertyDatasetPermission.objects.filter(property_id=unique_id, bedroom_count=6)
    original, calls = rows._write_rows, []

    class Killed(BaseException):
        """What ends a worker at this point."""

    def die_at_the_third(*arguments):
        calls.append(1)
        if len(calls) == 3:
            raise Killed
        return original(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "_write_rows", die_at_the_third)
        with pytest.raises(Killed):
            rows.spread_due_copies()
    assert 0 < reached.count() < OWNERS
    assert rows.is_spread_due()

    assert rows.spread_due_copies() == 1
    assert reached.count() == OWNERS
    assert not rows.is_spread_due()


def test_a_server_that_hangs_up_in_the_middle_is_asked_again(alice, unique_id, now):
    store_records(records=[record(unique_id)], datasets=["BASIC"], now=now)
    hers = own(alice, unique_id, Dataset.BASIC)
    store_records(records=[record(unique_id, beds=6)], datasets=["BASIC"], now=now)

    with fail_commands(connection.connection, "update", times=3, **HANG_UP) as fault:
        assert rows.spread_due_copies() == 1
    assert fault.count == 3
    assert not rows.is_spread_due()
    hers.refresh_from_db()
    assert hers.bedroom_count == 6


def test_a_copy_that_changes_while_it_is_spread_keeps_its_mark(alice, unique_id, now):
    store_records(records=[record(unique_id)], datasets=["BASIC"], now=now)
    hers = own(alice, unique_id, Dataset.BASIC)
    store_records(records=[record(unique_id, beds=6)], datasets=["BASIC"], now=now)
    original = rows._take_marks_away

    def store_before(copies):
        store_records(records=[record(unique_id, beds=7)], datasets=["BASIC"], now=now)  # in the same millisecond
        original(copies)
        patch.undo()

    patch = pytest.MonkeyPatch()
    patch.setattr(rows, "_take_marks_away", store_before)
    rows.spread_due_copies()
    assert rows.is_spread_due()

    rows.spread_due_copies()
    hers.refresh_from_db()
    assert hers.bedroom_count == 7
    assert not rows.is_spread_due()


def test_a_row_that_gets_a_dataset_meanwhile_loses_nothing(alice, unique_id, now):
    store_records(records=[record(unique_id)], datasets=["BASIC", "VALUATION"], now=now)
    hers = own(alice, unique_id, Dataset.BASIC)
    store_records(records=[record(unique_id, beds=6)], datasets=["BASIC"], now=now)
    original = rows._write_rows

    def unlock_before(*arguments):
        datasets = [Dataset.BASIC, Dataset.VALUATION]
        values = row_values(record(unique_id), datasets)
        PropertyDatasetPermission.objects.filter(pk=hers.pk).update(datasets=datasets, **values)
        patch.undo()
        return original(*arguments)

    patch = pytest.MonkeyPatch()
    patch.setattr(rows, "_write_rows", unlock_before)
    assert rows.spread_due_copies() == 0
    hers.refresh_from_db()
    assert hers.facts["ltv"] == 45
    assert rows.is_spread_due()

    assert rows.spread_due_copies() == 1
    hers.refresh_from_db()
    assert (hers.bedroom_count, hers.estimated_value) == (6, 300_000)


def test_rows_of_an_earlier_version_are_filled_again_part_by_part(alice, bob, unique_id, now):
    ids = [f"{unique_id}-{number}" for number in range(30)]
    store_records(records=[record(each) for each in ids], datasets=["BASIC"], now=now)
    made = [own(random.Random(each).choice([alice, bob]), each, Dataset.BASIC) for each in ids]
    orphan = PropertyDatasetPermissionFactory.create(user=bob, property_id=unique_id, bedroom_count=2, row_version=0)
    PropertyDatasetPermission.objects.filter(pk__in=[row.pk for row in made[::2]]).update(row_version=0, facts={})
    cache.clear()

    refilled = [rows.refill_old_rows(limit=10) for _ in range(5)]

    assert sum(refilled) == 16
    assert max(refilled) <= 10
    stored = PropertyDatasetPermission.objects.filter(property_id__in=ids)
    assert {row.row_version for row in stored} == {ROW_VERSION}
    assert {row.facts["stories"] for row in stored} == {2}
    orphan.refresh_from_db()
    assert (orphan.bedroom_count, orphan.row_version) == (2, ROW_VERSION)


def test_the_stack_is_set_by_source_and_added_up(alice, bob, unique_id):
    hers, his = own(alice, unique_id, Dataset.BASIC), own(bob, unique_id, Dataset.BASIC)
    rows.set_stack(alice.pk, "lists", {unique_id: 3, "not hers": 1})
    run_txn(lambda: rows.set_stack(alice.pk, "searches", {unique_id: 1}))
    hers.refresh_from_db()
    assert (hers.stacked, hers.stack_count) == ({"lists": 3, "searches": 1}, 4)

    rows.set_stack(alice.pk, "lists", {unique_id: 0})
    hers.refresh_from_db()
    his.refresh_from_db()
    assert hers.stack_count == 1
    assert his.stack_count == 0


def test_a_stack_of_a_transaction_that_fails_is_not_set(alice, unique_id):
    hers = own(alice, unique_id, Dataset.BASIC)

    def work():
        rows.set_stack(alice.pk, "lists", {unique_id: 3})
        raise ValueError

    with pytest.raises(ValueError):
        run_txn(work)
    hers.refresh_from_db()
    assert hers.stack_count == 0


def test_marks_are_spread_oldest_first_and_so_many_at_a_time(alice, unique_id, now):
    ids = [f"{unique_id}-{number}" for number in range(5)]
    store_records(records=[record(each) for each in ids], datasets=["BASIC"], now=now)
    for number, each in enumerate(ids):
        own(alice, each, Dataset.BASIC)
        store_records(records=[record(each, beds=9)], datasets=["BASIC"], now=now + timedelta(seconds=number))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "COPIES_A_BATCH", 2)
        assert rows.spread_due_copies(limit=2) == 2
    assert marks() == 3
    spread = PropertyDatasetPermission.objects.filter(user=alice, bedroom_count=9)
    assert {row.property_id for row in spread} == set(ids[:2])


def test_the_sweep_spreads_what_changed_and_fills_what_is_old(alice, unique_id, now):
    store_records(records=[record(unique_id)], datasets=["BASIC"], now=now)
    hers = own(alice, unique_id, Dataset.BASIC)
    PropertyDatasetPermission.objects.filter(pk=hers.pk).update(row_version=0, address_key=None)
    store_records(records=[record(unique_id, beds=8)], datasets=["BASIC"], now=now)
    cache.clear()

    tasks.spread_due_copies()

    hers.refresh_from_db()
    assert (hers.bedroom_count, hers.row_version) == (8, ROW_VERSION)
    assert hers.address_key == "1 main st phoenix az 85007"
    assert hers.facts["stories"] == 2
