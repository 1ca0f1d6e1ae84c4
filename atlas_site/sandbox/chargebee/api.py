"""The front door of Chargebee's API: paths, methods, keys, idempotency and faults."""

import base64
import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from atlas_site.sandbox.chargebee import forms
from atlas_site.sandbox.chargebee import operations as op
from atlas_site.sandbox.chargebee.errors import ApiError
from atlas_site.sandbox.chargebee.fault_modes import answer_with
from atlas_site.sandbox.chargebee.site import Site
from atlas_site.sandbox.faults import Faults
from atlas_site.sandbox.web import Request, Response, json_response

ROOT = "/api/v2/"
FAULT_ENDPOINT = "chargebee"
IDEMPOTENCY_HEADER = "chargebee-idempotency-key"
MAX_KEY_LENGTH = 100
REPLAY_SECONDS = 30 * 60
ID = "{id}"
Operation = Callable[[op.Call], dict[str, Any]]

ROUTES: dict[tuple[str, str], tuple[str, Operation]] = {
    ("POST", "customers"): ("customer.create", op.create_customer),
    ("GET", "customers"): ("customer.list", op.list_of("customer")),
    ("GET", "customers/{id}"): ("customer.retrieve", op.retrieve("customer")),
    ("POST", "customers/{id}"): ("customer.update", op.update_customer),
    ("POST", "customers/{id}/delete"): ("customer.delete", op.delete_customer),
    ("POST", "customers/{id}/subscription_for_items"): ("subscription.create_with_items", op.create_subscription),
    ("GET", "payment_sources"): ("payment_source.list", op.list_of("payment_source")),
    ("POST", "hosted_pages/checkout_new_for_items"): ("hosted_page.checkout_new_for_items", op.checkout_new),
    ("POST", "hosted_pages/checkout_existing_for_items"): (
        "hosted_page.checkout_existing_for_items", op.checkout_existing),
    ("POST", "hosted_pages/checkout_one_time_for_items"): (
        "hosted_page.checkout_one_time_for_items", op.checkout_one_time),
    ("POST", "hosted_pages/manage_payment_sources"): (
        "hosted_page.manage_payment_sources", op.manage_payment_sources),
    ("GET", "hosted_pages"): ("hosted_page.list", op.list_of("hosted_page")),
    ("GET", "hosted_pages/{id}"): ("hosted_page.retrieve", op.retrieve_page),
    ("POST", "hosted_pages/{id}/acknowledge"): ("hosted_page.acknowledge", op.acknowledge_page),
    ("POST", "portal_sessions"): ("portal_session.create", op.create_portal_session),
    ("GET", "portal_sessions/{id}"): ("portal_session.retrieve", op.retrieve("portal_session")),
    ("POST", "portal_sessions/{id}/logout"): ("portal_session.logout", op.log_out_portal),
    ("GET", "subscriptions"): ("subscription.list", op.list_subscriptions),
    ("GET", "subscriptions/{id}"): ("subscription.retrieve", op.retrieve_subscription),
    ("GET", "subscriptions/{id}/retrieve_with_scheduled_changes"): (
        "subscription.retrieve_with_scheduled_changes", op.retrieve_with_changes),
    ("POST", "subscriptions/{id}/remove_scheduled_changes"): (
        "subscription.remove_scheduled_changes", op.remove_changes),
    ("POST", "subscriptions/{id}/update_for_items"): ("subscription.update_for_items", op.update_subscription),
    ("POST", "subscriptions/{id}/cancel_for_items"): ("subscription.cancel_for_items", op.cancel_subscription),
    ("POST", "subscriptions/{id}/remove_scheduled_cancellation"): (
        "subscription.remove_scheduled_cancellation", op.keep_subscription),
    ("POST", "subscriptions/{id}/pause"): ("subscription.pause", op.pause_subscription),
    ("POST", "subscriptions/{id}/remove_scheduled_pause"): ("subscription.remove_scheduled_pause", op.remove_pause),
    ("POST", "subscriptions/{id}/resume"): ("subscription.resume", op.resume_subscription),
    ("POST", "subscriptions/{id}/remove_scheduled_resumption"): (
        "subscription.remove_scheduled_resumption", op.remove_resumption),
    ("POST", "subscriptions/{id}/reactivate"): ("subscription.reactivate", op.reactivate_subscription),
    ("POST", "subscriptions/{id}/delete"): ("subscription.delete", op.delete_subscription),
    ("GET", "subscriptions/{id}/renewal_estimate"): ("estimate.renewal_estimate", op.estimate_renewal),
    ("POST", "estimates/update_subscription_for_items"): (
        "estimate.update_subscription_for_items", op.estimate_update),
    ("GET", "invoices"): ("invoice.list", op.list_of("invoice")),
    ("POST", "invoices/create_for_charge_items_and_charges"): (
        "invoice.create_for_charge_items_and_charges", op.sell_charges),
    ("GET", "invoices/{id}"): ("invoice.retrieve", op.retrieve("invoice")),
    ("POST", "invoices/{id}/refund"): ("invoice.refund", op.refund_invoice),
    ("POST", "invoices/{id}/collect_payment"): ("invoice.collect_payment", op.collect_payment),
    ("POST", "invoices/{id}/record_payment"): ("invoice.record_payment", op.record_payment),
    ("POST", "invoices/{id}/void"): ("invoice.void_invoice", op.void_invoice),
    ("POST", "invoices/{id}/pdf"): ("invoice.pdf", op.download_pdf),
    ("GET", "transactions"): ("transaction.list", op.list_of("transaction")),
    ("GET", "transactions/{id}"): ("transaction.retrieve", op.retrieve("transaction")),
    ("GET", "credit_notes"): ("credit_note.list", op.list_of("credit_note")),
    ("GET", "credit_notes/{id}"): ("credit_note.retrieve", op.retrieve("credit_note")),
    ("GET", "events"): ("event.list", op.list_of("event")),
    ("GET", "events/{id}"): ("event.retrieve", op.retrieve("event")),
    ("GET", "items"): ("item.list", op.list_of("item")),
    ("GET", "items/{id}"): ("item.retrieve", op.retrieve("item")),
    ("GET", "item_families"): ("item_family.list", op.list_of("item_family")),
    ("GET", "item_prices"): ("item_price.list", op.list_of("item_price")),
    ("GET", "item_prices/{id}"): ("item_price.retrieve", op.retrieve("item_price")),
    ("POST", "webhook_endpoints"): ("webhook_endpoint.create", op.create_webhook_endpoint),
    ("GET", "webhook_endpoints"): ("webhook_endpoint.list", op.list_of("webhook_endpoint")),
    ("GET", "time_machines/{id}"): ("time_machine.retrieve", op.time_machine),
    ("POST", "time_machines/{id}/travel_forward"): ("time_machine.travel_forward", op.travel_forward),
}  # fmt: skip
"""Method and path of each call, the operation's name in faults, and what answers it."""


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
            call = op.Call(self._site, resource_id, forms.decode(text), f"http://{request.headers.get('host', '')}")
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
