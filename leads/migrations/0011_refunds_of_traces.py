"""Units that come back because every number of a traced person was wrong or disconnected."""

import bson.objectid
import django.db.models.deletion
import django_mongodb_backend.fields
from django.conf import settings
from django.db import migrations, models

from atlas_site.mongodb.migrations import EnsureIndex


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0010_files_of_contacts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="TraceRefund",
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
                ("key", models.CharField(max_length=32)),
                ("quote_id", models.CharField(db_column="quoteId", max_length=32)),
                ("weight", models.CharField(max_length=20)),
                ("noted_at", models.DateTimeField(db_column="notedAt")),
                ("refunded_at", models.DateTimeField(blank=True, db_column="refundedAt", null=True)),
                (
                    "user",
                    models.ForeignKey(
                        db_column="userId",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "TraceRefund",
            },
        ),
        migrations.AddIndex(
            model_name="tracerefund",
            index=models.Index(fields=["user", "refunded_at", "noted_at"], name="refund_by_time"),
        ),
        migrations.AddConstraint(
            model_name="tracerefund",
            constraint=models.UniqueConstraint(fields=("user", "key", "quote_id"), name="refund_once"),
        ),
        # Which batch traced a person.
        EnsureIndex("EnrichmentBatch", [("rows.key", 1)], "batch_by_person"),
    ]
