"""Background work of the leads app: load by id, one service call."""

from bson import ObjectId
from celery import shared_task
from django.utils import timezone

from atlas_site.lib.queue import nudge
from leads.services import (
    actions,
    calls,
    exports,
    groups,
    imports,
    linking,
    lists,
    refunds,
    standing,
    trace_bills,
    traces,
)

# So many steps of a purge leave room for other tasks; the next turn goes on.
TURNS_A_PURGE = 20


@shared_task(name="leads.run_import")
def run_import(import_id: str) -> None:
    """Carry one import on, as far as it gets."""
    imports.run_import(import_id=import_id, now=timezone.now)


@shared_task(name="leads.run_due_imports")
def run_due_imports() -> None:
    """Hand every import that is due and that nobody works on to a worker, whether or not its first message arrived."""
    for import_id in imports.due_import_ids(now=timezone.now()):
        nudge(run_import, import_id)


@shared_task(name="leads.run_trace")
def run_trace(enrichment_id: str) -> None:
    """Carry a skip trace on for one stint; another worker is called when there is enough for it too."""
    is_more_due = traces.run_trace(
        enrichment_id=enrichment_id, now=timezone.now, call_help=lambda: nudge(run_trace, enrichment_id)
    )
    if is_more_due:
        nudge(run_trace, enrichment_id)


@shared_task(name="leads.run_due_traces")
def run_due_traces() -> None:
    """Hand every skip trace of which something is due to a worker, and send the mails of those that ended."""
    now = timezone.now()
    for enrichment_id in traces.due_trace_ids(now=now):
        nudge(run_trace, enrichment_id)
    traces.send_due_mails(now=now)


@shared_task(name="leads.drop_trace_offers")
def drop_trace_offers() -> None:
    """Remove the contacts that were frozen for offers which nobody accepted."""
    while traces.drop_unaccepted(now=timezone.now()):
        pass


@shared_task(name="leads.roll_up_trace_bill")
def roll_up_trace_bill() -> None:
    """Sum up what the data vendor billed for skip traces, day by day, as far as one stint gets."""
    if not trace_bills.roll_up_trace_bill(now=timezone.now()):
        nudge(roll_up_trace_bill)


@shared_task(name="leads.run_list_job")
def run_list_job(job_id: str) -> None:
    """Carry work on lists on, as far as it gets."""
    lists.run_list_job(job_id=job_id, now=timezone.now)


@shared_task(name="leads.run_due_list_jobs")
def run_due_list_jobs() -> None:
    """Hand all work on lists that is due and that nobody does to a worker."""
    for job_id in lists.due_job_ids(now=timezone.now()):
        nudge(run_list_job, job_id)


@shared_task(name="leads.link_lists")
def link_lists(user_id: str) -> None:
    """Link the lists of one user that wait for it to what the user owns."""
    linking.link_due_lists(user_id=ObjectId(user_id), now=timezone.now)


@shared_task(name="leads.link_due_lists")
def link_due_lists() -> None:
    """Have lists linked that changed, and contacts of users who have revealed properties."""
    now = timezone.now()
    for user_id in linking.due_user_ids(now=now):
        nudge(link_lists, user_id)
    linking.look_at_reveals(now=now)


@shared_task(name="leads.run_action")
def run_action(action_id: str) -> None:
    """Carry an action on many contacts on, as far as it gets."""
    actions.run_action(action_id=action_id, now=timezone.now)


@shared_task(name="leads.run_due_actions")
def run_due_actions() -> None:
    """Hand every action on contacts that is due and that nobody works on to a worker."""
    for action_id in actions.due_action_ids(now=timezone.now()):
        nudge(run_action, action_id)


@shared_task(name="leads.forget_actions")
def forget_actions() -> None:
    """Forget actions that cannot be undone any more."""
    while actions.forget_actions(now=timezone.now()):
        pass


@shared_task(name="leads.purge_lists")
def purge_lists() -> None:
    """Remove lists that were deleted too long ago to be brought back, some thousands of contacts at a time."""
    for _ in range(TURNS_A_PURGE):
        if not groups.purge_deleted(now=timezone.now()):
            return


@shared_task(name="leads.count_export")
def count_export(export_id: str) -> None:
    """Count what goes out with a large file, and what is left out."""
    exports.count_export(export_id=export_id, clock=timezone.now)


@shared_task(name="leads.count_due_exports")
def count_due_exports() -> None:
    """Hand every file that is to be counted to a worker, and forget those that were prepared long ago."""
    now = timezone.now()
    for export_id in exports.due_export_ids(now=now):
        nudge(count_export, export_id)
    exports.purge_exports(now=now)


@shared_task(name="leads.end_checks")
def end_checks() -> None:
    """Let contacts whose check is 31 days old have no number that may be dialed."""
    standing.end_checks(now=timezone.now())


@shared_task(name="leads.run_calls")
def run_calls(file_id: str) -> None:
    """Carry a dialer's file on, as far as it gets."""
    calls.run_calls(file_id=file_id, now=timezone.now)


@shared_task(name="leads.run_due_calls")
def run_due_calls() -> None:
    """Hand every dialer's file that is due and that nobody works on to a worker."""
    for file_id in calls.due_file_ids(now=timezone.now()):
        nudge(run_calls, file_id)


@shared_task(name="leads.give_due_refunds")
def give_due_refunds() -> None:
    """Give back units of traces whose numbers were all bad, where that waited for more hits."""
    refunds.give_due_refunds(now=timezone.now())
