"""What all parts of the sandbox Chargebee share: documents, time, ids, and the events that tell of changes.

A change is a transaction: its documents and its events are kept together or not at all, and listeners hear of the
events after that. Keys that begin with an underscore are the sandbox's own and never leave it.
"""

import logging
import secrets
import string
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from atlas_site.sandbox.chargebee.errors import NotFound
from atlas_site.sandbox.chargebee.store import Document, Store
from atlas_site.sandbox.clock import Clock

logger = logging.getLogger("atlas.sandbox")

ALPHABET = string.ascii_letters + string.digits
API_VERSION = "v2"
PREFIXES = {
    "transaction": "txn_", "event": "ev_", "line_item": "li_", "payment_source": "pm_", "portal_session": "portal_",
    "webhook_endpoint": "whv2_",
}  # fmt: skip


class Books:
    """The documents of one site. Safe for many threads: one change at a time."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.store = Store(path)
        self.clock = clock
        self.lock = threading.RLock()
        self.rehearsing = False
        self.listeners: list[Callable[[Document], None]] = []
        self._depth = 0
        self._moment: int | None = None
        self._source = "api"
        self._tells = True
        self._loaded: dict[tuple[str, str], Document] = {}
        self._noted: list[tuple[str, dict[str, str | list[str]]]] = []

    def now(self) -> int:
        """Return the time as unix seconds: that of the thing that is due, or the clock's."""
        return int(self.clock.now().timestamp()) if self._moment is None else self._moment

    # Changes

    @contextmanager
    def change(self, source: str = "api", *, at: int | None = None, tells: bool = True) -> Iterator[None]:
        """Make everything that is written inside one transaction; a change inside a change belongs to the outer one.

        ``source`` is that of the events, ``at`` a past moment at which this happens, ``tells=False`` keeps the
        events from listeners.
        """
        with self.lock:
            if self._depth:
                yield
                return
            self._source, self._moment, self._tells = source, at, tells
            with self._transaction(keep=True) as events:
                yield
        for event in events if tells else ():
            for listener in self.listeners:
                listener(event)

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Let a change happen, without payments, and undo it: how estimates are made."""
        with self.lock:
            self._source, self._moment, self._tells, self.rehearsing = "api", None, False, True
            try:
                with self._transaction(keep=False):
                    yield
            finally:
                self.rehearsing = False

    @contextmanager
    def _transaction(self, *, keep: bool) -> Iterator[list[Document]]:
        events: list[Document] = []
        self.store.run("BEGIN")
        self._depth += 1
        try:
            yield events
            events += self._store_events() if keep else []
        except BaseException:
            self.store.run("ROLLBACK")
            raise
        else:
            self.store.run("COMMIT" if keep else "ROLLBACK")
        finally:
            self._depth -= 1
            self._moment = None
            self._loaded.clear()
            self._noted.clear()

    # Documents

    def find(self, kind: str, resource_id: str) -> Document | None:
        """Return a document or ``None``; inside a change always the same object, so that edits are not lost."""
        with self.lock:
            if (kind, resource_id) in self._loaded:
                return self._loaded[kind, resource_id]
            body = self.store.read(kind, resource_id)
            if body is not None and self._depth:
                self._loaded[kind, resource_id] = body
            return body

    def get(self, kind: str, resource_id: str, *, param: str = "") -> Document:
        """Return a document that is not deleted. Raises ``NotFound``."""
        body = self.find(kind, resource_id)
        if body is None or body.get("deleted"):
            raise NotFound(kind.replace("_", " "), resource_id, param)
        return body

    def put(self, kind: str, body: Document) -> Document:
        """Keep a document, inside a change: its version rises, strictly, and its time of change is now.

        The version is the moment in milliseconds, so that it also tells when the change was, or the next number.
        """
        if not self._depth:
            raise RuntimeError("documents are written inside a change")
        now = self.now()
        body.setdefault("object", kind)
        body.setdefault("created_at", now)
        milliseconds = int(self.clock.now().timestamp() * 1000) if self._moment is None else now * 1000
        body["updated_at"], body["resource_version"] = now, max(milliseconds, body.get("resource_version", 0) + 1)
        self._loaded[kind, body["id"]] = body
        self.store.write(kind, body, moment=body.get("occurred_at", now), due_at=due_moment(kind, body))
        return body

    def all(self, kind: str, *, customer_id: str | None = None, after: int | None = None) -> list[Document]:
        """Return the documents of a kind that are not deleted, oldest first."""
        with self.lock:
            found = [body for _, body in self.store.find(kind, customer_id=customer_id, after=after)]
            return [self._loaded.get((kind, body["id"]), body) for body in found if not body.get("deleted")]

    def mine(self, kind: str, subscription: Document) -> list[Document]:
        """Return the documents of a subscription, ready to be edited inside a change, oldest first."""
        bodies = self.all(kind, customer_id=subscription["customer_id"])
        return [self.get(kind, body["id"]) for body in bodies if body.get("subscription_id") == subscription["id"]]

    def new_id(self, kind: str) -> str:
        """Return an id such as Chargebee gives; invoices and credit notes are numbered."""
        if kind == "invoice":
            return str(self.store.count_up("invoice"))
        if kind == "credit_note":
            return f"CN-{self.store.count_up('credit_note')}"
        length = 40 if kind in ("hosted_page", "token") else 17
        return PREFIXES.get(kind, "") + "".join(secrets.choice(ALPHABET) for _ in range(length))

    # Events

    def note(self, event_type: str, **resources: str | list[str]) -> None:
        """Tell of a change when it is complete. ``resources`` are ids by kind, lists of them by the plural.

        The customer always stands beside a subscription. The same event noted twice in a change is one.
        """
        told = (event_type, {name: value for name, value in resources.items() if value})
        if told not in self._noted:
            self._noted.append(told)

    def _store_events(self) -> list[Document]:
        return [
            self.put("event", {
                "id": self.new_id("event"), "occurred_at": self.now(), "source": self._source, "object": "event",
                "api_version": API_VERSION, "event_type": event_type,
                "webhook_status": "scheduled" if self._tells else "disabled", "webhooks": [],
                "content": self._content(resources),
            })
            for event_type, resources in self._noted
        ]  # fmt: skip

    def _content(self, resources: dict[str, str | list[str]]) -> Document:
        content: Document = {}
        for name, value in resources.items():
            if isinstance(value, list):
                content[name] = [public(self._known(name.removesuffix("s"), one)) for one in value]
            else:
                content[name] = public(self._known(name, value))
        if "subscription" in content and "customer" not in content:
            content["customer"] = public(self._known("customer", content["subscription"]["customer_id"]))
        return content

    def _known(self, kind: str, resource_id: str) -> Document:
        body = self.find(kind, resource_id)
        if body is None:
            raise NotFound(kind, resource_id)
        return body


def public(body: Document) -> Document:
    """Return a document as the API shows it: without keys of the sandbox's own, and without what is absent."""
    return {name: value for name, value in body.items() if not name.startswith("_") and value is not None}


def due_moment(kind: str, body: Document) -> int | None:
    """Return when something happens to a document by itself, as unix seconds, or ``None``."""
    moments: list[Any] = []
    status = body.get("status")
    if kind == "subscription" and not body.get("deleted"):
        if status in ("active", "non_renewing"):
            moments = [body.get("next_billing_at"), body.get("cancelled_at"), body.get("pause_date")]
        elif status == "paused":
            moments = [body.get("resume_date"), body.get("cancelled_at")]
    elif kind == "invoice" and status == "payment_due":
        moments = [body.get("next_retry_at")]
    elif kind == "transaction":
        moments = [body.get("_settles_at") if status == "in_progress" else None]
        moments.append(body.get("_fails_at") if status == "success" else None)
    return min((moment for moment in moments if moment is not None), default=None)
