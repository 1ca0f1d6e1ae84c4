"""Background work of the properties app: load by id, one service call."""

from celery import shared_task
from django.utils import timezone

from atlas_site.lib.queue import nudge
from atlas_site.vendors.recording import purge_calls
from properties.services import jobs, runner


@shared_task(name="properties.run_job")
def run_property_job(job_id: str) -> None:
    """Carry one paid job out, as far as it gets."""
    runner.run_job(job_id=job_id, now=timezone.now)


@shared_task(name="properties.run_due_jobs")
def run_due_property_jobs() -> None:
    """Hand every job that is due and that nobody works on to a worker, whether or not its first message arrived."""
    for job_id in jobs.due_job_ids(now=timezone.now()):
        nudge(run_property_job, job_id)


@shared_task(name="properties.purge_vendor_calls")
def purge_vendor_calls() -> None:
    """Remove requests and raw answers that are older than the operator keeps them."""
    purge_calls(timezone.now())
