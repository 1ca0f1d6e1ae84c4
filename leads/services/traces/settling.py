"""Settling a batch: the states of its rows, what its hits cost, and whose they are now, in one transaction."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from atlas_site.lib.crashing import crash_at
from atlas_site.lib.transactions import run_txn
from atlas_site.mongodb.documents import as_utc
from credits import services as credit_services
from credits.models import CreditType
from leads.models import Enrichment, RowState
from leads.services.traces.answers import STATES, TraceReading
from leads.services.traces.jobs import BatchPhase, counts_of, owner_of
from leads.services.traces.leases import LEASE, Batch, save_batch
from leads.services.traces.requests import key_of_row
from properties.models import PersonTrace, TraceOutcome
from properties.services.traces import buy_traces, held_traces, purchases_of

WITH_PHONE = {RowState.HIT, RowState.YOURS, RowState.LATE}
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
    whoever has bought a person in the last 90 days does not pay again. Raises LeaseLost, and then nothing is changed.
    """

    def work() -> dict[str, Any]:
        rows, hits = _decide(batch, job, reading, unread, now)
        metadata = {**(batch.get("metadata") or {}), **values.get("metadata", {})}
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
        if reading is not None:
            metadata["unlinked"] = [*metadata.get("unlinked", []), *reading.unlinked]
        changed = {
            "phase": BatchPhase.SETTLED.value,
            **values,
            "rows": rows,
            "counts": counts_of(rows),
            "spent": batch["spent"] + captured.amount,
            "enrichedCount": sum(row["state"] in WITH_PHONE for row in rows),
            "skippedCount": sum(row["state"] in OVER - WITH_PHONE for row in rows),
            "metadata": metadata,
        }
        save_batch(dict(batch), now=now, lease=lease, **changed)
        # Bought is who was asked, and whom the user knows by the contact's identity.
        places = {key: row.get("place", "") for row in hits for key in (row["key"], key_of_row(row))}
        buy_traces(user_id=owner_of(job), places=places, now=now)
        crash_at("inside settlement")
        return changed

    crash_at("before settlement")
    changed = run_txn(work, lock=job.user_id)
    batch.update(changed, leaseUntil=as_utc(now) + lease if lease else None)
    crash_at("after settlement")


def _step(number: int, settled: int) -> str:
    """The name under which a batch is charged: its number, for what is charged later with how often it was before."""
    return f"{number}.{settled}" if settled else str(number)


def _decide(
    batch: Batch, job: Enrichment, reading: TraceReading | None, unread: RowState, now: datetime
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows with their states, and those among them that are hits, whose states are still to be written."""
    keys = [key_of_row(row) for row in batch["rows"] if row["state"] not in OVER]
    bought, held = purchases_of(owner_of(job), keys, now), held_traces(keys)
    rows: list[dict[str, Any]] = []
    hits: list[dict[str, Any]] = []
    for each in batch["rows"]:
        row, key = dict(each), key_of_row(each)
        rows.append(row)
        if row["state"] == RowState.QUEUED:
            state = _state_of_copy(row, held.get(key), key in bought, now)
        elif row["state"] in {RowState.SENT, RowState.UNKNOWN}:
            state = _state_of_answer(row, reading, unread, key in bought)
        else:
            continue
        row["state"] = state.value
        if state == RowState.HIT:
            hits.append(row)
    return rows, hits


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
