"""The page of one run: its figures and its lists, against the run before, the first one, or any other."""

from dataclasses import dataclass, field
from typing import Any

from properties.models import (
    PropertyDatasetPermission,
    SavedSearch,
    SavedSearchProperty,
    SavedSearchRun,
)
from properties.search.diffs import Difference, FieldChange, Kind
from properties.search.signals import SIGNALS
from properties.search.watched import ShownChange, show_change
from properties.selectors.figures import Change, Figure
from properties.selectors.searches import counted_runs_of, figure_from, figure_of, unowned_of
from properties.selectors.snapshots import excerpt_of_differences
from properties.selectors.spends import Spend, spends_of

LISTED = 100
# The database cannot be asked for larger ones.
LARGEST_NUMBER = 2**63 - 1
NO_REASON = "it does not meet the criteria, or is no longer yours"


@dataclass
class Line:
    """One property of a list of a run: the user's own row where it is still theirs, and what is said of it."""

    property_id: str
    row: PropertyDatasetPermission | None = None
    changes: list[ShownChange] = field(default_factory=list)
    why: str = ""


@dataclass
class DiffList:
    """The new, the changed or the gone ones: how many, the first of them, and the id after which the rest begins.

    Where snapshots are too long for one page, `total` is how many there are at least.
    """

    kind: Kind
    total: int
    lines: list[Line]
    after: str = ""
    is_total: bool = True

    @property
    def title(self) -> str:
        return str(self.kind).capitalize()


@dataclass(frozen=True)
class Window:
    """What could have been noticed: the figure of the search and, where that may not be told, of its whole place."""

    label: str
    figure: Figure
    place: str = ""
    of_place: Figure | None = None


@dataclass(frozen=True)
class RunPage:
    """One run against another one: `against` is None for a first run, which has nothing before it."""

    search: SavedSearch
    run: SavedSearchRun
    against: SavedSearchRun | None
    figures: list[Change]
    since_first: list[Change]
    lists: list[DiffList]
    spends: list[Spend]
    windows: list[Window]
    signals: list[tuple[str, Figure]]
    others: list[SavedSearchRun]
    # Whether it is the first run that has figures, which says what could have been noticed before.
    is_first_count: bool

    @property
    def total(self) -> Figure:
        return figure_of(self.run)

    @property
    def unowned(self) -> Figure:
        return unowned_of(self.run)

    @property
    def has_other_criteria(self) -> bool:
        """Whether the two runs asked different questions, so that the criteria explain differences too."""
        return self.against is not None and self.against.criteria_hash != self.run.criteria_hash

    @property
    def is_baseline(self) -> bool:
        """Whether there is nothing to compare with: the first run, or one before which nothing was kept."""
        return not self.lists

    @property
    def is_thinned(self) -> bool:
        """Whether what one of the two runs saw is not kept any more, besides its figures and its first lists."""
        return self.run.is_thinned or (self.against is not None and self.against.is_thinned)


def find_run(search: SavedSearch, number: int) -> SavedSearchRun | None:
    """The run of a saved search that has this number, or None."""
    if not 1 <= number <= LARGEST_NUMBER:
        return None
    return SavedSearchRun.objects.filter(saved_search=search, number=number).first()


def show_run(search: SavedSearch, number: int, *, against: int | None = None) -> RunPage | None:
    """A run's page against the run before, or against any other run of the search; None when one is missing."""
    run = find_run(search, number)
    other = find_run(search, number - 1 if against is None else against)
    if run is None or (other is None and against is not None):
        return None
    first = other if other is not None and other.number == 1 else find_run(search, 1)
    numbered = SavedSearchRun.objects.filter(saved_search=search).exclude(number=number).order_by("-number")
    page = RunPage(
        search=search,
        run=run,
        against=other,
        figures=_figures(other, run),
        since_first=_figures(first, run) if other is not None and other.number > 1 and number > 1 else [],
        lists=[],
        spends=spends_of([run])[run],
        windows=[_window(window) for window in run.windows],
        signals=_signals(run),
        others=list(numbered.only("number", "ran_at", "saved_search_id")[:50]),
        is_first_count=run.is_counted and not counted_runs_of(search).filter(number__lt=number).exists(),
    )
    if other is not None:
        page.lists.extend(_lists(other, run))
        _fill(search, page.lists)
    return page


def _lists(before: SavedSearchRun, run: SavedSearchRun) -> list[DiffList]:
    """The lists of a run against another one, or none where one of them kept nothing to compare with."""
    are_kept = _is_kept(before) and _is_kept(run)
    if before.number == run.number - 1 and (before.is_thinned or _is_kept(before)):
        return _kept_lists(run, has_rest=are_kept)
    return _compared_lists(before, run) if are_kept else []


def _is_kept(run: SavedSearchRun) -> bool:
    """Whether all that a run saw can be read."""
    return not run.is_thinned and bool(run.part_count or not run.owned)


def show_rest(
    search: SavedSearch, number: int, *, against: int, kind: str, after: str
) -> tuple[SavedSearchRun, SavedSearchRun, DiffList] | None:
    """What a list of a run goes on with after a property id, read from the snapshots of both runs; None where one of
    them is missing, or keeps none any more.
    """
    run, other = find_run(search, number), find_run(search, against)
    if run is None or other is None or kind not in Kind.__members__.values():
        return None
    if run.is_thinned or other.is_thinned:
        return None
    rest = next(each for each in _compared_lists(other, run, beyond=after) if each.kind == kind)
    _fill(search, [rest])
    return run, other, rest


def _figures(before: SavedSearchRun | None, run: SavedSearchRun) -> list[Change]:
    if before is None:
        return []
    changes = [
        Change("Match", figure_of(before), figure_of(run)),
        Change("Not yours yet", unowned_of(before), unowned_of(run)),
        Change("Yours", Figure(before.owned), Figure(run.owned)),
    ]
    earlier: dict[str, Any] = {window["name"]: window for window in before.windows}
    return changes + [
        Change(
            f"{window['label'].capitalize()} in 30 days", figure_from(earlier.get(window["name"])), figure_from(window)
        )
        for window in run.windows
    ]


def _window(kept: dict[str, Any]) -> Window:
    whole = kept.get("place")
    if not whole:
        return Window(kept["label"], figure_from(kept))
    return Window(kept["label"], figure_from(kept), place=whole["label"], of_place=figure_from(whole))


def _signals(run: SavedSearchRun) -> list[tuple[str, Figure]]:
    """The signals that were counted, the most frequent first, without those that nothing has."""
    found = [(SIGNALS[slug].label, figure_from(kept)) for slug, kept in run.signals.items() if slug in SIGNALS]
    return sorted(((label, each) for label, each in found if each.total), key=lambda pair: -(pair[1].total or 0))


def _kept_lists(run: SavedSearchRun, *, has_rest: bool) -> list[DiffList]:
    """The lists against the run before, which the run itself keeps the first of, with the rest where it is kept."""
    changed = [
        Line(each["propertyId"], changes=[show_change(FieldChange.from_json(change)) for change in each["changes"]])
        for each in run.changed
    ]
    gone = [Line(each, why=run.gone_why.get(each, "")) for each in run.gone_ids]
    lists = [
        DiffList(Kind.NEW, run.new_count, [Line(each) for each in run.new_ids]),
        DiffList(Kind.CHANGED, run.changed_count, changed),
        DiffList(Kind.GONE, run.gone_count, gone),
    ]
    return [_limited(found) for found in lists] if has_rest else lists


def _compared_lists(before: SavedSearchRun, run: SavedSearchRun, *, beyond: str = "") -> list[DiffList]:
    """The lists against any other run beyond a property id, from as much of both snapshots as one page may read."""
    excerpt = excerpt_of_differences(before, run, beyond=beyond, limit=LISTED + 1)
    lists = []
    for kind, found in excerpt.found.items():
        lines = [_line(each, run) for each in found]
        each = _limited(DiffList(kind, excerpt.counts[kind], lines, is_total=not excerpt.is_cut))
        each.after = each.after or (excerpt.beyond if excerpt.is_cut else "")
        lists.append(each)
    return lists


def _line(difference: Difference, run: SavedSearchRun) -> Line:
    return Line(
        difference.property_id,
        changes=[show_change(change) for change in difference.news],
        why=run.gone_why.get(difference.property_id, "") if difference.kind == Kind.GONE else "",
    )


def _limited(found: DiffList) -> DiffList:
    """The list cut to one page; `after` says where the rest begins."""
    if len(found.lines) > LISTED:
        found.lines = found.lines[:LISTED]
        found.after = found.lines[-1].property_id
    return found


def _fill(search: SavedSearch, lists: list[DiffList]) -> None:
    """Put the user's own rows beside the properties that are still theirs."""
    lines = [line for found in lists for line in found.lines]
    ids = list({line.property_id for line in lines})
    rows = PropertyDatasetPermission.objects.filter(
        user_id=search.user_id, property_id__in=ids, revealed_at__isnull=False
    )
    owned = {row.property_id: row for row in rows}
    unexplained = [
        line.property_id for found in lists if found.kind == Kind.GONE for line in found.lines if not line.why
    ]
    gone = SavedSearchProperty.objects.filter(saved_search=search, property_id__in=unexplained) if unexplained else []
    whys = {each.property_id: each.gone_why for each in gone}
    for line in lines:
        line.row = owned.get(line.property_id)
        line.why = line.why or whys.get(line.property_id) or NO_REASON
