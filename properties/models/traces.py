"""Tracing people at addresses: the answers that Atlas holds, and who has paid for which."""

from django.conf import settings
from django.db import models

from atlas_site.mongodb.models import Document


class TraceOutcome(models.TextChoices):
    """What tracing a person at an address told."""

    HIT = "hit", "Phone found"
    NO_PHONE = "no_phone", "E-mail only"
    LITIGATOR = "litigator", "Known litigator"
    MISS = "miss", "Nothing on file"


class PersonTrace(Document):
    """The newest answer about a person at an address, whoever asked: for 30 days nobody asks again.

    The numbers of a known litigator are not kept.
    """

    # Normalized person and address, as `leads.imports` makes it.
    key = models.CharField(max_length=32, unique=True)
    # Normalized street and ZIP code alone, as properties know it.
    place_key = models.CharField(max_length=120, default="", blank=True, db_column="placeKey")
    outcome = models.CharField(max_length=16, choices=TraceOutcome.choices)
    # [{"number", "type", "carrier", "score", "tested", "reachable", "dnc", "tcpa", "firstReportedOn",
    # "lastReportedOn", "checkedAt"}]: what the vendor did not say is null, and null is not "no".
    phones = models.JSONField(default=list, blank=True)
    # [{"address", "tested"}]
    emails = models.JSONField(default=list, blank=True)
    # {"name", "mailingAddress", "isDeceased", "isLitigator", "isBankrupt", "tcpa"}
    person = models.JSONField(default=dict, blank=True)
    call_id = models.CharField(max_length=80, default="", blank=True, db_column="callId")
    answered_at = models.DateTimeField(db_column="answeredAt")

    class Meta:
        db_table = "PersonTrace"
        indexes = [models.Index(fields=["place_key"], name="trace_by_place")]

    def __str__(self) -> str:
        return self.key


class TracePurchase(Document):
    """That a user has bought what is known of a person at an address: for 90 days, asking again is free."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_column="userId", db_index=False, related_name="+"
    )
    key = models.CharField(max_length=32)
    place_key = models.CharField(max_length=120, default="", blank=True, db_column="placeKey")
    # A digest of the name that was asked for, by which people at one place are told apart; earlier ones do not say.
    person = models.CharField(max_length=32, null=True, blank=True)
    # The key that was asked for, where this one is only how the user knows that person: one purchase, not two.
    same_as = models.CharField(max_length=32, null=True, blank=True, db_column="sameAs")
    bought_at = models.DateTimeField(db_column="boughtAt")

    class Meta:
        db_table = "TracePurchase"
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="trace_bought_once")]
        indexes = [models.Index(fields=["user", "place_key"], name="trace_bought_at_place")]

    def __str__(self) -> str:
        return self.key
