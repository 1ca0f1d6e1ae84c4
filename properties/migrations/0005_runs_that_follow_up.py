"""Runs say how exact they are and what follows from them, and a digest what it told of."""

import datetime

from django.db import migrations, models

from atlas_site.mongodb.migrations import LongMigration


class Migration(LongMigration):
    dependencies = [("properties", "0004_validators_of_searches")]

    operations = [
        migrations.AddField(
            model_name="savedsearch",
            name="problem",
            field=models.CharField(blank=True, default="", max_length=200),
        ),
        migrations.AddField(
            model_name="savedsearchrun",
            name="total_is_exact",
            field=models.BooleanField(db_column="totalIsExact", default=True),
        ),
        migrations.AddField(
            model_name="savedsearchrun",
            name="total_below",
            field=models.BigIntegerField(blank=True, db_column="totalBelow", null=True),
        ),
        migrations.AddField(
            model_name="savedsearchrun",
            name="part_count",
            field=models.IntegerField(db_column="partCount", default=0),
        ),
        migrations.AddField(
            model_name="savedsearchrun",
            name="spends",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="savedsearchrun",
            name="spend_note",
            field=models.CharField(blank=True, db_column="spendNote", default="", max_length=300),
        ),
        migrations.AddField(
            model_name="savedsearchrun",
            name="follow_up_due_at",
            field=models.DateTimeField(blank=True, db_column="followUpDueAt", null=True),
        ),
        migrations.AddIndex(
            model_name="savedsearchrun",
            index=models.Index(
                condition=models.Q(("follow_up_due_at__gt", datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.UTC))),
                fields=["follow_up_due_at"],
                name="run_to_follow_up",
            ),
        ),
        migrations.AddField(
            model_name="digest",
            name="items",
            field=models.JSONField(default=dict),
        ),
    ]
