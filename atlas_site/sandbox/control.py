"""Control routes under ``/_sandbox/``: what a test or a developer tells the sandbox, never a vendor's own route.

| route | GET | POST | DELETE |
|---|---|---|---|
| ``/_sandbox/faults`` | list | queue ``{endpoint, mode, times, seconds}`` | clear |
| ``/_sandbox/latency`` | by endpoint | ``{endpoint, seconds}``: what each answer of BatchData takes | – |
| ``/_sandbox/billing`` | the vendor's bill (``?since=n``: units after n) | ``{bill_counts, balance, sessions}`` | – |
| ``/_sandbox/clock`` | time | ``{now: ISO or null}``, of every vendor: what is due by then happens | – |
| ``/_sandbox/webhooks`` | endpoints, deliveries | endpoint, mode, deliveries (``ChargebeeControl``) | – |
| ``/_sandbox/chargebee/<act>`` | – | what staff, banks and the calendar do (below) | – |
| ``/_sandbox/find`` | – | full records, unbilled: ``{searchCriteria, take}`` | – |
| ``/_sandbox/records/<propertyId>`` | full record | patch, or ``{delete: true}`` | take the patch away |
| ``/_sandbox/reset`` | – | books, faults, sessions, clock, patches, webhooks, S3; ``{size, seed}`` | – |

The acts are ``refund`` ``{invoice_id, amount_cents}``, ``chargeback`` and ``write_off`` ``{invoice_id}``, ``settle``
and ``fail_late`` ``{transaction_id}``, ``renew`` ``{subscription_id}`` (ends the term now) and ``item_price``
``{id, price, ...}``.
A fault of Chargebee names its operation (``invoice.list``) or ``chargebee`` as its endpoint.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from atlas_site.sandbox.batchdata.calls import Vendor
from atlas_site.sandbox.batchdata.criteria import read_criteria
from atlas_site.sandbox.batchdata.finder import Order
from atlas_site.sandbox.chargebee.control import ChargebeeControl
from atlas_site.sandbox.chargebee.site import Site
from atlas_site.sandbox.chargebee.webhooks import Webhooks
from atlas_site.sandbox.faults import ANY, Fault, Faults
from atlas_site.sandbox.s3 import S3
from atlas_site.sandbox.web import Request, Response, as_dict, json_response

MAX_SIZE = 1_000_000
MAX_FOUND = 1_000


class State(Protocol):
    """What the control routes steer."""

    vendor: Vendor
    faults: Faults
    chargebee: Site
    webhooks: Webhooks
    chargebee_control: ChargebeeControl
    s3: S3

    def open_market(self, *, seed: int, size: int) -> None:
        """Put another market in the place of this one."""

    def move_clock(self, moment: datetime | None) -> None:
        """Make it this moment for every vendor, or the real time again."""


class BadRequest(ValueError):
    """The control call makes no sense; the message says why."""


class Control:
    """Answers the calls under ``/_sandbox/``."""

    def __init__(self, state: State) -> None:
        self._state = state

    def __call__(self, request: Request) -> Response:
        """Answer one call: 404 for an unknown route, 405 for an unknown method, 400 with the reason."""
        name, _, rest = request.path.removeprefix("/_sandbox/").strip("/").partition("/")
        routes: dict[str, dict[str, Callable[..., Any]]] = {
            "faults": {"GET": self._list_faults, "POST": self._queue_fault, "DELETE": self._clear_faults},
            "latency": {"GET": self._latencies, "POST": self._set_latency},
            "billing": {"GET": self._bill, "POST": self._switch_billing},
            "clock": {"GET": self._time, "POST": self._move_clock},
            "reset": {"POST": self._reset},
            "find": {"POST": self._find},
            "webhooks": {"GET": self._list_webhooks, "POST": self._steer_webhooks},
            "chargebee": {"POST": self._act},
            "records": {"GET": self._record, "POST": self._patch_record, "DELETE": self._restore_record},
        }
        if name not in routes or (name in ("records", "chargebee")) != bool(rest):
            return json_response({"error": "no such control route"}, 404)
        if request.method not in routes[name]:
            return json_response({"error": "no such method here"}, 405, Allow=", ".join(routes[name]))
        try:
            body = _body(request)
            content = routes[name][request.method](request, body, *([rest] if rest else []))
        except BadRequest as error:
            return json_response({"error": str(error)}, 400)
        missing = json_response({"error": f"no such thing under {name}"}, 404)
        return missing if content is None else json_response(content)

    def _list_faults(self, *_: Any) -> dict[str, Any]:
        return {"faults": self._state.faults.list()}

    def _queue_fault(self, _request: Request, body: dict[str, Any]) -> dict[str, Any]:
        try:
            self._state.faults.add(Fault(
                endpoint=str(body.get("endpoint", ANY)), mode=str(body.get("mode")), times=int(body.get("times", 1)),
                seconds=float(body.get("seconds", 1)),
            ))  # fmt: skip
        except (ValueError, TypeError) as error:
            raise BadRequest(str(error)) from error
        return self._list_faults()

    def _clear_faults(self, *_: Any) -> dict[str, Any]:
        self._state.faults.clear()
        return self._list_faults()

    def _latencies(self, *_: Any) -> dict[str, Any]:
        return {"latency": self._state.faults.latencies()}

    def _set_latency(self, _request: Request, body: dict[str, Any]) -> dict[str, Any]:
        try:
            self._state.faults.set_latency(str(body.get("endpoint", ANY)), float(body.get("seconds", 0)))
        except (ValueError, TypeError) as error:
            raise BadRequest(str(error)) from error
        return self._latencies()

    def _bill(self, request: Request, *_: Any) -> dict[str, Any]:
        since = request.query.get("since", "0")
        if not since.isdigit():
            raise BadRequest("since must be a number")
        account = self._state.vendor.account
        return {**account.bill(int(since)), "balance": float(account.balance)}

    def _switch_billing(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        account = self._state.vendor.account
        if "bill_counts" in body:
            account.set("bill_counts", "1" if body["bill_counts"] else "0")
        if "balance" in body:
            try:
                account.set_balance(Decimal(str(body["balance"])))
            except InvalidOperation as error:
                raise BadRequest("balance must be a number") from error
        if "sessions" in body:
            if body["sessions"] not in ("evict", "refuse"):
                raise BadRequest('sessions must be "evict" or "refuse"')
            account.set("sessions", body["sessions"])
        return self._bill(request)

    def _time(self, *_: Any) -> dict[str, Any]:
        clock = self._state.vendor.clock
        return {"now": clock.now().isoformat(), "moved": clock.is_moved}

    def _move_clock(self, _request: Request, body: dict[str, Any]) -> dict[str, Any]:
        now = body.get("now")
        try:
            self._state.move_clock(None if now is None else datetime.fromisoformat(now))
        except (ValueError, TypeError) as error:
            raise BadRequest("now must be an ISO date and time, or null") from error
        return self._time()

    def _list_webhooks(self, *_: Any) -> dict[str, Any]:
        return self._state.chargebee_control.list_webhooks()

    def _steer_webhooks(self, _request: Request, body: dict[str, Any]) -> dict[str, Any]:
        try:
            return self._state.chargebee_control.steer_webhooks(body)
        except ValueError as error:
            raise BadRequest(str(error)) from error

    def _act(self, _request: Request, body: dict[str, Any], name: str) -> dict[str, Any] | None:
        try:
            return self._state.chargebee_control.act(name.rstrip("/"), body)
        except ValueError as error:
            raise BadRequest(str(error)) from error

    def _reset(self, _request: Request, body: dict[str, Any]) -> dict[str, Any]:
        vendor = self._state.vendor
        seed, size = body.get("seed", vendor.catalog.seed), body.get("size", vendor.catalog.size)
        if not isinstance(seed, int) or not isinstance(size, int) or not 1 <= size <= MAX_SIZE:
            raise BadRequest(f"seed must be a number, size a number from 1 to {MAX_SIZE}")
        vendor.account.reset()
        self._state.webhooks.reset()
        self._state.chargebee.reset()
        self._state.move_clock(None)
        self._state.faults.clear()
        self._state.s3.reset()
        vendor.catalog.reset()
        if (seed, size) != (vendor.catalog.seed, vendor.catalog.size):
            self._state.open_market(seed=seed, size=size)
        return {"seed": seed, "size": size}

    def _find(self, _request: Request, body: dict[str, Any]) -> dict[str, Any]:
        vendor = self._state.vendor
        today = vendor.clock.now().date().toordinal()
        take = body.get("take", 1)
        if not isinstance(take, int) or not 1 <= take <= MAX_FOUND:
            raise BadRequest(f"take must be a number from 1 to {MAX_FOUND}")
        question = read_criteria(as_dict(body.get("searchCriteria")), {}, vendor.catalog, today)
        numbers = vendor.finder.page(question, Order(), skip=0, take=take).numbers
        return {"records": list(vendor.catalog.records(numbers, today).values())}

    def _record(self, _request: Request, _body: dict[str, Any], property_id: str) -> dict[str, Any] | None:
        vendor = self._state.vendor
        number = vendor.catalog.number_of(property_id)
        if number is None:
            return None
        return vendor.catalog.records([number], vendor.clock.now().date().toordinal()).get(number)

    def _patch_record(self, request: Request, body: dict[str, Any], property_id: str) -> dict[str, Any] | None:
        vendor = self._state.vendor
        number = vendor.catalog.number_of(property_id)
        if number is None:
            return None
        if body.get("delete") is True:
            vendor.catalog.delete(number)
            return {"deleted": property_id}
        vendor.catalog.patch(number, body, vendor.clock.now().date().toordinal())
        return self._record(request, body, property_id)

    def _restore_record(self, _request: Request, _body: dict[str, Any], property_id: str) -> dict[str, Any] | None:
        return {"restored": property_id} if self._state.vendor.catalog.restore(property_id) else None


def _body(request: Request) -> dict[str, Any]:
    if not request.body:
        return {}
    try:
        body = request.json()
    except ValueError as error:
        raise BadRequest("the body is not JSON") from error
    if not isinstance(body, dict):
        raise BadRequest("the body is not a JSON object")
    return body
