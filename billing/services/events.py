"""Chargebee's events: stored before they are acknowledged, then taken as hints which customer to look at.

What an event says is never booked. Received and applied are two things: an event stays received until a look at its
customer's account has succeeded, is tried again with longer and longer waits, and is dead after the last of them.
"""

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pymongo
from celery.exceptions import SoftTimeLimitExceeded
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError
from pymongo.write_concern import WriteConcern

from atlas_site.mongodb.documents import as_utc, collection_of
from atlas_site.vendors.errors import VendorUnavailable
from billing.models import WebhookEvent
from billing.services.offers import copy_offers
from billing.services.sync import UnknownCustomer, sync_customer

logger = logging.getLogger(__name__)

State = WebhookEvent.State

API_VERSION = "v2"
EVENT_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
EVENT_TYPE = re.compile(r"[a-z0-9_]{1,80}")
# Events have about six levels.
DEEPEST = 50
CUSTOMER_ID = re.compile(r"[A-Za-z0-9_-]{1,50}")
# The first parts of the names of events that tell of money or state; all others are kept and ignored.
KNOWN = (
    "subscription_", "payment_", "refund_", "invoice_", "credit_note_", "transaction_", "customer_", "card_",
)  # fmt: skip
OF_THE_CATALOG = ("item_price_", "item_")

STORE_SECONDS = 3
# Longer than a task may run.
LEASE = timedelta(minutes=5)
WAITS = (
    timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=12),
)  # fmt: skip
# Each may take a second, and sweeps come every ten.
EVENTS_AT_ONCE = 50


class BadEvent(Exception):
    """The body is not an event of Chargebee that this program reads; the text says why, and holds nothing of it."""


@dataclass(frozen=True)
class Received:
    """An event that is safely stored. `is_waiting` says that it has still to be applied."""

    event_id: str
    is_new: bool
    is_waiting: bool


@dataclass
class Processed:
    """How many events a sweep came across, and what became of them; events of one customer are applied together."""

    looked_at: int = 0
    failed: int = 0


# ---------------------------------------------------------------- receiving


def receive_event(*, body: bytes, now: datetime) -> Received:
    """Store an event as it was delivered, on most servers of the database, and count later deliveries of the same id.

    An event that tells of nothing Atlas knows is stored as ignored. Raises BadEvent, and PyMongoError when the event
    could not be stored within STORE_SECONDS: then it must not be acknowledged.
    """
    event = parse_event(body)
    event_type, content = event["event_type"], event["content"]
    is_known = event_type.startswith((*KNOWN, *OF_THE_CATALOG))
    document = {
        "_id": event["id"],
        "eventType": event_type,
        "customerId": customer_of(content),
        "occurredAt": _moment(event.get("occurred_at")),
        "receivedAt": as_utc(now),
        "deliveries": 1,
        "body": body.decode(),
        "state": str(State.RECEIVED if is_known else State.IGNORED),
        "attempts": 0,
        "nextAttemptAt": as_utc(now) if is_known else None,
        "lastError": "",
        "processedAt": None if is_known else as_utc(now),
    }
    events = collection_of(WebhookEvent).with_options(write_concern=WriteConcern("majority"))
    with pymongo.timeout(STORE_SECONDS):
        try:
            events.insert_one(document)
        except DuplicateKeyError:
            stored = events.find_one_and_update(
                {"_id": event["id"]}, {"$inc": {"deliveries": 1}}, {"state": 1}, return_document=ReturnDocument.AFTER
            )
            return Received(event["id"], False, stored is not None and stored["state"] == State.RECEIVED)
    return Received(event["id"], True, is_known)


def parse_event(body: bytes) -> dict[str, Any]:
    """Return the event in a body. Raises BadEvent unless it has an id, a type and content of the version we read.

    Neither is a body an event that is nested deeper than DEEPEST, or holds half of a pair of characters: JSON allows
    both, and neither can be shown or stored.
    """
    try:
        event = json.loads(body.decode())
        if _is_too_deep(event):
            raise BadEvent("The body is nested too deep.")
        json.dumps(event, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise BadEvent("The body is no JSON.") from error
    if not isinstance(event, dict):
        raise BadEvent("The body is no JSON object.")
    if not (isinstance(event.get("id"), str) and EVENT_ID.fullmatch(event["id"])):
        raise BadEvent("The event has no id.")
    if not (isinstance(event.get("event_type"), str) and EVENT_TYPE.fullmatch(event["event_type"])):
        raise BadEvent("The event has no type.")
    if not isinstance(event.get("content"), dict):
        raise BadEvent("The event has no content.")
    if event.get("api_version") != API_VERSION:
        raise BadEvent(f"The event is not of version {API_VERSION} of the API.")
    return event


def _is_too_deep(value: object) -> bool:
    level = [value]
    for _ in range(DEEPEST + 1):
        lists = [list(one.values()) if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        if not lists:
            return False
        level = [child for children in lists for child in children]
    return True


def customer_of(content: Mapping[str, Any]) -> str | None:
    """Return the customer that an event tells of: itself, or the one that any of its resources belongs to.

    An id that Atlas could not ask for is none.
    """
    customer = content.get("customer")
    found = [customer.get("id")] if isinstance(customer, dict) else []
    found += [resource.get("customer_id") for resource in content.values() if isinstance(resource, dict)]
    return next((value for value in found if isinstance(value, str) and CUSTOMER_ID.fullmatch(value)), None)


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(value, UTC) if isinstance(value, int) else None
    except (OverflowError, ValueError, OSError):
        return None


# ---------------------------------------------------------------- processing


def process_event(*, event_id: str, now: datetime) -> str | None:
    """Apply a received event and all others of its customer, and return its state; None if there is no such event.

    Nothing happens to one that is applied, ignored or dead, or that another worker has at this moment. An error is
    logged and leaves it for a later attempt.
    """
    _attempt(event_id, now)
    stored = collection_of(WebhookEvent).find_one({"_id": event_id}, {"state": 1})
    return stored["state"] if stored else None


def process_due_events(*, now: datetime, limit: int = EVENTS_AT_ONCE) -> Processed:
    """Apply the events that are due, the longest waiting first, whether or not a message told of them.

    Ends early while Chargebee does not answer: the others would find the same, and stay due.
    """
    processed = Processed()
    due = WebhookEvent.objects.filter(state=State.RECEIVED, next_attempt_at__lte=now).order_by("next_attempt_at")
    for event_id in list(due.values_list("pk", flat=True)[:limit]):
        error = _attempt(event_id, now)
        processed.looked_at += 1
        processed.failed += error is not None
        if isinstance(error, VendorUnavailable):
            break
    return processed


def _attempt(event_id: str, now: datetime) -> Exception | None:
    """Apply an event if it is due, and return the error after which it waits for its next attempt."""
    event = _lease(event_id, now)
    if event is None:
        return None
    try:
        _apply(event, now)
    except SoftTimeLimitExceeded:
        raise  # the worker has to end now; its lease runs out
    except Exception as error:
        _postpone(event, error, now)
        return error
    return None


def replay_event(*, event_id: str, now: datetime) -> str | None:
    """Apply an event once more, whatever became of it, and return its state; None if there is no such event."""
    again = {"state": str(State.RECEIVED), "attempts": 0, "nextAttemptAt": as_utc(now), "lastError": ""}
    collection_of(WebhookEvent).find_one_and_update({"_id": event_id}, {"$set": again}, {"_id": 1})
    return process_event(event_id=event_id, now=now)


def _lease(event_id: str, now: datetime) -> dict[str, Any] | None:
    """Take an event and all of its customer that are due for LEASE, so that no second worker asks the same."""
    events, until = collection_of(WebhookEvent), as_utc(now + LEASE)
    due = {"state": str(State.RECEIVED), "nextAttemptAt": {"$not": {"$gt": as_utc(now)}}}
    taken = {"$set": {"nextAttemptAt": until}, "$inc": {"attempts": 1}}
    event = events.find_one_and_update({"_id": event_id, **due}, taken, return_document=ReturnDocument.AFTER)
    if event is not None and event.get("customerId"):
        events.update_many({"customerId": event["customerId"], **due}, taken)
    return event


def _apply(event: Mapping[str, Any], now: datetime) -> None:
    """Do what an event is a hint for. A look at its customer applies all events that were waiting before it."""
    state = State.APPLIED
    if event.get("customerId"):
        sync_customer(customer_id=event["customerId"], now=now)
    elif event["eventType"].startswith(OF_THE_CATALOG):
        copy_offers(now=now)
    else:
        state = State.IGNORED
    done = {"state": str(state), "processedAt": as_utc(now), "nextAttemptAt": None, "lastError": ""}
    collection_of(WebhookEvent).find_one_and_update(
        {"_id": event["_id"], "state": str(State.RECEIVED)}, {"$set": done}, {"_id": 1}
    )


def _postpone(event: Mapping[str, Any], error: Exception, now: datetime) -> None:
    """Let an event, and those that were taken with it, wait for the next attempt, or give them up after the last."""
    said = f"{type(error).__name__}: {error}"[:300]
    attempts = event["attempts"]
    if isinstance(error, UnknownCustomer):
        logger.warning("Event %s is of a customer that Atlas does not know.", event["_id"])
    else:
        logger.warning("Event %s could not be applied.", event["_id"], exc_info=error)
    taken = {"state": str(State.RECEIVED), "nextAttemptAt": event["nextAttemptAt"]}
    whose = {"customerId": event["customerId"]} if event.get("customerId") else {"_id": event["_id"]}
    events = collection_of(WebhookEvent)
    wait = WAITS[min(attempts, len(WAITS)) - 1]
    later = {"nextAttemptAt": as_utc(now + wait), "lastError": said}
    dead = {"state": str(State.FAILED), "nextAttemptAt": None, "processedAt": as_utc(now), "lastError": said}
    gone = events.update_many({**whose, **taken, "attempts": {"$gt": len(WAITS)}}, {"$set": dead})
    events.update_many({**whose, **taken}, {"$set": later})
    if gone.modified_count:
        logger.error("Gave up %s events after %s attempts, %s among them.", gone.modified_count, attempts, event["_id"])
