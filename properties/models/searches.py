"""Saved searches, their runs, and the owned properties that matched them."""

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from atlas_site.mongodb.models import Document


class SavedSearch(Document):
    """A named search: its filters are the query parameters of the search page."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        db_column="userId",
        db_index=False,
        related_name="saved_searches",
    )
    name = models.CharField(max_length=120)
    filters = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, db_column="createdAt")
    last_run_at = models.DateTimeField(null=True, blank=True, db_column="lastRunAt")
    run_count = models.IntegerField(default=0, db_column="runCount")

    class Meta:
        db_table = "SavedSearch"
        verbose_name_plural = "saved searches"
        indexes = [models.Index(fields=["user", "-created_at"], name="saved_search_by_user")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("properties:show-saved-search", args=[self.pk])


class SavedSearchProperty(Document):
    """An owned property that a saved search has matched: when first, when last, and whether it is gone."""

    saved_search = models.ForeignKey(
        SavedSearch, on_delete=models.CASCADE, db_column="savedSearchId", db_index=False, related_name="matches"
    )
    property_id = models.CharField(max_length=64, db_column="propertyId")
    first_seen_at = models.DateTimeField(db_column="firstSeenAt")
    last_seen_at = models.DateTimeField(db_column="lastSeenAt")
    gone_at = models.DateTimeField(null=True, blank=True, db_column="goneAt")

    class Meta:
        db_table = "SavedSearchProperty"
        verbose_name_plural = "saved search properties"
        constraints = [models.UniqueConstraint(fields=["saved_search", "property_id"], name="match_once_a_search")]

    def __str__(self) -> str:
        return self.property_id


class SavedSearchRun(Document):
    """What one run counted: free, never naming what the user does not own."""

    saved_search = models.ForeignKey(
        SavedSearch, on_delete=models.CASCADE, db_column="savedSearchId", db_index=False, related_name="runs"
    )
    number = models.IntegerField()
    ran_at = models.DateTimeField(db_column="ranAt")
    filters = models.JSONField(default=dict)
    # None in a place so small that a figure could point at a person.
    total = models.BigIntegerField(null=True)
    owned = models.BigIntegerField(default=0)
    # Per signal and per dated window: {"preforeclosure": 41}.
    signals = models.JSONField(default=dict)
    windows = models.JSONField(default=list)
    new_ids = models.JSONField(default=list, db_column="newIds")
    gone_ids = models.JSONField(default=list, db_column="goneIds")

    class Meta:
        db_table = "SavedSearchRun"
        constraints = [models.UniqueConstraint(fields=["saved_search", "number"], name="run_by_number")]

    def __str__(self) -> str:
        return f"run {self.number}"

    @property
    def number_text(self) -> str:
        """The number as texts and addresses write it."""
        return str(self.number)

    @property
    def unowned(self) -> int | None:
        """How many matches are not the user's, as far as it can be told."""
        return None if self.total is None else max(0, self.total - self.owned)

    def get_absolute_url(self) -> str:
        return reverse("properties:show-run", args=[self.saved_search_id, self.number])
