"""States of vendor calls that the server knows."""

from django.db import migrations

from atlas_site.mongodb.migrations import SetValidator, one_of


class Migration(migrations.Migration):
    dependencies = [("vendors", "0001_initial")]

    operations = [
        SetValidator("VendorCall", {"state": one_of("prepared", "sent", "answered", "failed", "unknown")}),
    ]
