"""Paid work that runs in the background."""

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from atlas_site.mongodb.models import Document

# The most that one quote reveals.
MOST_REVEALED = 10_000

# Outcomes of what came. Whatever did not come, or was owned before, has its reason for an outcome.
CHARGED = "charged"
LATE = "delivered late"


class PropertyJob(Document):
    """One accepted quote being carried out: a reveal by search, an unlock, a refresh, or comparables.

    The document is also the outbox: a worker claims it when it is due and nobody holds its lease, and every write of
    that worker names its attempt, so that one that lost the lease changes nothing.
    """

    class Kind(models.TextChoices):
        REVEAL = "reveal", "Reveal"
        UNLOCK = "unlock", "Unlock"
        REFRESH = "refresh", "Refresh"
        COMPARABLES = "comparables", "Comparables"

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Running"
        DELAYED = "delayed", "Delayed"
        DONE = "done", "Done"
        FAILED = "failed", "Stopped"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        db_column="userId",
        db_index=False,
        related_name="property_jobs",
    )
    quote_id = models.CharField(max_length=32, unique=True, db_column="quoteId")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    subject = models.JSONField(default=dict)
    # The one property that an unlock, a refresh or a set of comparables is about.
    property_id = models.CharField(max_length=64, null=True, blank=True, db_column="propertyId")
    # The same for all jobs that reveal from the same search: the next one goes on where the last one stopped.
    search_hash = models.CharField(max_length=64, null=True, blank=True, db_column="searchHash")
    # How far it is: page number, vendor cursor or session, rows asked for and done.
    cursor = models.JSONField(default=dict)
    wanted = models.BigIntegerField(default=0)
    hit_count = models.BigIntegerField(default=0, db_column="hitCount")
    # Not charged, by reason: {"already yours": 2, "nothing on file": 1}.
    not_charged = models.JSONField(default=dict, db_column="notCharged")
    # The outcome of each row: [{"propertyId", "dataset", "outcome", "source"}], which the receipt and the bill name.
    rows = models.JSONField(default=list)
    problem = models.CharField(max_length=300, default="", blank=True)
    # When its user asked to stop it: what is under way is still finished, and nothing more is asked for.
    cancelled_at = models.DateTimeField(null=True, blank=True, db_column="cancelledAt")
    # Of the jobs of a user that would fetch the same, one holds the turn, from its first step until it is over.
    turn = models.CharField(max_length=120, null=True, blank=True, unique=True)
    # A question was sent and no answer came: what is held for it waits a day and is then given back.
    answer_lost = models.BooleanField(default=False, db_column="answerLost")
    attempt = models.IntegerField(default=0)
    failures = models.IntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now, db_column="dueAt")
    lease_until = models.DateTimeField(null=True, blank=True, db_column="leaseUntil")
    created_at = models.DateTimeField(default=timezone.now, db_column="createdAt")
    ended_at = models.DateTimeField(null=True, blank=True, db_column="endedAt")

    class Meta:
        db_table = "PropertyJob"
        indexes = [
            models.Index(fields=["state", "due_at"], name="job_by_due"),
            models.Index(fields=["user", "-created_at"], name="job_by_user"),
            models.Index(fields=["user", "search_hash", "-created_at"], name="job_by_search"),
            models.Index(fields=["user", "property_id", "-created_at"], name="job_by_property"),
            models.Index(fields=["created_at"], name="job_by_creation"),
            models.Index(fields=["ended_at"], name="job_by_end"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("properties:show-job", args=[self.pk])

    @property
    def id_text(self) -> str:
        """The id as addresses write it."""
        return str(self.pk)

    @property
    def progress_text(self) -> str:
        """How far it is, in words."""
        if not self.is_paged:
            return f"{self.wanted} dataset{'' if self.wanted == 1 else 's'}"
        return f"{self.hit_count:,} of {self.wanted:,}"

    def reference(self, step: str) -> str:
        """The name of a vendor call of this job: the same after a crash, whose answer is then read from its record.

        After a failure it is another one. What the vendor answered with a fault is so asked again; the failed call
        stays on record as possibly billed.
        """
        return f"job:{self.pk}:{step}:{self.failures}"

    @property
    def step(self) -> str:
        """What is asked of the vendor next, or was asked and is not settled yet."""
        return f"page:{self.cursor['page']}" if self.is_paged else "lookup"

    @property
    def turn_key(self) -> str:
        """What only one job of the user may be doing at a time, lest the vendor bills the same thing twice."""
        if self.is_paged:
            return f"{self.kind}:{self.user_id}"
        return f"property:{self.user_id}:{self.property_id}"

    @property
    def is_paged(self) -> bool:
        """Whether it fetches properties page by page, and not datasets of one."""
        return self.kind in {self.Kind.REVEAL, self.Kind.COMPARABLES}

    @property
    def is_over(self) -> bool:
        return self.state in {self.State.DONE, self.State.FAILED}

    @property
    def can_be_cancelled(self) -> bool:
        """Whether asking to stop it would change anything. What is held for a lost answer comes back by itself."""
        return not (self.is_over or self.answer_lost or self.cancelled_at)


class VendorBillDay(Document):
    """What BatchData billed for what ended on one day (UTC): for property jobs in units of one dataset of one property,
    for skip traces in rows, each kind by itself.

    billed = captured - from_copy + everything in `causes`, and `unexplained` is what only one side knows.
    """

    class Kind(models.TextChoices):
        PROPERTIES = "properties", "Properties"
        TRACES = "traces", "Skip traces"

    day = models.CharField(max_length=10)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PROPERTIES)
    # Property jobs that ended, or quotes of skip traces that were settled.
    job_count = models.BigIntegerField(default=0, db_column="jobCount")
    billed = models.BigIntegerField(default=0)
    captured = models.BigIntegerField(default=0)
    # Paid for by users and not billed, since Atlas held a fresh copy.
    from_copy = models.BigIntegerField(default=0, db_column="fromCopy")
    # Billed and paid for by nobody, by cause: {"already yours": 12, "nothing on file": 3}.
    causes = models.JSONField(default=dict)
    # Billed and not explained, or explained and not billed: always 0 unless something is wrong.
    unexplained = models.BigIntegerField(default=0)
    # Searches that were sent and got no answer: billed or not, nobody knows which records.
    lost_pages = models.BigIntegerField(default=0, db_column="lostPages")
    # Results that were billed for counts of that day, which fetch nothing.
    counts = models.BigIntegerField(default=0)
    made_at = models.DateTimeField(db_column="madeAt")
    # The jobs that ended until then are in these figures; a day that is past and through is closed.
    summed_until = models.DateTimeField(null=True, blank=True, db_column="summedUntil")
    closed_at = models.DateTimeField(null=True, blank=True, db_column="closedAt")

    class Meta:
        db_table = "VendorBillDay"
        constraints = [models.UniqueConstraint(fields=["day", "kind"], name="vendor_bill_by_day")]
        verbose_name = "day of the vendor's bill"
        verbose_name_plural = "days of the vendor's bill"

    def __str__(self) -> str:
        return f"{self.day} {self.kind}"

    @property
    def free(self) -> int:
        """Units that were billed and that no user paid for, whatever the cause."""
        return sum(self.causes.values())
