"""A sandbox of these tests' own, so that its clock can be moved and its books emptied, and a way to speak to it."""

import threading
from collections.abc import Iterator
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import requests

from atlas_site.sandbox.server import make_server

SIZE, SEED = 1000, 11
ALL_DATASETS = [
    "core", "batchrank", "contact", "deed", "demographic", "foreclosure", "image", "listing", "mortgage-liens",
    "owner", "permit", "quicklist", "valuation",
]  # fmt: skip


class Api:
    """The sandbox as its callers see it: over HTTP."""

    def __init__(self, url: str, home: Path) -> None:
        self.url, self.home = url, home
        self.session = requests.Session()
        self.session.headers["Authorization"] = "Bearer sandbox-tests"

    def call(self, path: str, body: Any = None, *, method: str = "POST", **arguments: Any) -> requests.Response:
        return self.session.request(method, f"{self.url}/api/v1/{path}", json=body, timeout=30, **arguments)

    def search(self, criteria: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
        response = self.call("property/search", {"searchCriteria": criteria or {}, "options": options})
        assert response.status_code == 200, response.text
        return response.json()["results"]

    def lookup(self, *wanted: dict[str, Any], **options: Any) -> dict[str, Any]:
        response = self.call("property/lookup/all-attributes", {"requests": list(wanted), "options": options})
        assert response.status_code == 200, response.text
        return response.json()["results"]

    def count(self, criteria: dict[str, Any]) -> int:
        return self.search(criteria, skip=0, take=0)["meta"]["results"]["resultsFound"]

    def ids(self, criteria: dict[str, Any], **options: Any) -> list[str]:
        """The ids of all matches, over as many pages as they fill."""
        found: list[str] = []
        options = {"take": 500, "datasets": ["basic"], "useCursorPagination": True, **options}
        while True:
            results = self.search(criteria, **options)
            found += [record["_id"] for record in results["properties"]]
            if "nextPageCursor" not in results:
                return found
            options["pageCursor"] = results["nextPageCursor"]

    def control(self, route: str, body: Any = None, *, method: str = "POST") -> Any:
        response = self.session.request(method, f"{self.url}/_sandbox/{route}", json=body, timeout=30)
        assert response.status_code == 200, response.text
        return response.json()

    @property
    def bill(self) -> dict[str, Any]:
        return self.control("billing", method="GET")

    @property
    def today(self) -> date:
        return datetime.fromisoformat(self.control("clock", method="GET")["now"]).date()

    @cached_property
    def market(self) -> list[dict[str, Any]]:
        """Every record with everything in it, against which filters are checked one by one."""
        pages = [
            self.search({}, skip=skip, take=500, datasets=ALL_DATASETS)["properties"] for skip in range(0, SIZE, 500)
        ]
        return [record for page in pages for record in page]


@pytest.fixture(scope="session")
def running_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    home = tmp_path_factory.mktemp("sandbox")
    server = make_server(home, host="127.0.0.1", port=0, seed=SEED, size=SIZE)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    api = Api(f"http://127.0.0.1:{server.server_port}", home)
    assert len(api.market) == SIZE
    yield api
    api.session.close()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def api(running_sandbox: Api) -> Iterator[Api]:
    """The sandbox as it was started, whatever the test before did to it."""
    running_sandbox.control("reset", {"size": SIZE, "seed": SEED})
    yield running_sandbox
