"""Files that go out and come back: exports of contacts, and what dialers tell of their calls."""

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from atlas_site.mongodb.models import Document
from leads.models.groups import LeadGroup


class ContactExport(Document):
    """A file of contacts that a user is about to take away: for what, of whom, and how much of it stays behind.

    It is counted before the download, by the code that makes the file. What was downloaded is logged as
    `properties.Export`.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_column="userId", db_index=False, related_name="+"
    )
    lead_group = models.ForeignKey(
        LeadGroup, on_delete=models.CASCADE, db_column="leadId", db_index=False, related_name="+"
    )
    # `leads.exports.purposes.Purpose`
    purpose = models.CharField(max_length=10)
    label = models.CharField(max_length=200)
    # {"ids": [...]}, or {"query": "..."}, which is the table's choice.
    subject = models.JSONField(default=dict, blank=True)
    # `leads.exports.tally.Tally`, once it is counted; `is_partial` when there were too many to count them all.
    counts = models.JSONField(default=dict, blank=True)
    counted = models.BigIntegerField(default=0)
    is_partial = models.BooleanField(default=False, db_column="isPartial")
    counted_at = models.DateTimeField(null=True, blank=True, db_column="countedAt")
    attempt = models.IntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True, db_column="dueAt")
    lease_until = models.DateTimeField(null=True, blank=True, db_column="leaseUntil")
    created_at = models.DateTimeField(default=timezone.now, db_column="createdAt", editable=False)

    class Meta:
        db_table = "ContactExport"
        indexes = [
            models.Index(fields=["due_at"], name="contact_export_by_due"),
            models.Index(fields=["created_at"], name="contact_export_by_age"),
            models.Index(fields=["lead_group"], name="contact_export_by_list"),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return reverse("leads:show-export", args=[self.pk])


class DialerFile(Document):
    """A dialer's file on its way into touches: read, understood, planned, and carried out as it was planned.

    Like an import it is the outbox of its own work, and every write of a worker names its attempt.
    """

    class State(models.TextChoices):
        RECEIVED = "received", "Waiting to be read"
        READING = "reading", "Being read"
        ASKING = "asking", "Waiting for you to say what is what"
        PLANNING = "planning", "Contacts being found"
        PLANNED = "planned", "Waiting for your decision"
        COMMITTING = "committing", "Calls being logged"
        DONE = "done", "Logged"
        REFUSED = "refused", "Refused"
        CANCELLED = "cancelled", "Cancelled"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_column="userId", db_index=False, related_name="+"
    )
    file_name = models.CharField(max_length=255, db_column="fileName")
    stored_name = models.CharField(max_length=255, db_column="storedName")
    size = models.BigIntegerField(default=0)
    content_hash = models.CharField(max_length=64, default="", db_column="contentHash")

    state = models.CharField(max_length=12, choices=State.choices, default=State.RECEIVED)
    problem = models.CharField(max_length=500, default="", blank=True)
    # {"headers", "samples", "header_row", "rows"}
    table = models.JSONField(default=dict, blank=True)
    # The field of each column (`leads.dialers.columns.ResultField`).
    mapping = models.JSONField(default=list, blank=True)
    # [{"plain", "text", "count", "outcome"}]: the dispositions of the file, and what each means; null is unknown.
    wordings = models.JSONField(default=list, blank=True)
    # {"rows", "touches", "known"} and the rows of each kind; touches by outcome; {"why": [[sentence, rows], ...]}.
    counts = models.JSONField(default=dict, blank=True)
    outcomes = models.JSONField(default=dict, blank=True)
    causes = models.JSONField(default=dict, blank=True)

    rows_read = models.BigIntegerField(default=0, db_column="rowsRead")
    chunks_planned = models.BigIntegerField(default=0, db_column="chunksPlanned")
    chunks_committed = models.BigIntegerField(default=0, db_column="chunksCommitted")
    # How many touches were new: the rest had been logged before.
    logged = models.BigIntegerField(default=0)

    attempt = models.IntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True, default=timezone.now, db_column="dueAt")
    lease_until = models.DateTimeField(null=True, blank=True, db_column="leaseUntil")
    created_at = models.DateTimeField(default=timezone.now, db_column="createdAt", editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, db_column="endedAt")

    class Meta:
        db_table = "DialerFile"
        indexes = [
            models.Index(fields=["user", "-created_at"], name="dialer_file_by_user"),
            models.Index(fields=["state", "due_at"], name="dialer_file_by_due"),
        ]

    def __str__(self) -> str:
        return self.file_name

    def get_absolute_url(self) -> str:
        return reverse("leads:show-calls", args=[self.pk])

    @property
    def is_over(self) -> bool:
        return self.state in {self.State.DONE, self.State.REFUSED, self.State.CANCELLED}


class DialerChunk(Document):
    """Some rows of a dialer's file, each with the touches that it makes or why it makes none."""

    dialer_file = models.ForeignKey(
        DialerFile, on_delete=models.CASCADE, db_column="fileId", db_index=False, related_name="chunks"
    )
    number = models.IntegerField()
    # [{"n", "line", "kind", "cells"?, "why"?, "touches"?, "bar"?}]: see `leads.services.calls.planning`.
    rows = models.JSONField(default=list)

    class Meta:
        db_table = "DialerChunk"
        constraints = [models.UniqueConstraint(fields=["dialer_file", "number"], name="dialer_chunk_by_number")]

    def __str__(self) -> str:
        return f"chunk {self.number}"


class DialerMemory(Document):
    """What a user has said of dialers' files, for the next one: columns by their headers, and wordings."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_column="userId", related_name="+"
    )
    # [[hash of the headers, [field, ...]], ...] and [[plain wording, outcome], ...], the newest last.
    columns = models.JSONField(default=list, blank=True)
    wordings = models.JSONField(default=list, blank=True)

    class Meta:
        db_table = "DialerMemory"
        verbose_name_plural = "dialer memories"

    def __str__(self) -> str:
        return f"{len(self.wordings)} wordings"
