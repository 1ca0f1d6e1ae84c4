"""What one day's mail tells of saved searches: each thing once, with the names of all searches that found it."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from bson import ObjectId

from accounts.models import User
from atlas_site.mongodb.documents import as_utc
from properties.models import Digest, PropertyDatasetPermission, PropertyJob, SavedSearch, SavedSearchRun
from properties.search.diffs import FieldChange
from properties.search.watched import show_change
from properties.selectors.figures import Change, Figure
from properties.selectors.owned import revealed_by, revealed_ids
from properties.selectors.searches import figure_of, saved_searches_of
from properties.selectors.spends import Spend, spends_of

# A weekly search may find on Monday what a daily one has told on Tuesday before.
REMEMBERED = timedelta(days=14)
# So many of the properties that a standing quote was about are named.
NAMED = 10


@dataclass
class Item:
    """One property that is new, changed or gone, with the searches that say so, and the user's row if it is theirs."""

    key: str
    property_id: str
    note: str
    searches: dict[str, str] = field(default_factory=dict)
    row: PropertyDatasetPermission | None = None


@dataclass(frozen=True)
class RunSummary:
    """What one run found, as figures: `change` is the total against that of the run before, where there is one.

    `charged` is what its standing quote has charged, None without one; `held` is what is held for work that goes on.
    """

    run: SavedSearchRun
    search: SavedSearch
    total: Figure
    change: Change | None
    charged: int | None
    held: int


@dataclass
class Bought:
    """What a standing quote has revealed, or asked for again, on one run, and what that has charged in credits.

    `items` are the first NAMED of its `count` properties; the rest is on the page at `path`. `keys` are noted as told.
    """

    search: SavedSearch
    is_reveal: bool
    charged: int
    count: int
    items: list[Item]
    path: str
    keys: list[str]


@dataclass
class Told:
    """What a digest tells, and under which keys it is noted that it was told."""

    day: date
    summaries: list[RunSummary]
    bought: list[Bought]
    new: list[Item]
    changed: list[Item]
    gone: list[Item]

    @property
    def sections(self) -> list[list[Any]]:
        """Its parts that hold anything; none at all means that there is nothing to tell."""
        return [part for part in (self.summaries, self.bought, self.new, self.changed, self.gone) if part]

    @property
    def items(self) -> dict[str, list[str]]:
        """What is told, each with the ids of the searches that told it."""
        told = {item.key: sorted(item.searches) for item in (*self.new, *self.changed, *self.gone)}
        return told | {key: [str(each.search.pk)] for each in self.bought for key in each.keys}


def compose_digest(*, digest: Digest, user: User, now: datetime) -> Told:
    """Put together what the runs of a digest have found that no other mail has told.

    The same thing found by two searches is one item that names both. What an earlier mail told for another search is
    left out; a search that finds a thing again has lost it in between, which is news.
    """
    earlier = Digest.objects.filter(
        user=user, state=Digest.State.SENT, day__gte=(as_utc(now) - REMEMBERED).date().isoformat()
    ).exclude(pk=digest.pk)
    told_before, told_runs = _told_before(earlier)
    run_ids = [ObjectId(each) for each in digest.run_ids if each not in told_runs]
    runs = list(SavedSearchRun.objects.filter(pk__in=run_ids))
    searches = {each.pk: each for each in saved_searches_of(user)}
    runs = [run for run in sorted(runs, key=lambda run: run.ran_at) if run.saved_search_id in searches]
    before, spends = {run: _run_before(run) for run in runs}, spends_of(runs)
    bought = [each for run in runs for each in _bought(searches[run.saved_search_id], run, spends[run])]
    told = told_before.keys() | {key for each in bought for key in each.keys}
    parts: dict[str, dict[str, Item]] = {"new": {}, "changed": {}, "gone": {}}
    for run in runs:
        named = _named_as_bought(run, before[run], told)
        for kind, item in _items_of(run):
            if kind == "new" and item.property_id in named:
                continue
            search_id = str(run.saved_search_id)
            if item.key in told_before and search_id not in told_before[item.key]:
                continue
            known = parts[kind].setdefault(item.key, item)
            known.searches[search_id] = searches[run.saved_search_id].name
    found = [part.values() for part in parts.values()] + [each.items for each in bought]
    _add_rows(user, [item for items in found for item in items])
    news = {search_id for part in parts.values() for item in part.values() for search_id in item.searches}
    summaries = [_summary(run, before[run], searches[run.saved_search_id], spends[run]) for run in runs]
    return Told(
        day=date.fromisoformat(digest.day),
        summaries=[each for each in summaries if _is_worth_telling(each, news)],
        bought=bought,
        new=list(parts["new"].values()),
        changed=list(parts["changed"].values()),
        gone=list(parts["gone"].values()),
    )


def _told_before(digests: Iterable[Digest]) -> tuple[dict[str, set[str]], set[str]]:
    """What earlier mails told, by key with the ids of searches, and the ids of their runs."""
    items: dict[str, set[str]] = {}
    runs: set[str] = set()
    for digest in digests:
        runs.update(digest.run_ids)
        for key, search_ids in digest.items.items():
            items.setdefault(key, set()).update(search_ids)
    return items, runs


def _items_of(run: SavedSearchRun) -> Iterable[tuple[str, Item]]:
    if not run.digest_due:  # it is told for what it spent
        return
    for property_id in run.new_ids:
        yield "new", Item(f"new:{property_id}", property_id, "")
    for each in run.changed:
        changes = [FieldChange.from_json(change) for change in each["changes"]]
        note = "; ".join(str(show_change(change)) for change in changes)
        yield "changed", Item(f"changed:{each['propertyId']}:{note}"[:300], each["propertyId"], note)
    for property_id in run.gone_ids:
        yield "gone", Item(f"gone:{property_id}", property_id, run.gone_why.get(property_id, ""))


def _bought(search: SavedSearch, run: SavedSearchRun, spends: list[Spend]) -> Iterable[Bought]:
    """What a standing quote has done on a run and brought to its end. What it has not, the next run finds new."""
    jobs = [(each.job, each.charged) for each in spends if each.job and each.is_over]
    refreshes = [each for each in jobs if each[0].kind == PropertyJob.Kind.REFRESH]
    for job, charged in jobs:
        if job.kind != PropertyJob.Kind.REFRESH:
            ids = list(revealed_by(job).values_list("property_id", flat=True)[:NAMED])
            yield Bought(search, True, charged, job.hit_count, _items(ids), job.get_absolute_url(), [_key_of(job)])
    if refreshes:
        ids = [job.property_id or "" for job, _ in refreshes[:NAMED]]
        total, keys = sum(charged for _, charged in refreshes), [_key_of(job) for job, _ in refreshes]
        yield Bought(search, False, total, len(refreshes), _items(ids), run.get_absolute_url(), keys)


def _items(property_ids: Iterable[str]) -> list[Item]:
    return [Item("", property_id, "") for property_id in property_ids]


def _key_of(job: PropertyJob) -> str:
    return f"bought:{job.quote_id}"


def _run_before(run: SavedSearchRun) -> SavedSearchRun | None:
    return SavedSearchRun.objects.filter(saved_search_id=run.saved_search_id, number=run.number - 1).first()


def _named_as_bought(run: SavedSearchRun, before: SavedSearchRun | None, told: AbstractSet[str]) -> set[str]:
    """The properties that a run finds new because the standing quote revealed them after the run before, where that
    was told: under its key.
    """
    quote_ids = [spend["quoteId"] for spend in before.spends or ()] if before and run.new_ids else []
    jobs = PropertyJob.objects.filter(quote_id__in=quote_ids) if quote_ids else []
    return {property_id for job in jobs if _key_of(job) in told for property_id in revealed_ids(job)}


def _add_rows(user: User, items: list[Item]) -> None:
    """Give the items the user's own rows of their properties."""
    ids = list({item.property_id for item in items})
    rows = PropertyDatasetPermission.objects.filter(user=user, property_id__in=ids, revealed_at__isnull=False)
    by_id = {row.property_id: row for row in rows}
    for item in items:
        item.row = by_id.get(item.property_id)


def _summary(
    run: SavedSearchRun, before: SavedSearchRun | None, search: SavedSearch, spends: list[Spend]
) -> RunSummary:
    total = figure_of(run)
    return RunSummary(
        run=run,
        search=search,
        total=total,
        change=Change("", figure_of(before), total) if before else None,
        charged=sum(each.charged for each in spends) if spends else None,
        held=sum(each.most - each.charged for each in spends if not each.is_over),
    )


def _is_worth_telling(summary: RunSummary, news: set[str]) -> bool:
    """Whether a search has told an item, has grown, or has spent."""
    run = summary.run
    if str(run.saved_search_id) in news or run.spends:
        return True
    has_items = run.new_count or run.changed_count or run.gone_count
    return run.digest_due and not has_items  # then it was the total that grew
