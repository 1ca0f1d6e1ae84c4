"""What the records of vendor calls say about money, to be laid beside the vendor's bill."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from atlas_site.vendors.models import CallState, VendorCall


@dataclass(frozen=True, slots=True)
class BilledRecord:
    """One property record that a vendor delivered, and so billed, with the datasets it was billed for."""

    property_id: str
    datasets: tuple[str, ...]
    call_id: str
    reference: str
    vendor_request_id: str


def billed_records(*, since: datetime, until: datetime) -> Iterator[BilledRecord]:
    """Walk the records that answered calls of a stretch of time delivered, oldest call first."""
    calls = VendorCall.objects.filter(
        created_at__gte=since, created_at__lt=until, state=CallState.ANSWERED, result_count__gt=0
    ).defer("raw", "request")
    for call in calls.order_by("created_at"):
        for property_id in call.record_ids:
            yield BilledRecord(property_id, tuple(call.datasets), call.pk, call.reference, call.vendor_request_id)


def unconfirmed_calls(*, since: datetime, until: datetime) -> list[VendorCall]:
    """Return the calls that may have been billed although nothing usable came back, oldest first, without answers."""
    calls = VendorCall.objects.filter(created_at__gte=since, created_at__lt=until, may_be_billed=True)
    return list(calls.defer("raw", "request").order_by("created_at"))
