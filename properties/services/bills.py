"""Keeping the vendor's bill day by day, so that staff read a month of it at a glance."""

from datetime import UTC, date, datetime, timedelta

from bson import Int64

from atlas_site.mongodb.documents import collection_of
from properties.models import VendorBillDay
from properties.selectors.vendor_bill import bill_of_day, billed_counts

MOST_DAYS = 31


def roll_up_bill(*, now: datetime) -> int:
    """Sum up the bill of today, and of the days back to the last one that was summed up; return how many those were.

    The last one is done again, since jobs may have ended after it was. Without any, yesterday is the first.
    """
    today = now.astimezone(UTC).date()
    newest = VendorBillDay.objects.order_by("-day").values_list("day", flat=True).first()
    first = date.fromisoformat(newest) if newest else today - timedelta(days=1)
    # A day that ended a moment ago may still get the last jobs of workers whose clocks are behind.
    first = max(min(first, today - timedelta(days=1)), today - timedelta(days=MOST_DAYS))
    days = [first + timedelta(days=number) for number in range((today - first).days + 1)]
    for day in days:
        roll_up_day(day=day, now=now)
    return len(days)


def roll_up_day(*, day: date, now: datetime) -> None:
    """Sum up the bill of one day (UTC); doing it again gives the same, or more if more jobs have ended."""
    bill = bill_of_day(day)
    figures = {
        "jobCount": Int64(bill.job_count),
        "billed": Int64(bill.units.total()),
        "captured": Int64(bill.captured_count),
        "fromCopy": Int64(bill.from_copy.total()),
        "causes": bill.free_counts,
        "unexplained": Int64(sum(abs(count) for count in bill.residual.values())),
        "lostPages": Int64(bill.lost_pages),
        "counts": Int64(billed_counts(day)),
        "madeAt": now,
    }
    collection_of(VendorBillDay).update_one({"day": day.isoformat()}, {"$set": figures}, upsert=True)
