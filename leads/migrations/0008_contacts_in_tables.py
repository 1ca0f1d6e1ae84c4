"""Contacts in every order, found by how names, addresses and numbers begin; actions on many of them."""

from datetime import UTC, datetime

import bson.objectid
import django.db.models.deletion
import django.utils.timezone
import django_mongodb_backend.fields
from django.conf import settings
from django.db import migrations, models
from pymongo import UpdateOne

from atlas_site.mongodb.migrations import EnsureIndex, LongMigration, SetValidator, one_of, whole_number
from leads.imports.lookup import find_keys, name_key

CONTACTS_A_WRITE = 1_000
BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)
NAMES = {"firstName": "first", "middleName": "middle", "lastName": "last", "company": "company"}


def fill_keys(apps, schema_editor):
    """Give contacts that are there the keys by which they are ordered and found; done twice, it is done once."""
    contacts = schema_editor.connection.get_collection("Contacts")
    contacts.update_many({"stage": None}, {"$set": {"stage": "new"}})
    changes = []
    for contact in contacts.find({"findKeys": None}, {**dict.fromkeys(NAMES, 1), "suffix": 1, "address": 1}):
        names = {name: contact.get(key) for key, name in NAMES.items()}
        keys = {
            "nameKey": name_key(**names, suffix=contact.get("suffix")),
            "findKeys": find_keys(**names, address=contact.get("address")),
        }
        changes.append(UpdateOne({"_id": contact["_id"]}, {"$set": keys}))
        if len(changes) == CONTACTS_A_WRITE:
            contacts.bulk_write(changes, ordered=False)
            changes = []
    if changes:
        contacts.bulk_write(changes, ordered=False)


class Migration(LongMigration):
    dependencies = [
        ("leads", "0007_lists_at_work"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ContactAction",
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
                    models.CharField(
                        choices=[
                            ("stage", "Set stage"),
                            ("next_touch", "Set next touch"),
                            ("do_not_call", "Do not call"),
                            ("remove", "Remove from list"),
                            ("copy", "Add to another list"),
                        ],
                        max_length=12,
                    ),
                ),
                ("what", models.JSONField(blank=True, default=dict)),
                ("ids", models.JSONField(blank=True, default=list)),
                ("query", models.CharField(blank=True, default="", max_length=2000)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Being carried out"),
                            ("done", "Done"),
                            ("undoing", "Being undone"),
                            ("undone", "Undone"),
                        ],
                        default="running",
                        max_length=8,
                    ),
                ),
                ("total", models.BigIntegerField(default=0)),
                ("steps", models.IntegerField(default=0)),
                ("steps_undone", models.IntegerField(db_column="stepsUndone", default=0)),
                ("seen", models.BigIntegerField(default=0)),
                ("changed", models.BigIntegerField(default=0)),
                ("cursor", models.CharField(blank=True, default="", max_length=24)),
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
                "db_table": "ContactAction",
            },
        ),
        migrations.CreateModel(
            name="ContactActionStep",
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
                "db_table": "ContactActionStep",
            },
        ),
        migrations.CreateModel(
            name="RemovedContact",
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
                ("contact", models.JSONField()),
                ("removed_at", models.DateTimeField(db_column="removedAt")),
            ],
            options={
                "db_table": "RemovedContact",
            },
        ),
        migrations.RemoveIndex(
            model_name="contact",
            name="contact_by_name",
        ),
        migrations.AddField(
            model_name="contact",
            name="find_keys",
            field=django_mongodb_backend.fields.ArrayField(
                base_field=models.CharField(max_length=200), blank=True, db_column="findKeys", default=list
            ),
        ),
        migrations.AddField(
            model_name="contact",
            name="name_key",
            field=models.CharField(blank=True, db_column="nameKey", max_length=200, null=True),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["lead_group", "name_key", "id"], name="contact_by_name"),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["lead_group", "stage", "id"], name="contact_by_stage"),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["lead_group", "engagement_score", "id"], name="contact_by_score"),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["lead_group", "next_touch_on", "id"], name="contact_by_next_touch_in_list"),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["lead_group", "last_touched_at", "id"], name="contact_by_touch"),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["lead_group", "id"], name="contact_by_age"),
        ),
        migrations.AddField(
            model_name="contactaction",
            name="lead_group",
            field=models.ForeignKey(
                db_column="leadId",
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="leads.leadgroup",
            ),
        ),
        migrations.AddField(
            model_name="contactaction",
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
            model_name="contactactionstep",
            name="action",
            field=models.ForeignKey(
                db_column="actionId",
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="step_documents",
                to="leads.contactaction",
            ),
        ),
        migrations.AddField(
            model_name="removedcontact",
            name="action",
            field=models.ForeignKey(
                db_column="actionId",
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="leads.contactaction",
            ),
        ),
        migrations.AddField(
            model_name="removedcontact",
            name="user",
            field=models.ForeignKey(
                db_column="userId",
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="contactaction",
            index=models.Index(fields=["lead_group", "-created_at"], name="action_by_list"),
        ),
        migrations.AddIndex(
            model_name="contactaction",
            index=models.Index(fields=["state", "due_at"], name="action_by_due"),
        ),
        migrations.AddIndex(
            model_name="contactaction",
            index=models.Index(fields=["created_at"], name="action_by_age"),
        ),
        migrations.AddConstraint(
            model_name="contactactionstep",
            constraint=models.UniqueConstraint(fields=("action", "number"), name="action_step_by_number"),
        ),
        migrations.AddIndex(
            model_name="removedcontact",
            index=models.Index(fields=["action"], name="removed_by_action"),
        ),
        migrations.AddIndex(
            model_name="removedcontact",
            index=models.Index(fields=["removed_at"], name="removed_by_time"),
        ),
        migrations.RunPython(fill_keys, migrations.RunPython.noop),
        EnsureIndex("Contact", [("leadsId", 1), ("findKeys", 1)], "contact_by_find_key"),
        EnsureIndex("Contact", [("userId", 1), ("phones.number", 1)], "contact_by_number"),
        # Only of contacts that are callable, traced, or on the do-not-call list.
        EnsureIndex(
            "Contact",
            [("leadsId", 1), ("callableUntil", 1)],
            "contact_by_callable",
            partialFilterExpression={"callableUntil": {"$gt": BEFORE_ALL}},
        ),
        EnsureIndex(
            "Contact",
            [("leadsId", 1), ("traceOutcome", 1), ("_id", 1)],
            "contact_by_outcome",
            partialFilterExpression={"traceOutcome": {"$gt": ""}},
        ),
        EnsureIndex(
            "Contact",
            [("leadsId", 1), ("doNotCall", 1), ("_id", 1)],
            "contact_by_do_not_call",
            partialFilterExpression={"doNotCall": True},
        ),
        SetValidator(
            "ContactAction",
            {
                "kind": one_of("stage", "next_touch", "do_not_call", "remove", "copy"),
                "state": one_of("running", "done", "undoing", "undone"),
                "steps": whole_number(minimum=0),
                "stepsUndone": whole_number(minimum=0),
                "seen": whole_number(minimum=0),
                "changed": whole_number(minimum=0),
            },
        ),
    ]
