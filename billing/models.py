"""What Chargebee knows of a user, kept beside the user; the offers; and the events that tell of changes."""

from fractions import Fraction

from django.conf import settings
from django.db import models
from django.utils import timezone
from django_mongodb_backend.fields import ArrayField, ObjectIdField

from atlas_site.mongodb.models import Document


class Billing(Document):
    """A user's subscription; made with the first one. Before that the Chargebee customer id is the user id.

    Everything but the four fields of the contract is Chargebee's own word, kept so that the state can be derived anew.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        CANCELLED = "cancelled", "Cancelled"
        NON_RENEWING = "non_renewing", "Ends with the period"
        PAUSED = "paused", "Paused"

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_column="userId", related_name="billing"
    )
    chargebee_customer_id = models.CharField(max_length=50, null=True, blank=True, db_column="chargebeeCustomerId")
    chargebee_subscription_id = models.CharField(
        max_length=50, null=True, blank=True, db_column="chargebeeSubscriptionId"
    )
    subscription_status = models.CharField(
        max_length=20, choices=Status.choices, null=True, blank=True, db_column="subscriptionStatus"
    )
    subscription_plan_id = models.CharField(max_length=100, null=True, blank=True, db_column="subscriptionPlanId")
    chargebee_status = models.CharField(max_length=20, null=True, blank=True, db_column="chargebeeStatus")
    # Milliseconds: the highest one that was seen of any resource that this document tells of.
    resource_version = models.BigIntegerField(default=0, db_column="resourceVersion")
    current_term_start = models.DateTimeField(null=True, blank=True, db_column="currentTermStart")
    current_term_end = models.DateTimeField(null=True, blank=True, db_column="currentTermEnd")
    next_billing_at = models.DateTimeField(null=True, blank=True, db_column="nextBillingAt")
    trial_end = models.DateTimeField(null=True, blank=True, db_column="trialEnd")
    cancelled_at = models.DateTimeField(null=True, blank=True, db_column="cancelledAt")
    cancel_reason = models.CharField(max_length=60, null=True, blank=True, db_column="cancelReason")
    pause_date = models.DateTimeField(null=True, blank=True, db_column="pauseDate")
    resume_date = models.DateTimeField(null=True, blank=True, db_column="resumeDate")
    scheduled_plan_id = models.CharField(max_length=100, null=True, blank=True, db_column="scheduledPlanId")
    due_invoices_count = models.IntegerField(default=0, db_column="dueInvoicesCount")
    due_since = models.DateTimeField(null=True, blank=True, db_column="dueSince")
    total_dues_cents = models.BigIntegerField(default=0, db_column="totalDuesCents")
    next_retry_at = models.DateTimeField(null=True, blank=True, db_column="nextRetryAt")
    card_status = models.CharField(max_length=30, null=True, blank=True, db_column="cardStatus")
    # When time alone changes something without a word from Chargebee: the next month of a yearly plan, or its end.
    next_effect_at = models.DateTimeField(null=True, blank=True, db_column="nextEffectAt")
    synced_at = models.DateTimeField(null=True, blank=True, db_column="syncedAt")

    class Meta:
        db_table = "Billing"
        verbose_name_plural = "billing"
        indexes = [
            models.Index(fields=["chargebee_customer_id"], name="billing_by_customer"),
            models.Index(fields=["chargebee_subscription_id"], name="billing_by_subscription"),
            models.Index(fields=["next_effect_at"], name="billing_by_effect"),
        ]

    def __str__(self) -> str:
        return f"billing of {self.user_id}"

    @property
    def is_live(self) -> bool:
        """Whether there is a plan now: active (also while a payment is overdue), ending with its period, or paused."""
        return self.subscription_status in {self.Status.ACTIVE, self.Status.NON_RENEWING, self.Status.PAUSED}


class PaymentTransaction(Document):
    """One Chargebee invoice or transaction, with the credits it added (negative: took back)."""

    class Type(models.TextChoices):
        SUBSCRIPTION = "subscription", "Subscription"
        ONE_TIME_PURCHASE = "one_time_purchase", "Credit pack"
        CREDIT_ADJUSTMENT = "credit_adjustment", "Adjustment"

    class Status(models.TextChoices):
        SUCCESS = "success", "Paid"
        PENDING = "pending", "Pending"
        FAILED = "failed", "Failed"
        REFUNDED = "refunded", "Refunded"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        db_column="userId",
        db_index=False,
        related_name="payments",
    )
    # "invoice:{id}" or "transaction:{id}": a successful payment shares the row of its invoice; refunds, reversals and
    # failed attempts have rows of their own. Rows of an earlier Atlas have no key.
    key = models.CharField(max_length=80, unique=True, null=True)
    chargebee_invoice_id = models.CharField(max_length=50, null=True, blank=True, db_column="chargebeeInvoiceId")
    chargebee_transaction_id = models.CharField(
        max_length=50, null=True, blank=True, db_column="chargebeeTransactionId"
    )
    type = models.CharField(max_length=20, choices=Type.choices)
    status = models.CharField(max_length=10, choices=Status.choices)
    amount = models.FloatField(help_text="US dollars; negative where money went back")
    credits_added = models.BigIntegerField(default=0, db_column="creditsAdded")
    plan_id = models.CharField(max_length=100, null=True, blank=True, db_column="planId")
    plan_name = models.CharField(max_length=150, null=True, blank=True, db_column="planName")
    billing_period = models.CharField(max_length=60, null=True, blank=True, db_column="billingPeriod")
    transaction_date = models.DateTimeField(db_column="transactionDate")
    resource_version = models.BigIntegerField(default=0, db_column="resourceVersion")
    refunded_cents = models.BigIntegerField(default=0, db_column="refundedCents")
    # What the bank said of a failed payment.
    error_text = models.CharField(max_length=300, default="", db_column="errorText")

    class Meta:
        db_table = "PaymentTransaction"
        indexes = [
            models.Index(fields=["user", "-transaction_date", "-id"], name="payment_by_user"),
            models.Index(fields=["chargebee_invoice_id"], name="payment_by_invoice"),
            models.Index(fields=["chargebee_transaction_id"], name="payment_by_transaction"),
            # Whose payments the nightly comparison looks at, read from the index alone.
            models.Index(fields=["transaction_date", "user"], name="payment_by_date"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.status} {self.amount}"


class Offer(Document):
    """A plan or a credit pack that can be bought: the local copy of an item price of Chargebee."""

    class Kind(models.TextChoices):
        PLAN = "plan", "Plan"
        PACK = "pack", "Credit pack"

    class Unit(models.TextChoices):
        MONTH = "month", "Monthly"
        YEAR = "year", "Yearly"

    id = models.CharField(primary_key=True, max_length=100, db_column="_id")  # the id of the item price
    item_id = models.CharField(max_length=100, default="", db_column="itemId")
    name = models.CharField(max_length=150)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    period_unit = models.CharField(max_length=10, choices=Unit.choices, null=True, blank=True, db_column="periodUnit")
    price_cents = models.BigIntegerField(db_column="priceCents")
    currency_code = models.CharField(max_length=3, default="USD", db_column="currencyCode")
    # Of a plan each month, whatever its billing period; of a pack once.
    credits = models.BigIntegerField()
    # Offered to new buyers: active at Chargebee, and its credits do not sell below cost.
    is_sold = models.BooleanField(default=False, db_column="isSold")
    # Why Atlas does not sell what Chargebee offers, in words for staff; empty where it sells, or nobody offers it.
    refused_because = models.CharField(max_length=300, default="", blank=True, db_column="refusedBecause")
    resource_version = models.BigIntegerField(default=0, db_column="resourceVersion")
    copied_at = models.DateTimeField(db_column="copiedAt")

    class Meta:
        db_table = "Offer"

    def __str__(self) -> str:
        return self.name

    @property
    def credits_for_price(self) -> int:
        """The credits that one payment of the price brings in the end: of a yearly plan twelve months' worth."""
        return self.credits * (12 if self.period_unit == self.Unit.YEAR else 1)

    @property
    def cents_per_credit(self) -> Fraction:
        """What one credit costs its buyer, in US cents: of a yearly plan over the twelve months of its price."""
        return Fraction(self.price_cents, self.credits_for_price)


class Checkout(Document):
    """A hosted page that a user was sent to, and where they come back to."""

    id = models.CharField(primary_key=True, max_length=70, db_column="_id")  # Chargebee's id of the page
    user_id = ObjectIdField(db_column="userId")
    offer_id = models.CharField(max_length=100, null=True, blank=True, db_column="offerId")
    url = models.CharField(max_length=250)
    back_url = models.CharField(max_length=2000, default="/billing/", db_column="backUrl")
    created_at = models.DateTimeField(default=timezone.now, db_column="createdAt")
    expires_at = models.DateTimeField(db_column="expiresAt")
    returned_at = models.DateTimeField(null=True, blank=True, db_column="returnedAt")
    # When Chargebee was last asked about it for its user; and once it is over, how it ended there and what it billed.
    looked_at = models.DateTimeField(null=True, blank=True, db_column="lookedAt")
    page_state = models.CharField(max_length=20, default="", blank=True, db_column="pageState")
    invoice_id = models.CharField(max_length=50, null=True, blank=True, db_column="invoiceId")

    class Meta:
        db_table = "Checkout"
        indexes = [models.Index(fields=["user_id", "-created_at"], name="checkout_by_user")]

    def __str__(self) -> str:
        return f"checkout of {self.offer_id}"


class WebhookEvent(Document):
    """An event as Chargebee delivered it, stored before it is acknowledged and kept for good."""

    class State(models.TextChoices):
        RECEIVED = "received", "Received"
        APPLIED = "applied", "Applied"
        IGNORED = "ignored", "Of no concern"
        FAILED = "failed", "Failed"

    id = models.CharField(primary_key=True, max_length=80, db_column="_id")  # Chargebee's id of the event
    event_type = models.CharField(max_length=80, db_column="eventType")
    customer_id = models.CharField(max_length=50, null=True, blank=True, db_column="customerId")
    occurred_at = models.DateTimeField(null=True, blank=True, db_column="occurredAt")
    received_at = models.DateTimeField(db_column="receivedAt")
    deliveries = models.IntegerField(default=1)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECEIVED)
    attempts = models.IntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True, db_column="nextAttemptAt")
    last_error = models.CharField(max_length=300, default="", db_column="lastError")
    processed_at = models.DateTimeField(null=True, blank=True, db_column="processedAt")

    class Meta:
        db_table = "WebhookEvent"
        permissions = [("replay_webhookevent", "Can have events processed again")]
        indexes = [
            models.Index(fields=["state", "next_attempt_at"], name="event_by_due"),
            models.Index(fields=["customer_id", "state", "received_at"], name="event_by_customer"),
            models.Index(fields=["-received_at", "-id"], name="event_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.state}"


class AutoTopUp(Document):
    """A user's standing order to buy a pack when few credits are left; made by the user, one at most."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_column="userId", related_name="auto_top_up"
    )
    offer_id = models.CharField(max_length=100, db_column="offerId")
    below_credits = models.BigIntegerField(db_column="belowCredits")
    monthly_cap_cents = models.BigIntegerField(db_column="monthlyCapCents")
    # The offer as the user agreed to it: one that costs more or brings less is never bought by itself.
    agreed_price_cents = models.BigIntegerField(default=0, db_column="agreedPriceCents")
    agreed_credits = models.BigIntegerField(default=0, db_column="agreedCredits")
    is_enabled = models.BooleanField(default=True, db_column="isEnabled")
    accepted_at = models.DateTimeField(db_column="acceptedAt")
    # Why Atlas itself switched it off, in words for the user: a declined card, an offer that is gone.
    stopped_because = models.CharField(max_length=300, default="", db_column="stoppedBecause")
    # When a sweep looks at it next: soon after the last look, and next month where the cap of this one is reached.
    next_look_at = models.DateTimeField(default=timezone.now, db_column="nextLookAt")

    class Meta:
        db_table = "AutoTopUp"
        verbose_name = "auto top-up"
        indexes = [models.Index(fields=["is_enabled", "next_look_at"], name="top_up_by_look")]

    def __str__(self) -> str:
        return f"auto top-up of {self.user_id}"


class TopUp(Document):
    """One automatic purchase: written before the card is charged, so that it is never charged twice."""

    class State(models.TextChoices):
        DUE = "due", "Due"
        SENT = "sent", "Sent"
        PAID = "paid", "Paid"
        FAILED = "failed", "Failed"

    # {user}:{number}: a user's top-ups are numbered, so that two sweeps at one moment can only make the same one.
    id = models.CharField(primary_key=True, max_length=80, db_column="_id")
    user_id = ObjectIdField(db_column="userId")
    offer_id = models.CharField(max_length=100, db_column="offerId")
    amount_cents = models.BigIntegerField(db_column="amountCents")
    credits = models.BigIntegerField()
    month = models.CharField(max_length=7)  # 2026-11, in UTC: what the monthly cap counts
    state = models.CharField(max_length=10, choices=State.choices, default=State.DUE)
    attempts = models.IntegerField(default=0)
    created_at = models.DateTimeField(db_column="createdAt")
    # When the card was first asked: the vendor remembers the key of a charge for 30 minutes from then.
    sent_at = models.DateTimeField(null=True, blank=True, db_column="sentAt")
    # When it is looked at next; none once it has ended and its owner was told.
    next_attempt_at = models.DateTimeField(null=True, blank=True, db_column="nextAttemptAt")
    invoice_id = models.CharField(max_length=50, null=True, blank=True, db_column="invoiceId")
    error = models.CharField(max_length=300, default="")
    told_at = models.DateTimeField(null=True, blank=True, db_column="toldAt")

    class Meta:
        db_table = "TopUp"
        verbose_name = "top-up"
        indexes = [
            models.Index(fields=["user_id", "month"], name="top_up_by_month"),
            models.Index(fields=["state", "next_attempt_at"], name="top_up_by_due"),
        ]

    def __str__(self) -> str:
        return f"top-up of {self.amount_cents} cents, {self.state}"


class BillingNotice(Document):
    """A mail about billing was sent, or was too old to be sent: never a second time."""

    id = models.CharField(primary_key=True, max_length=200, db_column="_id")  # {kind}:{what it is about}
    user_id = ObjectIdField(db_column="userId")
    told_at = models.DateTimeField(db_column="toldAt")

    class Meta:
        db_table = "BillingNotice"

    def __str__(self) -> str:
        return self.id


class BillingDifference(Document):
    """Where Chargebee's books and the ledger differ and it is not safe to mend it without a person."""

    id = models.CharField(primary_key=True, max_length=200, db_column="_id")  # {kind}:{what it is about}
    kind = models.CharField(max_length=40)
    user_id = ObjectIdField(null=True, db_column="userId")
    detail = models.CharField(max_length=500)
    found_at = models.DateTimeField(db_column="foundAt")
    seen_at = models.DateTimeField(db_column="seenAt")
    closed_at = models.DateTimeField(null=True, blank=True, db_column="closedAt")

    class Meta:
        db_table = "BillingDifference"
        indexes = [
            models.Index(fields=["closed_at", "-found_at"], name="difference_by_state"),
            models.Index(fields=["user_id"], name="difference_by_user"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail[:60]}"


class ReconciliationRun(Document):
    """One comparison of Chargebee's books with ours, and how far it has come: any worker carries it on from there."""

    class Step(models.TextChoices):
        EVENTS = "events", "Events that never arrived"
        INVOICES = "invoices", "Invoices that changed"
        TRANSACTIONS = "transactions", "Transactions that changed"
        SUBSCRIPTIONS = "subscriptions", "Subscriptions that changed"
        OURS = "ours", "Customers that Atlas knows of"
        CUSTOMERS = "customers", "Comparing one after the other"

    started_at = models.DateTimeField(db_column="startedAt")
    since = models.DateTimeField()
    step = models.CharField(max_length=20, choices=Step.choices, default=Step.EVENTS)
    # How far the list of this step was read, by the moment of its last entry.
    walked_to = models.DateTimeField(null=True, blank=True, db_column="walkedTo")
    # Whom to compare, as found so far; emptied at the end.
    customer_ids = ArrayField(models.CharField(max_length=50), default=list, blank=True, db_column="customerIds")
    # They are compared in the order of their ids, up to this one by now.
    last_customer_id = models.CharField(max_length=50, default="", blank=True, db_column="lastCustomerId")
    # How often the next one could not be read.
    failures = models.IntegerField(default=0)
    compared = models.IntegerField(default=0)
    events_stored = models.IntegerField(default=0, db_column="eventsStored")
    mended = ArrayField(models.CharField(max_length=250), default=list, blank=True)
    opened = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    closed = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    unread = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    # While a worker carries it on, when another one may: longer than a task may run.
    next_turn_at = models.DateTimeField(null=True, blank=True, db_column="nextTurnAt")
    finished_at = models.DateTimeField(null=True, blank=True, db_column="finishedAt")

    class Meta:
        db_table = "ReconciliationRun"
        indexes = [models.Index(fields=["finished_at", "next_turn_at"], name="reconciliation_by_turn")]

    def __str__(self) -> str:
        return f"comparison of {self.started_at:%Y-%m-%d %H:%M}"
