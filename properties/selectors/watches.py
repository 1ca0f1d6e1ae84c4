"""Standing quotes: what they have committed, and the most that they can cost."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from credits.models import Quote
from properties.models import SavedSearch, SavedSearchRun, Watch

# A run spends within this or not at all, so what was spent since a moment belongs to runs of at most this much before.
SPENDS_WITHIN = timedelta(days=1)


def watch_of(search: SavedSearch) -> Watch | None:
    """The standing quote of a saved search, on or off, or None when there never was one."""
    return Watch.objects.filter(saved_search=search).first()


def start_of_month(now: datetime) -> datetime:
    """The first moment of the month, in UTC."""
    return now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def committed_since(*, watch: Watch, since: datetime) -> int:
    """Credits that the quotes accepted for a standing quote since a moment hold or have charged; what came back does
    not count.
    """
    runs = SavedSearchRun.objects.filter(saved_search_id=watch.saved_search_id, ran_at__gte=since - SPENDS_WITHIN)
    quote_ids = [spend["quoteId"] for spends in runs.values_list("spends", flat=True) for spend in spends or ()]
    quotes = Quote.objects.filter(pk__in=quote_ids, accepted_at__gte=since) if quote_ids else []
    return sum(quote.reserved if quote.status == Quote.Status.ACCEPTED else quote.captured for quote in quotes)


def unopened_runs(watch: Watch) -> int:
    """How many runs have spent under the terms of a standing quote without being opened since."""
    runs = SavedSearchRun.objects.filter(
        saved_search_id=watch.saved_search_id, ran_at__gte=watch.accepted_at - SPENDS_WITHIN, opened_at=None
    )
    quote_ids = [spends[0]["quoteId"] for spends in runs.values_list("spends", flat=True) if spends]
    if not quote_ids:
        return 0
    return Quote.objects.filter(pk__in=quote_ids, accepted_at__gte=watch.accepted_at).count()


@dataclass(frozen=True)
class MostCost:
    """The most that a standing quote can cost until it ends, in credits, and the months of UTC that it touches."""

    credit_count: int
    month_count: int


def most_cost(*, cap_per_month: int, ends_at: datetime, now: datetime) -> MostCost:
    """What a standing quote can cost at most: the cap of a month for each month that it touches."""
    first, last = now.astimezone(UTC), (ends_at - timedelta.resolution).astimezone(UTC)
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    return MostCost(credit_count=months * cap_per_month, month_count=months)
