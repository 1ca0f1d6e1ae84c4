import bson.objectid
import django.db.models.deletion
import django.utils.timezone
import django_mongodb_backend.fields
from django.conf import settings
from django.db import migrations, models

from atlas_site.mongodb.migrations import LongMigration


class Migration(LongMigration):
    dependencies = [
        ("billing", "0002_validators"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AutoTopUp",
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
                ("offer_id", models.CharField(db_column="offerId", max_length=100)),
                ("below_credits", models.BigIntegerField(db_column="belowCredits")),
                ("monthly_cap_cents", models.BigIntegerField(db_column="monthlyCapCents")),
                ("is_enabled", models.BooleanField(db_column="isEnabled", default=True)),
                ("accepted_at", models.DateTimeField(db_column="acceptedAt")),
                ("stopped_because", models.CharField(db_column="stoppedBecause", default="", max_length=300)),
            ],
            options={
                "verbose_name": "auto top-up",
                "db_table": "AutoTopUp",
            },
        ),
        migrations.CreateModel(
            name="BillingDifference",
            fields=[
                ("id", models.CharField(db_column="_id", max_length=200, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=40)),
                ("user_id", django_mongodb_backend.fields.ObjectIdField(db_column="userId", null=True)),
                ("detail", models.CharField(max_length=500)),
                ("found_at", models.DateTimeField(db_column="foundAt")),
                ("seen_at", models.DateTimeField(db_column="seenAt")),
                ("closed_at", models.DateTimeField(blank=True, db_column="closedAt", null=True)),
            ],
            options={
                "db_table": "BillingDifference",
            },
        ),
        migrations.CreateModel(
            name="Checkout",
            fields=[
                ("id", models.CharField(db_column="_id", max_length=70, primary_key=True, serialize=False)),
                ("user_id", django_mongodb_backend.fields.ObjectIdField(db_column="userId")),
                ("offer_id", models.CharField(blank=True, db_column="offerId", max_length=100, null=True)),
                ("url", models.CharField(max_length=250)),
                ("back_url", models.CharField(db_column="backUrl", default="/billing/", max_length=2000)),
                ("created_at", models.DateTimeField(db_column="createdAt", default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField(db_column="expiresAt")),
                ("returned_at", models.DateTimeField(blank=True, db_column="returnedAt", null=True)),
            ],
            options={
                "db_table": "Checkout",
            },
        ),
        migrations.CreateModel(
            name="Offer",
            fields=[
                ("id", models.CharField(db_column="_id", max_length=100, primary_key=True, serialize=False)),
                ("item_id", models.CharField(db_column="itemId", default="", max_length=100)),
                ("name", models.CharField(max_length=150)),
                ("kind", models.CharField(choices=[("plan", "Plan"), ("pack", "Credit pack")], max_length=10)),
                (
                    "period_unit",
                    models.CharField(
                        blank=True,
                        choices=[("month", "Monthly"), ("year", "Yearly")],
                        db_column="periodUnit",
                        max_length=10,
                        null=True,
                    ),
                ),
                ("price_cents", models.BigIntegerField(db_column="priceCents")),
                ("currency_code", models.CharField(db_column="currencyCode", default="USD", max_length=3)),
                ("credits", models.BigIntegerField()),
                ("is_sold", models.BooleanField(db_column="isSold", default=False)),
                ("resource_version", models.BigIntegerField(db_column="resourceVersion", default=0)),
                ("copied_at", models.DateTimeField(db_column="copiedAt")),
            ],
            options={
                "db_table": "Offer",
            },
        ),
        migrations.CreateModel(
            name="TopUp",
            fields=[
                ("id", models.CharField(db_column="_id", max_length=80, primary_key=True, serialize=False)),
                ("user_id", django_mongodb_backend.fields.ObjectIdField(db_column="userId")),
                ("offer_id", models.CharField(db_column="offerId", max_length=100)),
                ("amount_cents", models.BigIntegerField(db_column="amountCents")),
                ("credits", models.BigIntegerField()),
                ("month", models.CharField(max_length=7)),
                (
                    "state",
                    models.CharField(
                        choices=[("due", "Due"), ("sent", "Sent"), ("paid", "Paid"), ("failed", "Failed")],
                        default="due",
                        max_length=10,
                    ),
                ),
                ("attempts", models.IntegerField(default=0)),
                ("created_at", models.DateTimeField(db_column="createdAt")),
                ("next_attempt_at", models.DateTimeField(blank=True, db_column="nextAttemptAt", null=True)),
                ("invoice_id", models.CharField(blank=True, db_column="invoiceId", max_length=50, null=True)),
                ("error", models.CharField(default="", max_length=300)),
                ("told_at", models.DateTimeField(blank=True, db_column="toldAt", null=True)),
            ],
            options={
                "verbose_name": "top-up",
                "db_table": "TopUp",
            },
        ),
        migrations.CreateModel(
            name="WebhookEvent",
            fields=[
                ("id", models.CharField(db_column="_id", max_length=80, primary_key=True, serialize=False)),
                ("event_type", models.CharField(db_column="eventType", max_length=80)),
                ("customer_id", models.CharField(blank=True, db_column="customerId", max_length=50, null=True)),
                ("occurred_at", models.DateTimeField(blank=True, db_column="occurredAt", null=True)),
                ("received_at", models.DateTimeField(db_column="receivedAt")),
                ("deliveries", models.IntegerField(default=1)),
                ("body", models.TextField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("applied", "Applied"),
                            ("ignored", "Of no concern"),
                            ("failed", "Failed"),
                        ],
                        default="received",
                        max_length=10,
                    ),
                ),
                ("attempts", models.IntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField(blank=True, db_column="nextAttemptAt", null=True)),
                ("last_error", models.CharField(db_column="lastError", default="", max_length=300)),
                ("processed_at", models.DateTimeField(blank=True, db_column="processedAt", null=True)),
            ],
            options={
                "db_table": "WebhookEvent",
            },
        ),
        migrations.AddField(
            model_name="billing",
            name="cancel_reason",
            field=models.CharField(blank=True, db_column="cancelReason", max_length=60, null=True),
        ),
        migrations.AddField(
            model_name="billing",
            name="cancelled_at",
            field=models.DateTimeField(blank=True, db_column="cancelledAt", null=True),
        ),
        migrations.AddField(
            model_name="billing",
            name="card_status",
            field=models.CharField(blank=True, db_column="cardStatus", max_length=30, null=True),
        ),
        migrations.AddField(
            model_name="billing",
            name="chargebee_status",
            field=models.CharField(blank=True, db_column="chargebeeStatus", max_length=20, null=True),
        ),
        migrations.AddField(
            model_name="billing",
            name="current_term_end",
            field=models.DateTimeField(blank=True, db_column="currentTermEnd", null=True),
        ),
        migrations.AddField(
            model_name="billing",
            name="current_term_start",
            field=models.DateTimeField(blank=True, db_column="currentTermStart", null=True),
        ),
        migrations.AddField(
            model_name="billing",
            name="due_invoices_count",
            field=models.IntegerField(db_column="dueInvoicesCount", default=0),
        ),
        migrations.AddField(
            model_name="billing",
            name="due_since",
            field=models.DateTimeField(blank=True, db_column="dueSince", null=True),
        ),
        migrations.AddField(
            model_name="billing",
            name="next_billing_at",
            field=models.DateTimeField(blank=True, db_column="nextBillingAt", null=True),
        ),
        migrations.AddField(
            model_name="billing",
            name="next_effect_at",
            field=models.DateTimeField(blank=True, db_column="nextEffectAt", null=True),
        ),
        migrations.AddField(
            model_name="billing",
            name="next_retry_at",
            field=models.DateTimeField(blank=True, db_column="nextRetryAt", null=True),
        ),
        migrations.AddField(
            model_name="billing",
            name="pause_date",
            field=models.DateTimeField(blank=True, db_column="pauseDate", null=True),
        ),
        migrations.AddField(
            model_name="billing",
            name="resource_version",
            field=models.BigIntegerField(db_column="resourceVersion", default=0),
        ),
        migrations.AddField(
            model_name="billing",
            name="resume_date",
            field=models.DateTimeField(blank=True, db_column="resumeDate", null=True),
        ),
        migrations.AddField(
            model_name="billing",
            name="scheduled_plan_id",
            field=models.CharField(blank=True, db_column="scheduledPlanId", max_length=100, null=True),
        ),
        migrations.AddField(
            model_name="billing",
            name="synced_at",
            field=models.DateTimeField(blank=True, db_column="syncedAt", null=True),
        ),
        migrations.AddField(
            model_name="billing",
            name="total_dues_cents",
            field=models.BigIntegerField(db_column="totalDuesCents", default=0),
        ),
        migrations.AddField(
            model_name="billing",
            name="trial_end",
            field=models.DateTimeField(blank=True, db_column="trialEnd", null=True),
        ),
        migrations.AddField(
            model_name="paymenttransaction",
            name="error_text",
            field=models.CharField(db_column="errorText", default="", max_length=300),
        ),
        migrations.AddField(
            model_name="paymenttransaction",
            name="key",
            field=models.CharField(max_length=80, null=True, unique=True),
        ),
        migrations.AddField(
            model_name="paymenttransaction",
            name="refunded_cents",
            field=models.BigIntegerField(db_column="refundedCents", default=0),
        ),
        migrations.AddField(
            model_name="paymenttransaction",
            name="resource_version",
            field=models.BigIntegerField(db_column="resourceVersion", default=0),
        ),
        migrations.AlterField(
            model_name="paymenttransaction",
            name="amount",
            field=models.FloatField(help_text="US dollars; negative where money went back"),
        ),
        migrations.AddIndex(
            model_name="billing",
            index=models.Index(fields=["next_effect_at"], name="billing_by_effect"),
        ),
        migrations.AddField(
            model_name="autotopup",
            name="user",
            field=models.OneToOneField(
                db_column="userId",
                on_delete=django.db.models.deletion.CASCADE,
                related_name="auto_top_up",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="billingdifference",
            index=models.Index(fields=["closed_at", "-found_at"], name="difference_by_state"),
        ),
        migrations.AddIndex(
            model_name="billingdifference",
            index=models.Index(fields=["user_id"], name="difference_by_user"),
        ),
        migrations.AddIndex(
            model_name="checkout",
            index=models.Index(fields=["user_id", "-created_at"], name="checkout_by_user"),
        ),
        migrations.AddIndex(
            model_name="topup",
            index=models.Index(fields=["user_id", "month"], name="top_up_by_month"),
        ),
        migrations.AddIndex(
            model_name="topup",
            index=models.Index(fields=["state", "next_attempt_at"], name="top_up_by_due"),
        ),
        migrations.AddIndex(
            model_name="webhookevent",
            index=models.Index(fields=["state", "next_attempt_at"], name="event_by_due"),
        ),
        migrations.AddIndex(
            model_name="webhookevent",
            index=models.Index(fields=["customer_id", "state", "received_at"], name="event_by_customer"),
        ),
        migrations.AddIndex(
            model_name="webhookevent",
            index=models.Index(fields=["-received_at", "-id"], name="event_by_age"),
        ),
        migrations.AddIndex(
            model_name="autotopup",
            index=models.Index(fields=["is_enabled"], name="top_up_enabled"),
        ),
    ]
