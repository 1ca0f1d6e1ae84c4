"""A small real HTTP server that receives webhooks and answers as it is told."""

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """What arrived, in order; ``answers`` are the statuses of the next answers, 200 when there are none left."""

    url: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        return [event["id"] for event in self.events]

    @property
    def credentials(self) -> set[str]:
        tokens = (headers.get("Authorization", "").removeprefix("Basic ") for headers in self.headers)
        return {base64.b64decode(token).decode() for token in tokens}

    def wait_for(self, count: int) -> None:
        """Wait until so many events are there; fails after a minute."""
        wait_until(lambda: len(self.events) >= count)
        assert len(self.events) == count


def wait_until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_true():
        assert time.monotonic() < deadline, "it did not happen within a minute"
        time.sleep(0.01)


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    received = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.headers.append(dict(self.headers))
            received.events.append(json.loads(body))
            self.send_response(received.answers.pop(0) if received.answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name of the base class
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    received.url = f"http://127.0.0.1:{server.server_port}/hooks/?source=chargebee"
    yield received
    server.shutdown()
    thread.join()
    server.server_close()
