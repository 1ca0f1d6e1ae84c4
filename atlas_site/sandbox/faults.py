"""Faults on request: the next calls of an endpoint go wrong in a named way."""

import threading
import time
from dataclasses import asdict, dataclass, replace

from atlas_site.sandbox.batchdata.errors import EMPTY_WALLET, NO_PERMISSION, error_response
from atlas_site.sandbox.web import Handler, Request, Response, json_response

ANY = "*"


@dataclass(frozen=True)
class Fault:
    """``mode`` goes wrong on the next ``times`` calls of ``endpoint`` ("*" for any); ``seconds`` where it waits."""

    endpoint: str
    mode: str
    times: int = 1
    seconds: float = 1.0


class Faults:
    """The queue of faults. Safe for many threads."""

    def __init__(self) -> None:
        self._queue: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Queue a fault. Raises ``ValueError`` for an unknown mode or a number out of range."""
        if fault.mode not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}")
        if not 1 <= fault.times <= 1_000_000 or not 0 <= fault.seconds <= 600:
            raise ValueError("times must be from 1, seconds from 0 to 600")
        with self._lock:
            self._queue.append(fault)

    def take(self, endpoint: str) -> Fault | None:
        """Return the first fault that is queued for an endpoint, and use it once."""
        with self._lock:
            for place, fault in enumerate(self._queue):
                if fault.endpoint in (ANY, endpoint):
                    if fault.times == 1:
                        del self._queue[place]
                    else:
                        self._queue[place] = replace(fault, times=fault.times - 1)
                    return fault
        return None

    def list(self) -> list[dict[str, object]]:
        """Return what is queued."""
        with self._lock:
            return [asdict(fault) for fault in self._queue]

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._queue.clear()


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
    "status-code": _status_code,
    "429": lambda *_: error_response(429, "Too many requests"),
    "429-retry-after": lambda fault, *_: error_response(429, "Too many requests", Retry_After=f"{fault.seconds:g}"),
    "500": lambda *_: error_response(500, "Internal server error"),
    "502": lambda *_: Response(b"<html><body>502 Bad Gateway</body></html>", 502, "text/html"),
    "504": lambda *_: Response(b"<html><body>504 Gateway Timeout</body></html>", 504, "text/html"),
    "wallet-empty": lambda *_: error_response(403, EMPTY_WALLET),
    "permission": lambda *_: error_response(403, NO_PERMISSION),
}
"""What each mode answers. "cut-body", "wrong-schema", "empty-body" and "timeout-after-work" are billed: the work was
done; "slow" is answered and billed; the others do nothing."""
