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
            name="DivorceLead",
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
                ("case_key", models.CharField(blank=True, db_column="caseKey", max_length=150, null=True)),
                ("property_id", models.CharField(blank=True, db_column="propertyId", max_length=64, null=True)),
                ("lead_id", django_mongodb_backend.fields.ObjectIdField(blank=True, db_column="leadId", null=True)),
                ("state", models.CharField(blank=True, max_length=2, null=True)),
                ("city", models.CharField(blank=True, max_length=100, null=True)),
                ("zip", models.CharField(blank=True, max_length=10, null=True)),
                ("county", models.CharField(blank=True, max_length=100, null=True)),
                ("filing_date", models.DateTimeField(blank=True, db_column="filingDate", null=True)),
                ("scraped_date", models.DateTimeField(blank=True, db_column="scrapedDate", null=True)),
                ("owner1_name", models.CharField(blank=True, db_column="owner1Name", max_length=200, null=True)),
                ("owner2_name", models.CharField(blank=True, db_column="owner2Name", max_length=200, null=True)),
                (
                    "owner1_phones",
                    django_mongodb_backend.fields.ArrayField(
                        base_field=models.CharField(max_length=32), blank=True, db_column="owner1Phones", default=list
                    ),
                ),
                (
                    "owner2_phones",
                    django_mongodb_backend.fields.ArrayField(
                        base_field=models.CharField(max_length=32), blank=True, db_column="owner2Phones", default=list
                    ),
                ),
                (
                    "owner1_emails",
                    django_mongodb_backend.fields.ArrayField(
                        base_field=models.CharField(max_length=254), blank=True, db_column="owner1Emails", default=list
                    ),
                ),
                (
                    "owner2_emails",
                    django_mongodb_backend.fields.ArrayField(
                        base_field=models.CharField(max_length=254), blank=True, db_column="owner2Emails", default=list
                    ),
                ),
                ("property_address", models.JSONField(blank=True, db_column="propertyAddress", null=True)),
                ("enrichment_score", models.FloatField(blank=True, db_column="enrichmentScore", null=True)),
                ("confidence", models.FloatField(blank=True, null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("viewed", "Viewed"),
                            ("contacted", "Contacted"),
                            ("dismissed", "Dismissed"),
                            ("converted", "Converted"),
                            ("retired", "Retired"),
                        ],
                        default="new",
                        max_length=12,
                    ),
                ),
                ("raw_data", models.JSONField(blank=True, db_column="rawData", default=dict)),
                (
                    "user",
                    models.ForeignKey(
                        db_column="userId",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="divorce_leads",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "DivorceLead",
                "indexes": [models.Index(fields=["user", "status", "-filing_date"], name="divorce_lead_inbox")],
                "constraints": [models.UniqueConstraint(fields=("user", "case_key"), name="divorce_lead_once_a_case")],
            },
        ),
    ]
