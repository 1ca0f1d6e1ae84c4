"""The process: it starts from the command line, keeps connections, serves many at once, and stops when told."""

import http.client
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.sandbox.conftest import Api

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("command", "stop"),
    [(["-m", "atlas_site.sandbox"], signal.SIGTERM), (["manage.py", "sandbox"], signal.SIGINT)],
    ids=["module and SIGTERM", "management command and Ctrl-C"],
)
def test_it_starts_says_where_it_is_and_stops_within_seconds(tmp_path: Path, command: list[str], stop: int) -> None:
    arguments = ["--port", "0", "--home", str(tmp_path), "--size", "30", "--seed", "5"]
    process = subprocess.Popen(
        [sys.executable, *command, *arguments], stdout=subprocess.PIPE, text=True, cwd=PROJECT, env=os.environ
    )
    assert process.stdout
    with process.stdout:
        url = process.stdout.readline().split()[-1]
        assert requests.get(f"{url}/healthz", timeout=10).json() == {"ok": True, "seed": 5, "size": 30}
        process.send_signal(stop)
        assert process.wait(timeout=60) == 0
    assert list((tmp_path / "sandbox").glob("market-5-30-v*.sqlite"))


def test_a_restart_keeps_market_books_and_patches(tmp_path: Path) -> None:
    from atlas_site.sandbox.server import Sandbox

    first = Sandbox(tmp_path, seed=5, size=30)
    first.vendor.catalog.patch(4, {"general": {"vacant": True}}, first.vendor.catalog.day)
    first.vendor.account.bill_records("r", "property/search", first.vendor.clock.now(), ["x"], ["core"])
    first.close()
    second = Sandbox(tmp_path, seed=5, size=30)
    assert second.vendor.account.bill()["results_billed"] == 1
    assert second.vendor.catalog.records([4], second.vendor.catalog.day)[4]["general"]["vacant"] is True
    second.close()


def test_a_connection_serves_many_requests(api: Api) -> None:
    connection = http.client.HTTPConnection(urlsplit(api.url).netloc, timeout=10)
    ports = set()
    for path in ("/healthz", "/nothing", "/mail/", "/healthz"):
        connection.request("GET", path)
        connection.getresponse().read()
        ports.add(connection.sock.getsockname()[1])
    connection.close()
    assert len(ports) == 1


def test_a_head_request_has_no_body(api: Api) -> None:
    response = api.session.head(f"{api.url}/mail/", timeout=10)
    assert (response.status_code, response.content) == (200, b"")
    assert int(response.headers["Content-Length"]) > 0


def test_many_callers_of_one_session_share_out_the_records(api: Api) -> None:
    total = api.count({"query": "Phoenix, AZ"})

    def page(number: int) -> list[str]:
        session = {"id": "shared", "idempotencyKey": str(number)}
        options = {"take": 5, "datasets": ["basic"], "searchSession": session}
        body = {"searchCriteria": {"query": "Phoenix, AZ"}, "options": options}
        headers = {"Authorization": "Bearer sandbox-x"}
        answer = requests.post(f"{api.url}/api/v1/property/search", json=body, headers=headers, timeout=30)
        return [record["_id"] for record in answer.json()["results"]["properties"]]

    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(page, range(total // 5 + 2)))
    delivered = [name for names in pages for name in names]
    assert len(delivered) == len(set(delivered)) == total
    assert api.bill["results_billed"] == total


def test_one_answer_to_many_retries_of_one_key(api: Api) -> None:
    options = {"take": 4, "datasets": ["basic"], "searchSession": {"id": "retry", "idempotencyKey": "1"}}
    body = {"searchCriteria": {"query": "AZ"}, "options": options}
    headers = {"Authorization": "Bearer sandbox-x"}

    def call(_: int) -> tuple[str, ...]:
        answer = requests.post(f"{api.url}/api/v1/property/search", json=body, headers=headers, timeout=30)
        return tuple(record["_id"] for record in answer.json()["results"]["properties"])

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(call, range(16)))) == 1
    assert api.bill["results_billed"] == 4


def test_autocomplete_suggests_places_and_addresses_in_its_own_envelope(api: Api) -> None:
    answer = api.call("address/autocomplete", {"searchCriteria": {"query": "phoen"}, "options": {"take": 5}}).json()
    assert {"city": "Phoenix", "state": "AZ", "county": "Maricopa", "countyFipsCode": "04013"} in (
        answer["result"]["suggestions"]
    )
    address = api.market[0]["address"]
    flat = api.call("address/autocomplete", {"query": address["street"], "limit": 3}).json()["result"]["suggestions"]
    assert address["hash"] in [suggestion.get("hash") for suggestion in flat]
    assert len(flat) <= 3
    by_zip = api.call("address/autocomplete", {"query": "8500"}).json()["result"]["suggestions"]
    assert by_zip
    assert {suggestion["zip"][:4] for suggestion in by_zip if "hash" not in suggestion} == {"8500"}
    assert api.call("address/autocomplete", {"query": " "}).status_code == 400
    assert api.bill["results_billed"] == 0
