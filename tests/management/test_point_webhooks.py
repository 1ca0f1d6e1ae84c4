"""Development tells the sandbox where webhooks go, again at each start, and says so when it cannot."""

import threading
from collections.abc import Iterator

import pytest
import requests

from atlas_site.management.development import WEBHOOK_PATH, point_webhooks
from atlas_site.management.processes import ServerError, pick_free_port
from atlas_site.sandbox.server import make_server
from tests.sandbox.chargebee.receiver import running_receiver


@pytest.fixture
def sandbox_port(tmp_path) -> Iterator[int]:
    server = make_server(tmp_path, host="127.0.0.1", port=0, seed=5, size=30)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def endpoints(port: int) -> list[dict[str, str]]:
    return requests.get(f"http://127.0.0.1:{port}/_sandbox/webhooks", timeout=10).json()["endpoints"]


def test_the_first_credentials_and_the_address_of_now_count(sandbox_port: int) -> None:
    for port in (8000, 8010):
        point_webhooks(sandbox_port, site_url=f"http://127.0.0.1:{port}", users="first:a:b,second:c")
        address = f"http://127.0.0.1:{port}{WEBHOOK_PATH}"
        assert endpoints(sandbox_port) == [{"id": "atlas", "url": address, "user": "first"}]


def test_what_happened_while_nobody_listened_is_delivered(sandbox_port: int) -> None:
    point_webhooks(sandbox_port, site_url=f"http://127.0.0.1:{pick_free_port()}", users="first:a")
    customers = f"http://127.0.0.1:{sandbox_port}/api/v2/customers"
    assert requests.post(customers, {"id": "early"}, auth=("sandbox-x", ""), timeout=10).status_code == 200
    with running_receiver() as receiver:
        point_webhooks(sandbox_port, site_url=receiver.url.partition("/hooks")[0], users="first:a")
        assert [event["event_type"] for event in receiver.events] == ["customer_created"]


def test_a_sandbox_that_is_not_there_or_refuses_is_an_error_in_words(sandbox_port: int) -> None:
    with pytest.raises(ServerError, match="could not be told"):
        point_webhooks(pick_free_port(), site_url="http://127.0.0.1:8000", users="a:b")
    with pytest.raises(ServerError, match="takes no webhook address"):
        point_webhooks(sandbox_port, site_url="nowhere", users="a:b")


def test_the_path_is_the_one_that_atlas_answers() -> None:
    from django.urls import resolve

    assert resolve(WEBHOOK_PATH).app_names == ["billing"]
