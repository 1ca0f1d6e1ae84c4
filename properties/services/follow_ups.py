"""What follows from a run: which properties match, what its standing quote spends, and the mail that tells of it."""

from datetime import UTC, datetime, timedelta

from bson import ObjectId
from pymongo import ReturnDocument

from atlas_site.mongodb.documents import as_utc, collection_of, load
from properties.models import SavedSearchRun
from properties.services.digests import note_run
from properties.services.matches import settle_matches
from properties.services.watches import spend_for_run

LEASE = timedelta(minutes=10)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # the index holds what is later, and the query has to say so


def due_run_ids(*, now: datetime, limit: int = 100) -> list[str]:
    """Ids of the runs that something has still to follow from, longest waiting first."""
    due = SavedSearchRun.objects.filter(follow_up_due_at__gt=EPOCH, follow_up_due_at__lte=now)
    return [str(pk) for pk in due.order_by("follow_up_due_at").values_list("pk", flat=True)[:limit]]


def follow_up(*, run_id: str, now: datetime) -> SavedSearchRun | None:
    """Bring about what follows from a run, and return it; None when that is done, or has to wait.

    It waits for a worker that is at it, and for the runs of the search before it. Each part may be repeated, so a
    worker that dies in between leaves the run to the next one.
    """
    moment = as_utc(now)
    taken = collection_of(SavedSearchRun).find_one_and_update(
        {"_id": ObjectId(run_id), "followUpDueAt": {"$lte": moment}},
        {"$set": {"followUpDueAt": moment + LEASE}},
        return_document=ReturnDocument.AFTER,
    )
    if taken is None:
        return None
    run = load(SavedSearchRun, taken)
    earlier = SavedSearchRun.objects.filter(saved_search_id=run.saved_search_id, number__lt=run.number)
    has_to_wait = earlier.filter(follow_up_due_at__gt=EPOCH).exists()
    if has_to_wait or not settle_matches(run=run):  # there are so many that others get their turn first
        SavedSearchRun.objects.filter(pk=run.pk, follow_up_due_at=moment + LEASE).update(follow_up_due_at=moment)
        return None
    if run.cause == SavedSearchRun.Cause.SCHEDULE:
        spend_for_run(run=run, now=now)
        run.refresh_from_db()
        note_run(run=run, now=now)
    SavedSearchRun.objects.filter(pk=run.pk, follow_up_due_at=moment + LEASE).update(follow_up_due_at=None)
    run.refresh_from_db()
    return run
