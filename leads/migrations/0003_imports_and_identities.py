"""Imports with their plans, remembered columns, and contacts with all that an import brings."""

import bson.objectid
import django.db.models.deletion
import django.utils.timezone
import django_mongodb_backend.fields
from django.conf import settings
from django.db import migrations, models

from atlas_site.mongodb.migrations import LongMigration


class Migration(LongMigration):
    dependencies = [
        ("leads", "0002_validators"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ColumnMapping",
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
                ("header_hash", models.CharField(db_column="headerHash", max_length=64)),
                ("headers", models.JSONField(default=list)),
                ("mapping", models.JSONField(default=list)),
                ("used_at", models.DateTimeField(db_column="usedAt", default=django.utils.timezone.now)),
            ],
            options={
                "db_table": "ColumnMapping",
            },
        ),
        migrations.CreateModel(
            name="ImportChunk",
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
                ("number", models.IntegerField()),
                ("rows", models.JSONField(default=list)),
            ],
            options={
                "db_table": "ImportChunk",
            },
        ),
        migrations.CreateModel(
            name="LeadImport",
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
                ("group_name", models.CharField(db_column="groupName", max_length=150)),
                ("file_name", models.CharField(db_column="fileName", max_length=255)),
                ("stored_name", models.CharField(db_column="storedName", max_length=255)),
                ("size", models.BigIntegerField(default=0)),
                ("content_hash", models.CharField(db_column="contentHash", default="", max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Waiting to be read"),
                            ("reading", "Being read"),
                            ("mapping", "Waiting for you to check the columns"),
                            ("planning", "Plan being made"),
                            ("planned", "Waiting for your decision"),
                            ("committing", "Being imported"),
                            ("done", "Imported"),
                            ("refused", "Refused"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="received",
                        max_length=12,
                    ),
                ),
                ("problem", models.CharField(blank=True, default="", max_length=500)),
                ("table", models.JSONField(blank=True, default=dict)),
                ("guesses", models.JSONField(blank=True, default=list)),
                ("mapping", models.JSONField(blank=True, default=list)),
                ("skips_known", models.BooleanField(db_column="skipsKnown", default=False)),
                ("counts", models.JSONField(blank=True, default=dict)),
                ("causes", models.JSONField(blank=True, default=dict)),
                ("plan_hash", models.CharField(db_column="planHash", default="", max_length=64)),
                ("workspace_version", models.BigIntegerField(db_column="workspaceVersion", default=0)),
                ("rows_read", models.BigIntegerField(db_column="rowsRead", default=0)),
                ("chunks_planned", models.BigIntegerField(db_column="chunksPlanned", default=0)),
                ("chunks_committed", models.BigIntegerField(db_column="chunksCommitted", default=0)),
                ("attempt", models.IntegerField(default=0)),
                (
                    "due_at",
                    models.DateTimeField(blank=True, db_column="dueAt", default=django.utils.timezone.now, null=True),
                ),
                ("lease_until", models.DateTimeField(blank=True, db_column="leaseUntil", null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_column="createdAt", default=django.utils.timezone.now, editable=False),
                ),
                ("ended_at", models.DateTimeField(blank=True, db_column="endedAt", null=True)),
            ],
            options={
                "db_table": "LeadImport",
            },
        ),
        migrations.CreateModel(
            name="LeadWorkspace",
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
                ("version", models.BigIntegerField(default=0)),
                ("committing", models.CharField(blank=True, max_length=24, null=True)),
            ],
            options={
                "db_table": "LeadWorkspace",
            },
        ),
        migrations.AddField(
            model_name="contact",
            name="apn",
            field=models.CharField(blank=True, max_length=60, null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="county",
            field=models.CharField(blank=True, max_length=100, null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="created_at",
            field=models.DateTimeField(
                db_column="createdAt", default=django.utils.timezone.now, editable=False, null=True
            ),
        ),
        migrations.AddField(
            model_name="contact",
            name="dead_reason",
            field=models.CharField(blank=True, db_column="deadReason", max_length=200, null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="emails",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="contact",
            name="identity_key",
            field=models.CharField(blank=True, db_column="identityKey", max_length=32, null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="mailing_address",
            field=models.CharField(blank=True, db_column="mailingAddress", max_length=200, null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="mailing_city",
            field=models.CharField(blank=True, db_column="mailingCity", max_length=100, null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="mailing_state",
            field=models.CharField(blank=True, db_column="mailingState", max_length=50, null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="mailing_zip",
            field=models.CharField(blank=True, db_column="mailingZip", max_length=10, null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="match_keys",
            field=django_mongodb_backend.fields.ArrayField(
                base_field=models.CharField(max_length=24), blank=True, db_column="matchKeys", default=list
            ),
        ),
        migrations.AddField(
            model_name="contact",
            name="origin",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="phones",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="contact",
            name="stage",
            field=models.CharField(
                choices=[
                    ("new", "New"),
                    ("attempting", "Attempting"),
                    ("talking", "Talking"),
                    ("offer_made", "Offer made"),
                    ("under_contract", "Under contract"),
                    ("closed", "Closed"),
                    ("nurture", "Nurture"),
                    ("dead", "Dead"),
                ],
                default="new",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="contact",
            name="user",
            field=models.ForeignKey(
                blank=True,
                db_column="userId",
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="contacts",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="leadgroup",
            name="deleted_at",
            field=models.DateTimeField(blank=True, db_column="deletedAt", editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["user", "match_keys"], name="contact_by_match"),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["user", "identity_key"], name="contact_by_identity"),
        ),
        migrations.AddField(
            model_name="columnmapping",
            name="user",
            field=models.ForeignKey(
                db_column="userId",
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="column_mappings",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="leadimport",
            name="lead_group",
            field=models.ForeignKey(
                blank=True,
                db_column="leadId",
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="imports",
                to="leads.leadgroup",
            ),
        ),
        migrations.AddField(
            model_name="leadimport",
            name="user",
            field=models.ForeignKey(
                db_column="userId",
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="lead_imports",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="importchunk",
            name="lead_import",
            field=models.ForeignKey(
                db_column="importId",
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="chunks",
                to="leads.leadimport",
            ),
        ),
        migrations.AddField(
            model_name="leadworkspace",
            name="user",
            field=models.OneToOneField(
                db_column="userId",
                on_delete=django.db.models.deletion.CASCADE,
                related_name="lead_workspace",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="columnmapping",
            constraint=models.UniqueConstraint(fields=("user", "header_hash"), name="mapping_by_headers"),
        ),
        migrations.AddIndex(
            model_name="leadimport",
            index=models.Index(fields=["user", "-created_at"], name="import_by_user"),
        ),
        migrations.AddIndex(
            model_name="leadimport",
            index=models.Index(fields=["user", "content_hash", "-created_at"], name="import_by_content"),
        ),
        migrations.AddIndex(
            model_name="leadimport",
            index=models.Index(fields=["state", "due_at"], name="import_by_due"),
        ),
        migrations.AddConstraint(
            model_name="importchunk",
            constraint=models.UniqueConstraint(fields=("lead_import", "number"), name="chunk_by_number"),
        ),
    ]
