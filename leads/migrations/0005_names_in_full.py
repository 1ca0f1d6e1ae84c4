"""Contacts keep middle names, suffixes and further owners."""

import django_mongodb_backend.fields
from django.db import migrations, models

from atlas_site.mongodb.migrations import LongMigration


class Migration(LongMigration):
    dependencies = [
        ("leads", "0004_validators_of_imports"),
    ]

    operations = [
        migrations.AddField(
            model_name="contact",
            name="middle_name",
            field=models.CharField(blank=True, db_column="middleName", max_length=100, null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="other_owners",
            field=django_mongodb_backend.fields.ArrayField(
                base_field=models.CharField(max_length=200), blank=True, db_column="otherOwners", null=True
            ),
        ),
        migrations.AddField(
            model_name="contact",
            name="suffix",
            field=models.CharField(blank=True, max_length=20, null=True),
        ),
    ]
