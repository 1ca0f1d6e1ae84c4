"""A purchase says of whom it is, and under which key it was asked: people at one place are not each other."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("properties", "0015_the_bill_by_kind"),
    ]

    operations = [
        migrations.AddField(
            model_name="tracepurchase",
            name="person",
            field=models.CharField(blank=True, max_length=32, null=True),
        ),
        migrations.AddField(
            model_name="tracepurchase",
            name="same_as",
            field=models.CharField(blank=True, db_column="sameAs", max_length=32, null=True),
        ),
    ]
