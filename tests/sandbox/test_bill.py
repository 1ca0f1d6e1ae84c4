"""The vendor's own count of what it bills."""

import sqlite3
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from atlas_site.sandbox.batchdata.account import Account
from tests.sandbox.conftest import Api


def test_each_returned_record_is_a_unit_with_its_datasets(api: Api) -> None:
    results = api.search({"query": "85007"}, take=3, datasets=["core", "valuation"])
    bill = api.bill
    assert [unit["propertyId"] for unit in bill["units"]] == [record["_id"] for record in results["properties"]]
    for unit in bill["units"]:
        assert unit["requestId"] == results["meta"]["requestId"]
        assert unit["endpoint"] == "property/search"
        assert unit["datasets"] == ["core", "valuation"]
        assert unit["dollars"] == pytest.approx(0.15)
    assert (bill["results_billed"], bill["dataset_units"]) == (3, 6)
    assert bill["total_dollars"] == pytest.approx(0.45)


def test_an_empty_dataset_is_billed_like_a_full_one(api: Api) -> None:
    record = next(record for record in api.market if "foreclosure" not in record)
    api.lookup({"propertyId": record["_id"]}, datasets=["foreclosure"])
    assert [(unit["propertyId"], unit["datasets"]) for unit in api.bill["units"]] == [(record["_id"], ["foreclosure"])]


def test_a_count_is_billed_as_nothing_or_as_one_record_by_a_switch(api: Api) -> None:
    api.count({"query": "AZ"})
    assert (api.bill["count_calls"], api.bill["count_calls_billed"], api.bill["total_dollars"]) == (1, 0, 0)
    api.control("billing", {"bill_counts": True})
    api.count({"query": "AZ"})
    bill = api.bill
    assert (bill["count_calls"], bill["count_calls_billed"], bill["results_billed"]) == (2, 1, 1)
    assert bill["total_dollars"] > 0
    assert bill["units"][0]["propertyId"] is None


def test_a_trace_costs_its_price_per_match(api: Api) -> None:
    results = api.search({"query": "AZ"}, take=10, datasets=["basic"], skipTrace=True)
    matches = results["meta"]["results"]["skipTraceMatchCount"]
    assert api.bill["total_dollars"] == pytest.approx(0.02 * 10 + 0.07 * matches)


def test_the_wallet_falls_by_what_is_billed(api: Api) -> None:
    def balance() -> Decimal:
        answer = api.call("wallet/balance", method="GET").json()
        assert answer["results"].keys() == {"balance", "currency", "asOf"}
        return Decimal(str(answer["results"]["balance"]))

    before = balance()
    api.search({"query": "AZ"}, take=10, datasets=["core"])
    assert balance() == before - 1
    api.control("billing", {"balance": 0.35})
    assert balance() == Decimal("0.35")


def test_a_wallet_that_cannot_pay_refuses_everything_and_bills_nothing(api: Api) -> None:
    api.control("billing", {"balance": 0.25})
    body = {"searchCriteria": {"query": "AZ"}, "options": {"take": 3, "datasets": ["core"]}}
    response = api.call("property/search", body)
    assert response.status_code == 403
    assert response.json()["status"]["message"] == "Insufficient balance or invalid token permission"
    assert api.bill["results_billed"] == 0
    body["options"]["take"] = 2
    assert api.call("property/search", body).status_code == 200


def test_the_report_agrees_with_the_bill(api: Api) -> None:
    api.search({"query": "AZ"}, take=4, datasets=["core"])
    api.lookup({"propertyId": api.market[0]["_id"]}, datasets=["valuation"])
    day = api.today.isoformat()
    path = f"wallet/consumption-report?start_date={day}&end_date={day}&group_by=day"
    report = api.call(path, method="GET").json()["results"]
    rows = {(row["period"], row["endpoint"]): (row["resultCount"], row["amount"]) for row in report["consumption"]}
    assert rows == {(day, "property/search"): (4, 0.4), (day, "property/lookup/all-attributes"): (1, 0.05)}
    assert report["total"] == api.bill["total_dollars"]
    text = api.call(path + "&format=csv", method="GET").text
    assert f"{day},property/search,4,0.4" in text.splitlines()


@pytest.mark.parametrize("query", ["start_date=2024-01-01&end_date=2025-06-01", "start_date=soon", "group_by=moon"])
def test_a_report_over_too_long_or_in_odd_units_is_refused(api: Api, query: str) -> None:
    assert api.call(f"wallet/consumption-report?{query}", method="GET").status_code == 400


def test_units_can_be_read_from_a_point_on(api: Api) -> None:
    api.search({"query": "AZ"}, take=2, datasets=["basic"])
    last = api.bill["units"][-1]["n"]
    api.search({"query": "AZ"}, take=1, skip=2, datasets=["basic"])
    assert len(api.control(f"billing?since={last}", method="GET")["units"]) == 1
    assert api.bill["results_billed"] == 3


def test_books_from_before_skip_traces_are_read_on(tmp_path: Path) -> None:
    path = tmp_path / "account.sqlite"
    Account(path).close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("ALTER TABLE unit DROP COLUMN row_id")
    unit = ("one", "property/search", "a", '["core"]', 0, "2026-01-01T00:00:00", 100_000)
    connection.execute("INSERT INTO unit VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", unit)
    connection.close()
    account = Account(path)
    account.bill_traces("two", "property/skip-trace", datetime.now(UTC), [("row-1", "b")])
    bill = account.bill()
    account.close()
    assert [(unit["propertyId"], unit["rowId"]) for unit in bill["units"]] == [("a", None), ("b", "row-1")]
    assert bill["total_dollars"] == pytest.approx(0.17)
