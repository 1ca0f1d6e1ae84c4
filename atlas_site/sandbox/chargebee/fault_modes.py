"""The ways in which a Chargebee call can go wrong on request, in the endpoint "chargebee" or an operation's name."""

import time
from collections.abc import Callable

from atlas_site.sandbox.chargebee.errors import ApiError, Declined
from atlas_site.sandbox.faults import Fault
from atlas_site.sandbox.web import Handler, Request, Response


def answer_with(fault: Fault, handler: Handler, request: Request) -> Response:
    """Return what a call gets under a fault; in some modes the work is done all the same."""
    mode = MODES.get(fault.mode)
    return mode(fault, handler, request) if mode else _error(500, "internal_error")


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


def _empty_body(_fault: Fault, handler: Handler, request: Request) -> Response:
    handler(request)
    return Response(b"")


def _error(status: int, code: str) -> Response:
    return ApiError(status, code, "Sorry, something went wrong.", kind="operation_failed").response()


def _too_many(fault: Fault, *_: object) -> Response:
    response = ApiError(429, "api_request_limit_exceeded", "Too many requests.", kind="operation_failed").response()
    response.headers["Retry-After"] = f"{fault.seconds:g}"
    return response


def _page(status: int, title: str) -> Response:
    return Response(f"<html><body><h1>{status} {title}</h1></body></html>".encode(), status, "text/html")


MODES: dict[str, Callable[[Fault, Handler, Request], Response]] = {
    "slow": _slow,
    "timeout-after-work": _timeout_after_work,
    "cut-body": _cut_body,
    "empty-body": _empty_body,
    "429": _too_many,
    "429-retry-after": _too_many,
    "500": lambda *_: _error(500, "internal_error"),
    "503": lambda *_: _error(503, "internal_temporary_error"),
    "lock-timeout": lambda *_: _error(429, "lock_timeout"),
    "502": lambda *_: _page(502, "Bad Gateway"),
    "504": lambda *_: _page(504, "Gateway Timeout"),
    "html": lambda *_: _page(503, "Service Unavailable"),
    "declined": lambda *_: Declined("(2003) Your card was declined.").response(),
}
"""What each mode answers. In "cut-body", "empty-body", "timeout-after-work" and "slow" the work is done; the others do
nothing."""
