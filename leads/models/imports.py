"""Uploaded files, the plan that is made of each, and what is remembered for the next one."""

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from atlas_site.mongodb.models import Document
from leads.models.groups import LeadGroup


class LeadImport(Document):
    """An uploaded file on its way into a lead group: read, mapped, planned, and committed as it was planned.

    The document is also the outbox of its work: a worker claims it when it is due and nobody holds its lease, and every
    write of that worker names its attempt, so that one that lost the lease changes nothing.
    """

    class State(models.TextChoices):
        RECEIVED = "received", "Waiting to be read"
        READING = "reading", "Being read"
        MAPPING = "mapping", "Waiting for you to check the columns"
        PLANNING = "planning", "Plan being made"
        PLANNED = "planned", "Waiting for your decision"
        COMMITTING = "committing", "Being imported"
        DONE = "done", "Imported"
        REFUSED = "refused", "Refused"
        CANCELLED = "cancelled", "Cancelled"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        db_column="userId",
        db_index=False,
        related_name="lead_imports",
    )
    # The list that it goes into: chosen, or made by the commit.
    lead_group = models.ForeignKey(
        LeadGroup,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_column="leadId",
        db_index=False,
        related_name="imports",
    )
    group_name = models.CharField(max_length=150, db_column="groupName")
    file_name = models.CharField(max_length=255, db_column="fileName")
    # Where the file lies in the storage of uploads, its size in bytes and the SHA-256 of its content.
    stored_name = models.CharField(max_length=255, db_column="storedName")
    size = models.BigIntegerField(default=0)
    content_hash = models.CharField(max_length=64, default="", db_column="contentHash")

    state = models.CharField(max_length=12, choices=State.choices, default=State.RECEIVED)
    problem = models.CharField(max_length=500, default="", blank=True)
    # What was found in the file: {"encoding", "delimiter", "header_row", "headers", "sheet", "rows"}, and whether it
    # looks like what a dialer writes of its calls ("calls").
    table = models.JSONField(default=dict, blank=True)
    # One of each column: {"header", "field", "sureness", "samples", "why"}; `mapping` is the field of each column.
    guesses = models.JSONField(default=list, blank=True)
    mapping = models.JSONField(default=list, blank=True)
    # Those who are on another list already are left out, if the user says so.
    skips_known = models.BooleanField(default=False, db_column="skipsKnown")

    # How many rows the plan holds of each kind, and rejected and duplicate ones by cause.
    counts = models.JSONField(default=dict, blank=True)
    causes = models.JSONField(default=dict, blank=True)
    plan_hash = models.CharField(max_length=64, default="", db_column="planHash")
    # The state of the user's lists for which the plan holds (`LeadWorkspace.version`).
    workspace_version = models.BigIntegerField(default=0, db_column="workspaceVersion")
    # Rows read so far, and chunks planned and committed so far.
    rows_read = models.BigIntegerField(default=0, db_column="rowsRead")
    chunks_planned = models.BigIntegerField(default=0, db_column="chunksPlanned")
    chunks_committed = models.BigIntegerField(default=0, db_column="chunksCommitted")

    attempt = models.IntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True, default=timezone.now, db_column="dueAt")
    lease_until = models.DateTimeField(null=True, blank=True, db_column="leaseUntil")
    created_at = models.DateTimeField(default=timezone.now, db_column="createdAt", editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, db_column="endedAt")

    class Meta:
        db_table = "LeadImport"
        indexes = [
            models.Index(fields=["user", "-created_at"], name="import_by_user"),
            models.Index(fields=["user", "content_hash", "-created_at"], name="import_by_content"),
            models.Index(fields=["state", "due_at"], name="import_by_due"),
            models.Index(fields=["lead_group"], name="import_by_list"),
        ]

    def __str__(self) -> str:
        return self.file_name

    def get_absolute_url(self) -> str:
        return reverse("leads:show-import", args=[self.pk])

    @property
    def is_over(self) -> bool:
        return self.state in {self.State.DONE, self.State.REFUSED, self.State.CANCELLED}


class ImportChunk(Document):
    """A thousand rows of an import's plan, each with what becomes of it. Written once and never changed."""

    lead_import = models.ForeignKey(
        LeadImport, on_delete=models.CASCADE, db_column="importId", db_index=False, related_name="chunks"
    )
    number = models.IntegerField()
    rows = models.JSONField(default=list)

    class Meta:
        db_table = "ImportChunk"
        constraints = [models.UniqueConstraint(fields=["lead_import", "number"], name="chunk_by_number")]

    def __str__(self) -> str:
        return f"chunk {self.number}"


class ColumnMapping(Document):
    """What a user said that the columns of a file are, remembered for the next file with the same headers."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        db_column="userId",
        db_index=False,
        related_name="column_mappings",
    )
    # SHA-256 of the headers in their order.
    header_hash = models.CharField(max_length=64, db_column="headerHash")
    headers = models.JSONField(default=list)
    mapping = models.JSONField(default=list)
    used_at = models.DateTimeField(default=timezone.now, db_column="usedAt")

    class Meta:
        db_table = "ColumnMapping"
        constraints = [models.UniqueConstraint(fields=["user", "header_hash"], name="mapping_by_headers")]

    def __str__(self) -> str:
        return f"mapping of {len(self.headers)} columns"


class LeadWorkspace(Document):
    """The state of a user's lists as one number, which grows with every change that a plan depends on."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_column="userId", related_name="lead_workspace"
    )
    version = models.BigIntegerField(default=0)
    # The import, or job of lists, that is being carried out: one at a time changes the lists of a user.
    committing = models.CharField(max_length=24, null=True, blank=True)
    # Since when lists wait for their contacts to be linked to what the user owns, and which ones: null and none when
    # all are. Owned properties are looked at up to a moment of their reveal, and now and then again.
    link_due_at = models.DateTimeField(null=True, blank=True, db_column="linkDueAt")
    link_groups = models.JSONField(default=list, blank=True, db_column="linkGroups")
    linked_until = models.DateTimeField(null=True, blank=True, db_column="linkedUntil")
    looked_at = models.DateTimeField(null=True, blank=True, db_column="lookedAt")

    class Meta:
        db_table = "LeadWorkspace"
        indexes = [
            models.Index(fields=["link_due_at"], name="workspace_to_link"),
            models.Index(fields=["looked_at"], name="workspace_by_look"),
        ]

    def __str__(self) -> str:
        return f"version {self.version}"
