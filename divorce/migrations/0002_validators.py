"""States of divorce leads that the server knows."""

from django.db import migrations

from atlas_site.mongodb.migrations import SetValidator, one_of


class Migration(migrations.Migration):
    dependencies = [("divorce", "0001_initial")]

    operations = [
        SetValidator(
            "DivorceLead",
            {"status": one_of("new", "viewed", "contacted", "dismissed", "converted", "retired")},
        ),
    ]
