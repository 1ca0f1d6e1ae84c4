"""Property records as the API reference shows them, and as a careless vendor might send them."""

import json
import random
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from bson import BSON

from atlas_site.lib.http import Answer
from atlas_site.vendors import lenient
from atlas_site.vendors.batchdata import (
    DATASETS,
    PropertyRecord,
    answers,
    extract_dataset,
    groups_of,
    read_trace,
)
from atlas_site.vendors.errors import VendorBadAnswer, VendorError
from properties.datasets import DATASET_INFOS, is_hit, shown_values
from tests.vendors.trees import DATASET_FILES, damage, load_tree, whole_record

MUTATIONS = 5_000
READERS = {
    name: get_type_hints(value.fget)["return"]
    for name, value in vars(PropertyRecord).items()
    if isinstance(value, property)
}


def read_everything(tree) -> int:
    """Take everything out of a record that Atlas ever takes out of one, and return how many values are known.

    Every value is of the type that its reader promises, so that no caller meets the vendor's mistake.
    """
    record, known = PropertyRecord(tree), 0
    for name, promised in READERS.items():
        value = getattr(record, name)
        assert is_of(value, promised), f"{name} is {value!r}"
        known += value is not None and value != ()
    for dataset in DATASET_INFOS:
        assert is_hit(tree, dataset) in (True, False)
        for section in shown_values(tree, dataset):
            for value in section.walk_values():
                assert value.text, "what is shown has a text"
    for dataset in DATASETS:
        assert set(extract_dataset(tree, dataset)) <= set(tree)
    return known


def is_of(value: Any, promised: Any) -> bool:
    """Whether a value is of a type as annotations write it; a yes or no is no number, and a whole number is one."""
    origin, parts = get_origin(promised), get_args(promised)
    if origin in (Union, UnionType):
        return any(is_of(value, part) for part in parts)
    if origin is tuple:
        items = parts[:1] * len(value) if parts[-1] is Ellipsis else parts
        return isinstance(value, tuple) and len(value) == len(items) and all(map(is_of, value, items))
    if origin is Mapping:
        return isinstance(value, Mapping) and all(is_of(k, parts[0]) and is_of(v, parts[1]) for k, v in value.items())
    if promised in (int, float):
        return isinstance(value, int | promised) and not isinstance(value, bool)
    return isinstance(value, promised)


def test_a_core_record_reads_as_the_reference_says():
    record = PropertyRecord(whole_record())
    assert record.property_id == "7c1e4b0d9a"
    assert record.request_id == "row-1"
    assert str(record.address) == "1420 W Palm Ln, Phoenix, AZ 85007"
    assert record.county_fips == "04013"
    assert record.coordinates == (33.4672, -112.0891)
    assert record.owner_name == "Jane Doe"
    assert str(record.mailing_address) == "77 Elm St, Denver, CO 80202"
    assert record.owner_occupied is True
    assert (record.bedrooms, record.bathrooms, record.year_built) == (3, 2.5, 1978)
    assert (record.living_area_square_feet, record.lot_square_feet) == (1640, 7405)
    assert record.last_sale_on == date(2014, 6, 2)
    assert record.last_sale_price == 210_000
    assert (record.estimated_value, record.equity, record.equity_percent) == (396_974, 145_388, 36.6)
    assert record.sale_propensity == 60.4
    assert record.foreclosure_status == "Notice of Default"
    assert [phone.number for phone in record.phones] == ["6025550142", "6025550143", "6025550144"]
    assert record.phones[1].score == 60
    assert [(email.address, email.tested) for email in record.emails] == [("jane.doe@example.com", True)]


def test_a_basic_record_reads_without_the_groups_it_lacks():
    record = PropertyRecord(load_tree("basic"))
    assert record.apn == "123-45-678"
    assert record.owner_occupied is None
    assert record.estimated_value is None
    assert record.signals == {}


def test_keys_that_nobody_knows_are_kept():
    tree = load_tree("core") | {"inventedGroup": {"inventedKey": [1, None]}}
    tree["building"]["inventedKey"] = "kept"
    assert PropertyRecord(tree).raw["inventedGroup"] == {"inventedKey": [1, None]}
    assert extract_dataset(tree, "BASIC")["building"]["inventedKey"] == "kept"


@pytest.mark.parametrize("value", ["2025-10-01", "2025-10-01T23:59:59.999Z", "2025-10-01T00:00:00+02:00"])
def test_both_forms_of_dates_are_read(value):
    assert lenient.day(value) == date(2025, 10, 1)


@pytest.mark.parametrize(
    ("value", "number"),
    [(3, 3), ("3", 3), (3.0, 3), ("2.5", 2.5), ("$1,250.50", 1250.5), ("6.25%", 6.25), ("-4", -4), ("", None),
     ("abc", None), (True, None), (None, None), ([3], None), ("1e999", None), (float("nan"), None), (10**400, None)],
)  # fmt: skip
def test_numbers_come_as_text_and_as_numbers(value, number):
    assert lenient.number(value) == number


@pytest.mark.parametrize(
    ("value", "answer"),
    [(True, True), ("true", True), ("Yes", True), (1, True), (False, False), ("N", False), (0, False), (None, None),
     ("", None), ("maybe", None), (2, None), ({}, None)],
)  # fmt: skip
def test_null_is_never_no(value, answer):
    assert lenient.boolean(value) is answer


def test_a_record_splits_into_datasets_without_overlap_or_loss():
    record = whole_record()
    parts = [extract_dataset(record, dataset) for dataset in DATASETS]
    paths = [path for part in parts for path in leaf_paths(part)]
    assert len(paths) == len(set(paths)), "no value belongs to two datasets"
    sold = {path for path in leaf_paths(record) if path[0] not in ("meta", "images")}
    assert sold == set(paths)


@pytest.mark.parametrize("dataset", DATASETS)
def test_each_example_tree_belongs_to_its_dataset_alone(dataset):
    tree = load_tree(DATASET_FILES[dataset])
    assert extract_dataset(tree, dataset)
    assert [other for other in DATASETS if other != dataset and extract_dataset(tree, other)] == []


def test_contact_keys_of_the_owner_are_no_part_of_a_reveal():
    basic = extract_dataset(whole_record(), "BASIC")
    assert set(basic["owner"]) & {"phoneNumbers", "emails", "litigator", "death"} == set()
    assert "salePropensity" not in basic["intel"]
    assert "mortgages" not in basic["sale"]["lastSale"]


def test_divorce_info_is_no_dataset_of_the_vendor():
    assert groups_of("DIVORCE_INFO") == ()
    assert extract_dataset(whole_record(), "DIVORCE_INFO") == {}


@pytest.mark.parametrize("mutations", [MUTATIONS // 5, pytest.param(MUTATIONS, marks=pytest.mark.faults)])
def test_damaged_records_are_read_as_far_as_they_are_whole(mutations):
    chance = random.Random(20251101)
    trees = [whole_record(), load_tree("basic"), *(load_tree(name) for name in DATASET_FILES.values())]
    whole = [read_everything(tree) for tree in trees]
    assert whole[0] > len(READERS) - 5
    known = damaged_from = 0
    for count in range(mutations):
        tree = damage(trees[count % len(trees)], chance)
        damaged_from += whole[count % len(trees)]
        known += read_everything(tree) if isinstance(tree, dict) else 0
    # One to three of many places were damaged, and that takes little from the others.
    assert 0.9 * damaged_from < known < damaged_from


def test_damaged_skip_traces_are_read_without_an_exception():
    chance = random.Random(7)
    trees = [load_tree("skip_trace_v1"), load_tree("skip_trace_v3")]
    for count in range(MUTATIONS // 2):
        answer = read_trace(damage(trees[count % 2], chance))
        for row in answer.rows:
            assert not (row.failed and row.matched)
            assert all(len(phone.number) == 10 for person in row.persons for phone in person.phones)


def test_damaged_answers_are_read_or_called_bad_and_can_be_stored():
    chance = random.Random(11)
    tree = load_tree("search_answer")
    tree["results"]["properties"] = [load_tree("core"), whole_record()]
    outcomes = {"read": 0, "refused": 0}
    for _ in range(MUTATIONS // 5):
        body = json.dumps(damage(tree, chance)).encode()
        try:
            results = answers.open_envelope(Answer(200, {}, body), root="results", billable=True, repeatable=True)
            page = answers.read_search(results).result
        except VendorError:
            outcomes["refused"] += 1
            continue
        outcomes["read"] += 1
        assert page.billed_count >= 0
        for record in page.records:
            assert BSON.encode({"data": keep_keys_storable(record.raw)})
    assert outcomes["read"] > outcomes["refused"] > 0


def test_the_search_envelope_reads_as_the_reference_says():
    tree = load_tree("search_answer")
    tree["results"]["properties"] = [whole_record(), None, {"address": {}}]
    tree["results"]["meta"]["results"]["resultCount"] = 3
    reading = answers.read_search(tree["results"])
    page = reading.result
    assert (page.total_count, page.billed_count, page.unreadable_count) == (4120, 3, 2)
    assert page.next_cursor == "next-1"
    assert page.session_is_new is True
    assert page.session_delivered_count == 1
    assert page.warnings == ("One filter was adjusted.",)
    assert reading.record_ids == ("7c1e4b0d9a",)
    assert reading.match_count == 1


def test_counts_read_with_numbers_of_either_type():
    count = answers.read_count(load_tree("search_answer")["results"]).result
    assert count.total_count == 4120
    assert count.quicklist_counts == {"vacant": 41, "tax-default": 17}


def test_lookups_are_matched_by_request_id_whatever_the_order():
    first, second = load_tree("core"), load_tree("basic")
    first |= {"_id": "a", "meta": {"requestId": "a"}}
    second |= {"_id": "new-id-of-b", "meta": {"requestId": "b"}}
    stray = load_tree("basic") | {"_id": "nobody-asked"}
    results = {"properties": [stray, second, first], "meta": {"results": {"resultCount": 3}}}
    answer = answers.read_lookup(results, ["a", "b", "c"]).result
    assert answer.records["a"].property_id == "a"
    assert answer.records["b"].property_id == "new-id-of-b"
    assert answer.missing_ids == ("c",)
    assert answer.billed_count == 3


def test_a_lookup_that_found_nothing_is_an_answer():
    answer = answers.read_lookup({"meta": {"results": {"resultCount": 0}}}, ["a"]).result
    assert (answer.records, answer.missing_ids, answer.billed_count) == ({}, ("a",), 0)


def test_records_that_cannot_be_told_apart_are_a_bad_answer():
    with pytest.raises(VendorBadAnswer):
        answers.read_search({"properties": [1, None], "meta": {"results": {"resultCount": 2}}})
    with pytest.raises(VendorBadAnswer):
        answers.read_search({"properties": "none", "meta": {}})


def test_version_1_traces_read_as_the_reference_says():
    answer = read_trace(load_tree("skip_trace_v1"))
    hit, miss = answer.rows
    person = hit.persons[0]
    assert (answer.match_count, answer.no_match_count) == (1, 1)
    assert hit.request_id == "row-1"
    assert str(person.name) == "Jane Q Doe"
    assert [phone.number for phone in person.phones] == ["6025550142", "6025550143"]
    assert person.phones[1].dnc is True
    assert [email.address for email in person.emails] == ["jane.doe@example.com", "jd@example.org", "j@example.net"]
    assert person.is_bankrupt is None
    assert person.is_deceased is False
    assert (miss.matched, miss.persons, miss.address.street) == (False, (), "9 Nowhere Rd")


def test_version_3_traces_read_as_the_reference_says():
    answer = read_trace(load_tree("skip_trace_v3"))
    hit, failure = answer.rows
    owner, other = hit.persons
    assert (hit.request_id, hit.vendor_id) == ("row-1", "7c1e4b0d9a")
    assert [phone.rank for phone in owner.phones] == [1, 2]
    assert owner.mailing_address.street == "77 Elm St"
    assert (owner.is_owner, other.is_owner, other.is_litigator) == (True, False, True)
    assert (failure.position, failure.failed, failure.matched) == (2, True, False)


def test_ranked_things_of_version_3_come_best_first_and_unranked_last():
    tree = load_tree("skip_trace_v3")
    ranks = {"old@example.com": 2, "none@example.com": None, "best@example.com": 1}
    emails = [{"rank": rank, "email": address} for address, rank in ranks.items()]
    tree["result"]["data"][0]["persons"][0] |= {"emails": emails, "phones": ["6025550199", {"number": "6025550198"}]}
    person = read_trace(tree).rows[0].persons[0]
    assert [email.address for email in person.emails] == ["best@example.com", "old@example.com", "none@example.com"]
    assert [phone.number for phone in person.phones] == ["6025550199", "6025550198"]


def test_autocomplete_takes_texts_and_objects():
    items = [
        "Phoenix, AZ",
        {"street": "1 A St", "city": "Mesa", "state": "AZ", "zip": "85201", "_id": "x"},
        None,
        5,
        {},
    ]
    suggestions = answers.read_suggestions({"suggestions": items}).result
    assert [item.text for item in suggestions] == ["Phoenix, AZ", "1 A St, Mesa, AZ 85201", "5"]
    assert suggestions[1].property_id == "x"


def test_the_wallet_reads_exactly():
    assert answers.read_wallet({"balance": 42.5, "currency": "USD"}).result.balance == Decimal("42.5")
    assert answers.read_wallet({"balance": "lots"}).result.balance is None


def test_json_that_the_database_cannot_hold_is_made_to_fit():
    body = b'{"a": 123456789012345678901234567890, "b": NaN, "c": "\\ud800", "d\\u0000": 1, "e": 9223372036854775807}'
    tree = lenient.load_json(body)
    assert tree == {"a": 123456789012345678901234567890.0, "b": None, "c": "?", "d": 1, "e": 2**63 - 1}
    with pytest.raises(ValueError, match=r"nested|recursion|depth"):
        lenient.load_json(b"[" * 200_000)
    assert BSON.encode({"deep": lenient.load_json(b"[" * 300 + b"]" * 300)})


def test_results_are_frozen():
    for result in (answers.SearchPage, answers.SearchCount, answers.LookupAnswer, PropertyRecord):
        assert is_dataclass(result)
        assert result.__dataclass_params__.frozen
        assert fields(result)


def leaf_paths(value, at=()):
    """Walk the paths of a tree that end in something other than an object; nothing and empty objects do not count."""
    for key, item in value.items():
        if isinstance(item, dict):
            yield from leaf_paths(item, (*at, key))
        elif item is not None:
            yield (*at, key)


def keep_keys_storable(value):
    """Lay a record out the way a document keeps it, keys and all, except the empty key of the damage done here."""
    if isinstance(value, dict):
        return {key or "_": keep_keys_storable(item) for key, item in value.items()}
    return [keep_keys_storable(item) for item in value] if isinstance(value, list) else value
