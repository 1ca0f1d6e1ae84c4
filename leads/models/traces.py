"""The skip-trace jobs that enrich contacts."""

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from atlas_site.mongodb.models import Document
from leads.models.groups import LeadGroup

ROWS_A_BATCH = 100


class RowState(models.TextChoices):
    """Where one row of a batch stands. Each row is in exactly one; all but the first two are final."""

    QUEUED = "queued", "Waiting"
    SENT = "sent", "Being traced"
    # Charged: a phone number came, from the vendor or from a copy younger than 30 days.
    HIT = "hit", "Phone found"
    # Free.
    YOURS = "yours", "Yours already"
    UNCHANGED = "unchanged", "Asked anew, nothing changed"
    LATE = "late", "Phone found, delivered free"
    NO_PHONE = "no_phone", "E-mail only"
    LITIGATOR = "litigator", "Known litigator, numbers withheld"
    MISS = "miss", "Nothing on file"
    UNLINKED = "unlinked", "Answer could not be matched"
    UNKNOWN = "unknown", "Sent, and no answer came"
    ERROR = "error", "The data vendor could not answer"
    CANCELLED = "cancelled", "Stopped by you"
    EXPIRED = "expired", "Not done in the time for which credits are held"


class Enrichment(Document):
    """The skip-trace job of a lead group: one accepted quote, or several that joined it, carried out in batches.

    `status` is what an earlier Atlas knows; `phase` says more. How far it is stands in its batches.
    """

    class Status(models.TextChoices):
        PROCESSING = "processing", "Processing"
        COMPLETED = "completed", "Completed"
        FAILED = "failed", "Failed"

    class Phase(models.TextChoices):
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        DELAYED = "delayed", "Delayed"
        CANCELLED = "cancelled", "Stopped"
        DONE = "done", "Done"

    lead_group = models.ForeignKey(
        LeadGroup, on_delete=models.CASCADE, db_column="leadId", db_index=False, related_name="enrichments"
    )
    # The owner of the list; jobs of an earlier Atlas do not name him.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        db_column="userId",
        db_index=False,
        related_name="enrichments",
    )
    # The quotes that pay for it, in the order of their acceptance: each pays for the batches that name it.
    quote_ids = models.JSONField(default=list, blank=True, db_column="quoteIds")
    title = models.CharField(max_length=200, default="", blank=True)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PROCESSING)
    phase = models.CharField(max_length=20, choices=Phase.choices, null=True, blank=True)
    problem = models.CharField(max_length=300, default="", blank=True)
    total_batches = models.BigIntegerField(default=0, db_column="totalBatches")
    total_leads = models.BigIntegerField(default=0, db_column="totalLeads")
    paused_at = models.DateTimeField(null=True, blank=True, db_column="pausedAt")
    cancelled_at = models.DateTimeField(null=True, blank=True, db_column="cancelledAt")
    created_at = models.DateTimeField(null=True, default=timezone.now, db_column="createdAt", editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, db_column="endedAt")
    mailed_at = models.DateTimeField(null=True, blank=True, db_column="mailedAt")

    class Meta:
        db_table = "Enrichment"
        indexes = [
            models.Index(fields=["lead_group", "status"], name="enrichment_by_group"),
            models.Index(fields=["lead_group", "-created_at", "-id"], name="enrichment_of_group_by_age"),
            models.Index(fields=["user", "-created_at", "-id"], name="enrichment_by_age"),
            models.Index(fields=["phase", "created_at"], name="enrichment_by_phase"),
        ]

    def __str__(self) -> str:
        return self.title or f"skip trace of {self.lead_group_id} {self.status}"

    def get_absolute_url(self) -> str:
        return reverse("leads:show-trace", args=[self.pk])

    @property
    def is_over(self) -> bool:
        return self.status != self.Status.PROCESSING


class EnrichmentBatch(Document):
    """One batch (at most 100 contacts) of a skip-trace job, with its lease and the state of each row.

    A worker claims it when it is due and nobody holds its lease, and every write of that worker names its attempt, so
    that one that lost the lease changes nothing. The rows are the truth; contacts are brought up to them.
    """

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        COMPLETED = "completed", "Completed"
        FAILED = "failed", "Failed"

    class Phase(models.TextChoices):
        QUEUED = "queued", "Waiting"
        SENT = "sent", "Asked"
        # Its rows have their results and are paid for; its contacts are still brought up to them.
        SETTLED = "settled", "Settled"
        DONE = "done", "Done"
        UNKNOWN = "unknown", "No answer came"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Stopped"

    enrichment = models.ForeignKey(
        Enrichment, on_delete=models.CASCADE, db_column="enrichmentId", db_index=False, related_name="batches"
    )
    batch_number = models.IntegerField(db_column="batchNumber")
    # The quote that pays for its hits.
    quote_id = models.CharField(max_length=32, default="", blank=True, db_column="quoteId")
    total_contacts = models.IntegerField(default=0, db_column="totalContacts")
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PENDING)
    phase = models.CharField(max_length=20, choices=Phase.choices, null=True, blank=True)
    # Rows with a phone number, and the rest of those that are over.
    enriched_count = models.IntegerField(default=0, db_column="enrichedCount")
    skipped_count = models.IntegerField(default=0, db_column="skippedCount")
    upload_id = models.CharField(max_length=100, null=True, blank=True, db_column="uploadId")
    metadata = models.JSONField(null=True, blank=True)
    # [{"contactId", "key", "traceKey", "person", "place", "state"}], `key` the contact's identity, `traceKey` the key
    # of who is asked for, made of what is asked, `person` a digest of the name, and `state` a `RowState`; "free" where
    # no unit was quoted, "copy" where Atlas held an answer then, "anew" where one that it holds is passed over,
    # "renews" where it asks anew for what the user bought at that moment, "was" what the answer is compared with,
    # "asked" (the question, later true) where the vendor was, "billed" where the vendor bills it, and "again" where a
    # later batch asks anew for what failed here.
    rows = models.JSONField(default=list, blank=True)
    # How many rows are in each state.
    counts = models.JSONField(default=dict, blank=True)
    # Whole credits that its hits cost.
    spent = models.IntegerField(default=0)
    attempt = models.IntegerField(default=0)
    failures = models.IntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True, db_column="dueAt")
    lease_until = models.DateTimeField(null=True, blank=True, db_column="leaseUntil")
    problem = models.CharField(max_length=300, default="", blank=True)
    ended_at = models.DateTimeField(null=True, blank=True, db_column="endedAt")

    class Meta:
        db_table = "EnrichmentBatchs"
        verbose_name_plural = "enrichment batches"
        constraints = [models.UniqueConstraint(fields=["enrichment", "batch_number"], name="batch_by_number")]
        indexes = [
            models.Index(fields=["status", "due_at"], name="batch_by_due"),
            models.Index(fields=["enrichment", "status", "due_at", "batch_number"], name="batch_of_job_by_due"),
            models.Index(fields=["status", "lease_until"], name="batch_by_lease"),
        ]

    def __str__(self) -> str:
        return f"batch {self.batch_number} {self.status}"

    def reference(self) -> str:
        """The name of its vendor call: the same after a crash, whose answer is then read from its record.

        After an answer that was a fault it is another one; the failed call stays on record as possibly billed.
        """
        return f"trace:{self.pk}:{self.failures}"
