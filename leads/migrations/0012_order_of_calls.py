"""Whom to call first is read from an index alone, however many are callable, planned for later, or not checked any more."""

from datetime import UTC, datetime

from django.db import migrations

from atlas_site.mongodb.migrations import EnsureIndex

BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)
FORMER = "contact_by_priority"


def drop_former(apps, schema_editor):
    """Drop the index that knew neither the next touch nor the check; without it nothing happens."""
    contacts = schema_editor.connection.get_collection("Contacts")
    if FORMER in contacts.index_information():
        contacts.drop_index(FORMER)


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0011_refunds_of_traces"),
    ]

    operations = [
        EnsureIndex(
            "Contact",
            [("userId", 1), ("lastTouchedAt", 1), ("nextTouchOn", 1), ("engagementScore", -1), ("callableUntil", 1)],
            "contact_by_call_order",
            partialFilterExpression={"callableUntil": {"$gt": BEFORE_ALL}},
        ),
        migrations.RunPython(drop_former, migrations.RunPython.noop),
    ]
