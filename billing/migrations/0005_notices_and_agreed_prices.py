"""What mails were sent, what a top-up was agreed to cost, and why an offer is not sold."""

import django_mongodb_backend.fields
from django.db import migrations, models

from atlas_site.mongodb.migrations import LongMigration, SetValidator, whole_number

AMOUNT = whole_number(minimum=0)
LIMITS = {"belowCredits": AMOUNT, "monthlyCapCents": AMOUNT}


class Migration(LongMigration):
    dependencies = [
        ("billing", "0004_validators"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="webhookevent",
            options={"permissions": [("replay_webhookevent", "Can have events processed again")]},
        ),
        migrations.CreateModel(
            name="BillingNotice",
            fields=[
                ("id", models.CharField(db_column="_id", max_length=200, primary_key=True, serialize=False)),
                ("user_id", django_mongodb_backend.fields.ObjectIdField(db_column="userId")),
                ("told_at", models.DateTimeField(db_column="toldAt")),
            ],
            options={
                "db_table": "BillingNotice",
            },
        ),
        migrations.AddField(
            model_name="autotopup",
            name="agreed_credits",
            field=models.BigIntegerField(db_column="agreedCredits", default=0),
        ),
        migrations.AddField(
            model_name="autotopup",
            name="agreed_price_cents",
            field=models.BigIntegerField(db_column="agreedPriceCents", default=0),
        ),
        migrations.AddField(
            model_name="offer",
            name="refused_because",
            field=models.CharField(blank=True, db_column="refusedBecause", default="", max_length=300),
        ),
        migrations.AddField(
            model_name="topup",
            name="sent_at",
            field=models.DateTimeField(blank=True, db_column="sentAt", null=True),
        ),
        SetValidator("AutoTopUp", {**LIMITS, "agreedPriceCents": AMOUNT, "agreedCredits": AMOUNT}, previous=LIMITS),
    ]
