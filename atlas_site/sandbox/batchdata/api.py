"""The vendor's front door: paths, methods, tokens, faults."""

import time
from collections.abc import Callable
from typing import Any

from atlas_site.sandbox.batchdata import lookup, search, skiptrace, small
from atlas_site.sandbox.batchdata.calls import Call, Vendor
from atlas_site.sandbox.batchdata.errors import NO_PERMISSION, VendorRefusal, error_response
from atlas_site.sandbox.batchdata.fault_modes import answer_with
from atlas_site.sandbox.faults import Faults
from atlas_site.sandbox.web import Request, Response

Endpoint = Callable[[Call], dict[str, Any] | Response]

ENDPOINTS: dict[str, tuple[str, Endpoint]] = {
    "/api/v1/property/search": ("POST", search.search),
    "/api/v1/property/lookup/all-attributes": ("POST", lookup.look_up),
    "/api/v1/property/skip-trace": ("POST", skiptrace.trace_v1),
    "/api/v3/property/skip-trace": ("POST", skiptrace.trace_v3),
    "/api/v1/address/autocomplete": ("POST", small.autocomplete),
    "/api/v1/wallet/balance": ("GET", small.balance),
    "/api/v1/wallet/consumption-report": ("GET", small.consumption_report),
    "/api/v2/property/search-sessions": ("GET", small.search_sessions),
}


class BatchData:
    """Answers the calls under ``/api/``."""

    def __init__(self, vendor: Vendor, queued: Faults) -> None:
        self._vendor = vendor
        self._faults = queued

    def __call__(self, request: Request) -> Response:
        """Answer one call; an endpoint is named in faults and in the bill without ``/api/v1/``.

        No answer comes before the latency of its endpoint is over, the work being part of it.
        """
        started = time.monotonic()
        path = request.path.rstrip("/")
        if path not in ENDPOINTS:
            return error_response(404, "Not Found")
        method, endpoint = ENDPOINTS[path]
        if request.method != method:
            return error_response(405, "Method Not Allowed", Allow=method)
        token = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if token.startswith("no-permission"):
            return error_response(403, NO_PERMISSION)
        if not token.startswith("sandbox-"):
            return error_response(401, "Invalid or missing token")
        name = path.split("/", 3)[3]

        def handle(handled: Request) -> Response:
            try:
                return small.as_response(endpoint(Call(self._vendor, handled, name, token)))
            except VendorRefusal as refusal:
                return refusal.response()

        fault = self._faults.take(name)
        response = answer_with(fault, handle, request) if fault else handle(request)
        time.sleep(max(0.0, started + self._faults.latency_of(name) - time.monotonic()))
        return response
