"""What stopping a skip trace would leave undone and uncharged, told before it is confirmed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import User
from atlas_site.mongodb.documents import as_utc, collection_of
from credits.models import Quote
from credits.money import price, weight_of
from leads.models import Enrichment, EnrichmentBatch, RowState
from leads.selectors.trace_pages import TracePage, trace_page

Phase = EnrichmentBatch.Phase


@dataclass(frozen=True)
class StopPage:
    """A job as it is at a moment, of whose contacts some are `under_way` and some are `left`, whom nobody has begun.

    `still_charged` is the most, in credits, that those can cost who are under way and are finished first.
    """

    page: TracePage
    at: datetime
    under_way: int
    left: int
    still_charged: int

    @property
    def coming_back(self) -> int:
        """How many of the held credits come back at least."""
        return self.page.progress.held - self.still_charged

    @property
    def charged(self) -> int:
        """How many contacts are charged."""
        return self.page.progress.counts.get(RowState.HIT, 0)

    @property
    def free(self) -> int:
        """How many contacts are done without being charged."""
        return self.page.progress.done - self.charged


def stop_page(user: User, enrichment_id: str, now: datetime) -> StopPage | None:
    """What stopping the user's job of this id would do now; None for a job that the user does not have."""
    page = trace_page(user, enrichment_id, now)
    if page is None:
        return None
    parts = _open_rows(page.enrichment, now)
    quotes = Quote.objects.filter(pk__in=parts, status=Quote.Status.ACCEPTED)
    return StopPage(
        page=page,
        at=now,
        under_way=sum(part["underWay"] for part in parts.values()),
        left=sum(part["left"] for part in parts.values()),
        still_charged=sum(_price_of(quote, parts[quote.pk]["underWay"]) for quote in quotes),
    )


def _open_rows(job: Enrichment, now: datetime) -> dict[str, dict[str, int]]:
    """By quote how many rows are with a worker or the vendor, and how many are in batches that nobody has begun."""
    is_begun = {
        "$or": [
            {"$in": ["$phase", [Phase.SENT.value, Phase.UNKNOWN.value, Phase.SETTLED.value]]},
            {"$gt": [{"$ifNull": ["$leaseUntil", None]}, as_utc(now)]},
        ]
    }
    states = (RowState.QUEUED, RowState.SENT, RowState.UNKNOWN)
    rows: dict[str, Any] = {"$add": [{"$ifNull": [f"$counts.{state.value}", 0]} for state in states]}
    pending = {"quoteId": {"$in": job.quote_ids}, "status": EnrichmentBatch.Status.PENDING.value}
    sums = {
        "underWay": {"$sum": {"$cond": [is_begun, rows, 0]}},
        "left": {"$sum": {"$cond": [is_begun, 0, rows]}},
    }
    found = collection_of(EnrichmentBatch).aggregate(
        [{"$match": {"enrichmentId": job.pk, **pending}}, {"$group": {"_id": "$quoteId", **sums}}]
    )
    return {each["_id"]: each for each in found}


def _price_of(quote: Quote, units: int) -> int:
    """The most that so many more units of an accepted quote can cost, in credits."""
    (line,) = quote.lines
    most = min(line["units_hit"] + units, line["units"])
    return price(most, weight_of(line["weight"]), weight_of(line["prepaid"])) - line["captured"]
