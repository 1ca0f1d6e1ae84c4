"""What lies in view of the map is found by its coordinates."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("properties", "0007_orders_of_the_owned_list")]

    operations = [
        migrations.AddIndex(
            model_name="propertydatasetpermission",
            index=models.Index(fields=["user", "latitude", "longitude"], name="owned_on_map"),
        ),
    ]
