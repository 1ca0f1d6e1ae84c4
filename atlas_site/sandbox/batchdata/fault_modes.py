"""The ways in which a BatchData call can go wrong on request."""

import time

from atlas_site.sandbox.batchdata import row_faults
from atlas_site.sandbox.batchdata.errors import EMPTY_WALLET, NO_PERMISSION, error_response
from atlas_site.sandbox.faults import Fault
from atlas_site.sandbox.web import Handler, Request, Response, json_response

HUGE_BYTES = 50 * 1000 * 1000


def answer_with(fault: Fault, handler: Handler, request: Request) -> Response:
    """Return what a call gets under a fault; in some modes the work is done, and billed, all the same."""
    return MODES[fault.mode](fault, handler, request)


def _slow(fault: Fault, handler: Handler, request: Request) -> Response:
    time.sleep(fault.seconds)
    return handler(request)


def _timeout_after_work(fault: Fault, handler: Handler, request: Request) -> Response:
    """Do the work, let the caller wait, and close the connection without an answer."""
    response = handler(request)
    time.sleep(fault.seconds)
    response.cut_at = -1
    return response


def _cut_body(_fault: Fault, handler: Handler, request: Request) -> Response:
    response = handler(request)
    response.cut_at = len(response.body) // 2
    return response


def _wrong_schema(_fault: Fault, handler: Handler, request: Request) -> Response:
    handler(request)
    return json_response(
        {"status": {"code": 200, "text": "OK"}, "results": {"properties": {"items": "none"}, "meta": []}}
    )


def _junk_body(_fault: Fault, handler: Handler, request: Request) -> Response:
    handler(request)
    return Response(b"\x00\xff\xfe{]<junk>" * 64)


def _huge_body(_fault: Fault, handler: Handler, request: Request) -> Response:
    """A good answer with 50 MB of blanks before its end."""
    response = handler(request)
    response.body = response.body[:-1] + b" " * HUGE_BYTES + response.body[-1:]
    return response


def _empty_body(_fault: Fault, handler: Handler, request: Request) -> Response:
    handler(request)
    return Response(b"")


def _status_code(_fault: Fault, _handler: Handler, _request: Request) -> Response:
    """HTTP says 200, the body says 500."""
    status = {"code": 500, "text": "Internal Server Error", "message": "Something went wrong"}
    return json_response({"status": status, "results": {"properties": []}})


MODES = {
    "slow": _slow,
    "timeout-after-work": _timeout_after_work,
    "cut-body": _cut_body,
    "wrong-schema": _wrong_schema,
    "empty-body": _empty_body,
    "junk-body": _junk_body,
    "huge-body": _huge_body,
    "status-code": _status_code,
    "429": lambda *_: error_response(429, "Too many requests"),
    "429-retry-after": lambda fault, *_: error_response(429, "Too many requests", Retry_After=f"{fault.seconds:g}"),
    "503-retry-after": lambda fault, *_: error_response(503, "Service unavailable", Retry_After=f"{fault.seconds:g}"),
    "500": lambda *_: error_response(500, "Internal server error"),
    "502": lambda *_: Response(b"<html><body>502 Bad Gateway</body></html>", 502, "text/html"),
    "504": lambda *_: Response(b"<html><body>504 Gateway Timeout</body></html>", 504, "text/html"),
    "wallet-empty": lambda *_: error_response(403, EMPTY_WALLET),
    "permission": lambda *_: error_response(403, NO_PERMISSION),
    **row_faults.MODES,
}
"""What each mode answers. "cut-body", "wrong-schema", "empty-body", "junk-body", "huge-body" and "timeout-after-work"
are billed: the work was done; "slow" and the faults of rows are answered and billed; the others do nothing."""
