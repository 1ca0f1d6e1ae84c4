"""Lists know the imports of their contacts; what hangs on a list, and lists of the newest, are found by an index."""

import django_mongodb_backend.fields
from bson import ObjectId
from django.db import migrations, models
from pymongo import UpdateOne

from atlas_site.mongodb.migrations import LongMigration

LISTS_A_WRITE = 1_000


def fill_imports(apps, schema_editor):
    """Note the imports that the contacts of each list come from; done twice, it is done once."""
    lists = schema_editor.connection.get_collection("Leads")
    named = {"$concatArrays": [["$origin.importId"], {"$ifNull": ["$origin.earlier.importId", []]}]}
    found = schema_editor.connection.get_collection("Contacts").aggregate(
        [
            {"$match": {"origin.importId": {"$gt": ""}}},
            {"$project": {"_id": 0, "leadsId": 1, "named": named}},
            {"$unwind": "$named"},
            {"$group": {"_id": {"list": "$leadsId", "import": "$named"}}},
        ],
        allowDiskUse=True,
    )
    changes = []
    for each in found:
        if ObjectId.is_valid(each["_id"].get("import")):
            one = {"$addToSet": {"importIds": each["_id"]["import"]}}
            changes.append(UpdateOne({"_id": each["_id"].get("list")}, one))
        if len(changes) == LISTS_A_WRITE:
            lists.bulk_write(changes, ordered=False)
            changes = []
    if changes:
        lists.bulk_write(changes, ordered=False)


class Migration(LongMigration):
    dependencies = [
        ("leads", "0014_batches_of_a_job_that_are_due"),
    ]

    operations = [
        migrations.AddField(
            model_name="leadgroup",
            name="import_ids",
            field=django_mongodb_backend.fields.ArrayField(
                base_field=models.CharField(max_length=24), db_column="importIds", default=list, editable=False
            ),
        ),
        migrations.RunPython(fill_imports, migrations.RunPython.noop),
        migrations.AddField(
            model_name="identity",
            name="do_not_mail_why",
            field=models.CharField(blank=True, db_column="doNotMailWhy", max_length=200, null=True),
        ),
        migrations.AddIndex(
            model_name="leadgroup",
            index=models.Index(fields=["deleted_at"], name="lead_group_by_deletion"),
        ),
        migrations.AddIndex(
            model_name="leadimport",
            index=models.Index(fields=["lead_group"], name="import_by_list"),
        ),
        migrations.AddIndex(
            model_name="listjob",
            index=models.Index(fields=["lead_group"], name="list_job_by_list"),
        ),
        migrations.AddIndex(
            model_name="contactexport",
            index=models.Index(fields=["lead_group"], name="contact_export_by_list"),
        ),
        migrations.AddIndex(
            model_name="donotcall",
            index=models.Index(fields=["user", "-added_at", "-id"], name="do_not_call_by_age"),
        ),
        migrations.RemoveIndex(model_name="donotcall", name="do_not_call_by_time"),
        migrations.AddIndex(
            model_name="enrichment",
            index=models.Index(fields=["user", "-created_at", "-id"], name="enrichment_by_age"),
        ),
        migrations.RemoveIndex(model_name="enrichment", name="enrichment_by_user"),
        migrations.AddIndex(
            model_name="enrichment",
            index=models.Index(fields=["lead_group", "-created_at", "-id"], name="enrichment_of_group_by_age"),
        ),
    ]
