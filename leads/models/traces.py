"""The skip-trace jobs that enrich contacts."""

from django.db import models

from atlas_site.mongodb.models import Document
from leads.models.groups import LeadGroup


class Enrichment(Document):
    """The skip-trace job of a lead group."""

    class Status(models.TextChoices):
        PROCESSING = "processing", "Processing"
        COMPLETED = "completed", "Completed"
        FAILED = "failed", "Failed"

    lead_group = models.ForeignKey(
        LeadGroup, on_delete=models.CASCADE, db_column="leadId", db_index=False, related_name="enrichments"
    )
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PROCESSING)
    phase = models.CharField(max_length=20, null=True, blank=True)
    total_batches = models.BigIntegerField(default=0, db_column="totalBatches")
    total_leads = models.BigIntegerField(default=0, db_column="totalLeads")

    class Meta:
        db_table = "Enrichment"
        indexes = [models.Index(fields=["lead_group", "status"], name="enrichment_by_group")]

    def __str__(self) -> str:
        return f"skip trace of {self.lead_group_id} {self.status}"


class EnrichmentBatch(Document):
    """One batch (at most 100 contacts) of a skip-trace job, with its lease and the state of each row."""

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        COMPLETED = "completed", "Completed"
        FAILED = "failed", "Failed"

    enrichment = models.ForeignKey(
        Enrichment, on_delete=models.CASCADE, db_column="enrichmentId", db_index=False, related_name="batches"
    )
    batch_number = models.IntegerField(db_column="batchNumber")
    total_contacts = models.IntegerField(default=0, db_column="totalContacts")
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PENDING)
    enriched_count = models.IntegerField(default=0, db_column="enrichedCount")
    skipped_count = models.IntegerField(default=0, db_column="skippedCount")
    upload_id = models.CharField(max_length=100, null=True, blank=True, db_column="uploadId")
    metadata = models.JSONField(null=True, blank=True)
    phase = models.CharField(max_length=20, null=True, blank=True)
    attempt = models.IntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True, db_column="leaseUntil")
    rows = models.JSONField(default=list, blank=True)

    class Meta:
        db_table = "EnrichmentBatchs"
        verbose_name_plural = "enrichment batches"
        constraints = [models.UniqueConstraint(fields=["enrichment", "batch_number"], name="batch_by_number")]
        indexes = [models.Index(fields=["status", "lease_until"], name="batch_by_lease")]

    def __str__(self) -> str:
        return f"batch {self.batch_number} {self.status}"
