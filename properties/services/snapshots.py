"""Keeping what a run sees of the user's own properties: all of them, read in batches, compressed in parts."""

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from bson import ObjectId

from atlas_site.mongodb.documents import collection_of
from properties.models import SavedSearch, SavedSearchRun, SavedSearchSnapshot
from properties.search.diffs import Entry
from properties.search.query import SearchQuery
from properties.search.watched import ROW_KEYS, watched_values
from properties.selectors.owned import owned_matches

IDS_A_PART = 10_000
# A run that is still writing its snapshot is younger than this; an older snapshot without a run is of one that died.
LONGEST_RUN = timedelta(hours=1)
CLEANED_BACK = timedelta(days=7)
# Of these many last runs, and of the first one, all that they saw is kept.
RUNS_KEPT_WHOLE = 60
THINNED_AT_ONCE = 20


@dataclass(frozen=True)
class Written:
    """How much a snapshot holds."""

    owned: int
    part_count: int


def write_snapshot(*, run_id: ObjectId, search: SavedSearch, query: SearchQuery) -> Written:
    """Keep what the user owns of a search's matches under the id of a run, which is recorded afterwards."""
    entries = _owned_entries(search, query)
    owned = part_count = 0
    while part := dict(islice(entries, IDS_A_PART)):
        content = zlib.compress(json.dumps(part, separators=(",", ":")).encode(), 6)
        last_id = next(reversed(part))
        SavedSearchSnapshot.objects.create(run_id=run_id, part=part_count, content=content, last_id=last_id)
        owned, part_count = owned + len(part), part_count + 1
    return Written(owned=owned, part_count=part_count)


def _owned_entries(search: SavedSearch, query: SearchQuery) -> Iterator[Entry]:
    """The owned matches with their watched values, read along the index of property ids."""
    matches = owned_matches(search.user, query).order_by("property_id")
    beyond = ""
    while True:
        rows = list(matches.filter(property_id__gt=beyond).values(*ROW_KEYS)[:IDS_A_PART])
        for row in rows:
            yield row["property_id"], watched_values(row)
        if len(rows) < IDS_A_PART:
            return
        beyond = rows[-1]["property_id"]


def drop_snapshot(*, run_id: ObjectId) -> None:
    """Remove what was kept for a run that was not recorded."""
    SavedSearchSnapshot.objects.filter(run_id=run_id).delete()


def thin_out(*, run: SavedSearchRun) -> None:
    """Remove the snapshots of runs that lie RUNS_KEPT_WHOLE before this one: their figures and first lists stay.

    The run says so before its parts go, and knows none any more after them, so a worker that dies in between leaves
    the rest to the next run. The first run keeps its own for ever.
    """
    old = SavedSearchRun.objects.filter(
        saved_search_id=run.saved_search_id,
        number__gt=1,
        number__lte=run.number - RUNS_KEPT_WHOLE,
        part_count__gt=0,
        follow_up_due_at=None,
    )
    for run_id in list(old.order_by("-number").values_list("pk", flat=True)[:THINNED_AT_ONCE]):
        SavedSearchRun.objects.filter(pk=run_id).update(is_thinned=True)
        drop_snapshot(run_id=run_id)
        SavedSearchRun.objects.filter(pk=run_id).update(part_count=0)


def drop_orphaned_snapshots(*, now: datetime) -> int:
    """Remove the snapshots of runs that died before they were recorded, and return how many parts they had."""
    since, until = (ObjectId.from_datetime(now - age) for age in (CLEANED_BACK, LONGEST_RUN))
    orphans = collection_of(SavedSearchSnapshot).aggregate(
        [
            {"$match": {"_id": {"$gte": since, "$lt": until}}},
            {"$project": {"runId": 1}},
            {"$lookup": {"from": "SavedSearchRun", "localField": "runId", "foreignField": "_id", "as": "runs"}},
            {"$match": {"runs": []}},
            {"$project": {"_id": 1}},
        ]
    )
    ids = [orphan["_id"] for orphan in orphans]
    return SavedSearchSnapshot.objects.filter(pk__in=ids).delete()[0] if ids else 0
