"""A vendor that answers what a test tells it, byte by byte, over real HTTP."""

import json
import socket
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATIENCE = 30  # seconds, for a slow machine


@dataclass
class Reply:
    """One answer: status, body and headers; ``seconds`` of silence before it, or silence ``until`` the test has seen
    something, ``cut_after`` bytes of the body only, ``hang_up`` instead of any, ``trickle_seconds`` between one byte
    and the next."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0
    cut_after: int | None = None
    hang_up: bool = False
    trickle_seconds: float = 0
    until: threading.Event | None = None


def reply_json(payload: Any, status: int = 200, **kwargs: Any) -> Reply:
    return Reply(status, json.dumps(payload).encode(), **kwargs)


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class ScriptedVendor:
    """Answers with the replies of its script in turn, the last one for ever, and remembers what it was asked."""

    def __init__(self) -> None:
        self.script: list[Reply] = []
        self.requests: list[Request] = []
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                vendor._answer(self)

            do_GET = do_POST

            def log_message(self, *_args: Any) -> None:
                """Keep the test output clean."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def will_answer(self, *replies: Reply) -> None:
        self.script = list(replies)

    def count_requests(self, least: int) -> int:
        """How many requests have come, once so many have: a client that has given up may be ahead of the server."""
        deadline = time.monotonic() + PATIENCE
        while len(self.requests) < least and time.monotonic() < deadline:
            time.sleep(0.01)
        return len(self.requests)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        self.requests.append(Request(handler.command, handler.path, dict(handler.headers), body))
        reply = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        time.sleep(reply.seconds)
        if reply.until:
            reply.until.wait(PATIENCE)
        handler.close_connection = True
        if reply.hang_up:
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        try:
            handler.send_response(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                handler.send_header(name, value)
            handler.end_headers()
            if not reply.trickle_seconds:
                handler.wfile.write(reply.body[: reply.cut_after])
                return
            for byte in reply.body:
                handler.wfile.write(bytes([byte]))
                time.sleep(reply.trickle_seconds)
        except OSError:
            pass  # the client has gone, as some tests want
