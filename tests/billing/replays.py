"""Emptying Atlas's books of billing, filling them again from events, and saying what they came to."""

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client

from accounts.models import User
from atlas_site.mongodb.documents import collection_of
from atlas_site.vendors import chargebee
from billing import services as billing_services
from billing.models import Billing, BillingNotice, PaymentTransaction, WebhookEvent
from credits.models import Credit, CreditLog, CreditUsage
from tests.billing.test_webhook_door import basic

DOOR = "/billing/webhooks/chargebee/"
BOOKS = (Credit, CreditUsage, CreditLog, Billing, PaymentTransaction, WebhookEvent, BillingNotice)
# What says when and by whom something was written, and what a document is called here.
CHANGES = ("subscriptionChange", "purchasedChange", "reservedChange", "debtChange")
NOT_COMPARED = {"_id", "userId", "syncedAt"}


def event_bodies() -> list[bytes]:
    """Return the events that the sandbox has, oldest first, as it delivers them."""
    return [
        json.dumps(
            {
                "id": event.id,
                "event_type": event.event_type,
                "occurred_at": int(event.occurred_at.timestamp()),
                "api_version": "v2",
                "content": event.content,
            }
        ).encode()
        for event in chargebee.events_since(billing_services.BEGINNING)
    ]


def forget_books() -> None:
    """Empty the books of billing and credits; users and offers stay."""
    for model in BOOKS:
        collection_of(model).delete_many({})


def books_of(users: Iterable[User]) -> dict[str, Any]:
    """Return all that must not depend on the order of events: entries, balances, payments and state, by user."""
    found: dict[str, Any] = {}
    for user in users:
        wallet = collection_of(Credit).find_one({"userId": user.pk}) or {}
        entries = collection_of(CreditLog).find({"creditId": wallet["_id"]}) if wallet else []
        payments = collection_of(PaymentTransaction).find({"userId": user.pk})
        found[str(user.pk)] = {
            "entries": {
                entry["key"]: (
                    entry["kind"],
                    entry["subscriptionChange"],
                    entry["purchasedChange"],
                    entry["debtChange"],
                )
                for entry in entries
            },
            "balances": {
                name: wallet.get(name) or 0
                for name in ("subscriptionCredits", "purchasedCredits", "debt", "subscriptionFrozen", "periodGrant")
            },
            "payments": {row["key"]: _plain(row) for row in payments},
            "billing": _plain(collection_of(Billing).find_one({"userId": user.pk}) or {}),
        }
    return found


def _plain(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key not in NOT_COMPARED}


def deliver(bodies: list[bytes], *, at_once: int = 1) -> list[int]:
    """Post events to the door, so many at once, and return the statuses of the answers in the order of the bodies."""
    headers = {"HTTP_AUTHORIZATION": basic(*settings.CHARGEBEE_WEBHOOK_USERS[0])}

    def post(body: bytes) -> int:
        return Client().post(DOOR, body, content_type="application/json", **headers).status_code

    if at_once == 1:
        return [post(body) for body in bodies]
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(post, bodies))


def process_all(now: datetime) -> None:
    """Sweep until no event is due."""
    while billing_services.process_due_events(now=now).looked_at:
        pass


@contextmanager
def database_gone_after(writes: int) -> Iterator[None]:
    """Let the database refuse every write after so many, as for a process that is gone: no write can follow."""
    commands = ["insert", "update", "findAndModify", "commitTransaction"]
    point = {"configureFailPoint": "failCommand", "data": {"failCommands": commands, "errorCode": 8}}
    connection.connection.admin.command({**point, "mode": {"skip": writes}})
    try:
        yield
    finally:
        connection.connection.admin.command({"configureFailPoint": "failCommand", "mode": "off"})
