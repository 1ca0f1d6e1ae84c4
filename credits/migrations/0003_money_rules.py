import bson.objectid
import django.db.models.deletion
import django_mongodb_backend.fields
from django.conf import settings
from django.db import migrations, models

from atlas_site.mongodb.migrations import LongMigration, SetValidator, one_of, whole_number

AMOUNT = whole_number(minimum=0)
CHANGE = whole_number()
CREDIT_TYPE = one_of("SEARCH", "SKIPTRACE")
SHORTAGE = one_of("", "low", "empty")
WEIGHT = {"bsonType": ["double", "int", "long", "decimal", "null"], "minimum": 0}


class Migration(LongMigration):
    dependencies = [
        ("credits", "0002_validators"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CreditAdjustment",
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
                ("amount", models.BigIntegerField(help_text="Credits to add, or to take if negative.")),
                (
                    "bucket",
                    models.CharField(
                        choices=[("subscription", "Subscription credits"), ("purchased", "Purchased credits")],
                        default="purchased",
                        max_length=20,
                    ),
                ),
                ("reason", models.CharField(max_length=300)),
                ("corrects", models.CharField(blank=True, max_length=200, null=True)),
                ("limit", models.BigIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "Waiting for a second person"),
                            ("applied", "Applied"),
                            ("rejected", "Rejected"),
                        ],
                        default="proposed",
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField(db_column="createdAt")),
                ("decided_at", models.DateTimeField(blank=True, db_column="decidedAt", null=True)),
            ],
            options={
                "verbose_name": "adjustment",
                "db_table": "CreditAdjustment",
            },
        ),
        migrations.RemoveIndex(
            model_name="creditlog",
            name="entry_by_number",
        ),
        migrations.RemoveIndex(
            model_name="creditlog",
            name="entry_by_time",
        ),
        migrations.AddField(
            model_name="credit",
            name="automatic_spending_stopped",
            field=models.BooleanField(db_column="automaticSpendingStopped", default=False),
        ),
        migrations.AddField(
            model_name="credit",
            name="automatic_spending_stopped_at",
            field=models.DateTimeField(blank=True, db_column="automaticSpendingStoppedAt", null=True),
        ),
        migrations.AddField(
            model_name="credit",
            name="latest_period_at",
            field=models.DateTimeField(blank=True, db_column="latestPeriodAt", null=True),
        ),
        migrations.AddField(
            model_name="credit",
            name="subscription_frozen",
            field=models.BooleanField(db_column="subscriptionFrozen", default=False),
        ),
        migrations.AddField(
            model_name="credit",
            name="subscription_frozen_at",
            field=models.DateTimeField(blank=True, db_column="subscriptionFrozenAt", null=True),
        ),
        migrations.AddField(
            model_name="credit",
            name="warned",
            field=models.CharField(
                choices=[("", "None"), ("low", "A fifth is left"), ("empty", "Nothing is left")],
                default="",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="credit",
            name="warning_due",
            field=models.CharField(
                choices=[("", "None"), ("low", "A fifth is left"), ("empty", "Nothing is left")],
                db_column="warningDue",
                default="",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="credit",
            name="warning_leased_until",
            field=models.DateTimeField(blank=True, db_column="warningLeasedUntil", null=True),
        ),
        # Entries that are there stay as they are, without the key: all their keys are in their hash.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField(
                    model_name="creditlog",
                    name="period",
                    field=models.CharField(blank=True, max_length=120, null=True),
                ),
            ],
        ),
        migrations.AddField(
            model_name="creditweight",
            name="next_weight",
            field=models.FloatField(blank=True, db_column="nextWeight", null=True),
        ),
        migrations.AddField(
            model_name="creditweight",
            name="next_weight_from",
            field=models.DateTimeField(blank=True, db_column="nextWeightFrom", null=True),
        ),
        migrations.AddField(
            model_name="quote",
            name="source_id",
            field=models.CharField(db_column="sourceId", default="", max_length=120),
        ),
        migrations.AddField(
            model_name="quote",
            name="source_kind",
            field=models.CharField(db_column="sourceKind", default="", max_length=20),
        ),
        migrations.AddField(
            model_name="quote",
            name="source_label",
            field=models.CharField(db_column="sourceLabel", default="", max_length=200),
        ),
        migrations.AddField(
            model_name="quote",
            name="source_url",
            field=models.CharField(db_column="sourceUrl", default="", max_length=2000),
        ),
        migrations.AddField(
            model_name="quote",
            name="subscription_frozen",
            field=models.BooleanField(db_column="subscriptionFrozen", default=False),
        ),
        migrations.AddIndex(
            model_name="credit",
            index=models.Index(fields=["warning_due"], name="wallet_by_warning"),
        ),
        migrations.AddIndex(
            model_name="creditlog",
            index=models.Index(fields=["credit", "-sequence", "timestamp", "kind"], name="entry_by_number"),
        ),
        migrations.AddIndex(
            model_name="creditlog",
            index=models.Index(fields=["credit", "-timestamp", "-sequence"], name="entry_by_moment"),
        ),
        migrations.AddIndex(
            model_name="creditlog",
            index=models.Index(fields=["credit", "kind", "-timestamp", "reserved_change"], name="entry_by_kind"),
        ),
        migrations.AddIndex(
            model_name="quote",
            index=models.Index(fields=["user_id", "status", "-created_at"], name="quote_by_user_and_state"),
        ),
        migrations.AddIndex(
            model_name="quote",
            index=models.Index(fields=["user_id", "status", "-ended_at", "-id"], name="receipt_by_user"),
        ),
        migrations.AddField(
            model_name="creditadjustment",
            name="approved_by",
            field=models.ForeignKey(
                blank=True,
                db_column="approvedBy",
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="creditadjustment",
            name="proposed_by",
            field=models.ForeignKey(
                db_column="proposedBy",
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="creditadjustment",
            name="rejected_by",
            field=models.ForeignKey(
                blank=True,
                db_column="rejectedBy",
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="creditadjustment",
            name="user",
            field=models.ForeignKey(
                db_column="userId",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="adjustments",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="creditadjustment",
            index=models.Index(fields=["state", "-created_at"], name="adjustment_by_state"),
        ),
        SetValidator(
            "Credit",
            {
                "subscriptionCredits": AMOUNT,
                "purchasedCredits": AMOUNT,
                "creditAvailable": AMOUNT,
                "reserved": AMOUNT,
                "sequence": AMOUNT,
                "debt": AMOUNT,
                "periodGrant": AMOUNT,
                "periodReturned": AMOUNT,
                "lastPurchase": AMOUNT,
                "warningDue": SHORTAGE,
                "warned": SHORTAGE,
            },
        ),
        SetValidator("CreditWeight", {"creditType": CREDIT_TYPE, "weight": WEIGHT, "nextWeight": WEIGHT}),
        SetValidator(
            "CreditAdjustment",
            {
                "amount": CHANGE,
                "limit": AMOUNT,
                "bucket": one_of("subscription", "purchased"),
                "state": one_of("proposed", "applied", "rejected"),
            },
        ),
    ]
