"""What a user arranges around their properties: map counters, sheets, preferences, exports, and free allowances."""

from django.conf import settings
from django.db import models

from atlas_site.mongodb.models import Document


class OwnedCell(Document):
    """How many properties of a user lie in one cell of the map at one zoom: the map of everything reads these.

    The one cell of zoom EVERYTHING counts all that the user owns, on the map or not.
    """

    EVERYTHING = -1

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_column="userId", db_index=False, related_name="+"
    )
    zoom = models.IntegerField()
    # Column from the west and row from the south, in cells of 360 / 2^zoom / 4 degrees.
    x = models.IntegerField()
    y = models.IntegerField()
    count = models.BigIntegerField(default=0)
    latitude_sum = models.FloatField(default=0, db_column="latitudeSum")
    longitude_sum = models.FloatField(default=0, db_column="longitudeSum")

    class Meta:
        db_table = "OwnedCell"
        constraints = [models.UniqueConstraint(fields=["user", "zoom", "x", "y"], name="cell_once_a_user")]

    def __str__(self) -> str:
        return f"{self.zoom}/{self.x}/{self.y}"


class PropertySheet(Document):
    """A user's deal sheet of one property: pinned comparables and the figures of the offer."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_column="userId", db_index=False, related_name="+"
    )
    property_id = models.CharField(max_length=64, db_column="propertyId")
    pinned_ids = models.JSONField(default=list, db_column="pinnedIds")
    # Limits of the comparables, by name: {"miles": 1, "area_percent": 20}.
    limits = models.JSONField(default=dict)
    # Comparables that the user has revealed for this property, by the vendor's choice.
    found_ids = models.JSONField(default=list, db_column="foundIds")
    # Whole dollars; null where the pinned comparables decide.
    arv = models.BigIntegerField(null=True, blank=True)
    percent = models.IntegerField(default=70)
    repairs = models.BigIntegerField(default=0)
    fee = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(db_column="updatedAt")

    class Meta:
        db_table = "PropertySheet"
        constraints = [models.UniqueConstraint(fields=["user", "property_id"], name="sheet_once_a_property")]

    def __str__(self) -> str:
        return self.property_id


class ViewPreference(Document):
    """How a user wants to see and export their list of properties."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_column="userId", related_name="view_preference"
    )
    columns = models.JSONField(default=list)
    density = models.CharField(max_length=12, default="compact")
    export_columns = models.JSONField(default=list, db_column="exportColumns")
    export_format = models.CharField(max_length=4, default="csv", db_column="exportFormat")

    class Meta:
        db_table = "ViewPreference"

    def __str__(self) -> str:
        return "View preference"


class Export(Document):
    """The record of one download: who took what, when, and how many rows went out."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_column="userId", db_index=False, related_name="exports"
    )
    kind = models.CharField(max_length=20)
    label = models.CharField(max_length=200)
    format = models.CharField(max_length=4)
    columns = models.JSONField(default=list)
    # What was chosen: {"params": {...}} of the list, or {"ids": [...]}; of contacts also "url", where it is made again.
    subject = models.JSONField(default=dict)
    row_count = models.BigIntegerField(default=0, db_column="rowCount")
    # What did not go out, by the reason, where something stays behind on purpose: see `leads.exports.tally`.
    left_out = models.JSONField(default=dict, blank=True, db_column="leftOut")
    created_at = models.DateTimeField(db_column="createdAt")
    ended_at = models.DateTimeField(null=True, blank=True, db_column="endedAt")

    class Meta:
        db_table = "Export"
        indexes = [models.Index(fields=["user", "-created_at"], name="export_by_user")]

    def __str__(self) -> str:
        return self.label


class Allowance(Document):
    """What one user has had free in one span of time: unchanged refreshes, records owned already, reveals that found
    nothing new."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_column="userId", db_index=False, related_name="+"
    )
    cause = models.CharField(max_length=30)
    # A month or a day in UTC: "2026-11", "2026-11-22".
    period = models.CharField(max_length=10)
    used = models.BigIntegerField(default=0)

    class Meta:
        db_table = "Allowance"
        constraints = [models.UniqueConstraint(fields=["user", "cause", "period"], name="allowance_once_a_period")]

    def __str__(self) -> str:
        return f"{self.cause} {self.period}"
