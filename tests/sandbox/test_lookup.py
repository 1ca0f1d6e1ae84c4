"""Known properties are found by id, address, hash or parcel number; what is not found is neither told nor billed."""

from typing import Any

import pytest

from tests.sandbox.conftest import Api


def ways_to_name(record: dict[str, Any]) -> list[dict[str, Any]]:
    address, apn = record["address"], record["ids"]["apn"]
    return [
        {"propertyId": record["_id"]},
        {"hash": address["hash"]},
        {"address": {key: address[key] for key in ("street", "city", "state", "zip")}},
        {"address": {"street": address["street"].upper(), "city": address["city"].lower(), "state": address["state"]}},
        {"apn": apn, "countyFipsCode": address["countyFipsCode"]},
        {"apn": apn, "address": {"state": address["state"], "county": address["county"]}},
    ]


@pytest.mark.parametrize("way", range(6))
def test_a_property_is_found_however_it_is_named(api: Api, way: int) -> None:
    for record in api.market[:20]:
        results = api.lookup(ways_to_name(record)[way], datasets=["basic"])
        assert [found["_id"] for found in results["properties"]] == [record["_id"]]


def test_answers_carry_the_request_ids_and_misses_have_no_element(api: Api) -> None:
    wanted = [
        {"requestId": "one", "propertyId": api.market[1]["_id"]},
        {"requestId": "miss", "propertyId": "0" * 24},
        {"requestId": "three", "address": {"street": "1 Nowhere St", "zip": "85007"}},
        {"requestId": "four", "propertyId": api.market[4]["_id"]},
        {"requestId": "none", "apn": "1"},
    ]
    results = api.lookup(*wanted, datasets=["core"])
    named = {found["meta"]["requestId"]: found["_id"] for found in results["properties"]}
    assert named == {"one": api.market[1]["_id"], "four": api.market[4]["_id"]}
    assert results["meta"]["results"]["resultCount"] == 2
    assert [unit["propertyId"] for unit in api.bill["units"]] == list(named.values())


def test_a_lookup_and_a_search_tell_the_same(api: Api) -> None:
    record = dict(api.market[9])
    (found,) = api.lookup({"propertyId": record["_id"]})["properties"]
    assert {k: v for k, v in found.items() if k != "meta"} == {k: v for k, v in record.items() if k != "meta"}


def test_nothing_found_is_not_billed(api: Api) -> None:
    results = api.lookup({"propertyId": "f" * 24})
    assert results["properties"] == []
    assert api.bill["results_billed"] == 0
    assert api.bill["calls"] == 1


@pytest.mark.parametrize("body", [{}, {"requests": "all"}, {"requests": ["x"]}, {"requests": [{}] * 501}, []])
def test_a_body_that_makes_no_sense_is_a_400(api: Api, body: Any) -> None:
    response = api.call("property/lookup/all-attributes", body)
    assert response.status_code == 400
    assert response.json()["status"]["message"] == "Invalid Request body"
