"""Pages, order, cursors and search sessions."""

from typing import Any

import pytest

from tests.sandbox.conftest import Api


def value_of(record: dict[str, Any]) -> Any:
    return (record.get("valuation") or {}).get("estimatedValue")


def test_a_page_is_25_records_unless_told_otherwise(api: Api) -> None:
    results = api.search({"query": "AZ"})
    assert len(results["properties"]) == results["meta"]["results"]["resultCount"] == 25
    assert results["meta"]["results"]["resultsFound"] == api.count({"query": "AZ"}) > 25


def test_skip_and_take_cut_one_stable_order(api: Api) -> None:
    whole = [r["_id"] for r in api.search({"query": "AZ"}, take=60)["properties"]]
    parts = [r["_id"] for skip in (0, 20, 40) for r in api.search({"query": "AZ"}, skip=skip, take=20)["properties"]]
    assert whole == parts


@pytest.mark.parametrize("options", [{"take": 501}, {"take": -1}, {"take": "ten"}, {"skip": -1}, {"take": True}])
def test_a_take_or_skip_out_of_range_is_refused(api: Api, options: dict[str, Any]) -> None:
    response = api.call("property/search", {"searchCriteria": {}, "options": options})
    assert response.status_code == 400
    assert response.json()["status"]["code"] == 400


@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_records_are_sorted_with_unknown_values_last(api: Api, direction: str) -> None:
    options = {"take": 500, "datasets": ["valuation"], "sort": {"field": "estimatedValue", "sortOrder": direction}}
    values = [value_of(record) for record in api.search({"query": "AZ"}, **options)["properties"]]
    known = [value for value in values if value is not None]
    assert None in values
    assert values == sorted(known, reverse=direction == "desc") + [None] * (len(values) - len(known))


@pytest.mark.parametrize(
    "field", ["yearBuilt", "soldDate", "state", "lastSalePrice", "listingStatus", "sale.lastSaleDate"]
)
def test_every_sort_field_changes_the_order(api: Api, field: str) -> None:
    plain = (
        api.ids({"query": "Phoenix, AZ"}) if field != "state" else api.ids({"address": {"zip": {"startsWith": "8"}}})
    )
    criteria = {"query": "Phoenix, AZ"} if field != "state" else {"address": {"zip": {"startsWith": "8"}}}
    ordered = api.ids(criteria, sort={"field": field, "sortOrder": "desc"})
    assert sorted(plain) == sorted(ordered)
    assert plain != ordered


def test_an_unknown_sort_field_is_ignored(api: Api) -> None:
    assert api.ids({"query": "85007"}, sort={"field": "luck"}) == api.ids({"query": "85007"})


def test_random_order_is_the_same_within_a_session(api: Api) -> None:
    def order(session: str) -> list[str]:
        return api.ids({"query": "AZ"}, take=50, sort={"sortOrder": "random", "sessionId": session})

    assert order("one") == order("one")
    assert sorted(order("one")) == sorted(order("two"))
    assert order("one") != order("two")


@pytest.mark.parametrize(
    "criteria", [{"query": "AZ"}, {"query": "AZ", "permit": {"allTags": {"contains": "a"}}}], ids=str
)
@pytest.mark.parametrize(
    "sort", [None, {"field": "estimatedValue", "sortOrder": "desc"}, {"field": "lastSalePrice"}], ids=str
)
def test_a_cursor_walks_over_everything_once(api: Api, criteria: dict[str, Any], sort: Any) -> None:
    options = {"sort": sort} if sort else {}
    walked = api.ids(criteria, take=7, **options)
    assert len(walked) == len(set(walked)) == api.count(criteria)
    assert walked == api.ids(criteria, take=500, **options)


def test_a_cursor_does_not_drift_when_the_market_shrinks(api: Api) -> None:
    options = {"take": 10, "useCursorPagination": True, "datasets": ["basic"]}
    expected = api.ids({"query": "AZ"})
    first = api.search({"query": "AZ"}, **options)
    api.control(f"records/{expected[3]}", {"delete": True})
    second = api.search({"query": "AZ"}, pageCursor=first["nextPageCursor"], **options)
    assert [r["_id"] for r in second["properties"]] == expected[10:20]


def test_a_made_up_cursor_is_refused(api: Api) -> None:
    options = {"useCursorPagination": True, "pageCursor": "bm9uc2Vuc2U="}
    assert api.call("property/search", {"searchCriteria": {}, "options": options}).status_code == 400


def test_a_session_never_delivers_or_bills_a_record_twice(api: Api) -> None:
    total = api.count({"query": "85007"})
    seen: list[str] = []
    for page in range(total // 4 + 2):
        session = {"id": "walk", "idempotencyKey": f"page-{page}"}
        results = api.search({"query": "85007"}, take=4, datasets=["basic"], searchSession=session)
        assert results["searchSessionMeta"]["isNewSession"] is (page == 0)
        seen += [record["_id"] for record in results["properties"]]
        assert results["searchSessionMeta"]["totalDelivered"] == len(seen)
        assert results["meta"]["results"]["resultsFound"] == total
    assert len(seen) == len(set(seen)) == total
    assert sorted(unit["propertyId"] for unit in api.bill["units"]) == sorted(seen)


def test_the_same_idempotency_key_replays_its_page_unbilled(api: Api) -> None:
    options = {"take": 5, "datasets": ["core"], "searchSession": {"id": "again", "idempotencyKey": "k1"}}
    first = api.search({"query": "AZ"}, **options)
    billed = api.bill["results_billed"]
    second = api.search({"query": "AZ"}, **options)
    assert [r["_id"] for r in first["properties"]] == [r["_id"] for r in second["properties"]]
    assert second["searchSessionMeta"] == {"isNewSession": False, "totalDelivered": 5}
    assert api.bill["results_billed"] == billed == 5


def test_sessions_know_nothing_of_each_other(api: Api) -> None:
    pages = [
        api.search({"query": "AZ"}, take=5, searchSession={"id": name, "idempotencyKey": "k"}) for name in ("a", "b")
    ]
    assert [r["_id"] for r in pages[0]["properties"]] == [r["_id"] for r in pages[1]["properties"]]
    assert api.bill["results_billed"] == 10
    listed = api.call("../v2/property/search-sessions", method="GET").json()["result"]["sessions"]
    assert [(row["id"], row["totalDelivered"]) for row in listed] == [("a", 5), ("b", 5)]


def test_the_hundred_and_first_session_evicts_the_oldest_or_is_refused(api: Api) -> None:
    def open_session(name: str) -> int:
        options = {"take": 1, "datasets": ["basic"], "searchSession": {"id": name}}
        return api.call("property/search", {"searchCriteria": {"query": "AZ"}, "options": options}).status_code

    assert {open_session(f"s{n}") for n in range(101)} == {200}
    names = [
        row["id"]
        for row in api.call("../v2/property/search-sessions?take=100", method="GET").json()["result"]["sessions"]
    ]
    assert names == [f"s{n}" for n in range(1, 101)]
    api.control("billing", {"sessions": "refuse"})
    assert open_session("s101") == 400
    assert open_session("s100") == 200


@pytest.mark.parametrize("name", ["", "with space", "x" * 129, "ö"])
def test_a_session_id_must_be_plain(api: Api, name: str) -> None:
    body = {"searchCriteria": {}, "options": {"take": 1, "searchSession": {"id": name}}}
    assert api.call("property/search", body).status_code == 400


def test_inputs_are_echoed_on_request(api: Api) -> None:
    results = api.search({"query": "AZ"}, take=0, showRequests=True)
    assert results["searchCriteria"] == {"query": "AZ"}
    assert results["options"] == {"take": 0, "showRequests": True}
