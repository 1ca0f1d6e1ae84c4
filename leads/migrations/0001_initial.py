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
            name="LeadGroup",
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
                ("name", models.CharField(max_length=150)),
                ("description", models.TextField(blank=True, null=True)),
                ("total_contacts", models.BigIntegerField(db_column="totalContacts", default=0)),
                ("file_name", models.CharField(blank=True, db_column="fileName", max_length=255, null=True)),
                (
                    "tags",
                    django_mongodb_backend.fields.ArrayField(
                        base_field=models.CharField(max_length=50), blank=True, default=list
                    ),
                ),
                ("is_deleted", models.BooleanField(db_column="isDeleted", default=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_column="createdAt", default=django.utils.timezone.now, editable=False, null=True
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_column="userId",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lead_groups",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "Leads",
            },
        ),
        migrations.CreateModel(
            name="Enrichment",
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
                    "status",
                    models.CharField(
                        choices=[("processing", "Processing"), ("completed", "Completed"), ("failed", "Failed")],
                        default="processing",
                        max_length=12,
                    ),
                ),
                ("phase", models.CharField(blank=True, max_length=20, null=True)),
                ("total_batches", models.BigIntegerField(db_column="totalBatches", default=0)),
                ("total_leads", models.BigIntegerField(db_column="totalLeads", default=0)),
                (
                    "lead_group",
                    models.ForeignKey(
                        db_column="leadId",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="enrichments",
                        to="leads.leadgroup",
                    ),
                ),
            ],
            options={
                "db_table": "Enrichment",
            },
        ),
        migrations.CreateModel(
            name="Contact",
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
                ("first_name", models.CharField(blank=True, db_column="firstName", max_length=100, null=True)),
                ("last_name", models.CharField(blank=True, db_column="lastName", max_length=100, null=True)),
                ("email", models.CharField(blank=True, max_length=254, null=True)),
                ("phone", models.CharField(blank=True, max_length=32, null=True)),
                ("company", models.CharField(blank=True, max_length=200, null=True)),
                ("linkedin", models.CharField(blank=True, max_length=300, null=True)),
                ("address", models.CharField(blank=True, max_length=200, null=True)),
                ("city", models.CharField(blank=True, max_length=100, null=True)),
                ("state", models.CharField(blank=True, max_length=50, null=True)),
                ("zip", models.CharField(blank=True, max_length=10, null=True)),
                ("is_enriched", models.BooleanField(db_column="isEnriched", default=False)),
                ("enriched_at", models.DateTimeField(blank=True, db_column="enrichedAt", null=True)),
                (
                    "enrichment_source",
                    models.CharField(blank=True, db_column="enrichmentSource", max_length=50, null=True),
                ),
                ("is_divorce_lead", models.BooleanField(db_column="isDivorceLead", default=False)),
                ("engagement_score", models.IntegerField(blank=True, db_column="engagementScore", null=True)),
                (
                    "lead_group",
                    models.ForeignKey(
                        db_column="leadsId",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="contacts",
                        to="leads.leadgroup",
                    ),
                ),
            ],
            options={
                "db_table": "Contacts",
            },
        ),
        migrations.CreateModel(
            name="EnrichmentBatch",
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
                ("batch_number", models.IntegerField(db_column="batchNumber")),
                ("total_contacts", models.IntegerField(db_column="totalContacts", default=0)),
                (
                    "status",
                    models.CharField(
                        choices=[("pending", "Pending"), ("completed", "Completed"), ("failed", "Failed")],
                        default="pending",
                        max_length=12,
                    ),
                ),
                ("enriched_count", models.IntegerField(db_column="enrichedCount", default=0)),
                ("skipped_count", models.IntegerField(db_column="skippedCount", default=0)),
                ("upload_id", models.CharField(blank=True, db_column="uploadId", max_length=100, null=True)),
                ("metadata", models.JSONField(blank=True, null=True)),
                ("phase", models.CharField(blank=True, max_length=20, null=True)),
                ("attempt", models.IntegerField(default=0)),
                ("lease_until", models.DateTimeField(blank=True, db_column="leaseUntil", null=True)),
                ("rows", models.JSONField(blank=True, default=list)),
                (
                    "enrichment",
                    models.ForeignKey(
                        db_column="enrichmentId",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="batches",
                        to="leads.enrichment",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "enrichment batches",
                "db_table": "EnrichmentBatchs",
                "indexes": [models.Index(fields=["status", "lease_until"], name="batch_by_lease")],
                "constraints": [models.UniqueConstraint(fields=("enrichment", "batch_number"), name="batch_by_number")],
            },
        ),
        migrations.AddIndex(
            model_name="leadgroup",
            index=models.Index(fields=["user", "is_deleted", "-created_at"], name="lead_group_by_user"),
        ),
        migrations.AddIndex(
            model_name="enrichment",
            index=models.Index(fields=["lead_group", "status"], name="enrichment_by_group"),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["lead_group", "last_name", "first_name"], name="contact_by_name"),
        ),
    ]
