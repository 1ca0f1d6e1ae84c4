"""States and counters of imports that the server knows."""

from django.db import migrations

from atlas_site.mongodb.migrations import SetValidator, one_of, whole_number


class Migration(migrations.Migration):
    dependencies = [("leads", "0003_imports_and_identities")]

    operations = [
        SetValidator(
            "LeadImport",
            {
                "state": one_of(
                    *("received", "reading", "mapping", "planning", "planned"),
                    *("committing", "done", "refused", "cancelled"),
                ),
                "size": whole_number(minimum=0),
                "rowsRead": whole_number(minimum=0),
                "chunksPlanned": whole_number(minimum=0),
                "chunksCommitted": whole_number(minimum=0),
                "workspaceVersion": whole_number(minimum=0),
            },
        ),
        SetValidator(
            "Contact",
            {
                "stage": one_of(
                    *("new", "attempting", "talking", "offer_made", "under_contract", "closed", "nurture", "dead")
                ),
            },
        ),
        SetValidator("LeadWorkspace", {"version": whole_number(minimum=0)}),
        SetValidator("ImportChunk", {"number": whole_number(minimum=1)}),
    ]
