import bson.objectid
import django.db.models.deletion
import django.utils.timezone
import django_mongodb_backend.fields
from django.conf import settings
from django.db import migrations, models

from atlas_site.mongodb.migrations import LongMigration


class Migration(LongMigration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Property",
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
                ("property_id", models.CharField(db_column="propertyId", max_length=64, unique=True)),
                ("address", models.CharField(blank=True, max_length=200, null=True)),
                ("city", models.CharField(blank=True, max_length=100, null=True)),
                ("county", models.CharField(blank=True, max_length=100, null=True)),
                ("state", models.CharField(blank=True, max_length=2, null=True)),
                ("postal_code", models.CharField(blank=True, max_length=10, null=True)),
                ("data", models.JSONField(blank=True, default=dict)),
                (
                    "google_images",
                    django_mongodb_backend.fields.ArrayField(
                        base_field=models.CharField(max_length=200), blank=True, db_column="googleImages", default=list
                    ),
                ),
                ("has_image_searched", models.BooleanField(db_column="hasImageSearched", default=False)),
                ("asked", models.JSONField(blank=True, default=dict)),
                ("updated_at", models.DateTimeField(blank=True, db_column="updatedAt", null=True)),
            ],
            options={
                "verbose_name_plural": "properties",
                "db_table": "Properties",
                "indexes": [models.Index(fields=["-updated_at"], name="property_by_update")],
            },
        ),
        migrations.CreateModel(
            name="SavedSearch",
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
                ("name", models.CharField(max_length=120)),
                ("filters", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(db_column="createdAt", default=django.utils.timezone.now)),
                ("last_run_at", models.DateTimeField(blank=True, db_column="lastRunAt", null=True)),
                ("run_count", models.IntegerField(db_column="runCount", default=0)),
                (
                    "user",
                    models.ForeignKey(
                        db_column="userId",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved_searches",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "saved searches",
                "db_table": "SavedSearch",
            },
        ),
        migrations.CreateModel(
            name="SavedSearchProperty",
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
                ("first_seen_at", models.DateTimeField(db_column="firstSeenAt")),
                ("last_seen_at", models.DateTimeField(db_column="lastSeenAt")),
                ("gone_at", models.DateTimeField(blank=True, db_column="goneAt", null=True)),
                (
                    "saved_search",
                    models.ForeignKey(
                        db_column="savedSearchId",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="matches",
                        to="properties.savedsearch",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "saved search properties",
                "db_table": "SavedSearchProperty",
            },
        ),
        migrations.CreateModel(
            name="SavedSearchRun",
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
                ("ran_at", models.DateTimeField(db_column="ranAt")),
                ("filters", models.JSONField(default=dict)),
                ("total", models.BigIntegerField(null=True)),
                ("owned", models.BigIntegerField(default=0)),
                ("signals", models.JSONField(default=dict)),
                ("windows", models.JSONField(default=list)),
                ("new_ids", models.JSONField(db_column="newIds", default=list)),
                ("gone_ids", models.JSONField(db_column="goneIds", default=list)),
                (
                    "saved_search",
                    models.ForeignKey(
                        db_column="savedSearchId",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="runs",
                        to="properties.savedsearch",
                    ),
                ),
            ],
            options={
                "db_table": "SavedSearchRun",
            },
        ),
        migrations.CreateModel(
            name="PropertyDatasetPermission",
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
                (
                    "datasets",
                    django_mongodb_backend.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("BASIC", "Property and owner"),
                                ("BATCHRANK", "Sale propensity"),
                                ("CONTACT", "Phones and e-mails"),
                                ("DEED", "Deed history"),
                                ("DEMOGRAPHIC", "Household"),
                                ("FORECLOSURE", "Foreclosure"),
                                ("LISTING", "Listing"),
                                ("MORTGAGE_LIENS", "Loans and liens"),
                                ("OWNER", "Owner's other properties"),
                                ("PERMIT", "Building permits"),
                                ("QUICKLIST", "Signals"),
                                ("VALUATION", "Value and equity"),
                                ("DIVORCE_INFO", "Divorce filings"),
                            ],
                            max_length=20,
                        ),
                        default=list,
                    ),
                ),
                ("unlocked", models.JSONField(blank=True, default=dict)),
                (
                    "proofs",
                    django_mongodb_backend.fields.ArrayField(
                        base_field=models.CharField(max_length=200), blank=True, default=list
                    ),
                ),
                ("revealed_at", models.DateTimeField(blank=True, db_column="revealedAt", null=True)),
                ("address", models.CharField(blank=True, max_length=200, null=True)),
                ("city", models.CharField(blank=True, max_length=100, null=True)),
                ("county", models.CharField(blank=True, max_length=100, null=True)),
                ("state", models.CharField(blank=True, max_length=2, null=True)),
                ("postal_code", models.CharField(blank=True, max_length=10, null=True)),
                ("latitude", models.FloatField(blank=True, null=True)),
                ("longitude", models.FloatField(blank=True, null=True)),
                ("property_type", models.CharField(blank=True, db_column="propertyType", max_length=60, null=True)),
                ("bedroom_count", models.FloatField(blank=True, db_column="bedroomCount", null=True)),
                ("bathroom_count", models.FloatField(blank=True, db_column="bathroomCount", null=True)),
                ("living_area_square_feet", models.FloatField(blank=True, db_column="livingAreaSquareFeet", null=True)),
                ("year_built", models.IntegerField(blank=True, db_column="yearBuilt", null=True)),
                ("owner_name", models.CharField(blank=True, db_column="ownerName", max_length=200, null=True)),
                ("owner_type", models.CharField(blank=True, db_column="ownerType", max_length=60, null=True)),
                ("owner_occupied", models.BooleanField(blank=True, db_column="ownerOccupied", null=True)),
                ("last_sale_on", models.DateField(blank=True, db_column="lastSaleOn", null=True)),
                ("last_sale_price", models.FloatField(blank=True, db_column="lastSalePrice", null=True)),
                ("estimated_value", models.FloatField(blank=True, db_column="estimatedValue", null=True)),
                ("equity_percent", models.FloatField(blank=True, db_column="equityPercent", null=True)),
                ("listing_status", models.CharField(blank=True, db_column="listingStatus", max_length=30, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        db_column="userId",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="property_permissions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "property permission",
                "db_table": "PropertyDatasetPermission",
                "indexes": [
                    models.Index(fields=["user", "-revealed_at", "-property_id"], name="owned_newest_first"),
                    models.Index(
                        fields=["user", "state", "city", "-revealed_at", "-property_id"], name="owned_by_city"
                    ),
                    models.Index(fields=["user", "postal_code", "-revealed_at", "-property_id"], name="owned_by_zip"),
                    models.Index(
                        fields=["user", "state", "county", "-revealed_at", "-property_id"], name="owned_by_county"
                    ),
                    models.Index(fields=["user", "-estimated_value", "-property_id"], name="owned_by_value"),
                    models.Index(
                        fields=["user", "state", "city", "-estimated_value", "-property_id"], name="city_value"
                    ),
                    models.Index(fields=["user", "postal_code", "-estimated_value", "-property_id"], name="zip_value"),
                    models.Index(
                        fields=["user", "state", "county", "-estimated_value", "-property_id"], name="county_value"
                    ),
                    models.Index(fields=["user", "-equity_percent", "-property_id"], name="owned_by_equity"),
                    models.Index(
                        fields=["user", "state", "city", "-equity_percent", "-property_id"], name="city_equity"
                    ),
                    models.Index(fields=["user", "postal_code", "-equity_percent", "-property_id"], name="zip_equity"),
                    models.Index(
                        fields=["user", "state", "county", "-equity_percent", "-property_id"], name="county_equity"
                    ),
                    models.Index(fields=["property_id"], name="permission_by_property"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "property_id"), name="permission_once_a_property")
                ],
            },
        ),
        migrations.CreateModel(
            name="PropertyJob",
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
                ("quote_id", models.CharField(db_column="quoteId", max_length=32, unique=True)),
                ("kind", models.CharField(choices=[("reveal", "Reveal"), ("unlock", "Unlock")], max_length=10)),
                ("title", models.CharField(max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Waiting"),
                            ("running", "Running"),
                            ("delayed", "Delayed"),
                            ("done", "Done"),
                            ("failed", "Stopped"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("subject", models.JSONField(default=dict)),
                ("property_id", models.CharField(blank=True, db_column="propertyId", max_length=64, null=True)),
                ("search_hash", models.CharField(blank=True, db_column="searchHash", max_length=64, null=True)),
                ("cursor", models.JSONField(default=dict)),
                ("wanted", models.BigIntegerField(default=0)),
                ("hit_count", models.BigIntegerField(db_column="hitCount", default=0)),
                ("not_charged", models.JSONField(db_column="notCharged", default=dict)),
                ("rows", models.JSONField(default=list)),
                ("problem", models.CharField(blank=True, default="", max_length=300)),
                ("answer_lost", models.BooleanField(db_column="answerLost", default=False)),
                ("attempt", models.IntegerField(default=0)),
                ("failures", models.IntegerField(default=0)),
                ("due_at", models.DateTimeField(db_column="dueAt", default=django.utils.timezone.now)),
                ("lease_until", models.DateTimeField(blank=True, db_column="leaseUntil", null=True)),
                ("created_at", models.DateTimeField(db_column="createdAt", default=django.utils.timezone.now)),
                ("ended_at", models.DateTimeField(blank=True, db_column="endedAt", null=True)),
                (
                    "user",
                    models.ForeignKey(
                        db_column="userId",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="property_jobs",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "PropertyJob",
                "indexes": [
                    models.Index(fields=["state", "due_at"], name="job_by_due"),
                    models.Index(fields=["user", "-created_at"], name="job_by_user"),
                    models.Index(fields=["user", "search_hash", "-created_at"], name="job_by_search"),
                    models.Index(fields=["user", "property_id", "-created_at"], name="job_by_property"),
                    models.Index(fields=["created_at"], name="job_by_creation"),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="savedsearch",
            index=models.Index(fields=["user", "-created_at"], name="saved_search_by_user"),
        ),
        migrations.AddConstraint(
            model_name="savedsearchproperty",
            constraint=models.UniqueConstraint(fields=("saved_search", "property_id"), name="match_once_a_search"),
        ),
        migrations.AddConstraint(
            model_name="savedsearchrun",
            constraint=models.UniqueConstraint(fields=("saved_search", "number"), name="run_by_number"),
        ),
    ]
