"""What BatchData should have billed, explained record by record from Atlas's own documents.

Vendor bill = captured units + named free causes; what was served from Atlas's own copy is captured and not billed. The
two sides come from different documents: what each job made of every record from the job, what the vendor said it
delivered from the record of the call. Their difference is the residual, which is nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from http import HTTPStatus
from itertools import islice

from django.db.models import Q, QuerySet, Sum

from atlas_site.vendors.models import CallState, VendorCall
from properties.models import Dataset, PropertyJob
from properties.models.jobs import CHARGED

Unit = tuple[str, str]
"""A billed unit: property id and dataset."""

LOST_LOOKUP = "no answer came"
SEARCH = "property_search"
JOBS_AT_ONCE = 20


@dataclass
class ExpectedBill:
    """Units by cause. `lost_pages` are searches whose answer was lost: billed or not, nobody knows which records.

    `delivered` is what the vendor's answers held, by its own account; lost ones are not among it.
    """

    by_cause: dict[str, Counter[Unit]] = field(default_factory=dict)
    from_copy: Counter[Unit] = field(default_factory=Counter)
    delivered: Counter[Unit] = field(default_factory=Counter)
    lost_pages: int = 0
    job_count: int = 0

    def add(self, cause: str, unit: Unit) -> None:
        self.by_cause.setdefault(cause, Counter())[unit] += 1

    @property
    def units(self) -> Counter[Unit]:
        """All units that the vendor billed, as far as Atlas knows."""
        total: Counter[Unit] = Counter()
        for units in self.by_cause.values():
            total.update(units)
        return total

    @property
    def captured_count(self) -> int:
        """Units that users paid for, whether the vendor billed them or Atlas held a copy."""
        return self.by_cause.get(CHARGED, Counter()).total() + self.from_copy.total()

    @property
    def free_counts(self) -> dict[str, int]:
        """Units that the vendor billed and nobody paid for, by cause."""
        return {cause: units.total() for cause, units in self.by_cause.items() if cause != CHARGED}

    @property
    def residual(self) -> Counter[Unit]:
        """Units that only one side knows: delivered and not explained count up, explained and not delivered down."""
        residual = Counter(self.delivered)
        for cause, units in self.by_cause.items():
            if cause != LOST_LOOKUP:
                residual.subtract(units)
        return Counter({unit: count for unit, count in residual.items() if count})


def expect_bill(*, since: datetime, until: datetime) -> ExpectedBill:
    """Explain the vendor's bill of the jobs that began in a span of time: each unit by its cause."""
    return _bill_of(PropertyJob.objects.filter(created_at__gte=since, created_at__lt=until).order_by("created_at"))


def bill_of_day(day: date) -> ExpectedBill:
    """Explain the vendor's bill of all jobs that ended on one day, in UTC."""
    return _bill_of(_ended_on(day))


def next_part_of_day(
    day: date, *, after: datetime | None, until: datetime
) -> tuple[ExpectedBill, datetime] | tuple[None, None]:
    """Explain the bill of the next few jobs that ended on a day (UTC) later than `after`, and not later than `until`.

    Returns it with the moment at which the last of them ended, to go on after; (None, None) when no job is left.
    """
    ended = _ended_on(day).filter(ended_at__lte=until)
    jobs = list((ended.filter(ended_at__gt=after) if after else ended)[:JOBS_AT_ONCE])
    if not jobs:
        return None, None
    last = jobs[-1].ended_at or until
    # What ended in the same moment belongs to the same part, or going on after it would leave it out.
    jobs += ended.filter(ended_at=last).exclude(pk__in=[job.pk for job in jobs if job.ended_at == last])
    return _bill_of(jobs), last


def _ended_on(day: date) -> QuerySet[PropertyJob]:
    begins = datetime.combine(day, time(), UTC)
    ended = PropertyJob.objects.filter(ended_at__gte=begins, ended_at__lt=begins + timedelta(days=1))
    return ended.order_by("ended_at")


def billed_counts(day: date) -> int:
    """How many results the vendor billed for the counts of one day, in UTC, which fetched nothing."""
    begins = datetime.combine(day, time(), UTC)
    counts = VendorCall.objects.filter(vendor="batchdata", operation="property_count")
    of_day = counts.filter(created_at__gte=begins, created_at__lt=begins + timedelta(days=1))
    return of_day.aggregate(billed=Sum("result_count"))["billed"] or 0


def calls_of(jobs: Sequence[PropertyJob]) -> QuerySet[VendorCall]:
    """The calls that these jobs made, without their answers, in one query: their references begin with a job's id."""
    references = Q(pk__in=[])
    for job in jobs:
        references |= Q(reference__gt=f"job:{job.pk}:", reference__lt=f"job:{job.pk};")
    return VendorCall.objects.filter(references).defer("raw", "request").order_by("reference")


def _bill_of(jobs: QuerySet[PropertyJob] | Sequence[PropertyJob]) -> ExpectedBill:
    """Explain these jobs, a few at a time: one that revealed thousands is a big document."""
    bill = ExpectedBill()
    for some in _batches(jobs.iterator(chunk_size=JOBS_AT_ONCE) if isinstance(jobs, QuerySet) else iter(jobs)):
        for job in some:
            _add_rows(bill, job)
        by_id = {str(job.pk): job for job in some}
        for call in calls_of(some):
            _add_call(bill, call, by_id[call.reference.split(":")[1]])
    return bill


def _batches(jobs: Iterator[PropertyJob]) -> Iterator[list[PropertyJob]]:
    while some := list(islice(jobs, JOBS_AT_ONCE)):
        yield some


def _add_rows(bill: ExpectedBill, job: PropertyJob) -> None:
    bill.job_count += 1
    for row in job.rows:
        unit = row["propertyId"], row.get("dataset", Dataset.BASIC.value)
        source = row.get("source", "vendor")
        if source == "copy" and row["outcome"] == CHARGED:
            bill.from_copy[unit] += 1
        elif source == "vendor":
            bill.add(row["outcome"], unit)


def _add_call(bill: ExpectedBill, call: VendorCall, job: PropertyJob) -> None:
    if call.state == CallState.ANSWERED:
        unnamed = max(0, (call.result_count or 0) - len(call.record_ids))
        bill.delivered.update(_units([*call.record_ids, *[""] * unnamed], call.datasets))
    elif not is_lost(call):
        return
    elif call.operation == SEARCH:
        bill.lost_pages += 1
    else:
        for unit in _units([job.property_id or ""], call.datasets):
            bill.add(LOST_LOOKUP, unit)


def is_lost(call: VendorCall) -> bool:
    """Whether it may have been billed, and nobody can read for what."""
    # A whole answer that cannot be read was billed like any other.
    is_unreadable = call.state == CallState.FAILED and call.may_be_billed and call.http_status == HTTPStatus.OK
    return call.state == CallState.UNKNOWN or is_unreadable


def _units(property_ids: Iterable[str], datasets: Iterable[str]) -> list[Unit]:
    names = list(datasets)
    return [(property_id, dataset) for property_id in property_ids for dataset in names]
