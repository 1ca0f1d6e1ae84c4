"""What tracing people told, and who has bought it."""

import bson.objectid
import django.db.models.deletion
import django_mongodb_backend.fields
from django.conf import settings
from django.db import migrations, models

from atlas_site.mongodb.migrations import SetValidator, one_of


class Migration(migrations.Migration):
    dependencies = [
        ("properties", "0012_rows_with_proofs"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PersonTrace",
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
                ("key", models.CharField(max_length=32, unique=True)),
                ("place_key", models.CharField(blank=True, db_column="placeKey", default="", max_length=120)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("hit", "Phone found"),
                            ("no_phone", "E-mail only"),
                            ("litigator", "Known litigator"),
                            ("miss", "Nothing on file"),
                        ],
                        max_length=16,
                    ),
                ),
                ("phones", models.JSONField(blank=True, default=list)),
                ("emails", models.JSONField(blank=True, default=list)),
                ("person", models.JSONField(blank=True, default=dict)),
                ("call_id", models.CharField(blank=True, db_column="callId", default="", max_length=80)),
                ("answered_at", models.DateTimeField(db_column="answeredAt")),
            ],
            options={
                "db_table": "PersonTrace",
                "indexes": [models.Index(fields=["place_key"], name="trace_by_place")],
            },
        ),
        migrations.CreateModel(
            name="TracePurchase",
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
                ("place_key", models.CharField(blank=True, db_column="placeKey", default="", max_length=120)),
                ("bought_at", models.DateTimeField(db_column="boughtAt")),
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
                "db_table": "TracePurchase",
                "indexes": [models.Index(fields=["user", "place_key"], name="trace_bought_at_place")],
                "constraints": [models.UniqueConstraint(fields=("user", "key"), name="trace_bought_once")],
            },
        ),
        SetValidator("PersonTrace", {"outcome": one_of("hit", "no_phone", "litigator", "miss")}),
    ]
