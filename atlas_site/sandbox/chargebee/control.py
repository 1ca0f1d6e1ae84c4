"""What a test, a developer or the console tells the sandbox Chargebee: acts of staff and banks, and webhooks."""

from collections.abc import Callable
from typing import Any

from atlas_site.sandbox.chargebee.errors import ApiError
from atlas_site.sandbox.chargebee.site import Site
from atlas_site.sandbox.chargebee.webhooks import Webhooks

DEFAULT_ENDPOINT = "atlas"


class ChargebeeControl:
    """The acts behind ``/_sandbox/chargebee/<act>`` and ``/_sandbox/webhooks``; ``ValueError`` says what is wrong."""

    def __init__(self, site: Site, webhooks: Webhooks) -> None:
        self._site, self._webhooks = site, webhooks
        self._acts: dict[str, Callable[[dict[str, Any]], Any]] = {
            "refund": lambda body: site.refund(_name(body, "invoice_id"), _cents(body)),
            "chargeback": lambda body: site.chargeback(_name(body, "invoice_id")),
            "write_off": lambda body: site.write_off(_name(body, "invoice_id")),
            "settle": lambda body: site.settle(_name(body, "transaction_id")),
            "fail_late": lambda body: site.fail_late(_name(body, "transaction_id")),
            "renew": lambda body: site.renew(_name(body, "subscription_id")),
            "item_price": lambda body: site.put_item_price(**body),
        }

    def act(self, name: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """Do what staff, a bank or the calendar would; ``None`` for an unknown act.

        Raises ``ValueError`` with the site's reason where it refuses.
        """
        if name not in self._acts:
            return None
        try:
            done = self._acts[name](body)
        except ApiError as error:
            raise ValueError(error.message) from error
        return dict(done)

    def list_webhooks(self) -> dict[str, Any]:
        """Return mode, endpoints and deliveries (see ``Webhooks.describe``)."""
        return self._webhooks.describe()

    def steer_webhooks(self, body: dict[str, Any]) -> dict[str, Any]:
        """Do what the body asks for, in this order, and return what ``list_webhooks`` does, with ``delivered``.

        ``{url, user, password, id}`` sets an endpoint (``url: null`` removes it); ``{mode, times, immediate}`` chooses
        how events are delivered from now on; ``{deliver: "all"|"again"|<event id>, times, shuffle, at_once}`` delivers
        what is pending, everything there ever was, or one event, before the call is answered.
        """
        if "url" in body:
            self._set_endpoint(body)
        if "mode" in body:
            times, immediate = _count(body, "times"), bool(body.get("immediate", False))
            self._webhooks.set_mode(str(body["mode"]), times=times, immediate=immediate)
        if "deliver" not in body:
            return self._webhooks.describe()
        delivered = self._deliver(body)
        return {**self._webhooks.describe(), "delivered": delivered}

    def _set_endpoint(self, body: dict[str, Any]) -> None:
        endpoint = str(body.get("id") or DEFAULT_ENDPOINT)
        if body["url"] is None:
            self._webhooks.remove_endpoint(endpoint)
            return
        user, password = str(body.get("user") or ""), str(body.get("password") or "")
        self._webhooks.set_endpoint(endpoint, str(body["url"]), user=user, password=password)

    def _deliver(self, body: dict[str, Any]) -> dict[str, int]:
        """Deliver; an event that no endpoint was there for when it happened is scheduled first."""
        asked, books = str(body["deliver"]), self._site.books
        one = None if asked in ("all", "again") else asked
        events = [books.find("event", one)] if one else books.all("event") if asked == "again" else []
        for event in events:
            if event is None:
                raise ValueError(f"there is no event {one}")
            self._webhooks.enqueue(event)
        return self._webhooks.deliver_now(
            one, times=_count(body, "times"), shuffled=bool(body.get("shuffle")), again=asked == "again",
            at_once=_count(body, "at_once"),
        )  # fmt: skip


def _name(body: dict[str, Any], key: str) -> str:
    if not isinstance(body.get(key), str) or not body[key]:
        raise ValueError(f"{key} must be an id")
    return body[key]


def _cents(body: dict[str, Any]) -> int | None:
    cents = body.get("amount_cents")
    if cents is not None and (not isinstance(cents, int) or cents <= 0):
        raise ValueError("amount_cents must be a number of cents")
    return cents


def _count(body: dict[str, Any], key: str) -> int:
    count = body.get(key, 1)
    if not isinstance(count, int) or not 1 <= count <= 100:
        raise ValueError(f"{key} must be a number from 1 to 100")
    return count
