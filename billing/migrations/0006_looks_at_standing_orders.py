"""When a sweep looks at a standing order next, so that it need not read all of them each minute."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0005_notices_and_agreed_prices"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="autotopup",
            name="top_up_enabled",
        ),
        migrations.AddField(
            model_name="autotopup",
            name="next_look_at",
            field=models.DateTimeField(db_column="nextLookAt", default=django.utils.timezone.now),
        ),
        migrations.AddIndex(
            model_name="autotopup",
            index=models.Index(fields=["is_enabled", "next_look_at"], name="top_up_by_look"),
        ),
    ]
