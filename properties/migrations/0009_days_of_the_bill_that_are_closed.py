"""Days of the vendor's bill note how far they are summed up, and when they were closed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("properties", "0008_owned_on_map")]

    operations = [
        migrations.AddField(
            model_name="vendorbillday",
            name="summed_until",
            field=models.DateTimeField(blank=True, db_column="summedUntil", null=True),
        ),
        migrations.AddField(
            model_name="vendorbillday",
            name="closed_at",
            field=models.DateTimeField(blank=True, db_column="closedAt", null=True),
        ),
    ]
