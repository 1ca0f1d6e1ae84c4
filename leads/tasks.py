"""Background work of the leads app: load by id, one service call."""

from celery import shared_task
from django.utils import timezone

from atlas_site.lib.queue import nudge
from leads.services import imports


@shared_task(name="leads.run_import")
def run_import(import_id: str) -> None:
    """Carry one import on, as far as it gets."""
    imports.run_import(import_id=import_id, now=timezone.now)


@shared_task(name="leads.run_due_imports")
def run_due_imports() -> None:
    """Hand every import that is due and that nobody works on to a worker, whether or not its first message arrived."""
    for import_id in imports.due_import_ids(now=timezone.now()):
        nudge(run_import, import_id)
