"""What BatchData should have billed, explained record by record from Atlas's own documents.

Vendor bill = captured units + named free causes; what was served from Atlas's own copy is captured and not billed.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from django.db.models import Q

from atlas_site.vendors.models import CallState, VendorCall
from properties.models import Dataset, PropertyJob
from properties.models.jobs import CHARGED

Unit = tuple[str, str]
"""A billed unit: property id and dataset."""

LOST_LOOKUP = "no answer came"


@dataclass
class ExpectedBill:
    """Units by cause. `lost_pages` are searches whose answer was lost: billed or not, nobody knows which records."""

    by_cause: dict[str, Counter[Unit]] = field(default_factory=dict)
    from_copy: Counter[Unit] = field(default_factory=Counter)
    lost_pages: int = 0

    def add(self, cause: str, unit: Unit) -> None:
        self.by_cause.setdefault(cause, Counter())[unit] += 1

    @property
    def units(self) -> Counter[Unit]:
        """All units that the vendor billed, as far as Atlas knows."""
        total: Counter[Unit] = Counter()
        for units in self.by_cause.values():
            total += units
        return total


def expect_bill(*, since: datetime, until: datetime) -> ExpectedBill:
    """Explain the vendor's bill of a span of time: each unit of each job that began in it, by its cause."""
    bill = ExpectedBill()
    for job in PropertyJob.objects.filter(created_at__gte=since, created_at__lt=until):
        for row in job.rows:
            unit = row["propertyId"], row.get("dataset", Dataset.BASIC.value)
            source = row.get("source", "vendor")
            if source == "copy" and row["outcome"] == CHARGED:
                bill.from_copy[unit] += 1
            elif source == "vendor":
                bill.add(row["outcome"], unit)
    # A whole answer that cannot be read was billed like any other.
    is_lost = Q(state=CallState.UNKNOWN) | Q(state=CallState.FAILED, may_be_billed=True, http_status=HTTPStatus.OK)
    lost = VendorCall.objects.filter(is_lost, created_at__gte=since, created_at__lt=until)
    for call in lost.defer("raw"):
        _add_lost_call(bill, call)
    return bill


def _add_lost_call(bill: ExpectedBill, call: VendorCall) -> None:
    if call.operation == "property_search":
        bill.lost_pages += 1
        return
    for request in (call.request or {}).get("requests", []):
        for dataset in call.datasets:
            bill.add(LOST_LOOKUP, (request["propertyId"], dataset))
