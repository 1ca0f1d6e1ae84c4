import django_mongodb_backend.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="VendorCall",
            fields=[
                (
                    "id",
                    models.CharField(db_column="_id", editable=False, max_length=80, primary_key=True, serialize=False),
                ),
                ("vendor", models.CharField(max_length=40)),
                ("operation", models.CharField(max_length=60)),
                ("reference", models.CharField(max_length=200)),
                ("request_hash", models.CharField(db_column="requestHash", max_length=64)),
                ("attempt", models.IntegerField(default=1)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("prepared", "Prepared"),
                            ("sent", "Sent"),
                            ("answered", "Answered"),
                            ("failed", "Failed"),
                            ("unknown", "Unknown"),
                        ],
                        default="prepared",
                        max_length=10,
                    ),
                ),
                ("user_id", django_mongodb_backend.fields.ObjectIdField(db_column="userId", null=True)),
                ("request", models.JSONField(null=True)),
                (
                    "datasets",
                    django_mongodb_backend.fields.ArrayField(base_field=models.CharField(max_length=40), default=list),
                ),
                ("created_at", models.DateTimeField(db_column="createdAt")),
                ("lease_ends_at", models.DateTimeField(db_column="leaseEndsAt")),
                ("sent_at", models.DateTimeField(db_column="sentAt", null=True)),
                ("ended_at", models.DateTimeField(db_column="endedAt", null=True)),
                ("http_status", models.IntegerField(db_column="httpStatus", null=True)),
                ("raw", models.BinaryField(null=True)),
                ("raw_bytes", models.IntegerField(db_column="rawBytes", default=0)),
                ("raw_is_whole", models.BooleanField(db_column="rawIsWhole", default=False)),
                ("vendor_request_id", models.CharField(db_column="vendorRequestId", default="", max_length=64)),
                ("result_count", models.IntegerField(db_column="resultCount", null=True)),
                ("match_count", models.IntegerField(db_column="matchCount", null=True)),
                (
                    "record_ids",
                    django_mongodb_backend.fields.ArrayField(
                        base_field=models.CharField(max_length=64), db_column="recordIds", default=list
                    ),
                ),
                ("may_be_billed", models.BooleanField(db_column="mayBeBilled", default=False)),
                ("error", models.CharField(default="", max_length=60)),
            ],
            options={
                "db_table": "VendorCall",
                "ordering": ["-created_at", "-id"],
                "indexes": [
                    models.Index(fields=["reference", "request_hash", "-attempt"], name="vendor_call_reference"),
                    models.Index(fields=["-created_at", "-id"], name="vendor_call_newest"),
                    models.Index(fields=["state", "-created_at", "-id"], name="vendor_call_state"),
                    models.Index(fields=["vendor", "operation", "-created_at", "-id"], name="vendor_call_operation"),
                ],
            },
        ),
    ]
