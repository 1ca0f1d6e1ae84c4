import bson.objectid
import django.db.models.deletion
import django_mongodb_backend.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FeatureRequest",
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
                    "request_type",
                    models.CharField(
                        choices=[
                            ("FEATURE", "New feature"),
                            ("IMPROVEMENT", "Improvement"),
                            ("DATA", "Data"),
                            ("INTEGRATION", "Integration"),
                            ("BUG", "Something is broken"),
                            ("OTHER", "Something else"),
                        ],
                        db_column="requestType",
                        max_length=20,
                    ),
                ),
                (
                    "quick_signals",
                    django_mongodb_backend.fields.ArrayField(
                        base_field=models.CharField(max_length=60), blank=True, db_column="quickSignals", default=list
                    ),
                ),
                ("description", models.TextField(blank=True, null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("PENDING", "Pending"),
                            ("REVIEWED", "Reviewed"),
                            ("IN_PROGRESS", "In progress"),
                            ("COMPLETED", "Completed"),
                            ("REJECTED", "Rejected"),
                        ],
                        default="PENDING",
                        max_length=20,
                    ),
                ),
                (
                    "priority",
                    models.CharField(
                        choices=[("LOW", "Low"), ("MEDIUM", "Medium"), ("HIGH", "High"), ("CRITICAL", "Critical")],
                        default="MEDIUM",
                        max_length=10,
                    ),
                ),
                ("admin_notes", models.TextField(blank=True, db_column="adminNotes", null=True)),
                (
                    "user",
                    models.ForeignKey(
                        db_column="userId",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="feature_requests",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "FeatureRequest",
                "indexes": [
                    models.Index(fields=["user", "status"], name="request_by_user"),
                    models.Index(fields=["status", "priority"], name="request_by_status"),
                ],
            },
        ),
    ]
