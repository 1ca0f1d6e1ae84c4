"""Skip traces: whom a row finds, in both versions, what is billed, and what can be wrong with the rows on request."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.sandbox.conftest import SEED, SIZE, Api

PATH = "property/skip-trace"
JANE = {"first": "Jane", "last": "Roe"}
Row = dict[str, Any]


def rows_of(records: list[Row]) -> list[Row]:
    """Ask for the people of properties of the market by their addresses."""
    keys = ("street", "city", "state", "zip")
    return [
        {"requestId": f"row-{place}", "propertyAddress": {key: record["address"][key] for key in keys}}
        for place, record in enumerate(records)
    ]


def invented(count: int, **more: Any) -> list[Row]:
    """Ask for addresses that the market does not have."""
    return [
        {"requestId": f"row-{number}", "propertyAddress": {"street": f"{number} Fake Rd", "zip": "60601"}, **more}
        for number in range(count)
    ]


def ask(api: Api, rows: list[Row], *, version: int = 1, **options: Any) -> Row:
    url = f"{api.url}/api/v{version}/{PATH}"
    response = api.session.post(url, json={"requests": rows, "options": options}, timeout=30)
    assert response.status_code == 200, response.text
    return response.json()["results" if version == 1 else "result"]


def persons(api: Api, rows: list[Row], **options: Any) -> list[Row]:
    return ask(api, rows, **options)["persons"]


def is_match(row: Row) -> bool:
    return row["meta"]["matched"]


@pytest.fixture
def hit(api: Api) -> Row:
    """A property whose owner has at least two phones and an e-mail."""
    return next(
        record
        for record in api.market
        if len(record["owner"].get("phoneNumbers", [])) > 1 and record["owner"].get("emails")
    )


# ---------------------------------------------------------------- whom a row finds
def test_the_owner_of_a_property_is_found_by_address_or_parcel(api: Api, hit: Row) -> None:
    (by_address,) = persons(api, rows_of([hit]))
    parcel = {"requestId": "p", "apn": hit["ids"]["apn"], "countyFipsCode": hit["address"]["countyFipsCode"]}
    place = {key: hit["address"][key] for key in ("county", "state")}
    by_parcel, by_county = persons(api, [parcel, {"requestId": "c", "apn": hit["ids"]["apn"], **place}])
    assert by_address["_id"] == by_parcel["_id"] == by_county["_id"] == hit["_id"]
    assert by_address["name"]["full"] == hit["owner"]["names"][0]["full"]
    assert by_address["requestId"] == "row-0"
    assert by_address["mailingAddress"] == hit["owner"]["mailingAddress"]
    numbers = {phone["number"] for phone in by_address["phoneNumbers"]}
    assert numbers <= {phone["number"] for phone in hit["owner"]["phoneNumbers"]}
    assert by_address["meta"] == {"matched": True, "error": False}


def test_an_address_beyond_the_market_finds_the_same_people_every_time(api: Api) -> None:
    first = persons(api, invented(50))
    api.control("reset", {"size": SIZE, "seed": SEED})
    assert persons(api, list(reversed(invented(50)))) == list(reversed(first))
    matches = [row for row in first if is_match(row)]
    assert 30 < len(matches) < 47
    assert {phone["number"][:3] for row in matches for phone in row["phoneNumbers"]} <= {"312", "773", "872"}


def test_a_person_is_found_by_name_when_the_vendor_can_tie_the_two(api: Api) -> None:
    rows = [row for row in persons(api, invented(60, name=JANE)) if is_match(row)]
    tied = [row for row in rows if row["name"].get("last") == "Roe"]
    assert len(rows) * 0.6 < len(tied) < len(rows)
    assert all(row["name"]["first"] == "Jane" for row in tied)


def test_the_owner_of_a_property_keeps_the_own_name_against_a_stranger(api: Api) -> None:
    owner = next(
        record["owner"]["names"][0] | {"record": record}
        for record in api.market
        if record["owner"].get("phoneNumbers") and record["owner"]["names"][0].get("last")
    )
    (row,) = rows_of([owner["record"]])
    stranger, kin = persons(api, [row | {"name": JANE}, row | {"name": {"first": "Zoe", "last": owner["last"]}}])
    assert stranger["name"]["full"] == owner["full"]
    assert kin["name"]["full"] == f"Zoe {owner['last']}"


@pytest.mark.parametrize(
    ("row", "is_error"),
    [
        ({"propertyAddress": {"street": "1 King St", "city": "Toronto", "state": "ON", "zip": "M5H 1A1"}}, False),
        ({"apn": "no-such-parcel", "countyFipsCode": "04013"}, False),
        ({"propertyAddress": {"street": "1 Main St"}}, True),
        ({}, True),
    ],
    ids=["another country", "an unknown parcel", "a street of no town", "nothing"],
)
def test_a_row_without_a_match_is_answered_and_free(api: Api, row: Row, is_error: bool) -> None:
    results = ask(api, [{"requestId": "r", **row}])
    (answered,) = results["persons"]
    assert answered["requestId"] == "r"
    assert (answered["meta"]["matched"], answered["meta"]["error"]) == (False, is_error)
    counts = results["meta"]["results"]
    assert counts == {
        "requestCount": 1, "matchCount": 0, "noMatchCount": int(not is_error), "errorCount": int(is_error),
    }  # fmt: skip
    assert api.bill["total_dollars"] == 0


@pytest.mark.parametrize("rows", [None, [], ["x"], invented(101)], ids=["none", "empty", "no object", "too many"])
def test_a_request_without_rows_or_with_too_many_is_a_400(api: Api, rows: Any) -> None:
    response = api.call(PATH, {"requests": rows})
    assert (response.status_code, response.json()["status"]["message"]) == (400, "Invalid Request body")


# ---------------------------------------------------------------- what is told
def test_the_market_has_every_kind_of_person(api: Api) -> None:
    found: list[Row] = []
    for start in range(0, SIZE, 100):
        found += persons(api, rows_of(api.market[start : start + 100]))
    matches = [row for row in found if is_match(row)]
    phones = [phone for row in matches for phone in row["phoneNumbers"]]
    kinds: dict[str, Callable[[Row], bool]] = {
        "e-mail alone": lambda row: not row["phoneNumbers"] and bool(row["emails"]),
        "litigator": lambda row: row["litigator"] is True,
        "deceased": lambda row: row["death"].get("deceased") is True,
        "bankrupt": lambda row: bool(row["bankruptcy"]),
        "do not call": lambda row: any(phone.get("dnc") for phone in row["phoneNumbers"]),
        "sues callers": lambda row: row["dnc"]["tcpa"],
        "e-mails as text": lambda row: any(isinstance(email, str) for email in row["emails"]),
        "e-mails with a test": lambda row: any("tested" in email for email in row["emails"] if isinstance(email, dict)),
        "e-mails as addresses": lambda row: any(
            "address" in email for email in row["emails"] if isinstance(email, dict)
        ),
    }
    assert {kind for kind, has in kinds.items() if any(map(has, matches))} == set(kinds)
    assert len(matches) < len(found)
    assert not any(row["phoneNumbers"] for row in matches if row["litigator"])
    assert not any(phone.get("tcpa") for phone in phones), "dropped unless asked for"
    for key in ("tested", "dnc", "carrier", "lastReportedDate"):
        assert any(key not in phone for phone in phones), key
    assert {phone.get("tested") for phone in phones} == {True, False, None}
    assert all(len(row["phoneNumbers"]) <= 5 and len(row["emails"]) <= 3 for row in matches)
    kinds_of_phone = [[phone["type"] == "Mobile" for phone in row["phoneNumbers"]] for row in matches]
    assert all(mobiles == sorted(mobiles, reverse=True) for mobiles in kinds_of_phone), "mobiles come first"


def test_numbers_of_people_who_sue_are_dropped_by_version_1_and_flagged_by_version_3(api: Api) -> None:
    record = next(
        one for one in api.market if one["owner"].get("phoneNumbers") and one["owner"]["dnc"].get("tcpa") is True
    )
    rows = rows_of([record])
    (dropped,), (kept,) = persons(api, rows), persons(api, rows, includeTCPABlacklistedPhones=True)
    assert len(dropped["phoneNumbers"]) < len(kept["phoneNumbers"])
    assert any(phone["tcpa"] for phone in kept["phoneNumbers"] if "tcpa" in phone)
    (by_v3,) = ask(api, rows, version=3)["data"]
    (without,) = ask(api, rows, version=3, includeTCPABlacklistedPhones=False)["data"]
    assert len(by_v3["persons"][0]["phones"]) == len(kept["phoneNumbers"])
    assert len(without["persons"][0]["phones"]) == len(dropped["phoneNumbers"])


def test_version_3_tells_of_up_to_three_people_and_echoes_the_request(api: Api) -> None:
    record = next(one for one in api.market if len(one["owner"]["names"]) == 2 and one["owner"].get("phoneNumbers"))
    rows = [*rows_of([record]), {"requestId": "nobody", "propertyAddress": {"street": "1 King St"}}]
    result = ask(api, rows, version=3)
    hit, miss = result["data"]
    assert (hit["inputIndex"], hit["input"], hit["property"]["id"]) == (0, rows[0], record["_id"])
    assert [person["name"]["full"] for person in hit["persons"]] == [n["full"] for n in record["owner"]["names"]]
    ranks = [phone["rank"] for phone in hit["persons"][0]["phones"]]
    assert ranks == list(range(1, len(ranks) + 1))
    assert (miss["input"], miss["persons"], miss["meta"]["matched"]) == (rows[1], [], False)
    assert result["meta"]["results"]["matchCount"] == 1


# ---------------------------------------------------------------- what is billed
@pytest.mark.parametrize("version", [1, 3])
def test_each_match_is_billed_by_the_id_of_its_row(api: Api, version: int) -> None:
    result = ask(api, invented(40), version=version)
    rows = result["persons"] if version == 1 else result["data"]
    matched = [row.get("requestId") or row["input"]["requestId"] for row in rows if is_match(row)]
    bill = api.bill
    assert [unit["rowId"] for unit in bill["units"]] == matched
    assert {unit["requestId"] for unit in bill["units"]} == {result["meta"]["requestId"]}
    assert {unit["endpoint"] for unit in bill["units"]} == {PATH}
    assert result["meta"]["results"]["matchCount"] == len(matched) == bill["results_billed"]
    assert bill["total_dollars"] == pytest.approx(0.07 * len(matched))


def test_a_wallet_that_cannot_pay_for_all_matches_refuses_and_bills_nothing(api: Api) -> None:
    api.control("billing", {"balance": 0.5})
    response = api.call(PATH, {"requests": invented(40)})
    assert (response.status_code, api.bill["results_billed"]) == (403, 0)


# ---------------------------------------------------------------- what can be wrong on request
def echoed_ids(rows: list[Row | None]) -> list[str | None]:
    return [row and (row.get("requestId") or row.get("input", {}).get("requestId")) for row in rows]


@pytest.mark.parametrize("version", [1, 3])
@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("null-rows", [None, "row-1", "row-2", None]),
        ("missing-rows", ["row-1", "row-2"]),
        ("repeated-rows", ["row-0", "row-1", "row-2", "row-3", "row-0", "row-3"]),
        ("reordered-rows", ["row-3", "row-2", "row-1", "row-0"]),
        ("foreign-rows", ["not-asked-for", "row-0", "row-1", "row-2", "row-3"]),
        ("rows-without-ids", [None] * 4),
    ],
)
def test_rows_are_damaged_once_and_billed_all_the_same(
    api: Api, mode: str, expected: list[str | None], version: int
) -> None:
    api.control("faults", {"endpoint": PATH, "mode": mode})
    key = "persons" if version == 1 else "data"
    damaged = ask(api, invented(4), version=version)
    assert echoed_ids(damaged[key]) == expected
    assert api.bill["results_billed"] == damaged["meta"]["results"]["matchCount"] > 0
    assert echoed_ids(ask(api, invented(4), version=version)[key]) == [f"row-{number}" for number in range(4)]


def test_a_miss_may_be_null_and_an_id_may_stand_in_the_meta(api: Api) -> None:
    whole = persons(api, invented(30))
    api.control("faults", {"endpoint": PATH, "mode": "null-misses"})
    assert persons(api, invented(30)) == [row if is_match(row) else None for row in whole]
    api.control("faults", {"endpoint": PATH, "mode": "ids-in-meta"})
    moved = persons(api, invented(3))
    assert [row["meta"]["requestId"] for row in moved] == ["row-0", "row-1", "row-2"]
    assert echoed_ids(list(moved)) == [None] * 3


def test_a_body_may_be_junk_or_huge_although_it_is_billed(api: Api) -> None:
    api.control("faults", {"endpoint": PATH, "mode": "junk-body"})
    response = api.call(PATH, {"requests": invented(4)})
    assert response.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        response.json()
    billed = api.bill["results_billed"]
    assert billed > 0
    api.control("faults", {"endpoint": PATH, "mode": "huge-body"})
    response = api.call(PATH, {"requests": invented(4)}, stream=True)
    assert int(response.headers["Content-Length"]) > 50_000_000
    response.close()
    assert api.bill["results_billed"] == 2 * billed


def test_a_503_may_say_when_to_come_back(api: Api) -> None:
    api.control("faults", {"endpoint": PATH, "mode": "503-retry-after", "seconds": 3})
    response = api.call(PATH, {"requests": invented(1)})
    assert (response.status_code, response.headers["Retry-After"]) == (503, "3")


def test_an_endpoint_may_be_given_a_latency_that_the_work_is_part_of(api: Api) -> None:
    api.control("latency", {"endpoint": PATH, "seconds": 0.2})
    assert api.control("latency", method="GET") == {"latency": {PATH: 0.2}}
    started = time.monotonic()
    ask(api, invented(1))
    assert time.monotonic() - started >= 0.2
    api.control("reset", {})
    assert api.control("latency", method="GET") == {"latency": {}}
    refused = api.session.post(f"{api.url}/_sandbox/latency", json={"seconds": "long"}, timeout=5)
    assert refused.status_code == 400
