"""Background work of the properties app: load by id, one service call."""

from celery import shared_task
from django.utils import timezone

from atlas_site.lib.queue import nudge
from atlas_site.vendors.recording import purge_calls
from properties.services import bills, digests, follow_ups, jobs, rows, runner, runs, searches, snapshots, watches


@shared_task(name="properties.run_job")
def run_property_job(job_id: str) -> None:
    """Carry one paid job out, as far as it gets."""
    runner.run_job(job_id=job_id, now=timezone.now)
    if rows.is_spread_due():
        nudge(spread_due_copies)


@shared_task(name="properties.run_due_jobs")
def run_due_property_jobs() -> None:
    """Hand every job that is due and that nobody works on to a worker, whether or not its first message arrived."""
    for job_id in jobs.due_job_ids(now=timezone.now()):
        nudge(run_property_job, job_id)


@shared_task(name="properties.purge_vendor_calls")
def purge_vendor_calls() -> None:
    """Remove requests and raw answers that are older than the operator keeps them."""
    purge_calls(timezone.now())


@shared_task(name="properties.run_saved_search")
def run_saved_search(search_id: str) -> None:
    """Make the run of a saved search that is due."""
    run = runs.run_due_search(search_id=search_id, now=timezone.now())
    if run is not None:
        nudge(follow_run_up, str(run.pk))


@shared_task(name="properties.run_wanted_search")
def run_wanted_search(search_id: str) -> None:
    """Make the run of a large saved search that its user waits for."""
    run = runs.run_wanted_search(search_id=search_id, now=timezone.now())
    if run is not None:
        nudge(follow_run_up, str(run.pk))


@shared_task(name="properties.remove_deleted_search")
def remove_deleted_search(search_id: str) -> None:
    """Remove a turn's worth of what is left of a deleted search, and call the next turn."""
    if searches.remove_deleted_search(search_id=search_id, now=timezone.now()):
        nudge(remove_deleted_search, search_id)


@shared_task(name="properties.run_due_searches")
def run_due_searches() -> None:
    """Hand every saved search whose morning has come, whose user waits for it, or that was deleted to a worker."""
    now = timezone.now()
    for search_id in runs.wanted_search_ids(now=now):
        nudge(run_wanted_search, search_id)
    for search_id in runs.due_search_ids(now=now):
        nudge(run_saved_search, search_id)
    for search_id in searches.deleted_search_ids(now=now):
        nudge(remove_deleted_search, search_id)


@shared_task(name="properties.follow_run_up")
def follow_run_up(run_id: str) -> None:
    """Bring about what follows from one run of a saved search."""
    follow_ups.follow_up(run_id=run_id, now=timezone.now())


@shared_task(name="properties.follow_runs_up")
def follow_runs_up() -> None:
    """Hand every run that something has still to follow from to a worker."""
    for run_id in follow_ups.due_run_ids(now=timezone.now()):
        nudge(follow_run_up, run_id)


@shared_task(name="properties.send_digest")
def send_digest(digest_id: str) -> None:
    """Send one mail about a day of saved searches."""
    digests.send_digest(digest_id=digest_id, now=timezone.now())


@shared_task(name="properties.send_due_digests")
def send_due_digests() -> None:
    """Hand every digest that is due to a worker."""
    for digest_id in digests.due_digest_ids(now=timezone.now()):
        nudge(send_digest, digest_id)


@shared_task(name="properties.end_saved_searches")
def end_saved_searches() -> None:
    """Remind of saved searches that end, let those end whose time has come, and standing quotes too."""
    now = timezone.now()
    searches.remind_of_expiry(now=now)
    searches.expire_searches(now=now)
    watches.disarm_ended_watches(now=now)
    snapshots.drop_orphaned_snapshots(now=now)


@shared_task(name="properties.spread_due_copies")
def spread_due_copies() -> None:
    """Bring the rows of all owners of changed copies up to date, and fill some that an earlier version filled."""
    rows.spread_due_copies()
    rows.refill_old_rows()


@shared_task(name="properties.roll_up_vendor_bill")
def roll_up_vendor_bill() -> None:
    """Sum up what the data vendor billed, day by day, for the staff's page, as far as one stint gets."""
    if not bills.roll_up_bill(now=timezone.now()):
        nudge(roll_up_vendor_bill)
