"""Bringing contacts up to what traces told: of a person, all contacts on all lists of the user, as often as needed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId

from leads.selectors.trace_words import WITH_PHONE
from leads.services import standing
from leads.services.traces.requests import key_of_row
from properties.models import PersonTrace, TraceOutcome
from properties.services.traces import held_traces


def show_traces(*, user_id: ObjectId, rows: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Bring all contacts of the identities of rows up to what Atlas holds of whom they asked; twice does it once.

    What a trace says of a number takes the place of what was said of it before, and the user's own numbers stay. An
    answer that is older than what a contact shows changes nothing, and the numbers of a litigator are not kept.
    """
    keys = {key_of_row(row): row["key"] for row in rows}
    paid = {key_of_row(row) for row in rows if row.get("free") or row["state"] in WITH_PHONE}
    traces: dict[str, PersonTrace] = {}
    for asked, trace in held_traces(keys).items():
        if trace.outcome == TraceOutcome.HIT and asked not in paid:
            continue  # somebody else has had them asked for since
        other = traces.get(keys[asked])
        if other is None or other.answered_at < trace.answered_at:
            traces[keys[asked]] = trace
    if traces:
        standing.refresh(user_id=user_id, identity_keys=traces, traces=traces, now=now)
