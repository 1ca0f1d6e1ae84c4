"""Saved searches of a user, with their runs."""

from dataclasses import dataclass

from bson import ObjectId
from bson.errors import InvalidId
from django.db.models import Q, QuerySet

from accounts.models import User
from properties.models import SavedSearch, SavedSearchRun
from properties.search.form import read_query
from properties.search.query import SearchQuery

RUNS_SHOWN = 50
SEARCHES_SHOWN = 200
# The database cannot be asked for larger ones.
LARGEST_NUMBER = 2**63 - 1


@dataclass(frozen=True)
class Change:
    """One figure of a run against an earlier one; `before` is None where there is nothing to compare with."""

    label: str
    before: int | None
    now: int | None

    @property
    def net(self) -> int | None:
        return None if self.before is None or self.now is None else self.now - self.before


@dataclass(frozen=True)
class RunPage:
    """One run, compared with the one before and with the first."""

    search: SavedSearch
    run: SavedSearchRun
    since_previous: list[Change]
    since_first: list[Change]


def saved_searches_of(user: User) -> QuerySet[SavedSearch]:
    """The user's saved searches, newest first."""
    return SavedSearch.objects.filter(user=user).order_by("-created_at")


@dataclass(frozen=True)
class SavedRow:
    """One saved search in the list, with its newest run, and with the change since the run before."""

    search: SavedSearch
    description: str
    run: SavedSearchRun | None
    net: int | None


def list_saved(user: User) -> list[SavedRow]:
    """The user's saved searches, newest first, each with what its newest run says."""
    saved = list(saved_searches_of(user)[:SEARCHES_SHOWN])
    numbers = Q()
    for search in saved:
        numbers |= Q(saved_search=search, number__in=[search.run_count, search.run_count - 1])
    found = SavedSearchRun.objects.filter(numbers) if saved else []
    runs = {(run.saved_search_id, run.number): run for run in found}
    return [_saved_row(search, runs) for search in saved]


def _saved_row(search: SavedSearch, runs: dict[tuple[ObjectId, int], SavedSearchRun]) -> SavedRow:
    run, earlier = (runs.get((search.pk, search.run_count - back)) for back in (0, 1))
    change = Change("Not yours yet", earlier.unowned if earlier else None, run.unowned if run else None)
    query = readable_query(search)
    return SavedRow(search=search, description=query.describe() if query else "", run=run, net=change.net)


def readable_query(search: SavedSearch) -> SearchQuery | None:
    """The search that was saved, or None when it cannot be read any more."""
    try:
        return query_of(search)
    except ValueError:
        return None


def find_saved_search(user: User, search_id: str) -> SavedSearch | None:
    """The user's saved search of this id, or None."""
    try:
        return SavedSearch.objects.filter(user=user, pk=ObjectId(search_id)).first()
    except InvalidId:
        return None


def query_of(search: SavedSearch) -> SearchQuery:
    """The search that was saved. Raises ValueError when its place or a filter is not known any more."""
    return read_query(search.filters)


def runs_of(search: SavedSearch) -> list[SavedSearchRun]:
    """The newest runs of a saved search."""
    return list(SavedSearchRun.objects.filter(saved_search=search).order_by("-number")[:RUNS_SHOWN])


def show_run(search: SavedSearch, number: int) -> RunPage | None:
    """A run's page, or None when there is no run of that number."""
    if number > LARGEST_NUMBER:
        return None
    numbers = {number, number - 1, 1}
    runs = {run.number: run for run in SavedSearchRun.objects.filter(saved_search=search, number__in=numbers)}
    run = runs.get(number)
    if run is None:
        return None
    return RunPage(
        search=search,
        run=run,
        since_previous=_changes(run, runs.get(number - 1)),
        since_first=_changes(run, runs.get(1)) if number > 2 else [],
    )


def _changes(run: SavedSearchRun, earlier: SavedSearchRun | None) -> list[Change]:
    if earlier is None:
        return []
    changes = [Change("Not yours yet", earlier.unowned, run.unowned), Change("Yours", earlier.owned, run.owned)]
    before = {window["name"]: window["count"] for window in earlier.windows}
    return changes + [Change(window["label"], before.get(window["name"]), window["count"]) for window in run.windows]
