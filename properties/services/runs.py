"""Running saved searches: free counts of what the user does not own, and a comparison of what they do own."""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from django.db.models import Q
from pymongo import ReturnDocument

from accounts.models import User
from atlas_site.lib.transactions import run_txn
from atlas_site.mongodb.documents import as_utc, collection_of, load
from properties.models import PropertyDatasetPermission, SavedSearch, SavedSearchRun
from properties.search.diffs import Difference, Kind
from properties.search.query import SearchQuery
from properties.search.why import explain
from properties.selectors.searches import query_of
from properties.selectors.snapshots import differences
from properties.services.counting import (
    Count,
    CountUnavailable,
    budgets_of_schedule,
    count_criteria,
    count_matches,
    count_signals,
)
from properties.services.schedules import next_slot
from properties.services.snapshots import drop_snapshot, write_snapshot

logger = logging.getLogger(__name__)

WINDOW = timedelta(days=30)
# What could have been noticed in the window, and the dated field that proves it.
WINDOWS = (
    ("foreclosures", "pre-foreclosures recorded", ("foreclosure", "recordingDate")),
    ("sales", "sold", ("sale", "lastSaleDate")),
    ("failed-listings", "listings failed", ("listing", "failedListingDate")),
)
# A run's document lists that many of each; its snapshot has them all.
LISTED = 500
# By how much a rounded total has to grow to be news: rounding alone moves it by less.
ROUNDED_GROWTH = 30
LEASE = timedelta(minutes=10)
RETRY_AFTER = timedelta(minutes=15)
NOT_YOURS = "no longer yours"
MOVED = "it matches again by now"
UNREADABLE = "Its place or a condition is not known any more, so it cannot run."


class RunRaced(Exception):
    """Another run of the same search was recorded meanwhile, so this one was not."""


@dataclass
class Comparison:
    """What is new, changed and gone since the run before: all of it counted, the first of each listed."""

    new_count: int = 0
    changed_count: int = 0
    gone_count: int = 0
    new_ids: list[str] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)
    gone_ids: list[str] = field(default_factory=list)

    def add(self, difference: Difference) -> None:
        if difference.kind == Kind.NEW:
            self.new_count += 1
            if self.new_count <= LISTED:
                self.new_ids.append(difference.property_id)
        elif difference.kind == Kind.GONE:
            self.gone_count += 1
            if self.gone_count <= LISTED:
                self.gone_ids.append(difference.property_id)
        elif difference.news:
            self.changed_count += 1
            if self.changed_count <= LISTED:
                changes = [change.as_json() for change in difference.news]
                self.changed.append({"propertyId": difference.property_id, "changes": changes})

    @property
    def has_news(self) -> bool:
        return bool(self.new_count or self.changed_count or self.gone_count)


def run_saved_search(
    *,
    search: SavedSearch,
    now: datetime,
    cause: str = SavedSearchRun.Cause.BY_HAND,
    slot: datetime | None = None,
) -> SavedSearchRun:
    """Run a saved search once more and keep what it found; no credit is spent and no unowned property is named.

    `slot` is the moment for which a scheduled run was due: of several workers one records a run for it. What follows
    from the run is left to `follow_up`. Raises CountUnavailable, RunRaced, and ValueError when the search cannot be
    read any more; nothing is recorded then.
    """
    query = query_of(search)
    run = _count(search, query, cause, now)
    before = _last_run(search)
    written = write_snapshot(run_id=run.pk, search=search, query=query)
    run.owned, run.part_count = written.owned, written.part_count
    try:
        # A baseline has nothing to be compared with: the first run, and the first after runs of an earlier Atlas.
        if before is not None and (before.part_count or not before.owned):
            _note(run, before, query)
        return run_txn(lambda: _record(search, run, slot, now))
    except BaseException:
        drop_snapshot(run_id=run.pk)
        raise


def _count(search: SavedSearch, query: SearchQuery, cause: str, now: datetime) -> SavedSearchRun:
    """Ask for the figures of a run, outside any transaction. Raises CountUnavailable."""
    user = search.user
    total = count_matches(user=user, query=query, now=now)
    since = (now - WINDOW).date().isoformat()
    windows = []
    for name, label, (group, key) in WINDOWS:
        count = count_criteria(user=user, query=query, extra={group: {key: {"minDate": since}}}, now=now)
        windows.append({"name": name, "label": label, "since": since, **_written(count)})
    return SavedSearchRun(
        id=ObjectId(),
        saved_search=search,
        ran_at=now,
        filters=search.filters,
        version=search.version,
        criteria_hash=query.hash(),
        cause=cause,
        total=total.total,
        total_is_exact=total.is_exact,
        total_below=total.below,
        signals={slug: _written(count) for slug, count in count_signals(user=user, query=query, now=now).items()},
        windows=windows,
    )


def _written(count: Count) -> dict[str, Any]:
    return {"count": count.total, "isExact": count.is_exact, "below": count.below}


def _last_run(search: SavedSearch) -> SavedSearchRun | None:
    return SavedSearchRun.objects.filter(saved_search=search).order_by("-number").first()


def _note(run: SavedSearchRun, before: SavedSearchRun, query: SearchQuery) -> None:
    """Put what lies between the run before and this one into it, and whether a mail is to tell of it."""
    comparison = Comparison()
    run.number = before.number + 1
    for difference in differences(before, run):
        comparison.add(difference)
    run.new_count, run.new_ids = comparison.new_count, comparison.new_ids
    run.changed_count, run.changed = comparison.changed_count, comparison.changed
    run.gone_count, run.gone_ids = comparison.gone_count, comparison.gone_ids
    run.gone_why = explain_gone(user=run.saved_search.user, query=query, property_ids=comparison.gone_ids)
    grown_by = (run.total or 0) - (before.total or 0) if None not in (run.total, before.total) else 0
    grew = grown_by >= (1 if run.total_is_exact and before.total_is_exact else ROUNDED_GROWTH)
    # Other criteria than those of the run before make differences that are no news.
    is_comparable = run.criteria_hash == before.criteria_hash
    is_scheduled = run.cause == SavedSearchRun.Cause.SCHEDULE
    run.digest_due = is_scheduled and is_comparable and (comparison.has_news or grew)


def explain_gone(*, user: User, query: SearchQuery, property_ids: list[str]) -> dict[str, str]:
    """Why each of these properties does not match any more, in words, by property id."""
    rows = PropertyDatasetPermission.objects.filter(user=user, property_id__in=property_ids)
    owned = {row.property_id: row for row in rows if row.revealed_at is not None}
    return {each: _why_gone(owned.get(each), query) for each in property_ids}


def _why_gone(row: PropertyDatasetPermission | None, query: SearchQuery) -> str:
    """The conditions that keep a property out, each with the value that it saw."""
    if row is None:
        return NOT_YOURS
    kept_out = [reason for reason in explain(query, row) if not reason.matches]
    return "; ".join(f"{reason.label}: {reason.saw}" for reason in kept_out) or MOVED


def _record(search: SavedSearch, run: SavedSearchRun, slot: datetime | None, now: datetime) -> SavedSearchRun:
    """Write a run under the next number, and when the search runs next. Raises RunRaced, which undoes all of it."""
    known = SavedSearch.objects.get(pk=search.pk)
    run.number = run.number or known.run_count + 1
    is_next = Q(pk=search.pk, run_count=run.number - 1, version=run.version)
    changes: dict[str, Any] = {"run_count": run.number, "last_run_at": now}
    if slot is not None:
        is_next &= Q(next_run_at=slot, state=SavedSearch.State.ACTIVE)
        changes["next_run_at"] = next_slot(user=search.user, cadence=known.cadence, after=max(now, slot))
        changes["lease_until"] = None
    if not SavedSearch.objects.filter(is_next).update(**changes):
        raise RunRaced(str(search.pk))
    run.follow_up_due_at = now
    run.save(force_insert=True)
    return run


# ---------------------------------------------------------------- by schedule


def due_search_ids(*, now: datetime, limit: int = 100) -> list[str]:
    """Ids of the searches whose next run is due and that no worker holds, longest waiting first."""
    is_free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    due = SavedSearch.objects.filter(is_free, state=SavedSearch.State.ACTIVE, next_run_at__lte=now)
    return [str(pk) for pk in due.order_by("next_run_at").values_list("pk", flat=True)[:limit]]


def run_due_search(*, search_id: str, now: datetime) -> SavedSearchRun | None:
    """Make the run of a search that is due, under a lease; None when there is nothing to do, or it has to wait.

    When nothing can be counted, nothing is recorded, and the search is due again after RETRY_AFTER.
    """
    moment = as_utc(now)
    taken = collection_of(SavedSearch).find_one_and_update(
        {
            "_id": ObjectId(search_id),
            "state": str(SavedSearch.State.ACTIVE),
            "nextRunAt": {"$lte": moment},
            "$or": [{"leaseUntil": None}, {"leaseUntil": {"$lte": moment}}],
        },
        {"$set": {"leaseUntil": moment + LEASE}},
        return_document=ReturnDocument.AFTER,
    )
    if taken is None:
        return None
    search = load(SavedSearch, taken)
    try:
        with budgets_of_schedule():
            return run_saved_search(
                search=search, now=now, cause=SavedSearchRun.Cause.SCHEDULE, slot=as_utc(taken["nextRunAt"])
            )
    except CountUnavailable as reason:
        logger.warning("Saved search %s waits: %s", search.pk, reason)
        _release(search, until=moment + RETRY_AFTER)
    except RunRaced:
        _release(search, until=None)
    except ValueError:
        SavedSearch.objects.filter(pk=search.pk).update(
            state=SavedSearch.State.PAUSED, next_run_at=None, lease_until=None, problem=UNREADABLE
        )
    return None


def _release(search: SavedSearch, *, until: datetime | None) -> None:
    """Give a lease back, or keep others away until a moment."""
    SavedSearch.objects.filter(pk=search.pk, lease_until=search.lease_until).update(lease_until=until)
