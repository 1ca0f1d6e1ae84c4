"""The adjustments of a user are found by the index that begins with the user, so that their own is needless."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("credits", "0004_adjustments_by_proposer"),
    ]

    operations = [
        migrations.AlterField(
            model_name="creditadjustment",
            name="user",
            field=models.ForeignKey(
                db_column="userId",
                db_index=False,
                on_delete=models.PROTECT,
                related_name="adjustments",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
