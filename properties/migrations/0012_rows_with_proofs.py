"""What searches proved of owned properties is found by an index."""

from django.db import migrations

from atlas_site.mongodb.migrations import EnsureIndex


class Migration(migrations.Migration):
    dependencies = [("properties", "0011_rows_know_their_copy")]

    operations = [
        # Only of rows of which something was proved.
        EnsureIndex(
            "PropertyDatasetPermission",
            [("userId", 1), ("proofs", 1)],
            "owned_by_proof",
            partialFilterExpression={"proofs": {"$gt": ""}},
        ),
    ]
