"""What BatchData should have billed for skip traces, explained row by row from the batches of their jobs.

The two sides come from different documents: what became of each row from its batch, what the vendor said it delivered
from the record of the call. Their difference is the residual, which is nothing. Batches under way, and those whose
answer was lost, are listed as unknown.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Q

from atlas_site.mongodb.documents import collection_of
from atlas_site.vendors.models import CallState, VendorCall
from credits.models import Quote
from leads.models import Enrichment, EnrichmentBatch, RowState
from properties.models.jobs import CHARGED, LATE
from properties.selectors.vendor_bill import LOST_LOOKUP, ExpectedBill, is_lost

KIND = "SKIPTRACE"
UNLINKED = "could not be matched"
BATCHES_AT_ONCE = 20
CAUSES = {
    RowState.HIT: CHARGED,
    RowState.LATE: LATE,
    RowState.YOURS: "already yours",
    RowState.NO_PHONE: "e-mail only",
    RowState.LITIGATOR: "known litigator",
    RowState.MISS: "nothing on file",
    RowState.UNLINKED: UNLINKED,
}
UNDER_WAY = {EnrichmentBatch.Phase.SENT.value, EnrichmentBatch.Phase.UNKNOWN.value}


def expect_trace_bill(*, since: datetime, until: datetime) -> ExpectedBill:
    """Explain the vendor's bill of the skip traces that began in a span of time: each row by its cause.

    A unit is (id of the row, "SKIPTRACE").
    """
    bill = ExpectedBill()
    jobs = Enrichment.objects.filter(created_at__gte=since, created_at__lt=until, phase__isnull=False)
    for job in jobs.order_by("created_at"):
        bill.job_count += 1
        for batches in _batches_of(job):
            _add_batches(bill, batches)
    return bill


def _batches_of(job: Enrichment) -> Iterator[list[dict[str, Any]]]:
    settled = [Quote.Status.ACCEPTED, Quote.Status.SETTLED]
    quotes = Quote.objects.filter(pk__in=job.quote_ids, status__in=settled).values_list("pk", flat=True)
    query = {"enrichmentId": job.pk, "quoteId": {"$in": list(quotes)}}
    some: list[dict[str, Any]] = []
    for batch in collection_of(EnrichmentBatch).find(query).sort("batchNumber", 1):
        some.append(batch)
        if len(some) == BATCHES_AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def _add_batches(bill: ExpectedBill, batches: list[dict[str, Any]]) -> None:
    for batch in batches:
        _add_rows(bill, batch)
    by_id = {str(batch["_id"]): batch for batch in batches}
    references = Q(pk__in=[])
    for key in by_id:
        references |= Q(reference__gt=f"trace:{key}:", reference__lt=f"trace:{key};")
    for call in VendorCall.objects.filter(references).defer("raw").order_by("reference"):
        _add_call(bill, call, by_id[call.reference.split(":")[1]])


def _add_rows(bill: ExpectedBill, batch: dict[str, Any]) -> None:
    for row in batch["rows"]:
        state = RowState(row["state"])
        unit = row["contactId"], KIND
        if row.get("billed"):
            bill.add(CAUSES.get(state, state.value), unit)
        elif state == RowState.HIT:
            bill.from_copy[unit] += 1
    for row_id in (batch.get("metadata") or {}).get("unlinked", []):
        bill.add(UNLINKED, (row_id, KIND))


def _add_call(bill: ExpectedBill, call: VendorCall, batch: dict[str, Any]) -> None:
    is_settled = batch["phase"] not in UNDER_WAY
    if call.state == CallState.ANSWERED and is_settled:
        unnamed = max(0, (call.result_count or 0) - len(call.record_ids))
        bill.delivered.update((row_id, KIND) for row_id in [*call.record_ids, *[""] * unnamed])
    elif call.state in {CallState.ANSWERED, CallState.SENT} or is_lost(call):
        for request in (call.request or {}).get("requests", []):
            bill.add(LOST_LOOKUP, (request.get("requestId", ""), KIND))
