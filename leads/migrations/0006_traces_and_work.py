"""Traces in batches that workers lease; identities, touches and numbers that must not be called."""

import bson.objectid
import django.db.models.deletion
import django.utils.timezone
import django_mongodb_backend.fields
from django.conf import settings
from django.db import migrations, models

from atlas_site.mongodb.migrations import LongMigration, SetValidator, one_of, whole_number


class Migration(LongMigration):
    dependencies = [
        ("leads", "0005_names_in_full"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DoNotCall",
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
                ("number", models.CharField(max_length=10)),
                ("why", models.CharField(blank=True, default="", max_length=200)),
                ("added_at", models.DateTimeField(db_column="addedAt")),
                ("removed_at", models.DateTimeField(blank=True, db_column="removedAt", null=True)),
            ],
            options={
                "verbose_name": "do-not-call number",
                "db_table": "DoNotCall",
            },
        ),
        migrations.CreateModel(
            name="Identity",
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
                ("do_not_call_at", models.DateTimeField(blank=True, db_column="doNotCallAt", null=True)),
                ("do_not_mail_at", models.DateTimeField(blank=True, db_column="doNotMailAt", null=True)),
                ("bad_numbers", models.JSONField(blank=True, db_column="badNumbers", default=dict)),
                ("touch_count", models.IntegerField(db_column="touchCount", default=0)),
                (
                    "last_outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("no_answer", "No answer"),
                            ("voicemail", "Voicemail"),
                            ("wrong_number", "Wrong number"),
                            ("disconnected", "Disconnected"),
                            ("not_interested", "Not interested"),
                            ("call_back", "Call back"),
                            ("interested", "Interested"),
                            ("do_not_call", "Do not call"),
                        ],
                        db_column="lastOutcome",
                        max_length=16,
                        null=True,
                    ),
                ),
                ("last_touched_at", models.DateTimeField(blank=True, db_column="lastTouchedAt", null=True)),
                ("next_touch_on", models.DateField(blank=True, db_column="nextTouchOn", null=True)),
                ("version", models.IntegerField(default=0)),
            ],
            options={
                "verbose_name_plural": "identities",
                "db_table": "Identity",
            },
        ),
        migrations.CreateModel(
            name="Touch",
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
                ("key", models.CharField(max_length=64, unique=True)),
                ("identity_key", models.CharField(db_column="identityKey", max_length=32)),
                ("contact_id", models.CharField(db_column="contactId", max_length=24)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("no_answer", "No answer"),
                            ("voicemail", "Voicemail"),
                            ("wrong_number", "Wrong number"),
                            ("disconnected", "Disconnected"),
                            ("not_interested", "Not interested"),
                            ("call_back", "Call back"),
                            ("interested", "Interested"),
                            ("do_not_call", "Do not call"),
                        ],
                        max_length=16,
                    ),
                ),
                ("number", models.CharField(blank=True, default="", max_length=10)),
                ("text", models.TextField(blank=True, default="")),
                ("call_back_on", models.DateField(blank=True, db_column="callBackOn", null=True)),
                ("source", models.CharField(default="hand", max_length=40)),
                ("touched_at", models.DateTimeField(db_column="touchedAt")),
                (
                    "created_at",
                    models.DateTimeField(db_column="createdAt", default=django.utils.timezone.now, editable=False),
                ),
            ],
            options={
                "verbose_name_plural": "touches",
                "db_table": "Touch",
            },
        ),
        migrations.AddField(
            model_name="contact",
            name="callable_until",
            field=models.DateTimeField(blank=True, db_column="callableUntil", null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="do_not_call",
            field=models.BooleanField(blank=True, db_column="doNotCall", null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="do_not_mail",
            field=models.BooleanField(blank=True, db_column="doNotMail", null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="is_deceased",
            field=models.BooleanField(blank=True, db_column="isDeceased", null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="is_litigator",
            field=models.BooleanField(blank=True, db_column="isLitigator", null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="last_outcome",
            field=models.CharField(blank=True, db_column="lastOutcome", max_length=16, null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="last_touched_at",
            field=models.DateTimeField(blank=True, db_column="lastTouchedAt", null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="next_touch_on",
            field=models.DateField(blank=True, db_column="nextTouchOn", null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="property_id",
            field=models.CharField(blank=True, db_column="propertyId", max_length=64, null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="trace_outcome",
            field=models.CharField(blank=True, db_column="traceOutcome", max_length=16, null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="traced_at",
            field=models.DateTimeField(blank=True, db_column="tracedAt", null=True),
        ),
        migrations.AddField(
            model_name="enrichment",
            name="cancelled_at",
            field=models.DateTimeField(blank=True, db_column="cancelledAt", null=True),
        ),
        migrations.AddField(
            model_name="enrichment",
            name="created_at",
            field=models.DateTimeField(
                db_column="createdAt", default=django.utils.timezone.now, editable=False, null=True
            ),
        ),
        migrations.AddField(
            model_name="enrichment",
            name="ended_at",
            field=models.DateTimeField(blank=True, db_column="endedAt", null=True),
        ),
        migrations.AddField(
            model_name="enrichment",
            name="mailed_at",
            field=models.DateTimeField(blank=True, db_column="mailedAt", null=True),
        ),
        migrations.AddField(
            model_name="enrichment",
            name="paused_at",
            field=models.DateTimeField(blank=True, db_column="pausedAt", null=True),
        ),
        migrations.AddField(
            model_name="enrichment",
            name="problem",
            field=models.CharField(blank=True, default="", max_length=300),
        ),
        migrations.AddField(
            model_name="enrichment",
            name="quote_ids",
            field=models.JSONField(blank=True, db_column="quoteIds", default=list),
        ),
        migrations.AddField(
            model_name="enrichment",
            name="title",
            field=models.CharField(blank=True, default="", max_length=200),
        ),
        migrations.AddField(
            model_name="enrichment",
            name="user",
            field=models.ForeignKey(
                blank=True,
                db_column="userId",
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="enrichments",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="enrichmentbatch",
            name="counts",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="enrichmentbatch",
            name="due_at",
            field=models.DateTimeField(blank=True, db_column="dueAt", null=True),
        ),
        migrations.AddField(
            model_name="enrichmentbatch",
            name="ended_at",
            field=models.DateTimeField(blank=True, db_column="endedAt", null=True),
        ),
        migrations.AddField(
            model_name="enrichmentbatch",
            name="failures",
            field=models.IntegerField(default=0),
        ),
        migrations.AddField(
            model_name="enrichmentbatch",
            name="problem",
            field=models.CharField(blank=True, default="", max_length=300),
        ),
        migrations.AddField(
            model_name="enrichmentbatch",
            name="quote_id",
            field=models.CharField(blank=True, db_column="quoteId", default="", max_length=32),
        ),
        migrations.AddField(
            model_name="enrichmentbatch",
            name="spent",
            field=models.IntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="enrichment",
            name="phase",
            field=models.CharField(
                blank=True,
                choices=[
                    ("running", "Running"),
                    ("paused", "Paused"),
                    ("delayed", "Delayed"),
                    ("cancelled", "Stopped"),
                    ("done", "Done"),
                ],
                max_length=20,
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="enrichmentbatch",
            name="phase",
            field=models.CharField(
                blank=True,
                choices=[
                    ("queued", "Waiting"),
                    ("sent", "Asked"),
                    ("settled", "Settled"),
                    ("done", "Done"),
                    ("unknown", "No answer came"),
                    ("failed", "Failed"),
                    ("cancelled", "Stopped"),
                ],
                max_length=20,
                null=True,
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["user", "property_id"], name="contact_by_property"),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["user", "next_touch_on"], name="contact_by_next_touch"),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["user", "-traced_at"], name="contact_by_trace"),
        ),
        migrations.AddIndex(
            model_name="enrichment",
            index=models.Index(fields=["user", "-created_at"], name="enrichment_by_user"),
        ),
        migrations.AddIndex(
            model_name="enrichment",
            index=models.Index(fields=["phase", "created_at"], name="enrichment_by_phase"),
        ),
        migrations.AddIndex(
            model_name="enrichmentbatch",
            index=models.Index(fields=["status", "due_at"], name="batch_by_due"),
        ),
        migrations.AddField(
            model_name="donotcall",
            name="user",
            field=models.ForeignKey(
                db_column="userId",
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="identity",
            name="user",
            field=models.ForeignKey(
                db_column="userId",
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="touch",
            name="user",
            field=models.ForeignKey(
                db_column="userId",
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="touches",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="donotcall",
            index=models.Index(fields=["user", "-added_at"], name="do_not_call_by_time"),
        ),
        migrations.AddConstraint(
            model_name="donotcall",
            constraint=models.UniqueConstraint(fields=("user", "number"), name="do_not_call_by_number"),
        ),
        migrations.AddConstraint(
            model_name="identity",
            constraint=models.UniqueConstraint(fields=("user", "key"), name="identity_by_key"),
        ),
        migrations.AddIndex(
            model_name="touch",
            index=models.Index(fields=["user", "identity_key", "-touched_at"], name="touch_by_identity"),
        ),
        migrations.AddIndex(
            model_name="touch",
            index=models.Index(fields=["user", "-touched_at"], name="touch_by_time"),
        ),
        SetValidator(
            "EnrichmentBatch",
            {
                "status": one_of("pending", "completed", "failed"),
                "batchNumber": whole_number(minimum=0),
                "totalContacts": whole_number(minimum=0),
                "enrichedCount": whole_number(minimum=0),
                "skippedCount": whole_number(minimum=0),
                "spent": whole_number(minimum=0),
                "failures": whole_number(minimum=0),
            },
        ),
        SetValidator(
            "Touch",
            {
                "outcome": one_of(
                    *("no_answer", "voicemail", "wrong_number", "disconnected"),
                    *("not_interested", "call_back", "interested", "do_not_call"),
                ),
            },
        ),
        SetValidator("Identity", {"touchCount": whole_number(minimum=0), "version": whole_number(minimum=0)}),
    ]
