"""The vendor's bill of a day is kept by kind: property jobs, and skip traces."""

from django.db import migrations, models

from atlas_site.mongodb.migrations import SetValidator, one_of, whole_number

COUNTERS = dict.fromkeys(["jobCount", "billed", "captured", "fromCopy", "lostPages", "counts"], whole_number(minimum=0))


class Migration(migrations.Migration):
    dependencies = [
        ("properties", "0014_exports_say_what_stays"),
    ]

    operations = [
        migrations.AddField(
            model_name="vendorbillday",
            name="kind",
            field=models.CharField(
                choices=[("properties", "Properties"), ("traces", "Skip traces")], default="properties", max_length=10
            ),
        ),
        migrations.AlterField(
            model_name="vendorbillday",
            name="day",
            field=models.CharField(max_length=10),
        ),
        migrations.AddConstraint(
            model_name="vendorbillday",
            constraint=models.UniqueConstraint(fields=("day", "kind"), name="vendor_bill_by_day"),
        ),
        SetValidator("VendorBillDay", {**COUNTERS, "kind": one_of("properties", "traces")}, previous=COUNTERS),
    ]
