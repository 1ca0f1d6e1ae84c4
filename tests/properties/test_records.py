"""The shared copy of a record: merged group by group, nothing of another dataset lost, any key kept."""

import random

import pytest
from django.utils import timezone

from atlas_site.vendors.batchdata import PropertyRecord
from properties.models import Dataset, Property
from properties.services.records import row_values, store_records
from tests.vendors.trees import damage, whole_record

pytestmark = pytest.mark.django_db


def store(raw: dict, *datasets: str) -> Property:
    store_records(records=[PropertyRecord(raw)], datasets=datasets, now=timezone.now())
    return Property.objects.get(property_id=raw["_id"])


def test_a_later_dataset_keeps_what_an_earlier_one_brought(unique_id):
    store({"_id": unique_id, "owner": {"fullName": "Jo Doe"}, "address": {"city": "Phoenix"}}, "BASIC")
    held = store({"_id": unique_id, "owner": {"phoneNumbers": [{"number": "6025550142"}]}}, "CONTACT")

    assert held.data["owner"] == {"fullName": "Jo Doe", "phoneNumbers": [{"number": "6025550142"}]}
    assert held.city == "Phoenix"
    assert set(held.asked) == {"BASIC", "CONTACT"}


def test_loans_of_a_sale_survive_a_new_fetch_of_the_sale(unique_id):
    loans = [{"loanAmount": 168000}]
    store({"_id": unique_id, "sale": {"lastSale": {"mortgages": loans}}}, "MORTGAGE_LIENS")
    held = store({"_id": unique_id, "sale": {"lastSale": {"price": 210000}}}, "BASIC")

    assert held.data["sale"] == {"lastSale": {"mortgages": loans, "price": 210000}}


def test_a_group_that_the_vendor_sends_again_is_replaced_whole(unique_id):
    store({"_id": unique_id, "foreclosure": {"status": "Notice of Sale", "auctionDate": "2026-12-01"}}, "FORECLOSURE")
    held = store({"_id": unique_id, "foreclosure": {"status": "Foreclosure Canceled"}}, "FORECLOSURE")

    assert held.data["foreclosure"] == {"status": "Foreclosure Canceled"}


def test_keys_that_the_database_cannot_hold_are_kept_in_a_form_that_it_can(unique_id):
    held = store({"_id": unique_id, "valuation": {"a.b": 1, "$set": {"$x": 2}}, "un.known": [{"$y": 3}]}, "VALUATION")

    assert held.data["valuation"] == {"a．b": 1, "＄set": {"＄x": 2}}
    assert held.data["un．known"] == [{"＄y": 3}]


def test_whatever_json_can_hold_is_kept(unique_id):
    deep: dict = {}
    for _ in range(120):
        deep = {"in": deep}
    raw = {"_id": unique_id, "big": 2**70, "half": "\ud800 x", "": 1, "n\0l": 2, "deep": deep, "sale": "no object"}
    store(raw, "BASIC")
    held = store({"_id": unique_id, "sale": {"lastSale": {"price": 1}}}, "BASIC")

    assert held.data["big"] == str(2**70)
    assert held.data["half"] == "\\ud800 x"
    assert held.data["sale"] == {"lastSale": {"price": 1}}
    assert {"_", "n\ufffdl", "deep"} <= set(held.data)


def test_storing_the_same_twice_changes_nothing_but_the_time(unique_id):
    raw = {"_id": unique_id, "valuation": {"estimatedValue": 300000}}
    first = store(raw, "VALUATION")
    second = store(raw, "VALUATION")

    assert first.pk == second.pk
    assert first.data == second.data


def test_a_row_takes_values_of_unlocked_datasets_only(unique_id):
    record = PropertyRecord({"_id": unique_id, "valuation": {"estimatedValue": 1}, "listing": {"status": "Active"}})

    assert "estimated_value" not in row_values(record, [Dataset.BASIC])
    always = {"facts", "signals", "absent_signals", "row_version"}
    assert row_values(record, [Dataset.VALUATION]).keys() == always | {"estimated_value", "equity_percent"}
    assert row_values(record, [Dataset.LISTING]).keys() == always | {"listing_status"}


@pytest.mark.parametrize("count", [100, pytest.param(500, marks=pytest.mark.faults)])
def test_damaged_records_are_stored_and_read_without_an_exception(count):
    chance = random.Random(7)
    stored = 0
    for _ in range(count):
        damaged = PropertyRecord(damage(whole_record(), chance))
        if isinstance(damaged.raw, dict) and damaged.property_id:
            store_records(records=[damaged], datasets=Dataset.values, now=timezone.now())
            row_values(damaged, Dataset.values)
            stored += 1

    assert stored > 0.6 * count
    assert Property.objects.filter(property_id=whole_record()["_id"]).exists()
