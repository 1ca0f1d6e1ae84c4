"""What runs saw of the user's own properties, read back part by part."""

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from properties.models import SavedSearchRun, SavedSearchSnapshot
from properties.search.diffs import Difference, Entry, Kind, compare

# A page reads that many parts of each of two snapshots at most: 40,000 properties.
PARTS_A_PAGE = 4


def read_snapshot(run: SavedSearchRun | None) -> Iterator[Entry]:
    """Yield what a run saw, by rising property id, one part of it in memory at a time; nothing for no run."""
    if run is None:
        return
    for number in range(run.part_count):
        yield from _read_part(run, number)


def _read_part(run: SavedSearchRun, number: int) -> Iterator[Entry]:
    part = SavedSearchSnapshot.objects.get(run_id=run.pk, part=number)
    yield from json.loads(zlib.decompress(part.content)).items()


def differences(before: SavedSearchRun | None, after: SavedSearchRun) -> Iterator[Difference]:
    """Yield what is new, changed and gone among the owned matches from one run to another, by rising property id."""
    return compare(read_snapshot(before), read_snapshot(after))


@dataclass
class Excerpt:
    """The first differences beyond a property id, of each kind with how many were seen; the rest if `is_cut`.

    `beyond` is the property id up to which both snapshots were compared, where the rest begins.
    """

    found: dict[Kind, list[Difference]] = field(default_factory=lambda: {kind: [] for kind in Kind})
    counts: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(Kind, 0))
    is_cut: bool = False
    beyond: str = ""


def excerpt_of_differences(before: SavedSearchRun, after: SavedSearchRun, *, beyond: str, limit: int) -> Excerpt:
    """Compare what two snapshots hold beyond a property id, and list at most `limit` differences of each kind.

    It reads at most PARTS_A_PAGE parts of each, whatever their size, and goes no further than both of them reach.
    """
    older, newer = _span(before, beyond), _span(after, beyond)
    ends = [span.until for span in (older, newer) if span.until]
    until = min(ends) if ends else ""
    excerpt = Excerpt(is_cut=bool(until), beyond=until)
    for each in compare(older.entries(beyond, until), newer.entries(beyond, until)):
        if each.kind == Kind.CHANGED and not each.news:
            continue
        excerpt.counts[each.kind] += 1
        if len(excerpt.found[each.kind]) < limit:
            excerpt.found[each.kind].append(each)
    return excerpt


@dataclass(frozen=True)
class _Span:
    """Some consecutive parts of a snapshot; `until` is the last id in them, or empty where the snapshot ends."""

    run: SavedSearchRun
    numbers: list[int]
    until: str

    def entries(self, beyond: str, until: str) -> Iterator[Entry]:
        for number in self.numbers:
            for entry in _read_part(self.run, number):
                if until and entry[0] > until:
                    return
                if entry[0] > beyond:
                    yield entry


def _span(run: SavedSearchRun, beyond: str) -> _Span:
    """The next parts of a run's snapshot that hold anything beyond a property id; the others are not read."""
    kept = SavedSearchSnapshot.objects.filter(run_id=run.pk).order_by("part").values_list("part", "last_id")
    parts = [(number, last_id) for number, last_id in kept if not last_id or last_id > beyond]
    most = PARTS_A_PAGE if all(last_id for _, last_id in parts) else len(parts)  # those of earlier days say no last id
    read, rest = parts[:most], parts[most:]
    return _Span(run, [number for number, _ in read], until=read[-1][1] if rest else "")
