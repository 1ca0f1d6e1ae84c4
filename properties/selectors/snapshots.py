"""What runs saw of the user's own properties, read back part by part."""

import json
import zlib
from collections.abc import Iterator
from itertools import islice

from properties.models import SavedSearchRun, SavedSearchSnapshot
from properties.search.diffs import Difference, Entry, Kind, compare


def read_snapshot(run: SavedSearchRun | None) -> Iterator[Entry]:
    """Yield what a run saw, by rising property id, one part of it in memory at a time; nothing for no run."""
    if run is None:
        return
    for number in range(run.part_count):
        part = SavedSearchSnapshot.objects.get(run_id=run.pk, part=number)
        yield from json.loads(zlib.decompress(part.content)).items()


def differences(before: SavedSearchRun | None, after: SavedSearchRun) -> Iterator[Difference]:
    """Yield what is new, changed and gone among the owned matches from one run to another, by rising property id."""
    return compare(read_snapshot(before), read_snapshot(after))


def page_of_differences(
    before: SavedSearchRun, after: SavedSearchRun, *, kind: Kind, beyond: str, limit: int
) -> list[Difference]:
    """The first `limit` differences of one kind whose property id is beyond the one given."""
    found = (each for each in differences(before, after) if each.kind == kind and each.property_id > beyond)
    if kind == Kind.CHANGED:
        found = (each for each in found if each.news)
    return list(islice(found, limit))
