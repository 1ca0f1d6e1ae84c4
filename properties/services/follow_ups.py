"""What follows from a run: which properties match, what its standing quote spends, and the mail that tells of it."""

import logging
from datetime import datetime, timedelta

from bson import ObjectId
from pymongo import ReturnDocument

from atlas_site.mongodb.documents import as_utc, collection_of, load
from properties.models import SavedSearch, SavedSearchRun
from properties.models.records import BEFORE_ALL
from properties.services.digests import note_run
from properties.services.matches import SearchGone, settle_matches
from properties.services.snapshots import thin_out
from properties.services.watches import spend_for_run

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)
# As often as that it is begun again after an error that nobody foresaw, or a worker that died.
ATTEMPTS = 10
GIVEN_UP = "What follows from this run could not be finished: the next run makes up for its matches, not for its mail."


def due_run_ids(*, now: datetime, limit: int = 100) -> list[str]:
    """Ids of the runs that something has still to follow from, longest waiting first."""
    due = SavedSearchRun.objects.filter(follow_up_due_at__gt=BEFORE_ALL, follow_up_due_at__lte=now)
    return [str(pk) for pk in due.order_by("follow_up_due_at").values_list("pk", flat=True)[:limit]]


def follow_up(*, run_id: str, now: datetime) -> SavedSearchRun | None:
    """Bring about what follows from a run, and return it; None when that is done, or has to wait.

    It waits for a worker that is at it, and for the runs of the search before it. Each part may be repeated, so a
    worker that dies in between leaves the run to the next one. After ATTEMPTS that came to no end it is given up, so
    that the later runs of the search get their turn.
    """
    moment = as_utc(now)
    taken = collection_of(SavedSearchRun).find_one_and_update(
        {"_id": ObjectId(run_id), "followUpDueAt": {"$lte": moment}},
        {"$set": {"followUpDueAt": moment + LEASE}, "$inc": {"followUpAttempt": 1}},
        return_document=ReturnDocument.AFTER,
    )
    if taken is None:
        return None
    run = load(SavedSearchRun, taken)
    earlier = SavedSearchRun.objects.filter(saved_search_id=run.saved_search_id, number__lt=run.number)
    ours = SavedSearchRun.objects.filter(pk=run.pk, follow_up_due_at=moment + LEASE)
    if run.follow_up_attempt > ATTEMPTS:
        logger.error("Run %s of saved search %s was given up.", run.number, run.saved_search_id)
        ours.update(follow_up_due_at=None, problem=GIVEN_UP)
        return None
    has_to_wait = earlier.filter(follow_up_due_at__gt=BEFORE_ALL).exists()
    try:
        if has_to_wait or not settle_matches(run=run):  # there are so many that others get their turn first
            ours.update(follow_up_due_at=moment, follow_up_attempt=0)
            return None
    except (SearchGone, SavedSearch.DoesNotExist):
        ours.update(follow_up_due_at=None)
        return None
    if run.cause == SavedSearchRun.Cause.SCHEDULE:
        spend_for_run(run=run, now=now)
        run.refresh_from_db()
        note_run(run=run, now=now)
    thin_out(run=run)
    ours.update(follow_up_due_at=None, follow_up_attempt=0)
    run.refresh_from_db()
    return run
