"""Settling a batch: the states of its rows, what its hits cost, and whose they are now, in one transaction."""

from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from django.conf import settings

from atlas_site.lib.crashing import crash_at
from atlas_site.lib.transactions import run_txn
from atlas_site.mongodb.documents import as_utc
from credits import services as credit_services
from credits.models import CreditType
from leads.models import Enrichment, RowState
from leads.selectors.trace_words import WITH_PHONE
from leads.services.traces.answers import STATES, TraceReading
from leads.services.traces.jobs import BatchPhase, counts_of, owner_of
from leads.services.traces.leases import LEASE, Batch, save_batch
from leads.services.traces.requests import is_paid, key_of_row
from properties.models import PersonTrace, TraceOutcome
from properties.services.allowances import UNCHANGED_REFRESH, free_refreshes_left, open_allowance, take
from properties.services.traces import Bought, buy_traces, held_traces, is_bought, listed_numbers, purchases_of

OVER = set(RowState) - {RowState.QUEUED, RowState.SENT, RowState.UNKNOWN}


def settle(
    batch: Batch,
    job: Enrichment,
    now: datetime,
    *,
    reading: TraceReading | None = None,
    unread: RowState = RowState.ERROR,
    lease: timedelta | None = LEASE,
    **values: Any,
) -> None:
    """Decide the rows that are open, charge for the hits, and write `values` (the phase is "settled" without).

    Rows that were asked end as the answer says, or as `unread` without one. What is held or bought by now is attached;
    whoever has bought a person in the last 90 days does not pay again, unless who was asked for anew has changed, or
    the free ones of the month are used (the money rule). Raises LeaseLost, and then nothing is changed.
    """
    user_id = owner_of(job)

    def work() -> dict[str, Any]:
        rows, hits, unchanged = _decide(batch, user_id, reading, unread, now)
        take(user_id, UNCHANGED_REFRESH, len(unchanged), now)
        metadata = {**(batch.get("metadata") or {}), **values.get("metadata", {})}
        spent = _charge(batch, job, hits, metadata, now)
        if reading is not None:
            metadata["unlinked"] = [*metadata.get("unlinked", []), *reading.unlinked]
        changed = {
            "phase": BatchPhase.SETTLED.value,
            **values,
            **_counted(rows),
            "spent": batch["spent"] + spent,
            "metadata": metadata,
        }
        save_batch(dict(batch), now=now, lease=lease, **changed)
        buy_traces(user_id=user_id, bought=map(_bought_by, hits), now=now)
        crash_at("inside settlement")
        return changed

    crash_at("before settlement")
    if any("was" in row for row in batch["rows"]):
        open_allowance(user_id, UNCHANGED_REFRESH, now)
    changed = run_txn(work, lock=user_id)
    batch.update(changed, leaseUntil=as_utc(now) + lease if lease else None)
    crash_at("after settlement")


def _charge(batch: Batch, job: Enrichment, hits: list[dict[str, Any]], metadata: dict[str, Any], now: datetime) -> int:
    """Charge for hits, in the running transaction: note in them how they end, and in `metadata` that they are charged.

    Returns what they cost in credits. Those of a quote whose time is over are delivered free.
    """
    captured = credit_services.capture(
        quote_id=batch["quoteId"],
        step=_step(batch["batchNumber"], metadata.get("settled", 0)),
        units={CreditType.SKIPTRACE: len(hits)},
        reason=f"Skip trace of {job.title}"[:300],
        now=now,
    )
    for row in hits:
        row["state"] = (RowState.LATE if captured.is_late else RowState.HIT).value
    if hits:
        metadata["settled"] = metadata.get("settled", 0) + 1
    return captured.amount


def _bought_by(row: dict[str, Any]) -> Bought:
    """Who was asked, and how the user knows them."""
    return Bought(key_of_row(row), row["key"], row.get("place", ""), row.get("person", ""))


def _counted(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Rows as a batch keeps them, with how many there are of what kind."""
    with_phone = sum(row["state"] in WITH_PHONE for row in rows)
    skipped = sum(row["state"] in OVER for row in rows) - with_phone
    return {"rows": rows, "counts": counts_of(rows), "enrichedCount": with_phone, "skippedCount": skipped}


def _step(number: int, settled: int) -> str:
    """The name under which a batch is charged: its number, for what is charged later with how often it was before."""
    return f"{number}.{settled}" if settled else str(number)


def _decide(
    batch: Batch, user_id: ObjectId, reading: TraceReading | None, unread: RowState, now: datetime
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows with their states; those among them that are hits, whose states are still to be written; and those that
    were asked anew and have not changed, as many as are free.
    """
    left = [row for row in batch["rows"] if row["state"] not in OVER]
    bought = purchases_of(user_id, map(key_of_row, left), now)
    # What was asked for the first time ends as the answer says, whatever is held.
    held = held_traces(key_of_row(row) for row in left if row["state"] == RowState.QUEUED or "was" in row)
    free_left = free_refreshes_left(user_id, now) if any("was" in row for row in batch["rows"]) else 0
    rows: list[dict[str, Any]] = []
    hits: list[dict[str, Any]] = []
    unchanged: list[dict[str, Any]] = []
    for each in batch["rows"]:
        row, key = dict(each), key_of_row(each)
        rows.append(row)
        if row["state"] == RowState.QUEUED:
            state = _state_of_copy(row, held.get(key), is_bought(bought.get(key), row.get("person", "")), now)
        elif row["state"] in {RowState.SENT, RowState.UNKNOWN}:
            state = _state_of_answer(row, reading, unread, is_paid(row, bought))
        else:
            continue
        if state == RowState.HIT and len(unchanged) < free_left and _is_unchanged(row, held.get(key)):
            state = RowState.UNCHANGED
            unchanged.append(row)
        row["state"] = state.value
        if state == RowState.HIT:
            hits.append(row)
    return rows, hits, unchanged


def _is_unchanged(row: dict[str, Any], held: PersonTrace | None) -> bool:
    """Whether the numbers of somebody who was asked for anew are those that the user has bought."""
    return held is not None and row.get("was") == listed_numbers(held)


def _state_of_copy(row: dict[str, Any], held: PersonTrace | None, is_bought: bool, now: datetime) -> RowState:
    """How a row ends that nobody was asked for: by what Atlas holds."""
    if held is None:
        return RowState.ERROR
    is_fresh = held.answered_at > now - settings.RECORD_FRESH_FOR
    if not (is_fresh or is_bought or row.get("free")):
        return RowState.ERROR
    state = STATES[TraceOutcome(held.outcome)]
    return RowState.YOURS if state == RowState.HIT and (is_bought or row.get("free")) else state


def _state_of_answer(row: dict[str, Any], reading: TraceReading | None, unread: RowState, is_bought: bool) -> RowState:
    if reading is None:
        return unread
    state = reading.states.get(row["contactId"], RowState.UNLINKED)
    row["asked"] = True
    if row["contactId"] in reading.billed:
        row["billed"] = True
    return RowState.YOURS if state == RowState.HIT and is_bought else state
