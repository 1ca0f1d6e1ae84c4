"""The list that a job makes."""

from datetime import datetime

from bson import ObjectId
from django.db import IntegrityError

from leads.models import LeadGroup, ListJob
from leads.services.lists.leases import save_progress


def make_list(job: ListJob, now: datetime) -> ObjectId:
    """Make the list that contacts go into, unless there is one, and return its id. One made by a job has the job's."""
    if job.lead_group_id:
        return job.lead_group_id
    try:
        LeadGroup.objects.create(id=job.pk, user_id=job.user_id, name=job.group_name, created_at=job.created_at)
    except IntegrityError:
        pass  # an earlier worker made it and was killed
    save_progress(job, now=now, lead_group_id=job.pk)
    return job.pk
