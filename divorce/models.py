"""Court filings as leads of the investors who follow their market."""

from django.conf import settings
from django.db import models
from django_mongodb_backend.fields import ArrayField, ObjectIdField

from atlas_site.mongodb.models import Document


class DivorceLead(Document):
    """One filing in one investor's inbox."""

    class Status(models.TextChoices):
        NEW = "new", "New"
        VIEWED = "viewed", "Viewed"
        CONTACTED = "contacted", "Contacted"
        DISMISSED = "dismissed", "Dismissed"
        CONVERTED = "converted", "Converted"
        RETIRED = "retired", "Retired"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        db_column="userId",
        db_index=False,
        related_name="divorce_leads",
    )
    # Unique per user; made from the court and the case. Documents of an earlier Atlas have none.
    case_key = models.CharField(max_length=150, null=True, blank=True, db_column="caseKey")
    property_id = models.CharField(max_length=64, null=True, blank=True, db_column="propertyId")
    lead_id = ObjectIdField(null=True, blank=True, db_column="leadId")
    state = models.CharField(max_length=2, null=True, blank=True)
    city = models.CharField(max_length=100, null=True, blank=True)
    zip = models.CharField(max_length=10, null=True, blank=True)
    county = models.CharField(max_length=100, null=True, blank=True)
    filing_date = models.DateTimeField(null=True, blank=True, db_column="filingDate")
    scraped_date = models.DateTimeField(null=True, blank=True, db_column="scrapedDate")
    owner1_name = models.CharField(max_length=200, null=True, blank=True, db_column="owner1Name")
    owner2_name = models.CharField(max_length=200, null=True, blank=True, db_column="owner2Name")
    owner1_phones = ArrayField(models.CharField(max_length=32), default=list, blank=True, db_column="owner1Phones")
    owner2_phones = ArrayField(models.CharField(max_length=32), default=list, blank=True, db_column="owner2Phones")
    owner1_emails = ArrayField(models.CharField(max_length=254), default=list, blank=True, db_column="owner1Emails")
    owner2_emails = ArrayField(models.CharField(max_length=254), default=list, blank=True, db_column="owner2Emails")
    property_address = models.JSONField(null=True, blank=True, db_column="propertyAddress")
    enrichment_score = models.FloatField(null=True, blank=True, db_column="enrichmentScore")
    confidence = models.FloatField(null=True, blank=True)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.NEW)
    raw_data = models.JSONField(default=dict, blank=True, db_column="rawData")

    class Meta:
        db_table = "DivorceLead"
        constraints = [models.UniqueConstraint(fields=["user", "case_key"], name="divorce_lead_once_a_case")]
        indexes = [models.Index(fields=["user", "status", "-filing_date"], name="divorce_lead_inbox")]

    def __str__(self) -> str:
        return f"{self.county or self.state or 'filing'} {self.status}"
