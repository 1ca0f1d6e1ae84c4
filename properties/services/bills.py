"""Keeping the vendor's bill day by day, so that staff read a month of it at a glance."""

from datetime import UTC, date, datetime, time, timedelta
from time import monotonic
from typing import Any

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


def roll_up_bill(*, now: datetime, seconds: float = STINT) -> bool:
    """Go on summing up the bill of the days that are not closed; return whether all of it is done.

    A few jobs at a time, and each job once: a day keeps how far it is, and is closed when it is past and through. After
    `seconds` nothing more is begun. Without any day, yesterday is the first; those before MOST_DAYS are given up.
    """
    ends = monotonic() + seconds
    for day in _open_days(now):
        if not roll_up_day(day=day, now=now, seconds=max(0.0, ends - monotonic())):
            return False
    return True


def roll_up_day(*, day: date, now: datetime, seconds: float = STINT) -> bool:
    """Go on summing up the bill of one day (UTC), a closed one not again; return whether it is through until now."""
    ends, key = monotonic() + seconds, {"day": day.isoformat()}
    while True:
        kept = VendorBillDay.objects.filter(**key).only("summed_until", "closed_at").first()
        if kept and kept.closed_at:
            return True
        after = kept.summed_until if kept else None
        bill, last = next_part_of_day(day, after=after, until=now - SETTLED_AFTER)
        if bill is None or last is None:
            _end_day(day, after, now)
            return True
        if not _add(day, bill, after=after, until=last, now=now):
            return True  # another worker is at it
        if monotonic() >= ends:
            return False


def _open_days(now: datetime) -> list[date]:
    """The days to go on with: from the oldest that is not closed, or else the one after the newest, until today."""
    today = now.astimezone(UTC).date()
    earliest = today - timedelta(days=MOST_DAYS)
    days = VendorBillDay.objects.filter(day__gte=earliest.isoformat(), day__lte=today.isoformat())
    begun = dict(days.values_list("day", "closed_at"))
    pending = [day for day, closed_at in begun.items() if closed_at is None]
    if pending:
        first = date.fromisoformat(min(pending))
    elif begun:
        first = date.fromisoformat(max(begun)) + timedelta(days=1)
    else:
        first = earliest if VendorBillDay.objects.exists() else today - timedelta(days=1)
    return [first + timedelta(days=number) for number in range((today - first).days + 1)]


def _add(day: date, bill: ExpectedBill, *, after: datetime | None, until: datetime, now: datetime) -> bool:
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
        return _write(day, after, {"$set": {**figures, "causes": causes, "counts": Int64(0), **noted}})
    more = {**figures, **{f"causes.{cause}": count for cause, count in causes.items()}}
    return _write(day, after, {"$inc": more, "$set": noted})


def _end_day(day: date, after: datetime | None, now: datetime) -> None:
    """Note the counts of a day whose jobs are through, and close it when no more of them can come."""
    ends = datetime.combine(day, time(), UTC) + timedelta(days=1)
    closed = {"closedAt": now} if now - SETTLED_AFTER >= ends else {}
    noted = {"counts": Int64(billed_counts(day)), "madeAt": now, **closed}
    names = ("jobCount", "billed", "captured", "fromCopy", "unexplained", "lostPages")
    empty = {} if after else {**dict.fromkeys(names, Int64(0)), "causes": {}}
    _write(day, after, {"$set": {**empty, **noted}})


def _write(day: date, after: datetime | None, change: dict[str, Any]) -> bool:
    """Change a day that is as far as it was, or make it."""
    still = {"day": day.isoformat(), "summedUntil": after}
    try:
        written = collection_of(VendorBillDay).update_one(still, change, upsert=after is None)
    except DuplicateKeyError:
        return False
    return bool(written.matched_count or written.upserted_id)
