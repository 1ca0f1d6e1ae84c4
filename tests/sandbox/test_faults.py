"""Refusals as the vendor words them, and faults on request."""

import time
from typing import Any

import pytest
import requests

from tests.sandbox.chargebee.receiver import wait_until
from tests.sandbox.conftest import Api

SEARCH = {"searchCriteria": {"query": "85007"}, "options": {"take": 2, "datasets": ["basic"]}}


def queue(api: Api, mode: str, **more: Any) -> None:
    api.control("faults", {"endpoint": "property/search", "mode": mode, **more})


@pytest.mark.parametrize(
    ("token", "code", "message"),
    [
        (None, 401, "Invalid or missing token"),
        ("Bearer stolen", 401, "Invalid or missing token"),
        ("Bearer no-permission-1", 403, "This token does not have permission to access this API."),
    ],
)
def test_a_token_without_right_is_refused(api: Api, token: str | None, code: int, message: str) -> None:
    response = api.call("property/search", SEARCH, headers={"Authorization": token})
    assert response.status_code == code
    status = response.json()["status"]
    assert (status["code"], status["message"]) == (code, message)
    assert api.bill["calls"] == 0


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [("POST", "property/serch", 404), ("POST", "wallet/balance", 405), ("GET", "property/search", 405)],
)
def test_a_wrong_path_or_verb_is_refused(api: Api, method: str, path: str, code: int) -> None:
    response = api.call(path, method=method)
    assert (response.status_code, response.json()["status"]["code"]) == (code, code)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b'{"searchCriteria": 3}', b"\xff"])
def test_a_body_that_is_no_search_is_a_400(api: Api, body: bytes) -> None:
    response = api.session.post(f"{api.url}/api/v1/property/search", data=body, timeout=10)
    assert (response.status_code, response.json()["status"]["message"]) == (400, "Invalid Request body")


@pytest.mark.parametrize("mode", ["429", "500", "502", "504"])
def test_an_error_is_answered_as_often_as_asked_and_not_billed(api: Api, mode: str) -> None:
    queue(api, mode, times=2)
    codes = [api.call("property/search", SEARCH).status_code for _ in range(3)]
    assert codes == [int(mode), int(mode), 200]
    assert api.bill["results_billed"] == 2


def test_a_429_may_say_when_to_come_back(api: Api) -> None:
    queue(api, "429-retry-after", seconds=7)
    response = api.call("property/search", SEARCH)
    assert (response.status_code, response.headers["Retry-After"]) == (429, "7")


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("wallet-empty", "Insufficient balance or invalid token permission"),
        ("permission", "This token does not have permission to access this API."),
    ],
)
def test_two_refusals_are_both_403(api: Api, mode: str, message: str) -> None:
    queue(api, mode)
    response = api.call("property/search", SEARCH)
    assert (response.status_code, response.json()["status"]["message"]) == (403, message)


def test_a_body_may_be_cut_although_it_is_billed(api: Api) -> None:
    queue(api, "cut-body")
    with pytest.raises(requests.RequestException):
        api.call("property/search", SEARCH)
    assert api.bill["results_billed"] == 2


@pytest.mark.parametrize(
    ("mode", "body"),
    [
        ("empty-body", b""),
        ("wrong-schema", b'{"status":{"code":200,"text":"OK"},"results":{"properties":{"items":"none"},"meta":[]}}'),
    ],
)
def test_a_200_may_hold_nothing_of_use_although_it_is_billed(api: Api, mode: str, body: bytes) -> None:
    queue(api, mode)
    response = api.call("property/search", SEARCH)
    assert (response.status_code, response.content) == (200, body)
    assert api.bill["results_billed"] == 2


def test_a_200_may_carry_an_error_in_its_body(api: Api) -> None:
    queue(api, "status-code")
    response = api.call("property/search", SEARCH)
    assert (response.status_code, response.json()["status"]["code"]) == (200, 500)
    assert api.bill["results_billed"] == 0


def test_a_slow_answer_comes_after_its_time(api: Api) -> None:
    queue(api, "slow", seconds=0.4)
    started = time.monotonic()
    assert api.call("property/search", SEARCH).status_code == 200
    assert time.monotonic() - started >= 0.4


def test_a_caller_may_wait_in_vain_for_work_that_is_done_and_billed(api: Api) -> None:
    queue(api, "timeout-after-work", seconds=0.5)
    with pytest.raises(requests.Timeout):
        api.session.post(f"{api.url}/api/v1/property/search", json=SEARCH, timeout=0.2)
    wait_until(lambda: api.bill["results_billed"] == 2)
    queue(api, "timeout-after-work", seconds=0)
    with pytest.raises(requests.ConnectionError):
        api.call("property/search", SEARCH)


def test_faults_wait_for_their_endpoint_in_order(api: Api) -> None:
    api.control("faults", {"endpoint": "property/lookup/all-attributes", "mode": "500"})
    queue(api, "429")
    queue(api, "502", times=5)
    assert len(api.control("faults", method="GET")["faults"]) == 3
    assert [api.call("property/search", SEARCH).status_code for _ in range(2)] == [429, 502]
    assert api.call("property/lookup/all-attributes", {"requests": []}).status_code == 500
    api.control("faults", method="DELETE")
    assert api.call("property/search", SEARCH).status_code == 200


def test_a_star_means_any_endpoint(api: Api) -> None:
    api.control("faults", {"mode": "500"})
    assert api.call("wallet/balance", method="GET").status_code == 500


@pytest.mark.parametrize(
    "body",
    [
        {"mode": "earthquake"},
        {},
        {"mode": "500", "times": 0},
        {"mode": "slow", "seconds": "long"},
        {"mode": "slow", "seconds": 1e9},
    ],
)
def test_a_fault_that_does_not_exist_is_refused(api: Api, body: dict[str, Any]) -> None:
    response = api.session.post(f"{api.url}/_sandbox/faults", json=body, timeout=10)
    assert response.status_code == 400
    assert response.json()["error"]
    assert api.control("faults", method="GET")["faults"] == []
