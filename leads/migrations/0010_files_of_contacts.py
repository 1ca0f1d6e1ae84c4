"""Files of contacts that go out, and files of dialers that come back."""

import bson.objectid
import django.db.models.deletion
import django.utils.timezone
import django_mongodb_backend.fields
from django.conf import settings
from django.db import migrations, models

from atlas_site.mongodb.migrations import LongMigration, SetValidator, one_of, whole_number


class Migration(LongMigration):
    dependencies = [
        ("leads", "0009_people_at_work"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DialerFile",
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
                            ("asking", "Waiting for you to say what is what"),
                            ("planning", "Contacts being found"),
                            ("planned", "Waiting for your decision"),
                            ("committing", "Calls being logged"),
                            ("done", "Logged"),
                            ("refused", "Refused"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="received",
                        max_length=12,
                    ),
                ),
                ("problem", models.CharField(blank=True, default="", max_length=500)),
                ("table", models.JSONField(blank=True, default=dict)),
                ("mapping", models.JSONField(blank=True, default=list)),
                ("wordings", models.JSONField(blank=True, default=list)),
                ("counts", models.JSONField(blank=True, default=dict)),
                ("outcomes", models.JSONField(blank=True, default=dict)),
                ("causes", models.JSONField(blank=True, default=dict)),
                ("rows_read", models.BigIntegerField(db_column="rowsRead", default=0)),
                ("chunks_planned", models.BigIntegerField(db_column="chunksPlanned", default=0)),
                ("chunks_committed", models.BigIntegerField(db_column="chunksCommitted", default=0)),
                ("logged", models.BigIntegerField(default=0)),
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
                "db_table": "DialerFile",
            },
        ),
        migrations.CreateModel(
            name="DialerChunk",
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
                (
                    "dialer_file",
                    models.ForeignKey(
                        db_column="fileId",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="chunks",
                        to="leads.dialerfile",
                    ),
                ),
            ],
            options={
                "db_table": "DialerChunk",
            },
        ),
        migrations.CreateModel(
            name="DialerMemory",
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
                ("columns", models.JSONField(blank=True, default=list)),
                ("wordings", models.JSONField(blank=True, default=list)),
                (
                    "user",
                    models.OneToOneField(
                        db_column="userId",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "dialer memories",
                "db_table": "DialerMemory",
            },
        ),
        migrations.CreateModel(
            name="ContactExport",
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
                ("purpose", models.CharField(max_length=10)),
                ("label", models.CharField(max_length=200)),
                ("subject", models.JSONField(blank=True, default=dict)),
                ("counts", models.JSONField(blank=True, default=dict)),
                ("counted", models.BigIntegerField(default=0)),
                ("is_partial", models.BooleanField(db_column="isPartial", default=False)),
                ("counted_at", models.DateTimeField(blank=True, db_column="countedAt", null=True)),
                ("attempt", models.IntegerField(default=0)),
                ("due_at", models.DateTimeField(blank=True, db_column="dueAt", null=True)),
                ("lease_until", models.DateTimeField(blank=True, db_column="leaseUntil", null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_column="createdAt", default=django.utils.timezone.now, editable=False),
                ),
                (
                    "lead_group",
                    models.ForeignKey(
                        db_column="leadId",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="leads.leadgroup",
                    ),
                ),
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
                "db_table": "ContactExport",
                "indexes": [
                    models.Index(fields=["due_at"], name="contact_export_by_due"),
                    models.Index(fields=["created_at"], name="contact_export_by_age"),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="dialerfile",
            index=models.Index(fields=["user", "-created_at"], name="dialer_file_by_user"),
        ),
        migrations.AddIndex(
            model_name="dialerfile",
            index=models.Index(fields=["state", "due_at"], name="dialer_file_by_due"),
        ),
        migrations.AddConstraint(
            model_name="dialerchunk",
            constraint=models.UniqueConstraint(fields=("dialer_file", "number"), name="dialer_chunk_by_number"),
        ),
        SetValidator(
            "ContactExport",
            {
                "purpose": one_of("dialer", "numbers", "mail", "crm"),
                "counted": whole_number(minimum=0),
            },
        ),
        SetValidator(
            "DialerFile",
            {
                "state": one_of(
                    *("received", "reading", "asking", "planning", "planned"),
                    *("committing", "done", "refused", "cancelled"),
                ),
                "size": whole_number(minimum=0),
                "rowsRead": whole_number(minimum=0),
                "chunksPlanned": whole_number(minimum=0),
                "chunksCommitted": whole_number(minimum=0),
                "logged": whole_number(minimum=0),
            },
        ),
        SetValidator("DialerChunk", {"number": whole_number(minimum=1)}),
    ]
