"""Bringing contacts up to what traces told: of a person, all contacts on all lists of the user, as often as needed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import UpdateMany

from atlas_site.mongodb.documents import as_utc, collection_of
from leads.models import Contact
from leads.services import standing
from properties.models import PersonTrace, TraceOutcome
from properties.services.traces import held_traces

SOURCE = "trace"


def show_traces(*, user_id: ObjectId, keys: Iterable[str], now: datetime) -> None:
    """Bring all contacts of these identities of a user up to what Atlas holds of them; done twice, it is done once.

    Traced numbers take the place of earlier entries of the same number, and the user's own numbers stay behind them. An
    answer that is older than what a contact shows changes nothing, and the numbers of a litigator are not kept.
    """
    held = held_traces(keys)
    updates = [
        UpdateMany({"userId": user_id, "identityKey": key}, [{"$set": _values(trace)}]) for key, trace in held.items()
    ]
    if updates:
        collection_of(Contact).bulk_write(updates, ordered=False)
        standing.refresh(user_id=user_id, identity_keys=held, now=now)


def _values(trace: PersonTrace) -> dict[str, Any]:
    """The server's expressions for the values of a contact that shows this answer."""
    answered_at = as_utc(trace.answered_at)
    is_newer = {"$gt": [{"$ifNull": ["$tracedAt", None]}, answered_at]}
    phones = [{**phone, "source": SOURCE} for phone in trace.phones]
    emails = list(trace.emails)
    person = trace.person
    values: dict[str, Any] = {
        "phones": _merged("$phones", "number", phones),
        "emails": _merged("$emails", "address", emails),
        "traceOutcome": {"$literal": str(trace.outcome)},
        "tracedAt": answered_at,
        "isEnriched": {"$or": [{"$eq": ["$isEnriched", True]}, trace.outcome == TraceOutcome.HIT]},
        "enrichedAt": answered_at if trace.outcome == TraceOutcome.HIT else {"$ifNull": ["$enrichedAt", None]},
        "enrichmentSource": {"$literal": "skip trace"},
        "isLitigator": _known(person.get("isLitigator"), "$isLitigator"),
        "isDeceased": _known(person.get("isDeceased"), "$isDeceased"),
    }
    if phones:
        values["phone"] = {"$ifNull": ["$phone", {"$literal": phones[0]["number"]}]}
    if emails:
        values["email"] = {"$ifNull": ["$email", {"$literal": emails[0]["address"]}]}
    return {name: {"$cond": [is_newer, {"$ifNull": [f"${name}", None]}, value]} for name, value in values.items()}


def _merged(path: str, key: str, traced: list[dict[str, Any]]) -> dict[str, Any]:
    """The traced entries, and behind them what stands at `path` of others."""
    held = {"$cond": [{"$isArray": path}, path, []]}
    known = [entry[key] for entry in traced]
    others = {"$filter": {"input": held, "cond": {"$not": {"$in": [f"$$this.{key}", {"$literal": known}]}}}}
    return {"$concatArrays": [{"$literal": traced}, others]}


def _known(value: bool | None, path: str) -> Any:
    """What the answer says, or what was known before where it does not say."""
    return {"$ifNull": [path, None]} if value is None else value
