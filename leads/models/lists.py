"""Work on whole lists that takes longer than a page: combining lists, and adding many properties to one."""

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from atlas_site.mongodb.models import Document
from leads.models.groups import LeadGroup


class ListJob(Document):
    """What is to be done with lists, how far it is, and what came of it.

    Like an import it is the outbox of its own work: a worker claims it when it is due and nobody holds its lease, and
    every write of that worker names its attempt, so that one that lost the lease changes nothing. Its contacts get ids
    that are made of the job's, so that carrying a part out again does it once.
    """

    class Kind(models.TextChoices):
        COMBINE = "combine", "Combine lists"
        ADD = "add", "Add properties"

    class State(models.TextChoices):
        COUNTING = "counting", "Being counted"
        COUNTED = "counted", "Waiting for your decision"
        MAKING = "making", "Being made"
        DONE = "done", "Done"
        REFUSED = "refused", "Not done"
        CANCELLED = "cancelled", "Cancelled"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_column="userId", db_index=False, related_name="list_jobs"
    )
    kind = models.CharField(max_length=8, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices)
    # The list that contacts go into: chosen, or made by the job, whose id it has then.
    lead_group = models.ForeignKey(
        LeadGroup,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_column="leadId",
        db_index=False,
        related_name="+",
    )
    group_name = models.CharField(max_length=150, db_column="groupName")
    # {"operation", "groups", "at_least"}, or {"properties": [the vendor's ids]}.
    subject = models.JSONField(default=dict)
    # {"contacts", "leads", "result", "with_phone", "traced", "to_trace"} and "overlap", the leads that each two lists
    # have in common, a row of numbers each; or {"created", "known", "gone"}.
    counts = models.JSONField(default=dict, blank=True)
    problem = models.CharField(max_length=300, default="", blank=True)
    # The state of the user's lists for which the count holds (`LeadWorkspace.version`).
    workspace_version = models.BigIntegerField(default=0, db_column="workspaceVersion")
    # How much there is to do, of what the state says, and how much of it is done.
    total = models.BigIntegerField(default=0)
    done = models.BigIntegerField(default=0)

    attempt = models.IntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True, db_column="dueAt")
    lease_until = models.DateTimeField(null=True, blank=True, db_column="leaseUntil")
    created_at = models.DateTimeField(default=timezone.now, db_column="createdAt", editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, db_column="endedAt")

    class Meta:
        db_table = "ListJob"
        indexes = [
            models.Index(fields=["user", "-created_at"], name="list_job_by_user"),
            models.Index(fields=["state", "due_at"], name="list_job_by_due"),
            models.Index(fields=["lead_group"], name="list_job_by_list"),
        ]

    def __str__(self) -> str:
        return self.group_name

    def get_absolute_url(self) -> str:
        return reverse("leads:show-list-job", args=[self.pk])


class ListPart(Document):
    """A thousand leads of what lists give together: of each the contacts that are it, the one to be copied first."""

    job = models.ForeignKey(ListJob, on_delete=models.CASCADE, db_column="jobId", db_index=False, related_name="parts")
    number = models.IntegerField()
    # [[contact ids]]
    leads = models.JSONField(default=list)

    class Meta:
        db_table = "ListPart"
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="list_part_by_number")]

    def __str__(self) -> str:
        return f"part {self.number}"
