"""How far a comparison of the books has come, and payments by their date."""

import bson.objectid
import django_mongodb_backend.fields
from django.conf import settings
from django.db import migrations, models

from atlas_site.mongodb.migrations import SetValidator, one_of, whole_number

COUNT = whole_number(minimum=0)


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0006_looks_at_standing_orders"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ReconciliationRun",
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
                ("started_at", models.DateTimeField(db_column="startedAt")),
                ("since", models.DateTimeField()),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("events", "Events that never arrived"),
                            ("invoices", "Invoices that changed"),
                            ("transactions", "Transactions that changed"),
                            ("subscriptions", "Subscriptions that changed"),
                            ("ours", "Customers that Atlas knows of"),
                            ("customers", "Comparing one after the other"),
                        ],
                        default="events",
                        max_length=20,
                    ),
                ),
                ("walked_to", models.DateTimeField(blank=True, db_column="walkedTo", null=True)),
                (
                    "customer_ids",
                    django_mongodb_backend.fields.ArrayField(
                        base_field=models.CharField(max_length=50), blank=True, db_column="customerIds", default=list
                    ),
                ),
                (
                    "last_customer_id",
                    models.CharField(blank=True, db_column="lastCustomerId", default="", max_length=50),
                ),
                ("failures", models.IntegerField(default=0)),
                ("compared", models.IntegerField(default=0)),
                ("events_stored", models.IntegerField(db_column="eventsStored", default=0)),
                (
                    "mended",
                    django_mongodb_backend.fields.ArrayField(
                        base_field=models.CharField(max_length=250), blank=True, default=list
                    ),
                ),
                (
                    "opened",
                    django_mongodb_backend.fields.ArrayField(
                        base_field=models.CharField(max_length=200), blank=True, default=list
                    ),
                ),
                (
                    "closed",
                    django_mongodb_backend.fields.ArrayField(
                        base_field=models.CharField(max_length=200), blank=True, default=list
                    ),
                ),
                (
                    "unread",
                    django_mongodb_backend.fields.ArrayField(
                        base_field=models.CharField(max_length=50), blank=True, default=list
                    ),
                ),
                ("next_turn_at", models.DateTimeField(blank=True, db_column="nextTurnAt", null=True)),
                ("finished_at", models.DateTimeField(blank=True, db_column="finishedAt", null=True)),
            ],
            options={
                "db_table": "ReconciliationRun",
            },
        ),
        migrations.AddIndex(
            model_name="paymenttransaction",
            index=models.Index(fields=["transaction_date", "user"], name="payment_by_date"),
        ),
        migrations.AddIndex(
            model_name="reconciliationrun",
            index=models.Index(fields=["finished_at", "next_turn_at"], name="reconciliation_by_turn"),
        ),
        SetValidator(
            "ReconciliationRun",
            {
                "step": one_of("events", "invoices", "transactions", "subscriptions", "ours", "customers"),
                "failures": COUNT,
                "compared": COUNT,
                "eventsStored": COUNT,
            },
        ),
    ]
