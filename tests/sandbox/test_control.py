"""What tests tell the sandbox: records changed and removed, the clock moved, another market, a clean start."""

import logging
from datetime import timedelta
from typing import Any

import pytest
import requests

from tests.sandbox.conftest import SEED, SIZE, Api


def listed_record(api: Api) -> dict[str, Any]:
    return next(
        r for r in api.market if (r.get("listing") or {}).get("status") == "Active" and r["listing"].get("price")
    )


def test_a_patched_record_shows_and_is_searched_by_its_new_values(api: Api) -> None:
    record = listed_record(api)
    id_filter = {"ids": {"propertyId": {"equals": record["_id"]}}}
    patched = api.control(f"records/{record['_id']}", {"listing": {"status": "Pending", "statusCategory": "Pending"}})
    assert patched["listing"]["status"] == "Pending"
    assert patched["listing"]["price"] == record["listing"]["price"]
    (found,) = api.lookup({"propertyId": record["_id"]}, datasets=["listing", "quicklist"])["properties"]
    assert found["listing"]["status"] == "Pending"
    assert (found["quickLists"]["pendingListing"], found["quickLists"]["activeListing"]) == (True, False)
    assert api.count({**id_filter, "listing": {"status": {"equals": "Pending"}}}) == 1
    assert api.count({**id_filter, "listing": {"status": {"equals": "Active"}}}) == 0
    assert api.count({**id_filter, "quickLists": ["pending-listing"]}) == 1


def test_a_patch_can_give_a_record_what_it_never_had(api: Api) -> None:
    record = next(r for r in api.market if "foreclosure" not in r and r.get("quickLists", {}).get("ownerOccupied"))
    filing = {"status": "Notice of Default", "statusCode": "G", "recordingDate": api.today.isoformat()}
    api.control(f"records/{record['_id']}", {"foreclosure": filing})
    criteria = {"ids": {"propertyId": {"equals": record["_id"]}}, "quickLists": ["notice-of-default"]}
    assert api.count(criteria) == 1
    api.control(f"records/{record['_id']}", method="DELETE")
    assert api.count(criteria) == 0


def test_null_takes_a_group_away_so_that_a_dataset_is_empty(api: Api) -> None:
    record = listed_record(api)
    api.control(f"records/{record['_id']}", {"listing": None, "valuation": {"estimatedValue": None}})
    (found,) = api.lookup({"propertyId": record["_id"]}, datasets=["listing", "valuation"])["properties"]
    assert "listing" not in found
    assert "estimatedValue" not in found["valuation"]
    criteria = {"ids": {"propertyId": {"equals": record["_id"]}}, "valuation": {"estimatedValue": {"min": 0}}}
    assert api.count(criteria) == 0


def test_a_second_patch_lies_over_the_first(api: Api) -> None:
    name = api.market[3]["_id"]
    api.control(f"records/{name}", {"general": {"vacant": True, "parcelCount": 5}})
    api.control(f"records/{name}", {"general": {"parcelCount": 6}})
    general = api.control(f"records/{name}", method="GET")["general"]
    assert (general["vacant"], general["parcelCount"]) == (True, 6)
    assert api.count({"ids": {"propertyId": {"equals": name}}, "general": {"parcelCount": {"min": 6}}}) == 1


def test_a_removed_property_is_gone_until_it_is_restored(api: Api) -> None:
    name = api.market[7]["_id"]
    api.control(f"records/{name}", {"delete": True})
    assert api.count({}) == SIZE - 1
    assert api.lookup({"propertyId": name})["properties"] == []
    assert api.session.get(f"{api.url}/_sandbox/records/{name}", timeout=10).status_code == 404
    api.control(f"records/{name}", method="DELETE")
    assert api.lookup({"propertyId": name})["properties"][0]["address"] == api.market[7]["address"]


def test_a_replayed_page_leaves_out_what_was_removed_since(api: Api) -> None:
    options = {"take": 3, "datasets": ["basic"], "searchSession": {"id": "gone", "idempotencyKey": "1"}}
    first = [r["_id"] for r in api.search({"query": "AZ"}, **options)["properties"]]
    api.control(f"records/{first[0]}", {"delete": True})
    assert [r["_id"] for r in api.search({"query": "AZ"}, **options)["properties"]] == first[1:]


def test_records_can_be_found_without_a_bill(api: Api) -> None:
    found = api.control("find", {"searchCriteria": {"query": "AZ", "quickLists": ["vacant"]}, "take": 3})["records"]
    assert [record["_id"] for record in found] == api.ids({"query": "AZ", "quickLists": ["vacant"]})[:3]
    assert all(record["general"]["vacant"] for record in found)
    assert {unit["datasets"][0] for unit in api.bill["units"]} == {"basic"}
    assert api.session.post(f"{api.url}/_sandbox/find", json={"take": 0}, timeout=10).status_code == 400


def test_the_clock_moves_and_comes_back(api: Api) -> None:
    real = api.today
    there = real + timedelta(days=400)
    assert api.control("clock", {"now": there.isoformat()})["moved"] is True
    assert api.today == there
    assert api.call("wallet/balance", method="GET").json()["results"]["asOf"].startswith(there.isoformat())
    assert api.count({"quickLists": ["recently-sold"]}) == 0
    assert api.control("clock", {"now": None})["moved"] is False
    assert api.today == real
    assert api.count({"quickLists": ["recently-sold"]}) > 0


def test_a_reset_puts_everything_back(api: Api) -> None:
    name = api.market[0]["_id"]
    api.search({}, take=1, searchSession={"id": "s"})
    api.control("faults", {"mode": "500"})
    api.control("clock", {"now": "2031-01-01T00:00:00+00:00"})
    api.control("billing", {"bill_counts": True, "balance": 1})
    api.control(f"records/{name}", {"delete": True})
    assert api.control("reset") == {"seed": SEED, "size": SIZE}
    bill = api.bill
    assert (bill["calls"], bill["results_billed"], bill["units"], bill["bill_counts"]) == (0, 0, [], False)
    assert bill["balance"] == 10_000
    assert api.control("clock", method="GET")["moved"] is False
    assert api.count({}) == SIZE
    assert api.search({}, take=1, searchSession={"id": "s"})["searchSessionMeta"]["isNewSession"] is True


def test_a_reset_can_bring_another_market(api: Api) -> None:
    api.control("reset", {"seed": 99, "size": 60})
    assert api.count({}) == 60
    assert api.lookup({"propertyId": api.market[0]["_id"]})["properties"] == []
    assert api.session.get(f"{api.url}/healthz", timeout=10).json() == {"ok": True, "seed": 99, "size": 60}


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("clock", {"now": "noon"}), ("clock", {"now": 5}), ("billing", {"balance": "much"}),
        ("billing", {"sessions": "many"}), ("reset", {"size": 0}), ("reset", {"size": 1_000_001}),
        ("reset", {"seed": "x"}),
    ],
)  # fmt: skip
def test_a_control_call_that_makes_no_sense_is_a_400_with_a_reason(api: Api, route: str, body: Any) -> None:
    response = api.session.post(f"{api.url}/_sandbox/{route}", json=body, timeout=10)
    assert response.status_code == 400
    assert response.json()["error"]


@pytest.mark.parametrize(
    ("method", "route", "code"),
    [("GET", "nothing", 404), ("DELETE", "clock", 405), ("GET", "records/", 404), ("POST", "records/0", 404)],
)
def test_a_control_route_that_does_not_exist_says_so(api: Api, method: str, route: str, code: int) -> None:
    assert api.session.request(method, f"{api.url}/_sandbox/{route}", json={}, timeout=10).status_code == code


def test_logs_name_nobody(api: Api, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    caplog.set_level(logging.DEBUG, logger="atlas.sandbox")
    record = api.market[2]
    body = {"requests": [{"address": record["address"]}], "options": {"skipTrace": True}}
    assert api.call("property/lookup/all-attributes", body).status_code == 200
    with pytest.raises(requests.ConnectionError):
        api.control("faults", {"mode": "timeout-after-work", "seconds": 0})
        api.call("property/lookup/all-attributes", body)
    written = caplog.text + "".join(capfd.readouterr())
    assert record["address"]["street"] not in written
    assert record["owner"]["fullName"] not in written
