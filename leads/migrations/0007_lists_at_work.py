"""Work on whole lists, and what links contacts to the properties that their users own."""

import bson.objectid
import django.db.models.deletion
import django.utils.timezone
import django_mongodb_backend.fields
from django.conf import settings
from django.db import migrations, models

from atlas_site.mongodb.migrations import LongMigration, SetValidator, one_of, whole_number


class Migration(LongMigration):
    dependencies = [
        ("leads", "0006_traces_and_work"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ListJob",
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
                    "kind",
                    models.CharField(choices=[("combine", "Combine lists"), ("add", "Add properties")], max_length=8),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("counting", "Being counted"),
                            ("counted", "Waiting for your decision"),
                            ("making", "Being made"),
                            ("done", "Done"),
                            ("refused", "Not done"),
                            ("cancelled", "Cancelled"),
                        ],
                        max_length=10,
                    ),
                ),
                ("group_name", models.CharField(db_column="groupName", max_length=150)),
                ("subject", models.JSONField(default=dict)),
                ("counts", models.JSONField(blank=True, default=dict)),
                ("problem", models.CharField(blank=True, default="", max_length=300)),
                ("workspace_version", models.BigIntegerField(db_column="workspaceVersion", default=0)),
                ("total", models.BigIntegerField(default=0)),
                ("done", models.BigIntegerField(default=0)),
                ("attempt", models.IntegerField(default=0)),
                ("due_at", models.DateTimeField(blank=True, db_column="dueAt", null=True)),
                ("lease_until", models.DateTimeField(blank=True, db_column="leaseUntil", null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_column="createdAt", default=django.utils.timezone.now, editable=False),
                ),
                ("ended_at", models.DateTimeField(blank=True, db_column="endedAt", null=True)),
            ],
            options={
                "db_table": "ListJob",
            },
        ),
        migrations.CreateModel(
            name="ListPart",
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
                ("leads", models.JSONField(default=list)),
            ],
            options={
                "db_table": "ListPart",
            },
        ),
        migrations.AddField(
            model_name="contact",
            name="place_key",
            field=models.CharField(blank=True, db_column="placeKey", max_length=12, null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="place_key_count",
            field=models.IntegerField(blank=True, db_column="placeKeyCount", null=True),
        ),
        migrations.AddField(
            model_name="leadworkspace",
            name="link_due_at",
            field=models.DateTimeField(blank=True, db_column="linkDueAt", null=True),
        ),
        migrations.AddField(
            model_name="leadworkspace",
            name="link_groups",
            field=models.JSONField(blank=True, db_column="linkGroups", default=list),
        ),
        migrations.AddField(
            model_name="leadworkspace",
            name="linked_until",
            field=models.DateTimeField(blank=True, db_column="linkedUntil", null=True),
        ),
        migrations.AddField(
            model_name="leadworkspace",
            name="looked_at",
            field=models.DateTimeField(blank=True, db_column="lookedAt", null=True),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["user", "place_key"], name="contact_by_place"),
        ),
        migrations.AddIndex(
            model_name="leadworkspace",
            index=models.Index(fields=["link_due_at"], name="workspace_to_link"),
        ),
        migrations.AddIndex(
            model_name="leadworkspace",
            index=models.Index(fields=["looked_at"], name="workspace_by_look"),
        ),
        migrations.AddField(
            model_name="listjob",
            name="lead_group",
            field=models.ForeignKey(
                blank=True,
                db_column="leadId",
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="leads.leadgroup",
            ),
        ),
        migrations.AddField(
            model_name="listjob",
            name="user",
            field=models.ForeignKey(
                db_column="userId",
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="list_jobs",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="listpart",
            name="job",
            field=models.ForeignKey(
                db_column="jobId",
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="parts",
                to="leads.listjob",
            ),
        ),
        migrations.AddIndex(
            model_name="listjob",
            index=models.Index(fields=["user", "-created_at"], name="list_job_by_user"),
        ),
        migrations.AddIndex(
            model_name="listjob",
            index=models.Index(fields=["state", "due_at"], name="list_job_by_due"),
        ),
        migrations.AddConstraint(
            model_name="listpart",
            constraint=models.UniqueConstraint(fields=("job", "number"), name="list_part_by_number"),
        ),
        SetValidator(
            "ListJob",
            {
                "kind": one_of("combine", "add"),
                "state": one_of("counting", "counted", "making", "done", "refused", "cancelled"),
                "total": whole_number(minimum=0),
                "done": whole_number(minimum=0),
                "workspaceVersion": whole_number(minimum=0),
            },
        ),
        SetValidator("ListPart", {"number": whole_number(minimum=1)}),
    ]
