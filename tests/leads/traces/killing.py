"""Workers of skip traces that are killed, and what tells whether a job ended as if they had not been."""

import os
import signal
import time
import warnings
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from atlas_site.lib.crashing import MARKS, STEPS
from atlas_site.vendors.models import VendorCall
from credits import services as credit_services
from credits.models import Credit, Quote
from leads.models import Contact, Enrichment, EnrichmentBatch, RowState
from leads.selectors.trace_bill import KIND, expect_trace_bill
from leads.services import traces
from leads.services.trace_books import verify_traces

NAMED_STEPS = (
    *("after claim", "before question", "after question", "before call", "call prepared", "call sent", "answer came"),
    *("answer stored", "after answer", "after traces", "before settlement", "inside settlement", "after settlement"),
    *("before contacts", "after contacts", "after batch", "before receipt", "after receipt", "before mail"),
)
"""Every step at which a worker is killed. Between the question and its record the answer is lost for good."""
LOSES_AN_ANSWER = {"call sent", "answer came"}
POLL_SECONDS = 0.002
RECOVERED_WITHIN_SECONDS = 90
"""C10 of the fault matrix: so long after the death of a worker, parent and children, its job is done by another."""


def start_worker(job: Enrichment, *, minutes_ahead: float, steps: Iterable[str] = (), marks: Path | None = None) -> int:
    """Start a process that carries the job on, dies at the first of these steps, and whose id is returned.

    Its clock is ahead, so that it need not wait for the end of the leases of those that were killed.
    """
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        warnings.simplefilter("ignore")
        connection.close_pool()  # a client belongs to the process that made it
        os.environ[STEPS] = ",".join(steps)
        if marks:
            os.environ[MARKS] = str(marks)
        ahead = timedelta(minutes=minutes_ahead)
        traces.run_trace(enrichment_id=str(job.pk), now=lambda: timezone.now() + ahead)
        status = 0
    finally:
        os._exit(status)


def wait_for(process: int) -> bool:
    """Wait for a worker, and say whether it was killed."""
    status = os.waitpid(process, 0)[1]
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
    return os.WIFSIGNALED(status)


def kill_after(process: int, seconds: float) -> bool:
    """Kill a worker after so many seconds, and say whether it still worked."""
    time.sleep(seconds)
    os.kill(process, signal.SIGKILL)
    return wait_for(process)


def carry_to_its_end(job: Enrichment, *, minutes_ahead: float) -> Enrichment:
    """Let workers that live carry the job on, a day too for answers that were lost."""
    for hours in (0, 0, 0, 25, 25):
        minutes_ahead += 3
        wait_for(start_worker(job, minutes_ahead=minutes_ahead + 60 * hours))
        job = Enrichment.objects.get(pk=job.pk)
        if job.is_over:
            return job
    raise AssertionError(f"The job never ended: {job.phase}")


def seconds_to_recover(job: Enrichment, *, killed_at: datetime) -> float:
    """How long after the death of its worker a job is done, where the sweep alone finds it: by the sweep's clock."""
    period = settings.CELERY_BEAT_SCHEDULE["run due traces"]["schedule"]
    waited = 0.0
    while not is_recovered(job):
        waited += period
        assert waited <= RECOVERED_WITHIN_SECONDS, f"{job} is not done"
        moment = killed_at + timedelta(seconds=waited)
        for enrichment_id in traces.due_trace_ids(now=moment):
            traces.run_trace(enrichment_id=enrichment_id, now=lambda moment=moment: moment)
        traces.send_due_mails(now=moment)
    return waited


def is_recovered(job: Enrichment) -> bool:
    """Whether a job is over and its user was told, or waits for nothing but answers that were lost."""
    pending = EnrichmentBatch.objects.filter(enrichment=job, status=EnrichmentBatch.Status.PENDING)
    if pending.exists():
        return not pending.exclude(phase=EnrichmentBatch.Phase.UNKNOWN).exists()
    return Enrichment.objects.filter(pk=job.pk, mailed_at__isnull=False).exists()


def outcome_of(job: Enrichment) -> dict[str, Any]:
    """Everything that a job leaves, by the people it is about, without what differs between any two: ids and moments.

    Rows whose answer was lost are left out, and are counted.
    """
    contacts = {str(contact.pk): contact for contact in Contact.objects.filter(lead_group_id=job.lead_group_id)}
    rows: dict[str, Any] = {}
    unknown = 0
    for batch in EnrichmentBatch.objects.filter(enrichment=job):
        assert batch.counts == {**dict.fromkeys(batch.counts, 0), **Counter(row["state"] for row in batch.rows)}
        for row in batch.rows:
            contact = contacts[row["contactId"]]
            unknown += row["state"] == RowState.UNKNOWN
            if row["state"] != RowState.UNKNOWN:
                rows[contact.address] = (row["state"], *_shown(contact))
    return {"rows": rows, "unknown": unknown}


def _shown(contact: Contact) -> tuple[Any, ...]:
    phones = [{key: value for key, value in phone.items() if key != "checkedAt"} for phone in contact.phones]
    fields = (contact.trace_outcome, contact.phone, contact.email, contact.is_litigator, contact.engagement_score)
    return (phones, contact.emails, *fields)


def assert_same(found: dict[str, Any], expected: dict[str, Any], *, most_unknown: int) -> None:
    """What is known of everybody is what an undisturbed job told, but for those whose answers were lost."""
    assert found["unknown"] <= most_unknown, f"{found['unknown']} answers were lost"
    assert len(found["rows"]) == len(expected["rows"]) - found["unknown"]
    other = {address: (row, expected["rows"][address]) for address, row in found["rows"].items()}
    assert not {address: pair for address, pair in other.items() if pair[0] != pair[1]}


def assert_books(job: Enrichment, sandbox, now: datetime) -> None:
    """Nothing was charged twice, each chunk was asked once, and the vendor's bill is explained to the row."""
    states = Counter(row["state"] for batch in job.batches.all() for row in batch.rows)
    quote = Quote.objects.get(pk=job.quote_ids[0])
    assert quote.captured == -(-states[RowState.HIT] // 2) == sum(batch.spent for batch in job.batches.all())
    wallet = Credit.objects.get(user=job.user_id)
    assert (wallet.reserved, wallet.credit_available) == (0, 1_000 - quote.captured)
    assert credit_services.verify_books().is_sound
    breaches: list[str] = []
    verify_traces(check=lambda rule, holds, *_: None if holds else breaches.append(rule), now=now)
    assert not breaches
    references = VendorCall.objects.filter(operation="skip_trace", user_id=job.user_id).values_list(
        "reference", flat=True
    )
    assert len(set(references)) <= job.total_batches
    bill = expect_trace_bill(since=now - timedelta(days=1), until=now + timedelta(days=1))
    assert bill.residual == Counter()
    billed = Counter((row_id, KIND) for row_id in sandbox.traced())
    assert billed - bill.units == Counter(), "billed and not explained"
    assert max(billed.values(), default=0) <= 1, "bought twice"
