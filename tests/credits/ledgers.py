"""Ledgers to export and to check: some with every kind of entry, and the script that checks them, as a module."""

import importlib.util
from datetime import datetime, timedelta
from types import ModuleType

from bson import ObjectId
from django.test import Client

from atlas_site.lib.home import PROJECT_ROOT
from credits import services as credit_services
from credits.models import CreditType
from tests.credits.conftest import NOW

SCRIPT = PROJECT_ROOT / "docs" / "verify_ledger.py"


def load_script() -> ModuleType:
    """Return the script as a module; it is no part of the program, so it is loaded from its file."""
    spec = importlib.util.spec_from_file_location("verify_ledger", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def spend(user_id: ObjectId, *, hits: int = 2, units: int = 3, now: datetime = NOW, **source: object) -> str:
    """Hold, charge and give back the rest of one quote, and return the id of the quote."""
    quote = credit_services.make_quote(
        user_id=user_id,
        kind=source.pop("kind", "reveal"),
        title=source.pop("title", "The next properties in Köln, AZ"),
        units={source.pop("credit_type", CreditType.SEARCH): units},
        subject={"test": str(ObjectId())},
        accept_view="properties:accept-quote",
        back_url="/search/?q=Phoenix",
        now=now,
        **source,
    )
    credit_type = quote.lines[0]["type"]
    credit_services.accept_quote(quote_id=quote.id, user_id=user_id, now=now)
    credit_services.capture(quote_id=quote.id, step="1", units={credit_type: hits}, reason="Page 1", now=now)
    credit_services.release(quote_id=quote.id, now=now)
    return quote.id


def write_history(user_id: ObjectId) -> None:
    """Write entries of every kind, some in the same moment and some later."""
    day = timedelta(days=1)
    credit_services.grant(
        user_id=user_id,
        amount=40,
        bucket="purchased",
        source=f"test:{ObjectId()}",
        reason="Pack „Groß“ \u2028 of 40",
        now=NOW - 40 * day,
    )
    credit_services.reset_period(
        user_id=user_id,
        subscription_id=f"sub-{user_id}",
        started_at=NOW - 20 * day,
        ends_at=NOW + 10 * day,
        amount=20,
        now=NOW - 20 * day,
    )
    spend(user_id, now=NOW - 3 * day)
    spend(user_id, hits=1, units=1, credit_type=CreditType.SKIPTRACE, kind="skiptrace", now=NOW - 2 * day)
    credit_services.adjust(
        user_id=user_id,
        amount=-1,
        bucket="purchased",
        adjustment_id=str(ObjectId()),
        reason="=Goodwill",
        actor="staff:sam@example.test",
        now=NOW - day,
    )
    credit_services.claw_back(user_id=user_id, amount=100, refund_id=str(ObjectId()), reason="Refund", now=NOW)


def export_of(client: Client, address: str = "/credits/ledger.jsonl") -> bytes:
    """Return the body of a file that is sent in parts."""
    response = client.get(address)
    assert response.status_code == 200
    return b"".join(response.streaming_content)
