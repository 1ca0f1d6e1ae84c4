"""States of skip-trace jobs and their batches that the server knows."""

from django.db import migrations

from atlas_site.mongodb.migrations import SetValidator, one_of, whole_number


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]

    operations = [
        SetValidator(
            "Enrichment",
            {
                "status": one_of("processing", "completed", "failed"),
                "totalBatches": whole_number(minimum=0),
                "totalLeads": whole_number(minimum=0),
            },
        ),
        SetValidator(
            "EnrichmentBatch",
            {
                "status": one_of("pending", "completed", "failed"),
                "batchNumber": whole_number(minimum=0),
                "totalContacts": whole_number(minimum=0),
                "enrichedCount": whole_number(minimum=0),
                "skippedCount": whole_number(minimum=0),
            },
        ),
    ]
