"""What users ask for."""

from django.conf import settings
from django.db import models
from django_mongodb_backend.fields import ArrayField

from atlas_site.mongodb.models import Document


class FeatureRequest(Document):
    """A user's wish or bug report, reviewed by support."""

    class Type(models.TextChoices):
        FEATURE = "FEATURE", "New feature"
        IMPROVEMENT = "IMPROVEMENT", "Improvement"
        DATA = "DATA", "Data"
        INTEGRATION = "INTEGRATION", "Integration"
        BUG = "BUG", "Something is broken"
        OTHER = "OTHER", "Something else"

    class Status(models.TextChoices):
        PENDING = "PENDING", "Pending"
        REVIEWED = "REVIEWED", "Reviewed"
        IN_PROGRESS = "IN_PROGRESS", "In progress"
        COMPLETED = "COMPLETED", "Completed"
        REJECTED = "REJECTED", "Rejected"

    class Priority(models.TextChoices):
        LOW = "LOW", "Low"
        MEDIUM = "MEDIUM", "Medium"
        HIGH = "HIGH", "High"
        CRITICAL = "CRITICAL", "Critical"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        db_column="userId",
        db_index=False,
        related_name="feature_requests",
    )
    request_type = models.CharField(max_length=20, choices=Type.choices, db_column="requestType")
    quick_signals = ArrayField(models.CharField(max_length=60), default=list, blank=True, db_column="quickSignals")
    description = models.TextField(null=True, blank=True)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.PENDING)
    priority = models.CharField(max_length=10, choices=Priority.choices, default=Priority.MEDIUM)
    admin_notes = models.TextField(null=True, blank=True, db_column="adminNotes")

    class Meta:
        db_table = "FeatureRequest"
        indexes = [
            models.Index(fields=["user", "status"], name="request_by_user"),
            models.Index(fields=["status", "priority"], name="request_by_status"),
        ]

    def __str__(self) -> str:
        return f"{self.request_type} {self.status}"
