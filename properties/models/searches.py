"""Saved searches, their runs, and the owned properties that matched them."""

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from atlas_site.mongodb.models import Document
from properties.models.records import BEFORE_ALL


class SavedSearch(Document):
    """A named search: its filters are the query parameters of the search page."""

    class Cadence(models.TextChoices):
        OFF = "off", "Only when I ask"
        DAILY = "daily", "Every day"
        WEEKLY = "weekly", "Every week"

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        EXPIRED = "expired", "Expired"
        # Gone for its user; a worker removes what is left of it. `next_run_at` is then when it goes on with that.
        DELETING = "deleting", "Being deleted"

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
    # Each change of the filters makes the next version; a run keeps the one that it ran.
    version = models.IntegerField(default=1)
    cadence = models.CharField(max_length=10, choices=Cadence.choices, default=Cadence.OFF)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    next_run_at = models.DateTimeField(null=True, blank=True, db_column="nextRunAt")
    lease_until = models.DateTimeField(null=True, blank=True, db_column="leaseUntil")
    expires_at = models.DateTimeField(null=True, blank=True, db_column="expiresAt")
    reminded_at = models.DateTimeField(null=True, blank=True, db_column="remindedAt")
    # When the user last looked at it, and the number of the newest run that they then saw.
    opened_at = models.DateTimeField(null=True, blank=True, db_column="openedAt")
    opened_run = models.IntegerField(default=0, db_column="openedRun")
    # Why it does not run by itself any more, or not now, in words for its page; empty while it does, or where the user
    # chose so.
    problem = models.CharField(max_length=200, default="", blank=True)
    # Since when its user waits for a run that is too large for a request; null while nobody does.
    wanted_at = models.DateTimeField(null=True, blank=True, db_column="wantedAt")
    # Counts what was written of its matches, so that of a deletion and a follow-up at one moment one has to yield.
    write_count = models.IntegerField(default=0, db_column="writeCount")

    class Meta:
        db_table = "SavedSearch"
        verbose_name_plural = "saved searches"
        indexes = [
            models.Index(fields=["user", "-created_at"], name="saved_search_by_user"),
            models.Index(fields=["state", "next_run_at"], name="saved_search_by_due"),
            models.Index(fields=["state", "expires_at"], name="saved_search_by_end"),
            models.Index(
                fields=["wanted_at"],
                condition=models.Q(wanted_at__gt=BEFORE_ALL),
                name="saved_search_by_wish",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("properties:show-saved-search", args=[self.pk])


class SavedSearchProperty(Document):
    """An owned property that a saved search has matched: when first, when last, and whether it is gone.

    While it is not gone it was last seen by the newest run of the search; `last_seen_at` is written when that ends, so
    that a run writes what has changed and not everything that is still there.
    """

    saved_search = models.ForeignKey(
        SavedSearch, on_delete=models.CASCADE, db_column="savedSearchId", db_index=False, related_name="matches"
    )
    property_id = models.CharField(max_length=64, db_column="propertyId")
    first_seen_at = models.DateTimeField(db_column="firstSeenAt")
    last_seen_at = models.DateTimeField(db_column="lastSeenAt")
    gone_at = models.DateTimeField(null=True, blank=True, db_column="goneAt")
    gone_why = models.CharField(max_length=200, default="", blank=True, db_column="goneWhy")

    class Meta:
        db_table = "SavedSearchProperty"
        verbose_name_plural = "saved search properties"
        constraints = [models.UniqueConstraint(fields=["saved_search", "property_id"], name="match_once_a_search")]

    def __str__(self) -> str:
        return self.property_id


class SavedSearchRun(Document):
    """What one run counted: free, never naming what the user does not own."""

    class Cause(models.TextChoices):
        SAVED = "saved", "On saving"
        BY_HAND = "by hand", "By hand"
        SCHEDULE = "schedule", "By schedule"

    saved_search = models.ForeignKey(
        SavedSearch, on_delete=models.CASCADE, db_column="savedSearchId", db_index=False, related_name="runs"
    )
    number = models.IntegerField()
    ran_at = models.DateTimeField(db_column="ranAt")
    filters = models.JSONField(default=dict)
    # None where a figure could point at a person; `total_below` then says below what it is. A total that is not exact
    # is rounded down.
    total = models.BigIntegerField(null=True)
    total_is_exact = models.BooleanField(default=True, db_column="totalIsExact")
    total_below = models.BigIntegerField(null=True, blank=True, db_column="totalBelow")
    owned = models.BigIntegerField(default=0)
    # Per signal and per dated window: {"preforeclosure": 41}.
    signals = models.JSONField(default=dict)
    windows = models.JSONField(default=list)
    new_ids = models.JSONField(default=list, db_column="newIds")
    gone_ids = models.JSONField(default=list, db_column="goneIds")
    # The figures of new, changed and gone; the lists above and below hold the first of each.
    new_count = models.BigIntegerField(default=0, db_column="newCount")
    changed_count = models.BigIntegerField(default=0, db_column="changedCount")
    gone_count = models.BigIntegerField(default=0, db_column="goneCount")
    # [{"propertyId", "changes": [{"field", "from", "to"}]}] and {property id: why it is gone}.
    changed = models.JSONField(default=list)
    gone_why = models.JSONField(default=dict, db_column="goneWhy")
    version = models.IntegerField(default=1)
    criteria_hash = models.CharField(max_length=64, default="", db_column="criteriaHash")
    cause = models.CharField(max_length=10, choices=Cause.choices, default=Cause.BY_HAND)
    opened_at = models.DateTimeField(null=True, blank=True, db_column="openedAt")
    # Null until the mail that tells of it is on its way, or for a run that needs none.
    digested_at = models.DateTimeField(null=True, blank=True, db_column="digestedAt")
    digest_due = models.BooleanField(default=False, db_column="digestDue")
    # How many parts its snapshot has; a run of an earlier Atlas has none.
    part_count = models.IntegerField(default=0, db_column="partCount")
    # What its standing quote spent on it: [{"kind", "quoteId", "jobId", "most", "title"}], and why no more, in words.
    spends = models.JSONField(default=list)
    spend_note = models.CharField(max_length=300, default="", blank=True, db_column="spendNote")
    # From when on a worker may bring about what follows from it: matches, stacks, automatic spending, the digest.
    # Null when all of that is done.
    follow_up_due_at = models.DateTimeField(null=True, blank=True, db_column="followUpDueAt")
    # How often in a row that was begun and not brought to an end, and in words that it was given up.
    follow_up_attempt = models.IntegerField(default=0, db_column="followUpAttempt")
    problem = models.CharField(max_length=200, default="", blank=True)
    # Whether its snapshot was removed since: its figures and the first of its lists stay.
    is_thinned = models.BooleanField(default=False, db_column="isThinned")

    class Meta:
        db_table = "SavedSearchRun"
        constraints = [models.UniqueConstraint(fields=["saved_search", "number"], name="run_by_number")]
        indexes = [
            models.Index(
                fields=["follow_up_due_at"],
                condition=models.Q(follow_up_due_at__gt=BEFORE_ALL),
                name="run_to_follow_up",
            )
        ]

    def __str__(self) -> str:
        return f"run {self.number}"

    @property
    def number_text(self) -> str:
        """The number as texts and addresses write it."""
        return str(self.number)

    @property
    def is_counted(self) -> bool:
        """Whether anything was counted: not on saving, where the free counts of the day were used up."""
        return self.total is not None or self.total_below is not None

    @property
    def unowned(self) -> int | None:
        """How many matches are not the user's, as far as it can be told."""
        return None if self.total is None else max(0, self.total - self.owned)

    def get_absolute_url(self) -> str:
        return reverse("properties:show-run", args=[self.saved_search_id, self.number])


class SavedSearchSnapshot(Document):
    """A part of what a run saw of the user's own properties: ids with the values that it compared, compressed.

    ``content`` is zlib-compressed JSON, {property id: {field: value}}; the parts of a run are numbered from 0.
    """

    run = models.ForeignKey(
        SavedSearchRun, on_delete=models.CASCADE, db_column="runId", db_index=False, related_name="snapshots"
    )
    part = models.IntegerField()
    # The last and largest property id in it, by which parts are skipped unread.
    last_id = models.CharField(max_length=64, default="", blank=True, db_column="lastId")
    content = models.BinaryField()

    class Meta:
        db_table = "SavedSearchSnapshot"
        constraints = [models.UniqueConstraint(fields=["run", "part"], name="snapshot_by_part")]

    def __str__(self) -> str:
        return f"part {self.part}"


class Watch(Document):
    """A standing quote: a saved search whose runs may spend, within what the user accepted for a run and a month."""

    class State(models.TextChoices):
        ARMED = "armed", "On"
        DISARMED = "disarmed", "Off"

    saved_search = models.OneToOneField(
        SavedSearch, on_delete=models.CASCADE, db_column="savedSearchId", related_name="watch"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_column="userId", db_index=False, related_name="watches"
    )
    reveals_new = models.BooleanField(default=True, db_column="revealsNew")
    refreshes_owned = models.BooleanField(default=False, db_column="refreshesOwned")
    # Whole credits.
    cap_per_run = models.BigIntegerField(db_column="capPerRun")
    cap_per_month = models.BigIntegerField(db_column="capPerMonth")
    ends_at = models.DateTimeField(db_column="endsAt")
    accepted_at = models.DateTimeField(db_column="acceptedAt")
    state = models.CharField(max_length=10, choices=State.choices, default=State.ARMED)
    why_disarmed = models.CharField(max_length=200, default="", blank=True, db_column="whyDisarmed")
    # The month in UTC, as in "2026-11", and what its quotes have reserved or captured in it.
    month = models.CharField(max_length=7, default="", blank=True)
    committed_in_month = models.BigIntegerField(default=0, db_column="committedInMonth")
    last_run_number = models.IntegerField(default=0, db_column="lastRunNumber")

    class Meta:
        db_table = "Watch"
        verbose_name_plural = "watches"
        indexes = [models.Index(fields=["user", "state"], name="watch_by_user")]

    def __str__(self) -> str:
        return f"Watch of {self.saved_search_id}"


class Digest(Document):
    """The one mail of a day that tells a user what their saved searches found."""

    class State(models.TextChoices):
        DUE = "due", "Due"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_column="userId", db_index=False, related_name="digests"
    )
    # The day in the user's own time zone, as in "2026-11-22".
    day = models.CharField(max_length=10)
    run_ids = models.JSONField(default=list, db_column="runIds")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DUE)
    due_at = models.DateTimeField(db_column="dueAt")
    lease_until = models.DateTimeField(null=True, blank=True, db_column="leaseUntil")
    attempt = models.IntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True, db_column="sentAt")
    # What it told of, each with the saved searches that told it: {"new:p-1": ["6920..."]}. Nothing is told twice.
    items = models.JSONField(default=dict)

    class Meta:
        db_table = "Digest"
        constraints = [models.UniqueConstraint(fields=["user", "day"], name="digest_once_a_day")]
        indexes = [models.Index(fields=["state", "due_at"], name="digest_by_due")]

    def __str__(self) -> str:
        return self.day
