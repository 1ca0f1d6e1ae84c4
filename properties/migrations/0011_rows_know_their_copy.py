"""A row knows which copy it was filled from, and everything that is owned by now is counted.

Rows that were written before there were counters, or before there was one of everything, were missing in them.
"""

from django.db import migrations, models

EVERYTHING = -1
ZOOMS = (3, 5, 7, 9, 11, 13)


def count_rows(apps, schema_editor):
    """Write the counters of all owned rows, each as the rows say; the others stay as they are."""
    rows = schema_editor.get_collection("PropertyDatasetPermission")
    for zoom in (EVERYTHING, *ZOOMS):
        rows.aggregate(_counters(zoom), allowDiskUse=True)


def _counters(zoom):
    owned = {"revealedAt": {"$ne": None}, "userId": {"$ne": None}}
    key = {"userId": "$userId"}
    sums = {"latitudeSum": {"$sum": 0.0}, "longitudeSum": {"$sum": 0.0}}
    place = {"x": {"$literal": 0}, "y": {"$literal": 0}}
    if zoom != EVERYTHING:
        size = 90 / 2**zoom
        owned |= {name: {"$type": "number"} for name in ("latitude", "longitude")}
        key |= {
            "x": {"$floor": {"$divide": [{"$add": ["$longitude", 180]}, size]}},
            "y": {"$floor": {"$divide": [{"$add": ["$latitude", 90]}, size]}},
        }
        sums = {"latitudeSum": {"$sum": "$latitude"}, "longitudeSum": {"$sum": "$longitude"}}
        place = {name: {"$toInt": f"$_id.{name}"} for name in ("x", "y")}
    counter = {
        **{"_id": 0, "userId": "$_id.userId", "zoom": {"$literal": zoom}, **place},
        **{"count": {"$toLong": "$count"}, "latitudeSum": 1, "longitudeSum": 1},
    }
    return [
        {"$match": owned},
        {"$group": {"_id": key, "count": {"$sum": 1}, **sums}},
        {"$project": counter},
        {
            "$merge": {
                "into": "OwnedCell",
                "on": ["userId", "zoom", "x", "y"],
                "whenMatched": "merge",
                "whenNotMatched": "insert",
            }
        },
    ]


class Migration(migrations.Migration):
    dependencies = [("properties", "0010_searches_in_turns")]

    operations = [
        migrations.AddField(
            model_name="propertydatasetpermission",
            name="copy_at",
            field=models.DateTimeField(blank=True, db_column="copyAt", null=True),
        ),
        migrations.AddField(
            model_name="property",
            name="given_count",
            field=models.IntegerField(db_column="givenCount", default=0),
        ),
        migrations.RunPython(count_rows, migrations.RunPython.noop),
    ]
