"""Which owned properties a saved search has matched, and on how many saved searches a property is."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from bson import ObjectId
from django.db.models import F
from pymongo import UpdateOne

from atlas_site.lib.transactions import run_txn
from atlas_site.mongodb.documents import collection_of, current_session
from properties.models import SavedSearch, SavedSearchProperty, SavedSearchRun
from properties.search.diffs import Difference, Kind
from properties.selectors.searches import LIVING
from properties.selectors.snapshots import differences
from properties.services.rows import set_stack

BATCH = 500
# So much is done at a time: well within the time limit of tasks.
BATCHES_A_STINT = 60


class SearchGone(Exception):
    """The search is being deleted, so nothing follows from its runs any more."""


def settle_matches(*, run: SavedSearchRun) -> bool:
    """Note what a run found new and gone, and on how many searches these properties are now.

    Returns False when BATCHES_A_STINT were written and there may be more. Calling it again goes on from there: it
    follows from the snapshots and from what is noted already, so doing it twice does it once. Raises SearchGone when
    the search is being deleted.
    """
    # What was given up is not noted: the next run notes it together with its own.
    earlier = SavedSearchRun.objects.filter(saved_search_id=run.saved_search_id, number__lt=run.number)
    before = earlier.exclude(problem__gt="").order_by("-number").first()
    user_id = run.saved_search.user_id
    moved = (each for each in differences(before, run) if each.kind != Kind.CHANGED)
    written = 0
    for found in _batches(moved):
        batch = _not_noted(run, found)
        if not batch:
            continue
        if written == BATCHES_A_STINT:
            return False

        def write(batch: list[Difference] = batch) -> None:
            _touch(run.saved_search_id)
            updates = [_update_of(run, before, each) for each in batch]
            collection_of(SavedSearchProperty).bulk_write(updates, ordered=False, session=current_session())
            _restack(user_id, [each.property_id for each in batch])

        run_txn(write)
        written += 1
    return True


def _not_noted(run: SavedSearchRun, batch: list[Difference]) -> list[Difference]:
    """Those of a batch that no earlier call for this run has noted."""
    ids = [each.property_id for each in batch]
    known = SavedSearchProperty.objects.filter(saved_search_id=run.saved_search_id, property_id__in=ids)
    noted = {
        (each.property_id, Kind.GONE if each.gone_at else Kind.NEW)
        for each in known
        if (each.gone_at or each.last_seen_at) == run.ran_at
    }
    return [each for each in batch if (each.property_id, each.kind) not in noted]


def _update_of(run: SavedSearchRun, before: SavedSearchRun | None, difference: Difference) -> UpdateOne:
    key = {"savedSearchId": run.saved_search_id, "propertyId": difference.property_id}
    if difference.kind == Kind.NEW:
        seen = {"lastSeenAt": run.ran_at, "goneAt": None, "goneWhy": ""}
        return UpdateOne(key, {"$set": seen, "$setOnInsert": {"firstSeenAt": run.ran_at}}, upsert=True)
    last_seen_at: datetime = before.ran_at if before else run.ran_at
    why = run.gone_why.get(difference.property_id, "")[:200]
    gone = {"goneAt": run.ran_at, "lastSeenAt": last_seen_at, "goneWhy": why}
    return UpdateOne(key, {"$set": gone, "$setOnInsert": {"firstSeenAt": last_seen_at}}, upsert=True)


def _touch(search_id: ObjectId) -> None:
    """Write the search itself, so that a deletion at the same moment and this transaction never both succeed."""
    living = SavedSearch.objects.filter(LIVING, pk=search_id)
    if not living.update(write_count=F("write_count") + 1):
        raise SearchGone


def forget_matches(*, search: SavedSearch) -> bool:
    """Remove what a search that is being deleted has matched, so that it counts for no property any more.

    Returns False when BATCHES_A_STINT were removed and there may be more.
    """
    matches = SavedSearchProperty.objects.filter(saved_search=search)
    for _ in range(BATCHES_A_STINT):
        ids = list(matches.order_by("property_id").values_list("property_id", flat=True)[:BATCH])
        if not ids:
            return True

        def remove(ids: list[str] = ids) -> None:
            matches.filter(property_id__in=ids).delete()
            _restack(search.user_id, ids)

        run_txn(remove)
    return False


def _restack(user_id: ObjectId, property_ids: list[str]) -> None:
    """Count anew on how many of the user's saved searches each of these properties is."""
    search_ids = list(SavedSearch.objects.filter(LIVING, user_id=user_id).values_list("pk", flat=True))
    present = SavedSearchProperty.objects.filter(
        saved_search_id__in=search_ids, property_id__in=property_ids, gone_at__isnull=True
    )
    counts = Counter(present.values_list("property_id", flat=True))
    set_stack(user_id, "searches", {each: counts[each] for each in property_ids})


def _batches(found: Iterable[Difference]) -> Iterator[list[Difference]]:
    rest = iter(found)
    while batch := list(islice(rest, BATCH)):
        yield batch
