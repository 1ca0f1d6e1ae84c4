"""States of paid jobs that the server knows."""

from django.db import migrations

from atlas_site.mongodb.migrations import SetValidator, one_of, whole_number


class Migration(migrations.Migration):
    dependencies = [("properties", "0001_initial")]

    operations = [
        SetValidator(
            "PropertyJob",
            {
                "kind": one_of("reveal", "unlock", "refresh"),
                "state": one_of("queued", "running", "delayed", "done", "failed"),
                "wanted": whole_number(minimum=0),
                "hitCount": whole_number(minimum=0),
                "attempt": whole_number(minimum=0),
                "failures": whole_number(minimum=0),
            },
        ),
    ]
