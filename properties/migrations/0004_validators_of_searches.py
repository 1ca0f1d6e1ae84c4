"""States of saved searches, standing quotes and digests that the server knows, and two more kinds of jobs."""

from django.db import migrations

from atlas_site.mongodb.migrations import SetValidator, one_of, whole_number

COUNTER = whole_number(minimum=0)
JOB = {
    "state": one_of("queued", "running", "delayed", "done", "failed"),
    "wanted": COUNTER,
    "hitCount": COUNTER,
    "attempt": COUNTER,
    "failures": COUNTER,
}


class Migration(migrations.Migration):
    dependencies = [("properties", "0003_facts_watches_and_sheets")]

    operations = [
        SetValidator(
            "PropertyJob",
            {"kind": one_of("reveal", "unlock", "refresh", "comparables"), **JOB},
            previous={"kind": one_of("reveal", "unlock", "refresh"), **JOB},
        ),
        SetValidator(
            "SavedSearch",
            {
                "cadence": one_of("off", "daily", "weekly"),
                "state": one_of("active", "paused", "expired"),
                "runCount": COUNTER,
                "version": COUNTER,
            },
        ),
        SetValidator(
            "Watch",
            {
                "state": one_of("armed", "disarmed"),
                "capPerRun": COUNTER,
                "capPerMonth": COUNTER,
                "committedInMonth": COUNTER,
                "unopenedRunCount": COUNTER,
            },
        ),
        SetValidator("Digest", {"state": one_of("due", "sent", "failed"), "attempt": COUNTER}),
        SetValidator("OwnedCell", {"count": COUNTER}),
        SetValidator("Allowance", {"used": COUNTER}),
    ]
