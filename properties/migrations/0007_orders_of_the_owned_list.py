"""Every order of the owned list has an index, rows are found by their address and by tags, and three indexes go."""

from django.db import migrations, models

from atlas_site.mongodb.migrations import EnsureIndex

ADDED = {
    "owned_by_sale": "-last_sale_on",
    "owned_by_price": "-last_sale_price",
    "owned_by_year": "-year_built",
    "owned_by_area": "-living_area_square_feet",
    "owned_by_stack": "-stack_count",
    "owned_by_address": "-address_key",
}


class Migration(migrations.Migration):
    dependencies = [("properties", "0006_turns_and_the_vendors_bill")]

    operations = [
        migrations.AddField(
            model_name="propertydatasetpermission",
            name="address_key",
            field=models.CharField(blank=True, db_column="addressKey", max_length=400, null=True),
        ),
        *(
            migrations.AddIndex(
                model_name="propertydatasetpermission",
                index=models.Index(fields=["user", field, "-property_id"], name=name),
            )
            for name, field in ADDED.items()
        ),
        *(
            migrations.RemoveIndex(model_name="propertydatasetpermission", name=name)
            for name in ("city_equity", "zip_equity", "county_equity")
        ),
        # Only of rows that have a tag.
        EnsureIndex(
            "PropertyDatasetPermission",
            [("userId", 1), ("tags", 1), ("revealedAt", -1), ("propertyId", -1)],
            "owned_by_tag",
            partialFilterExpression={"tags": {"$gt": ""}},
        ),
    ]
