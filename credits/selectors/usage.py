"""Reads of what credits were spent on: by day and type, by what each spend was for, and how long the rest lasts."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bson import ObjectId
from django.utils import timezone

from atlas_site.mongodb.documents import collection_of
from credits.models import Credit, CreditLog, CreditType, Quote
from credits.pricing import KIND_NAMES
from credits.selectors.statement import start_of_day

USAGE_DAYS = (7, 30, 90)
LARGEST_SOURCES = 20
PACE_DAYS = 30
# With fewer days than this a pace is a rough figure, and is called so.
ENOUGH_DAYS = 7
FARTHEST = timedelta(days=730)
SOURCE_TITLES = {
    "search": "By search",
    "property": "By property",
    "list": "By list",
    "": "Everything else, by kind",
}


# ---------------------------------------------------------------- by day and type


@dataclass(frozen=True)
class UsageDay:
    """What was charged on one day of the reader's time zone, in credits, in the order of the types."""

    day: date
    by_type: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.by_type)


@dataclass(frozen=True)
class Usage:
    """What was charged within some days up to today. Every day has its row, oldest first."""

    days: tuple[UsageDay, ...]
    types: tuple[tuple[str, str, int], ...]

    @property
    def total(self) -> int:
        return sum(day.total for day in self.days)

    @property
    def busiest(self) -> UsageDay:
        return max(self.days, key=lambda day: day.total)


def usage_by_day(*, wallet_id: ObjectId, day_count: int, now: datetime) -> Usage:
    """Return what was charged on each of the last days, today included, by operation type."""
    today = timezone.localdate(now)
    first = today - timedelta(days=day_count - 1)
    found = collection_of(CreditLog).aggregate(usage_pipeline(wallet_id, since=start_of_day(first)))
    by_day = {row["_id"]: row for row in found}
    names = CreditType.values
    days = tuple(
        UsageDay(day, tuple(int(by_day.get(day.isoformat(), {}).get(name, 0)) for name in names))
        for day in (first + timedelta(days=number) for number in range(day_count))
    )
    totals = [sum(amounts) for amounts in zip(*(day.by_type for day in days), strict=True)]
    labels = [CreditType(name).label for name in names]
    return Usage(days=days, types=tuple(zip(names, labels, totals, strict=True)))


def usage_pipeline(wallet_id: ObjectId, *, since: datetime) -> list[dict[str, Any]]:
    """Return the question for what was charged since a moment, by type and day of the current time zone."""
    zone = str(timezone.get_current_timezone())
    day = {"$dateToString": {"date": "$timestamp", "format": "%Y-%m-%d", "timezone": zone}}
    sums = {name: {"$sum": f"$byType.{name}"} for name in CreditType.values}
    return [{"$match": _charged(wallet_id, since)}, {"$group": {"_id": day, **sums}}]


def _charged(wallet_id: ObjectId, since: datetime) -> dict[str, Any]:
    return {"creditId": wallet_id, "kind": str(CreditLog.Kind.CAPTURE), "timestamp": {"$gte": since}}


# ---------------------------------------------------------------- by what it was for


@dataclass(frozen=True)
class SourceUsage:
    """What one search, property or list cost, in credits, over so many quotes. `url` is empty without a page."""

    label: str
    url: str
    quotes: int
    charged: int


@dataclass(frozen=True)
class SourceGroup:
    """Searches, properties or lists, those that cost most first; `others` of them are not shown by name."""

    kind: str
    title: str
    rows: tuple[SourceUsage, ...]
    charged: int
    others: int

    @property
    def others_charged(self) -> int:
        return self.charged - sum(row.charged for row in self.rows)


def usage_by_source(*, wallet_id: ObjectId, day_count: int, now: datetime) -> tuple[SourceGroup, ...]:
    """Return what was charged within the last days by what it was for, in credits."""
    since = start_of_day(timezone.localdate(now) - timedelta(days=day_count - 1))
    found = {row["_id"]: row for row in collection_of(CreditLog).aggregate(source_pipeline(wallet_id, since=since))}
    return tuple(_group(kind, title, found[kind]) for kind, title in SOURCE_TITLES.items() if kind in found)


def _group(kind: str, title: str, row: Mapping[str, Any]) -> SourceGroup:
    rows = tuple(
        SourceUsage(
            label=source["label"] if kind else KIND_NAMES.get(source["id"], "Other"),
            url=source["url"] or "",
            quotes=source["quotes"],
            charged=int(source["charged"]),
        )
        for source in row["top"]
    )
    return SourceGroup(kind, title, rows, charged=int(row["charged"]), others=row["sources"] - len(rows))


def source_pipeline(wallet_id: ObjectId, *, since: datetime) -> list[dict[str, Any]]:
    """Return the question for what was charged since a moment, by source, the largest of each kind of source.

    A quote without a source counts as one of its own kind: reveal, unlock and so on.
    """
    named = {"$ne": [{"$ifNull": ["$quote.sourceKind", ""]}, ""]}
    source = {
        "kind": {"$cond": [named, "$quote.sourceKind", ""]},
        "id": {"$cond": [named, "$quote.sourceId", {"$ifNull": ["$quote.kind", ""]}]},
    }
    top = {"$topN": {"n": LARGEST_SOURCES, "sortBy": {"charged": -1, "_id": 1}, "output": "$shown"}}
    return [
        {"$match": _charged(wallet_id, since)},
        {"$group": {"_id": "$referenceId", "charged": {"$sum": {"$multiply": ["$reservedChange", -1]}}}},
        {"$lookup": {"from": Quote._meta.db_table, "localField": "_id", "foreignField": "_id", "as": "quote"}},
        {"$set": {"quote": {"$first": "$quote"}}},
        {
            "$group": {
                "_id": source,
                "label": {"$first": "$quote.sourceLabel"},
                "url": {"$first": "$quote.sourceUrl"},
                "quotes": {"$sum": 1},
                "charged": {"$sum": "$charged"},
            }
        },
        {
            "$set": {
                "shown": {
                    "id": "$_id.id",
                    "label": "$label",
                    "url": "$url",
                    "quotes": "$quotes",
                    "charged": "$charged",
                }
            }
        },
        {
            "$group": {
                "_id": "$_id.kind",
                "top": top,
                "charged": {"$sum": "$charged"},
                "sources": {"$sum": 1},
            }
        },
    ]


# ---------------------------------------------------------------- how long the rest lasts


@dataclass(frozen=True)
class Pace:
    """How fast credits are used, from the last `days` (at most 30), and how long the rest lasts at that pace.

    `lasts_until` is None where nothing was used, or where it is farther away than two years. At the end of the plan's
    period `unused` of its subscription credits would be left, and would not be carried over; the rest lasts without
    them, and without the grant of a period to come.
    """

    used: int
    days: int
    per_day: Decimal
    is_rough: bool
    lasts_until: date | None
    period_ends_at: datetime | None
    unused: int


def pace_of(*, wallet: Credit, now: datetime) -> Pace:
    """Return how fast the credits of a wallet are used, and how long the rest lasts."""
    since = now - timedelta(days=PACE_DAYS)
    sums = collection_of(CreditLog).aggregate(
        [
            {"$match": _charged(wallet.pk, since)},
            {"$group": {"_id": None, "reserved": {"$sum": "$reservedChange"}}},
        ]
    )
    used = -sum(row["reserved"] for row in sums)
    entries = CreditLog.objects.filter(credit_id=wallet.pk, sequence__gte=1).order_by("timestamp", "sequence")
    first = entries.values_list("timestamp", flat=True).first()
    age = now - first if first else timedelta(0)
    days = max(1, min(PACE_DAYS, -(-age // timedelta(days=1))))
    per_day = Decimal(used) / days
    ends_at = wallet.period_ends_at if wallet.period_ends_at and wallet.period_ends_at > now else None
    unused = 0
    if ends_at and not wallet.subscription_frozen:
        days_to_end = Decimal((ends_at - now) / timedelta(days=1))
        unused = max(0, wallet.subscription_credits - math.ceil(per_day * days_to_end))
    lasts_until = None
    if used:
        lasts = timedelta(days=int(max(0, wallet.spendable - unused) / per_day))
        lasts_until = timezone.localdate(now + lasts) if lasts <= FARTHEST else None
    return Pace(
        used=used,
        days=days,
        per_day=per_day.quantize(Decimal("0.1")),
        is_rough=days < ENOUGH_DAYS,
        lasts_until=lasts_until,
        period_ends_at=ends_at,
        unused=unused,
    )
