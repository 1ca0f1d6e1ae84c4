"""Kinds, states and priorities of requests that the server knows."""

from django.db import migrations

from atlas_site.mongodb.migrations import SetValidator, one_of


class Migration(migrations.Migration):
    dependencies = [("feedback", "0001_initial")]

    operations = [
        SetValidator(
            "FeatureRequest",
            {
                "requestType": one_of("FEATURE", "IMPROVEMENT", "DATA", "INTEGRATION", "BUG", "OTHER"),
                "status": one_of("PENDING", "REVIEWED", "IN_PROGRESS", "COMPLETED", "REJECTED"),
                "priority": one_of("LOW", "MEDIUM", "HIGH", "CRITICAL"),
            },
        ),
    ]
