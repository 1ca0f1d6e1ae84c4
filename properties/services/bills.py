"""Keeping the vendor's bill day by day, so that staff read a month of it at a glance, each kind of work by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic
from typing import Any, Protocol

from bson import Int64
from pymongo.errors import DuplicateKeyError

from atlas_site.mongodb.documents import collection_of
from properties.models import VendorBillDay
from properties.selectors.vendor_bill import ExpectedBill, billed_counts, next_part_of_day

MOST_DAYS = 31
# A job notes the moment at which its last step began, and clocks differ: later than this no more of them come.
SETTLED_AFTER = timedelta(minutes=10)
# After so many seconds others get their turn; the next stint goes on where this one ended.
STINT = 120.0
BILL_RULES = {"B18": "What the vendor bills is explained to the unit, day by day, and has its call on record"}


class NextPart(Protocol):
    """Explains the next part of a day, as `next_part_of_day` does."""

    def __call__(
        self, day: date, *, after: datetime | None, until: datetime
    ) -> tuple[ExpectedBill, datetime] | tuple[None, None]: ...


@dataclass(frozen=True)
class BillSource:
    """A kind of work that the vendor bills: what explains it part by part, and what it billed for counts of a day."""

    kind: VendorBillDay.Kind
    next_part_of_day: NextPart
    counts_of_day: Callable[[date], int] = lambda day: 0


PROPERTIES = BillSource(VendorBillDay.Kind.PROPERTIES, next_part_of_day, billed_counts)


def roll_up_bill(*, now: datetime, seconds: float = STINT, source: BillSource = PROPERTIES) -> bool:
    """Go on summing up the bill of the days that are not closed; return whether all of it is done.

    A few jobs at a time, and each job once: a day keeps how far it is, and is closed when it is past and through. After
    `seconds` nothing more is begun. Without any day, yesterday is the first; those before MOST_DAYS are given up.
    """
    ends = monotonic() + seconds
    for day in _open_days(source, now):
        if not roll_up_day(day=day, now=now, seconds=max(0.0, ends - monotonic()), source=source):
            return False
    return True


def roll_up_day(*, day: date, now: datetime, seconds: float = STINT, source: BillSource = PROPERTIES) -> bool:
    """Go on summing up the bill of one day (UTC), a closed one not again; return whether it is through until now."""
    ends, key = monotonic() + seconds, {"day": day.isoformat(), "kind": source.kind.value}
    while True:
        kept = VendorBillDay.objects.filter(**key).only("summed_until", "closed_at").first()
        if kept and kept.closed_at:
            return True
        after = kept.summed_until if kept else None
        bill, last = source.next_part_of_day(day, after=after, until=now - SETTLED_AFTER)
        if bill is None or last is None:
            _end_day(key, after, Int64(source.counts_of_day(day)), now)
            return True
        if not _add(key, bill, after=after, until=last, now=now):
            return True  # another worker is at it
        if monotonic() >= ends:
            return False


def verify_bill(*, check: Callable[[str, bool, object, str], None]) -> None:
    """Check BILL_RULES over the days that are kept: `check(rule, holds, subject, found)` notes each."""
    for day in VendorBillDay.objects.order_by("day"):
        is_whole = day.billed == day.captured - day.from_copy + day.free
        check("B18", is_whole and not day.unexplained, day, f"{day.unexplained} of {day.billed} units are unexplained")


def _open_days(source: BillSource, now: datetime) -> list[date]:
    """The days to go on with: from the oldest that is not closed, or else the one after the newest, until today."""
    today = now.astimezone(UTC).date()
    earliest = today - timedelta(days=MOST_DAYS)
    kept = VendorBillDay.objects.filter(kind=source.kind)
    days = kept.filter(day__gte=earliest.isoformat(), day__lte=today.isoformat())
    begun = dict(days.values_list("day", "closed_at"))
    pending = [day for day, closed_at in begun.items() if closed_at is None]
    if pending:
        first = date.fromisoformat(min(pending))
    elif begun:
        first = date.fromisoformat(max(begun)) + timedelta(days=1)
    else:
        first = earliest if kept.exists() else today - timedelta(days=1)
    return [first + timedelta(days=number) for number in range((today - first).days + 1)]


def _add(key: dict[str, str], bill: ExpectedBill, *, after: datetime | None, until: datetime, now: datetime) -> bool:
    """Add a part to its day and note how far it is, in one step; False when another worker has come further."""
    figures: dict[str, Any] = {
        "jobCount": Int64(bill.job_count),
        "billed": Int64(bill.units.total()),
        "captured": Int64(bill.captured_count),
        "fromCopy": Int64(bill.from_copy.total()),
        "unexplained": Int64(sum(abs(count) for count in bill.residual.values())),
        "lostPages": Int64(bill.lost_pages),
    }
    noted = {"summedUntil": until, "madeAt": now}
    causes = {cause: Int64(count) for cause, count in bill.free_counts.items()}
    if after is None:
        return _write(key, after, {"$set": {**figures, "causes": causes, "counts": Int64(0), **noted}})
    more = {**figures, **{f"causes.{cause}": count for cause, count in causes.items()}}
    return _write(key, after, {"$inc": more, "$set": noted})


def _end_day(key: dict[str, str], after: datetime | None, counts: Int64, now: datetime) -> None:
    """Note the counts of a day whose jobs are through, and close it when no more of them can come."""
    ends = datetime.combine(date.fromisoformat(key["day"]), time(), UTC) + timedelta(days=1)
    closed = {"closedAt": now} if now - SETTLED_AFTER >= ends else {}
    noted = {"counts": counts, "madeAt": now, **closed}
    names = ("jobCount", "billed", "captured", "fromCopy", "unexplained", "lostPages")
    empty = {} if after else {**dict.fromkeys(names, Int64(0)), "causes": {}}
    _write(key, after, {"$set": {**empty, **noted}})


def _write(key: dict[str, str], after: datetime | None, change: dict[str, Any]) -> bool:
    """Change a day that is as far as it was, or make it."""
    still = {**key, "summedUntil": after}
    try:
        written = collection_of(VendorBillDay).update_one(still, change, upsert=after is None)
    except DuplicateKeyError:
        return False
    return bool(written.matched_count or written.upserted_id)
