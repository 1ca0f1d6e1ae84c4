"""Saved searches of a user, with their runs."""

from dataclasses import dataclass

from bson import ObjectId
from bson.errors import InvalidId
from django.db.models import Q, QuerySet

from accounts.models import User
from atlas_site.mongodb.conditions import Matches
from atlas_site.mongodb.counting import count_up_to
from atlas_site.mongodb.patience import TooSlow, no_longer_than
from properties.models import SavedSearch, SavedSearchRun
from properties.search.form import read_query
from properties.search.query import SearchQuery
from properties.selectors.figures import Change, Figure
from properties.selectors.owned import owned_matches

State = SavedSearch.State
RUNS_SHOWN = 50
# What is new since the last visit is summed over so many runs at most.
RUNS_SUMMED = 100
LONG_FIELDS = ("new_ids", "changed", "gone_ids", "gone_why", "signals", "windows")
SEARCHES_SHOWN = 200
# A run of a search with more owned matches, or whose matches take longer to count, is no work for a request.
RUN_AT_ONCE = 2_000
SECONDS_TO_COUNT = 1.0
# Everything but a search that is being deleted, which its user has not got any more. One that another program wrote has
# no state at all.
LIVING_DOCUMENT = {"state": {"$ne": State.DELETING.value}}
LIVING = Q(Matches(LIVING_DOCUMENT))


def saved_searches_of(user: User) -> QuerySet[SavedSearch]:
    """The user's saved searches, newest first."""
    return SavedSearch.objects.filter(LIVING, user=user).order_by("-created_at")


def is_large(user: User, query: SearchQuery) -> bool:
    """Whether the user owns so many of a search's matches that a run is left to a worker."""
    try:
        with no_longer_than(SECONDS_TO_COUNT):
            return count_up_to(owned_matches(user, query), RUN_AT_ONCE + 1) > RUN_AT_ONCE
    except TooSlow:
        return True


@dataclass(frozen=True)
class SavedRow:
    """One saved search in the list: its newest run, and what is new since the user last looked."""

    search: SavedSearch
    description: str
    run: SavedSearchRun | None
    unowned: Figure
    net_text: str
    fresh: "Fresh"


@dataclass(frozen=True)
class Fresh:
    """What runs found since the user last opened one: sums over the runs in between."""

    run_count: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.gone)


def list_saved(user: User) -> list[SavedRow]:
    """The user's saved searches, newest first, each with what its newest run says and what is new in it."""
    saved = list(saved_searches_of(user)[:SEARCHES_SHOWN])
    wanted = Q()
    for search in saved:
        first = max(search.run_count - RUNS_SUMMED, min(search.run_count - 1, search.opened_run + 1))
        wanted |= Q(saved_search=search, number__gte=first, number__lte=search.run_count)
    # Their lists are long, and no part of this page.
    found = SavedSearchRun.objects.filter(wanted).defer(*LONG_FIELDS) if saved else []
    runs: dict[ObjectId, dict[int, SavedSearchRun]] = {}
    for run in found:
        runs.setdefault(run.saved_search_id, {})[run.number] = run
    return [_saved_row(search, runs.get(search.pk, {})) for search in saved]


def _saved_row(search: SavedSearch, runs: dict[int, SavedSearchRun]) -> SavedRow:
    run, earlier = runs.get(search.run_count), runs.get(search.run_count - 1)
    unread = [each for number, each in runs.items() if number > search.opened_run]
    query = readable_query(search)
    return SavedRow(
        search=search,
        description=query.describe() if query else "",
        run=run,
        unowned=unowned_of(run) if run else Figure(None),
        net_text=Change("", unowned_of(earlier), unowned_of(run)).net_text if run and earlier else "",
        fresh=Fresh(
            run_count=len(unread),
            new=sum(each.new_count for each in unread),
            changed=sum(each.changed_count for each in unread),
            gone=sum(each.gone_count for each in unread),
        ),
    )


def readable_query(search: SavedSearch) -> SearchQuery | None:
    """The search that was saved, or None when it cannot be read any more."""
    try:
        return query_of(search)
    except ValueError:
        return None


def find_saved_search(user: User, search_id: str) -> SavedSearch | None:
    """The user's saved search of this id, or None."""
    try:
        return SavedSearch.objects.filter(LIVING, user=user, pk=ObjectId(search_id)).first()
    except InvalidId:
        return None


def query_of(search: SavedSearch) -> SearchQuery:
    """The search that was saved. Raises ValueError when its place or a filter is not known any more."""
    return read_query(search.filters)


def runs_of(search: SavedSearch) -> list[SavedSearchRun]:
    """The newest runs of a saved search, without their lists."""
    runs = SavedSearchRun.objects.filter(saved_search=search).order_by("-number")
    return list(runs.defer(*LONG_FIELDS)[:RUNS_SHOWN])


def counted_runs_of(search: SavedSearch) -> QuerySet[SavedSearchRun]:
    """The runs of a saved search that have counted anything."""
    return SavedSearchRun.objects.filter(Q(total__isnull=False) | Q(total_below__isnull=False), saved_search=search)


def figure_of(run: SavedSearchRun) -> Figure:
    """How many matched at a run, as far as it can be told."""
    return Figure(run.total, run.total_is_exact, run.total_below)


def unowned_of(run: SavedSearchRun) -> Figure:
    """How many of the matches of a run were not the user's, as far as it can be told."""
    return figure_of(run).less(run.owned)


def figure_from(kept: object) -> Figure:
    """A figure as a run keeps it for a signal or a window: runs of an earlier Atlas kept the number alone."""
    if isinstance(kept, dict):
        return Figure(kept.get("count"), kept.get("isExact", True), kept.get("below"))
    return Figure(kept if isinstance(kept, int) else None)
