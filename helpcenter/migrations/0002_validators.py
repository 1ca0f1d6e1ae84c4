"""Categories of articles that the server knows."""

from django.db import migrations

from atlas_site.mongodb.migrations import SetValidator, one_of, whole_number


class Migration(migrations.Migration):
    dependencies = [("helpcenter", "0001_initial")]

    operations = [
        SetValidator(
            "HelpCenterArticle",
            {
                "category": one_of(
                    "GETTING_STARTED",
                    "SEARCH_PROPERTIES",
                    "CREDITS_BILLING",
                    "LEADS_SKIPTRACE",
                    "DIVORCE_LEADS",
                    "ACCOUNT_SECURITY",
                ),
                "views": whole_number(minimum=0),
            },
        ),
    ]
