"""Wallets, the ledger, and quotes. Only the services of this app write here."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django_mongodb_backend.fields import ObjectIdField

from atlas_site.mongodb.models import Document


class CreditType(models.TextChoices):
    """The operation types that credits are weighed by."""

    SEARCH = "SEARCH", "Property data"
    SKIPTRACE = "SKIPTRACE", "Skip trace"


class Credit(Document):
    """A user's wallet. `credit_available` is what can be spent: both buckets without what is reserved."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_column="userId", related_name="wallet"
    )
    subscription_credits = models.BigIntegerField(default=0, db_column="subscriptionCredits")
    purchased_credits = models.BigIntegerField(default=0, db_column="purchasedCredits")
    credit_available = models.BigIntegerField(default=0, db_column="creditAvailable")
    reserved = models.BigIntegerField(default=0)
    sequence = models.BigIntegerField(default=0)
    last_hash = models.CharField(max_length=64, default="", db_column="lastHash")
    # Mirrors that the spending update itself checks: a ban, or a debt from a refund in whole credits.
    banned = models.BooleanField(default=False)
    debt = models.BigIntegerField(default=0)
    # The period that the subscription bucket belongs to, its grant, and what came back into it from the one before.
    period = models.CharField(max_length=120, default="")
    period_started_at = models.DateTimeField(null=True, blank=True, db_column="periodStartedAt")
    period_ends_at = models.DateTimeField(null=True, blank=True, db_column="periodEndsAt")
    period_grant = models.BigIntegerField(default=0, db_column="periodGrant")
    period_returned = models.BigIntegerField(default=0, db_column="periodReturned")
    # Welcome credits of the subscription bucket lapse at this moment.
    lapses_at = models.DateTimeField(null=True, blank=True, db_column="lapsesAt")
    last_purchase = models.BigIntegerField(default=0, db_column="lastPurchase")

    class Meta:
        db_table = "Credit"
        verbose_name = "wallet"
        indexes = [models.Index(fields=["lapses_at"], name="wallet_by_lapse")]

    def __str__(self) -> str:
        return f"wallet of {self.user_id}"


class CreditUsage(Document):
    """What one wallet holds and has used of one operation type, with the prepaid fraction of a credit (below 1)."""

    credit = models.ForeignKey(
        Credit, on_delete=models.PROTECT, db_column="creditId", db_index=False, related_name="usages"
    )
    credit_type = models.CharField(max_length=20, choices=CreditType.choices, db_column="creditType")
    credit_reserved = models.BigIntegerField(default=0, db_column="creditReserved")
    credit_used = models.BigIntegerField(default=0, db_column="creditUsed")
    prepaid = models.DecimalField(max_digits=8, decimal_places=4, default=0)

    class Meta:
        db_table = "CreditUsage"
        constraints = [models.UniqueConstraint(fields=["credit", "credit_type"], name="usage_once_a_type")]

    def __str__(self) -> str:
        return f"{self.credit_type} of wallet {self.credit_id}"


class LedgerIsImmutable(Exception):
    """An entry of the ledger is never edited or deleted: a correction is a new entry that names the old one."""


class LedgerQuerySet(models.QuerySet):
    """Refuses what would change history."""

    def update(self, **values):
        raise LedgerIsImmutable

    def delete(self):
        raise LedgerIsImmutable

    def bulk_update(self, objs, fields, batch_size=None):
        raise LedgerIsImmutable


class CreditLog(Document):
    """One change of one wallet: append-only, numbered without gaps, chained by hash."""

    class Kind(models.TextChoices):
        GRANT = "grant", "Credits added"
        RESERVE = "reserve", "Held for a quote"
        CAPTURE = "capture", "Charged"
        RELEASE = "release", "Given back"
        RESET = "reset", "New period"
        LAPSE = "lapse", "Lapsed"
        ADJUST = "adjust", "Adjusted by staff"
        CLAWBACK = "clawback", "Taken back"

    credit = models.ForeignKey(
        Credit, on_delete=models.PROTECT, db_column="creditId", db_index=False, related_name="entries"
    )
    credit_type = models.CharField(
        max_length=20, choices=CreditType.choices, null=True, blank=True, db_column="creditType"
    )
    credit_before = models.BigIntegerField(db_column="creditBefore")
    credit_after = models.BigIntegerField(db_column="creditAfter")
    change_amount = models.BigIntegerField(db_column="changeAmount")
    timestamp = models.DateTimeField()
    # Entries of an earlier Atlas have neither number nor key; those that this one writes always have both.
    sequence = models.BigIntegerField(null=True)
    key = models.CharField(max_length=200, unique=True, null=True)
    input_hash = models.CharField(max_length=64, db_column="inputHash")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    subscription_change = models.BigIntegerField(default=0, db_column="subscriptionChange")
    purchased_change = models.BigIntegerField(default=0, db_column="purchasedChange")
    reserved_change = models.BigIntegerField(default=0, db_column="reservedChange")
    subscription_after = models.BigIntegerField(default=0, db_column="subscriptionAfter")
    purchased_after = models.BigIntegerField(default=0, db_column="purchasedAfter")
    reserved_after = models.BigIntegerField(default=0, db_column="reservedAfter")
    debt_change = models.BigIntegerField(default=0, db_column="debtChange")
    debt_after = models.BigIntegerField(default=0, db_column="debtAfter")
    # Credits by operation type where the entry is usage: {"SEARCH": 2, "SKIPTRACE": 1}.
    by_type = models.JSONField(default=dict, db_column="byType")
    reason = models.CharField(max_length=300)
    reference_kind = models.CharField(max_length=40, null=True, blank=True, db_column="referenceKind")
    reference_id = models.CharField(max_length=120, null=True, blank=True, db_column="referenceId")
    actor = models.CharField(max_length=120)
    previous_hash = models.CharField(max_length=64, db_column="previousHash")
    hash = models.CharField(max_length=64)

    objects = LedgerQuerySet.as_manager()

    class Meta:
        db_table = "CreditLog"
        verbose_name = "ledger entry"
        verbose_name_plural = "ledger entries"
        constraints = [models.UniqueConstraint(fields=["credit", "sequence"], name="entry_by_sequence")]
        indexes = [
            models.Index(fields=["credit", "-sequence"], name="entry_by_number"),
            models.Index(fields=["credit", "-timestamp"], name="entry_by_time"),
            models.Index(fields=["reference_kind", "reference_id"], name="entry_by_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.kind} {self.change_amount}"

    def save(self, *args, **kwargs) -> None:
        if not self._state.adding:
            raise LedgerIsImmutable
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise LedgerIsImmutable


class CreditWeight(Document):
    """What one unit of an operation costs, in credits; at most four decimal places."""

    credit_type = models.CharField(max_length=20, choices=CreditType.choices, unique=True, db_column="creditType")
    weight = models.FloatField()

    class Meta:
        db_table = "CreditWeight"

    def __str__(self) -> str:
        return f"{self.credit_type} {self.weight}"


class Quote(Document):
    """An offer with its price, which becomes the reservation when accepted and ends once: settled or expired."""

    class Status(models.TextChoices):
        OFFERED = "offered", "Offered"
        ACCEPTED = "accepted", "Accepted"
        SETTLED = "settled", "Settled"
        EXPIRED = "expired", "Expired"

    id = models.CharField(max_length=32, primary_key=True, db_column="_id")
    user_id = ObjectIdField(db_column="userId")
    kind = models.CharField(max_length=30)  # reveal, unlock, refresh, skiptrace, divorce
    title = models.CharField(max_length=200)
    # Exactly what it is about: ids, or criteria, sort, exclusions and n.
    subject = models.JSONField(default=dict)
    # One line a type, decimals as text:
    # {"type", "units", "weight", "prepaid", "cost", "units_hit", "captured", "held"}.
    lines = models.JSONField(default=list)
    max_cost = models.BigIntegerField(db_column="maxCost")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OFFERED)
    input_hash = models.CharField(max_length=64, db_column="inputHash")
    created_at = models.DateTimeField(default=timezone.now, db_column="createdAt")
    expires_at = models.DateTimeField(db_column="expiresAt")
    accepted_at = models.DateTimeField(null=True, blank=True, db_column="acceptedAt")
    hold_until = models.DateTimeField(null=True, blank=True, db_column="holdUntil")
    ended_at = models.DateTimeField(null=True, blank=True, db_column="endedAt")
    period = models.CharField(max_length=120, default="")
    held_subscription = models.BigIntegerField(default=0, db_column="heldSubscription")
    held_purchased = models.BigIntegerField(default=0, db_column="heldPurchased")
    reserved = models.BigIntegerField(default=0)
    captured = models.BigIntegerField(default=0)
    released = models.BigIntegerField(default=0)
    lapsed = models.BigIntegerField(default=0)
    captures = models.BigIntegerField(default=0)
    # What the receipt says beyond the figures: [{"why": "already yours", "count": 2}].
    not_charged = models.JSONField(default=list, db_column="notCharged")
    # The domain's own accept view by URL name, the page to come back to, and the job that carries it out.
    accept_view = models.CharField(max_length=80, db_column="acceptView")
    back_url = models.CharField(max_length=2000, default="/", db_column="backUrl")
    job_id = models.CharField(max_length=40, null=True, blank=True, db_column="jobId")

    class Meta:
        db_table = "Quote"
        indexes = [
            models.Index(fields=["user_id", "-created_at"], name="quote_by_user"),
            models.Index(fields=["-created_at"], name="quote_by_age"),
            models.Index(fields=["status", "expires_at"], name="quote_by_expiry"),
            models.Index(fields=["status", "hold_until"], name="quote_by_hold"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.max_cost} credits"


class WelcomeClaim(Document):
    """Welcome credits were given for this normalized e-mail address or phone number; never twice."""

    id = None
    claim = models.CharField(max_length=80, primary_key=True, db_column="_id")
    user_id = ObjectIdField(db_column="userId")
    claimed_at = models.DateTimeField(db_column="claimedAt")

    class Meta:
        db_table = "WelcomeClaim"

    def __str__(self) -> str:
        return self.claim.split(":", 1)[0]
