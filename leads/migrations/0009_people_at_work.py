"""Where people stand on every list, the record of do-not-call numbers, and what is to be done today."""

from datetime import UTC, datetime

from django.db import migrations, models

from atlas_site.mongodb.migrations import EnsureIndex, LongMigration, SetValidator, one_of, whole_number

BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)
CALLABLE = {"callableUntil": {"$gt": BEFORE_ALL}}
STAGES = [
    ("new", "New"),
    ("attempting", "Attempting"),
    ("talking", "Talking"),
    ("offer_made", "Offer made"),
    ("under_contract", "Under contract"),
    ("closed", "Closed"),
    ("nurture", "Nurture"),
    ("dead", "Dead"),
]
COUNTERS = {"touchCount": whole_number(minimum=0), "version": whole_number(minimum=0)}


class Migration(LongMigration):
    dependencies = [
        ("leads", "0008_contacts_in_tables"),
    ]

    operations = [
        migrations.AddField(
            model_name="identity",
            name="stage",
            field=models.CharField(blank=True, choices=STAGES, max_length=16, null=True),
        ),
        migrations.AddField(
            model_name="identity",
            name="dead_reason",
            field=models.CharField(blank=True, db_column="deadReason", max_length=200, null=True),
        ),
        migrations.AddField(
            model_name="identity",
            name="stage_at",
            field=models.DateTimeField(blank=True, db_column="stageAt", null=True),
        ),
        migrations.AddField(
            model_name="donotcall",
            name="history",
            field=models.JSONField(blank=True, default=list),
        ),
        # Only of contacts with a number that may be dialed: whose check ends next, and who was never called.
        EnsureIndex(
            "Contact", [("userId", 1), ("callableUntil", 1)], "contact_by_check", partialFilterExpression=CALLABLE
        ),
        EnsureIndex(
            "Contact",
            [("userId", 1), ("lastTouchedAt", 1), ("engagementScore", -1)],
            "contact_by_priority",
            partialFilterExpression=CALLABLE,
        ),
        SetValidator("Identity", {**COUNTERS, "stage": one_of(*(value for value, _ in STAGES))}, previous=COUNTERS),
    ]
