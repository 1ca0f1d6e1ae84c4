"""Large runs and deletions are a worker's, follow-ups end, and old runs lose their snapshots."""

import datetime

from django.db import migrations, models

from atlas_site.mongodb.migrations import LongMigration, SetValidator, one_of, whole_number

COUNTER = whole_number(minimum=0)
SEARCH = {"cadence": one_of("off", "daily", "weekly"), "runCount": COUNTER, "version": COUNTER}
WATCH = {
    "state": one_of("armed", "disarmed"),
    "capPerRun": COUNTER,
    "capPerMonth": COUNTER,
    "committedInMonth": COUNTER,
}


class Migration(LongMigration):
    dependencies = [("properties", "0009_days_of_the_bill_that_are_closed")]

    operations = [
        SetValidator(
            "SavedSearch",
            {**SEARCH, "state": one_of("active", "paused", "expired", "deleting"), "writeCount": COUNTER},
            previous={**SEARCH, "state": one_of("active", "paused", "expired")},
        ),
        migrations.AlterField(
            model_name="savedsearch",
            name="state",
            field=models.CharField(
                choices=[
                    ("active", "Active"),
                    ("paused", "Paused"),
                    ("expired", "Expired"),
                    ("deleting", "Being deleted"),
                ],
                default="active",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="savedsearch",
            name="wanted_at",
            field=models.DateTimeField(blank=True, db_column="wantedAt", null=True),
        ),
        migrations.AddField(
            model_name="savedsearch",
            name="write_count",
            field=models.IntegerField(db_column="writeCount", default=0),
        ),
        migrations.AddIndex(
            model_name="savedsearch",
            index=models.Index(
                condition=models.Q(("wanted_at__gt", datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.UTC))),
                fields=["wanted_at"],
                name="saved_search_by_wish",
            ),
        ),
        migrations.AddField(
            model_name="savedsearchrun",
            name="follow_up_attempt",
            field=models.IntegerField(db_column="followUpAttempt", default=0),
        ),
        migrations.AddField(
            model_name="savedsearchrun",
            name="problem",
            field=models.CharField(blank=True, default="", max_length=200),
        ),
        migrations.AddField(
            model_name="savedsearchrun",
            name="is_thinned",
            field=models.BooleanField(db_column="isThinned", default=False),
        ),
        migrations.AddField(
            model_name="savedsearchsnapshot",
            name="last_id",
            field=models.CharField(blank=True, db_column="lastId", default="", max_length=64),
        ),
        SetValidator("Watch", WATCH, previous={**WATCH, "unopenedRunCount": COUNTER}),
        migrations.RemoveField(model_name="watch", name="unopened_run_count"),
    ]
