"""Payments of one second have an order, and a checkout knows when it was last asked about and how it ended."""

from django.db import migrations, models

from atlas_site.mongodb.migrations import LongMigration


class Migration(LongMigration):
    dependencies = [
        ("billing", "0007_reconciliation_in_turns"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="paymenttransaction",
            name="payment_by_user",
        ),
        migrations.AddIndex(
            model_name="paymenttransaction",
            index=models.Index(fields=["user", "-transaction_date", "-id"], name="payment_by_user"),
        ),
        migrations.AddField(
            model_name="checkout",
            name="looked_at",
            field=models.DateTimeField(blank=True, db_column="lookedAt", null=True),
        ),
        migrations.AddField(
            model_name="checkout",
            name="page_state",
            field=models.CharField(blank=True, db_column="pageState", default="", max_length=20),
        ),
        migrations.AddField(
            model_name="checkout",
            name="invoice_id",
            field=models.CharField(blank=True, db_column="invoiceId", max_length=50, null=True),
        ),
    ]
