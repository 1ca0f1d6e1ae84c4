"""The record of every call to a vendor: written before the call is sent, completed before the answer is read."""

from __future__ import annotations

import gzip

from django.db import models
from django_mongodb_backend.fields import ArrayField, ObjectIdField

from atlas_site.mongodb.models import Document


class CallState(models.TextChoices):
    """How far an attempt has come. Only ``answered`` may still move (to ``failed``, when it cannot be read)."""

    PREPARED = "prepared"
    SENT = "sent"
    ANSWERED = "answered"
    FAILED = "failed"
    UNKNOWN = "unknown"


class VendorCall(Document):
    """One attempt to get one thing from a vendor.

    Attempts at the same thing share ``reference`` and ``request_hash`` and count upwards; the id is made of the three.
    An attempt can only be added once the one before it has ended, so that at most one is under way at any moment,
    whatever the number of workers. The raw answer is kept compressed until ``recording.purge_calls`` takes it away.
    """

    id = models.CharField(primary_key=True, max_length=80, db_column="_id", editable=False)
    vendor = models.CharField(max_length=40)
    operation = models.CharField(max_length=60)
    reference = models.CharField(max_length=200)
    request_hash = models.CharField(max_length=64, db_column="requestHash")
    attempt = models.IntegerField(default=1)
    state = models.CharField(max_length=10, choices=CallState.choices, default=CallState.PREPARED)
    user_id = ObjectIdField(null=True, db_column="userId")
    request = models.JSONField(null=True)
    datasets = ArrayField(models.CharField(max_length=40), default=list)

    created_at = models.DateTimeField(db_column="createdAt")
    lease_ends_at = models.DateTimeField(db_column="leaseEndsAt")
    sent_at = models.DateTimeField(null=True, db_column="sentAt")
    ended_at = models.DateTimeField(null=True, db_column="endedAt")

    http_status = models.IntegerField(null=True, db_column="httpStatus")
    raw = models.BinaryField(null=True)
    raw_bytes = models.IntegerField(default=0, db_column="rawBytes")
    raw_is_whole = models.BooleanField(default=False, db_column="rawIsWhole")

    vendor_request_id = models.CharField(max_length=64, default="", db_column="vendorRequestId")
    result_count = models.IntegerField(null=True, db_column="resultCount")
    match_count = models.IntegerField(null=True, db_column="matchCount")
    record_ids = ArrayField(models.CharField(max_length=64), default=list, db_column="recordIds")
    may_be_billed = models.BooleanField(default=False, db_column="mayBeBilled")
    error = models.CharField(max_length=60, default="")

    class Meta:
        db_table = "VendorCall"
        # The id makes the order total, as the admin's pages need it, and the indexes give that very order.
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["reference", "request_hash", "-attempt"], name="vendor_call_reference"),
            models.Index(fields=["-created_at", "-id"], name="vendor_call_newest"),
            models.Index(fields=["state", "-created_at", "-id"], name="vendor_call_state"),
            models.Index(fields=["vendor", "operation", "-created_at", "-id"], name="vendor_call_operation"),
        ]

    def __str__(self) -> str:
        return f"{self.vendor} {self.operation} {self.reference} #{self.attempt}"

    @property
    def raw_answer(self) -> bytes | None:
        """The body of the answer as it came, or as much as was kept of it; None when there is none any more."""
        return gzip.decompress(bytes(self.raw)) if self.raw is not None else None

    @property
    def billed_units(self) -> int | None:
        """What the vendor bills for the attempt: results times datasets. None as long as it has not said."""
        return None if self.result_count is None else self.result_count * max(1, len(self.datasets))
