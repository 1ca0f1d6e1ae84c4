"""Lead groups, their contacts, and the skip-trace jobs that enrich them."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django_mongodb_backend.fields import ArrayField

from atlas_site.mongodb.models import Document


class LeadGroup(Document):
    """A list of contacts, uploaded or made from a search."""

    name = models.CharField(max_length=150)
    description = models.TextField(null=True, blank=True)
    total_contacts = models.BigIntegerField(default=0, db_column="totalContacts")
    file_name = models.CharField(max_length=255, null=True, blank=True, db_column="fileName")
    tags = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    is_deleted = models.BooleanField(default=False, db_column="isDeleted")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        db_column="userId",
        db_index=False,
        related_name="lead_groups",
    )
    created_at = models.DateTimeField(null=True, default=timezone.now, db_column="createdAt", editable=False)

    class Meta:
        db_table = "Leads"
        indexes = [models.Index(fields=["user", "is_deleted", "-created_at"], name="lead_group_by_user")]

    def __str__(self) -> str:
        return self.name


class Contact(Document):
    """A person of a lead group. `email` and `phone` are the best of the lists that are added."""

    first_name = models.CharField(max_length=100, null=True, blank=True, db_column="firstName")
    last_name = models.CharField(max_length=100, null=True, blank=True, db_column="lastName")
    email = models.CharField(max_length=254, null=True, blank=True)
    phone = models.CharField(max_length=32, null=True, blank=True)
    company = models.CharField(max_length=200, null=True, blank=True)
    linkedin = models.CharField(max_length=300, null=True, blank=True)
    address = models.CharField(max_length=200, null=True, blank=True)
    city = models.CharField(max_length=100, null=True, blank=True)
    state = models.CharField(max_length=50, null=True, blank=True)
    zip = models.CharField(max_length=10, null=True, blank=True)
    is_enriched = models.BooleanField(default=False, db_column="isEnriched")
    enriched_at = models.DateTimeField(null=True, blank=True, db_column="enrichedAt")
    enrichment_source = models.CharField(max_length=50, null=True, blank=True, db_column="enrichmentSource")
    is_divorce_lead = models.BooleanField(default=False, db_column="isDivorceLead")
    engagement_score = models.IntegerField(null=True, blank=True, db_column="engagementScore")
    lead_group = models.ForeignKey(
        LeadGroup, on_delete=models.CASCADE, db_column="leadsId", db_index=False, related_name="contacts"
    )

    class Meta:
        db_table = "Contacts"
        indexes = [models.Index(fields=["lead_group", "last_name", "first_name"], name="contact_by_name")]

    def __str__(self) -> str:
        return " ".join(part for part in (self.first_name, self.last_name) if part) or self.company or "contact"


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
