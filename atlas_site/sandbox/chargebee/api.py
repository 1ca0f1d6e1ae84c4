"""The front door of Chargebee's API: paths, methods, keys, idempotency and faults."""

import base64
import hashlib
from urllib.parse import urlencode

from atlas_site.sandbox.chargebee import forms
from atlas_site.sandbox.chargebee.errors import ApiError
from atlas_site.sandbox.chargebee.fault_modes import answer_with
from atlas_site.sandbox.chargebee.operations.call import Call
from atlas_site.sandbox.chargebee.routes import ROUTES, Operation
from atlas_site.sandbox.chargebee.site import Site
from atlas_site.sandbox.faults import Faults
from atlas_site.sandbox.web import Request, Response, json_response

ROOT = "/api/v2/"
FAULT_ENDPOINT = "chargebee"
IDEMPOTENCY_HEADER = "chargebee-idempotency-key"
MAX_KEY_LENGTH = 100
REPLAY_SECONDS = 30 * 60
ID = "{id}"


class Chargebee:
    """Answers the calls under ``/api/v2/``. An operation is named in faults as in ``ROUTES``."""

    def __init__(self, site: Site, queued: Faults) -> None:
        self._site = site
        self._faults = queued

    def __call__(self, request: Request) -> Response:
        """Answer one call, or carry out a fault that is queued for its operation or for "chargebee"."""
        path = request.path.removeprefix(ROOT).strip("/")
        try:
            _check_key(request)
            name, operation, resource_id = _find_route(request.method, path)
        except ApiError as error:
            return error.response()

        def handle(handled: Request) -> Response:
            return self._answer(handled, name, operation, resource_id)

        fault = self._faults.take(name) or self._faults.take(FAULT_ENDPOINT)
        return answer_with(fault, handle, request) if fault else handle(request)

    def _answer(self, request: Request, name: str, operation: Operation, resource_id: str) -> Response:
        self._site.run_until_now()
        key = request.headers.get(IDEMPOTENCY_HEADER, "")
        if request.method != "POST" or not key or name.startswith("estimate."):
            return self._run(request, operation, resource_id)
        if len(key) > MAX_KEY_LENGTH:
            return ApiError(400, "invalid_request", "The idempotency key is too long.").response()
        with self._site.books.lock:  # a second call with this key waits for the first
            return self._run_once(key, request, operation, resource_id)

    def _run_once(self, key: str, request: Request, operation: Operation, resource_id: str) -> Response:
        """Answer as before where this key was answered within half an hour, with the header that says so."""
        store, now = self._site.books.store, self._site.books.now()
        call = hashlib.sha256(f"{request.path}\n".encode() + request.body).hexdigest()
        store.run("DELETE FROM replay WHERE at < ?", (now - REPLAY_SECONDS,))
        known = store.run("SELECT call, status, body FROM replay WHERE key = ?", (key,))
        if known and known[0][0] != call:
            message = "The idempotency key was used with other parameters."
            return ApiError(400, "invalid_request", message).response()
        if known:
            return Response(known[0][2], known[0][1], headers={"chargebee-idempotency-replayed": "true"})
        response = self._run(request, operation, resource_id)
        if response.status < 500:
            store.run("INSERT INTO replay VALUES (?, ?, ?, ?, ?)", (key, call, now, response.status, response.body))
        return response

    def _run(self, request: Request, operation: Operation, resource_id: str) -> Response:
        try:
            text = request.body.decode() if request.method == "POST" else _query_text(request)
            call = Call(self._site, resource_id, forms.decode(text), f"http://{request.headers.get('host', '')}")
            tells = request.headers.get("chargebee-event-webhook") != "all-disabled"
            if tells or request.method != "POST":
                return json_response(operation(call))
            with self._site.books.change(tells=False):
                return json_response(operation(call))
        except ApiError as error:
            return error.response()
        except UnicodeDecodeError:
            return ApiError(400, "invalid_request", "The body is not UTF-8.").response()


def _check_key(request: Request) -> None:
    """Let pass any key such as "sandbox-..."; the real one has no business here. Raises ``ApiError``."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        user = base64.b64decode(token).decode().partition(":")[0]
    except ValueError:
        user = ""
    if scheme.lower() != "basic" or not user.startswith("sandbox-"):
        raise ApiError(401, "api_authentication_failed", "Sorry, authentication failed. Invalid api key")


def _find_route(method: str, path: str) -> tuple[str, Operation, str]:
    """Return name, operation and resource id of a call. Raises ``ApiError``."""
    parts = path.split("/")
    candidates = [(path, "")]
    if len(parts) > 1:
        candidates.append(("/".join([parts[0], ID, *parts[2:]]), parts[1]))
    for pattern, resource_id in candidates:
        if (method, pattern) in ROUTES:
            return *ROUTES[method, pattern], resource_id
    if any(pattern == known for pattern, _ in candidates for _, known in ROUTES):
        raise ApiError(405, "http_method_not_supported", "The HTTP method is not supported here.")
    raise ApiError(404, "resource_not_found", "Sorry, we couldn't find that resource")


def _query_text(request: Request) -> str:
    return urlencode(request.query)
