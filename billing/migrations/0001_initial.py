import bson.objectid
import django.db.models.deletion
import django_mongodb_backend.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Billing",
            fields=[
                (
                    "id",
                    django_mongodb_backend.fields.ObjectIdField(
                        db_column="_id",
                        default=bson.objectid.ObjectId,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "chargebee_customer_id",
                    models.CharField(blank=True, db_column="chargebeeCustomerId", max_length=50, null=True),
                ),
                (
                    "chargebee_subscription_id",
                    models.CharField(blank=True, db_column="chargebeeSubscriptionId", max_length=50, null=True),
                ),
                (
                    "subscription_status",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("active", "Active"),
                            ("cancelled", "Cancelled"),
                            ("non_renewing", "Ends with the period"),
                            ("paused", "Paused"),
                        ],
                        db_column="subscriptionStatus",
                        max_length=20,
                        null=True,
                    ),
                ),
                (
                    "subscription_plan_id",
                    models.CharField(blank=True, db_column="subscriptionPlanId", max_length=100, null=True),
                ),
                (
                    "user",
                    models.OneToOneField(
                        db_column="userId",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="billing",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "billing",
                "db_table": "Billing",
                "indexes": [
                    models.Index(fields=["chargebee_customer_id"], name="billing_by_customer"),
                    models.Index(fields=["chargebee_subscription_id"], name="billing_by_subscription"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PaymentTransaction",
            fields=[
                (
                    "id",
                    django_mongodb_backend.fields.ObjectIdField(
                        db_column="_id",
                        default=bson.objectid.ObjectId,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "chargebee_invoice_id",
                    models.CharField(blank=True, db_column="chargebeeInvoiceId", max_length=50, null=True),
                ),
                (
                    "chargebee_transaction_id",
                    models.CharField(blank=True, db_column="chargebeeTransactionId", max_length=50, null=True),
                ),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("subscription", "Subscription"),
                            ("one_time_purchase", "Credit pack"),
                            ("credit_adjustment", "Adjustment"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("success", "Paid"),
                            ("pending", "Pending"),
                            ("failed", "Failed"),
                            ("refunded", "Refunded"),
                        ],
                        max_length=10,
                    ),
                ),
                ("amount", models.FloatField(help_text="US dollars")),
                ("credits_added", models.BigIntegerField(db_column="creditsAdded", default=0)),
                ("plan_id", models.CharField(blank=True, db_column="planId", max_length=100, null=True)),
                ("plan_name", models.CharField(blank=True, db_column="planName", max_length=150, null=True)),
                ("billing_period", models.CharField(blank=True, db_column="billingPeriod", max_length=60, null=True)),
                ("transaction_date", models.DateTimeField(db_column="transactionDate")),
                (
                    "user",
                    models.ForeignKey(
                        db_column="userId",
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "PaymentTransaction",
                "indexes": [
                    models.Index(fields=["user", "-transaction_date"], name="payment_by_user"),
                    models.Index(fields=["chargebee_invoice_id"], name="payment_by_invoice"),
                    models.Index(fields=["chargebee_transaction_id"], name="payment_by_transaction"),
                ],
            },
        ),
    ]
