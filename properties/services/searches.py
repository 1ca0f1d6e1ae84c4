"""Saving searches and running them: a run is free, counts what the user does not own and compares what they own."""

from datetime import datetime, timedelta

from bson import ObjectId

from accounts.models import User
from atlas_site.lib.transactions import run_txn
from properties.models import SavedSearch, SavedSearchProperty, SavedSearchRun
from properties.search.query import SearchQuery
from properties.selectors.owned import owned_matches
from properties.selectors.searches import query_of
from properties.services.counting import count_criteria, count_matches, count_signals

WINDOW = timedelta(days=30)
COMPARED_UP_TO = 10_000

# What could have been noticed in the window, and the dated field that proves it.
WINDOWS = (
    ("foreclosures", "pre-foreclosures recorded", ("foreclosure", "recordingDate")),
    ("sales", "sold", ("sale", "lastSaleDate")),
    ("failed-listings", "listings failed", ("listing", "failedListingDate")),
)


def save_search(*, user: User, name: str, query: SearchQuery, now: datetime) -> SavedSearch:
    """Keep a search under a name and make its first, silent run. Raises as `run_saved_search` does, saving nothing."""
    search = SavedSearch(id=ObjectId(), user=user, name=name, filters=query.params(), created_at=now)
    run = _count_run(search, query, now)

    def save() -> None:
        search.save(force_insert=True)
        _record(search, run, query, now)

    run_txn(save)
    return search


def run_saved_search(*, search: SavedSearch, now: datetime) -> SavedSearchRun:
    """Run a saved search once more and keep what it found; no credit is spent and no unowned property is named.

    Raises CountUnavailable, and ValueError when the search cannot be read any more; nothing is recorded then.
    """
    query = query_of(search)
    counted = _count_run(search, query, now)
    return run_txn(lambda: _record(search, counted, query, now))


def delete_saved_search(*, search: SavedSearch) -> None:
    """Remove a saved search with its runs; properties stay the user's."""

    def remove() -> None:
        SavedSearchRun.objects.filter(saved_search=search).delete()
        SavedSearchProperty.objects.filter(saved_search=search).delete()
        SavedSearch.objects.filter(pk=search.pk).delete()

    run_txn(remove)


def _count_run(search: SavedSearch, query: SearchQuery, now: datetime) -> SavedSearchRun:
    """Ask the vendor for the figures of a run, outside any transaction."""
    user = search.user
    total = count_matches(user=user, query=query, now=now).total
    since = (now - WINDOW).date().isoformat()
    windows = []
    for name, label, (group, field) in WINDOWS:
        count = count_criteria(user=user, query=query, extra={group: {field: {"minDate": since}}}, now=now)
        windows.append({"name": name, "label": label, "since": since, "count": count.total})
    signals = count_signals(user=user, query=query, now=now)
    return SavedSearchRun(
        saved_search=search,
        ran_at=now,
        filters=search.filters,
        total=total,
        signals={slug: count.total for slug, count in signals.items() if count.total is not None},
        windows=windows,
    )


def _record(search: SavedSearch, run: SavedSearchRun, query: SearchQuery, now: datetime) -> SavedSearchRun:
    """Write a run with its number, and what is new and gone among the owned matches since the run before."""
    number = SavedSearch.objects.values_list("run_count", flat=True).get(pk=search.pk) + 1
    SavedSearch.objects.filter(pk=search.pk).update(run_count=number, last_run_at=now)
    matches = owned_matches(search.user, query)
    matching = set(matches.values_list("property_id", flat=True)[:COMPARED_UP_TO])  # the newest
    known = {match.property_id: match for match in SavedSearchProperty.objects.filter(saved_search=search)}
    present = {property_id for property_id, match in known.items() if match.gone_at is None}
    missing = present - matching
    if missing and len(matching) == COMPARED_UP_TO:  # those beyond the newest are looked for before they count as gone
        missing -= set(matches.filter(property_id__in=list(missing)).values_list("property_id", flat=True))
    new, gone = sorted(matching - present), sorted(missing)
    SavedSearchProperty.objects.filter(saved_search=search, property_id__in=list(matching & set(known))).update(
        last_seen_at=now, gone_at=None
    )
    SavedSearchProperty.objects.filter(saved_search=search, property_id__in=gone).update(gone_at=now)
    SavedSearchProperty.objects.bulk_create(
        SavedSearchProperty(saved_search=search, property_id=property_id, first_seen_at=now, last_seen_at=now)
        for property_id in new
        if property_id not in known
    )
    recorded = SavedSearchRun(
        id=ObjectId(),
        saved_search=search,
        number=number,
        ran_at=now,
        filters=run.filters,
        total=run.total,
        owned=len(matching),
        signals=run.signals,
        windows=run.windows,
        # The first run is the baseline: nothing in it is news.
        new_ids=new if number > 1 else [],
        gone_ids=gone,
    )
    recorded.save(force_insert=True)
    return recorded
