"""Running saved searches: free counts of what the user does not own, and a comparison of what they do own."""

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

from bson import ObjectId
from django.db.models import Q
from pymongo import ReturnDocument

from accounts.models import User
from atlas_site.lib.transactions import run_txn
from atlas_site.mongodb.documents import as_utc, collection_of, load
from properties.models import PropertyDatasetPermission, SavedSearch, SavedSearchRun
from properties.models.records import BEFORE_ALL
from properties.search.diffs import Difference, Kind
from properties.search.query import SearchQuery
from properties.search.why import explain
from properties.selectors.searches import LIVING, LIVING_DOCUMENT, counted_runs_of, is_large, query_of
from properties.selectors.snapshots import differences
from properties.services.budgets import CountBudgetSpent, CountUnavailable, budgets_of_schedule
from properties.services.counting import (
    Count,
    check_budgets,
    count_criteria,
    count_matches,
    count_signals,
    why_empty,
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
# A run by hand so soon after another one that finds the same is that one.
REPEATED_WITHIN = timedelta(minutes=15)
NOT_YOURS = "no longer yours"
MOVED = "it matches again by now"
TOO_MANY = (
    "Too many searches that look at few properties run by themselves today, so this one waited. It runs after midnight "
    "UTC; nothing is lost, and you may run it by hand."
)
UNREADABLE = "Its place or a condition is not known any more, so it cannot run."


class RunRaced(Exception):
    """The search was run, changed or deleted meanwhile, so this was not done."""


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
    from the run is left to `follow_up`. Where a run by hand finds exactly what another one found within
    REPEATED_WITHIN, that one is returned and nothing is recorded. Raises CountUnavailable (on saving, not for a budget
    that is spent), RunRaced, and ValueError when the search cannot be read any more; nothing is recorded then.
    """
    query = query_of(search)
    if slot is not None:
        check_budgets(user=search.user, query=query, windows=_windows(now), now=now)
    run = _count(search, query, cause, now)
    before = _last_run(search)
    written = write_snapshot(run_id=run.pk, search=search, query=query)
    run.owned, run.part_count = written.owned, written.part_count
    try:
        # A baseline has nothing to be compared with: the first run, and the first after runs of an earlier Atlas.
        if before is not None and (before.part_count or not before.owned):
            is_same = _note(run, before, query)
            if is_same and _repeats(run, before):
                drop_snapshot(run_id=run.pk)
                return before
        return run_txn(lambda: _record(search, run, slot, now))
    except BaseException:
        drop_snapshot(run_id=run.pk)
        raise


def _count(search: SavedSearch, query: SearchQuery, cause: str, now: datetime) -> SavedSearchRun:
    """A run with its figures, which are asked for outside any transaction. Raises CountUnavailable.

    The run on saving needs none: where the counts of the day are used up, it has none.
    """
    try:
        figures = _figures(search, query, now)
    except CountBudgetSpent:
        if cause != SavedSearchRun.Cause.SAVED:
            raise
        figures = {}
    return SavedSearchRun(
        id=ObjectId(),
        saved_search=search,
        ran_at=now,
        filters=search.filters,
        version=search.version,
        criteria_hash=query.hash(),
        cause=cause,
        **figures,
    )


def _figures(search: SavedSearch, query: SearchQuery, now: datetime) -> dict[str, Any]:
    """The figures of a run, by field. Raises CountUnavailable."""
    user = search.user
    total = count_matches(user=user, query=query, now=now)
    counts = [count_criteria(user=user, query=query, extra=extra, now=now) for extra in _windows(now)]
    signals = count_signals(user=user, query=query, now=now)
    # As the search page says it. Asked last, since what it counts is not counted into the budgets of a run.
    if total.may_be_zero and why_empty(user=user, query=query, now=now):
        total, counts = Count(0), [Count(0) for _ in counts]
    since = (now - WINDOW).date().isoformat()
    is_first = not counted_runs_of(search).exists()
    windows = []
    for (name, label, _), extra, count in zip(WINDOWS, _windows(now), counts, strict=True):
        whole = _count_place(user, query, extra, now) if is_first and count.is_hidden else {}
        windows.append({"name": name, "label": label, "since": since, **_written(count), **whole})
    return {
        "total": total.total,
        "total_is_exact": total.is_exact,
        "total_below": total.below,
        "signals": {slug: _written(count) for slug, count in signals.items()},
        "windows": windows,
    }


def _count_place(user: User, query: SearchQuery, window: dict[str, dict[str, Any]], now: datetime) -> dict[str, Any]:
    """The figure of a window in the whole place of a search, which may be told where that of the search may not."""
    if query.place is None:
        return {}
    count = count_criteria(user=user, query=SearchQuery(place=query.place), extra=window, now=now)
    return {} if count.is_hidden else {"place": {"label": query.place.label, **_written(count)}}


def _windows(now: datetime) -> list[dict[str, dict[str, Any]]]:
    """The windows of dates that a run counts, each as criteria of the vendor."""
    since = (now - WINDOW).date().isoformat()
    return [{group: {key: {"minDate": since}}} for _, _, (group, key) in WINDOWS]


def _written(count: Count) -> dict[str, Any]:
    return {"count": count.total, "isExact": count.is_exact, "below": count.below}


def _last_run(search: SavedSearch) -> SavedSearchRun | None:
    return SavedSearchRun.objects.filter(saved_search=search).order_by("-number").first()


def _repeats(run: SavedSearchRun, before: SavedSearchRun) -> bool:
    """Whether somebody has asked again, and nothing that a run counts is other than a moment ago."""
    figures = ("version", "filters", "owned", "total", "total_is_exact", "total_below", "signals", "windows")
    return (
        run.cause == SavedSearchRun.Cause.BY_HAND
        and run.ran_at - before.ran_at < REPEATED_WITHIN
        and all(getattr(run, name) == getattr(before, name) for name in figures)
    )


def _note(run: SavedSearchRun, before: SavedSearchRun, query: SearchQuery) -> bool:
    """Put what lies between the run before and this one into it, and whether a mail is to tell of it.

    Returns whether both saw the same.
    """
    comparison = Comparison()
    run.number = before.number + 1
    is_same = True
    for difference in differences(before, run):
        is_same = False
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
    return is_same


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
    known = SavedSearch.objects.filter(LIVING, pk=search.pk).first()
    if known is None:
        raise RunRaced(str(search.pk))
    run.number = run.number or known.run_count + 1
    is_next = LIVING & Q(pk=search.pk, run_count=run.number - 1, version=run.version)
    changes: dict[str, Any] = {"run_count": run.number, "last_run_at": now, "problem": ""}
    if slot is not None:
        is_next &= Q(next_run_at=slot, state=SavedSearch.State.ACTIVE)
        changes["next_run_at"] = next_slot(user=search.user, cadence=known.cadence, after=max(now, slot))
        changes["lease_until"] = None
    if not SavedSearch.objects.filter(is_next).update(**changes):
        raise RunRaced(str(search.pk))
    run.follow_up_due_at = now
    run.save(force_insert=True)
    return run


# ---------------------------------------------------------------- by hand


def run_by_hand(*, search: SavedSearch, now: datetime) -> SavedSearchRun | None:
    """Run a saved search that its user wants to see run: at once, or by a worker if it is large; None then.

    Raises as `run_saved_search` does.
    """
    if not is_large(search.user, query_of(search)):
        return run_saved_search(search=search, now=now)
    SavedSearch.objects.filter(LIVING, pk=search.pk, wanted_at=None).update(wanted_at=now, problem="")
    return None


def wanted_search_ids(*, now: datetime, limit: int = 100) -> list[str]:
    """Ids of the searches whose users wait for a run that no worker makes yet, longest waiting first."""
    is_free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    wanted = SavedSearch.objects.filter(LIVING, is_free, wanted_at__gt=BEFORE_ALL, wanted_at__lte=now)
    return [str(pk) for pk in wanted.order_by("wanted_at").values_list("pk", flat=True)[:limit]]


def run_wanted_search(*, search_id: str, now: datetime) -> SavedSearchRun | None:
    """Make the run that the user of a large search waits for, under a lease; None when there is nothing to do.

    When it cannot be made, the search says why, and nobody waits any more.
    """
    moment = as_utc(now)
    search = _take(search_id, {**LIVING_DOCUMENT, "wantedAt": {"$lte": moment}}, moment)
    if search is None:
        return None
    Cause = SavedSearchRun.Cause
    run, problem = None, ""
    try:
        run = run_saved_search(search=search, now=now, cause=Cause.BY_HAND if search.run_count else Cause.SAVED)
    except CountUnavailable as reason:
        problem = f"Not run. {reason}"[:200]
    except RunRaced:
        _release(search, until=None)
        return None
    except ValueError:
        problem = UNREADABLE
    SavedSearch.objects.filter(pk=search.pk, lease_until=search.lease_until).update(
        wanted_at=None, lease_until=None, problem=problem
    )
    return run


# ---------------------------------------------------------------- by schedule


def due_search_ids(*, now: datetime, limit: int = 100) -> list[str]:
    """Ids of the searches whose next run is due and that no worker holds, longest waiting first."""
    is_free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    due = SavedSearch.objects.filter(is_free, state=SavedSearch.State.ACTIVE, next_run_at__lte=now)
    return [str(pk) for pk in due.order_by("next_run_at").values_list("pk", flat=True)[:limit]]


def run_due_search(*, search_id: str, now: datetime) -> SavedSearchRun | None:
    """Make the run of a search that is due, under a lease; None when there is nothing to do, or it has to wait.

    When nothing can be counted, nothing is recorded, and the search is due again after RETRY_AFTER. When its counts do
    not fit into what is left of the day's budgets, none is asked, and it is due again when the day ends, in UTC: as it
    has waited longest by then, it comes first.
    """
    moment = as_utc(now)
    search = _take(search_id, {"state": str(SavedSearch.State.ACTIVE), "nextRunAt": {"$lte": moment}}, moment)
    if search is None:
        return None
    try:
        with budgets_of_schedule():
            return run_saved_search(
                search=search, now=now, cause=SavedSearchRun.Cause.SCHEDULE, slot=search.next_run_at
            )
    except CountBudgetSpent:
        ours = SavedSearch.objects.filter(pk=search.pk, lease_until=search.lease_until)
        ours.update(lease_until=_end_of_day(moment), problem=TOO_MANY)
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


def _take(search_id: str, condition: dict[str, Any], moment: datetime) -> SavedSearch | None:
    """Take the lease of a search that meets a condition; None when it does not, or another worker has it."""
    is_free = {"$or": [{"leaseUntil": None}, {"leaseUntil": {"$lte": moment}}]}
    taken = collection_of(SavedSearch).find_one_and_update(
        {"_id": ObjectId(search_id), **condition, **is_free},
        {"$set": {"leaseUntil": moment + LEASE}},
        return_document=ReturnDocument.AFTER,
    )
    return load(SavedSearch, taken) if taken else None


def _end_of_day(moment: datetime) -> datetime:
    """When the budgets of the day end: the next midnight, in UTC."""
    return datetime.combine(moment.date() + timedelta(days=1), time(0), tzinfo=UTC)


def _release(search: SavedSearch, *, until: datetime | None) -> None:
    """Give a lease back, or keep others away until a moment."""
    SavedSearch.objects.filter(pk=search.pk, lease_until=search.lease_until).update(lease_until=until)
