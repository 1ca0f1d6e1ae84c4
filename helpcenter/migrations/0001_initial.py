import bson.objectid
import django_mongodb_backend.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="HelpCenterArticle",
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
                ("title", models.CharField(max_length=200)),
                ("content", models.TextField()),
                ("slug", models.SlugField(max_length=120, unique=True)),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("GETTING_STARTED", "Getting started"),
                            ("SEARCH_PROPERTIES", "Search and properties"),
                            ("CREDITS_BILLING", "Credits and billing"),
                            ("LEADS_SKIPTRACE", "Leads and skip trace"),
                            ("DIVORCE_LEADS", "Divorce leads"),
                            ("ACCOUNT_SECURITY", "Account and security"),
                        ],
                        max_length=30,
                    ),
                ),
                (
                    "tags",
                    django_mongodb_backend.fields.ArrayField(
                        base_field=models.CharField(max_length=50), blank=True, default=list
                    ),
                ),
                ("published", models.BooleanField(default=False)),
                ("views", models.BigIntegerField(default=0, editable=False)),
                ("order", models.IntegerField(default=0)),
            ],
            options={
                "verbose_name": "help article",
                "db_table": "HelpCenterArticle",
                "indexes": [models.Index(fields=["published", "category", "order"], name="article_by_category")],
            },
        ),
    ]
