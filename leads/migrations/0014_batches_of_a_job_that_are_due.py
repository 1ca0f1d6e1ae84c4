"""What is left of a skip trace is found without reading what is done: its batches by state, and by when they are due."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0013_no_letters_to_many"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="enrichmentbatch",
            index=models.Index(fields=["enrichment", "status", "due_at", "batch_number"], name="batch_of_job_by_due"),
        ),
    ]
