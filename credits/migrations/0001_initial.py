import bson.objectid
import django.db.models.deletion
import django.utils.timezone
import django_mongodb_backend.fields
from django.conf import settings
from django.db import migrations, models

from atlas_site.mongodb.migrations import LongMigration


class Migration(LongMigration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CreditWeight",
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
                    "credit_type",
                    models.CharField(
                        choices=[("SEARCH", "Property data"), ("SKIPTRACE", "Skip trace")],
                        db_column="creditType",
                        max_length=20,
                        unique=True,
                    ),
                ),
                ("weight", models.FloatField()),
            ],
            options={
                "db_table": "CreditWeight",
            },
        ),
        migrations.CreateModel(
            name="WelcomeClaim",
            fields=[
                ("claim", models.CharField(db_column="_id", max_length=80, primary_key=True, serialize=False)),
                ("user_id", django_mongodb_backend.fields.ObjectIdField(db_column="userId")),
                ("claimed_at", models.DateTimeField(db_column="claimedAt")),
            ],
            options={
                "db_table": "WelcomeClaim",
            },
        ),
        migrations.CreateModel(
            name="Credit",
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
                ("subscription_credits", models.BigIntegerField(db_column="subscriptionCredits", default=0)),
                ("purchased_credits", models.BigIntegerField(db_column="purchasedCredits", default=0)),
                ("credit_available", models.BigIntegerField(db_column="creditAvailable", default=0)),
                ("reserved", models.BigIntegerField(default=0)),
                ("sequence", models.BigIntegerField(default=0)),
                ("last_hash", models.CharField(db_column="lastHash", default="", max_length=64)),
                ("banned", models.BooleanField(default=False)),
                ("debt", models.BigIntegerField(default=0)),
                ("period", models.CharField(default="", max_length=120)),
                ("period_started_at", models.DateTimeField(blank=True, db_column="periodStartedAt", null=True)),
                ("period_ends_at", models.DateTimeField(blank=True, db_column="periodEndsAt", null=True)),
                ("period_grant", models.BigIntegerField(db_column="periodGrant", default=0)),
                ("period_returned", models.BigIntegerField(db_column="periodReturned", default=0)),
                ("lapses_at", models.DateTimeField(blank=True, db_column="lapsesAt", null=True)),
                ("last_purchase", models.BigIntegerField(db_column="lastPurchase", default=0)),
                (
                    "user",
                    models.OneToOneField(
                        db_column="userId",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="wallet",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "wallet",
                "db_table": "Credit",
            },
        ),
        migrations.CreateModel(
            name="CreditLog",
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
                    "credit_type",
                    models.CharField(
                        blank=True,
                        choices=[("SEARCH", "Property data"), ("SKIPTRACE", "Skip trace")],
                        db_column="creditType",
                        max_length=20,
                        null=True,
                    ),
                ),
                ("credit_before", models.BigIntegerField(db_column="creditBefore")),
                ("credit_after", models.BigIntegerField(db_column="creditAfter")),
                ("change_amount", models.BigIntegerField(db_column="changeAmount")),
                ("timestamp", models.DateTimeField()),
                ("sequence", models.BigIntegerField(null=True)),
                ("key", models.CharField(max_length=200, null=True, unique=True)),
                ("input_hash", models.CharField(db_column="inputHash", max_length=64)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("grant", "Credits added"),
                            ("reserve", "Held for a quote"),
                            ("capture", "Charged"),
                            ("release", "Given back"),
                            ("reset", "New period"),
                            ("lapse", "Lapsed"),
                            ("adjust", "Adjusted by staff"),
                            ("clawback", "Taken back"),
                        ],
                        max_length=20,
                    ),
                ),
                ("subscription_change", models.BigIntegerField(db_column="subscriptionChange", default=0)),
                ("purchased_change", models.BigIntegerField(db_column="purchasedChange", default=0)),
                ("reserved_change", models.BigIntegerField(db_column="reservedChange", default=0)),
                ("subscription_after", models.BigIntegerField(db_column="subscriptionAfter", default=0)),
                ("purchased_after", models.BigIntegerField(db_column="purchasedAfter", default=0)),
                ("reserved_after", models.BigIntegerField(db_column="reservedAfter", default=0)),
                ("debt_change", models.BigIntegerField(db_column="debtChange", default=0)),
                ("debt_after", models.BigIntegerField(db_column="debtAfter", default=0)),
                ("by_type", models.JSONField(db_column="byType", default=dict)),
                ("reason", models.CharField(max_length=300)),
                ("reference_kind", models.CharField(blank=True, db_column="referenceKind", max_length=40, null=True)),
                ("reference_id", models.CharField(blank=True, db_column="referenceId", max_length=120, null=True)),
                ("actor", models.CharField(max_length=120)),
                ("previous_hash", models.CharField(db_column="previousHash", max_length=64)),
                ("hash", models.CharField(max_length=64)),
                (
                    "credit",
                    models.ForeignKey(
                        db_column="creditId",
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="credits.credit",
                    ),
                ),
            ],
            options={
                "verbose_name": "ledger entry",
                "verbose_name_plural": "ledger entries",
                "db_table": "CreditLog",
            },
        ),
        migrations.CreateModel(
            name="CreditUsage",
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
                    "credit_type",
                    models.CharField(
                        choices=[("SEARCH", "Property data"), ("SKIPTRACE", "Skip trace")],
                        db_column="creditType",
                        max_length=20,
                    ),
                ),
                ("credit_reserved", models.BigIntegerField(db_column="creditReserved", default=0)),
                ("credit_used", models.BigIntegerField(db_column="creditUsed", default=0)),
                ("prepaid", models.DecimalField(decimal_places=4, default=0, max_digits=8)),
                (
                    "credit",
                    models.ForeignKey(
                        db_column="creditId",
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="usages",
                        to="credits.credit",
                    ),
                ),
            ],
            options={
                "db_table": "CreditUsage",
            },
        ),
        migrations.CreateModel(
            name="Quote",
            fields=[
                ("id", models.CharField(db_column="_id", max_length=32, primary_key=True, serialize=False)),
                ("user_id", django_mongodb_backend.fields.ObjectIdField(db_column="userId")),
                ("kind", models.CharField(max_length=30)),
                ("title", models.CharField(max_length=200)),
                ("subject", models.JSONField(default=dict)),
                ("lines", models.JSONField(default=list)),
                ("max_cost", models.BigIntegerField(db_column="maxCost")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("offered", "Offered"),
                            ("accepted", "Accepted"),
                            ("settled", "Settled"),
                            ("expired", "Expired"),
                        ],
                        default="offered",
                        max_length=10,
                    ),
                ),
                ("input_hash", models.CharField(db_column="inputHash", max_length=64)),
                ("created_at", models.DateTimeField(db_column="createdAt", default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField(db_column="expiresAt")),
                ("accepted_at", models.DateTimeField(blank=True, db_column="acceptedAt", null=True)),
                ("hold_until", models.DateTimeField(blank=True, db_column="holdUntil", null=True)),
                ("ended_at", models.DateTimeField(blank=True, db_column="endedAt", null=True)),
                ("period", models.CharField(default="", max_length=120)),
                ("held_subscription", models.BigIntegerField(db_column="heldSubscription", default=0)),
                ("held_purchased", models.BigIntegerField(db_column="heldPurchased", default=0)),
                ("reserved", models.BigIntegerField(default=0)),
                ("captured", models.BigIntegerField(default=0)),
                ("released", models.BigIntegerField(default=0)),
                ("lapsed", models.BigIntegerField(default=0)),
                ("captures", models.BigIntegerField(default=0)),
                ("not_charged", models.JSONField(db_column="notCharged", default=list)),
                ("accept_view", models.CharField(db_column="acceptView", max_length=80)),
                ("back_url", models.CharField(db_column="backUrl", default="/", max_length=2000)),
                ("job_id", models.CharField(blank=True, db_column="jobId", max_length=40, null=True)),
            ],
            options={
                "db_table": "Quote",
                "indexes": [
                    models.Index(fields=["user_id", "-created_at"], name="quote_by_user"),
                    models.Index(fields=["-created_at"], name="quote_by_age"),
                    models.Index(fields=["status", "expires_at"], name="quote_by_expiry"),
                    models.Index(fields=["status", "hold_until"], name="quote_by_hold"),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="credit",
            index=models.Index(fields=["lapses_at"], name="wallet_by_lapse"),
        ),
        migrations.AddIndex(
            model_name="creditlog",
            index=models.Index(fields=["credit", "-sequence"], name="entry_by_number"),
        ),
        migrations.AddIndex(
            model_name="creditlog",
            index=models.Index(fields=["credit", "-timestamp"], name="entry_by_time"),
        ),
        migrations.AddIndex(
            model_name="creditlog",
            index=models.Index(fields=["reference_kind", "reference_id"], name="entry_by_reference"),
        ),
        migrations.AddConstraint(
            model_name="creditlog",
            constraint=models.UniqueConstraint(fields=("credit", "sequence"), name="entry_by_sequence"),
        ),
        migrations.AddConstraint(
            model_name="creditusage",
            constraint=models.UniqueConstraint(fields=("credit", "credit_type"), name="usage_once_a_type"),
        ),
    ]
