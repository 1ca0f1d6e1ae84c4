"""The sandbox's process: a WSGI application and the small threaded HTTP/1.1 server that it runs on."""

import io
import logging
import socket
from collections.abc import Callable, Iterable
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from atlas_site.sandbox.batchdata.account import Account
from atlas_site.sandbox.batchdata.api import BatchData
from atlas_site.sandbox.batchdata.calls import Vendor
from atlas_site.sandbox.batchdata.fault_modes import MODES
from atlas_site.sandbox.batchdata.finder import Finder
from atlas_site.sandbox.chargebee.api import Chargebee
from atlas_site.sandbox.chargebee.console import Console
from atlas_site.sandbox.chargebee.control import ChargebeeControl
from atlas_site.sandbox.chargebee.fault_modes import MODES as CHARGEBEE_MODES
from atlas_site.sandbox.chargebee.pages import Pages
from atlas_site.sandbox.chargebee.portal import Portal
from atlas_site.sandbox.chargebee.site import Site
from atlas_site.sandbox.chargebee.webhooks import Webhooks
from atlas_site.sandbox.clock import Clock
from atlas_site.sandbox.control import Control
from atlas_site.sandbox.faults import Faults
from atlas_site.sandbox.mail import MailPage, page
from atlas_site.sandbox.market.catalog import Catalog
from atlas_site.sandbox.s3 import PREFIX as S3_PREFIX
from atlas_site.sandbox.s3 import S3
from atlas_site.sandbox.streetview import MODES as STREETVIEW_MODES
from atlas_site.sandbox.streetview import PREFIX as STREETVIEW_PREFIX
from atlas_site.sandbox.streetview import StreetView
from atlas_site.sandbox.web import Handler, Request, Response, html_response, json_response

logger = logging.getLogger("atlas.sandbox")

StartResponse = Callable[[str, list[tuple[str, str]]], object]
CUT_AT = "sandbox.cut_at"
"""Key of the WSGI environment by which the application tells the server to break the connection (see ``Response``)."""


class Sandbox:
    """The sandbox as a WSGI application. ``home`` holds its market, its books and the mail of development."""

    def __init__(self, home: Path, *, seed: int, size: int) -> None:
        self._folder = home / "sandbox"
        self.faults = Faults({**MODES, **CHARGEBEE_MODES, **STREETVIEW_MODES})
        self.clock = Clock()
        self.vendor = self._make_vendor(Account(self._folder / "account.sqlite"), seed=seed, size=size)
        self.chargebee = Site(self._folder / "chargebee.sqlite", self.clock)
        self.webhooks = Webhooks(self._folder / "webhooks.sqlite", self.clock, self.chargebee.note_delivery)
        self.chargebee.on_event(self.webhooks.enqueue)
        self.chargebee_control = ChargebeeControl(self.chargebee, self.webhooks)
        self.s3 = S3(self._folder / "s3", self.faults)
        self._handlers: list[tuple[str, Handler]] = [
            ("/api/v2/property/", self._batchdata),
            ("/api/v2/", Chargebee(self.chargebee, self.faults)),
            ("/api/", self._batchdata),
            ("/pages/v4/", Pages(self.chargebee)),
            ("/portal/v2/", Portal(self.chargebee)),
            ("/chargebee/", Console(self)),
            (STREETVIEW_PREFIX, StreetView(self.faults)),
            (S3_PREFIX, self.s3),
            ("/_sandbox/", Control(self)),
            ("/mail/", MailPage(home / "mail")),
        ]

    def open_market(self, *, seed: int, size: int) -> None:
        """Put another market in the place of this one; account and clock stay."""
        self.vendor = self._make_vendor(self.vendor.account, seed=seed, size=size)

    def move_clock(self, moment: datetime | None) -> None:
        """Make it this moment for every vendor, or with ``None`` the real time, and let happen what is due by then."""
        self.clock.move(moment)
        self.chargebee.run_until_now()
        self.webhooks.wake()

    def close(self) -> None:
        """Close the files that the calling thread has open."""
        self.vendor.catalog.close()
        self.vendor.account.close()
        self.webhooks.close()
        self.chargebee.close()

    def _make_vendor(self, account: Account, *, seed: int, size: int) -> Vendor:
        catalog = Catalog(self._folder, seed=seed, size=size, day=self.clock.now().date())
        return Vendor(catalog, Finder(catalog), account, self.clock)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a WSGI request."""
        request = Request.from_environ(environ)
        vendor = self.vendor
        try:
            response = self._route(request.path)(request)
        except Exception:
            # Never the request's content: it may name a person.
            logger.exception("the sandbox failed on %s %s", request.method, request.path.partition("/records/")[0])
            response = json_response({"status": {"code": 500, "text": "Internal Server Error"}}, 500)
        finally:
            vendor.catalog.close()
        headers = {"Content-Type": response.content_type, "Content-Length": str(len(response.body)), **response.headers}
        if response.cut_at is not None:
            environ[CUT_AT] = response.cut_at
        start_response(response.status_line, list(headers.items()))
        return [] if request.method == "HEAD" else [response.body]

    def _route(self, path: str) -> Handler:
        whole = path if path.endswith("/") else f"{path}/"
        return next((handler for prefix, handler in self._handlers if whole.startswith(prefix)), self._front)

    def _batchdata(self, request: Request) -> Response:
        return BatchData(self.vendor, self.faults)(request)

    def _front(self, request: Request) -> Response:
        catalog = self.vendor.catalog
        if request.path == "/healthz":
            return json_response({"ok": True, "seed": catalog.seed, "size": catalog.size})
        if request.path != "/":
            return html_response(page("Not here", '<p><a href="/">Start</a></p>'), 404)
        return html_response(page("Atlas sandbox", (
            f"<p>This process stands in for Atlas's vendors. Its market has {catalog.size:,} invented properties at "
            "real US places; no money moves here.</p>"
            '<ul><li><a href="/mail/">Mail of development</a>: verification codes are read here</li>'
            '<li><a href="/chargebee/">Console of Chargebee</a>: customers, refunds, renewals, webhooks, the clock</li>'
            '<li><a href="/_sandbox/billing">BatchData\'s bill</a></li>'
            '<li><a href="/_sandbox/faults">Queued faults</a></li></ul>'
        )))  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    """Runs the application for each request of a connection, and keeps the connection."""

    protocol_version = "HTTP/1.1"
    server_version = "AtlasSandbox"
    timeout = 75
    disable_nagle_algorithm = True
    server: "SandboxServer"

    def do_GET(self) -> None:
        """Answer a request of any method."""
        path, _, query = self.path.partition("?")
        length = self.headers.get("Content-Length") or "0"
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command, "PATH_INFO": unquote(path), "QUERY_STRING": query,
            "CONTENT_LENGTH": length, "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "SERVER_PROTOCOL": self.request_version, "REMOTE_ADDR": self.client_address[0],
            "wsgi.input": io.BytesIO(self.rfile.read(int(length) if length.isdigit() else 0)),
            "wsgi.url_scheme": "http",
        }  # fmt: skip
        environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in self.headers.items()}
        sent: list[Any] = []
        body = b"".join(self.server.application(environ, lambda status, headers: sent.extend((status, headers))))
        self._send(sent[0], sent[1], body, environ.get(CUT_AT))

    do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = do_GET

    def _send(self, status: str, headers: list[tuple[str, str]], body: bytes, cut_at: int | None) -> None:
        if cut_at is not None:
            self.close_connection = True
        if cut_at is None or cut_at >= 0:
            code, _, phrase = status.partition(" ")
            self.send_response(int(code), phrase)
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[:cut_at])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name of the base class
        """Keep quiet: requests may name a person."""


class SandboxServer(ThreadingHTTPServer):
    """A threaded server for one application."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], application: Sandbox) -> None:
        self.application = application
        super().__init__(address, _Handler)

    def server_close(self) -> None:
        """Stop listening and close the application's files."""
        super().server_close()
        self.application.close()

    def server_bind(self) -> None:
        """Bind without asking the name service for this machine's name, which can take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say in one line that a connection broke; a caller that went away is no news."""
        logger.info("a connection broke")


def make_server(home: Path, *, host: str, port: int, seed: int, size: int) -> SandboxServer:
    """Return a server that is bound and ready to ``serve_forever``; port 0 takes a free one."""
    return SandboxServer((host, port), Sandbox(home, seed=seed, size=size))
