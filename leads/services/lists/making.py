"""The list that a job makes."""

from datetime import datetime

from bson import ObjectId
from django.db import IntegrityError

from leads.combining import Operation
from leads.models import LeadGroup, ListJob
from leads.services.imports.origins import note_imports
from leads.services.lists.leases import save_progress


def make_list(job: ListJob, now: datetime) -> ObjectId:
    """Make the list that contacts go into, unless there is one, and return its id. One made by a job has the job's."""
    group_id = job.lead_group_id or _make(job, now)
    note_imports(group_id, _imports_of(job))
    return group_id


def _make(job: ListJob, now: datetime) -> ObjectId:
    try:
        LeadGroup.objects.create(id=job.pk, user_id=job.user_id, name=job.group_name, created_at=job.created_at)
    except IntegrityError:
        pass  # an earlier worker made it and was killed
    save_progress(job, now=now, lead_group_id=job.pk)
    return job.pk


def _imports_of(job: ListJob) -> set[str]:
    """The imports of the lists whose contacts a combination copies: of a difference, only the first one's."""
    groups = [ObjectId(group) for group in job.subject.get("groups", ())]
    if job.subject.get("operation") == Operation.MINUS:
        groups = groups[:1]
    return {each for group in LeadGroup.objects.filter(pk__in=groups) for each in group.import_ids}
