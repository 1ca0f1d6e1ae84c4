"""What one person has lately decided alone for one user is found by an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("credits", "0003_money_rules"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="creditadjustment",
            index=models.Index(fields=["user", "proposed_by", "-created_at"], name="adjustment_by_proposer"),
        ),
    ]
