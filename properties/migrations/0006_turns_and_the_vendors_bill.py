"""Jobs can be stopped and take turns, and the vendor's bill is kept day by day."""

import bson.objectid
import django_mongodb_backend.fields
from django.db import migrations, models

from atlas_site.mongodb.migrations import SetValidator, whole_number

COUNTER = whole_number(minimum=0)


class Migration(migrations.Migration):
    dependencies = [("properties", "0005_runs_that_follow_up")]

    operations = [
        migrations.AddField(
            model_name="propertyjob",
            name="cancelled_at",
            field=models.DateTimeField(blank=True, db_column="cancelledAt", null=True),
        ),
        migrations.AddField(
            model_name="propertyjob",
            name="turn",
            field=models.CharField(blank=True, max_length=120, null=True, unique=True),
        ),
        migrations.AddIndex(
            model_name="propertyjob",
            index=models.Index(fields=["ended_at"], name="job_by_end"),
        ),
        migrations.CreateModel(
            name="VendorBillDay",
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
                ("day", models.CharField(max_length=10, unique=True)),
                ("job_count", models.BigIntegerField(db_column="jobCount", default=0)),
                ("billed", models.BigIntegerField(default=0)),
                ("captured", models.BigIntegerField(default=0)),
                ("from_copy", models.BigIntegerField(db_column="fromCopy", default=0)),
                ("causes", models.JSONField(default=dict)),
                ("unexplained", models.BigIntegerField(default=0)),
                ("lost_pages", models.BigIntegerField(db_column="lostPages", default=0)),
                ("counts", models.BigIntegerField(default=0)),
                ("made_at", models.DateTimeField(db_column="madeAt")),
            ],
            options={
                "db_table": "VendorBillDay",
                "verbose_name": "day of the vendor's bill",
                "verbose_name_plural": "days of the vendor's bill",
            },
        ),
        SetValidator(
            "VendorBillDay",
            dict.fromkeys(["jobCount", "billed", "captured", "fromCopy", "lostPages", "counts"], COUNTER),
        ),
    ]
