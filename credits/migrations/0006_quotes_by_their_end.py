"""The quotes of a kind are found by when they ended: the vendor's bill of a day is explained by them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("credits", "0005_adjustments_of_a_user"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="quote",
            index=models.Index(fields=["kind", "ended_at"], name="quote_by_end"),
        ),
    ]
