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


WELCOME_PERIOD = "welcome:"


class Bucket(models.TextChoices):
    """The two kinds of credits in a wallet."""

    SUBSCRIPTION = "subscription", "Subscription credits"
    PURCHASED = "purchased", "Purchased credits"


class Credit(Document):
    """A user's wallet. `credit_available` is both buckets without what is reserved, `spendable` what can be spent."""

    class Shortage(models.TextChoices):
        NONE = "", "None"
        LOW = "low", "A fifth is left"
        EMPTY = "empty", "Nothing is left"

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
    # While a plan is paused, or was ended inside a paid period, its credits stay and cannot be spent.
    subscription_frozen = models.BooleanField(default=False, db_column="subscriptionFrozen")
    subscription_frozen_at = models.DateTimeField(null=True, blank=True, db_column="subscriptionFrozenAt")
    # The one switch of its owner for all that spends or buys by itself.
    automatic_spending_stopped = models.BooleanField(default=False, db_column="automaticSpendingStopped")
    automatic_spending_stopped_at = models.DateTimeField(null=True, blank=True, db_column="automaticSpendingStoppedAt")
    # The period that the subscription bucket belongs to, its grant, and what came back into it from the one before.
    period = models.CharField(max_length=120, default="")
    period_started_at = models.DateTimeField(null=True, blank=True, db_column="periodStartedAt")
    period_ends_at = models.DateTimeField(null=True, blank=True, db_column="periodEndsAt")
    period_grant = models.BigIntegerField(default=0, db_column="periodGrant")
    period_returned = models.BigIntegerField(default=0, db_column="periodReturned")
    # When the latest period of any plan began, kept after its end: none that began before it is granted any more.
    latest_period_at = models.DateTimeField(null=True, blank=True, db_column="latestPeriodAt")
    # Welcome credits of the subscription bucket lapse at this moment.
    lapses_at = models.DateTimeField(null=True, blank=True, db_column="lapsesAt")
    last_purchase = models.BigIntegerField(default=0, db_column="lastPurchase")
    # The mail that is due because few credits are left, the last one sent since credits came in, and whose turn it is.
    warning_due = models.CharField(max_length=10, default="", choices=Shortage.choices, db_column="warningDue")
    warned = models.CharField(max_length=10, default="", choices=Shortage.choices)
    warning_leased_until = models.DateTimeField(null=True, blank=True, db_column="warningLeasedUntil")

    class Meta:
        db_table = "Credit"
        verbose_name = "wallet"
        indexes = [
            models.Index(fields=["lapses_at"], name="wallet_by_lapse"),
            models.Index(fields=["warning_due"], name="wallet_by_warning"),
        ]

    def __str__(self) -> str:
        return f"wallet of {self.user_id}"

    @property
    def spendable(self) -> int:
        """What can really be spent now: nothing while a debt blocks spending, else what is not frozen."""
        return 0 if self.debt else self.not_frozen

    @property
    def not_frozen(self) -> int:
        """What is left: the purchased credits alone while those of the plan are frozen."""
        return self.purchased_credits if self.subscription_frozen else self.credit_available

    @property
    def is_welcome(self) -> bool:
        """Whether the subscription bucket holds welcome credits, which no plan stands behind."""
        return self.period.startswith(WELCOME_PERIOD)

    @property
    def shortage(self) -> "Credit.Shortage":
        """How short of credits the wallet is (the money rule): a fifth or nothing is left of what last came in.

        That is the grant of the running period, or else the last purchase. What is held counts as left: it may come
        back. Welcome credits are few from the start, so they are short only when nothing is left.
        """
        runs = bool(self.period) and not self.subscription_frozen
        basis = self.period_grant if runs else self.last_purchase
        left = self.not_frozen + self.reserved
        if basis <= 0 or left > basis * settings.LOW_CREDITS_SHARE:
            return self.Shortage.NONE
        if left <= 0:
            return self.Shortage.EMPTY
        return self.Shortage.NONE if runs and self.is_welcome else self.Shortage.LOW


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
    # The period of a plan that a reset, an upgrade, its end or its refund is about.
    period = models.CharField(max_length=120, null=True, blank=True)
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
            # The statement by number; what it is filtered by is read from the index alone.
            models.Index(fields=["credit", "-sequence", "timestamp", "kind"], name="entry_by_number"),
            # The balance at a moment: several entries may share one.
            models.Index(fields=["credit", "-timestamp", "-sequence"], name="entry_by_moment"),
            # Usage of the last days, whose sum is read from the index alone.
            models.Index(fields=["credit", "kind", "-timestamp", "reserved_change"], name="entry_by_kind"),
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
    """What one unit of an operation costs, in credits; at most four decimal places.

    A raise is announced: `next_weight` replaces `weight` from `next_weight_from` on.
    """

    credit_type = models.CharField(max_length=20, choices=CreditType.choices, unique=True, db_column="creditType")
    weight = models.FloatField()
    next_weight = models.FloatField(null=True, blank=True, db_column="nextWeight")
    next_weight_from = models.DateTimeField(null=True, blank=True, db_column="nextWeightFrom")

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
    # Whether subscription credits were frozen when it was accepted, so that only purchased ones are held.
    subscription_frozen = models.BooleanField(default=False, db_column="subscriptionFrozen")
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
    # What the spend was for, by which usage is grouped: a search, a property or a list, with its name and its page.
    source_kind = models.CharField(max_length=20, default="", db_column="sourceKind")
    source_id = models.CharField(max_length=120, default="", db_column="sourceId")
    source_label = models.CharField(max_length=200, default="", db_column="sourceLabel")
    source_url = models.CharField(max_length=2000, default="", db_column="sourceUrl")

    class Meta:
        db_table = "Quote"
        indexes = [
            models.Index(fields=["user_id", "-created_at"], name="quote_by_user"),
            models.Index(fields=["user_id", "status", "-created_at"], name="quote_by_user_and_state"),
            models.Index(fields=["user_id", "status", "-ended_at", "-id"], name="receipt_by_user"),
            models.Index(fields=["-created_at"], name="quote_by_age"),
            models.Index(fields=["status", "expires_at"], name="quote_by_expiry"),
            models.Index(fields=["status", "hold_until"], name="quote_by_hold"),
            models.Index(fields=["kind", "ended_at"], name="quote_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.max_cost} credits"

    @property
    def not_captured(self) -> int:
        """What it could have cost beyond what was charged, in credits."""
        return self.max_cost - self.captured


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


class CreditAdjustment(Document):
    """A decision of staff to add or take credits. Above a limit it waits for a second person."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Waiting for a second person"
        APPLIED = "applied", "Applied"
        REJECTED = "rejected", "Rejected"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        db_index=False,  # "adjustment_by_proposer" begins with it
        db_column="userId",
        related_name="adjustments",
    )
    amount = models.BigIntegerField(help_text="Credits to add, or to take if negative.")
    bucket = models.CharField(max_length=20, choices=Bucket.choices, default=Bucket.PURCHASED)
    reason = models.CharField(max_length=300)
    corrects = models.CharField(max_length=200, null=True, blank=True)
    # The amount in credits above which a second person had to approve, when this was proposed: the limit of its
    # proposer, less what they had decided alone for this wallet lately.
    limit = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_index=False, db_column="proposedBy", related_name="+"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        db_column="approvedBy",
        related_name="+",
    )
    rejected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        db_column="rejectedBy",
        related_name="+",
    )
    created_at = models.DateTimeField(db_column="createdAt")
    decided_at = models.DateTimeField(null=True, blank=True, db_column="decidedAt")

    class Meta:
        db_table = "CreditAdjustment"
        verbose_name = "adjustment"
        indexes = [
            models.Index(fields=["state", "-created_at"], name="adjustment_by_state"),
            # What one person has lately decided alone for one user.
            models.Index(fields=["user", "proposed_by", "-created_at"], name="adjustment_by_proposer"),
        ]

    def __str__(self) -> str:
        return f"{self.amount:+d} {self.bucket} credits"
