"""Lead groups and their contacts."""

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
    # The imports that its contacts come from, also by way of other lists: their columns come back in its exports.
    import_ids = ArrayField(models.CharField(max_length=24), default=list, db_column="importIds", editable=False)
    is_deleted = models.BooleanField(default=False, db_column="isDeleted")
    deleted_at = models.DateTimeField(null=True, blank=True, db_column="deletedAt", editable=False)
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
        indexes = [
            models.Index(fields=["user", "is_deleted", "-created_at"], name="lead_group_by_user"),
            models.Index(fields=["deleted_at"], name="lead_group_by_deletion"),
        ]

    def __str__(self) -> str:
        return self.name


class Contact(Document):
    """A person or company of a lead group. `email` and `phone` are the best of `emails` and `phones`."""

    class Stage(models.TextChoices):
        NEW = "new", "New"
        ATTEMPTING = "attempting", "Attempting"
        TALKING = "talking", "Talking"
        OFFER_MADE = "offer_made", "Offer made"
        UNDER_CONTRACT = "under_contract", "Under contract"
        CLOSED = "closed", "Closed"
        NURTURE = "nurture", "Nurture"
        DEAD = "dead", "Dead"

    # The owner of the list once more, so that all contacts of one user are found by an index.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        db_column="userId",
        db_index=False,
        related_name="contacts",
    )
    first_name = models.CharField(max_length=100, null=True, blank=True, db_column="firstName")
    middle_name = models.CharField(max_length=100, null=True, blank=True, db_column="middleName")
    last_name = models.CharField(max_length=100, null=True, blank=True, db_column="lastName")
    suffix = models.CharField(max_length=20, null=True, blank=True)
    email = models.CharField(max_length=254, null=True, blank=True)
    phone = models.CharField(max_length=32, null=True, blank=True)
    company = models.CharField(max_length=200, null=True, blank=True)
    linkedin = models.CharField(max_length=300, null=True, blank=True)
    address = models.CharField(max_length=200, null=True, blank=True)
    city = models.CharField(max_length=100, null=True, blank=True)
    state = models.CharField(max_length=50, null=True, blank=True)
    zip = models.CharField(max_length=10, null=True, blank=True)
    county = models.CharField(max_length=100, null=True, blank=True)
    apn = models.CharField(max_length=60, null=True, blank=True)
    mailing_address = models.CharField(max_length=200, null=True, blank=True, db_column="mailingAddress")
    mailing_city = models.CharField(max_length=100, null=True, blank=True, db_column="mailingCity")
    mailing_state = models.CharField(max_length=50, null=True, blank=True, db_column="mailingState")
    mailing_zip = models.CharField(max_length=10, null=True, blank=True, db_column="mailingZip")
    # The names of those who own the property with this person.
    other_owners = ArrayField(models.CharField(max_length=200), null=True, blank=True, db_column="otherOwners")
    # [{"number": "6145550174", "type", "score", "dnc", "tcpa", "checkedAt", "source"}]: only "number" is always there.
    phones = models.JSONField(default=list, blank=True)
    # [{"address", "tested"}]
    emails = models.JSONField(default=list, blank=True)
    stage = models.CharField(max_length=16, choices=Stage.choices, default=Stage.NEW)
    dead_reason = models.CharField(max_length=200, null=True, blank=True, db_column="deadReason")
    # Who it is, wherever it is listed: normalized person and address (see `leads.imports`).
    identity_key = models.CharField(max_length=32, null=True, blank=True, db_column="identityKey")
    # Two contacts that share one of these are one lead.
    match_keys = ArrayField(models.CharField(max_length=24), default=list, blank=True, db_column="matchKeys")
    # How many of them, the first ones, name its property: by these alone a lead with a property is recognized.
    place_key_count = models.IntegerField(null=True, blank=True, db_column="placeKeyCount")
    # Normalized street and place of the property, by which it is linked to what the user owns.
    place_key = models.CharField(max_length=12, null=True, blank=True, db_column="placeKey")
    # By what it is ordered and found: see `leads.imports.lookup`. `services.find_keys` fills them.
    name_key = models.CharField(max_length=200, null=True, blank=True, db_column="nameKey")
    find_keys = ArrayField(models.CharField(max_length=200), default=list, blank=True, db_column="findKeys")
    # The import it came with, its row there, and that row's cells as they were: {"importId", "row", "cells"}; with
    # "earlier", the same of files before that had other columns.
    origin = models.JSONField(null=True, blank=True)
    is_enriched = models.BooleanField(default=False, db_column="isEnriched")
    enriched_at = models.DateTimeField(null=True, blank=True, db_column="enrichedAt")
    enrichment_source = models.CharField(max_length=50, null=True, blank=True, db_column="enrichmentSource")
    # The property that the user owns at this address, by BatchData's id.
    property_id = models.CharField(max_length=64, null=True, blank=True, db_column="propertyId")
    # What the last trace of this person told, as `TraceOutcome`, and when the vendor said it.
    trace_outcome = models.CharField(max_length=16, null=True, blank=True, db_column="traceOutcome")
    traced_at = models.DateTimeField(null=True, blank=True, db_column="tracedAt")
    is_litigator = models.BooleanField(null=True, blank=True, db_column="isLitigator")
    is_deceased = models.BooleanField(null=True, blank=True, db_column="isDeceased")
    # Copies of what its identity knows, by which contacts are filtered and sorted (`services.standing` writes them).
    do_not_call = models.BooleanField(null=True, blank=True, db_column="doNotCall")
    do_not_mail = models.BooleanField(null=True, blank=True, db_column="doNotMail")
    # Until when one of its numbers may be dialed, as far as its last check tells; null when none may.
    callable_until = models.DateTimeField(null=True, blank=True, db_column="callableUntil")
    last_outcome = models.CharField(max_length=16, null=True, blank=True, db_column="lastOutcome")
    last_touched_at = models.DateTimeField(null=True, blank=True, db_column="lastTouchedAt")
    next_touch_on = models.DateField(null=True, blank=True, db_column="nextTouchOn")
    is_divorce_lead = models.BooleanField(default=False, db_column="isDivorceLead")
    engagement_score = models.IntegerField(null=True, blank=True, db_column="engagementScore")
    lead_group = models.ForeignKey(
        LeadGroup, on_delete=models.CASCADE, db_column="leadsId", db_index=False, related_name="contacts"
    )
    created_at = models.DateTimeField(null=True, default=timezone.now, db_column="createdAt", editable=False)

    class Meta:
        db_table = "Contacts"
        indexes = [
            # A list in each of its orders. Indexes of what few contacts have, and of what begins with something, are
            # made in a migration.
            models.Index(fields=["lead_group", "name_key", "id"], name="contact_by_name"),
            models.Index(fields=["lead_group", "stage", "id"], name="contact_by_stage"),
            models.Index(fields=["lead_group", "engagement_score", "id"], name="contact_by_score"),
            models.Index(fields=["lead_group", "next_touch_on", "id"], name="contact_by_next_touch_in_list"),
            models.Index(fields=["lead_group", "last_touched_at", "id"], name="contact_by_touch"),
            models.Index(fields=["lead_group", "id"], name="contact_by_age"),
            models.Index(fields=["user", "match_keys"], name="contact_by_match"),
            models.Index(fields=["user", "identity_key"], name="contact_by_identity"),
            models.Index(fields=["user", "property_id"], name="contact_by_property"),
            models.Index(fields=["user", "place_key"], name="contact_by_place"),
            models.Index(fields=["user", "next_touch_on"], name="contact_by_next_touch"),
            models.Index(fields=["user", "-traced_at"], name="contact_by_trace"),
        ]

    def __str__(self) -> str:
        names = (self.first_name, self.middle_name, self.last_name, self.suffix)
        return " ".join(part for part in names if part) or self.company or "contact"
