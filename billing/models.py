"""What Chargebee knows of a user, kept beside the user."""

from django.conf import settings
from django.db import models

from atlas_site.mongodb.models import Document


class Billing(Document):
    """A user's subscription; made with the first one. Before that the Chargebee customer id is the user id."""

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

    class Meta:
        db_table = "Billing"
        verbose_name_plural = "billing"
        indexes = [
            models.Index(fields=["chargebee_customer_id"], name="billing_by_customer"),
            models.Index(fields=["chargebee_subscription_id"], name="billing_by_subscription"),
        ]

    def __str__(self) -> str:
        return f"billing of {self.user_id}"


class PaymentTransaction(Document):
    """One Chargebee invoice or transaction, with the credits it added."""

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
    chargebee_invoice_id = models.CharField(max_length=50, null=True, blank=True, db_column="chargebeeInvoiceId")
    chargebee_transaction_id = models.CharField(
        max_length=50, null=True, blank=True, db_column="chargebeeTransactionId"
    )
    type = models.CharField(max_length=20, choices=Type.choices)
    status = models.CharField(max_length=10, choices=Status.choices)
    amount = models.FloatField(help_text="US dollars")
    credits_added = models.BigIntegerField(default=0, db_column="creditsAdded")
    plan_id = models.CharField(max_length=100, null=True, blank=True, db_column="planId")
    plan_name = models.CharField(max_length=150, null=True, blank=True, db_column="planName")
    billing_period = models.CharField(max_length=60, null=True, blank=True, db_column="billingPeriod")
    transaction_date = models.DateTimeField(db_column="transactionDate")

    class Meta:
        db_table = "PaymentTransaction"
        indexes = [
            models.Index(fields=["user", "-transaction_date"], name="payment_by_user"),
            models.Index(fields=["chargebee_invoice_id"], name="payment_by_invoice"),
            models.Index(fields=["chargebee_transaction_id"], name="payment_by_transaction"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.status} {self.amount}"
