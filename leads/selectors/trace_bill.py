"""What BatchData should have billed for skip traces, explained row by row from the batches of their jobs.

The two sides come from different documents: what became of each row from its batch, what the vendor said it delivered
from the record of the call. Their difference is the residual, which is nothing. Batches under way, and those whose
answer was lost, are listed as unknown.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any

from bson import ObjectId
from django.db.models import Q

from atlas_site.mongodb.documents import collection_of
from atlas_site.vendors.models import CallState, VendorCall
from credits.models import Quote
from leads.models import Enrichment, EnrichmentBatch, RowState
from properties.models.jobs import CHARGED, LATE
from properties.selectors.vendor_bill import LOST_LOOKUP, ExpectedBill, is_lost

KIND = "SKIPTRACE"
QUOTE_KIND = "skiptrace"
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
        accepted = [Quote.Status.ACCEPTED, Quote.Status.SETTLED]
        quotes = Quote.objects.filter(pk__in=job.quote_ids, status__in=accepted).values_list("pk", flat=True)
        for batches in _batches_of(job.pk, quotes):
            _add_batches(bill, batches)
    return bill


def trace_part_of_day(
    day: date, *, after: datetime | None, until: datetime
) -> tuple[ExpectedBill, datetime] | tuple[None, None]:
    """Explain the bill of the first quotes that were settled on a day (UTC) later than `after`, not later than `until`.

    A quote ends once, with its batches, whatever joins its job; an answer that was lost until then is listed so for
    good. Returns the bill with the moment at which they ended, to go on after; (None, None) when no quote is left.
    """
    begins = datetime.combine(day, time(), UTC)
    ended = Quote.objects.filter(kind=QUOTE_KIND, status=Quote.Status.SETTLED, ended_at__gte=begins)
    ended = ended.filter(ended_at__lt=begins + timedelta(days=1), ended_at__lte=until).order_by("ended_at")
    first = (ended.filter(ended_at__gt=after) if after else ended).first()
    if first is None or first.ended_at is None:
        return None, None
    bill = ExpectedBill()
    for quote in ended.filter(ended_at=first.ended_at):
        bill.job_count += 1
        for batches in _batches_of(ObjectId(quote.job_id), [quote.pk]):
            _add_batches(bill, batches)
    return bill, first.ended_at


def _batches_of(job_id: Any, quote_ids: Iterable[str]) -> Iterator[list[dict[str, Any]]]:
    query = {"enrichmentId": job_id, "quoteId": {"$in": list(quote_ids)}}
    batches = iter(collection_of(EnrichmentBatch).find(query).sort("batchNumber", 1))
    while some := list(islice(batches, BATCHES_AT_ONCE)):
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
