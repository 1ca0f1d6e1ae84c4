"""Owned rows hold the facts of every filter; snapshots, watches, digests, sheets and exports."""

import datetime

import bson.objectid
import django.db.models.deletion
import django_mongodb_backend.fields
from django.conf import settings
from django.db import migrations, models

from atlas_site.mongodb.migrations import LongMigration


class Migration(LongMigration):
    dependencies = [
        ("properties", "0002_validators"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Allowance",
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
                ("cause", models.CharField(max_length=30)),
                ("period", models.CharField(max_length=10)),
                ("used", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "Allowance",
            },
        ),
        migrations.CreateModel(
            name="Digest",
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
                ("day", models.CharField(max_length=10)),
                ("run_ids", models.JSONField(db_column="runIds", default=list)),
                (
                    "state",
                    models.CharField(
                        choices=[("due", "Due"), ("sent", "Sent"), ("failed", "Failed")], default="due", max_length=10
                    ),
                ),
                ("due_at", models.DateTimeField(db_column="dueAt")),
                ("lease_until", models.DateTimeField(blank=True, db_column="leaseUntil", null=True)),
                ("attempt", models.IntegerField(default=0)),
                ("sent_at", models.DateTimeField(blank=True, db_column="sentAt", null=True)),
            ],
            options={
                "db_table": "Digest",
            },
        ),
        migrations.CreateModel(
            name="Export",
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
                ("kind", models.CharField(max_length=20)),
                ("label", models.CharField(max_length=200)),
                ("format", models.CharField(max_length=4)),
                ("columns", models.JSONField(default=list)),
                ("subject", models.JSONField(default=dict)),
                ("row_count", models.BigIntegerField(db_column="rowCount", default=0)),
                ("created_at", models.DateTimeField(db_column="createdAt")),
                ("ended_at", models.DateTimeField(blank=True, db_column="endedAt", null=True)),
            ],
            options={
                "db_table": "Export",
            },
        ),
        migrations.CreateModel(
            name="OwnedCell",
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
                ("zoom", models.IntegerField()),
                ("x", models.IntegerField()),
                ("y", models.IntegerField()),
                ("count", models.BigIntegerField(default=0)),
                ("latitude_sum", models.FloatField(db_column="latitudeSum", default=0)),
                ("longitude_sum", models.FloatField(db_column="longitudeSum", default=0)),
            ],
            options={
                "db_table": "OwnedCell",
            },
        ),
        migrations.CreateModel(
            name="PropertySheet",
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
                ("property_id", models.CharField(db_column="propertyId", max_length=64)),
                ("pinned_ids", models.JSONField(db_column="pinnedIds", default=list)),
                ("limits", models.JSONField(default=dict)),
                ("found_ids", models.JSONField(db_column="foundIds", default=list)),
                ("arv", models.BigIntegerField(blank=True, null=True)),
                ("percent", models.IntegerField(default=70)),
                ("repairs", models.BigIntegerField(default=0)),
                ("fee", models.BigIntegerField(default=0)),
                ("updated_at", models.DateTimeField(db_column="updatedAt")),
            ],
            options={
                "db_table": "PropertySheet",
            },
        ),
        migrations.CreateModel(
            name="SavedSearchSnapshot",
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
                ("part", models.IntegerField()),
                ("content", models.BinaryField()),
            ],
            options={
                "db_table": "SavedSearchSnapshot",
            },
        ),
        migrations.CreateModel(
            name="ViewPreference",
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
                ("columns", models.JSONField(default=list)),
                ("density", models.CharField(default="compact", max_length=12)),
                ("export_columns", models.JSONField(db_column="exportColumns", default=list)),
                ("export_format", models.CharField(db_column="exportFormat", default="csv", max_length=4)),
            ],
            options={
                "db_table": "ViewPreference",
            },
        ),
        migrations.CreateModel(
            name="Watch",
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
                ("reveals_new", models.BooleanField(db_column="revealsNew", default=True)),
                ("refreshes_owned", models.BooleanField(db_column="refreshesOwned", default=False)),
                ("cap_per_run", models.BigIntegerField(db_column="capPerRun")),
                ("cap_per_month", models.BigIntegerField(db_column="capPerMonth")),
                ("ends_at", models.DateTimeField(db_column="endsAt")),
                ("accepted_at", models.DateTimeField(db_column="acceptedAt")),
                (
                    "state",
                    models.CharField(choices=[("armed", "On"), ("disarmed", "Off")], default="armed", max_length=10),
                ),
                ("why_disarmed", models.CharField(blank=True, db_column="whyDisarmed", default="", max_length=200)),
                ("month", models.CharField(blank=True, default="", max_length=7)),
                ("committed_in_month", models.BigIntegerField(db_column="committedInMonth", default=0)),
                ("unopened_run_count", models.IntegerField(db_column="unopenedRunCount", default=0)),
                ("last_run_number", models.IntegerField(db_column="lastRunNumber", default=0)),
            ],
            options={
                "verbose_name_plural": "watches",
                "db_table": "Watch",
            },
        ),
        migrations.AddField(
            model_name="property",
            name="spread_due_at",
            field=models.DateTimeField(blank=True, db_column="spreadDueAt", null=True),
        ),
        migrations.AddField(
            model_name="property",
            name="street_view",
            field=models.JSONField(blank=True, db_column="streetView", default=dict),
        ),
        migrations.AddField(
            model_name="propertydatasetpermission",
            name="absent_signals",
            field=django_mongodb_backend.fields.ArrayField(
                base_field=models.CharField(max_length=60), blank=True, db_column="absentSignals", default=list
            ),
        ),
        migrations.AddField(
            model_name="propertydatasetpermission",
            name="facts",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="propertydatasetpermission",
            name="location",
            field=django_mongodb_backend.fields.ArrayField(base_field=models.FloatField(), blank=True, null=True),
        ),
        migrations.AddField(
            model_name="propertydatasetpermission",
            name="notes",
            field=models.TextField(blank=True, db_column="userNotes", default=""),
        ),
        migrations.AddField(
            model_name="propertydatasetpermission",
            name="row_version",
            field=models.IntegerField(db_column="rowVersion", default=0),
        ),
        migrations.AddField(
            model_name="propertydatasetpermission",
            name="signals",
            field=django_mongodb_backend.fields.ArrayField(
                base_field=models.CharField(max_length=60), blank=True, default=list
            ),
        ),
        migrations.AddField(
            model_name="propertydatasetpermission",
            name="stack_count",
            field=models.IntegerField(db_column="stackCount", default=0),
        ),
        migrations.AddField(
            model_name="propertydatasetpermission",
            name="stacked",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="propertydatasetpermission",
            name="tags",
            field=django_mongodb_backend.fields.ArrayField(
                base_field=models.CharField(max_length=40), blank=True, default=list
            ),
        ),
        migrations.AddField(
            model_name="savedsearch",
            name="cadence",
            field=models.CharField(
                choices=[("off", "Only when I ask"), ("daily", "Every day"), ("weekly", "Every week")],
                default="off",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="savedsearch",
            name="expires_at",
            field=models.DateTimeField(blank=True, db_column="expiresAt", null=True),
        ),
        migrations.AddField(
            model_name="savedsearch",
            name="lease_until",
            field=models.DateTimeField(blank=True, db_column="leaseUntil", null=True),
        ),
        migrations.AddField(
            model_name="savedsearch",
            name="next_run_at",
            field=models.DateTimeField(blank=True, db_column="nextRunAt", null=True),
        ),
        migrations.AddField(
            model_name="savedsearch",
            name="opened_at",
            field=models.DateTimeField(blank=True, db_column="openedAt", null=True),
        ),
        migrations.AddField(
            model_name="savedsearch",
            name="opened_run",
            field=models.IntegerField(db_column="openedRun", default=0),
        ),
        migrations.AddField(
            model_name="savedsearch",
            name="reminded_at",
            field=models.DateTimeField(blank=True, db_column="remindedAt", null=True),
        ),
        migrations.AddField(
            model_name="savedsearch",
            name="state",
            field=models.CharField(
                choices=[("active", "Active"), ("paused", "Paused"), ("expired", "Expired")],
                default="active",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="savedsearch",
            name="version",
            field=models.IntegerField(default=1),
        ),
        migrations.AddField(
            model_name="savedsearchproperty",
            name="gone_why",
            field=models.CharField(blank=True, db_column="goneWhy", default="", max_length=200),
        ),
        migrations.AddField(
            model_name="savedsearchrun",
            name="cause",
            field=models.CharField(
                choices=[("saved", "On saving"), ("by hand", "By hand"), ("schedule", "By schedule")],
                default="by hand",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="savedsearchrun",
            name="changed",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="savedsearchrun",
            name="changed_count",
            field=models.BigIntegerField(db_column="changedCount", default=0),
        ),
        migrations.AddField(
            model_name="savedsearchrun",
            name="criteria_hash",
            field=models.CharField(db_column="criteriaHash", default="", max_length=64),
        ),
        migrations.AddField(
            model_name="savedsearchrun",
            name="digest_due",
            field=models.BooleanField(db_column="digestDue", default=False),
        ),
        migrations.AddField(
            model_name="savedsearchrun",
            name="digested_at",
            field=models.DateTimeField(blank=True, db_column="digestedAt", null=True),
        ),
        migrations.AddField(
            model_name="savedsearchrun",
            name="gone_count",
            field=models.BigIntegerField(db_column="goneCount", default=0),
        ),
        migrations.AddField(
            model_name="savedsearchrun",
            name="gone_why",
            field=models.JSONField(db_column="goneWhy", default=dict),
        ),
        migrations.AddField(
            model_name="savedsearchrun",
            name="new_count",
            field=models.BigIntegerField(db_column="newCount", default=0),
        ),
        migrations.AddField(
            model_name="savedsearchrun",
            name="opened_at",
            field=models.DateTimeField(blank=True, db_column="openedAt", null=True),
        ),
        migrations.AddField(
            model_name="savedsearchrun",
            name="version",
            field=models.IntegerField(default=1),
        ),
        migrations.AlterField(
            model_name="propertyjob",
            name="kind",
            field=models.CharField(
                choices=[
                    ("reveal", "Reveal"),
                    ("unlock", "Unlock"),
                    ("refresh", "Refresh"),
                    ("comparables", "Comparables"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddIndex(
            model_name="property",
            index=models.Index(
                condition=models.Q(("spread_due_at__gt", datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.UTC))),
                fields=["spread_due_at"],
                name="property_to_spread",
            ),
        ),
        migrations.AddIndex(
            model_name="savedsearch",
            index=models.Index(fields=["state", "next_run_at"], name="saved_search_by_due"),
        ),
        migrations.AddIndex(
            model_name="savedsearch",
            index=models.Index(fields=["state", "expires_at"], name="saved_search_by_end"),
        ),
        migrations.AddField(
            model_name="allowance",
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
            model_name="digest",
            name="user",
            field=models.ForeignKey(
                db_column="userId",
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="digests",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="export",
            name="user",
            field=models.ForeignKey(
                db_column="userId",
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="exports",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="ownedcell",
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
            model_name="propertysheet",
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
            model_name="savedsearchsnapshot",
            name="run",
            field=models.ForeignKey(
                db_column="runId",
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="snapshots",
                to="properties.savedsearchrun",
            ),
        ),
        migrations.AddField(
            model_name="viewpreference",
            name="user",
            field=models.OneToOneField(
                db_column="userId",
                on_delete=django.db.models.deletion.CASCADE,
                related_name="view_preference",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="watch",
            name="saved_search",
            field=models.OneToOneField(
                db_column="savedSearchId",
                on_delete=django.db.models.deletion.CASCADE,
                related_name="watch",
                to="properties.savedsearch",
            ),
        ),
        migrations.AddField(
            model_name="watch",
            name="user",
            field=models.ForeignKey(
                db_column="userId",
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="watches",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="allowance",
            constraint=models.UniqueConstraint(fields=("user", "cause", "period"), name="allowance_once_a_period"),
        ),
        migrations.AddIndex(
            model_name="digest",
            index=models.Index(fields=["state", "due_at"], name="digest_by_due"),
        ),
        migrations.AddConstraint(
            model_name="digest",
            constraint=models.UniqueConstraint(fields=("user", "day"), name="digest_once_a_day"),
        ),
        migrations.AddIndex(
            model_name="export",
            index=models.Index(fields=["user", "-created_at"], name="export_by_user"),
        ),
        migrations.AddConstraint(
            model_name="ownedcell",
            constraint=models.UniqueConstraint(fields=("user", "zoom", "x", "y"), name="cell_once_a_user"),
        ),
        migrations.AddConstraint(
            model_name="propertysheet",
            constraint=models.UniqueConstraint(fields=("user", "property_id"), name="sheet_once_a_property"),
        ),
        migrations.AddConstraint(
            model_name="savedsearchsnapshot",
            constraint=models.UniqueConstraint(fields=("run", "part"), name="snapshot_by_part"),
        ),
        migrations.AddIndex(
            model_name="watch",
            index=models.Index(fields=["user", "state"], name="watch_by_user"),
        ),
    ]
