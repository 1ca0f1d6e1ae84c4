"""Many people at once can be left out of mailings, and taken in again."""

from django.db import migrations, models

from atlas_site.mongodb.migrations import SetValidator, one_of, whole_number

COUNTED = dict.fromkeys(("steps", "stepsUndone", "seen", "changed"), whole_number(minimum=0))
STATES = one_of("running", "done", "undoing", "undone")
KINDS = ("stage", "next_touch", "do_not_call", "remove", "copy")


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0012_order_of_calls"),
    ]

    operations = [
        migrations.AlterField(
            model_name="contactaction",
            name="kind",
            field=models.CharField(
                choices=[
                    ("stage", "Set stage"),
                    ("next_touch", "Set next touch"),
                    ("do_not_call", "Do not call"),
                    ("do_not_mail", "Do not mail"),
                    ("remove", "Remove from list"),
                    ("copy", "Add to another list"),
                ],
                max_length=12,
            ),
        ),
        SetValidator(
            "ContactAction",
            {"kind": one_of(*KINDS, "do_not_mail"), "state": STATES, **COUNTED},
            previous={"kind": one_of(*KINDS), "state": STATES, **COUNTED},
        ),
    ]
