"""The log of exports says what was left out, and why."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("properties", "0013_traces_of_people"),
    ]

    operations = [
        migrations.AddField(
            model_name="export",
            name="left_out",
            field=models.JSONField(blank=True, db_column="leftOut", default=dict),
        ),
    ]
