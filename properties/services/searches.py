"""Saved searches as their users arrange them: saved, changed, paused, kept and deleted."""

from datetime import datetime, timedelta

from bson import ObjectId

from accounts.models import User
from atlas_site.lib.mail import send_mail
from atlas_site.lib.transactions import run_txn
from properties.emails import expiry_mail
from properties.models import SavedSearch, SavedSearchProperty, SavedSearchRun, SavedSearchSnapshot, Watch
from properties.search.query import SearchQuery
from properties.selectors.searches import LIVING, SEARCHES_SHOWN, is_large, query_of, saved_searches_of
from properties.services.matches import forget_matches
from properties.services.runs import RunRaced, run_saved_search
from properties.services.schedules import next_slot

# Nobody reads what a search finds that its user has not looked at for so long.
EXPIRES_AFTER = timedelta(days=180)
REMINDED_BEFORE = timedelta(days=14)
# A visit is noted at most that often, so that looking around writes little.
VISIT_NOTED_EVERY = timedelta(hours=1)
# What a worker takes away of a deleted search at a time, besides its matches.
RUNS_A_STINT = 50
DELETION_LEASE = timedelta(minutes=5)
State = SavedSearch.State
Cadence = SavedSearch.Cadence


class TooManySearches(Exception):
    """The user has as many saved searches as there may be."""


def save_search(*, user: User, name: str, query: SearchQuery, now: datetime, cadence: str = Cadence.OFF) -> SavedSearch:
    """Keep a search under a name and make its first, silent run: at once, or by a worker if it is large.

    A large one comes back with `wanted_at`, and without a run. Raises TooManySearches, and as `run_saved_search` does,
    saving nothing.
    """
    if saved_searches_of(user).count() >= SEARCHES_SHOWN:
        raise TooManySearches
    is_for_worker = is_large(user, query)
    search = SavedSearch(
        id=ObjectId(),
        user=user,
        name=name,
        filters=query.params(),
        created_at=now,
        cadence=cadence,
        next_run_at=next_slot(user=user, cadence=cadence, after=now),
        expires_at=_expiry(cadence, now),
        opened_at=now,
        opened_run=1,
        wanted_at=now if is_for_worker else None,
    )
    search.save(force_insert=True)
    if is_for_worker:
        return search
    try:
        run_saved_search(search=search, now=now, cause=SavedSearchRun.Cause.SAVED)
    except BaseException:
        SavedSearch.objects.filter(pk=search.pk, run_count=0).delete()
        raise
    search.refresh_from_db()
    return search


def update_search(*, search: SavedSearch, query: SearchQuery, now: datetime) -> bool:
    """Give a saved search other criteria, as its next version; what its runs ran stays with them.

    Returns whether anything changed. The next run compares with the one before all the same, and says so. Raises
    RunRaced when the search was changed or deleted meanwhile.
    """
    params = query.params()
    if params == search.filters:
        return False
    known = SavedSearch.objects.filter(LIVING, pk=search.pk, version=search.version)
    if not known.update(filters=params, version=search.version + 1, problem=""):
        raise RunRaced(str(search.pk))
    search.refresh_from_db()
    return True


def rename_search(*, search: SavedSearch, name: str) -> None:
    """Call a saved search by another name."""
    SavedSearch.objects.filter(pk=search.pk).update(name=name)


def set_cadence(*, search: SavedSearch, cadence: str, now: datetime) -> None:
    """Let a search run by itself every day, every week, or not at all; a paused one goes on with it.

    Raises ValueError when it cannot be read any more, and so cannot run.
    """
    if cadence != Cadence.OFF:
        query_of(search)
    SavedSearch.objects.filter(LIVING, pk=search.pk).update(
        cadence=cadence,
        state=State.ACTIVE,
        next_run_at=next_slot(user=search.user, cadence=cadence, after=now),
        expires_at=_expiry(cadence, now),
        reminded_at=None,
        lease_until=None,
        problem="",
    )


def pause_search(*, search: SavedSearch) -> None:
    """Let a search run by hand only, until it is resumed; its cadence is kept for then."""
    SavedSearch.objects.filter(pk=search.pk, state=State.ACTIVE).update(
        state=State.PAUSED, next_run_at=None, expires_at=None, lease_until=None
    )


def resume_search(*, search: SavedSearch, now: datetime) -> None:
    """Let a search that was paused or has expired run by itself again. Raises ValueError as `set_cadence` does."""
    set_cadence(search=search, cadence=search.cadence, now=now)


def note_visit(*, search: SavedSearch, now: datetime, run: SavedSearchRun | None = None) -> None:
    """Note that the user has looked at a saved search, or at one of its runs, which keeps it from expiring.

    A run that was opened counts as read: it keeps its standing quote armed. Whoever looks at the newest run has seen
    what is new.
    """
    if run is not None:
        if run.opened_at is None:
            SavedSearchRun.objects.filter(pk=run.pk, opened_at=None).update(opened_at=now)
        if run.number > search.opened_run:
            SavedSearch.objects.filter(pk=search.pk, opened_run__lt=run.number).update(opened_run=run.number)
    if search.opened_at is None or now - search.opened_at >= VISIT_NOTED_EVERY:
        SavedSearch.objects.filter(pk=search.pk).update(opened_at=now)
        if search.state == State.ACTIVE and search.expires_at is not None:
            SavedSearch.objects.filter(pk=search.pk, state=State.ACTIVE).update(
                expires_at=_expiry(search.cadence, now), reminded_at=None
            )


def _expiry(cadence: str, now: datetime) -> datetime | None:
    """When a search expires that nobody looks at any more: only one that runs by itself does."""
    return None if cadence == Cadence.OFF else now + EXPIRES_AFTER


def remind_of_expiry(*, now: datetime, limit: int = 200) -> int:
    """Send the mails that searches are about to expire, each once, and return how many were sent.

    A reminder is noted before it is sent: one mail too few is better than two.
    """
    sent = 0
    ending = SavedSearch.objects.filter(state=State.ACTIVE, expires_at__lte=now + REMINDED_BEFORE, reminded_at=None)
    for search in ending.order_by("expires_at")[:limit]:
        if not SavedSearch.objects.filter(pk=search.pk, reminded_at=None).update(reminded_at=now):
            continue
        user = User.objects.filter(pk=search.user_id).first()
        if user is not None and user.email and not user.banned:
            sent += send_mail(expiry_mail(search, user), to=user.email)
    return sent


def expire_searches(*, now: datetime, limit: int = 1000) -> int:
    """Let the searches expire that nobody has looked at for EXPIRES_AFTER, and return how many did."""
    over = SavedSearch.objects.filter(state=State.ACTIVE, expires_at__lte=now).order_by("expires_at")
    ids = list(over.values_list("pk", flat=True)[:limit])
    return SavedSearch.objects.filter(pk__in=ids, state=State.ACTIVE, expires_at__lte=now).update(
        state=State.EXPIRED, next_run_at=None, lease_until=None
    )


# ---------------------------------------------------------------- deleting


def delete_saved_search(*, search: SavedSearch, now: datetime) -> None:
    """Take a saved search away from its user with its runs and its standing quote; properties stay the user's.

    It is in no list any more at once, runs no more, and counts for no property that is looked at anew. What is left
    of it, which may be much, is removed by `remove_deleted_search`.
    """

    def mark() -> None:
        SavedSearch.objects.filter(LIVING, pk=search.pk).update(
            state=State.DELETING, next_run_at=now, lease_until=None, expires_at=None, wanted_at=None
        )
        Watch.objects.filter(saved_search=search).delete()

    run_txn(mark)


def deleted_search_ids(*, now: datetime, limit: int = 100) -> list[str]:
    """Ids of the deleted searches of which something is left, longest waiting first."""
    left = SavedSearch.objects.filter(state=State.DELETING, next_run_at__lte=now)
    return [str(pk) for pk in left.order_by("next_run_at").values_list("pk", flat=True)[:limit]]


def remove_deleted_search(*, search_id: str, now: datetime) -> bool:
    """Remove what is left of a deleted search, as much as fits into a turn; returns whether more is left.

    The search itself goes last, so that whatever is left of it is found again after a crash. Two workers at once do
    the same twice, which does it once.
    """
    due = SavedSearch.objects.filter(pk=ObjectId(search_id), state=State.DELETING, next_run_at__lte=now)
    search = due.first()
    if search is None or not due.update(next_run_at=now + DELETION_LEASE):
        return False
    runs = SavedSearchRun.objects.filter(saved_search=search)
    is_over = forget_matches(search=search)
    if is_over:
        run_ids = list(runs.order_by("number").values_list("pk", flat=True)[:RUNS_A_STINT])
        SavedSearchSnapshot.objects.filter(run_id__in=run_ids).delete()
        runs.filter(pk__in=run_ids).delete()
        is_over = not (runs.exists() or SavedSearchProperty.objects.filter(saved_search=search).exists())
    if is_over:
        Watch.objects.filter(saved_search=search).delete()
        SavedSearch.objects.filter(pk=search.pk, state=State.DELETING).delete()
    else:
        SavedSearch.objects.filter(pk=search.pk, state=State.DELETING).update(next_run_at=now)
    return not is_over
